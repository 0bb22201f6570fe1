"""Reads for the inbox, and for whoever administers what is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal_column, select, tuple_
from sqlalchemy.orm import Session

from app.accounts.models import Organisation, OrganisationKind, Person
from app.cases.queries import Key
from app.engine.actors import Actor, Role
from app.law.labels import NO_LABEL, Label
from app.outbox import wording
from app.outbox.handouts import CHANNEL
from app.outbox.models import Delivery, Letter, MessageTemplate, WebhookEndpoint
from app.workflows import LIFECYCLES

PAGE: Final = 50
COUNTED: Final = 100
"""Nothing is counted further than this."""
HISTORY: Final = 50
"""So many versions of words are listed, the newest first."""


# Inbox ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Letters:
    """One page of an inbox, without what the letters say, and where the next one begins."""

    rows: Sequence[Any]
    next: Key | None


def _told(person_id: UUID, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What stands in somebody's inbox: a letter for tomorrow morning does not yet."""
    return (Letter.person_id == person_id, Letter.created_at <= now)


def unread(session: Session, person_id: UUID, now: datetime) -> int:
    """How many letters somebody has not read, counted up to `COUNTED`."""
    some = (
        select(literal_column("1"))
        .select_from(Letter)
        .where(*_told(person_id, now), Letter.read_at.is_(None))
        .limit(COUNTED)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(some)) or 0


def inbox(
    session: Session,
    person_id: UUID,
    now: datetime,
    *,
    only_unread: bool = False,
    after: Key | None = None,
    limit: int = PAGE,
) -> Letters:
    """One page of somebody's letters, the newest first."""
    columns = (Letter.id, Letter.kind, Letter.subject, Letter.created_at, Letter.read_at)
    query = select(*columns).where(*_told(person_id, now))
    if only_unread:
        query = query.where(Letter.read_at.is_(None))
    if after is not None:
        query = query.where(tuple_(Letter.created_at, Letter.id) < tuple_(after.at, after.id))
    order = (Letter.created_at.desc(), Letter.id.desc())
    rows = session.execute(query.order_by(*order).limit(limit + 1)).all()
    return Letters(rows[:limit], _key(rows, limit))


def _key(rows: Sequence[Any], limit: int) -> Key | None:
    if len(rows) <= limit:
        return None
    return Key(rows[limit - 1].created_at, rows[limit - 1].id)


def letter(session: Session, person_id: UUID, letter_id: UUID, now: datetime) -> Letter | None:
    """One letter, if it is that person's."""
    return session.scalar(select(Letter).where(Letter.id == letter_id, *_told(person_id, now)))


# Deliveries -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outward:
    """One delivery as an administrator sees it: where it goes, never what it says."""

    row: Delivery
    to: Label


@dataclass(frozen=True, slots=True)
class Outwards:
    """One page of deliveries, and where the next one begins."""

    rows: Sequence[Outward]
    next: Key | None


def deliveries(
    session: Session, status: str, *, after: Key | None = None, limit: int = PAGE
) -> Outwards:
    """One page of the deliveries of one status, the newest first."""
    query = select(Delivery).where(Delivery.status == status)
    if after is not None:
        query = query.where(tuple_(Delivery.created_at, Delivery.id) < tuple_(after.at, after.id))
    order = (Delivery.created_at.desc(), Delivery.id.desc())
    rows = session.scalars(query.order_by(*order).limit(limit + 1)).all()
    names = _names(session, rows[:limit])
    return Outwards([Outward(row, _to(row, names)) for row in rows[:limit]], _key(rows, limit))


def counted(session: Session, status: str) -> int:
    """How many deliveries have a status, counted up to `COUNTED`."""
    some = select(Delivery.id).where(Delivery.status == status).limit(COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def given_up(session: Session, _actor: Actor) -> int:
    """What waits for an administrator, for the menu."""
    return counted(session, "dead")


def _names(session: Session, rows: Sequence[Delivery]) -> Mapping[str, str]:
    """Names of the organisations, people and systems these addresses mean, by id."""
    ids = {
        UUID(part)
        for row in rows
        if row.channel not in {"mail", CHANNEL}
        for part in row.address.split(":")
        if len(part) == 36  # noqa: PLR2004 - an id
    }
    if not ids:
        return {}
    queries = (
        select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids)),
        select(Person.id, Person.name).where(Person.id.in_(ids)),
        select(WebhookEndpoint.id, WebhookEndpoint.url).where(WebhookEndpoint.id.in_(ids)),
    )
    return {str(key): name for query in queries for key, name in session.execute(query)}


