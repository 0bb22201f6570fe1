"""Legal and local terms with their basis, and the snapshot of the law that others are handed.

What is in force on a day is looked up with that day; nothing here knows what day it is.
"""

import hashlib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from typing import Any, Final, TypeVar

from app.law.calendar import LAST_DAY, WorkCalendar, shipped_calendar
from app.law.dated import (
    Dated,
    Timeline,
    common_fields,
    exact,
    overridden,
    read_versions,
    refusing,
    rule_on,
    shipped_text,
    timelines,
    unknown,
)
from app.law.errors import LawError
from app.law.labels import NO_LABEL, Label
from app.law.penalties import crimes, grounds, open_points, penalty_rules, surcharge_percent
from app.law.periods import Unit
from app.law.sources import Citation, Mark, cite_all

REGION_SWITCH: Final = "region_holidays_count_as_off"
TO_CONFIRM: Final = Label("该年度通知未见，待核实", "The year's notice was not seen; to confirm")


@dataclass(frozen=True, kw_only=True)
class Term(Dated):
    """A period of law or a local one: ``length`` in ``unit``.

    ``rolls``: an end on a rest day moves to the next working day (A4). ``rolls_if`` names the
    switch that decides it where the law is disputed.
    """

    length: int
    unit: Unit
    rolls: bool
    rolls_if: str = ""


@dataclass(frozen=True, kw_only=True)
class Value(Dated):
    """A number that is no period; ``unit`` in words."""

    amount: Decimal
    unit: Label


@dataclass(frozen=True, kw_only=True)
class Switch:
    """A choice of the authority where the law leaves one."""

    key: str
    on: bool
    label: Label
    mark: Mark
    note: Label = NO_LABEL


@dataclass(frozen=True)
class YearDate:
    """A date of one year's cycle. Cycle 2026 works on the report for 2025."""

    code: str
    year: int
    date: date
    label: Label
    mark: Mark
    basis: tuple[Citation, ...] = ()
    note: Label = NO_LABEL


@dataclass(frozen=True, eq=False)
class LawBook:
    """The law on one table: terms, dates, numbers, switches and the working days. Immutable.

    Every look-up raises LawError for what the data do not hold.
    """

    calendar: WorkCalendar
    terms: Mapping[str, Timeline[Term]]
    values: Mapping[str, Timeline[Value]]
    switches: Mapping[str, Switch]
    year_dates: Mapping[tuple[str, int], YearDate]

    def term(self, key: str, on: date) -> Term:
        """Return the term in force on ``on``."""
        return rule_on(self.terms, key, on)

    def term_if_any(self, key: str, on: date) -> Term | None:
        """Return the term in force on ``on``; None where the data hold none for that day."""
        if key not in self.terms:
            raise unknown(key)
        return self.terms[key].on(on)

    def has_term(self, key: str) -> bool:
        """Whether there is such a term on any day."""
        return key in self.terms

    def value(self, key: str, on: date) -> Decimal:
        """Return the number in force on ``on``."""
        return rule_on(self.values, key, on).amount

    def setting(self, key: str) -> bool:
        """Whether the switch is on."""
        if key not in self.switches:
            raise unknown(key)
        return self.switches[key].on

    def year_date(self, code: str, year: int) -> YearDate:
        """Return a date of the cycle of ``year``."""
        if not self.has_year_code(code):
            raise unknown(code)
        if (code, year) not in self.year_dates:
            raise LawError(f"{year} 年没有日期 {code}。", f"there is no date {code} in {year}.")
        return self.year_dates[code, year]

    def has_year_code(self, code: str) -> bool:
        """Whether there is such a date in any year."""
        return code in self._year_codes

    @cached_property
    def _year_codes(self) -> frozenset[str]:
        return frozenset(code for code, _ in self.year_dates)

    @cached_property
    def national_calendar(self) -> WorkCalendar:
        """The calendar without the region's own days: the earlier date of an authority's term."""
        return self.calendar.with_region(counts=False)

    @cached_property
    def national(self) -> "LawBook":
        """This law with the national calendar, whatever the switch says of the region's days."""
        return replace(self, calendar=self.national_calendar)

    @cached_property
    def version(self) -> str:
        """A digest of all that a date or an amount can follow from, the penalty tables included."""
        rules = [
            *(rule for line in self.terms.values() for rule in line.versions),
            *(rule for line in self.values.values() for rule in line.versions),
            *self.switches.values(),
            *self.year_dates.values(),
            *penalty_rules(),
            *(rule for line in grounds().values() for rule in line.versions),
            *crimes().values(),
            *open_points().values(),
            surcharge_percent(),
        ]
        region = [f"region {row}" for row in self.calendar.region.arrangements]
        lines = [self.calendar.version, *region, *(repr(rule) for rule in rules)]
        return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:12]

    def with_calendar(self, calendar: WorkCalendar) -> "LawBook":
        """Return this law with other working days; its own switch decides on region days (A10)."""
        counts = self.setting(REGION_SWITCH)
        if calendar.region_counts != counts:
            calendar = calendar.with_region(counts=counts)
        return replace(self, calendar=calendar)

    def with_overrides(
        self,
        *,
        terms: Iterable[Term] = (),
        values: Iterable[Value] = (),
        year_dates: Iterable[YearDate] = (),
        switches: Mapping[str, bool] | None = None,
    ) -> "LawBook":
        """Return this law with released changes on top; each holds on its own days.

        Raises LawError for a change of what the law itself says (mark S) and for a key or a code
        that nobody knows.
        """
        dates = dict(self.year_dates)
        for new in year_dates:
            old = dates.get((new.code, new.year))
            if old is not None and old.mark is Mark.LAW:
                raise LawError(
                    f"{new.year} 年「{old.label.zh}」为法定日期，不得以本地发布更改。",
                    f"“{old.label.en}” of {new.year} is set by law; no release may change it.",
                )
            if not self.has_year_code(new.code):
                raise unknown(new.code)
            dates[new.code, new.year] = new
        choices = dict(self.switches)
        for key, on in (switches or {}).items():
            if key not in choices:
                raise unknown(key)
            choices[key] = replace(choices[key], on=on)
        changed = replace(
            self,
            terms=_switched(overridden(self.terms, terms), choices),
            values=overridden(self.values, values),
            year_dates=dates,
            switches=choices,
        )
        return changed.with_calendar(self.calendar)


