"""Reconsideration and suit beside a penalty case: tables, clocks, refusals, and what the parent draws."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.cases.errors import BadInputs, NotPermitted, TransitionRefused
from app.cases.page import CasePage
from app.cases.sight import id_for
from app.engine.actors import Capacity, Role
from app.engine.definition import Expiry, Lasts
from app.law.terms import shipped_law
from app.workflows.penalty_inputs import REMEDY_KIND
from app.workflows.penalty_procedure import PenaltyProcedure
from app.workflows.remedy import Remedy
from tests.town import Matter, Town, day, instant, registered
from tests.workflows.procedure import SCAN, Operation, Procedure, Service, a_case, assemble


@pytest.fixture(scope="module", autouse=True)
def lifecycles():
    with registered(Operation, Service):
        yield


@pytest.fixture(autouse=True)
def people(request):
    if "town" in request.fixturenames:
        assemble(request.getfixturevalue("town"))


# The tables ---------------------------------------------------------------------------------------

STATES = {
    "filed": "已提起", "pending": "审理中", "upheld": "维持", "changed": "变更", "annulled": "撤销或者确认违法",
    "withdrawn": "撤回", "not_admitted": "不予受理",
}  # fmt: skip
ENDS = {"upheld", "changed", "annulled", "withdrawn", "not_admitted"}
ACTS = {
    "begin": ("B01", "", "filed"),
    "note_application": ("B02", "filed", ""),
    "admit_reconsideration": ("B03", "filed", "pending"),
    "admit_suit": ("B03a", "filed", "pending"),
    "refuse_admission": ("B03b", "filed", "not_admitted"),
    "reply": ("B04", "pending", ""),
    "note_suspension": ("B05", "filed pending", ""),
    "note_hearing": ("B05a", "pending", ""),
    "extend_decision": ("B06", "pending", ""),
    "decide": ("B07", "pending", "upheld changed annulled"),
    "withdraw": ("B08", "filed pending", "withdrawn"),
}
"""Code, from and to of every act."""
TERMS = {
    "admission": ("5 wd", Expiry.TARGET, "L-X"),
    "answer": ("10 wd", Expiry.AUTHORITY_BREACH, "L-7"),
    "decision": ("60 cd", Expiry.TARGET, "L-X"),
}
"""Domain 7.3 below the table, and ARL 48: the only clock that is the authority's own is the reply."""


def test_every_state_has_its_name_and_five_of_them_end_it():
    assert {name: state.zh for name, state in Remedy.states.items()} == STATES
    assert {name for name, state in Remedy.states.items() if state.final} == ENDS


def test_every_act_has_its_code_and_leads_where_the_table_says():
    assert {
        name: (
            act.code,
            " ".join(state for state in Remedy.states if state in act.source_names),
            " ".join(dict.fromkeys(to.name for to in act.destinations)),
        )
        for name, act in Remedy.transitions.items()
    } == ACTS


def test_what_the_body_or_the_court_does_is_received():
    ours = {name for name, act in Remedy.transitions.items() if not act.received}
    assert ours == {"begin", "reply"}


def test_only_terms_of_the_law_are_counted_and_each_is_as_long_as_it_says():
    law, told = shipped_law(), {}
    for name, deadline in Remedy.deadlines.items():
        assert isinstance(deadline.due, Lasts)
        term = law.term(deadline.due.term, day("09-18"))
        assert str(term.mark) == "S"
        told[name] = (f"{term.length} {term.unit}", deadline.expiry, deadline.ladder)
    assert told == TERMS
    [stage] = Remedy.deadlines["decision"].extensions
    term = law.term(stage.term, day("09-18"))
    assert (term.length, str(term.unit)) == (30, "cd")


def test_it_opens_with_what_the_penalty_case_asks_for():
    kind, filed_on = Remedy.opening().inputs
    assert (kind.name, kind.options) == ("kind", REMEDY_KIND.options)  # type: ignore[attr-defined]
    assert filed_on.name == "filed_on"
    child = PenaltyProcedure.children["remedies"]
    assert set(child.inputs) == {"kind", "filed_on"}
    brought = [act.brings for act in PenaltyProcedure.transitions.values() if act.brings]
    theirs = {fact for one in brought if one.child == "remedies" for fact in one.inputs.values()}
    assert theirs <= set(Remedy.facts)


