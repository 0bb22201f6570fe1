"""An office whose log is written entry by entry, through the chain itself, at known instants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from app.audit import chain, checkpoints, keys
from app.cases.models import Case
from app.db import Database, table_of
from app.engine.actors import Actor
from tests.insights.desks import Office, office
from tests.times import NOW

cases = table_of(Case)


@dataclass
class Audited:
    """The office, and what is done in it."""

    office: Office
    key: keys.SigningKey

    @property
    def database(self) -> Database:
        return self.office.database

    def __getitem__(self, name: str) -> Actor:
        return self.office[name]

    def act(
        self,
        case_id: UUID,
        trigger: str,
        who: str,
        *,
        at: datetime = NOW,
        occurred: datetime | None = None,
        place_of: str = "",
        flags: str = "",
        details: Mapping[str, Any] | None = None,
        private: Mapping[str, Any] | None = None,
        to: str = "",
    ) -> int:
        """Write an entry of a case; return its number."""
        actor = self[who]
        if place_of:
            actor = replace(actor, on_behalf_of=self[place_of].person_id, on_behalf_name=place_of)

        def work(session: Session) -> int:
            query = select(cases.c.last_seq, cases.c.last_hash).where(cases.c.id == case_id)
            head = session.execute(query).one()
            commitments, kept = chain.commit_to(case_id, head.last_seq + 1, private or {})
            row = chain.seal(
                chain="case", chain_id=case_id, seq=head.last_seq + 1, prev_hash=head.last_hash,
                recorded_at=at, occurred_at=occurred or at, actor=actor, role=min(actor.roles),
                trigger=trigger, to_state=to, flags=flags, details=details or {},
                commitments=commitments,
            )  # fmt: skip
            session.execute(chain.INSERT_ENTRY, row)
            if kept:
                session.execute(chain.INSERT_VALUES, kept)
            moved = {"last_seq": row["seq"], "last_hash": row["hash"]}
            session.execute(cases.update().where(cases.c.id == case_id).values(**moved))
            return int(row["seq"])

        return self.database.write(work)

    def note(
        self, name: str, trigger: str, who: str, *, at: datetime = NOW, of: str = "", **body: Any
    ) -> UUID:
        """Write an entry of a chain that is no case's; return the chain."""
        chain_id = chain.chain_id_of(of or name)
        self.database.write(
            lambda session: chain.append(
                session, name, trigger=trigger, actor=self[who], body=body, now=at,
                chain_id=chain_id, label=of,
            )
        )  # fmt: skip
        return chain_id

    def cover(self, at: datetime = NOW) -> int:
        """Have everything covered by the next checkpoint; return its number."""
        made = checkpoints.make(self.database, self.key, at)
        assert made is not None
        return made.number

    def queries(self, ask: Callable[[], Any]) -> int:
        """How many statements a request sends to the database."""
        seen: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if not statement.startswith(("BEGIN", "PRAGMA", "SET ")):
                seen.append(statement)

        database = self.database
        engine = database.reader_engine if database.is_sqlite else database.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            ask()
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(seen)


def audited(database: Database, folder: Path) -> Audited:
    return Audited(office(database), keys.make(folder / "audit.pem"))
