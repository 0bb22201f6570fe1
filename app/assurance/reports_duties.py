"""The report on separation of duties: who did what the rules keep apart, read from the log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from app.accounts.models import Membership, Person
from app.assurance import duties
from app.assurance.duties import Rule, Side
from app.assurance.spans import midnight
from app.audit.models import AuditEntry
from app.cases.models import Case, CaseItem, ItemRecord, Participant
from app.cases.sight import visible_to
from app.engine.actors import Actor, Role
from app.workflows.separation import RECUSED

PARTIES: Final = (Role.ENTERPRISE, Role.VERIFIER)
"""Who acts for themselves: an act of theirs by the same name makes nobody an officer."""


@dataclass(frozen=True, slots=True)
class Period:
    """Local days, both inclusive: the cases that were running on one of them."""

    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Stands:
    """One person on one side: for which acts, or only ``named`` for it."""

    person_id: UUID
    acts: frozenset[str]
    named: bool


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody on both sides of a rule in one family of cases. There should be none."""

    code: str
    root_id: UUID
    person_id: UUID
    one: str
    """The acts on one side, by trigger, with blanks between; empty where only named."""
    other: str


@dataclass(slots=True)
class Separation:
    """What the report found."""

    cases: Sequence[Row[*tuple[Any, ...]]]
    """The cases of the period: id, root_id, number, lifecycle, subject_name, closed_at."""
    sides: Mapping[UUID, Mapping[str, Sequence[Stands]]]
    """By family and side, who stands there."""
    conflicts: Sequence[Conflict]
    substitutes: Sequence[Row[*tuple[Any, ...]]]
    """Acts of the rules done in somebody's place: chain_id, seq, trigger, actors and case."""
    passed: Mapping[str, int]
    """How many acts each rule looked at and let pass."""
    names: dict[UUID, str] = field(default_factory=dict)


def running(actor: Actor, period: Period) -> Iterator[ColumnElement[bool]]:
    """The cases in sight with a rule on their acts that were running in a period."""
    yield visible_to(actor)
    yield Case.lifecycle.in_(sorted(duties.lifecycles()))
    yield Case.opened_at < midnight(period.until + timedelta(days=1))
    yield or_(Case.closed_at.is_(None), Case.closed_at >= midnight(period.since))


def separation(session: Session, actor: Actor, period: Period) -> Separation:
    """Read the report; its cost is that of the acts of the period's cases."""
    inside = tuple(running(actor, period))
    cases = session.execute(
        select(
            Case.id, Case.root_id, Case.number, Case.lifecycle, Case.subject_name, Case.closed_at
        )
        .where(*inside)
        .order_by(Case.opened_at.desc(), Case.id)
    ).all()
    roots = select(Case.root_id).where(*inside).correlate(None)
    acts = session.execute(_acts(actor, roots)).all()
    seats = session.execute(_seats(actor, roots)).all()
    sides = _sides(acts, seats)
    found = Separation(
        cases=cases,
        sides=sides,
        conflicts=[
            *_joined(sides),
            *_experts(session, inside),
            *_recusals(session, inside),
            *_administrators(session, inside),
        ],
        substitutes=session.execute(_substitutes(inside)).all(),
        passed=_passed(session, inside),
    )
    found.names = _names(session, found)
    return found


def _acts(actor: Actor, roots: Select[UUID]) -> Select[*tuple[Any, ...]]:
    """Who did an act of a side, in the whole family of the cases, as the rule looks."""
    acts = sorted(name for side in duties.sides() for name in side.acts)
    return (
        select(Case.root_id, AuditEntry.trigger, AuditEntry.actor_id, AuditEntry.on_behalf_of)
        .join(AuditEntry, AuditEntry.chain_id == Case.id)
        .where(visible_to(actor), Case.root_id.in_(roots))
        .where(AuditEntry.trigger.in_(acts), AuditEntry.role.not_in(PARTIES))
        .distinct()
    )


