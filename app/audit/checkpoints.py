"""Checkpoints 存证点: the heads that changed, under one signed root, linked to the one before.

A checkpoint covers a chain up to an entry; whoever holds a copy of it can tell for ever whether
what lies before that entry is still what it was. A *full* one gathers every chain there is: the
first of each day is full, and every one that is handed out, so that a single full checkpoint and
a path through its tree prove a chain without any other.

    body   format, number, previous (hash of the body before), made_at, full,
           changed {count, root}: chains covered anew,
           all {count, root}: every chain, in a full one, else null,
           key: public key of who signs this one, next_key: of who signs the next one
    leaf   canonical JSON of [chain id, last entry covered, its hash]; in the order of chain ids
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, bindparam, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit import chain, keys
from app.audit.merkle import Root
from app.audit.models import Checkpoint, CheckpointLeaf
from app.db import Database, table_of
from app.law.periods import local_date

FORMAT: Final = 1
MOST: Final = 20_000
"""Chains covered by one checkpoint; more follow in the next, so that no writer waits long."""
_TRIES: Final = 3
_STREAMED: Final = {"yield_per": 1000}

checkpoints: Final = table_of(Checkpoint)
leaves: Final = table_of(CheckpointLeaf)

HEADS: Final = (
    (chain.case_heads, chain.case_heads.c.id),
    (chain.heads, chain.heads.c.chain_id),
)
"""Tables that carry the head of a chain and how far it is covered, with the id of the chain."""


def leaf(chain_id: UUID | str, seq: int, hash_: str) -> bytes:
    """Return what the leaf of a chain says."""
    return chain.canonical([str(chain_id), seq, hash_]).encode()


def anything_uncovered(session: Session) -> bool:
    """Whether a chain has entries that no checkpoint covers."""
    asked = [exists().where(head.c.last_seq > head.c.covered_seq) for head, _ in HEADS]
    return bool(session.scalar(select(or_(*asked))))


def make(
    database: Database,
    key: keys.SigningKey,
    now: datetime,
    *,
    full: bool = False,
    next_key: str | None = None,
    after_loss: bool = False,
    first: Callable[[Session], object] | None = None,
) -> Checkpoint | None:
    """Make the next checkpoint; ``None`` where nothing changed and nobody wants a full one.

    The first of a day is full. Two made at the same moment do not both succeed: the later one is
    made anew, on top. ``next_key`` hands the signing over to another key; ``first`` is done in the
    same transaction before, so that the checkpoint covers its entry.

    Raises keys.NotTheKey for a key that the checkpoint before does not name, unless ``after_loss``.
    """

    def work(session: Session) -> Checkpoint | None:
        if first is not None:
            first(session)
        return _make(session, key, now, full, next_key, after_loss)

    for attempt in range(1, _TRIES + 1):
        try:
            return database.write(work)
        except IntegrityError:  # another process made this number
            if attempt == _TRIES:
                raise
    return None


def cover(database: Database, key: keys.SigningKey, now: datetime) -> list[Checkpoint]:
    """Make checkpoints until every chain is covered."""
    made = []
    while (one := make(database, key, now)) is not None:
        made.append(one)
        if one.changed < MOST:
            break
    return made


def key_of(database: Database, path: Path) -> keys.SigningKey:
    """Return the key of this installation; before the first checkpoint it is made.

    Raises keys.NoKey where checkpoints were signed by a key that is gone, because another one
    would prove nothing about them, and where none can be made.
    """
    if not os.path.exists(path):  # noqa: PTH110 - Path.exists raises where it may not look
        with database.read() as session:
            if latest(session) is None:
                try:
                    return keys.make(path)
                except FileExistsError:  # another process was first
                    pass
                except OSError as refused:
                    raise keys.NoKey(f"no key can be made at {path.name}") from refused
    return keys.load(path)


def latest(session: Session, *, full: bool = False) -> Checkpoint | None:
    """Return the newest checkpoint, or the newest full one."""
    query = select(Checkpoint).order_by(Checkpoint.number.desc()).limit(1)
    return session.scalar(query.where(Checkpoint.full) if full else query)


def _make(
    session: Session,
    key: keys.SigningKey,
    now: datetime,
    full: bool,  # noqa: FBT001 - handed on by `make` alone
    next_key: str | None,
    after_loss: bool,  # noqa: FBT001
) -> Checkpoint | None:
    before = latest(session)
    if before is not None and not after_loss and told(before)["next_key"] != key.public:
        raise keys.NotTheKey(before.number)
    if before is not None:  # the clock of another host may be ahead: time does not go backwards
        now = max(now, before.made_at)
    changed = sorted(_take_changed(session), key=lambda head: head["chain_id"].bytes)
    if not (changed or full or next_key):
        return None
    number = before.number + 1 if before else 1
    _write_leaves(session, number, changed)
    last_full = latest(session, full=True)
    full = full or last_full is None or local_date(last_full.made_at) < local_date(now)
    body: dict[str, Any] = {
        "format": FORMAT,
        "number": number,
        "previous": before.hash if before else "",
        "made_at": now,
        "full": full,
        "changed": root_over((h["chain_id"], h["seq"], h["hash"]) for h in changed),
        "all": root_over(covered(session, number)) if full else None,
        "key": key.public,
        "next_key": next_key or key.public,
    }
    text = chain.canonical(body)
    made = Checkpoint(
        number=number,
        made_at=now,
        full=full,
        changed=len(changed),
        body=text,
        hash=chain.digest(text),
        signature=key.sign(text),
    )
    session.add(made)
    session.flush()
    return made


def _take_changed(session: Session) -> list[dict[str, Any]]:
    """Read the heads that no checkpoint covers as they stand, and mark them covered so far.

    A chain that grows meanwhile stays marked by its own head: it is newer than what is covered.
    """
    taken: list[dict[str, Any]] = []
    for head, chain_id in HEADS:
        query = (
            select(chain_id.label("chain_id"), head.c.last_seq, head.c.last_hash)
            .where(head.c.last_seq > head.c.covered_seq)
            .order_by(chain_id)
            .limit(MOST - len(taken))
        )
        rows = session.execute(query).all()
        if rows:
            mark = update(head).where(chain_id == bindparam("head"))
            mark = mark.values(covered_seq=bindparam("seq"))
            session.execute(mark, [{"head": row.chain_id, "seq": row.last_seq} for row in rows])
        taken += [{"chain_id": r.chain_id, "seq": r.last_seq, "hash": r.last_hash} for r in rows]
    return taken


def _write_leaves(session: Session, number: int, changed: list[dict[str, Any]]) -> None:
    if changed:
        session.execute(insert(leaves), [{"number": number, **head} for head in changed])


def root_over(heads: Iterable[tuple[UUID, int, str]]) -> dict[str, object]:
    """Return count and root of a tree, as a body states them."""
    root = Root()
    for chain_id, seq, hash_ in heads:
        root.add(leaf(chain_id, seq, hash_))
    return {"count": root.count, "root": root.value().hex()}


# Reading them ------------------------------------------------------------------------------------


def covered(session: Session, number: int) -> Iterator[tuple[UUID, int, str]]:
    """Yield how far every chain was covered at a checkpoint, in the order of a full tree."""
    rows = session.execute(_covered(number), execution_options=_STREAMED)
    for row in rows:
        yield row.chain_id, row.seq, row.hash


def _covered(number: int) -> Select[Any]:
    newest = (
        select(leaves.c.chain_id, func.max(leaves.c.number).label("number"))
        .where(leaves.c.number <= number)
        .group_by(leaves.c.chain_id)
        .subquery()
    )
    return (
        select(leaves.c.chain_id, leaves.c.seq, leaves.c.hash)
        .join(
            newest,
            (leaves.c.chain_id == newest.c.chain_id) & (leaves.c.number == newest.c.number),
        )
        .order_by(leaves.c.chain_id)
    )


def changed_in(session: Session, number: int) -> Iterator[tuple[UUID, int, str]]:
    """Yield the chains one checkpoint covers anew, in the order of its tree."""
    query = (
        select(leaves.c.chain_id, leaves.c.seq, leaves.c.hash)
        .where(leaves.c.number == number)
        .order_by(leaves.c.chain_id)
    )
    for row in session.execute(query, execution_options=_STREAMED):
        yield row.chain_id, row.seq, row.hash


def told(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return what the body of a checkpoint says."""
    body: dict[str, Any] = json.loads(checkpoint.body)
    return body


def handed_out(checkpoint: Checkpoint) -> str:
    """Write a checkpoint as the file that is handed to somebody outside."""
    return json.dumps(
        {"tanjian_checkpoint": FORMAT, "body": checkpoint.body, "signature": checkpoint.signature},
        ensure_ascii=False,
        indent=1,
    )
