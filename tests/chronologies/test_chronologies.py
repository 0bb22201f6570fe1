"""26 published cases, played with the law of their day: states, days, gaps and everything to be flagged."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.accounts.models import Organisation
from app.cases.models import CaseDocument
from app.law.terms import shipped_law
from app.registers.uscc import check
from tests.chronologies.checks import CHECKS
from tests.chronologies.chronicle import Chronicle, checks, chronicles
from tests.chronologies.flags import IN_ORDER, flagged, readings
from tests.chronologies.player import Played
from tests.chronologies.stage import Stage

pytestmark = pytest.mark.xdist_group("chronologies")

CASES = pytest.mark.parametrize("case", chronicles())
ADJUDGED = frozenset({
    "rule", "gain", "fine", "confiscation", "ground", "ban", "decided_fine", "decided_confiscation", "decided_ban",
})  # fmt: skip
"""Facts of a penalty case that nobody but its report and its decision can know."""


def test_the_data_hold_what_they_say_they_hold():
    told = [one.told for one in chronicles().values()]
    assert [sum(one["case_id"].startswith(kind) for one in told) for kind in ("CM", "EP")] == [
        10,
        16,
    ]
    assert sum(len(one["events"]) for one in told) == 70
    assert all(one["read_as"] == "excerpt" and one["source"] for one in told)


def test_the_check_character_of_a_code_is_judged_as_the_data_say():
    told = [one.told for one in chronicles().values() if one.told["uscc"] is not None]
    judged = {one["uscc"]: check(one["uscc"]).fault is None for one in told}
    assert judged == {one["uscc"]: one["uscc_check_character_ok"] for one in told}
    assert sorted(judged.values()) == [False] + [True] * (len(judged) - 1)


@CASES
def test_a_case_goes_as_far_as_its_text_and_no_further(stage: Stage, case: str):
    """Every act lies on a day of the text; the first act that asks for more is refused."""
    played, expected = stage.played[case], stage.told(case).expected
    assert (played.states, played.way) == (expected["reached"], expected["way"])
    assert played.missing == expected["missing"]
    assert len(played.fronts) == len(stage.told(case).parties)
    assert [fault for one in (*played.fronts, *played.penalties) for fault in one.faults()] == []


@CASES
def test_what_a_text_leaves_out_stays_empty(stage: Stage, case: str):
    chronicle, played = stage.told(case), stage.played[case]
    told = {day.isoformat() for event in chronicle.happenings for day in (event.first, event.last)}
    for facts in played.facts:
        assert set(facts) & ADJUDGED == set()
        assert days_of(facts) <= told
        assert ("act_ended_on" in facts) == ("ended" in chronicle.expected)
    matters = [one.id for one in (*played.fronts, *played.penalties)]
    with stage.town.database.read() as session:
        numbers = select(CaseDocument.number).where(CaseDocument.case_id.in_(matters))
        assert set(session.scalars(numbers)) <= {None}
        parties = select(Organisation.uscc).where(Organisation.name.in_(chronicle.parties))
        assert list(session.scalars(parties)) == [chronicle.told["uscc"]] * len(chronicle.parties)


def days_of(facts: dict[str, Any]) -> set[str]:
    """Every day among the facts of a case."""
    return {str(v) for v in facts.values() if re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(v))}


@CASES
def test_what_has_to_be_flagged_is_flagged_and_nothing_else(stage: Stage, case: str):
    assert flagged(stage.played[case], stage.town.law) == stage.told(case).expected["flags"]


@CASES
def test_every_clock_the_dates_let_one_count_ends_by_the_law_of_its_day(case: str):
    chronicle = chronicles()[case]
    assert readings(chronicle, shipped_law()) == chronicle.expected["clocks"]


# What each text lets one check --------------------------------------------------------------------


def test_every_check_of_the_data_has_its_one_function_and_every_function_its_check():
    assert list(CHECKS) == list(checks())
    assert len(set(CHECKS.values())) == len(CHECKS) == 38


@pytest.mark.parametrize(("case", "text"), CHECKS)
def test_what_a_case_lets_one_check_holds(stage: Stage, case: str, text: str):
    CHECKS[case, text](stage)


def test_a_case_without_checks_has_its_states_and_its_days():
    """EP-05: what is asserted of it stands in the flags."""
    bare = [key for key, one in chronicles().items() if not one.checks]
    assert bare == ["EP-05"]
    expected = chronicles()["EP-05"].expected
    assert expected["reached"] == [
        "joint_enforcement: tracking",
        "penalty_procedure: investigating",
    ]
    assert expected["way"][-1] == "2019-09-28 record_inspection"


# What would be flagged ----------------------------------------------------------------------------


def retold(case: str, **days: date) -> Chronicle:
    """A case as if its events of these types had happened on other days."""
    chronicle = chronicles()[case]
    events = [
        {**event, "date": days[event["type"]].isoformat(), "precision": "day"}
        if event["type"] in days
        else event
        for event in chronicle.told["events"]
    ]
    return replace(chronicle, told={**chronicle.told, "events": events})


def pairs() -> list[tuple[str, str, str]]:
    """Two events of a case that have an order, wherever a case has both."""
    return [
        (case, before, after)
        for case, chronicle in chronicles().items()
        for before, after in IN_ORDER
        if chronicle.all(before) and chronicle.all(after)
    ]


@pytest.mark.parametrize(("case", "before", "after"), pairs())
def test_two_events_in_the_wrong_order_would_be_flagged(case: str, before: str, after: str):
    first = chronicles()[case].all(before)[0].first
    wrong = retold(case, **{after: first - timedelta(1)})
    found = wrong.all(after)[-1]
    flags = flagged(Played(wrong), shipped_law())
    assert f"contradiction: {wrong.all(before)[0]}, {found}" in flags


@pytest.mark.parametrize(("on", "late"), [(date(2015, 5, 7), False), (date(2015, 5, 8), True)])
def test_a_ruling_after_its_seven_working_days_would_be_flagged(on: date, late: bool):
    """EP-11: applied for on 2015-04-27, the first three days of May off."""
    told = readings(retold("EP-11", court_ruling=on), shipped_law())
    assert told[-1] == f"court_ruling 2015-04-27: 2015-05-07, {'late' if late else 'met'} {on}"


def test_a_list_published_after_its_day_would_be_flagged():
    """CM-07: on time four days before 2022-04-29."""
    flags = flagged(Played(retold("CM-07", publication=date(2022, 4, 30))), shipped_law())
    assert "late: publication 2022-04-30" in flags
