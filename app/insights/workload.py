"""Who is loaded with what: open cases by officer, stage and age; what falls due; what is late.

Every number comes from a grouped query, so the number of queries does not grow with the cases. A
case counts once in each table; of clocks of one name on one case the one that ends first counts.
Ages and delays are calendar days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final, TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from app.accounts.models import Membership, Organisation, Person
from app.cases.ages import Age, age_of
from app.cases.models import Case, CaseDeadline, Participant
from app.cases.queries import Filter, Key, narrowing
from app.cases.reassignment import earned
from app.cases.sight import visible_to
from app.engine.actors import AUTHORITY_ROLES, Actor, jurisdiction_stem
from app.engine.definition import Expiry
from app.law.labels import Label
from app.law.periods import end_of_day, local_date
from app.workflows import LIFECYCLES, by_version

K = TypeVar("K")
Place: TypeAlias = tuple[UUID, UUID]
"""A person in an organisation."""

DAYS_AHEAD: Final = 7
"""What falls due is shown for so many days, today being the first."""
ROWS: Final = 20
LATE_AFTER: Final = (7, 30)
"""Days, inclusive, up to which something late belongs to the first and to the second group."""


@dataclass(frozen=True, slots=True)
class Pile:
    """How many open cases lie on one desk in one state, of one age."""

    lifecycle: str
    version: int
    state: str
    authority: UUID
    officer: UUID | None
    age: Age
    count: int

    @property
    def state_label(self) -> Label:
        """The state in words, of the version of the lifecycle the cases are on."""
        return by_version(self.lifecycle, self.version).states[self.state].label


@dataclass(frozen=True, slots=True)
class Falling:
    """A clock that ends soon, of an open case."""

    case_id: UUID
    number: str
    subject_name: str
    officer: UUID | None
    lifecycle: str
    clock: Label
    due_on: date
    provisional: bool
    key: Key


@dataclass(frozen=True, slots=True)
class Late:
    """Cases on which a clock of one name is overdue: up to 7, 8 to 30, more than 30 days."""

    lifecycle: str
    name: str
    clock: Label
    expiry: Expiry
    counts: tuple[int, int, int]
    since: date

    @property
    def count(self) -> int:
        """How many cases they are."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Leaver:
    """Somebody who is gone and still has open cases or seats on them."""

    id: UUID
    name: str
    organisation_id: UUID
    organisation: str
    cases: int
    seats: int


@dataclass(frozen=True, slots=True)
class Workload:
    """The numbers of one page. ``officers`` names everybody in it by id."""

    piles: Sequence[Pile]
    falling: Mapping[date, int]
    late: Sequence[Late]
    leavers: Sequence[Leaver]
    choices: AbstractSet[UUID]
    officers: Mapping[UUID, str]

    @property
    def total(self) -> int:
        """How many open cases there are."""
        return sum(pile.count for pile in self.piles)

    def by(self, key: Callable[[Pile], K]) -> Counter[K]:
        """The cases counted by anything a pile says."""
        found: Counter[K] = Counter()
        for pile in self.piles:
            found[key(pile)] += pile.count
        return found


def workload(
    session: Session, actor: Actor, asked: Filter, now: datetime, also: Collection[UUID] = ()
) -> Workload:
    """Count what an authority and its jurisdiction have on their desks.

    ``also`` are persons whose names the page needs besides.
    """
    every = _piles(session, actor, replace(asked, assignee=None, unassigned=False), now)
    piles = [pile for pile in every if _is_asked(pile, asked)]
    choices = {pile.officer for pile in every if pile.officer is not None}
    return Workload(
        piles=piles,
        falling=_falling_by_day(session, actor, asked, now),
        late=_late(session, actor, asked, now),
        leavers=_leavers(session, actor, every, now),
        choices=choices,
        officers=_names(session, choices | set(also)),
    )


def _leavers(session: Session, actor: Actor, piles: Sequence[Pile], now: datetime) -> list[Leaver]:
    gone = _gone(session, actor, local_date(now))
    seats = _seats(session, actor, {person for person, _ in gone})
    led: Counter[Place] = Counter()
    for pile in piles:
        if pile.officer is not None:
            led[pile.officer, pile.authority] += pile.count
    return [
        Leaver(place[0], name, place[1], body, led[place], seats[place])
        for place, (name, body) in gone.items()
        if led[place] or seats[place]
    ]


