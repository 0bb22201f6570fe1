"""What verification reads, as it is stored: reading a row does not fail, whatever it was made.

The columns have no types here: SQLite gives the text that lies there, PostgreSQL, which keeps its
types itself, gives ids and instants. All rows come in the order of (chain, number), so that what
stands beside the entries can be read along with them, one row at a time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Result,
    Select,
    Subquery,
    TableClause,
    Uuid,
    column,
    func,
    literal,
    select,
    table,
    union_all,
)
from sqlalchemy.orm import Session

from app.audit import chain

BEYOND: Final = 2**62
"""Stands for a number that is none: behind all others."""

COLUMNS: Final = tuple(each.name for each in chain.entries.c)
ENTRIES: Final = table("audit_entries", *map(column, COLUMNS))


def _named(name: str, *columns: str) -> TableClause:
    return table(name, *map(column, columns))


_cases: Final = _named("cases", "id", "number", "last_seq", "last_hash", "covered_seq")
_heads: Final = _named(
    "chain_heads", "chain_id", "chain", "label", "last_seq", "last_hash", "covered_seq"
)
LEAVES: Final = _named("checkpoint_leaves", "number", "chain_id", "seq", "hash")

# What entries vouch for lies above the chain: named, not imported.
SIDES: Final = {
    "values": _named("private_values", "chain_id", "seq", "name", "salt", "value", "id"),
    "documents": _named(
        "case_documents", "case_id", "sealed_seq", "id", "number", "kind", "content",
        "content_digest", "pdf_sha256", "docx_sha256", "voided_at", "void_reason", "sealed_at",
    ),
    "versions": _named("report_versions", "case_id", "seq", "report", "number", "data", "digest"),
    "remarks": _named("case_comments", "case_id", "seq", "id", "body"),
    "evidence": _named("case_evidence", "case_id", "seq", "id", "sha256"),
    "files": _named(
        "case_files", "case_id", "seq", "main_sha256", "side_sha256", "archive_sha256"
    ),
}  # fmt: skip
"""The first two columns of each are the chain and the entry that vouches for the row."""

_keys: Final = _named("value_keys", "value_id", "key_id", "wrapped")
RELEASES: Final = _named("law_releases", "number", "kind", "name", "content", "digest")


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of work: the chains with ``after`` < id <= ``upto``, or those of ``only``."""

    after: UUID | None = None
    upto: UUID | None = None
    only: tuple[tuple[UUID, int], ...] = ()
    """Chains, each from an entry on."""

    def parts(self) -> Iterator[tuple[Unit, int]]:
        """Yield what can be read in one go, and the entry from which on."""
        if not self.only:
            yield self, 0
        for one, start in self.only:
            yield Unit(only=((one, start),)), start

    def holds(self, chain_id: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        """The criterion of its chains."""
        if self.only:
            return [chain_id == _id(self.only[0][0])]
        found = [] if self.after is None else [chain_id > _id(self.after)]
        return found if self.upto is None else [*found, chain_id <= _id(self.upto)]


def same(chain_id: ColumnElement[Any], value: UUID) -> ColumnElement[bool]:
    """The criterion of one chain."""
    return chain_id == _id(value)


def behind(chain_id: ColumnElement[Any], value: UUID) -> ColumnElement[bool]:
    """The criterion of the chains that come behind one."""
    return chain_id > _id(value)


def _id(value: UUID) -> ColumnElement[Any]:
    return literal(value, Uuid())


# Ids and instants as they lie there --------------------------------------------------------------


def written_id(value: Any) -> str:
    """An id as a body writes it. Raises TypeError for what SQLite cannot have meant as one."""
    if isinstance(value, str):
        return f"{value[:8]}-{value[8:12]}-{value[12:16]}-{value[16:20]}-{value[20:]}"
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(value)


def written_instant(value: Any) -> str:
    """An instant as a body writes it. Raises TypeError as `written_id` does."""
    if isinstance(value, str):
        if value[10:11] != " ":
            raise TypeError(value)
        return f"{value[:10]}T{value[11:]}Z"
    return chain.instant(value)


def typed_id(value: Any) -> UUID:
    """An id as it should be; where somebody wrote something else, one that is nobody's."""
    if isinstance(value, UUID):
        return value
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError):
        return UUID(int=0)


