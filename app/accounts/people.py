"""Reads for the administration of people: lists, one person, certificates, requests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload

from app.accounts.leavers import UNSET
from app.accounts.models import (
    AccountRequest,
    Invitation,
    Membership,
    Organisation,
    Person,
)
from app.accounts.operations import CHAIN
from app.audit import chain
from app.audit.models import AuditEntry
from app.engine.actors import Actor, Role

PAGE: Final = 50
NEWEST: Final = 50
"""So many entries, requests and invitations of one person are shown."""
SOON: Final = timedelta(days=30)
"""How long before its last day a certificate is listed."""


class Show(StrEnum):
    """Whom the list of people shows."""

    ACTIVE = "active"
    INVITED = "invited"
    LEFT = "left"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Search:
    """What the list of people is narrowed to; ``organisation`` is a part of a name."""

    words: str = ""
    organisation: str = ""
    role: str = ""
    show: Show = Show.ACTIVE
    after: str = ""

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the usual is asked for."""
        return bool(self.words or self.organisation or self.role) or self.show != Show.ACTIVE


@dataclass(frozen=True, slots=True)
class Page:
    """A page of people with their roles of the day, and the key of the next."""

    rows: Sequence[Person]
    roles: Mapping[UUID, Sequence[Membership]]
    next: str


def people(session: Session, search: Search, today: date, *, size: int = PAGE) -> Page:
    """List people by name."""
    query = select(Person).where(*_shown(search.show), *_found(search, today))
    if key := _key(search.after):
        name, last = key
        query = query.where(or_(Person.name > name, and_(Person.name == name, Person.id > last)))
    found = session.scalars(query.order_by(Person.name, Person.id).limit(size + 1)).all()
    rows = found[:size]
    more = len(found) > size
    return Page(
        rows=rows,
        roles=roles_on(session, [one.id for one in rows], today),
        next=f"{rows[-1].id}~{rows[-1].name}" if more else "",
    )


def _key(text: str) -> tuple[str, UUID] | None:
    key, _, name = text.partition("~")
    try:
        return name, UUID(key)
    except ValueError:
        return None


def _shown(show: Show) -> list[ColumnElement[bool]]:
    if show == Show.ALL:
        return []
    if show == Show.ACTIVE:
        return [Person.active.is_(True)]
    awaited = Person.password_hash == UNSET
    return [~Person.active, awaited if show == Show.INVITED else ~awaited]


def _found(search: Search, today: date) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if search.words:
        low = search.words.casefold()
        found.append(
            or_(
                func.lower(Person.name).contains(low, autoescape=True),
                Person.login.contains(low, autoescape=True),
            )
        )
    holds: list[ColumnElement[bool]] = []
    if search.role:
        holds.append(Membership.role == search.role)
    if search.organisation:
        holds.append(Organisation.name.contains(search.organisation, autoescape=True))
    if holds:
        if search.show == Show.ACTIVE:
            holds.append(Membership.valid_on(today))
        found.append(
            exists().where(
                Membership.person_id == Person.id,
                Membership.organisation_id == Organisation.id,
                *holds,
            )
        )
    return found


def roles_on(
    session: Session, person_ids: Sequence[UUID], day: date
) -> Mapping[UUID, Sequence[Membership]]:
    """The roles some people hold on a day, by person."""
    found: dict[UUID, list[Membership]] = defaultdict(list)
    query = (
        select(Membership)
        .join(Membership.organisation)
        .options(joinedload(Membership.organisation))
        .where(Membership.person_id.in_(person_ids), Membership.valid_on(day))
        .order_by(Organisation.name, Membership.role)
    )
    for one in session.scalars(query):
        found[one.person_id].append(one)
    return found


# One person -------------------------------------------------------------------------------------


def memberships(session: Session, person_id: UUID) -> Sequence[Membership]:
    """Every role somebody ever had, those that last the longest first."""
    return session.scalars(
        select(Membership)
        .join(Membership.organisation)
        .options(joinedload(Membership.organisation))
        .where(Membership.person_id == person_id)
        .order_by(
            func.coalesce(Membership.until, date.max).desc(), Organisation.name, Membership.id
        )
    ).all()


def invitations_of(session: Session, person_id: UUID) -> Sequence[Invitation]:
    """The links that were made for somebody, the newest first."""
    return session.scalars(
        select(Invitation)
        .where(Invitation.person_id == person_id)
        .order_by(Invitation.made_at.desc(), Invitation.id.desc())
        .limit(NEWEST)
    ).all()