def _is_asked(pile: Pile, asked: Filter) -> bool:
    if asked.unassigned:
        return pile.officer is None
    return asked.assignee is None or pile.officer == asked.assignee


def _open(actor: Actor, asked: Filter, now: datetime) -> list[ColumnElement[bool]]:
    return [visible_to(actor), Case.is_final.is_(False), *narrowing(asked, now)]


def _piles(session: Session, actor: Actor, asked: Filter, now: datetime) -> list[Pile]:
    age = age_of(local_date(now)).label("age")
    # Grouped by a column of a subquery: PostgreSQL takes an expression with parameters, repeated,
    # for another one.
    each = (
        select(
            Case.lifecycle,
            Case.lifecycle_version,
            Case.state,
            Case.authority_id,
            Case.assignee_id,
            age,
        )
        .where(*_open(actor, asked, now))
        .subquery()
    )
    query = select(each, func.count()).group_by(*each.c)
    return [
        Pile(lifecycle, version, state, authority, officer, Age(age), count)
        for lifecycle, version, state, authority, officer, age, count in session.execute(query)
    ]


def _names(session: Session, ids: Collection[UUID]) -> dict[UUID, str]:
    query = select(Person.id, Person.name).where(Person.id.in_(ids)).order_by(Person.name)
    return {row.id: row.name for row in session.execute(query)}


# What falls due -----------------------------------------------------------------------------------


def _ending(actor: Actor, asked: Filter, now: datetime) -> list[ColumnElement[bool]]:
    """The criteria of the clocks that end within the days ahead, joined with their cases.

    The nearest end of the case is asked as well: an index begins with it.
    """
    last = local_date(now) + timedelta(days=DAYS_AHEAD - 1)
    return [
        *_open(actor, asked, now),
        Case.sort_due_at <= end_of_day(last, time(23, 59, 59, 999999)),
        CaseDeadline.closed_at.is_(None),
        CaseDeadline.due_at >= now,
        CaseDeadline.due_on <= last,
    ]


def _falling_by_day(
    session: Session, actor: Actor, asked: Filter, now: datetime
) -> dict[date, int]:
    query = (
        select(CaseDeadline.due_on, func.count())
        .join(Case, Case.id == CaseDeadline.case_id)
        .where(*_ending(actor, asked, now))
        .group_by(CaseDeadline.due_on)
    )
    found = {day: count for day, count in session.execute(query) if day is not None}
    today = local_date(now)
    days = [today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD)]
    return {day: found.get(day, 0) for day in days}


def falling(
    session: Session, actor: Actor, asked: Filter, now: datetime, after: Key | None = None
) -> tuple[list[Falling], Key | None]:
    """One page of what falls due, the nearest end first, and where the next page begins."""
    wanted = _ending(actor, asked, now)
    if after is not None:
        wanted.append(tuple_(CaseDeadline.due_at, CaseDeadline.id) > tuple_(after.at, after.id))
    query = (
        select(
            CaseDeadline.id, CaseDeadline.name, CaseDeadline.due_on, CaseDeadline.due_at,
            CaseDeadline.provisional, Case.id.label("case_id"), Case.number, Case.subject_name,
            Case.lifecycle, Case.lifecycle_version, Case.assignee_id,
        )
        .join(Case, Case.id == CaseDeadline.case_id)
        .where(*wanted)
        .order_by(CaseDeadline.due_at, CaseDeadline.id)
        .limit(ROWS + 1)
    )  # fmt: skip
    rows = [
        Falling(
            case_id=row.case_id,
            number=row.number,
            subject_name=row.subject_name,
            officer=row.assignee_id,
            lifecycle=row.lifecycle,
            clock=by_version(row.lifecycle, row.lifecycle_version).deadlines[row.name].label,
            due_on=row.due_on,
            provisional=row.provisional,
            key=Key(row.due_at, row.id),
        )
        for row in session.execute(query)
    ]
    return rows[:ROWS], rows[ROWS - 1].key if len(rows) > ROWS else None


