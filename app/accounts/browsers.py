"""The browsers somebody is signed in with: a row each, how long it lasts, how it ends.

Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts.models import SignInSession
from app.db import new_id
from app.engine.actors import Role


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lasts without a request, and in all."""

    idle: timedelta
    absolute: timedelta


_KEEPERS: Final = Limits(timedelta(minutes=30), timedelta(hours=8))
_DECIDERS: Final = Limits(timedelta(hours=1), timedelta(hours=10))
LIMITS: Final[Mapping[Role, Limits]] = {
    Role.ADMINISTRATOR: _KEEPERS,
    Role.AUDITOR: _KEEPERS,
    Role.SUPERVISOR: _DECIDERS,
    Role.BUREAU_LEADER: _DECIDERS,
    Role.LEGAL_REVIEWER: _DECIDERS,
    Role.INSPECTOR: Limits(timedelta(hours=2), timedelta(hours=12)),
}
"""Of several roles the strictest counts; others have `Settings.session_idle` and `LONGEST`."""
LONGEST: Final = timedelta(hours=12)
SEEN_EVERY: Final = timedelta(minutes=1)
"""How exactly it is kept when a browser was last seen: each request would be a write."""
PROVEN_FOR: Final = timedelta(minutes=15)
"""How long a password given lets somebody seal and decide without giving it again."""
LONGEST_AGENT: Final = 200


def limits_of(roles: Collection[Role], idle: timedelta) -> Limits:
    """How long the session of somebody with these roles lasts; ``idle`` is what nobody exceeds."""
    found = [LIMITS[role] for role in roles if role in LIMITS]
    return Limits(
        min([idle, *(one.idle for one in found)]), min([LONGEST, *(one.absolute for one in found)])
    )


def is_over(one: SignInSession, limits: Limits, now: datetime) -> bool:
    """Whether a session was ended, or is over by its age."""
    return (
        one.ended_at is not None
        or now - one.seen_at > limits.idle
        or now - one.began_at > limits.absolute
    )


def is_proven(one: SignInSession, now: datetime) -> bool:
    """Whether who sits there was proven lately enough to seal and decide."""
    return now - one.proven_at <= PROVEN_FOR


def begin(session: Session, person_id: UUID, address: str, agent: str, now: datetime) -> UUID:
    """Enter a browser in which somebody has just proven who they are; return its id."""
    _end_forgotten(session, person_id, now)
    one = SignInSession(
        id=new_id(),
        person_id=person_id,
        address=address,
        agent=agent[:LONGEST_AGENT],
        began_at=now,
        seen_at=now,
        proven_at=now,
    )
    session.add(one)
    session.flush()
    return one.id


def _end_forgotten(session: Session, person_id: UUID, now: datetime) -> None:
    """Say of the person's sessions that nobody ended that they are over."""
    session.execute(
        update(SignInSession)
        .where(
            SignInSession.person_id == person_id,
            SignInSession.ended_at.is_(None),
            SignInSession.began_at < now - LONGEST,
        )
        .values(ended_at=now, ended_because="too_old")
    )


def open_ones(session: Session, person_id: UUID, now: datetime) -> Sequence[SignInSession]:
    """The sessions of somebody that may still go on, the one seen last first."""
    return session.scalars(
        select(SignInSession)
        .where(
            SignInSession.person_id == person_id,
            SignInSession.ended_at.is_(None),
            SignInSession.began_at >= now - LONGEST,
        )
        .order_by(SignInSession.seen_at.desc(), SignInSession.id.desc())
    ).all()


def see(session: Session, session_id: UUID, now: datetime) -> None:
    """Note that a browser was seen, unless that was noted a moment ago."""
    session.execute(
        update(SignInSession)
        .where(SignInSession.id == session_id, SignInSession.seen_at <= now - SEEN_EVERY)
        .values(seen_at=now)
    )


def prove(session: Session, session_id: UUID, now: datetime) -> None:
    """Note that who sits there has proven again who they are."""
    session.execute(
        update(SignInSession).where(SignInSession.id == session_id).values(proven_at=now)
    )


def end(
    session: Session,
    person_id: UUID,
    because: str,
    now: datetime,
    *,
    only: UUID | None = None,
    but: UUID | None = None,
) -> int:
    """End the sessions of somebody: all, ``only`` one, or all ``but`` one; return how many."""
    query = update(SignInSession).where(
        SignInSession.person_id == person_id, SignInSession.ended_at.is_(None)
    )
    if only is not None:
        query = query.where(SignInSession.id == only)
    if but is not None:
        query = query.where(SignInSession.id != but)
    ended = session.execute(
        query.values(ended_at=now, ended_because=because).returning(SignInSession.id)
    )
    return len(ended.all())
