"""PP against the tables of domain.md 16.2 and 7: states, codes, clocks, guards, the ways through."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from app.accounts.models import Organisation
from app.cases.errors import BadInputs, NotPermitted, TransitionRefused
from app.cases.models import CaseDocument
from app.engine.actors import Capacity, Role
from app.engine.definition import Before, Expiry, Lasts, On
from app.law.labels import Label
from app.law.terms import shipped_law
from app.registers.models import PenaltyRecord
from app.workflows.penalty_inputs import SENDABLE
from app.workflows.penalty_procedure import PenaltyProcedure
from app.workflows.separation import PARTS
from tests.engine.fakes import FakeCase, Seat, an_id, attempt, person
from tests.town import Matter, day, registered
from tests.workflows.procedure import (
    CHECKS,
    FAMILY,
    LIGHT,
    SCAN,
    Procedure,
    a_case,
    assemble,
    heavy,
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


# Asking -------------------------------------------------------------------------------------------


def refused(
    case: Procedure, trigger: str, who: Any, typed: Any = None, *, on: str, **said: Any
) -> str:
    """The English sentences by which an act is refused."""
    with pytest.raises((TransitionRefused, NotPermitted, BadInputs)) as refusal:
        case.do(trigger, who, typed, on=on, **said)
    return refusal.value.label.en


def penalties(case: Matter) -> list[tuple[str, Decimal, bool]]:
    """What the record of the party holds of this case: rule, fine, and whether it still holds."""
    query = (
        select(PenaltyRecord)
        .where(PenaltyRecord.case_id == case.id)
        .order_by(PenaltyRecord.annulled_on.is_(None), PenaltyRecord.id)
    )
    with case.town.database.read() as session:
        return [(row.rule, row.fine, row.annulled_on is None) for row in session.scalars(query)]


def next_day(on: str) -> str:
    return f"{day(on) + timedelta(1)} 00:00"


AROUND = pytest.mark.parametrize("days", [-1, 0, 1], ids=["before", "on", "after"])


def shifted(last: str, days: int) -> str:
    return str(day(last) + timedelta(days))


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
        case, "annul", "leader", received(case, annulled_by="示例", reasons="示例"), on="09-11"
    )
    case.archive("10-10")
    assert (case.state, case.clock("archiving").met_late, case.faults()) == ("archived", False, [])


def received(case: Matter, **said: Any) -> dict[str, Any]:
    """What a received act states besides."""
    return {"received_number": "示例〔2026〕1号", "received_scan": SCAN, **said}


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


@contextmanager
def renamed(town: Any, key: str, name: str) -> Iterator[None]:
    unit = town.cast.units[key]
    for called in (name, unit.name):
        change = update(Organisation).where(Organisation.id == unit.id).values(name=called)
        town.database.write(lambda session, change=change: session.execute(change))
        if called == name:
            yield


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


# The people of one case (SD-1) ----------------------------------------------------------------------


def test_nobody_reviews_what_they_investigated(town):
    """SD-1 and V-12: the role alone is not enough."""
    case = a_case(town).investigated("09-01").submit("09-01")
    both = replace(town["inspector"], roles=frozenset({Role.INSPECTOR, Role.SUPERVISOR}))
    ticks = (
        "competence_right",
        "facts_clear",
        "evidence_enough",
        "procedure_right",
        "not_barred",
        "law_right",
    )
    typed = dict.fromkeys(ticks, True) | {"review_opinion": "同意"}
    said = refused(case, "pass_review", both, typed, on="09-02")
    assert (
        said == "You are already investigator of this case and cannot be its case reviewer (SD-1)."
    )
    stands_in = replace(town["supervisor2"], on_behalf_of=town["inspector2"].person_id)
    said = refused(case, "pass_review", stands_in, typed, on="09-02")
    assert "You are already investigator" in said, "a rule holds for a substitute, too"
    case.pass_review("09-02", "supervisor2")
    assert case.seats(Capacity.REVIEWER) == {"韩雪"}


def test_whoever_reviewed_the_case_does_not_check_its_legality(town):
    case = a_case(town).investigated("09-01").submit("09-01").pass_review("09-01", "legal")
    case.notify("09-01").waive("09-01")
    typed = {**CHECKS, "evidence_seen": 1, "legal_opinion": "通过"}
    said = refused(case, "pass_legal_review", "legal", typed, on="09-02")
    assert (
        said
        == "You are already case reviewer of this case and cannot be its legal reviewer (SD-1)."
    )
    case.pass_legal("09-02", "legal2")
    assert case.state == "decision_pending"


def test_the_chair_is_nobody_else_in_the_case(town):
    case = heavy(town).noticed("09-02")
    case.do("request_hearing", "unit", on="09-03")
    case.do("appoint_chair", "leader", {"chair": town.cast.id_of("legal2")}, on="09-03")
    call(case, "09-16", on="09-03").hear("09-16")
    case.do("report_on_hearing", "legal2", REPORTED, on="09-17")
    case.do("go_on", "supervisor", {"review_of_the_plea": "维持"}, on="09-17")
    typed = {**CHECKS, "evidence_seen": 1, "legal_opinion": "通过"}
    said = refused(case, "pass_legal_review", "legal2", typed, on="09-18")
    assert (
        said
        == "You are already chair of the hearing of this case and cannot be its legal reviewer (SD-1)."
    )


def test_a_legal_reviewer_is_not_made_chair(town):
    case = heavy(town).noticed("09-02").waive("09-02")
    case.do("return_after_legal_review", "legal", {"problems": "补证"}, on="09-03")
    case.submit("09-03").pass_review("09-03").notify("09-03")
    case.do("request_hearing", "unit", on="09-04")
    said = refused(case, "appoint_chair", "leader", {"chair": town.cast.id_of("legal")}, on="09-04")
    assert (
        said
        == "Somebody named is already legal reviewer of this case and cannot be its chair of the hearing (SD-1)."
    )


def test_an_investigator_has_no_vote(town):
    """SD-2, for those named and for those who sign."""
    case = heavy(town).legal("09-02")
    case.pass_legal("09-02")
    mixed = replace(town["inspector"], roles=frozenset({Role.BUREAU_LEADER, Role.INSPECTOR}))
    case.convene("09-03")
    said = refused(case, "discuss", mixed, {"view": "agree"}, on="09-03")
    assert said.startswith("Reserved to: Bureau leader (member of the discussion)")
    seats = [Seat(Capacity.DISCUSSANT, an_id("authority"), an_id("甲"))]
    fake = FakeCase(
        state="collective_discussion", seats=seats, done={(an_id("甲"), "record_inspection")}
    )
    who = person(Role.BUREAU_LEADER)
    [no_vote] = PenaltyProcedure.transitions["discuss"].guards
    said = english(no_vote.refusal(attempt(fake, who)))
    assert said == "An investigator may attend the discussion but has no vote (SD-2)."
    [named, _] = PenaltyProcedure.transitions["convene"].guards
    chosen = attempt(fake, who, inputs={"members": [str(an_id("甲"))]})
    said = english(named.refusal(chosen))
    assert said == "An investigator of the case is named for the discussion and has no vote (SD-2)."


def english(sentence: Label | None) -> str:
    assert sentence is not None
    return sentence.en


# Notice, pleas ------------------------------------------------------------------------------------


def test_the_party_takes_its_seat_when_the_notice_is_served(town):
    case = a_case(town).investigated("09-01").submit("09-01").pass_review("09-01").approve("09-01")
    assert (case.state, case.seats(Capacity.PARTY)) == ("pre_notice_approval", set())
    said = refused(case, "waive_plea", "unit", {"no_plea": True}, on="09-02")
    assert said.startswith("Reserved to: Key emitting unit (party)")
    case.serve("service_of_notice", "09-02")
    assert (case.state, case.seats(Capacity.PARTY)) == ("notice_served", {"示例热电有限公司"})
    [notice] = documents(case, "prior_notice")
    assert notice.served_on == day("09-02")


def documents(case: Matter, kind: str) -> list[CaseDocument]:
    query = (
        select(CaseDocument)
        .where(CaseDocument.case_id == case.id, CaseDocument.kind == kind)
        .order_by(CaseDocument.seq)
    )
    with case.town.database.read() as session:
        return list(session.scalars(query))


def test_a_hearing_is_offered_where_the_law_asks_for_it(town):
    """7.2: a fine that reaches 200,000 yuan."""
    for fine, due in (("199999.99", False), ("200000", True)):
        case = a_case(town, proposed=LIGHT | {"fine": fine})
        case.investigated("09-01").submit("09-01").pass_review("09-01")
        typed = {"hearing_right": False, "wants_discussion": False, "addressee": "示例"}
        if due:
            said = refused(case, "approve_notice", "leader", typed, on="09-02")
            assert (
                said
                == "The party must be told of the right to a hearing: The fine reaches 200,000 yuan."
            )
        else:
            case.approve("09-02", hearing_right=False)


@AROUND
def test_five_working_days_to_plead_and_to_ask_for_a_hearing(town, days):
    """Served on 2026-09-28: the holidays do not count, Saturday the 10th of October does."""
    case = heavy(town, on="09-25").investigated("09-25").submit("09-25").pass_review("09-25")
    case.approve("09-25").serve("service_of_notice", "09-28")
    assert (case.due("plea"), case.due("hearing_request")) == (day("10-10"), day("10-10"))
    on = shifted("10-10", days)
    if days > 0:
        said = refused(case, "plead", "unit", {"plea": "不服"}, on=f"{on} 00:00")
        assert said == "The time for a statement and defence is over."
        said = refused(case, "request_hearing", "unit", on=f"{on} 00:00")
        assert "the time to ask for one is over" in said
        town.tick("10-11 12:00")
        assert case.state == "notice_served", "acts posted in time may still arrive"
        town.tick("10-14 00:00")
        assert case.state == "legal_review"
        assert case.acts()[-3:] == ["lapse_plea", "lapse_hearing", "go_on_unheard"]
    else:
        case.do("plead", "unit", {"plea": "不服"}, on=f"{on} 23:00")
        case.do("request_hearing", "unit", on=f"{on} 23:30")
        assert case.state == "hearing_preparation", (
            "P15 is open from the review of the plea as well"
        )
    assert case.faults() == []


def test_without_proof_of_service_nothing_is_waived(town):
    case = a_case(town).investigated("09-01").submit("09-01").pass_review("09-01").approve("09-01")
    town.tick("10-20 00:00")
    assert (case.state, case.clocks("plea")) == ("pre_notice_approval", [])


def test_a_plea_posted_in_time_takes_the_waiver_back(town):
    case = a_case(town).noticed("09-01")
    assert case.due("plea") == day("09-08")
    town.tick("09-15 00:00")
    assert case.state == "legal_review"
    proof = [case.paper("inspector", at="09-15")]
    case.do(
        "plead",
        "inspector",
        {"plea": "不服"},
        on="09-15",
        occurred="09-08 10:00",
        late_reason="邮寄途中",
        proof=proof,
    )
    assert (case.state, case.acts()[-2:]) == ("plea_review", ["reinstate", "plead"])
    assert case.faults() == []


def test_a_plea_on_paper_needs_the_paper(town):
    case = a_case(town).noticed("09-01")
    with pytest.raises(BadInputs):
        case.do("plead", "inspector", {"plea": "不服"}, on="09-02")
    case.do(
        "plead",
        "inspector",
        {"plea": "不服"},
        on="09-02",
        proof=[case.paper("inspector", at="09-02")],
    )
    assert case.state == "plea_review"


def test_every_point_is_answered_and_the_hearing_right_is_gone_before_it_goes_on(town):
    """P21, as corrected."""
    case = heavy(town).noticed("09-01")
    case.do("plead", "unit", {"plea": "一"}, on="09-02")
    case.do("add_plea", "unit", {"plea": "二"}, on="09-02")
    going_on = {"review_of_the_plea": "维持"}
    said = refused(case, "go_on", "supervisor", going_on, on="09-03")
    assert said == (
        "2 points of the plea are not answered. The time to ask for a hearing still runs and is not waived in writing."
    )
    for number, verdict in ((1, "accepted"), (2, "rejected")):
        case.do(
            "answer_plea",
            "supervisor",
            {"plea_verdict": verdict, "plea_answer": "理由"},
            on="09-03",
            item_id=case.row_of("pleas", number),
        )
    case.do("waive_hearing", "unit", {"no_hearing": True}, on="09-03")
    case.do("go_on", "supervisor", going_on, on="09-03")
    assert (case.state, case.faults()) == ("legal_review", [])


def test_silence_about_the_hearing_is_enough_after_a_plea(town):
    case = heavy(town).noticed("09-01")
    case.do("plead", "unit", {"plea": "一"}, on="09-02")
    answered(case, "09-03")
    town.tick("09-11 00:00")
    assert case.acts()[-1] == "lapse_hearing"
    case.do("go_on", "supervisor", {"review_of_the_plea": "维持"}, on="09-11")
    assert case.state == "legal_review"


def answered(case: Procedure, on: str) -> None:
    for row in case.items("pleas"):
        if row.status == "raised":
            case.do(
                "answer_plea",
                "supervisor",
                {"plea_verdict": "rejected", "plea_answer": "理由"},
                on=on,
                item_id=row.id,
            )


def test_a_plea_never_makes_it_heavier_and_a_new_proposal_is_told_anew(town):
    """P20; APL 45."""
    case = a_case(town).noticed("09-01")
    case.do("plead", "unit", {"plea": "一"}, on="09-02")
    answered(case, "09-02")
    heavier = LIGHT | {"fine": "100000.01", "new_ground": "态度恶劣"}
    said = refused(case, "change_proposal", "supervisor", heavier, on="09-03")
    assert (
        said
        == "A plea or a hearing never makes the penalty heavier: it was a fine of 100,000.00, confiscation 0.00 yuan."
    )
    case.do(
        "change_proposal",
        "supervisor",
        LIGHT | {"fine": "80000", "new_ground": "采纳部分意见"},
        on="09-03",
    )
    assert (case.state, case.row.facts["fine"]) == ("pre_notice_approval", "80000")
    assert case.acts()[-1] == "change_proposal", "the notice of the first round serves nothing now"
    case.proposed = LIGHT | {"fine": "80000"}
    case.notify("09-04")
    assert (case.state, case.due("plea")) == ("notice_served", day("09-11"))
    assert [notice.served_on for notice in documents(case, "prior_notice")] == [
        day("09-01"),
        day("09-04"),
    ]
    town.tick("09-16 00:00")
    assert case.state == "legal_review"


def test_a_waiver_of_an_earlier_round_does_not_count_for_the_next(town):
    case = a_case(town).noticed("09-01")
    town.tick("09-11 00:00")
    assert case.state == "legal_review"
    case.do("return_after_legal_review", "legal", {"problems": "补证"}, on="09-11")
    case.submit("09-11").pass_review("09-11").notify("09-11")
    assert case.state == "notice_served"
    assert refused(case, "waive_hearing", "unit", {"no_hearing": True}, on="09-12").startswith(
        "No right to a hearing was told"
    )


def test_the_service_of_the_notice_is_left_out_through_the_day_it_was_served(town):
    """Entered a week late, the days until then are not the party's doing and count."""
    case = a_case(town, on="07-01", ended="06-10").file("07-05").inspect("07-06").submit("07-06")
    case.pass_review("07-06").approve("07-06").serve("service_of_notice", "07-10", at="07-17")
    [told] = case.clock("decision").derivation["exclusions"]
    assert (told["kind"], told["from"], told["to"]) == ("service", "2026-07-06", "2026-07-10")
    assert case.due("decision") == day("10-08"), "nominal 7 October is the last day off"
    assert case.faults() == []


