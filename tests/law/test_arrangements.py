"""Files of yearly arrangements: what is taken, what is refused and with which line; open days."""

from __future__ import annotations

from datetime import date

import pytest

from app.law.calendar import (
    COLUMNS,
    ArrangementError,
    RegionLayer,
    WorkCalendar,
    load_arrangements,
    shipped_calendar,
)
from app.law.errors import LawError
from app.law.periods import (
    Interval,
    Unit,
    add_months,
    compute,
    end_of_day,
    end_of_hours,
    explain,
    local_date,
)
from tests.times import NOW

HEADER = ",".join(COLUMNS)
ROWS = [
    "2027,N,2026-11-20,元旦,2027-01-01,2027-01-03,3,",
    "2027,N,2026-11-20,春节,2027-02-05,2027-02-11,7,2027-01-30 2027-02-13",
    "2027,N,2026-11-20,清明节,2027-04-03,2027-04-05,3,",
    "2027,N,2026-11-20,劳动节,2027-05-01,2027-05-05,5,2027-05-08",
    "2027,N,2026-11-20,端午节,2027-06-09,2027-06-09,1,",
    "2027,N,2026-11-20,国庆节、中秋节,2027-10-01,2027-10-07,7,2027-09-26 2027-10-09",
]
CHINA = shipped_calendar()


def off(calendar: WorkCalendar, day: date) -> str:
    """Why the day is off, in Chinese."""
    reason = calendar.rest_reason(day)
    assert reason is not None
    return reason.zh


def text(*rows: str) -> str:
    return "\n".join([HEADER, *rows]) + "\n"


def test_a_sound_file_is_taken():
    calendar = CHINA.with_arrangements(load_arrangements("\ufeff" + text(*ROWS)))
    assert 2027 in calendar.loaded
    assert calendar.is_make_up(date(2027, 2, 13))
    assert off(calendar, date(2027, 10, 4)) == "国庆节、中秋节"
    assert calendar.version != CHINA.version


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("a,b\n1,2\n", 1),
        (HEADER + "\n", 2),
        (text(*ROWS[:2], ROWS[2] + ",more"), 4),
        (text(ROWS[0].replace("2027,N", "soon,N"), *ROWS[1:]), 2),
        (text(ROWS[0].replace("2027,N", "1999,N"), *ROWS[1:]), 2),
        (text(ROWS[0].replace("元旦", ""), *ROWS[1:]), 2),
        (text(ROWS[0].replace("2026-11-20", "yesterday"), *ROWS[1:]), 2),
        (text(*ROWS[:1], ROWS[1].replace("2027-02-05", "2027-02-30"), *ROWS[2:]), 3),
        (text(*ROWS[:1], ROWS[1].replace("2027-02-11,7", "2027-02-01,7"), *ROWS[2:]), 3),
        (text(*ROWS[:1], ROWS[1].replace(",7,", ",8,"), *ROWS[2:]), 3),
        (text(*ROWS[:1], ROWS[1].replace("2027-01-30", "2026-01-31"), *ROWS[2:]), 3),
        (text(*ROWS[:1], ROWS[1].replace("2027-02-13", "2027-02-12"), *ROWS[2:]), 3),
        (text(*ROWS, ROWS[0].replace("01-01,2027-01-03,3", "01-02,2027-01-02,1")), 8),
        (text(*ROWS[:3], ROWS[3].replace("05-01,2027-05-05,5", "05-02,2027-05-05,4"), *ROWS[4:]), 5),
        (text(*ROWS[:4], ROWS[4].replace("06-09,2027-06-09,1", "05-05,2027-05-05,1"), ROWS[5]), 6),
        (text(*ROWS[:3], ROWS[3].replace("2027-05-08", "2027-05-02"), *ROWS[4:]), 5),
        (text(*ROWS[:3], ROWS[3].replace("2027-05-08", "2027-02-13"), *ROWS[4:]), 5),
        (text(*ROWS[:-1]), 6),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_whole_with_the_line(content, line):
    with pytest.raises(ArrangementError) as refused:
        load_arrangements(content)
    assert refused.value.line == line
    assert f"第 {line} 行" in refused.value.label.zh