# Playing ------------------------------------------------------------------------------------------


def received(**said: Any) -> dict[str, Any]:
    """What is typed of an act received on paper."""
    return {"received_number": "示例〔2026〕1号", "received_scan": SCAN, **said}


def refused(matter: Matter, trigger: str, who: str, typed: Any = None, *, at: str) -> str:
    """The English sentences by which an act is refused."""
    with pytest.raises((TransitionRefused, NotPermitted, BadInputs)) as refusal:
        matter.fire(trigger, who, typed, at=at)
    return refusal.value.label.en


def brought(case: Procedure, kind: str, *, on: str, filed: str = "") -> Matter:
    """Enter a remedy on a decision that is in force."""
    typed = received(remedy_kind=kind, filed_on=day(filed or on))
    case.do("record_remedy", "supervisor", typed, on=on)
    return case.children("remedies")[-1]


def penalised(town: Town, on: str = "09-01") -> Procedure:
    """The decision was served, 100,000 yuan are to be paid in fifteen days."""
    return a_case(town, on=on).performed(on)


def admitted(remedy: Matter, on: str, copy: str = "") -> Matter:
    """Let the body or the court admit it."""
    typed = received(body="中卫市人民政府", admitted_on=day(on))
    if remedy.row.facts["kind"] == "suit":
        remedy.fire("admit_suit", "legal", {**typed, "body": "示例人民法院"}, at=on)
    else:
        typed["copy_received_on"] = day(copy or on)
        remedy.fire("admit_reconsideration", "legal", typed, at=copy or on)
    return remedy


def decided(remedy: Matter, outcome: str, on: str) -> Matter:
    """Let the body or the court decide."""
    typed = received(outcome=outcome, ended_on=day(on), reasons="事实清楚")
    remedy.fire("decide", "legal", typed, at=on)
    return remedy


REPLY = {"defence": "事实清楚、程序合法", "case_papers": SCAN}
AROUND = pytest.mark.parametrize("days", [-1, 0, 1], ids=["before", "on", "after"])


def shifted(last: str, days: int) -> str:
    return str(day(last) + timedelta(days))


# From the filing to the end -----------------------------------------------------------------------


def test_a_reconsideration_is_received_admitted_answered_heard_and_decided(town):
    case = penalised(town)
    remedy = brought(case, "reconsideration", on="09-09", filed="09-08")
    assert (remedy.state, remedy.row.facts["kind"]) == ("filed", "reconsideration")
    assert remedy.row.facts["filed_on"] == "2026-09-08"
    remedy.fire("note_application", "legal", received(received_on=day("09-09")), at="09-10")
    admitted(remedy, "09-11", copy="09-14")
    assert (remedy.state, remedy.running()) == ("pending", ["answer", "decision"])
    assert remedy.clock("admission").met_late is False
    stopped = received(execution_stopped=True)
    remedy.fire("note_suspension", "supervisor", stopped, at="09-15")
    assert remedy.row.facts["execution_stopped"] is True
    remedy.fire("reply", "legal", REPLY, at="09-18")
    assert remedy.row.facts["replied_on"] == "2026-09-18"
    heard = received(heard_on=day("10-12"), attended_by="刘建平", hearing_note="双方陈述")
    remedy.fire("note_hearing", "legal", heard, at="10-13")
    remedy.fire("note_suspension", "supervisor", received(execution_stopped=False), at="10-20")
    decided(remedy, "upheld", "11-05")
    assert (remedy.state, remedy.running()) == ("upheld", [])
    facts = remedy.row.facts
    assert (facts["outcome"], facts["ended_on"], facts["body"]) == (
        "upheld",
        "2026-11-05",
        "中卫市人民政府",
    )
    assert (facts["heard_on"], facts["execution_stopped"]) == ("2026-10-12", False)
    assert [*remedy.faults(), *case.faults()] == []


