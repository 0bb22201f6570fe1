"""PP against the tables of domain.md 16.2 and 7: states, codes, clocks, guards, the ways through."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import pytest

from app.engine.actors import Capacity
from app.engine.definition import Before, Expiry, Lasts, On
from app.law.terms import shipped_law
from app.workflows.penalty_inputs import SENDABLE
from app.workflows.penalty_procedure import PenaltyProcedure
from app.workflows.separation import PARTS
from tests.town import day, registered
from tests.workflows.procedure import (
    AROUND,
    FAMILY,
    SCAN,
    Procedure,
    a_case,
    assemble,
    received,
    refused,
    renamed,
    shifted,
)


@pytest.fixture(scope="module", autouse=True)
def lifecycles():
    with registered(*FAMILY):
        yield


@pytest.fixture(autouse=True)
def people(request):
    if "town" in request.fixturenames:
        assemble(request.getfixturevalue("town"))


# The tables ---------------------------------------------------------------------------------------

STATES = {
    "filing_review": "立案审查", "investigating": "调查取证", "suspended": "中止调查", "terminated": "终止调查",
    "case_review": "案件审查", "pre_notice_approval": "告知审批", "notice_served": "已送达告知书",
    "plea_review": "陈述申辩复核", "hearing_preparation": "听证筹备", "hearing_done": "听证已举行",
    "legal_review": "法制审核", "collective_discussion": "集体讨论", "decision_pending": "待作决定",
    "decided": "已决定待送达", "announcement_service": "公告送达", "performance": "履行期", "deferred": "延期/分期",
    "overdue": "逾期加处", "demand_served": "已催告", "court_applied": "已申请强制执行", "closing": "结案审批",
    "closed": "结案", "archived": "归档",
}  # fmt: skip
FILED = (
    "investigating suspended case_review pre_notice_approval notice_served plea_review "
    "hearing_preparation hearing_done legal_review collective_discussion decision_pending"
)
AFTER = "decided announcement_service performance deferred overdue demand_served court_applied closing closed archived"
ROWS = {
    "P01": ("filing_review", "investigating", "立案审批表"),
    "P02": ("filing_review", "closed", "不予立案审批表 案件移送函"),
    "P03": ("filing_review", "", "案件处理内部审批表"),
    "P04": (FILED, "closed", "撤销立案审批表"),
    "P05": (
        "investigating",
        "",
        "现场检查（勘察）笔录 调查询问笔录 抽样取证通知书 监测/检测/鉴定结果告知书",
    ),
    "P06": ("investigating suspended", "suspended investigating", "中止调查审批表 恢复调查审批表"),
    "P07": ("investigating terminated", "terminated closing", "终止调查审批表"),
    "P08": ("investigating", "", "责令改正违法行为决定书"),
    "P09": ("investigating", "case_review", "行政处罚案件调查报告"),
    "P10": ("case_review", "investigating", "案件审查表"),
    "P11": ("case_review", "pre_notice_approval", "案件审查表"),
    "P12": (f"filing_review {FILED}", "", "涉嫌犯罪案件移送审批表"),
    "P13": ("pre_notice_approval", "notice_served", "行政处罚事先（听证）告知书"),
    "P14": ("notice_served", "plea_review", "陈述申辩笔录"),
    "P15": ("notice_served plea_review", "hearing_preparation", ""),
    "P16": ("hearing_preparation", "hearing_done", "听证通知书 听证笔录"),
    "P17": ("hearing_preparation", "legal_review", "听证笔录"),
    "P18": ("notice_served", "legal_review", ""),
    "P19": ("plea_review hearing_done", "investigating", "陈述申辩复核表"),
    "P20": ("plea_review hearing_done", "pre_notice_approval", ""),
    "P21": ("plea_review hearing_done", "legal_review", "陈述申辩复核表"),
    "P22": ("legal_review", "collective_discussion decision_pending", "案件法制审核表"),
    "P23": ("legal_review", "investigating case_review", "案件法制审核表"),
    "P24": ("collective_discussion", "decision_pending", "案件集体讨论记录"),
    "P25": (FILED, "", "案件处理内部审批表 案件集体讨论记录"),
    "P26": ("decision_pending", "decided", "行政处罚决定书"),
    "P27": ("decision_pending", "decided", "不予行政处罚决定书"),
    "P28": ("decided", "performance closing", ""),
    "P29": ("decided", "announcement_service", "公告"),
    "P30": ("", "", "行政处罚信息公示"),
    "P31": ("performance deferred overdue demand_served", "closing", ""),
    "P32": ("performance", "deferred", "同意延期/分期缴纳罚款通知书"),
    "P33": ("performance deferred", "overdue", ""),
    "P34": ("overdue", "demand_served", "督促履行义务催告书"),
    "P35": ("demand_served", "court_applied", "行政处罚强制执行申请书"),
    "P36": ("court_applied", "closing", ""),
    "P37": (AFTER, "closing investigating", ""),
    "P38": ("", "", "责令停产整治告知书 责令停产整治决定书"),
    "P39": ("closing closed", "closed archived", "结案审批表 卷宗封面 卷内目录 卷内备考表"),
}
"""From, to and documents of every row."""
MORE_MOVES = {
    "P12": {("FILED", "closing")},  # 7.5: transferred, and no own penalty needed
    "P13": {("pre_notice_approval", "case_review")},  # the leader does not agree
    "P23": {("collective_discussion", "legal_review"), ("decision_pending", "legal_review")},  # V-10: again
    "P28": {("announcement_service", "performance"), ("announcement_service", "closing")},
    "P31": {("court_applied", "closing")},  # paid while the court has the case
    "P36": {("court_applied", "overdue")},  # the court refuses
    "P38": {("archived", "closing")},  # what reopens
    "P39": {(state, "closing") for state in ("performance", "deferred", "overdue", "demand_served", "court_applied")},
}  # fmt: skip
"""Moves beside those of the table, and why."""
LETTERED = {
    "P00": "opens the case", "P01": "a: other officers", "P02": "a: to the competent body; b: two years are over",
    "P05": "one act per kind of evidence", "P06": "a: resume", "P07": "a: to the closing",
    "P09": "a: write; b: sign", "P12": "a, b: the clock of the transfer; c: closed as transferred",
    "P13": "a, b: approve; c: send back; d: announce; e, f: served, by kind", "P14": "a: more; b: answers",
    "P16": "a: chair; b: call; c: proven; d: report", "P18": "a, b: lapsed; c, d: waived in writing",
    "P23": "a: refuse; b: again", "P24": "a: convene; b: views", "P25": "a: collectively",
    "P28": "a: send; b, c: nothing to pay, none; d: other documents", "P30": "a: withdraw",
    "P31": "a, b: payments; c: instalments", "P32": "a: ask; b: plan; c: refuse", "P33": "a: instalment; b: end",
    "P34": "a: issue; b: plea", "P35": "a, b: remedies over; c: window closed", "P36": "a: refused; b: ruling",
    "P37": "a: remedies; b, c: ended; d: changed; e: to be done again", "P38": "a: reopen; b, c: halt; d: cut",
    "P39": "a: archive; b: another ground",
}  # fmt: skip
TERMS = {
    "filing": ("15 cd", Expiry.AUTHORITY_BREACH, "L-15"),
    "time_bar": ("2 y", Expiry.RIGHT_LOST, "L-RL"),
    "decision": ("90 cd", Expiry.AUTHORITY_BREACH, "L-90"),
    "review": ("5 wd", Expiry.TARGET, "L-7"),
    "notice_approval": ("3 wd", Expiry.TARGET, "L-3"),
    "plea": ("5 wd", Expiry.PARTY_WAIVER, "L-P"),
    "hearing_request": ("5 wd", Expiry.PARTY_WAIVER, "L-P"),
    "plea_answer": ("5 wd", Expiry.TARGET, "L-7"),
    "hearing_notification": ("7 wd before", Expiry.AUTHORITY_BREACH, "L-7"),
    "hearing_day": ("typed", Expiry.TARGET, "L-7"),
    "hearing_reporting": ("5 wd", Expiry.TARGET, "L-7"),
    "legality": ("5 wd", Expiry.TARGET, "L-7"),
    "discussion": ("5 wd", Expiry.TARGET, "L-7"),
    "redo": ("typed", Expiry.AUTHORITY_BREACH, "L-15"),
    "decision_service": ("7 wd", Expiry.AUTHORITY_BREACH, "L-7"),
    "publication": ("7 wd", Expiry.AUTHORITY_BREACH, "L-7"),
    "publication_withdrawal": ("3 wd", Expiry.AUTHORITY_BREACH, "L-3"),
    "payment": ("15 cd", Expiry.PARTY_BREACH, "L-P"),
    "instalment": ("typed", Expiry.PARTY_BREACH, "L-P"),
    "deferral_end": ("typed", Expiry.PARTY_BREACH, "L-P"),
    "suit": ("6 m", Expiry.PARTY_WAIVER, "L-RL"),
    "suit_after_reconsideration": ("15 cd", Expiry.PARTY_WAIVER, "L-RL"),
    "court_window": ("3 m", Expiry.RIGHT_LOST, "L-RL"),
    "demand": ("10 wd", Expiry.PARTY_BREACH, "L-P"),
    "court_acceptance": ("5 wd", Expiry.TARGET, "L-15"),
    "court_ruling": ("7 wd", Expiry.TARGET, "L-15"),
    "closing_target": ("5 wd", Expiry.TARGET, "L-7"),
    "archiving": ("30 cd", Expiry.AUTHORITY_BREACH, "L-15"),
}
EXCLUDED = {
    "suspension", "hearing", "announcement", "testing", "assessment", "appraisal", "recognition", "service", "transfer",
}  # fmt: skip


def row_of(code: str) -> str:
    return re.sub(r"[a-z]$", "", code)


def test_every_state_of_the_table_has_its_name():
    assert {name: state.zh for name, state in PenaltyProcedure.states.items()} == STATES
    assert [name for name, state in PenaltyProcedure.states.items() if state.final] == ["archived"]


def test_every_code_of_the_table_is_there_and_lettered_ones_are_accounted_for():
    codes = [t.code for t in PenaltyProcedure.transitions.values()]
    assert {row_of(code) for code in codes} == set(ROWS) | {"P00"}
    assert set(ROWS) - {"P38"} - set(codes) == {"P05"}
    assert {row_of(code) for code in codes if code != row_of(code)} | {"P00"} == set(LETTERED)


def test_every_row_leads_from_where_to_where_the_table_says():
    moves: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for transition in PenaltyProcedure.transitions.values():
        for reached in transition.destinations:
            begun = transition.source_names or {""}
            moves[row_of(transition.code)] |= {(source, reached.name) for source in begun}
    paired = {
        "P06": {("investigating", "suspended"), ("suspended", "investigating")},
        "P07": {("investigating", "terminated"), ("terminated", "closing")},
        "P39": {("closing", "closed"), ("closed", "archived")},
    }
    for code, (sources, to, _documents) in ROWS.items():
        said = paired.get(code) or {(s, t) for s in sources.split() for t in to.split()}
        more = {
            (each, reached)
            for source, reached in MORE_MOVES.get(code, ())
            for each in (FILED.split() if source == "FILED" else [source])
        }
        assert moves[code] == said | more, code


def test_every_act_is_open_where_the_table_says():
    for code, (sources, _to, _documents) in ROWS.items():
        open_in = {
            source
            for t in PenaltyProcedure.transitions.values()
            if row_of(t.code) == code
            for source in t.source_names
        }
        assert set(sources.split()) <= open_in, code


def test_every_row_makes_the_documents_of_the_table():
    made: dict[str, set[str]] = defaultdict(set)
    for transition in PenaltyProcedure.transitions.values():
        made[row_of(transition.code)] |= {document.zh for document in transition.documents}
    for code, (_sources, _to, documents) in ROWS.items():
        assert set(documents.split()) <= made[code], code


def test_every_clock_is_as_long_as_the_table_says():
    law, told = shipped_law(), {}
    for name, deadline in PenaltyProcedure.deadlines.items():
        match deadline.due:
            case On():
                length = "typed"
            case Lasts(key):
                term = law.term(key, day("09-18"))
                length = f"{term.length} {term.unit}"
            case Before(key):
                term = law.term(key, day("09-18"))
                length = f"{term.length} {term.unit} before"
            case other:
                raise AssertionError(other)
        told[name] = (length, deadline.expiry, deadline.ladder)
    assert told == TERMS
    decision = PenaltyProcedure.deadlines["decision"]
    assert {exclusion.kind for exclusion in decision.excluded_by} == EXCLUDED
    stages = [law.term(each.term, day("09-18")) for each in decision.extensions]
    assert [(each.length, str(each.unit)) for each in stages] == [(30, "cd"), (30, "cd")]


def test_what_can_be_sent_is_an_external_document_of_the_case():
    for key, label in SENDABLE.items():
        document = PenaltyProcedure.documents[key]
        assert (document.external, document.label) == (True, label)


def test_every_act_that_gives_somebody_a_duty_has_its_name_in_a_lifecycle():
    from app.workflows.agency_penalty import AgencyPenalty
    from app.workflows.joint_enforcement import JointEnforcement

    known = {
        name
        for lifecycle in (PenaltyProcedure, JointEnforcement, AgencyPenalty)
        for name in lifecycle.transitions
    }
    assert {act for part in PARTS.values() for act in part.acts} <= known


# Filing -------------------------------------------------------------------------------------------


@AROUND
@pytest.mark.parametrize(("extended", "last"), [(False, "10-08"), (True, "10-20")])
def test_fifteen_days_to_file_and_fifteen_more(town, extended, last, days):
    """Found on 2026-09-20: day 15 falls into the holidays and rolls, day 30 does not."""
    case = a_case(town, on="09-21", discovered="09-20")
    assert case.due("filing") == day("10-08")
    if extended:
        case.do("extend_filing", "leader", {"reasons": "案情复杂"}, on="10-08")
        assert refused(case, "extend_filing", "leader", {"reasons": "再延"}, on="10-08") == (
            "No further extension is left."
        )
    assert case.due("filing") == day(last)
    on = shifted(last, days)
    town.tick(f"{on} 00:00")
    assert case.state == "filing_review", "the breach of an authority moves nothing"
    assert (case.clock("filing").expired_at is not None) == (days > 0)
    case.file(on)
    assert (case.state, case.clock("filing").met_late) == ("investigating", days > 0)
    assert case.faults() == []


def test_the_filing_is_extended_before_its_end_only(town):
    case = a_case(town, on="09-21", discovered="09-20")
    said = refused(case, "extend_filing", "leader", {"reasons": "案情复杂"}, on="10-09")
    assert said == "A period is extended before its end only."


@AROUND
def test_whoever_was_found_after_two_years_is_not_prosecuted(town, days):
    """V-11: an act that ended on 2024-09-10; the last day is 2026-09-10, a Thursday."""
    found = shifted("09-10", days)
    case = a_case(town, on="09-15", discovered=found, ended="2024-09-10")
    town.tick("09-15 13:00")
    assert case.clock("time_bar").due_on == day("09-10")
    assert case.acts() == ["open_case", "pass_time_bar"]
    if days > 0:
        said = refused(case, "file", "leader", filing(case), on="09-15")
        assert said == "The act is time-barred, or the day it ended is not known: the last day was 2026-09-10 (V-11)."  # fmt: skip
    else:
        case.file("09-15")
        assert case.state == "investigating"


def filing(case: Procedure, **said: Any) -> dict[str, Any]:
    return {
        "has_evidence": True, "is_punishable": True, "is_competent": True, "is_in_time": True,
        "harm": "none", "officers": case.officers(), **said,
    }  # fmt: skip


def test_the_day_the_act_ended_must_be_known_when_the_case_is_filed(town):
    case = a_case(town, ended=None)
    assert case.clocks("time_bar") == []
    assert "Enter the day the act ended." in refused(
        case, "file", "leader", filing(case), on="09-02"
    )
    case.file("09-02", act_ended_on=day("08-10"))
    assert case.row.facts["act_ended_on"] == "2026-08-10"


def test_four_conditions_and_two_certified_officers(town):
    """V-2."""
    case = a_case(town)
    said = refused(case, "file", "leader", filing(case, is_competent=False), on="09-02")
    assert said == "Please confirm: The matter is ours"
    said = refused(
        case, "file", "leader", filing(case, officers=case.officers("inspector")), on="09-02"
    )
    assert (
        said
        == "At least 2 officers with certificates valid on the day are wanted: 1 named, 0 without (V-2)."
    )
    said = refused(
        case,
        "file",
        "leader",
        filing(case, officers=case.officers("inspector", "inspector3")),
        on="09-02",
    )
    assert (
        said
        == "At least 2 officers with certificates valid on the day are wanted: 2 named, 1 without (V-2)."
    )
    case.file("09-02")
    assert case.seats(Capacity.INVESTIGATOR) == {"王芳", "马晓东"}


def test_what_is_not_filed_is_closed_and_archived_in_thirty_days(town):
    case = a_case(town, on="09-01")
    case.do(
        "refuse_filing",
        "leader",
        {"not_filed_because": "no_evidence", "reasons": "证据不足"},
        on="09-10",
    )
    assert (case.state, case.due("archiving")) == ("closed", day("10-10"))
    assert "No decision was made." in refused(
        case, "annul", "leader", received(annulled_by="示例", reasons="示例"), on="09-11"
    )
    case.archive("10-10")
    assert (case.state, case.clock("archiving").met_late, case.faults()) == ("archived", False, [])


# Investigation ------------------------------------------------------------------------------------


def commission(case: Procedure, kind: str, *, on: str) -> None:
    typed = {"body": "示例检测公司", "items": "煤样", "time_told": True}
    case.do(f"commission_{kind}", "inspector", typed, on=on)


def receive(case: Procedure, kind: str, *, on: str) -> None:
    typed = {"dated_on": day(on), "result": "示例"}
    case.do(f"receive_{kind}", "inspector", typed, on=on)


def tell(case: Procedure, *, on: str) -> None:
    typed = {"told_on": day(on), "result_told": "示例", "receipt": SCAN}
    case.do("tell_result", "inspector", typed, on=on)


SUSPEND = {"suspended_because": "other_decision", "reasons": "须以另案为依据", "time_told": True}


def test_what_others_do_and_what_stands_still_is_not_counted_once_or_twice(town):
    """Filed on 2026-07-05; 11 to 22 July for a test, 16 to 25 for a suspension: 15 days in all."""
    case = a_case(town, on="07-01", ended="06-10").file("07-05")
    assert case.due("decision") == day("10-08")
    commission(case, "testing", on="07-10")
    assert case.due("decision") is None, "an open cause stops the clock"
    case.do("suspend", "leader", SUSPEND, on="07-15")
    receive(case, "testing", on="07-22")
    assert case.due("decision") is None
    case.do("resume", "leader", {"reasons": "事由消除"}, on="07-25")
    assert case.due("decision") == day("10-19"), "nominal 18 October is a Sunday"
    told = case.clock("decision").derivation["exclusions"]
    assert [(x["kind"], x["from"], x["to"]) for x in told] == [
        ("testing", "2026-07-10", "2026-07-22"), ("suspension", "2026-07-15", "2026-07-25"),
    ]  # fmt: skip
    assert case.faults() == []


@pytest.mark.parametrize("kind", ["testing", "assessment", "appraisal", "recognition"])
def test_each_kind_of_examination_stops_the_clock_and_must_be_told(town, kind):
    """V-7: the result is told before the investigation ends."""
    case = a_case(town, on="09-01").investigated("09-01")
    before = case.due("decision")
    commission(case, kind, on="09-02")
    assert "name several things in one commission" in refused(
        case,
        f"commission_{kind}",
        "inspector",
        {"body": "示例", "items": "示例", "time_told": True},
        on="09-02",
    )
    receive(case, kind, on="09-12")
    after = case.due("decision")
    assert before is not None
    assert after is not None
    assert after > before
    case.write("09-14").sign("09-14")
    said = refused(case, "submit_report", "inspector", on="09-14")
    assert said == "1 results of tests or appraisals have not been told to the party (V-7)."
    tell(case, on="09-14")
    assert "No result waits to be told." in refused(
        case,
        "tell_result",
        "inspector",
        {"told_on": day("09-14"), "result_told": "示例", "receipt": SCAN},
        on="09-14",
    )
    case.do("submit_report", "inspector", on="09-14")
    assert (case.state, case.row.facts["evidence_count"]) == ("case_review", 2)


def test_a_report_is_signed_by_two_after_it_was_written(town):
    case = a_case(town).investigated("09-01")
    said = refused(case, "sign_report", "inspector", {"view": "agree"}, on="09-02")
    assert said == "The report has not been written."
    case.write("09-02")
    case.do("sign_report", "inspector", {"view": "agree"}, on="09-02")
    said = refused(case, "submit_report", "inspector", on="09-02")
    assert said == "“Sign the report”: 1 signatures missing, 0 objections."
    case.do("sign_report", "inspector2", {"view": "agree"}, on="09-02")
    case.write("09-03")
    said = refused(case, "submit_report", "inspector", on="09-03")
    assert said == "“Sign the report”: 2 signatures missing, 0 objections."


def test_the_report_names_the_party_as_registered_and_a_rule_that_fits(town):
    """V-3, V-4, V-5."""
    case = a_case(town).investigated("09-01")
    said = refused(
        case, "write_report", "inspector", case.report(party_name="示例热电公司"), on="09-02"
    )
    assert said == "The party must be named as registered: “示例热电有限公司” (V-3)."
    said = refused(case, "write_report", "inspector", case.report(rule="E6"), on="09-02")
    assert said.startswith(
        "The rule does not fit the facts of the case: the rule “E6” does not apply to the act."
    )
    for fine, why in (
        ("49999.99", "Below the 50,000 yuan of the law"), ("500000.01", "Above the 500,000 yuan of the law"),
    ):  # fmt: skip
        said = refused(case, "write_report", "inspector", case.report(fine=fine), on="09-02")
        assert said.startswith(f"The fine is not lawful: {why}"), said
        assert said.endswith("(V-5)")
    said = refused(case, "write_report", "inspector", case.report(confiscation="1"), on="09-02")
    assert said == "The gain to be confiscated by law is 0.00 yuan (V-5)."
    said = refused(case, "write_report", "inspector", case.report(ban="five_years"), on="09-02")
    assert said.startswith("A ban must follow the law: under this rule “no ban”")
    for fine, ground in (("50000", "within"), ("500000", "within"), ("20000", "merit")):
        case.write("09-02", fine=fine, ground=ground)


def test_a_register_that_changes_its_name_stops_the_notice(town):
    """V-3: all documents name the party alike."""
    case = a_case(town, party="lanqiao").investigated("09-01").submit("09-01").pass_review("09-01")
    with renamed(town, "lanqiao", "示例蓝桥新材料有限公司"):
        typed = {"hearing_right": False, "wants_discussion": False, "addressee": "示例"}
        said = refused(case, "approve_notice", "leader", typed, on="09-02")
    assert said == (
        "The party is registered under another name now (report: “示例蓝桥化工有限公司”, "
        "now “示例蓝桥新材料有限公司”) (V-3)."
    )
    case.approve("09-02")


def test_a_recusal_asked_for_is_answered_before_the_case_goes_on_and_not_by_oneself(town):
    """V-8 and SD-3."""
    case = a_case(town).investigated("09-01").write("09-01").sign("09-01")
    ask = {
        "recused": town.cast.id_of("leader"),
        "concerns_head": False,
        "recusal_reason": "利害关系",
    }
    case.do("request_recusal", "inspector", ask, on="09-01")
    case.inspect("09-02")  # the investigation goes on meanwhile
    said = refused(case, "submit_report", "inspector", on="09-02")
    assert said == "1 requests for recusal are not answered (V-8)."
    row = case.row_of("recusals", 1)
    answer = {"recusal": "refused", "reasons": "无利害关系"}
    said = refused(case, "decide_recusal", "leader", answer, on="09-02", item_id=row)
    assert said == "Nobody decides on their own recusal (SD-3)."
    case.do("decide_recusal", "leader2", answer, on="09-02", item_id=row)
    case.do("submit_report", "inspector", on="09-02")
    assert case.state == "case_review"


def test_the_heads_recusal_is_decided_together_without_the_head(town):
    """SD-3."""
    case = a_case(town).investigated("09-01")
    ask = {
        "recused": town.cast.id_of("leader"),
        "concerns_head": True,
        "recusal_reason": "利害关系",
    }
    case.do("request_recusal", "inspector", ask, on="09-01")
    row = case.row_of("recusals", 1)
    answer = {"recusal": "granted", "reasons": "有利害关系"}
    said = refused(case, "decide_recusal", "leader2", answer, on="09-02", item_id=row)
    assert said == "The recusal of the head is decided by collective discussion (SD-3)."
    both = answer | {"attendees": case.officers("leader", "leader3")}
    said = refused(case, "decide_heads_recusal", "leader2", both, on="09-02", item_id=row)
    assert said == "Whoever is to be recused takes no part (SD-3)."
    both = answer | {"attendees": case.officers("leader2", "leader3")}
    case.do("decide_heads_recusal", "leader2", both, on="09-02", item_id=row)
    assert [row.status for row in case.items("recusals")] == ["granted"]


def test_an_investigation_that_ends_goes_to_the_closing_without_things_held(town):
    """V-13: nothing stays preserved or seized behind an ended case."""
    case = a_case(town).investigated("09-01")
    things = {"kind": "preservation", "urgent": False, "things": "采样瓶"}
    case.do("take_measure", "inspector", things, on="09-01")
    case.do(
        "terminate", "leader", {"terminated_because": "gone", "reasons": "单位注销"}, on="09-02"
    )
    assert case.running() == []
    said = refused(case, "submit_terminated", "supervisor", {"handled": "已处理"}, on="09-02")
    assert said == "1 side matters have not ended."
    case.children("measures")[-1].fire("release", "inspector", at="09-03")
    case.do("submit_terminated", "supervisor", {"handled": "已处理"}, on="09-03")
    said = refused(
        case,
        "close",
        "leader",
        {"closing_ground": "performed", "decision_carried_out": True},
        on="09-04",
    )
    assert said == "The ground for closing does not hold."
    case.close("09-04", "terminated").archive("09-05")
    assert (case.state, case.faults()) == ("archived", [])
