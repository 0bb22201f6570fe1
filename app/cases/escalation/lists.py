"""Lists of escalations. Every query goes through `sight.visible_to`; lists page by key."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.accounts.models import Person
from app.audit.models import AuditEntry
from app.cases.escalation.powers import hands
from app.cases.escalation.records import Status
from app.cases.models import Case, CaseDeadline, Escalation, EscalationStep, Participant
from app.cases.queries import COUNTED, Key
from app.cases.sight import visible_to
from app.cases.snapshot import SEEN, Record
from app.db import UTCDateTime
from app.engine.actors import OVERSEEING_ROLES, Actor, Role

PAGE_SIZE: Final = 20


class Tab(StrEnum):
    """Which escalations a list shows."""

    MINE = "mine"
    BODY = "body"
    DECIDED = "decided"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Filter:
    """What narrows a list; it stands in the address."""

    kind: str = ""
    lifecycle: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing narrows the list."""
        return self == Filter()


@dataclass(frozen=True, slots=True)
class Listed:
    """An escalation with its case and the clock it is about."""

    raised: Escalation
    case: Case
    clock: CaseDeadline | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, and where the next one begins."""

    rows: Sequence[Listed]
    next: Key | None


Place = ColumnElement[datetime] | InstrumentedAttribute[datetime]

CONSEQUENCE: Final = func.coalesce(
    CaseDeadline.due_at, Escalation.climbs_at, Escalation.raised_at, type_=UTCDateTime()
)
"""When something follows from leaving it undecided: the clock ends, or it climbs."""


def page_of(
    session: Session,
    actor: Actor,
    tab: Tab,
    narrowed: Filter,
    *,
    after: Key | None = None,
    limit: int = PAGE_SIZE,
) -> Page:
    """The escalations of a tab: open ones by their consequence, the others by their age."""
    back = tab in {Tab.DECIDED, Tab.ASKED}
    place: Place = Escalation.raised_at if back else CONSEQUENCE
    query = _listed(actor, place).where(*_of(actor, tab))
    if narrowed.kind:
        query = query.where(Escalation.kind == narrowed.kind)
    if narrowed.lifecycle:
        query = query.where(Case.lifecycle == narrowed.lifecycle)
    if after is not None:
        here, there = tuple_(place, Escalation.id), tuple_(after.at, after.id)
        query = query.where(here < there if back else here > there)
    order = (place.desc(), Escalation.id.desc()) if back else (place, Escalation.id)
    found = session.execute(query.order_by(*order).limit(limit + 1)).all()
    rows = [Listed(row.Escalation, row.Case, row.CaseDeadline) for row in found[:limit]]
    if len(found) <= limit:
        return Page(rows, None)
    last = found[limit - 1]
    return Page(rows, Key(last.place, last.Escalation.id))


def _listed(
    actor: Actor, place: Place = CONSEQUENCE
) -> Select[Escalation, Case, CaseDeadline, datetime]:
    return (
        select(Escalation, Case, CaseDeadline, place.label("place"))
        .join(Case, Case.id == Escalation.case_id)
        .outerjoin(CaseDeadline, CaseDeadline.id == Escalation.clock_id)
        .where(visible_to(actor), readable(actor))
    )


def readable(actor: Actor) -> ColumnElement[bool]:
    """Whoever reads for the authority reads all of a case they see; others what they asked."""
    if actor.roles & OVERSEEING_ROLES:
        return literal(1) == literal(1)
    return Escalation.raised_by.in_(hands(actor))


def _of(actor: Actor, tab: Tab) -> list[ColumnElement[bool]]:
    if tab is Tab.ASKED:
        return [Escalation.raised_by.in_(hands(actor))]
    if tab is Tab.DECIDED:
        over = Escalation.status != Status.OPEN.value
        return [Escalation.organisation_id == actor.organisation_id, over]
    # Every role is named where all are wanted, so that the index of the desk serves the query.
    roles = actor.roles if tab is Tab.MINE else frozenset(Role)
    return [
        Escalation.organisation_id == actor.organisation_id,
        Escalation.role.in_(sorted(role.value for role in roles)),
        Escalation.status == Status.OPEN.value,
    ]


def one(session: Session, actor: Actor, escalation_id: UUID) -> Listed | None:
    """One escalation; ``None`` if there is none for this person."""
    query = _listed(actor).where(Escalation.id == escalation_id)
    row = session.execute(query).one_or_none()
    return None if row is None else Listed(row.Escalation, row.Case, row.CaseDeadline)


def several(session: Session, actor: Actor, ids: Collection[UUID]) -> list[Listed]:
    """Those of the escalations that the person may read, the oldest first."""
    query = _listed(actor).where(Escalation.id.in_(list(ids)))
    found = session.execute(query.order_by(Escalation.raised_at, Escalation.id))
    return [Listed(row.Escalation, row.Case, row.CaseDeadline) for row in found]


def of_case(session: Session, actor: Actor, case_id: UUID) -> list[Listed]:
    """Every escalation of a case that the person may read, open ones first."""
    query = _listed(actor).where(Escalation.case_id == case_id)
    is_open = Escalation.status == Status.OPEN.value
    found = session.execute(query.order_by(is_open.desc(), Escalation.raised_at.desc()))
    return [Listed(row.Escalation, row.Case, row.CaseDeadline) for row in found]


def counts(session: Session, actor: Actor) -> dict[Tab, int]:
    """How many escalations the tabs of open ones hold, each counted up to `COUNTED`."""
    tabs = (Tab.MINE, Tab.BODY)
    found = session.execute(select(*(_counted(actor, tab).scalar_subquery() for tab in tabs)))
    return dict(zip(tabs, found.one(), strict=True))


def _counted(actor: Actor, tab: Tab) -> Select[Any]:
    some = (
        select(Escalation.id)
        .join(Case, Case.id == Escalation.case_id)
        .where(visible_to(actor), readable(actor), *_of(actor, tab))
        .limit(COUNTED)
        .subquery()
    )
    return select(func.count()).select_from(some)


def open_count(session: Session, actor: Actor) -> int:
    """How many undecided escalations are put to a role the person holds here."""
    return session.scalar(_counted(actor, Tab.MINE)) or 0


# What cards read besides ------------------------------------------------------------------------


def seats(session: Session, case_ids: Collection[UUID]) -> dict[UUID, list[Record]]:
    """Who holds a capacity on these cases now, by case."""
    query = select(
        Participant.case_id,
        Participant.capacity,
        Participant.organisation_id,
        Participant.person_id,
    ).where(Participant.case_id.in_(list(case_ids)), Participant.until_seq.is_(None))
    found: dict[UUID, list[Record]] = {}
    for row in session.execute(query, execution_options=SEEN).mappings():
        found.setdefault(row["case_id"], []).append(dict(row))
    return found


def steps(session: Session, ids: Collection[UUID]) -> dict[UUID, list[EscalationStep]]:
    """How these escalations went from desk to desk, by escalation, oldest first."""
    query = (
        select(EscalationStep)
        .where(EscalationStep.escalation_id.in_(list(ids)))
        .order_by(EscalationStep.at, EscalationStep.id)
    )
    found: dict[UUID, list[EscalationStep]] = {}
    for step in session.scalars(query, execution_options=SEEN):
        found.setdefault(step.escalation_id, []).append(step)
    return found


def names(session: Session, ids: Collection[UUID]) -> Mapping[UUID, str]:
    """The names of persons."""
    if not ids:
        return {}
    query = select(Person.id, Person.name).where(Person.id.in_(list(ids)))
    return {row.id: row.name for row in session.execute(query)}


def entries_of(chain_id: UUID) -> Select[AuditEntry]:
    """The entries of the chain of a case's escalations, oldest first."""
    return select(AuditEntry).where(AuditEntry.chain_id == chain_id).order_by(AuditEntry.seq)
