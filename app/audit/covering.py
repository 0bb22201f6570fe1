"""Verifying the checkpoints: their bodies, their signatures, what they list, and the file outside.

What a checkpoint covers is believed only where the checkpoint itself holds; one that does not is
named once, and its leaves are left out of the walks along the chains.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, column, func, or_, select, table
from sqlalchemy.orm import Session

from app.audit import chain, checkpoints, keys, raw
from app.audit.faults import Fault, FaultKind
from app.audit.merkle import Root

_table: Final = table(
    "checkpoints",
    *map(column, ("number", "made_at", "full", "changed", "body", "hash", "signature")),
)
_KEYS: Final = {
    "format", "number", "previous", "made_at", "full", "changed", "all", "key", "next_key",
}  # fmt: skip
_LISTS: Final = {
    FaultKind.CHECKPOINT_MISSING,
    FaultKind.LEAF_ALTERED,
    FaultKind.LEAF_MISSING,
    FaultKind.LEAF_ADDED,
}
_EVERY: Final = 1000
"""Leaves between two signs of life."""
_WRONG: Final = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


class NotACheckpoint(ValueError):
    """The file that was handed over holds no checkpoint."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A checkpoint as it was handed out: see `checkpoints.handed_out`."""

    body: str
    signature: str
    number: int
    key: str

    @classmethod
    def read(cls, text: str) -> Handed:
        """Read the file. Raises NotACheckpoint."""
        try:
            file = json.loads(text)
            told = json.loads(file["body"])
            found = cls(file["body"], file["signature"], told["number"], told["key"])
            is_one = file["tanjian_checkpoint"] == told["format"] == checkpoints.FORMAT
        except _WRONG as error:
            raise NotACheckpoint(str(error)) from error
        texts = (found.body, found.signature, found.key)
        if (
            not is_one
            or type(found.number) is not int
            or found.number < 1
            or any(type(one) is not str for one in texts)
        ):
            raise NotACheckpoint("laid out otherwise")
        return found


@dataclass(slots=True)
class Covering:
    """What the checkpoints of a database are worth."""

    faults: list[Fault] = field(default_factory=list)
    bad: set[int] = field(default_factory=set)
    """Numbers of checkpoints that prove nothing."""
    newest: int = 0
    """The highest number there is; 0 where there is none."""
    held: int = 0
    """The highest number that held by itself; the trees over all chains are compared later."""
    made_at: datetime | None = None
    """When the newest one that holds was made."""

    @property
    def is_listed(self) -> bool:
        """Whether what all of them list is still there, and as it was."""
        return not any(fault.kind in _LISTS for fault in self.faults)

    @property
    def last(self) -> int:
        """The newest one that holds; 0 where there is none."""
        return next((one for one in range(self.held, 0, -1) if one not in self.bad), 0)

    def trusts(self, number: int) -> bool:
        """Whether what that checkpoint lists is believed."""
        return number <= self.newest and number not in self.bad


@dataclass(slots=True)
class _Row:
    """A checkpoint as it lies there, and what its body says."""

    number: int
    row: Any
    told: dict[str, Any] | None


def check(
    session: Session,
    *,
    key: str | None = None,
    handed: Handed | None = None,
    beat: Callable[[], None] = lambda: None,
) -> Covering:
    """Verify every checkpoint, the trees over what they list, and the one that was handed out."""
    with raw.lenient(session), raw.closing(session):
        return _check(session, key, handed, beat)


