"""When each rung falls, by hand across National Day 2026, and what holds for every ladder.

Off are 25 to 27 September and 1 to 7 October; Sunday 20 September and Saturday 10 October are
worked. The tables below were worked out with a calendar and a pencil.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.law.calendar import shipped_calendar
from app.law.errors import LawError
from app.law.ladders import (
    CLOSES,
    OPENS,
    Ladder,
    Side,
    first_rung,
    in_working_hours,
    ladder_on,
    ladders,
    next_rung,
    read_ladders,
)
from app.law.periods import LOCAL_ZONE, end_of_day

CHINA = shipped_calendar()

FALLS = {
    ("L-H", "2026-10-02 03:00"): [
        ("2026-10-01 15:00", "-12h"), ("2026-10-01 23:00", "-4h"), ("2026-10-02 02:00", "-1h"),
        ("2026-10-02 05:00", "+2h"), ("2026-10-03 03:00", "+24h"),
    ],
    ("L-3", "2026-10-08"): [
        ("2026-09-30 09:00", "-1wd"), ("2026-10-08 09:00", "on"), ("2026-10-08 17:00", "on@17"),
        ("2026-10-09 09:00", "+1wd"),
    ],
    ("L-7", "2026-10-09"): [
        ("2026-09-29 09:00", "-3wd"), ("2026-10-08 09:00", "-1wd"), ("2026-10-09 09:00", "on"),
        ("2026-10-10 09:00", "+1wd"), ("2026-10-13 09:00", "+3wd"),
    ],
    ("L-15", "2026-10-10"): [
        ("2026-09-30 09:00", "-7cd"), ("2026-09-30 09:00", "-3cd"), ("2026-10-09 09:00", "-1cd"),
        ("2026-10-10 09:00", "on"), ("2026-10-12 09:00", "+1cd"), ("2026-10-15 09:00", "+5cd"),
    ],
    ("L-90", "2026-10-08"): [
        ("2026-09-08 09:00", "-30cd"), ("2026-09-23 09:00", "-15cd"), ("2026-09-30 09:00", "-7cd"),
        ("2026-10-08 09:00", "on"), ("2026-10-09 09:00", "+1cd"), ("2026-10-16 09:00", "+8cd"),
        ("2026-10-23 09:00", "+8cd*1"), ("2026-10-30 09:00", "+8cd*2"),
    ],
    ("L-RL", "2026-11-30"): [
        ("2026-09-30 09:00", "-60cd"), ("2026-10-30 09:00", "-30cd"), ("2026-11-13 09:00", "-15cd"),
        ("2026-11-23 09:00", "-7cd"), ("2026-11-30 09:00", "on"),
    ],
    ("L-Y", "2026-10-09"): [
        ("2026-09-09 09:00", "-30cd"), ("2026-09-24 09:00", "-15cd"), ("2026-09-30 09:00", "-7cd"),
        ("2026-09-30 09:00", "-3cd"), ("2026-10-09 09:00", "on"), ("2026-10-10 09:00", "+1cd"),
        ("2026-10-14 09:00", "+5cd"),
    ],
    # A date of the year does not roll: what falls on it is told before the days off.
    ("L-Y", "2026-10-03"): [
        ("2026-09-03 09:00", "-30cd"), ("2026-09-18 09:00", "-15cd"), ("2026-09-24 09:00", "-7cd"),
        ("2026-09-30 09:00", "-3cd"), ("2026-09-30 09:00", "on"), ("2026-10-08 09:00", "+1cd"),
        ("2026-10-08 09:00", "+5cd"),
    ],
    ("L-P", "2026-10-08"): [("2026-09-29 09:00", "-2wd"), ("2026-10-08 09:00", "on")],
    ("L-P", "2026-09-22"): [("2026-09-20 09:00", "-2wd"), ("2026-09-22 09:00", "on")],
    ("L-X", "2026-10-12"): [
        ("2026-10-09 09:00", "-2wd"), ("2026-10-12 09:00", "on"), ("2026-10-14 09:00", "+2wd"),
        ("2026-10-19 09:00", "+5wd"),
    ],
}  # fmt: skip

WHO = {
    "L-H": {
        "-12h": "handler", "-4h": "handler supervisor", "-1h": "bureau_leader",
        "end": "bureau_leader legal_reviewer", "+2h": "auditor", "+24h": "provincial_viewer",
    },
    "L-3": {
        "-1wd": "handler supervisor", "on": "supervisor", "on@17": "bureau_leader", "end": "",
        "+1wd": "auditor",
    },
    "L-7": {
        "-3wd": "handler", "-1wd": "handler supervisor", "on": "bureau_leader", "end": "",
        "+1wd": "auditor", "+3wd": "",
    },
    "L-15": {
        "-7cd": "handler", "-3cd": "supervisor", "-1cd": "bureau_leader", "on": "all", "end": "",
        "+1cd": "auditor", "+5cd": "",
    },
    "L-90": {
        "-30cd": "supervisor", "-15cd": "legal_reviewer", "-7cd": "bureau_leader", "on": "all",
        "end": "", "+1cd": "auditor", "+8cd": "auditor bureau_leader",
    },
    "L-RL": {
        "-60cd": "supervisor bureau_leader", "-30cd": "supervisor bureau_leader",
        "-15cd": "supervisor bureau_leader", "-7cd": "supervisor bureau_leader", "on": "all",
        "end": "auditor",
    },
    "L-Y": {
        "-30cd": "party inspector", "-15cd": "party inspector", "-7cd": "party inspector",
        "-3cd": "party inspector", "on": "party supervisor", "end": "", "+1cd": "inspector",
        "+5cd": "bureau_leader",
    },
    "L-P": {"-2wd": "party", "on": "party", "end": "inspector"},
    "L-X": {
        "-2wd": "liaison", "on": "liaison supervisor", "end": "", "+2wd": "both_leaders",
        "+5wd": "",
    },
}  # fmt: skip
"""Domain 13.3, in the words of the data."""


def ladder(key: str) -> Ladder:
    found = ladder_on(key, date(2026, 10, 1))
    assert found is not None
    return found


def ends(text: str) -> tuple[date, datetime]:
    if len(text) == 10:
        day = date.fromisoformat(text)
        return day, end_of_day(day)
    at = datetime.fromisoformat(text).replace(tzinfo=LOCAL_ZONE)
    return at.date(), at


@pytest.mark.parametrize(("which", "expected"), FALLS.items(), ids=str)
def test_rungs_fall_where_a_pencil_puts_them(which, expected):
    key, last_day = which
    found = islice(ladder(key).falls(*ends(last_day), CHINA), len(expected) + 1)
    told = [(f"{at.astimezone(LOCAL_ZONE):%Y-%m-%d %H:%M}", rung) for at, rung in found]
    assert told[: len(expected)] == expected
    assert len(told) == len(expected) or "*" in told[-1][1]


def test_every_class_tells_whom_the_design_names():
    assert {
        key: {rung.key: " ".join(rung.hearers) for rung in ladder(key).rungs} for key in ladders()
    } == WHO


def test_what_ladders_raise_and_list():
    raised = {
        (key, rung.key): (rung.raises, rung.puts_to)
        for key in ladders()
        for rung in ladder(key).rungs
        if rung.raises
    }
    assert raised == {
        ("L-H", "end"): ("late", "bureau_leader"),
        ("L-3", "end"): ("late", "supervisor"),
        ("L-7", "end"): ("late", "bureau_leader"),
        ("L-15", "end"): ("late", "bureau_leader"),
        ("L-90", "-30cd"): ("extend", "supervisor"),
        ("L-90", "end"): ("late", "bureau_leader"),
        ("L-RL", "-15cd"): ("at_risk", "bureau_leader"),
        ("L-Y", "end"): ("late", "bureau_leader"),
        ("L-Y", "+1cd"): ("clue", "supervisor"),
        ("L-P", "end"): ("late", "supervisor"),
        ("L-X", "end"): ("late", "supervisor"),
    }
    listed = {(key, rung.key) for key in ladders() for rung in ladder(key).rungs if rung.listed}
    assert listed == {("L-7", "+3wd"), ("L-15", "+5cd"), ("L-X", "+5wd")}
    only = [(key, rung.only) for key in ladders() for rung in ladder(key).rungs if rung.only]
    assert only == [("L-H", "criminal_transfer")]


def test_a_design_is_marked_as_one():
    assert {ladder(key).mark for key in ladders()} == {"D"}


def test_a_weekly_rung_is_told_once_after_a_holiday_of_more_than_a_week():
    # Off from 15 to 23 February 2026: the repetitions of 15 and of 22 February fall together.
    due = ends("2026-01-31")
    falls = islice(ladder("L-90").falls(*due, CHINA), 9)
    found = {key: f"{at.astimezone(LOCAL_ZONE):%m-%d}" for at, key in falls}
    assert found["+8cd*1"] == "02-24"
    assert "+8cd*2" not in found
    assert found["+8cd*3"] == "03-02"


def test_of_weekly_rungs_that_were_missed_only_the_last_is_told():
    due = ends("2026-10-08")
    asleep_until = datetime(2026, 11, 2, 9, tzinfo=LOCAL_ZONE)
    told = ["+1cd"]
    while True:
        following = next_rung(ladder("L-90"), told[-1], *due, CHINA, asleep_until)
        assert following is not None
        if following[0] > asleep_until:
            break
        told.append(following[1])
    assert told == ["+1cd", "+8cd*2"]
    assert following[1] == "+8cd*3"


# Any ladder, any end, any instant -----------------------------------------------------------------

DAYS = st.dates(date(2026, 1, 20), date(2026, 12, 31))
KEYS = st.sampled_from(sorted(ladders()))
MANY = 12
"""How many rungs are looked at of a ladder that goes on without end."""


@st.composite
def clocks(draw: st.DrawFn) -> tuple[Ladder, date, datetime]:
    key, day = draw(KEYS), draw(DAYS)
    if key == "L-H":
        at = datetime.combine(day, draw(st.times(max_value=time(23, 59))), LOCAL_ZONE)
        return ladder(key), day, at
    return ladder(key), day, end_of_day(day)


@given(clocks())
def test_rungs_are_in_order_and_each_is_on_its_side_of_the_end(clock):
    which, due_on, due_at = clock
    found = list(islice(which.falls(due_on, due_at, CHINA), MANY))
    assert [at for at, _ in found] == sorted(at for at, _ in found)
    keys = [key for _, key in found]
    assert len(set(keys)) == len(keys)
    assert set(keys) >= {rung.key for rung in which.rungs if rung.side is not Side.END}
    for at, key in found:
        rung = which.rung(key)
        assert rung is not None
        if rung.side is Side.AFTER:
            assert at > due_at
        else:
            assert at <= due_at
        local = at.astimezone(LOCAL_ZONE)
        if not rung.urgent:
            assert CHINA.is_working(local.date())
            assert OPENS <= local.time() < CLOSES


@given(clocks(), st.integers(-70, 40), st.lists(st.integers(0, 30 * 24), max_size=30))
def test_whenever_it_is_looked_at_every_rung_is_told_at_most_once_and_in_order(
    clock, began, pauses
):
    which, due_on, due_at = clock
    since = now = due_at + timedelta(began)
    standing = first_rung(which, due_on, due_at, CHINA, since)
    told: list[tuple[datetime, str]] = []
    for pause in (0, *pauses):
        now += timedelta(hours=pause)
        while standing is not None and standing[0] <= now:
            told.append(standing)
            standing = next_rung(which, standing[1], due_on, due_at, CHINA, now)
    assert told == sorted(told, key=lambda one: one[0])
    keys = [key for _, key in told]
    assert len(set(keys)) == len(keys)
    for at, key in told:
        assert at >= since or not key.startswith("-")  # what was over when it began stays untold
    reached = [
        key for at, key in islice(which.falls(due_on, due_at, CHINA), MANY)
        if at <= now and (at >= since or not key.startswith("-"))
    ]  # fmt: skip
    again = {rung.key for rung in which.rungs if rung.every}
    assert {key for key in reached if key.partition("*")[0] not in again} <= set(keys)


@given(DAYS, st.times())
def test_working_hours_are_never_before_and_always_worked(day, clock):
    at = datetime.combine(day, clock, LOCAL_ZONE)
    found = in_working_hours(at, CHINA).astimezone(LOCAL_ZONE)
    assert found >= at
    assert CHINA.is_working(found.date())
    assert OPENS <= found.time() < CLOSES
    if CHINA.is_working(at.date()) and OPENS <= at.time() < CLOSES:
        assert found == at


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2026-09-30 17:59", "2026-09-30 17:59"),
        ("2026-09-30 18:00", "2026-10-08 09:00"),
        ("2026-10-04 12:00", "2026-10-08 09:00"),
        ("2026-10-09 20:00", "2026-10-10 09:00"),
        ("2026-10-10 08:59", "2026-10-10 09:00"),
        ("2026-10-10 18:30", "2026-10-12 09:00"),
    ],
)
def test_people_are_told_in_working_hours(at, told):
    instant = datetime.fromisoformat(at).replace(tzinfo=LOCAL_ZONE)
    found = in_working_hours(instant, CHINA).astimezone(LOCAL_ZONE)
    assert f"{found:%Y-%m-%d %H:%M}" == told


# Reading ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rungs",
    [
        '{ before = "3 wd", to = ["nobody"] }',
        '{ before = "3 wd", to = ["handler"] }, { before = "3 wd", to = ["auditor"] }',
        '{ before = "3 wd", raises = "late" }',
        '{ before = "3 wd", raises = "noise", puts_to = "supervisor" }',
        '{ after = "8 cd", every = "7 cd" }, { after = "9 cd" }',
        '{ before = "3 wd", tells = ["handler"] }',
        '{ to = ["handler"] }',
        '{ before = "3 weeks" }',
    ],
)
def test_a_faulty_ladder_is_refused_by_name(rungs):
    text = f'[L-Q]\nmark = "D"\nzh = "试"\nen = "Trial"\nrungs = [{rungs}]\n'
    with pytest.raises(LawError, match="L-Q"):
        read_ladders(text)


def test_a_clock_without_a_ladder_has_none_and_an_unknown_one_is_refused():
    assert ladder_on("", date(2026, 10, 1)) is None
    with pytest.raises(LawError, match="L-99"):
        ladder_on("L-99", date(2026, 10, 1))
