"""A small real log on a database, and somebody with the keys of the database who tampers with it.

Two cases moved by real acts, with everything entries vouch for: a report version, a sealed and
rendered document, a remark, evidence, a sealed value, a release of the law; accounts and the
register. Two checkpoints cover it, the second was handed out; one entry came after.
"""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, insert, select, text, update
from sqlalchemy.orm import Session

from app.audit import chain, checkpoints, keys, verification
from app.audit.covering import Handed
from app.audit.faults import Fault
from app.audit.models import Checkpoint
from app.cases import records
from app.cases.models import Case, CaseDocument, ReportVersion
from app.db import Database, table_of
from app.engine.actors import SYSTEM_ACTOR
from app.releases.models import ReleaseKind
from app.releases.operations import release
from tests.documents.conftest import ORDER, Papers, ordered
from tests.documents.paperwork import Paperwork
from tests.town import Town, instant, registered
from tests.year import UP_TO_GROUP, Year, a_year

ACCOUNTS = chain.chain_id_of("accounts")
RELEASES = chain.chain_id_of("releases")
ENTRIES = chain.entries
LEAVES, CHECKPOINTS = checkpoints.leaves, checkpoints.checkpoints
CASES, DOCUMENTS, VERSIONS = table_of(Case), table_of(CaseDocument), table_of(ReportVersion)


@dataclass
class Log:
    """The log, the ids of its chains, and who signs."""

    town: Town
    year: UUID
    """A verification: a report version; its last entry came after the second checkpoint."""
    papers: UUID
    """An order: a sealed document, a remark, evidence, a sealed value; covered to its end."""
    key: keys.SigningKey
    handed: Handed
    older: Path
    """A copy of the SQLite file from after the first checkpoint."""

    @property
    def database(self) -> Database:
        return self.town.database


def build(town: Town, folder: Path, law: str) -> Log:
    """Build the log."""
    database = town.database
    key = keys.make(folder / "audit.pem")
    now = instant("03-05")
    put = partial(
        release,
        kind=ReleaseKind.CALENDAR,
        content=law,
        name="2027.csv",
        actor=SYSTEM_ACTOR,
        now=now,
    )
    database.write(put)
    year = a_year(town).file()
    with registered(Paperwork):
        papers = _papers(town)
    _make(database, key, "03-19 09:00")
    older = folder / "older.sqlite"
    if database.is_sqlite:
        copy = sqlite3.connect(older)
        with database.engine.connect() as connection:
            connection.connection.dbapi_connection.backup(copy)  # type: ignore[union-attr]
        copy.close()
    year.play(UP_TO_GROUP[:2], until="03-20")
    with registered(Paperwork):
        papers.fire("withdraw", "leader", at="03-20 12:00")
    handed = _make(database, key, "03-23 09:00")
    _grow(year)
    file = Handed.read(checkpoints.handed_out(handed))
    return Log(town, year.id, papers.id, key, file, older)


def _papers(town: Town) -> Papers:
    case = ordered(town)
    case.seal("correction_order", ORDER)
    case.render()
    inspector, now = case.actor("inspector"), instant("03-18 14:00")
    paper = town.store.put(io.BytesIO(b"weighed"), "paper.txt")

    def work(session: Session) -> None:
        records.comment(session, case.id, "已核对。", actor=inspector, now=now)
        records.add_evidence(session, case.id, paper, actor=inspector, now=now)

    town.database.write(work)
    return case


def _make(database: Database, key: keys.SigningKey, at: str) -> Checkpoint:
    made = checkpoints.make(database, key, instant(at), full=True)
    assert made is not None
    return made


def _grow(year: Year) -> None:
    supervisor, now = year.actor("supervisor"), instant("03-23 12:00")
    year.town.database.write(
        lambda session: records.comment(session, year.id, "之后。", actor=supervisor, now=now)
    )


# Tampering ---------------------------------------------------------------------------------------


@contextmanager
def attacked(log: Log) -> Iterator[Attacker]:
    """Let somebody tamper with the database in a transaction that is taken back at the end."""
    with log.database.sessions() as session:
        _disarm(session, sqlite=log.database.is_sqlite)
        yield Attacker(log, session)
        session.rollback()


def _disarm(session: Session, *, sqlite: bool) -> None:
    if not sqlite:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        return
    session.execute(text("PRAGMA defer_foreign_keys = ON"))
    names = session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
    for name in names:
        session.execute(text(f"DROP TRIGGER {name}"))


