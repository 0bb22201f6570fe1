"""To whom a message goes: holders of a role on that day, and whoever stands in for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from app.accounts.models import Delegation, Membership, Organisation, Person
from app.accounts.operations import actor_for, organisations_of
from app.cases.models import Case
from app.cases.sight import visible_to
from app.cases.snapshot import SEEN
from app.engine.actors import Extent, Role

ROLES_OF_SEATS: Final = frozenset(
    {
        Role.ENTERPRISE,
        Role.VERIFIER,
        Role.PARTNER_MARKET,
        Role.PARTNER_POLICE,
        Role.RECHECK_EXPERT,
    }
)
"""Roles people hold outside of the authority."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who is told. ``place_of`` is the name of whom they stand in for, if they do."""

    person_id: UUID
    locale: str
    email: str | None
    place_of: str = ""


@dataclass(frozen=True, slots=True)
class Recipients:
    """Everybody who may be meant by some messages, read at once for one day."""

    people: Mapping[UUID, Person]
    holders: Mapping[tuple[str, UUID], Sequence[UUID]]
    """By role and organisation."""
    members: Collection[tuple[UUID, UUID]]
    """Whoever is named in a message and holds a role in an organisation, with that organisation."""
    delegations: Mapping[UUID, Sequence[Delegation]]
    """By principal."""
    divisions: Mapping[UUID, str]
    """Where the subject of a case lies, of cases some delegation asks it of."""
    confidants: Mapping[UUID, Collection[UUID]]
    """Who sees each restricted case, of those people."""

    @classmethod
    def read(cls, session: Session, messages: Iterable[Mapping[str, Any]], on: date) -> Recipients:
        """Read whom these messages may mean, in a number of queries that does not grow.

        Of restricted cases, which are few, everybody meant is asked about in turn.
        """
        messages = list(messages)
        held: dict[tuple[str, UUID], list[UUID]] = {}
        named = {one["person_id"] for one in messages if one["person_id"] is not None}
        for role, organisation_id, person_id in session.execute(_holders(messages, on)):
            held.setdefault((role, organisation_id), []).append(person_id)
        members = {
            (row.person_id, row.organisation_id) for row in session.execute(_places(named, on))
        }
        principals = named.union(*held.values())
        delegations: dict[UUID, list[Delegation]] = {}
        query = select(Delegation).where(
            Delegation.principal_id.in_(principals), Delegation.valid_on(on)
        )
        for one in session.scalars(query.order_by(Delegation.id)):
            delegations.setdefault(one.principal_id, []).append(one)
        every = [one for some in delegations.values() for one in some]
        wanted = principals | {one.substitute_id for one in every}
        people = select(Person).where(Person.id.in_(wanted))
        divisions: dict[UUID, str] = {}
        if any(one.division for one in every):
            asked = select(Case.id, Case.division).where(
                Case.id.in_({one["case_id"] for one in messages})
            )
            divisions = {
                row.id: row.division for row in session.execute(asked.execution_options(**SEEN))
            }
        known = {one.id: one for one in session.scalars(people)}
        concealed = restricted(session, [one["case_id"] for one in messages])
        meant = [known[one] for one in sorted(principals & known.keys())] if concealed else []
        seen = {person.id: seen_by(session, person, concealed, on) for person in meant}
        confidants = {
            case_id: {person_id for person_id, found in seen.items() if case_id in found}
            for case_id in concealed
        }
        return cls(known, held, members, delegations, divisions, confidants)

    def of(self, message: Mapping[str, Any]) -> list[Reader]:
        """Who is told one message, each person once, in the order of their ids."""
        meant = dict.fromkeys(self._meant(message))
        found: dict[UUID, Reader] = {}
        for person_id in meant:
            principal = self.people.get(person_id)
            if principal is None or not principal.active:
                continue
            if person_id not in self.confidants.get(message["case_id"], {person_id}):
                continue
            found[person_id] = _reader(principal)
            for one in self.delegations.get(person_id, ()):
                substitute = self.people[one.substitute_id]
                if substitute.active and self._covers(one, message):
                    found.setdefault(substitute.id, _reader(substitute, principal.name))
        for person_id in meant.keys() & found.keys():  # who is meant needs nobody's place
            found[person_id] = _reader(self.people[person_id])
        return [found[person_id] for person_id in sorted(found)]

    def _meant(self, message: Mapping[str, Any]) -> Iterator[UUID]:
        named, wanted = message["person_id"], message["organisation_id"]
        if named is not None:
            if wanted is None or (named, wanted) in self.members:
                yield named
            return
        for (role, organisation_id), people in self.holders.items():
            if role == message["role"] and wanted in {None, organisation_id}:
                yield from people

    def _covers(self, one: Delegation, message: Mapping[str, Any]) -> bool:
        """Whether a substitute stands in where this message goes."""
        organisation_id = message["organisation_id"]
        if organisation_id is not None and one.organisation_id != organisation_id:
            return False
        if message["role"] and message["role"] not in one.roles:
            return False
        extent = Extent(frozenset(one.lifecycles), one.division)
        division = self.divisions.get(message["case_id"], "")
        return extent.covers(lifecycle_of(message), division)


