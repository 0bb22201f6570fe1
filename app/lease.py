"""Who works off what is due: one process at a time, by a lease on the clock of the database.

Every scheduler asks for the lease before it works and again while it works. A lease that is not
renewed within `HELD_FOR` falls to the next who asks, with a higher *fencing number*; the process
that lost it finds another number in the row before its next piece of work and stops. All this
saves work: that each piece is done once, its own transaction makes sure of.
"""

from __future__ import annotations

import os
import secrets
import socket
import time
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, String, insert, literal_column, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db import Base, Database, table_of

HELD_FOR: Final = timedelta(seconds=3)
RENEWED_AFTER: Final = timedelta(seconds=1)


class Lease(Base):
    """The row that says who works, and until when if they say no more."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80), comment="Host, process and a random part")
    fence: Mapped[int] = mapped_column(BigInteger, comment="Rises with every new holder")
    until_ms: Mapped[int] = mapped_column(
        BigInteger, comment="Milliseconds since 1970 by the clock of the database"
    )


leases = table_of(Lease)

_NOW: Final = {
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
    "postgresql": "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
}


class LeaseLost(Exception):
    """Another process works off what is due now: this one stops at once."""


def this_process() -> str:
    """A name of this process that no other one has."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"


def _now(session: Session) -> ColumnElement[Any]:
    return literal_column(_NOW[session.get_bind().dialect.name])


def take(database: Database, name: str, holder: str) -> Held | None:
    """Take or renew the lease; ``None`` while another process holds it.

    Who finds it held has only read, and stood in nobody's way.
    """
    with database.read() as session:
        if _is_anothers(_row(session, name), holder):
            return None
    return database.write(partial(_take, name=name, holder=holder))


def _is_anothers(found: Any, holder: str) -> bool:
    return found is not None and found.holder != holder and found.until_ms > found.now


def _take(session: Session, name: str, holder: str) -> Held | None:
    found = _row(session, name, lock=True)
    if found is None:
        first = {"name": name, "holder": holder, "fence": 1, "until_ms": 0}
        try:
            with session.begin_nested():
                session.execute(insert(leases), first)
        except IntegrityError:  # another process was first
            return None
        found = _row(session, name, lock=True)
    assert found is not None
    if _is_anothers(found, holder):
        return None
    fence = found.fence if found.holder == holder else found.fence + 1
    session.execute(
        update(leases)
        .where(leases.c.name == name)
        .values(holder=holder, fence=fence, until_ms=found.now + HELD_FOR // MILLISECOND)
    )
    return Held(name, holder, fence)


MILLISECOND: Final = timedelta(milliseconds=1)


def _row(session: Session, name: str, *, lock: bool = False) -> Any:
    query = select(leases.c.holder, leases.c.fence, leases.c.until_ms, _now(session).label("now"))
    query = query.where(leases.c.name == name)
    return session.execute(query.with_for_update() if lock else query).one_or_none()


def give_back(database: Database, held: Held) -> None:
    """Let the next who asks have the lease at once. The row says when that was: `ages`."""
    mine = (leases.c.name == held.name) & (leases.c.fence == held.fence)
    database.write(
        lambda session: session.execute(update(leases).where(mine).values(until_ms=_now(session)))
    )


def ages(session: Session) -> dict[str, float]:
    """Seconds since each lease was last held, by the clock of the database; 0 while it is."""
    found = session.execute(select(leases.c.name, leases.c.until_ms, _now(session).label("now")))
    return {row.name: max(row.now - row.until_ms, 0) / 1000 for row in found}


@dataclass(slots=True)
class Held:
    """A lease one holds. Called in a transaction it raises LeaseLost where that is over."""

    name: str
    holder: str
    fence: int
    renewed: float = field(default_factory=time.monotonic)

    def __call__(self, session: Session) -> None:
        """Refuse to work without the lease; renew it now and then."""
        mine = (leases.c.name == self.name) & (leases.c.fence == self.fence)
        if time.monotonic() - self.renewed < RENEWED_AFTER.total_seconds():
            if session.scalar(select(leases.c.fence).where(mine)) is None:
                raise LeaseLost(self.name)
            return
        until = _now(session) + HELD_FOR // MILLISECOND
        if not session.execute(update(leases).where(mine).values(until_ms=until)).rowcount:  # type: ignore[attr-defined]  # a cursor's result
            raise LeaseLost(self.name)
        self.renewed = time.monotonic()
