"""What each published case lets one check: one function per text of ``checks_zh``, on the program itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from app.audit.models import AuditEntry
from app.cases.errors import TransitionRefused
from app.documents.catalogue import form_named
from app.engine.actors import Capacity
from app.law.acts import Act, Party
from app.law.amounts import in_capitals
from app.law.desk import check_amount, propose
from app.law.payments import Debt, Payment, account
from app.law.penalties import Subject, range_for, rules_for, surcharge
from app.law.periods import Unit
from app.law.sources import Mark, sources
from app.workflows.agency_penalty import AgencyPenalty
from app.workflows.clues import SOURCES
from app.workflows.joint_enforcement import JointEnforcement
from app.workflows.penalty_procedure import PenaltyProcedure
from app.workflows.recheck import Recheck
from app.workflows.verification import Verification
from tests.chronologies import trials
from tests.chronologies.flags import (
    NUMBER,
    TOLERANCE,
    clock_times,
    flagged,
    last_day,
    percent,
    shares,
    surcharges,
)
from tests.chronologies.player import law_of
from tests.chronologies.stage import Stage
from tests.town import day
from tests.workflows.procedure import REPORTED, documents, received, refused
from tests.workflows.stand_ins import body, clue

Check = Callable[[Stage], None]
CHECKS: Final[dict[tuple[str, str], Check]] = {}


def check(case: str, text: str) -> Callable[[Check], Check]:
    """Register the function that proves a check of a case. Raises KeyError for a second one."""

    def register(function: Check) -> Check:
        if (case, text) in CHECKS:
            raise KeyError((case, text))
        CHECKS[case, text] = function
        return function

    return register


def numbers(text: str) -> list[Decimal]:
    """The numbers of a text, in their order."""
    return [Decimal(one) for one in re.findall(r"\d+(?:\.\d+)?", text)]


def typed(entry: AuditEntry) -> dict[str, Any]:
    """What was typed into an act, as its entry keeps it."""
    inputs: dict[str, Any] = json.loads(entry.body)["details"]["inputs"]
    return inputs


# The carbon market --------------------------------------------------------------------------------


@check("CM-01", "案由跨越新旧规章：行为发生时适用发改委17号令，2021-02-01起《碳排放权交易管理办法(试行)》施行；规则必须按生效日取用")  # fmt: skip
def _a_rule_is_taken_by_the_day_of_the_act(stage: Stage) -> None:
    """The order of 2014 is not in the data: for its day no rule is found, and none is made up."""
    reported = stage.told("CM-01").one("report_submitted").on
    begins = date(2021, 2, 1)
    assert reported < begins
    assert [r.key for r in rules_for("report_false", reported)] == []
    assert [r.key for r in rules_for("report_false", begins - timedelta(1))] == []
    assert [(r.key, r.basis[0].source) for r in rules_for("report_false", begins)] == [("E2-old", "O19")]  # fmt: skip
    assert (sources()["O19"].valid_from, sources()["O19"].in_force(reported)) == (begins, False)
    later = stage.told("CM-01").one("publication").on
    act = Act(
        conduct="report_false", began_on=reported, ended_on=reported, decided_on=later,
        subject=Subject.UNIT, party=Party.LEGAL_PERSON,
    )  # fmt: skip
    proposal = propose(act, stage.town.law)
    assert (proposal.chosen, proposal.range) == (None, None)
    assert not check_amount(proposal, Decimal(10_000)).allowed, "the later rule is not lighter"


@check("CM-01", "同一线索牵出三个对象：企业、咨询机构、核查机构，应能开关联案件")
def _one_clue_leads_to_cases_of_a_unit_a_consultant_and_a_verifier(stage: Stage) -> None:
    operation = stage.operation
    cast = stage.town.cast
    cases = {
        child.row.subject_id: child.row.lifecycle
        for link in ("own_cases", "agency_cases")
        for child in operation.children(link)
    }
    assert cases[cast.units["redian"].id] == "penalty_procedure"
    assert cases[cast.agencies["lvheng"].id] == "agency_penalty"
    assert cases[cast.agencies["qingyuan"].id] == "agency_penalty"


@check("CM-02", "同一咨询机构涉及多家控排企业：对象与案件为多对多")
def _parties_and_cases_are_many_to_many(stage: Stage) -> None:
    """One operation about three parties; one agency in several cases."""
    operation = stage.operation
    units = {child.row.subject_id for child in operation.children("own_cases")}
    assert units == {stage.town.cast.units[key].id for key in ("redian", "beian")}
    [first] = stage.played["CM-02"].fronts
    second = stage.town.open(
        AgencyPenalty, "inspector", clue(conduct="review_false"), at="03-03", once="CM-02 again",
        subject=stage.told("CM-02").parties[0],
    )  # fmt: skip
    assert (first.id != second.id, first.row.subject_id) == (True, second.row.subject_id)


@check("CM-02", "部级通报→地方立案：上级交办线索须能分派到市并回报")
def _a_clue_of_the_ministry_lies_with_the_city_and_is_reported_back(stage: Stage) -> None:
    [front] = stage.played["CM-02"].fronts
    assert stage.told("CM-02").expected["source"] == "superior"
    assert front.row.authority_id == stage.town.cast.bureau.id
    assert front.seats(Capacity.LEAD) == {stage.town.cast.bureau.name}
    reported = stage.reported_case
    [report] = reported.children("initial_reports")
    assert (report.state, report.row.facts["kind"]) == ("acknowledged", "initial")
    assert reported.acts()[-1] == "note_acknowledgement"


@check("CM-03", "核查人员署名与实际到场人员不符：现场核查记录应能逐人留痕")
def _the_record_of_a_visit_names_each_person_present(stage: Stage) -> None:
    year = trials.visited(stage.town)
    [entry] = [one for one in year.entries() if one.trigger == "start_visit"]
    told = typed(entry)["present"]
    assert told == [stage.town.cast.id_of(one) for one in ("verifier", "verifier2")]
    present = next(one for one in Verification.start_visit.inputs if one.name == "present")
    assert (present.required, present.least) == (True, 2)  # type: ignore[attr-defined]


@check("CM-04", "核查结论失实→应触发省级复核、重新核查")
def _an_untrue_conclusion_leads_to_a_recheck_and_another_agency(stage: Stage) -> None:
    case = trials.settled_for_recheck(stage.touching)
    assert [row.status for row in case.items("affected_reports")][:2] == ["recheck", "listed"]
    reasons = next(one for one in Verification.open_recheck.inputs if one.name == "reason")
    assert "ordered" in dict(reasons.options)  # type: ignore[attr-defined]
    assert Recheck.replace_agency.received, "the region replaces the agency"
    assert [state.name for state in Recheck.replace_agency.destinations] == ["reassigned"]


@check("CM-05", "检测机构属市场监管部门资质管理：应能移送市场监管部门")
def _what_concerns_a_laboratory_goes_to_market_supervision(stage: Stage) -> None:
    [matter] = stage.operation.children("matters")
    assert matter.row.facts["bureau"] == body(stage.town, "market")
    assert matter.seats(Capacity.ASSISTING) == {"中卫市市场监督管理局"}


@check("CM-06", "检查、立案发生在法定节假日：系统不得禁止节假日登记，只是期限计算另算")
def _acts_on_a_holiday_are_entered_and_clocks_run_by_the_calendar(stage: Stage) -> None:
    on = stage.told("CM-06").one("case_filed").on
    played = stage.played["CM-06"]
    assert not stage.town.law.calendar.is_working(on)
    assert f"{on} record_inspection" in played.way
    [penalty] = played.penalties
    assert penalty.row.facts["filed_on"] == on.isoformat()
    [clock] = [one for one in played.clocks if one.name == "decision"]
    assert (clock.began, clock.due) == (on, on + timedelta(90)), "1 April is a working day"
    assert last_day("hearing_request", on, stage.town.law) == date(2022, 1, 10), "from 4 January"


@check("CM-07", "35=29+6")
def _the_units_of_the_first_period_add_up(stage: Stage) -> None:
    """Each of those that did not comply has a case of its own."""
    listed, complied, failed = (
        int(n) for n in re.findall(r"(\d+)家", stage.told("CM-07").facts)[:3]
    )
    assert (listed, complied + failed) == (35, 35)
    played = stage.played["CM-07"]
    assert len({one.row.subject_id for one in played.penalties}) == failed


@check("CM-07", "6×20000=120000 ≤168000≤ 6×30000=180000")
def _six_fines_together_lie_in_six_ranges(stage: Stage) -> None:
    told = stage.told("CM-07")
    [rule] = rules_for("surrender", told.one("surrender_deadline").on)
    bounds, together, six = range_for(rule), Decimal(told.told["fine_yuan"]), len(told.parties)
    assert rule.key == "E8-o19"
    assert [six * bounds.low, six * bounds.high] == [Decimal(120_000), Decimal(180_000)]
    assert six * bounds.low <= together <= six * bounds.high
    assert not bounds.low <= together <= bounds.high, "no one of them was fined that much"


@check("CM-07", "公示在期限前4天")
def _the_list_was_public_four_days_before_its_day(stage: Stage) -> None:
    told = stage.told("CM-07")
    early = told.one("publication_deadline").on - told.one("publication").on
    assert (early.days, [one for one in told.expected["flags"] if "publication" in one]) == (4, [])


@check("CM-08", "320=305+13+2")
def _the_units_of_shandong_add_up(stage: Stage) -> None:
    _covered, due, complied, frozen, closed = (
        int(n) for n in re.findall(r"(\d+)家", stage.told("CM-08").facts)
    )
    assert (due, complied + frozen + closed, stage.played["CM-08"].fronts) == (320, 320, [])


@check("CM-08", "11.52/11.54=99.83%，公布为99.82%：公布数由未取整的原数算得，核对时要留容差")
def _a_share_of_rounded_sums_is_compared_with_a_tolerance(stage: Stage) -> None:
    [(counted, published)] = shares(stage.told("CM-08"))
    assert (counted, published) == (Decimal("99.83"), Decimal("99.82"))
    assert 0 < abs(counted - published) <= TOLERANCE


@check("CM-08", "“账户查封”“关停注销”要有各自的办结理由，不等于“未履约”")
def _a_frozen_account_and_a_closed_unit_are_grounds_of_their_own(stage: Stage) -> None:
    on = stage.told("CM-08").one("status_date").on
    for ground in ("frozen", "gone"):
        case = trials.procedure(stage.town, ground, "surrender", {}, on=on)
        given = {"not_filed_because": ground, "reasons": stage.told("CM-08").facts}
        case.fire("refuse_filing", "leader", given, at=f"{on} 12:00")
        assert (case.state, "filed_on" in case.row.facts) == ("closed", False)
        assert typed(case.entries()[-1])["not_filed_because"] == ground
        assert [one.kind for one in documents(case, "no_filing_approval")] == ["no_filing_approval"]
        assert case.faults() == []


@check("CM-09", "94.74%=18/19或36/38")
def _the_published_share_is_that_of_eighteen_of_nineteen(stage: Stage) -> None:
    published = numbers(re.findall(r"完成率([\d.]+)%", stage.told("CM-09").facts)[0])[0]
    assert percent(Decimal(18), Decimal(19)) == percent(Decimal(36), Decimal(38)) == published
    assert [n for n in range(1, 30) if any(percent(Decimal(k), Decimal(n)) == published for k in range(n))] == [19]  # fmt: skip


@check("CM-09", "督促函→督办函：两级催办要能留痕")
def _a_second_and_firmer_order_stands_beside_the_first(stage: Stage) -> None:
    """Two orders to the unit, each with its day and its own end, in one chain."""
    order = trials.ordered_twice(stage.town)
    people = [one for one in order.entries() if one.trigger in ("begin", "send_back")]
    assert [typed(one)["due_on"] for one in people] == ["2026-09-10", "2026-09-20"]
    assert [clock.due_on for clock in order.clocks("term")] == [day("09-10"), day("09-20")]
    assert (order.state, order.faults()) == ("ordered", [])


@check("CM-10", "缺字段的案件也要能入库")
def _a_case_of_which_almost_nothing_is_known_is_entered(stage: Stage) -> None:
    [front] = stage.played["CM-10"].fronts
    assert (front.state, front.row.subject_name) == (
        "clue_registered",
        stage.told("CM-10").told["party"],
    )
    assert "act_ended_on" not in front.row.facts


# General cases ------------------------------------------------------------------------------------


@check("EP-01", "听证之后必须回到案件审议，不能直接进入决定")
def _after_a_hearing_the_case_is_reviewed_before_it_is_decided(stage: Stage) -> None:
    case, _said = stage.heard
    assert case.state == "hearing_done"
    with pytest.raises(TransitionRefused):
        case.do("decide_penalty", "leader", case.decision(), on="09-17")
    leads = {
        state.name
        for step in PenaltyProcedure.transitions.values()
        if "hearing_done" in step.source_names
        for state in step.destinations
    }
    ends = {"closed", "closing"}
    assert leads - ends == {"investigating", "pre_notice_approval", "legal_review"}
    assert PenaltyProcedure.decide_penalty.source_names == {"decision_pending"}
    case.do("report_on_hearing", "legal2", REPORTED, on="09-17")
    case.do("go_on", "supervisor", {"review_of_the_plea": "复核"}, on="09-17")
    case.pass_legal("09-18")
    assert case.state == "collective_discussion", "reviewed by the law, then by the leaders"


@check("EP-01", "主持人不得是本案调查人员")
def _an_investigator_of_the_case_does_not_chair_its_hearing(stage: Stage) -> None:
    _case, said = stage.heard
    assert said == "Somebody named is already investigator of this case and cannot be its chair of the hearing (SD-1)."  # fmt: skip


@check("EP-02", "告知2023-07-18，听证申请截止(5个工作日)2023-07-25；公开在其后")
def _five_working_days_after_the_notice_and_published_later(stage: Stage) -> None:
    told = stage.told("EP-02")
    served_on = told.one("prior_notice_served").on
    assert served_on == date(2023, 7, 18)
    last = last_day("hearing_request", served_on, law_of(stage.town.law, told))
    assert last == date(2023, 7, 25) < told.one("publication").on


@check("EP-02", "另有责令改正文书 石平环责改〔2023〕50号")
def _an_order_to_correct_has_a_series_of_numbers_of_its_own(stage: Stage) -> None:
    """The numbers of the text are written as ours are; the case itself keeps none of its own."""
    order, notice = "石平环责改〔2023〕50号", stage.told("EP-02").one("prior_notice_served").note
    assert order in stage.told("EP-02").checks[1]
    assert all(
        NUMBER.fullmatch(one) for one in (order, notice, stage.told("EP-02").told["document_no"])
    )
    documents = PenaltyProcedure.documents
    words = {
        form_named(kind, date(2023, 7, 18)).word for kind in ("correction_order", "prior_notice")
    }
    assert {"correction_order", "prior_notice"} <= set(documents)
    assert words == {"责改", "罚告"}


@check("EP-03", "2021-09-25为星期六、2021-09-26为调休上班日")
def _a_saturday_off_and_a_sunday_at_work(stage: Stage) -> None:
    on, calendar = stage.told("EP-03").one("inspection").on, stage.town.law.calendar
    after = on + timedelta(1)
    assert (on.isoweekday(), calendar.is_working(on)) == (6, False)
    assert (after.isoweekday(), calendar.is_make_up(after), calendar.is_working(after)) == (7, True, True)  # fmt: skip


@check("EP-04", "告知在2021-07-15之前：听证申请期为3日（旧法）")
def _three_days_under_the_older_law(stage: Stage) -> None:
    told, law = stage.told("EP-04"), stage.town.law
    served_on = told.one("prior_notice_served").on
    term = law.term("hearing_request", served_on)
    assert served_on < date(2021, 7, 15)
    assert (term.length, term.unit, term.mark) == (3, Unit.CALENDAR_DAYS, Mark.TO_CONFIRM)
    assert last_day("hearing_request", served_on, law) == served_on + timedelta(3)


@check("EP-06", "起诉距决定57天，在6个月内")
def _the_suit_was_brought_in_time(stage: Stage) -> None:
    told, law = stage.told("EP-06"), law_of(stage.town.law, stage.told("EP-06"))
    decided, brought = told.one("decision").on, told.one("lawsuit_filed").on
    term = law.term("suit", decided)
    assert (brought - decided).days == 57
    assert (term.length, term.unit) == (6, Unit.MONTHS)
    last = last_day("suit", decided, law)
    assert last is not None
    assert brought <= last


@check("EP-06", "诉讼期间不停止执行")
def _a_suit_does_not_stop_the_execution(stage: Stage) -> None:
    case, _said = stage.fined
    due = case.due("payment")
    assert due is not None
    case.do("record_remedy", "supervisor", received(remedy_kind="suit", filed_on=day("09-02")), on="09-02")  # fmt: skip
    assert (case.state, case.due("payment"), "payment" in case.running()) == (
        "performance",
        due,
        True,
    )
    case.town.tick(f"{due + timedelta(1)} 12:00")
    assert case.state == "overdue", "the time to pay ran out under the suit"
    assert PenaltyProcedure.record_remedy.is_act


@check("EP-07", "立案距检查2天")
def _two_days_from_the_inspection_to_the_filing(stage: Stage) -> None:
    [penalty] = stage.played["EP-07"].penalties
    facts = penalty.row.facts
    found, filed = (date.fromisoformat(facts[name]) for name in ("discovered_on", "filed_on"))
    assert (filed - found).days == 2


@check("EP-08", "告知2021-07-19在新法施行(2021-07-15)后：听证申请5个工作日，到2021-07-26")
def _five_working_days_under_the_newer_law(stage: Stage) -> None:
    told = stage.told("EP-08")
    served_on, law = told.one("prior_notice_served").on, law_of(stage.town.law, told)
    assert sources()["APL"].valid_from == date(2021, 7, 15)
    assert served_on > date(2021, 7, 15)
    assert last_day("hearing_request", served_on, law) == date(2021, 7, 26)
    ours = last_day("hearing_request", served_on, stage.town.law)
    assert ours == date(2021, 7, 27), "in Ningxia 20 July was a day off"


@check("EP-08", "大写：伍万贰仟壹佰贰拾元")
def _the_fine_in_capitals(stage: Stage) -> None:
    told = stage.told("EP-08").told
    words = in_capitals(Decimal(told["fine_yuan"])).removeprefix("人民币").removesuffix("整")
    assert words == "伍万贰仟壹佰贰拾元"
    assert words in told["outcome_zh"]


@check("EP-09", "听证申请截止2023-11-16")
def _a_hearing_can_be_asked_for_until_the_sixteenth(stage: Stage) -> None:
    told = stage.told("EP-09")
    served_on = told.one("prior_notice_served").on
    assert last_day("hearing_request", served_on, law_of(stage.town.law, told)) == date(
        2023, 11, 16
    )


@check("EP-10", "“不予处罚”是结案路径之一，仍要送达并公开")
def _a_decision_of_no_penalty_is_served_and_published_before_it_closes(stage: Stage) -> None:
    case = trials.spared(stage.town)
    assert (case.state, case.running()) == ("decided", ["decision_service", "publication"])
    assert refused(case, "close", "leader", CLOSED, on="09-02")
    case.send("09-02", "no_penalty_decision").serve("service_of_decision", "2026-09-02")
    assert case.state == "closing"
    published = {"published_on": day("09-03"), "published_at": "局网站", "redacted": "无"}
    case.do("publish", "supervisor", published, on="09-03")
    assert case.row.facts["published_on"] == "2026-09-03"
    case.do("close", "leader", CLOSED, on="09-04")
    assert (case.state, case.running(), case.faults()) == ("closed", ["archiving"], [])
    assert "decided_fine" not in case.row.facts


@check("EP-11", "申请到裁定2天（行政强制法第57条：受理后7个工作日内）")
def _the_court_ruled_within_its_seven_working_days(stage: Stage) -> None:
    """The day of acceptance is not told: counted from the application the ruling is in time all the more."""
    told = stage.told("EP-11")
    applied, ruled = told.one("court_enforcement_applied").on, told.one("court_ruling").on
    term = stage.town.law.term("court_ruling", applied)
    assert (ruled - applied).days == 2
    assert (term.length, term.unit, term.basis[0].text_zh) == (7, Unit.WORKING_DAYS, "《行政强制法》第五十七条")  # fmt: skip
    last = last_day("court_ruling", applied, law_of(stage.town.law, told))
    assert last == date(2015, 5, 7)
    assert ruled <= last


@check("EP-12", "加处罚款封顶为本数：80000")
def _what_is_added_never_exceeds_the_fine(stage: Stage) -> None:
    fine = Decimal(stage.told("EP-12").told["fine_yuan"])
    assert [surcharge(fine, days) for days in (33, 34, 1000)] == [79_200, 80_000, 80_000]
    assert "合计16万元" in stage.told("EP-12").facts
    assert fine + surcharge(fine, 1000) == 160_000


@check("EP-12", "送达方式：留置送达要记见证或影像")
def _what_is_left_in_place_needs_a_witness_or_a_recording(stage: Stage) -> None:
    case, said = stage.fined
    assert said == "A document left in place needs the note of the refusal, and a witness or a recording."  # fmt: skip
    [track] = case.children("service_of_notice")
    assert (track.state, track.row.facts["mode"]) == ("served", "left")


@check("EP-13", "30000+30000=60000")
def _fine_and_surcharge_make_up_what_was_paid(stage: Stage) -> None:
    """Of the days nothing is told but that of the payment; any that is late enough adds as much again."""
    told = stage.told("EP-13")
    fine, [(_fine, added)] = Decimal(told.told["fine_yuan"]), surcharges(told)
    [paid] = told.all("payment")
    amount = numbers(paid.note)[0]
    long_ago = paid.on - timedelta(100)
    before = account(Debt(long_ago, fine), long_ago + timedelta(15), (), (), (), paid.on, principal_first=True)  # fmt: skip
    after = account(
        Debt(long_ago, fine), long_ago + timedelta(15), (), (Payment(paid.on, amount, ""),), (), paid.on, principal_first=True
    )  # fmt: skip
    assert [fine, added, fine + added] == [Decimal(30_000), Decimal(30_000), amount]
    assert [before.demand_cny, after.demand_cny] == [amount, Decimal(0)]


@check("EP-14", "同一人员时空冲突：可作数据筛查规则的真实样例（68分钟）")
def _one_person_at_two_places_within_sixty_eight_minutes(stage: Stage) -> None:
    told = stage.told("EP-14")
    on = told.one("sampling").on
    first, second = (datetime.combine(on, hour) for hour in clock_times(told.facts))
    assert second - first == timedelta(minutes=68)
    assert "one person at two places: 22:21, 23:29" in flagged(
        stage.played["EP-14"], stage.town.law
    )
    assert "data_screening" in dict(SOURCES), "where a clue that screening finds says it comes from"


@check("EP-15", "双罚：单位与主要负责人各一笔")
def _the_agency_and_its_head_each_have_a_case_with_a_fine_of_its_own(stage: Stage) -> None:
    told = stage.told("EP-15").told
    unit, person = (Decimal(n) for n in re.findall(r"罚(\d+)元", told["outcome_zh"]))
    assert [unit, person] == [Decimal(told["fine_yuan"]), Decimal(46_400)]
    case = stage.reported_case
    [own], [head] = case.children("procedure"), case.children("person_procedures")
    assert own.row.subject_id != head.row.subject_id
    assert [one.row.facts["party_kind"] for one in (own, head)] == ["agency", "person"]


@check("EP-15", "联合执法：生态环境、市场监管两部门同一案件各出文书")
def _each_bureau_signs_a_record_of_its_own_in_one_operation(stage: Stage) -> None:
    records = {row.data["bureau"]: row.status for row in stage.operation.items("records")}
    ours, market = body(stage.town, "leader"), body(stage.town, "market")
    assert (records[ours], records[market]) == ("signed", "signed")
    assert "own_records" in [one.name for one in JointEnforcement.end_inspection.documents]


@check("EP-16", "一个机构80份报告、45家单位：批量关联")
def _one_agency_is_tied_to_eighty_reports_of_forty_five_units(stage: Stage) -> None:
    reports, units = (int(n) for n in numbers(stage.told("EP-16").facts)[:2])
    rows = stage.touching.items("affected_reports")
    assert (reports, units) == (80, 45)
    assert (len(rows), len({row.data["unit"] for row in rows})) == (reports, units)


CLOSED = {"closing_ground": "nothing_to_perform", "decision_carried_out": True}
