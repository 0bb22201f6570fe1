"""Preservation of evidence, sealing and seizure 先行登记保存、查封、扣押: one track per measure taken.

Administrative Penalty Law, art. 56, and Order 30, arts. 32-33: preserved things are dealt with in
seven working days, else the measure ends by itself. Administrative Compulsion Law, arts. 18-28:
sealing and seizure last thirty days and once thirty more; time for testing does not count and is
told in writing. Both want the head's approval: where it is urgent the officers act first and bring
the paper within 24 hours. What has ended by itself still wants its paper of release.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.engine.actors import INSPECTOR, INVESTIGATOR, LEADER, SUPERVISOR, SYSTEM
from app.engine.definition import (
    OPENING,
    After,
    AfterDay,
    Deadline,
    Document,
    Exclusion,
    Expiry,
    Extension,
    Fact,
    Lasts,
    Lifecycle,
    State,
    SubjectKind,
    Transition,
    Unmet,
    guard,
)
from app.engine.inputs import Choice, Day, Files, Input, LongText, Text
from app.engine.view import Attempt
from app.law.labels import Label
from app.law.sources import cite
from app.workflows.penalty_inputs import (
    MEASURE_KIND,
    OFFICERS,
    REASONS,
    RIGHTS_TOLD,
    THINGS,
    TIME_TOLD,
    URGENT,
)
from app.workflows.separation import certified

APL, AEL, O30, CODE = "APL", "AEL", "O30", "CODE"

OFFICERS_OF_THE_CASE: Final = (INVESTIGATOR, INSPECTOR)

PRESERVATION, SEIZURE = "preservation", "seizure"


# Guards -----------------------------------------------------------------------------------------


@guard("本措施不是先行登记保存。", "This measure is no preservation of evidence.")
def is_preservation(attempt: Attempt) -> bool:
    return attempt.case.facts.get("kind") == PRESERVATION


@guard("本措施不是查封、扣押。", "This measure is no sealing or seizure.")
def is_seizure(attempt: Attempt) -> bool:
    return attempt.case.facts.get("kind") == SEIZURE


@guard(
    "未报明情况紧急，须先经负责人批准。",
    "It was not reported as urgent: the head approves first.",
    basis=(cite(O30, "32,33"), cite(AEL, "19")),
)
def is_urgent(attempt: Attempt) -> bool:
    return bool(attempt.case.facts.get("urgent"))


@guard("没有待补办的批准手续。", "No approval is waiting to be made up for.")
def approval_is_missing(attempt: Attempt) -> bool:
    facts = attempt.case.facts
    return "taken_at_once_on" in facts and "approved_afterwards_on" not in facts


@guard("检测、检验或者鉴定正在进行。", "Something is being tested already.")
def nothing_is_out_for_testing(attempt: Attempt) -> bool:
    facts = attempt.case.facts
    return bool(facts.get("tests_begun", 0) == facts.get("tests_ended", 0))


@guard("没有正在进行的检测、检验或者鉴定。", "Nothing is out for testing.")
def something_is_out_for_testing(attempt: Attempt) -> bool:
    facts = attempt.case.facts
    return bool(facts.get("tests_begun", 0) > facts.get("tests_ended", 0))


@guard(
    "解除日期不能早于实施日期（{taken}）。",
    "It cannot have been released before it was taken ({taken}).",
    reads_inputs=True,
)
def released_after_it_was_taken(attempt: Attempt) -> bool | Unmet:
    taken = str(attempt.case.facts.get("taken_on", ""))
    return attempt.inputs["released_on"].isoformat() >= taken or Unmet(taken=taken)


# The acts of one kind ----------------------------------------------------------------------------

TAKEN: Final = (
    OFFICERS,
    RIGHTS_TOLD,
    Day("taken_on", "实施日期", "Taken on", past=True),
    Text("place", "地点", "Place"),
    LongText("listed", "清单（名称、数量、状态、保管人）", "List: name, quantity, state, keeper", longest=6000),
    Text("party_present", "当事人或者见证人", "Party or witness present", longest=60, personal=True),
    Files("scene", "现场笔录、清单扫描件或照片", "Scans of the record and list, photographs"),
)  # fmt: skip
ENDINGS: Final = {
    "returned": Label("退还", "Returned"),
    "confiscated": Label("依处罚决定没收", "Confiscated by the decision"),
    "transferred": Label("随案移送", "Handed over with the case"),
}
"""What may become of things, whichever the measure."""
ENDINGS_OF_EVIDENCE: Final = {
    "fixed": Label("已采取记录、复制、拍照、录像等证据固定措施", "Recorded, copied or photographed as evidence"),
    "sampled": Label("送交检测、检验、评估、鉴定", "Sent to be tested or appraised"),
    "seized": Label("依法查封、扣押（另行办理）", "Sealed or seized, by a measure of its own"),
}  # fmt: skip
"""What else may become of preserved evidence. A seizure is not renewed by another one."""


def _handled(options: Mapping[str, Label]) -> tuple[Input, ...]:
    return (
        OFFICERS,
        Day("released_on", "处理、解除日期", "Dealt with on", past=True),
        Choice("handling", "处理方式", "How it is dealt with", options=tuple(options.items())),
        LongText("handling_note", "处理情况", "What became of the things", longest=4000),
        Files("release_receipt", "签收凭证", "Receipt", required=False),
    )


class Measure(Lifecycle):
    """One measure on things or places, from its approval to its release."""

    key = "measure"
    zh, en = "登记保存、查封扣押", "Preservation or seizure"
    subject = SubjectKind.OPERATION
    number_prefix = "卫措"
    private = True

    # States -------------------------------------------------------------------------------------

    proposed = State("待批准", "To be approved", waits_for=LEADER)
    approved = State("待实施", "To be taken", waits_for=INVESTIGATOR)
    in_force = State("措施实施中", "In force", waits_for=INVESTIGATOR)
    overdue = State(
        "措施已终止，待办解除手续", "Ended, papers of release due", waits_for=INVESTIGATOR
    )
    released = State("已解除", "Released", final=True)
    refused = State("不予批准", "Not approved", final=True)

    # Documents ----------------------------------------------------------------------------------

    preservation_notice = Document("先行登记保存证据通知书", "Notice of preservation", basis=(cite(APL, "56"), cite(O30, "32,33")))  # fmt: skip
    preservation_release = Document("解除先行登记保存证据通知书", "Release of preserved evidence", basis=(cite(O30, "33"),))  # fmt: skip
    seizure_decision = Document("查封/扣押决定书", "Decision to seal or seize", basis=(cite(AEL, "24"),))  # fmt: skip
    seizure_extension = Document("查封/扣押延期决定书", "Extension of the seizure", basis=(cite(AEL, "25"),))  # fmt: skip
    seizure_release = Document("解除查封/扣押决定书", "Release of the seizure", basis=(cite(AEL, "28"),))  # fmt: skip
    inspection_record = Document(
        "现场检查（勘察）笔录", "Record of the inspection", external=False, basis=(cite(AEL, "18"),)
    )
    internal_approval = Document("案件处理内部审批表", "Internal approval", external=False)

    # Transitions --------------------------------------------------------------------------------

    begin = Transition(
        "提出措施", "Propose", code="M01", sources=OPENING, to=proposed, by=[SYSTEM],
        inputs=[MEASURE_KIND, URGENT, THINGS], notices=[LEADER], basis=[cite(APL, "56"), cite(AEL, "18"), cite(CODE, "52")],
    )  # fmt: skip
    approve = Transition(
        "批准实施", "Approve", code="M02", sources=[proposed], to=approved, by=[LEADER],
        inputs=[LongText("opinion", "审批意见", "Opinion", required=False, longest=2000)],
        documents=[internal_approval], notices=[INVESTIGATOR, INSPECTOR], basis=[cite(O30, "32"), cite(AEL, "18")],
    )  # fmt: skip
    refuse = Transition(
        "不予批准", "Refuse", code="M02a", sources=[proposed], to=refused, by=[LEADER], inputs=[REASONS],
        documents=[internal_approval], notices=[INVESTIGATOR, INSPECTOR], basis=[cite(O30, "32"), cite(AEL, "18")], confirms=True,
    )  # fmt: skip
    keep = Transition(
        "实施登记保存", "Preserve", code="M03", sources=[approved], to=in_force, by=OFFICERS_OF_THE_CASE,
        guards=[is_preservation, certified("officers")], inputs=TAKEN,
        documents=[preservation_notice], notices=[LEADER], basis=[cite(APL, "56"), cite(O30, "32,33")],
    )  # fmt: skip
    keep_at_once = Transition(
        "紧急登记保存", "Preserve at once", code="M03a", sources=[proposed], to=in_force, by=OFFICERS_OF_THE_CASE,
        guards=[is_urgent, is_preservation, certified("officers")], inputs=TAKEN,
        documents=[preservation_notice], notices=[LEADER], basis=[cite(APL, "56"), cite(O30, "32,33")],
    )  # fmt: skip
    seize = Transition(
        "实施查封、扣押", "Seal or seize", code="M04", sources=[approved], to=in_force, by=OFFICERS_OF_THE_CASE,
        guards=[is_seizure, certified("officers")], inputs=TAKEN,
        documents=[seizure_decision, inspection_record], notices=[LEADER], basis=[cite(AEL, "18,24"), cite(CODE, "52")],
    )  # fmt: skip
    seize_at_once = Transition(
        "紧急查封、扣押", "Seal or seize at once", code="M04a", sources=[proposed], to=in_force, by=OFFICERS_OF_THE_CASE,
        guards=[is_urgent, is_seizure, certified("officers")], inputs=TAKEN,
        documents=[seizure_decision, inspection_record], notices=[LEADER], basis=[cite(AEL, "19,24"), cite(CODE, "52")],
    )  # fmt: skip
    approve_afterwards = Transition(
        "补办批准", "Approve afterwards", code="M05", sources=[in_force], by=[LEADER], guards=[approval_is_missing],
        inputs=[LongText("opinion", "审批意见", "Opinion", required=False, longest=2000)],
        documents=[internal_approval], notices=[INVESTIGATOR, INSPECTOR], basis=[cite(O30, "32,33"), cite(AEL, "19")],
    )  # fmt: skip
    disapprove = Transition(
        "不予补批，立即解除", "Disapprove: to be released at once", code="M05a", sources=[in_force], to=overdue, by=[LEADER],
        guards=[approval_is_missing], inputs=[REASONS],
        documents=[internal_approval], notices=[INVESTIGATOR, INSPECTOR], basis=[cite(AEL, "19")], confirms=True,
    )  # fmt: skip
    extend = Transition(
        "批准延长查封、扣押", "Extend the seizure", code="M06", sources=[in_force], by=[LEADER], guards=[is_seizure], extends="seizure",
        inputs=[REASONS, Day("told_on", "书面告知当事人日期", "The party was told in writing on", past=True)],
        documents=[seizure_extension], notices=[INVESTIGATOR, INSPECTOR], basis=[cite(AEL, "25")],
    )  # fmt: skip
    send_for_testing = Transition(
        "送检测、检验、技术鉴定", "Send for testing", code="M07", sources=[in_force], by=OFFICERS_OF_THE_CASE,
        guards=[is_seizure, nothing_is_out_for_testing],
        inputs=[Text("body", "受委托机构", "Body commissioned"), LongText("items", "委托事项", "What is to be tested", longest=4000), TIME_TOLD],
        notices=[SUPERVISOR], basis=[cite(AEL, "25")],
    )  # fmt: skip
    take_back_from_testing = Transition(
        "收到检测、检验、鉴定结果", "Enter the result", code="M07a", sources=[in_force], by=OFFICERS_OF_THE_CASE,
        guards=[something_is_out_for_testing],
        inputs=[LongText("result", "结果", "Result", longest=6000), Files("report_file", "报告", "Report", required=False)],
        notices=[SUPERVISOR], basis=[cite(AEL, "25")],
    )  # fmt: skip
    lapse_preservation = Transition(
        "七个工作日届满，自动解除", "Seven working days have passed: released by itself", code="M08", sources=[in_force], to=overdue,
        by=[SYSTEM], notices=[INVESTIGATOR, INSPECTOR, LEADER], basis=[cite(APL, "56"), cite(O30, "33")],
    )  # fmt: skip
    lapse_seizure = Transition(
        "查封、扣押期满，自动解除", "The term of the seizure has passed: released by itself", code="M08a", sources=[in_force], to=overdue,
        by=[SYSTEM], notices=[INVESTIGATOR, INSPECTOR, LEADER], basis=[cite(AEL, "25,28")],
    )  # fmt: skip
    release_kept = Transition(
        "处理并解除登记保存", "Deal with and release the evidence", code="M09", sources=[in_force, overdue], to=released, by=OFFICERS_OF_THE_CASE,
        guards=[is_preservation, certified("officers"), released_after_it_was_taken], inputs=_handled(ENDINGS | ENDINGS_OF_EVIDENCE),
        documents=[preservation_release], notices=[LEADER, SUPERVISOR], basis=[cite(APL, "56"), cite(O30, "33")], confirms=True,
    )  # fmt: skip
    release_seized = Transition(
        "解除查封、扣押", "Release the seizure", code="M09a", sources=[in_force, overdue], to=released, by=OFFICERS_OF_THE_CASE,
        guards=[is_seizure, certified("officers"), nothing_is_out_for_testing, released_after_it_was_taken], inputs=_handled(ENDINGS),
        documents=[seizure_release], notices=[LEADER, SUPERVISOR], basis=[cite(AEL, "27,28")], confirms=True,
    )  # fmt: skip
    give_up = Transition(
        "不再实施", "Give up", code="M10", sources=[proposed, approved], to=refused, by=OFFICERS_OF_THE_CASE, inputs=[REASONS],
        notices=[LEADER], confirms=True,
    )  # fmt: skip

    # Deadlines ----------------------------------------------------------------------------------

    preservation = Deadline(
        "先行登记保存", "Preservation of evidence", anchor=AfterDay("taken_on", keep, keep_at_once), due=Lasts("preservation"),
        expiry=Expiry.AUTO_RELEASE, met_by=[release_kept], voided_by=[disapprove, lapse_seizure], on_expiry=lapse_preservation,
        waits_for=INVESTIGATOR, ladder="L-7", basis=[cite(APL, "56"), cite(O30, "32,33")],
    )  # fmt: skip
    seizure = Deadline(
        "查封、扣押", "Sealing or seizure", anchor=AfterDay("taken_on", seize, seize_at_once), due=Lasts("seizure"),
        expiry=Expiry.AUTO_RELEASE, met_by=[release_seized], voided_by=[disapprove, lapse_preservation], on_expiry=lapse_seizure,
        excluded_by=[Exclusion("testing", "检测、检验、技术鉴定", "Testing", begins=(send_for_testing,), ends=(take_back_from_testing,), basis=(cite(AEL, "25"),))],
        extensions=[Extension("seizure_extension", [LEADER])], waits_for=INVESTIGATOR, ladder="L-15", basis=[cite(AEL, "25")],
    )  # fmt: skip
    preservation_approval = Deadline(
        "补办登记保存手续", "Paper for an urgent preservation", anchor=After(keep_at_once), due=Lasts("preservation_approval"),
        expiry=Expiry.AUTHORITY_BREACH, met_by=[approve_afterwards, disapprove], voided_by=[release_kept],
        waits_for=LEADER, ladder="L-H", basis=[cite(O30, "32,33")],
    )  # fmt: skip
    seizure_approval = Deadline(
        "补办查封、扣押批准", "Approval of an urgent seizure", anchor=After(seize_at_once), due=Lasts("seizure_approval"),
        expiry=Expiry.AUTHORITY_BREACH, met_by=[approve_afterwards, disapprove], voided_by=[release_seized],
        waits_for=LEADER, ladder="L-H", basis=[cite(AEL, "19")],
    )  # fmt: skip

    # Facts --------------------------------------------------------------------------------------

    kind = Fact("措施种类", "Kind of measure", latest="kind", of=[begin])
    urgent = Fact("情况紧急", "Urgent", latest="urgent", of=[begin])
    things = Fact("物品、场所", "Things and places", latest="things", of=[begin])
    taken_on = Fact("实施日期", "Taken on", latest="taken_on", of=[keep, keep_at_once, seize, seize_at_once])  # fmt: skip
    taken_at_once_on = Fact("紧急实施日期", "Taken at once on", latest="taken_on", of=[keep_at_once, seize_at_once])  # fmt: skip
    approved_afterwards_on = Fact("补批日期", "Approved afterwards on", day=True, of=[approve_afterwards])  # fmt: skip
    tests_begun = Fact("送检次数", "Tests begun", count=True, of=[send_for_testing])
    tests_ended = Fact("收到结果次数", "Test results", count=True, of=[take_back_from_testing])
    released_on = Fact("解除日期", "Released on", latest="released_on", of=[release_kept, release_seized])  # fmt: skip
    handling = Fact("处理方式", "How it was dealt with", latest="handling", of=[release_kept, release_seized])  # fmt: skip
