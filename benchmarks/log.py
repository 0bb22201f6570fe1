"""A log of as many entries as wanted, written in bulk: hashed and chained as the product's are.

Of entries of one kind only chain, number, times and the hash before differ. So the text of a real
one is a pattern, filled in for each, which is little more work than hashing it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from app.audit.chain import entries, heads, instant, seal
from app.audit.models import AuditEntry
from app.cases.models import Case
from app.db import Database, new_id, table_of
from benchmarks.acts import Fire, walks
from benchmarks.scene import NOW, Scene

cases = table_of(Case)
LENGTH = 10
"""Entries of each case of a log."""
BATCH = 5000
VARYING = ("chain_id", "seq", "recorded_at", "occurred_at", "body", "prev_hash", "hash")
_ID, _SEQ, _BEFORE = UUID(int=2**128 - 1), 987_654_321, "~" * 64
_AT = datetime.fromisoformat("1999-09-09T09:09:09.999999+00:00")

Entry = tuple[UUID, int, datetime, str, str, str]
"""Chain, number, time, body, hash before, hash."""


class Mould:
    """Entries of one kind."""

    def __init__(self, scene: Scene, kind: str) -> None:
        self.said: dict[str, Any] = {
            "chain": kind, "actor": scene.supervisor, "role": "supervisor", "trigger": "forward",
            "code": "B2", "from_state": "to_forward", "to_state": "to_answer",
            "details": a_letter(scene),
        }  # fmt: skip
        row = self.sealed(_ID, _SEQ, _BEFORE, _AT)
        pattern = row["body"].replace("%", "%%")
        for mark in (str(_ID), instant(_AT), _BEFORE, f'"seq":{_SEQ}'):
            pattern = pattern.replace(mark, '"seq":%s' if mark.startswith('"') else "%s")
        self.pattern = pattern
        self.same = {name: value for name, value in row.items() if name not in VARYING}

    def sealed(self, chain_id: UUID, seq: int, before: str, at: datetime) -> dict[str, Any]:
        """An entry as the product writes it."""
        said = {"recorded_at": at, "occurred_at": at, **self.said}
        return seal(chain_id=chain_id, seq=seq, prev_hash=before, **said)

    def cast(self, chain_id: UUID, length: int) -> Iterator[Entry]:
        """Entries of a chain from its first one."""
        before, name = "", str(chain_id)
        for seq in range(length):
            at = NOW + timedelta(minutes=seq)
            text = instant(at)
            # In the order of the keys: chain_id, occurred_at, previous, recorded_at, seq.
            body = self.pattern % (name, text, before, text, seq)
            hash_ = hashlib.sha256(body.encode()).hexdigest()
            yield chain_id, seq, at, body, before, hash_
            before = hash_

    def refuse_unlike(self) -> None:
        """Fail if what is cast is not what the product writes."""
        *_, (chain_id, seq, at, body, before, hash_) = self.cast(new_id(), 3)
        row = self.sealed(chain_id, seq, before, at)
        if (row["body"], row["hash"]) != (body, hash_):
            raise AssertionError(body)


def a_letter(scene: Scene) -> dict[str, Any]:
    """What a real entry of a letter that was forwarded says besides."""
    with walks(scene, (Fire,)) as [walk], scene.database.read() as session:
        query = select(AuditEntry.body).where(
            AuditEntry.chain_id == walk.way.case_id, AuditEntry.trigger == "forward"
        )
        details: dict[str, Any] = json.loads(session.scalars(query.limit(1)).one())["details"]
    return details


def fill(scene: Scene, number: int) -> None:
    """Add cases with so many entries in all."""
    mould = Mould(scene, "case")
    mould.refuse_unlike()
    case_id = scene.open_case()
    with scene.database.read() as session:
        row = dict(session.execute(select(cases).where(cases.c.id == case_id)).one()._mapping)
    for first in range(0, number, BATCH):
        chains = (min(BATCH, number - first)) // LENGTH
        made = [list(mould.cast(new_id(), LENGTH)) for _ in range(chains)]
        ends = [chain[-1] for chain in made]
        with scene.database.engine.begin() as connection:
            connection.execute(
                insert(cases),
                [
                    {
                        **row, "id": end[0], "root_id": end[0], "number": f"测{end[0].hex}",
                        "cycle_key": None, "last_seq": end[1], "last_hash": end[5],
                    }
                    for end in ends
                ],
            )  # fmt: skip
        write(scene.database, mould, (entry for chain in made for entry in chain))


def lengthen(scene: Scene, kind: str, chain_id: UUID, length: int) -> None:
    """Write one chain of that length which is no case's, with its head."""
    mould = Mould(scene, kind)
    made = list(mould.cast(chain_id, length))
    write(scene.database, mould, made)
    _, seq, *_, hash_ = made[-1]
    head = {"chain": kind, "label": kind, "last_seq": seq, "last_hash": hash_, "covered_seq": -1}
    with scene.database.engine.begin() as connection:
        connection.execute(insert(heads), {"chain_id": chain_id, **head})


def write(database: Database, mould: Mould, made: Iterable[Entry]) -> None:
    """Write entries, as each engine is quickest."""
    names = ", ".join((*VARYING, *mould.same))
    with database.engine.begin() as connection:
        driver: Any = connection.connection.driver_connection
        if database.is_sqlite:
            places = ", ".join("?" * (len(VARYING) + len(mould.same)))
            same = tuple(v.hex if isinstance(v, UUID) else v for v in mould.same.values())
            rows = (
                (one.hex, seq, at, at, body, before, hash_, *same)
                for one, seq, moment, body, before, hash_ in made
                for at in [moment.isoformat(" ", "microseconds")[:26]]
            )
            driver.executemany(f"INSERT INTO {entries.name} ({names}) VALUES ({places})", rows)
            return
        end = "".join("\t\\N" if v is None else f"\t{v}" for v in mould.same.values()) + "\n"
        with driver.cursor().copy(f"COPY {entries.name} ({names}) FROM STDIN") as copy:
            for one, seq, at, body, before, hash_ in made:
                kept = body.replace("\\", "\\\\")
                copy.write(f"{one}\t{seq}\t{at}\t{at}\t{kept}\t{before}\t{hash_}{end}")
