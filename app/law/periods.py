"""Arithmetic of legal periods: working days, calendar days, hours, months, years.

Rules are named A1 to A14 after the table of the project's domain notes. All dates are local days of
the authority; instants are aware UTC.
"""

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from app.law.calendar import WorkCalendar, merged, outside_calendar, weekday_label
from app.law.labels import Label

LOCAL_ZONE: Final = ZoneInfo("Asia/Shanghai")
"""The authority's zone: legal days begin and end here."""


class Unit(StrEnum):
    """What a period is counted in; the value is the short word used on the command line."""

    WORKING_DAYS = "wd"
    CALENDAR_DAYS = "cd"
    HOURS = "h"
    MONTHS = "m"
    YEARS = "y"

    @property
    def label(self) -> Label:
        """The unit in words."""
        return _UNIT_LABELS[self]


_UNIT_LABELS: Final = {
    Unit.WORKING_DAYS: Label("个工作日", "working days"),
    Unit.CALENDAR_DAYS: Label("日", "calendar days"),
    Unit.HOURS: Label("小时", "hours"),
    Unit.MONTHS: Label("个月", "months"),
    Unit.YEARS: Label("年", "years"),
}


@dataclass(frozen=True)
class Interval:
    """A cause that stops the clock (A13).

    Excluded are the days after ``begins_on`` up to ``ends_on``, inclusive; an ``ends_on`` of None
    means that the cause still lasts. ``kind`` says what the cause is.
    Raises ValueError if the end is before the beginning.
    """

    begins_on: date
    ends_on: date | None
    kind: str

    def __post_init__(self) -> None:
        """Refuse a cause that ends before it begins."""
        if self.ends_on is not None and self.ends_on < self.begins_on:
            raise ValueError("A cause cannot end before it begins.")


@dataclass(frozen=True)
class Step:
    """One day of the derivation of a period: counted or not, by which rule, and why."""

    day: date
    counted: bool
    rule: str
    note: Label


@dataclass(frozen=True)
class Period:
    """The answer of ``compute``.

    ``last_day``: the last day, inclusive; counted backwards: the latest day to act. None while an
    open exclusion stops the clock. ``earliest``: the earliest day that can become the last one.
    ``nominal``: the end before exclusions and before rolling over a rest day; ``unrolled``: with
    the exclusions, before rolling. ``provisional``: an arrangement that is not loaded may still
    change the date (A14).
    """

    last_day: date | None
    earliest: date
    nominal: date
    unrolled: date
    provisional: bool
    derive: Callable[[], tuple[Step, ...]] = field(repr=False, compare=False)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The derivation day by day, in the order of time; worked out when first asked for."""
        return self.derive()


def compute(
    start: date,
    length: int,
    unit: Unit,
    calendar: WorkCalendar,
    *,
    backward: bool = False,
    roll: bool = True,
    exclusions: Sequence[Interval] = (),
    extensions: Sequence[tuple[int, Unit]] = (),
) -> Period:
    """Return the period of ``length`` ``unit`` after ``start``, or before it if ``backward``.

    The start day is not counted (A1). Extensions lengthen the term and are counted from the start,
    never from a rolled end; where units differ, each stage begins at the unrolled end of the one
    before. ``roll`` moves an end on a rest day to the next working day (A4); backwards it moves a
    notice day on a rest day to the working day before (A9).

    Raises ValueError for a length below 1, for hours (see ``end_of_hours``) and for a backward
    period with exclusions or extensions; LawError for days outside the calendar.
    """
    stages = _stages([(length, unit), *extensions])
    calendar.refuse_outside(start)
    if backward:
        if exclusions or extensions:
            raise ValueError("A period before an event knows no exclusion and no extension.")
        return _Backward(start, length, unit, calendar, roll).period()
    return _Forward(start, stages, calendar, roll, tuple(exclusions)).period()


def last_day(start: date, length: int, unit: Unit, calendar: WorkCalendar) -> date:
    """Return the last day, inclusive, of a period of ``length`` ``unit``.

    The start day is not counted. A period of calendar days, months or years that ends on a day off
    runs to the next working day. Dates are local to the authority; the hour never matters.

    >>> from app.law.calendar import shipped_calendar
    >>> last_day(date(2026, 9, 28), 5, Unit.WORKING_DAYS, shipped_calendar())  # off 1-7 Oct
    datetime.date(2026, 10, 10)

    Raises ValueError if ``length`` < 1 or the unit is hours. Whether the answer is provisional says
    ``compute``. Source: Civil Code, arts. 201-203; Civil Procedure Law (2023), art. 85 paras. 2-3.
    """
    return compute(start, length, unit, calendar).earliest


def add_months(start: date, months: int) -> date:
    """Return the same date ``months`` later (or earlier, if negative), or that month's end (A3).

    >>> add_months(date(2023, 8, 31), 6)
    datetime.date(2024, 2, 29)
    """
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if not 1 <= year <= date.max.year:
        raise outside_calendar()
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def local_date(instant: datetime) -> date:
    """Return the authority's local day of an aware instant. Raises ValueError if it is naive."""
    return _aware(instant).astimezone(LOCAL_ZONE).date()


