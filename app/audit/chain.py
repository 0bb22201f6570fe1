"""The chain: how an entry is written down, sealed to the one before it, and appended.

An entry's ``body`` is canonical JSON (RFC 8785) of who did what and when, with the hash of the
entry before it; its hash is that of the body's UTF-8 bytes, so that anybody can recompute it with
nothing but the body. Only text, whole numbers, truth values, lists and maps stand in a body:
decimals, dates and instants are written as text, so that no reader's floating point changes them.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, cast
from uuid import UUID, uuid5

from sqlalchemy import Table, Uuid, bindparam, column, insert, select, table, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry, ChainHead, PrivateValue
from app.db import new_id
from app.engine.actors import Actor, Role

FORMAT: Final = 1
"""Version of the layout of a body."""

LARGEST: Final = 2**53 - 1
"""Whole numbers beyond it are not the same in every reader of JSON (RFC 8785, 3.2.2.3)."""

_LONGEST_LABEL: Final = 100
_NAMESPACE: Final = UUID("6f0c1d0e-6f6b-5f5e-9a0d-7a616e6a6961")

_encode: Final = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, check_circular=False
).encode


# Writing ----------------------------------------------------------------------------------------


def plain(value: object) -> Any:
    """Return the value as JSON can hold it exactly: decimals, dates, instants and ids as text.

    Raises TypeError for a float or anything unknown, ValueError for a whole number too large, for a
    naive instant and for a key that two readers of JSON might sort differently.
    """
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return value
    if kind is int:
        if -LARGEST <= value <= LARGEST:  # type: ignore[operator]  # it is an int
            return value
        msg = f"too large for a chain, write it as text: {value}"
        raise ValueError(msg)
    if isinstance(value, Mapping):
        return {_key(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return _text(value)


def _key(key: object) -> str:
    if not isinstance(key, str):
        msg = f"a key must be text, not {key!r}"
        raise TypeError(msg)
    # RFC 8785 sorts by UTF-16 units, Python by code points: the same below U+10000.
    if not key.isascii() and max(key) > "\uffff":
        msg = f"no key of a chain has characters beyond U+FFFF: {key!r}"
        raise ValueError(msg)
    return str(key)


def _text(value: object) -> str:
    if isinstance(value, str):  # a StrEnum
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, set | frozenset):
        msg = "a set has no order: hand over a sorted list"
        raise TypeError(msg)
    msg = f"no exact text for {type(value).__name__}: {value!r}"
    raise TypeError(msg)


def instant(at: datetime) -> str:
    """Write an instant as UTC to the microsecond: ``2026-11-22T02:40:00.000000Z``.

    Raises ValueError for a naive one.
    """
    if at.tzinfo is None:
        msg = f"an instant must be aware, not {at!r}"
        raise ValueError(msg)
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def canonical(body: object) -> str:
    """Write a value as canonical JSON (RFC 8785), after `plain`.

    The standard library's encoder gives the same text as RFC 8785 for what `plain` lets through,
    several times as fast as the reference package; a test compares the two.
    """
    return _encode(plain(body))


def digest(body: str, algorithm: str = "sha256") -> str:
    """Hash the bytes of a body. ``sm3`` is known too where OpenSSL has it."""
    return hashlib.new(algorithm, body.encode()).hexdigest()


def commitment(value: object) -> tuple[str, str]:
    """Return a fresh salt and the digest of ``salt || canonical(value)``.

    The digest stands in the entry of a personal or sealed value; salt and value are kept apart.
    """
    salt = secrets.token_hex(16)
    return salt, committed(salt, canonical(value))


def committed(salt: str, text: str) -> str:
    """Return the digest that commits to a value, of its canonical text."""
    return hashlib.sha256((salt + text).encode()).hexdigest()


def commit_to(
    chain_id: UUID, seq: int, values: Mapping[str, object]
) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Return the commitments that stand in an entry, and the rows that keep the values."""
    commitments: dict[str, str] = {}
    rows: list[dict[str, Any]] = []
    for name, value in values.items():
        salt, commitments[name] = commitment(value)
        rows.append(
            {
                "id": new_id(),
                "chain_id": chain_id,
                "seq": seq,
                "name": name,
                "salt": salt,
                "value": canonical(value),
            }
        )
    return commitments, rows


def seal(
    *,
    chain: str,
    chain_id: UUID,
    seq: int,
    prev_hash: str,
    recorded_at: datetime,
    occurred_at: datetime,
    actor: Actor,
    role: str,
    trigger: str,
    code: str = "",
    from_state: str | None = None,
    to_state: str = "",
    idempotency_key: str | None = None,
    flags: str = "",
    details: Mapping[str, object],
    commitments: Mapping[str, str] | None = None,
    algorithm: str = "sha256",
) -> dict[str, Any]:
    """Return the row of one entry, for a Core insert into ``audit_entries``.

    ``details`` is whatever else the act says: inputs, items, documents, calendar version.
    ``commitments`` stand for personal and sealed inputs, see `commit_to`.
    """
    row: dict[str, Any] = {
        "chain_id": chain_id,
        "seq": seq,
        "chain": chain,
        "recorded_at": recorded_at,
        "occurred_at": occurred_at,
        "actor_id": actor.person_id,
        "actor_name": actor.written_name,
        "organisation_id": actor.organisation_id,
        "organisation_name": actor.organisation_name,
        "on_behalf_of": actor.on_behalf_of,
        "role": str(role),
        "trigger": trigger,
        "code": code,
        "from_state": from_state,
        "to_state": to_state,
        "idempotency_key": idempotency_key,
        "flags": flags,
        "prev_hash": prev_hash,
        "algorithm": algorithm,
    }
    body = told(row)
    body["details"] = plain(details)
    if commitments:
        body["commitments"] = dict(commitments)
    row["body"] = text = _encode(body)
    row["hash"] = digest(text, algorithm)
    return row


