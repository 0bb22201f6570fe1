"""Reconsideration or suit against a decision 行政复议、行政诉讼: a track beside the penalty case.

Reconsideration is asked of the city government in sixty days (ARL 20, 24), a suit is brought in six
months (ALL 46) or fifteen days after the reconsideration (ALL 45): those clocks belong to the
penalty case. Here are the acts of the body or court, which are received, and the reply that is due.
Neither stops the execution by itself (APL 73); whether the body or the court stopped it is entered.
No term of the court is counted, not even that of the defence: none rests on a source the law of
this program holds.
"""

from __future__ import annotations

from typing import Final

from app.engine.actors import LEADER, LEGAL_REVIEWER, PARTY_AGENCY, PARTY_UNIT, SUPERVISOR, SYSTEM
from app.engine.definition import (
    OPENING,
    AfterDay,
    Branch,
    Deadline,
    Document,
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
from app.engine.inputs import Choice, Day, Files, LongText, Text, YesNo
from app.engine.view import Attempt
from app.law.labels import Label
from app.law.sources import cite
from app.workflows.penalty_inputs import FILED_ON, REMEDY_KIND

APL, ARL, ALL = "APL", "ARL", "ALL"

PARTY: Final = (PARTY_UNIT, PARTY_AGENCY)
RECORDERS: Final = (SUPERVISOR, LEGAL_REVIEWER)
"""Who enters what the body or the court has done, from its paper."""
RECONSIDERATION, SUIT = "reconsideration", "suit"


# Guards -----------------------------------------------------------------------------------------


@guard("本案不是行政复议。", "This is no reconsideration.")
def is_reconsideration(attempt: Attempt) -> bool:
    return attempt.case.facts.get("kind") == RECONSIDERATION


@guard("本案不是行政诉讼。", "This is no suit.")
def is_suit(attempt: Attempt) -> bool:
    return attempt.case.facts.get("kind") == SUIT


@guard(
    "日期不能早于提起、受理之日（{begun}）。",
    "The day cannot lie before the remedy was brought or admitted ({begun}).",
    reads_inputs=True,
)
def day_follows_the_beginning(attempt: Attempt) -> bool | Unmet:
    facts = attempt.case.facts
    begun = max(str(facts.get(name, "")) for name in ("filed_on", "admitted_on"))
    names = ("received_on", "admitted_on", "copy_received_on", "heard_on", "ended_on")
    days = [attempt.inputs[name].isoformat() for name in names if attempt.inputs.get(name)]
    return all(day >= begun for day in days) or Unmet(begun=begun)


@guard("维持决定或者驳回请求", "Upheld", reads_inputs=True)
def is_upheld(attempt: Attempt) -> bool:
    return bool(attempt.inputs["outcome"] == "upheld")


@guard("变更决定", "Changed", reads_inputs=True)
def is_changed(attempt: Attempt) -> bool:
    return bool(attempt.inputs["outcome"] == "changed")


ENDED_ON: Final = Day(
    "ended_on", "生效日期", "In force from", past=True,
    help=Label("复议决定书送达之日；裁判生效之日", "The day the decision was served, or the judgment became final"),
)  # fmt: skip


class Remedy(Lifecycle):
    """One reconsideration or one suit, from its filing to its end."""

    key = "remedy"
    zh, en = "行政复议、行政诉讼", "Reconsideration or suit"
    subject = SubjectKind.OPERATION
    number_prefix = "卫救"
    private = True

    # States -------------------------------------------------------------------------------------

    filed = State("已提起", "Brought", waits_for=SUPERVISOR)
    pending = State("审理中", "Under way", waits_for=LEGAL_REVIEWER)
    upheld = State("维持", "Upheld", final=True)
    changed = State("变更", "Changed", final=True)
    annulled = State("撤销或者确认违法", "Annulled", final=True)
    withdrawn = State("撤回", "Withdrawn", final=True)
    not_admitted = State("不予受理", "Not admitted", final=True)

    # Documents ----------------------------------------------------------------------------------

    reply_approval = Document("案件处理内部审批表", "Internal approval of the reply", form="internal_approval", external=False)  # fmt: skip

    # Transitions --------------------------------------------------------------------------------

    begin = Transition(
        "登记复议、诉讼", "Enter the remedy", code="B01", sources=OPENING, to=filed, by=[SYSTEM],
        inputs=[Choice("kind", REMEDY_KIND.label.zh, REMEDY_KIND.label.en, options=REMEDY_KIND.options), FILED_ON],
        notices=[LEADER, *RECORDERS, *PARTY], basis=[cite(ARL, "20"), cite(ALL, "46")],
    )  # fmt: skip
    note_application = Transition(
        "复议机关收到申请", "The body has received the application", code="B02", sources=[filed], by=RECORDERS, received=True,
        guards=[is_reconsideration, day_follows_the_beginning],
        inputs=[Day("received_on", "复议机关收到日期", "Received by the body on", past=True)], basis=[cite(ARL, "30,88")],
    )  # fmt: skip
    admit_reconsideration = Transition(
        "复议机关受理", "The body admits it", code="B03", sources=[filed], to=pending, by=RECORDERS, received=True,
        guards=[is_reconsideration, day_follows_the_beginning],
        inputs=[
            Text("body", "复议机关", "Body"), Day("admitted_on", "受理日期", "Admitted on", past=True),
            Day("copy_received_on", "收到申请书副本日期", "Copy of the application received on", past=True),
        ],
        notices=[LEADER, *RECORDERS, *PARTY], basis=[cite(ARL, "30,48")],
    )  # fmt: skip
    admit_suit = Transition(
        "法院受理", "The court admits it", code="B03a", sources=[filed], to=pending, by=RECORDERS, received=True,
        guards=[is_suit, day_follows_the_beginning],
        inputs=[Text("body", "法院", "Court"), Day("admitted_on", "立案日期", "Admitted on", past=True)],
        notices=[LEADER, *RECORDERS, *PARTY], basis=[cite(ALL, "46")],
    )  # fmt: skip
    refuse_admission = Transition(
        "不予受理", "It is not admitted", code="B03b", sources=[filed], to=not_admitted, by=RECORDERS, received=True,
        guards=[day_follows_the_beginning], inputs=[ENDED_ON, LongText("reasons", "理由", "Reasons", longest=4000)],
        notices=[LEADER, *RECORDERS, *PARTY], basis=[cite(ARL, "30"), cite(ALL, "45")], confirms=True,
    )  # fmt: skip
    reply = Transition(
        "提交答复、答辩", "Reply", code="B04", sources=[pending], by=RECORDERS,
        inputs=[
            LongText("defence", "答复、答辩意见", "Reply or defence", longest=10_000),
            Files("case_papers", "作出决定的证据、依据", "Evidence and law the decision rests on"),
        ],
        documents=[reply_approval], notices=[LEADER], basis=[cite(ARL, "48,88")],
    )  # fmt: skip
    note_suspension = Transition(
        "停止执行情况", "Whether the execution is stopped", code="B05", sources=[filed, pending], by=RECORDERS, received=True,
        inputs=[YesNo("execution_stopped", "已决定停止执行原决定", "The execution of the decision was stopped")],
        notices=[LEADER, *RECORDERS, *PARTY], basis=[cite(APL, "73")],
    )  # fmt: skip
    note_hearing = Transition(
        "听取意见、听证、开庭", "A hearing was held", code="B05a", sources=[pending], by=RECORDERS, received=True,
        guards=[day_follows_the_beginning],
        inputs=[
            Day("heard_on", "日期", "Day", past=True), Text("attended_by", "本机关参加人员", "Who attended for the authority"),
            LongText("hearing_note", "情况", "What came of it", longest=6000),
        ],
        notices=[LEADER, *RECORDERS],
    )  # fmt: skip
    extend_decision = Transition(
        "复议机关延长审理期限", "The body extends its time", code="B06", sources=[pending], by=RECORDERS, received=True,
        guards=[is_reconsideration], extends="decision", notices=[LEADER, *RECORDERS, *PARTY], basis=[cite(ARL, "62")],
    )  # fmt: skip
    decide = Transition(
        "登记决定、裁判", "Enter the decision or judgment", code="B07", sources=[pending], by=RECORDERS, received=True,
        to=[Branch(is_upheld, upheld), Branch(is_changed, changed), Branch(None, annulled)], guards=[day_follows_the_beginning],
        inputs=[
            Choice("outcome", "结果", "Outcome", options=(
                ("upheld", Label("维持或者驳回", "Upheld")), ("changed", Label("变更", "Changed")),
                ("annulled", Label("撤销、确认违法或者责令重作", "Annulled, found unlawful or to be redone")),
            )),
            ENDED_ON, LongText("reasons", "主要理由", "Main reasons", longest=6000),
        ],
        notices=[LEADER, *RECORDERS, *PARTY], basis=[cite(ARL, "62"), cite(APL, "73")], confirms=True,
    )  # fmt: skip
    withdraw = Transition(
        "当事人撤回", "The party withdraws it", code="B08", sources=[filed, pending], to=withdrawn, by=RECORDERS, received=True,
        guards=[day_follows_the_beginning], inputs=[ENDED_ON],
        notices=[LEADER, *RECORDERS, *PARTY], basis=[cite(APL, "73")], confirms=True,
    )  # fmt: skip

    # Deadlines ----------------------------------------------------------------------------------

    admission = Deadline(
        "复议受理审查", "Admission of the reconsideration", anchor=AfterDay("received_on", note_application), due=Lasts("reconsideration_admission"),
        expiry=Expiry.TARGET, met_by=[admit_reconsideration, refuse_admission], voided_by=[withdraw], waits_for=SUPERVISOR, ladder="L-X", basis=[cite(ARL, "30,88")],
    )  # fmt: skip
    answer = Deadline(
        "复议答复", "Reply in the reconsideration", anchor=AfterDay("copy_received_on", admit_reconsideration), due=Lasts("reconsideration_reply"),
        expiry=Expiry.AUTHORITY_BREACH, met_by=[reply], voided_by=[decide, withdraw], waits_for=LEGAL_REVIEWER, ladder="L-7", basis=[cite(ARL, "48,88")],
    )  # fmt: skip
    decision = Deadline(
        "复议决定", "Reconsideration decision", anchor=AfterDay("admitted_on", admit_reconsideration), due=Lasts("reconsideration_decision"),
        expiry=Expiry.TARGET, met_by=[decide], voided_by=[withdraw], extensions=[Extension("reconsideration_extension", RECORDERS)],
        waits_for=SUPERVISOR, ladder="L-X", basis=[cite(ARL, "62")],
    )  # fmt: skip

    # Facts --------------------------------------------------------------------------------------

    kind = Fact("种类", "Kind", latest="kind", of=[begin])
    filed_on = Fact("提起日期", "Brought on", latest="filed_on", of=[begin])
    body = Fact("复议机关、法院", "Body or court", latest="body", of=[admit_reconsideration, admit_suit])  # fmt: skip
    admitted_on = Fact("受理日期", "Admitted on", latest="admitted_on", of=[admit_reconsideration, admit_suit])  # fmt: skip
    replied_on = Fact("答复、答辩日期", "Replied on", day=True, of=[reply])
    heard_on = Fact("听取意见、开庭日期", "Heard on", latest="heard_on", of=[note_hearing])
    execution_stopped = Fact("停止执行", "Execution stopped", latest="execution_stopped", of=[note_suspension])  # fmt: skip
    outcome = Fact("结果", "Outcome", latest="outcome", of=[decide])
    ended_on = Fact("结束日期", "Ended on", latest="ended_on", of=[refuse_admission, decide, withdraw])  # fmt: skip
