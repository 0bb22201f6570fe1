"""Lists of cases. Every query goes through `sight.visible_to`; lists page by key."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    ScalarSelect,
    and_,
    exists,
    func,
    or_,
    select,
    tuple_,
    union,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.accounts.models import Organisation
from app.cases import ages
from app.cases.likely import likely_step
from app.cases.models import Case, CaseDeadline, Participant, Signature
from app.cases.sight import held_by, in_jurisdiction, narrowed_for, oversees, visible_to
from app.cases.snapshot import SEEN
from app.engine.actors import AUTHORITY_ROLES, OVERSEEING_ROLES, Actor, Capacity, Role
from app.engine.definition import Signoff, Transition
from app.law.periods import local_date
from app.registers.models import RosterEntry
from app.workflows import LIFECYCLES

Criteria: TypeAlias = tuple[ColumnElement[bool], ...]

PAGE_SIZE: Final = 50
COUNTED: Final = 1000
"""No list is counted further than this."""


class Scope(StrEnum):
    """Which cases a list shows: open ones, closed ones (``done``), or every one."""

    MINE = "mine"
    UNIT = "unit"
    ALL = "all"
    DONE = "done"
    EVERY = "every"


@dataclass(frozen=True, slots=True)
class Filter:
    """What narrows a list; it stands in the address, so that a view can be sent on."""

    lifecycle: str = ""
    state: str = ""
    division: str = ""
    year: int | None = None
    text: str = ""
    overdue: bool = False
    assignee: UUID | None = None
    unassigned: bool = False
    age: ages.Age | None = None
    late: str = ""
    """Name of a clock that runs and is overdue."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing narrows the list."""
        return self == Filter()


@dataclass(frozen=True, slots=True)
class Key:
    """Where the next page begins: behind the case of this end (or closing) and id."""

    at: datetime
    id: UUID

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.id}"

    @classmethod
    def read(cls, text: str) -> Key | None:
        """Read it back from an address; None for anything that is no key."""
        at, _, key = text.partition("~")
        try:
            found = cls(datetime.fromisoformat(at), UUID(key))
        except ValueError:
            return None
        return found if found.at.tzinfo is not None else None


