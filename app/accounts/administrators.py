"""Who administers: what only they do, whom else it is told, and that somebody always remains."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import notices
from app.accounts.errors import MayNotAdminister
from app.accounts.models import Membership, Organisation, Person
from app.accounts.operations import CHAIN
from app.audit import chain
from app.engine.actors import Actor, Role
from app.law.labels import Label

LAST: Final = Label(
    "至少须保留一名任期不短于此人的系统管理员。",
    "Another administrator must remain, for as long at least as this one would have.",
)


def must_administer(actor: Actor) -> None:
    """Raise MayNotAdminister for anybody but an administrator who acts for themselves."""
    if actor.on_behalf_of is not None or Role.ADMINISTRATOR not in actor.roles:
        raise MayNotAdminister


def others(session: Session, person_id: UUID, today: date) -> list[UUID]:
    """Everybody else who administers today."""
    return list(
        session.scalars(
            select(Person.id)
            .where(
                Person.active,
                Person.id != person_id,
                Person.id.in_(
                    select(Membership.person_id)
                    .join(Membership.organisation)
                    .where(
                        Membership.role == Role.ADMINISTRATOR,
                        Membership.valid_on(today),
                        Organisation.active,
                    )
                ),
            )
            .order_by(Person.id)
        )
    )


def remain(session: Session, lost: Membership, today: date) -> bool:
    """Whether somebody else administers for as long as the role that is lost would have lasted."""
    others = [
        one for one in _held(session, today) if one.active and one.person_id != lost.person_id
    ]
    last = lost.until or date.max
    return any((one.until or date.max) >= last for one in others)


def remain_without(session: Session, organisation_id: UUID, today: date) -> bool:
    """Whether somebody administers without end from elsewhere, if anybody does from there."""
    held = _held(session, today)
    elsewhere = [one for one in held if one.organisation_id != organisation_id]
    if len(elsewhere) == len(held):
        return True
    return any(one.active and one.until is None for one in elsewhere)


def _held(session: Session, today: date) -> Sequence[Any]:
    """The roles of all administrators of today.

    Locks them until the transaction ends, so that of two who go at the same time the second is
    refused.
    """
    query = (
        select(
            Membership.id,
            Membership.person_id,
            Membership.organisation_id,
            Membership.until,
            Person.active,
        )
        .join(Membership.person)
        .join(Membership.organisation)
        .where(
            Membership.role == Role.ADMINISTRATOR,
            Membership.valid_on(today),
            Organisation.active,
        )
        .order_by(Membership.id)
        .with_for_update(of=[Membership, Person])
    )
    return session.execute(query).all()


def record(
    session: Session,
    actor: Actor,
    trigger: str,
    told: Mapping[str, object],
    now: datetime,
    *,
    private: Mapping[str, object] | None = None,
) -> None:
    """Append an entry to the chain of the accounts."""
    chain.append(session, CHAIN, trigger=trigger, actor=actor, body=told, now=now, private=private)


def tell(
    session: Session, what: str, people: Collection[UUID], data: Mapping[str, Any], now: datetime
) -> None:
    """Leave a message of the administration for each of some people."""
    notices.tell_people(session, f"account.{what}", people, data, now)