def _check(
    session: Session, key: str | None, handed: Handed | None, beat: Callable[[], None]
) -> Covering:
    found = Covering()
    lists = _Lists(session, beat)
    before: _Row | None = None
    full: dict[int, Any] = {}
    at_hand: _Row | None = None
    for one in _rows(session):
        expected = found.newest + 1
        if one.number != expected:
            _blame(found, FaultKind.CHECKPOINT_MISSING, expected)
            found.bad.update(lists.unlisted(one.number))
            before = None
        found.newest = one.number
        kind = _wrong(one, before, key)
        if kind is None:
            wrong = lists.wrong(one)
            if wrong is not None:
                found.faults.append(wrong)
                found.bad.add(one.number)
        else:
            _blame(found, kind, one.number)
            lists.wrong(one)
        if one.number in found.bad:
            before = None
        else:
            assert one.told is not None
            before, found.made_at = one, datetime.fromisoformat(one.told["made_at"])
            found.held = one.number
            if one.told["full"]:
                full = {**{n: a for n, a in full.items() if handed and n == handed.number},
                        one.number: one.told["all"]}  # fmt: skip
        if handed is not None and one.number == handed.number:
            at_hand = one
        beat()
    if beyond := lists.unlisted(raw.BEYOND + 1):
        _blame(found, FaultKind.CHECKPOINT_MISSING, beyond[0])
        found.bad.update(beyond)
    _check_trees(session, found, full, beat)
    if handed is not None:
        found.faults += list(_compare(handed, at_hand, found))
    return found


def _blame(found: Covering, kind: FaultKind, number: int) -> None:
    found.faults.append(Fault(kind, number=number))
    found.bad.add(number)


def _rows(session: Session) -> Iterator[_Row]:
    query = select(_table).order_by(_table.c.number)
    for row in raw.streamed(session, query):
        told = None
        try:
            told = json.loads(row.body)
            if not told.keys() >= _KEYS or not {"count", "root"} <= told["changed"].keys():
                told = None
        except _WRONG:
            told = None
        yield _Row(raw.whole(row.number), row, told)


def _wrong(one: _Row, before: _Row | None, key: str | None) -> FaultKind | None:
    """Say what is wrong with a checkpoint by itself, or beside the one before it."""
    row, told = one.row, one.told
    try:
        if told is None or not _as_its_columns(row, told):
            return FaultKind.CHECKPOINT_ALTERED
        if not keys.holds(told["key"], row.body, row.signature):
            return FaultKind.CHECKPOINT_FORGED
    except _WRONG:
        return FaultKind.CHECKPOINT_ALTERED
    if one.number == 1:
        previous, by, since = "", key or told["key"], told["made_at"]
    elif before is None or before.told is None:
        return None  # nothing to compare with: the one before is named already
    else:
        previous, by, since = before.row.hash, before.told["next_key"], before.told["made_at"]
    if told["key"] != by:
        return FaultKind.KEY
    follows = told["previous"] == previous and told["made_at"] >= since
    return None if follows else FaultKind.CHECKPOINT_UNLINKED


def _as_its_columns(row: Any, told: dict[str, Any]) -> bool:
    """Whether the body is the one that was hashed, and says what stands beside it.

    Only a canonical one: where a key stood there twice, two readers would read two bodies.
    """
    beside = {
        "format": checkpoints.FORMAT,
        "number": row.number,
        "made_at": raw.written_instant(row.made_at),
        "full": bool(row.full),
    }
    lists = told["changed"]["count"] == row.changed and (told["all"] is not None) == told["full"]
    is_instant = chain.instant(datetime.fromisoformat(told["made_at"])) == told["made_at"]
    is_hashed = chain.canonical(told) == row.body and chain.digest(row.body) == row.hash
    return is_hashed and is_instant and lists and beside.items() <= told.items()


