"""The people and organisations a log names, gathered while its cases are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import AUTHORITIES, Organisation, OrganisationKind, Person
from app.assurance.event_log import STRING, Value
from app.assurance.ocel.model import Thing, body_object, person_object

_CHUNK: Final = 500


@dataclass
class Cast:
    """Whom the events name. Grows with the registers, not with the log.

    What is written down is how the name read in the first entry that bears it; the registers say
    how it reads now.
    """

    people: dict[UUID, str] = field(default_factory=dict)
    bodies: dict[UUID, str] = field(default_factory=dict)
    acts_for: set[tuple[UUID, UUID]] = field(default_factory=set)

    def person(self, person_id: UUID, name: str = "") -> str:
        """Note a person; return the id of the object."""
        if name or person_id not in self.people:
            self.people[person_id] = self.people.get(person_id) or name
        return person_object(person_id)

    def body(self, organisation_id: UUID, name: str = "") -> str:
        """Note an organisation; return the id of the object."""
        if name or organisation_id not in self.bodies:
            self.bodies[organisation_id] = self.bodies.get(organisation_id) or name
        return body_object(organisation_id)

    def things(self, session: Session, *, masked: bool) -> Iterator[Thing]:
        """Yield the objects, people first, in the order of their ids."""
        bodies_of: dict[UUID, list[UUID]] = {}
        for person_id, organisation_id in self.acts_for:
            bodies_of.setdefault(person_id, []).append(organisation_id)
        for ids in _chunks(self.people):
            found = session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
            names = {row.id: row.name for row in found}
            for person_id in ids:
                told = [("name", Value(STRING, names.get(person_id) or self.people[person_id]))]
                bodies = sorted(bodies_of.get(person_id, ()))
                relations = [(body_object(one), "acts for") for one in bodies]
                yield Thing(person_object(person_id), "person", told, relations)
        for ids in _chunks(self.bodies):
            query = select(Organisation).where(Organisation.id.in_(ids))
            known = {one.id: one for one in session.scalars(query)}
            for organisation_id in ids:
                yield self._of_body(organisation_id, known.get(organisation_id), masked=masked)

    def _of_body(self, key: UUID, known: Organisation | None, *, masked: bool) -> Thing:
        if known is None:
            name = Value(STRING, self.bodies[key])
            return Thing(body_object(key), "authority", [("name", name)])
        hidden = masked and known.kind == OrganisationKind.PERSON
        told = [
            ("name", Value(STRING, "" if hidden else known.name)),
            ("kind", Value(STRING, known.kind.value)),
            ("division", Value(STRING, known.division)),
        ]
        above = known.parent_id
        relations = [(body_object(above), "part of")] if above and above in self.bodies else []
        return Thing(body_object(key), _type_of(known.kind), told, relations)


def _type_of(kind: OrganisationKind) -> str:
    if kind in AUTHORITIES or kind == OrganisationKind.PARTNER:
        return "authority"
    return kind.value


def _chunks(ids: Iterable[UUID]) -> Iterator[list[UUID]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]
