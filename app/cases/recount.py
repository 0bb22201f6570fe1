"""Going through all running clocks once a calendar was loaded or amended.

Every clock names the calendar it was last computed by. Those of another one are what is left to do:
a process that dies leaves them to the next, and doing it twice does nothing.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select, tuple_, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.cases import settlement
from app.cases.amendments import Change, What, amend_case, change_of, compared
from app.cases.clocks import End
from app.cases.models import Case, CaseDeadline
from app.cases.snapshot import SEEN, Record, record
from app.cases.timers import Fence, unfenced
from app.db import Database, table_of
from app.engine import definition as words
from app.law.terms import LawBook
from app.lease import LeaseLost
from app.workflows import by_version

log: Final = logging.getLogger(__name__)

BATCH: Final = 500
FAILED: Final = "the clocks of case %s could not be computed again; the next round tries again"
"""One broken case holds up no other."""

cases = table_of(Case)
deadlines = table_of(CaseDeadline)

RUNNING = deadlines.c.closed_at.is_(None)
LOOKED_AT: Final = (
    deadlines.c.id,
    deadlines.c.case_id,
    deadlines.c.name,
    deadlines.c.due_on,
    deadlines.c.due_at,
    deadlines.c.earliest_on,
    deadlines.c.provisional,
    deadlines.c.expires_at,
    deadlines.c.derivation,
    deadlines.c.calendar,
    deadlines.c.expired_at,
    deadlines.c.next_rung,
    deadlines.c.next_rung_at,
    cases.c.number,
    cases.c.lifecycle,
    cases.c.lifecycle_version,
)
# Only as it was seen: a clock that an act has moved meanwhile is looked at again.
UNMOVED = (
    RUNNING
    & (deadlines.c.id == bindparam("clock_id"))
    & (deadlines.c.calendar == bindparam("seen_calendar"))
    & (deadlines.c.earliest_on == bindparam("seen_earliest"))
    & (deadlines.c.provisional == bindparam("seen_provisional"))
)
PASS = update(deadlines).where(UNMOVED).values(calendar=bindparam("by_calendar"))
PASS_ON = (
    update(deadlines)
    .where(UNMOVED, deadlines.c.next_rung == bindparam("seen_rung"))
    .values(calendar=bindparam("by_calendar"), next_rung_at=bindparam("rung_at"))
)


def anything_waits(session: Session, law: LawBook) -> bool:
    """Whether a running clock was last computed by another calendar; two looks into an index."""
    version = law.calendar.version
    return any(
        session.scalar(select(deadlines.c.id).where(RUNNING, other).limit(1)) is not None
        for other in (deadlines.c.calendar < version, deadlines.c.calendar > version)
    )


def left(session: Session, law: LawBook) -> int:
    """How many running clocks are still to be looked at."""
    other = deadlines.c.calendar != law.calendar.version
    return session.scalar(select(func.count()).select_from(deadlines).where(RUNNING, other)) or 0


def amend(
    database: Database,
    law: LawBook,
    now: datetime,
    *,
    fence: Fence = unfenced,
    seen: Callable[[int], None] = lambda _count: None,
) -> Counter[What]:
    """Compute again every running clock that was computed by another calendar than ``law``'s.

    Each case is a transaction of its own; returns how many clocks it did what to. ``seen`` hears
    how many clocks each batch has dealt with.
    """
    done: Counter[What] = Counter()
    for rows in _batches(database, deadlines.c.calendar != law.calendar.version):
        unmoved, moving = _parted(rows, law)
        if unmoved:
            database.write(partial(_pass, rows=unmoved, law=law, fence=fence))
        for case_id in moving:
            work = partial(amend_case, case_id=case_id, law=law, now=now, fence=fence)
            try:
                done.update(change.what for change in database.write(work))
            except (LeaseLost, DBAPIError):
                raise
            except Exception:
                log.exception(FAILED, case_id)
        seen(len(rows))
    return done


def _parted(rows: Sequence[Record], law: LawBook) -> tuple[list[Record], dict[UUID, None]]:
    """The clocks that end as they did, and the cases of the others."""
    unmoved: list[Record] = []
    moving: dict[UUID, None] = {}
    for row in rows:
        try:
            what, _ = _what(row, law)
        except Exception:
            log.exception(FAILED, row["case_id"])
            continue
        if what is What.SAME:
            unmoved.append(row)
        else:
            moving[row["case_id"]] = None
    return unmoved, moving


def foretell(database: Database, law: LawBook) -> Iterator[Change]:
    """What the calendar of ``law`` would do to the clocks that run; reads only."""
    for rows in _batches(database, None):
        for row in rows:
            what, found = _what(row, law)
            if what is not What.SAME and found is not None:
                yield change_of(row["number"], _deadline(row), row, what, found)


def _batches(database: Database, wanted: Any) -> Iterator[Sequence[Record]]:
    """Running clocks with their cases, by calendar and id, in batches."""
    last: Record | None = None
    while True:
        with database.read() as session:
            rows = [record(row) for row in session.execute(_page(wanted, last)).mappings()]
        if not rows:
            return
        yield rows
        last = rows[-1]


def _page(wanted: Any, last: Record | None) -> Select[Any]:
    query = (
        select(*LOOKED_AT)
        .join(cases, cases.c.id == deadlines.c.case_id)
        .where(RUNNING)
        .order_by(deadlines.c.calendar, deadlines.c.id)
        .limit(BATCH)
        .execution_options(**SEEN)
    )
    if wanted is not None:
        query = query.where(wanted)
    if last is not None:
        place = tuple_(deadlines.c.calendar, deadlines.c.id)
        query = query.where(place > tuple_(last["calendar"], last["id"]))
    return query


def _deadline(row: Record) -> words.Deadline:
    return by_version(row["lifecycle"], row["lifecycle_version"]).deadlines[row["name"]]


def _what(row: Record, law: LawBook) -> tuple[What, End | None]:
    if row["expired_at"] is not None:
        return What.SAME, None
    return compared(row, _deadline(row), law)


def _pass(session: Session, rows: Sequence[Record], law: LawBook, fence: Fence) -> None:
    """Note that these clocks end as they did; their rungs keep to working days."""
    fence(session)
    passed, rearmed = [], []
    for row in rows:
        seen = {
            "clock_id": row["id"],
            "seen_calendar": row["calendar"],
            "seen_earliest": row["earliest_on"],
            "seen_provisional": row["provisional"],
            "by_calendar": law.calendar.version,
        }
        rung_at = settlement.rung_falls(_deadline(row), row, law)
        if rung_at is None or rung_at == row["next_rung_at"]:
            passed.append(seen)
        else:
            rearmed.append({**seen, "seen_rung": row["next_rung"], "rung_at": rung_at})
    connection = session.connection()
    if passed:
        connection.execute(PASS, passed)
    if rearmed:
        connection.execute(PASS_ON, rearmed)
