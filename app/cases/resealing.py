"""Sealing what an earlier release kept in the open, though its lifecycle declares it sealed."""

from __future__ import annotations

from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, delete, insert, select
from sqlalchemy.orm import Session

from app.audit import sealing
from app.audit.chain import values
from app.audit.models import AuditEntry, PrivateValue
from app.cases.models import Case
from app.db import Database
from app.workflows import by_version

BATCH: Final = 200
FIRST: Final = UUID(int=0)

_OPEN: Final = (
    select(*values.c, AuditEntry.trigger, Case.lifecycle, Case.lifecycle_version)
    .join(
        AuditEntry,
        (AuditEntry.chain_id == PrivateValue.chain_id) & (AuditEntry.seq == PrivateValue.seq),
    )
    .join(Case, Case.id == PrivateValue.chain_id)
    .where(PrivateValue.salt.not_in(["", sealing.SALT]))
    .order_by(PrivateValue.id)
    .limit(BATCH)
)


def seal_older(database: Database) -> int:
    """Encrypt every such value, in batches, and return how many there were.

    A value is never changed: its row goes and comes again, which the owner of the tables alone may
    do. Raises DBAPIError for anybody else, vault.NoVault.
    """
    done, after = 0, FIRST
    while found := database.write(partial(_seal_some, after=after)):
        sealed, after = found
        done += sealed
    return done


def _seal_some(session: Session, after: UUID) -> tuple[int, UUID] | None:
    """Seal those of the next batch that are to be; say how many, and the last one looked at."""
    rows = session.execute(_OPEN.where(PrivateValue.id > after)).all()
    if not rows:
        return None
    chosen = [
        {column.name: row._mapping[column] for column in values.c}  # noqa: SLF001 - its public name
        for row in rows
        if _is_sealed(row)
    ]
    if chosen:
        keys = sealing.seal(session, chosen, {row["name"] for row in chosen})
        session.execute(delete(values).where(values.c.id.in_([row["id"] for row in chosen])))
        session.execute(insert(values), chosen)
        session.execute(sealing.INSERT_KEYS, keys)
    return len(chosen), rows[-1].id


def _is_sealed(row: Row[*tuple[Any, ...]]) -> bool:
    """Whether a value is declared sealed, or nothing declares it any more."""
    try:
        act = by_version(row.lifecycle, row.lifecycle_version).transitions[row.trigger]
    except KeyError:
        return True
    declared = {field.name: field.sealed for field in act.all_inputs}
    return declared.get(row.name, True)
