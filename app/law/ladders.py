"""Ladders: who hears what at which distance before, on and after the last day of a clock.

A ladder is dated data (``data/ladders.toml``) and a design, not law. A *rung* falls at one instant
for one end of one clock: `falls` gives them in order. Rungs counted in days fall in the working
hours of working days; those counted in hours fall on the hour.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from itertools import count
from typing import Any, Final

from app.law.calendar import WorkCalendar
from app.law.dated import Dated, Timeline, common_fields, read_versions, shipped_text, timelines
from app.law.errors import LawError
from app.law.periods import LOCAL_ZONE, Unit

OPENS: Final = time(9)
"""Working hours begin: reminders of people wait for it."""
CLOSES: Final = time(18)

HEARERS: Final = frozenset(
    {
        "handler",
        "party",
        "liaison",
        "inspector",
        "supervisor",
        "bureau_leader",
        "legal_reviewer",
        "auditor",
        "provincial_viewer",
        "both_leaders",
        "all",
    }
)
RAISES: Final = frozenset({"", "extend", "at_risk", "clue", "late"})


class Side(StrEnum):
    """Where a rung lies: before the last day, on it, at the unmet end, after it."""

    BEFORE = "before"
    ON = "on"
    END = "end"
    AFTER = "after"


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One rung. ``length`` and ``unit`` are its distance from the last day, 0 on the day itself.

    ``hearers`` are words of `HEARERS`. ``raises`` names the escalation it begins, ``puts_to`` the
    role that is to decide it. ``only`` is the key of the one lifecycle in which it is told.
    """

    side: Side
    length: int = 0
    unit: Unit = Unit.CALENDAR_DAYS
    at: time = OPENS
    every: int = 0
    hearers: tuple[str, ...] = ()
    raises: str = ""
    puts_to: str = ""
    listed: bool = False
    only: str = ""

    @property
    def key(self) -> str:
        """A short name, unique in its ladder: ``-3wd``, ``on``, ``on@17``, ``end``, ``+1cd``."""
        if self.side is Side.END:
            return "end"
        if self.side is Side.ON:
            return "on" if self.at == OPENS else f"on@{self.at:%H}"
        sign = "-" if self.side is Side.BEFORE else "+"
        return f"{sign}{self.length}{self.unit}"

    @property
    def urgent(self) -> bool:
        """Whether it is told at any time of the day and of the week."""
        return self.unit is Unit.HOURS

    def falls(self, due_on: date, due_at: datetime, calendar: WorkCalendar) -> datetime:
        """When it falls for a clock that ends on ``due_on`` (an hour item: at ``due_at``)."""
        if self.unit is Unit.HOURS:
            distance = timedelta(hours=self.length)
            return due_at - distance if self.side is Side.BEFORE else due_at + distance
        return datetime.combine(self._day(due_on, calendar), self.at, LOCAL_ZONE)

    def _day(self, due_on: date, calendar: WorkCalendar) -> date:
        working = self.unit is Unit.WORKING_DAYS
        if self.side is Side.BEFORE:
            if working:
                return calendar.day_at(calendar.place_from(due_on.toordinal()) - self.length)
            return calendar.last_working_to(due_on - timedelta(self.length))
        if self.side is Side.ON:
            return calendar.last_working_to(due_on)
        if working:
            return calendar.add_working_days(due_on, self.length)
        return calendar.first_working_from(due_on + timedelta(self.length))


@dataclass(frozen=True, kw_only=True)
class Ladder(Dated):
    """The rungs of one class of clocks."""

    rungs: tuple[Rung, ...]

    @property
    def at_the_end(self) -> Rung | None:
        """What happens at the instant the clock passes unmet; that is no timed rung."""
        return next((rung for rung in self.rungs if rung.side is Side.END), None)

    def tells_after(self, hearer: str) -> bool:
        """Whether a hearer is told at the unmet end or after it."""
        return any(
            hearer in rung.hearers for rung in self.rungs if rung.side in {Side.END, Side.AFTER}
        )

    def rung(self, key: str) -> Rung | None:
        """Return the rung of a key, with or without the number of its repetition."""
        name, _ = _numbered(key)
        return next((rung for rung in self.rungs if rung.key == name), None)

    def falls(
        self, due_on: date, due_at: datetime, calendar: WorkCalendar
    ) -> Iterator[tuple[datetime, str]]:
        """Give when each rung falls, with its key, in order; a repeated one without end."""
        found = [
            (rung.falls(due_on, due_at, calendar), place, rung)
            for place, rung in enumerate(self.rungs)
            if rung.side is not Side.END
        ]
        for at, _, rung in sorted(found, key=lambda one: one[:2]):
            yield at, rung.key
            if rung.every:
                yield from _again(rung, at, due_on, calendar)


