"""Making and ending delegations 委托代办: who takes whose place, from when until when.

A delegation hands over rights, not work: whatever the principal could do on a day the substitute
can do, on cases that were there before and on those that came meanwhile. It ends by itself after
its last day, with the principal's role, and when somebody ends it. Both are told, and each change
has its entry in the chain ``accounts``. Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import notices
from app.accounts.errors import DelegationRefused, MayNotDelegate, PlaceEnded
from app.accounts.models import Delegation, Membership, Person
from app.accounts.operations import CHAIN
from app.accounts.places import NEVER, oversees
from app.audit import chain
from app.db import new_id
from app.engine.actors import Actor, Role
from app.law.labels import Label
from app.law.periods import local_date
from app.workflows import LIFECYCLES

LONGEST: Final = timedelta(days=366)
"""Beyond it a substitute is no substitute: somebody is given the role."""
LONGEST_REASON: Final = 500


def may_end(actor: Actor, delegation: Delegation) -> bool:
    """Whether a person may end it: who is part of it, and who oversees the organisation."""
    if actor.on_behalf_of is not None:
        return False
    own = actor.person_id in {delegation.principal_id, delegation.substitute_id}
    there = delegation.organisation_id == actor.organisation_id
    above = Role.BUREAU_LEADER in actor.roles or Role.BUREAU_LEADER not in delegation.roles
    return own or (there and oversees(actor) and above)


def roles_to_give(
    session: Session, actor: Actor, principal_id: UUID, organisation_id: UUID, on: date
) -> list[Role]:
    """Roles of somebody that the actor may hand over on that day, in the order of their kind."""
    held = session.scalars(
        select(Membership.role).where(
            Membership.person_id == principal_id,
            Membership.organisation_id == organisation_id,
            Membership.valid_on(on),
        )
    )
    found = set(map(Role, held)) & _givable(actor, principal_id)
    return [role for role in Role if role in found]


def _givable(actor: Actor, principal_id: UUID | None) -> frozenset[Role]:
    """Roles of that person, or of any other, that the actor may hand over if they are held."""
    own = principal_id == actor.person_id
    above = set() if own or Role.BUREAU_LEADER in actor.roles else {Role.BUREAU_LEADER}
    return frozenset(Role) - NEVER - above


def with_roles_to_give(session: Session, actor: Actor, on: date) -> dict[UUID, str]:
    """Others of the organisation for whom the actor may name a substitute, by name."""
    if not oversees(actor):
        return {}
    found = colleagues(session, actor.organisation_id, on, _givable(actor, None))
    return {key: name for key, name in found.items() if key != actor.person_id}


def may_stand_in(session: Session, organisation_id: UUID, on: date) -> dict[UUID, str]:
    """Who of an organisation can take another's place on that day, by name.

    Whoever keeps its accounts or audits it decides nothing (domain.md 2.2), in nobody's place.
    """
    barred = colleagues(session, organisation_id, on, NEVER)
    found = colleagues(session, organisation_id, on)
    return {key: name for key, name in found.items() if key not in barred}


def colleagues(
    session: Session, organisation_id: UUID, on: date, roles: Collection[Role] = tuple(Role)
) -> dict[UUID, str]:
    """Active people with one of the roles in an organisation on that day, by name."""
    query = (
        select(Person.id, Person.name)
        .where(
            Person.active,
            Person.id.in_(
                select(Membership.person_id).where(
                    Membership.organisation_id == organisation_id,
                    Membership.role.in_(sorted(role.value for role in roles)),
                    Membership.valid_on(on),
                )
            ),
        )
        .order_by(Person.name, Person.id)
    )
    return {row.id: row.name for row in session.execute(query)}


def delegate(
    session: Session,
    actor: Actor,
    *,
    principal_id: UUID,
    substitute_id: UUID,
    organisation_id: UUID,
    roles: Collection[Role],
    lifecycles: Collection[str],
    division: str,
    since: date,
    until: date,
    reason: str,
    now: datetime,
) -> Delegation:
    """Let one person take another's place, from ``since`` until ``until``, both inclusive.

    Raises MayNotDelegate for somebody who is neither the principal nor oversees the organisation,
    or acts as a substitute; DelegationRefused with every fault by the name of its field.
    """
    if actor.on_behalf_of is not None or actor.organisation_id != organisation_id:
        raise MayNotDelegate
    if actor.person_id != principal_id and not oversees(actor):
        raise MayNotDelegate
    # Two that overlap are made one after the other: both would lock the principal.
    principal = session.get(Person, principal_id, with_for_update=True)
    people = colleagues(session, organisation_id, since)
    able = may_stand_in(session, organisation_id, since)
    faults = _wrong_days(since, until, local_date(now))
    faults |= _wrong_extent(lifecycles, division)
    if principal is None or principal_id not in people:
        faults["principal"] = Label(
            "被代办人当日不是本单位在职人员。", "Nobody of the organisation on that day."
        )
    if substitute_id == principal_id:
        faults["substitute"] = Label("不能由本人代办本人。", "Nobody stands in for themselves.")
    elif substitute_id not in able:
        faults["substitute"] = Label(
            "代办人须是当日在本单位任职的人员，系统管理员和审计员除外。",
            "Choose somebody who holds a role in the organisation on the first day, "
            "no administrator and no auditor.",
        )
    faults |= _wrong_roles(session, actor, principal_id, organisation_id, roles, since)
    if len(reason) > LONGEST_REASON:
        faults["reason"] = Label(
            f"最多 {LONGEST_REASON} 字。", f"At most {LONGEST_REASON} characters."
        )
    if not faults:
        faults |= _doubled(
            session, principal_id, substitute_id, organisation_id, roles, since, until
        )
    if faults:
        raise DelegationRefused(faults)
    made = Delegation(
        id=new_id(),
        principal_id=principal_id,
        substitute_id=substitute_id,
        organisation_id=organisation_id,
        roles=[role.value for role in Role if role in roles],
        lifecycles=sorted(lifecycles),
        division=division,
        since=since,
        until=until,
        reason=reason,
        made_by=actor.person_id,
        made_by_name=actor.person_name,
        made_at=now,
    )
    session.add(made)
    session.flush()
    told = {name: getattr(made, name) for name in _TOLD}
    # Why somebody is away may be their own affair: the entry only commits to it.
    private = {"reason": reason} if reason else None
    chain.append(
        session, CHAIN, trigger="delegate", actor=actor,
        body={"delegation": made.id, **told}, now=now, private=private,
    )  # fmt: skip
    _tell(session, "made", made, actor, people[principal_id], people[substitute_id], now)
    return made


_TOLD: Final = (
    "principal_id",
    "substitute_id",
    "organisation_id",
    "roles",
    "lifecycles",
    "division",
    "since",
    "until",
)


def _wrong_days(since: date, until: date, today: date) -> dict[str, Label]:
    faults: dict[str, Label] = {}
    if since < today:
        faults["since"] = Label("起始日期不能早于今天。", "It cannot begin before today.")
    if until < since:
        faults["until"] = Label("截止日期不能早于起始日期。", "It cannot end before it begins.")
    elif until - since >= LONGEST:
        faults["until"] = Label(
            "代办最长一年；更久的须另行授予角色。",
            "At most a year: for longer, somebody is given the role.",
        )
    return faults


def _wrong_extent(lifecycles: Iterable[str], division: str) -> dict[str, Label]:
    faults: dict[str, Label] = {}
    if not set(lifecycles) <= LIFECYCLES.keys():
        faults["lifecycles"] = Label("没有这样的流程。", "There is no such procedure.")
    if division and not (division.isdigit() and len(division) <= 12):  # noqa: PLR2004 - the column
        faults["division"] = Label("没有这样的区划。", "There is no such division.")
    return faults


def _wrong_roles(
    session: Session,
    actor: Actor,
    principal_id: UUID,
    organisation_id: UUID,
    roles: Collection[Role],
    since: date,
) -> dict[str, Label]:
    if not roles:
        return {"roles": Label("至少选择一个角色。", "Choose at least one role.")}
    if set(roles) & NEVER:
        return {
            "roles": Label(
                "审计员和系统管理员的角色不得委托代办（SD-7）。",
                "The roles of auditor and administrator are not handed over (SD-7).",
            )
        }
    given = roles_to_give(session, actor, principal_id, organisation_id, since)
    if set(roles) - set(given):
        return {
            "roles": Label(
                "只能委托被代办人届时在本单位担任、且您有权处置的角色。",
                "Only roles the person then holds there, and that are yours to hand over.",
            )
        }
    return {}


def _doubled(
    session: Session,
    principal_id: UUID,
    substitute_id: UUID,
    organisation_id: UUID,
    roles: Collection[Role],
    since: date,
    until: date,
) -> dict[str, Label]:
    """The fault of standing in twice for the same person, in the same role on the same day."""
    query = select(Delegation).where(
        Delegation.principal_id == principal_id,
        Delegation.substitute_id == substitute_id,
        Delegation.organisation_id == organisation_id,
        Delegation.ended_at.is_(None),
        Delegation.since <= until,
        Delegation.until >= since,
    )
    for one in session.scalars(query.order_by(Delegation.since)):
        if set(one.roles) & {role.value for role in roles}:
            return {
                "substitute": Label(
                    f"此人在 {one.since} 至 {one.until} 已代办同一角色，请先结束该项委托。",
                    f"They stand in for the same role from {one.since} to {one.until}: "
                    "end that first.",
                )
            }
    return {}


def end_delegation(
    session: Session, actor: Actor, delegation_id: UUID, *, now: datetime
) -> Delegation:
    """End a delegation at once. Raises MayNotDelegate, or PlaceEnded if it is over already."""
    one = session.get(Delegation, delegation_id, with_for_update=True)
    if one is None or not may_end(actor, one):
        raise MayNotDelegate
    if one.ended_at is not None or one.until < local_date(now):
        raise PlaceEnded
    one.ended_at, one.ended_by = now, actor.person_id
    session.flush()
    told = {"delegation": one.id}
    chain.append(session, CHAIN, trigger="end_delegation", actor=actor, body=told, now=now)
    names = dict(
        session.execute(
            select(Person.id, Person.name).where(
                Person.id.in_([one.principal_id, one.substitute_id])
            )
        ).all()
    )
    _tell(session, "ended", one, actor, names[one.principal_id], names[one.substitute_id], now)
    return one


def _tell(
    session: Session,
    what: str,
    one: Delegation,
    actor: Actor,
    principal: str,
    substitute: str,
    now: datetime,
) -> None:
    """Leave a message for both. It goes to each of them alone, and to nobody in their place."""
    data = {
        "principal": principal,
        "substitute": substitute,
        "since": one.since.isoformat(),
        "until": one.until.isoformat(),
        "by": actor.person_name,
    }
    both = one.principal_id, one.substitute_id
    notices.tell_people(session, f"delegation.{what}", both, data, now)
