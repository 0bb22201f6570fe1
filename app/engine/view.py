"""What a guard sees: the case, the actor and the act, read-only.

`app.cases` implements these protocols over the database, tests over plain values. Everything but
the case row and its running clocks is loaded only when a guard asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from app.engine.actors import Actor, Capacity, Who
from app.law.terms import LawBook


class ItemView(Protocol):
    """One row of an items table."""

    @property
    def id(self) -> UUID: ...
    @property
    def kind(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def status(self) -> str: ...
    @property
    def round(self) -> int: ...
    @property
    def data(self) -> Mapping[str, Any]: ...
    @property
    def raised_by(self) -> UUID: ...


class DeadlineView(Protocol):
    """The newest clock of one name."""

    @property
    def due_on(self) -> date | None: ...
    @property
    def met(self) -> bool: ...
    @property
    def provisional(self) -> bool: ...
    @property
    def extensions(self) -> int:
        """How many stages of its extension have been granted."""

    def has_passed(self, now: datetime) -> bool:
        """Whether the last day is over at ``now``, met or not."""


class ParticipantView(Protocol):
    """Who holds a capacity."""

    @property
    def organisation_id(self) -> UUID: ...
    @property
    def person_id(self) -> UUID | None: ...


class HandView(Protocol):
    """Whoever signs: a person, for an organisation, perhaps in somebody else's place."""

    @property
    def person_id(self) -> UUID: ...
    @property
    def on_behalf_of(self) -> UUID | None: ...
    @property
    def organisation_id(self) -> UUID: ...


class SignatureView(HandView, Protocol):
    """One signature that counts."""

    @property
    def view(self) -> str: ...


class ChildView(Protocol):
    """Where a child case stands."""

    @property
    def link(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def is_final(self) -> bool: ...
    @property
    def facts(self) -> Mapping[str, Any]: ...
    @property
    def subject_id(self) -> UUID: ...


class DocumentView(Protocol):
    """One official document of a case, the newest of its kind last."""

    @property
    def kind(self) -> str: ...
    @property
    def number(self) -> str | None: ...
    @property
    def made_at(self) -> datetime: ...
    @property
    def sealed_at(self) -> datetime | None: ...
    @property
    def served_on(self) -> date | None: ...
    @property
    def is_rendered(self) -> bool: ...
    @property
    def is_void(self) -> bool: ...


class SubjectView(Protocol):
    """What the registers say of an organisation, as far as guards ask."""

    @property
    def id(self) -> UUID: ...
    @property
    def name(self) -> str: ...
    @property
    def facts(self) -> Mapping[str, Any]: ...


class CaseView(Protocol):
    """A case as a guard reads it."""

    @property
    def id(self) -> UUID: ...
    @property
    def state(self) -> str: ...
    @property
    def state_since(self) -> datetime: ...
    @property
    def cycle_year(self) -> int | None: ...
    @property
    def subject_id(self) -> UUID: ...
    @property
    def facts(self) -> Mapping[str, Any]: ...
    @property
    def parent(self) -> CaseView | None: ...

    def items(self, name: str) -> Sequence[ItemView]:
        """All rows of one items table, by number."""

    def deadline(self, name: str) -> DeadlineView | None:
        """The newest clock of that name, running or not."""

    def children(self, link: str) -> Sequence[ChildView]:
        """The children opened under that link."""

    def documents(self, kind: str) -> Sequence[DocumentView]:
        """The official documents of one kind, oldest first."""

    def participants(self, capacity: Capacity) -> Sequence[ParticipantView]:
        """Who holds a capacity now."""

    def capacities_of(self, actor: Actor) -> frozenset[Capacity]:
        """What the actor, or the organisation acted for, is on this case."""

    def signatures(self, signoff: str) -> Sequence[SignatureView]:
        """The signatures of the current round."""

    def signatories(self, by: Sequence[Who], *, per_person: bool) -> frozenset[UUID]:
        """Ids of the persons, or else organisations, that are asked to sign."""

    def took_part(self, person_id: UUID, *triggers: str) -> bool:
        """Whether the person did one of the acts on this case or its family (none named: any)."""

    def certificate_of(self, person_id: UUID, on: date) -> str | None:
        """The number of a person's law-enforcement certificate 执法证 valid on the day."""

    def is_banned(self, person_id: UUID, on: date) -> bool:
        """Whether a ban 禁业 on the person is in force on the day."""

    def penalties_of(self, organisation_id: UUID) -> Sequence[Mapping[str, Any]]:
        """Penalties in force in the record: ``rule``, ``fine``, ``effective_on``, oldest first."""

    def bodies_of(self, person_id: UUID) -> frozenset[UUID]:
        """The organisations a person has ever belonged to."""

    def version_count(self, report: str) -> int:
        """How many versions of a report have been submitted in the family."""

    def latest_version(self, report: str) -> Mapping[str, Any]:
        """The fields of the newest version of a report in the family, as JSON; empty if none."""

    def organisation(self, organisation_id: UUID) -> SubjectView | None:
        """What the registers say of an organisation."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at one act. ``inputs`` are typed values; empty while only a menu is drawn."""

    case: CaseView
    actor: Actor
    now: datetime
    today: date
    law: LawBook
    inputs: Mapping[str, Any] = field(default_factory=dict)
    item: ItemView | None = None
