"""Substitutes 委托代办: whose place somebody may take today, and how they act in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session, aliased

from app.accounts.errors import PlaceEnded
from app.accounts.models import (
    Delegation,
    Membership,
    Organisation,
    Person,
    SignInSession,
)
from app.accounts.operations import roles_in
from app.engine.actors import Actor, Extent, Role, jurisdiction_stem
from app.law.labels import Label
from app.workflows import LIFECYCLES

NEVER: Final = frozenset({Role.AUDITOR, Role.ADMINISTRATOR, Role.SYSTEM})
"""Roles nobody hands over: who audits and who grants roles is settled by two persons (SD-7)."""
OVERSEERS: Final = frozenset({Role.SUPERVISOR, Role.BUREAU_LEADER})
"""Roles that may let somebody of their organisation stand in for somebody else of it."""
PAST: Final = 20
"""How many delegations that are over a list shows."""

substitutes = aliased(Person, name="substitute")
principals = aliased(Person, name="principal")


@dataclass(frozen=True, slots=True)
class Place:
    """A delegation with the names that belong to it."""

    delegation: Delegation
    principal: str
    substitute: str
    organisation: str

    @property
    def roles(self) -> Sequence[Label]:
        """The roles handed over."""
        return [Role(role).label for role in self.delegation.roles]

    @property
    def lifecycles(self) -> Sequence[Label]:
        """The lifecycles it is limited to; none if it holds for all."""
        return [
            LIFECYCLES[key].title() if key in LIFECYCLES else Label(key, key)
            for key in self.delegation.lifecycles
        ]

    def holds_on(self, day: date) -> bool:
        """Whether the substitute may act on that day, both limits inclusive."""
        one = self.delegation
        return one.ended_at is None and one.since <= day <= one.until


def _places(*criteria: ColumnElement[bool]) -> Any:
    return (
        select(Delegation, principals.name, substitutes.name, Organisation.name)
        .join(principals, principals.id == Delegation.principal_id)
        .join(substitutes, substitutes.id == Delegation.substitute_id)
        .join(Organisation, Organisation.id == Delegation.organisation_id)
        .where(*criteria)
    )


def _read(session: Session, query: Any) -> list[Place]:
    return [Place(*row) for row in session.execute(query)]


def _open(today: date) -> ColumnElement[bool]:
    return Delegation.ended_at.is_(None) & (Delegation.until >= today)


def _of_concern(actor: Actor) -> ColumnElement[bool]:
    """Delegations a person is part of, and those of their organisation if they oversee it."""
    concerned = [
        Delegation.principal_id == actor.person_id,
        Delegation.substitute_id == actor.person_id,
    ]
    if oversees(actor):
        concerned.append(Delegation.organisation_id == actor.organisation_id)
    return or_(*concerned)


def offered_to(session: Session, person_id: UUID, today: date) -> list[Place]:
    """Whom a person may stand in for today, by the last day."""
    query = _places(Delegation.substitute_id == person_id, Delegation.valid_on(today))
    return _read(session, query.order_by(Delegation.until, Delegation.id))


def open_ones(session: Session, actor: Actor, today: date) -> list[Place]:
    """What holds or will hold: as principal, as substitute, and of the body one oversees."""
    query = _places(_open(today), _of_concern(actor))
    return _read(session, query.order_by(Delegation.since, Delegation.id))


def past_ones(session: Session, actor: Actor, today: date) -> list[Place]:
    """The newest `PAST` that are over, the newest first."""
    query = _places(~_open(today), _of_concern(actor))
    return _read(session, query.order_by(Delegation.until.desc(), Delegation.id).limit(PAST))


def find(session: Session, actor: Actor, delegation_id: UUID) -> Place | None:
    """One delegation the person is concerned with."""
    query = _places(Delegation.id == delegation_id, _of_concern(actor))
    return next(iter(_read(session, query)), None)


def person_there(
    session: Session, person_id: UUID, session_id: UUID, today: date
) -> tuple[Person, SignInSession, bool] | None:
    """A person, their session, and whether they may stand in for somebody today; one statement."""
    offer = exists().where(Delegation.substitute_id == person_id, Delegation.valid_on(today))
    row = session.execute(
        select(Person, SignInSession, offer)
        .join(SignInSession, SignInSession.person_id == Person.id)
        .where(Person.id == person_id, SignInSession.id == session_id)
    ).one_or_none()
    return None if row is None else (row[0], row[1], bool(row[2]))


def in_place(session: Session, own: Actor, delegation_id: UUID, today: date) -> Actor:
    """The person as they act today in the place of somebody of the organisation they act for.

    They hold those roles of the principal, held today, that the delegation names. Raises PlaceEnded
    once it is over, was ended, or the principal has left or holds none of the roles any more.
    """
    rows = session.execute(
        select(Delegation, Person.name, Membership.role, Organisation.kind)
        .join(Person, Person.id == Delegation.principal_id)
        .join(Organisation, Organisation.id == Delegation.organisation_id)
        .join(
            Membership,
            (Membership.person_id == Delegation.principal_id)
            & (Membership.organisation_id == Delegation.organisation_id),
        )
        .where(
            Delegation.id == delegation_id,
            Delegation.substitute_id == own.person_id,
            Delegation.organisation_id == own.organisation_id,
            Delegation.valid_on(today),
            Membership.valid_on(today),
            Person.active,
        )
    ).all()
    held = {row.role for row in rows}
    named = {Role(role) for role in held.intersection(*(r[0].roles for r in rows[:1]))}
    if not named - NEVER:
        raise PlaceEnded
    one: Delegation = rows[0][0]
    roles = roles_in(rows[0].kind, named)
    limited = bool(one.lifecycles or one.division)
    return Actor(
        person_id=own.person_id,
        person_name=own.person_name,
        organisation_id=own.organisation_id,
        organisation_name=own.organisation_name,
        roles=roles - NEVER,
        division=_narrower(own.division, one.division),
        on_behalf_of=one.principal_id,
        on_behalf_name=rows[0].name,
        extent=Extent(frozenset(one.lifecycles), one.division) if limited else None,
    )


def _narrower(own: str, division: str) -> str:
    """The jurisdiction within which a substitute acts."""
    inside = bool(own) and bool(division) and division.startswith(jurisdiction_stem(own))
    return division if inside else own


def oversees(actor: Actor) -> bool:
    """Whether the person may let others of their organisation stand in for each other."""
    return actor.on_behalf_of is None and bool(actor.roles & OVERSEERS)
