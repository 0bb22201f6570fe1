"""Giving the open cases of one officer to others: a leaver's work, a load that is too heavy.

Each case is moved in a transaction of its own, with the entry `records.assign` leaves; what was
recorded before keeps its names. What cannot be moved stays where it is and says why.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, aliased

from app.accounts.models import Membership, Person
from app.cases.errors import CaseError, NoSuchCase, NotPermitted
from app.cases.models import Case, Participant
from app.cases.operations import locked
from app.cases.queries import Filter, narrowing
from app.cases.records import assign_locked
from app.cases.sight import id_for, visible_to
from app.db import Database
from app.engine.actors import SUPERVISOR, Actor, Capacity, Role
from app.engine.definition import Join, Lifecycle, Transition
from app.engine.permission import Refusal, Why, reserved_to
from app.law.labels import Label
from app.workflows import LIFECYCLES, by_version

HANDLE: Final = (Role.INSPECTOR, Role.SUPERVISOR)
"""Roles of the lead authority whose holders may be given a case."""
CLOSED: Final = Label("案件已办结。", "The case is closed by now.")
TAKEN: Final = Label("已由他人另行指定承办人。", "Somebody else has given it away meanwhile.")


@dataclass(frozen=True, slots=True)
class Handover:
    """What is to be given away: the open cases of ``officer`` (``None``: of nobody), to whom.

    ``narrowed`` says which of them; ``only`` names them one by one instead.
    """

    officer: UUID | None
    to: tuple[UUID, ...]
    narrowed: Filter = field(default_factory=Filter)
    only: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """A case that could not be moved, and why."""

    case_id: UUID
    why: Label


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a handover has come: the last case looked at, how many each person was given."""

    after: UUID | None = None
    given: Mapping[UUID, int] = field(default_factory=dict)
    kept: tuple[Kept, ...] = ()
    done: bool = False

    @property
    def moved(self) -> int:
        """How many cases were given away."""
        return sum(self.given.values())


def may_reassign(actor: Actor) -> bool:
    """Whether the person may give away cases of their authority."""
    return Role.SUPERVISOR in actor.roles


def held(actor: Actor, handover: Handover, now: datetime) -> Select[UUID]:
    """The ids of the cases a handover is about: open, led by the authority of who asks."""
    asked: list[ColumnElement[bool]] = [
        visible_to(actor),
        Case.authority_id == actor.organisation_id,
        Case.is_final.is_(False),
        Case.assignee_id == handover.officer
        if handover.officer is not None
        else Case.assignee_id.is_(None),
        *narrowing(handover.narrowed, now),
    ]
    if handover.only:
        asked.append(Case.id.in_(handover.only))
    return select(Case.id).where(*asked)


def count_held(session: Session, actor: Actor, handover: Handover, now: datetime) -> int:
    """How many cases a handover is about now."""
    found = held(actor, handover, now).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def officers(session: Session, organisation_id: UUID, today: date) -> dict[UUID, str]:
    """Who of an authority may be given cases today, by id, in the order of their names."""
    return officers_of(session, [organisation_id], today).get(organisation_id, {})


def officers_of(
    session: Session, body_ids: Collection[UUID], today: date
) -> dict[UUID, dict[UUID, str]]:
    """Who of several authorities may be given cases today, by authority."""
    query = (
        select(Membership.organisation_id, Person.id, Person.name)
        .join(Person, Person.id == Membership.person_id)
        .where(
            Person.active,
            Membership.organisation_id.in_(list(body_ids)),
            Membership.role.in_([role.value for role in HANDLE]),
            Membership.valid_on(today),
        )
        .order_by(Person.name, Person.id)
    )
    found: dict[UUID, dict[UUID, str]] = {}
    for body_id, person_id, name in session.execute(query):
        found.setdefault(body_id, {})[person_id] = name
    return found