def entries_of(session: Session, person_id: UUID, roles: Sequence[Membership]) -> Sequence[Any]:
    """What the audit says of an account, the newest first: of the person and of their roles.

    Not for the session of a request, which reads entries of cases its person sees.
    """
    named = [str(person_id), *(str(one.id) for one in roles)]
    query = (
        select(
            AuditEntry.chain_id,
            AuditEntry.seq,
            AuditEntry.trigger,
            AuditEntry.recorded_at,
            AuditEntry.actor_name,
        )
        .where(
            AuditEntry.chain_id == chain.chain_id_of(CHAIN),
            or_(*(AuditEntry.body.contains(f'"{one}"') for one in named)),
        )
        .order_by(AuditEntry.seq.desc())
        .limit(NEWEST)
    )
    return session.execute(query).all()


# Certificates -----------------------------------------------------------------------------------


class Certificate(StrEnum):
    """How it stands with the certificate 执法证 of a role."""

    NONE_NEEDED = "none_needed"
    MISSING = "missing"
    EXPIRED = "expired"
    ENDING = "ending"
    VALID = "valid"


def certificate_of(held: Membership, today: date) -> Certificate:
    """How it stands with the certificate of a role; only inspectors need one."""
    if not held.certificate_no:
        needed = held.role == Role.INSPECTOR
        return Certificate.MISSING if needed else Certificate.NONE_NEEDED
    if held.certificate_until is None or held.certificate_until > today + SOON:
        return Certificate.VALID
    return Certificate.EXPIRED if held.certificate_until < today else Certificate.ENDING


def doubtful_certificates(session: Session, today: date) -> Sequence[Membership]:
    """Roles held today with a certificate that is missing, has expired or does within `SOON`."""
    return session.scalars(
        select(Membership)
        .join(Membership.person)
        .join(Membership.organisation)
        .options(joinedload(Membership.person), joinedload(Membership.organisation))
        .where(
            Person.active,
            Organisation.active,
            Membership.valid_on(today),
            or_(
                and_(
                    Membership.role == Role.INSPECTOR,
                    func.coalesce(Membership.certificate_no, "") == "",
                ),
                and_(
                    func.coalesce(Membership.certificate_no, "") != "",
                    Membership.certificate_until <= today + SOON,
                ),
            ),
        )
        .order_by(func.coalesce(Membership.certificate_until, date.min), Person.name, Membership.id)
    ).all()


# Requests ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with the names of whom and what it is about."""

    request: AccountRequest
    person: str
    organisation: str


@dataclass(frozen=True, slots=True)
class Requests:
    """A page of requests, and the key of the next."""

    rows: Sequence[Asked]
    next: str


def open_requests(session: Session, after: str = "", *, size: int = PAGE) -> Requests:
    """What waits for a decision, the oldest first."""
    at, key = AccountRequest.asked_at, AccountRequest.id
    query = _requests(AccountRequest.status == "open").order_by(at, key)
    if begins := _instant_key(after):
        query = query.where(or_(at > begins[0], and_(at == begins[0], key > begins[1])))
    return _page(session, query, size)


def closed_requests(session: Session, after: str = "", *, size: int = PAGE) -> Requests:
    """What was decided or withdrawn, by when it was asked, the newest first."""
    at, key = AccountRequest.asked_at, AccountRequest.id
    query = _requests(AccountRequest.status != "open").order_by(at.desc(), key.desc())
    if begins := _instant_key(after):
        query = query.where(or_(at < begins[0], and_(at == begins[0], key < begins[1])))
    return _page(session, query, size)


def requests_of(session: Session, person_id: UUID) -> Sequence[Asked]:
    """What was asked for somebody, the newest first."""
    query = _requests(AccountRequest.person_id == person_id).order_by(
        AccountRequest.asked_at.desc(), AccountRequest.id.desc()
    )
    return _page(session, query, NEWEST).rows


def to_decide(session: Session, actor: Actor) -> int:
    """How many requests wait for somebody's decision."""
    return (
        session.scalar(
            select(func.count())
            .select_from(AccountRequest)
            .where(
                AccountRequest.status == "open",
                AccountRequest.asked_by != actor.person_id,
                AccountRequest.person_id != actor.person_id,
            )
        )
        or 0
    )


def _requests(criterion: ColumnElement[bool]) -> Any:
    return (
        select(AccountRequest, Person.name, Organisation.name)
        .join(Person, Person.id == AccountRequest.person_id)
        .join(Organisation, Organisation.id == AccountRequest.organisation_id)
        .where(criterion)
    )


def _page(session: Session, query: Any, size: int) -> Requests:
    found = [Asked(*row) for row in session.execute(query.limit(size + 1))]
    last = found[size - 1].request if len(found) > size else None
    return Requests(found[:size], f"{last.asked_at.isoformat()}~{last.id}" if last else "")


def _instant_key(text: str) -> tuple[datetime, UUID] | None:
    at, _, key = text.partition("~")
    try:
        found = datetime.fromisoformat(at), UUID(key)
    except ValueError:
        return None
    return found if found[0].tzinfo is not None else None
