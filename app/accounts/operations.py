"""What is done to people and organisations, each with its entry in the chain ``accounts``.

Who comes and goes stands in the chains ``sign_ins``, one by organisation and day, so that signing
in waits for nobody of another organisation. Nothing here commits; the caller's transaction does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts import browsers, passwords, throttle
from app.accounts.errors import LoginTaken, NoRoleToday
from app.accounts.models import (
    AUTHORITIES,
    Membership,
    Organisation,
    OrganisationKind,
    Person,
)
from app.audit import chain
from app.engine.actors import OVERSEEING_ROLES, SYSTEM_ACTOR, Actor, Role
from app.law.periods import local_date

CHAIN: Final = "accounts"
SIGN_INS: Final = "sign_ins"

FAILURES: Final = 8
"""After so many wrong passwords for a login the audit says so, once an hour."""


# Who acts ---------------------------------------------------------------------------------------


def organisations_of(session: Session, person_id: UUID, today: date) -> Sequence[Organisation]:
    """Return the organisations a person may act for today, by name."""
    return session.scalars(
        select(Organisation)
        .where(
            Organisation.active,
            Organisation.id.in_(
                select(Membership.organisation_id).where(
                    Membership.person_id == person_id, Membership.valid_on(today)
                )
            ),
        )
        .order_by(Organisation.name, Organisation.id)
    ).all()


def actor_for(session: Session, person: Person, organisation_id: UUID, today: date) -> Actor:
    """Return the person as they act today for that organisation. Raises NoRoleToday."""
    rows = session.execute(
        select(Membership.role, Organisation.name, Organisation.division, Organisation.kind)
        .join(Membership.organisation)
        .where(
            Membership.person_id == person.id,
            Membership.organisation_id == organisation_id,
            Membership.valid_on(today),
            Organisation.active,
        )
    ).all()
    if not rows or not person.active:
        raise NoRoleToday
    return Actor(
        person_id=person.id,
        person_name=person.name,
        organisation_id=organisation_id,
        organisation_name=rows[0].name,
        roles=roles_in(rows[0].kind, {Role(row.role) for row in rows}),
        division=rows[0].division,
    )


def roles_in(kind: OrganisationKind, roles: Collection[Role]) -> frozenset[Role]:
    """The roles in which somebody acts for an organisation of a kind.

    Whoever leads a partner authority is told as such, but works on our cases as its liaison does:
    the roles of an authority are acted in by those of the administration alone.
    """
    return frozenset(roles) - (frozenset() if kind in AUTHORITIES else OVERSEEING_ROLES)


# Signing in -------------------------------------------------------------------------------------


def person_with(session: Session, login: str, password: str) -> Person | None:
    """Return the active person of that login and password; slow on purpose. Writes nothing."""
    person = session.scalar(select(Person).where(Person.login == login_of(login), Person.active))
    kept = None if person is None else person.password_hash
    return person if passwords.matches(kept, password) else None


def must_wait(session: Session, name: str, address: str, now: datetime) -> bool:
    """Whether too much was tried from this address lately, under a name that many share."""
    return bool(throttle.wait(session, login_of(name), address, now, shared=True))


def count_failure(session: Session, login: str, address: str, now: datetime) -> None:
    """Count a wrong password. Of many the chain of the login's organisation and day tells."""
    if throttle.count(session, login_of(login), address, now) >= FAILURES:
        _record_refusals(session, login, now, {"address": address})


def count_wrong_code(session: Session, person: Person, address: str, now: datetime) -> None:
    """Count a wrong code of somebody whose password was right; many are told of as well."""
    if throttle.count(session, throttle.code_bucket(person.id), address, now) >= FAILURES:
        _record_refusals(session, person.login, now, {"address": address})


