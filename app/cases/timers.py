"""What happens by itself: clocks that end, rungs, and transitions whose guards hold.

Every clock and every case is handled in a transaction of its own, under the case's lock, and may
safely be handled twice: what has been done is found done. ``now`` is always an argument.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from heapq import heappop, heappush
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, literal_column, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.cases import operations, rungs
from app.cases.escalation import records as escalations
from app.cases.expiry import Expired, expire, settle_automatic
from app.cases.models import Case, CaseDeadline, DueAct, Escalation
from app.db import Database, is_transient, table_of
from app.engine.actors import Role
from app.law.terms import LawBook
from app.lease import LeaseLost

__all__ = ["Expired", "Looked", "due", "expire", "tick", "work_off"]

log: Final = logging.getLogger(__name__)
T = TypeVar("T")

SETTLE: Final = "automatic transition"
"""What the work on a case noted for automatic transitions is called where it fails."""

BATCH = 200
AGAIN: Final = timedelta(minutes=5)
"""After which time what was left alone is looked at again."""

deadlines = table_of(CaseDeadline)
due_acts = table_of(DueAct)
raised = table_of(Escalation)
NUMBER = select(table_of(Case).c.number).where(table_of(Case).c.id == bindparam("case_id"))


@dataclass(frozen=True, slots=True)
class Climbed:
    """An escalation that went upward, and to which role."""

    case_id: UUID
    escalation_id: UUID
    to: Role


Done = Expired | rungs.Told | Climbed
"""What a tick did once."""


class Fence(Protocol):
    """Asked in every transaction of a tick; raises where another process works now."""

    def __call__(self, session: Session, /) -> None: ...


def unfenced(_session: Session) -> None:
    """The fence of whoever works alone: a command, a test."""


class Looked:
    """What was looked at and is left alone for a while, for whoever ticks every second.

    Clocks that have ended and may not act yet: no right is lost on a provisional date or without
    proof of service. And work that failed, so that it holds up nothing else.
    """

    def __init__(self, again: timedelta = AGAIN) -> None:
        self.again = again
        self._at: dict[UUID, datetime] = {}
        self._failed: dict[tuple[str, UUID], datetime] = {}

    def note(self, one: Due, now: datetime) -> None:
        """Remember that a clock was looked at and left alone."""
        self._at[one.id] = now

    def lately(self, one: Due, now: datetime) -> bool:
        """Whether a clock was looked at so lately that it can wait."""
        at = self._at.get(one.id)
        if at is not None and now - at >= self.again:
            del self._at[one.id]
        return one.id in self._at

    def fail(self, what: str, key: UUID, now: datetime) -> None:
        """Remember that a piece of work failed."""
        self._failed[what, key] = now

    def failed(self, what: str, key: UUID, now: datetime) -> bool:
        """Whether a piece of work failed so lately that it is not tried again yet."""
        at = self._failed.get((what, key))
        if at is not None and now - at >= AGAIN:
            del self._failed[what, key]
        return (what, key) in self._failed

    def failures(self, what: str, now: datetime) -> list[UUID]:
        """The keys of one kind of work that are not tried again yet."""
        return [
            key for kind, key in list(self._failed) if kind == what and self.failed(what, key, now)
        ]

    def alone(self, one: Due, now: datetime) -> bool:
        """Whether something due is to be left alone now."""
        return self.failed(one.what, one.id, now) or (
            one.what is What.END and self.lately(one, now)
        )


def anything_due(database: Database, now: datetime, looked: Looked) -> bool:
    """Whether a tick would find anything to do; reads only."""
    if _noted(database, looked.failures(SETTLE, now)):
        return True
    after: Mark | None = None
    while ripe := due(database, now, after):
        if not all(looked.alone(one, now) for one in ripe):
            return True
        after = ripe[-1].mark
    return False


def tick(
    database: Database,
    law: LawBook,
    now: datetime,
    *,
    fence: Fence = unfenced,
    looked: Looked | None = None,
) -> list[Done]:
    """Handle everything that is due by ``now``; return what was done, in its order.

    Clocks that have ended, rungs of ladders, escalations that climb and the transitions all this
    makes possible, each in a transaction of its own, in the order in which they fell due: again
    and again until a pass finds nothing to do, since what one starts may be due as well. What fails
    is logged and left for a later round; the others go on. Raises only what the fence raises, and
    what the database raises that is not there.
    """
    done: list[Done] = []
    looked = looked or Looked(again=timedelta(0))
    work_off(database, law, now, fence=fence, looked=looked)
    while found := _one_pass(database, law, now, fence, looked):
        done += found
    return done


def _one_pass(
    database: Database, law: LawBook, now: datetime, fence: Fence, looked: Looked
) -> list[Done]:
    done: list[Done] = []
    after: Mark | None = None
    while ripe := due(database, now, after):
        last = ripe[-1].mark if len(ripe) == BATCH else None
        while ripe:
            one = heappop(ripe)
            after = one.mark
            if looked.alone(one, now):
                continue
            work = partial(_handle, one=one, law=law, now=now, fence=fence)
            what = _tried(database, work, looked, one.what, one.id, one.case_id, now)
            if what is None:
                if one.what is What.END:
                    looked.note(one, now)
                continue
            done.append(what)
            if isinstance(what, rungs.Told) and what.then is not None and what.then <= now:
                following = Due(what.then, What.RUNG, one.id, one.case_id)
                if last is None or following.mark <= last:
                    heappush(ripe, following)
            if isinstance(what, Expired):
                fired = work_off(database, law, now, fence=fence, looked=looked)
                if fired or what.began:
                    break  # what began may be due before the rest: look again from here
    return done


def _tried(
    database: Database,
    work: Callable[[Session], T],
    looked: Looked,
    what: str,
    key: UUID,
    case_id: UUID,
    now: datetime,
) -> T | None:
    """Do one piece of work in a transaction; log it if it fails, and go on without it."""
    try:
        return database.write(work)
    except LeaseLost:
        raise
    except Exception as error:
        if isinstance(error, DBAPIError) and (is_transient(error) or error.connection_invalidated):
            raise  # not this work has failed, but the database: the next round tries all again
        looked.fail(what, key, now)
        with database.read() as session:  # raises where the whole database has failed
            number = session.scalar(NUMBER, {"case_id": case_id})
        log.exception("%s of case %s (%s) failed and is left for later", what, number, case_id)
        return None


def _handle(session: Session, one: Due, law: LawBook, now: datetime, fence: Fence) -> Done | None:
    fence(session)
    match one.what:
        case What.END:
            return expire(session, one.case_id, one.id, law, now)
        case What.RUNG:
            return rungs.tell(session, one.case_id, one.id, law, now)
        case What.CLIMB:
            return climb(session, one.case_id, one.id, law, now)


def climb(
    session: Session, case_id: UUID, escalation_id: UUID, law: LawBook, now: datetime
) -> Climbed | None:
    """Let an escalation nobody decided in time go upward; ``None`` if there was nothing to do."""
    view = operations.locked(session, case_id)
    raised = next((e for e in escalations.open_ones(view) if e["id"] == escalation_id), None)
    if raised is None or raised["climbs_at"] is None or raised["climbs_at"] > now:
        return None
    to = escalations.climb(view, raised, now=now, law=law)
    return Climbed(case_id, escalation_id, to)


# What is due ------------------------------------------------------------------------------------


class What(StrEnum):
    """The kinds of things that fall due, in the order in which they go at one instant."""

    RUNG = "1 rung"
    END = "2 end"
    CLIMB = "3 climb"


Mark = tuple[datetime, str, UUID]
"""The place of something due in the order of all of them."""


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """Something that falls due: the end or a rung of a clock, the climbing of an escalation."""

    at: datetime
    what: What
    id: UUID
    case_id: UUID

    @property
    def mark(self) -> Mark:
        """Its place in the order."""
        return self.at, self.what.value, self.id


RUNNING = deadlines.c.closed_at.is_(None)
ARMED = deadlines.c.next_rung_at.is_not(None)
# A literal: SQLite serves a partial index only where the query says its very words.
UNDECIDED = (raised.c.status == literal_column("'open'")) & raised.c.climbs_at.is_not(None)
SOURCES: Final = (
    (What.RUNG, deadlines, deadlines.c.next_rung_at, RUNNING & ARMED),
    (What.END, deadlines, deadlines.c.expires_at, RUNNING & deadlines.c.expired_at.is_(None)),
    (What.CLIMB, raised, raised.c.climbs_at, UNDECIDED),
)


def due(database: Database, until: datetime, after: Mark | None = None) -> list[Due]:
    """The next things due by ``until``, at most `BATCH`, in their order; only those ``after``."""
    found: list[Due] = []
    with database.read() as session:
        for what, table, at, running in SOURCES:
            # A clock acts once its last second is over, a rung at its instant.
            ripe = at < until if what is What.END else at <= until
            query = select(at, table.c.id, table.c.case_id).where(running, ripe)
            if after is not None:
                query = query.where(_beyond(what, at, table.c.id, after))
            rows = session.execute(query.order_by(at, table.c.id).limit(BATCH)).all()
            found += [Due(row[0], what, row[1], row[2]) for row in rows]
    return sorted(found, key=lambda one: one.mark)[:BATCH]


def _beyond(
    what: What, at: ColumnElement[Any], key: ColumnElement[Any], after: Mark
) -> ColumnElement[bool]:
    """Whether a row lies beyond a mark in the order of time, kind and id."""
    instant, kind, last = after
    if what.value == kind:
        return (at > instant) | ((at == instant) & (key > last))
    return at >= instant if what.value > kind else at > instant


# Transitions that fire by themselves ------------------------------------------------------------


def work_off(
    database: Database,
    law: LawBook,
    now: datetime,
    *,
    fence: Fence = unfenced,
    looked: Looked | None = None,
) -> int:
    """Look at every case that was noted for automatic transitions; return how many fired.

    What fails is logged and stays noted. Raises what `tick` raises.
    """
    fired, looked = 0, looked or Looked()
    while waiting := _noted(database, looked.failures(SETTLE, now)):
        for case_id in waiting:
            work = partial(_settle, case_id=case_id, law=law, now=now, fence=fence)
            fired += _tried(database, work, looked, SETTLE, case_id, case_id, now) or 0
    return fired


def _noted(database: Database, but: Sequence[UUID]) -> list[UUID]:
    query = select(due_acts.c.case_id).order_by(due_acts.c.id).limit(BATCH)
    if but:
        query = query.where(due_acts.c.case_id.not_in(but))
    with database.read() as session:
        return list(dict.fromkeys(session.connection().execute(query).scalars()))


def _settle(session: Session, case_id: UUID, law: LawBook, now: datetime, fence: Fence) -> int:
    fence(session)
    return settle_automatic(session, case_id, law, now)
