"""An order to correct: tables, its day, the re-check, refusals, and what both parents draw from it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.cases.errors import BadInputs, NotPermitted, TransitionRefused
from app.cases.page import CasePage
from app.cases.sight import id_for
from app.documents.catalogue import form_named
from app.engine.actors import Capacity
from app.engine.definition import Expiry, On
from app.workflows.agency_penalty import AgencyPenalty
from app.workflows.correction import Correction
from app.workflows.penalty_procedure import PenaltyProcedure
from tests.documents.conftest import Papers
from tests.documents.samples import samples
from tests.town import Matter, Town, day, instant, registered
from tests.workflows.procedure import SCAN, Operation, Procedure, Service, a_case, assemble, certify
from tests.workflows.stand_ins import clue, region


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
    "ordered": "待改正", "reported": "待复查", "corrected": "已改正", "refused": "拒不改正", "lifted": "撤销改正要求",
}  # fmt: skip
ACTS = {
    "begin": ("K01", "", "ordered", ""),
    "prove_service": ("K02", "ordered reported", "", ""),
    "report_done": ("K03", "ordered reported", "reported", ""),
    "end_term": ("K03a", "ordered", "reported", ""),
    "change_term": ("K04", "ordered", "", "案件处理内部审批表"),
    "accept": ("K05", "ordered reported", "corrected", "现场检查（勘察）笔录"),
    "send_back": ("K05a", "reported", "ordered", "现场检查（勘察）笔录"),
    "find_refusal": ("K06", "ordered reported", "refused", "现场检查（勘察）笔录"),
    "lift": ("K07", "ordered reported", "lifted", "案件处理内部审批表"),
}
"""Code, from, to and documents of every act."""


def test_every_state_has_its_name_and_three_of_them_end_it():
    assert {name: state.zh for name, state in Correction.states.items()} == STATES
    ends = {name for name, state in Correction.states.items() if state.final}
    assert ends == {"corrected", "refused", "lifted"}


def test_every_act_has_its_code_leads_where_the_table_says_and_makes_its_papers():
    assert {
        name: (
            act.code,
            " ".join(state for state in Correction.states if state in act.source_names),
            " ".join(to.name for to in act.destinations),
            " ".join(document.zh for document in act.documents),
        )
        for name, act in Correction.transitions.items()
    } == ACTS


def test_the_only_clock_is_the_day_the_order_names():
    assert set(Correction.deadlines) == {"term"}
    term = Correction.deadlines["term"]
    assert (term.due, term.expiry, term.ladder) == (On("due_on"), Expiry.PARTY_BREACH, "L-P")


def test_it_opens_with_what_its_parents_give():
    wanted = {field.name for field in Correction.opening().inputs}
    links = {
        PenaltyProcedure: ("corrections", "corrections_after_refusal"),
        AgencyPenalty: ("corrections",),
    }
    for parent, names in links.items():
        for name in names:
            child = parent.children[name]
            assert {*child.inputs, *child.given} == wanted == {"what", "due_on", "document"}
            [document] = [*child.given.values()]
            assert parent.documents[document].external


# Playing ------------------------------------------------------------------------------------------

AROUND = pytest.mark.parametrize("days", [-1, 0, 1], ids=["before", "on", "after"])
SERVED = {"receipt": SCAN}


def shifted(last: str, days: int) -> str:
    return str(day(last) + timedelta(days))


def refused(matter: Matter, trigger: str, who: str, typed: Any = None, *, at: str) -> str:
    """The English sentences by which an act is refused."""
    with pytest.raises((TransitionRefused, NotPermitted, BadInputs)) as refusal:
        matter.fire(trigger, who, typed, at=at)
    return refusal.value.label.en


def issue(parent: Matter, who: str, on: str) -> None:
    """Seal and render the order the parent has made."""
    papers = Papers(parent.town, parent.id)
    papers.seal("correction_order", samples(form_named("correction_order", day(on))), who, at=on)
    assert papers.render(f"{on} 12:30") == 1


def ordered(
    town: Town, *, on: str = "09-02", due: str = "09-30", issued: bool = True
) -> tuple[Procedure, Matter]:
    """A penalty case under investigation, and the correction ordered in it."""
    case = a_case(town, on="09-01").file("09-01")
    return case, order(case, on=on, due=due, issued=issued)


def order(case: Procedure, *, on: str, due: str, issued: bool = True) -> Matter:
    typed = {"what": "补齐月度信息化存证", "due_on": day(due), "addressee": "示例热电有限公司"}
    case.do("order_correction", "leader", typed, on=on)
    if issued:
        issue(case, "leader", on)
    return case.children("corrections")[-1]


def serve(track: Matter, on: str, at: str = "") -> Matter:
    """Prove on which day the order was served."""
    typed = {"order_served_on": day(on), **SERVED}
    track.fire("prove_service", "inspector", typed, at=f"{at or on} 13:00")
    return track


def rechecked(town: Town, on: str, *logins: str, **said: Any) -> dict[str, Any]:
    """What is typed of a re-check."""
    officers = [town.cast.id_of(one) for one in logins or ("inspector", "inspector2")]
    return {
        "officers": officers,
        "rechecked_on": day(on),
        "recheck_findings": "现场核对台账",
        **said,
    }


DONE = {"correction_report": "已补齐并上传"}


# The ways through ---------------------------------------------------------------------------------


def test_the_party_corrects_reports_it_and_the_re_check_bears_it_out(town):
    case, track = ordered(town)
    assert (track.state, track.due("term"), track.seats(Capacity.PARTY)) == (
        "ordered",
        day("09-30"),
        set(),
    )
    said = refused(track, "report_done", "unit-redian", DONE, at="09-02")
    assert said.startswith("Reserved to:"), "nobody answers an order that was not served"
    serve(track, "09-03")
    assert track.seats(Capacity.PARTY) == {"示例热电有限公司"}
    track.fire("report_done", "unit-redian", DONE, at="09-20")
    assert (track.state, track.clock("term").met_late) == ("reported", False)
    track.fire("report_done", "unit-redian", {"correction_report": "补充照片"}, at="09-21")
    track.fire("accept", "inspector", rechecked(town, "09-22"), at="09-22")
    assert (track.state, track.running()) == ("corrected", [])
    assert track.row.facts["rechecked_on"] == "2026-09-22"
    assert [*track.faults(), *case.faults()] == []


def test_what_comes_on_paper_is_recorded_by_the_officers_with_the_paper(town):
    _case, track = ordered(town)
    serve(track, "09-03")
    with pytest.raises(BadInputs):
        track.fire("report_done", "inspector", DONE, at="09-10")
    paper = track.paper("inspector", at="09-10")
    track.fire("report_done", "inspector", DONE, at="09-10", proof=[paper])
    assert track.state == "reported"


def test_what_is_not_corrected_yet_goes_back_with_another_day(town):
    _case, track = ordered(town)
    serve(track, "09-03")
    track.fire("report_done", "unit-redian", DONE, at="09-20")
    again = rechecked(town, "09-22", due_on=day("10-20"))
    track.fire("send_back", "inspector", again, at="09-22")
    assert (track.state, track.due("term"), track.running()) == ("ordered", day("10-20"), ["term"])
    assert track.row.facts["due_on"] == "2026-10-20"
    track.fire("accept", "inspector", rechecked(town, "10-15"), at="10-15")
    assert (track.state, track.clock("term").met_late, track.faults()) == ("corrected", False, [])


def test_the_leader_lifts_an_order_and_its_clock_ends(town):
    _case, track = ordered(town)
    said = refused(track, "lift", "inspector", {"reasons": "事实不成立"}, at="09-03")
    assert said.startswith("Reserved to:")
    track.fire("lift", "leader", {"reasons": "事实不成立"}, at="09-03")
    assert (track.state, track.running(), track.faults()) == ("lifted", [], [])


def test_the_party_reads_its_own_order_and_nothing_before_it_was_served(town):
    case, track = ordered(town)
    party = town.cast.unit_person("redian")
    with town.database.read() as session:
        assert session.scalar(id_for(party, track.id)) is None
    serve(track, "09-03")
    track.fire("report_done", "unit-redian", DONE, at="09-20")
    with town.database.read() as session:
        page = CasePage(session, party, track.id, now=instant("09-20"), law=town.law)
        told = {one.entry.trigger for one in page.timeline().entries}
        assert session.scalar(id_for(party, case.id)) is None, "the penalty case is not open to it"
    assert told == {"prove_service", "report_done"}


# The day of the order -----------------------------------------------------------------------------


@AROUND
def test_after_its_last_day_the_order_waits_for_the_re_check(town, days):
    _case, track = ordered(town)
    serve(track, "09-03")
    on = shifted("09-30", days)
    town.tick(f"{on} 00:00")
    assert (track.clock("term").expired_at is not None) == (days > 0)
    assert track.state == ("reported" if days > 0 else "ordered")
    track.fire("report_done", "unit-redian", DONE, at=on)
    assert (track.state, track.clock("term").met_late) == ("reported", days > 0)
    track.fire("accept", "inspector", rechecked(town, on), at=on)
    assert (track.state, track.running(), track.faults()) == ("corrected", [], [])


@AROUND
def test_a_refusal_is_found_after_the_last_day_only(town, days):
    _case, track = ordered(town)
    serve(track, "09-03")
    on = shifted("09-30", days)
    if days > 0:
        track.fire("find_refusal", "inspector", rechecked(town, on), at=on)
        assert (track.state, track.running(), track.faults()) == ("refused", [], [])
        return
    said = refused(track, "find_refusal", "inspector", rechecked(town, on), at=on)
    assert said == "The time to correct runs until 2026-09-30."


def test_a_re_check_on_the_last_day_finds_no_refusal_however_late_it_is_entered(town):
    _case, track = ordered(town)
    serve(track, "09-03")
    town.tick("10-01 00:00")
    said = refused(track, "find_refusal", "inspector", rechecked(town, "09-30"), at="10-09")
    assert said == "The re-check has to follow the last day to correct (2026-09-30)."
    track.fire("find_refusal", "inspector", rechecked(town, "10-09"), at="10-09")
    assert (track.state, track.row.facts["rechecked_on"]) == ("refused", "2026-10-09")


def test_nobody_breaches_an_order_that_was_not_served(town):
    _case, track = ordered(town)
    town.tick("10-10 00:00")
    assert (track.state, track.clock("term").expired_at) == ("ordered", None)
    said = refused(track, "find_refusal", "inspector", rechecked(town, "10-10"), at="10-10")
    assert said == "The order was not served on the party before its last day was over."


def test_an_order_served_too_late_needs_another_day(town):
    _case, track = ordered(town)
    serve(track, "10-01")
    town.tick("10-10 00:00")
    assert (track.state, track.clock("term").expired_at) == ("ordered", None)
    typed = {"due_on": day("10-30"), "reasons": "送达迟延"}
    track.fire("change_term", "supervisor", typed, at="10-10")
    assert (track.due("term"), [clock.expired_at for clock in track.clocks("term")]) == (
        day("10-30"),
        [None, None],
    )
    town.tick("10-31 00:00")
    assert track.acts()[-1] == "end_term"
    track.fire("find_refusal", "inspector", rechecked(town, "10-31"), at="10-31")
    assert (track.state, track.faults()) == ("refused", [])


def test_a_service_proven_late_counts_from_its_own_day(town):
    _case, track = ordered(town)
    town.tick("10-10 00:00")
    assert track.state == "ordered"
    serve(track, "09-03", at="10-10")
    town.tick("10-10 14:00")
    assert (track.state, track.acts()[-1]) == ("reported", "end_term")
    assert track.faults() == []


@AROUND
def test_another_day_starts_the_clock_anew(town, days):
    _case, track = ordered(town)
    serve(track, "09-03")
    typed = {"due_on": day("10-20"), "reasons": "设备到货迟延"}
    said = refused(track, "change_term", "inspector", typed, at="09-25")
    assert said.startswith("Reserved to:")
    track.fire("change_term", "supervisor", typed, at="09-25")
    town.tick("10-10 00:00")
    assert track.state == "ordered", "the first day counts no longer"
    on = shifted("10-20", days)
    town.tick(f"{on} 00:00")
    assert track.state == ("reported" if days > 0 else "ordered")
    assert track.faults() == []


# Refusals -----------------------------------------------------------------------------------------


def test_an_order_is_served_once_it_is_sealed_and_rendered_and_not_before_it_was(town):
    case, track = ordered(town, issued=False)
    typed = {"order_served_on": day("09-02"), **SERVED}
    said = refused(track, "prove_service", "inspector", typed, at="09-03")
    assert said == "The order is not sealed and rendered yet."
    issue(case, "leader", "09-03")
    said = refused(track, "prove_service", "inspector", typed, at="09-04")
    assert said == "It cannot have been served before it was sealed (2026-09-03)."
    serve(track, "09-04")
    assert track.row.facts["order_served_on"] == "2026-09-04"


@pytest.mark.parametrize("act", ["accept", "send_back", "find_refusal"])
def test_two_officers_with_certificates_re_check(town, act):
    _case, track = ordered(town)
    serve(track, "09-03")
    town.tick("10-01 00:00")
    more = {"due_on": day("10-20")} if act == "send_back" else {}
    alone = rechecked(town, "10-01", "inspector", **more)
    said = refused(track, act, "inspector", alone, at="10-01")
    assert said == (
        "At least 2 officers with certificates valid on the day are wanted: 1 named, 0 without (V-2)."
    )
    certify(town, "inspector2", None)
    try:
        said = refused(track, act, "inspector", rechecked(town, "10-01", **more), at="10-01")
    finally:
        certify(town, "inspector2", "640500-002")
    assert said == (
        "At least 2 officers with certificates valid on the day are wanted: 2 named, 1 without (V-2)."
    )
    track.fire(act, "inspector", rechecked(town, "10-01", **more), at="10-01")
    assert track.faults() == []


# What the penalty case draws from it --------------------------------------------------------------


def test_a_penalty_case_is_not_closed_while_an_order_is_open(town):
    case, track = ordered(town)
    case.inspect("09-03").submit("09-03").pass_review("09-03").notify("09-03").waive("09-03")
    case.pass_legal("09-03").decide("09-03").deliver("09-03").pay("100000", "09-04").settle("09-04")
    typed = {"closing_ground": "performed", "decision_carried_out": True}
    assert refused(case, "close", "leader", typed, at="09-05") == "1 side matters have not ended."
    track.fire("accept", "inspector", rechecked(town, "09-07"), at="09-07")
    case.close("09-08")
    assert (case.state, case.faults()) == ("closed", [])


def test_a_refusal_found_opens_another_order_and_the_way_to_the_heavier_consequences(town):
    case, track = ordered(town)
    case.inspect("09-03").submit("09-03").pass_review("09-03").notify("09-03").waive("09-03")
    case.pass_legal("09-03").decide("09-03").deliver("09-03")
    serve(track, "09-03")
    cut = {"cut": "提请核减"}
    said = refused(case, "propose_cut", "supervisor", cut, at="09-04")
    assert said == "No refusal to correct was found."
    town.tick("10-01 00:00")
    track.fire("find_refusal", "inspector", rechecked(town, "10-09"), at="10-09")
    assert refused(case, "propose_cut", "supervisor", cut, at="10-09") == said, (
        "P38 is an act of its own"
    )
    found = {
        "officers": case.officers(), "reinspected_on": day("10-09"), "refusal": "逾期未改正",
        "what": "立即补齐存证", "due_on": day("10-20"),
    }  # fmt: skip
    case.do("find_refusal", "inspector", found, on="10-10")
    [again] = case.children("corrections_after_refusal")
    assert (again.state, again.due("term"), again.row.facts["what"]) == (
        "ordered",
        day("10-20"),
        "立即补齐存证",
    )
    case.do("propose_cut", "supervisor", cut, on="10-10")
    case.do("tell_halt", "leader", {"reasons": "拒不改正"}, on="10-10")
    assert [*case.faults(), *track.faults(), *again.faults()] == []


# What a case against an agency draws from it ------------------------------------------------------


def agency_ordered(town: Town) -> tuple[Matter, Matter]:
    """An agency that compiled and reviewed in one province: no fine is laid down, it corrects."""
    typed = clue(conduct="dual_role", source="verification")
    matter = town.open(AgencyPenalty, "inspector", typed, at="03-03", subject="qingyuan")
    kind = {
        "agency_type": "compiling", "conduct": "dual_role", "licence": "无须资质", "contracts": "与十二家单位签约",
    }  # fmt: skip
    matter.fire("classify", "supervisor", kind, at="03-04")
    typed = {
        "no_penalty_reason": "未规定罚款", "what": "停止在本区同时编制和审核", "due_on": day("04-10"),
    }  # fmt: skip
    matter.fire("order_correction", "supervisor", typed, at="03-05")
    [track] = matter.children("corrections")
    return matter, track


def test_an_agency_has_no_seat_in_its_case_and_answers_the_order_in_the_track(town):
    matter, track = agency_ordered(town)
    name = town.cast.agencies["qingyuan"].name
    issue(matter, "supervisor", "03-06")
    serve(track, "03-09")
    assert (matter.seats(Capacity.PARTY), track.seats(Capacity.PARTY)) == (set(), {name})
    agent = next(
        one for one in town.cast.people.values() if one.organisation_id == matter.row.subject_id
    )
    track.fire("report_done", agent, DONE, at="04-08")
    with town.database.read() as session:
        assert session.scalar(id_for(agent, matter.id)) is None
    note = {"closing_note": "整改完成"}
    matter.fire(
        "report_finally", "supervisor", {"summary": "要点", "none_affected": True}, at="04-09"
    )
    [report] = matter.children("final_reports")
    report.fire(
        "send_report", "supervisor", {"recipient": region(town), "content": "全文"}, at="04-09"
    )
    report.fire("acknowledge", "region", {"served_on": day("04-10")}, at="04-10")
    said = refused(matter, "close", "leader", note, at="04-10")
    assert said == "1 penalty cases, corrections, referrals or reports are still open."
    track.fire("accept", "inspector", rechecked(town, "04-13"), at="04-13")
    matter.fire("close", "leader", note, at="04-14")
    assert (matter.state, track.state) == ("closed", "corrected")
    assert [*matter.faults(), *track.faults()] == []


def test_an_agency_that_refuses_is_found_out_by_the_re_check(town):
    matter, track = agency_ordered(town)
    issue(matter, "supervisor", "03-06")
    serve(track, "03-09")
    town.tick("04-11 00:00")
    assert (track.state, track.acts()[-1]) == ("reported", "end_term")
    track.fire("find_refusal", "inspector", rechecked(town, "04-13"), at="04-13")
    assert (track.state, track.running(), track.faults()) == ("refused", [], [])