def _record_refusals(
    session: Session, login: str, now: datetime, private: Mapping[str, object]
) -> None:
    """Record that a login is tried again and again.

    Of known logins alone: what else was typed may be a password. At most one entry for a person
    in a window, from however many addresses somebody tries, so that nobody floods the chain.
    """
    person = session.scalar(select(Person).where(Person.login == login_of(login), Person.active))
    places = organisations_of(session, person.id, local_date(now)) if person else ()
    if person is None or not places:
        return
    window = int(now.timestamp() // throttle.KEPT.total_seconds())
    try:
        with session.begin_nested():
            _append_presence(
                session, "sign_in_refused", SYSTEM_ACTOR, places[0].id, places[0].name, now,
                told={"person": person.id, "login": person.login, "failures": FAILURES},
                private=private, key=f"{person.id}:{window}",
            )  # fmt: skip
    except IntegrityError:  # it stands there already
        pass


def hash_anew(session: Session, person_id: UUID, kept: str, password: str) -> None:
    """Hash a password at today's costs that was ``kept`` at weaker ones, unless it was reset."""
    session.execute(
        update(Person)
        .where(Person.id == person_id, Person.password_hash == kept)
        .values(password_hash=passwords.hashed(password))
    )


def sign_in(
    session: Session, person_id: UUID, actor: Actor, now: datetime, *, factor: str = ""
) -> None:
    """Record that a person has signed in. Entries stand in a chain by organisation and day.

    ``factor`` says what was shown as a second factor.
    """
    person = session.get_one(Person, person_id)
    person.last_seen_at = now
    throttle.forget(session, person.login, throttle.code_bucket(person_id))
    record_presence(session, "sign_in", actor, now, {"factor": factor} if factor else None)


def sign_out(session: Session, actor: Actor, now: datetime) -> None:
    """Record that a person has signed out."""
    record_presence(session, "sign_out", actor, now)


def take_place(session: Session, actor: Actor, now: datetime) -> None:
    """Record that a person begins to act in somebody's place."""
    record_presence(session, "take_place", actor, now)


def leave_place(session: Session, actor: Actor, now: datetime) -> None:
    """Record that a person acts for themselves again."""
    record_presence(session, "leave_place", actor, now)


def change_organisation(session: Session, actor: Actor, now: datetime) -> None:
    """Record that a person begins to act for another of their organisations."""
    record_presence(session, "change_organisation", actor, now)


def record_presence(
    session: Session,
    trigger: str,
    actor: Actor,
    now: datetime,
    told: Mapping[str, object] | None = None,
) -> None:
    """Append an entry to the chain of who comes and goes."""
    at = actor.organisation_id, actor.organisation_name
    _append_presence(session, trigger, actor, *at, now, told=told)


def _append_presence(
    session: Session,
    trigger: str,
    actor: Actor,
    organisation_id: UUID,
    organisation_name: str,
    now: datetime,
    *,
    told: Mapping[str, object] | None = None,
    private: Mapping[str, object] | None = None,
    key: str | None = None,
) -> None:
    day = local_date(now)
    chain.append(
        session, SIGN_INS, trigger=trigger, actor=actor, body=told or {}, now=now,
        chain_id=chain.chain_id_of(f"{SIGN_INS}:{organisation_id}:{day}"),
        label=chain.day_label(organisation_name, day), private=private, key=key,
    )  # fmt: skip


def change_password(session: Session, actor: Actor, password: str, now: datetime) -> int:
    """Set a new password and end every session; return the epoch of those that begin."""
    person = session.get_one(Person, actor.person_id, with_for_update=True)
    person.password_hash = passwords.hashed(password)
    person.session_epoch += 1
    browsers.end(session, person.id, "password", now)
    _record(session, "change_password", actor, {"person": person.id}, now)
    return person.session_epoch


def set_locale(session: Session, person_id: UUID, locale: str) -> None:
    """Remember the language a person reads; a preference, not an act."""
    session.get_one(Person, person_id).locale = locale


# People and organisations -----------------------------------------------------------------------


def create_organisation(
    session: Session,
    actor: Actor,
    *,
    kind: OrganisationKind,
    name: str,
    division: str,
    now: datetime,
    short_name: str = "",
    uscc: str | None = None,
    parent_id: UUID | None = None,
) -> Organisation:
    """Enter an organisation."""
    organisation = Organisation(
        kind=kind,
        name=name,
        short_name=short_name,
        uscc=uscc,
        division=division,
        parent_id=parent_id,
        active=True,
        created_at=now,
    )
    session.add(organisation)
    session.flush()
    told = {
        "organisation": organisation.id,
        "kind": kind,
        "name": name,
        "uscc": uscc,
        "division": division,
        "parent": parent_id,
    }
    _record(session, "create_organisation", actor, told, now)
    return organisation


def create_person(
    session: Session,
    actor: Actor,
    *,
    login: str,
    name: str,
    password_hash: str,
    now: datetime,
    email: str | None = None,
    locale: str = "zh_Hans_CN",
) -> Person:
    """Enter a person. Raises LoginTaken. The e-mail address is a personal value."""
    person = Person(
        login=login_of(login),
        name=name,
        email=email,
        password_hash=password_hash,
        locale=locale,
        active=True,
        created_at=now,
        session_epoch=0,
    )
    try:
        with session.begin_nested():
            session.add(person)
    except IntegrityError as error:
        raise LoginTaken(person.login) from error
    told = {"person": person.id, "login": person.login, "name": name}
    private = {"email": email} if email else None
    _record(session, "create_person", actor, told, now, private=private)
    return person


def grant(
    session: Session,
    actor: Actor,
    *,
    person_id: UUID,
    organisation_id: UUID,
    role: Role,
    since: date,
    now: datetime,
    until: date | None = None,
    certificate_no: str | None = None,
) -> Membership:
    """Give a person a role in an organisation, from a day until a day, both inclusive."""
    membership = Membership(
        person_id=person_id,
        organisation_id=organisation_id,
        role=role,
        since=since,
        until=until,
        certificate_no=certificate_no,
    )
    session.add(membership)
    session.flush()
    told = {
        "membership": membership.id,
        "person": person_id,
        "organisation": organisation_id,
        "role": role,
        "since": since,
        "until": until,
        "certificate_no": certificate_no,
    }
    _record(session, "grant_role", actor, told, now)
    return membership


def certify(session: Session, actor: Actor, *, person_id: UUID, number: str, now: datetime) -> None:
    """Enter the law-enforcement certificate 执法证 of an officer in every role they hold."""
    roles = session.scalars(
        select(Membership).where(Membership.person_id == person_id).with_for_update()
    )
    for membership in roles:
        if membership.certificate_no != number:
            membership.certificate_no = number
            told: dict[str, object] = {"membership": membership.id, "certificate_no": number}
            _record(session, "certify", actor, told, now)
    session.flush()


def deactivate(session: Session, actor: Actor, person_id: UUID, *, now: datetime) -> None:
    """Let a person sign in no more, at once. Their name stays in the record."""
    person = session.get_one(Person, person_id, with_for_update=True)
    person.active = False
    person.session_epoch += 1
    browsers.end(session, person_id, "deactivated", now)
    _record(session, "deactivate_person", actor, {"person": person_id}, now)


def _record(
    session: Session,
    trigger: str,
    actor: Actor,
    told: dict[str, object],
    now: datetime,
    *,
    private: Mapping[str, object] | None = None,
) -> None:
    chain.append(session, CHAIN, trigger=trigger, actor=actor, body=told, now=now, private=private)


def login_of(text: str) -> str:
    """Return the login of what was typed: neither case nor blanks around it matter."""
    return text.strip().casefold()
