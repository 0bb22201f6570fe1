"""Verification 核查 of one unit's annual greenhouse-gas report, one case per unit and year (SM-1).

Measures for the Administration of Carbon Emissions Trading (Trial), arts. 25-27; Interim
Regulations on Carbon Emissions Trading, arts. 11-13; Verification Guide 环办气候函〔2021〕130号.
The autonomous region decides verification: its acts are *received* and recorded with the scan.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from app.engine.actors import (
    EXPERT,
    INSPECTOR,
    SUPERVISOR,
    SYSTEM,
    TEAM_LEADER,
    TEAM_MEMBER,
    UNIT,
    VERIFIER,
    Capacity,
    Role,
)
from app.engine.definition import (
    ANY,
    OPENING,
    After,
    AfterService,
    Before,
    Child,
    Deadline,
    Document,
    Exclusion,
    Expiry,
    Fact,
    Items,
    Join,
    Lasts,
    Leave,
    Lifecycle,
    MoveRows,
    On,
    Per,
    Raise,
    Report,
    Section,
    Signoff,
    State,
    StateSet,
    SubjectKind,
    Submit,
    Succeed,
    Take,
    Transition,
    Unmet,
    YearDay,
    guard,
)
from app.engine.inputs import (
    Choice,
    Day,
    Files,
    LongText,
    Organisation,
    People,
    Person,
    Quantity,
    Text,
    Whole,
    YesNo,
)
from app.engine.view import Attempt, SubjectView
from app.law.labels import Label
from app.law.periods import add_months
from app.law.sources import cite
from app.workflows.clues import ABOUT_EITHER, ACCUSED, RAISED

REG, O19, GUIDE = "REG", "O19", "G130"

SECTOR = Choice(
    "sector",
    "行业",
    "Sector",
    options=(
        ("power", Label("发电", "Power generation")),
        ("steel", Label("钢铁", "Iron and steel")),
        ("cement", Label("水泥", "Cement")),
        ("aluminium", Label("铝冶炼", "Aluminium smelting")),
        ("other", Label("其他（市级监测）", "Other (monitored by the city)")),
    ),
)
# Independence of the agency (domain 4.4) --------------------------------------------------------


def chosen_agency(attempt: Attempt) -> SubjectView | None:
    """What the registers say of the agency named in the act."""
    return attempt.case.organisation(UUID(attempt.inputs["agency"]))


def is_banned(agency: SubjectView, day: date) -> bool:
    """Whether a ban on an agency is in force on a day; the last day of a ban counts."""
    today = day.isoformat()
    return any(
        ban["from"] <= today and (not ban["to"] or today <= ban["to"])
        for ban in agency.facts.get("bans", ())
    )


def _facts(attempt: Attempt, name: str) -> list[dict[str, str]]:
    agency = chosen_agency(attempt)
    return list(agency.facts.get(name, ())) if agency else []


@guard(
    "该机构在本自治区从事年度排放报告编制，不得承担核查（COI-1）。",
    "The agency compiles annual reports in this region and may not verify here (COI-1).",
    basis=cite(REG, "13"),
    reads_inputs=True,
)
def agency_does_not_compile_here(attempt: Attempt) -> bool:
    agency = chosen_agency(attempt)
    return agency is not None and not agency.facts.get("compiles_in_province", False)


@guard(
    "该机构从事配额测算、咨询、管理或交易服务，不得承担核查（COI-2、COI-7）。",
    "The agency offers allowance calculation, consulting, management or trading (COI-2, COI-7).",
    basis=(cite(REG, "7"), cite(GUIDE)),
    reads_inputs=True,
)
def agency_does_not_consult_or_trade(attempt: Attempt) -> bool:
    agency = chosen_agency(attempt)
    return agency is not None and not (
        agency.facts.get("consults", False) or agency.facts.get("trades", False)
    )


@guard(
    "该机构与该单位 {years} 年内有资产、管理、人员或咨询关系，不得承担核查（COI-3、COI-4）。",
    "The agency had a tie with this unit within {years} years (COI-3, COI-4).",
    basis=cite(GUIDE),
    reads_inputs=True,
)
def agency_has_no_tie_with_the_unit(attempt: Attempt) -> bool | Unmet:
    unit = str(attempt.case.subject_id)
    years = int(attempt.law.value("conflict_years", attempt.today))
    since = add_months(attempt.today, -12 * years)
    tied = any(
        tie["unit_id"] == unit
        and (not tie["ended_on"] or date.fromisoformat(tie["ended_on"]) >= since)
        for tie in _facts(attempt, "ties")
    )
    return not tied or Unmet(years=years)


@guard(
    "该机构处于禁业期，不得承担核查或复查。",
    "The agency is banned and may not be chosen.",
    basis=cite(REG, "23"),
    reads_inputs=True,
)
def agency_is_not_banned(attempt: Attempt) -> bool:
    agency = chosen_agency(attempt)
    return agency is not None and not is_banned(agency, attempt.today)


@guard(
    "原核查机构处于禁业期，须另选机构重新核查。",
    "The agency is banned: another one has to verify anew.",
    basis=cite(REG, "23"),
)
def sitting_agency_is_not_banned(attempt: Attempt) -> bool:
    seats = attempt.case.participants(Capacity.VERIFYING_AGENCY)
    found = [attempt.case.organisation(seat.organisation_id) for seat in seats]
    return not any(agency is not None and is_banned(agency, attempt.today) for agency in found)


@guard(
    "所选机构须不同于原核查机构。",
    "The agency must be another one than before.",
    reads_inputs=True,
)
def another_agency_is_chosen(attempt: Attempt) -> bool:
    now = attempt.case.participants(Capacity.VERIFYING_AGENCY)
    return attempt.inputs["agency"] not in {str(seat.organisation_id) for seat in now}


@guard(
    "技术工作组有 {count} 名成员处于禁业期，请重新提出人选。",
    "{count} members of the group are banned: propose others.",
    basis=cite(REG, "23¶3"),
)
def nobody_of_the_group_is_banned(attempt: Attempt) -> bool | Unmet:
    team = attempt.case.participants(Capacity.TEAM_MEMBER)
    count = sum(attempt.case.is_banned(s.person_id, attempt.today) for s in team if s.person_id)
    return count == 0 or Unmet(count=count)


INDEPENDENCE = (
    agency_is_not_banned,
    agency_does_not_compile_here,
    agency_does_not_consult_or_trade,
    agency_has_no_tie_with_the_unit,
)

OWN_DECLARATION = (
    YesNo(
        "no_employment",
        "本人三年内未受雇于该单位，也未为其提供咨询（COI-5）",
        "I was not employed by the unit and did not advise it in three years (COI-5)",
        must=True,
    ),
    YesNo(
        "no_advice",
        "本人未就该单位的排放、监测或校准提供咨询（COI-4）",
        "I gave no advice on the unit's emissions, monitoring or calibration (COI-4)",
        must=True,
    ),
    YesNo(
        "no_gift",
        "本人未收受影响公正的资助或礼品，未参与配额交易（COI-6、COI-7）",
        "I took no funding or gift and do not trade allowances (COI-6, COI-7)",
        must=True,
    ),
)


# Reports ----------------------------------------------------------------------------------------

ANNUAL_SECTIONS = (
    Section("1", "单位基本情况与核算边界", "Unit and boundary", (
        LongText("unit_facts", "单位基本情况", "Facts of the unit", longest=4000),
        LongText("boundary", "核算边界与排放设施", "Boundary and emitting facilities", longest=4000),
    )),
    Section("2", "活动数据", "Activity data", (
        Quantity("fuel_t", "化石燃料消耗量", "Fossil fuel used", unit="t", places=3),
        Quantity("power_bought_mwh", "购入使用电量", "Electricity bought and used", unit="MWh", places=3),
    )),
    Section("3", "排放因子与计算系数", "Emission factors", (
        Quantity("ncv_gj_t", "入炉煤低位发热量", "Net calorific value of the coal", unit="GJ/t", places=4),
        Text("ncv_basis", "低位发热量取值依据", "Basis of the calorific value"),
        Quantity("carbon_tc_gj", "单位热值含碳量", "Carbon content per heat", unit="tC/GJ", places=6),
        Text("carbon_basis", "含碳量取值依据", "Basis of the carbon content"),
    )),
    Section("4", "排放量", "Emissions", (
        Quantity("direct_t", "化石燃料燃烧及过程排放量", "Combustion and process emissions", unit="tCO2e"),
        Quantity("indirect_t", "购入电力对应的排放量", "Emissions of electricity bought", unit="tCO2e"),
        Quantity("reported_emission_t", "年度排放总量", "Emission of the year", unit="tCO2e"),
    )),
    Section("5", "生产数据", "Production data", (
        Quantity("output_mwh", "发电量", "Electricity generated", unit="MWh", places=3, required=False),
        Quantity("heat_gj", "供热量", "Heat supplied", unit="GJ", places=3, required=False),
        Quantity("product_t", "产品产量", "Output of products", unit="t", places=3, required=False),
    )),
    Section("6", "数据质量控制方案执行情况", "Execution of the data quality control plan", (
        LongText("quality_control", "执行情况与偏离说明", "Execution and deviations", longest=4000),
        Files("ledgers", "台账与原始记录", "Ledgers and raw records", required=False),
    )),
)  # fmt: skip

VERIFIED_SECTIONS = (
    Section("1", "核查概况与核算边界", "Outline and boundary", (
        LongText("outline", "核查目的、依据与过程", "Purpose, basis and course", longest=6000),
        LongText("boundary", "核算边界的符合性", "Boundary: conformity", longest=4000),
    )),
    Section("2", "核算方法", "Method", (
        LongText("method", "核算方法的符合性", "Method: conformity", longest=4000),
    )),
    Section("3", "活动数据", "Activity data", (
        Quantity("fuel_t", "化石燃料消耗量", "Fossil fuel used", unit="t", places=3),
        Quantity("power_bought_mwh", "购入使用电量（扣除外供）", "Electricity bought, less passed on", unit="MWh", places=3),
        LongText("activity_note", "活动数据核查发现", "Activity data: findings", longest=4000),
    )),
    Section("4.1", "单位热值含碳量", "Carbon content per heat", (
        Quantity("carbon_tc_gj", "单位热值含碳量", "Carbon content per heat", unit="tC/GJ", places=6),
        Text("carbon_basis", "含碳量取值依据", "Basis of the carbon content"),
    )),
    Section("4.2", "入炉煤低位发热量", "Net calorific value of the coal", (
        Quantity("ncv_gj_t", "入炉煤低位发热量", "Net calorific value", unit="GJ/t", places=4),
        Text("ncv_basis", "低位发热量取值依据", "Basis of the calorific value"),
    )),
    Section("5", "排放量与生产数据", "Emissions and production", (
        Quantity("verified_emission_t", "核查认定的排放量", "Verified emission", unit="tCO2e"),
        Quantity("output_mwh", "发电量", "Electricity generated", unit="MWh", places=3, required=False),
        Quantity("heat_gj", "供热量", "Heat supplied", unit="GJ", places=3, required=False),
    )),
    Section("6", "质量控制与监测计划执行", "Quality control and plan", (
        LongText("quality_control", "质量控制核查发现", "Quality control: findings", longest=4000),
    )),
    Section("7", "不符合项与保守测算", "Nonconformities and conservative items", (
        LongText("conservative_items", "采用保守原则的数据及理由", "Conservative items with reason", longest=4000, required=False),
        LongText("other_issues", "其他需要说明的问题", "Other issues", longest=4000, required=False),
        Files("annexes", "附件", "Annexes", required=False),
    )),
)  # fmt: skip

REOPENING = LongText(
    "reopening_grounds",
    "法院或自治区厅决定的内容",
    "What the court or the region decided",
    longest=4000,
    help=Label(
        "单位和核查机构可见：只写决定内容，不写线索来源和执法案件",
        "Read by the unit and the agency: write what was decided, no clue and no enforcement case",
    ),
)
TOPICS = (
    ("boundary", "核算边界", "Boundary"),
    ("method", "核算方法", "Method"),
    ("activity", "活动数据", "Activity data"),
    ("factors", "排放因子", "Emission factors"),
    ("emission", "排放量", "Emission"),
    ("production", "生产数据", "Production data"),
    ("quality", "质量控制", "Quality control"),
    ("plan", "数据质量控制方案执行", "Execution of the control plan"),
)
"""Topics of the desk-review form (Annex 2) and of the on-site checklist (Annex 3)."""

RATING = Choice(
    "rating",
    "对核查机构的评价",
    "Rating of the agency",
    options=(
        ("excellent", Label("优秀", "Excellent")),
        ("good", Label("良好", "Good")),
        ("pass", Label("合格", "Pass")),
        ("fail", Label("不合格", "Fail")),
    ),
)


# Guards -----------------------------------------------------------------------------------------


@guard(
    "该单位不在本年度重点排放单位名录内。",
    "The unit is not on the roster of the year.",
    basis=cite(O19, "8"),
)
def unit_is_on_the_roster(attempt: Attempt) -> bool:
    unit = attempt.case.organisation(attempt.case.subject_id)
    return unit is not None and attempt.case.cycle_year in unit.facts.get("roster_years", ())


@guard(
    "12 个月的信息化存证未全部完成，请逐月说明原因。",
    "Not all twelve monthly uploads are closed: explain the missing months.",
    basis=cite("N2026"),
    reads_inputs=True,
)
def uploads_are_closed_or_explained(attempt: Attempt) -> bool:
    return attempt.inputs["monthly_uploads"] == 12 or bool(  # noqa: PLR2004
        attempt.inputs.get("uploads_explained")
    )


@guard("只能因不完整退回一次。", "A report may be returned for completeness only once.")
def returned_at_most_once(attempt: Attempt) -> bool:
    return int(attempt.case.facts.get("times_returned", 0)) < 1


@guard(
    "限期报送的期限尚未届满，或尚未发出限期报送通知。",
    "The cure date set in the letter has not passed, or no letter was sent.",
)
def cure_date_has_passed(attempt: Attempt) -> bool:
    clock = attempt.case.deadline("report_cure")
    return clock is not None and clock.has_passed(attempt.now)


@guard(
    "组长须为技术工作组成员。",
    "The leader must be a member of the group.",
    basis=cite(GUIDE),
    reads_inputs=True,
)
def leader_is_a_member(attempt: Attempt) -> bool:
    return attempt.inputs["leader"] in attempt.inputs["members"]


@guard(
    "须有一名具备行业知识的成员，且为技术工作组成员。",
    "The member with sector knowledge must belong to the group.",
    basis=cite(GUIDE),
    reads_inputs=True,
)
def sector_skill_is_in_the_group(attempt: Attempt) -> bool:
    return attempt.inputs["sector_member"] in attempt.inputs["members"]


@guard(
    "技术工作组至少 {least} 人，请先提出人选。",
    "The group has at least {least} members: propose them first.",
    basis=cite(GUIDE),
)
def group_is_proposed(attempt: Attempt) -> bool | Unmet:
    least = int(attempt.law.value("team_members", attempt.today))
    return len(attempt.case.participants(Capacity.TEAM_MEMBER)) >= least or Unmet(least=least)


@guard(
    "免于现场核查须连续 {years} 年以上无不符合项。",
    "The visit may be waived only after {years} years without nonconformity.",
    basis=cite(GUIDE),
    reads_inputs=True,
)
def enough_clean_years(attempt: Attempt) -> bool | Unmet:
    years = int(attempt.law.value("visit_waiver_clean_years", attempt.today))
    return int(attempt.inputs["clean_years"]) >= years or Unmet(years=years)


@guard(
    "现场核查须至少提前 2 个工作日通知：本日通知的，最早可于 {earliest} 进场。",
    "The unit is told at least 2 working days before: if told today, the visit may begin on {earliest}.",
    basis=cite(GUIDE),
    reads_inputs=True,
)
def unit_is_told_two_working_days_before(attempt: Attempt) -> bool | Unmet:
    lead = attempt.law.term("visit_notice_lead", attempt.today).length
    calendar = attempt.law.calendar
    if attempt.today <= calendar.working_days_before(attempt.inputs["visit_on"], lead):
        return True
    return Unmet(earliest=calendar.add_working_days(attempt.today, lead) + timedelta(days=1))


@guard(
    "尚未通知被核查单位现场核查日期。",
    "The unit has not been told of the visit.",
    basis=cite(GUIDE),
)
def visit_is_announced(attempt: Attempt) -> bool:
    return "visit_on" in attempt.case.facts


@guard("尚未到通知的现场核查日期（{on}）。", "The announced day of the visit ({on}) has not come.")
def day_of_the_visit_has_come(attempt: Attempt) -> bool | Unmet:
    on = attempt.case.facts.get("visit_on", "")
    return on <= attempt.today.isoformat() or Unmet(on=on)


@guard("还没有登记不符合项。", "No nonconformity has been entered.")
def some_nonconformity_is_drafted(attempt: Attempt) -> bool:
    return any(nc.status == "draft" for nc in attempt.case.items("nonconformities"))


@guard(
    "已登记不符合项，须先下发或撤回。", "A nonconformity is entered: issue or withdraw it first."
)
def no_nonconformity_is_drafted(attempt: Attempt) -> bool:
    return not any(nc.status == "draft" for nc in attempt.case.items("nonconformities"))


@guard("还有 {left} 项不符合项未答复。", "{left} nonconformities are not answered.")
def every_nonconformity_is_answered(attempt: Attempt) -> bool | Unmet:
    left = sum(nc.status == "issued" for nc in attempt.case.items("nonconformities"))
    return left == 0 or Unmet(left=left)


@guard("还有 {left} 项不符合项未关闭。", "{left} nonconformities are not closed.")
def every_nonconformity_is_closed(attempt: Attempt) -> bool | Unmet:
    rows = [nc for nc in attempt.case.items("nonconformities") if nc.status != "withdrawn"]
    left = sum(nc.status != "closed" for nc in rows)
    return left == 0 or Unmet(left=left)


@guard(
    "企业答复不符合项的期限尚未届满。",
    "The time in which the unit may answer has not passed.",
    basis=cite(GUIDE),
)
def time_to_answer_has_passed(attempt: Attempt) -> bool:
    clock = attempt.case.deadline("nc_answer")
    return clock is not None and clock.has_passed(attempt.now)


@guard("没有未通过验证的不符合项。", "No nonconformity has been found uncured.")
def some_nonconformity_is_uncured(attempt: Attempt) -> bool:
    return any(nc.status == "rejected" for nc in attempt.case.items("nonconformities"))


@guard("还有 {left} 项答复未验证。", "{left} answers have not been checked.")
def every_answer_is_checked(attempt: Attempt) -> bool | Unmet:
    left = sum(nc.status == "answered" for nc in attempt.case.items("nonconformities"))
    return left == 0 or Unmet(left=left)


@guard(
    "保守测算值低于单位报告值（{reported} tCO2e），须说明理由。",
    "The value lies below what the unit reported ({reported} tCO2e): give the reason.",
    basis=cite(GUIDE),
    reads_inputs=True,
)
def conservative_value_is_not_lower(attempt: Attempt) -> bool | Unmet:
    reported = attempt.case.facts.get("reported_emission_t")
    if reported is None or attempt.inputs.get("lower_reason"):
        return True
    value: Decimal = attempt.inputs["conservative_emission_t"]
    return value >= Decimal(reported) or Unmet(reported=reported)


@guard(
    "内部技术复核人不得为核查组成员（COI-8）。",
    "The internal reviewer may not be a member of the team (COI-8).",
    basis=cite("G485"),
    reads_inputs=True,
)
def internal_reviewer_is_not_on_the_team(attempt: Attempt) -> bool:
    team = attempt.case.participants(Capacity.TEAM_MEMBER)
    return attempt.inputs["internal_reviewer"] not in {str(seat.person_id) for seat in team}


@guard(
    "随机抽取须记录抽取规则和随机种子。",
    "A random draw stores its rule and its seed.",
    reads_inputs=True,
)
def draw_is_recorded(attempt: Attempt) -> bool:
    if attempt.inputs["reason"] != "random":
        return True
    return bool(attempt.inputs.get("draw_rule") and attempt.inputs.get("draw_seed"))


@guard("复查尚未办结，不得告知核查结果。", "A re-check is open: the result cannot be notified yet.")
def no_recheck_is_open(attempt: Attempt) -> bool:
    return all(child.is_final for child in attempt.case.children("recheck"))


@guard(
    "异议期（至 {due}）已过。",
    "The time to object ended on {due}.",
    basis=cite(O19, "27"),
)
def time_to_object_runs(attempt: Attempt) -> bool | Unmet:
    clock = attempt.case.deadline("objection")
    return clock is None or not clock.has_passed(attempt.now) or Unmet(due=clock.due_on)


@guard(
    "核查结果告知书尚无送达证明，异议期未起算。",
    "Service of the result notice is not proven: the time to object has not begun.",
    basis=cite(O19, "27"),
)
def service_of_the_notice_is_proven(attempt: Attempt) -> bool:
    clock = attempt.case.deadline("objection")
    return clock is not None and clock.due_on is not None


def _held(attempt: Attempt) -> bool:
    facts = attempt.case.facts
    return int(facts.get("times_held", 0)) > int(facts.get("times_resumed", 0))


@guard("本地时限已中止。", "The local targets are held already.")
def targets_run(attempt: Attempt) -> bool:
    return not _held(attempt)


@guard("本地时限未中止。", "The local targets are not held.")
def targets_are_held(attempt: Attempt) -> bool:
    return _held(attempt)


class Verification(Lifecycle):
    """From the annual report to the archive 核查: one unit, one year."""

    key = "verification"
    zh, en = "温室气体排放报告核查", "Verification of a greenhouse-gas report"
    subject = SubjectKind.UNIT
    number_prefix = "卫核"

    # States (domain 14.1) -----------------------------------------------------------------------

    report_due = State("待报送", "Report due", waits_for=UNIT)
    report_overdue = State("逾期未报", "Report overdue", waits_for=UNIT)
    report_submitted = State("已报送", "Report submitted", waits_for=SUPERVISOR)
    arranged = State("核查已安排", "Verification arranged", waits_for=VERIFIER)
    document_review = State("文件评审中", "Document review", waits_for=TEAM_MEMBER)
    onsite_scheduled = State("待现场核查", "On-site visit scheduled", waits_for=TEAM_MEMBER)
    onsite_in_progress = State("现场核查中", "On-site visit in progress", waits_for=TEAM_MEMBER)
    checklist_pending = State("待交现场核查清单", "Checklist pending", waits_for=TEAM_LEADER)
    nc_determination = State(
        "待判定不符合项", "Nonconformities to be determined", waits_for=TEAM_MEMBER
    )
    nc_issued = State("待企业整改", "Waiting for rectification", waits_for=UNIT)
    rectification_check = State("整改验证中", "Rectification being checked", waits_for=TEAM_MEMBER)
    conservative_estimation = State("保守测算中", "Conservative estimation", waits_for=VERIFIER)
    conclusion_drafting = State("待出具核查结论", "Conclusion being drafted", waits_for=VERIFIER)
    conclusion_submitted = State("结论已提交", "Conclusion submitted", waits_for=SUPERVISOR)
    under_recheck = State("复查中", "Under re-check", waits_for=SYSTEM)
    objection_window = State("异议期", "Time to object", waits_for=UNIT)
    objection_review = State("复核中", "Objection under review", waits_for=SUPERVISOR)
    result_final = State("结果确定", "Result final", waits_for=SUPERVISOR)
    published = State("已公开", "Published", waits_for=SUPERVISOR)
    archived = State("已归档", "Archived", final=True)
    closed_removed = State("移出名录终结", "Closed: left the roster", final=True)

    BEFORE_RESULT_FINAL = StateSet("结果确定前", "Before the result is final", (
        report_due, report_overdue, report_submitted, arranged, document_review, onsite_scheduled,
        onsite_in_progress, checklist_pending, nc_determination, nc_issued, rectification_check,
        conservative_estimation, conclusion_drafting, conclusion_submitted, under_recheck,
        objection_window, objection_review,
    ))  # fmt: skip
    AT_WORK = StateSet("核查实施中", "Verification at work", (
        report_submitted, arranged, document_review, onsite_scheduled, onsite_in_progress,
        checklist_pending, nc_determination, rectification_check, conservative_estimation,
    ))  # fmt: skip
    FINAL_RESULT = StateSet(
        "结果确定后", "After the result is final", (result_final, published, archived)
    )

    # Rows, reports, documents -------------------------------------------------------------------

    nonconformities = Items(
        "不符合项", "Nonconformity",
        statuses={
            "draft": Label("待下发", "Not issued yet"),
            "issued": Label("待整改", "To be rectified"),
            "answered": Label("已答复", "Answered"),
            "closed": Label("已关闭", "Closed"),
            "rejected": Label("未通过", "Not cured"),
            "withdrawn": Label("已撤回", "Withdrawn"),
        },
        open_statuses=("draft", "issued", "answered"),
        shown_to=(Role.VERIFIER,),
        cites="clause",
    )  # fmt: skip
    annual_report = Report("年度排放报告", "Annual emission report", ANNUAL_SECTIONS)
    verification_report = Report("核查报告", "Verification report", VERIFIED_SECTIONS)

    filing_notice = Document("报送通知", "Notice to report")
    cure_letter = Document("限期报送通知", "Letter setting a cure date")
    completion_notice = Document("补正通知", "Notice to complete the report")
    task_order = Document("核查任务书", "Verification task order", basis=(cite(GUIDE),))
    group_list = Document("工作组名单", "List of the technical group", external=False)
    desk_review_form = Document(
        "文件评审表", "Document review form (Annex 2)", external=False, basis=(cite(GUIDE),)
    )
    onsite_checklist = Document(
        "现场核查清单", "On-site checklist (Annex 3)", external=False, basis=(cite(GUIDE),)
    )
    waiver_consent = Document("免现场同意", "Consent to waive the visit", external=False)
    visit_notice = Document("现场核查通知", "Notice of the visit", basis=(cite(GUIDE),))
    first_meeting = Document("首次会议记录", "Record of the opening meeting", external=False)
    visit_record = Document("现场记录", "Record of the visit", external=False)
    nonconformity_list = Document(
        "不符合项清单", "List of nonconformities (Annex 4)", basis=(cite(GUIDE),)
    )
    estimation_task = Document("保守测算任务", "Task of conservative estimation")
    estimation_note = Document("保守测算说明", "Reasons for conservative estimation")
    calculation_sheet = Document("测算表", "Calculation sheet", external=False)
    conclusion_form = Document(
        "核查结论", "Verification conclusion (Annex 5)", basis=(cite(GUIDE),)
    )
    report_document = Document("核查报告", "Verification report", basis=(cite(GUIDE),))
    recheck_task = Document("复查任务单", "Re-check task order", external=False)
    recheck_conclusion = Document("复查结论", "Re-check conclusion", external=False)
    result_notice = Document(
        "核查结果告知书",
        "Notice of the verification result",
        basis=(cite(REG, "12"), cite(O19, "26")),
    )
    objection_request = Document(
        "复核申请", "Application for review", external=False, basis=(cite(O19, "27"),)
    )
    objection_ruling = Document("复核决定", "Decision on the objection", basis=(cite(O19, "27"),))
    publication = Document("结果公开", "Publication of the result", basis=(cite(REG, "12"),))
    agency_disclosure = Document(
        "信息公开表", "Disclosure sheet of the agency (Annex 6)", basis=(cite(GUIDE),)
    )
    file_index = Document("卷宗目录", "Index of the case file", external=False)
    clue_transfer = Document("线索移送单", "Transfer of a clue", external=False)
    removal_notice = Document("移出通知", "Notice of removal", basis=(cite(O19, "11"),))

    # Transitions (domain 14.2) ------------------------------------------------------------------

    open_cycle = Transition(
        "开启年度核查", "Open the cycle", code="V01", sources=OPENING, to=report_due, by=[SUPERVISOR],
        guards=[unit_is_on_the_roster],
        inputs=[SECTOR, Text("control_plan", "数据质量控制方案编号", "Number of the data quality control plan", required=False)],
        documents=[filing_notice], notices=[UNIT], basis=[cite(O19, "25")],
    )  # fmt: skip
    submit_report = Transition(
        "报送年度排放报告", "Submit the annual report", code="V02",
        sources=[report_due, report_overdue], to=report_submitted, by=[UNIT],
        guards=[uploads_are_closed_or_explained],
        inputs=[
            Whole("monthly_uploads", "已完成信息化存证的月数", "Months with closed uploads", lowest=0, highest=12),
            LongText("uploads_explained", "未完成存证月份的说明", "Explanation of the missing months", required=False, longest=2000),
            YesNo("signed", "本单位对报告的真实性、完整性、准确性负责", "The unit answers for truth, completeness and accuracy", must=True),
        ],
        report=annual_report, effects=[Submit(annual_report)], notices=[SUPERVISOR],
        basis=[cite(REG, "11"), cite(O19, "25")], confirms=True,
    )  # fmt: skip
    declare_overdue = Transition(
        "逾期未报", "Report overdue", code="V03", sources=[report_due], to=report_overdue, by=[SYSTEM],
        notices=[UNIT, SUPERVISOR], basis=[cite(REG, "11"), cite(O19, "25")],
    )  # fmt: skip
    set_cure_date = Transition(
        "发出限期报送通知", "Send the letter with a cure date", code="V03a", sources=[report_overdue], by=[SUPERVISOR],
        inputs=[
            Day("cure_by", "限期报送截止日", "Report by", future=True),
            LongText("letter_text", "通知内容", "Text of the letter", required=False, longest=2000),
        ],
        documents=[cure_letter], notices=[UNIT],
    )  # fmt: skip
    return_for_completeness = Transition(
        "退回补正", "Return for completeness", code="V04", sources=[report_submitted], to=report_due, by=[SUPERVISOR],
        guards=[returned_at_most_once],
        inputs=[
            LongText("defects", "需要补正的内容", "What is missing", longest=4000),
            Day("supplement_by", "补正截止日", "Complete it by", future=True),
        ],
        documents=[completion_notice], notices=[UNIT],
    )  # fmt: skip
    estimate_without_report = Transition(
        "逾期未报，启动保守测算", "No report: order conservative estimation", code="V05",
        sources=[report_overdue], to=conservative_estimation, by=[SUPERVISOR], received=True,
        guards=[cure_date_has_passed, *INDEPENDENCE],
        inputs=[
            Organisation("agency", "承担测算的核查机构", "Agency that estimates", kind="agency"),
            LongText("default_factors", "采用的缺省因子", "Default factors to be used", longest=2000),
        ],
        effects=[Join(Capacity.VERIFYING_AGENCY, "agency")],
        documents=[estimation_task], notices=[UNIT, VERIFIER], basis=[cite(GUIDE)], confirms=True,
    )  # fmt: skip
    arrange = Transition(
        "安排核查", "Arrange the verification", code="V06", sources=[report_submitted], to=arranged, by=[SUPERVISOR],
        recorded_by=[SUPERVISOR], guards=INDEPENDENCE,
        inputs=[
            Organisation("agency", "核查机构", "Verifying agency", kind="agency"),
            Text("contract_number", "技术服务合同编号", "Number of the service contract"),
            LongText("task", "核查任务与要求", "Task and requirements", longest=4000),
            Day("conclude_by", "要求完成日期", "To be finished by", required=False),
        ],
        effects=[Join(Capacity.VERIFYING_AGENCY, "agency")],
        documents=[task_order], notices=[VERIFIER, UNIT], basis=[cite(REG, "12"), cite(REG, "13"), cite(O19, "26")],
    )  # fmt: skip
    propose_group = Transition(
        "提出技术工作组人选", "Propose the technical group", code="V07a", sources=[arranged], by=[VERIFIER],
        guards=[leader_is_a_member, sector_skill_is_in_the_group],
        inputs=[
            People("members", "成员", "Members", role=Role.VERIFIER, of=Capacity.VERIFYING_AGENCY, least=2),
            Person("leader", "组长", "Leader", role=Role.VERIFIER, of=Capacity.VERIFYING_AGENCY),
            Person("sector_member", "具备行业知识的成员", "Member with sector knowledge", role=Role.VERIFIER, of=Capacity.VERIFYING_AGENCY),
            LongText("sector_knowledge", "行业知识说明", "Sector knowledge", longest=1000),
        ],
        effects=[
            Leave(Capacity.TEAM_MEMBER), Leave(Capacity.TEAM_LEADER),
            Join(Capacity.TEAM_MEMBER, "members"), Join(Capacity.TEAM_LEADER, "leader"),
        ],
        notices=[TEAM_MEMBER], basis=[cite(GUIDE)],
    )  # fmt: skip
    declare_interests = Signoff(
        "签署利益冲突声明", "Sign the declaration of interests", code="V07b", sources=[arranged], by=[TEAM_MEMBER],
        inputs=OWN_DECLARATION, per=Per.PERSON, voided_by=[propose_group], basis=[cite(GUIDE)],
    )  # fmt: skip
    form_group = Transition(
        "成立技术工作组", "Form the technical group", code="V07", sources=[arranged], to=document_review, by=[VERIFIER],
        guards=[group_is_proposed, nobody_of_the_group_is_banned, declare_interests.complete()],
        documents=[group_list], notices=[SUPERVISOR], basis=[cite(GUIDE)],
    )  # fmt: skip
    finish_desk_review = Transition(
        "完成文件评审", "Finish the document review", code="V08", sources=[document_review], to=onsite_scheduled, by=[TEAM_MEMBER],
        inputs=[
            *(LongText(f"desk_{key}", f"{zh}：评审发现", f"{en}: finding", longest=2000) for key, zh, en in TOPICS),
            LongText("onsite_requirements", "现场核查要求", "What the visit must look at", longest=4000),
            Day("planned_visit_on", "拟现场核查日期", "Planned day of the visit", future=True),
            Files("desk_files", "评审附件", "Annexes", required=False),
        ],
        documents=[desk_review_form, onsite_checklist], notices=[SUPERVISOR], basis=[cite(GUIDE)],
    )  # fmt: skip
    waive_visit = Transition(
        "同意免于现场核查", "Waive the visit", code="V09", sources=[document_review], to=conclusion_drafting, by=[SUPERVISOR],
        received=True, guards=[enough_clean_years],
        inputs=[
            Whole("clean_years", "连续无不符合项的年数", "Years without nonconformity", highest=50),
            YesNo("no_doubt", "文件评审未发现疑点", "The document review raised no doubt", must=True),
            YesNo("region_consents", "自治区生态环境厅同意免于现场核查", "The region's department consents", must=True),
        ],
        documents=[waiver_consent], notices=[TEAM_MEMBER, UNIT], basis=[cite(GUIDE)],
    )  # fmt: skip
    notify_visit = Transition(
        "通知现场核查", "Notify the visit", code="V10", sources=[onsite_scheduled], by=[TEAM_MEMBER],
        guards=[unit_is_told_two_working_days_before],
        inputs=[
            Day("visit_on", "现场核查日期", "Day of the visit", future=True),
            People("visit_team", "现场核查组成员", "On-site team", role=Role.VERIFIER, of=Capacity.VERIFYING_AGENCY, least=2),
        ],
        documents=[visit_notice], notices=[UNIT, INSPECTOR], basis=[cite(GUIDE)],
    )  # fmt: skip
    start_visit = Transition(
        "开始现场核查", "Start the visit", code="V11", sources=[onsite_scheduled], to=onsite_in_progress, by=[TEAM_MEMBER],
        guards=[visit_is_announced, day_of_the_visit_has_come],
        inputs=[
            People("present", "到场核查人员", "Team members present", role=Role.VERIFIER, of=Capacity.VERIFYING_AGENCY, least=2),
            Person("observer", "列席的执法人员", "Inspector as observer", role=Role.INSPECTOR, of=Capacity.LEAD, required=False),
            Day("planned_end_on", "计划结束日期", "Planned end", future=True),
            Files("sign_in_sheet", "签到表", "Sign-in sheet", required=False),
        ],
        documents=[first_meeting], basis=[cite(GUIDE)],
    )  # fmt: skip
    end_visit = Transition(
        "结束现场核查", "End the visit", code="V12", sources=[onsite_in_progress], to=checklist_pending, by=[TEAM_MEMBER],
        inputs=[
            *(LongText(f"site_{key}", f"{zh}：现场记录", f"{en}: record", longest=2000) for key, zh, en in TOPICS),
            Files("site_evidence", "现场证据（照片、复印件）", "Evidence (photographs, copies)"),
        ],
        documents=[visit_record], notices=[SUPERVISOR], basis=[cite(GUIDE, "4.2.2")],
    )  # fmt: skip
    hand_in_checklist = Transition(
        "提交现场核查清单", "Hand in the checklist", code="V13", sources=[checklist_pending], to=nc_determination, by=[TEAM_LEADER],
        inputs=[
            LongText("checklist_summary", "现场核查清单小结", "Summary of the checklist", longest=4000),
            YesNo("leader_signed", "组长已签署现场核查清单", "The leader has signed the checklist", must=True),
            Files("checklist_files", "清单扫描件", "Scan of the checklist", required=False),
        ],
        documents=[onsite_checklist], basis=[cite(GUIDE)],
    )  # fmt: skip
    add_nonconformity = Transition(
        "登记不符合项", "Enter a nonconformity", code="V14a", sources=[nc_determination], by=[TEAM_MEMBER],
        item=Raise(nonconformities),
        inputs=[
            Choice("clause", "涉及的报告章节", "Section of the report", options=tuple((s.number, s.label) for s in ANNUAL_SECTIONS)),
            Text("provision", "依据的指南或方案条款", "Clause of the guide or plan"),
            LongText("description", "不符合事实描述", "What does not conform", longest=2000),
            Files("nc_evidence", "证据", "Evidence"),
        ],
        basis=[cite(GUIDE)],
    )  # fmt: skip
    withdraw_nonconformity = Transition(
        "撤回未下发的不符合项", "Withdraw a nonconformity not issued", code="V14b", sources=[nc_determination], by=[TEAM_MEMBER],
        item=Take(nonconformities, ("draft",), "withdrawn"),
        inputs=[LongText("withdrawal_reason", "撤回理由", "Reason", longest=1000)],
    )  # fmt: skip
    issue_nonconformities = Transition(
        "下发不符合项清单", "Issue the nonconformities", code="V14", sources=[nc_determination], to=nc_issued, by=[TEAM_MEMBER],
        guards=[some_nonconformity_is_drafted], moves=[MoveRows(nonconformities, {"draft": "issued"})],
        documents=[nonconformity_list], notices=[UNIT], basis=[cite(GUIDE)],
    )  # fmt: skip
    find_no_nonconformity = Transition(
        "判定无不符合项", "Find no nonconformity", code="V15", sources=[nc_determination], to=conclusion_drafting, by=[TEAM_MEMBER],
        guards=[no_nonconformity_is_drafted], basis=[cite(GUIDE)], confirms=True,
    )  # fmt: skip
    answer_nonconformity = Transition(
        "答复不符合项", "Answer a nonconformity", code="V16a", sources=[nc_issued], by=[UNIT],
        item=Take(nonconformities, ("issued", "answered"), "answered"),
        inputs=[
            LongText("measures", "整改措施", "Measures taken", longest=4000),
            Files("measure_evidence", "整改证据", "Evidence"),
        ],
        basis=[cite(GUIDE)],
    )  # fmt: skip
    submit_answers = Transition(
        "提交整改答复", "Submit the answers", code="V16", sources=[nc_issued], to=rectification_check, by=[UNIT],
        guards=[every_nonconformity_is_answered],
        documents=[nonconformity_list], notices=[TEAM_MEMBER], basis=[cite(GUIDE)], confirms=True,
    )  # fmt: skip
    check_answer = Transition(
        "验证整改", "Check an answer", code="V17a", sources=[rectification_check], by=[TEAM_MEMBER],
        item=Take(nonconformities, ("answered", "closed", "rejected"), {"closed": "closed", "rejected": "rejected"}, by="verdict"),
        inputs=[
            Choice("verdict", "验证结果", "Verdict", options=(
                ("closed", Label("整改到位，关闭", "Cured: close")), ("rejected", Label("未整改到位", "Not cured")),
            )),
            LongText("check_note", "验证说明", "Note", longest=2000),
            Files("check_evidence", "验证证据", "Evidence", required=False),
        ],
        basis=[cite(GUIDE)],
    )  # fmt: skip
    accept_rectification = Transition(
        "整改通过", "Accept the rectification", code="V17", sources=[rectification_check], to=conclusion_drafting, by=[TEAM_MEMBER],
        guards=[every_answer_is_checked, every_nonconformity_is_closed],
        documents=[nonconformity_list], notices=[UNIT], basis=[cite(GUIDE)],
    )  # fmt: skip
    estimate_unanswered = Transition(
        "逾期未整改，转保守测算", "Not answered in time: estimate", code="V18a", sources=[nc_issued], to=conservative_estimation,
        by=[TEAM_MEMBER], guards=[time_to_answer_has_passed],
        inputs=[LongText("estimation_reasons", "逐项说明理由", "Reason for each nonconformity", longest=4000)],
        documents=[estimation_note], notices=[UNIT, SUPERVISOR], basis=[cite(GUIDE)], confirms=True,
    )  # fmt: skip
    reject_rectification = Transition(
        "整改未通过，转保守测算", "Rectification not accepted: estimate", code="V18b", sources=[rectification_check],
        to=conservative_estimation, by=[TEAM_MEMBER], guards=[every_answer_is_checked, some_nonconformity_is_uncured],
        inputs=[LongText("estimation_reasons", "逐项说明理由", "Reason for each nonconformity", longest=4000)],
        documents=[estimation_note], notices=[UNIT, SUPERVISOR], basis=[cite(GUIDE)], confirms=True,
    )  # fmt: skip
    set_values = Transition(
        "确定保守测算值", "Set the conservative values", code="V19", sources=[conservative_estimation], to=conclusion_drafting,
        by=[VERIFIER], guards=[conservative_value_is_not_lower],
        inputs=[
            Quantity("conservative_emission_t", "保守测算的排放量", "Conservative emission", unit="tCO2e"),
            Text("default_table", "缺省值表及版本", "Table of defaults and its version"),
            LongText("lower_reason", "低于报告值的理由", "Reason for a lower value", required=False, longest=2000),
            Files("calculation", "测算表", "Calculation"),
        ],
        documents=[calculation_sheet], notices=[SUPERVISOR], basis=[cite(GUIDE)],
    )  # fmt: skip
    submit_conclusion = Transition(
        "提交核查结论", "Submit the conclusion", code="V20", sources=[conclusion_drafting], to=conclusion_submitted, by=[VERIFIER],
        guards=[internal_reviewer_is_not_on_the_team],
        inputs=[
            Person("internal_reviewer", "内部技术复核人", "Internal technical reviewer", role=Role.VERIFIER, of=Capacity.VERIFYING_AGENCY),
            LongText("conclusion_text", "核查结论", "Conclusion", longest=6000),
        ],
        report=verification_report, effects=[Submit(verification_report)],
        documents=[conclusion_form, report_document], notices=[SUPERVISOR], basis=[cite(REG, "12"), cite(GUIDE)], confirms=True,
    )  # fmt: skip
    open_recheck = Transition(
        "启动复查", "Open a re-check", code="V21", sources=[conclusion_submitted], to=under_recheck, by=[SUPERVISOR],
        recorded_by=[SUPERVISOR], guards=[draw_is_recorded],
        inputs=[
            Choice("reason", "复查事由", "Reason", sealed=True, options=(
                ("ordered", Label("上级交办", "Ordered from above")), ("risk", Label("风险筛查", "Risk")),
                ("random", Label("随机抽取", "Random draw")), ("complaint", Label("投诉举报", "Complaint")),
            )),
            LongText("reason_note", "事由说明", "Details", sealed=True, longest=2000),
            Text("draw_rule", "抽取规则", "Rule of the draw", required=False),
            Text("draw_seed", "随机种子", "Seed of the draw", required=False, longest=80),
        ],
        documents=[recheck_task], basis=[cite("PLAN"), cite(GUIDE, "6")],
    )  # fmt: skip
    close_recheck = Transition(
        "复查办结", "Re-check closed", code="V22", sources=[under_recheck], to=conclusion_submitted, by=[SYSTEM], automatic=True,
        guards=[no_recheck_is_open], effects=[Succeed(Capacity.VERIFYING_AGENCY, "recheck")],
        documents=[recheck_conclusion], notices=[SUPERVISOR], basis=[cite("PLAN")],
    )  # fmt: skip
    notify_result = Transition(
        "告知核查结果", "Notify the result", code="V23", sources=[conclusion_submitted], to=objection_window, by=[SUPERVISOR],
        received=True, guards=[no_recheck_is_open],
        inputs=[
            Day("served_on", "告知书送达日期（已送达的）", "Served on (if served)", past=True, required=False),
            Text("receipt", "送达回证编号", "Number of the proof of service", required=False),
        ],
        documents=[result_notice], serves=[result_notice], notices=[UNIT, VERIFIER], basis=[cite(REG, "12"), cite(O19, "26")], confirms=True,
    )  # fmt: skip
    prove_service = Transition(
        "登记告知书送达", "Record service of the notice", code="V23a", sources=[objection_window], by=[SUPERVISOR, INSPECTOR],
        recorded_by=[SUPERVISOR, INSPECTOR],
        inputs=[
            Day("served_on", "送达日期", "Served on", past=True),
            Text("receipt", "送达回证编号", "Number of the proof of service"),
            Files("receipt_scan", "送达回证", "Proof of service"),
        ],
        serves=[result_notice], notices=[UNIT],
    )  # fmt: skip
    object_to_result = Transition(
        "提出异议（申请复核）", "Object to the result", code="V24", sources=[objection_window], to=objection_review, by=[UNIT],
        recorded_by=[SUPERVISOR, INSPECTOR], guards=[time_to_object_runs],
        inputs=[
            LongText("grounds", "异议理由", "Grounds", longest=6000),
            Files("grounds_files", "证明材料", "Proof", required=False),
        ],
        documents=[objection_request], notices=[SUPERVISOR], basis=[cite(O19, "27")], confirms=True,
    )  # fmt: skip
    lapse_objection = Transition(
        "逾期未提异议", "Time to object lapsed", code="V25", sources=[objection_window], to=result_final, by=[SYSTEM],
        notices=[UNIT, SUPERVISOR], basis=[cite(O19, "27")],
    )  # fmt: skip
    decide_objection = Transition(
        "作出复核决定", "Decide on the objection", code="V26", sources=[objection_review], to=result_final, by=[SUPERVISOR],
        received=True,
        inputs=[
            Choice("outcome", "复核结果", "Outcome", options=(
                ("kept", Label("维持", "Value kept")), ("changed", Label("变更", "Value changed")),
            )),
            Quantity("verified_emission_t", "确定的排放量", "Emission as decided", unit="tCO2e"),
            LongText("decision_reasons", "理由", "Reasons", longest=6000),
        ],
        documents=[objection_ruling], notices=[UNIT, VERIFIER], basis=[cite(O19, "27")], confirms=True,
    )  # fmt: skip
    reopen_by_decision = Transition(
        "依决定重新核查", "Reopen by a decision", code="V26a", sources=FINAL_RESULT, to=conclusion_drafting, by=[SUPERVISOR],
        received=True, reopens=True, guards=[sitting_agency_is_not_banned], inputs=[REOPENING], notices=[UNIT, VERIFIER], confirms=True,
    )  # fmt: skip
    reopen_with_another_agency = Transition(
        "依决定由另一机构重新核查", "Reopen with another agency by a decision", code="V26b", sources=FINAL_RESULT, to=arranged, by=[SUPERVISOR],
        received=True, reopens=True, guards=[another_agency_is_chosen, *INDEPENDENCE],
        inputs=[
            REOPENING,
            Organisation("agency", "重新核查的机构", "Agency that verifies anew", kind="agency"),
            Text("contract_number", "技术服务合同编号", "Number of the service contract"),
        ],
        effects=[
            Leave(Capacity.TEAM_MEMBER), Leave(Capacity.TEAM_LEADER), Leave(Capacity.VERIFYING_AGENCY),
            Join(Capacity.VERIFYING_AGENCY, "agency"),
        ],
        notices=[UNIT, VERIFIER], basis=[cite(REG, "12"), cite(REG, "13")], confirms=True,
    )  # fmt: skip
    publish = Transition(
        "公开核查结果", "Publish the result", code="V27", sources=[result_final], to=published, by=[SUPERVISOR], received=True,
        inputs=[
            Text("published_at", "公开网址或载体", "Where it is published"),
            RATING,
            LongText("rating_note", "评价说明", "Reasons for the rating", longest=2000, required=False),
            YesNo("secrets_masked", "已遮盖商业秘密和个人信息", "Secrets and personal data are masked", must=True),
        ],
        documents=[publication, agency_disclosure], notices=[UNIT, VERIFIER], basis=[cite(REG, "12"), cite(GUIDE, "6")],
    )  # fmt: skip
    archive = Transition(
        "归档", "Archive", code="V28", sources=[published], to=archived, by=[SUPERVISOR],
        inputs=[
            YesNo("index_complete", "卷宗目录完整", "The index is complete", must=True),
            Text("shelf_mark", "档号", "Shelf mark", required=False),
        ],
        documents=[file_index], basis=[cite(GUIDE)], confirms=True,
    )  # fmt: skip
    raise_suspicion = Transition(
        "移送弄虚作假线索", "Raise a suspicion of falsification", code="V29", sources=ANY, by=[TEAM_MEMBER, VERIFIER, INSPECTOR, EXPERT, SUPERVISOR],
        inputs=[ACCUSED, *RAISED], effects=[ABOUT_EITHER], documents=[clue_transfer], basis=[cite(REG, "22"), cite(REG, "23")],
    )  # fmt: skip
    remove_from_roster = Transition(
        "移出名录，终结核查", "Close: the unit leaves the roster", code="V30", sources=BEFORE_RESULT_FINAL, to=closed_removed,
        by=[SUPERVISOR], received=True,
        inputs=[
            LongText("removal_ground", "移出名录的依据", "Ground for removal", longest=2000),
            YesNo("obligations_done", "已履行报告、清缴等义务", "Duties to report and surrender are done", must=True),
        ],
        documents=[removal_notice], notices=[UNIT, VERIFIER], basis=[cite(O19, "11"), cite("NXR")], confirms=True,
    )  # fmt: skip
    hold_locally = Transition(
        "中止本地时限", "Hold local targets", code="§14", sources=AT_WORK, by=[SUPERVISOR], guards=[targets_run],
        inputs=[LongText("hold_reason", "事由（不可抗力、厂区封闭等）", "Reason (force majeure, site closed)", longest=1000)],
        notices=[VERIFIER, UNIT],
    )  # fmt: skip
    resume_locally = Transition(
        "恢复本地时限", "Resume local targets", code="§14a", sources=AT_WORK, by=[SUPERVISOR], guards=[targets_are_held],
        inputs=[LongText("resume_reason", "恢复说明", "Note", longest=1000, required=False)],
        notices=[VERIFIER, UNIT],
    )  # fmt: skip

    recheck = Child(
        "复查", "Re-check", "recheck", opened_by=open_recheck,
        inputs={"reason": "reason", "reason_note": "reason_note", "draw_rule": "draw_rule", "draw_seed": "draw_seed"},
        inherits={"outer_bound": "verification_end"}, capacities=(Capacity.LEAD,),
    )  # fmt: skip

    # Deadlines (domain 14.1) --------------------------------------------------------------------

    _HOLD = Exclusion(
        "hold", "本地中止", "Local hold", begins=(hold_locally,), ends=(resume_locally,)
    )

    report_filing = Deadline(
        "报送年度排放报告", "Annual report", anchor=After(open_cycle), due=YearDay("Y-01"), expiry=Expiry.PARTY_BREACH,
        met_by=[submit_report], voided_by=[estimate_without_report], on_expiry=declare_overdue, waits_for=UNIT, ladder="L-Y", basis=[cite(O19, "25")],
    )  # fmt: skip
    verification_end = Deadline(
        "年度核查完成", "Verification of the year finished", anchor=After(open_cycle),
        due=YearDay({"power": "Y-02", "steel": "Y-03", "cement": "Y-03", "aluminium": "Y-03"}, by="sector"),
        expiry=Expiry.AUTHORITY_BREACH, met_by=[notify_result], waits_for=SUPERVISOR, ladder="L-Y", basis=[cite("N2026")],
    )  # fmt: skip
    report_supplement = Deadline(
        "补正报告", "Completed report", anchor=After(return_for_completeness), due=On("supplement_by"), expiry=Expiry.PARTY_BREACH,
        met_by=[submit_report], voided_by=[estimate_without_report], on_expiry=declare_overdue, waits_for=UNIT, ladder="L-P",
    )  # fmt: skip
    report_cure = Deadline(
        "限期报送", "Cure date", anchor=After(set_cure_date), due=On("cure_by"), expiry=Expiry.PARTY_BREACH,
        met_by=[submit_report], voided_by=[estimate_without_report], waits_for=UNIT, ladder="L-P",
    )  # fmt: skip
    completeness = Deadline(
        "完整性审查", "Completeness check", anchor=After(submit_report), due=Lasts("completeness_check"), expiry=Expiry.TARGET,
        met_by=[arrange, return_for_completeness], excluded_by=[_HOLD], waits_for=SUPERVISOR, ladder="L-7",
    )  # fmt: skip
    group_formation = Deadline(
        "成立技术工作组", "Group formed", anchor=After(arrange, reopen_with_another_agency), due=Lasts("group_formation"), expiry=Expiry.TARGET,
        met_by=[form_group], excluded_by=[_HOLD], waits_for=VERIFIER, ladder="L-3",
    )  # fmt: skip
    desk_review = Deadline(
        "文件评审", "Document review", anchor=After(form_group), due=Lasts("desk_review"), expiry=Expiry.TARGET,
        met_by=[finish_desk_review, waive_visit], excluded_by=[_HOLD], waits_for=TEAM_MEMBER, ladder="L-7",
    )  # fmt: skip
    visit_notification = Deadline(
        "通知现场核查", "Notice of the visit", anchor=After(finish_desk_review), due=Before("visit_notice_lead", "planned_visit_on"),
        expiry=Expiry.TARGET, met_by=[notify_visit], waits_for=TEAM_MEMBER, ladder="L-3", basis=[cite(GUIDE)],
    )  # fmt: skip
    visit_beginning = Deadline(
        "现场核查进场", "Visit begins", anchor=After(notify_visit), due=On("visit_on"), expiry=Expiry.TARGET,
        met_by=[start_visit], waits_for=TEAM_MEMBER, ladder="L-3",
    )  # fmt: skip
    visit_end = Deadline(
        "现场核查结束", "Visit ends", anchor=After(start_visit), due=On("planned_end_on"), expiry=Expiry.TARGET,
        met_by=[end_visit], waits_for=TEAM_MEMBER, ladder="L-3",
    )  # fmt: skip
    checklist_handover = Deadline(
        "提交现场核查清单", "Checklist handed in", anchor=After(end_visit), due=Lasts("checklist_handover"), expiry=Expiry.PARTY_BREACH,
        met_by=[hand_in_checklist], waits_for=TEAM_LEADER, ladder="L-3", basis=[cite(GUIDE)],
    )  # fmt: skip
    nc_decision = Deadline(
        "判定不符合项", "Nonconformities determined", anchor=After(hand_in_checklist), due=Lasts("nc_determination"), expiry=Expiry.PARTY_BREACH,
        met_by=[issue_nonconformities, find_no_nonconformity], waits_for=TEAM_MEMBER, ladder="L-3", basis=[cite(GUIDE)],
    )  # fmt: skip
    nc_answer = Deadline(
        "答复不符合项", "Nonconformities answered", anchor=After(issue_nonconformities), due=Lasts("nc_answer"), expiry=Expiry.PARTY_BREACH,
        met_by=[submit_answers], voided_by=[estimate_unanswered], waits_for=UNIT, ladder="L-P", basis=[cite(GUIDE)],
    )  # fmt: skip
    estimation = Deadline(
        "保守测算", "Conservative estimation", anchor=After(estimate_without_report, estimate_unanswered, reject_rectification),
        due=Lasts("conservative_estimation"), expiry=Expiry.TARGET, met_by=[set_values], excluded_by=[_HOLD], waits_for=VERIFIER, ladder="L-7",
    )  # fmt: skip
    conclusion = Deadline(
        "出具核查结论", "Conclusion", anchor=After(end_visit, waive_visit, submit_answers, estimate_without_report, estimate_unanswered, reopen_by_decision),
        due=Lasts("conclusion"), expiry=Expiry.PARTY_BREACH, met_by=[submit_conclusion], voided_by=[issue_nonconformities],
        waits_for=VERIFIER, ladder="L-7", basis=[cite(GUIDE)],
    )  # fmt: skip
    result_notification = Deadline(
        "告知核查结果", "Result notified", anchor=After(submit_conclusion, close_recheck), due=Lasts("result_notice"), expiry=Expiry.AUTHORITY_BREACH,
        met_by=[notify_result], voided_by=[open_recheck], bounded_by=verification_end, waits_for=SUPERVISOR, ladder="L-7", basis=[cite(REG, "12")],
    )  # fmt: skip
    objection = Deadline(
        "提出异议", "Objection", anchor=AfterService(result_notice), due=Lasts("objection"), expiry=Expiry.PARTY_WAIVER,
        met_by=[object_to_result], on_expiry=lapse_objection, proof=service_of_the_notice_is_proven, grace="posting_grace",
        waits_for=UNIT, ladder="L-P", basis=[cite(O19, "27")],
    )  # fmt: skip
    objection_decision = Deadline(
        "作出复核决定", "Objection decided", anchor=After(object_to_result), due=Lasts("objection_decision"), expiry=Expiry.AUTHORITY_BREACH,
        met_by=[decide_objection], waits_for=SUPERVISOR, ladder="L-7", basis=[cite(O19, "27")],
    )  # fmt: skip
    publication_of_result = Deadline(
        "公开核查结果", "Result published", anchor=After(lapse_objection, decide_objection), due=Lasts("publication"), expiry=Expiry.TARGET,
        met_by=[publish], voided_by=[reopen_by_decision, reopen_with_another_agency], waits_for=SUPERVISOR, ladder="L-15", basis=[cite(REG, "12")],
    )  # fmt: skip
    archiving = Deadline(
        "归档", "Archived", anchor=After(publish), due=Lasts("archive"), expiry=Expiry.TARGET, met_by=[archive],
        voided_by=[reopen_by_decision, reopen_with_another_agency], waits_for=SUPERVISOR, ladder="L-15",
    )  # fmt: skip

    # Facts --------------------------------------------------------------------------------------

    sector = Fact("行业", "Sector", latest="sector", of=[open_cycle])
    reported_emission_t = Fact(
        "报告排放量",
        "Reported emission",
        latest="reported_emission_t",
        of=[submit_report],
        unit="tCO2e",
    )
    verified_emission_t = Fact(
        "核查排放量",
        "Verified emission",
        latest="verified_emission_t",
        of=[submit_conclusion, close_recheck, decide_objection],
        report=verification_report,
        unit="tCO2e",
    )
    conservative_emission_t = Fact(
        "保守测算排放量",
        "Conservative emission",
        latest="conservative_emission_t",
        of=[set_values],
        unit="tCO2e",
    )
    visit_on = Fact("现场核查日期", "Day of the visit", latest="visit_on", of=[notify_visit])
    served_on = Fact(
        "告知书送达日期", "Notice served on", latest="served_on", of=[notify_result, prove_service]
    )
    times_returned = Fact(
        "退回补正次数", "Times returned", count=True, of=[return_for_completeness]
    )
    times_held = Fact(
        "中止本地时限次数", "Times local targets were held", count=True, of=[hold_locally]
    )
    times_resumed = Fact(
        "恢复本地时限次数", "Times they were resumed", count=True, of=[resume_locally]
    )
    rating = Fact("机构评价", "Rating of the agency", latest="rating", of=[publish])