def told(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a body says of the columns beside it."""
    behalf = row["on_behalf_of"]
    return {
        "format": FORMAT,
        "algorithm": row["algorithm"],
        "chain": row["chain"],
        "chain_id": str(row["chain_id"]),
        "seq": row["seq"],
        "previous": row["prev_hash"],
        "recorded_at": instant(row["recorded_at"]),
        "occurred_at": instant(row["occurred_at"]),
        "actor": {"id": str(row["actor_id"]), "name": row["actor_name"]},
        "organisation": {"id": str(row["organisation_id"]), "name": row["organisation_name"]},
        "on_behalf_of": None if behalf is None else str(behalf),
        "role": row["role"],
        "trigger": row["trigger"],
        "code": row["code"],
        "from": row["from_state"],
        "to": row["to_state"],
        "key": row["idempotency_key"],
        "flags": row["flags"],
    }


# Chains that are not cases ----------------------------------------------------------------------

entries: Final = cast("Table", AuditEntry.__table__)
heads: Final = cast("Table", ChainHead.__table__)
values: Final = cast("Table", PrivateValue.__table__)

INSERT_ENTRY: Final = insert(entries)
INSERT_VALUES: Final = insert(values)
LOCK_HEAD: Final = (
    select(heads.c.last_seq, heads.c.last_hash)
    .where(heads.c.chain_id == bindparam("head"))
    .with_for_update()
)
MOVE_HEAD: Final = (
    update(heads)
    .where(heads.c.chain_id == bindparam("head"))
    .values(last_seq=bindparam("seq"), last_hash=bindparam("hash"))
)


def chain_id_of(chain: str) -> UUID:
    """Return the id of the one chain of that name, the same in every installation."""
    return uuid5(_NAMESPACE, chain)


def day_label(name: str, day: date) -> str:
    """Name a chain of one organisation and day; a long name is cut, the day is not."""
    return f"{name[: _LONGEST_LABEL - 11]} {day.isoformat()}"


def append(
    session: Session,
    chain: str,
    *,
    trigger: str,
    actor: Actor,
    body: Mapping[str, object],
    now: datetime,
    occurred_at: datetime | None = None,
    code: str = "",
    chain_id: UUID | None = None,
    label: str = "",
    private: Mapping[str, object] | None = None,
    key: str | None = None,
) -> int:
    """Append one entry to a chain that is not a case's, and return its number.

    Takes the lock of the chain's head until the transaction ends. ``private`` values stand in
    the entry only as commitments. Raises IntegrityError for a second entry of the same actor
    with the same ``key``.
    """
    chain_id = chain_id or chain_id_of(chain)
    last_seq, last_hash = _locked_head(session, chain, chain_id, label)
    seq = last_seq + 1
    commitments, kept = commit_to(chain_id, seq, private or {})
    row = seal(
        chain=chain,
        chain_id=chain_id,
        seq=seq,
        prev_hash=last_hash,
        recorded_at=now,
        occurred_at=occurred_at or now,
        actor=actor,
        role=_role(actor),
        trigger=trigger,
        code=code,
        idempotency_key=key,
        details=body,
        commitments=commitments,
    )
    session.execute(INSERT_ENTRY, row)
    if kept:
        session.execute(INSERT_VALUES, kept)
    session.execute(MOVE_HEAD, {"head": chain_id, "seq": seq, "hash": row["hash"]})
    return seq


def _locked_head(session: Session, chain: str, chain_id: UUID, label: str) -> tuple[int, str]:
    head = session.execute(LOCK_HEAD, {"head": chain_id}).one_or_none()
    if head is None:
        first = {
            "chain_id": chain_id, "chain": chain, "label": label, "last_seq": -1, "last_hash": "",
        }  # fmt: skip
        try:
            with session.begin_nested():
                session.execute(insert(heads), first)
        except IntegrityError:  # another transaction began the chain at the same time
            pass
        head = session.execute(LOCK_HEAD, {"head": chain_id}).one()
    return head.last_seq, head.last_hash


def _role(actor: Actor) -> str:
    """Administration is done as administrator; otherwise the first role the person holds."""
    if Role.ADMINISTRATOR in actor.roles:
        return Role.ADMINISTRATOR
    return min(actor.roles, default="")


# Cases keep their head on their own row. Named, not imported: cases lie above the chain.
case_heads: Final = table(
    "cases", column("id", Uuid), column("last_seq"), column("last_hash"), column("covered_seq")
)