# Hearing ------------------------------------------------------------------------------------------

REPORTED = {"hearing_facts": "示例", "hearing_proposal": "维持"}


def call(case: Procedure, hearing_on: str, *, on: str, chair: str = "legal2") -> Procedure:
    typed = {
        "hearing_on": day(hearing_on), "hearing_place": "会议室", "hearing_mode": "public", "recorder": "示例", "addressee": "示例",
    }  # fmt: skip
    case.do("call_hearing", chair, typed, on=on)
    return case.serve("service_of_hearing_notice", on)


@AROUND
def test_the_party_is_told_seven_working_days_before_the_hearing(town, days):
    """2026-09-30: seven full working days are 20-24, 28 and 29 September."""
    case = heavy(town).noticed("09-01")
    case.do("request_hearing", "unit", on="09-02")
    case.do("appoint_chair", "leader", {"chair": town.cast.id_of("legal2")}, on="09-02")
    on = shifted("09-18", days)
    if days > 0:
        typed = {
            "hearing_on": day("09-30"), "hearing_place": "会议室", "hearing_mode": "public", "recorder": "示例", "addressee": "示例",
        }  # fmt: skip
        said = refused(case, "call_hearing", "legal2", typed, on=on)
        assert (
            said
            == "The party is told at least seven working days before: for that day by 2026-09-18."
        )
        return
    call(case, "09-30", on=on)
    assert case.due("hearing_notification") == day("09-18")
    assert case.clock("hearing_notification").met_late is False
    said = refused(case, "hold_hearing", "legal2", HEARD, on="09-29")
    assert said == "The day of the hearing (2026-09-30) has not come."
    case.hear("09-30")
    assert case.state == "hearing_done"
    [hearing] = [
        x for x in case.clock("decision").derivation["exclusions"] if x["kind"] == "hearing"
    ]
    assert (hearing["from"], hearing["to"]) == ("2026-09-02", "2026-09-30")
    assert case.faults() == []


