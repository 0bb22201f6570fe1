"""Working days: the State Council's yearly arrangements, older years, a region's own days.

A calendar has layers. The national layer is exact where the year's arrangement is loaded and
provisional elsewhere: weekends and the festivals with a fixed date. The last days of December stay
provisional until the next year's notice is loaded, because a notice may reach back. A region's own
festivals are a layer of their own that counts only in calendars made by ``with_region``.
"""

import csv
import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache, cached_property
from importlib import resources
from typing import Final

from app.law.errors import LawError
from app.law.labels import Label

FIRST_DAY: Final = date(2000, 1, 1)
LAST_DAY: Final = date(2100, 12, 31)
REACH_BACK: Final = (12, 28)
"""From this day of December on, the next year's notice may still change the calendar."""
SATURDAY: Final = 5

COLUMNS: Final = (
    "year",
    "document_no",
    "issued",
    "holiday",
    "rest_from",
    "rest_to",
    "rest_days",
    "make_up_workdays",
)
FESTIVALS: Final[Mapping[str, str]] = {
    "元旦": "New Year's Day",
    "春节": "Spring Festival",
    "清明节": "Tomb-sweeping Day",
    "劳动节": "Labour Day",
    "端午节": "Dragon Boat Festival",
    "中秋节": "Mid-autumn Festival",
    "国庆节": "National Day",
    "抗战胜利纪念日": "Victory Day",
    "开斋节": "Eid al-Fitr",
    "古尔邦节": "Eid al-Adha",
}
STATUTORY: Final = ("元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节")
FIXED: Final[Mapping[str, tuple[tuple[int, int], ...]]] = {
    "元旦": ((1, 1),),
    "劳动节": ((5, 1), (5, 2)),
    "国庆节": ((10, 1), (10, 2), (10, 3)),
}
"""Festivals with a fixed date: Measures for National Festivals (2024), art. 2. The lunar ones and
清明节 are set by the year's notice."""
REGION_FESTIVALS: Final[Mapping[str, tuple[int, int]]] = {"开斋节": (10, 1), "古尔邦节": (12, 10)}
"""Ningxia's own festivals by month and day of the Islamic year."""
REGION_DAYS_BEFORE, REGION_DAYS_AFTER = 3, 6
"""Around the tabular date of a festival: where a notice may put its days off and their shifts."""

_WEEKDAYS: Final = tuple(
    Label(f"星期{zh}", en)
    for zh, en in zip(
        "一二三四五六日",
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        strict=True,
    )
)


def weekday_label(day: date) -> Label:
    """Name the day of the week.

    >>> weekday_label(date(2026, 9, 28)).zh
    '星期一'
    """
    return _WEEKDAYS[day.weekday()]


def festival_label(holiday: str) -> Label:
    """Return the festival's name in both languages; several are joined with ``、``."""
    return Label(holiday, ", ".join(FESTIVALS.get(name, name) for name in holiday.split("、")))


class ArrangementError(LawError):
    """A file of arrangements has a fault and is refused whole. ``line`` counts from 1."""

    def __init__(self, line: int, zh: str, en: str) -> None:
        super().__init__(f"第 {line} 行：{zh}", f"line {line}: {en}")
        self.line = line


@dataclass(frozen=True)
class Arrangement:
    """One festival of one notice: the days off, inclusive, and the weekend days that are worked."""

    year: int
    document_no: str
    issued: date | None
    holiday: str
    rest_from: date
    rest_to: date
    make_up: tuple[date, ...] = ()

    def rest_days(self) -> list[date]:
        """Every day off, first to last."""
        return _days(self.rest_from, self.rest_to)


def _days(first: date, last: date) -> list[date]:
    return [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]


