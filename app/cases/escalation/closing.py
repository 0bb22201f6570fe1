"""Escalations that close by themselves: an act or the time has made them pointless.

Whoever asked is told why. All of it happens under the lock of the case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import select

from app.cases.escalation.proposals import Do, Kind, Proposal
from app.cases.escalation.records import Status, change, enter, open_ones, recount, tell
from app.cases.models import CaseDeadline
from app.cases.snapshot import SEEN, Record, Snapshot
from app.db import table_of
from app.engine.actors import SYSTEM_ACTOR
from app.engine.definition import Lifecycle
from app.law.labels import Label

deadlines = table_of(CaseDeadline)


class Because(StrEnum):
    """Why an escalation closed by itself."""

    MET = "met"
    CLOSED_CLOCK = "closed_clock"
    MOVED_ON = "moved_on"
    CASE_CLOSED = "case_closed"
    GRANTED = "granted"
    TOO_LATE = "too_late"
    REASSIGNED = "reassigned"

    @property
    def label(self) -> Label:
        """The sentence a person reads."""
        return BECAUSE_LABELS[self]


BECAUSE_LABELS: Final[Mapping[Because, Label]] = {
    Because.MET: Label("期限内事项已经办结。", "What the clock waited for was done."),
    Because.CLOSED_CLOCK: Label("期限已经终止。", "The clock no longer runs."),
    Because.MOVED_ON: Label(
        "案件已进入其他环节，所提事项不再可办。",
        "The case has moved on; what was proposed can no longer be done.",
    ),
    Because.CASE_CLOSED: Label("案件已经办结。", "The case is closed."),
    Because.GRANTED: Label("期限已经延长或者变更。", "The period was extended or moved."),
    Because.TOO_LATE: Label(
        "期限已经届满，延期须在届满前批准。",
        "The period is over; it is extended before its end only.",
    ),
    Because.REASSIGNED: Label("案件已经改派。", "The case was given to another officer."),
}


def close_pointless(
    view: Snapshot,
    *,
    state: str,
    running: Mapping[UUID, Record],
    met: Iterable[UUID] = (),
    passed: Iterable[UUID] = (),
    deciding: UUID | None,
    now: datetime,
    release_at: datetime,
) -> int:
    """Close what an act made pointless, saying why; return how many are still open.

    ``running`` are the clocks after the act, by id; ``met`` and ``passed`` those it met and those
    whose end it is. ``deciding`` is the escalation the act itself decides. Whoever asked hears of
    it at ``release_at``.
    """
    left = 0
    for raised in open_ones(view):
        if raised["id"] == deciding:
            continue
        because = _pointless(view.lifecycle, raised, state, running, set(met), set(passed))
        if because is None:
            left += 1
            continue
        close(view, raised, because, now, release_at=release_at)
    return left


def close(
    view: Snapshot,
    raised: Record,
    because: Because,
    now: datetime,
    *,
    release_at: datetime | None = None,
) -> None:
    """Close one that became pointless, and tell whoever asked for it, now or at ``release_at``."""
    values = {"status": Status.CLOSED.value, "closed_because": because.value, "climbs_at": None}
    change(view, raised["id"], values)
    enter(view, "close", SYSTEM_ACTOR, raised["id"], {"because": because}, now)
    if raised["raised_by"] != SYSTEM_ACTOR.person_id:
        to = raised["raised_by"]
        tell(view, "closed", raised, None, None, now, person_id=to, release_at=release_at)


def pointless_now(view: Snapshot, raised: Record, now: datetime) -> Because | None:
    """Why there is nothing left to decide on a locked case, though no act has said so yet."""
    running = {clock["id"]: clock for clock in view.clocks}
    clock_id = raised["clock_id"]
    met: set[UUID] = set()
    if clock_id is not None and clock_id not in running:
        query = select(deadlines.c.met_at).where(deadlines.c.id == clock_id)
        if view.connection.scalar(query.execution_options(**SEEN)) is not None:
            met.add(clock_id)
    over = {key for key, c in running.items() if c["due_at"] is not None and c["due_at"] < now}
    return _pointless(view.lifecycle, raised, view.state, running, met, over)


def close_takeovers(view: Snapshot, deciding: UUID | None, now: datetime) -> None:
    """Close what asked for another officer, now that the case has one."""
    for raised in open_ones(view):
        if raised["kind"] == Kind.TAKEOVER and raised["id"] != deciding:
            close(view, raised, Because.REASSIGNED, now)
    recount(view)


def _pointless(
    lifecycle: type[Lifecycle],
    raised: Record,
    state: str,
    running: Mapping[UUID, Record],
    met: set[UUID],
    passed: set[UUID],
) -> Because | None:
    if lifecycle.states[state].final:
        return Because.CASE_CLOSED
    clock_id, kind = raised["clock_id"], Kind(raised["kind"])
    if clock_id is not None and clock_id not in running:
        return Because.MET if clock_id in met else Because.CLOSED_CLOCK
    if clock_id is not None and clock_id in passed and kind is Kind.EXTEND:
        return Because.TOO_LATE
    if kind in {Kind.EXTEND, Kind.EARLIER} and _was_moved(raised, running.get(clock_id)):
        return Because.GRANTED
    proposal = Proposal.read(raised["proposal"])
    # A right is at risk in whatever state, and on a provisional day, until its clock is closed.
    if proposal.do is Do.ACT and kind is not Kind.AT_RISK:
        transition = lifecycle.transitions.get(proposal.trigger)
        if transition is None or state not in transition.source_names:
            return Because.MOVED_ON
    return None


def _was_moved(raised: Record, clock: Record | None) -> bool:
    """Whether the clock no longer ends where it ended when the escalation was raised."""
    ended: str = raised["key"].rpartition("@")[2]
    return clock is not None and bool(ended) and str(clock["due_on"]) != ended