HEARD = {"attendance": "示例", "examined": "示例", "last_words": "示例"}


def test_a_notice_served_too_late_needs_another_day(town):
    case = heavy(town).noticed("09-01")
    case.do("request_hearing", "unit", on="09-02")
    case.do("appoint_chair", "leader", {"chair": town.cast.id_of("legal2")}, on="09-02")
    typed = {
        "hearing_on": day("09-30"), "hearing_place": "会议室", "hearing_mode": "public", "recorder": "示例", "addressee": "示例",
    }  # fmt: skip
    case.do("call_hearing", "legal2", typed, on="09-17")
    case.serve("service_of_hearing_notice", "09-19")
    assert case.clock("hearing_notification").met_late is True
    said = refused(case, "hold_hearing", "legal2", HEARD, on="09-30")
    assert (
        said
        == "The notice was not served seven working days before the hearing (2026-09-30): set another day."
    )
    call(case, "10-20", on="09-30").hear("10-20")
    assert case.state == "hearing_done"


def test_a_service_entered_later_was_in_time_on_its_day(town):
    case = heavy(town).noticed("09-01")
    case.do("request_hearing", "unit", on="09-02")
    case.do("appoint_chair", "leader", {"chair": town.cast.id_of("legal2")}, on="09-02")
    typed = {
        "hearing_on": day("09-30"), "hearing_place": "会议室", "hearing_mode": "public", "recorder": "示例", "addressee": "示例",
    }  # fmt: skip
    case.do("call_hearing", "legal2", typed, on="09-17")
    case.serve("service_of_hearing_notice", "09-18", at="09-24")
    clock = case.clock("hearing_notification")
    assert (clock.met_late, clock.expired_at is not None) == (False, True)
    case.hear("09-30")
    assert case.faults() == []