class _Lists:
    """What checkpoints list, read along with them."""

    def __init__(self, session: Session, beat: Callable[[], None]) -> None:
        self._session, self._beat = session, beat
        leaves = raw.LEAVES.c
        query = select(leaves.number, leaves.chain_id, leaves.seq, leaves.hash)
        rows: Iterable[Any] = raw.streamed(session, query.order_by(leaves.number, leaves.chain_id))
        self._groups = groupby(rows, key=lambda row: raw.whole(row[0]))
        self._next = next(self._groups, None)

    def unlisted(self, before: int) -> list[int]:
        """Pass over what is listed under numbers before one; return these."""
        passed = []
        while self._next is not None and self._next[0] < before:
            passed.append(self._next[0])
            self._next = next(self._groups, None)
        return passed

    def wrong(self, one: _Row) -> Fault | None:
        """Compare the list of a checkpoint with the root in its body."""
        root, readable = Root(), True
        if self._next is not None and self._next[0] == one.number:
            for row in self._next[1]:
                try:
                    # As it is written there: another spelling of an id would be another chain.
                    root.add(checkpoints.leaf(raw.written_id(row[1]), row[2], row[3]))
                except _WRONG:
                    readable = False
                if root.count % _EVERY == 0:
                    self._beat()
            self._next = next(self._groups, None)
        if one.told is None:
            return None
        told = one.told["changed"]
        if readable and (root.count, root.value().hex()) == (told["count"], told["root"]):
            return None
        return self._culprit(one.number, root.count, told["count"])

    def _culprit(self, number: int, count: int, told: int) -> Fault:
        """Name the chain whose leaf was touched, as far as the entries tell."""
        if count < told:
            kind, place = FaultKind.LEAF_MISSING, _no_longer_listed(self._session)
        else:
            kind = FaultKind.LEAF_ADDED if count > told else FaultKind.LEAF_ALTERED
            place = _not_its_entry(self._session, number)
        if place is None:
            return Fault(kind, number=number)
        return Fault(kind, raw.typed_id(place[0]), raw.whole(place[1]), number)


def _not_its_entry(session: Session, number: int) -> Sequence[Any] | None:
    """The first leaf of a checkpoint that does not give the hash of the entry it names."""
    leaves, entries = raw.LEAVES.c, raw.ENTRIES.c
    query = (
        select(leaves.chain_id, leaves.seq)
        .select_from(
            raw.LEAVES.outerjoin(
                raw.ENTRIES,
                and_(entries.chain_id == leaves.chain_id, entries.seq == leaves.seq),
            )
        )
        .where(leaves.number == number, or_(entries.hash.is_(None), entries.hash != leaves.hash))
        .order_by(leaves.chain_id)
        .limit(1)
    )
    return session.execute(query).first()


def _no_longer_listed(session: Session) -> Sequence[Any] | None:
    """The first chain that is marked as covered further than any checkpoint lists."""
    leaves = raw.LEAVES.c
    newest = (
        select(leaves.chain_id, func.max(leaves.seq).label("seq"))
        .group_by(leaves.chain_id)
        .subquery()
    )
    heads = raw.every_head()
    query = (
        select(heads.c.id, heads.c.covered_seq)
        .select_from(heads.outerjoin(newest, newest.c.chain_id == heads.c.id))
        .where(heads.c.covered_seq > func.coalesce(newest.c.seq, -1))
        .order_by(heads.c.id)
        .limit(1)
    )
    return session.execute(query).first()


def _check_trees(
    session: Session, found: Covering, full: dict[int, Any], beat: Callable[[], None]
) -> None:
    """Compare the roots over every chain; where a list is wrong they cannot be right."""
    for number, told in full.items() if found.is_listed else ():
        root = None
        with suppress(*_WRONG):  # the list of a checkpoint that cannot be read is not compared
            root = checkpoints.root_over(_alive(checkpoints.covered(session, number), beat))
        if root != told:
            _blame(found, FaultKind.TREE, number)


def _alive(
    heads: Iterator[tuple[UUID, int, str]], beat: Callable[[], None]
) -> Iterator[tuple[UUID, int, str]]:
    for count, head in enumerate(heads):
        if count % _EVERY == 0:
            beat()
        yield head


def _compare(handed: Handed, here: _Row | None, found: Covering) -> Iterator[Fault]:
    """Compare the database with the checkpoint somebody outside holds."""
    if not keys.holds(handed.key, handed.body, handed.signature):
        yield Fault(FaultKind.HANDED_FORGED, number=handed.number)
    elif here is None:
        if found.newest < handed.number:
            yield Fault(FaultKind.OLDER, number=handed.number)
    elif here.row.body != handed.body:
        yield Fault(FaultKind.HISTORY, number=handed.number)