def _again(
    rung: Rung, first: datetime, due_on: date, calendar: WorkCalendar
) -> Iterator[tuple[datetime, str]]:
    """When a rung comes again; after a long holiday not twice on one day."""
    before = first
    for times in count(1):
        day = calendar.first_working_from(due_on + timedelta(rung.length + times * rung.every))
        at = datetime.combine(day, rung.at, LOCAL_ZONE)
        if at > before:
            yield at, f"{rung.key}*{times}"
        before = at


@cache
def ladders() -> Mapping[str, Timeline[Ladder]]:
    """The shipped ladders by key."""
    return timelines(read_ladders(shipped_text("ladders.toml")))


def ladder_on(key: str, day: date) -> Ladder | None:
    """Return the ladder in force on a day; ``None`` for a clock without one.

    Raises LawError for a key nobody knows.
    """
    if not key:
        return None
    if key not in ladders():
        raise LawError(f"没有督办等级「{key}」。", f"there is no ladder “{key}”.")
    return ladders()[key].on(day)


def first_rung(
    ladder: Ladder,
    due_on: date,
    due_at: datetime,
    calendar: WorkCalendar,
    since: datetime,
) -> tuple[datetime, str] | None:
    """Where on its ladder a clock begins that is set or moved at ``since``.

    What was to be told before the end and before ``since`` is no longer told; what falls on the
    last day or after it is, however late.
    """
    for at, key in ladder.falls(due_on, due_at, calendar):
        if at >= since or not key.startswith("-"):
            return at, key
    return None


def next_rung(
    ladder: Ladder,
    told: str,
    due_on: date,
    due_at: datetime,
    calendar: WorkCalendar,
    now: datetime,
) -> tuple[datetime, str] | None:
    """The rung after the one just told. Of repetitions that were missed only the last is told."""
    falls = ladder.falls(due_on, due_at, calendar)
    name, times = _numbered(told)
    for _, key in falls:
        reached = _numbered(key)
        if reached[0] == name and reached[1] >= times:
            break
    missed: tuple[datetime, str] | None = None
    for at, key in falls:
        rung = ladder.rung(key)
        if rung is None or not rung.every:
            return at, key
        if at > now:
            return missed or (at, key)
        missed = (at, key)
    return None


def _numbered(key: str) -> tuple[str, int]:
    """The name of a rung and the number of its repetition, 0 for the first time."""
    name, _, times = key.partition("*")
    return name, int(times or 0)


def in_working_hours(at: datetime, calendar: WorkCalendar) -> datetime:
    """The instant itself if people work then, else the next beginning of working hours."""
    local = at.astimezone(LOCAL_ZONE)
    if calendar.is_working(local.date()):
        if local.time() < OPENS:
            return datetime.combine(local.date(), OPENS, LOCAL_ZONE)
        if local.time() < CLOSES:
            return at
    day = calendar.first_working_from(local.date() + timedelta(1))
    return datetime.combine(day, OPENS, LOCAL_ZONE)


# Reading ----------------------------------------------------------------------------------------


def read_ladders(text: str) -> list[Ladder]:
    """Read ladders in the layout of ``data/ladders.toml``. Raises LawError with the faulty one."""
    return list(read_versions(tomllib.loads(text), _ladder))


def _ladder(key: str, row: Mapping[str, Any]) -> Ladder:
    rungs = tuple(_rung(one) for one in row["rungs"])
    keys = [rung.key for rung in rungs]
    if len(set(keys)) < len(keys):
        raise ValueError("two rungs of one key")
    if any(rung.every for rung in rungs[:-1]):
        raise ValueError("only the last rung may come again")
    return Ladder(**common_fields(key, row), rungs=rungs)


def _rung(row: Mapping[str, Any]) -> Rung:
    known = {"before", "after", "on", "end", "at", "every", "to", "raises", "puts_to", "listed"}
    if not row.keys() <= known | {"only"}:
        raise ValueError(sorted(row.keys() - known))
    [side] = [one for one in Side if one.value in row]
    length, unit = (0, "cd") if row[side] is True else row[side].split()
    hearers = tuple(row.get("to", ()))
    if not set(hearers) <= HEARERS or row.get("raises", "") not in RAISES:
        raise ValueError(row)
    if bool(row.get("raises")) != bool(row.get("puts_to")):
        raise ValueError("an escalation is put to somebody")
    return Rung(
        side=side,
        length=int(length),
        unit=Unit(unit),
        at=time.fromisoformat(row.get("at", "09:00")),
        every=int(row["every"].split()[0]) if "every" in row else 0,
        hearers=hearers,
        raises=row.get("raises", ""),
        puts_to=row.get("puts_to", ""),
        listed=row.get("listed", False),
        only=row.get("only", ""),
    )