@pytest.mark.parametrize("outcome", ["upheld", "changed", "annulled"])
@pytest.mark.parametrize("kind", ["reconsideration", "suit"])
def test_a_decision_ends_it_in_what_was_decided(town, kind, outcome):
    remedy = admitted(brought(penalised(town), kind, on="09-09"), "09-11")
    decided(remedy, outcome, "10-12")
    assert (remedy.state, remedy.row.facts["outcome"], remedy.running()) == (outcome, outcome, [])
    assert remedy.faults() == []


@pytest.mark.parametrize("kind", ["reconsideration", "suit"])
def test_it_may_not_be_admitted_or_be_withdrawn_before_and_after(town, kind):
    remedy = brought(penalised(town), kind, on="09-09")
    typed = received(ended_on=day("09-11"), reasons="超过期限")
    remedy.fire("refuse_admission", "supervisor", typed, at="09-11")
    assert (remedy.state, remedy.row.facts["ended_on"]) == ("not_admitted", "2026-09-11")
    for admits in (False, True):
        remedy = brought(penalised(town), kind, on="09-09")
        if admits:
            admitted(remedy, "09-10")
        remedy.fire("withdraw", "legal", received(ended_on=day("09-12")), at="09-12")
        assert (remedy.state, remedy.row.facts["ended_on"]) == ("withdrawn", "2026-09-12")
        assert (remedy.running(), remedy.faults()) == ([], [])


# Clocks -------------------------------------------------------------------------------------------


@AROUND
def test_the_body_admits_in_five_working_days(town, days):
    """Received on 2026-09-09; the fifth working day is the 16th."""
    remedy = brought(penalised(town), "reconsideration", on="09-09")
    remedy.fire("note_application", "legal", received(received_on=day("09-09")), at="09-09")
    assert remedy.due("admission") == day("09-16")
    on = shifted("09-16", days)
    town.tick(f"{on} 00:00")
    assert (remedy.clock("admission").expired_at is not None) == (days > 0)
    admitted(remedy, on)
    assert (remedy.state, remedy.clock("admission").met_late) == ("pending", days > 0)


@AROUND
def test_the_authority_replies_in_ten_working_days(town, days):
    """The copy came on 2026-09-21: the holidays do not count, Saturday the 10th of October does."""
    remedy = admitted(
        brought(penalised(town), "reconsideration", on="09-16"), "09-18", copy="09-21"
    )
    assert remedy.due("answer") == day("10-12")
    on = shifted("10-12", days)
    town.tick(f"{on} 00:00")
    assert remedy.state == "pending", "the breach of an authority moves nothing"
    assert (remedy.clock("answer").expired_at is not None) == (days > 0)
    remedy.fire("reply", "legal", REPLY, at=on)
    assert remedy.clock("answer").met_late == (days > 0)
    assert remedy.faults() == []


@AROUND
@pytest.mark.parametrize(("extended", "last"), [(False, "11-20"), (True, "12-21")])
def test_the_body_decides_in_sixty_days_and_thirty_more(town, extended, last, days):
    """Admitted on 2026-09-21. Day 90 is Sunday the 20th of December and rolls."""
    remedy = admitted(brought(penalised(town), "reconsideration", on="09-18"), "09-21")
    assert remedy.due("decision") == day("11-20")
    if extended:
        remedy.fire("extend_decision", "legal", received(), at="11-20")
        said = refused(remedy, "extend_decision", "legal", received(), at="11-20")
        assert said == "No further extension is left."
    assert remedy.due("decision") == day(last)
    on = shifted(last, days)
    town.tick(f"{on} 00:00")
    assert remedy.state == "pending"
    assert (remedy.clock("decision").expired_at is not None) == (days > 0)
    decided(remedy, "upheld", on)
    assert remedy.clock("decision").met_late == (days > 0)


def test_no_clock_runs_in_a_suit(town):
    remedy = admitted(brought(penalised(town), "suit", on="09-09"), "09-11")
    remedy.fire("reply", "legal", REPLY, at="09-20")
    assert (remedy.running(), remedy.clocks("answer")) == ([], [])


# Refusals -----------------------------------------------------------------------------------------


