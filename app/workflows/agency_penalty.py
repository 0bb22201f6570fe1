"""A third-party agency dealt with 第三方机构查处, one case per agency (SM-4).

Interim Regulations on Carbon Emissions Trading, art. 23; the city's plan 卫政办发〔2023〕61号, which
wants agencies supervised and reported on upwards. The agency and each person responsible is the
party of a penalty case of its own. The reports to the autonomous region, the referral of a
qualification and the bans 禁业 run beside the main line and are joined before the case closes.
An agency under a correction answers in that track; it has no seat here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from app.engine.actors import (
    INSPECTOR,
    INVESTIGATOR,
    LEADER,
    SUPERVISOR,
    SYSTEM,
    Capacity,
    Role,
)
from app.engine.definition import (
    OPEN,
    OPENING,
    After,
    AfterDay,
    Bar,
    Child,
    Deadline,
    Document,
    Expiry,
    Extension,
    Fact,
    Items,
    Join,
    Lasts,
    Lifecycle,
    Lift,
    MoveRows,
    On,
    Publish,
    Raise,
    State,
    StateSet,
    SubjectKind,
    Take,
    Transition,
    Unmet,
    Withdraw,
    guard,
)
from app.engine.inputs import (
    Choice,
    Day,
    Files,
    LongText,
    Organisation,
    People,
    Text,
    Whole,
    YesNo,
)
from app.engine.view import Attempt, ChildView
from app.law.acts import Act, Party
from app.law.labels import Label
from app.law.penalties import PenaltyRule, Subject, rules_for
from app.law.periods import add_months
from app.law.prompts import CrimePrompt, crime_prompts
from app.law.sources import cite
from app.workflows.clues import CLUE, CONDUCT, DISCOVERED_ON
from app.workflows.joint_enforcement import (
    named_reporter_is_recorded,
    named_reporter_was_told,
    reporter_gave_a_name,
)
from app.workflows.penalty_guards import publication_ends_after_it_begins
from app.workflows.penalty_inputs import PUBLISHED_UNTIL
from app.workflows.separation import Duty, certified, named_apart_as
from app.workflows.upward_report import FINAL, INITIAL, SUMMARY

APL, CODE, INSP, O30, PLAN, REG, CRI = "APL", "CODE", "INSP", "O30", "PLAN", "REG", "CRI"

FIVE_YEARS, FOR_LIFE = "five_years", "life"
BAN_YEARS: Final = 5
PERSONS: Final = ("person_procedures", "late_person_procedures")
PROCEDURES: Final = ("procedure", *PERSONS)
"""Links of the penalty cases: of the agency, and of the persons responsible."""
BESIDE: Final = ("corrections", "qualification", "initial_reports", "final_reports")
"""Links of the tracks beside the main line."""
UNDECIDED: Final = frozenset({
    "filing_review", "investigating", "suspended", "terminated", "case_review", "pre_notice_approval", "notice_served", "plea_review",
    "hearing_preparation", "hearing_done", "legal_review", "collective_discussion", "decision_pending",
})  # fmt: skip
"""States of a penalty case up to its decision (domain 16.2)."""

TYPES: Final = Choice("agency_type", "机构类型", "Type of agency", options=(
    ("testing", Label("检验检测", "Testing")),
    ("compiling", Label("报告编制", "Compiling reports")),
    ("review", Label("技术审核（核查）", "Technical review")),
    ("asset_management", Label("碳资产管理咨询", "Carbon asset management")),
))  # fmt: skip
SCOPE: Final = Choice("ban_scope", "禁业范围", "Banned from", options=(
    ("all", Label("检验检测、年度排放报告编制和技术审核业务", "Testing, compiling and reviewing")),
    ("reports", Label("年度排放报告编制和技术审核业务", "Compiling and reviewing annual reports")),
))  # fmt: skip
BAN_SINCE: Final = Day("banned_from", "禁业起始日（决定生效日）", "Banned from, the day of effect", past=True)  # fmt: skip
BAN_BASIS: Final = Text("ban_basis", "决定文书文号及条款", "Decision and article")
BAN_REASONS: Final = LongText("serious_reasons", "情节严重的理由", "Why the case is serious", required=False, longest=4000)  # fmt: skip


# What guards look at ----------------------------------------------------------------------------


def _children(attempt: Attempt, *links: str) -> Iterator[ChildView]:
    for link in links:
        yield from attempt.case.children(link)


def _procedure(attempt: Attempt) -> ChildView | None:
    """The penalty case of the agency itself."""
    return next(iter(attempt.case.children("procedure")), None)


def _procedure_of(attempt: Attempt) -> ChildView | None:
    """The penalty case of the person whose row is acted on."""
    if attempt.item is None:
        return None
    person = attempt.item.data["person"]
    found = [c for c in _children(attempt, *PERSONS) if str(c.subject_id) == person]
    return found[-1] if found else None


def _ban(child: ChildView | None) -> str:
    """The ban that the decision in force of a penalty case carries."""
    if child is None or child.state in UNDECIDED or "decided_fine" not in child.facts:
        return "none"
    return str(child.facts.get("decided_ban") or "none")


def _is_punished(child: ChildView) -> bool:
    return child.state not in UNDECIDED and "decided_fine" in child.facts


def _stands(child: ChildView) -> bool:
    """Whether a penalty was decided and not annulled since."""
    return _is_punished(child) and "annulled_on" not in child.facts


def _count(attempt: Attempt, fact: str) -> int:
    return int(attempt.case.facts.get(fact, 0))


def _sent(attempt: Attempt, link: str) -> int:
    return sum(c.state in ("sent", "acknowledged") for c in attempt.case.children(link))


def _acknowledged(attempt: Attempt, link: str) -> int:
    return sum(c.state == "acknowledged" for c in attempt.case.children(link))


def _day_of_the_act(attempt: Attempt) -> date:
    ended_on = attempt.case.facts.get("act_ended_on")
    return date.fromisoformat(ended_on) if ended_on else attempt.today


def _rules(attempt: Attempt) -> tuple[PenaltyRule, ...]:
    return rules_for(attempt.case.facts["conduct"], _day_of_the_act(attempt))


def _crimes(attempt: Attempt) -> list[CrimePrompt]:
    """The criminal thresholds that the agency's penalty case meets, as far as numbers can say."""
    child = _procedure(attempt)
    if child is None:
        return []
    gain, obtainable = child.facts.get("gain"), child.facts.get("obtainable_gain")
    ended_on = min(_day_of_the_act(attempt), attempt.today)
    act = Act(
        conduct=attempt.case.facts["conduct"],
        began_on=ended_on,
        ended_on=ended_on,
        decided_on=attempt.today,
        subject=Subject.AGENCY,
        party=Party.LEGAL_PERSON,
        gain_cny=None if gain is None else Decimal(gain),
        obtainable_gain_cny=None if obtainable is None else Decimal(obtainable),
        earlier_penalties=tuple(
            row["effective_on"] for row in attempt.case.penalties_of(attempt.case.subject_id)
        ),
    )
    return [found for rule in _rules(attempt) for found in crime_prompts(act, rule, attempt.law)]