def test_empty_lines_are_no_rows():
    assert len(load_arrangements(text(*ROWS, "", ",,,,,,,"))) == len(ROWS)


def test_what_is_no_csv_is_refused_with_the_line():
    with pytest.raises(ArrangementError) as refused:
        load_arrangements(text(ROWS[0], "2027,N,,春" + "节" * 140_000))
    assert refused.value.line == 3


def test_a_region_file_holds_no_national_festival():
    with pytest.raises(ArrangementError, match="全国节假日") as refused:
        load_arrangements(text("2026,,,古尔邦节,2026-05-27,2026-05-28,2,", *ROWS), region=True)
    assert refused.value.line == 3


def test_a_later_notice_of_a_region_replaces_the_festival_it_names():
    first = load_arrangements(text("2026,,,古尔邦节,2026-05-27,2026-05-28,2,"), region=True)
    row = "2026,,,古尔邦节,2026-05-26,2026-05-27,2,2026-05-30"
    layer = RegionLayer(tuple(first)).with_arrangements(load_arrangements(text(row), region=True))
    counted = CHINA.with_region(layer)
    assert [counted.is_working(date(2026, 5, day)) for day in (26, 27, 28, 30)] == [
        False,
        False,
        True,
        True,
    ]


def test_a_region_file_need_not_name_every_festival():
    rows = load_arrangements(text("2026,,,古尔邦节,2026-05-27,2026-05-28,2,"), region=True)
    layer = RegionLayer(tuple(rows))
    counted = CHINA.with_region(layer, counts=True)
    assert counted.is_region_rest(date(2026, 5, 27))
    assert not CHINA.with_region(layer, counts=False).is_region_rest(date(2026, 5, 27))
    assert off(counted, date(2026, 5, 27)) == "古尔邦节"


@pytest.mark.parametrize(
    ("day", "open_"),
    [
        (date(2026, 12, 27), False),
        (date(2026, 12, 28), True),  # a notice of the next year may reach back so far
        (date(2026, 12, 31), True),
        (date(2027, 6, 1), True),
        (date(2025, 12, 31), False),
    ],
)
def test_days_nobody_has_arranged_yet_are_provisional(day, open_):
    assert CHINA.with_region(counts=False).is_provisional(day) is open_


def test_in_an_open_year_weekends_and_fixed_festivals_are_off():
    assert not CHINA.is_working(date(2027, 10, 2))
    assert off(CHINA, date(2027, 5, 1)) == "劳动节"
    assert not CHINA.is_working(date(2027, 3, 6))
    assert CHINA.is_working(date(2027, 3, 8))


def test_a_regions_festival_whose_days_are_unknown_makes_them_provisional():
    counted = CHINA.with_region(RegionLayer(), counts=True)
    assert counted.is_provisional(date(2026, 5, 27))
    assert not counted.is_provisional(date(2026, 6, 15))


def test_years_from_a_package_are_marked_so():
    assert 2019 in CHINA.seeded
    assert 2021 not in CHINA.seeded


def test_a_calendar_can_be_built_from_notices_alone():
    alone = WorkCalendar.from_arrangements(load_arrangements(text(*ROWS)))
    assert alone.loaded == {2027}


# The edges of the arithmetic --------------------------------------------------------------------


@pytest.mark.parametrize(
    "ask",
    [
        lambda: CHINA.add_working_days(date(2026, 1, 1), 0),
        lambda: CHINA.working_days_before(date(2026, 1, 1), 0),
        lambda: compute(date(2026, 1, 1), 0, Unit.CALENDAR_DAYS, CHINA),
        lambda: compute(date(2026, 1, 1), 5, Unit.HOURS, CHINA),
        lambda: end_of_hours(NOW, 0),
        lambda: end_of_hours(NOW.replace(tzinfo=None), 5),
        lambda: local_date(NOW.replace(tzinfo=None)),
        lambda: Interval(date(2026, 1, 2), date(2026, 1, 1), "x"),
        lambda: compute(date(2026, 1, 1), 5, Unit.WORKING_DAYS, CHINA, backward=True, extensions=[(1, Unit.WORKING_DAYS)]),
    ],
)  # fmt: skip
def test_what_is_no_period_is_refused(ask):
    with pytest.raises(ValueError, match=r"[A-Z]"):
        ask()


