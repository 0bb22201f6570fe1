"""People, organisations and their like for tests: each adds and flushes what it returns."""

from __future__ import annotations

from datetime import date
from functools import cache
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from app.accounts import passwords
from app.accounts.models import Membership, Organisation, OrganisationKind, Person
from app.engine.actors import Actor, Role
from app.registers.models import AgencyProfile, Sector, UnitProfile
from tests.times import NOW

ZHONGWEI = "640500"
SINCE = date(2020, 1, 1)
PASSWORD = "correct horse battery"

_number = count(1)

KIND_OF_ROLE = {
    Role.VERIFIER: OrganisationKind.AGENCY,
    Role.ENTERPRISE: OrganisationKind.UNIT,
    Role.PARTNER_MARKET: OrganisationKind.PARTNER,
    Role.PARTNER_POLICE: OrganisationKind.PARTNER,
    Role.PROVINCIAL_VIEWER: OrganisationKind.REGION,
}


@cache
def password_hash() -> str:
    """The hash of `PASSWORD`, made once: hashing is slow on purpose."""
    return passwords.hashed(PASSWORD)


def organisation(
    session: Session,
    kind: OrganisationKind = OrganisationKind.AUTHORITY,
    *,
    name: str = "",
    division: str = ZHONGWEI,
    **fields: Any,
) -> Organisation:
    """An organisation, by default the bureau of a city."""
    made = Organisation(
        kind=kind,
        name=name or f"{kind.label.zh}{next(_number)}",
        division=division,
        created_at=NOW,
        **fields,
    )
    session.add(made)
    session.flush()
    return made


def unit(session: Session, *, sector: Sector = Sector.POWER, **fields: Any) -> Organisation:
    """A key emitting unit with its profile."""
    made = organisation(session, OrganisationKind.UNIT, **fields)
    session.add(UnitProfile(organisation_id=made.id, sector=sector))
    session.flush()
    return made


def agency(
    session: Session,
    *,
    compiles_in_province: bool = False,
    consults: bool = False,
    trades: bool = False,
    **fields: Any,
) -> Organisation:
    """A technical service agency with its profile; by default nothing bars it."""
    made = organisation(session, OrganisationKind.AGENCY, **fields)
    session.add(
        AgencyProfile(
            organisation_id=made.id,
            compiles_in_province=compiles_in_province,
            consults=consults,
            trades=trades,
        )
    )
    session.flush()
    return made


def person(session: Session, *, name: str = "", login: str = "", **fields: Any) -> Person:
    """Somebody who may sign in with `PASSWORD`."""
    number = next(_number)
    made = Person(
        login=login or f"person{number}",
        name=name or f"张{number}",
        password_hash=password_hash(),
        created_at=NOW,
        **fields,
    )
    session.add(made)
    session.flush()
    return made


def membership(
    session: Session,
    person: Person,
    organisation: Organisation,
    role: Role,
    *,
    since: date = SINCE,
    until: date | None = None,
) -> Membership:
    """A role in an organisation."""
    made = Membership(
        person_id=person.id,
        organisation_id=organisation.id,
        role=role,
        since=since,
        until=until,
    )
    session.add(made)
    session.flush()
    return made


def actor(
    session: Session, *roles: Role, at: Organisation | None = None, name: str = "", login: str = ""
) -> Actor:
    """A new person acting in these roles, at that organisation or at a new one that fits."""
    where = at or organisation(session, KIND_OF_ROLE.get(roles[0], OrganisationKind.AUTHORITY))
    who = person(session, name=name, login=login)
    for role in roles:
        membership(session, who, where, role)
    return Actor(
        person_id=who.id,
        person_name=who.name,
        organisation_id=where.id,
        organisation_name=where.name,
        roles=frozenset(roles),
        division=where.division,
    )