# Guards: type, jurisdiction, inspection ---------------------------------------------------------


@guard(
    "该行为没有罚款规定，不能立案处罚：请责令改正或约谈。",
    "No fine is laid down for this conduct: order a correction or hold an interview.",
    basis=cite(REG, "13"),
)
def conduct_has_a_fine(attempt: Attempt) -> bool:
    return any(rule.unit_fine is not None for rule in _rules(attempt))


@guard(
    "该行为有处罚规定，须立案查处。",
    "A penalty is laid down for this conduct: file a case.",
    basis=cite(REG, "23"),
)
def conduct_has_no_fine(attempt: Attempt) -> bool:
    return all(rule.unit_fine is None for rule in _rules(attempt))


@guard(
    "接收机关不能是本机关。",
    "The competent body cannot be ourselves.",
    basis=cite(APL, "22"),
    reads_inputs=True,
)
def another_body_is_competent(attempt: Attempt) -> bool:
    lead = {str(seat.organisation_id) for seat in attempt.case.participants(Capacity.LEAD)}
    return attempt.inputs["competent_body"] not in lead


@guard("现场检查未经局领导批准。", "No leader has approved the inspection.", basis=cite(INSP))
def inspection_is_approved(attempt: Attempt) -> bool:
    return "inspection_approved_on" in attempt.case.facts


@guard(
    "检验检测机构须与市场监管部门联合检查：请填写联合检查案号，或者说明单独检查的理由。",
    "A laboratory is inspected together with market supervision: give the joint case, or say why not.",
    basis=cite(PLAN),
    reads_inputs=True,
)
def laboratory_is_inspected_jointly(attempt: Attempt) -> bool:
    if attempt.case.facts.get("agency_type") != "testing" or attempt.case.parent is not None:
        return True
    return bool(attempt.inputs.get("joint_case") or attempt.inputs.get("alone_reason"))


@guard(
    "须填写检查通知书送达日期；不预先通知的，须说明理由。",
    "Give the day on which the notice was served, or the reason for coming unannounced.",
    basis=cite(INSP),
    reads_inputs=True,
)
def notice_is_served_or_reasoned(attempt: Attempt) -> bool:
    return "served_on" in attempt.inputs or "unannounced_reason" in attempt.inputs


# Guards: persons, procedures, thresholds --------------------------------------------------------


@guard("该人员已列入本案。", "This person is named already.", reads_inputs=True)
def person_is_not_named_yet(attempt: Attempt) -> bool:
    rows = attempt.case.items("persons")
    return not any(r.data["person"] == attempt.inputs["person"] for r in rows)


@guard("先为已列入的人员立案。", "Open the case of the person named before first.")
def no_person_waits(attempt: Attempt) -> bool:
    return not any(row.status == "named" for row in attempt.case.items("persons"))


@guard(
    "该人员的案件尚未作出不予处罚的决定，也未终结。",
    "The person's case has not ended without a penalty.",
)
def person_was_not_punished(attempt: Attempt) -> bool:
    if attempt.item is None:
        return True
    child = _procedure_of(attempt)
    return child is not None and child.state not in UNDECIDED and not _stands(child)


@guard("机构的案件尚未立案。", "The case of the agency has not been filed.", basis=cite(O30, "18"))
def procedure_is_filed(attempt: Attempt) -> bool:
    child = _procedure(attempt)
    return child is not None and "filed_on" in child.facts


@guard("立案已登记。", "The filing is noted.")
def filing_is_not_noted_yet(attempt: Attempt) -> bool:
    return "filed_on" not in attempt.case.facts


@guard(
    "还有 {left} 件处罚案件（机构或责任人员）未作出决定。",
    "{left} penalty cases, of the agency or of persons, are not decided.",
)
def every_procedure_is_decided(attempt: Attempt) -> bool | Unmet:
    found = list(_children(attempt, *PROCEDURES))
    left = sum(child.state in UNDECIDED for child in found)
    return (bool(found) and left == 0) or Unmet(left=left)


@guard("未达到刑事立案追诉门槛。", "No criminal threshold is met.", basis=cite(CRI, "10"))
def criminal_threshold_is_met(attempt: Attempt) -> bool:
    return bool(_crimes(attempt))


@guard("已提示过。", "It has been prompted.")
def crime_was_not_prompted_yet(attempt: Attempt) -> bool:
    return "crime_prompted_on" not in attempt.case.facts


@guard("没有待答复的刑事门槛提示。", "No criminal threshold waits for an answer.")
def crime_was_prompted(attempt: Attempt) -> bool:
    return "crime_prompted_on" in attempt.case.facts


@guard(
    "已达到刑事立案追诉门槛，局领导尚未决定是否移送。",
    "A criminal threshold is met and no leader has decided on a transfer.",
    basis=(cite(CRI, "10"), cite("R310", "5")),
)
def crime_prompt_is_answered(attempt: Attempt) -> bool:
    return "crime_prompted_on" not in attempt.case.facts or "crime_answer" in attempt.case.facts


# Guards: bans -----------------------------------------------------------------------------------


@guard(
    "该人员的处罚决定未载明此项禁业：五年禁业随条例第二十三条的处罚而生，终身禁业须在决定中认定情节严重。",
    "The person's decision carries no such ban: five years follow from any penalty under art. 23, one for life must be decided as serious.",
    basis=cite(REG, "23¶3"),
    reads_inputs=True,
)
def ban_is_that_of_the_decision(attempt: Attempt) -> bool:
    return bool(_ban(_procedure_of(attempt)) == attempt.inputs["ban_kind"])


@guard(
    "五年禁业至 {until} 止；终身禁业不填截止日。",
    "A ban of five years ends on {until}; one for life has no end.",
    basis=cite(REG, "23¶3"),
    reads_inputs=True,
)
def ban_ends_as_the_law_says(attempt: Attempt) -> bool | Unmet:
    until = add_months(attempt.inputs["banned_from"], 12 * BAN_YEARS)
    due = until if attempt.inputs["ban_kind"] == FIVE_YEARS else None
    return attempt.inputs.get("banned_until") == due or Unmet(until=until)


def _is_serious(attempt: Attempt, child: ChildView | None) -> bool:
    """Whether reasons are given, and the party was offered a hearing and the leaders discussed."""
    facts = child.facts if child is not None else {}
    heard = bool(facts.get("hearing_right"))
    return bool(attempt.inputs.get("serious_reasons")) and heard and "discussed_on" in facts