def end_of_day(day: date, closes: time = time(23, 59, 59)) -> datetime:
    """Return the last second of a local day as aware UTC: 24:00 is written 23:59:59 (A5).

    ``closes`` is the local hour at which business ends, where an act can only be done in person.
    """
    return datetime.combine(day, closes, LOCAL_ZONE).astimezone(UTC)


def end_of_hours(start: datetime, hours: int) -> datetime:
    """Return the instant ``hours`` after ``start``, through nights and holidays (A2), in UTC.

    Raises ValueError if ``start`` is naive or ``hours`` < 1.
    """
    if hours < 1:
        raise ValueError("A period has at least one hour.")
    return _aware(start).astimezone(UTC) + timedelta(hours=hours)


def explain(period: Period) -> tuple[Label, ...]:
    """Say of every day of the derivation whether it counts and by which rule, a line each."""
    return tuple(
        Label(
            f"{step.day} {weekday_label(step.day).zh} {'计入' if step.counted else '不计'}"
            f" {step.rule} {step.note.zh}",
            f"{step.day} {weekday_label(step.day).en[:3]} "
            f"{'counted' if step.counted else 'skipped'} {step.rule} {step.note.en}",
        )
        for step in period.steps
    )


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("An instant needs a time zone.")
    return instant


def _stages(parts: list[tuple[int, Unit]]) -> tuple[tuple[int, Unit], ...]:
    """Add up neighbouring lengths of one unit, so that 90 + 30 days are 120 days from the start."""
    for length, unit in parts:
        if unit is Unit.HOURS:
            raise ValueError("Hours run from an instant: use end_of_hours().")
        if length < 1:
            raise ValueError("A period has at least one day, month or year.")
    return tuple(
        (sum(length for length, _ in group), unit)
        for unit, group in groupby(parts, key=lambda part: part[1])
    )


def _in_months(length: int, unit: Unit) -> int:
    return length * 12 if unit is Unit.YEARS else length


@dataclass(frozen=True)
class _Forward:
    """A period after its start."""

    start: date
    stages: tuple[tuple[int, Unit], ...]
    calendar: WorkCalendar
    roll: bool
    exclusions: tuple[Interval, ...]

    def period(self) -> Period:
        spans = merged(
            (x.begins_on.toordinal() + 1, x.ends_on.toordinal())
            for x in self.exclusions
            if x.ends_on
        )
        nominal = self._stage_ends([])
        ends = self._stage_ends(spans) if spans else nominal
        earliest = self._rolled(ends[-1], spans)
        stopped = any(x.ends_on is None and x.begins_on < earliest for x in self.exclusions)
        return Period(
            last_day=None if stopped else earliest,
            earliest=earliest,
            nominal=nominal[-1],
            unrolled=ends[-1],
            provisional=self._is_provisional(ends, earliest),
            derive=lambda: tuple(_ForwardSteps(self, spans, ends, earliest).build()),
        )

    def _stage_ends(self, spans: list[tuple[int, int]]) -> list[date]:
        """The unrolled end of each stage; that of the last one is the end of the period."""
        ends: list[date] = []
        day = self.start
        for length, unit in self.stages:
            day = self._stage_end(day, length, unit, spans)
            ends.append(day)
        return ends

    def _rolled(self, end: date, spans: list[tuple[int, int]]) -> date:
        if not self.roll:
            return end
        last = self.calendar.first_working_from(end)
        while blocking := next((hi for lo, hi in spans if lo <= last.toordinal() <= hi), None):
            last = self.calendar.first_working_from(date.fromordinal(blocking + 1))
        return last

    def _stage_end(
        self, start: date, length: int, unit: Unit, spans: list[tuple[int, int]]
    ) -> date:
        first = start.toordinal() + 1
        later = [(max(lo, first), hi) for lo, hi in spans if hi >= first]
        if unit is Unit.WORKING_DAYS:
            places = [
                (self.calendar.place_from(lo), self.calendar.place_after(hi) - 1)
                for lo, hi in later
            ]
            before_first = self.calendar.place_after(start.toordinal()) - 1
            return self.calendar.day_at(_count(before_first, length, merged(places)))
        days = length
        if unit is not Unit.CALENDAR_DAYS:
            days = (add_months(start, _in_months(length, unit)) - start).days
        end = _count(start.toordinal(), days, later)
        if end > date.max.toordinal():
            raise outside_calendar()
        return date.fromordinal(end)

    def _is_provisional(self, ends: list[date], earliest: date) -> bool:
        """Whether a day is provisional whose being worked or not decides the date."""
        for (_, unit), begin, end in zip(self.stages, [self.start, *ends], ends, strict=False):
            first = begin + timedelta(days=1)
            if unit is Unit.WORKING_DAYS and self.calendar.any_provisional(first, end):
                return True
        return self.roll and self.calendar.any_provisional(ends[-1], earliest)