@dataclass(frozen=True, slots=True)
class Roster:
    """The roster of a year: its units, and those without a verification of that year."""

    units: int
    without: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, and where the next one begins."""

    rows: Sequence[Case]
    next: Key | None


def numbers_of(session: Session, actor: Actor, ids: Collection[UUID]) -> dict[UUID, str]:
    """The numbers of those of the cases that a person may see, by id."""
    query = select(Case.id, Case.number).where(Case.id.in_(list(ids)), visible_to(actor))
    return {row.id: row.number for row in session.execute(query)}


def worklist(
    session: Session,
    actor: Actor,
    scope: Scope,
    narrowed: Filter,
    now: datetime,
    *,
    after: Key | None = None,
    limit: int = PAGE_SIZE,
) -> Page:
    """The cases of one scope: by the nearest end, the closed by closing, all by opening."""
    place = Case.opened_at if scope is Scope.EVERY else Case.sort_due_at
    back = scope in {Scope.EVERY, Scope.DONE}
    wanted = narrowing(narrowed, now)
    if after is not None:
        here, there = tuple_(place, Case.id), tuple_(after.at, after.id)
        wanted.append(here < there if back else here > there)
    ids = _first(scope, actor, wanted, place, limit + 1, back=back)
    query = select(Case).where(visible_to(actor), Case.id.in_(ids))
    order = (place.desc(), Case.id.desc()) if back else (place, Case.id)
    rows = session.scalars(query.order_by(*order).limit(limit + 1)).all()
    if len(rows) <= limit:
        return Page(rows, None)
    last = rows[limit - 1]
    return Page(rows[:limit], Key(getattr(last, place.key), last.id))


def counts(session: Session, actor: Actor) -> dict[Scope, int]:
    """How many cases each scope of the worklist holds, each counted up to `COUNTED`."""
    scopes = [Scope.MINE, Scope.UNIT, Scope.ALL, Scope.DONE]
    found = session.execute(select(*(_counted(scope, actor) for scope in scopes))).one()
    return dict(zip(scopes, found, strict=True))


def _counted(scope: Scope, actor: Actor) -> ScalarSelect[int]:
    ids = _first(scope, actor, [], Case.sort_due_at, COUNTED)
    some = select(Case.id).where(visible_to(actor), Case.id.in_(ids)).limit(COUNTED).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def provisional(session: Session, rows: Sequence[Case]) -> frozenset[UUID]:
    """Which of these cases end next on a date that a calendar not yet published may move."""
    ids = [row.id for row in rows if row.next_due_name is not None]
    if not ids:
        return frozenset()
    query = (
        select(CaseDeadline.case_id)
        .join(Case, Case.id == CaseDeadline.case_id)
        .where(
            CaseDeadline.case_id.in_(ids),
            CaseDeadline.closed_at.is_(None),
            CaseDeadline.provisional,
            CaseDeadline.name == Case.next_due_name,
        )
    )
    return frozenset(session.scalars(query, execution_options=SEEN))


def waiting_count(session: Session, actor: Actor) -> int:
    """How many open cases wait for the person, counted up to `COUNTED`."""
    return session.scalar(select(_counted(Scope.MINE, actor))) or 0


# Ways to a case ----------------------------------------------------------------------------------


def _first(
    scope: Scope,
    actor: Actor,
    wanted: Sequence[ColumnElement[bool]],
    place: InstrumentedAttribute[datetime],
    limit: int,
    *,
    back: bool = False,
) -> CompoundSelect[UUID]:
    """The ids of a scope's first cases, found by several ways, each by an index of its own.

    One query with an OR between the ways would be served by no index and walk through all cases.
    """
    # Closed or open, said even where both are wanted: the indices begin with it.
    standing = {Scope.DONE: [True], Scope.EVERY: [False, True]}.get(scope, [False])
    criteria = [Case.is_final.in_(standing), *narrowed_for(actor), *wanted]
    order = (place.desc(), Case.id.desc()) if back else (place, Case.id)
    found = [
        select(Case.id).where(way, *criteria).order_by(*order).limit(limit)
        for way in _led(scope, actor)
    ]
    for seats, way in _seated(scope, actor):
        # A subquery for each seat: the database cannot but begin with the seats, which are few.
        at = select(place).where(Case.id == Participant.case_id, *way, *criteria)
        held = select(Participant.case_id.label("id"), at.scalar_subquery().label("place"))
        own = held.where(*seats).distinct().subquery()
        nearest = (own.c.place.desc(), own.c.id.desc()) if back else (own.c.place, own.c.id)
        found.append(
            select(own.c.id).where(own.c.place.is_not(None)).order_by(*nearest).limit(limit)
        )
    return union(*(select(way.subquery().c.id) for way in found))


def _led(scope: Scope, actor: Actor) -> list[ColumnElement[bool]]:
    """What leads to a case without a seat on it."""
    if scope is Scope.UNIT:
        return oversees(actor)[:1]
    if scope is not Scope.MINE:
        return oversees(actor)
    if not actor.roles & AUTHORITY_ROLES:
        return []
    return [
        and_(
            Case.authority_id == actor.organisation_id,
            Case.waits_role == role.value,
            Case.waits_capacity == Capacity.LEAD.value,
            or_(Case.assignee_id.is_(None), Case.assignee_id == actor.seated_as),
        )
        for role in sorted(actor.roles)
    ]


def _seated(scope: Scope, actor: Actor) -> list[tuple[Criteria, Criteria]]:
    """Which seats lead to a case, and what must hold of the case in which one sits."""
    if scope is Scope.UNIT and actor.roles & AUTHORITY_ROLES:
        return []
    if scope is not Scope.MINE:
        return [(_seats(actor), ())]
    roles = sorted(role.value for role in actor.roles)
    turn = (Case.waits_role.in_(roles), Case.waits_capacity == Participant.capacity)
    return [(_seats(actor), turn)] + [
        (
            _seats(actor, capacity),
            (
                Case.lifecycle == lifecycle,
                Case.state.in_(states),
                ~exists().where(
                    Signature.case_id == Case.id,
                    Signature.signoff == signoff,
                    _hand_given(actor),
                    Signature.voided_seq.is_(None),
                ),
            ),
        )
        for lifecycle, signoff, states, role, capacity in _signoffs()
        if role in actor.roles
    ]


def _hand_given(actor: Actor) -> ColumnElement[bool]:
    """Whether a signature is of the person, or of whom they stand in for, whoever gave it."""
    hands = {actor.person_id, actor.seated_as}
    return or_(Signature.person_id.in_(hands), Signature.on_behalf_of.in_(hands))


def _seats(actor: Actor, *capacities: Capacity) -> Criteria:
    """The seats of the person or their body in these capacities, by default in any.

    A body sits as the lead in each of its own cases: who oversees them finds them without.
    """
    if not capacities:
        skipped = {Capacity.LEAD} if actor.roles & OVERSEEING_ROLES else set()
        capacities = tuple(each for each in Capacity if each not in skipped)
    return (Participant.capacity.in_([each.value for each in capacities]), *held_by(actor))


def _signoffs() -> list[tuple[str, str, list[str], Role, Capacity]]:
    """Signatures that every holder of a capacity is asked for, by lifecycle and states."""
    return [
        (key, t.name, sorted(t.source_names), who.role, who.capacity)
        for key, lifecycle in LIFECYCLES.items()
        for t in lifecycle.transitions.values()
        if isinstance(t, Signoff) and t.least is None
        for who in t.by
        if who.capacity not in (None, Capacity.LEAD)
    ]


def narrowing(narrowed: Filter, now: datetime) -> list[ColumnElement[bool]]:
    """What a filter asks of a case, to stand beside `visible_to`."""
    found: list[ColumnElement[bool]] = []
    if narrowed.lifecycle:
        found.append(Case.lifecycle == narrowed.lifecycle)
    if narrowed.state:
        found.append(Case.state == narrowed.state)
    if narrowed.division:
        found.append(in_jurisdiction(narrowed.division))
    if narrowed.year is not None:
        found.append(Case.cycle_year == narrowed.year)
    if narrowed.overdue:
        found.append(Case.next_due_at < now)
    found += _of_desk(narrowed, now)
    if narrowed.text:
        found.append(
            or_(
                Case.number.contains(narrowed.text, autoescape=True),
                Case.subject_name.contains(narrowed.text, autoescape=True),
            )
        )
    return found


def _of_desk(narrowed: Filter, now: datetime) -> list[ColumnElement[bool]]:
    """Whose desk it lies on, for how long, and what is late there."""
    found: list[ColumnElement[bool]] = []
    if narrowed.assignee is not None:
        found.append(Case.assignee_id == narrowed.assignee)
    if narrowed.unassigned:
        found.append(Case.assignee_id.is_(None))
    if narrowed.age is not None:
        found.append(ages.is_of(narrowed.age, local_date(now)))
    if narrowed.late:
        found.append(
            exists().where(
                CaseDeadline.case_id == Case.id,
                CaseDeadline.closed_at.is_(None),
                CaseDeadline.name == narrowed.late,
                CaseDeadline.due_at < now,
            )
        )
    return found


def next_step(case: Case, actor: Actor) -> Transition | None:
    """The act most likely wanted of the person in this state.

    Read from the declaration alone, so that a list of cases asks no guard; whether it may be done
    now, the page of the case says.
    """
    lifecycle = LIFECYCLES.get(case.lifecycle)
    return None if lifecycle is None else likely_step(lifecycle, case.state, actor)


# The cycle of a year ----------------------------------------------------------------------------


def cycle_counts(session: Session, actor: Actor, year: int) -> dict[str, int]:
    """How many verifications of a year stand in each state."""
    query = (
        select(Case.state, func.count())
        .where(visible_to(actor), Case.lifecycle == "verification", Case.cycle_year == year)
        .group_by(Case.state)
    )
    return dict(session.execute(query).all())


def cycle_years(session: Session, actor: Actor) -> list[int]:
    """The years of which there are cases, the newest first."""
    query = (
        select(Case.cycle_year)
        .where(visible_to(actor), Case.lifecycle == "verification", Case.cycle_year.is_not(None))
        .distinct()
        .order_by(Case.cycle_year.desc())
    )
    return [year for year in session.scalars(query) if year is not None]


def roster_years(session: Session) -> list[int]:
    """The years of which there is a roster, the newest first."""
    query = select(RosterEntry.year).distinct().order_by(RosterEntry.year.desc())
    return list(session.scalars(query))


def roster(session: Session, actor: Actor, year: int) -> Roster:
    """The units on the roster of a year, and how many of them have no case yet."""
    begun = exists().where(
        visible_to(actor),
        Case.lifecycle == "verification",
        Case.cycle_year == year,
        Case.cycle_key.is_not(None),
        Case.subject_id == RosterEntry.unit_id,
    )
    query = (
        select(func.count(), func.count().filter(~begun))
        .select_from(RosterEntry)
        .join(Organisation, Organisation.id == RosterEntry.unit_id)
        .where(RosterEntry.year == year, RosterEntry.removed_on.is_(None), Organisation.active)
    )
    return Roster(*session.execute(query).one())
