"""Which chains an export, a map or a search is about, and reading them as a stream.

A selection takes whole chains: an entry taken out of its chain proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    bindparam,
    exists,
    false,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry, ChainHead
from app.cases.escalation.records import chain_of
from app.cases.models import Case
from app.cases.sight import in_jurisdiction, visible_to
from app.engine.actors import Actor, Role

CASE: Final = "case"
"""What the chain of a case is called; every other chain has a head of its own."""

_AT_ONCE: Final = 200
_STREAMED: Final = {"yield_per": 500}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which chains are meant; nothing said means every one.

    ``actor`` is who looks; none for the operator at the command line. ``since`` and ``until``
    take the chains with an entry recorded in [since, until).
    """

    actor: Actor | None = None
    kinds: frozenset[str] = frozenset()
    cases: tuple[UUID, ...] = ()
    """Cases, each with the chain of its escalations."""
    lifecycle: str = ""
    division: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_everything(self) -> bool:
        """Whether it takes every chain of the installation."""
        return self == Selection()


def readable(actor: Actor | None) -> ColumnElement[bool]:
    """The criterion of the entries somebody may read here.

    Of cases those the person sees; the auditor besides reads every chain that is no case's.
    """
    if actor is None:
        return true()
    # Asked of each entry by its key, so that no page gathers every case the person sees.
    seen = (
        select(Case.id)
        .where(Case.id == AuditEntry.chain_id, visible_to(actor))
        .correlate(AuditEntry)
        .exists()
    )
    if Role.AUDITOR not in actor.roles:
        return seen
    return or_(AuditEntry.chain != CASE, seen)


def chains(session: Session, chosen: Selection) -> Iterator[Row[Any]]:
    """Yield chain_id, chain, label, last_seq, last_hash, covered_seq in the order of ids."""
    of_cases = (
        select(
            Case.id.label("chain_id"),
            literal(CASE).label("chain"),
            Case.number.label("label"),
            Case.last_seq,
            Case.last_hash,
            Case.covered_seq,
        )
        .where(Case.last_seq >= 0, *_wanted(chosen, Case.id))
        .where(*_cases(chosen))
    )
    others = select(
        ChainHead.chain_id,
        ChainHead.chain,
        ChainHead.label,
        ChainHead.last_seq,
        ChainHead.last_hash,
        ChainHead.covered_seq,
    ).where(ChainHead.last_seq >= 0, *_wanted(chosen, ChainHead.chain_id), *_others(chosen))
    both = union_all(of_cases, others).subquery()
    yield from session.execute(select(both).order_by(both.c.chain_id), execution_options=_STREAMED)


def holds_restricted(session: Session, chosen: Selection) -> bool:
    """Whether the selection takes the chain of a restricted case."""
    query = select(Case.id).where(Case.restricted, *_wanted(chosen, Case.id), *_cases(chosen))
    return session.scalars(query.limit(1)).first() is not None


def entries(session: Session, chosen: Selection) -> Iterator[tuple[Row[Any], list[AuditEntry]]]:
    """Yield every chain of the selection with its entries, the oldest first.

    Holds one chain at a time. Each is read by its key, so that no database sorts the log.
    """
    found = chains(session, chosen)
    # Built once: for a short chain, building the query costs as much as running it.
    query = (
        select(AuditEntry)
        .where(AuditEntry.chain_id == bindparam("chain"))
        .order_by(AuditEntry.seq)
        .execution_options(case_seen=True)
    )
    while batch := list(islice(found, _AT_ONCE)):
        for head in batch:
            yield head, list(session.scalars(query, {"chain": head.chain_id}))
            session.expunge_all()


def _cases(chosen: Selection) -> Iterator[ColumnElement[bool]]:
    if chosen.actor is not None:
        yield visible_to(chosen.actor)
    if chosen.kinds and CASE not in chosen.kinds:
        yield false()
    if chosen.cases:
        yield Case.id.in_(chosen.cases)
    if chosen.lifecycle:
        yield Case.lifecycle == chosen.lifecycle
    if chosen.division:
        yield in_jurisdiction(chosen.division)


def _others(chosen: Selection) -> Iterator[ColumnElement[bool]]:
    if chosen.actor is not None and Role.AUDITOR not in chosen.actor.roles:
        yield false()
    if chosen.kinds:
        yield ChainHead.chain.in_(sorted(chosen.kinds))
    if chosen.cases:
        yield ChainHead.chain_id.in_([chain_of(each) for each in chosen.cases])
    elif chosen.lifecycle or chosen.division:
        yield false()


def _wanted(chosen: Selection, chain_id: Any) -> Iterator[ColumnElement[bool]]:
    if chosen.since is None and chosen.until is None:
        return
    inside = exists().where(AuditEntry.chain_id == chain_id)
    if chosen.since is not None:
        inside = inside.where(AuditEntry.recorded_at >= chosen.since)
    if chosen.until is not None:
        inside = inside.where(AuditEntry.recorded_at < chosen.until)
    yield inside