def test_what_belongs_to_the_other_kind_is_refused(town):
    case = penalised(town)
    suit = brought(case, "suit", on="09-09")
    note = received(received_on=day("09-09"))
    assert (
        refused(suit, "note_application", "legal", note, at="09-10")
        == "This is no reconsideration."
    )
    typed = received(body="示例", admitted_on=day("09-10"), copy_received_on=day("09-10"))
    assert (
        refused(suit, "admit_reconsideration", "legal", typed, at="09-10")
        == "This is no reconsideration."
    )
    admitted(suit, "09-10")
    said = refused(suit, "extend_decision", "legal", received(), at="09-11")
    assert said == "A period is extended before its end only. This is no reconsideration."
    other = brought(penalised(town), "reconsideration", on="09-09")
    typed = received(body="示例", admitted_on=day("09-10"))
    assert refused(other, "admit_suit", "legal", typed, at="09-10") == "This is no suit."


def test_no_day_lies_before_it_was_brought_or_admitted(town):
    remedy = brought(penalised(town), "reconsideration", on="09-09")
    early = received(received_on=day("09-08"))
    said = refused(remedy, "note_application", "legal", early, at="09-10")
    assert said == "The day cannot lie before the remedy was brought or admitted (2026-09-09)."
    copied = received(body="示例", admitted_on=day("09-10"), copy_received_on=day("09-08"))
    said = refused(remedy, "admit_reconsideration", "legal", copied, at="09-10")
    assert said == "The day cannot lie before the remedy was brought or admitted (2026-09-09)."
    admitted(remedy, "09-11")
    for act, more in (
        ("decide", {"outcome": "upheld", "reasons": "示例", "ended_on": day("09-10")}),
        ("withdraw", {"ended_on": day("09-10")}),
        ("note_hearing", {"heard_on": day("09-10"), "attended_by": "示例", "hearing_note": "示例"}),
    ):  # fmt: skip
        said = refused(remedy, act, "legal", received(**more), at="09-12")
        assert said == "The day cannot lie before the remedy was brought or admitted (2026-09-11)."


def test_an_act_of_the_body_needs_its_paper(town):
    remedy = brought(penalised(town), "suit", on="09-09")
    with pytest.raises(BadInputs) as refusal:
        remedy.fire(
            "admit_suit", "legal", {"body": "示例", "admitted_on": day("09-10")}, at="09-10"
        )
    assert set(refusal.value.faults) == {"received_number", "received_scan"}


def test_only_the_supervisor_and_the_legal_officers_enter_what_was_decided(town):
    remedy = brought(penalised(town), "suit", on="09-09")
    typed = received(ended_on=day("09-10"))
    for who in ("inspector", "leader", "unit-redian"):
        assert refused(remedy, "withdraw", who, typed, at="09-10").startswith("Reserved to:"), who
    able = {who.role for act in Remedy.transitions.values() for who in act.actors}
    assert able == {Role.SYSTEM, Role.SUPERVISOR, Role.LEGAL_REVIEWER}


def test_one_remedy_at_a_time(town):
    case = penalised(town)
    remedy = brought(case, "reconsideration", on="09-09")
    typed = received(remedy_kind="suit", filed_on=day("09-10"))
    said = refused(case, "record_remedy", "legal", typed, at="09-10")
    assert said == "A reconsideration or a suit is under way."
    decided(admitted(remedy, "09-10"), "upheld", "09-20")
    assert brought(case, "suit", on="09-21").state == "filed"


def test_the_party_reads_what_it_is_told_and_the_reply_stays_the_authoritys(town):
    case = penalised(town)
    remedy = admitted(brought(case, "reconsideration", on="09-09"), "09-11")
    remedy.fire("reply", "legal", REPLY, at="09-14")
    assert remedy.seats(Capacity.PARTY) == {"示例热电有限公司"}
    party = town.cast.unit_person("redian")
    with town.database.read() as session:
        page = CasePage(session, party, remedy.id, now=instant("09-15"), law=town.law)
        told = [one.entry.trigger for one in page.timeline().entries]
        other = town.cast.unit_person("changtan")
        assert session.scalar(id_for(other, remedy.id)) is None
    assert set(told) == {"begin", "admit_reconsideration"}


# What the penalty case draws from it --------------------------------------------------------------


