"""One clock on each ladder, and what can happen to a clock: met, extended, stopped, started anew."""

from app.engine.actors import (
    INSPECTOR,
    LEADER,
    PARTNER_MARKET,
    SUPERVISOR,
    SYSTEM,
    UNIT,
    Capacity,
    Who,
)
from app.engine.definition import (
    OPENING,
    After,
    Deadline,
    Due,
    Exclusion,
    Expiry,
    Extension,
    Join,
    Lasts,
    Lifecycle,
    On,
    State,
    Transition,
)
from app.engine.inputs import Day, Organisation

waiting = State("办理中", "In hand", waits_for=INSPECTOR)


def _start(code: str, *, given: bool = True) -> Transition:
    """The act that starts one clock, with its last day typed where no term gives it."""
    inputs = [Day("due_on", "期限届满日", "Last day")] if given else []
    return Transition(
        f"起算{code}", f"Start {code}", code=code, sources=[waiting], by=[SUPERVISOR], inputs=inputs
    )


def _act(code: str, by: Who) -> Transition:
    return Transition(f"操作{code}", f"Act {code}", code=code, sources=[waiting], by=[by])


settle = _act("X30", INSPECTOR)
lapse, lose = _act("X31", SYSTEM), _act("X32", SYSTEM)
stop, go_on = _act("X33", INSPECTOR), _act("X34", INSPECTOR)
note = _act("X37", INSPECTOR)


def _clock(
    ladder: str,
    start: Transition,
    expiry: Expiry,
    waits_for: Who,
    due: Due | None = None,
    on_expiry: Transition | None = None,
    extensions: tuple[Extension, ...] = (),
    excluded_by: tuple[Exclusion, ...] = (),
) -> Deadline:
    return Deadline(
        f"期限{ladder}",
        f"Clock {ladder}",
        anchor=After(start),
        due=due or On("due_on"),
        expiry=expiry,
        met_by=[settle],
        on_expiry=on_expiry,
        extensions=extensions,
        excluded_by=excluded_by,
        waits_for=waits_for,
        ladder=ladder,
    )


class Ladders(Lifecycle):
    """Nine clocks, each started by an act of its own."""

    key = "sample_ladders"
    zh, en = "督办阶梯", "Ladders"
    number_prefix = "示梯"

    waiting = waiting
    closed = State("已办结", "Closed", final=True)

    open_it = Transition("建立", "Set up", code="X01", sources=OPENING, to=waiting, by=[SUPERVISOR])
    invite = Transition(
        "确定协同部门",
        "Invite",
        code="X02",
        sources=[waiting],
        by=[SUPERVISOR],
        inputs=[Organisation("partner", "协同部门", "Partner", kind="partner")],
        effects=[Join(Capacity.ASSISTING, "partner")],
    )
    start_h, start_90 = _start("X10", given=False), _start("X14", given=False)
    start_3, start_7, start_15 = _start("X11"), _start("X12"), _start("X13")
    start_rl, start_y = _start("X15"), _start("X16")
    start_p, start_x = _start("X17"), _start("X18")
    settle, lapse, lose, stop, go_on, note = settle, lapse, lose, stop, go_on, note
    extend = Transition(
        "延期", "Extend", code="X35", sources=[waiting], by=[LEADER], extends="ninety"
    )
    close = Transition("办结", "Close", code="X36", sources=[waiting], to=closed, by=[SUPERVISOR])

    hours = _clock("L-H", start_h, Expiry.AUTHORITY_BREACH, INSPECTOR, Lasts("transfer"))
    three = _clock("L-3", start_3, Expiry.AUTHORITY_BREACH, INSPECTOR)
    seven = _clock("L-7", start_7, Expiry.AUTHORITY_BREACH, INSPECTOR)
    fifteen = _clock("L-15", start_15, Expiry.AUTHORITY_BREACH, INSPECTOR)
    ninety = _clock(
        "L-90",
        start_90,
        Expiry.AUTHORITY_BREACH,
        INSPECTOR,
        Lasts("decision"),
        extensions=(Extension("filing_extension", [LEADER]),),
        excluded_by=(Exclusion("testing", "检测", "Testing", begins=[stop], ends=[go_on]),),
    )
    right = _clock("L-RL", start_rl, Expiry.RIGHT_LOST, INSPECTOR, on_expiry=lose)
    yearly = _clock("L-Y", start_y, Expiry.PARTY_BREACH, UNIT)
    party = _clock("L-P", start_p, Expiry.PARTY_WAIVER, UNIT, on_expiry=lapse)
    partner = _clock("L-X", start_x, Expiry.TARGET, PARTNER_MARKET)
