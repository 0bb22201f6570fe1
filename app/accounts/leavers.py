"""Leaving: from when on somebody signs in no more, and what becomes of what they left open.

One administrator may do it, at once: it takes rights away. The other administrators are told, and
so are the supervisors of whoever's cases stay behind. Coming back takes two (`requests`). What
somebody did keeps their name. Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Uuid, column, func, or_, select, table, update
from sqlalchemy.orm import Session

from app.accounts import administrators, browsers, notices
from app.accounts.errors import ChangeRefused, OwnAccount
from app.accounts.models import Invitation, Membership, Organisation, Person
from app.engine.actors import Actor, Role
from app.law.labels import Label
from app.law.periods import local_date

UNSET: Final = "!"
"""Stands for a password of somebody who sets theirs by a link; no password matches it."""
GONE: Final = "-"
"""Stands for the password of somebody who has left; no password matches it either."""

# Named, not imported: cases lie above the accounts. Nothing of a case is told, they are counted.
_cases: Final = table(
    "cases", column("assignee_id", Uuid), column("authority_id", Uuid), column("is_final")
)


def has_left(person: Person) -> bool:
    """Whether somebody has left, rather than not yet begun."""
    return not person.active and person.password_hash != UNSET


@dataclass(frozen=True, slots=True)
class OpenWork:
    """How many open cases of an authority are somebody's."""

    organisation_id: UUID
    organisation: str
    cases: int


def open_work(session: Session, person_id: UUID) -> Sequence[OpenWork]:
    """What somebody would leave behind, or has, by authority.

    Not for the session of a request: it reads no case its person does not see.
    """
    query = (
        select(Organisation.id, Organisation.name, func.count())
        .join(_cases, _cases.c.authority_id == Organisation.id)
        .where(_cases.c.assignee_id == person_id, _cases.c.is_final.is_(False))
        .group_by(Organisation.id, Organisation.name)
        .order_by(Organisation.name)
    )
    return [OpenWork(*row) for row in session.execute(query)]


def leave(
    session: Session, actor: Actor, person_id: UUID, *, last_day: date, now: datetime
) -> Person:
    """End every role of somebody after ``last_day``, inclusive.

    If that is today, nobody signs in with the account any more, at once. Raises MayNotAdminister,
    OwnAccount, or ChangeRefused for a day that has passed and for the last administrator.
    """
    administrators.must_administer(actor)
    if actor.person_id == person_id:
        raise OwnAccount
    today = local_date(now)
    if last_day < today:
        raise ChangeRefused(
            {"last_day": Label("最后一日不能早于今天。", "The last day cannot have passed.")}
        )
    person = session.get_one(Person, person_id, with_for_update=True)
    if has_left(person):
        raise ChangeRefused({"": Label("此人已经离岗。", "They have left already.")})
    ended = _end_roles(session, person, last_day, today)
    at_once = last_day == today
    if at_once:
        person.active, person.password_hash = False, GONE
        end_sessions(session, person, "deactivated", now)
        revoke_links(session, person.id, now)
    session.flush()
    told = {"person": person_id, "last_day": last_day, "at_once": at_once, "memberships": ended}
    administrators.record(session, actor, "leave", told, now)
    _announce(session, actor, person, last_day, now)
    return person


def _end_roles(session: Session, person: Person, last_day: date, today: date) -> list[UUID]:
    held = session.scalars(
        select(Membership)
        .where(
            Membership.person_id == person.id,
            or_(Membership.until.is_(None), Membership.until > last_day),
        )
        .order_by(Membership.id)
        .with_for_update()
    ).all()
    for one in held:
        administers = one.role == Role.ADMINISTRATOR and person.active
        if administers and not administrators.remain(session, one, today):
            raise ChangeRefused({"": administrators.LAST})
    for one in held:
        one.until = last_day
    return [one.id for one in held]


def _announce(
    session: Session, actor: Actor, person: Person, last_day: date, now: datetime
) -> None:
    data: dict[str, Any] = {
        "person": person.name,
        "by": actor.person_name,
        "day": last_day.isoformat(),
    }
    others = administrators.others(session, actor.person_id, local_date(now))
    told = [one for one in others if one != person.id]
    administrators.tell(session, "left", told, data, now)
    for work in open_work(session, person.id):
        notices.tell_role(
            session,
            "account.left_work",
            Role.SUPERVISOR,
            work.organisation_id,
            {**data, "cases": work.cases},
            now,
        )


def end_sessions(session: Session, person: Person, because: str, now: datetime) -> None:
    """End every session of somebody, in every browser."""
    person.session_epoch += 1
    browsers.end(session, person.id, because, now)


def revoke_links(session: Session, person_id: UUID, now: datetime) -> None:
    """Let no link of somebody work any more."""
    session.execute(
        update(Invitation)
        .where(
            Invitation.person_id == person_id,
            Invitation.used_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )
