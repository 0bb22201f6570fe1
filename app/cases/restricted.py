"""What an entry only commits to, as one person may read it; the declaration of the input decides.

A *personal* value, such as who was asked at an inspection, is what those who work on the case need:
the authority reads it on the page. A *sealed* one, such as who reported, is closed to the authority
too until the reader has said why: the read is an entry of the chain of reads, committed before
anything is shown (design 4, law 10). What no lifecycle declares any more counts as sealed. Nobody
outside the authority reads either; an auditor does in an export, whose reason is recorded likewise.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, select

from app.audit import reads, sealing
from app.audit.models import AuditEntry, PrivateValue
from app.cases.errors import NoSuchCase
from app.cases.page import CasePage
from app.cases.snapshot import SEEN
from app.db import Database
from app.engine.inputs import Input

LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """Values of one entry that stand apart from it.

    ``open`` are those the person reads at once, ``restricted`` the inputs they may read for a
    reason, ``hidden`` those of which they know no more than that there is a value.
    """

    open: Mapping[str, Any]
    restricted: Sequence[Input]
    hidden: Sequence[Input]


@dataclass(frozen=True, slots=True)
class Read:
    """What a recorded reading gave: the values, and why others cannot be opened."""

    values: Mapping[str, Any]
    unopened: Mapping[str, sealing.Unopened]


def kept_of(page: CasePage, entry: AuditEntry) -> Kept:
    """Return what the person may read of the values an entry only commits to."""
    fields = committed(page, entry)
    if not page.actor.is_authority:
        return Kept({}, (), fields)
    there = _there(page, entry)
    sealed = [field for field in fields if _is_sealed(field, there)]
    plain = [field.name for field in fields if field not in sealed]
    found = _values(page, entry, plain).values
    shown = {*found, *(field.name for field in sealed)}
    return Kept(found, sealed, [field for field in fields if field.name not in shown])


def read(database: Database, page: CasePage, entry: AuditEntry, reason: str) -> Read:
    """Record that the person reads the sealed values of an entry, commit, then open them.

    Raises NoSuchCase where there are none for them.
    """
    names = [field.name for field in kept_of(page, entry).restricted]
    if not names:
        raise NoSuchCase
    database.write(
        lambda session: reads.record_read(
            session,
            page.actor,
            chain_id=page.case.id,
            seq=entry.seq,
            what=reads.Restricted.VALUES,
            names=names,
            reason=reason,
            now=page.now,
        )
    )
    return _values(page, entry, names)


def committed(page: CasePage, entry: AuditEntry) -> list[Input]:
    """The inputs an entry commits to, in their order; unknown ones last, sealed."""
    transition = page.lifecycle.transitions.get(entry.trigger)
    names = dict.fromkeys(json.loads(entry.body).get("commitments", {}))
    declared = [f for f in (transition.all_inputs if transition else ()) if f.name in names]
    for field in declared:
        names.pop(field.name, None)
    return [*declared, *(Input(name, name, name, sealed=True) for name in names)]


def _there(page: CasePage, entry: AuditEntry) -> dict[str, str]:
    """Salts of the values that have not been destroyed, by name."""
    query = select(PrivateValue.name, PrivateValue.salt)
    query = query.where(*_of(entry), PrivateValue.salt != "")
    found = page.session.execute(query, execution_options=SEEN)
    return {row.name: row.salt for row in found}


def _is_sealed(field: Input, there: Mapping[str, str]) -> bool:
    """Whether a value that is there is declared sealed, or was when it was entered."""
    return field.name in there and (field.sealed or there[field.name] == sealing.SALT)


def _values(page: CasePage, entry: AuditEntry, names: Sequence[str]) -> Read:
    if not names:
        return Read({}, {})
    named = PrivateValue.name.in_(names)
    found = sealing.opened(page.session, *_of(entry), named, options=SEEN)
    values = {
        name: json.loads(one.text)
        for (_, name), one in found.items()
        if isinstance(one, sealing.Opened)
    }
    unopened = {name: one for (_, name), one in found.items() if isinstance(one, sealing.Unopened)}
    return Read(values, unopened)


def _of(entry: AuditEntry) -> tuple[ColumnElement[bool], ...]:
    return PrivateValue.chain_id == entry.chain_id, PrivateValue.seq == entry.seq
