"""A correction ordered 责令改正: what has to be put right by when, and what the re-check found.

Administrative Penalty Law, art. 28; Order 30, art. 9. The day is set by the order; no statute says
how long it may be. Nobody breaches an order that was not served in time to be obeyed. What follows a
refusal is the parent's: the allowance cut or the halt of REG 21 and 22, or a heavier penalty (CODE
1056).
"""

from __future__ import annotations

from typing import Final

from app.engine.actors import (
    INSPECTOR,
    INVESTIGATOR,
    LEADER,
    PARTY_AGENCY,
    PARTY_UNIT,
    SUPERVISOR,
    SYSTEM,
    Capacity,
)
from app.engine.definition import (
    OPENING,
    After,
    Deadline,
    Document,
    Expiry,
    Fact,
    Join,
    Lifecycle,
    On,
    State,
    SubjectKind,
    Transition,
    Unmet,
    guard,
)
from app.engine.inputs import Day, DocumentKind, Files, LongText
from app.engine.view import Attempt
from app.law.periods import local_date
from app.law.sources import cite
from app.workflows.penalty_inputs import CORRECT_BY, CORRECT_WHAT, OFFICERS, REASONS, SCAN
from app.workflows.separation import certified, is_issued, newest

APL, O30, REG, CODE = "APL", "O30", "REG", "CODE"

PARTY: Final = (PARTY_UNIT, PARTY_AGENCY)
OFFICERS_OF_THE_CASE: Final = (INVESTIGATOR, INSPECTOR)
RECHECKED: Final = (
    OFFICERS,
    Day("rechecked_on", "复查日期", "Re-checked on", past=True),
    LongText("recheck_findings", "复查情况", "What the re-check found", longest=6000),
    SCAN,
)


# Guards -----------------------------------------------------------------------------------------


@guard(
    "责令改正文书尚未用印或者尚未生成。",
    "The order is not sealed and rendered yet.",
    basis=cite(APL, "61"),
)
def order_is_issued(attempt: Attempt) -> bool:
    return is_issued(attempt.case.parent, str(attempt.case.facts.get("document", "")))


@guard(
    "送达日期不能早于文书用印之日（{sealed}）。",
    "It cannot have been served before it was sealed ({sealed}).",
    reads_inputs=True,
)
def served_after_it_was_sealed(attempt: Attempt) -> bool | Unmet:
    parent = attempt.case.parent
    found = newest(parent, str(attempt.case.facts.get("document"))) if parent is not None else None
    if found is None or found.sealed_at is None:
        return True
    sealed = local_date(found.sealed_at)
    return attempt.inputs["order_served_on"] >= sealed or Unmet(sealed=sealed)


@guard(
    "责令改正文书没有在改正期限届满前送达当事人。",
    "The order was not served on the party before its last day was over.",
    basis=cite(APL, "61"),
)
def order_was_served_in_time(attempt: Attempt) -> bool:
    clock, served_on = attempt.case.deadline("term"), attempt.case.facts.get("order_served_on")
    if served_on is None or clock is None or clock.due_on is None:
        return False
    return str(served_on) <= clock.due_on.isoformat()


@guard("改正期限（{last}）未满。", "The time to correct runs until {last}.", basis=cite(APL, "28"))
def time_to_correct_is_over(attempt: Attempt) -> bool | Unmet:
    clock = attempt.case.deadline("term")
    return clock is None or clock.has_passed(attempt.now) or Unmet(last=clock.due_on)


@guard(
    "复查日期须在改正期限（{last}）届满之后。",
    "The re-check has to follow the last day to correct ({last}).",
    basis=cite(APL, "28"),
    reads_inputs=True,
)
def recheck_followed_the_term(attempt: Attempt) -> bool | Unmet:
    clock = attempt.case.deadline("term")
    if clock is None or clock.due_on is None:
        return True
    return attempt.inputs["rechecked_on"] > clock.due_on or Unmet(last=clock.due_on)