def _to(row: Delivery, names: Mapping[str, str]) -> Label:
    if row.channel in {"mail", CHANNEL}:
        return Label(row.address, row.address)
    if row.channel != "inbox":
        url = names.get(row.address, row.address)
        return Label(url, url)
    role, organisation_id, person_id = row.address.split(":")
    who = names.get(person_id, "")
    where = names.get(organisation_id, "")
    kind = Role(role).label if role in set(Role) else NO_LABEL
    return Label(
        " · ".join(part for part in (where, kind.zh, who) if part),
        " · ".join(part for part in (where, kind.en, who) if part),
    )


# Systems ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class System:
    """A system that is told, with the organisation whose messages it hears and its last ping."""

    endpoint: WebhookEndpoint
    organisation: str
    ping: Delivery | None


def systems(session: Session) -> Sequence[System]:
    """Every system, those told first."""
    query = (
        select(WebhookEndpoint, Organisation.name)
        .join(Organisation, Organisation.id == WebhookEndpoint.organisation_id)
        .order_by(WebhookEndpoint.active.desc(), Organisation.name, WebhookEndpoint.id)
    )
    found = session.execute(query).all()
    newest = (
        select(Delivery.address, func.max(Delivery.created_at).label("at"))
        .where(Delivery.channel == "ping", Delivery.address.in_([str(row[0].id) for row in found]))
        .group_by(Delivery.address)
        .subquery()
    )
    pings = session.scalars(
        select(Delivery).join(
            newest,
            (Delivery.address == newest.c.address) & (Delivery.created_at == newest.c.at),
        )
    )
    last = {ping.address: ping for ping in pings}
    return [System(endpoint, name, last.get(str(endpoint.id))) for endpoint, name in found]


def organisations(session: Session) -> Sequence[tuple[UUID, str]]:
    """The organisations whose messages a system may hear, authorities first."""
    query = (
        select(Organisation.id, Organisation.name, Organisation.kind)
        .where(Organisation.active, Organisation.kind != OrganisationKind.PERSON)
        .order_by(Organisation.name, Organisation.id)
    )
    order = list(OrganisationKind)
    found = sorted(session.execute(query), key=lambda row: order.index(row.kind))
    return [(row.id, row.name) for row in found]


# Words ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one key, as they are listed. ``text`` is empty where the family's are taken."""

    key: str
    label: Label
    text: wording.Text | None
    saved: MessageTemplate | None


@dataclass(frozen=True, slots=True)
class Group:
    """Keys that belong together: those of the program, or those of one lifecycle."""

    label: Label
    words: Sequence[Words]


def labels() -> Mapping[str, tuple[Label, Label]]:
    """Every key there may be words of: its group and its own name."""
    general = Label("通用", "General")
    found = {key: (general, label) for key, label in wording.shipped_labels().items()}
    for key, lifecycle in LIFECYCLES.items():
        for transition in lifecycle.transitions.values():
            if transition.notices:
                found[f"{key}.{transition.name}"] = (lifecycle.title(), transition.label)
    return found


def words(session: Session) -> Sequence[Group]:
    """Every key by group, with the version that counts."""
    saved = {row.key: row for row in session.scalars(wording.newest_saved())}
    groups: dict[Label, list[Words]] = {}
    for key, (group, label) in labels().items():
        row = saved.get(key)
        text = wording.text_of(row) if row is not None else wording.shipped().get(key)
        groups.setdefault(group, []).append(Words(key, label, text, row))
    return [Group(label, found) for label, found in groups.items()]


def history(session: Session, key: str) -> Sequence[MessageTemplate]:
    """The newest saved versions of the words of a key, the newest first."""
    query = select(MessageTemplate).where(MessageTemplate.key == key)
    return session.scalars(query.order_by(MessageTemplate.version.desc()).limit(HISTORY)).all()


def version(session: Session, key: str, number: int) -> wording.Text | None:
    """The words of a key in one version; 0 are those shipped, of the key or of its family."""
    if number == 0:
        return wording.text_for(wording.shipped(), key, "notice")
    found = session.scalar(
        select(MessageTemplate).where(MessageTemplate.key == key, MessageTemplate.version == number)
    )
    return wording.text_of(found) if found is not None else None
