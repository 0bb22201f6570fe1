"""The clocks of a case as an event log tells them: which entry did what to which.

Rows of clocks name the entries that opened, met, voided or ended them. Entries name clocks by name
only: where an entry moved an end, the row it means is found by walking back from its present end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from app.assurance.event_log import Act, LoggedCase
from app.cases.models import CaseDeadline

_CLOCKS: Final = (
    select(
        CaseDeadline.id,
        CaseDeadline.name,
        CaseDeadline.expiry,
        CaseDeadline.due_on,
        CaseDeadline.anchor_on,
        CaseDeadline.opened_seq,
        CaseDeadline.met_seq,
        CaseDeadline.met_late,
        CaseDeadline.expired_seq,
        CaseDeadline.voided_seq,
        CaseDeadline.handed_to,
    )
    .where(CaseDeadline.case_id == bindparam("case_id"))
    .order_by(CaseDeadline.opened_seq, CaseDeadline.id)
    .execution_options(case_seen=True)
)


@dataclass(slots=True)
class Clock:
    """One clock: what touched it by the number of the entry, how its end moved, what became of it.

    Days are ISO texts, empty while it was stopped.
    """

    thing: str
    name: str
    expiry: str
    anchor_on: date
    first_due: str
    handed_to: UUID | None
    moved: list[tuple[int, str]] = field(default_factory=list)
    touched: list[tuple[int, str]] = field(default_factory=list)
    became: list[tuple[int, str]] = field(default_factory=list)


@dataclass(slots=True)
class _Move:
    """That an entry computed the end of a clock of this name again."""

    seq: int
    name: str
    was: str
    due: str
    told: bool = False


def clocks_of(session: Session, case: LoggedCase) -> list[Clock]:
    """The clocks of a case in the order in which they began."""
    rows = session.execute(_CLOCKS, {"case_id": case.id}).all()
    moves = list(_moves(case.acts))
    return [_clock(row, case.acts, moves) for row in rows]


def _moves(acts: Sequence[Act]) -> Iterator[_Move]:
    for act in acts:
        for line in _clock_lines(act, "reckoned"):
            was, due = line.get("was") or "", line.get("due") or ""
            yield _Move(act.entry.seq, str(line.get("name")), was, due)


def _clock_lines(act: Act, what: str) -> Sequence[Any]:
    lines: Sequence[Any] = (act.details.get("clocks") or {}).get(what) or ()
    return lines


def _clock(row: Row[*tuple[Any, ...]], acts: Sequence[Act], moves: Sequence[_Move]) -> Clock:
    due = row.due_on.isoformat() if row.due_on is not None else ""
    clock = Clock(f"deadline:{row.id}", row.name, row.expiry, row.anchor_on, due, row.handed_to)
    for move in reversed(moves):
        fits = move.name == row.name and move.seq > row.opened_seq and move.due == clock.first_due
        if fits and not move.told:
            move.told = True
            clock.touched.append((move.seq, "reckons"))
            if move.was != move.due:
                clock.moved.insert(0, (move.seq, move.due))
                clock.first_due = move.was
    for seq, qualifier, status in _ends(row, acts):
        clock.touched.append((seq, qualifier))
        clock.became.append((seq, status))
    clock.became.sort(key=lambda one: one[0])
    clock.touched.append((row.opened_seq, "starts"))
    return clock


def _ends(row: Row[*tuple[Any, ...]], acts: Sequence[Act]) -> Iterator[tuple[int, str, str]]:
    """Yield the entry, what it does to the clock and what the clock is then."""
    if row.met_seq is not None:
        yield row.met_seq, "meets", "met_late" if row.met_late else "met"
    if row.expired_seq is not None:
        yield row.expired_seq, "expires", "expired"
    if row.voided_seq is not None:
        yield row.voided_seq, "voids", "voided"
    due = row.due_on.isoformat() if row.due_on is not None else None
    for act in acts:
        seq, withdrawn = act.entry.seq, act.details.get("withdraws")
        if seq <= row.opened_seq:
            continue
        # A lapse that was withdrawn is told by the entries alone: the row runs again.
        if withdrawn and (withdrawn.get("deadline"), act.details.get("due_on")) == (row.name, due):
            yield int(withdrawn["seq"]), "expires", "expired"
            yield seq, "reopens", "running"
        if row.handed_to is not None and row.name in _clock_lines(act, "handed_over"):
            yield seq, "hands over", "handed_over"
            return
