"""A fine of an Italian police authority, from the decision to the collection.

Written for the log of M. de Leoni and F. Mannhardt, doi 10.4121/uuid:270fd440-1057-4fb9-89a9-b699b47990f5.
Sixty days after notification the fine rises by itself, whatever else goes on.
"""

from __future__ import annotations

from app.engine.actors import INSPECTOR, SYSTEM
from app.engine.definition import (
    OPENING,
    After,
    Branch,
    Deadline,
    Expiry,
    Fact,
    Guard,
    Lasts,
    Lifecycle,
    State,
    StateSet,
    SubjectKind,
    Transition,
)
from app.engine.inputs import Money
from app.law.labels import Label

TERM = "reconsideration"
"""Key of a shipped term of sixty calendar days; the replay gives it the days of the Italian law."""


def stands_at(name: str) -> Guard:
    """Holds for a case in that state: the fine rises and the case stays where it is."""
    return Guard(
        f"stands_at_{name}",
        lambda attempt: attempt.case.state == name,
        Label("环节不符。", "Another state."),
    )


class TrafficFine(Lifecycle):
    """One fine."""

    key = "traffic_fine"
    zh, en = "交通罚款", "Traffic fine"
    subject = SubjectKind.UNIT
    number_prefix = "交罚"

    created = State("已作出决定", "Fine created", waits_for=INSPECTOR)
    sent = State("已寄出", "Fine sent", waits_for=INSPECTOR)
    notified = State("已送达", "Notified", waits_for=INSPECTOR)
    penalised = State("已加处", "Penalty added", waits_for=INSPECTOR)
    appealed = State("已申请复议", "Appeal registered", waits_for=INSPECTOR)
    forwarded = State("已移送复议", "Appeal sent to the prefecture", waits_for=INSPECTOR)
    ruled = State("已收到复议决定", "Result received", waits_for=INSPECTOR)
    informed = State("已告知复议决定", "Result notified", waits_for=INSPECTOR)
    sued = State("已起诉", "Before the judge", waits_for=INSPECTOR)
    collected = State("已申请强制执行", "Sent for credit collection", final=True)

    UNPAID = StateSet(
        "未结清",
        "Not settled",
        (created, sent, notified, penalised, appealed, forwarded, ruled, informed, sued),
    )

    create = Transition(
        "作出处罚决定", "Create fine", code="T01", sources=OPENING, to=created, by=[INSPECTOR],
        inputs=[Money("fine", "罚款", "Fine", unit="EUR")],
    )  # fmt: skip
    send = Transition(
        "寄出决定书", "Send fine", code="T02", sources=[created], to=sent, by=[INSPECTOR],
        inputs=[Money("expense", "邮寄费", "Expense", unit="EUR", required=False)],
    )  # fmt: skip
    notify = Transition(
        "登记送达",
        "Insert fine notification",
        code="T03",
        sources=[sent],
        to=notified,
        by=[INSPECTOR],
    )
    pay = Transition(
        "缴款", "Payment", code="T04", sources=UNPAID, by=[INSPECTOR],
        inputs=[Money("amount", "金额", "Amount", unit="EUR")],
    )  # fmt: skip
    add_penalty = Transition(
        "逾期加处", "Add penalty", code="T05", sources=[notified, appealed, forwarded, ruled, informed, sued], by=[SYSTEM],
        to=(
            *(Branch(stands_at(name), state) for name, state in (
                ("appealed", appealed), ("forwarded", forwarded), ("ruled", ruled), ("informed", informed), ("sued", sued),
            )),
            Branch(None, penalised),
        ),
    )  # fmt: skip
    appeal = Transition(
        "登记复议申请", "Insert date appeal to prefecture", code="T06", sources=[sent, notified, penalised, sued], to=appealed, by=[INSPECTOR],
    )  # fmt: skip
    forward = Transition(
        "移送复议",
        "Send appeal to prefecture",
        code="T07",
        sources=[appealed],
        to=forwarded,
        by=[INSPECTOR],
    )
    receive = Transition(
        "收到复议决定", "Receive result appeal from prefecture", code="T08", sources=[appealed, forwarded], to=ruled, by=[INSPECTOR],
    )  # fmt: skip
    inform = Transition(
        "告知当事人",
        "Notify result appeal to offender",
        code="T09",
        sources=[ruled],
        to=informed,
        by=[INSPECTOR],
    )
    sue = Transition(
        "提起诉讼",
        "Appeal to judge",
        code="T10",
        sources=[notified, penalised, informed],
        to=sued,
        by=[INSPECTOR],
    )
    collect = Transition(
        "申请强制执行", "Send for credit collection", code="T11", sources=[penalised, informed, sued], to=collected, by=[INSPECTOR],
    )  # fmt: skip

    payment = Deadline(
        "缴纳罚款", "Payment", anchor=After(notify), due=Lasts(TERM), expiry=Expiry.PARTY_BREACH, on_expiry=add_penalty,
    )  # fmt: skip

    fine = Fact("罚款", "Fine", latest="fine", of=[create], unit="EUR")
    payments = Fact("缴款次数", "Payments", count=True, of=[pay])
    penalised_on = Fact("加处日期", "Penalty added on", day=True, of=[add_penalty])