def _seats(actor: Actor, roots: Select[UUID]) -> Select[*tuple[Any, ...]]:
    """Who is named for a side now."""
    seat = aliased(Participant)  # who sees a case is asked of the table itself
    capacities = [str(side.capacity) for side in duties.sides() if side.capacity is not None]
    return (
        select(Case.root_id, seat.capacity, seat.person_id)
        .join(seat, seat.case_id == Case.id)
        .where(visible_to(actor), Case.root_id.in_(roots), seat.capacity.in_(capacities))
        .where(seat.person_id.is_not(None), seat.until_seq.is_(None))
        .distinct()
    )


def _sides(
    acts: Iterable[Row[*tuple[Any, ...]]], seats: Iterable[Row[*tuple[Any, ...]]]
) -> dict[UUID, dict[str, list[Stands]]]:
    by_act: dict[str, list[Side]] = {}
    for side in duties.sides():
        for name in side.acts:
            by_act.setdefault(name, []).append(side)
    done: dict[tuple[UUID, str, UUID], set[str]] = {}
    for row in acts:
        for side in by_act[row.trigger]:
            for person in (row.actor_id, row.on_behalf_of):
                if person is not None:
                    done.setdefault((row.root_id, side.key, person), set()).add(row.trigger)
    named = {
        (row.root_id, side.key, row.person_id)
        for row in seats
        for side in duties.sides()
        if side.capacity is not None and row.capacity == side.capacity
    }
    found: dict[UUID, dict[str, list[Stands]]] = {}
    for key in sorted(done.keys() | named, key=str):
        root, side_key, person = key
        stands = Stands(person, frozenset(done.get(key, ())), key in named)
        found.setdefault(root, {}).setdefault(side_key, []).append(stands)
    return found


def _joined(sides: Mapping[UUID, Mapping[str, Sequence[Stands]]]) -> Iterator[Conflict]:
    for root, stands in sides.items():
        for apart in duties.apart():
            others = {one.person_id: one for one in stands.get(apart.other.key, ())}
            for one in stands.get(apart.one.key, ()):
                if one.person_id in others:
                    acts = _written(one.acts), _written(others[one.person_id].acts)
                    yield Conflict(apart.code, root, one.person_id, *acts)


def _written(acts: Iterable[str]) -> str:
    return " ".join(sorted(acts))


def _is(rule: str) -> ColumnElement[bool]:
    """Whether an entry, joined to its case, is an act that a rule guards."""
    acts = sorted(duties.acts_of(rule))
    return tuple_(Case.lifecycle, AuditEntry.trigger).in_(acts)


def _experts(session: Session, inside: tuple[ColumnElement[bool], ...]) -> Iterator[Conflict]:
    """Who re-checked what they had taken part in: the case above the re-check (SD-4)."""
    before = aliased(AuditEntry)
    query = (
        select(
            Case.root_id, AuditEntry.actor_id, AuditEntry.trigger, before.trigger.label("earlier")
        )
        .join(AuditEntry, AuditEntry.chain_id == Case.id)
        .join(before, before.chain_id == Case.parent_id)
        .where(*inside, _is(duties.EXPERTS), AuditEntry.role == Role.RECHECK_EXPERT)
        .where(
            or_(before.actor_id == AuditEntry.actor_id, before.on_behalf_of == AuditEntry.actor_id)
        )
        .distinct()
    )
    for row in session.execute(query):
        yield Conflict(duties.EXPERTS, row.root_id, row.actor_id, row.earlier, row.trigger)


