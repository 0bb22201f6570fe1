"""The report on late entries: how long after an act its entry was made, the longest first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, case, func, select, tuple_
from sqlalchemy.orm import Session

from app.assurance.log import PAGE, Search, criteria, lines
from app.assurance.selection import readable
from app.assurance.spans import gap
from app.audit.models import AuditEntry
from app.engine.actors import Actor
from app.law.labels import Label

_HOUR: Final = 60 * 60
_DAY: Final = 24 * _HOUR
LATE: Final = "late"
"""The flag of an entry whose lateness is reasoned."""

SPANS: Final[Sequence[tuple[int, Label]]] = (
    (_HOUR, Label("1 小时以内", "up to 1 hour")),
    (_DAY, Label("1 小时至 1 日", "1 hour to 1 day")),
    (3 * _DAY, Label("1 至 3 日", "1 to 3 days")),
    (7 * _DAY, Label("3 至 7 日", "3 to 7 days")),
    (30 * _DAY, Label("7 至 30 日", "7 to 30 days")),
    (0, Label("30 日以上", "more than 30 days")),
)
"""How gaps are told apart: up to so many seconds, inclusive; the last has no end."""

_GAP: Final = gap(AuditEntry.occurred_at, AuditEntry.recorded_at)


@dataclass(frozen=True, slots=True)
class Key:
    """Where a page ends: the entry that stands last on it, and its gap in seconds."""

    gap: int
    chain_id: UUID
    seq: int

    def __str__(self) -> str:
        return f"{self.gap}_{self.chain_id}_{self.seq}"

    @classmethod
    def read(cls, text: str) -> Key | None:
        """Read what `str` wrote; none for anything else."""
        try:
            seconds, chain_id, seq = text.split("_")
            return cls(int(seconds), UUID(chain_id), int(seq))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Gap:
    """One entry: ``seconds`` late, with the reason and the number of proofs it gives."""

    row: Row[*tuple[Any, ...]]
    seconds: int
    reason: str
    proofs: int


@dataclass(frozen=True, slots=True)
class Gaps:
    """One page, the longest first; ``further`` is where the next one begins."""

    found: Sequence[Gap]
    further: Key | None


def gaps(
    session: Session,
    actor: Actor,
    asked: Search,
    threshold: int,
    after: Key | None = None,
    size: int = PAGE,
) -> Gaps:
    """Return entries recorded in a period more than ``threshold`` seconds after they happened."""
    order = (_GAP, AuditEntry.chain_id, AuditEntry.seq)
    query = (
        lines(actor, _GAP.label("seconds"), AuditEntry.body)
        .where(*criteria(asked), *_late(), threshold < _GAP)
        .order_by(*(column.desc() for column in order))
    )
    if after is not None:
        query = query.where(tuple_(*order) < tuple_(after.gap, after.chain_id, after.seq))
    rows = session.execute(query.limit(size + 1)).all()
    last = rows[size - 1] if len(rows) > size else None
    further = Key(last.seconds, last.chain_id, last.seq) if last is not None else None
    return Gaps([_told(row) for row in rows[:size]], further)


def _late() -> Iterator[ColumnElement[bool]]:
    yield AuditEntry.recorded_at > AuditEntry.occurred_at


def _told(row: Row[*tuple[Any, ...]]) -> Gap:
    late = json.loads(row.body)["details"].get("late") or {}
    return Gap(row, row.seconds, late.get("reason", ""), len(late.get("proof", ())))


@dataclass(frozen=True, slots=True)
class Span:
    """How many gaps of one length: ``reasoned`` are late entries with their reason."""

    label: Label
    reasoned: int
    other: int


def spread(session: Session, actor: Actor, asked: Search) -> list[Span]:
    """Count the gaps of a period by their length, whatever the threshold."""
    inner = (
        select(_GAP.label("seconds"), AuditEntry.flags)
        .where(*criteria(asked), *_late(), readable(actor))
        .subquery()
    )
    place = case(
        *((inner.c.seconds <= longest, number) for number, (longest, _) in enumerate(SPANS[:-1])),
        else_=len(SPANS) - 1,
    )
    placed = select(place.label("place"), inner.c.flags).subquery()
    reasoned = func.sum(case((placed.c.flags.contains(LATE), 1), else_=0))
    query = select(placed.c.place, func.count(), reasoned).group_by(placed.c.place)
    counts = {at: (count, int(with_reason)) for at, count, with_reason in session.execute(query)}
    return [
        Span(label, reasoned, count - reasoned)
        for number, (_, label) in enumerate(SPANS)
        for count, reasoned in [counts.get(number, (0, 0))]
    ]
