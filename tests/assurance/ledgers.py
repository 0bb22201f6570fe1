"""A few chains with checkpoints, whoever attacks them, and an export of them read by a stranger."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from app.assurance import exports, verify_export
from app.assurance.formats import WRITERS
from app.assurance.proofs import cover_everything
from app.assurance.selection import Selection
from app.audit import chain, checkpoints, keys, triggers
from app.db import Database
from app.engine.actors import SYSTEM_ACTOR
from config import Settings
from tests.times import NOW

CHAINS = ("registers", "administration", "releases")
LATER = NOW + timedelta(days=1)


@dataclass
class Ledger:
    """Three chains, one with personal values, and the key that signs their checkpoints."""

    database: Database
    settings: Settings
    folder: Path

    @property
    def key(self) -> keys.SigningKey:
        return checkpoints.key_of(self.database, self.settings.audit_key)

    def act(self, name: str, what: str, now: datetime = NOW, **private: object) -> None:
        self.database.write(
            lambda session: chain.append(
                session, name, trigger="note", actor=SYSTEM_ACTOR, body={"what": what}, now=now,
                label=f"链 {name}", private=private,
            )
        )  # fmt: skip

    def hand_out(self, now: datetime = NOW) -> Path:
        """Have everything covered; return the file of the checkpoint as an outsider holds it."""
        made = cover_everything(self.database, self.key, now)
        assert made is not None
        file = self.folder / f"checkpoint-{made.number}-{made.hash[:8]}.json"
        file.write_text(checkpoints.handed_out(made), encoding="utf-8")
        return file

    def export(
        self, *, chosen: Selection | None = None, now: datetime = LATER, **asked: Any
    ) -> Path:
        out = self.folder / f"export-{len(list(self.folder.glob('export-*')))}.jsonl"
        exports.export(
            self.database, self.settings, SYSTEM_ACTOR, WRITERS["jsonl"], chosen or Selection(),
            out=out, now=now, **asked,
        )  # fmt: skip
        return out

    @contextmanager
    def attacker(self) -> Iterator[Connection]:
        """Whoever owns the database: no trigger hinders them."""
        with self.database.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL session_replication_role = replica"))
            else:
                for name in triggers.KEPT | triggers.KEPT_ON["sqlite"]:
                    connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
            yield connection

    def forget_checkpoints(self, connection: Connection, since: int = 0) -> None:
        """Take checkpoints away, as whoever wants to make other ones does."""
        for table in ("checkpoints", "checkpoint_leaves"):
            connection.execute(text(f"DELETE FROM {table} WHERE number >= {since}"))
        connection.execute(text("UPDATE chain_heads SET covered_seq = -1"))

    def forget_chain(self, connection: Connection, name: str, since: int = 0) -> None:
        """Take the entries of a chain away from one on, and set its head back."""
        chain_id = chain.chain_id_of(name)
        with self.database.read() as session:
            kept = session.scalar(
                text(
                    "SELECT hash FROM audit_entries WHERE chain_id = :id AND seq = :seq"
                ).bindparams(
                    id=chain_id if connection.dialect.name == "postgresql" else chain_id.hex,
                    seq=since - 1,
                )
            )
        entries, heads = chain.entries, chain.heads
        connection.execute(
            entries.delete().where(entries.c.chain_id == chain_id, entries.c.seq >= since)
        )
        connection.execute(
            heads.update()
            .where(heads.c.chain_id == chain_id)
            .values(last_seq=since - 1, last_hash=kept or "")
        )


def ledger(database: Database, settings: Settings, folder: Path) -> Ledger:
    """Three chains of three entries each."""
    made = Ledger(database, settings, folder)
    for name in CHAINS:
        made.act(name, "甲")
        made.act(name, "乙", phone="13800000000", remark="线索人")
        made.act(name, "丙")
    return made


@dataclass(frozen=True)
class Verdict:
    """What the stand-alone verifier answers."""

    code: int
    said: str


def verified(export: Path, *handed: Path, key: str = "") -> Verdict:
    """Let the stand-alone verifier read an export."""
    arguments = [str(export), *(["--key", key] if key else [])]
    for file in handed:
        arguments += ["--checkpoint", str(file)]
    with redirect_stdout(io.StringIO()) as said:
        code = verify_export.main(arguments)
    return Verdict(code, said.getvalue())


Line = dict[str, Any]


def lines_of(export: Path) -> list[Line]:
    return [json.loads(line) for line in export.read_text(encoding="utf-8").splitlines()]


def forged(export: Path, change: Callable[[list[Line]], None]) -> Path:
    """A copy of an export with something changed, and a last line that fits it."""
    lines = lines_of(export)
    change(lines)
    *body, end = lines
    data = b"".join(_written(line) for line in body)
    if end["line"] == "end":
        end |= {
            "chains": sum(line["line"] == "chain" for line in body),
            "entries": sum(line["line"] == "entry" for line in body),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
    copy = export.with_name("forged.jsonl")
    copy.write_bytes(data + _written(end))
    return copy


def _written(line: Line) -> bytes:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
