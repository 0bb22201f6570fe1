"""Reads for the pages of the accounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.accounts.models import Membership, Organisation, Person


def memberships_of(session: Session, person_id: UUID, today: date) -> Sequence[Membership]:
    """Return the roles a person holds today, by organisation."""
    return session.scalars(
        select(Membership)
        .join(Membership.organisation)
        .options(joinedload(Membership.organisation))
        .where(Membership.person_id == person_id, Membership.valid_on(today), Organisation.active)
        .order_by(Organisation.name, Membership.role)
    ).all()


def demo_accounts(session: Session, today: date) -> Sequence[Membership]:
    """Return everybody who may sign in, with role and organisation, for the sign-in page.

    Asked for in the demonstration only.
    """
    return session.scalars(
        select(Membership)
        .join(Membership.person)
        .join(Membership.organisation)
        .options(joinedload(Membership.organisation), joinedload(Membership.person))
        .where(Person.active, Organisation.active, Membership.valid_on(today))
        .order_by(Organisation.kind, Organisation.name, Person.login)
    ).all()


def names_of(session: Session, person: Person) -> Sequence[str]:
    """What a password of somebody must not be: login, name, address, organisations ever theirs."""
    places = session.scalars(
        select(Organisation.name)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(Membership.person_id == person.id)
        .distinct()
    ).all()
    mail = person.email or ""
    return [person.login, person.name, mail, mail.partition("@")[0], *places]
