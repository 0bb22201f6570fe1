"""Transfer of a suspected crime to the police 涉嫌犯罪案件移送 (CR), child of a penalty case or operation.

State Council rules on transferring suspected criminal cases (R310), arts. 5-12; Measures on linking
environmental enforcement with criminal justice, 环环监〔2017〕17号 (XJ17), arts. 4-16, 24, 34; procedure
of the police (PSB), art. 182. The steps are C1 to C18 of domain.md 8. The police act themselves once
the case has been handed to them, or an officer records their paper; acts of the procuratorate and
of the courts are received. Periods are calendar days unless the text says working days; the three
days of the head are the shorter of both.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from app.engine.actors import (
    INSPECTOR,
    INVESTIGATOR,
    LEADER,
    LEGAL_REVIEWER,
    PARTNER_POLICE,
    SUPERVISOR,
    SYSTEM,
    Capacity,
)
from app.engine.definition import (
    OPEN,
    OPENING,
    After,
    AfterDay,
    Deadline,
    Document,
    Earliest,
    Expiry,
    Fact,
    Items,
    Join,
    Lasts,
    Leave,
    Lifecycle,
    Raise,
    State,
    StateSet,
    SubjectKind,
    Take,
    Transition,
    Unmet,
    guard,
)
from app.engine.inputs import Choice, Day, Files, LongText, Organisation, Text, YesNo
from app.engine.view import Attempt
from app.law.labels import Label
from app.law.sources import cite
from app.workflows.penalty_inputs import CRIME, OFFICERS, REASONS
from app.workflows.separation import Duty, certified, named_apart_as, no_administrator_seats_himself

R310, XJ17, PSB, APL = "R310", "XJ17", "PSB", "APL"

RECORDERS: Final = (INSPECTOR, SUPERVISOR)
"""Who may enter an act of the police from its paper."""
PAPERS = LongText("papers", "移送材料和涉案物品清单", "List of papers and things", longest=6000)
ACCEPTED_ON = Day("accepted_on", "公安机关接受案件日期", "The police took the case on", past=True)

POLICE_CLOCKS: Final = ("police_decision", "police_decision_checked", "police_decision_complex")
"""The times in which the police file or decline; one of them runs while they review."""
PARENT_OVER: Final = frozenset({"closing", "closed", "archived", "no_case"})
"""States of the case it came from in which nothing can come back to it."""


# Guards -----------------------------------------------------------------------------------------


@guard(
    "期限自公安机关接受案件之日（{on}）起算。",
    "The time runs from the day the police took the case, {on}.",
    basis=cite(XJ17, "9"),
    reads_inputs=True,
)
def day_of_acceptance_is_right(attempt: Attempt) -> bool | Unmet:
    on = attempt.case.facts.get("accepted_on")
    typed: date = attempt.inputs["accepted_on"]
    return typed.isoformat() == on or Unmet(on=on or "—")


def _times(attempt: Attempt, *acts: str) -> int:
    return sum(int(attempt.case.facts.get(act, 0)) for act in acts)


@guard("移送材料已经签收。", "The receipt has been signed.", basis=cite(XJ17, "7"))
def receipt_is_awaited(attempt: Attempt) -> bool:
    """Signed once for each time papers were handed over."""
    return _times(attempt, "receipts") < _times(attempt, "handovers")


@guard("材料已经确认齐全。", "The papers have been confirmed.", basis=cite(XJ17, "8"))
def papers_are_unconfirmed(attempt: Attempt) -> bool:
    return _times(attempt, "confirmations") < _times(attempt, "handovers", "supplements")


@guard(
    "公安机关的书面通知此前已经收到。",
    "The written notice of the police was received before.",
    basis=cite(XJ17, "9"),
)
def notice_is_awaited(attempt: Attempt) -> bool:
    """A second notice would start periods anew that the first one started."""
    clock = attempt.case.deadline("police_notice")
    return clock is not None and not clock.met


@guard(
    "提请复议的期限已过，或者已经提请过。",
    "The time to ask the police to reconsider is over, or they were asked.",
    basis=cite(XJ17, "11"),
)
def reconsideration_is_in_time(attempt: Attempt) -> bool:
    clock = attempt.case.deadline("filing_reconsideration")
    return clock is not None and not clock.met and not clock.has_passed(attempt.now)


@guard(
    "建议立案监督的期限（{last}）已过。",
    "The time to ask for filing supervision ended on {last}.",
    basis=(cite(R310, "9"), cite(XJ17, "12")),
)
def supervision_is_in_time(attempt: Attempt) -> bool | Unmet:
    clock = attempt.case.deadline("filing_supervision")
    return clock is None or not clock.has_passed(attempt.now) or Unmet(last=clock.due_on)


@guard(
    "公安机关审查期限未满（至 {last}），尚不能建议立案监督。",
    "The police have until {last} to decide: supervision is not asked for before.",
    basis=cite(XJ17, "12"),
)
def police_declined_or_are_silent(attempt: Attempt) -> bool | Unmet:
    if attempt.case.state != "police_reviewing":
        return True
    clocks = (attempt.case.deadline(name) for name in POLICE_CLOCKS)
    left = [c.due_on for c in clocks if c and c.due_on and not c.has_passed(attempt.now)]
    return not left or Unmet(last=max(left))


@guard(
    "检察机关尚未通知立案。",
    "The procuratorate has not ordered the filing.",
    basis=cite(PSB, "182"),
)
def filing_was_ordered(attempt: Attempt) -> bool:
    return "filing_ordered_on" in attempt.case.facts


@guard("已移交公安机关的案件，不得由本机关退回。", "The case is with the police already.")
def nothing_was_handed_over(attempt: Attempt) -> bool:
    return "handed_over_on" not in attempt.case.facts


@guard("上级案件已作出决定或者已办结。", "The case it came from has been decided or closed.")
def parent_is_undecided(attempt: Attempt) -> bool:
    parent = attempt.case.parent
    return parent is None or ("decided_on" not in parent.facts and parent.state not in PARENT_OVER)


@guard("裁判结果尚未收到。", "No judgment was received.")
def judgment_was_received(attempt: Attempt) -> bool:
    return "judged_on" in attempt.case.facts


class CriminalTransfer(Lifecycle):
    """From the report to the head to the judgment, or back to the penalty case."""

    key = "criminal_transfer"
    zh, en = "涉嫌犯罪案件移送", "Criminal transfer"
    subject = SubjectKind.UNIT
    number_prefix = "卫刑移案"
    private = True

    # States (domain 16.3) -----------------------------------------------------------------------

    report_to_head = State("呈报", "Report to the head", waits_for=INSPECTOR)
    head_deciding = State("正职审批", "The head decides", waits_for=LEADER)
    handing_over = State("移交", "To be handed over", waits_for=INVESTIGATOR)
    supplementing = State("补正", "Papers to be completed", waits_for=INVESTIGATOR)
    police_reviewing = State("公安审查", "Under review by the police", waits_for=PARTNER_POLICE)
    police_filed = State("已立案", "Filed by the police", waits_for=INVESTIGATOR)
    police_declined = State("不予立案", "Declined by the police", waits_for=LEADER)
    police_reconsidering = State("公安复议", "The police reconsider", waits_for=PARTNER_POLICE)
    procuratorate_supervision = State("立案监督", "Filing supervision", waits_for=SUPERVISOR)
    judicial = State("侦诉审", "Investigation, prosecution, trial", waits_for=SUPERVISOR)
    returned = State("退回行政处理", "Returned to the authority", final=True)
    concluded = State("办结", "Concluded", final=True)

    BEFORE_HANDOVER = StateSet("移交前", "Not handed over", (report_to_head, head_deciding))
    WITH_POLICE = StateSet("公安立案侦查", "With the police", (police_filed, judicial))
    UNFILED = StateSet(
        "公安未立案", "Not filed by the police", (police_declined, police_reconsidering)
    )
    UNFILED_OR_SILENT = StateSet(
        "公安未立案或者逾期未决定", "Not filed, or not decided in time",
        (police_reviewing, police_declined, police_reconsidering),
    )  # fmt: skip

    # Rows and documents -------------------------------------------------------------------------

    consultations = Items(
        "书面咨询", "Consultations",
        statuses={"asked": Label("待答复", "To be answered"), "answered": Label("已答复", "Answered")},
        open_statuses=("asked",),
    )  # fmt: skip

    # fmt: off
    group_report = Document("涉嫌犯罪案件情况书面报告", "Report of the special group", external=False, basis=(cite(R310, "5"),))
    transfer_approval = Document("涉嫌环境犯罪案件移送审批表", "Approval of the transfer", form="criminal_transfer_approval", external=False, basis=(cite(R310, "5"), cite(XJ17, "5")))
    transfer_letter = Document("涉嫌环境犯罪案件移送书", "Letter of transfer", form="criminal_transfer_letter", basis=(cite(R310, "6"), cite(XJ17, "6")))
    letter_copy = Document("案件移送书（抄送检察机关）", "Copy of the letter, for the procuratorate", form="criminal_transfer_letter", basis=(cite(XJ17, "6"),))
    transfer_list = Document("移送材料清单", "List of papers and things", basis=(cite(XJ17, "6"),))
    supplement_list = Document("补正材料清单", "List of the papers completed", form="transfer_list", basis=(cite(XJ17, "8"),))
    items_list = Document("涉案物品和材料移交清单", "List of things and papers handed over", form="transfer_list", basis=(cite(XJ17, "10"), cite(R310, "12")))
    notice_copy = Document("立案或不予立案通知书（抄送检察机关）", "Notice of the police, copy for the procuratorate", external=False, basis=(cite(XJ17, "9"),))
    reconsideration_letter = Document("提请公安机关复议函", "Letter asking the police to reconsider", basis=(cite(XJ17, "11"),))
    supervision_letter = Document("建议立案监督函", "Letter asking for filing supervision", basis=(cite(R310, "9"), cite(XJ17, "12")))
    consultation_letter = Document("书面咨询函", "Written consultation", basis=(cite(XJ17, "24"),))
    platform_record = Document("信息共享平台录入记录", "Record of the entry in the shared platform", external=False, basis=(cite(XJ17, "34"),))
    # fmt: on

    # Report and approval ------------------------------------------------------------------------

    open_transfer = Transition(
        "启动移送", "Open a transfer", code="C00", sources=OPENING, to=report_to_head, by=[SYSTEM], inputs=[*CRIME], notices=[INSPECTOR],
        basis=[cite(R310, "5")],
    )  # fmt: skip
    submit_group_report = Transition(
        "专案组核实并呈报正职负责人", "Report to the head", code="C1", sources=[report_to_head], to=head_deciding, by=[INSPECTOR],
        guards=[certified("officers"), named_apart_as(Duty.INVESTIGATES, "officers"), no_administrator_seats_himself("officers")],
        inputs=[
            OFFICERS, Text("crime", "涉嫌罪名", "Suspected crime"), Text("crime_article", "刑法条款", "Article of the Criminal Law"),
            LongText("crime_facts", "核实情况", "Facts as checked", longest=10_000), LongText("suspects", "涉嫌人员", "Persons suspected", personal=True, longest=2000),
            Files("crime_evidence", "证据材料", "Evidence", required=False),
        ],
        effects=[Leave(Capacity.INVESTIGATOR), Join(Capacity.INVESTIGATOR, "officers")],
        documents=[group_report], notices=[LEADER], basis=[cite(R310, "5"), cite(XJ17, "5")],
    )  # fmt: skip
    approve_transfer = Transition(
        "批准移送", "Approve the transfer", code="C2", sources=[head_deciding], to=handing_over, by=[LEADER],
        inputs=[YesNo("is_head", "本人为正职负责人或者主持工作的负责人", "I head the authority, or act for its head", must=True), LongText("opinion", "意见", "Opinion", required=False, longest=2000)],
        documents=[transfer_approval], notices=[INVESTIGATOR, SUPERVISOR], basis=[cite(R310, "5"), cite(XJ17, "5")], confirms=True,
    )  # fmt: skip
    refuse_transfer = Transition(
        "不批准移送", "Refuse the transfer", code="C2a", sources=[head_deciding], to=returned, by=[LEADER],
        inputs=[YesNo("is_head", "本人为正职负责人或者主持工作的负责人", "I head the authority, or act for its head", must=True), REASONS],
        documents=[transfer_approval], notices=[INVESTIGATOR, SUPERVISOR], basis=[cite(R310, "5"), cite(XJ17, "5")], confirms=True,
    )  # fmt: skip
    hand_over = Transition(
        "移交公安机关", "Hand over to the police", code="C3", sources=[handing_over], to=police_reviewing, by=[INVESTIGATOR],
        inputs=[
            Organisation("police", "接收的公安机关", "Police body that takes it", kind="partner"), PAPERS,
            YesNo("copied", "移送书已抄送同级检察机关", "A copy goes to the procuratorate", must=True), Files("signed_list", "双方签字的清单", "List signed by both", required=False),
        ],
        effects=[Leave(Capacity.ASSISTING), Join(Capacity.ASSISTING, "police")],
        documents=[transfer_letter, letter_copy, transfer_list], notices=[PARTNER_POLICE, SUPERVISOR, LEADER], basis=[cite(R310, "6"), cite(XJ17, "6")], confirms=True,
    )  # fmt: skip
    receive_advice = Transition(
        "检察机关建议移送", "The procuratorate advises a transfer", code="C15", sources=BEFORE_HANDOVER, by=[SUPERVISOR], received=True,
        inputs=[REASONS], notices=[LEADER, INSPECTOR], basis=[cite(XJ17, "14")],
    )  # fmt: skip
    reopen_on_advice = Transition(
        "依检察建议重新审批移送", "Decide again on the procuratorate's advice", code="C15a", sources=[returned], to=head_deciding, by=[SUPERVISOR], received=True,
        guards=[nothing_was_handed_over, parent_is_undecided], inputs=[REASONS], notices=[LEADER, INVESTIGATOR], basis=[cite(XJ17, "14")], confirms=True,
    )  # fmt: skip

    # The police ---------------------------------------------------------------------------------

    sign_receipt = Transition(
        "签收移送材料", "Sign the receipt", code="C4", sources=[police_reviewing], by=[PARTNER_POLICE], recorded_by=RECORDERS, guards=[receipt_is_awaited],
        inputs=[Text("receipt_signer", "签收人", "Signed by", personal=True)], notices=[INVESTIGATOR], basis=[cite(XJ17, "7"), cite(PSB, "180")],
    )  # fmt: skip
    confirm_papers = Transition(
        "确认材料齐全", "Confirm that the papers are complete", code="C5a", sources=[police_reviewing], by=[PARTNER_POLICE], recorded_by=RECORDERS, guards=[papers_are_unconfirmed],
        inputs=[LongText("papers_note", "说明", "Note", required=False, longest=1000)], notices=[INVESTIGATOR], basis=[cite(XJ17, "8")],
    )  # fmt: skip
    ask_for_papers = Transition(
        "告知补正材料", "Ask for missing papers", code="C5", sources=[police_reviewing], to=supplementing, by=[PARTNER_POLICE], recorded_by=RECORDERS,
        inputs=[LongText("missing", "需补正的材料", "Missing papers", longest=4000)], notices=[INVESTIGATOR, SUPERVISOR], basis=[cite(XJ17, "8")],
    )  # fmt: skip
    complete_papers = Transition(
        "补正材料", "Complete the papers", code="C6", sources=[supplementing], to=police_reviewing, by=[INVESTIGATOR], inputs=[PAPERS],
        documents=[supplement_list], notices=[PARTNER_POLICE, SUPERVISOR], basis=[cite(XJ17, "8")],
    )  # fmt: skip
    forward = Transition(
        "转送有管辖权的公安机关", "Forward to the competent police", code="C7", sources=[police_reviewing], by=[PARTNER_POLICE], recorded_by=RECORDERS,
        inputs=[Text("forwarded_to", "转送的公安机关", "Forwarded to")], notices=[INVESTIGATOR, SUPERVISOR], basis=[cite(XJ17, "9")],
    )  # fmt: skip
    give_back = Transition(
        "不属本机关管辖，退回另行移送", "Give back: not their area", code="C7a", sources=[police_reviewing], to=handing_over, by=[PARTNER_POLICE], recorded_by=RECORDERS,
        inputs=[REASONS], notices=[INVESTIGATOR, SUPERVISOR], basis=[cite(XJ17, "9")],
    )  # fmt: skip
    need_checking = Transition(
        "线索需查证，七日内决定", "The lead needs checking: seven days", code="C8a", sources=[police_reviewing], by=[PARTNER_POLICE], recorded_by=RECORDERS,
        guards=[day_of_acceptance_is_right], inputs=[ACCEPTED_ON, REASONS], notices=[INVESTIGATOR, SUPERVISOR], basis=[cite(XJ17, "9")],
    )  # fmt: skip
    approve_long_review = Transition(
        "重大复杂，经批准三十日内决定", "Major and complex: thirty days, approved", code="C8b", sources=[police_reviewing], by=[PARTNER_POLICE], recorded_by=RECORDERS,
        guards=[day_of_acceptance_is_right], inputs=[ACCEPTED_ON, REASONS], notices=[INVESTIGATOR, SUPERVISOR], basis=[cite(XJ17, "9")],
    )  # fmt: skip
    file_case = Transition(
        "公安机关立案", "The police file", code="C8", sources=[police_reviewing], to=police_filed, by=[PARTNER_POLICE], recorded_by=RECORDERS,
        inputs=[Text("police_number", "立案文号", "Their number", required=False)], notices=[INVESTIGATOR, SUPERVISOR, LEADER], basis=[cite(XJ17, "9")],
    )  # fmt: skip
    decline = Transition(
        "公安机关不予立案", "The police decline", code="C8c", sources=[police_reviewing], to=police_declined, by=[PARTNER_POLICE], recorded_by=RECORDERS,
        inputs=[REASONS], notices=[INVESTIGATOR, SUPERVISOR, LEADER, LEGAL_REVIEWER], basis=[cite(XJ17, "9")],
    )  # fmt: skip
    notify_filing = Transition(
        "书面通知立案", "Notice of the filing", code="C9", sources=[police_filed], by=[PARTNER_POLICE], recorded_by=RECORDERS, guards=[notice_is_awaited],
        inputs=[Text("notice_number", "通知书文号", "Number of the notice", required=False)], documents=[notice_copy], notices=[INVESTIGATOR, SUPERVISOR], basis=[cite(XJ17, "9")],
    )  # fmt: skip
    notify_filing_afterwards = Transition(
        "书面通知立案（涉案物品已移交）", "Notice of the filing, things handed over before", code="C9b", sources=[judicial], by=[PARTNER_POLICE], recorded_by=RECORDERS,
        guards=[notice_is_awaited],
        inputs=[Text("notice_number", "通知书文号", "Number of the notice", required=False)], documents=[notice_copy], notices=[INVESTIGATOR, SUPERVISOR], basis=[cite(XJ17, "9")],
    )  # fmt: skip
    notify_decline = Transition(
        "书面通知不予立案", "Notice that they decline", code="C9a", sources=[police_declined], by=[PARTNER_POLICE], recorded_by=RECORDERS,
        guards=[notice_is_awaited],
        inputs=[Text("notice_number", "通知书文号", "Number of the notice", required=False)], documents=[notice_copy], notices=[LEADER, LEGAL_REVIEWER, INVESTIGATOR], basis=[cite(XJ17, "9")],
    )  # fmt: skip
    hand_over_items = Transition(
        "移交涉案物品和材料", "Hand over things and papers", code="C10", sources=[police_filed], to=judicial, by=[INVESTIGATOR], inputs=[PAPERS],
        documents=[items_list], notices=[PARTNER_POLICE, SUPERVISOR], basis=[cite(XJ17, "10"), cite(R310, "12")],
    )  # fmt: skip

    # Declined: reconsideration, supervision -----------------------------------------------------

    propose_reconsideration = Transition(
        "拟提请复议", "Propose to ask them to reconsider", code="C11a", sources=[police_declined], by=[LEGAL_REVIEWER], guards=[reconsideration_is_in_time],
        inputs=[REASONS], notices=[LEADER], basis=[cite(XJ17, "11")],
    )  # fmt: skip
    ask_reconsideration = Transition(
        "提请公安机关复议", "Ask the police to reconsider", code="C11", sources=[police_declined], to=police_reconsidering, by=[LEADER], guards=[reconsideration_is_in_time],
        inputs=[REASONS], documents=[reconsideration_letter], notices=[PARTNER_POLICE, LEGAL_REVIEWER, SUPERVISOR], basis=[cite(XJ17, "11")],
    )  # fmt: skip
    lose_reconsideration = Transition(
        "提请复议期限届满", "The time to ask for reconsideration is over", code="C11b", sources=UNFILED, by=[SYSTEM], notices=[LEADER, LEGAL_REVIEWER], basis=[cite(XJ17, "11")],
    )  # fmt: skip
    file_after_reconsideration = Transition(
        "复议后立案", "The police file after all", code="C12", sources=[police_reconsidering], to=police_filed, by=[PARTNER_POLICE], recorded_by=RECORDERS,
        inputs=[Text("police_number", "立案文号", "Their number", required=False)], notices=[INVESTIGATOR, SUPERVISOR, LEADER], basis=[cite(XJ17, "11")],
    )  # fmt: skip
    uphold_decline = Transition(
        "复议维持不予立案", "The police still decline", code="C12a", sources=[police_reconsidering], to=police_declined, by=[PARTNER_POLICE], recorded_by=RECORDERS,
        inputs=[REASONS], notices=[LEADER, LEGAL_REVIEWER, SUPERVISOR], basis=[cite(XJ17, "11")],
    )  # fmt: skip
    ask_supervision = Transition(
        "建议检察机关立案监督", "Ask the procuratorate for filing supervision", code="C13", sources=UNFILED_OR_SILENT, to=procuratorate_supervision, by=[LEADER],
        guards=[police_declined_or_are_silent, supervision_is_in_time],
        inputs=[REASONS], documents=[supervision_letter], notices=[SUPERVISOR, LEGAL_REVIEWER], basis=[cite(R310, "9"), cite(XJ17, "12")],
    )  # fmt: skip
    lose_supervision = Transition(
        "建议立案监督期限届满", "The time to ask for supervision is over", code="C13a", sources=UNFILED, by=[SYSTEM], notices=[LEADER, LEGAL_REVIEWER], basis=[cite(R310, "9")],
    )  # fmt: skip
    note_explanation = Transition(
        "公安机关说明不立案理由", "The police explain themselves", code="C14", sources=[procuratorate_supervision], by=[SUPERVISOR], received=True,
        inputs=[LongText("explanation", "说明内容", "Explanation", longest=4000)], notices=[LEADER], basis=[cite(PSB, "182")],
    )  # fmt: skip
    note_filing_order = Transition(
        "检察机关通知立案", "The procuratorate orders the filing", code="C14a", sources=[procuratorate_supervision], by=[SUPERVISOR], received=True,
        notices=[LEADER, PARTNER_POLICE], basis=[cite(PSB, "182")],
    )  # fmt: skip
    file_on_order = Transition(
        "公安机关依通知立案", "The police file on order", code="C14b", sources=[procuratorate_supervision], to=police_filed, by=[PARTNER_POLICE], recorded_by=RECORDERS,
        guards=[filing_was_ordered], inputs=[Text("police_number", "立案文号", "Their number", required=False)], notices=[INVESTIGATOR, SUPERVISOR, LEADER], basis=[cite(PSB, "182")],
    )  # fmt: skip
    end_supervision = Transition(
        "检察机关认为不立案理由成立", "The procuratorate accepts the decline", code="C14c", sources=[procuratorate_supervision], to=returned, by=[SUPERVISOR], received=True,
        notices=[LEADER, INVESTIGATOR], basis=[cite(XJ17, "16")], confirms=True,
    )  # fmt: skip
    accept_decline = Transition(
        "接受不予立案，退回行政处理", "Accept it and go on by ourselves", code="C16", sources=[police_declined], to=returned, by=[LEADER], inputs=[REASONS],
        notices=[INVESTIGATOR, SUPERVISOR], basis=[cite(XJ17, "16")], confirms=True,
    )  # fmt: skip
    note_dropped = Transition(
        "撤案、不起诉或者不予刑事处罚，退回行政处理", "Dropped, not prosecuted or acquitted: returned", code="C16a", sources=WITH_POLICE, to=returned, by=[SUPERVISOR], received=True,
        inputs=[Choice("outcome", "结果", "Outcome", options=(
            ("dropped", Label("撤销案件", "Dropped")), ("not_prosecuted", Label("不起诉", "Not prosecuted")), ("acquitted", Label("判决无罪", "Acquitted")), ("exempt", Label("免予刑事处罚", "Exempt from punishment")),
        ))],
        notices=[LEADER, INVESTIGATOR], basis=[cite(XJ17, "16")], confirms=True,
    )  # fmt: skip
    note_judgment = Transition(
        "收到生效裁判", "Judgment received", code="C16b", sources=[judicial], by=[SUPERVISOR], received=True,
        inputs=[LongText("judgment", "裁判结果", "Judgment", longest=4000)], notices=[LEADER, INVESTIGATOR], basis=[cite(APL, "35"), cite(XJ17, "16")],
    )  # fmt: skip

    # Platform, consultation ---------------------------------------------------------------------

    enter_platform = Transition(
        "录入信息共享平台", "Enter in the shared platform", code="C17", sources=OPEN, by=[INVESTIGATOR, INSPECTOR], inputs=[LongText("entered", "录入内容", "What was entered", longest=2000)],
        documents=[platform_record], basis=[cite(XJ17, "34")],
    )  # fmt: skip
    conclude = Transition(
        "录入结果，办结", "Enter the result and conclude", code="C17a", sources=[judicial], to=concluded, by=[INVESTIGATOR, SUPERVISOR], guards=[judgment_was_received],
        inputs=[LongText("entered", "录入内容", "What was entered", longest=2000)], documents=[platform_record], notices=[LEADER], basis=[cite(XJ17, "34")], confirms=True,
    )  # fmt: skip
    consult = Transition(
        "书面咨询", "Consult in writing", code="C18", sources=OPEN, by=[INSPECTOR, INVESTIGATOR, LEGAL_REVIEWER], item=Raise(consultations),
        inputs=[Text("consulted", "咨询机关", "Body consulted"), LongText("question", "咨询事项", "Question", longest=4000)],
        documents=[consultation_letter], notices=[PARTNER_POLICE], basis=[cite(XJ17, "24")],
    )  # fmt: skip
    answer_consultation = Transition(
        "答复咨询", "Answer the consultation", code="C18a", sources=OPEN, by=[PARTNER_POLICE], recorded_by=RECORDERS, item=Take(consultations, ("asked",), "answered"),
        inputs=[LongText("answer", "答复意见", "Answer", longest=6000)], notices=[INVESTIGATOR, LEGAL_REVIEWER], basis=[cite(XJ17, "24")],
    )  # fmt: skip

    # Deadlines ----------------------------------------------------------------------------------

    _DECIDED_BY_POLICE = (file_case, decline, give_back)

    head_approval = Deadline(
        "正职审批", "The head decides", anchor=After(submit_group_report, reopen_on_advice), due=Lasts("transfer_approval"), expiry=Expiry.AUTHORITY_BREACH,
        met_by=[approve_transfer, refuse_transfer], waits_for=LEADER, ladder="L-3", basis=[cite(R310, "5"), cite(XJ17, "5")],
    )  # fmt: skip
    handover = Deadline(
        "移交公安机关", "Handed to the police", anchor=After(approve_transfer, give_back), due=Lasts("transfer"), expiry=Expiry.AUTHORITY_BREACH,
        met_by=[hand_over], waits_for=INVESTIGATOR, ladder="L-H", basis=[cite(R310, "6"), cite(XJ17, "6")],
    )  # fmt: skip
    advised_transfer = Deadline(
        "依检察建议移送", "Transfer on advice", anchor=After(receive_advice, reopen_on_advice), due=Lasts("advised_transfer"), expiry=Expiry.AUTHORITY_BREACH,
        met_by=[hand_over], voided_by=[refuse_transfer], waits_for=LEADER, ladder="L-3", basis=[cite(XJ17, "14")],
    )  # fmt: skip
    first_answer = Deadline(
        "公安机关审核材料", "First answer of the police", anchor=After(hand_over), due=Earliest(Lasts("police_supplement_request"), Lasts("police_forward")),
        expiry=Expiry.AUTHORITY_BREACH, met_by=[confirm_papers, ask_for_papers, forward, *_DECIDED_BY_POLICE], voided_by=[ask_supervision], waits_for=PARTNER_POLICE, ladder="L-X",
        basis=[cite(XJ17, "8"), cite(XJ17, "9")],
    )  # fmt: skip
    supplement = Deadline(
        "补正材料", "Papers completed", anchor=After(ask_for_papers), due=Lasts("transfer_supplement"), expiry=Expiry.AUTHORITY_BREACH, met_by=[complete_papers],
        waits_for=INVESTIGATOR, ladder="L-3", basis=[cite(XJ17, "8")],
    )  # fmt: skip
    police_decision = Deadline(
        "公安机关决定是否立案", "The police decide", anchor=After(hand_over, complete_papers), due=Lasts("police_filing"), expiry=Expiry.AUTHORITY_BREACH,
        met_by=_DECIDED_BY_POLICE, voided_by=[ask_for_papers, need_checking, approve_long_review, ask_supervision], waits_for=PARTNER_POLICE, ladder="L-X", basis=[cite(XJ17, "9")],
    )  # fmt: skip
    police_decision_checked = Deadline(
        "公安机关查证后决定", "The police decide after a check", anchor=AfterDay("accepted_on", need_checking), due=Lasts("police_filing_check"), expiry=Expiry.AUTHORITY_BREACH,
        met_by=_DECIDED_BY_POLICE, voided_by=[ask_for_papers, approve_long_review, ask_supervision], waits_for=PARTNER_POLICE, ladder="L-X", basis=[cite(XJ17, "9")],
    )  # fmt: skip
    police_decision_complex = Deadline(
        "公安机关决定（重大复杂）", "The police decide a complex case", anchor=AfterDay("accepted_on", approve_long_review), due=Lasts("police_filing_complex"),
        expiry=Expiry.AUTHORITY_BREACH, met_by=_DECIDED_BY_POLICE, voided_by=[ask_for_papers, ask_supervision], waits_for=PARTNER_POLICE, ladder="L-X", basis=[cite(XJ17, "9")],
    )  # fmt: skip
    police_notice = Deadline(
        "公安机关书面通知", "Written notice of the police", anchor=After(file_case, decline, file_after_reconsideration, file_on_order), due=Lasts("police_notice"),
        expiry=Expiry.AUTHORITY_BREACH, met_by=[notify_filing, notify_filing_afterwards, notify_decline], voided_by=[ask_supervision], waits_for=PARTNER_POLICE, ladder="L-X", basis=[cite(XJ17, "9")],
    )  # fmt: skip
    items_handover = Deadline(
        "移交涉案物品和材料", "Things and papers handed over", anchor=After(notify_filing), due=Lasts("items_handover"), expiry=Expiry.AUTHORITY_BREACH,
        met_by=[hand_over_items], waits_for=INVESTIGATOR, ladder="L-3", basis=[cite(XJ17, "10"), cite(R310, "12")],
    )  # fmt: skip
    filing_reconsideration = Deadline(
        "提请公安机关复议", "Ask the police to reconsider", anchor=After(notify_decline), due=Lasts("filing_reconsideration"), expiry=Expiry.RIGHT_LOST,
        met_by=[ask_reconsideration], voided_by=[ask_supervision, file_after_reconsideration], on_expiry=lose_reconsideration, waits_for=LEADER, ladder="L-3", basis=[cite(XJ17, "11")],
    )  # fmt: skip
    police_reconsideration = Deadline(
        "公安机关复议", "The police reconsider", anchor=After(ask_reconsideration), due=Lasts("police_reconsideration"), expiry=Expiry.AUTHORITY_BREACH,
        met_by=[file_after_reconsideration, uphold_decline], voided_by=[ask_supervision], waits_for=PARTNER_POLICE, ladder="L-X", basis=[cite(XJ17, "11")],
    )  # fmt: skip
    filing_supervision = Deadline(
        "建议立案监督", "Ask for filing supervision", anchor=After(uphold_decline), due=Lasts("filing_supervision"), expiry=Expiry.RIGHT_LOST, met_by=[ask_supervision],
        voided_by=[ask_reconsideration], on_expiry=lose_supervision, waits_for=LEADER, ladder="L-3", basis=[cite(R310, "9"), cite(XJ17, "12")],
    )  # fmt: skip
    police_explanation = Deadline(
        "公安机关说明理由", "The police explain", anchor=After(ask_supervision), due=Lasts("police_explanation"), expiry=Expiry.AUTHORITY_BREACH,
        met_by=[note_explanation, note_filing_order, file_on_order], waits_for=PARTNER_POLICE, ladder="L-X", basis=[cite(PSB, "182")],
    )  # fmt: skip
    ordered_filing = Deadline(
        "公安机关依通知立案", "The police file on order", anchor=After(note_filing_order), due=Lasts("police_ordered_filing"), expiry=Expiry.AUTHORITY_BREACH,
        met_by=[file_on_order], waits_for=PARTNER_POLICE, ladder="L-X", basis=[cite(PSB, "182")],
    )  # fmt: skip
    platform_entry = Deadline(
        "录入信息共享平台", "Entry in the shared platform", anchor=After(hand_over, note_judgment), due=Lasts("platform_entry"), expiry=Expiry.TARGET,
        met_by=[enter_platform, conclude], waits_for=INVESTIGATOR, ladder="L-7", basis=[cite(XJ17, "34")],
    )  # fmt: skip
    consultation = Deadline(
        "答复书面咨询", "Consultation answered", anchor=After(consult), due=Lasts("consultation_answer"), expiry=Expiry.TARGET, per=consultations,
        met_by=[answer_consultation], waits_for=PARTNER_POLICE, ladder="L-X", basis=[cite(XJ17, "24")],
    )  # fmt: skip

    # Facts --------------------------------------------------------------------------------------

    # fmt: off
    crime = Fact("涉嫌罪名", "Suspected crime", latest="crime", of=[open_transfer, submit_group_report])
    crime_article = Fact("刑法条款", "Article", latest="crime_article", of=[open_transfer, submit_group_report])
    approved_on = Fact("批准移送日期", "Approved on", day=True, of=[approve_transfer])
    handed_over_on = Fact("移交日期", "Handed over on", day=True, of=[hand_over])
    handovers = Fact("移交次数", "Times handed over", count=True, of=[hand_over])
    supplements = Fact("补正次数", "Times completed", count=True, of=[complete_papers])
    receipts = Fact("签收次数", "Times the receipt was signed", count=True, of=[sign_receipt])
    confirmations = Fact("确认齐全次数", "Times confirmed as complete", count=True, of=[confirm_papers])
    accepted_on = Fact("公安机关接受日期", "Taken by the police on", day=True, of=[hand_over, complete_papers])
    filed_on = Fact("公安机关立案日期", "Filed by the police on", day=True, of=[file_case, file_after_reconsideration, file_on_order])
    declined_on = Fact("不予立案日期", "Declined on", day=True, of=[decline, uphold_decline])
    reconsideration_asked_on = Fact("提请复议日期", "Reconsideration asked on", day=True, of=[ask_reconsideration])
    filing_ordered_on = Fact("检察机关通知立案日期", "Filing ordered on", day=True, of=[note_filing_order])
    judged_on = Fact("收到裁判日期", "Judgment received on", day=True, of=[note_judgment])
    outcome = Fact("刑事处理结果", "Outcome", latest="outcome", of=[note_dropped])
    ended_on = Fact("办结或者退回日期", "Ended on", day=True, of=[refuse_transfer, end_supervision, accept_decline, note_dropped, conclude])
    # fmt: on
