"""One entry with what proves it, computed anew while it is read.

An entry is proven by its own hash, by the entries from it to the head that a checkpoint covers,
by the path from that head to the root, and by the signature on what states the root. The first
checkpoint that covers it is taken, and its tree of changed chains: at most `checkpoints.MOST`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from app.assurance.log import lines
from app.audit import chain, checkpoints, keys, merkle
from app.audit.models import AuditEntry, Checkpoint, CheckpointLeaf
from app.engine.actors import Actor

_SEEN: Final = {"case_seen": True}
"""Marks queries about a chain of which the person was given an entry before."""


@dataclass(frozen=True, slots=True)
class Beside:
    """One step of the path: the neighbour, on which side it stands, and what both give."""

    left: bool
    hash: str
    gives: str


@dataclass(frozen=True, slots=True)
class Covered:
    """The first checkpoint that covers an entry, and what was found when it was computed anew."""

    number: int
    made_at: datetime
    full: bool
    hash: str
    key: str
    """Public key, hexadecimal, of who signed it."""
    head_seq: int
    head_hash: str
    """The last entry of the chain that it covers."""
    leads_there: bool
    """Whether the entries from this one to that head follow on one another."""
    index: int
    """Place of the chain among those the checkpoint covers anew, from 0."""
    size: int
    leaf: str
    path: Sequence[Beside]
    root: str
    """What leaf and path give."""
    stated: str
    """What the signed body states."""
    signed: bool

    @property
    def holds(self) -> bool:
        """Whether every part of the proof holds."""
        return self.leads_there and self.root == self.stated and self.signed


@dataclass(frozen=True, slots=True)
class Proven:
    """One entry and its proof. ``told`` is what its body says."""

    row: Row[*tuple[Any, ...]]
    told: dict[str, Any]
    computed: str
    """The hash of the body, computed now."""
    previous: str
    """The hash of the entry before, as it stands there; empty for entry 0."""
    agrees: bool
    """Whether the columns beside the body say the same as it does."""
    next_seq: int | None
    covered: Covered | None

    @property
    def is_intact(self) -> bool:
        """Whether the entry is what was hashed, and follows on the one before."""
        same = self.computed == self.row.hash and self.told["previous"] == self.previous
        return same and self.agrees


def proven(session: Session, actor: Actor, chain_id: UUID, seq: int) -> Proven | None:
    """Return an entry with its proof; nothing for one the person may not read."""
    asked = lines(
        actor,
        AuditEntry.organisation_id,
        AuditEntry.idempotency_key,
        AuditEntry.body,
        AuditEntry.prev_hash,
        AuditEntry.hash,
        AuditEntry.algorithm,
    ).where(AuditEntry.chain_id == chain_id, AuditEntry.seq == seq)
    row = session.execute(asked).one_or_none()
    if row is None:
        return None
    beside = select(AuditEntry.seq, AuditEntry.hash).where(
        AuditEntry.chain_id == chain_id, AuditEntry.seq.between(seq - 1, seq + 1)
    )
    hashes = {one.seq: one.hash for one in session.execute(beside, execution_options=_SEEN)}
    told: dict[str, Any] = json.loads(row.body)
    return Proven(
        row=row,
        told=told,
        computed=chain.digest(row.body, row.algorithm),
        previous=hashes.get(seq - 1, ""),
        agrees=_agrees(row, told),
        next_seq=seq + 1 if seq + 1 in hashes else None,
        covered=_covered(session, chain_id, seq),
    )


def _agrees(row: Row[*tuple[Any, ...]], told: dict[str, Any]) -> bool:
    said = chain.told(dict(row._mapping))  # noqa: SLF001 - the public name of Row
    return all(told.get(name) == value for name, value in said.items())


def _covered(session: Session, chain_id: UUID, seq: int) -> Covered | None:
    query = (
        select(CheckpointLeaf.seq, CheckpointLeaf.hash, Checkpoint)
        .join(Checkpoint, Checkpoint.number == CheckpointLeaf.number)
        .where(CheckpointLeaf.chain_id == chain_id, CheckpointLeaf.seq >= seq)
        .order_by(CheckpointLeaf.number)
        .limit(1)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        return None
    head_seq, head_hash, checkpoint = found
    body = checkpoints.told(checkpoint)
    data, ids = [], []
    for one, at, hash_ in checkpoints.changed_in(session, checkpoint.number):
        ids.append(one)
        data.append(checkpoints.leaf(one, at, hash_))
    index = ids.index(chain_id)
    leaf, path = merkle.leaf(data[index]), merkle.Tree(data).path(index)
    steps = list(_steps(leaf, index, len(data), path))
    return Covered(
        number=checkpoint.number,
        made_at=checkpoint.made_at,
        full=checkpoint.full,
        hash=checkpoint.hash,
        key=body["key"],
        head_seq=head_seq,
        head_hash=head_hash,
        leads_there=_leads(session, chain_id, seq, head_seq, head_hash),
        index=index,
        size=len(data),
        leaf=leaf.hex(),
        path=steps,
        root=steps[-1].gives if steps else leaf.hex(),
        stated=body["changed"]["root"],
        signed=keys.holds(body["key"], checkpoint.body, checkpoint.signature),
    )


def _leads(session: Session, chain_id: UUID, seq: int, head_seq: int, head_hash: str) -> bool:
    """Whether every body from an entry to the covered head gives its hash to the next one."""
    query = (
        select(AuditEntry.seq, AuditEntry.body, AuditEntry.algorithm)
        .where(AuditEntry.chain_id == chain_id, AuditEntry.seq.between(seq, head_seq))
        .order_by(AuditEntry.seq)
    )
    before, expected = "", seq
    with session.execute(query, execution_options={**_SEEN, "yield_per": 100}) as rows:
        for row in rows:
            if row.seq != expected or (before and json.loads(row.body)["previous"] != before):
                return False
            before, expected = chain.digest(row.body, row.algorithm), expected + 1
    return expected == head_seq + 1 and before == head_hash


def _steps(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> Iterator[Beside]:
    """Walk the path from below (RFC 9162, 2.1.3.2); a node alone moves up as it is."""
    found, last, left = leaf, size - 1, list(path)
    while last:
        if index % 2 or index < last:
            beside = left.pop(0)
            found = merkle.node(beside, found) if index % 2 else merkle.node(found, beside)
            yield Beside(bool(index % 2), beside.hex(), found.hex())
        index, last = index // 2, last // 2
