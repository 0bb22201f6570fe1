"""Killed in the middle: an act is done whole or not at all, and the next one works."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import func, select

from app.audit import verification
from app.cases import desk, drafts
from app.cases.models import CaseLink, Evidence
from app.db import table_of
from app.demo import stories as s
from app.demo.stories import Beat
from app.models import metadata
from tests import processes
from tests.laws import written
from tests.processes import (
    AFTER_COMMIT,
    BEFORE_COMMIT,
    HOLD,
    NO_SUCH_STATEMENT,
    RESUME,
    SOAK_MINUTES,
    SUSPICION,
    Helper,
    Job,
    Place,
    order,
)
from tests.town import Town, instant
from tests.year import UP_TO_EXPERTS, UP_TO_ISSUE, UP_TO_RESULT, Year, a_year

pytestmark = pytest.mark.xdist_group("processes")

FEWEST, MOST = 5, 120
"""After how many statements a process is killed from outside: nothing happens before the first."""


@pytest.fixture(scope="module")
def helper() -> Iterator[Helper]:
    made = Helper()
    yield made
    made.stop()


@pytest.fixture
def place(town: Town) -> Place:
    return processes.place_of(town.database, town.store.folder)


# Before every statement, and on both sides of the commit ----------------------------------------


@dataclass(frozen=True)
class Doomed:
    """An act about to be killed: the case, the job that does it, what it leaves when it is done."""

    year: Year
    job: Job
    args: tuple[Any, ...]
    entries: int = 1
    """How many entries it adds to any chain."""


def ordered(year: Year, beat: Beat, on: str, **said: Any) -> tuple[desk.Order, tuple[Any, ...]]:
    """The order with a draft that goes when it is done."""
    wanted = order(year, beat, on, key="once", **said)
    actor = year.actor(beat.who)
    year.town.database.write(
        lambda session: drafts.save(
            session, wanted.case_id, beat.trigger, actor.person_id, {"note": "…"}, instant(on)
        )
    )
    return wanted, (actor, instant(on))


def acted(year: Year, beat: Beat, on: str, entries: int = 1, **said: Any) -> Doomed:
    wanted, rest = ordered(year, beat, on, **said)
    return Doomed(year, processes.act, (wanted, *rest), entries)


def rows_and_clocks(town: Town) -> Doomed:
    year = a_year(town).file().play(UP_TO_ISSUE[:-1], until="06-12")
    return acted(year, s.NC_ISSUED[0], "06-15")


def a_version(town: Town) -> Doomed:
    year = a_year(town).file().play(s.WITHOUT_NC[:-1], until="06-12")
    return acted(year, s.CONCLUDED[0], "06-15")


def a_child(town: Town) -> Doomed:
    year = a_year(town).file().play(s.WITHOUT_NC, until="06-12")
    return acted(year, s.RECHECK_OPENED[0], "06-15", entries=2)


def the_end_of_a_child(town: Town) -> Doomed:
    year = a_year(town).file().play([*UP_TO_EXPERTS, *s.NOTHING_FOUND[:-1]], until="06-12")
    return acted(year, s.NOTHING_FOUND[-1], "06-15")


def a_waiver_withdrawn(town: Town) -> Doomed:
    year = a_year(town).file().play(UP_TO_RESULT, until="06-12")
    town.tick("07-20")
    assert year.acts()[-1] == "lapse_objection"
    [objected] = s.OBJECTED
    by_the_bureau = Beat(objected.trigger, "inspector", objected.typed)
    scan = year.paper("inspector", at="07-20")
    return acted(
        year, by_the_bureau, "07-20", entries=2,
        occurred_at=instant("06-16"), late_reason="邮戳为证", proof=[scan],
    )  # fmt: skip


def a_suspicion(town: Town) -> Doomed:
    return acted(a_year(town), SUSPICION, "06-15")


def the_end_of_a_clock(town: Town) -> Doomed:
    year = a_year(town)
    clock = year.clock("report_filing").id
    return Doomed(year, processes.end_clock, (year.id, clock, instant("04-01")))


@pytest.mark.parametrize(
    "doomed_act",
    [
        rows_and_clocks, a_version, a_child, the_end_of_a_child, a_waiver_withdrawn, a_suspicion,
        the_end_of_a_clock,
    ],
    ids=lambda make: make.__name__,
)  # fmt: skip
def test_killed_at_any_statement_an_act_is_done_whole_or_not_at_all(
    town, helper, place, doomed_act: Callable[[Town], Doomed]
):
    doomed = doomed_act(town)
    year = doomed.year
    before = everything(year)

    def killed(point: processes.Point) -> int | None:
        code: int | None = helper.do(processes.killed_at, place, point, doomed.job, *doomed.args)
        return code

    for statement in count(1):
        code = killed(statement)
        assert everything(year) == before, f"killed before statement {statement}"
        if code is not None:
            assert code == NO_SUCH_STATEMENT
            break
    assert statement > 5, "hardly anything was written"

    assert killed(BEFORE_COMMIT) is None
    assert everything(year) == before

    assert killed(AFTER_COMMIT) is None
    after = everything(year)
    assert after["audit_entries"] == before["audit_entries"] + doomed.entries
    assert after["case_drafts"] == 0
    assert no_fault_in_the_family(year)

    if doomed.job is processes.act:  # whoever asked got no answer, and asks again
        wanted, actor, now = doomed.args
        again = desk.act(town.database, wanted, actor=actor, now=now, law=town.law)
        assert again.repeated
        assert everything(year) == after
    the_next_act_works(year)


def everything(year: Year) -> dict[str, Any]:
    """How many rows every table holds, and all that an act could have changed on the case."""
    evidence = table_of(Evidence)
    with year.town.database.read() as session:
        counted = {
            table.name: session.scalar(select(func.count()).select_from(table))
            for table in metadata.sorted_tables
        }
        named = select(func.count()).where(evidence.c.seq.is_not(None))
        return counted | written(session, year.id) | {"named": session.scalar(named)}


def no_fault_in_the_family(year: Year) -> bool:
    assert year.faults() == []
    for child in year.children("recheck"):
        assert child.faults() == []
    with year.town.database.read() as session:
        beside = select(CaseLink.other_id).where(CaseLink.case_id == year.id)
        for other in session.scalars(beside):
            assert verification.verify_chain(session, other) == []
    return True


def the_next_act_works(year: Year) -> None:
    """What was left to follow follows at the next tick, and people go on."""
    town, state = year.town, year.state
    town.tick("07-20")
    if year.children("recheck") and year.recheck.state == "closed":
        assert (state, year.state) == ("under_recheck", "conclusion_submitted")
    year.do(s.REMOVED, on="07-21")
    assert (year.state, year.running()) == ("closed_removed", [])
    assert no_fault_in_the_family(year)


# From outside, at any moment --------------------------------------------------------------------


def at_work(town: Town) -> tuple[Year, list[tuple[Job, tuple[Any, ...]]]]:
    """A case on which acts can be done round after round."""
    year = a_year(town).file("03-09").do(s.ARRANGED, on="03-10")
    propose, declare, declare_too = s.GROUP_FORMED[:3]
    jobs = []
    for beat in (propose, declare, declare_too, HOLD, RESUME):
        wanted = desk.Order(year.id, beat.trigger, year.typed(beat, on="03-11"))
        jobs.append((processes.act, (wanted, town[beat.who], instant("03-11"))))
    return year, jobs


def kill_at_some_moment(
    year: Year, jobs: list[tuple[Job, tuple[Any, ...]]], helper: Helper, place: Place, after: int
) -> None:
    """Kill a busy process; what it had told to be done is done, and at most one act more."""
    before = year.row.last_seq
    # Nobody else holds the file open: who opens it next must recover it.
    year.town.database.dispose()
    told, _refused = helper.do(processes.killed_after, place, after, jobs)
    assert year.row.last_seq - before in {told, told + 1}
    year.do(s.GROUP_FORMED[0], on="03-11")
    assert year.acts()[-1] == "propose_group"
    assert year.faults() == []


def test_killed_from_outside_nothing_told_is_lost_and_nothing_is_half(town, helper, place):
    year, jobs = at_work(town)
    chance = random.Random(2026)
    for _ in range(8):
        kill_at_some_moment(year, jobs, helper, place, chance.randrange(FEWEST, MOST))


@pytest.mark.soak
def test_kills_for_minutes(town, helper, place):
    until, chance = monotonic() + SOAK_MINUTES * 60 / 4, random.Random()
    while monotonic() < until:
        year, jobs = at_work(town)
        for _ in range(10):
            kill_at_some_moment(year, jobs, helper, place, chance.randrange(FEWEST, 4 * MOST))