def _count(before_first: int, length: int, skipped: list[tuple[int, int]]) -> int:
    """Count ``length`` places after ``before_first``, jumping over ascending spans."""
    end = before_first + length
    for lo, hi in skipped:
        if lo > end:
            break
        end += hi - lo + 1
    return end


@dataclass(frozen=True)
class _ForwardSteps:
    """The derivation of a period after its start."""

    of: _Forward
    spans: list[tuple[int, int]]
    ends: list[date]
    earliest: date

    def build(self) -> list[Step]:
        steps = [_skipped(self.of.start, "A1", "起算日，不计入", "the start day does not count")]
        start = self.of.start
        for (length, unit), end in zip(self.of.stages, self.ends, strict=True):
            days = (date.fromordinal(n) for n in range(start.toordinal() + 1, end.toordinal() + 1))
            match unit:
                case Unit.WORKING_DAYS:
                    steps += self._working_days(days)
                case Unit.CALENDAR_DAYS:
                    steps += self._calendar_days(days)
                case _:
                    steps += self._months(days, start, length, unit)
            start = end
        return [*steps, *self._rolled(start)]

    def _working_days(self, days: Iterable[date]) -> Iterator[Step]:
        number = 0
        for day in days:
            if kinds := self._excluded_by(day):
                yield _excluded(day, kinds)
            else:
                number += self.of.calendar.is_working(day)
                yield _working_day(day, number, self.of.calendar)

    def _calendar_days(self, days: Iterable[date]) -> Iterator[Step]:
        number = 0
        for day in days:
            if kinds := self._excluded_by(day):
                yield _excluded(day, kinds)
            else:
                number += 1
                yield _counted(day, "A1", f"第{number}日", f"day {number}")

    def _months(self, days: Iterable[date], start: date, length: int, unit: Unit) -> Iterator[Step]:
        """Only the days that decide: the corresponding date, and what exclusions add to it."""
        corresponding = add_months(start, _in_months(length, unit))
        for day in days:
            if kinds := self._excluded_by(day):
                yield _excluded(day, kinds)
            elif day == corresponding:
                yield _corresponding(start, length, unit, day)
            elif day > corresponding:
                yield _counted(day, "A13", "补回扣除的日数", "makes up an excluded day")

    def _rolled(self, end: date) -> Iterator[Step]:
        calendar = self.of.calendar
        for ordinal in range(end.toordinal(), self.earliest.toordinal()):
            day = date.fromordinal(ordinal)
            if reason := calendar.rest_reason(day):
                note = Label(f"末日为{reason.zh}，顺延", f"would end on {reason.en}: rolls on")
                yield Step(day, counted=False, rule="A4", note=_marked(note, day, calendar))
            else:
                yield _excluded(day, self._excluded_by(day))
        if self.earliest > end:
            note = _marked(
                Label("顺延后的末日", "the last day after rolling"), self.earliest, calendar
            )
            yield Step(self.earliest, counted=True, rule="A4", note=note)

    def _excluded_by(self, day: date) -> str:
        """The kinds of the closed exclusions that cover ``day``; empty if none does."""
        place = bisect_left(self.spans, day.toordinal() + 1, key=lambda span: span[0])
        if place == 0 or self.spans[place - 1][1] < day.toordinal():
            return ""
        kinds = (x.kind for x in self.of.exclusions if x.ends_on and x.begins_on < day <= x.ends_on)
        return "、".join(dict.fromkeys(kinds))


