"""A walk along one chain: it names the first entry that is not what it was, and what is wrong.

Every entry is checked by itself (hash, columns beside the body, place), against the one before,
and against what checkpoints cover. The walk ends at the first fault of the chain, because nothing
behind it is vouched for any more; where an entry and its neighbour disagree, those who vouch for
one of them decide which is named.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from app.audit import chain, frame, raw
from app.audit.faults import FaultKind

ALGORITHMS: Final = frozenset({"sha256", "sm3"})
Entry = dict[str, Any]
Body = dict[str, Any]


class Leaf(NamedTuple):
    """What a checkpoint covers of a chain."""

    number: int
    seq: int
    hash: str


class Head(NamedTuple):
    """The end of a chain, as it is written down beside it."""

    last_seq: int
    chain: str
    label: str
    last_hash: str
    covered_seq: int


class Finding(NamedTuple):
    """What is wrong with which entry; the checkpoint that tells, if one does."""

    kind: FaultKind
    seq: int
    number: int | None = None


@dataclass(slots=True)
class Walk:
    """One chain while it is walked.

    ``leaves`` are those that can be trusted, in the order of their checkpoints. Where the walk
    does not begin with entry 0, a leaf covers the entry it begins with.
    """

    chain_id: Any
    head: Head | None
    leaves: Sequence[Leaf]
    start: int = 0
    fault: Finding | None = None
    count: int = 0
    """Entries read so far."""
    _rows: Iterator[Sequence[Any]] = field(default=iter(()))
    _next: Entry | None = None
    _covered: dict[int, Leaf] = field(default_factory=dict)
    _expected: int = 0
    _before: str = ""
    _previous: str = ""
    """Hashes of the last two entries that hold."""
    _vouched: int = -1
    """The last entry that a leaf vouches for."""

    def __post_init__(self) -> None:
        self._expected = self.start

    def sound(self, rows: Iterable[Sequence[Any]]) -> Iterator[tuple[Entry, Body]]:
        """Yield entry after entry as long as they hold; then ``fault`` says why it ended."""
        self._rows = iter(rows)
        self._pull()
        if self.head is None:
            self.fault = self._without_head()
            return
        self._covered = {leaf.seq: leaf for leaf in self.leaves}
        while (entry := self._next) is not None:
            self._pull()
            body = self._taken(entry)
            if self.fault is not None:
                return
            yield entry, body
            self._expected += 1
            self._before, self._previous = self._previous, entry["hash"]
        self.fault = self._end()

    def _taken(self, entry: Entry) -> Body:
        """Take the next entry and check it; ``fault`` says what is wrong with it, if anything."""
        assert self.head is not None
        seq = raw.whole(entry["seq"])
        if seq > self.head.last_seq and self._expected > self.head.last_seq:
            self.fault = self._behind_the_head(seq)
            return {}
        if seq != self._expected:
            inserted = seq < self._expected  # before the first one
            kind = FaultKind.INSERTED if inserted else FaultKind.MISSING
            self.fault = Finding(kind, min(seq, self._expected))
            return {}
        wrong, body = judged(entry)
        if wrong is FaultKind.REORDERED:
            self.fault = self._moved(seq, body)
        elif wrong is not None:
            self.fault = Finding(wrong, seq)
        elif entry["chain"] != self.head.chain:
            self.fault = Finding(FaultKind.HEAD if seq == self.start else FaultKind.INSERTED, seq)
        elif entry["prev_hash"] != self._previous and (seq > self.start or not seq):
            self.fault = self._broken(entry, seq)
        elif (leaf := self._covered.get(seq)) is not None:
            self._vouched = seq
            if leaf.hash != entry["hash"]:
                alone = self._remembered() == leaf.hash
                kind = FaultKind.ALTERED if alone else FaultKind.REWRITTEN
                self.fault = Finding(kind, seq, leaf.number)
        return body

    def _pull(self) -> None:
        row = next(self._rows, None)
        self._next = None if row is None else dict(zip(raw.COLUMNS, row, strict=True))
        self.count += row is not None

    def _remembered(self) -> Any:
        """The hash that what comes next says the entry in hand has."""
        assert self.head is not None
        return self.head.last_hash if self._next is None else self._next["prev_hash"]

    # Saying what is wrong ----------------------------------------------------------------------

    def _without_head(self) -> Finding | None:
        if self._next is not None:
            return Finding(FaultKind.HEADLESS, raw.whole(self._next["seq"]))
        if self.leaves:
            return Finding(FaultKind.GONE, 0, self.leaves[-1].number)
        return None

    def _behind_the_head(self, seq: int) -> Finding:
        """An entry stands behind the head: unless a checkpoint covers it, it was put there."""
        assert self.head is not None
        if self.leaves and self.leaves[-1].seq >= seq:
            return Finding(FaultKind.HEAD, self.head.last_seq, self.leaves[-1].number)
        return Finding(FaultKind.ADDED, seq)

    def _moved(self, seq: int, body: Body) -> Finding:
        """Tell why an entry stands here whose body names another place."""
        ours = body.get("chain_id") == raw.written_id(self.chain_id)
        place = body.get("seq")
        if not ours or type(place) is not int:
            return Finding(FaultKind.INSERTED, seq)
        if place == seq - 1 and body.get("previous") == self._before:
            return Finding(FaultKind.INSERTED, place)  # what belongs there was moved behind it
        while (other := self._next) is not None:
            self._pull()
            _, elsewhere = judged(other)
            if elsewhere.get("seq") == seq and elsewhere.get("chain_id") == body["chain_id"]:
                return Finding(FaultKind.REORDERED, seq)
        return Finding(FaultKind.MISSING if place > seq else FaultKind.INSERTED, seq)

    def _broken(self, entry: Entry, seq: int) -> Finding:
        """Tell which of two entries is wrong where one does not know the other."""
        if self._next is not None and seq and self._next["prev_hash"] == self._previous:
            return Finding(FaultKind.INSERTED, seq)
        known = self._remembered() == entry["hash"]
        if known and seq > self.start and self._vouched != seq - 1:
            return Finding(FaultKind.ALTERED, seq - 1)
        return Finding(FaultKind.ALTERED, seq)

    def _end(self) -> Finding | None:
        """Compare the end of the chain with its head and its newest leaf."""
        assert self.head is not None
        expected = self._expected
        newest = self.leaves[-1] if self.leaves else None
        if newest is not None and newest.seq >= expected:
            return Finding(FaultKind.CUT_OFF, expected, newest.number)
        if self.head.last_seq >= expected:
            return Finding(FaultKind.CUT_OFF, expected)
        if expected > self.start and self.head.last_hash != self._previous:
            kind = FaultKind.HEAD if self._vouched == expected - 1 else FaultKind.ALTERED
            return Finding(kind, expected - 1)
        return None


def judged(entry: Mapping[str, Any]) -> tuple[FaultKind | None, Body]:
    """Check an entry by itself: ALTERED, REORDERED where only its place is wrong, or nothing.

    With what only the body says; of one that stands in the wrong place, with the whole body.
    """
    text, algorithm = entry["body"], entry["algorithm"]
    try:
        if algorithm not in ALGORITHMS or chain.digest(text, algorithm) != entry["hash"]:
            return FaultKind.ALTERED, {}
        told = frame.framed(entry, raw.written_id, raw.written_instant)
        if (found := frame.inside(text, told)) is not None:
            return None, found
        body = json.loads(text)
        place = {"chain_id": raw.written_id(entry["chain_id"]), "seq": entry["seq"]}
        if any(body.get(name) != here for name, here in place.items()):
            return FaultKind.REORDERED, body
    except (ValueError, TypeError, AttributeError, RecursionError):
        pass  # it was never written by this program
    return FaultKind.ALTERED, {}
