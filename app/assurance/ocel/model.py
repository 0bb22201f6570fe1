"""Events and objects as the OCEL 2.0 metamodel has them (specification, section 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from app.assurance.event_log import STRING, Value

FIRST: Final = "1970-01-01T00:00:00.000000Z"
"""The time OCEL gives to what an attribute is from the beginning."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event; ``relations`` are (object, qualifier), each once."""

    id: str
    type: str
    time: str
    attributes: Sequence[tuple[str, Value]]
    relations: Sequence[tuple[str, str]]


@dataclass(slots=True)
class Thing:
    """One object: what it is from the beginning, what changed when, and what it belongs to."""

    id: str
    type: str
    attributes: Sequence[tuple[str, Value]]
    relations: Sequence[tuple[str, str]] = ()
    changes: dict[tuple[str, str], Value] = field(default_factory=dict)
    """Values by (time, attribute): of several at one time the last one holds."""


class Types:
    """The types met so far, each with its attributes and theirs; grows with the declarations."""

    def __init__(self) -> None:
        self.known: dict[str, dict[str, str]] = {}

    def met(self, name: str, attributes: Mapping[str, Value]) -> None:
        """Note a type; an attribute that two entries type differently is text."""
        known = self.known.setdefault(name, {})
        for attribute, value in attributes.items():
            if known.setdefault(attribute, value.type) != value.type:
                known[attribute] = STRING


def case_object(case_id: UUID | str) -> str:
    """The id of the object that is a case."""
    return f"case:{case_id}"


def person_object(person_id: UUID) -> str:
    """The id of the object that is a person."""
    return f"person:{person_id}"


def body_object(organisation_id: UUID) -> str:
    """The id of the object that is an organisation, of whatever type."""
    return f"organisation:{organisation_id}"


def document_object(document_id: UUID | str) -> str:
    """The id of the object that is an official document."""
    return f"document:{document_id}"