# What is late -------------------------------------------------------------------------------------


def _late(session: Session, actor: Actor, asked: Filter, now: datetime) -> list[Late]:
    """What is overdue by clock, the most first."""
    each = (
        select(
            Case.lifecycle,
            CaseDeadline.name,
            CaseDeadline.expiry,
            func.min(CaseDeadline.due_at).label("due_at"),
            func.min(CaseDeadline.due_on).label("due_on"),
        )
        .join(Case, Case.id == CaseDeadline.case_id)
        .where(
            *_open(actor, asked, now),
            Case.sort_due_at < now,
            CaseDeadline.closed_at.is_(None),
            CaseDeadline.due_at < now,
        )
        .group_by(CaseDeadline.case_id, Case.lifecycle, CaseDeadline.name, CaseDeadline.expiry)
        .subquery()
    )
    today = local_date(now)
    short, long = (today - timedelta(days=days) for days in LATE_AFTER)
    query = select(
        each.c.lifecycle,
        each.c.name,
        each.c.expiry,
        func.sum(case((each.c.due_on >= short, 1), else_=0)),
        func.sum(case((and_(each.c.due_on < short, each.c.due_on >= long), 1), else_=0)),
        func.sum(case((each.c.due_on < long, 1), else_=0)),
        func.min(each.c.due_on),
    ).group_by(each.c.lifecycle, each.c.name, each.c.expiry)
    found = [
        Late(
            lifecycle, name, _clock(lifecycle, name), Expiry(expiry),
            (int(few), int(more), int(many)), since,
        )
        for lifecycle, name, expiry, few, more, many, since in session.execute(query)
    ]  # fmt: skip
    return sorted(found, key=lambda late: (-late.count, late.since, late.lifecycle, late.name))


def _clock(lifecycle: str, name: str) -> Label:
    declared = LIFECYCLES[lifecycle].deadlines.get(name)
    return declared.label if declared is not None else Label(name, name)


# Who is gone --------------------------------------------------------------------------------------


def _gone(session: Session, actor: Actor, today: date) -> dict[Place, tuple[str, str]]:
    """Whoever worked for the authority, or for one of its jurisdiction, and no longer does.

    By person and organisation: the names of both.
    """
    of_authority = Membership.role.in_([role.value for role in sorted(AUTHORITY_ROLES)])
    again = aliased(Membership)
    stays = exists().where(
        again.person_id == Person.id,
        again.organisation_id == Organisation.id,
        again.role.in_([role.value for role in sorted(AUTHORITY_ROLES)]),
        again.since <= today,
        or_(again.until.is_(None), again.until >= today),
    )
    here = Organisation.id == actor.organisation_id
    if stem := jurisdiction_stem(actor.division):
        here = or_(here, Organisation.division.between(stem, stem.ljust(12, "9")))
    query = (
        select(Person.id, Organisation.id, Person.name, Organisation.name)
        .join(Membership, Membership.person_id == Person.id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(here, of_authority, or_(Person.active.is_(False), ~stays))
        .distinct()
        .order_by(Person.name, Person.id)
    )
    return {(person, body): (name, at) for person, body, name, at in session.execute(query)}


def _seats(session: Session, actor: Actor, persons: Collection[UUID]) -> Counter[Place]:
    """How many seats on open cases each of the persons holds, by organisation.

    One that came of an act of theirs is the past and not counted.
    """
    if not persons:
        return Counter()
    seat = aliased(Participant)  # `visible_to` asks of seats as well
    query = (
        select(seat.person_id, seat.organisation_id, func.count())
        .join(Case, Case.id == seat.case_id)
        .where(
            visible_to(actor),
            seat.person_id.in_(persons),
            seat.until_seq.is_(None),
            seat.capacity.not_in(sorted(earned())),
            Case.is_final.is_(False),
        )
        .group_by(seat.person_id, seat.organisation_id)
    )
    found: Counter[Place] = Counter()
    for person, body, count in session.execute(query):
        if person is not None:
            found[person, body] = count
    return found