def typed_instant(value: Any) -> datetime | None:
    """An instant as it should be; nothing where somebody wrote something else."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    try:
        return datetime.fromisoformat(f"{value}+00:00")
    except ValueError:
        return None


def _chain(value: Any) -> Any:
    return value if isinstance(value, str | UUID) else f"~{value!r}"


def whole(value: Any) -> int:
    """A number as it should be; where somebody wrote something else, one behind all others."""
    return value if type(value) is int else BEYOND


# Streams -----------------------------------------------------------------------------------------


class Stream:
    """Rows whose first two columns are chain and number, in that order."""

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self._rows = iter(rows)
        self.strays: list[Sequence[Any]] = []
        """Rows that were passed over, because nothing asked for their place."""
        self._advance()

    def _advance(self) -> None:
        self.row: Sequence[Any] | None = next(self._rows, None)
        if self.row is not None:
            self.key = (_chain(self.row[0]), whole(self.row[1]))

    @property
    def chain(self) -> Any:
        """The chain of the next row; none where there is no more."""
        return None if self.row is None else self.key[0]

    def of(self, chain_id: Any) -> Iterator[Sequence[Any]]:
        """Yield the rows of a chain that is next."""
        while self.row is not None and self.key[0] == chain_id:
            row = self.row
            self._advance()
            yield row

    def pass_to(self, key: tuple[Any, int]) -> None:
        """Pass over the rows before a place."""
        while self.row is not None and self.key < key:
            self.strays.append(self.row)
            self._advance()

    def at(self, key: tuple[Any, int]) -> list[Sequence[Any]]:
        """Take the rows of one place, and pass over those before; nothing where none is there."""
        found: list[Sequence[Any]] = []
        if self.chain is None or self.key > key:
            return found
        self.pass_to(key)
        while (row := self.row) is not None and self.key == key:
            found.append(row)
            self._advance()
        return found


def entries(session: Session, unit: Unit, start: int) -> Stream:
    """Read the entries."""
    query = select(ENTRIES).where(*unit.holds(ENTRIES.c.chain_id))
    if start:
        query = query.where(ENTRIES.c.seq >= start)
    return _stream(session, query.order_by(ENTRIES.c.chain_id, ENTRIES.c.seq))


def every_head(unit: Unit | None = None) -> Subquery:
    """The heads: id, last_seq, chain, label, last_hash, covered_seq."""
    held = [] if unit is None else unit.holds(_cases.c.id)
    of_cases = select(
        _cases.c.id, _cases.c.last_seq, literal("case").label("chain"),
        _cases.c.number.label("label"), _cases.c.last_hash, _cases.c.covered_seq,
    ).where(*held)  # fmt: skip
    held = [] if unit is None else unit.holds(_heads.c.chain_id)
    others = select(
        _heads.c.chain_id, _heads.c.last_seq, _heads.c.chain, _heads.c.label, _heads.c.last_hash,
        _heads.c.covered_seq,
    ).where(*held)  # fmt: skip
    return union_all(of_cases, others).subquery()


def heads(session: Session, unit: Unit) -> Stream:
    """Read the heads: chain, last number, kind, label, last hash, how far it is covered."""
    found = every_head(unit)
    return _stream(session, select(found).order_by(found.c.id, found.c.last_seq))


def leaves(session: Session, unit: Unit) -> Stream:
    """Read what checkpoints cover: chain, number of the checkpoint, entry, hash."""
    query = select(LEAVES.c.chain_id, LEAVES.c.number, LEAVES.c.seq, LEAVES.c.hash)
    query = query.where(*unit.holds(LEAVES.c.chain_id))
    return _stream(session, query.order_by(LEAVES.c.chain_id, LEAVES.c.number))


def side(session: Session, name: str, unit: Unit, start: int) -> Stream:
    """Read one of the tables entries vouch for; of values also the key of each, if it has one."""
    found = SIDES[name]
    chain_id, seq, *rest = found.c
    number = func.coalesce(seq, literal(BEYOND, BigInteger()))
    query = select(chain_id, number, *rest).where(*unit.holds(chain_id))
    if name == "values":
        query = query.add_columns(_keys.c.key_id, _keys.c.wrapped)
        query = query.outerjoin(_keys, _keys.c.value_id == found.c.id)
    if name == "documents":
        query = query.where(seq.is_not(None) | found.c.sealed_at.is_not(None))
    if name == "evidence":
        query = query.where(seq.is_not(None))
    if start:
        query = query.where(seq >= start)
    return _stream(session, query.order_by(chain_id, number))


def _stream(session: Session, query: Select[Any]) -> Stream:
    return Stream(streamed(session, query))


_OPEN: Final = "tanjian.audit.raw"


def streamed(session: Session, query: Select[Any]) -> Result[Any]:
    """Read rows as they are asked for; `closing` sees to it that they do not stay open."""
    result = session.execute(query, execution_options={"yield_per": 500})
    session.info.get(_OPEN, []).append(result)
    return result


@contextmanager
def closing(session: Session) -> Iterator[None]:
    """Close whatever was read in part: it would hold an old state of the database in the pool."""
    opened: list[Result[Any]] = []
    session.info[_OPEN] = opened
    try:
        yield
    finally:
        del session.info[_OPEN]
        for result in opened:
            result.close()


def released(session: Session, before: int, releases: UUID) -> Iterator[Sequence[Any]]:
    """Read the releases of the law that entries from ``before`` on vouch for, in their order."""
    skipped = session.scalar(
        select(func.count()).where(
            chain.entries.c.chain_id == releases,
            chain.entries.c.seq < before,
            chain.entries.c.trigger == "release",
        )
    )
    query = select(RELEASES).order_by(RELEASES.c.number).offset(skipped or 0)
    return iter(session.execute(query).all())


@contextmanager
def lenient(session: Session) -> Iterator[None]:
    """Read texts on SQLite that are no UTF-8, so that they can be called altered."""
    inner = session.connection().connection.dbapi_connection
    if not isinstance(inner, sqlite3.Connection):
        yield
        return
    before, inner.text_factory = inner.text_factory, _decoded
    try:
        yield
    finally:
        inner.text_factory = before


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