def test_absence_waives_the_hearing_only_on_its_day(town):
    """P17."""
    case = heavy(town).noticed("09-01")
    case.do("request_hearing", "unit", on="09-02")
    case.do("appoint_chair", "leader", {"chair": town.cast.id_of("legal2")}, on="09-02")
    call(case, "09-16", on="09-02")
    gone = {"unheard_because": "absent", "reasons": "未到场"}
    said = refused(case, "close_without_hearing", "legal2", gone, on="09-15")
    assert said == "A party is absent only from a hearing it was told of in time, on its day."
    case.do("close_without_hearing", "legal2", gone, on="09-16")
    assert (case.state, case.faults()) == ("legal_review", [])


def test_a_hearing_is_reported_before_the_case_goes_on(town):
    case = heavy(town).noticed("09-01")
    case.do("request_hearing", "unit", on="09-02")
    case.do("appoint_chair", "leader", {"chair": town.cast.id_of("legal2")}, on="09-02")
    call(case, "09-16", on="09-02").hear("09-16")
    said = refused(case, "go_on", "supervisor", {"review_of_the_plea": "维持"}, on="09-17")
    assert said == "The report on the hearing is not there."
    case.do("report_on_hearing", "legal2", REPORTED, on="09-17")
    case.do("go_on", "supervisor", {"review_of_the_plea": "维持"}, on="09-17")
    assert case.state == "legal_review"
