"""The clocks of all open cases run ahead against the calendar, and nothing is written.

What will be due, overdue and escalated on which day, and whose it is, if from now on nobody does
anything. The engine itself works on a copy (`app.insights.copying`), from one instant at which
something falls due to the next, so its answer is what ticking to that day would bring about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, select

from app.cases import timers
from app.cases.models import Case
from app.db import Database, table_of
from app.insights import telling
from app.insights.copying import copied
from app.insights.telling import Row
from app.law.periods import end_of_day, local_date
from app.law.terms import LawBook

MOST: Final = 200_000
"""So many things are done in one rehearsal; then it stops and says until which day it holds."""
TICK: Final = timedelta(seconds=1)
"""A clock acts once its last second is over."""
FIRST: Final = UUID(int=0)

cases = table_of(Case)

Tell = Callable[[datetime, int], None]
"""Told after each instant: which one, and how many things were done by then."""


def _nobody(_at: datetime, _done: int) -> None:
    """For whoever does not watch."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What the clocks will bring, from ``since`` to the last day ``until``, inclusive.

    ``whole_until`` is the last day whose rows are complete: an earlier one where it was stopped.
    """

    since: datetime
    until: date
    whole_until: date
    cases: int
    rows: Sequence[Row]

    @property
    def was_stopped(self) -> bool:
        """Whether there was more to do than one rehearsal does."""
        return self.whole_until < self.until


class LeftAlone(timers.Looked):
    """Clocks that ended and could not act. Only an act in their family can change that."""

    def __init__(self) -> None:
        super().__init__()
        self._clocks: dict[UUID, set[UUID]] = {}

    def note(self, one: timers.Due, now: datetime) -> None:
        self._clocks.setdefault(one.case_id, set()).add(one.id)

    def lately(self, one: timers.Due, now: datetime) -> bool:
        return one.id in self._clocks.get(one.case_id, ())

    def forget(self, case_ids: Iterable[UUID]) -> bool:
        """Look at the clocks of these cases again; return whether there are any."""
        found = [self._clocks.pop(case_id) for case_id in case_ids if case_id in self._clocks]
        return bool(found)

    def __bool__(self) -> bool:
        return bool(self._clocks)


def rehearse(
    source: Database,
    law: LawBook,
    now: datetime,
    until: date,
    *,
    criteria: Sequence[ColumnElement[bool]] = (),
    most: int = MOST,
    tell: Tell = _nobody,
) -> Rehearsal:
    """Let the clocks of the open cases that fulfil ``criteria`` (on `Case`) run to a day.

    Whoever is about to be late is assumed to do nothing; the source is only read. Stops after
    ``most`` things were done.
    """
    with copied(source, *criteria) as copy:
        before = telling.told_before(copy.database, now)
        whole_until = _run(copy.database, law, now, until, most, tell)
        rows = telling.rows_of(copy, law, now, whole_until, before)
    return Rehearsal(now, until, whole_until, len(copy.asked), rows)


def _run(
    database: Database, law: LawBook, since: datetime, until: date, most: int, tell: Tell
) -> date:
    """Go from instant to instant; return the last day that was gone through wholly."""
    left, done = LeftAlone(), 0
    at: datetime | None = since
    while at is not None:
        while found := timers.tick(database, law, at, looked=left):
            done += len(found)
            ended = {one.case_id for one in found if isinstance(one, timers.Expired)}
            if not left or not left.forget(_families(database, ended)):
                break
        tell(at, done)
        at = _next(database, at, end_of_day(until))
        if at is not None and done >= most:
            return local_date(at) - timedelta(1)
    return until


def _families(database: Database, case_ids: Iterable[UUID]) -> list[UUID]:
    roots = select(cases.c.root_id).where(cases.c.id.in_(list(case_ids)))
    with database.read() as session:
        return list(session.scalars(select(cases.c.id).where(cases.c.root_id.in_(roots))))


def _next(database: Database, at: datetime, until: datetime) -> datetime | None:
    """The next instant after ``at`` at which something falls due by ``until``."""
    after: timers.Mark = (at, "", FIRST)
    while found := timers.due(database, until, after):
        for one in found:
            instant = one.at + TICK if one.what is timers.What.END else one.at
            if instant > at:
                return instant
        after = found[-1].mark
    return None
