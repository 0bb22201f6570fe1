"""What a running clock says of itself where the law leaves something open."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from app.cases.models import CaseDeadline
from app.cases.page import CasePage
from app.cases.wording import Standing
from app.law.calendar import RegionLayer
from app.workflows.joint_enforcement import JointEnforcement
from tests.town import Town, instant, registered
from tests.workflows.procedure import Operation, Procedure, a_case, assemble
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


def test_a_clock_whose_term_the_data_do_not_hold_for_its_day_has_no_end_and_guesses_none(
    town: Town,
):
    """The filing period of Order 30 began on 2023-07-01; what came before is not in the data."""
    assemble(town)
    with registered(Operation):
        case = a_case(town, on="2023-06-30", ended="2023-06-01")
        [handed] = [one for one in family_clocks(case) if one.name == "filing"]
        assert (handed.due_on, handed.due_at, handed.handed_to) == (None, None, case.id)
        with town.database.read() as session:
            page = CasePage(
                session, town["leader"], case.id, now=instant("2023-09-02"), law=town.law
            )
            [line] = [one for one in page.running if one.name == "filing"]
        assert (line.standing, line.due_on, line.basis) == (Standing.UNFIXED, None, [])
        assert "none is guessed" in line.sentence.en
        town.tick("2023-09-03")
        assert case.clock("filing").expired_at is None, "nobody can be late against no day"
        case.file("2023-09-03")
        assert case.clock("filing").met_at is not None
        assert not case.clock("filing").met_late


def family_clocks(case: Procedure) -> list[CaseDeadline]:
    """The clocks of the case a penalty case came from."""
    query = select(CaseDeadline).where(CaseDeadline.case_id == case.row.parent_id)
    with case.town.database.read() as session:
        return list(session.scalars(query))
