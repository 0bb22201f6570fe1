"""Changing the key of the vault: the keys of all sealed values are wrapped anew, the values stay.

A rotation that was cut off is completed by rotating again: while the vault holds an older key, no
further one is made.

    1  the vault        a new key stands before the old one; what is sealed from now on takes it
    2  ``value_keys``   batch after batch is wrapped with the new key
    3  an entry         the chain of administration says which keys went, and which came
    4  the vault        the old keys are dropped, once nothing hangs on them
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.orm import Session

from app import vault
from app.audit import chain
from app.audit.sealing import KeysMissing, keys
from app.db import Database
from app.engine.actors import SYSTEM_ACTOR

CHAIN: Final = "administration"
TRIGGER: Final = "vault_rotated"
BATCH: Final = 200

Report = Callable[[int, int], None]
"""Told how many values are wrapped anew, and how many there are in all."""

_WRAP: Final = (
    update(keys)
    .where(keys.c.value_id == bindparam("value"))
    .values(key_id=bindparam("newest"), wrapped=bindparam("text"))
)


@dataclass(frozen=True, slots=True)
class Rotated:
    """The keys that were dropped, the one that seals now, and how many values were moved to it."""

    old: Sequence[str]
    new: str
    values: int


def counts(session: Session) -> Mapping[str, int]:
    """Return how many values hang on each key."""
    query = select(keys.c.key_id, func.count()).group_by(keys.c.key_id)
    return {str(key): count for key, count in session.execute(query)}


def rotate(
    database: Database, path: Path, now: datetime, report: Report = lambda _done, _all: None
) -> Rotated:
    """Let a new key follow, or complete a rotation that was cut off.

    ``path`` is the file of the vault. Raises KeysMissing, vault.NoVault; vault.CannotOpen for a key
    that was altered, at which it stops.
    """
    new = database.write(lambda session: _renewed(session, path))
    with database.read() as session:
        total = sum(count for key, count in counts(session).items() if key != new)
    done = 0
    while moved := database.write(lambda session: _wrap_some(session, path, new)):
        done += moved
        report(done, total)
    old = database.write(lambda session: _record(session, path, new, done, now))
    database.write(lambda session: _drop(session, path, new))
    return Rotated(old, new, done)


def _renewed(session: Session, path: Path) -> str:
    """Put a new key into the vault unless an older one still waits to be dropped; name it."""
    _hold_off_sealing(session)
    found = vault.load(path)
    if lost := counts(session).keys() - set(found.ids):
        raise KeysMissing(lost)
    return (found if len(found.ids) > 1 else vault.rotate(path)).newest


def _hold_off_sealing(session: Session) -> None:
    """Wait for everybody who is sealing, and let nobody begin until the transaction ends.

    On SQLite whoever writes is alone, as soon as it has said anything.
    """
    postgresql = session.get_bind().dialect.name == "postgresql"
    lock = "LOCK TABLE value_keys IN SHARE ROW EXCLUSIVE MODE" if postgresql else "SELECT 1"
    session.execute(text(lock))


def _wrap_some(session: Session, path: Path, new: str) -> int:
    query = select(keys).where(keys.c.key_id != new).order_by(keys.c.value_id).limit(BATCH)
    rows = session.execute(query.with_for_update()).all()
    if not rows:
        return 0
    found = vault.load(path)
    wrapped = [found.seal(found.open(vault.Sealed(row.key_id, row.wrapped))) for row in rows]
    session.execute(
        _WRAP,
        [
            {"value": row.value_id, "newest": one.key_id, "text": one.text}
            for row, one in zip(rows, wrapped, strict=True)
        ],
    )
    return len(rows)


def _record(session: Session, path: Path, new: str, values: int, now: datetime) -> Sequence[str]:
    old = [key for key in vault.load(path).ids if key != new]
    body = {"vault": "identity", "old": old, "new": new, "values": values}
    chain.append(session, CHAIN, trigger=TRIGGER, actor=SYSTEM_ACTOR, body=body, now=now)
    return old


def _drop(session: Session, path: Path, new: str) -> None:
    """Drop the old keys if nothing hangs on them, and no other rotation has begun since."""
    _hold_off_sealing(session)
    if counts(session).keys() <= {new} and vault.load(path).newest == new:
        vault.drop_old(path)
