"""A case as guards read it, over the database. Nothing is loaded that no guard asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, bindparam, exists, func, select
from sqlalchemy.orm import Session

from app.accounts.models import Organisation
from app.audit.models import AuditEntry
from app.cases.models import (
    Case,
    CaseDeadline,
    CaseItem,
    Participant,
    ReportVersion,
    Signature,
)
from app.engine.actors import Actor, Capacity, Who
from app.engine.definition import Lifecycle
from app.registers.models import AgencyProfile, UnitProfile
from app.workflows import by_version

cases = Case.__table__
deadlines = CaseDeadline.__table__
participants = Participant.__table__

OPEN_CLOCKS = (
    select(deadlines)
    .where(deadlines.c.case_id == bindparam("case_id"), deadlines.c.closed_at.is_(None))
    .order_by(deadlines.c.opened_seq, deadlines.c.id)
)
CURRENT_PARTICIPANTS = (
    select(
        participants.c.capacity,
        participants.c.organisation_id,
        participants.c.person_id,
        participants.c.name,
    )
    .where(participants.c.case_id == bindparam("case_id"), participants.c.until_seq.is_(None))
    .order_by(participants.c.id)
)


@dataclass(frozen=True, slots=True)
class ClockSeen:
    """The newest clock of a name as a guard sees it."""

    due_on: date | None
    due_at: datetime | None
    met: bool
    provisional: bool

    def has_passed(self, now: datetime) -> bool:
        """Whether the last day is over at ``now``, met or not."""
        return self.due_at is not None and now > self.due_at


@dataclass(frozen=True, slots=True)
class ChildSeen:
    """Where a child stands."""

    link: str
    state: str
    is_final: bool


@dataclass(frozen=True, slots=True)
class OrganisationSeen:
    """What the registers say of an organisation, as far as guards ask."""

    id: UUID
    name: str
    facts: Mapping[str, Any]


class Snapshot:
    """One case inside one transaction: implements `app.engine.view.CaseView`."""

    def __init__(self, session: Session, row: RowMapping) -> None:
        self.session = session
        self.row = row
        self.id: UUID = row["id"]
        self.lifecycle: type[Lifecycle] = by_version(row["lifecycle"], row["lifecycle_version"])
        self._items: dict[str, list[CaseItem]] = {}

    @property
    def state(self) -> str:
        """Where it stands."""
        state: str = self.row["state"]
        return state

    @property
    def state_since(self) -> datetime:
        """When the act that began the state happened."""
        since: datetime = self.row["state_since"]
        return since

    @property
    def cycle_year(self) -> int | None:
        """The year of the cycle it belongs to."""
        year: int | None = self.row["cycle_year"]
        return year

    @property
    def subject_id(self) -> UUID:
        """The unit, agency or person it is about."""
        subject: UUID = self.row["subject_id"]
        return subject

    @property
    def facts(self) -> Mapping[str, Any]:
        """The declared facts, by name, as JSON values."""
        facts: Mapping[str, Any] = self.row["facts"]
        return facts

    @cached_property
    def clocks(self) -> list[RowMapping]:
        """The running clocks, oldest first."""
        found = self.session.execute(OPEN_CLOCKS, {"case_id": self.id})
        return list(found.mappings())

    @cached_property
    def all_participants(self) -> list[RowMapping]:
        """Everybody who holds a capacity now."""
        found = self.session.execute(CURRENT_PARTICIPANTS, {"case_id": self.id})
        return list(found.mappings())

    @cached_property
    def parent(self) -> Snapshot | None:
        """The case this one was opened by."""
        if self.row["parent_id"] is None:
            return None
        found = self.session.execute(select(cases).where(cases.c.id == self.row["parent_id"]))
        return Snapshot(self.session, found.mappings().one())

    def items(self, name: str) -> list[CaseItem]:
        """All rows of one items table, by number."""
        if name not in self._items:
            query = (
                select(CaseItem)
                .where(CaseItem.case_id == self.id, CaseItem.kind == name)
                .order_by(CaseItem.number)
                .execution_options(populate_existing=True)
            )
            self._items[name] = list(self.session.scalars(query))
        return self._items[name]

    def item(self, item_id: UUID) -> CaseItem | None:
        """One row of this case by id, read again under the case's lock."""
        query = (
            select(CaseItem)
            .where(CaseItem.id == item_id, CaseItem.case_id == self.id)
            .execution_options(populate_existing=True)
        )
        return self.session.scalars(query).one_or_none()

    def deadline(self, name: str) -> ClockSeen | None:
        """The newest clock of that name, running or not."""
        running = [c for c in self.clocks if c["name"] == name]
        if running:
            clock = running[-1]
            return ClockSeen(
                clock["due_on"], clock["due_at"], clock["met_at"] is not None, clock["provisional"]
            )
        query = (
            select(CaseDeadline)
            .where(
                CaseDeadline.case_id == self.id,
                CaseDeadline.name == name,
                CaseDeadline.voided_seq.is_(None),
            )
            .order_by(CaseDeadline.opened_seq.desc(), CaseDeadline.id.desc())
            .limit(1)
        )
        found = self.session.scalars(query).one_or_none()
        if found is None:
            return None
        return ClockSeen(found.due_on, found.due_at, found.met_at is not None, found.provisional)

    def children(self, link: str) -> list[ChildSeen]:
        """The children opened under that link."""
        query = select(Case.parent_link, Case.state, Case.is_final).where(
            Case.parent_id == self.id, Case.parent_link == link
        )
        return [ChildSeen(str(found), state, final) for found, state, final in self.session.execute(query)]

    def participants(self, capacity: Capacity) -> Sequence[_Seat]:
        """Who holds a capacity now."""
        return [
            _Seat(p["organisation_id"], p["person_id"])
            for p in self.all_participants
            if p["capacity"] == capacity
        ]

    def capacities_of(self, actor: Actor) -> frozenset[Capacity]:
        """What the actor, or the organisation acted for, is on this case."""
        return frozenset(
            Capacity(p["capacity"])
            for p in self.all_participants
            if p["organisation_id"] == actor.organisation_id
            and p["person_id"] in (None, actor.person_id)
        )

    def signatures(self, signoff: str) -> Sequence[Signature]:
        """The signatures of the current round."""
        query = (
            select(Signature)
            .where(
                Signature.case_id == self.id,
                Signature.signoff == signoff,
                Signature.voided_seq.is_(None),
            )
            .order_by(Signature.seq)
        )
        return list(self.session.scalars(query))

    def signatories(self, by: Sequence[Who], *, per_person: bool) -> frozenset[UUID]:
        """Ids of the persons, or else organisations, that are asked to sign."""
        wanted = {who.capacity for who in by}
        seats = [p for p in self.all_participants if p["capacity"] in wanted]
        if per_person:
            return frozenset(p["person_id"] for p in seats if p["person_id"] is not None)
        return frozenset(p["organisation_id"] for p in seats)

    def took_part(self, person_id: UUID, *triggers: str) -> bool:
        """Whether the person did one of the acts in the family of this case (none named: any)."""
        family = select(cases.c.id).where(cases.c.root_id == self.row["root_id"])
        done = exists().where(AuditEntry.chain_id.in_(family), AuditEntry.actor_id == person_id)
        if triggers:
            done = done.where(AuditEntry.trigger.in_(triggers))
        return bool(self.session.scalar(select(done)))

    def version_count(self, report: str) -> int:
        """How many versions of a report have been submitted in the family."""
        query = (
            select(func.count())
            .select_from(ReportVersion)
            .where(ReportVersion.root_id == self.row["root_id"], ReportVersion.report == report)
        )
        return self.session.scalar(query) or 0

    def organisation(self, organisation_id: UUID | str) -> OrganisationSeen | None:
        """What the registers say of an organisation."""
        key = organisation_id if isinstance(organisation_id, UUID) else UUID(organisation_id)
        found = self.session.get(Organisation, key)
        if found is None:
            return None
        facts: dict[str, Any] = {"kind": str(found.kind), "active": found.active}
        for profile in (AgencyProfile, UnitProfile):
            row = self.session.get(profile, key)
            if row is not None:
                facts |= {c.key: getattr(row, c.key) for c in profile.__table__.columns}
        return OrganisationSeen(found.id, found.name, facts)


@dataclass(frozen=True, slots=True)
class _Seat:
    """A capacity held by an organisation, or by one person of it."""

    organisation_id: UUID
    person_id: UUID | None
