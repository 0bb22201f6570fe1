"""The lifecycles that are measured: letters to and fro, each with a clock; and one long watch."""

from app.engine.actors import SUPERVISOR, UNIT
from app.engine.definition import (
    OPENING,
    After,
    Deadline,
    Expiry,
    Lasts,
    Lifecycle,
    State,
    Transition,
)
from app.engine.inputs import Text

REMARK = Text("remark", "说明", "Remark")


class Exchange(Lifecycle):
    """Each move meets one clock, opens one and leaves one message, for two participants."""

    key = "bench_exchange"
    zh, en = "往来函件", "Exchange of letters"
    number_prefix = "测函"

    to_forward = State("待转办", "To be forwarded", waits_for=SUPERVISOR)
    to_answer = State("待答复", "To be answered", waits_for=UNIT)
    closed = State("已办结", "Closed", final=True)

    begin = Transition("收件", "Begin", code="B1", sources=OPENING, to=to_forward, by=[SUPERVISOR])
    forward = Transition(
        "转办",
        "Forward",
        code="B2",
        sources=[to_forward],
        to=to_answer,
        by=[SUPERVISOR],
        inputs=[REMARK],
        notices=[UNIT],
    )
    pass_back = Transition(
        "答复",
        "Answer",
        code="B3",
        sources=[to_answer],
        to=to_forward,
        by=[UNIT],
        inputs=[REMARK],
        notices=[SUPERVISOR],
    )
    close = Transition("办结", "Close", code="B4", sources=[to_forward], to=closed, by=[SUPERVISOR])

    forwarding = Deadline(
        "转办",
        "Forwarding",
        anchor=After(begin, pass_back),
        due=Lasts("recheck_release"),
        expiry=Expiry.TARGET,
        met_by=[forward, close],
        waits_for=SUPERVISOR,
    )
    answering = Deadline(
        "答复",
        "Answer",
        anchor=After(forward),
        due=Lasts("nc_answer"),
        expiry=Expiry.PARTY_BREACH,
        met_by=[pass_back],
        waits_for=UNIT,
    )


class Watch(Lifecycle):
    """One clock on a ladder that nobody meets."""

    key = "bench_watch"
    zh, en = "期限监看", "A watch"
    number_prefix = "测看"

    watching = State("监看中", "Watching", waits_for=SUPERVISOR)
    closed = State("已办结", "Closed", final=True)

    begin = Transition("开始", "Begin", code="B1", sources=OPENING, to=watching, by=[SUPERVISOR])
    close = Transition("办结", "Close", code="B2", sources=[watching], to=closed, by=[SUPERVISOR])
    watched = Deadline(
        "监看",
        "Watched",
        anchor=After(begin),
        due=Lasts("nc_answer"),
        expiry=Expiry.TARGET,
        met_by=[close],
        waits_for=SUPERVISOR,
        ladder="L-7",
    )
