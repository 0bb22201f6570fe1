"""A case as guards read it, over the database. Nothing is loaded that no guard asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Connection,
    Executable,
    Exists,
    Result,
    RowMapping,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.accounts.models import Membership, Organisation, OrganisationKind, Person
from app.audit.models import AuditEntry
from app.cases.models import (
    Case,
    CaseDeadline,
    CaseDocument,
    CaseItem,
    Participant,
    ReportVersion,
    Signature,
)
from app.db import table_of
from app.engine.actors import Actor, Capacity, Role, Who
from app.engine.definition import Lifecycle
from app.registers.models import (
    AgencyProfile,
    AgencyTie,
    Ban,
    PenaltyRecord,
    PersonProfile,
    RosterEntry,
)
from app.workflows import by_version

SEEN: Final = {"case_seen": True}
"""Said of a query on a case that was locked, or that the person who asks has been shown."""

cases = table_of(Case)
# A column costs the driver as much as many a function: what no act reads is not fetched.
NOT_READ: Final = frozenset(
    {"cycle_key", "parent_link", "next_due_at", "next_due_name", "sort_due_at", "opened_at"}
)
LOCK_CASE = (
    select(*(each for each in cases.c if each.name not in NOT_READ))
    .where(cases.c.id == bindparam("case_id"))
    .with_for_update()
)
audit = table_of(AuditEntry)
deadlines = table_of(CaseDeadline)
participants = table_of(Participant)

OPEN_CLOCKS = (
    select(
        deadlines.c.id,
        deadlines.c.name,
        deadlines.c.item_id,
        deadlines.c.due_on,
        deadlines.c.due_at,
        deadlines.c.provisional,
        deadlines.c.expires_at,
        deadlines.c.anchor_on,
        deadlines.c.anchor_at,
        deadlines.c.derivation,
        deadlines.c.opened_seq,
        deadlines.c.met_at,
        deadlines.c.expired_at,
        deadlines.c.next_rung,
        deadlines.c.next_rung_at,
    )
    .where(deadlines.c.case_id == bindparam("case_id"), deadlines.c.closed_at.is_(None))
    .order_by(deadlines.c.opened_seq, deadlines.c.id)
    .execution_options(**SEEN)
)
CURRENT_PARTICIPANTS = (
    select(
        participants.c.id,
        participants.c.capacity,
        participants.c.organisation_id,
        participants.c.person_id,
        participants.c.name,
    )
    .where(participants.c.case_id == bindparam("case_id"), participants.c.until_seq.is_(None))
    .order_by(participants.c.id)
    .execution_options(**SEEN)
)
# Two questions in one: at most one entry is joined, and every case has its lead authority.
PARTICIPANTS_AND_REQUEST = CURRENT_PARTICIPANTS.add_columns(
    audit.c.seq, audit.c.to_state, audit.c.trigger
).outerjoin(
    audit,
    and_(
        audit.c.chain_id == bindparam("case_id"),
        audit.c.actor_id == bindparam("actor_id"),
        audit.c.idempotency_key == bindparam("key"),
    ),
)
# What guards ask, built once: making a statement costs more than many a table answers in.
_mine: BindParameter[UUID] = bindparam("case_id")
PARENT = select(cases).where(cases.c.id == _mine)
ITEMS = (
    select(CaseItem)
    .where(CaseItem.case_id == _mine, CaseItem.kind == bindparam("kind"))
    .order_by(CaseItem.number)
    .execution_options(populate_existing=True)
)
ITEM = (
    select(CaseItem)
    .where(CaseItem.id == bindparam("item_id"), CaseItem.case_id == _mine)
    .execution_options(populate_existing=True)
)
NEWEST_CLOCK = (
    select(deadlines)
    .where(
        deadlines.c.case_id == _mine,
        deadlines.c.name == bindparam("name"),
        deadlines.c.voided_seq.is_(None),
    )
    .order_by(deadlines.c.opened_seq.desc(), deadlines.c.id.desc())
    .limit(1)
)
EVERY_CHILD = (
    select(cases.c.parent_link, cases.c.state, cases.c.is_final, cases.c.facts, cases.c.subject_id)
    .where(cases.c.parent_id == _mine)
    .order_by(cases.c.opened_at, cases.c.id)
)
CHILDREN = EVERY_CHILD.where(cases.c.parent_link == bindparam("link"))
NEWEST_CHILD = (
    select(cases)
    .where(cases.c.parent_id == _mine, cases.c.parent_link == bindparam("link"))
    .order_by(cases.c.opened_at.desc(), cases.c.id.desc())
    .limit(1)
)
DOCUMENTS = (
    select(CaseDocument)
    .where(CaseDocument.case_id == _mine, CaseDocument.kind == bindparam("kind"))
    .order_by(CaseDocument.seq, CaseDocument.id)
    .execution_options(populate_existing=True)
)
SIGNATURES = (
    select(Signature)
    .where(
        Signature.case_id == _mine,
        Signature.signoff == bindparam("signoff"),
        Signature.voided_seq.is_(None),
    )
    .order_by(Signature.seq)
)
_TOOK_PART = exists().where(
    AuditEntry.chain_id.in_(select(cases.c.id).where(cases.c.root_id == bindparam("root_id"))),
    or_(
        AuditEntry.actor_id == bindparam("person_id"),
        AuditEntry.on_behalf_of == bindparam("person_id"),
    ),
)
TOOK_PART = select(_TOOK_PART)
DID = select(_TOOK_PART.where(AuditEntry.trigger.in_(bindparam("triggers", expanding=True))))
CERTIFICATE = (
    select(Membership.certificate_no)
    .where(
        Membership.person_id == bindparam("person_id"),
        Membership.certificate_no.is_not(None),
        Membership.valid_on(bindparam("on")),
    )
    .limit(1)
)
PENALTIES = (
    select(PenaltyRecord.rule, PenaltyRecord.fine, PenaltyRecord.effective_on)
    .where(
        PenaltyRecord.organisation_id == bindparam("organisation_id"),
        PenaltyRecord.annulled_on.is_(None),
    )
    .order_by(PenaltyRecord.effective_on, PenaltyRecord.id)
)


Record = Mapping[str, Any]
"""One row by column names, as the database gave it or as it is about to be written."""


def record(row: RowMapping) -> Record:
    """Tell the type checker that a row of the driver is a mapping by name."""
    return cast("Record", row)


@dataclass(frozen=True, slots=True)
class ClockSeen:
    """The newest clock of a name as a guard sees it."""

    due_on: date | None
    due_at: datetime | None
    met: bool
    provisional: bool
    extensions: int

    def has_passed(self, now: datetime) -> bool:
        """Whether the last day is over at ``now``, met or not."""
        return self.due_at is not None and now > self.due_at


@dataclass(frozen=True, slots=True)
class ChildSeen:
    """Where a child stands."""

    link: str
    state: str
    is_final: bool
    facts: Mapping[str, Any]
    subject_id: UUID


@dataclass(frozen=True, slots=True)
class PersonSeen:
    """A person as a member of an organisation, named by an act."""

    id: UUID
    name: str
    organisation_id: UUID


@dataclass(frozen=True, slots=True)
class OrganisationSeen:
    """What the registers say of an organisation, as far as guards ask."""

    id: UUID
    name: str
    facts: Mapping[str, Any]


class Snapshot:
    """One case inside one transaction: implements `app.engine.view.CaseView`."""

    def __init__(self, session: Session, row: Record) -> None:
        self.session = session
        # Core statements go straight to it: a session would first look whether they are the ORM's.
        self.connection: Connection = session.connection()
        self.row = row
        self.id: UUID = row["id"]
        self.lifecycle: type[Lifecycle] = by_version(row["lifecycle"], row["lifecycle_version"])
        self._items: dict[str, list[CaseItem]] = {}
        self._versions: dict[str, tuple[int, Mapping[str, Any]]] = {}

    def _execute(self, query: Executable, values: Record | None = None) -> Result[*tuple[Any, ...]]:
        """Read what belongs to this case, which was locked, or seen by the person who asks."""
        return self.session.execute(query, values, execution_options=SEEN)

    def _records(self, query: Executable, values: Record) -> list[Record]:
        return cast("list[Record]", self.connection.execute(query, values).mappings().all())

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
    def clocks(self) -> list[Record]:
        """The running clocks, oldest first."""
        return self._records(OPEN_CLOCKS, {"case_id": self.id})

    @cached_property
    def all_participants(self) -> list[Record]:
        """Everybody who holds a capacity now."""
        return self._records(CURRENT_PARTICIPANTS, {"case_id": self.id})

    def request(self, actor: Actor, key: str) -> Record | None:
        """The entry the same request of the same person left; learns who takes part as well."""
        asked = {"case_id": self.id, "actor_id": actor.person_id, "key": key}
        self.all_participants = self._records(PARTICIPANTS_AND_REQUEST, asked)
        seats = self.all_participants
        return seats[0] if seats and seats[0]["seq"] is not None else None

    @cached_property
    def parent(self) -> Snapshot | None:
        """The case this one was opened by."""
        if self.row["parent_id"] is None:
            return None
        found = self._execute(PARENT, {"case_id": self.row["parent_id"]})
        return Snapshot(self.session, record(found.mappings().one()))

    def items(self, name: str) -> list[CaseItem]:
        """All rows of one items table, by number."""
        if name not in self._items:
            found = self._execute(ITEMS, {"case_id": self.id, "kind": name})
            self._items[name] = list(found.scalars())
        return self._items[name]

    def forget_items(self) -> None:
        """Read the rows again when asked: the act has changed them."""
        self._items.clear()

    def item(self, item_id: UUID) -> CaseItem | None:
        """One row of this case by id, read again under the case's lock."""
        found = self._execute(ITEM, {"case_id": self.id, "item_id": item_id})
        return found.scalars().one_or_none()

    def deadline(self, name: str) -> ClockSeen | None:
        """The newest clock of that name, running or not."""
        running = [c for c in self.clocks if c["name"] == name]
        if running:
            return _seen(running[-1])
        asked = {"case_id": self.id, "name": name}
        found = self._execute(NEWEST_CLOCK, asked).mappings().one_or_none()
        return None if found is None else _seen(record(found))

    def children(self, link: str) -> list[ChildSeen]:
        """The children opened under that link."""
        found = self._execute(CHILDREN, {"case_id": self.id, "link": link})
        return [ChildSeen(*each) for each in found]

    def documents(self, kind: str) -> list[CaseDocument]:
        """The official documents of one kind, oldest first."""
        found = self._execute(DOCUMENTS, {"case_id": self.id, "kind": kind})
        return list(found.scalars())

    def participants(self, capacity: Capacity) -> Sequence[_Seat]:
        """Who holds a capacity now."""
        return [
            _Seat(p["organisation_id"], p["person_id"])
            for p in self.all_participants
            if p["capacity"] == capacity
        ]

    def capacities_of(self, actor: Actor) -> frozenset[Capacity]:
        """What the actor, or the organisation acted for, is on this case.

        A substitute is what the person is whose place they take, and nothing outside its extent:
        without a capacity no act is theirs.
        """
        extent = actor.extent
        if extent is not None and not extent.covers(self.row["lifecycle"], self.row["division"]):
            return frozenset()
        return frozenset(
            Capacity(p["capacity"])
            for p in self.all_participants
            if p["organisation_id"] == actor.organisation_id
            and p["person_id"] in (None, actor.seated_as)
        )

    def signatures(self, signoff: str) -> Sequence[Signature]:
        """The signatures of the current round."""
        found = self._execute(SIGNATURES, {"case_id": self.id, "signoff": signoff})
        return list(found.scalars())

    def signatories(self, by: Sequence[Who], *, per_person: bool) -> frozenset[UUID]:
        """Ids of the persons, or else organisations, that are asked to sign."""
        wanted = {who.capacity for who in by}
        seats = [p for p in self.all_participants if p["capacity"] in wanted]
        if per_person:
            return frozenset(p["person_id"] for p in seats if p["person_id"] is not None)
        return frozenset(p["organisation_id"] for p in seats)

    def took_part(self, person_id: UUID, *triggers: str) -> bool:
        """Whether the person did one of the acts in the family of this case (none named: any).

        What a substitute did counts for both.
        """
        asked = {"root_id": self.row["root_id"], "person_id": person_id}
        if triggers:
            return bool(self._execute(DID, {**asked, "triggers": triggers}).scalar())
        return bool(self._execute(TOOK_PART, asked).scalar())

    def bodies_of(self, person_id: UUID) -> frozenset[UUID]:
        """The organisations a person has ever belonged to."""
        query = select(Membership.organisation_id).where(Membership.person_id == person_id)
        return frozenset(self.connection.execute(query).scalars())

    def certificate_of(self, person_id: UUID, on: date) -> str | None:
        """The number of a person's law-enforcement certificate valid on the day."""
        number: str | None = self.connection.scalar(CERTIFICATE, {"person_id": person_id, "on": on})
        return number

    def is_banned(self, person_id: UUID, on: date) -> bool:
        """Whether a ban on the person, by their account or their entry, is in force on the day."""
        return bool(self.connection.scalar(select(_banned(person_id, on))))

    def penalties_of(self, organisation_id: UUID) -> list[Mapping[str, Any]]:
        """Penalties in force in the record of an organisation, oldest first."""
        return self._records(PENALTIES, {"organisation_id": organisation_id})

    def newest_child(self, link: str) -> Snapshot | None:
        """The child opened last under that link."""
        found = self._execute(NEWEST_CHILD, {"case_id": self.id, "link": link}).mappings().first()
        return None if found is None else Snapshot(self.session, record(found))

    def _newest(self, report: str) -> tuple[int, Mapping[str, Any]]:
        if report not in self._versions:
            query = (
                select(ReportVersion.number, ReportVersion.data)
                .where(ReportVersion.root_id == self.row["root_id"], ReportVersion.report == report)
                .order_by(ReportVersion.number.desc())
                .limit(1)
            )
            found = self._execute(query).one_or_none()
            self._versions[report] = (found.number, found.data) if found else (0, {})
        return self._versions[report]

    def version_count(self, report: str) -> int:
        """How many versions of a report have been submitted in the family."""
        return self._newest(report)[0]

    def latest_version(self, report: str) -> Mapping[str, Any]:
        """The fields of the newest version of a report in the family, as JSON; empty if none."""
        return self._newest(report)[1]

    def forget_versions(self) -> None:
        """Read the versions again when asked: the act has submitted one."""
        self._versions.clear()

    def last_made(self, document: str) -> datetime | None:
        """When an act last made a document of this kind."""
        query = select(func.max(CaseDocument.made_at)).where(
            CaseDocument.case_id == self.id, CaseDocument.kind == document
        )
        made_at: datetime | None = self._execute(query).scalar()
        return made_at

    def persons(
        self,
        wanted: Iterable[UUID] | None,
        role: Role | None,
        within: set[UUID] | None,
        on: date,
        *,
        barred: bool = False,
    ) -> list[PersonSeen]:
        """Who may be named on that day: not banned, in the role, in one of the bodies.

        ``wanted`` narrows it to those persons; ``barred`` turns to those who may not for a ban.
        """
        ban = _banned(Person.id, on)
        query = (
            select(Person.id, Person.name, Membership.organisation_id)
            .join(Membership, Membership.person_id == Person.id)
            .where(Person.active, Membership.valid_on(on), ban if barred else ~ban)
            .order_by(Person.name, Membership.id)
        )
        if wanted is not None:
            query = query.where(Person.id.in_(list(wanted)))
        if role is not None:
            query = query.where(Membership.role == role.value)
        if within is not None:
            query = query.where(Membership.organisation_id.in_(list(within)))
        return [PersonSeen(*found) for found in self._execute(query)]

    def organisation(self, organisation_id: UUID | str) -> OrganisationSeen | None:
        """What the registers say of an organisation."""
        key = organisation_id if isinstance(organisation_id, UUID) else UUID(organisation_id)
        found = self.session.get(Organisation, key)
        if found is None:
            return None
        facts: dict[str, Any] = {
            "kind": str(found.kind),
            "active": found.active,
            "division": found.division,
        }
        if found.kind is OrganisationKind.AGENCY:
            facts |= self._agency_facts(key)
        elif found.kind is OrganisationKind.UNIT:
            listed = select(RosterEntry.year).where(
                RosterEntry.unit_id == key, RosterEntry.removed_on.is_(None)
            )
            facts["roster_years"] = sorted(self._execute(listed).scalars())
        elif found.kind is OrganisationKind.PERSON:
            profile = self.session.get(PersonProfile, key)
            facts["person_id"] = profile.person_id if profile is not None else None
            facts["employer_id"] = profile.employer_id if profile is not None else None
        return OrganisationSeen(found.id, found.name, facts)

    def _agency_facts(self, agency_id: UUID) -> dict[str, Any]:
        """What the independence of an agency is judged by; one without a profile has none."""
        profile = self.session.get(AgencyProfile, agency_id)
        facts: dict[str, Any] = {
            name: profile is None or getattr(profile, name)
            for name in ("compiles_in_province", "consults", "trades")
        }
        ties = select(AgencyTie.unit_id, AgencyTie.ended_on).where(AgencyTie.agency_id == agency_id)
        facts["ties"] = [
            {"unit_id": str(unit_id), "ended_on": ended_on.isoformat() if ended_on else None}
            for unit_id, ended_on in self._execute(ties)
        ]
        bans = select(Ban.from_day, Ban.to_day).where(
            Ban.organisation_id == agency_id, Ban.lifted_on.is_(None)
        )
        facts["bans"] = [
            {"from": from_day.isoformat(), "to": to_day.isoformat() if to_day else None}
            for from_day, to_day in self._execute(bans)
        ]
        return facts


def _banned(person: InstrumentedAttribute[UUID] | UUID, on: date) -> Exists:
    """Whether a ban lies on somebody's account, or on their entry among the natural persons."""
    entries = (
        select(PersonProfile.organisation_id)
        .where(PersonProfile.person_id == person)
        .correlate_except(PersonProfile)
    )
    on_them = or_(Ban.person_id == person, Ban.organisation_id.in_(entries))
    return exists().where(on_them, Ban.holds_on(on)).correlate_except(Ban)


def _seen(clock: Record) -> ClockSeen:
    return ClockSeen(
        clock["due_on"],
        clock["due_at"],
        clock["met_at"] is not None,
        clock["provisional"],
        len(clock["derivation"]["extensions"]),
    )


@dataclass(frozen=True, slots=True)
class _Seat:
    """A capacity held by an organisation, or by one person of it."""

    organisation_id: UUID
    person_id: UUID | None