def _recusals(session: Session, inside: tuple[ColumnElement[bool], ...]) -> Iterator[Conflict]:
    """Who decided on their own recusal (SD-3)."""
    query = (
        select(
            Case.root_id, AuditEntry.trigger, AuditEntry.actor_id, AuditEntry.on_behalf_of,
            CaseItem.data,
        )
        .join(AuditEntry, AuditEntry.chain_id == Case.id)
        .join(
            ItemRecord,
            (ItemRecord.case_id == AuditEntry.chain_id) & (ItemRecord.seq == AuditEntry.seq),
        )
        .join(CaseItem, CaseItem.id == ItemRecord.item_id)
        .where(*inside, _is(duties.RECUSALS))
    )  # fmt: skip
    for row in session.execute(query):
        asked = row.data.get(RECUSED)
        for person in (row.actor_id, row.on_behalf_of):
            if person is not None and str(person) == asked:
                yield Conflict(duties.RECUSALS, row.root_id, person, "", row.trigger)


def _administrators(
    session: Session, inside: tuple[ColumnElement[bool], ...]
) -> Iterator[Conflict]:
    """Which administrator gave himself a seat on a case (SD-7)."""
    seat = exists().where(
        Participant.case_id == AuditEntry.chain_id,
        Participant.person_id == AuditEntry.actor_id,
        Participant.since_seq == AuditEntry.seq,
    )
    administers = exists().where(
        Membership.person_id == AuditEntry.actor_id, Membership.role == Role.ADMINISTRATOR
    )
    query = (
        select(Case.root_id, AuditEntry.actor_id, AuditEntry.trigger)
        .join(AuditEntry, AuditEntry.chain_id == Case.id)
        .where(*inside, _is(duties.ADMINISTRATORS), seat, administers)
    )
    for row in session.execute(query):
        yield Conflict(duties.ADMINISTRATORS, row.root_id, row.actor_id, "", row.trigger)


def _substitutes(inside: tuple[ColumnElement[bool], ...]) -> Select[*tuple[Any, ...]]:
    acts = sorted({act for rule in duties.rules() for act in rule.guarded} | _acts_of_sides())
    return (
        select(
            AuditEntry.chain_id, AuditEntry.seq, AuditEntry.trigger, AuditEntry.recorded_at,
            AuditEntry.actor_id, AuditEntry.actor_name, AuditEntry.on_behalf_of, Case.number,
            Case.lifecycle,
        )
        .join(AuditEntry, AuditEntry.chain_id == Case.id)
        .where(*inside, AuditEntry.on_behalf_of.is_not(None))
        .where(tuple_(Case.lifecycle, AuditEntry.trigger).in_(acts))
        .order_by(AuditEntry.recorded_at.desc(), AuditEntry.chain_id, AuditEntry.seq)
    )  # fmt: skip


def _acts_of_sides() -> set[tuple[str, str]]:
    named = {name for side in duties.sides() for name in side.acts}
    return {(lifecycle, name) for lifecycle in duties.lifecycles() for name in named}


def _passed(session: Session, inside: tuple[ColumnElement[bool], ...]) -> dict[str, int]:
    every = sorted({act for rule in duties.rules() for act in rule.guarded})
    query = (
        select(Case.lifecycle, AuditEntry.trigger, func.count())
        .join(AuditEntry, AuditEntry.chain_id == Case.id)
        .where(*inside, tuple_(Case.lifecycle, AuditEntry.trigger).in_(every))
        .group_by(Case.lifecycle, AuditEntry.trigger)
    )
    counts = {(lifecycle, name): count for lifecycle, name, count in session.execute(query)}

    def of(rule: Rule) -> int:
        return sum(counts.get(act, 0) for act in rule.guarded)

    return {rule.code: of(rule) for rule in duties.rules()}


def _names(session: Session, found: Separation) -> dict[UUID, str]:
    persons = {one.person_id for one in found.conflicts}
    persons |= {row.on_behalf_of for row in found.substitutes}
    for sides in found.sides.values():
        persons |= {one.person_id for stands in sides.values() for one in stands}
    query = select(Person.id, Person.name).where(Person.id.in_(persons))
    return {row.id: row.name for row in session.execute(query)}
