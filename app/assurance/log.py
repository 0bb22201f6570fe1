"""Reads of the log: a search through every chain, and all that was recorded on one day.

The newest first, a page by key. A search by person walks the index of persons, one by case or by a
chain of its own the primary key, every other the index of recording times from its newest end:
no page sorts the log.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, true, tuple_
from sqlalchemy.orm import Session, aliased

from app.assurance.selection import CASE, readable
from app.assurance.spans import midnight
from app.audit.chain import chain_id_of
from app.audit.models import AuditEntry, ChainHead
from app.cases.escalation.records import chain_of
from app.cases.models import Case
from app.engine.actors import Actor

PAGE: Final = 50
MOST_OF_A_DAY: Final = 3000
"""Entries of one day that one page shows."""
SUBSTITUTE: Final = "behalf"
"""Stands among the flags for what a substitute did."""

told_of = aliased(Case, name="told_of")
"""The case whose number and lifecycle a line tells; who sees it is asked of `Case`."""


@dataclass(frozen=True, slots=True)
class Key:
    """Where a page ends: the entry that stands last on it."""

    recorded_at: datetime
    chain_id: UUID
    seq: int

    def __str__(self) -> str:
        return f"{self.recorded_at.isoformat()}_{self.chain_id}_{self.seq}"

    @classmethod
    def read(cls, text: str) -> Key | None:
        """Read what `str` wrote; none for anything else."""
        try:
            at, chain_id, seq = text.split("_")
            recorded_at = datetime.fromisoformat(at)
            key = cls(recorded_at, UUID(chain_id), int(seq))
        except ValueError:
            return None
        return key if recorded_at.tzinfo is not None else None


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; nothing said narrows nothing.

    ``since`` and ``until`` are local days, both inclusive, of recording or, with ``by_occurred``,
    of the act itself. ``acts`` are kind of chain, lifecycle (none: of any) and triggers.
    """

    person: UUID | None = None
    cases: tuple[UUID, ...] = ()
    """Cases, each with the chain of its escalations."""
    organisations: tuple[UUID, ...] = ()
    kind: str = ""
    acts: tuple[tuple[str, str | None, tuple[str, ...]], ...] = ()
    flag: str = ""
    since: date | None = None
    until: date | None = None
    by_occurred: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """One page of the log; ``older`` is where the next one begins."""

    rows: Sequence[Row[*tuple[Any, ...]]]
    older: Key | None


COLUMNS: Final = (
    AuditEntry.chain_id,
    AuditEntry.seq,
    AuditEntry.chain,
    AuditEntry.recorded_at,
    AuditEntry.occurred_at,
    AuditEntry.actor_id,
    AuditEntry.actor_name,
    AuditEntry.organisation_name,
    AuditEntry.on_behalf_of,
    AuditEntry.role,
    AuditEntry.trigger,
    AuditEntry.code,
    AuditEntry.from_state,
    AuditEntry.to_state,
    AuditEntry.flags,
    told_of.number,
    told_of.lifecycle,
    told_of.subject_name,
    ChainHead.label.label("chain_label"),
)
"""What a line of the log needs of an entry and of its chain."""


def lines(actor: Actor, *more: Any) -> Select[*tuple[Any, ...]]:
    """The query of the entries a person may read, with the name of their chain."""
    return (
        select(*COLUMNS, *more)
        .select_from(AuditEntry)
        .outerjoin(told_of, told_of.id == AuditEntry.chain_id)
        .outerjoin(ChainHead, ChainHead.chain_id == AuditEntry.chain_id)
        .where(readable(actor))
    )


