"""The fourteen rules of counting, A1 to A14, each by its name."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from app.law.calendar import RegionLayer, load_arrangements, shipped_calendar
from app.law.periods import Interval, Period, Unit, compute, end_of_day, end_of_hours, last_day
from app.law.terms import shipped_law
from tests.law.test_arrangements import ROWS, text
from tests.times import at

CHINA = shipped_calendar()
LAW = shipped_law()
WD, CD, M, Y = Unit.WORKING_DAYS, Unit.CALENDAR_DAYS, Unit.MONTHS, Unit.YEARS


def rules(period: Period) -> dict[date, str]:
    """The rule that decided each day of the derivation."""
    return {step.day: step.rule for step in period.steps}


@pytest.mark.parametrize("unit", [WD, CD])
def test_a1_the_day_of_the_event_is_not_counted(unit):
    period = compute(date(2026, 3, 2), 1, unit, CHINA)
    assert period.last_day == date(2026, 3, 3)
    assert (period.steps[0].day, period.steps[0].counted) == (date(2026, 3, 2), False)


def test_a2_hours_run_from_the_hour_itself_through_nights_and_holidays():
    assert end_of_hours(at(date(2026, 9, 30), 16, 30), 24) == at(date(2026, 10, 1), 16, 30)


@pytest.mark.parametrize(
    ("start", "length", "unit", "end"),
    [
        (date(2026, 4, 15), 2, M, date(2026, 6, 15)),
        (date(2023, 8, 31), 6, M, date(2024, 2, 29)),
        (date(2026, 3, 31), 1, M, date(2026, 4, 30)),
        (date(2024, 2, 29), 2, Y, date(2026, 2, 28)),
    ],
)
def test_a3_months_and_years_end_on_the_same_date_or_at_the_end_of_the_month(
    start, length, unit, end
):
    assert last_day(start, length, unit, CHINA) == end


@pytest.mark.parametrize(
    ("start", "length", "unit", "end"),
    [
        (date(2026, 9, 20), 15, CD, date(2026, 10, 8)),
        (date(2026, 7, 3), 3, M, date(2026, 10, 8)),
        (date(2024, 10, 4), 2, Y, date(2026, 10, 8)),
    ],
)
def test_a4_a_last_day_of_rest_gives_way_to_the_next_working_day(start, length, unit, end):
    assert last_day(start, length, unit, CHINA) == end


def test_a5_a_period_ends_at_midnight_or_at_the_close_of_business():
    day = date(2026, 3, 16)
    assert end_of_day(day) == datetime(2026, 3, 16, 15, 59, 59, tzinfo=UTC)
    assert end_of_day(day, closes=time(18)) == at(day, 18)


def test_a6_what_is_posted_before_the_end_is_in_time_and_the_timer_waits_for_it():
    last = last_day(date(2026, 9, 18), 7, WD, CHINA)
    assert at(last, 23) <= end_of_day(last) < at(last + timedelta(days=1), 0)
    grace = LAW.term("posting_grace", last)
    assert last_day(last, grace.length, grace.unit, CHINA) == date(2026, 10, 8)


def test_a7_weekends_and_statutory_holidays_are_no_working_days():
    period = compute(date(2026, 9, 24), 2, WD, CHINA)
    assert period.last_day == date(2026, 9, 29)
    assert [s.day.day for s in period.steps if s.rule == "A7" and not s.counted] == [25, 26, 27]


def test_a8_a_make_up_day_is_a_working_day_and_a_period_may_end_on_it():
    working = compute(date(2026, 9, 28), 5, WD, CHINA)
    calendar_days = compute(date(2026, 9, 25), 15, CD, CHINA)
    assert working.last_day == calendar_days.last_day == date(2026, 10, 10)  # a Saturday
    assert rules(working)[date(2026, 10, 10)] == "A8"
    assert not CHINA.is_working(date(2026, 2, 16))  # a Monday that was shifted off


def test_a9_a_notice_leaves_the_full_working_days_before_the_event():
    period = compute(date(2026, 9, 30), 7, WD, CHINA, backward=True)
    assert (period.nominal, period.last_day) == (date(2026, 9, 19), date(2026, 9, 18))
    assert CHINA.working_days_before(date(2026, 9, 30), 7) == period.last_day


def test_a10_the_switch_decides_whether_a_regions_days_are_off():
    layer = RegionLayer.of([date(2026, 5, 27), date(2026, 5, 28)])
    law = LAW.with_calendar(CHINA.with_region(layer))
    without = law.with_overrides(switches={"region_holidays_count_as_off": False})
    start = date(2026, 5, 22)
    assert last_day(start, 5, WD, law.calendar) == date(2026, 6, 2)
    assert last_day(start, 5, WD, without.calendar) == date(2026, 5, 29)
    # An authority is warned of the earlier of the two.
    assert last_day(start, 5, WD, law.national_calendar) == date(2026, 5, 29)
    assert rules(compute(start, 5, WD, law.calendar))[date(2026, 5, 27)] == "A10"


@pytest.mark.parametrize("key", ["filing", "decision", "payment", "seizure", "transfer_approval"])
def test_a11_a_period_that_does_not_say_working_days_is_in_calendar_days(key):
    assert LAW.term(key, date(2026, 6, 1)).unit is CD


def test_a12_a_loaded_arrangement_changes_the_version_and_shows_both_dates():
    later = CHINA.with_arrangements(load_arrangements(text(*ROWS)))
    start = date(2027, 2, 1)
    known, new = (compute(start, 10, WD, calendar) for calendar in (CHINA, later))
    assert CHINA.version != later.version
    assert (known.provisional, known.last_day) == (True, date(2027, 2, 15))
    assert (new.provisional, new.last_day) == (False, date(2027, 2, 19))


def test_a13_days_after_the_cause_begins_through_its_end_are_excluded_once():
    causes = [
        Interval(date(2026, 3, 3), date(2026, 3, 6), "检测"),
        Interval(date(2026, 3, 5), date(2026, 3, 9), "鉴定"),
    ]
    period = compute(date(2026, 3, 2), 10, CD, CHINA, exclusions=causes)
    excluded = {step.day.day: step.note.zh for step in period.steps if step.rule == "A13"}
    assert sorted(excluded) == [4, 5, 6, 7, 8, 9]
    assert excluded[6] == "扣除：检测、鉴定"
    assert (period.nominal, period.unrolled) == (date(2026, 3, 12), date(2026, 3, 18))


def test_a13_a_term_in_working_days_excludes_working_days():
    cause = Interval(date(2026, 3, 5), date(2026, 3, 9), "检测")  # 6, 7, 8, 9 March
    period = compute(date(2026, 3, 2), 5, WD, CHINA, exclusions=[cause])
    assert period.last_day == date(2026, 3, 11)
    assert rules(period)[date(2026, 3, 7)] == "A13"


def test_a13_a_rolled_end_that_falls_into_a_cause_moves_behind_it():
    cause = Interval(date(2026, 3, 15), date(2026, 3, 17), "检测")
    period = compute(date(2026, 3, 2), 12, CD, CHINA, exclusions=[cause])
    assert (period.unrolled, period.last_day) == (date(2026, 3, 14), date(2026, 3, 18))
    assert rules(period)[date(2026, 3, 17)] == "A13"


@pytest.mark.parametrize(
    ("start", "length", "unit", "provisional"),
    [
        (date(2026, 12, 18), 5, WD, False),  # ends on Friday 25 December
        (date(2026, 12, 21), 5, WD, True),  # ends on Monday 28 December: a notice may reach back
        (date(2026, 12, 1), 30, CD, True),
        (date(2026, 11, 1), 30, CD, False),
        (date(2026, 8, 31), 6, M, True),  # ends in the next year
    ],
)
def test_a14_a_date_that_an_unknown_arrangement_may_still_move_is_provisional(
    start, length, unit, provisional
):
    assert compute(start, length, unit, CHINA).provisional is provisional


def test_a14_a_regions_own_days_are_provisional_until_their_notice_is_loaded():
    period = compute(date(2026, 5, 22), 5, WD, LAW.calendar)
    assert (period.last_day, period.provisional) == (date(2026, 5, 29), True)
    assert not compute(date(2026, 5, 22), 5, WD, LAW.national_calendar).provisional
    assert not compute(date(2022, 7, 4), 5, WD, LAW.calendar).provisional  # that notice is known


def test_a14_years_seeded_from_a_package_say_so():
    assert CHINA.seeded == set(range(2004, 2021))
    assert CHINA.loaded == set(range(2004, 2027))
