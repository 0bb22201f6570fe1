"""What the end of a clock means, kind by kind (domain 13.2), each on a lifecycle of the product."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.cases import operations
from app.cases.escalation import closing, records
from app.cases.escalation.closing import Because
from app.cases.models import ClockRung, Escalation
from app.demo import stories as s
from app.outbox.models import OutboxMessage
from tests.town import Matter, instant, registered
from tests.workflows.procedure import (
    Operation,
    Service,
    a_case,
    assemble,
)
from tests.workflows.test_measure import handling, taken
from tests.year import UP_TO_ISSUE, UP_TO_RESULT, a_year


@pytest.fixture(scope="module", autouse=True)
def lifecycles():
    with registered(Operation, Service):
        yield


@pytest.fixture(autouse=True)
def people(request):
    assemble(request.getfixturevalue("town"))


def rows(matter: Matter, model: Any, **fields: Any) -> list[Any]:
    query = select(model).where(model.case_id == matter.id).filter_by(**fields).order_by(model.id)
    with matter.town.database.read() as session:
        return list(session.scalars(query))


def rungs(matter: Matter, clock: str) -> list[str]:
    ids = {one.id for one in matter.clocks(clock)}
    return [rung.rung for rung in rows(matter, ClockRung) if rung.clock_id in ids]


def hearers(matter: Matter, clock: str, rung: str) -> list[str]:
    return sorted(
        message.role
        for message in rows(matter, OutboxMessage, kind="reminder")
        if (message.data["clock"], message.data["rung"]) == (clock, rung)
    )


def escalations(matter: Matter, clock: str) -> list[tuple[str, str, str, str]]:
    ids = {one.id for one in matter.clocks(clock)}
    return [
        (one.kind, one.role, one.status, one.closed_because)
        for one in rows(matter, Escalation)
        if one.clock_id in ids
    ]


def test_a_waiver_happens_by_itself_and_nobody_has_to_decide(town):
    year = a_year(town).file().play(UP_TO_RESULT, until="06-12")
    last = year.due("objection")
    town.tick(f"{last} 23:00")
    assert (year.state, hearers(year, "objection", "on")) == ("objection_window", ["enterprise"])
    town.tick("07-20 12:00")
    assert year.acts().count("lapse_objection") == 1
    assert hearers(year, "objection", "end") == ["inspector"]
    assert escalations(year, "objection") == []
    town.tick("07-20 12:00")
    assert year.acts().count("lapse_objection") == 1
    assert year.faults() == []


def test_a_waiver_withdrawn_tells_no_rung_twice(town):
    year = a_year(town, "changtan").file().play(UP_TO_RESULT, until="06-12")
    town.tick("07-20 12:00")
    before = rungs(year, "objection")
    [objected] = s.OBJECTED
    scan = year.paper("inspector", at="07-20")
    year.fire(
        objected.trigger, "inspector", year.typed(objected, on="06-16"), at="07-20 13:00",
        occurred="06-16", late_reason="邮戳为证", proof=[scan],
    )  # fmt: skip
    town.tick("07-24 12:00")
    assert (year.clock("objection").met_late, rungs(year, "objection")) == (False, before)
    assert year.faults() == []


def test_a_measure_is_released_by_itself_and_its_paper_is_due(town):
    _case, track = taken(town, "preservation")
    town.tick("06-12 00:00")
    assert (track.state, track.acts().count("lapse_preservation")) == ("overdue", 1)
    assert rungs(track, "preservation") == ["-3wd", "-1wd", "on"]
    assert escalations(track, "preservation") == []
    track.fire("release_kept", "inspector", handling(town, "06-12"), at="06-12")
    assert track.faults() == []


def test_a_breach_of_a_party_fires_what_the_law_says_and_a_clue_is_proposed_next_day(town):
    year = a_year(town, "jinwan")
    town.tick("03-31 23:00")
    assert (year.state, escalations(year, "report_filing")) == ("report_due", [])
    town.tick("04-01 00:00")
    assert year.acts()[-1] == "declare_overdue"
    assert escalations(year, "report_filing") == []  # it moved by itself: nobody is to be asked
    town.tick("04-01 09:00")
    assert escalations(year, "report_filing") == [("clue", "supervisor", "open", "")]
    [raised] = rows(year, Escalation)
    assert raised.proposal["trigger"] == "raise_suspicion"
    assert hearers(year, "report_filing", "+1cd") == ["inspector"]
    assert year.faults() == []


def test_a_breach_of_a_party_that_fires_nothing_is_flagged_and_put_to_somebody(town):
    year = a_year(town, "xiling").file()
    year.play(UP_TO_ISSUE, until="06-12")
    state, last = year.state, year.due("nc_answer")
    town.tick(f"{last} 23:00")
    assert escalations(year, "nc_answer") == []
    town.tick("07-20 12:00")
    clock = year.clock("nc_answer")
    assert (year.state, clock.expired_at, clock.closed_at) == (state, clock.due_at, None)
    assert escalations(year, "nc_answer") == [("late", "supervisor", "open", "")]
    assert hearers(year, "nc_answer", "end") == ["inspector"]


def test_a_breach_of_the_authority_moves_nothing_and_goes_up(town):
    case = a_case(town, on="09-21", discovered="09-20")  # the filing is due on 8 October
    assert case.clock("filing").next_rung == "-7cd"  # handed over by the parent, on a ladder here
    town.tick("10-08 23:00")
    assert escalations(case, "filing") == []
    town.tick("10-09 00:00")
    assert (case.state, case.acts()[-1]) == ("filing_review", "deadline_passed")
    assert case.clock("filing").expired_at == case.clock("filing").due_at
    assert escalations(case, "filing") == [("late", "bureau_leader", "open", "")]
    town.tick("10-09 09:00")
    assert hearers(case, "filing", "+1cd") == ["auditor"]
    town.tick("10-13 09:00")
    assert [rung.rung for rung in rows(case, ClockRung, listed=True)] == ["+5cd"]
    case.file("10-13")  # it is still possible, and late
    assert case.clock("filing").met_late
    assert escalations(case, "filing")[0][2:] == ("closed", "met")
    assert case.faults() == []


def test_of_a_breach_on_a_ladder_without_the_auditor_the_auditor_hears_at_the_end(town):
    year = a_year(town, "beian")
    clock = year.clock("verification_end")
    assert clock.due_at is not None
    town.tick(clock.due_at)
    assert hearers(year, "verification_end", "end") == []
    town.tick(clock.due_at + timedelta(days=30))
    assert hearers(year, "verification_end", "end") == ["auditor"]
    assert escalations(year, "verification_end")[0][:2] == ("late", "bureau_leader")
    assert len(escalations(year, "verification_end")) == 1  # no clue against the authority


def test_a_right_about_to_be_lost_is_told_early_and_stops_hard(town):
    case = a_case(town, on="10-08", ended="2024-11-30")  # two years: 30 November 2026
    assert str(case.due("time_bar")) == "2026-11-30"
    town.tick("11-12 12:00")
    assert hearers(case, "time_bar", "-30cd") == ["auditor", "bureau_leader", "supervisor"]
    assert escalations(case, "time_bar") == []
    town.tick("11-13 09:00")
    assert escalations(case, "time_bar") == [("at_risk", "bureau_leader", "open", "")]
    assert rows(case, Escalation, kind="at_risk")[0].proposal["trigger"] == "file"
    town.tick("12-01 00:00")
    assert case.acts()[-1] == "pass_time_bar"
    assert escalations(case, "time_bar")[0][2] == "closed"
    assert hearers(case, "time_bar", "end") == ["auditor"]


def test_a_right_at_risk_stays_with_the_leader_while_the_way_to_save_it_is_prepared(town):
    """AEL 53, 54: a demand comes before the court. Three months end on 2 December."""
    case = a_case(town, on="03-02", ended="02-10").performed("03-02")
    town.tick("11-17 10:00")
    assert (case.state, str(case.due("court_window"))) == ("overdue", "2026-12-02")
    [raised] = rows(case, Escalation, kind="at_risk")
    assert raised.proposal == {"do": "instruct", "trigger": "apply_to_court"}
    typed = {"demanded": "200000", "addressee": "示例"}
    case.do("issue_demand", "supervisor", typed, on="11-17 11:00")
    case.serve("service_of_demand", "11-17 12:00")
    assert case.state == "demand_served"
    assert escalations(case, "court_window") == [("at_risk", "bureau_leader", "open", "")]
    applied = {
        "court": "示例人民法院",
        "enforcement_request": "强制执行罚款",
        "papers_complete": True,
    }
    case.do("apply_to_court", "leader", applied, on="12-02 10:00")
    assert escalations(case, "court_window") == [("at_risk", "bureau_leader", "closed", "met")]
    assert case.faults() == []


def test_a_right_can_be_saved_after_a_day_that_is_only_provisional(town):
    """The days off of 2027 are not arranged: nothing is lost yet, and nothing to decide is closed."""
    case = a_case(town, on="12-01", ended="2025-01-04")
    town.tick("2027-01-05 10:00")
    clock = case.clock("time_bar")
    assert (str(clock.due_on), clock.provisional, clock.closed_at) == ("2027-01-04", True, None)

    def why_pointless(session: Session) -> Because | None:
        view = operations.locked(session, case.id)
        [raised] = [one for one in records.open_ones(view) if one["kind"] == "at_risk"]
        return closing.pointless_now(view, raised, instant("2027-01-05 10:00"))

    assert town.database.write(why_pointless) is None


def test_the_extension_that_is_proposed_is_the_one_that_comes_next_and_none_where_none_is_left(
    town,
):
    """P25: 90 days, 30 more by the leader, 30 more together."""
    case = a_case(town, on="07-01", ended="06-10").file("07-05")
    together = {"reasons": "案情特别复杂", "attendees": case.officers("leader2", "leader3")}

    def asked() -> list[str]:
        return [one.proposal["trigger"] for one in rows(case, Escalation, kind="extend")]

    town.tick("09-08 10:00")
    assert asked() == ["extend_decision"]
    case.do("extend_decision", "leader", {"reasons": "案情复杂"}, on="09-09")
    assert str(case.due("decision")) == "2026-11-02"
    town.tick("10-09 10:00")
    assert asked() == ["extend_decision", "extend_decision_collectively"]
    case.do("extend_decision_collectively", "leader", together, on="10-09")
    town.tick("11-02 10:00")
    assert rungs(case, "decision").count("-30cd") == 3
    assert len(asked()) == 2


def test_a_target_is_reminded_of_and_nothing_else(town):
    year = a_year(town, "qingshi").file("03-10")
    state = year.state
    clock = year.clock("completeness")
    assert clock.due_at is not None
    town.tick(clock.due_at)
    assert hearers(year, "completeness", "on") == ["bureau_leader"]
    town.tick("03-31 12:00")
    assert (year.state, year.clock("completeness").closed_at) == (state, None)
    assert rungs(year, "completeness")[-1] == "+3wd"
    assert escalations(year, "completeness") == []
