"""How a kept value of an input reads: choices by their words, numbers with unit, files by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Organisation, Person
from app.engine.inputs import (
    Choice,
    Day,
    DocumentKind,
    Files,
    Input,
    LongText,
    Quantity,
    Reference,
    YesNo,
)
from app.formats import day, label, number
from app.law.labels import Label
from app.workflows import LIFECYCLES

YES, NO = Label("是", "Yes"), Label("否", "No")

Names = Callable[[str], str]
"""From the id of a person or an organisation to its name."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One field with its value in words. ``long`` texts keep their lines; files are digests.

    ``chosen`` says that the value is one of a few words, which read well without their field.
    """

    name: str
    label: Label
    text: str
    long: bool = False
    chosen: bool = False
    files: Sequence[str] = ()


def shown(field: Input, value: Any, names: Names = str) -> Shown:
    """Put a value, as JSON keeps it, into the words of the reader."""
    if isinstance(field, Files):
        return Shown(field.name, field.label, "", files=tuple(value or ()))
    if value in (None, "", []):
        return Shown(field.name, field.label, "")
    match field:
        case Choice():
            known = dict(field.options)
            text = label(known[value]) if value in known else str(value)
        case YesNo():
            text = label(YES if value else NO)
        case Day():
            text = day(date.fromisoformat(value))
        case Quantity():
            text = f"{number(Decimal(value))} {field.unit}".strip()
        case DocumentKind():
            text = label(_document(value))
        case Reference():
            chosen = value if isinstance(value, list) else [value]
            text = "、".join(names(one) for one in chosen)
        case _:
            text = str(value)
    return Shown(
        field.name,
        field.label,
        text,
        long=isinstance(field, LongText),
        chosen=isinstance(field, Choice),
    )


def _document(kind: str) -> Label:
    """The label of a document, whichever lifecycle makes it."""
    made = (lifecycle.documents.get(kind) for lifecycle in LIFECYCLES.values())
    return next((document.label for document in made if document), Label(kind, kind))


def all_shown(fields: Sequence[Input], data: Mapping[str, Any], names: Names = str) -> list[Shown]:
    """The fields of which there is a value, in their order."""
    found = [shown(field, data.get(field.name), names) for field in fields]
    return [one for one in found if one.text or one.files]


def names_in(session: Session, fields: Sequence[Input], data: Mapping[str, Any]) -> Names:
    """A look-up of the names of whoever these values mention; two queries at most."""
    return names_in_all(session, [(fields, data)])


def names_in_all(
    session: Session, told: Iterable[tuple[Sequence[Input], Mapping[str, Any]]]
) -> Names:
    """A look-up of the names of whoever any of these values mentions; two queries at most."""
    ids = {
        UUID(one)
        for fields, data in told
        for field in fields
        if isinstance(field, Reference) and data.get(field.name)
        for one in (data[field.name] if isinstance(data[field.name], list) else [data[field.name]])
    }
    known: dict[str, str] = {}
    if ids:
        for table in (Person, Organisation):
            for key, name in session.execute(select(table.id, table.name).where(table.id.in_(ids))):
                known[str(key)] = name
    return lambda one: known.get(one, one)
