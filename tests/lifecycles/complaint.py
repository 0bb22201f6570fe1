"""A complaint: branches, a named set of states, acts that move nothing, a final state reopened."""

from app.engine.actors import INSPECTOR, LEADER, SUPERVISOR
from app.engine.definition import (
    ANY,
    OPENING,
    After,
    Branch,
    Deadline,
    Document,
    Expiry,
    Fact,
    Lasts,
    Lifecycle,
    State,
    StateSet,
    SubjectKind,
    Transition,
    guard,
)
from app.engine.inputs import Choice, LongText, Text
from app.engine.view import Attempt
from app.law.labels import Label


@guard("不属于本机关职责。", "It is not this authority's business.", reads_inputs=True)
def is_ours(attempt: Attempt) -> bool:
    return bool(attempt.inputs["jurisdiction"] == "ours")


@guard("不属于其他机关职责。", "It is no other authority's business.", reads_inputs=True)
def is_another_authoritys(attempt: Attempt) -> bool:
    return bool(attempt.inputs["jurisdiction"] == "another")


class Complaint(Lifecycle):
    """A complaint 投诉 from its receipt to the answer."""

    key = "sample_complaint"
    zh, en = "投诉办理", "Complaint"
    subject = SubjectKind.UNIT
    number_prefix = "示投"

    received = State("已收到", "Received", waits_for=SUPERVISOR)
    accepted = State("已受理", "Accepted", waits_for=INSPECTOR)
    drafted = State("答复待审", "Answer drafted", waits_for=SUPERVISOR)
    answered = State("已答复", "Answered", final=True)
    transferred = State("已移送", "Transferred", final=True)
    rejected = State("不予受理", "Rejected", final=True)

    IN_HAND = StateSet("办理中", "In hand", (received, accepted, drafted))

    answer_letter = Document("答复书", "Letter of answer")

    register = Transition(
        "登记",
        "Register",
        code="X01",
        sources=OPENING,
        to=received,
        by=[INSPECTOR],
        inputs=[LongText("content", "投诉内容", "Content", longest=2000)],
    )
    assess = Transition(
        "审查受理",
        "Assess",
        code="X02",
        sources=[received],
        by=[SUPERVISOR],
        to=(
            Branch(is_ours, accepted),
            Branch(is_another_authoritys, transferred),
            Branch(None, rejected),
        ),
        inputs=[
            Choice(
                "jurisdiction",
                "管辖",
                "Jurisdiction",
                options=(
                    ("ours", Label("本机关", "Ours")),
                    ("another", Label("其他机关", "Another authority")),
                    ("nobody", Label("不属于行政管辖", "Nobody's")),
                ),
            ),
        ],
    )
    draft = Transition(
        "起草答复",
        "Draft the answer",
        code="X03",
        sources=[accepted],
        to=drafted,
        by=[INSPECTOR],
        inputs=[LongText("answer", "答复内容", "Answer", longest=4000)],
    )
    return_draft = Transition(
        "退回修改",
        "Send back",
        code="X04",
        sources=[drafted],
        to=accepted,
        by=[SUPERVISOR],
        inputs=[Text("remarks", "修改意见", "Remarks")],
    )
    answer_it = Transition(
        "答复",
        "Answer",
        code="X05",
        sources=[drafted],
        to=answered,
        by=[SUPERVISOR],
        documents=[answer_letter],
        confirms=True,
    )
    withdraw = Transition(
        "撤回",
        "Withdraw",
        code="X06",
        sources=IN_HAND,
        to=rejected,
        by=[INSPECTOR],
        inputs=[Text("reason", "撤回原因", "Reason")],
    )
    note = Transition(
        "记录",
        "Note",
        code="X07",
        sources=ANY,
        by=[INSPECTOR, SUPERVISOR],
        inputs=[Text("note_text", "内容", "Text")],
    )
    reopen = Transition(
        "重新办理",
        "Reopen",
        code="X08",
        sources=[answered, rejected],
        to=accepted,
        by=[LEADER],
        inputs=[Text("grounds", "理由", "Grounds")],
        reopens=True,
    )

    acceptance = Deadline(
        "受理",
        "Acceptance",
        anchor=After(register),
        due=Lasts("complaint_acceptance"),
        expiry=Expiry.AUTHORITY_BREACH,
        met_by=[assess],
        waits_for=SUPERVISOR,
    )
    answering = Deadline(
        "答复",
        "Answer",
        anchor=After(assess, reopen),
        due=Lasts("complaint_answer"),
        expiry=Expiry.AUTHORITY_BREACH,
        met_by=[answer_it],
        waits_for=INSPECTOR,
    )

    times_returned = Fact("退回次数", "Times sent back", count=True, of=[return_draft])
    answered_on = Fact("答复日期", "Answered on", day=True, of=[answer_it])
    jurisdiction = Fact("管辖", "Jurisdiction", latest="jurisdiction", of=[assess])
