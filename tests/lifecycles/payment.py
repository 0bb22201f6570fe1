"""Paying a fine: a clock voided and started anew, one that follows another, a right lost."""

from app.engine.actors import INSPECTOR, LEADER, SUPERVISOR, SYSTEM, UNIT
from app.engine.definition import (
    OPENING,
    After,
    AfterEnd,
    Deadline,
    Expiry,
    Fact,
    Lasts,
    Lifecycle,
    State,
    Transition,
)
from app.engine.inputs import Day, Money, Text, YesNo


class Payment(Lifecycle):
    """A fine 罚款 from the decision to its payment or the loss of the right to enforce it."""

    key = "sample_payment"
    zh, en = "缴纳罚款", "Payment of a fine"
    number_prefix = "示缴"

    due = State("待缴纳", "Due", waits_for=UNIT)
    stayed = State("暂缓执行", "Stayed", waits_for=LEADER)
    overdue = State("逾期", "Overdue", waits_for=SUPERVISOR)
    paid = State("已缴清", "Paid", final=True)
    lost = State("执行权丧失", "Right to enforce lost", final=True)

    impose = Transition(
        "作出决定",
        "Impose",
        code="X01",
        sources=OPENING,
        to=due,
        by=[LEADER],
        inputs=[Money("fine_cny", "罚款金额", "Fine")],
    )
    correct = Transition(
        "更正决定",
        "Correct the decision",
        code="X02",
        sources=[due],
        by=[LEADER],
        inputs=[Money("fine_cny", "罚款金额", "Fine")],
    )
    stay = Transition(
        "暂缓",
        "Stay",
        code="X03",
        sources=[due],
        to=stayed,
        by=[LEADER],
        inputs=[Text("stay_reason", "理由", "Reason")],
    )
    resume = Transition("恢复执行", "Resume", code="X04", sources=[stayed], to=due, by=[LEADER])
    pay = Transition(
        "缴清",
        "Pay",
        code="X05",
        sources=[due, overdue],
        to=paid,
        by=[UNIT],
        recorded_by=[INSPECTOR, SUPERVISOR],
        inputs=[
            Day("paid_on", "缴款日期", "Paid on", past=True),
            YesNo("in_full", "已全额缴纳", "Paid in full", must=True),
        ],
    )
    mark_overdue = Transition(
        "转为逾期", "Mark overdue", code="X06", sources=[due], to=overdue, by=[SYSTEM]
    )
    lose = Transition(
        "逾期未申请", "Right lost", code="X07", sources=[overdue], to=lost, by=[SYSTEM]
    )

    paying = Deadline(
        "缴纳罚款",
        "Payment",
        anchor=After(impose, correct, resume),
        due=Lasts("payment"),
        expiry=Expiry.PARTY_BREACH,
        met_by=[pay],
        voided_by=[stay],
        on_expiry=mark_overdue,
        waits_for=UNIT,
    )
    applying = Deadline(
        "申请强制执行",
        "Application to the court",
        anchor=AfterEnd(paying),
        due=Lasts("court_window"),
        expiry=Expiry.RIGHT_LOST,
        met_by=[pay],
        on_expiry=lose,
        waits_for=SUPERVISOR,
    )

    fine_cny = Fact("罚款金额", "Fine", latest="fine_cny", of=[impose, correct], unit="元")