def _switched(
    known: Mapping[str, Timeline[Term]], switches: Mapping[str, Switch]
) -> dict[str, Timeline[Term]]:
    """Let the switches decide which disputed terms roll."""

    def decided(term: Term) -> Term:
        return replace(term, rolls=switches[term.rolls_if].on) if term.rolls_if else term

    return {
        key: Timeline(tuple(decided(term) for term in line.versions)) for key, line in known.items()
    }


@cache
def shipped_law() -> LawBook:
    """Return the law as it is shipped, before anything the authority has released."""
    values, switches = read_settings(shipped_text("settings.toml"))
    by_key = {switch.key: switch for switch in switches}
    book = LawBook(
        calendar=shipped_calendar(),
        terms=_switched(timelines(read_terms(shipped_text("terms.toml"))), by_key),
        values=timelines(values),
        switches=by_key,
        year_dates={
            (found.code, found.year): found
            for found in read_year_dates(shipped_text("year_dates.toml"))
        },
    )
    return book.with_calendar(book.calendar)


# Reading. Releases are written in the layout of the shipped files.


def read_terms(text: str) -> list[Term]:
    """Read terms in the layout of ``data/terms.toml``. Raises LawError naming the faulty one."""
    return list(read_versions(_toml(text), _term))


def read_settings(text: str) -> tuple[list[Value], list[Switch]]:
    """Read numbers and switches in the layout of ``data/settings.toml``; LawError as above."""
    tables = _toml(text)
    values = list(read_versions(tables.get("values", {}), _value))
    return values, _each(tables.get("switches", {}), _switch)


def read_year_dates(text: str) -> list[YearDate]:
    """Read dates in the layout of ``data/year_dates.toml``; LawError as above."""
    tables = _toml(text)
    names = _each(tables.get("names", {}), lambda code, row: (code, Label(row["zh"], row["en"])))
    found = [day for days in _each(tables.get("every_year", {}), _every_year) for day in days]
    years = _each(tables.get("years", {}), lambda year, rows: (int(year), rows))
    for year, rows in years:
        found += _each(rows, _year_date(year, dict(names)))
    return found


R = TypeVar("R")


def _each(table: Mapping[str, Any], read: Callable[[str, Any], R]) -> list[R]:
    """Read the rows of a table that know no versions."""
    rows: list[R] = []
    for key, row in table.items():
        with refusing(key):
            rows.append(read(key, row))
    return rows


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LawError(
            f"无法按 TOML 读取：{error}。", f"cannot be read as TOML: {error}."
        ) from None


def _term(key: str, row: Mapping[str, Any]) -> Term:
    length, unit = row["period"].split()
    if int(length) < 1:
        raise ValueError(row["period"])
    return Term(
        **common_fields(key, row),
        length=int(length),
        unit=Unit(unit),
        rolls=Unit(unit) is not Unit.HOURS,
        rolls_if=row.get("rolls", ""),
    )


def _value(key: str, row: Mapping[str, Any]) -> Value:
    unit = Label(row["unit_zh"], row["unit_en"])
    return Value(**common_fields(key, row), amount=exact(row["amount"]), unit=unit)


def _switch(key: str, row: Mapping[str, Any]) -> Switch:
    note = Label(row.get("note_zh", ""), row.get("note_en", ""))
    label = Label(row["zh"], row["en"])
    return Switch(key=key, on=row["on"], label=label, mark=Mark(row["mark"]), note=note)


def _every_year(code: str, row: Mapping[str, Any]) -> list[YearDate]:
    """The same day in every year from the first one on."""
    label, mark, basis = Label(row["zh"], row["en"]), Mark(row["mark"]), cite_all(row["basis"])
    return [
        YearDate(code, year, date.fromisoformat(f"{year}-{row['day']}"), label, mark, basis)
        for year in range(row["first_year"], LAST_DAY.year + 1)
    ]


def _year_date(year: int, names: Mapping[str, Label]) -> Callable[[str, Any], YearDate]:
    def read(code: str, row: Any) -> YearDate:
        if isinstance(row, date):
            return YearDate(code, year, row, names[code], Mark.TO_CONFIRM, note=TO_CONFIRM)
        mark, basis = Mark(row["mark"]), cite_all(row["basis"])
        return YearDate(code, year, row["date"], names[code], mark, basis)

    return read
