"""The rows of a rehearsal gathered by day, by officer and by week, and as a table to take away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final

from app.insights.telling import Officer, Row, What
from app.law.labels import Label

FEW_WEEKS: Final = 13
"""Longer spans than so many weeks are gathered by month."""
LATE: Final = (What.DUE, What.OVERDUE, What.ESCALATED)
"""What is counted per officer and per span."""
BY_THE_WAY: Final = frozenset({What.REMINDED, What.UNDECIDED})
"""What comes again and again and says nothing new."""

PROVISIONAL: Final = Label("暂定", "provisional")
HEADINGS: Final = (
    Label("日期", "Day"),
    Label("事项", "What"),
    Label("案号", "Case number"),
    Label("对象", "Subject"),
    Label("流程", "Procedure"),
    Label("期限", "Clock"),
    Label("届满日", "Last day"),
    Label("经办", "Whose it is"),
    Label("说明", "Detail"),
    PROVISIONAL,
)


@dataclass(frozen=True, slots=True)
class Day:
    """What happens on one day."""

    on: date
    rows: Sequence[Row]

    @property
    def counts(self) -> list[tuple[What, int]]:
        """How many rows of each kind, in the order of the kinds."""
        found = Counter(row.what for row in self.rows)
        return [(what, found[what]) for what in What if what in found]


def by_day(rows: Iterable[Row]) -> list[Day]:
    """The days on which something happens, with their rows, in order."""
    return [Day(on, tuple(found)) for on, found in groupby(rows, key=lambda row: row.on)]


def by_officer(rows: Iterable[Row]) -> list[tuple[Officer, list[int]]]:
    """For each officer how much is due, overdue and escalated; the most late first."""
    counts: dict[Officer, Counter[What]] = {}
    for row in rows:
        if row.what in LATE:
            counts.setdefault(row.officer, Counter())[row.what] += 1
    found = [(officer, [one[what] for what in LATE]) for officer, one in counts.items()]
    return sorted(found, key=lambda one: ([-number for number in reversed(one[1])], one[0].key))


def by_span(rows: Iterable[Row], since: date, until: date) -> list[tuple[date, date, list[int]]]:
    """The weeks from Monday to Sunday, or the months, with what is due, overdue and escalated.

    Both ends of a span are inclusive and lie within the rehearsal.
    """
    counts = Counter((row.on, row.what) for row in rows if row.what in LATE)
    spans = []
    for first, last in _spans(since, until):
        days = [first + timedelta(number) for number in range((last - first).days + 1)]
        spans.append((first, last, [sum(counts[on, what] for on in days) for what in LATE]))
    return spans


def _spans(since: date, until: date) -> Iterable[tuple[date, date]]:
    weekly = (until - since).days < 7 * FEW_WEEKS
    first = since
    while first <= until:
        if weekly:
            beyond = first + timedelta(7 - first.weekday())
        else:
            beyond = (first.replace(day=1) + timedelta(32)).replace(day=1)
        yield first, min(beyond - timedelta(1), until)
        first = beyond


def sheet(rows: Iterable[Row], locale: str) -> list[list[str]]:
    """Headings and rows as text, in one language."""
    return [[heading.text(locale) for heading in HEADINGS], *(_line(row, locale) for row in rows)]


def _line(row: Row, locale: str) -> list[str]:
    return [
        row.on.isoformat(),
        row.what.label.text(locale),
        row.number,
        row.subject,
        row.lifecycle.title().text(locale),
        row.clock.label.text(locale) if row.clock is not None else "",
        row.due_on.isoformat() if row.due_on is not None else "",
        row.officer.label.text(locale),
        row.detail.text(locale),
        PROVISIONAL.text(locale) if row.provisional else "",
    ]