def load_arrangements(text: str, *, region: bool = False) -> list[Arrangement]:
    """Read yearly arrangements in the layout of the State Council table (CSV with COLUMNS).

    A year must name all seven statutory festivals, so that half a notice cannot make a year look
    complete; with ``region`` the file holds a region's own festivals and none of the seven.

    Raises ArrangementError with the line at the first fault; nothing of the file is used then.
    """
    (_, first), *rows = _lines(text) or [(1, [])]
    header = tuple(name.strip() for name in first)
    if header != COLUMNS:
        unknown = [name for name in header if name not in COLUMNS]
        missing = [name for name in COLUMNS if name not in header]
        raise ArrangementError(
            1,
            f"表头应为 {'、'.join(COLUMNS)}；多出 {unknown}，缺少 {missing}。",
            f"the columns must be {', '.join(COLUMNS)}; unknown {unknown}, missing {missing}.",
        )
    checks = _FileChecks()
    for line, row in rows:
        if any(value.strip() for value in row):
            arrangement = _parse(line, row)
            if region:
                _refuse_national(line, arrangement)
            checks.add(line, arrangement)
    if not checks.rows:
        raise ArrangementError(2, "文件中没有任何节假日安排。", "the file holds no arrangement.")
    checks.refuse_clashes()
    if not region:
        checks.refuse_half_a_year()
    return [arrangement for _, arrangement in checks.rows]