@guard(
    "终身禁业须说明情节严重的理由，并经告知听证权利、集体讨论。",
    "A ban for life wants reasons why the case is serious, the offer of a hearing and a collective discussion.",
    basis=(cite(REG, "23¶3"), cite(APL, "57,63"), cite(O30, "46,52")),
    reads_inputs=True,
)
def ban_for_life_is_justified(attempt: Attempt) -> bool:
    return attempt.inputs["ban_kind"] == FIVE_YEARS or _is_serious(attempt, _procedure_of(attempt))


@guard(
    "机构禁业须由处罚决定载明。",
    "The ban on the agency must be part of the decision.",
    basis=cite(REG, "23¶2"),
)
def agency_ban_was_decided(attempt: Attempt) -> bool:
    return _ban(_procedure(attempt)) == "agency"


@guard(
    "机构禁业须说明情节严重的理由，并经告知听证权利、集体讨论。",
    "A ban on the agency wants reasons why the case is serious, the offer of a hearing and a collective discussion.",
    basis=(cite(REG, "23¶2"), cite(APL, "57,63"), cite(O30, "46,52")),
    reads_inputs=True,
)
def agency_ban_is_justified(attempt: Attempt) -> bool:
    return _is_serious(attempt, _procedure(attempt))


@guard("机构禁业已登记。", "The ban on the agency is registered.")
def agency_is_not_barred_yet(attempt: Attempt) -> bool:
    return "agency_barred_on" not in attempt.case.facts


@guard("处罚决定尚未全部作出。", "Not every case is decided yet.")
def everything_is_decided(attempt: Attempt) -> bool:
    return "decided_on" in attempt.case.facts


@guard(
    "还有 {left} 项禁业未登记（责任人员或机构）。",
    "{left} bans, of persons or of the agency, are not registered.",
    basis=cite(REG, "23"),
)
def every_ban_is_registered(attempt: Attempt) -> bool | Unmet:
    left = sum(row.status in ("named", "opened") for row in attempt.case.items("persons"))
    child = _procedure(attempt)
    if child is not None and _stands(child) and _ban(child) == "agency":
        left += "agency_barred_on" not in attempt.case.facts
    return left == 0 or _count(attempt, "times_annulled") > 0 or Unmet(left=left)


@guard("禁业登记已完成。", "The bans are noted.")
def bans_are_not_noted_yet(attempt: Attempt) -> bool:
    return "bans_settled_on" not in attempt.case.facts


# Guards: qualification, reports, publication ----------------------------------------------------


@guard(
    "资质处理建议仅适用于检验检测机构。",
    "Only the qualification of a testing institution is referred.",
    basis=cite(REG, "23¶1"),
)
def agency_is_a_laboratory(attempt: Attempt) -> bool:
    return attempt.case.facts.get("agency_type") == "testing"


@guard(
    "仅情节严重的处罚移送资质处理：处罚案件未认定情节严重。",
    "A qualification is referred only where the penalty case is serious; it is not.",
    basis=cite(REG, "23¶1"),
)
def penalty_is_serious(attempt: Attempt) -> bool:
    child = _procedure(attempt)
    return child is not None and _is_punished(child) and bool(child.facts.get("serious"))


@guard("资质处理建议尚未答复。", "The referral of the qualification is not answered.")
def qualification_is_answered(attempt: Attempt) -> bool:
    found = attempt.case.children("qualification")
    return bool(found) and all(child.is_final for child in found)


@guard("资质处理结果已登记。", "The result of the referral is noted.")
def qualification_is_not_noted_yet(attempt: Attempt) -> bool:
    noted = _count(attempt, "qualifications_noted")
    return len(attempt.case.children("qualification")) > noted


@guard("没有新报送的初报。", "No initial report was sent since.")
def initial_report_is_not_noted_yet(attempt: Attempt) -> bool:
    return _sent(attempt, "initial_reports") > _count(attempt, "initial_reports_noted")


@guard("没有新报送的终报。", "No final report was sent since.")
def final_report_is_not_noted_yet(attempt: Attempt) -> bool:
    return _sent(attempt, "final_reports") > _count(attempt, "final_reports_noted")


@guard("没有新的签收。", "No report was acknowledged since.")
def acknowledgement_is_not_noted_yet(attempt: Attempt) -> bool:
    acknowledged = _acknowledged(attempt, "initial_reports") + _acknowledged(attempt, "final_reports")  # fmt: skip
    return acknowledged > _count(attempt, "acknowledgements_noted")


@guard("禁业登记尚未完成。", "The bans are not all registered.", basis=cite(REG, "23"))
def bans_are_settled(attempt: Attempt) -> bool:
    facts = attempt.case.facts
    return "bans_settled_on" in facts or "decided_on" not in facts


@guard(
    "须列明该机构经手的单位和年度；确无受影响报告的，请勾选。",
    "List the units and years the agency touched, or tick that no report is affected.",
    reads_inputs=True,
)
def affected_reports_are_listed(attempt: Attempt) -> bool:
    return bool(attempt.inputs["none_affected"]) or bool(attempt.case.items("affected_reports"))


@guard("没有作出处罚决定，无需公开。", "No penalty was decided: there is nothing to publish.")
def some_penalty_was_decided(attempt: Attempt) -> bool:
    return any(_is_punished(child) for child in _children(attempt, *PROCEDURES))


@guard("没有可撤销的处罚决定。", "There is no penalty to annul.")
def there_is_a_penalty_to_annul(attempt: Attempt) -> bool:
    return any(_is_punished(child) for child in _children(attempt, *PROCEDURES))


@guard(
    "本案没有对该当事人的处罚决定。",
    "There is no penalty on that party in this case.",
    reads_inputs=True,
)
def annulled_party_was_punished(attempt: Attempt) -> bool:
    party = attempt.inputs.get("annulled_party")
    punished = {str(c.subject_id) for c in _children(attempt, *PROCEDURES) if _is_punished(c)}
    return not party or party in punished


@guard("已作出处罚决定，须公开并推送信用信息。", "A penalty was decided: publish it.")
def no_penalty_stands(attempt: Attempt) -> bool:
    annulled = _count(attempt, "times_annulled") > 0
    return annulled or not any(_stands(child) for child in _children(attempt, *PROCEDURES))


@guard(
    "决定被撤销、变更的，须先撤回公开信息。",
    "The decision was annulled or changed: withdraw the publication first.",
    basis=cite(APL, "48"),
)
def publication_is_withdrawn(attempt: Attempt) -> bool:
    return _count(attempt, "times_withdrawn") >= _count(attempt, "times_annulled")