@dataclass
class Attacker:
    """Somebody who writes into the tables as they like, and knows the program by heart."""

    log: Log
    session: Session

    def found(self, **against: Any) -> list[tuple[str, UUID | None, int | None, int | None]]:
        """What verification says: kind, chain, entry, checkpoint."""
        faults: list[Fault] = verification.verify_all(self.session, **against)
        return [(fault.kind, fault.chain_id, fault.seq, fault.number) for fault in faults]

    # Entries ------------------------------------------------------------------------------------

    def entries(self, chain_id: UUID) -> list[Row[Any]]:
        query = select(ENTRIES).where(ENTRIES.c.chain_id == chain_id).order_by(ENTRIES.c.seq)
        return list(self.session.execute(query))

    def set(self, chain_id: UUID, seq: int, /, **values: Any) -> None:
        self._run(update(ENTRIES).where(*_at(chain_id, seq)).values(values))

    def drop(self, chain_id: UUID, seq: int) -> None:
        self._run(delete(ENTRIES).where(*_at(chain_id, seq)))

    def head(self, chain_id: UUID, /, **values: Any) -> None:
        is_case = chain_id in {self.log.year, self.log.papers}
        table = CASES if is_case else chain.heads
        column = table.c.id if is_case else table.c.chain_id
        self._run(update(table).where(column == chain_id).values(values))

    def rewrite(self, chain_id: UUID, seq: int, change: Callable[[dict[str, Any]], None]) -> str:
        """Change the body of one entry, hash it anew, and return the hash."""
        return self._rewrite(self.entries(chain_id)[seq], change)

    def _rewrite(self, row: Row[Any], change: Callable[[dict[str, Any]], None]) -> str:
        body = json.loads(row.body)
        change(body)
        written = chain.canonical(body)
        digest = chain.digest(written)
        self.set(row.chain_id, row.seq, body=written, hash=digest, prev_hash=body["previous"])
        return digest

    def chain_anew(self, chain_id: UUID, since: int) -> None:
        """Give every entry from one on the hash of the one before, and the head that of the last."""
        rows = self.entries(chain_id)
        previous = rows[since - 1].hash
        for row in rows[since:]:
            place = {"seq": row.seq, "previous": previous}
            previous = self._rewrite(row, partial(_put, place))
        self.head(chain_id, last_seq=rows[-1].seq, last_hash=previous)

    def shift(self, chain_id: UUID, since: int, by: int) -> None:
        """Move the numbers of the entries from one on, in an order that never collides."""
        numbers = [row.seq for row in self.entries(chain_id) if row.seq >= since]
        for seq in sorted(numbers, reverse=by > 0):
            self.set(chain_id, seq, seq=seq + by)

    def copy(self, chain_id: UUID, seq: int, to: int, /, **values: Any) -> None:
        """Write a copy of an entry elsewhere."""
        [row] = [one for one in self.entries(chain_id) if one.seq == seq]
        self._run(insert(ENTRIES).values({**row._mapping, "seq": to, **values}))

    # Checkpoints --------------------------------------------------------------------------------

    def touch_leaf(self, number: int, chain_id: UUID, /, **values: Any) -> None:
        here = (LEAVES.c.number == number, LEAVES.c.chain_id == chain_id)
        self._run(update(LEAVES).where(*here).values(values))

    def sign_anew(self, since: int, key: keys.SigningKey) -> None:
        """List the entries as they are now, and sign every checkpoint from one on."""
        for leaf in self.session.execute(select(LEAVES).where(LEAVES.c.number >= since)).all():
            query = select(ENTRIES.c.hash).where(*_at(leaf.chain_id, leaf.seq))
            self.touch_leaf(leaf.number, leaf.chain_id, hash=self.session.scalars(query).one())
        query = select(CHECKPOINTS).order_by(CHECKPOINTS.c.number)
        previous = ""
        for row in self.session.execute(query).all():
            if row.number >= since:
                listed = checkpoints.changed_in(self.session, row.number)
                every = checkpoints.covered(self.session, row.number)
                body = json.loads(row.body) | {
                    "previous": previous,
                    "changed": checkpoints.root_over(listed),
                    "all": checkpoints.root_over(every),
                    "key": key.public,
                    "next_key": key.public,
                }
                written = chain.canonical(body)
                self.touch(
                    row.number,
                    body=written,
                    hash=chain.digest(written),
                    signature=key.sign(written),
                )
                previous = chain.digest(written)
            else:
                previous = row.hash

    def touch(self, number: int, /, **values: Any) -> None:
        self._run(update(CHECKPOINTS).where(CHECKPOINTS.c.number == number).values(values))

    # Anything else ------------------------------------------------------------------------------

    def change(self, table: Any, criterion: Any, **values: Any) -> None:
        self._run(update(table).where(criterion).values(values))

    def sql(self, statement: str, **values: Any) -> None:
        done = self.session.execute(text(statement), values)
        assert done.rowcount  # type: ignore[attr-defined]

    def _run(self, statement: Any) -> None:
        assert self.session.execute(statement).rowcount  # type: ignore[attr-defined]


def _at(chain_id: UUID, seq: int) -> tuple[Any, Any]:
    return ENTRIES.c.chain_id == chain_id, ENTRIES.c.seq == seq


def _put(new: dict[str, Any], body: dict[str, Any]) -> None:
    body.update(new)