@dataclass(frozen=True)
class _Backward:
    """A period that must lie in full between a notice and an event (A9)."""

    event: date
    length: int
    unit: Unit
    calendar: WorkCalendar
    roll: bool

    def period(self) -> Period:
        nominal = self._nominal()
        found = self.calendar.last_working_to(nominal) if self.roll else nominal
        decides_to = self.event - timedelta(days=1) if self._counts_work else nominal
        return Period(
            last_day=found,
            earliest=found,
            nominal=nominal,
            unrolled=nominal,
            provisional=(self.roll or self._counts_work)
            and self.calendar.any_provisional(found, decides_to),
            derive=lambda: tuple(self._steps(nominal, found)),
        )

    @property
    def _counts_work(self) -> bool:
        return self.unit is Unit.WORKING_DAYS

    def _nominal(self) -> date:
        """The latest day after which the whole length still fits before the event."""
        if self._counts_work:
            place = self.calendar.place_from(self.event.toordinal()) - self.length
            return self.calendar.day_at(place) - timedelta(days=1)
        if self.unit is Unit.CALENDAR_DAYS:
            ordinal = self.event.toordinal() - self.length - 1
            if ordinal < 1:
                raise outside_calendar()
            return date.fromordinal(ordinal)
        months = _in_months(self.length, self.unit)
        day = add_months(self.event, -months)
        while add_months(day, months) >= self.event:
            day -= timedelta(days=1)
        return day

    def _steps(self, nominal: date, found: date) -> Iterator[Step]:
        act = Label("最迟应于当日办理", "the latest day to act")
        yield Step(found, counted=False, rule="A9", note=_marked(act, found, self.calendar))
        for ordinal in range(found.toordinal() + 1, nominal.toordinal() + 1):
            day = date.fromordinal(ordinal)
            reason = self.calendar.rest_reason(day) or weekday_label(day)
            note = Label(f"{reason.zh}，提前至其前的工作日", f"{reason.en}: the working day before")
            yield Step(day, counted=False, rule="A9", note=_marked(note, day, self.calendar))
        number = 0
        for ordinal in range(nominal.toordinal() + 1, self.event.toordinal()):
            day = date.fromordinal(ordinal)
            if self._counts_work:
                number += self.calendar.is_working(day)
                yield _working_day(day, number, self.calendar)
            else:
                number += 1
                yield _counted(day, "A9", f"第{number}日", f"day {number}")
        yield _skipped(self.event, "A9", "事项当日，不计入", "the day of the event does not count")


def _counted(day: date, rule: str, zh: str, en: str) -> Step:
    return Step(day, counted=True, rule=rule, note=Label(zh, en))


def _skipped(day: date, rule: str, zh: str, en: str) -> Step:
    return Step(day, counted=False, rule=rule, note=Label(zh, en))


def _excluded(day: date, kinds: str) -> Step:
    return _skipped(day, "A13", f"扣除：{kinds}", f"excluded: {kinds}")


def _working_day(day: date, number: int, calendar: WorkCalendar) -> Step:
    if reason := calendar.rest_reason(day):
        rule = "A10" if calendar.is_region_rest(day) else "A7"
        return Step(day, counted=False, rule=rule, note=_marked(reason, day, calendar))
    make_up = calendar.is_make_up(day)
    note = Label(
        f"第{number}个工作日" + ("（调休上班）" if make_up else ""),
        f"working day {number}" + (" (make-up day)" if make_up else ""),
    )
    rule = "A8" if make_up else "A7"
    return Step(day, counted=True, rule=rule, note=_marked(note, day, calendar))


def _corresponding(start: date, length: int, unit: Unit, day: date) -> Step:
    exact = day.day == start.day
    return _counted(
        day,
        "A3",
        f"{length}{unit.label.zh}后的" + ("对应日" if exact else "月末日（无对应日）"),
        f"{length} {unit.label.en} on: "
        + ("the same date" if exact else "the end of the month, which has no such date"),
    )


def _marked(note: Label, day: date, calendar: WorkCalendar) -> Label:
    """Add to a note that the day is provisional (A14)."""
    if calendar.is_provisional(day):
        return Label(f"{note.zh}（A14 暂定）", f"{note.en} (A14 provisional)")
    return note
