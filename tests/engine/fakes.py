"""A case as plain values: what a guard sees, without a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid5

from app.engine.actors import Actor, Capacity, Role, Who
from app.engine.definition import Lifecycle, Transition
from app.engine.view import Attempt, CaseView
from app.law.terms import shipped_law

NOW = datetime(2026, 3, 16, 4, 0, tzinfo=UTC)
TODAY = date(2026, 3, 16)
_SPACE = UUID("00000000-0000-4000-8000-000000000000")


def an_id(name: str) -> UUID:
    """The same id for the same name."""
    return uuid5(_SPACE, name)


CASE_ID = an_id("case")
SUBJECT_ID = an_id("subject")


@dataclass
class Row:
    kind: str
    number: int
    status: str
    round: int = 1
    data: dict[str, Any] = field(default_factory=dict)
    raised_by: UUID = _SPACE

    @property
    def id(self) -> UUID:
        return an_id(f"{self.kind} {self.number}")


@dataclass
class Clock:
    due_at: datetime
    met: bool = False
    provisional: bool = False
    extensions: int = 0

    @property
    def due_on(self) -> date:
        return self.due_at.date()

    def has_passed(self, now: datetime) -> bool:
        return now > self.due_at


@dataclass
class Seat:
    capacity: Capacity
    organisation_id: UUID
    person_id: UUID | None = None


@dataclass
class Signed:
    person_id: UUID
    organisation_id: UUID
    view: str = "agree"
    on_behalf_of: UUID | None = None


@dataclass
class Kid:
    link: str
    state: str
    is_final: bool = False
    facts: dict[str, Any] = field(default_factory=dict)
    subject_id: UUID = SUBJECT_ID


@dataclass
class FakeCase:
    """Implements `app.engine.view.CaseView` over what a test puts in."""

    state: str = ""
    rows: list[Row] = field(default_factory=list)
    clocks: dict[str, Clock] = field(default_factory=dict)
    seats: list[Seat] = field(default_factory=list)
    signed: dict[str, list[Signed]] = field(default_factory=dict)
    kids: list[Kid] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    done: set[tuple[UUID, str]] = field(default_factory=set)
    parent: CaseView | None = None
    id: UUID = CASE_ID
    state_since: datetime = NOW
    cycle_year: int | None = 2026
    subject_id: UUID = SUBJECT_ID

    def items(self, name: str) -> Sequence[Row]:
        return [row for row in self.rows if row.kind == name]

    def deadline(self, name: str) -> Clock | None:
        return self.clocks.get(name)

    def children(self, link: str) -> Sequence[Kid]:
        return [kid for kid in self.kids if kid.link == link]

    def participants(self, capacity: Capacity) -> Sequence[Seat]:
        return [seat for seat in self.seats if seat.capacity is capacity]

    def capacities_of(self, actor: Actor) -> frozenset[Capacity]:
        return frozenset(
            seat.capacity
            for seat in self.seats
            if seat.organisation_id == actor.organisation_id
            and seat.person_id in {None, actor.seated_as}
        )

    def signatures(self, signoff: str) -> Sequence[Signed]:
        return self.signed.get(signoff, [])

    def signatories(self, by: Sequence[Who], *, per_person: bool) -> frozenset[UUID]:
        wanted = {who.capacity for who in by}
        seats = [seat for seat in self.seats if seat.capacity in wanted]
        if per_person:
            return frozenset(seat.person_id for seat in seats if seat.person_id is not None)
        return frozenset(seat.organisation_id for seat in seats)

    def took_part(self, person_id: UUID, *triggers: str) -> bool:
        return any(who == person_id and (not triggers or t in triggers) for who, t in self.done)

    def documents(self, kind: str) -> Sequence[Any]:
        return []

    def certificate_of(self, person_id: UUID, on: date) -> str | None:
        return None

    def is_banned(self, person_id: UUID, on: date) -> bool:
        return False

    def penalties_of(self, organisation_id: UUID) -> Sequence[Mapping[str, Any]]:
        return []

    def bodies_of(self, person_id: UUID) -> frozenset[UUID]:
        return frozenset()

    def version_count(self, report: str) -> int:
        return 0

    def latest_version(self, report: str) -> Mapping[str, Any]:
        return {}

    def organisation(self, organisation_id: UUID) -> None:
        return None


def person(*roles: Role, name: str = "甲", at: str = "authority") -> Actor:
    """Somebody acting in these roles for an organisation."""
    return Actor(an_id(name), name, an_id(at), at, frozenset(roles))


def seated(actor: Actor, *capacities: Capacity) -> list[Seat]:
    """The actor's organisation holds these capacities."""
    return [Seat(capacity, actor.organisation_id) for capacity in capacities]


def who_may(transition: Transition) -> tuple[Actor, list[Seat]]:
    """Somebody who may do an act, with the seat needed for it."""
    who = transition.by[0]
    actor = person(who.role)
    return actor, seated(actor, who.capacity) if who.capacity else []


def attempt(
    case: FakeCase,
    actor: Actor,
    *,
    inputs: Mapping[str, Any] | None = None,
    item: Row | None = None,
) -> Attempt:
    """One try now, under the law as shipped."""
    return Attempt(case, actor, NOW, TODAY, shipped_law(), inputs or {}, item)


def in_state(lifecycle: type[Lifecycle], state: str, *seats: Seat) -> FakeCase:
    """A case of a lifecycle that stands somewhere."""
    assert state in lifecycle.states
    return FakeCase(state=state, seats=list(seats))