@AROUND
def test_a_suit_after_a_reconsideration_is_brought_in_fifteen_days(town, days):
    """In force from 2026-09-21: day 15 is 6 October, in the holidays, and rolls to the 8th."""
    case = penalised(town)
    assert case.due("suit") == day("2027-03-01")
    decided(admitted(brought(case, "reconsideration", on="09-09"), "09-11"), "upheld", "09-21")
    assert case.acts()[-1] == "reconsideration_ends"
    assert case.row.facts["remedy_ended_on"] == "2026-09-21"
    assert case.due("suit_after_reconsideration") == day("10-08")
    assert "suit" not in case.running(), "the six months are over with the reconsideration"
    on = shifted("10-08", days)
    town.tick(f"{on} 00:00")
    assert ("end_suit_time_after_reconsideration" in case.acts()) == (days > 0)
    assert ("court_window" in case.running()) == (days > 0)
    assert case.faults() == []


def test_while_a_suit_is_pending_the_time_for_it_does_not_end(town):
    case = penalised(town)
    decided(admitted(brought(case, "reconsideration", on="09-09"), "09-11"), "upheld", "09-21")
    suit = admitted(brought(case, "suit", on="10-08"), "10-10")
    town.tick("11-10 00:00")
    assert "end_suit_time_after_reconsideration" not in case.acts()
    assert "suit_after_reconsideration" in case.running()
    decided(suit, "upheld", "11-20")
    assert case.acts()[-1] == "suit_ends"
    assert case.row.facts["remedy_time_ended_on"] == "2026-11-20"
    assert "suit_after_reconsideration" not in case.running()
    assert case.faults() == []


def test_whoever_withdraws_a_reconsideration_keeps_the_six_months(town):
    case = penalised(town)
    remedy = brought(case, "reconsideration", on="09-09")
    remedy.fire("withdraw", "legal", received(ended_on=day("09-12")), at="09-12")
    assert "reconsideration_ends" not in case.acts()
    assert (case.due("suit"), "suit" in case.running()) == (day("2027-03-01"), True)
    assert brought(case, "suit", on="09-14").row.facts["kind"] == "suit"


def test_nothing_is_added_to_the_fine_while_a_remedy_lasts(town):
    """Paid by 16 September, 3,000 yuan a day from the 17th; the suit lasts from the 19th to 20 October."""
    case = penalised(town)
    assert case.due("payment") == day("09-16")

    def owed(on: str) -> Decimal:
        typed = {"correction_checked": True, "correction_note": "示例"}
        said = refused(case, "settle", "supervisor", typed, at=on)
        return Decimal(said.split(" ", 1)[0].replace(",", ""))

    town.tick("09-18 00:00")
    assert (case.state, owed("09-18")) == ("overdue", Decimal(106_000))
    suit = admitted(brought(case, "suit", on="09-19"), "09-21")
    assert (owed("09-20"), owed("10-19")) == (Decimal(109_000), Decimal(109_000))
    decided(suit, "upheld", "10-20")
    assert [owed(on) for on in ("10-20", "10-21", "10-22")] == [
        Decimal(109_000),
        Decimal(112_000),
        Decimal(115_000),
    ]


def test_a_case_is_not_closed_while_a_remedy_is_open(town):
    case = penalised(town).pay("100000", "09-08")
    remedy = brought(case, "suit", on="09-09")
    case.settle("09-10")
    said = refused(
        case, "close", "leader", {"closing_ground": "performed", "decision_carried_out": True}, at="09-11"
    )  # fmt: skip
    assert said == "1 side matters have not ended."
    decided(admitted(remedy, "09-12"), "upheld", "10-12")
    case.close("10-13")
    assert (case.state, case.faults()) == ("closed", [])


def test_a_decision_that_was_annulled_is_lifted_by_the_leader_with_the_paper(town):
    case = penalised(town)
    decided(admitted(brought(case, "suit", on="09-09"), "09-11"), "annulled", "10-12")
    assert case.state == "performance", "the court annuls; the authority draws the consequence"
    typed = received(annulled_by="示例人民法院", reasons="主要证据不足")
    case.do("annul", "leader", typed, on="10-13")
    case.close("10-14", "annulled")
    assert (case.state, case.faults()) == ("closed", [])