@guard("没有需要撤回的公开信息。", "No publication has to be withdrawn.")
def publication_is_to_be_withdrawn(attempt: Attempt) -> bool:
    return _count(attempt, "times_withdrawn") < _count(attempt, "times_annulled")


# Guards: closing --------------------------------------------------------------------------------


@guard(
    "还有 {left} 件处罚案件、整改、移送或报告未办结。",
    "{left} penalty cases, corrections, referrals or reports are still open.",
)
def nothing_is_open(attempt: Attempt) -> bool | Unmet:
    left = sum(not child.is_final for child in _children(attempt, *PROCEDURES, *BESIDE))
    return left == 0 or Unmet(left=left)


@guard(
    "自治区厅须签收的报告：初报 {initial} 份、终报 {final} 份，尚未齐备。",
    "The region has to acknowledge {initial} initial and {final} final reports; some are missing.",
    basis=cite(PLAN),
)
def region_was_told(attempt: Attempt) -> bool | Unmet:
    initial = 1 if "filed_on" in attempt.case.facts else 0
    final = 1 + _count(attempt, "times_annulled")
    told = (
        _acknowledged(attempt, "initial_reports") >= initial
        and _acknowledged(attempt, "final_reports") >= final
    )
    return told or Unmet(initial=initial, final=final)


@guard(
    "还有 {left} 份受影响的报告未决定是否复查。",
    "For {left} affected reports nobody has decided on a re-check.",
)
def affected_reports_are_settled(attempt: Attempt) -> bool | Unmet:
    left = sum(row.status == "listed" for row in attempt.case.items("affected_reports"))
    return left == 0 or Unmet(left=left)


