"""What convinces an outsider that a chain stood as it stands: the path from it to a checkpoint.

An *anchor* is a full checkpoint that an export proves its chains against. The way from one anchor
to the next leads over every checkpoint between them: each states the hash of the one before and
the key that signs the next.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit import checkpoints, keys
from app.audit.merkle import Tree
from app.audit.models import Checkpoint, CheckpointPublication
from app.db import Database
from app.law.labels import Label

PUBLISHED: Final = 12
"""Handed-out checkpoints an export proves its chains against without being asked."""

_ID, _HASH = 16, 32
_STREAMED: Final = {"yield_per": 500}


class NotAnAnchor(ValueError):
    """No full checkpoint has that number: there is no tree of all chains to prove one against."""

    def __init__(self, number: int) -> None:
        self.label = Label(
            f"存证点 {number} 不存在，或不是全量存证点，无法据以证明。",
            f"Checkpoint {number} does not exist or does not gather every chain: nothing can be "
            "proven against it.",
        )
        super().__init__(self.label.en)


def anchors(session: Session, against: Collection[int] = ()) -> list[int]:
    """Return the numbers of the full checkpoints to prove against, the smallest first.

    The newest one, the newest `PUBLISHED` handed out, and those asked for. Raises NotAnAnchor for
    one asked for that is none.
    """
    found = {n for n in against if _is_full(session, n)}
    for number in sorted(against):
        if number not in found:
            raise NotAnAnchor(number)
    newest = checkpoints.latest(session, full=True)
    if newest is not None:
        found.add(newest.number)
    published = (
        select(func.distinct(CheckpointPublication.number).label("number"))
        .join(Checkpoint, Checkpoint.number == CheckpointPublication.number)
        .where(Checkpoint.full)
        .subquery()
    )
    handed = select(published.c.number).order_by(published.c.number.desc()).limit(PUBLISHED)
    return sorted(found.union(session.scalars(handed)))


def _is_full(session: Session, number: int) -> bool:
    query = select(Checkpoint.number).where(Checkpoint.number == number, Checkpoint.full)
    return session.scalar(query) is not None


def cover_everything(database: Database, key: keys.SigningKey, now: datetime) -> Checkpoint | None:
    """Have every entry covered by a full checkpoint; return the newest one, none without chains.

    Entries that arrive meanwhile are covered by the next.
    """
    checkpoints.cover(database, key, now)
    with database.read() as session:
        newest = checkpoints.latest(session)
        whole = newest is not None and newest.full
    return newest if whole else checkpoints.make(database, key, now, full=True)


def links(session: Session, first: int, last: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield number, body and signature of the checkpoints from ``first`` to ``last``, inclusive.

    Without ``last``, to the newest.
    """
    query = (
        select(Checkpoint.number, Checkpoint.body, Checkpoint.signature)
        .where(Checkpoint.number >= first)
        .order_by(Checkpoint.number)
    )
    if last is not None:
        query = query.where(Checkpoint.number <= last)
    for row in session.execute(query, execution_options=_STREAMED):
        yield {"number": row.number, "body": row.body, "signature": row.signature}


class Prover:
    """Gives the proofs of chains against full checkpoints.

    Builds the whole trees once: about 200 bytes for each chain and checkpoint.
    """

    def __init__(self, session: Session, numbers: Sequence[int]) -> None:
        self._trees = [_Full(session, number) for number in sorted(numbers)]

    @property
    def anchors(self) -> list[int]:
        """The numbers of the checkpoints, the smallest first."""
        return [tree.number for tree in self._trees]

    def proofs(self, chain_id: UUID) -> list[dict[str, Any]]:
        """Return a proof for each checkpoint that covers the chain, the oldest first.

        ``{"checkpoint": n, "seq": s, "hash": h, "index": i, "size": m, "path": [hex, …]}``: entry
        s of the chain has the hash h, and stands as leaf i of m in the tree of checkpoint n.
        """
        found = (tree.proof(chain_id) for tree in self._trees)
        return [proof for proof in found if proof is not None]


class _Full:
    """The tree of one full checkpoint, and where each chain stands in it."""

    def __init__(self, session: Session, number: int) -> None:
        self.number = number
        self._ids, self._hashes = bytearray(), bytearray()
        self._seqs: list[int] = []
        self._tree = Tree(self._leaves(session))

    def _leaves(self, session: Session) -> Iterator[bytes]:
        for chain_id, seq, hash_ in checkpoints.covered(session, self.number):
            self._ids += chain_id.bytes
            self._seqs.append(seq)
            self._hashes += bytes.fromhex(hash_)
            yield checkpoints.leaf(chain_id, seq, hash_)

    def proof(self, chain_id: UUID) -> dict[str, Any] | None:
        size, sought = len(self._seqs), chain_id.bytes
        index = bisect_left(range(size), sought, key=self._id)
        if index == size or self._id(index) != sought:
            return None
        return {
            "checkpoint": self.number,
            "seq": self._seqs[index],
            "hash": self._hashes[index * _HASH : (index + 1) * _HASH].hex(),
            "index": index,
            "size": size,
            "path": [beside.hex() for beside in self._tree.path(index)],
        }

    def _id(self, index: int) -> bytes:
        return bytes(self._ids[index * _ID : (index + 1) * _ID])
