"""SM-1 against the tables of domain.md 14, and what its deadlines do on the day and around it."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from app.cases.errors import BadInputs, NotPermitted, TransitionRefused
from app.cases.models import CaseDocument, CaseLink
from app.cases.models import ReportVersion as Versions
from app.demo import stories as s
from app.demo.stories import Beat, note, received
from app.engine.actors import Capacity
from app.engine.definition import Expiry
from app.workflows.verification import Verification
from tests.town import Matter, Town, day, instant
from tests.year import (
    UP_TO_ANSWERS,
    UP_TO_CHECKLIST,
    UP_TO_CONCLUSION,
    UP_TO_DESK_REVIEW,
    UP_TO_END_OF_VISIT,
    UP_TO_GROUP,
    UP_TO_ISSUE,
    UP_TO_RESULT,
    UP_TO_VISIT,
    Year,
    a_year,
)

# The tables ---------------------------------------------------------------------------------------

STATES = {
    "report_due": "待报送", "report_overdue": "逾期未报", "report_submitted": "已报送",
    "arranged": "核查已安排", "document_review": "文件评审中", "onsite_scheduled": "待现场核查",
    "onsite_in_progress": "现场核查中", "checklist_pending": "待交现场核查清单",
    "nc_determination": "待判定不符合项", "nc_issued": "待企业整改",
    "rectification_check": "整改验证中", "conservative_estimation": "保守测算中",
    "conclusion_drafting": "待出具核查结论", "conclusion_submitted": "结论已提交",
    "under_recheck": "复查中", "objection_window": "异议期", "objection_review": "复核中",
    "result_final": "结果确定", "published": "已公开", "archived": "已归档",
    "closed_removed": "移出名录终结",
}  # fmt: skip
BEFORE_THE_RESULT = " ".join(list(STATES)[: list(STATES).index("result_final")])
ROWS = {
    "V01": ("", "report_due", "报送通知"),
    "V02": ("report_due report_overdue", "report_submitted", ""),
    "V03": ("report_due", "report_overdue", "限期报送通知"),
    "V04": ("report_submitted", "report_due", "补正通知"),
    "V05": ("report_overdue", "conservative_estimation", "保守测算任务"),
    "V06": ("report_submitted", "arranged", "核查任务书"),
    "V07": ("arranged", "document_review", "工作组名单"),
    "V08": ("document_review", "onsite_scheduled", "文件评审表 现场核查清单"),
    "V09": ("document_review", "conclusion_drafting", "免现场同意"),
    "V10": ("onsite_scheduled", "", "现场核查通知"),
    "V11": ("onsite_scheduled", "onsite_in_progress", "首次会议记录"),
    "V12": ("onsite_in_progress", "checklist_pending", "现场记录"),
    "V13": ("checklist_pending", "nc_determination", "现场核查清单"),
    "V14": ("nc_determination", "nc_issued", "不符合项清单"),
    "V15": ("nc_determination", "conclusion_drafting", ""),
    "V16": ("nc_issued", "rectification_check", "不符合项清单"),
    "V17": ("rectification_check", "conclusion_drafting", "不符合项清单"),
    "V18": ("nc_issued rectification_check", "conservative_estimation", "保守测算说明"),
    "V19": ("conservative_estimation", "conclusion_drafting", "测算表"),
    "V20": ("conclusion_drafting", "conclusion_submitted", "核查结论 核查报告"),
    "V21": ("conclusion_submitted", "under_recheck", "复查任务单"),
    "V22": ("under_recheck", "conclusion_submitted", "复查结论"),
    "V23": ("conclusion_submitted", "objection_window", "核查结果告知书"),
    "V24": ("objection_window", "objection_review", "复核申请"),
    "V25": ("objection_window", "result_final", ""),
    "V26": ("objection_review", "result_final", "复核决定"),
    "V27": ("result_final", "published", "结果公开 信息公开表"),
    "V28": ("published", "archived", "卷宗目录"),
    "V29": (" ".join(STATES), "", "线索移送单"),
    "V30": (BEFORE_THE_RESULT, "closed_removed", "移出通知"),
}
"""From, to and documents of every row of 14.2. The report of V02 is no document but a version."""
REOPENED = {
    (begun, to)
    for begun in ("result_final", "published", "archived")
    for to in ("conclusion_drafting", "arranged")
}
"""Re-opening by a received decision: the paragraph below the table; another agency begins anew."""


def row_of(code: str) -> str:
    """V14a belongs to V14."""
    return re.sub(r"[a-z]$", "", code)


def test_every_state_of_the_table_has_its_name():
    assert {name: state.zh for name, state in Verification.states.items()} == STATES


def test_every_code_of_the_table_is_there_and_no_other():
    codes = {row_of(t.code) for t in Verification.transitions.values()}
    assert {code for code in codes if not code.startswith("§")} == set(ROWS)


def test_every_row_leads_from_where_to_where_the_table_says():
    moves: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for transition in Verification.transitions.values():
        for reached in transition.destinations:
            begun = transition.source_names or {""}
            moves[row_of(transition.code)] |= {(source, reached.name) for source in begun}
    for code, (sources, to, _documents) in ROWS.items():
        told = {(source, to) for source in sources.split() or [""]} if to else set()
        extra = REOPENED if code == "V26" else set()
        assert moves[code] == told | extra, code


def test_an_act_that_moves_nothing_is_open_where_the_table_says():
    for code in ("V10", "V29"):
        [act] = [t for t in Verification.transitions.values() if t.code == code]
        assert act.is_act
        assert act.source_names == set(ROWS[code][0].split())


def test_every_row_makes_the_documents_of_the_table():
    made: dict[str, set[str]] = defaultdict(set)
    for transition in Verification.transitions.values():
        made[row_of(transition.code)] |= {document.zh for document in transition.documents}
    for code, (_sources, _to, documents) in ROWS.items():
        assert made[code] == set(documents.split()), code


# The limits: the day before, on the day, the day after ------------------------------------------------


@dataclass(frozen=True)
class Limit:
    """A clock: what starts it on ``begun``, what meets it, its last day, and what its end means."""

    clock: str
    before: list[Beat]
    begun: str
    met_by: list[Beat]
    due: str
    expiry: Expiry


def once(beats: list[Beat]) -> list[Beat]:
    return [Beat(b.trigger, b.who, b.typed, 0, 10, b.on_child, b.rows, b.status) for b in beats]


DECLARE_NONE = Beat("find_no_nonconformity", "verifier")
WAIVE = Beat(
    "waive_visit", "supervisor",
    received("宁环核〔2026〕9号", clean_years=2, no_doubt=True, region_consents=True), wait=1,
)  # fmt: skip
UNANSWERED = Beat("estimate_unanswered", "verifier", {"estimation_reasons": "逾期未答复"}, wait=6)

LIMITS = [
    Limit("completeness", [], "09-18", s.ARRANGED, "09-24", Expiry.TARGET),
    Limit("group_formation", s.ARRANGED, "09-18", s.GROUP_FORMED, "09-22", Expiry.TARGET),
    Limit("desk_review", UP_TO_GROUP, "09-18", s.DESK_REVIEWED, "10-09", Expiry.TARGET),
    Limit("checklist_handover", UP_TO_END_OF_VISIT, "09-18", s.CHECKLIST, "09-21", Expiry.PARTY_BREACH),
    Limit("nc_decision", UP_TO_CHECKLIST, "09-24", [DECLARE_NONE], "09-29", Expiry.PARTY_BREACH),
    Limit("nc_answer", UP_TO_ISSUE, "09-28", [*s.NC_ANSWERED, *s.NC_SUBMITTED], "10-10", Expiry.PARTY_BREACH),
    Limit("estimation", [*UP_TO_ISSUE, UNANSWERED], "09-28", s.ESTIMATED, "10-10", Expiry.TARGET),
    Limit("conclusion", UP_TO_END_OF_VISIT, "09-28", [*s.CHECKLIST, DECLARE_NONE, *s.CONCLUDED], "10-10", Expiry.PARTY_BREACH),
    Limit("conclusion", UP_TO_ANSWERS, "09-28", [*s.NC_CLOSED, *s.CONCLUDED], "10-10", Expiry.PARTY_BREACH),
    Limit("conclusion", [*UP_TO_GROUP, WAIVE], "09-28", s.CONCLUDED, "10-10", Expiry.PARTY_BREACH),
    Limit("result_notification", UP_TO_CONCLUSION, "09-18", s.NOTIFIED, "09-29", Expiry.AUTHORITY_BREACH),
    Limit("objection_decision", [*UP_TO_RESULT, *s.OBJECTED], "09-18", s.DECIDED, "10-09", Expiry.AUTHORITY_BREACH),
    Limit("publication_of_result", [*UP_TO_RESULT, *s.OBJECTED, *s.DECIDED], "09-03", s.PUBLISHED, "10-08", Expiry.TARGET),
    Limit("archiving", [*UP_TO_RESULT, *s.OBJECTED, *s.DECIDED, *s.PUBLISHED], "09-18", s.ARCHIVED, "10-19", Expiry.TARGET),
]  # fmt: skip


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: f"{limit.clock}-{limit.begun}")
@pytest.mark.parametrize("days", [-1, 0, 1], ids=["before", "on", "after"])
def test_a_limit_holds_through_its_last_day(town, limit, days):
    year = a_year(town)
    if limit.before:
        year.file().play(limit.before, until=limit.begun)
    else:
        year.file(limit.begun)
    clock = year.clock(limit.clock)
    assert (clock.due_on, clock.expiry, clock.anchor_on) == (
        day(limit.due),
        limit.expiry,
        day(limit.begun),
    )
    acted_on = day(limit.due) + timedelta(days)
    state = year.state
    town.tick(f"{acted_on} 09:00")
    clock = year.clock(limit.clock)
    assert clock.expired_at == (instant(f"{limit.due} 23:59:59") if days > 0 else None)
    assert year.state == state, "the end of a clock that needs judgement moves nothing"
    year.do(once(limit.met_by), on=str(acted_on))
    clock = year.clock(limit.clock)
    assert (clock.met_at is not None, clock.met_late) == (True, days > 0)
    assert year.faults() == []


# The report: 31 March -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filed", "late"), [("03-30", False), ("03-31", False), ("04-01", True), ("04-10", True)]
)
def test_the_report_is_due_on_the_thirty_first_of_march(town, filed, late):
    year = a_year(town)
    assert year.due("report_filing") == day("03-31")
    town.tick(f"{filed} 08:00")
    assert year.state == ("report_overdue" if late else "report_due")
    year.file(filed)
    assert year.state == "report_submitted"
    clock = year.clock("report_filing")
    # Met and passed are independent facts: late is both.
    assert clock.expired_at == (instant("03-31 23:59:59") if late else None)
    assert (clock.met_at is not None, clock.met_late) == (True, late)


def test_a_report_that_never_comes_is_estimated_only_after_the_cure_date(town):
    year = a_year(town)
    town.tick("04-01 00:00")
    typed = received(
        "宁环函〔2026〕3号", agency=town.organisation_of("qingyuan"), default_factors="缺省值"
    )
    assert "cure date" in refused(year, "estimate_without_report", "supervisor", typed, at="04-02")
    year.fire("set_cure_date", "supervisor", {"cure_by": "2026-04-15"}, at="04-02")
    assert "cure date" in refused(year, "estimate_without_report", "supervisor", typed, at="04-15")
    year.fire("estimate_without_report", "supervisor", typed, at="04-16")
    assert year.state == "conservative_estimation"
    assert year.seats(Capacity.VERIFYING_AGENCY) == {town.cast.agencies["qingyuan"].name}
    assert (year.due("estimation"), year.due("conclusion")) == (day("04-23"), day("04-23"))


def test_a_report_is_returned_for_completeness_once(town):
    year = a_year(town).file()
    year.do(s.RETURNED_FOR_COMPLETENESS, on="03-12")
    assert (year.state, year.due("report_supplement")) == ("report_due", day("03-24"))
    assert year.clock("report_filing").met_seq is not None
    year.file("03-20")
    said = refused(
        year,
        "return_for_completeness",
        "supervisor",
        {"defects": "缺页", "supplement_by": "2026-03-27"},
        at="03-23",
    )
    assert said == "A report may be returned for completeness only once."


def test_missing_months_are_explained(town):
    year = a_year(town)
    typed = {**year.typed(s.REPORTED[0], on="03-10"), "monthly_uploads": 11}
    said = refused(year, "submit_report", "unit", typed, at="03-10")
    assert said == "Not all twelve monthly uploads are closed: explain the missing months."
    year.fire("submit_report", "unit", {**typed, "uploads_explained": "七月设备检修"}, at="03-10")
    assert year.state == "report_submitted"


# The objection: seven working days, then a waiver ------------------------------------------------------


def notified(town: Town, on: str = "09-18") -> Year:
    return a_year(town).file().play(UP_TO_RESULT, until=on)


@pytest.mark.parametrize("objected", ["09-28", "09-29"])
def test_the_unit_may_object_through_the_last_day(town, objected):
    year = notified(town)
    clock = year.clock("objection")
    assert (clock.due_on, clock.expiry) == (day("09-29"), Expiry.PARTY_WAIVER)
    year.do(s.OBJECTED, on=objected)
    assert year.state == "objection_review"
    assert not year.clock("objection").met_late


def test_the_day_after_it_is_too_late_even_before_the_timer_has_run(town):
    year = notified(town)
    said = refused(year, "object_to_result", "unit", {"grounds": "数值不符"}, at="09-30 08:00")
    assert said == "The time to object ended on 2026-09-29."


def test_who_does_not_object_waives_it_and_the_timer_waits_for_the_post(town):
    year = notified(town)
    assert year.clock("objection").expires_at == instant("10-08 23:59:59")
    town.tick("10-08 23:59")
    assert year.state == "objection_window"
    town.tick("10-09 00:00")
    assert year.state == "result_final"
    [lapse] = [entry for entry in year.entries() if entry.trigger == "lapse_objection"]
    assert (lapse.occurred_at, lapse.role) == (instant("09-29 23:59:59"), "system")
    assert year.clock("publication_of_result").anchor_on == day("09-29")


def test_without_proof_of_service_no_time_runs_and_nothing_is_waived(town):
    year = a_year(town).file().play(UP_TO_CONCLUSION, until="08-20")
    year.fire("notify_result", "supervisor", received("宁环核告〔2026〕5号"), at="08-21")
    assert year.clocks("objection") == []
    town.tick("10-30")
    assert year.state == "objection_window"
    typed = {
        "served_on": "2026-10-23",
        "receipt": "回证5",
        "receipt_scan": note("回证.txt", "签收"),
    }
    year.fire("prove_service", "inspector", typed, at="11-02")
    assert year.clock("objection").anchor_on == day("10-23")
    assert year.due("objection") == day("11-03")
    assert year.row.facts["served_on"] == "2026-10-23"
    [notice] = documents_of(year, "result_notice")
    assert notice.served_on == day("10-23")


def test_an_objection_posted_in_time_and_entered_after_the_lapse_withdraws_the_waiver(town):
    year = notified(town)
    town.tick("10-09 00:00")
    version = year.row.version
    scan = year.paper("inspector", at="10-12")
    year.fire(
        "object_to_result", "inspector", {"grounds": "数值不符"}, at="10-12",
        occurred="09-29 16:00", late_reason="邮戳 9 月 29 日", proof=[scan],
    )  # fmt: skip
    assert year.acts()[-3:] == ["lapse_objection", "reinstate", "object_to_result"]
    reinstate, objected = year.entries()[-2:]
    assert (reinstate.from_state, reinstate.to_state) == ("result_final", "objection_window")
    told = json.loads(reinstate.body)["details"]
    assert told["withdraws"]["deadline"] == "objection"
    assert told["clocks"] == {"voided": ["publication_of_result"], "reopened": ["objection"]}
    assert (objected.occurred_at, objected.recorded_at) == (
        instant("09-29 16:00"),
        instant("10-12"),
    )
    assert objected.flags == "late,recorded"
    clock = year.clock("objection")
    assert (clock.expired_seq, clock.met_late, clock.met_at) == (
        None,
        False,
        instant("09-29 16:00"),
    )
    assert year.due("objection_decision") == day("10-19")  # ten working days after 29 September
    assert year.row.version == version + 2
    assert year.faults() == []


def test_what_was_not_done_in_time_withdraws_no_waiver(town):
    year = notified(town)
    town.tick("10-09 00:00")
    scan = year.paper("inspector", at="10-12")
    said = refused(
        year, "object_to_result", "inspector", {"grounds": "数值不符"}, at="10-12",
        occurred="09-30 09:00", late_reason="邮戳 9 月 30 日", proof=[scan],
    )  # fmt: skip
    assert said.startswith("Not possible while “Result final”.")
    assert year.acts()[-1] == "lapse_objection"


# The visit ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told_on", "earliest"), [("09-30", ""), ("10-08", ""), ("10-09", "2026-10-13")]
)
def test_the_unit_is_told_of_the_visit_two_full_working_days_before(town, told_on, earliest):
    year = a_year(town).file().play(UP_TO_DESK_REVIEW, until="09-18")
    typed = {**year.typed(s.VISIT_NOTIFIED[0], on=told_on), "visit_on": "2026-10-12"}
    if earliest:
        said = refused(year, "notify_visit", "verifier", typed, at=told_on)
        assert said.endswith(f"if told today, the visit may begin on {earliest}.")
        return
    year.fire("notify_visit", "verifier", typed, at=told_on)
    assert year.state == "onsite_scheduled"
    assert year.due("visit_beginning") == day("10-12")


def test_the_visit_begins_when_it_was_announced_and_its_day_has_come(town):
    year = a_year(town).file().play(UP_TO_DESK_REVIEW, until="09-18")
    typed = year.typed(s.VISIT_BEGUN[0], on="09-21")
    assert "not been told" in refused(year, "start_visit", "verifier", typed, at="09-21")
    year.do(s.VISIT_NOTIFIED, on="09-21", visit_on="2026-09-28")
    early = refused(year, "start_visit", "verifier", typed, at="09-24")
    assert early == "The announced day of the visit (2026-09-28) has not come."
    year.do(s.VISIT_BEGUN, on="09-28")
    assert (year.state, year.due("visit_end")) == ("onsite_in_progress", day("09-29"))


@pytest.mark.parametrize("years", [0, 1])
def test_the_visit_is_waived_only_after_two_clean_years(town, years):
    year = a_year(town).file().play(UP_TO_GROUP, until="09-18")
    typed = received("宁环核〔2026〕9号", clean_years=years, no_doubt=True, region_consents=True)
    said = refused(year, "waive_visit", "supervisor", typed, at="09-21")
    assert said == "The visit may be waived only after 2 years without nonconformity."


# Local holds stop local targets only ------------------------------------------------------------------

HOLD = Beat("hold_locally", "supervisor", {"hold_reason": "厂区封闭"})
RESUME = Beat("resume_locally", "supervisor")


def test_a_hold_begun_before_the_clock_started_stops_it_from_the_start(town):
    year = a_year(town).file("09-07").do(HOLD, on="09-08")
    assert year.due("completeness") is None
    year.do(s.ARRANGED, on="09-10")
    clock = year.clock("group_formation")
    assert (clock.due_on, clock.provisional) == (None, False)
    year.do(RESUME, on="09-14")
    # Three working days after the 10th, the 11th and 14th not counted.
    assert year.due("group_formation") == day("09-17")


def test_holds_follow_each_other_and_count_their_days(town):
    year = a_year(town).file("09-07").do(HOLD, on="09-08")
    with pytest.raises(TransitionRefused, match="本地时限已中止"):
        year.do(HOLD, on="09-09")
    year.do(RESUME, on="09-11")
    with pytest.raises(TransitionRefused, match="本地时限未中止"):
        year.do(RESUME, on="09-11")
    assert year.due("completeness") == day("09-17")  # five working days and three held ones
    year.do(HOLD, on="09-11").do(RESUME, on="09-11")
    assert year.due("completeness") == day("09-17")


def test_a_hold_touches_no_statutory_clock(town):
    year = a_year(town).file().play(UP_TO_CHECKLIST, until="09-07")
    before = (year.due("nc_decision"), year.due("conclusion"))
    year.do(HOLD, on="09-08")
    assert (year.due("nc_decision"), year.due("conclusion")) == before


# Nonconformities ----------------------------------------------------------------------------------


def test_the_end_of_the_time_to_answer_moves_nothing_and_opens_the_way_to_estimate(town):
    year = a_year(town).file().play(UP_TO_ISSUE, until="09-28")
    typed = {"estimation_reasons": "逾期未答复"}
    said = refused(year, "estimate_unanswered", "verifier", typed, at="10-10 18:00")
    assert said == "The time in which the unit may answer has not passed."
    town.tick("10-11 00:00")
    assert (year.state, year.acts()[-1]) == ("nc_issued", "deadline_passed")
    year.fire("estimate_unanswered", "verifier", typed, at="10-12")
    assert year.state == "conservative_estimation"
    assert year.clock("nc_answer").expired_at == instant("10-10 23:59:59")


def test_a_late_answer_is_still_possible_while_nobody_has_decided(town):
    year = a_year(town).file().play(UP_TO_ISSUE, until="09-28")
    town.tick("10-11 00:00")
    year.do([*s.NC_ANSWERED, *s.NC_SUBMITTED], on="10-12")
    assert year.state == "rectification_check"
    clock = year.clock("nc_answer")
    assert (clock.met_late, clock.expired_at) == (True, instant("10-10 23:59:59"))


def test_one_answer_that_does_not_cure_leads_to_estimation_not_to_acceptance(town):
    year = a_year(town).file().play(UP_TO_ANSWERS, until="09-18")
    first, second = year.items("nonconformities")
    for row, verdict in ((first, "closed"), (second, "rejected")):
        typed = {"verdict": verdict, "check_note": "见说明"}
        year.fire("check_answer", "verifier", typed, item_id=row.id, at="09-21")
    said = refused(year, "accept_rectification", "verifier", at="09-21")
    assert said == "1 nonconformities are not closed."
    year.fire("reject_rectification", "verifier", {"estimation_reasons": "检测不足"}, at="09-21")
    assert year.state == "conservative_estimation"


def test_a_conservative_value_below_the_report_needs_a_reason(town):
    year = a_year(town).file().play([*UP_TO_ISSUE, UNANSWERED], until="09-18")
    lower = {**year.typed(s.ESTIMATED[0], on="09-21"), "conservative_emission_t": Decimal(1000)}
    said = refused(year, "set_values", "verifier", lower, at="09-21")
    assert "lies below what the unit reported (2184310 tCO2e)" in said
    year.fire("set_values", "verifier", {**lower, "lower_reason": "部分机组停运"}, at="09-21")
    assert year.row.facts["conservative_emission_t"] == "1000"


# Independence ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "agency", "sentences"),
    [
        ("redian", "lvheng", ["(COI-1)", "(COI-2, COI-7)"]),
        ("beian", "saishang", ["The agency had a tie with this unit within 3 years (COI-3, COI-4)."]),
        ("redian", "hengjian", ["The agency is banned and may not be chosen."]),
    ],
)  # fmt: skip
def test_an_agency_that_is_not_independent_is_not_chosen(town, unit, agency, sentences):
    year = a_year(town, unit).file()
    typed = {**year.typed(s.ARRANGED[0], on="03-12"), "agency": town.organisation_of(agency)}
    said = refused(year, "arrange", "supervisor", typed, at="03-12")
    for sentence in sentences:
        assert sentence in said
    assert year.seats(Capacity.VERIFYING_AGENCY) == set()


def test_a_tie_with_another_unit_bars_nobody(town):
    year = a_year(town, "redian").file()
    year.do(s.ARRANGED, on="03-12", agency=town.organisation_of("saishang"))
    assert year.state == "arranged"


def test_the_group_is_formed_when_every_member_has_declared(town):
    year = a_year(town).file().play(s.ARRANGED, until="09-18")
    assert "propose them first" in refused(year, "form_group", "verifier", at="09-21")
    year.do(s.GROUP_FORMED[:2], on="09-21")
    said = refused(year, "form_group", "verifier", at="09-21 17:00")
    assert said == "“Sign the declaration of interests”: 1 signatures missing, 0 objections."
    year.do(s.GROUP_FORMED[0], on="09-22")  # another proposal: everybody declares anew
    assert "2 signatures missing" in refused(year, "form_group", "verifier", at="09-22 17:00")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ("leader", "The leader must be a member of the group."),
        ("sector_member", "The member with sector knowledge must belong to the group."),
    ],
)
def test_leader_and_sector_knowledge_belong_to_the_group(town, changed, sentence):
    year = a_year(town).file().play(s.ARRANGED, until="09-18")
    typed = {**year.typed(s.GROUP_FORMED[0], on="09-21"), changed: town.cast.id_of("verifier3")}
    assert refused(year, "propose_group", "verifier", typed, at="09-21") == sentence


def test_one_person_is_no_group(town):
    year = a_year(town).file().play(s.ARRANGED, until="09-18")
    one = {**year.typed(s.GROUP_FORMED[0], on="09-21"), "members": [town.cast.id_of("verifier")]}
    assert "takes at least 2 persons, not 1" in refused(
        year, "propose_group", "verifier", one, at="09-21"
    )


def test_the_internal_reviewer_is_not_of_the_team(town):
    year = a_year(town).file().play(UP_TO_CONCLUSION[:-1], until="09-18")
    typed = {
        **year.typed(s.CONCLUDED[0], on="09-21"),
        "internal_reviewer": town.cast.id_of("verifier2"),
    }
    said = refused(year, "submit_conclusion", "verifier", typed, at="09-21")
    assert said == "The internal reviewer may not be a member of the team (COI-8)."


# Suspicion --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["verifier", "inspector", "supervisor"])
def test_a_suspicion_leaves_no_trace_in_the_chain_of_the_case(town, who):
    year = a_year(town).file().play(UP_TO_VISIT, until="09-18")
    before = (year.row, len(year.entries()), len(documents_of(year, "clue_transfer")))
    typed = {
        "accused": "unit", "conduct": "report_false", "discovered_on": day("09-17"),
        "suspicion": "煤样编号被更换", "suspicion_evidence": note("照片.txt", "示例"),
    }  # fmt: skip
    year.fire("raise_suspicion", who, typed, at="09-18 15:00", key=f"clue-{who}-{year.id}"[:64])
    after = year.row
    assert (after.last_seq, after.last_hash, after.version) == (
        before[0].last_seq,
        before[0].last_hash,
        before[0].version,
    )
    assert (len(year.entries()), len(documents_of(year, "clue_transfer"))) == before[1:]
    with town.database.read() as session:
        [link] = session.scalars(select(CaseLink).where(CaseLink.case_id == year.id))
    clue = Matter(town, link.other_id)
    assert (clue.row.lifecycle, clue.row.subject_id) == ("joint_enforcement", year.row.subject_id)
    assert documents_of(clue, "clue_sheet")
    assert documents_of(clue, "clue_transfer")
    assert clue.due("filing") == day("10-08")  # 10-02 is in the holiday
    assert clue.faults() == []


# The re-check seen from here ----------------------------------------------------------------------------


def test_opening_a_recheck_voids_the_clock_of_the_notice_and_closing_it_starts_it_anew(town):
    year = a_year(town).file().play(UP_TO_CONCLUSION, until="08-20")
    assert year.due("result_notification") == day("08-31")
    year.do(s.RECHECK_OPENED, on="08-24")
    old = year.clock("result_notification")
    assert (old.voided_seq, old.met_seq) == (year.row.last_seq, None)
    said = refused(year, "notify_result", "supervisor", received("宁环核告〔2026〕6号"), at="08-25")
    assert said.startswith("Not possible while “Under re-check”.")
    year.play([*s.RELEASED, *s.EXPERTS_ASSIGNED, *s.NOTHING_FOUND], until="09-04")
    assert (year.state, year.recheck.state) == ("conclusion_submitted", "closed")
    new = year.clock("result_notification")
    assert (new.anchor_on, new.due_on) == (day("09-04"), day("09-15"))
    assert new.derivation["anchor"]["trigger"] == "close_recheck"


def test_a_random_draw_stores_its_rule_and_its_seed(town):
    year = a_year(town).file().play(UP_TO_CONCLUSION, until="08-20")
    typed = {"reason": "random", "reason_note": "抽查"}
    said = refused(year, "open_recheck", "supervisor", typed, at="08-24")
    assert said == "A random draw stores its rule and its seed."


def test_why_a_recheck_was_opened_is_sealed(town):
    year = a_year(town).file().play(UP_TO_CONCLUSION, until="08-20")
    year.do(s.RECHECK_OPENED, on="08-24")
    for entry in (year.entries()[-1], year.recheck.entries()[0]):
        body = json.loads(entry.body)
        assert {"reason", "reason_note"} <= set(body["commitments"])
        assert not {"reason", "reason_note"} & set(body["details"]["inputs"])


# The end ------------------------------------------------------------------------------------------------


def test_a_court_decision_opens_the_result_again_and_keeps_the_old_version(town):
    year = notified(town, "08-20").do(s.OBJECTED, on="08-24").do(s.DECIDED, on="08-31")
    year.do(s.PUBLISHED, on="09-07").do(s.ARCHIVED, on="09-21")
    assert (year.state, year.running()) == ("archived", [])
    typed = received("（2026）宁05行终9号", reopening_grounds="撤销复核决定")
    year.fire("reopen_by_decision", "supervisor", typed, at="10-12")
    assert (year.state, year.running()) == ("conclusion_drafting", ["conclusion"])
    year.do(s.CONCLUDED, on="10-14")
    with town.database.read() as session:
        versions = select(func.count()).select_from(Versions).where(Versions.root_id == year.id, Versions.report == "verification_report")  # fmt: skip
        assert session.scalar(versions) == 2
    assert year.faults() == []


def test_a_unit_leaves_the_roster_from_any_state_before_the_result(town):
    for beats in ([], UP_TO_GROUP, UP_TO_RESULT):
        year = a_year(town).file()
        if beats:
            year.play(beats, until="09-18")
        year.do(s.REMOVED, on="09-21")
        assert (year.state, year.running()) == ("closed_removed", [])
    year = notified(town).do(s.OBJECTED, on="09-21").do(s.DECIDED, on="09-28")
    typed = year.typed(s.REMOVED[0], on="09-28")
    assert "Not possible" in refused(year, "remove_from_roster", "supervisor", typed, at="09-28")


def refused(year: Year, trigger: str, who: str, typed: Any = None, **said: Any) -> str:
    """The English sentences by which an act is refused."""
    with pytest.raises((TransitionRefused, NotPermitted, BadInputs)) as refusal:
        year.fire(trigger, who, typed, **said)
    return refusal.value.label.en


def documents_of(year: Matter, kind: str) -> list[CaseDocument]:
    query = select(CaseDocument).where(CaseDocument.case_id == year.id, CaseDocument.kind == kind)
    with year.town.database.read() as session:
        return list(session.scalars(query))