class Correction(Lifecycle):
    """One order to correct, from its issue to the finding."""

    key = "correction"
    zh, en = "责令改正", "Correction"
    subject = SubjectKind.OPERATION
    number_prefix = "卫改"
    private = True

    # States -------------------------------------------------------------------------------------

    ordered = State("待改正", "To be corrected", waits_for=PARTY_UNIT)
    reported = State("待复查", "To be re-checked", waits_for=INSPECTOR)
    corrected = State("已改正", "Corrected", final=True)
    refused = State("拒不改正", "Refused", final=True)
    lifted = State("撤销改正要求", "Order lifted", final=True)

    # Documents ----------------------------------------------------------------------------------

    recheck_record = Document("现场检查（勘察）笔录", "Record of the re-check", form="inspection_record", external=False)  # fmt: skip
    internal_approval = Document("案件处理内部审批表", "Internal approval", external=False)

    # Transitions --------------------------------------------------------------------------------

    begin = Transition(
        "责令改正", "Order the correction", code="K01", sources=OPENING, to=ordered, by=[SYSTEM],
        inputs=[CORRECT_WHAT, CORRECT_BY, DocumentKind("document", "文书", "Document", longest=40)],
        notices=[INVESTIGATOR, INSPECTOR], basis=[cite(APL, "28"), cite(O30, "9")],
    )  # fmt: skip
    prove_service = Transition(
        "登记责令改正文书送达", "Prove the service of the order", code="K02", sources=[ordered, reported], by=OFFICERS_OF_THE_CASE, guards=[order_is_issued, served_after_it_was_sealed],
        inputs=[Day("order_served_on", "送达日期", "Served on", past=True), Files("receipt", "送达回证", "Receipt")],
        effects=[Join(Capacity.PARTY, subject=True)], notices=PARTY, basis=[cite(APL, "61")],
    )  # fmt: skip
    report_done = Transition(
        "报告改正情况", "Report the correction", code="K03", sources=[ordered, reported], to=reported, by=PARTY, recorded_by=OFFICERS_OF_THE_CASE,
        inputs=[LongText("correction_report", "改正情况", "What was corrected", longest=6000), Files("correction_evidence", "证明材料", "Evidence", required=False)],
        notices=[INVESTIGATOR, INSPECTOR],
    )  # fmt: skip
    end_term = Transition(
        "改正期限届满，转复查", "The time to correct is over", code="K03a", sources=[ordered], to=reported, by=[SYSTEM],
        notices=[*PARTY, INVESTIGATOR, INSPECTOR, SUPERVISOR], basis=[cite(APL, "28")],
    )  # fmt: skip
    change_term = Transition(
        "调整改正期限", "Set another day", code="K04", sources=[ordered], by=[LEADER, SUPERVISOR], inputs=[CORRECT_BY, REASONS],
        documents=[internal_approval], notices=[*PARTY, INVESTIGATOR, INSPECTOR],
    )  # fmt: skip
    accept = Transition(
        "复查认定已改正", "Find it corrected", code="K05", sources=[ordered, reported], to=corrected, by=OFFICERS_OF_THE_CASE,
        guards=[certified("officers")], inputs=RECHECKED,
        documents=[recheck_record], notices=[*PARTY, SUPERVISOR], basis=[cite(APL, "28")], confirms=True,
    )  # fmt: skip
    send_back = Transition(
        "复查未改正到位，继续改正", "Not corrected yet: go on", code="K05a", sources=[reported], to=ordered, by=OFFICERS_OF_THE_CASE,
        guards=[certified("officers")], inputs=[*RECHECKED, CORRECT_BY],
        documents=[recheck_record], notices=[*PARTY, SUPERVISOR], basis=[cite(APL, "28")],
    )  # fmt: skip
    find_refusal = Transition(
        "复查认定拒不改正", "Find a refusal", code="K06", sources=[ordered, reported], to=refused, by=OFFICERS_OF_THE_CASE,
        guards=[certified("officers"), order_was_served_in_time, time_to_correct_is_over, recheck_followed_the_term], inputs=RECHECKED,
        documents=[recheck_record], notices=[*PARTY, SUPERVISOR, LEADER], basis=[cite(REG, "21,22"), cite(CODE, "1056")], confirms=True,
    )  # fmt: skip
    lift = Transition(
        "撤销改正要求", "Lift the order", code="K07", sources=[ordered, reported], to=lifted, by=[LEADER], inputs=[REASONS],
        documents=[internal_approval], notices=[*PARTY, INVESTIGATOR, INSPECTOR, SUPERVISOR], confirms=True,
    )  # fmt: skip

    # Deadlines ----------------------------------------------------------------------------------

    term = Deadline(
        "改正期限", "Time to correct", anchor=After(begin, change_term, send_back), due=On("due_on"), expiry=Expiry.PARTY_BREACH,
        met_by=[report_done, accept], voided_by=[lift, find_refusal], on_expiry=end_term, proof=order_was_served_in_time, waits_for=PARTY_UNIT, ladder="L-P", basis=[cite(APL, "28")],
    )  # fmt: skip

    # Facts --------------------------------------------------------------------------------------

    what = Fact("改正内容", "What to correct", latest="what", of=[begin])
    due_on = Fact("改正期限", "By when", latest="due_on", of=[begin, change_term, send_back])
    document = Fact("文书", "Document", latest="document", of=[begin])
    order_served_on = Fact("文书送达日期", "Order served on", latest="order_served_on", of=[prove_service])  # fmt: skip
    rechecked_on = Fact("复查日期", "Re-checked on", latest="rechecked_on", of=[accept, send_back, find_refusal])  # fmt: skip
    recheck_findings = Fact("复查情况", "Found by the re-check", latest="recheck_findings", of=[accept, send_back, find_refusal])  # fmt: skip
