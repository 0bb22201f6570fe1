"""Every stored file is looked at by the scanner once; what is infected is handed to nobody.

A file waits with ``scan`` empty: until its turn, while clamd is away, or, seen by ``scanned_at``,
because clamd would not look at it, or it could not be read; then it is tried again after a day.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from app.accounts.notices import NO_CASE
from app.cases.file_checks import CHUNK
from app.cases.files import FileStore
from app.cases.models import Case, Evidence, StoredFile
from app.cases.scanner import NotScanned, ScannerAway, scan
from app.cases.snapshot import SEEN
from app.cases.timers import Fence, unfenced
from app.db import Database, table_of
from app.engine.actors import Role
from app.outbox.models import OutboxMessage, message

CLEAN, INFECTED = "clean", "infected"
AGAIN_AFTER: Final = timedelta(days=1)
LONGEST_FINDING: Final = 200
MOST_AT_ONCE: Final = 200
"""Files of one round."""

files = table_of(StoredFile)
messages = table_of(OutboxMessage)
_log: Final = logging.getLogger(__name__)


def _waits(now: datetime) -> ColumnElement[bool]:
    tried = files.c.scanned_at
    return files.c.scan.is_(None) & or_(tried.is_(None), tried <= now - AGAIN_AFTER)


def anything_unscanned(database: Database, now: datetime) -> bool:
    """Whether a file waits to be scanned; reads only."""
    with database.read() as reading:
        return reading.scalar(select(literal(1)).where(_waits(now)).limit(1)) is not None


def scan_waiting(
    database: Database, store: FileStore, address: str, now: datetime, *, fence: Fence = unfenced
) -> list[str]:
    """Have clamd at ``address`` look at what waits, the oldest first; return the digests.

    While clamd is away, everything goes on waiting. Raises what the fence raises, asked before each
    file: a verdict is entered even by who is no longer to work, since a large file may take longer
    than a lease lasts.
    """
    query = select(files.c.sha256).where(_waits(now)).order_by(files.c.stored_at, files.c.sha256)
    with database.read() as reading:
        waiting = reading.scalars(query.limit(MOST_AT_ONCE)).all()
    done: list[str] = []
    for sha256 in waiting:
        database.write(fence)
        try:
            # Opened here: what the scanner takes for its own failure would hold up all others.
            with store.path(sha256).open("rb") as kept:
                found = scan(address, iter(partial(kept.read, CHUNK), b""))
            verdict: str | None = INFECTED if found else CLEAN
        except (NotScanned, OSError) as unseen:
            found, verdict = str(unseen), None
        except ScannerAway as away:
            _log.warning("%s; %d files wait", away, len(waiting) - len(done))
            break
        told = {"scan": verdict, "scanned_at": now, "scan_finding": found[:LONGEST_FINDING] or None}
        database.write(partial(_enter, sha256=sha256, told=told, now=now))
        done.append(sha256)
    return done


def _enter(session: Session, *, sha256: str, told: dict[str, Any], now: datetime) -> None:
    unseen = (files.c.sha256 == sha256) & files.c.scan.is_(None)
    entered = session.execute(
        update(files).where(unseen).values(told).returning(files.c.sha256)
    ).all()
    if entered and told["scan"] == INFECTED:
        rows = list(_letters(session, sha256, told["scan_finding"], now))
        session.execute(insert(messages), rows)


def _letters(
    session: Session, sha256: str, finding: str, now: datetime
) -> Iterator[dict[str, Any]]:
    """To the officer of each case that holds it, and to the administrators, who see no case."""
    query = (
        select(Case)
        .where(Case.id.in_(select(Evidence.case_id).where(Evidence.sha256 == sha256)))
        .order_by(Case.id)
    )
    cases: Sequence[Case] = session.scalars(query, execution_options=SEEN).all()
    for case in cases:
        yield message(
            case_id=case.id,
            kind="notice",
            template="file.infected",
            role=None if case.assignee_id else Role.SUPERVISOR,
            organisation_id=case.authority_id,
            person_id=case.assignee_id,
            data={
                "number": case.number,
                "subject": case.subject_name,
                "lifecycle": case.lifecycle,
                "finding": finding,
            },
            now=now,
        )
    places: list[UUID | None] = list(dict.fromkeys(case.authority_id for case in cases))
    for place in places or [None]:
        yield message(
            case_id=NO_CASE,
            kind="notice",
            template="file.found",
            role=Role.ADMINISTRATOR,
            organisation_id=place,
            data={"digest": sha256[:12], "finding": finding},
            now=now,
        )