def shares(count: int, among: int) -> list[int]:
    """How many of ``count`` cases each of ``among`` persons is given.

    >>> shares(7, 3)
    [3, 2, 2]
    """
    return [count // among + (place < count % among) for place in range(among)]


def reassign(
    database: Database,
    handover: Handover,
    so_far: Progress,
    *,
    actor: Actor,
    now: datetime,
    most: int,
) -> Progress:
    """Give away the next cases of a handover, ``most`` at most; ask again until it is done.

    Whoever was given fewest so far comes first; one whom the separation of duties bars from a case
    is passed over for the next. Safe to repeat: a case that no longer is the officer's is left
    alone. Raises NotPermitted for anybody but a supervisor.
    """
    if not may_reassign(actor):
        raise NotPermitted([Refusal(Why.NOT_YOU, reserved_to([SUPERVISOR]))])
    with database.read() as session:
        ids = _next_ids(session, actor, handover, so_far.after, now, most)
    given, kept = dict(so_far.given), list(so_far.kept)
    for case_id in ids:
        to = sorted(handover.to, key=lambda person: given.get(person, 0))
        work = partial(_move, case_id=case_id, handover=handover, to=to, actor=actor, now=now)
        went = database.write(work)
        if isinstance(went, Label):
            kept.append(Kept(case_id, went))
        else:
            given[went] = given.get(went, 0) + 1
    return replace(
        so_far,
        after=ids[-1] if ids else so_far.after,
        given=given,
        kept=tuple(kept),
        done=len(ids) < most,
    )


def _next_ids(
    session: Session,
    actor: Actor,
    handover: Handover,
    after: UUID | None,
    now: datetime,
    most: int,
) -> list[UUID]:
    """The next cases, by id. Those named one by one are all looked at, whoever has them now."""
    if handover.only:
        return [one for one in sorted(handover.only) if after is None or one > after][:most]
    query = held(actor, handover, now).order_by(Case.id).limit(most)
    return list(session.scalars(query if after is None else query.where(Case.id > after)))


def _move(
    session: Session,
    case_id: UUID,
    handover: Handover,
    to: Sequence[UUID],
    actor: Actor,
    now: datetime,
) -> UUID | Label:
    """Give one case to the first who may have it; return to whom, or why to nobody."""
    if session.scalar(id_for(actor, case_id)) is None:
        return NoSuchCase().label
    view = locked(session, case_id)
    if view.row["is_final"]:
        return CLOSED
    if view.row["assignee_id"] != handover.officer:
        return TAKEN
    why = None
    for person_id in to:
        try:
            assign_locked(view, person_id, actor=actor, now=now)
        except CaseError as refused:
            why = why or refused.label
        else:
            return person_id
    assert why is not None  # a handover names somebody
    return why


# Seats of their own -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HeldSeat:
    """A capacity a person holds on an open case, and the act by which somebody else takes it."""

    case_id: UUID
    number: str
    subject_name: str
    lifecycle: type[Lifecycle]
    person_id: UUID
    capacity: Capacity
    act: Transition | None
    now: bool
    """Whether the act is of the state the case is in."""
    earned: bool
    """Whether it came of an act of theirs: then it is the past, and whoever acts next has one."""

    @property
    def reserved(self) -> Label:
        """Who may do the act."""
        return reserved_to(self.act.actors) if self.act is not None else Label("", "")


def seats_of(session: Session, actor: Actor, person_id: UUID, limit: int) -> Iterator[HeldSeat]:
    """The seats of one person on open cases: an entry `assign` moves none of them."""
    seat = aliased(Participant)  # `visible_to` asks of seats as well
    query = (
        select(
            Case.id, Case.number, Case.subject_name, Case.lifecycle, Case.lifecycle_version,
            Case.state, seat.capacity,
        )
        .join(seat, seat.case_id == Case.id)
        .where(
            visible_to(actor),
            seat.person_id == person_id,
            seat.until_seq.is_(None),
            Case.is_final.is_(False),
        )
        .order_by(Case.id, seat.capacity)
        .limit(limit)
    )  # fmt: skip
    own = earned()
    for row in session.execute(query):
        lifecycle = by_version(row.lifecycle, row.lifecycle_version)
        capacity = Capacity(row.capacity)
        acts = [act for act, join in _joins(lifecycle, capacity) if join.input]
        current = [act for act in acts if row.state in act.source_names]
        yield HeldSeat(
            case_id=row.id,
            number=row.number,
            subject_name=row.subject_name,
            lifecycle=lifecycle,
            person_id=person_id,
            capacity=capacity,
            act=next(iter(current or acts), None),
            now=bool(current),
            earned=capacity in own,
        )


def earned() -> frozenset[Capacity]:
    """The capacities nobody is named for: one takes them by an act of one's own."""
    every = {
        capacity: [join for one in LIFECYCLES.values() for _, join in _joins(one, capacity)]
        for capacity in Capacity
    }
    return frozenset(
        capacity for capacity, joins in every.items() if joins and all(join.actor for join in joins)
    )


def _joins(lifecycle: type[Lifecycle], capacity: Capacity) -> list[tuple[Transition, Join]]:
    return [
        (act, effect)
        for act in lifecycle.transitions.values()
        for effect in act.effects
        if isinstance(effect, Join) and effect.capacity is capacity
    ]