def _lines(text: str) -> list[tuple[int, list[str]]]:
    """The rows of a CSV text, each with the number of its line."""
    reader = csv.reader(text.removeprefix("\ufeff").splitlines())
    try:
        return [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise ArrangementError(
            reader.line_num, f"无法按 CSV 读取：{error}。", f"cannot be read as CSV: {error}."
        ) from None


def _parse(line: int, row: Sequence[str]) -> Arrangement:
    """Read one row and check it by itself."""
    if len(row) != len(COLUMNS):
        raise ArrangementError(
            line,
            f"应有 {len(COLUMNS)} 列，实有 {len(row)} 列。",
            f"{len(COLUMNS)} columns are expected, {len(row)} found.",
        )
    values = dict(zip(COLUMNS, (value.strip() for value in row), strict=True))
    year = _whole_number(line, "year", values["year"])
    if not values["holiday"]:
        raise ArrangementError(line, "缺少节日名称。", "the festival has no name.")
    issued = _date(line, "issued", values["issued"]) if values["issued"] else None
    first = _date(line, "rest_from", values["rest_from"])
    last = _date(line, "rest_to", values["rest_to"])
    if last < first:
        raise ArrangementError(
            line,
            f"放假截止日 {last} 早于起始日 {first}。",
            f"rest_to {last} is before rest_from {first}.",
        )
    stated, counted = _whole_number(line, "rest_days", values["rest_days"]), (last - first).days + 1
    if stated != counted:
        raise ArrangementError(
            line,
            f"rest_days 写为 {stated} 天，起止日之间为 {counted} 天。",
            f"rest_days says {stated}, but {first} to {last} is {counted} days.",
        )
    make_up = tuple(_date(line, "make_up_workdays", v) for v in values["make_up_workdays"].split())
    for day in (first, last, *make_up):
        if not date(year - 1, *REACH_BACK) <= day <= date(year, 12, 31):
            raise ArrangementError(
                line,
                f"{day} 不属于 {year} 年的安排。",
                f"{day} is no day of the notice for {year}.",
            )
    for day in make_up:
        if day.weekday() < SATURDAY:
            raise ArrangementError(
                line,
                f"调休上班日 {day} 是{weekday_label(day).zh}，不是周末。",
                f"the make-up day {day} is a {weekday_label(day).en}, not a weekend day.",
            )
    return Arrangement(year, values["document_no"], issued, values["holiday"], first, last, make_up)


def _refuse_national(line: int, row: Arrangement) -> None:
    if national := [name for name in row.holiday.split("、") if name in STATUTORY]:
        raise ArrangementError(
            line,
            f"{'、'.join(national)}是全国节假日，不属于地区安排。",
            f"{festival_label('、'.join(national)).en} is a national festival, not a region's own.",
        )


def _whole_number(line: int, column: str, value: str) -> int:
    digits = value.isascii() and value.isdigit() and len(value) <= len(str(LAST_DAY.year))
    if not digits or int(value) > LAST_DAY.year:
        raise ArrangementError(
            line, f"{column} 的值「{value}」不是有效数字。", f"{column}: “{value}” is not a number."
        )
    number = int(value)
    if column == "year" and number <= FIRST_DAY.year:
        raise ArrangementError(line, f"年份 {number} 太早。", f"the year {number} is too early.")
    return number


def _date(line: int, column: str, value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ArrangementError(
            line,
            f"{column} 的值「{value}」不是日期，应写作 2027-01-01。",
            f"{column}: “{value}” is not a date such as 2027-01-01.",
        ) from None


@dataclass
class _FileChecks:
    """What the rows of one file must not do to each other."""

    rows: list[tuple[int, Arrangement]] = field(default_factory=list)

    def add(self, line: int, new: Arrangement) -> None:
        names = set(new.holiday.split("、"))
        for _, old in self.rows:
            if old.year == new.year and (twice := names & set(old.holiday.split("、"))):
                raise ArrangementError(
                    line,
                    f"{new.year} 年「{'、'.join(sorted(twice))}」重复。",
                    f"{festival_label('、'.join(sorted(twice))).en} {new.year} is listed twice.",
                )
        for name in names & FIXED.keys():
            fixed = date(new.year, *FIXED[name][0])
            if not new.rest_from <= fixed <= new.rest_to:
                raise ArrangementError(
                    line,
                    f"{name}的假期不含 {fixed}。",
                    f"the days off for {FESTIVALS[name]} leave out {fixed}.",
                )
        self.rows.append((line, new))

    def refuse_clashes(self) -> None:
        """Every day belongs to one rest or one make-up, wherever in the file its row stands."""
        rest_of: dict[date, int] = {}
        for line, row in self.rows:
            for day in row.rest_days():
                if day in rest_of:
                    raise ArrangementError(
                        line,
                        f"{day} 已在第 {rest_of[day]} 行列为放假。",
                        f"{day} is already a day off in line {rest_of[day]}.",
                    )
                rest_of[day] = line
        make_up_of: dict[date, int] = {}
        for line, row in self.rows:
            for day in row.make_up:
                if day in rest_of:
                    raise ArrangementError(
                        line,
                        f"调休上班日 {day} 在第 {rest_of[day]} 行的假期之内。",
                        f"the make-up day {day} lies inside the days off of line {rest_of[day]}.",
                    )
                if day in make_up_of:
                    raise ArrangementError(
                        line,
                        f"调休上班日 {day} 已在第 {make_up_of[day]} 行列出。",
                        f"the make-up day {day} is already listed in line {make_up_of[day]}.",
                    )
                make_up_of[day] = line

    def refuse_half_a_year(self) -> None:
        """A year counts as loaded only when each statutory festival has its row."""
        for year in sorted({row.year for _, row in self.rows}):
            of_year = [(line, row) for line, row in self.rows if row.year == year]
            named = {name for _, row in of_year for name in row.holiday.split("、")}
            if missing := [name for name in STATUTORY if name not in named]:
                raise ArrangementError(
                    of_year[-1][0],
                    f"{year} 年的安排不完整，缺少{'、'.join(missing)}。",
                    f"the notice for {year} is incomplete: "
                    f"{festival_label('、'.join(missing)).en} missing.",
                )


def tabular_islamic(year: int, month: int, day: int) -> date:
    """Return the Gregorian day of an Islamic date by the arithmetic (civil) calendar.

    The seen moon may differ by a day or two; used only to say where a region's days are open.

    >>> tabular_islamic(1447, 12, 10)
    datetime.date(2026, 5, 27)
    """
    days = (year - 1) * 354 + (3 + 11 * year) // 30 + 29 * (month - 1) + month // 2 + day
    return date.fromordinal(227014 + days)


@dataclass(frozen=True)
class RegionLayer:
    """A region's own days off. Ningxia: 开斋节 and 古尔邦节, set by a notice for each."""

    arrangements: tuple[Arrangement, ...] = ()

    @classmethod
    def of(cls, days: Iterable[date], holiday: str = "古尔邦节") -> "RegionLayer":
        """Make a layer of single days, for trying out a notice that is not out yet."""
        return cls(tuple(Arrangement(d.year, "", None, holiday, d, d) for d in sorted(set(days))))

    def with_arrangements(self, added: Iterable[Arrangement]) -> "RegionLayer":
        """Return a layer in which these rows replace what was known of their festivals."""
        new = tuple(added)
        replaced = {(row.year, name) for row in new for name in row.holiday.split("、")}
        kept = [
            row
            for row in self.arrangements
            if not replaced & {(row.year, name) for name in row.holiday.split("、")}
        ]
        return RegionLayer((*kept, *new))

    def open_windows(self) -> list[tuple[date, date]]:
        """Where a festival may fall whose days are not loaded yet; both ends inclusive."""
        windows = []
        for festival, (month, day) in REGION_FESTIVALS.items():
            loaded = [row for row in self.arrangements if festival in row.holiday.split("、")]
            for year in range(1420, 1525):
                middle = tabular_islamic(year, month, day)
                first = middle - timedelta(days=REGION_DAYS_BEFORE)
                last = middle + timedelta(days=REGION_DAYS_AFTER)
                if not any(row.rest_from <= last and first <= row.rest_to for row in loaded):
                    windows.append((first, last))
        return windows


@dataclass(frozen=True)
class WorkCalendar:
    """Which local days are worked. Immutable; covers FIRST_DAY to LAST_DAY.

    ``rests`` and ``make_ups`` map a day to its festival; ``loaded`` are the years whose notice is
    known; ``seeded`` those taken from a published package instead of the notice itself. With
    ``region_counts`` the days of the ``region`` layer are off as well.
    """

    rests: Mapping[date, str]
    make_ups: Mapping[date, str]
    loaded: frozenset[int]
    seeded: frozenset[int] = frozenset()
    region: RegionLayer = field(default_factory=RegionLayer)
    region_counts: bool = False

    @classmethod
    def from_arrangements(cls, arrangements: Iterable[Arrangement]) -> "WorkCalendar":
        """Build a calendar from notices alone."""
        return cls({}, {}, frozenset()).with_arrangements(arrangements)

    def with_arrangements(self, arrangements: Iterable[Arrangement]) -> "WorkCalendar":
        """Return a calendar in which these notices replace whatever was known of their years."""
        added = list(arrangements)
        years = {row.year for row in added}

        def kept(known: Mapping[date, str]) -> dict[date, str]:
            return {day: name for day, name in known.items() if _year_of(day, name) not in years}

        rests, make_ups = kept(self.rests), kept(self.make_ups)
        for row in added:
            rests |= dict.fromkeys(row.rest_days(), row.holiday)
            make_ups |= dict.fromkeys(row.make_up, row.holiday)
        return replace(
            self,
            rests=rests,
            make_ups=make_ups,
            loaded=self.loaded | years,
            seeded=self.seeded - years,
        )

    def with_region(
        self, layer: RegionLayer | None = None, *, counts: bool = True
    ) -> "WorkCalendar":
        """Return this calendar with the region's own days counted as off, or not.

        ``layer`` replaces the known layer. The switch is ``region_holidays_count_as_off``.
        """
        region = self.region if layer is None else layer
        return replace(self, region=region, region_counts=counts)

    # What the fields say, worked out once.

    @cached_property
    def _region_rests(self) -> dict[date, str]:
        if not self.region_counts:
            return {}
        return {day: row.holiday for row in self.region.arrangements for day in row.rest_days()}

    @cached_property
    def _region_make_ups(self) -> dict[date, str]:
        if not self.region_counts:
            return {}
        return {day: row.holiday for row in self.region.arrangements for day in row.make_up}

    @cached_property
    def _workdays(self) -> list[int]:
        """Ordinals of all working days, ascending: a date is found by bisection."""
        return [
            ordinal
            for ordinal in range(FIRST_DAY.toordinal(), LAST_DAY.toordinal() + 1)
            if self.rest_reason(date.fromordinal(ordinal)) is None
        ]

    @cached_property
    def _provisional(self) -> list[tuple[int, int]]:
        """Merged spans of provisional days as ordinals, both ends inclusive, ascending."""
        spans = []
        for year in range(FIRST_DAY.year, LAST_DAY.year + 1):
            if year not in self.loaded:
                spans.append((date(year, 1, 1), date(year, 12, 31)))
            elif year + 1 not in self.loaded:
                spans.append((date(year, *REACH_BACK), date(year, 12, 31)))
        if self.region_counts:
            spans += self.region.open_windows()
        return merged((first.toordinal(), last.toordinal()) for first, last in spans)

    @cached_property
    def version(self) -> str:
        """A digest of everything that decides whether a day is worked."""
        lines = [f"rest {day} {name}" for day, name in self.rests.items()]
        lines += [f"work {day} {name}" for day, name in self.make_ups.items()]
        lines += [f"loaded {year} {year in self.seeded}" for year in self.loaded]
        if self.region_counts:
            lines += [f"region {row}" for row in self.region.arrangements] + ["region counts"]
        return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:12]

    # Questions about one day.

    def rest_reason(self, day: date) -> Label | None:
        """Say why ``day`` is off: the festival or the day of the week; None if it is worked."""
        if day not in self.rests:
            if name := self._region_rests.get(day):
                return festival_label(name)
            if day in self._region_make_ups:
                return None
        return self._national_reason(day)

    def _national_reason(self, day: date) -> Label | None:
        if name := self.rests.get(day):
            return festival_label(name)
        if day in self.make_ups:
            return None
        if day.year not in self.loaded and (fixed := _fixed_festival(day)):
            return festival_label(fixed)
        return weekday_label(day) if day.weekday() >= SATURDAY else None

    def is_working(self, day: date) -> bool:
        """Whether ``day`` is worked, make-up days included (A7, A8)."""
        return self.rest_reason(day) is None

    def is_make_up(self, day: date) -> bool:
        """Whether ``day`` is a weekend day that is worked (A8)."""
        return day.weekday() >= SATURDAY and self.is_working(day)

    def is_region_rest(self, day: date) -> bool:
        """Whether ``day`` is off only by the region's own notice (A10)."""
        return day in self._region_rests and self._national_reason(day) is None

    def festival(self, day: date) -> Label | None:
        """Name the festival ``day`` is off for; None on a weekend day that is simply off."""
        name = self.rests.get(day) or self._region_rests.get(day)
        return festival_label(name) if name else None

    def is_provisional(self, day: date) -> bool:
        """Whether a notice that is not loaded may still change ``day`` (A14)."""
        return self.any_provisional(day, day)

    def any_provisional(self, first: date, last: date) -> bool:
        """Whether any day from ``first`` to ``last``, both included, is provisional."""
        place = bisect_left(self._provisional, last.toordinal() + 1, key=lambda span: span[0])
        return place > 0 and self._provisional[place - 1][1] >= first.toordinal()

    # Walking. Places are indices in the list of working days.

    def place_after(self, ordinal: int) -> int:
        """Return the place of the first working day after the day with this ordinal."""
        return bisect_right(self._workdays, ordinal)

    def place_from(self, ordinal: int) -> int:
        """Return the place of the first working day on or after the day with this ordinal."""
        return bisect_left(self._workdays, ordinal)

    def day_at(self, place: int) -> date:
        """Return the working day at ``place``. Raises LawError outside the calendar."""
        if not 0 <= place < len(self._workdays):
            raise outside_calendar()
        return date.fromordinal(self._workdays[place])

    def add_working_days(self, start: date, days: int) -> date:
        """Return the last of ``days`` working days after ``start``, which is not counted (A1)."""
        if days < 1:
            raise ValueError("A period has at least one day.")
        self.refuse_outside(start)
        return self.day_at(self.place_after(start.toordinal()) + days - 1)

    def working_days_before(self, event: date, days: int) -> date:
        """Return the latest day that leaves ``days`` full working days before ``event`` (A9).

        A rest day so found gives way to the last working day before it: the stricter reading.
        """
        if days < 1:
            raise ValueError("A period has at least one day.")
        self.refuse_outside(event)
        return self.day_at(self.place_from(event.toordinal()) - days - 1)

    def first_working_from(self, day: date) -> date:
        """Return ``day`` itself if it is worked, else the next working day (A4)."""
        self.refuse_outside(day)
        return self.day_at(self.place_from(day.toordinal()))

    def last_working_to(self, day: date) -> date:
        """Return ``day`` itself if it is worked, else the working day before it (A9)."""
        self.refuse_outside(day)
        return self.day_at(self.place_after(day.toordinal()) - 1)

    @staticmethod
    def refuse_outside(day: date) -> None:
        """Raise LawError for a day that no calendar of ours covers."""
        if not FIRST_DAY <= day <= LAST_DAY:
            raise outside_calendar()


def outside_calendar() -> LawError:
    """The refusal of a day outside the years the calendar covers."""
    return LawError(
        f"日历只覆盖 {FIRST_DAY.year} 至 {LAST_DAY.year} 年。",
        f"the calendar covers {FIRST_DAY.year} to {LAST_DAY.year} only.",
    )


def merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Unite spans of ordinals (both ends inclusive) that overlap or touch; empty ones vanish."""
    united: list[tuple[int, int]] = []
    for first, last in sorted(span for span in spans if span[0] <= span[1]):
        if united and first <= united[-1][1] + 1:
            united[-1] = (united[-1][0], max(united[-1][1], last))
        else:
            united.append((first, last))
    return united


def _year_of(day: date, holiday: str) -> int:
    """The year of the notice a day belongs to: a New Year's rest may begin in December."""
    reaches_back = (day.month, day.day) >= REACH_BACK and "元旦" in holiday
    return day.year + 1 if reaches_back else day.year


def _fixed_festival(day: date) -> str | None:
    return next(
        (name for name, days in FIXED.items() if (day.month, day.day) in days),
        None,
    )


SEED_FILE: Final = "seed_2004_2020.csv"
NATIONAL_FILE: Final = "state_council_arrangements_2021_2026.csv"
REGION_FILE: Final = "region_ningxia.csv"


@cache
def shipped_calendar() -> WorkCalendar:
    """Return the calendar of the data shipped here: 2004-2020 seeded, 2021-2026 from the notices.

    The region's own days of 2021 and 2022 are in it, not counted until ``with_region`` says so.
    """
    folder = resources.files("app.law").joinpath("data/calendar")
    rests: dict[date, str] = {}
    make_ups: dict[date, str] = {}
    seed = folder.joinpath(SEED_FILE).read_text(encoding="utf-8")
    for row in csv.DictReader(seed.splitlines()):
        days = rests if row["kind"] == "rest" else make_ups
        days[date.fromisoformat(row["day"])] = row["holiday"]
    seeded = frozenset(day.year for day in rests)
    calendar = WorkCalendar(rests, make_ups, seeded, seeded)
    national = folder.joinpath(NATIONAL_FILE).read_text(encoding="utf-8")
    region = folder.joinpath(REGION_FILE).read_text(encoding="utf-8")
    return calendar.with_arrangements(load_arrangements(national)).with_region(
        RegionLayer(tuple(load_arrangements(region, region=True))), counts=False
    )
