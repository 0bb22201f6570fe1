"""A small procedure of the authority's own, in which documents of several kinds are made."""

from app.engine.actors import (
    INSPECTOR,
    LEADER,
    PARTY_UNIT,
    SUPERVISOR,
    SYSTEM,
    Capacity,
)
from app.engine.definition import (
    OPEN,
    OPENING,
    Document,
    Fact,
    Join,
    Lifecycle,
    State,
    SubjectKind,
    Transition,
    guard,
)
from app.engine.inputs import Day, Files, LongText, Text
from app.engine.view import Attempt
from app.law.sources import cite


@guard("《责令改正违法行为决定书》尚未盖章生成。", "The order has not been sealed and rendered.")
def order_is_rendered(attempt: Attempt) -> bool:
    return any(d.is_rendered and not d.is_void for d in attempt.case.documents("correction_order"))


class Paperwork(Lifecycle):
    """An order to correct, from the clue to the file."""

    key = "sample_paperwork"
    zh, en = "示例文书程序", "Paperwork"
    subject = SubjectKind.UNIT
    number_prefix = "示文"
    private = True

    drafting = State("拟办", "Drafting", waits_for=LEADER)
    ordered = State("已责令", "Ordered", waits_for=INSPECTOR)
    served = State("已送达", "Served", waits_for=SUPERVISOR)
    closed = State("已办结", "Closed", final=True)

    clue_sheet = Document("线索登记表", "Clue sheet", external=False)
    correction_order = Document("责令改正违法行为决定书", "Order", basis=(cite("APL", "28"),))
    approval = Document("内部审批表", "Approval", form="internal_approval", external=False)
    answer = Document("整改报告", "Answer of the party")
    closing_approval = Document("结案审批表", "Closing", external=False)

    begin = Transition(
        "登记", "Register", code="D01", sources=OPENING, to=drafting, by=[SUPERVISOR],
        inputs=[
            Text("cause", "案由", "Cause"),
            Day("discovered_on", "发现日期", "Discovered on", past=True),
            LongText("suspicion", "涉嫌事实", "Facts"),
            Text("reporter", "举报人", "Reporter", required=False, sealed=True),
            Files("proof", "证据", "Evidence", required=False),
        ],
        documents=[clue_sheet],
    )  # fmt: skip
    order = Transition(
        "责令改正", "Order", code="D02", sources=[drafting], to=ordered, by=[LEADER],
        inputs=[LongText("what", "改正内容", "What"), Day("due_on", "期限", "By when", future=True)],
        documents=[approval, correction_order],
    )  # fmt: skip
    order_again = Transition(
        "再次责令改正", "Order again", code="D02a", sources=[ordered], by=[LEADER],
        inputs=[LongText("what", "改正内容", "What"), Day("due_on", "期限", "By when", future=True)],
        documents=[correction_order],
    )  # fmt: skip
    serve = Transition(
        "送达", "Serve", code="D03", sources=[ordered], to=served, by=[INSPECTOR],
        guards=[order_is_rendered], inputs=[Day("served_on", "送达日期", "Served on", past=True)],
        serves=[correction_order], effects=[Join(Capacity.PARTY, subject=True)], notices=[PARTY_UNIT],
    )  # fmt: skip
    report = Transition(
        "提交整改报告", "Answer", code="D04", sources=[served], by=[PARTY_UNIT],
        inputs=[LongText("text", "整改情况", "What was done")], documents=[answer],
    )  # fmt: skip
    close = Transition(
        "结案", "Close", code="D05", sources=[served], to=closed, by=[SUPERVISOR],
        inputs=[LongText("closing_note", "结案意见", "Note")], documents=[closing_approval],
    )  # fmt: skip
    withdraw = Transition(
        "撤销", "Withdraw", code="D06", sources=OPEN, to=closed, by=[LEADER, SYSTEM]
    )  # fmt: skip

    cause = Fact("案由", "Cause", latest="cause", of=[begin])
    discovered_on = Fact("发现日期", "Discovered on", latest="discovered_on", of=[begin])
