"""What a running clock says of itself where the law leaves something open."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.cases.page import CasePage
from app.law.calendar import RegionLayer
from app.workflows.joint_enforcement import JointEnforcement
from tests.town import Town, instant
from tests.workflows.stand_ins import clue


@pytest.mark.parametrize(
    ("days_off", "earlier"),
    [
        ([date(2026, 5, 27), date(2026, 5, 28)], "Without the region's own days off: 2026-05-27."),
        ([date(2026, 6, 10)], None),
    ],
    ids=["within", "outside"],
)
def test_a_clock_of_the_authority_shows_the_earlier_day_where_the_regions_days_moved_it(
    town: Town, days_off, earlier
):
    """A10: three working days from a Friday; the third may be off in Ningxia alone."""
    law = town.law.with_calendar(town.law.calendar.with_region(RegionLayer.of(days_off)))
    town = replace(town, law=law)
    case = town.open(JointEnforcement, "inspector", clue(), at="05-22")
    with town.database.read() as session:
        page = CasePage(session, town["supervisor"], case.id, now=instant("05-22 13:00"), law=law)
        [line] = [one for one in page.running if one.name == "assessment"]
    assert (line.earlier and line.earlier.en) == earlier