@pytest.mark.parametrize(
    "ask",
    [
        lambda: CHINA.add_working_days(date(1999, 12, 31), 1),
        lambda: CHINA.add_working_days(date(2100, 12, 1), 400),
        lambda: compute(date(2100, 12, 1), 100 * 366, Unit.CALENDAR_DAYS, CHINA),
        lambda: compute(date(2099, 1, 1), 8000, Unit.YEARS, CHINA),
        lambda: compute(date(2026, 1, 1), 4_000_000, Unit.CALENDAR_DAYS, CHINA),
        lambda: compute(date(2000, 1, 1), 900_000, Unit.CALENDAR_DAYS, CHINA, backward=True),
        lambda: add_months(date(2026, 1, 1), -12 * 3000),
    ],
)
def test_what_lies_outside_the_calendar_is_refused(ask):
    with pytest.raises(LawError, match="2000"):
        ask()


def test_hours_run_through_nights_and_holidays_and_a_day_ends_at_midnight():
    assert (end_of_hours(NOW, 24) - NOW).total_seconds() == 24 * 3600
    assert end_of_day(date(2026, 3, 16)).isoformat() == "2026-03-16T15:59:59+00:00"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"start": date(2026, 1, 31), "length": 1, "unit": Unit.MONTHS}, "月末日（无对应日）"),
        ({"start": date(2026, 3, 2), "length": 2, "unit": Unit.YEARS}, "对应日"),
        ({"start": date(2026, 9, 20), "length": 15, "unit": Unit.CALENDAR_DAYS}, "顺延"),
        ({"start": date(2026, 12, 28), "length": 5, "unit": Unit.WORKING_DAYS}, "A14 暂定"),
        ({"start": date(2026, 9, 30), "length": 7, "unit": Unit.WORKING_DAYS, "backward": True}, "最迟应于当日办理"),
        ({"start": date(2026, 10, 9), "length": 1, "unit": Unit.CALENDAR_DAYS, "backward": True}, "第1日"),
        ({"start": date(2026, 6, 15), "length": 1, "unit": Unit.MONTHS, "backward": True}, "事项当日"),
        ({"start": date(2026, 10, 8), "length": 3, "unit": Unit.CALENDAR_DAYS, "backward": True}, "提前至其前的工作日"),
        ({"start": date(2026, 3, 2), "length": 1, "unit": Unit.MONTHS, "exclusions": [Interval(date(2026, 3, 9), date(2026, 3, 11), "检测")]}, "补回扣除的日数"),
        ({"start": date(2026, 3, 2), "length": 10, "unit": Unit.CALENDAR_DAYS, "exclusions": [Interval(date(2026, 3, 11), date(2026, 3, 16), "检测")]}, "扣除：检测"),
    ],
)  # fmt: skip
def test_every_day_can_be_explained(arguments, words):
    told = explain(compute(**arguments, calendar=CHINA.with_region(counts=False)))
    assert any(words in line.zh for line in told)
    assert all(line.en for line in told)


def test_stages_of_different_units_follow_each_other():
    period = compute(date(2026, 3, 2), 1, Unit.MONTHS, CHINA, extensions=[(5, Unit.WORKING_DAYS)])
    assert period.last_day == date(2026, 4, 10)


def test_a_backward_period_that_does_not_roll_ends_where_it_ends():
    found = compute(date(2026, 10, 8), 3, Unit.CALENDAR_DAYS, CHINA, backward=True, roll=False)
    assert (found.last_day, found.provisional) == (date(2026, 10, 4), False)


def test_a_day_off_is_named_after_its_festival_and_a_weekend_is_not():
    festival = CHINA.festival(date(2026, 10, 1))
    assert festival is not None
    assert festival.zh.startswith("国庆节")
    assert CHINA.festival(date(2026, 10, 17)) is None
