"""Who administers: what only they do, whom else it is told, and that somebody always remains."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, insert, or_, select
from sqlalchemy.orm import Session

from app.accounts.delegations import NO_CASE
from app.accounts.errors import MayNotAdminister
from app.accounts.models import Membership, Organisation, Person
from app.accounts.operations import CHAIN
from app.audit import chain
from app.db import table_of
from app.engine.actors import Actor, Role
from app.law.labels import Label
from app.outbox.models import OutboxMessage, message

LAST: Final = Label(
    "至少须保留一名任期不短于此人的系统管理员。",
    "Another administrator must remain, for as long at least as this one would have.",
)

messages = table_of(OutboxMessage)


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
    """Whether somebody else administers for as long as the role that is lost would have lasted.

    Locks the roles of all administrators until the transaction ends, so that of two who leave at
    the same time the second is refused.
    """
    lasting: ColumnElement[bool] = Membership.until.is_(None)
    if lost.until is not None:
        lasting = or_(lasting, Membership.until >= lost.until)
    found = session.execute(
        select(Membership.id, Membership.person_id, lasting.label("lasts"), Person.active)
        .join(Membership.person)
        .join(Membership.organisation)
        .where(
            Membership.role == Role.ADMINISTRATOR,
            Membership.valid_on(today),
            Organisation.active,
        )
        .order_by(Membership.id)
        .with_for_update(of=[Membership, Person])
    ).all()
    return any(row.lasts and row.active and row.person_id != lost.person_id for row in found)


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
    """Leave a message for each of some people; nobody gets it in their place."""
    rows = [
        message(
            case_id=NO_CASE,
            kind="notice",
            template=f"account.{what}",
            role=Role.SYSTEM,
            person_id=person_id,
            data=data,
            now=now,
        )
        for person_id in people
    ]
    if rows:
        session.execute(insert(messages), rows)