def restricted(session: Session, case_ids: Collection[UUID]) -> set[UUID]:
    """Which of these cases are restricted ones now."""
    query = select(Case.id).where(Case.id.in_(set(case_ids)), Case.restricted)
    return set(session.scalars(query, execution_options=SEEN))


def seen_by(session: Session, person: Person, case_ids: Collection[UUID], on: date) -> set[UUID]:
    """Which of these cases somebody sees who acts for any of their organisations."""
    found: set[UUID] = set()
    for place in organisations_of(session, person.id, on):
        actor = actor_for(session, person, place.id, on)
        query = select(Case.id).where(Case.id.in_(case_ids), visible_to(actor))
        found.update(session.scalars(query))
    return found


def lost(
    session: Session, unread: Sequence[Mapping[str, Any]], on: date
) -> list[Mapping[str, Any]]:
    """Those of the messages that reached nobody which somebody should have read.

    A seat on a case is told in every role such a seat may have, the police and the market
    supervision alike: what is for another role than the organisation has is not lost.
    """
    places = {row["organisation_id"] for row in unread if row["role"] in ROLES_OF_SEATS}
    if not places:
        return list(unread)
    manned = set(
        session.scalars(
            select(Membership.organisation_id)
            .join(Membership.person)
            .where(Membership.organisation_id.in_(places), Membership.valid_on(on), Person.active)
        )
    )
    return [
        row
        for row in unread
        if row["person_id"] is not None
        or row["role"] not in ROLES_OF_SEATS
        or row["organisation_id"] not in manned
    ]


def lifecycle_of(message: Mapping[str, Any]) -> str:
    """The key of the lifecycle of the case a message is about."""
    told: str = message["data"].get("lifecycle") or message["template"].partition(".")[0]
    return told


def _reader(person: Person, place_of: str = "") -> Reader:
    return Reader(person.id, person.locale, person.email, place_of)


def _holders(messages: Sequence[Mapping[str, Any]], on: date) -> Select[str, UUID, UUID]:
    """Who holds the roles these messages go to, on that day, in organisations that are there."""
    asked = {(one["role"], one["organisation_id"]) for one in messages if one["person_id"] is None}
    everywhere = {role for role, organisation_id in asked if organisation_id is None}
    here = and_(
        Membership.role.in_({role for role, _ in asked}),
        Membership.organisation_id.in_({place for _, place in asked if place is not None}),
    )
    return (
        select(Membership.role, Membership.organisation_id, Membership.person_id)
        .join(Membership.organisation)
        .where(
            or_(Membership.role.in_(everywhere), here),
            Membership.valid_on(on),
            Organisation.active,
        )
        .order_by(Membership.person_id)
    )


def _places(people: Collection[UUID], on: date) -> Select[UUID, UUID]:
    """Where these people hold a role on that day."""
    return select(Membership.person_id, Membership.organisation_id).where(
        Membership.person_id.in_(people), Membership.valid_on(on)
    )
