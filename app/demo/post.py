"""The letters of the demonstration: what its year brought was told day by day and mostly read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update

from app.db import Database, table_of
from app.law.periods import LOCAL_ZONE
from app.law.terms import LawBook
from app.outbox import letters
from app.outbox.models import Letter, OutboxMessage

UNREAD_FOR: Final = timedelta(days=3)
"""What was told before is read."""


def tell(database: Database, law: LawBook, now: datetime) -> None:
    """Tell every message of the year in the hour in which it was to be told."""
    due = select(OutboxMessage.release_at).where(
        OutboxMessage.sent_at.is_(None), OutboxMessage.release_at <= now
    )
    with database.read() as session:
        instants = session.scalars(due.distinct().order_by(OutboxMessage.release_at)).all()
    # The last instant of each hour stands for the hour.
    for at in {at.astimezone(LOCAL_ZONE).replace(minute=0): at for at in instants}.values():
        letters.distribute(database, law, at)
    told = table_of(Letter)
    read = update(told).where(told.c.created_at < now - UNREAD_FOR)
    database.write(lambda session: session.execute(read.values(read_at=told.c.created_at)))