def search(
    session: Session,
    actor: Actor,
    asked: Search,
    after: Key | None = None,
    *,
    more: Sequence[Any] = (),
    size: int = PAGE,
) -> Found:
    """Return one page of what is looked for, the newest first; ``more`` are further columns."""
    query = lines(actor, *more).where(*criteria(asked))
    if (chain_id := _only_chain(session, asked)) is not None:
        # Its own order, which its key serves; recorded in this order too.
        query = query.where(AuditEntry.chain_id == chain_id).order_by(AuditEntry.seq.desc())
        if after is not None:
            query = query.where(AuditEntry.seq < after.seq)
    else:
        order = (AuditEntry.recorded_at, AuditEntry.chain_id, AuditEntry.seq)
        query = query.order_by(*(column.desc() for column in order))
        if after is not None:
            key = (after.recorded_at, after.chain_id, after.seq)
            query = query.where(
                AuditEntry.recorded_at <= after.recorded_at, tuple_(*order) < tuple_(*key)
            )
    rows = session.execute(query.limit(size + 1)).all()
    last = rows[size - 1] if len(rows) > size else None
    older = Key(last.recorded_at, last.chain_id, last.seq) if last is not None else None
    return Found(rows[:size], older)


def _only_chain(session: Session, asked: Search) -> UUID | None:
    """The chain of a kind that has but one, where nothing else leads to the entries."""
    if not asked.kind or asked.kind == CASE or asked.cases or asked.person is not None:
        return None
    head = session.get(ChainHead, chain_id_of(asked.kind))
    return head.chain_id if head is not None else None


def criteria(asked: Search) -> Iterator[ColumnElement[bool]]:
    """What an entry must be to be found."""
    if asked.person is not None:
        yield AuditEntry.actor_id == asked.person
    if asked.cases:
        wanted = [one for case in asked.cases for one in (case, chain_of(case))]
        yield AuditEntry.chain_id.in_(wanted)
    if asked.organisations:
        yield AuditEntry.organisation_id.in_(asked.organisations)
    if asked.kind:
        yield AuditEntry.chain == asked.kind
    if asked.acts:
        yield or_(*(_act(*one) for one in asked.acts))
    if asked.flag == SUBSTITUTE:
        yield AuditEntry.on_behalf_of.is_not(None)
    elif asked.flag:
        yield AuditEntry.flags.contains(asked.flag, autoescape=True)
    yield from _within(asked)


def _act(kind: str, lifecycle: str | None, triggers: tuple[str, ...]) -> ColumnElement[bool]:
    of_lifecycle = true() if lifecycle is None else told_of.lifecycle == lifecycle
    return and_(AuditEntry.chain == kind, of_lifecycle, AuditEntry.trigger.in_(triggers))


def _within(asked: Search) -> Iterator[ColumnElement[bool]]:
    at = AuditEntry.occurred_at if asked.by_occurred else AuditEntry.recorded_at
    if asked.since is not None:
        begins = midnight(asked.since)
        yield at >= begins
        if asked.by_occurred:
            # Nothing is recorded before it happens: so far the index of recording times leads.
            yield AuditEntry.recorded_at >= begins
    if asked.until is not None:
        yield at < midnight(asked.until + timedelta(days=1))


# One day -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Doer:
    """Who recorded how much on a day."""

    person_id: UUID
    name: str
    organisation: str
    entries: int


@dataclass(frozen=True, slots=True)
class Day:
    """All that was recorded on one local day: the entries in their order, and who did how much."""

    on: date
    rows: Sequence[Row[*tuple[Any, ...]]]
    doers: Sequence[Doer]
    total: int

    @property
    def left_out(self) -> int:
        """How many entries are more than one page shows."""
        return self.total - len(self.rows)


def day(session: Session, actor: Actor, on: date) -> Day:
    """Return what was recorded on a local day, the oldest first."""
    inside = tuple(_within(Search(since=on, until=on)))
    order = (AuditEntry.recorded_at, AuditEntry.chain_id, AuditEntry.seq)
    rows = session.execute(lines(actor).where(*inside).order_by(*order).limit(MOST_OF_A_DAY)).all()
    counted = session.execute(
        select(
            AuditEntry.actor_id,
            func.min(AuditEntry.actor_name).label("name"),
            AuditEntry.organisation_name,
            func.count().label("entries"),
        )
        .where(readable(actor), *inside)
        .group_by(AuditEntry.actor_id, AuditEntry.organisation_name)
        .order_by(func.count().desc(), AuditEntry.actor_id)
    )
    doers = [Doer(one.actor_id, one.name, one.organisation_name, one.entries) for one in counted]
    return Day(on, rows, doers, sum(one.entries for one in doers))