class AgencyPenalty(Lifecycle):
    """From the clue to the closed case: type, inspection, procedures, bans, reports, credit."""

    key = "agency_penalty"
    zh, en = "第三方机构查处", "Case against a third-party agency"
    subject = SubjectKind.AGENCY
    number_prefix = "卫机查"
    private = True

    # States (domain 17: the main line of the corrections) ----------------------------------------

    clue_registered = State("线索登记", "Clue registered", waits_for=SUPERVISOR)
    type_and_jurisdiction = State("类型与管辖判定", "Type and jurisdiction", waits_for=SUPERVISOR)
    agency_inspection = State("机构现场检查", "Inspection of the agency", waits_for=INSPECTOR)
    in_procedure = State("处罚程序中", "In the penalty procedure", waits_for=SUPERVISOR)
    credit_publication = State("信用记录与公开", "Credit record and publication", waits_for=SUPERVISOR)  # fmt: skip
    follow_up = State("整改跟踪", "Follow-up of the correction", waits_for=SUPERVISOR)
    closed = State("办结", "Closed", final=True)

    UNFILED = StateSet("尚未立案", "Not filed yet", (clue_registered, type_and_jurisdiction, agency_inspection))  # fmt: skip
    EXAMINED = StateSet("判定与检查", "Examined", (type_and_jurisdiction, agency_inspection))
    AFTER_DECISION = StateSet("决定之后", "After the decision", (credit_publication, follow_up))
    FILED = StateSet("立案之后", "After filing", (in_procedure, credit_publication, follow_up))

    # Rows and documents -------------------------------------------------------------------------

    persons = Items(
        "责任人员", "Person responsible",
        statuses={
            "named": Label("待立案", "To be filed"),
            "opened": Label("已立案", "Case opened"),
            "barred": Label("已登记禁业", "Ban registered"),
            "cleared": Label("不予处罚", "Not punished"),
        },
        open_statuses=("named", "opened"),
    )  # fmt: skip
    affected_reports = Items(
        "受影响的报告", "Affected report",
        statuses={
            "listed": Label("待处理", "To be settled"),
            "recheck": Label("须复查或重新核查", "To be re-checked"),
            "unaffected": Label("不受影响", "Not affected"),
        },
        open_statuses=("listed",),
    )  # fmt: skip

    clue_sheet = Document("线索登记表", "Clue sheet", form="clue_sheet", external=False)
    clue_transfer = Document("线索移送单", "Transfer of a clue", form="clue_sheet", external=False)
    extension_approval = Document("内部审批表", "Internal approval", form="internal_approval", external=False)  # fmt: skip
    transfer_letter = Document("案件移送函", "Letter of transfer", form="case_transfer_letter", basis=(cite(APL, "27"), cite(O30, "16")))  # fmt: skip
    correction_order = Document("责令改正违法行为决定书", "Order to correct", form="correction_order", basis=(cite(APL, "28"),))  # fmt: skip
    interview_record = Document("约谈记录", "Record of an interview", form="interview_record", external=False)  # fmt: skip
    inspection_approval = Document("行政检查审批表", "Approval of the inspection", form="inspection_approval", external=False)  # fmt: skip
    inspection_notice = Document("检查通知书", "Notice of inspection", form="inspection_notice", basis=(cite(INSP),))  # fmt: skip
    inspection_record = Document("现场检查笔录", "Record of the inspection", form="inspection_record", external=False)  # fmt: skip
    ban_sheet = Document("禁业登记表", "Registration of a ban", external=False, basis=(cite(REG, "23"),))  # fmt: skip
    publication_sheet = Document("处罚信息公示表", "Publication of the penalty", form="publication_sheet", external=False, basis=(cite(APL, "48"), cite(O30, "64")))  # fmt: skip
    credit_sheet = Document("信用信息推送表", "Push to the credit record", form="credit_push", external=False, basis=(cite(REG, "27"),))  # fmt: skip
    withdrawal_sheet = Document("撤回公开信息登记表", "Withdrawal of the publication", external=False, basis=(cite(APL, "48"),))  # fmt: skip
    closing_approval = Document("结案审批表", "Approval to close", form="closing_approval", external=False, basis=(cite(O30, "77"),))  # fmt: skip

    # Clue, type, jurisdiction -------------------------------------------------------------------

    register = Transition(
        "登记线索", "Register a clue", code="A01", sources=OPENING, to=clue_registered, by=[INSPECTOR, SUPERVISOR, SYSTEM],
        guards=[named_reporter_is_recorded], inputs=CLUE, documents=[clue_sheet], notices=[SUPERVISOR],
        basis=[cite(REG, "18"), cite(O30, "18")],
    )  # fmt: skip
    classify = Transition(
        "判定类型", "Classify", code="A02", sources=[clue_registered], to=type_and_jurisdiction, by=[SUPERVISOR],
        inputs=[
            TYPES, CONDUCT,
            LongText("licence", "资质、许可情况", "Licences and qualifications", longest=2000),
            LongText("contracts", "合同及服务对象", "Contracts and clients", longest=4000),
            Files("licence_files", "资质、合同材料", "Licences and contracts", required=False),
        ],
        basis=[cite(REG, "13,23")],
    )  # fmt: skip
    extend_filing = Transition(
        "批准延长立案期限", "Extend the time to file", code="A02a", sources=UNFILED, by=[LEADER], extends="filing",
        inputs=[LongText("filing_extension_reason", "延长理由", "Reason", longest=2000)],
        documents=[extension_approval], notices=[SUPERVISOR], basis=[cite(O30, "18")],
    )  # fmt: skip
    elsewhere_competent = Transition(
        "移送有管辖权的机关", "Hand to the competent body", code="A03", sources=[type_and_jurisdiction], to=closed, by=[SUPERVISOR],
        guards=[another_body_is_competent, named_reporter_was_told],
        inputs=[
            Text("act_place", "违法行为发生地", "Place of the act"),
            YesNo("act_not_here", "违法行为不发生在本地（机构住所地本身不构成管辖）", "The act was not committed here; the seat of the agency alone is not enough", must=True),
            Organisation("competent_body", "有管辖权的机关", "Competent body", kind=("authority", "branch", "partner", "region")),
            LongText("jurisdiction", "管辖依据", "Why it is theirs", longest=2000),
        ],
        documents=[transfer_letter], basis=[cite(APL, "22,27"), cite(O30, "16,17")], confirms=True,
    )  # fmt: skip
    order_correction = Transition(
        "无处罚条款，责令改正", "No penalty article: order a correction", code="A04", sources=[type_and_jurisdiction], to=follow_up, by=[SUPERVISOR],
        guards=[conduct_has_no_fine],
        inputs=[
            LongText("no_penalty_reason", "不予处罚、责令改正的理由", "Reason", longest=4000),
            LongText("what", "改正内容", "What to correct", longest=4000),
            Day("due_on", "改正期限", "By when", future=True),
        ],
        documents=[correction_order], notices=[LEADER], basis=[cite(REG, "13"), cite(APL, "28")], confirms=True,
    )  # fmt: skip
    interview_agency = Transition(
        "无处罚条款，约谈", "No penalty article: hold an interview", code="A04a", sources=[type_and_jurisdiction], to=follow_up, by=[SUPERVISOR],
        guards=[conduct_has_no_fine],
        inputs=[
            LongText("no_penalty_reason", "不予处罚、约谈的理由", "Reason", longest=4000),
            Day("interviewed_on", "约谈日期", "Interviewed on", past=True),
            LongText("interview", "约谈内容及机构承诺", "What was said and promised", longest=6000),
        ],
        documents=[interview_record], notices=[LEADER], basis=[cite(PLAN)], confirms=True,
    )  # fmt: skip

    # Inspection ---------------------------------------------------------------------------------

    approve_inspection = Transition(
        "批准现场检查", "Approve the inspection", code="A05a", sources=[type_and_jurisdiction], by=[LEADER],
        inputs=[YesNo("item_is_published", "检查事项已列入公布的行政检查事项", "The item is among the published inspection items", must=True)],
        documents=[inspection_approval], notices=[INSPECTOR], basis=[cite(INSP)],
    )  # fmt: skip
    inspect_agency = Transition(
        "进入机构检查", "Inspect the agency", code="A05", sources=[type_and_jurisdiction], to=agency_inspection, by=[INSPECTOR],
        guards=[inspection_is_approved, certified("officers"), named_apart_as(Duty.INVESTIGATES, "officers"), laboratory_is_inspected_jointly, notice_is_served_or_reasoned],
        inputs=[
            People("officers", "执法人员", "Officers", role=Role.INSPECTOR, of=Capacity.LEAD),
            LongText("inspection_plan", "检查方案", "Plan", longest=4000),
            Day("inspection_until", "计划结束日期", "Planned to end on", future=True),
            Day("served_on", "检查通知书送达日期", "Notice served on", required=False, past=True),
            LongText("unannounced_reason", "不预先通知的理由", "Why unannounced", required=False, longest=1000),
            Text("joint_case", "联合检查案号（卫联）", "Number of the joint case", required=False, longest=60),
            LongText("alone_reason", "单独检查的理由", "Why alone", required=False, longest=1000),
        ],
        effects=[Join(Capacity.INVESTIGATOR, "officers")],
        documents=[inspection_notice], serves=[inspection_notice], basis=[cite(INSP), cite(REG, "17"), cite(APL, "42,55")],
    )  # fmt: skip
    record_agency_inspection = Transition(
        "登记现场检查笔录", "Record the inspection", code="A05b", sources=[agency_inspection], by=[INVESTIGATOR],
        inputs=[
            YesNo("rights_told", "已出示执法证件，告知回避、陈述申辩权利", "Certificates shown; recusal and plea explained", must=True),
            LongText("inspection_facts", "检查情况", "What was seen", longest=10_000),
            Files("inspection_files", "照片、音像及复制件", "Photographs, recordings, copies", required=False),
        ],
        documents=[inspection_record], basis=[cite(APL, "42,55")],
    )  # fmt: skip

    # The penalty cases --------------------------------------------------------------------------

    name_person = Transition(
        "列入责任人员", "Name a person responsible", code="A06a", sources=EXAMINED, by=[INSPECTOR, SUPERVISOR], item=Raise(persons),
        guards=[person_is_not_named_yet],
        inputs=[
            Organisation("person", "责任人员", "Person", kind="person"),
            Text("post", "职务", "Post", longest=60),
            LongText("responsibility", "责任事实", "What they answer for", longest=4000),
        ],
        basis=[cite(REG, "23¶3")],
    )  # fmt: skip
    file_case = Transition(
        "转处罚立案审查", "Open the penalty cases", code="A06", sources=EXAMINED, to=in_procedure, by=[LEADER], guards=[conduct_has_a_fine],
        inputs=[Text("cause", "案由（涉嫌…案）", "Cause of the case")],
        moves=[MoveRows(persons, {"named": "opened"})], notices=[INSPECTOR, SUPERVISOR], basis=[cite(O30, "18,19"), cite(REG, "23")], confirms=True,
    )  # fmt: skip
    name_late_person = Transition(
        "补列责任人员", "Name a further person", code="A06b", sources=[in_procedure], by=[INSPECTOR, SUPERVISOR], item=Raise(persons),
        guards=[no_person_waits, person_is_not_named_yet],
        inputs=[
            Organisation("person", "责任人员", "Person", kind="person"),
            Text("post", "职务", "Post", longest=60),
            LongText("responsibility", "责任事实", "What they answer for", longest=4000),
            DISCOVERED_ON,
        ],
        basis=[cite(REG, "23¶3")],
    )  # fmt: skip
    open_late_case = Transition(
        "为补列人员转立案审查", "Open the case of the further person", code="A06c", sources=[in_procedure], by=[LEADER],
        item=Take(persons, ("named",), "opened"),
        inputs=[Text("late_cause", "案由（涉嫌…案）", "Cause of the case")],
        basis=[cite(O30, "18,19")],
    )  # fmt: skip
    clear_person = Transition(
        "责任人员不予处罚", "A person is not punished", code="A06d", sources=FILED, by=[SUPERVISOR], item=Take(persons, ("opened",), "cleared"),
        guards=[person_was_not_punished],
        inputs=[LongText("cleared_reason", "理由", "Reason", longest=2000)],
    )  # fmt: skip
    strike_person = Transition(
        "取消列入的责任人员", "Strike a person out", code="A06f", sources=EXAMINED, by=[SUPERVISOR], item=Take(persons, ("named",), "cleared"),
        inputs=[LongText("cleared_reason", "理由", "Reason", longest=2000)],
    )  # fmt: skip
    strike_late_person = Transition(
        "取消补列的责任人员", "Strike a further person out", code="A06g", sources=[in_procedure], by=[LEADER], item=Take(persons, ("named",), "cleared"),
        inputs=[LongText("cleared_reason", "理由", "Reason", longest=2000)],
    )  # fmt: skip
    note_filing = Transition(
        "机构案件已立案", "The case is filed", code="A06e", sources=[in_procedure], by=[SYSTEM], automatic=True,
        guards=[procedure_is_filed, filing_is_not_noted_yet], notices=[SUPERVISOR],
    )  # fmt: skip
    prompt_crime = Transition(
        "达到刑事门槛，提示移送", "A criminal threshold is met", code="A08", sources=FILED, by=[SYSTEM], automatic=True,
        guards=[crime_was_not_prompted_yet, criminal_threshold_is_met], notices=[LEADER, SUPERVISOR], basis=[cite(CRI, "10")],
    )  # fmt: skip
    answer_crime_prompt = Transition(
        "决定是否移送公安机关", "Decide on a transfer to the police", code="A08a", sources=FILED, by=[LEADER], guards=[crime_was_prompted],
        inputs=[
            Choice("crime_answer", "处理决定", "Answer", options=(
                ("transfer", Label("移送（在处罚案件中办理移送）", "Transfer, from the penalty case")),
                ("none", Label("不构成犯罪，不移送", "No crime, no transfer")),
            )),
            LongText("crime_reason", "理由", "Reasons", longest=4000),
        ],
        notices=[SUPERVISOR], basis=[cite(CRI, "10"), cite("R310", "3,5")],
    )  # fmt: skip
    note_decision = Transition(
        "处罚决定均已作出", "All cases are decided", code="A09", sources=[in_procedure], to=credit_publication, by=[SYSTEM], automatic=True,
        guards=[no_person_waits, every_procedure_is_decided], notices=[SUPERVISOR],
    )  # fmt: skip

    # Bans ---------------------------------------------------------------------------------------

    register_person_ban = Transition(
        "登记个人禁业", "Register the ban on a person", code="A10", sources=AFTER_DECISION, by=[SUPERVISOR], item=Take(persons, ("opened",), "barred"),
        guards=[ban_is_that_of_the_decision, ban_ends_as_the_law_says, ban_for_life_is_justified],
        inputs=[
            Choice("ban_kind", "禁业期限", "How long", options=(
                (FIVE_YEARS, Label("五年", "Five years")), (FOR_LIFE, Label("终身", "For life")),
            )),
            SCOPE, BAN_SINCE,
            Day("banned_until", "禁业截止日（终身不填）", "Until, empty for life", required=False),
            BAN_BASIS, BAN_REASONS,
        ],
        effects=[Bar("ban_scope", "banned_until", "ban_basis", since="banned_from", persons="person")],
        documents=[ban_sheet], notices=[LEADER], basis=[cite(REG, "23¶3")], confirms=True,
    )  # fmt: skip
    register_agency_ban = Transition(
        "登记机构禁业", "Register the ban on the agency", code="A10a", sources=AFTER_DECISION, by=[SUPERVISOR],
        guards=[agency_ban_was_decided, agency_is_not_barred_yet, agency_ban_is_justified],
        inputs=[
            SCOPE, BAN_SINCE,
            Day("banned_until", "禁业截止日（决定未定期限的不填）", "Until, empty where the decision sets none", required=False),
            BAN_BASIS, BAN_REASONS,
        ],
        effects=[Bar("ban_scope", "banned_until", "ban_basis", since="banned_from")],
        documents=[ban_sheet], notices=[LEADER], basis=[cite(REG, "23¶2")], confirms=True,
    )  # fmt: skip
    note_bans = Transition(
        "禁业登记完成", "The bans are registered", code="A10b", sources=AFTER_DECISION, by=[SYSTEM], automatic=True,
        guards=[everything_is_decided, bans_are_not_noted_yet, every_ban_is_registered],
    )  # fmt: skip

    # Qualification, reports, affected reports ------------------------------------------------------

    refer_qualification = Transition(
        "移送资质处理建议", "Refer the qualification", code="A11", sources=AFTER_DECISION, by=[SUPERVISOR],
        guards=[agency_is_a_laboratory, penalty_is_serious],
        inputs=[
            Organisation("bureau", "资质认定部门（或转送的市场监管部门）", "Qualification authority, or the market bureau that passes it on", kind=("partner", "region")),
            LongText("matter", "处理建议", "What is proposed", longest=4000),
            Text("article", "依据条款", "Article"),
            Files("papers", "移送材料", "Papers", required=False),
        ],
        basis=[cite(REG, "23¶1")],
    )  # fmt: skip
    note_qualification = Transition(
        "资质处理建议已答复", "The referral is answered", code="A11a", sources=AFTER_DECISION, by=[SYSTEM], automatic=True,
        guards=[qualification_is_not_noted_yet, qualification_is_answered], notices=[SUPERVISOR],
    )  # fmt: skip
    report_initially = Transition(
        "起草初报", "Draft the initial report", code="A07", sources=FILED, by=[SUPERVISOR], guards=[procedure_is_filed], inputs=[SUMMARY],
        basis=[cite(PLAN)],
    )  # fmt: skip
    note_initial_report = Transition(
        "初报已报送", "The initial report is sent", code="A07a", sources=FILED, by=[SYSTEM], automatic=True, guards=[initial_report_is_not_noted_yet],
    )  # fmt: skip
    report_finally = Transition(
        "起草终报", "Draft the final report", code="A12", sources=AFTER_DECISION, by=[SUPERVISOR],
        guards=[bans_are_settled, affected_reports_are_listed],
        inputs=[SUMMARY, YesNo("none_affected", "该机构没有经手受影响的报告", "No report is affected")],
        basis=[cite(PLAN)],
    )  # fmt: skip
    note_final_report = Transition(
        "终报已报送", "The final report is sent", code="A12a", sources=AFTER_DECISION, by=[SYSTEM], automatic=True, guards=[final_report_is_not_noted_yet],
    )  # fmt: skip
    note_acknowledgement = Transition(
        "自治区厅已签收", "The region has acknowledged", code="A13", sources=FILED, by=[SYSTEM], automatic=True,
        guards=[acknowledgement_is_not_noted_yet], notices=[SUPERVISOR],
    )  # fmt: skip
    list_affected = Transition(
        "列明受影响的报告", "List an affected report", code="A15", sources=OPEN, by=[SUPERVISOR], item=Raise(affected_reports),
        inputs=[
            Organisation("unit", "单位", "Unit", kind="unit"),
            Whole("report_year", "报告年度", "Year of the report", lowest=2019, highest=2199),
            LongText("part", "该机构经手的内容", "What the agency did", longest=1000),
        ],
    )  # fmt: skip
    settle_affected = Transition(
        "决定受影响报告的处理", "Settle an affected report", code="A15a", sources=OPEN, by=[SUPERVISOR],
        item=Take(affected_reports, ("listed",), {"recheck": "recheck", "unaffected": "unaffected"}, by="review"),
        inputs=[
            Choice("review", "处理", "What follows", options=(
                ("recheck", Label("须复查或重新核查", "To be re-checked")), ("unaffected", Label("不受影响", "Not affected")),
            )),
            LongText("review_note", "说明（含复查案号）", "Note, with the case of the re-check", longest=1000),
        ],
    )  # fmt: skip

    # Publication, closing, annulment ------------------------------------------------------------

    publish = Transition(
        "公开处罚并推送信用信息", "Publish and push the credit record", code="A14", sources=[credit_publication], to=follow_up, by=[SUPERVISOR],
        guards=[some_penalty_was_decided, publication_is_withdrawn, publication_ends_after_it_begins],
        inputs=[
            Day("published_on", "公开日期", "Published on", past=True),
            Text("published_at", "公开网址", "Where", longest=300), PUBLISHED_UNTIL,
            LongText("redactions", "隐去的信息", "What was left out", longest=2000),
            Day("credit_pushed_on", "信用信息推送日期", "Pushed to the credit record on", past=True),
        ],
        effects=[Publish("published_on", "published_at", "published_until")], documents=[publication_sheet, credit_sheet], basis=[cite(APL, "48"), cite(O30, "64"), cite(REG, "27")], confirms=True,
    )  # fmt: skip
    publish_nothing = Transition(
        "没有需要公开的处罚", "There is nothing to publish", code="A14a", sources=[credit_publication], to=follow_up, by=[SUPERVISOR],
        guards=[no_penalty_stands, publication_is_withdrawn],
        inputs=[LongText("nothing_published_reason", "说明", "Note", longest=2000)],
    )  # fmt: skip
    tell_reporter = Transition(
        "告知实名举报人", "Tell the named reporter", code="A16a", sources=OPEN, by=[INSPECTOR, SUPERVISOR], guards=[reporter_gave_a_name],
        inputs=[
            Day("reporter_told_on", "告知日期", "Told on", past=True),
            LongText("told", "告知内容及方式", "What was told, and how", longest=2000, sealed=True),
        ],
        basis=[cite(REG, "18"), cite(CODE, "145,146")],
    )  # fmt: skip
    close = Transition(
        "结案", "Close", code="A16", sources=[follow_up], to=closed, by=[LEADER],
        guards=[
            nothing_is_open, bans_are_settled, crime_prompt_is_answered, region_was_told, affected_reports_are_settled, publication_is_withdrawn,
            named_reporter_was_told,
        ],
        inputs=[LongText("closing_note", "结案意见（含整改情况）", "Note, with the state of the correction", longest=4000)],
        documents=[closing_approval], notices=[SUPERVISOR], basis=[cite(O30, "77")], confirms=True,
    )  # fmt: skip
    annul = Transition(
        "处罚决定被撤销", "The decision is annulled", code="A17", sources=[follow_up, closed], to=credit_publication, by=[SUPERVISOR], received=True,
        guards=[there_is_a_penalty_to_annul, annulled_party_was_punished],
        inputs=[
            LongText("annulment", "撤销的内容及理由", "What was annulled, and why", longest=4000),
            Organisation("annulled_party", "被撤销决定的当事人（全部撤销的不填）", "Party whose decision was annulled, empty for every one", kind=("agency", "person"), required=False),
        ],
        effects=[Lift("annulled_party")], notices=[LEADER], basis=[cite(APL, "48")], confirms=True,
    )  # fmt: skip
    withdraw_publication = Transition(
        "撤回公开信息", "Withdraw the publication", code="A17a", sources=[credit_publication], by=[SUPERVISOR], guards=[publication_is_to_be_withdrawn],
        inputs=[
            Day("withdrawn_on", "撤回日期", "Withdrawn on", past=True),
            LongText("withdrawal_note", "公开说明的理由", "Reasons made public", longest=2000),
        ],
        effects=[Withdraw("withdrawn_on")], documents=[withdrawal_sheet], basis=[cite(APL, "48")],
    )  # fmt: skip

    # Families -----------------------------------------------------------------------------------

    procedure = Child(
        "机构处罚案件", "Penalty case of the agency", "penalty_procedure", opened_by=file_case, given={"party_kind": "agency"},
        inputs={"conduct": "conduct", "discovered_on": "discovered_on", "act_ended_on": "act_ended_on", "cause": "cause"},
        inherits={"filing": "filing"},
    )  # fmt: skip
    person_procedures = Child(
        "责任人员处罚案件", "Penalty case of a person", "penalty_procedure", opened_by=file_case, each=persons, each_in=("opened",), subject="person",
        given={"party_kind": "person", "conduct": "agency_persons"},
        inputs={"discovered_on": "discovered_on", "act_ended_on": "act_ended_on", "cause": "cause"},
        inherits={"filing": "filing"},
    )  # fmt: skip
    late_person_procedures = Child(
        "补列责任人员处罚案件", "Penalty case of a further person", "penalty_procedure", opened_by=open_late_case, each=persons, each_in=("opened",),
        subject="person", given={"party_kind": "person", "conduct": "agency_persons"},
        inputs={"discovered_on": "discovered_on", "act_ended_on": "act_ended_on", "cause": "late_cause"},
        inherits={"filing": "filing"},
    )  # fmt: skip
    corrections = Child(
        "整改", "Correction", "correction", opened_by=order_correction, given={"document": "correction_order"},
        inputs={"what": "what", "due_on": "due_on"}, track=True,
    )  # fmt: skip
    qualification = Child(
        "资质处理建议", "Referral of the qualification", "external_handling", opened_by=refer_qualification,
        inputs={"bureau": "bureau", "matter": "matter", "article": "article", "papers": "papers"}, track=True,
    )  # fmt: skip
    initial_reports = Child(
        "初报", "Initial report", "upward_report", opened_by=report_initially, given={"kind": INITIAL}, inputs={"summary": "summary"}, track=True,
    )  # fmt: skip
    final_reports = Child(
        "终报", "Final report", "upward_report", opened_by=report_finally, given={"kind": FINAL}, inputs={"summary": "summary"}, track=True,
    )  # fmt: skip

    # Deadlines ----------------------------------------------------------------------------------

    filing = Deadline(
        "立案", "Filing", anchor=AfterDay("discovered_on", register, name_late_person), due=Lasts("filing"), expiry=Expiry.AUTHORITY_BREACH,
        met_by=[strike_late_person, order_correction, interview_agency, elsewhere_competent], handed_to=("procedure", "late_person_procedures"),
        extensions=[Extension("filing_extension", [LEADER])], waits_for=SUPERVISOR, ladder="L-15", basis=[cite(O30, "18")],
    )  # fmt: skip
    classification = Deadline(
        "类型与管辖判定", "Type and jurisdiction", anchor=After(classify), due=Lasts("type_and_jurisdiction"), expiry=Expiry.TARGET,
        met_by=[inspect_agency, file_case, elsewhere_competent, order_correction, interview_agency], waits_for=SUPERVISOR, ladder="L-7",
    )  # fmt: skip
    inspection = Deadline(
        "机构现场检查", "Inspection of the agency", anchor=After(inspect_agency), due=On("inspection_until"), expiry=Expiry.TARGET,
        met_by=[file_case], waits_for=INSPECTOR, ladder="L-3",
    )  # fmt: skip
    initial_report = Deadline(
        "初报自治区厅", "Initial report", anchor=After(note_filing), due=Lasts("initial_report"), expiry=Expiry.TARGET, met_by=[note_initial_report],
        waits_for=SUPERVISOR, ladder="L-3",
    )  # fmt: skip
    ban_registration = Deadline(
        "禁业登记", "Registration of bans", anchor=After(note_decision), due=Lasts("ban_registration"), expiry=Expiry.TARGET, met_by=[note_bans],
        waits_for=SUPERVISOR, ladder="L-7",
    )  # fmt: skip
    qualification_result = Deadline(
        "资质处理结果", "Result of the referral", anchor=After(refer_qualification), due=Lasts("qualification_result"), expiry=Expiry.TARGET,
        met_by=[note_qualification], waits_for=SUPERVISOR, ladder="L-X",
    )  # fmt: skip
    final_report = Deadline(
        "终报自治区厅", "Final report", anchor=After(note_decision, annul), due=Lasts("final_report"), expiry=Expiry.TARGET,
        met_by=[note_final_report], waits_for=SUPERVISOR, ladder="L-7",
    )  # fmt: skip
    publication = Deadline(
        "公开处罚决定", "Publication", anchor=After(note_decision), due=Lasts("penalty_publication"), expiry=Expiry.AUTHORITY_BREACH,
        met_by=[publish, publish_nothing], waits_for=SUPERVISOR, ladder="L-7", basis=[cite(APL, "48"), cite(O30, "64")],
    )  # fmt: skip
    credit_push = Deadline(
        "推送信用信息", "Credit record", anchor=After(note_decision), due=Lasts("credit_push"), expiry=Expiry.TARGET, met_by=[publish, publish_nothing],
        waits_for=SUPERVISOR, ladder="L-7",
    )  # fmt: skip
    withdrawal = Deadline(
        "撤回公开信息", "Withdrawal of the publication", anchor=After(annul), due=Lasts("publication_withdrawal"), expiry=Expiry.AUTHORITY_BREACH,
        met_by=[withdraw_publication], waits_for=SUPERVISOR, ladder="L-3", basis=[cite(APL, "48")],
    )  # fmt: skip

    # Facts --------------------------------------------------------------------------------------

    source = Fact("线索来源", "Source", latest="source", of=[register])
    agency_type = Fact("机构类型", "Type of agency", latest="agency_type", of=[classify])
    conduct = Fact("涉嫌行为", "Suspected conduct", latest="conduct", of=[register, classify])
    discovered_on = Fact("发现日期", "Discovered on", latest="discovered_on", of=[register])
    act_ended_on = Fact("行为终了日期", "The act ended on", latest="act_ended_on", of=[register])
    cause = Fact("案由", "Cause of the case", latest="cause", of=[file_case])
    reporter_named = Fact("实名举报", "Named report", latest="reporter_named", of=[register])
    reporter_told_on = Fact("告知举报人日期", "Reporter told on", latest="reporter_told_on", of=[tell_reporter])  # fmt: skip
    inspection_approved_on = Fact("检查批准日期", "Inspection approved on", day=True, of=[approve_inspection])  # fmt: skip
    filed_on = Fact("立案日期", "Filed on", day=True, of=[note_filing])
    crime_prompted_on = Fact("刑事门槛提示日期", "Criminal threshold prompted on", day=True, of=[prompt_crime])  # fmt: skip
    crime_answer = Fact("移送处理决定", "Answer on the transfer", latest="crime_answer", of=[answer_crime_prompt])  # fmt: skip
    decided_on = Fact("处罚决定作出日期", "All decided on", day=True, of=[note_decision])
    agency_barred_on = Fact("机构禁业登记日期", "Ban on the agency registered on", day=True, of=[register_agency_ban])  # fmt: skip
    bans_settled_on = Fact("禁业登记完成日期", "Bans registered on", day=True, of=[note_bans])
    qualifications_noted = Fact("资质处理结果数", "Referrals answered", count=True, of=[note_qualification])  # fmt: skip
    initial_reports_noted = Fact("已报送初报数", "Initial reports sent", count=True, of=[note_initial_report])  # fmt: skip
    final_reports_noted = Fact("已报送终报数", "Final reports sent", count=True, of=[note_final_report])  # fmt: skip
    acknowledgements_noted = Fact("自治区厅签收数", "Reports acknowledged", count=True, of=[note_acknowledgement])  # fmt: skip
    published_on = Fact("公开日期", "Published on", latest="published_on", of=[publish])
    times_annulled = Fact("被撤销次数", "Times annulled", count=True, of=[annul])
    times_withdrawn = Fact("撤回公开次数", "Times withdrawn", count=True, of=[withdraw_publication])
