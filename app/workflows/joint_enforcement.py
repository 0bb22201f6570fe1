"""Joint enforcement 联合执法 by several bureaus, one case per operation (SM-3).

From a clue to the report upwards. The city's plan 卫政办发〔2023〕61号 lets ecology, market
supervision and public security act together; each inspects within its own duty (Interim
Regulations on Carbon Emissions Trading, art. 17) and its evidence must stand alone. The case is
about the suspected unit or agency, which has no seat here; a partner reads and writes its part.
Findings leave as cases of their own, each with its own clocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from app.engine.actors import (
    INSPECTOR,
    LEADER,
    PARTNER_MARKET,
    PARTNER_POLICE,
    SUPERVISOR,
    SYSTEM,
    Capacity,
    Role,
)
from app.engine.definition import (
    AGREE,
    OBJECT,
    OPEN,
    OPENING,
    After,
    AfterDay,
    Child,
    Deadline,
    Document,
    Expiry,
    Extension,
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
    RaiseClue,
    Relate,
    Signoff,
    Silence,
    State,
    StateSet,
    SubjectKind,
    Take,
    Target,
    Transition,
    Unmet,
    guard,
)
from app.engine.inputs import (
    Choice,
    Day,
    Files,
    LongText,
    Organisation,
    Person,
    Text,
    Whole,
    YesNo,
)
from app.engine.view import Attempt, ChildView, ItemView
from app.law.labels import Label
from app.law.sources import cite
from app.workflows.clues import ACCUSED, CLUE, CONDUCT, DISCOVERED_ON, EVIDENCE, SUSPICION
from app.workflows.upward_report import KIND, SUMMARY

APL, CODE, INSP, O30, PLAN, REG, XJ17 = "APL", "CODE", "INSP", "O30", "PLAN", "REG", "XJ17"

PARTNERS: Final = (PARTNER_MARKET, PARTNER_POLICE)
OFFICERS_WANTED: Final = 2
INSPECTING_KINDS: Final = frozenset({"authority", "branch", "partner"})
"""Kinds of organisations that have the power to inspect: no coordination body, no third party."""

PARTY_KIND = Choice(
    "party_kind",
    "当事人类别",
    "Kind of party",
    options=(
        ("unit", Label("重点排放单位", "Unit")),
        ("agency", Label("技术服务机构", "Agency")),
        ("person", Label("自然人", "Natural person")),
    ),
)
ROUTES: Final = {
    "own": Label("本机关立案查处", "A case of our own"),
    "agency": Label("按第三方机构查处办理", "A case against a third-party agency"),
    "partner": Label("移送协同部门", "To a partner bureau"),
    "police": Label("移送公安机关", "To the police"),
    "elsewhere": Label("移送外地或上级机关", "To another place or the region"),
}
ROUTE = Choice("route", "分流去向", "Goes to", options=tuple(ROUTES.items()))
WAITING: Final = tuple(ROUTES)
"""Statuses of a finding whose case has still to be opened; each is called after its route."""

CASES: Final = {
    "single_case": ("filing_review",),
    "own_cases": ("filing_review",),
    "agency_cases": ("clue_registered",),
    "matters": ("sent",),
    "elsewhere_matters": ("sent",),
    "criminal_cases": ("report_to_head", "head_deciding", "handing_over"),
}
"""Links of what findings become, with the states in which the receiver has not accepted yet."""
TRACKS: Final = ("preservation", "upward_reports")
HANDED_TO: Final = {
    "partner_sent": "matters",
    "elsewhere_sent": "elsewhere_matters",
    "police_sent": "criminal_cases",
}
"""Statuses of findings that others handle, and the link of the matter handed over."""


# What guards look at ----------------------------------------------------------------------------


def _bodies(attempt: Attempt) -> list[UUID]:
    """The lead authority and every assisting bureau."""
    case = attempt.case
    seats = [*case.participants(Capacity.LEAD), *case.participants(Capacity.ASSISTING)]
    return list(dict.fromkeys(seat.organisation_id for seat in seats))


def _leads(attempt: Attempt) -> bool:
    return Capacity.LEAD in attempt.case.capacities_of(attempt.actor)


def _rows(attempt: Attempt, table: str, *statuses: str) -> list[ItemView]:
    rows = attempt.case.items(table)
    return [row for row in rows if row.status in statuses]


def _officers(attempt: Attempt, body: UUID) -> set[UUID]:
    """The officers named for a bureau."""
    rows = _rows(attempt, "officers", "named")
    return {UUID(row.data["officer"]) for row in rows if row.data["bureau"] == str(body)}


def _record(attempt: Attempt, body: UUID) -> ItemView | None:
    rows = attempt.case.items("records")
    return next((row for row in rows if row.data["bureau"] == str(body)), None)


def _signed(attempt: Attempt, body: UUID) -> set[UUID]:
    """The named officers of a bureau who have signed its record."""
    signatures = attempt.case.signatures("sign_record")
    given = [s for s in signatures if s.organisation_id == body and s.view == AGREE]
    signers = {s.on_behalf_of or s.person_id for s in given}
    return signers & _officers(attempt, body)


def _name(attempt: Attempt, body: UUID) -> str:
    found = attempt.case.organisation(body)
    return found.name if found is not None else str(body)


def _children(attempt: Attempt, *links: str) -> Iterator[ChildView]:
    for link in links:
        yield from attempt.case.children(link)


# Guards: the clue and its assessment ------------------------------------------------------------


@guard(
    "实名举报须填写举报人信息（加密保存）。",
    "A named report wants the reporter's particulars, which are kept apart.",
    reads_inputs=True,
)
def named_reporter_is_recorded(attempt: Attempt) -> bool:
    return not attempt.inputs["reporter_named"] or bool(attempt.inputs.get("reporter"))


@guard("本线索不是实名举报。", "Nobody reported it by name.", basis=cite(REG, "18"))
def reporter_gave_a_name(attempt: Attempt) -> bool:
    return bool(attempt.case.facts.get("reporter_named"))


@guard(
    "实名举报人尚未被告知处理结果。",
    "The named reporter has not been told the result.",
    basis=(cite(REG, "18"), cite(CODE, "145,146")),
)
def named_reporter_was_told(attempt: Attempt) -> bool:
    facts = attempt.case.facts
    return not facts.get("reporter_named") or "reporter_told_on" in facts


@guard(
    "联合执法须涉及本机关以外至少一个部门的职责。",
    "A joint operation wants the competence of at least one other bureau.",
    basis=cite(PLAN),
    reads_inputs=True,
)
def another_competence_is_needed(attempt: Attempt) -> bool:
    asked = ("market_matter", "police_matter", "other_matter")
    return any(attempt.inputs[name] for name in asked)


@guard(
    "当事人类别与登记簿不符。",
    "The kind of party is not that of the register.",
    basis=cite(APL, "40"),
    reads_inputs=True,
)
def party_is_of_that_kind(attempt: Attempt) -> bool:
    party = attempt.inputs.get("party", attempt.case.subject_id)
    found = attempt.case.organisation(UUID(str(party)))
    return found is not None and found.facts["kind"] == attempt.inputs["party_kind"]


# Guards: the plan -------------------------------------------------------------------------------


@guard("方案尚未列明协办机关。", "The plan names no assisting bureau.")
def some_bureau_assists(attempt: Attempt) -> bool:
    return bool(_rows(attempt, "bureaus", "named"))


@guard(
    "本单位执法人员须至少 {least} 名，方案已列 {count} 名。",
    "At least {least} officers of one's own bureau are wanted, the plan names {count}.",
    basis=(cite(REG, "17"), cite(APL, "42")),
)
def own_officers_are_named(attempt: Attempt) -> bool | Unmet:
    count = len(_officers(attempt, attempt.actor.organisation_id))
    return count >= OFFICERS_WANTED or Unmet(least=OFFICERS_WANTED, count=count)


@guard(
    "检查结束日期不能早于开始日期。",
    "The inspection cannot end before it begins.",
    reads_inputs=True,
)
def inspection_ends_after_it_begins(attempt: Attempt) -> bool:
    return bool(attempt.inputs["planned_on"] <= attempt.inputs["planned_end_on"])


@guard(
    "本年度已检查 {done} 次，达到年度上限 {cap} 次，须说明不受上限限制的事由。",
    "{done} inspections this year reach the yearly cap of {cap}: say why the cap does not apply.",
    basis=cite(INSP),
    reads_inputs=True,
)
def yearly_cap_is_kept(attempt: Attempt) -> bool | Unmet:
    done, cap = attempt.inputs["inspections_this_year"], attempt.inputs["yearly_cap"]
    return done < cap or bool(attempt.inputs.get("cap_reason")) or Unmet(done=done, cap=cap)


@guard(
    "所列执法人员不属于该机关，或您无权为该机关列名。",
    "The officer is not of that bureau, or the bureau is not yours to name officers for.",
    reads_inputs=True,
)
def officer_is_of_the_bureau(attempt: Attempt) -> bool:
    own = attempt.actor.organisation_id
    body = UUID(attempt.inputs.get("bureau", str(own)))
    officer = UUID(attempt.inputs["officer"])
    return (body == own or _leads(attempt)) and body in attempt.case.bodies_of(officer)


@guard(
    "执法证号与登记的当日有效证件不符（V-2）。",
    "The certificate is not the one registered and valid today (V-2).",
    basis=(cite(REG, "17"), cite(APL, "42,55")),
    reads_inputs=True,
)
def certificate_is_registered(attempt: Attempt) -> bool:
    officer = UUID(attempt.inputs["officer"])
    kept = attempt.case.certificate_of(officer, attempt.today)
    return kept is not None and kept == attempt.inputs["certificate"]


# Guards: on site --------------------------------------------------------------------------------


@guard(
    "{body}当日持有效执法证的执法人员为 {count} 名，每个机关须至少 {least} 名（V-2）。",
    "{body} has {count} officers with certificates valid today; each bureau wants {least} (V-2).",
    basis=(cite(REG, "17"), cite(APL, "42,55")),
)
def every_bureau_has_two_officers(attempt: Attempt) -> bool | Unmet:
    for body in _bodies(attempt):
        officers = _officers(attempt, body)
        count = sum(attempt.case.certificate_of(o, attempt.today) is not None for o in officers)
        if count < OFFICERS_WANTED:
            return Unmet(body=_name(attempt, body), count=count, least=OFFICERS_WANTED)
    return True


@guard(
    "{body}不是行政检查主体：议事协调机构和第三方机构不得实施检查。",
    "{body} may not inspect: neither a coordination body nor a third party can.",
    basis=cite(INSP),
)
def only_authorities_inspect(attempt: Attempt) -> bool | Unmet:
    for body in _bodies(attempt):
        found = attempt.case.organisation(body)
        if found is None or found.facts["kind"] not in INSPECTING_KINDS:
            return Unmet(body=_name(attempt, body))
    return True


@guard(
    "须填写检查通知书送达日期；不预先通知的，须说明理由。",
    "Give the day on which the notice was served, or the reason for coming unannounced.",
    basis=cite(INSP),
    reads_inputs=True,
)
def notice_is_served_or_reasoned(attempt: Attempt) -> bool:
    return "served_on" in attempt.inputs or "unannounced_reason" in attempt.inputs


@guard("本机关的检查记录已经建立，请修改该记录。", "Your bureau has its record: amend that one.")
def own_bureau_has_no_record(attempt: Attempt) -> bool:
    return _record(attempt, attempt.actor.organisation_id) is None


@guard("本机关尚未建立检查记录。", "Your bureau has no record to sign.")
def own_bureau_has_its_record(attempt: Attempt) -> bool:
    return _record(attempt, attempt.actor.organisation_id) is not None


@guard(
    "检查笔录由其所属机关修改。",
    "A record is changed by its own bureau alone.",
    basis=(cite(REG, "17"), cite(APL, "42,55")),
)
def record_is_of_own_bureau(attempt: Attempt) -> bool:
    own = str(attempt.actor.organisation_id)
    return attempt.item is None or bool(attempt.item.data["bureau"] == own)


@guard(
    "记录已有人签字且无人提出异议，不能再修改。",
    "The record has been signed, nobody objects: it can no longer be changed.",
)
def record_is_open_or_objected_to(attempt: Attempt) -> bool:
    own = attempt.actor.organisation_id
    views = {s.view for s in attempt.case.signatures("sign_record") if s.organisation_id == own}
    return not views or OBJECT in views


@guard(
    "检查记录由方案所列的本机关执法人员签字；代办人须本人持有效执法证。",
    "A record is signed by the officers the plan names for that bureau; a substitute needs a certificate of their own.",
    basis=(cite(REG, "17"), cite(APL, "42")),
)
def signer_is_a_named_officer(attempt: Attempt) -> bool:
    actor = attempt.actor
    if actor.seated_as not in _officers(attempt, actor.organisation_id):
        return False
    stands_in = actor.on_behalf_of is not None
    return not stands_in or attempt.case.certificate_of(actor.person_id, attempt.today) is not None


@guard(
    "{body}的检查记录须由其自己的 {least} 名执法人员签字，现有 {count} 名。",
    "The record of {body} wants the hands of {least} officers of its own, it has {count}.",
    basis=(cite(REG, "17"), cite(APL, "42,55")),
)
def every_record_is_signed(attempt: Attempt) -> bool | Unmet:
    for body in _bodies(attempt):
        count = len(_signed(attempt, body)) if _record(attempt, body) is not None else 0
        if count < OFFICERS_WANTED:
            return Unmet(body=_name(attempt, body), count=count, least=OFFICERS_WANTED)
    return True


@guard(
    "涉嫌对象须为本案的对象。",
    "Whoever is suspected must be whom this case is about.",
    reads_inputs=True,
)
def accused_is_the_subject(attempt: Attempt) -> bool:
    found = attempt.case.organisation(attempt.case.subject_id)
    return found is not None and found.facts["kind"] == attempt.inputs["accused"]


# Guards: findings and what they become ----------------------------------------------------------


@guard(
    "本机关办理的由主办机关负责；移送的须另有接收机关。",
    "What we handle ourselves is the lead's; what is handed over wants another body.",
    basis=cite(APL, "25,27"),
    reads_inputs=True,
)
def owner_fits_the_route(attempt: Attempt) -> bool:
    lead = {str(seat.organisation_id) for seat in attempt.case.participants(Capacity.LEAD)}
    ours = attempt.inputs["route"] in ("own", "agency")
    return (attempt.inputs["owner_bureau"] in lead) == ours


@guard(
    "只有当事人为技术服务机构的，才能按第三方机构查处办理。",
    "Only an agency can be dealt with as a third-party agency.",
    reads_inputs=True,
)
def route_fits_the_party(attempt: Attempt) -> bool:
    if attempt.item is None or attempt.inputs["route"] != "agency":
        return True
    return bool(attempt.item.data["party_kind"] == "agency")


@guard(
    "还有 {left} 个问题未分流：每个问题须有一个责任机关和依据条款。",
    "{left} findings are not split: each wants one owner bureau and an article.",
)
def every_finding_is_split(attempt: Attempt) -> bool | Unmet:
    left = len(_rows(attempt, "findings", "found"))
    return left == 0 or Unmet(left=left)


def _standing(attempt: Attempt) -> list[ItemView]:
    return [row for row in attempt.case.items("findings") if row.status != "dropped"]


@guard("没有成立的问题，不能分流。", "There is no finding to split.")
def some_finding_stands(attempt: Attempt) -> bool:
    return bool(_standing(attempt))


@guard("仍有成立的问题，须分流办理。", "There are findings: split them.")
def no_finding_stands(attempt: Attempt) -> bool:
    return not _standing(attempt)


@guard(
    "该问题没有被接收机关退回，不能改变去向。",
    "The matter has not been returned: it goes nowhere else.",
)
def matter_was_returned(attempt: Attempt) -> bool:
    row = attempt.item
    if row is None or row.status not in HANDED_TO:
        return True
    return any(
        child.state == "returned"
        and child.facts.get("bureau") in (None, row.data.get("owner_bureau"))
        for child in attempt.case.children(HANDED_TO[row.status])
    )


@guard(
    "还有 {left} 个问题未立案或未移送。", "{left} findings have neither been filed nor handed over."
)
def every_finding_has_its_case(attempt: Attempt) -> bool | Unmet:
    left = len(_rows(attempt, "findings", *WAITING))
    return left == 0 or Unmet(left=left)


@guard(
    "有 {left} 个被退回的事项未重新分流。", "{left} matters were returned and have no new owner."
)
def every_returned_matter_has_a_new_owner(attempt: Attempt) -> bool | Unmet:
    returned = sum(c.state == "returned" for c in _children(attempt, *HANDED_TO.values()))
    left = returned - int(attempt.case.facts.get("times_resplit", 0))
    return left <= 0 or Unmet(left=left)


@guard("还有 {left} 件未被接收或立案。", "{left} cases have not been accepted yet.")
def every_case_is_accepted(attempt: Attempt) -> bool | Unmet:
    left = sum(
        child.state in pending for link, pending in CASES.items() for child in _children(attempt, link)
    )  # fmt: skip
    return left == 0 or Unmet(left=left)


@guard("还有 {left} 件子案或附随事项未办结。", "{left} cases or side matters are still open.")
def nothing_is_open(attempt: Attempt) -> bool | Unmet:
    left = sum(not child.is_final for child in _children(attempt, *CASES, *TRACKS))
    return left == 0 or Unmet(left=left)


@guard(
    "核定值更正、配额核减须先向自治区厅报告。",
    "A correction of the verified value or a cut of the allowance is first reported to the region.",
    basis=cite(REG, "22"),
    reads_inputs=True,
)
def region_was_told(attempt: Attempt) -> bool:
    concerns = attempt.inputs["value_is_wrong"] or attempt.inputs["allowance_is_cut"]
    told = any(child.state == "acknowledged" for child in attempt.case.children("upward_reports"))
    return told or not concerns


@guard(
    "核定排放量须更正的，须写明是哪个单位、哪一年度的报告。",
    "Where a verified value has to be corrected, say whose report of which year it is.",
    reads_inputs=True,
)
def wrong_value_is_named(attempt: Attempt) -> bool:
    inputs = attempt.inputs
    return not inputs["value_is_wrong"] or ("value_unit" in inputs and "value_year" in inputs)


class JointEnforcement(Lifecycle):
    """From the clue to the report: plan, countersignatures, inspection, findings, their cases."""

    key = "joint_enforcement"
    zh, en = "联合执法", "Joint enforcement"
    subject = SubjectKind.OPERATION
    number_prefix = "卫联"
    private = True

    # States (domain 16.1) -----------------------------------------------------------------------

    clue_registered = State("线索登记", "Clue registered", waits_for=SUPERVISOR)
    assessing = State("研判", "Being assessed", waits_for=SUPERVISOR)
    plan_drafting = State("方案制定", "Plan being drafted", waits_for=SUPERVISOR)
    plan_consulting = State("会签", "Plan being countersigned", waits_for=PARTNER_MARKET)
    plan_approved = State("方案已批", "Plan approved", waits_for=INSPECTOR)
    inspecting = State("联合检查中", "Joint inspection", waits_for=INSPECTOR)
    consolidating = State("问题汇总", "Findings being consolidated", waits_for=SUPERVISOR)
    split = State("分流办理", "Findings handed out", waits_for=SUPERVISOR)
    tracking = State("跟踪反馈", "Tracking and feedback", waits_for=PARTNER_MARKET)
    summary_due = State("待总结上报", "Summary due", waits_for=SUPERVISOR)
    closed = State("办结", "Closed", final=True)
    no_case = State("不予处理", "No case", final=True)

    UNFILED = StateSet("尚未立案", "Not filed yet", (
        clue_registered, assessing, plan_drafting, plan_consulting, plan_approved, inspecting, consolidating, split,
    ))  # fmt: skip
    PLANNING = StateSet("方案阶段", "Planning", (plan_drafting, plan_consulting, plan_approved))
    FINDING = StateSet("检查与汇总", "Inspecting and consolidating", (inspecting, consolidating))
    HANDING_OUT = StateSet("分流与跟踪", "Handing out and tracking", (split, tracking))

    # Rows ---------------------------------------------------------------------------------------

    bureaus = Items(
        "协办机关", "Assisting bureau",
        statuses={"named": Label("已列入", "Named"), "struck": Label("已取消", "Struck out")},
        open_statuses=("named",), owners=("bureau",),
    )  # fmt: skip
    officers = Items(
        "执法人员", "Officer",
        statuses={"named": Label("已列入", "Named"), "struck": Label("已取消", "Struck out")},
        open_statuses=("named",), owners=("bureau",),
    )  # fmt: skip
    records = Items(
        "检查笔录", "Record of a bureau",
        statuses={"drafted": Label("待签字", "To be signed"), "signed": Label("已签字", "Signed")},
        open_statuses=("drafted",), owners=("bureau",),
    )  # fmt: skip
    findings = Items(
        "发现的问题", "Finding",
        statuses={
            "found": Label("待分流", "To be split"),
            "own": Label("本机关待立案", "Ours, to be filed"),
            "agency": Label("机构待查处", "Agency, to be dealt with"),
            "partner": Label("待移送协同部门", "To go to a partner"),
            "police": Label("待移送公安机关", "To go to the police"),
            "elsewhere": Label("待移送外地或上级", "To go elsewhere"),
            "own_opened": Label("已转立案", "Case opened"),
            "agency_opened": Label("机构查处中", "Agency case opened"),
            "partner_sent": Label("已移送协同部门", "With a partner"),
            "police_sent": Label("已移送公安机关", "With the police"),
            "elsewhere_sent": Label("已移送外地或上级", "With another body"),
            "dropped": Label("不成立", "Does not stand"),
        },
        open_statuses=("found", *WAITING), owners=("found_by", "owner_bureau"),
    )  # fmt: skip

    # Documents ----------------------------------------------------------------------------------

    clue_sheet = Document("线索登记表", "Clue sheet", form="clue_sheet", external=False)
    clue_transfer = Document("线索移送单", "Transfer of a clue", form="clue_sheet", external=False)
    extension_approval = Document("内部审批表", "Internal approval", form="internal_approval", external=False)  # fmt: skip
    no_filing = Document("不予立案审批表", "Approval not to file", form="no_filing_approval", external=False)  # fmt: skip
    joint_plan = Document("联合检查方案", "Joint plan of inspection", form="joint_plan")  # fmt: skip
    countersign_sheet = Document("会签单", "Countersignature sheet", form="countersign_sheet", external=False)  # fmt: skip
    inspection_approval = Document("行政检查审批表", "Approval of the inspection", form="inspection_approval", external=False, basis=(cite(INSP),))  # fmt: skip
    inspection_notice = Document("检查通知书", "Notice of inspection", form="inspection_notice", basis=(cite(INSP), cite(REG, "17")))  # fmt: skip
    police_request = Document("协助调查函", "Request for assistance", form="assistance_request", basis=(cite(APL, "26"),))  # fmt: skip
    crime_notice = Document("通报", "Notice of a suspected crime", external=False, basis=(cite(XJ17, "26"),))  # fmt: skip
    joint_record = Document("联合检查记录", "Joint record", form="joint_record", external=False)
    own_records = Document("笔录", "Records of the bureaus", form="inspection_record", external=False)  # fmt: skip
    split_sheet = Document("问题分流单", "Sheet of the split", form="split_sheet", external=False)
    feedback_letter = Document("反馈函", "Letter of feedback", form="feedback_letter")  # fmt: skip
    work_summary = Document("工作总结", "Summary", form="work_summary", external=False)
    report = Document("报告", "Report", form="upward_report", external=False)

    # Clue and assessment ------------------------------------------------------------------------

    register = Transition(
        "登记线索", "Register a clue", code="J01", sources=OPENING, to=clue_registered, by=[INSPECTOR, SUPERVISOR, SYSTEM],
        guards=[named_reporter_is_recorded], inputs=CLUE, documents=[clue_sheet], notices=[SUPERVISOR],
        basis=[cite(REG, "18"), cite(O30, "18")],
    )  # fmt: skip
    assess = Transition(
        "开始研判", "Assess", code="J02", sources=[clue_registered], to=assessing, by=[SUPERVISOR],
        inputs=[LongText("first_view", "初步意见", "First view", required=False, longest=2000)],
    )  # fmt: skip
    extend_filing = Transition(
        "批准延长立案期限", "Extend the time to file", code="J02a", sources=UNFILED, by=[LEADER], extends="filing",
        inputs=[LongText("filing_extension_reason", "延长理由", "Reason", longest=2000)],
        documents=[extension_approval], notices=[SUPERVISOR], basis=[cite(O30, "18")],
    )  # fmt: skip
    tell_reporter = Transition(
        "告知实名举报人", "Tell the named reporter", code="J03a", sources=OPEN, by=[INSPECTOR, SUPERVISOR], guards=[reporter_gave_a_name],
        inputs=[
            Day("reporter_told_on", "告知日期", "Told on", past=True),
            LongText("told", "告知内容及方式", "What was told, and how", longest=2000, sealed=True),
        ],
        basis=[cite(REG, "18"), cite(CODE, "145,146")],
    )  # fmt: skip
    not_worth = Transition(
        "不予处理", "Take no case", code="J03", sources=[assessing], to=no_case, by=[LEADER], guards=[named_reporter_was_told],
        inputs=[LongText("no_case_reason", "理由", "Reason", longest=4000)],
        documents=[no_filing], notices=[SUPERVISOR], basis=[cite(O30, "18,19")], confirms=True,
    )  # fmt: skip
    find_nothing = Transition(
        "检查未发现违法，不予处理", "Nothing was found: take no case", code="J03b", sources=[consolidating], to=no_case, by=[LEADER],
        guards=[no_finding_stands, named_reporter_was_told],
        inputs=[LongText("no_case_reason", "理由", "Reason", longest=4000)],
        documents=[no_filing], notices=[SUPERVISOR, *PARTNERS], basis=[cite(O30, "18,19")], confirms=True,
    )  # fmt: skip
    single_bureau = Transition(
        "本机关单独立案查处", "Deal with it alone", code="J04", sources=[assessing], to=split, by=[SUPERVISOR], guards=[party_is_of_that_kind],
        inputs=[
            YesNo("no_partner_matter", "不涉及其他部门职责", "No other bureau is concerned", must=True),
            CONDUCT, PARTY_KIND,
            Text("cause", "案由（涉嫌…案）", "Cause of the case"),
        ],
        confirms=True,
    )  # fmt: skip
    plan_jointly = Transition(
        "需要联合执法，制定方案", "Act jointly: draft a plan", code="J05", sources=[assessing], to=plan_drafting, by=[SUPERVISOR],
        guards=[another_competence_is_needed],
        inputs=[
            YesNo("market_matter", "涉及市场监管职责（资质、计量、检验检测）", "Market supervision is concerned"),
            YesNo("police_matter", "涉及公安机关职责", "The police are concerned"),
            YesNo("other_matter", "涉及其他部门职责", "Another bureau is concerned"),
            LongText("joint_reason", "联合执法理由", "Why jointly", longest=2000),
        ],
        basis=[cite(PLAN), cite(CODE, "20,33,50")],
    )  # fmt: skip

    # The plan -----------------------------------------------------------------------------------

    add_bureau = Transition(
        "列入协办机关", "Name an assisting bureau", code="J06a", sources=[plan_drafting], by=[SUPERVISOR], item=Raise(bureaus),
        inputs=[
            Organisation("bureau", "协办机关", "Assisting bureau", kind="partner"),
            LongText("check_items", "检查事项", "Items it checks", longest=4000),
        ],
        effects=[Join(Capacity.ASSISTING, "bureau")],
    )  # fmt: skip
    clear_bureaus = Transition(
        "重新确定协办机关", "Name the bureaus anew", code="J06b", sources=[plan_drafting], by=[SUPERVISOR],
        moves=[MoveRows(bureaus, {"named": "struck"})], effects=[Leave(Capacity.ASSISTING)],
    )  # fmt: skip
    name_officer = Transition(
        "列入本机关执法人员", "Name an officer of the lead", code="J06c", sources=PLANNING, by=[SUPERVISOR], item=Raise(officers),
        guards=[officer_is_of_the_bureau, certificate_is_registered],
        inputs=[
            Person("officer", "执法人员", "Officer", role=Role.INSPECTOR, of=Capacity.LEAD),
            Text("certificate", "执法证号", "Certificate number", longest=40),
        ],
        basis=[cite(REG, "17"), cite(APL, "42")],
    )  # fmt: skip
    name_partner_officer = Transition(
        "列入协办机关执法人员", "Name an officer of a partner", code="J06d", sources=PLANNING, by=[*PARTNERS, SUPERVISOR], item=Raise(officers),
        guards=[officer_is_of_the_bureau, certificate_is_registered],
        inputs=[
            Person("officer", "执法人员", "Officer", of=Capacity.ASSISTING),
            Text("certificate", "执法证号", "Certificate number", longest=40),
            Organisation("bureau", "所属机关（由主办机关代填时必填）", "Bureau, where the lead fills in", kind="partner", required=False),
        ],
        basis=[cite(REG, "17"), cite(APL, "42")],
    )  # fmt: skip
    strike_officer = Transition(
        "取消执法人员", "Strike an officer out", code="J06e", sources=PLANNING, by=[SUPERVISOR, *PARTNERS],
        item=Take(officers, ("named",), "struck"),
        inputs=[Text("strike_reason", "原因", "Reason")],
    )  # fmt: skip
    circulate = Transition(
        "提交会签", "Circulate the plan", code="J06", sources=[plan_drafting], to=plan_consulting, by=[SUPERVISOR],
        guards=[some_bureau_assists, own_officers_are_named, inspection_ends_after_it_begins, yearly_cap_is_kept],
        inputs=[
            LongText("targets", "检查对象及地点", "Targets and places", longest=2000),
            LongText("lead_items", "主办机关检查事项", "Items the lead checks", longest=4000),
            Day("planned_on", "计划开始日期", "Planned to begin on", future=True),
            Day("planned_end_on", "计划结束日期", "Planned to end on", future=True),
            LongText("evidence_plan", "取证方案（含音像记录）", "How evidence is taken and recorded", longest=4000),
            LongText("safety_plan", "安全保障", "Safety", longest=2000),
            Whole("inspections_this_year", "该企业本年度已检查次数", "Inspections of the enterprise this year", highest=999),
            Whole("yearly_cap", "年度检查频次上限", "Yearly cap", lowest=1, highest=999),
            LongText("cap_reason", "不受上限限制的事由", "Why the cap does not apply", required=False, longest=1000),
        ],
        documents=[joint_plan], notices=PARTNERS, basis=[cite(INSP), cite(PLAN)],
    )  # fmt: skip
    object_to_plan = Transition(
        "提出修改意见并退回", "Object and send the plan back", code="J07", sources=[plan_consulting], to=plan_drafting, by=PARTNERS,
        recorded_by=[SUPERVISOR],
        inputs=[LongText("objection", "意见及理由", "Objection and reasons", longest=4000)],
        documents=[countersign_sheet], notices=[SUPERVISOR],
    )  # fmt: skip
    countersign = Signoff(
        "会签方案（本单位负责人已同意的选「同意」）", "Countersign the plan", code="J08a", sources=[plan_consulting], by=PARTNERS,
        guards=[own_officers_are_named], per=Per.ORGANISATION, silence=Silence(after="consultation"), voided_by=[circulate],
        notices=[SUPERVISOR],
    )  # fmt: skip
    approve = Transition(
        "批准方案", "Approve the plan", code="J08", sources=[plan_consulting], to=plan_approved, by=[LEADER], guards=[countersign.complete()],
        inputs=[YesNo("item_is_published", "检查事项已列入公布的行政检查事项", "The item is among the published inspection items", must=True)],
        documents=[inspection_approval], notices=[INSPECTOR, *PARTNERS], basis=[cite(INSP)], confirms=True,
    )  # fmt: skip

    # On site ------------------------------------------------------------------------------------

    enter_site = Transition(
        "进场检查", "Enter", code="J09", sources=[plan_approved], to=inspecting, by=[INSPECTOR],
        guards=[every_bureau_has_two_officers, only_authorities_inspect, notice_is_served_or_reasoned],
        inputs=[
            Day("served_on", "检查通知书送达日期", "Notice served on", required=False, past=True),
            LongText("unannounced_reason", "不预先通知的理由", "Why unannounced", required=False, longest=1000),
            YesNo("certificates_shown", "已出示执法证件并告知权利义务", "Certificates shown, rights told", must=True),
            YesNo("support_only", "如有第三方参加，仅提供技术支持，不作为检查主体", "A third party, if any, supports and does not inspect", must=True),
            Text("entry_code", "扫码入企记录编号", "Number of the scan on entry", required=False, longest=60),
        ],
        documents=[inspection_notice], serves=[inspection_notice], notices=PARTNERS, basis=[cite(INSP), cite(REG, "17")],
    )  # fmt: skip
    preserve_evidence = Transition(
        "先行登记保存证据", "Preserve evidence", code="J10", sources=[inspecting], by=[INSPECTOR],
        inputs=[
            YesNo("urgent", "情况紧急，已以通讯方式报负责人同意", "Urgent: approved by message"),
            LongText("things", "登记保存的物品清单", "Things preserved", longest=4000),
        ],
        notices=[LEADER], basis=[cite(APL, "56"), cite(O30, "32,33")],
    )  # fmt: skip
    record_obstruction = Transition(
        "记录拒绝、阻碍检查", "Record an obstruction", code="J11", sources=[inspecting], by=[INSPECTOR],
        inputs=[
            LongText("obstruction", "经过", "What happened", longest=4000),
            Files("obstruction_files", "音像记录", "Recordings", required=False),
        ],
        documents=[police_request], notices=[SUPERVISOR, PARTNER_POLICE], basis=[cite(REG, "26"), cite(CODE, "1229"), cite(APL, "26")],
    )  # fmt: skip
    raise_obstruction = Transition(
        "登记拒绝、阻碍检查线索（另案）", "Raise the obstruction as a clue", code="J11a", sources=FINDING, by=[INSPECTOR],
        guards=[accused_is_the_subject],
        inputs=[ACCUSED, DISCOVERED_ON, SUSPICION, EVIDENCE],
        effects=[RaiseClue(
            by="accused",
            into={"unit": Target("joint_enforcement"), "agency": Target("agency_penalty")},
            given={"source": "daily_supervision", "conduct": "obstruction", "reporter_named": False},
        )],
        basis=[cite(REG, "26"), cite(CODE, "1229")],
    )  # fmt: skip
    report_crime = Transition(
        "发现明显涉嫌犯罪，立即通报公安机关", "Tell the police of an obvious crime", code="J12", sources=[inspecting], by=[INSPECTOR, PARTNER_POLICE],
        inputs=[
            LongText("crime_facts", "涉嫌犯罪的事实", "Facts", longest=4000),
            Text("told_to", "接报人", "Told to", longest=100),
        ],
        documents=[crime_notice], notices=[LEADER, PARTNER_POLICE], basis=[cite(XJ17, "26")],
    )  # fmt: skip
    raise_finding = Transition(
        "登记发现的问题", "Enter a finding", code="J13a", sources=FINDING, by=[INSPECTOR, *PARTNERS], item=Raise(findings),
        guards=[party_is_of_that_kind],
        inputs=[
            LongText("fact", "事实", "Fact", longest=6000),
            Organisation("party", "当事人", "Party", kind=("unit", "agency", "person")),
            PARTY_KIND, CONDUCT,
            Day("found_on", "发现日期", "Found on", past=True),
            Day("ended_on", "行为终了日期", "The act ended on", required=False, past=True),
            Text("proof", "证据名称", "Evidence, by name", longest=500),
            Files("proof_files", "证据材料", "Evidence", required=False),
        ],
    )  # fmt: skip
    draft_record = Transition(
        "建立本机关检查笔录", "Draft one's own record", code="J13c", sources=[inspecting], by=[INSPECTOR, *PARTNERS], item=Raise(records),
        guards=[own_bureau_has_no_record],
        inputs=[
            Text("place", "检查地点", "Place"),
            Text("hours", "起止时间", "From when to when", longest=60),
            LongText("persons", "在场人员及身份", "Persons present", longest=2000, personal=True),
            YesNo("rights_told", "已出示证件，告知回避、陈述申辩权利", "Certificates shown; recusal and plea explained", must=True),
            LongText("record_facts", "检查情况", "What was seen", longest=10_000),
            Files("record_files", "照片、音像及复制件", "Photographs, recordings, copies", required=False),
        ],
        basis=[cite(APL, "42,55"), cite(REG, "17")],
    )  # fmt: skip
    amend_record = Transition(
        "修改本机关检查笔录", "Amend one's own record", code="J13d", sources=[inspecting], by=[INSPECTOR, *PARTNERS],
        item=Take(records, ("drafted",), "drafted"), guards=[record_is_of_own_bureau, record_is_open_or_objected_to],
        inputs=[
            LongText("record_facts", "检查情况", "What was seen", longest=10_000),
            Files("more_files", "补充材料", "Further files", required=False),
        ],
    )  # fmt: skip
    sign_record = Signoff(
        "在本机关检查笔录上签字", "Sign one's own bureau's record", code="J13e", sources=[inspecting], by=[INSPECTOR, *PARTNERS],
        guards=[signer_is_a_named_officer, own_bureau_has_its_record], per=Per.PERSON, voided_by=[amend_record], voids_own=True,
        basis=[cite(APL, "42,55")],
    )  # fmt: skip
    end_inspection = Transition(
        "结束检查", "End the inspection", code="J13", sources=[inspecting], to=consolidating, by=[INSPECTOR], guards=[every_record_is_signed],
        inputs=[
            LongText("presence", "到场情况（各机关人员、当事人）", "Who was present", longest=4000),
            LongText("joint_facts", "共同确认的事实", "Facts seen by all", longest=6000),
        ],
        moves=[MoveRows(records, {"drafted": "signed"})],
        documents=[joint_record, own_records], notices=[SUPERVISOR, *PARTNERS], basis=[cite(REG, "17")],
    )  # fmt: skip

    # The split ----------------------------------------------------------------------------------

    split_finding = Transition(
        "确定责任机关和依据", "Give a finding its owner", code="J14a", sources=[consolidating], by=[SUPERVISOR],
        guards=[owner_fits_the_route, route_fits_the_party],
        item=Take(findings, ("found", *WAITING), {route: route for route in ROUTES}, by="route"),
        inputs=[
            ROUTE,
            Organisation("owner_bureau", "责任机关", "Owner bureau", kind=("authority", "branch", "partner", "region")),
            Text("article", "依据条款", "Article"),
        ],
        basis=[cite(APL, "25,27"), cite(CODE, "1083")],
    )  # fmt: skip
    drop_finding = Transition(
        "认定问题不成立", "Drop a finding", code="J13b", sources=FINDING, by=[SUPERVISOR, *PARTNERS], item=Take(findings, ("found",), "dropped"),
        inputs=[LongText("drop_reason", "理由", "Reason", longest=2000)],
    )  # fmt: skip
    split_findings = Transition(
        "分流办理", "Hand the findings out", code="J14", sources=[consolidating], to=split, by=[SUPERVISOR],
        guards=[every_finding_is_split, some_finding_stands], documents=[split_sheet], notices=[INSPECTOR, LEADER, *PARTNERS], confirms=True,
    )  # fmt: skip
    open_own_case = Transition(
        "转立案审查", "Open our own case", code="J15", sources=HANDING_OUT, by=[INSPECTOR], item=Take(findings, ("own",), "own_opened"),
        inputs=[Text("cause", "案由（涉嫌…案）", "Cause of the case")],
        basis=[cite(O30, "18")],
    )  # fmt: skip
    open_agency_case = Transition(
        "转第三方机构查处", "Open the case against the agency", code="J15a", sources=HANDING_OUT, by=[INSPECTOR],
        item=Take(findings, ("agency",), "agency_opened"), basis=[cite(REG, "23"), cite(PLAN)],
    )  # fmt: skip
    refer_to_bureau = Transition(
        "移送协同部门", "Refer to a partner bureau", code="J16", sources=HANDING_OUT, by=[SUPERVISOR],
        item=Take(findings, ("partner",), "partner_sent"),
        inputs=[YesNo("papers_complete", "移送材料齐全", "The papers are complete", must=True)],
        basis=[cite(APL, "27"), cite(O30, "16")],
    )  # fmt: skip
    resplit_finding = Transition(
        "被退回事项重新分流", "Give a returned matter a new owner", code="J16a", sources=HANDING_OUT, by=[SUPERVISOR],
        guards=[matter_was_returned, owner_fits_the_route, route_fits_the_party],
        item=Take(findings, tuple(HANDED_TO), {route: route for route in ROUTES}, by="route"),
        inputs=[
            ROUTE,
            Organisation("owner_bureau", "责任机关", "Owner bureau", kind=("authority", "branch", "partner", "region")),
            Text("article", "依据条款", "Article"),
            LongText("superior_view", "商请或报请指定管辖情况", "What the common superior said", longest=2000),
        ],
        basis=[cite(APL, "25"), cite(O30, "16,17")],
    )  # fmt: skip
    refer_to_police = Transition(
        "移送公安机关", "Refer to the police", code="J17", sources=HANDING_OUT, by=[LEADER], item=Take(findings, ("police",), "police_sent"),
        inputs=[Text("crime", "涉嫌罪名", "Suspected crime", required=False)],
        basis=[cite("R310", "5,6"), cite(XJ17, "5,6")], confirms=True,
    )  # fmt: skip
    refer_elsewhere = Transition(
        "移送外地或上级机关", "Refer elsewhere", code="J18", sources=HANDING_OUT, by=[SUPERVISOR], item=Take(findings, ("elsewhere",), "elsewhere_sent"),
        inputs=[LongText("jurisdiction", "管辖依据", "Why it is theirs", longest=2000)],
        basis=[cite(APL, "22,27"), cite(O30, "16,17")],
    )  # fmt: skip
    give_feedback = Transition(
        "反馈办理结果", "Give feedback", code="J19", sources=[tracking], by=PARTNERS, recorded_by=[SUPERVISOR],
        inputs=[
            LongText("feedback", "办理结果", "Outcome", longest=4000),
            Text("feedback_number", "文书文号", "Number of the document", required=False, longest=60),
            Day("feedback_on", "文书日期", "Date of the document", past=True),
        ],
        documents=[feedback_letter], notices=[SUPERVISOR],
    )  # fmt: skip

    # What findings become -----------------------------------------------------------------------

    single_case = Child(
        "行政处罚案件（单独办理）", "Penalty case, dealt with alone", "penalty_procedure", opened_by=single_bureau,
        inputs={"conduct": "conduct", "party_kind": "party_kind", "discovered_on": "discovered_on", "act_ended_on": "act_ended_on", "cause": "cause"},
        inherits={"filing": "filing"},
    )  # fmt: skip
    own_cases = Child(
        "行政处罚案件", "Penalty case", "penalty_procedure", opened_by=open_own_case, each=findings, each_in=("own_opened",), subject="party",
        inputs={"conduct": "conduct", "party_kind": "party_kind", "discovered_on": "discovered_on", "act_ended_on": "ended_on", "cause": "cause"},
        inherits={"filing": "filing"},
    )  # fmt: skip
    agency_cases = Child(
        "第三方机构查处", "Case against an agency", "agency_penalty", opened_by=open_agency_case, each=findings, each_in=("agency_opened",),
        subject="party",
        inputs={"source": "source", "conduct": "conduct", "discovered_on": "found_on", "suspicion": "fact", "act_ended_on": "ended_on", "suspicion_evidence": "proof_files"},
    )  # fmt: skip
    matters = Child(
        "移送协同部门事项", "Matter with a partner", "external_handling", opened_by=refer_to_bureau, each=findings, each_in=("partner_sent",),
        subject="party", inputs={"bureau": "owner_bureau", "matter": "fact", "article": "article", "papers": "proof_files"}, track=True,
    )  # fmt: skip
    elsewhere_matters = Child(
        "移送外地或上级事项", "Matter with another body", "external_handling", opened_by=refer_elsewhere, each=findings, each_in=("elsewhere_sent",),
        subject="party", inputs={"bureau": "owner_bureau", "matter": "fact", "article": "article", "papers": "proof_files"}, track=True,
    )  # fmt: skip
    criminal_cases = Child(
        "移送公安机关案件", "Transfer to the police", "criminal_transfer", opened_by=refer_to_police, each=findings, each_in=("police_sent",),
        subject="party", inputs={"suspicion": "fact", "crime": "crime"},
    )  # fmt: skip
    preservation = Child(
        "先行登记保存", "Preservation of evidence", "measure", opened_by=preserve_evidence, given={"kind": "preservation"},
        inputs={"urgent": "urgent", "things": "things"}, track=True,
    )  # fmt: skip

    # Joins and report ---------------------------------------------------------------------------

    begin_tracking = Transition(
        "全部接收，转入跟踪", "All are accepted", code="J20", sources=[split], to=tracking, by=[SYSTEM], automatic=True,
        guards=[every_finding_has_its_case, every_returned_matter_has_a_new_owner, every_case_is_accepted], notices=[SUPERVISOR, *PARTNERS],
    )  # fmt: skip
    begin_summary = Transition(
        "全部办结，转入总结", "All have ended", code="J21", sources=[tracking], to=summary_due, by=[SYSTEM], automatic=True,
        guards=[every_finding_has_its_case, every_returned_matter_has_a_new_owner, nothing_is_open], notices=[SUPERVISOR],
    )  # fmt: skip
    report_upwards = Transition(
        "向自治区厅报告", "Report to the region", code="J22a", sources=[summary_due], by=[SUPERVISOR], inputs=[KIND, SUMMARY],
        basis=[cite(PLAN)],
    )  # fmt: skip
    upward_reports = Child(
        "向自治区厅报告", "Report to the region", "upward_report", opened_by=report_upwards, inputs={"kind": "kind", "summary": "summary"}, track=True,
    )  # fmt: skip
    report_and_close = Transition(
        "总结上报并办结", "Report and close", code="J22", sources=[summary_due], to=closed, by=[SUPERVISOR],
        guards=[nothing_is_open, named_reporter_was_told, region_was_told, wrong_value_is_named],
        inputs=[
            LongText("results", "办理结果", "Results", longest=6000),
            YesNo("value_is_wrong", "核定排放量须更正（以自治区厅决定为准）", "A verified value has to be corrected, as the region decides"),
            Organisation("value_unit", "须更正的报告：单位", "Report to be corrected: unit", kind="unit", required=False),
            Whole("value_year", "须更正的报告：年度", "Report to be corrected: year", required=False, lowest=2019, highest=2199),
            YesNo("allowance_is_cut", "须核减配额（由自治区厅办理）", "An allowance has to be cut, by the region"),
            LongText("credit_entries", "记入信用记录情况", "Entries in the credit record", required=False, longest=2000),
        ],
        effects=[Relate("verification", "value_unit", "value_year")],
        documents=[work_summary, report], notices=[LEADER, *PARTNERS], basis=[cite(PLAN)], confirms=True,
    )  # fmt: skip

    # Deadlines ----------------------------------------------------------------------------------

    filing = Deadline(
        "立案", "Filing", anchor=AfterDay("discovered_on", register), due=Lasts("filing"), expiry=Expiry.AUTHORITY_BREACH,
        met_by=[not_worth, find_nothing, begin_tracking], handed_to=("single_case", "own_cases"),
        extensions=[Extension("filing_extension", [LEADER])], waits_for=SUPERVISOR, ladder="L-15", basis=[cite(O30, "18")],
    )  # fmt: skip
    assessment = Deadline(
        "线索研判", "Assessment of the clue", anchor=After(register), due=Lasts("clue_assessment"), expiry=Expiry.TARGET, met_by=[assess],
        waits_for=SUPERVISOR, ladder="L-3",
    )  # fmt: skip
    drafting = Deadline(
        "制定方案", "Plan drafted", anchor=After(plan_jointly, object_to_plan), due=Lasts("plan_drafting"), expiry=Expiry.TARGET,
        met_by=[circulate], waits_for=SUPERVISOR, ladder="L-7",
    )  # fmt: skip
    consultation = Deadline(
        "会签", "Countersignature", anchor=After(circulate), due=Lasts("plan_consulting"), expiry=Expiry.TARGET, met_by=[approve],
        voided_by=[object_to_plan], waits_for=PARTNER_MARKET, ladder="L-X",
    )  # fmt: skip
    planned_entry = Deadline(
        "按计划进场", "Entry as planned", anchor=After(circulate), due=On("planned_on"), expiry=Expiry.TARGET, met_by=[enter_site],
        voided_by=[object_to_plan], waits_for=INSPECTOR, ladder="L-3",
    )  # fmt: skip
    planned_end = Deadline(
        "按计划结束检查", "Inspection ended as planned", anchor=After(circulate), due=On("planned_end_on"), expiry=Expiry.TARGET,
        met_by=[end_inspection], voided_by=[object_to_plan], waits_for=INSPECTOR, ladder="L-3",
    )  # fmt: skip
    consolidation = Deadline(
        "汇总分流", "Findings split", anchor=After(end_inspection), due=Lasts("consolidating"), expiry=Expiry.TARGET,
        met_by=[split_findings, find_nothing], waits_for=SUPERVISOR, ladder="L-3",
    )  # fmt: skip
    summary = Deadline(
        "总结上报", "Summary", anchor=After(begin_summary), due=Lasts("operation_summary"), expiry=Expiry.TARGET, met_by=[report_and_close],
        waits_for=SUPERVISOR, ladder="L-7",
    )  # fmt: skip

    # Facts --------------------------------------------------------------------------------------

    source = Fact("线索来源", "Source", latest="source", of=[register])
    conduct = Fact("涉嫌行为", "Suspected conduct", latest="conduct", of=[register, single_bureau])
    discovered_on = Fact("发现日期", "Discovered on", latest="discovered_on", of=[register])
    act_ended_on = Fact("行为终了日期", "The act ended on", latest="act_ended_on", of=[register])
    reporter_named = Fact("实名举报", "Named report", latest="reporter_named", of=[register])
    reporter_told_on = Fact("告知举报人日期", "Reporter told on", latest="reporter_told_on", of=[tell_reporter])  # fmt: skip
    times_resplit = Fact("重新分流次数", "Matters given a new owner", count=True, of=[resplit_finding])  # fmt: skip
