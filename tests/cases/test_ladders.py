"""Clocks move through their ladders: told on the day, once, in working hours; and what kinds mean.

The days were worked out by hand: off are 25 to 27 September and 1 to 7 October 2026, Sunday
20 September and Saturday 10 October are worked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app.cases import rungs, timers
from app.cases.models import NEVER, CaseDeadline, ClockRung, DueAct, Escalation
from app.db import new_id
from app.law.ladders import CLOSES, OPENS
from app.law.periods import LOCAL_ZONE
from app.outbox import letters
from app.outbox.models import Letter, OutboxMessage
from tests.lifecycles.ladders import Ladders
from tests.town import Matter, Town, instant, registered

TOLD = """
hours    -12h    10-01 15:00  inspector
hours    -4h     10-01 23:00  inspector supervisor
hours    -1h     10-02 02:00  bureau_leader
hours    end     10-02 04:00  bureau_leader legal_reviewer
hours    +2h     10-02 05:00  auditor
three    -1wd    09-30 09:00  inspector supervisor
three    on      10-08 09:00  supervisor
three    on@17   10-08 17:00  bureau_leader
three    end     10-09 00:00
three    +1wd    10-09 09:00  auditor
seven    -3wd    09-29 09:00  inspector
seven    -1wd    10-08 09:00  inspector supervisor
seven    on      10-09 09:00  bureau_leader
seven    end     10-10 00:00
seven    +1wd    10-10 09:00  auditor
seven    +3wd    10-13 09:00
fifteen  -7cd    09-30 09:00  inspector
fifteen  -3cd    09-30 09:00  supervisor
fifteen  -1cd    10-09 09:00  bureau_leader
fifteen  on      10-10 09:00  bureau_leader inspector supervisor
fifteen  end     10-11 00:00
fifteen  +1cd    10-12 09:00  auditor
fifteen  +5cd    10-15 09:00
ninety   -30cd   09-08 09:00  supervisor
ninety   -15cd   09-23 09:00  legal_reviewer
ninety   -7cd    09-30 09:00  bureau_leader
ninety   on      10-08 09:00  bureau_leader inspector supervisor
ninety   end     10-09 00:00
ninety   +1cd    10-09 09:00  auditor
ninety   +8cd    10-16 09:00  auditor bureau_leader
ninety   +8cd*1  10-23 09:00  auditor bureau_leader
ninety   +8cd*2  10-30 09:00  auditor bureau_leader
ninety   +8cd*3  11-06 09:00  auditor bureau_leader
ninety   +8cd*4  11-13 09:00  auditor bureau_leader
ninety   +8cd*5  11-20 09:00  auditor bureau_leader
ninety   +8cd*6  11-27 09:00  auditor bureau_leader
right    -60cd   09-30 09:00  auditor bureau_leader supervisor
right    -30cd   10-30 09:00  auditor bureau_leader supervisor
right    -15cd   11-13 09:00  auditor bureau_leader supervisor
right    -7cd    11-23 09:00  auditor bureau_leader supervisor
right    on      11-30 09:00  bureau_leader inspector supervisor
right    end     12-01 00:00  auditor
yearly   -30cd   09-09 09:00  enterprise inspector
yearly   -15cd   09-24 09:00  enterprise inspector
yearly   -7cd    09-30 09:00  enterprise inspector
yearly   -3cd    09-30 09:00  enterprise inspector
yearly   on      10-09 09:00  enterprise supervisor
yearly   end     10-10 00:00
yearly   +1cd    10-10 09:00  inspector
yearly   +5cd    10-14 09:00  bureau_leader
party    -2wd    09-29 09:00  enterprise
party    on      10-08 09:00  enterprise
party    end     10-09 00:00  inspector
partner  -2wd    10-09 09:00  partner_market
partner  on      10-12 09:00  partner_market supervisor
partner  +2wd    10-14 09:00  bureau_leader bureau_leader
partner  +5wd    10-19 09:00
"""
"""Clock, rung, when it is told, whom. Nobody acts on anything."""

LATER = {"party end": "10-09 09:00", "right end": "12-01 09:00"}
"""What is told at night goes out in the morning; hours do not wait."""

RAISED = {
    ("ninety", "extend", "09-08 09:00", "supervisor"),
    ("hours", "late", "10-02 04:00", "bureau_leader"),
    ("three", "late", "10-09 00:00", "supervisor"),
    ("ninety", "late", "10-09 00:00", "bureau_leader"),
    ("seven", "late", "10-10 00:00", "bureau_leader"),
    ("yearly", "late", "10-10 00:00", "bureau_leader"),
    ("fifteen", "late", "10-11 00:00", "bureau_leader"),
    ("right", "at_risk", "11-13 09:00", "bureau_leader"),
}
LISTED = {"seven +3wd", "fifteen +5cd", "partner +5wd"}


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    with registered(Ladders):
        yield


def local(at: datetime) -> str:
    return f"{at.astimezone(LOCAL_ZONE):%m-%d %H:%M}"


def a_matter(town: Town, at: str) -> Matter:
    return town.open(Ladders, "supervisor", at=at)


def on_every_ladder(town: Town) -> Matter:
    """A case with a clock on each ladder, all of which end around National Day."""
    matter = a_matter(town, "07-05")
    market = str(town["market"].organisation_id)
    matter.fire("invite", "supervisor", {"partner": market}, at="07-05")
    matter.fire("start_90", "supervisor", at="07-05")
    for name, last in (
        ("3", "10-08"), ("7", "10-09"), ("15", "10-10"), ("rl", "11-30"), ("y", "10-09"),
        ("p", "10-08"), ("x", "10-12"),
    ):  # fmt: skip
        matter.fire(f"start_{name}", "supervisor", {"due_on": f"2026-{last}"}, at="07-05")
    return matter


def hours(first: str, last: str, *of_day: int) -> Iterator[datetime]:
    """These hours of every day from the first to the last."""
    day, end = date.fromisoformat(f"2026-{first}"), date.fromisoformat(f"2026-{last}")
    while day <= end:
        for hour in of_day:
            yield datetime(day.year, day.month, day.day, hour, tzinfo=LOCAL_ZONE)
        day += timedelta(1)


def rows(town: Town, model: Any, matter: Matter) -> Sequence[Any]:
    query = select(model).where(model.case_id == matter.id).order_by(model.id)
    with town.database.read() as session:
        return session.scalars(query).all()


def told(town: Town, matter: Matter) -> dict[str, ClockRung]:
    """The rungs that were told, by clock and rung. Fails if one was told twice for an end."""
    names = {clock.id: clock.name for clock in rows(town, CaseDeadline, matter)}
    found = rows(town, ClockRung, matter)
    keys = [(names[rung.clock_id], rung.rung, rung.due_at) for rung in found]
    assert len(set(keys)) == len(keys)
    return {f"{names[rung.clock_id]} {rung.rung}": rung for rung in found}


def reminders(town: Town, matter: Matter) -> list[OutboxMessage]:
    return [m for m in rows(town, OutboxMessage, matter) if m.kind == "reminder"]


def in_hours(town: Town, at: datetime) -> bool:
    there = at.astimezone(LOCAL_ZONE)
    return town.law.calendar.is_working(there.date()) and OPENS <= there.time() < CLOSES


def test_every_ladder_across_national_day(town):
    matter = on_every_ladder(town)
    begins_hours = instant("10-01 03:00")
    walk = sorted(
        {
            *hours("09-01", "12-02", 9),
            *hours("09-28", "10-20", 0, 17),
            *hours("11-30", "12-02", 0),
            *hours("10-01", "10-02", *range(24)),
            *hours("10-08", "10-11", 6, 12, 18),
        }
    )
    for at in walk:
        if at == begins_hours:
            matter.fire("start_h", "supervisor", at=at)
        timers.tick(town.database, town.law, at)
        letters.distribute(town.database, town.law, at)

    table = [line.split() for line in TOLD.strip().splitlines()]
    rungs_told = told(town, matter)
    assert {key: local(rung.told_at) for key, rung in rungs_told.items()} == {
        f"{clock} {rung}": f"{day} {hour}" for clock, rung, day, hour, *_ in table
    }
    assert {key for key, rung in rungs_told.items() if rung.listed} == LISTED

    sent: dict[str, list[str]] = {}
    for message in reminders(town, matter):
        key = f"{message.data['clock']} {message.data['rung']}"
        sent.setdefault(key, []).append(message.role)
        told_at = rungs_told[key].told_at
        assert local(message.release_at) == LATER.get(key, local(told_at))
        assert message.urgent == (message.data["clock"] == "hours")
        assert message.urgent or in_hours(town, message.release_at)
        assert message.sent_at == message.release_at
    assert {key: sorted(roles) for key, roles in sent.items()} == {
        f"{clock} {rung}": roles for clock, rung, _, _, *roles in table if roles
    }

    names = {clock.id: clock.name for clock in rows(town, CaseDeadline, matter)}
    escalations = rows(town, Escalation, matter)
    began = {(names[one.clock_id], one.kind, local(one.raised_at), one.key) for one in escalations}
    assert {row[:3] for row in began} == {row[:3] for row in RAISED}
    assert len(escalations) == len(RAISED)
    for message in rows(town, OutboxMessage, matter):
        if message.kind == "escalation":
            at_once = local(message.release_at) == "10-02 04:00"
            assert in_hours(town, message.release_at) or at_once
    letters_of_the_case(town, matter)
    assert matter.faults() == []


def letters_of_the_case(town: Town, matter: Matter) -> None:
    """Every message told each reader once, in working hours, the reminders of a day together."""
    with town.database.read() as session:
        kept = session.scalars(select(Letter)).all()
    mine = [
        letter for letter in kept if any(line["case_id"] == str(matter.id) for line in letter.lines)
    ]
    lines = Counter((letter.person_id, line["message"]) for letter in mine for line in letter.lines)
    assert lines
    assert set(lines.values()) == {1}
    for letter in mine:
        urgent = letter.kind == "urgent" or local(letter.created_at) == "10-02 04:00"
        assert urgent or in_hours(town, letter.created_at)
    days = Counter(
        (letter.person_id, letter.created_at.astimezone(LOCAL_ZONE).date())
        for letter in mine
        if letter.kind == "reminder"
    )
    assert set(days.values()) == {1}


def test_asleep_for_four_days_everything_follows_in_the_order_of_its_instants(town):
    matter = on_every_ladder(town)
    timers.tick(town.database, town.law, instant("10-07 12:00"))
    before = set(told(town, matter))
    done = [
        one
        for one in timers.tick(town.database, town.law, instant("10-11 12:00"))
        if one.case_id == matter.id
    ]
    order = [
        (one.fell_at, f"{one.deadline} {one.rung}")
        if isinstance(one, rungs.Told)
        else (matter.clock(one.deadline).expired_at or NEVER, f"{one.deadline} end")
        for one in done
        if isinstance(one, rungs.Told | timers.Expired)
    ]
    assert [at for at, _ in order] == sorted(at for at, _ in order)
    names = [name for _, name in order]
    assert len(set(names)) == len(names)
    table = [line.split()[:4] for line in TOLD.strip().splitlines()]
    awake = {f"{clock} {rung}" for clock, rung, day, hour in table
             if "10-07 12:00" < f"{day} {hour}" <= "10-11 12:00"}  # fmt: skip
    assert set(told(town, matter)) - before == awake
    assert set(names) == awake
    # A Sunday: people hear of it on Monday morning, the reminders of a person in one letter.
    waiting = [m for m in reminders(town, matter) if f"{m.data['clock']} {m.data['rung']}" in awake]
    assert {local(message.release_at) for message in waiting} == {"10-12 09:00"}
    letters.distribute(town.database, town.law, instant("10-11 12:00"))
    assert not any(m.sent_at for m in rows(town, OutboxMessage, matter) if m in waiting)
    letters.distribute(town.database, town.law, instant("10-12 09:00"))
    letters_of_the_case(town, matter)


# Clocks that are moved, stopped, started late, closed -------------------------------------------


def test_a_clock_that_is_stopped_tells_nothing_and_goes_on_to_its_new_end(town):
    matter = a_matter(town, "07-05")
    matter.fire("start_90", "supervisor", at="07-05")
    matter.fire("stop", "inspector", at="09-07")
    town.tick("09-20 12:00")
    assert told(town, matter) == {}
    matter.fire("go_on", "inspector", at="09-21")  # fourteen days: the end is 10-17, so Monday 19
    assert str(matter.due("ninety")) == "2026-10-19"
    town.tick("10-12 12:00")
    assert {(key, str(rung.due_on)) for key, rung in told(town, matter).items()} == {
        ("ninety -15cd", "2026-10-19"),
        ("ninety -7cd", "2026-10-19"),
    }


def test_a_clock_that_comes_back_to_its_end_tells_no_rung_twice(town):
    matter = a_matter(town, "07-05")
    matter.fire("start_90", "supervisor", at="07-05")
    town.tick("10-08 10:00")
    before = told(town, matter)
    assert "ninety on" in before
    matter.fire("stop", "inspector", at="10-08 11:00")
    matter.fire("go_on", "inspector", at="10-08 12:00")  # of the same day: no day is left out
    assert str(matter.due("ninety")) == "2026-10-08"
    town.tick("10-09 10:00")
    assert set(told(town, matter)) == {*before, "ninety end", "ninety +1cd"}


def test_an_extended_clock_tells_the_rungs_of_its_new_end_only(town):
    matter = a_matter(town, "07-05")
    matter.fire("start_90", "supervisor", at="07-05")
    town.tick("10-08 10:00")
    before = told(town, matter)
    matter.fire("extend", "leader", at="10-08 12:00")  # fifteen days more, to Sunday 18, so 19
    assert str(matter.due("ninety")) == "2026-10-19"
    town.tick("10-20 10:00")
    after = {
        (key, str(rung.due_on)) for key, rung in told(town, matter).items()
        if str(rung.due_on) != "2026-10-08"
    }  # fmt: skip
    assert after == {(f"ninety {rung}", "2026-10-19") for rung in ("-7cd", "on", "end", "+1cd")}
    old = {rung.rung for rung in rows(town, ClockRung, matter) if str(rung.due_on) == "2026-10-08"}
    assert old == {key.split()[1] for key in before}


def test_a_clock_recorded_after_its_end_is_late_at_once(town):
    matter = a_matter(town, "09-23 10:00")
    matter.fire("start_3", "supervisor", {"due_on": "2026-09-21"}, at="09-23 10:00")
    town.tick("09-23 10:00")
    found = told(town, matter)
    assert set(found) == {"three on", "three on@17", "three end", "three +1wd"}
    assert {local(rung.told_at) for rung in found.values()} == {"09-23 10:00"}
    assert [one.kind for one in rows(town, Escalation, matter)] == ["late"]


def test_a_closed_case_and_a_met_clock_tell_nothing_more(town):
    closed, met = a_matter(town, "09-21"), a_matter(town, "09-21")
    for matter in (closed, met):
        matter.fire("start_7", "supervisor", {"due_on": "2026-10-09"}, at="09-21")
        town.tick("09-29 10:00")
    closed.fire("close", "supervisor", at="09-29 11:00")
    met.fire("settle", "inspector", at="09-29 11:00")
    town.tick("10-20")
    for matter in (closed, met):
        assert set(told(town, matter)) == {"seven -3wd"}
        assert matter.faults() == []


def test_a_clock_started_anew_tells_the_rungs_of_the_new_one_only(town):
    matter = a_matter(town, "09-21")
    matter.fire("start_7", "supervisor", {"due_on": "2026-10-09"}, at="09-21")
    matter.fire("start_7", "supervisor", {"due_on": "2026-10-13"}, at="09-22")
    town.tick("10-08 10:00")
    assert told(town, matter) == {}
    town.tick("10-09 10:00")
    [rung] = told(town, matter).values()
    assert (rung.rung, str(rung.due_on)) == ("-3wd", "2026-10-13")


def test_a_provisional_end_is_told_as_one(town):
    matter = a_matter(town, "10-12")
    matter.fire("start_90", "supervisor", at="10-12")
    clock = matter.clock("ninety")
    assert clock.provisional
    town.tick("12-12")
    [message] = reminders(town, matter)
    assert (message.data["rung"], message.data["provisional"]) == ("-30cd", True)


# What fails -------------------------------------------------------------------------------------


def test_one_failing_clock_does_not_hold_up_the_others(town, caplog):
    first, broken, last = (a_matter(town, "09-21") for _ in range(3))
    for matter in (first, broken, last):
        matter.fire("start_7", "supervisor", {"due_on": "2026-10-09"}, at="09-21")
    spoil = update(CaseDeadline).where(CaseDeadline.case_id == broken.id)
    town.database.write(lambda s: s.execute(spoil.values(name="unheard_of")))
    nowhere = new_id()
    town.database.write(
        lambda s: s.add(DueAct(id=new_id(), case_id=nowhere, since=instant("09-21")))
    )
    now, looked = instant("10-10 10:00"), timers.Looked()
    assert timers.anything_due(town.database, now, looked)
    timers.tick(town.database, town.law, now, looked=looked)
    for matter in (first, last):
        assert set(told(town, matter)) == {"seven -3wd", "seven -1wd", "seven on", "seven end", "seven +1wd"}  # fmt: skip
    failures = [record.getMessage() for record in caplog.records]
    assert len([line for line in failures if broken.row.number in line]) == 2  # its rung, its end
    assert len([line for line in failures if str(nowhere) in line]) == 1
    # It is left alone for a while, and then tried again.
    assert not timers.anything_due(town.database, now, looked)
    later = now + timedelta(minutes=5)
    assert timers.anything_due(town.database, later, looked)
    town.database.write(lambda s: s.execute(spoil.values(name="seven")))
    timers.tick(town.database, town.law, later, looked=looked)
    assert set(told(town, broken)) == set(told(town, first))
    with town.database.read() as session:
        [left] = session.scalars(select(DueAct)).all()
    town.database.write(lambda s: s.delete(left))
