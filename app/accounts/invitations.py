"""Invitations: links by which people set their password, for 72 hours, once.

A link is made for whoever has no password: somebody new, somebody who returns, somebody whose
password was reset. The latter two were granted by two administrators, so that nobody alone comes
by an account in use. Only the hash of what stands in the link is kept. Nothing here commits.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import administrators, operations, passwords, requests
from app.accounts.errors import LinkEnded, NoInvitation, OwnAccount
from app.accounts.leavers import UNSET, end_sessions, revoke_links
from app.accounts.models import Invitation, Person
from app.accounts.requests import Kind, Terms
from app.db import new_id
from app.engine.actors import SYSTEM_ACTOR, Actor

LASTS: Final = timedelta(hours=72)
AT_THE_LINK: Final = "#invitation"
"""Under this name wrong links are counted, by address: no login begins like it."""


def awaits_link(person: Person) -> bool:
    """Whether somebody has no password yet, or none any more."""
    return person.password_hash == UNSET


def is_new(person: Person) -> bool:
    """Whether somebody has never signed in: then they say themselves how their name is written."""
    return not person.active and person.last_seen_at is None


def invite_newcomer(
    session: Session,
    actor: Actor,
    *,
    login: str,
    name: str,
    email: str | None,
    organisation_id: UUID,
    terms: Terms,
    reason: str,
    now: datetime,
) -> tuple[Person, str]:
    """Enter somebody, ask for their first role and make their link; return them and its secret.

    Raises MayNotAdminister, LoginTaken, or ChangeRefused with every fault by its field.
    """
    administrators.must_administer(actor)
    person = operations.create_person(
        session, actor, login=login, name=name, email=email, password_hash=UNSET, now=now
    )
    person.active = False
    session.flush()
    requests.ask(
        session, actor, Kind.GRANT, person.id, organisation_id=organisation_id, terms=terms,
        reason=reason, now=now,
    )  # fmt: skip
    return person, invite(session, actor, person.id, now=now)


def invite(session: Session, actor: Actor, person_id: UUID, *, now: datetime) -> str:
    """Make a link, which revokes those before; return its secret, which is kept nowhere.

    Raises MayNotAdminister, OwnAccount, or NoInvitation for somebody who has a password or left.
    """
    administrators.must_administer(actor)
    if actor.person_id == person_id:
        raise OwnAccount
    person = session.get_one(Person, person_id, with_for_update=True)
    if not awaits_link(person):
        raise NoInvitation
    revoke_links(session, person_id, now)
    token = secrets.token_urlsafe(32)
    made = Invitation(
        id=new_id(),
        person_id=person_id,
        token_hash=_hashed(token),
        made_by=actor.person_id,
        made_by_name=actor.person_name,
        made_at=now,
        expires_at=now + LASTS,
    )
    session.add(made)
    session.flush()
    told = {"person": person_id, "invitation": made.id, "expires_at": made.expires_at}
    administrators.record(session, actor, "invite", told, now)
    return token


def found(session: Session, token: str) -> Invitation | None:
    """The invitation of a link, whether or not it still works; none for a wrong one."""
    return session.scalar(select(Invitation).where(Invitation.token_hash == _hashed(token)))


def works(one: Invitation, now: datetime) -> bool:
    """Whether a link may be used at that instant."""
    return one.used_at is None and one.revoked_at is None and now < one.expires_at


def accept(
    session: Session, token: str, *, password: str, name: str | None, now: datetime
) -> Person:
    """Set the password of whoever was invited, and of somebody new the name; use up the link.

    Raises LinkEnded.
    """
    one = session.scalar(
        select(Invitation).where(Invitation.token_hash == _hashed(token)).with_for_update()
    )
    if one is None or not works(one, now):
        raise LinkEnded
    person = session.get_one(Person, one.person_id, with_for_update=True)
    if not awaits_link(person):
        raise LinkEnded
    if name is not None and is_new(person):
        person.name = name
    person.password_hash, person.active = passwords.hashed(password), True
    one.used_at = now
    end_sessions(session, person, "password", now)
    session.flush()
    actor = Actor(
        person_id=person.id,
        person_name=person.name,
        organisation_id=SYSTEM_ACTOR.organisation_id,
        organisation_name=SYSTEM_ACTOR.organisation_name,
        roles=frozenset(),
    )
    told = {"person": person.id, "invitation": one.id, "name": person.name}
    administrators.record(session, actor, "accept_invitation", told, now)
    return person


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
