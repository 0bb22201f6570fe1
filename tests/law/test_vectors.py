"""Periods against vectors that were worked out by hand, and against two independent calendars."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.law.calendar import RegionLayer, shipped_calendar
from app.law.penalties import surcharge
from app.law.periods import Interval, Unit, compute, last_day

DATA = Path(__file__).parents[1] / "data"
CHINA = shipped_calendar()
WD, CD, M, Y = Unit.WORKING_DAYS, Unit.CALENDAR_DAYS, Unit.MONTHS, Unit.YEARS


@pytest.mark.parametrize(
    ("start", "length", "unit", "end"),
    [
        ("2026-09-18", 7, WD, "2026-09-29"),  # Sunday the 20th is worked; 25 to 27 off
        ("2026-09-28", 5, WD, "2026-10-10"),  # a Saturday that is worked
        ("2026-09-18", 10, WD, "2026-10-09"),
        ("2026-09-20", 15, CD, "2026-10-08"),  # nominally 5 October, a holiday
        ("2026-09-25", 15, CD, "2026-10-10"),  # a make-up day: no roll
        ("2026-07-05", 90, CD, "2026-10-08"),
        ("2026-07-05", 120, CD, "2026-11-02"),
        ("2026-07-05", 150, CD, "2026-12-02"),
        ("2026-02-12", 7, WD, "2026-02-28"),
        ("2026-04-02", 3, WD, "2026-04-08"),
        ("2026-04-03", 3, CD, "2026-04-07"),
        ("2026-08-31", 6, M, "2027-03-01"),  # 28 February is a Sunday
        ("2027-03-01", 3, M, "2027-06-01"),
        ("2026-08-31", 40, CD, "2026-10-10"),
        ("2026-05-22", 5, WD, "2026-05-29"),
    ],
)
def test_forward_vectors_of_the_domain(start, length, unit, end):
    assert last_day(date.fromisoformat(start), length, unit, CHINA) == date.fromisoformat(end)


def test_an_extension_is_counted_from_the_start_not_from_the_rolled_end():
    period = compute(date(2026, 7, 5), 90, CD, CHINA, extensions=[(30, CD)])
    assert period.last_day == date(2026, 11, 2)


def test_a_regions_own_days_count_where_the_switch_says_so():
    layer = RegionLayer.of([date(2026, 5, 27), date(2026, 5, 28)])
    on, off = (CHINA.with_region(layer, counts=counts) for counts in (True, False))
    assert last_day(date(2026, 5, 22), 5, WD, on) == date(2026, 6, 2)
    assert last_day(date(2026, 5, 22), 5, WD, off) == date(2026, 5, 29)


def test_seven_working_days_before_a_hearing():
    period = compute(date(2026, 9, 30), 7, WD, CHINA, backward=True)
    assert period.last_day == date(2026, 9, 18)
    counted = [step.day for step in period.steps if step.counted]
    assert counted == [date(2026, 9, day) for day in (20, 21, 22, 23, 24, 28, 29)]


def test_the_surcharge_is_three_per_cent_a_day_and_never_more_than_the_fine():
    assert [surcharge(Decimal(500_000), days) for days in (0, 10, 33, 34, 400)] == [
        0, 150_000, 495_000, 500_000, 500_000,
    ]  # fmt: skip


def examples() -> list[dict[str, str]]:
    with (DATA / "examples_dev.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def periods() -> dict[str, dict[str, str]]:
    with (DATA / "statutory_periods.csv").open(encoding="utf-8") as file:
        return {row["rule_id"]: row for row in csv.DictReader(file)}


UNITS = {"工作日": WD, "自然日": CD, "月": M, "年": Y}


@pytest.mark.parametrize("row", examples(), ids=lambda row: row["example_id"])
def test_examples_of_statutory_periods(row):
    rule = periods()[row["rule_id"]]
    start, expected = (date.fromisoformat(row[n]) for n in ("trigger_date", "expected_last_day"))
    backward = rule["direction"] == "backward"
    period = compute(start, int(rule["length"]), UNITS[rule["unit"]], CHINA, backward=backward)
    assert period.last_day == expected
    assert row["weekday"] == "星期" + "一二三四五六日"[start.weekday()]


def test_whether_an_authoritys_own_period_rolls_is_a_setting_and_both_dates_can_be_shown():
    start = date(2024, 3, 4)
    assert compute(start, 90, CD, CHINA).last_day == date(2024, 6, 3)
    assert compute(start, 90, CD, CHINA, roll=False).last_day == date(2024, 6, 2)


# Exclusions -----------------------------------------------------------------------------------


def excluding(*intervals: tuple[str, str], start="2026-03-02", length=10, unit=CD, **kw):
    found = [
        Interval(date.fromisoformat(a), date.fromisoformat(b) if b else None, "test")
        for a, b in intervals
    ]
    return compute(date.fromisoformat(start), length, unit, CHINA, exclusions=found, **kw)


@pytest.mark.parametrize(
    ("intervals", "unit", "length", "end"),
    [
        ([], CD, 10, "2026-03-12"),
        ([("2026-03-03", "2026-03-05")], CD, 10, "2026-03-16"),  # 2 days; 14 March is a Saturday
        ([("2026-03-03", "2026-03-04")], CD, 10, "2026-03-13"),  # one day
        ([("2026-03-03", "2026-03-03")], CD, 10, "2026-03-12"),  # within one day: none
        ([("2026-03-03", "2026-03-06"), ("2026-03-05", "2026-03-09")], CD, 10, "2026-03-18"),  # overlap
        ([("2026-03-03", "2026-03-05"), ("2026-03-05", "2026-03-07")], CD, 10, "2026-03-16"),  # adjacent
        ([("2026-03-03", "2026-03-06")], WD, 10, "2026-03-19"),  # three working days
        ([("2026-03-06", "2026-03-08")], WD, 10, "2026-03-16"),  # only a weekend
        ([("2026-03-11", "2026-03-16")], CD, 10, "2026-03-17"),  # covers the last day
        ([("2026-03-15", "2026-03-17")], CD, 12, "2026-03-18"),  # covers the rolled end only
        ([("2026-02-20", "2026-03-04")], CD, 10, "2026-03-16"),  # began before the clock did
        ([("2026-03-20", "2026-03-25")], CD, 10, "2026-03-12"),  # after the end: changes nothing
    ],
)  # fmt: skip
def test_exclusions_count_once_and_move_the_end(intervals, unit, length, end):
    period = excluding(*intervals, unit=unit, length=length)
    assert period.last_day == date.fromisoformat(end)


def test_an_exclusion_over_a_holiday_excludes_calendar_days_and_working_days_alike():
    days = excluding(("2026-09-30", "2026-10-08"), start="2026-09-28", length=10, unit=CD)
    assert days.last_day == date(2026, 10, 16)
    working = excluding(("2026-09-30", "2026-10-08"), start="2026-09-28", length=5, unit=WD)
    assert working.last_day == date(2026, 10, 12)  # 29, 30, then 9, 10, 12


def test_an_open_exclusion_stops_the_clock_and_shows_the_earliest_end():
    period = excluding(("2026-03-04", ""))
    assert (period.last_day, period.earliest) == (None, date(2026, 3, 12))


def test_an_exclusion_entered_after_the_end_moves_it_all_the_same():
    before = excluding()
    late = excluding(("2026-03-10", "2026-03-20"))
    assert (before.last_day, late.last_day) == (date(2026, 3, 12), date(2026, 3, 23))


# Against others -------------------------------------------------------------------------------


def test_the_calendar_agrees_with_a_published_package_on_every_day():
    day, last = date(2004, 1, 1), date(2026, 12, 31)
    while day <= last:
        assert CHINA.is_working(day) == chinese_calendar.is_workday(day), day
        day += timedelta(days=1)


starts = st.dates(date(2015, 1, 1), date(2026, 6, 30))


@given(start=starts, length=st.integers(1, 120))
def test_bisection_agrees_with_counting_day_by_day(start, length):
    day, left = start, length
    while left:
        day += timedelta(days=1)
        left -= CHINA.is_working(day)
    assert last_day(start, length, WD, CHINA) == day


@given(start=starts, length=st.integers(1, 400), unit=st.sampled_from([WD, CD]))
def test_a_longer_period_never_ends_earlier_and_no_period_ends_on_a_rest_day(start, length, unit):
    end = last_day(start, length, unit, CHINA)
    assert end <= last_day(start, length + 1, unit, CHINA)
    assert CHINA.is_working(end)


@given(event=starts, length=st.integers(1, 60))
def test_the_notice_day_is_the_last_from_which_the_whole_period_ends_before_the_event(
    event, length
):
    notice = compute(event, length, WD, CHINA, backward=True).earliest
    assert CHINA.is_working(notice)
    assert last_day(notice, length, WD, CHINA) < event
    assert last_day(CHINA.add_working_days(notice, 1), length, WD, CHINA) >= event


@given(
    start=starts,
    length=st.integers(1, 60),
    unit=st.sampled_from([WD, CD]),
    begins=st.integers(0, 40),
    lasts=st.integers(0, 40),
)
def test_an_exclusion_only_ever_lengthens(start, length, unit, begins, lasts):
    cause = start + timedelta(days=begins)
    excluded = Interval(cause, cause + timedelta(days=lasts), "test")
    plain = compute(start, length, unit, CHINA)
    stopped = compute(start, length, unit, CHINA, exclusions=[excluded])
    assert stopped.earliest >= plain.earliest
