"""Two people, two clocks, two supervisors at once: real processes on one database."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.cases import desk
from app.cases.models import Case, CaseLink
from app.cases.opening import Opening
from app.cases.step import Fired
from app.db import new_id
from app.demo import stories as s
from app.workflows.verification import Verification
from tests import processes
from tests.laws import faults
from tests.processes import HOLD, RESUME, SOAK_MINUTES, SUSPICION, Job, Pair, Place, Refused, order
from tests.town import Matter, Town, instant
from tests.year import UP_TO_CHECKLIST, UP_TO_CONCLUSION, UP_TO_EXPERTS, UP_TO_RESULT, a_year

pytestmark = pytest.mark.xdist_group("processes")

ROUNDS = 20
[RETURN], [REMOVE] = s.RETURNED_FOR_COMPLETENESS, s.REMOVED
Asked = tuple[Job, tuple[Any, ...]]

_keys = count(1)


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.stop()


@pytest.fixture
def place(town: Town) -> Place:
    return processes.place_of(town.database, town.store.folder)


def asked(matter: Matter, wanted: desk.Order, who: str, on: str) -> Asked:
    """The job of a helper that does it."""
    return processes.act, (wanted, matter.actor(who), instant(on))


def one_wins(answers: list[Any]) -> tuple[Fired, Refused]:
    won = [answer for answer in answers if isinstance(answer, Fired)]
    lost = [answer for answer in answers if isinstance(answer, Refused)]
    assert (len(won), len(lost)) == (1, 1), answers
    return won[0], lost[0]


# One case, two acts -----------------------------------------------------------------------------


def race_for_the_same_act(town: Town, pair: Pair, place: Place, *, saw_the_version: bool) -> None:
    year = a_year(town).file("03-09")
    wanted = order(year, RETURN, "03-10")
    if not saw_the_version:
        wanted = replace(wanted, expected_version=None)
    before = year.row
    jobs = [asked(year, wanted, who, "03-10") for who in ("supervisor", "supervisor2")]
    won, lost = one_wins(pair.at_once(place, *jobs))
    assert lost.error == ("CaseHasMoved" if saw_the_version else "TransitionRefused")
    assert won.seq == before.last_seq + 1
    after = year.row
    assert (after.state, after.version) == ("report_due", before.version + 1)
    assert year.acts() == ["open_cycle", "submit_report", "return_for_completeness"]
    assert year.faults() == []


@pytest.mark.parametrize("saw_the_version", [True, False])
def test_of_two_who_fire_the_same_transition_one_wins(town, pair, place, saw_the_version):
    for _ in range(ROUNDS):
        race_for_the_same_act(town, pair, place, saw_the_version=saw_the_version)


def test_of_two_who_decide_differently_one_wins_and_the_other_learns_it(town, pair, place):
    for _ in range(ROUNDS // 2):
        year = a_year(town).file("03-09")
        ways = [order(year, beat, "03-10") for beat in (RETURN, REMOVE)]
        jobs = [asked(year, wanted, "supervisor", "03-10") for wanted in ways]
        won, lost = one_wins(pair.at_once(place, *jobs))
        assert lost.error == "CaseHasMoved"
        assert f"Last step: {Verification.transitions[won.trigger].en}." in lost.sentence
        assert year.faults() == []


def test_a_recheck_and_the_notice_of_the_result_exclude_each_other(town, pair, place):
    for _ in range(ROUNDS // 5):
        year = a_year(town).file().play(UP_TO_CONCLUSION, until="08-20")
        ways = [order(year, beat, "08-21") for beat in (*s.RECHECK_OPENED, *s.NOTIFIED)]
        jobs = [asked(year, wanted, "supervisor", "08-21") for wanted in ways]
        won, _lost = one_wins(pair.at_once(place, *jobs))
        assert len(year.children("recheck")) == (won.trigger == "open_recheck")
        assert year.faults() == []


def test_people_who_add_different_things_both_succeed(town, pair, place):
    year = a_year(town).file("03-09")
    unit, supervisor, at = year.actor("unit"), town["supervisor"], instant("03-10")
    seqs = []
    for number in range(ROUNDS):
        mine, theirs = f"台账 {number}", f"照片 {number}"
        for job in (processes.add_evidence, processes.comment):
            seqs += pair.at_once(
                place,
                (job, (year.id, mine, unit, at)),
                (job, (year.id, theirs, supervisor, at)),
            )
    assert sorted(seqs) == list(range(2, 2 + 4 * ROUNDS))
    assert Counter(year.acts()[2:]) == {"add_evidence": 2 * ROUNDS, "comment": 2 * ROUNDS}
    assert year.faults() == []


def test_a_remark_never_keeps_a_colleague_from_acting(town, pair, place):
    for _ in range(ROUNDS // 2):
        year = a_year(town).file("03-09")
        wanted = order(year, RETURN, "03-10")
        remark = (year.id, "请看", town["inspector"], instant("03-10"))
        said, fired = pair.at_once(
            place, (processes.comment, remark), asked(year, wanted, "supervisor", "03-10")
        )
        assert {said, fired.seq} == {2, 3}
        assert year.faults() == []


def test_answers_to_different_rows_do_not_disturb_each_other(town, pair, place):
    year = a_year(town).file().play(UP_TO_CHECKLIST, until="06-12")
    for _ in range(ROUNDS):
        year.do(s.NC_DRAFTED[0], on="06-15")
    year.do(s.NC_ISSUED, on="06-15")
    rows = year.items("nonconformities")
    for one, other in zip(rows[::2], rows[1::2], strict=True):
        ways = [order(year, s.NC_ANSWERED[0], "06-16", item_id=row.id) for row in (one, other)]
        jobs = [asked(year, wanted, "unit", "06-16") for wanted in ways]
        answers = pair.at_once(place, *jobs)
        assert all(isinstance(answer, Fired) for answer in answers), answers
    assert {row.status for row in year.items("nonconformities")} == {"answered"}
    assert year.faults() == []


def test_an_answer_comes_before_the_end_of_answering_or_not_at_all(town, pair, place):
    year = a_year(town).file().play(UP_TO_CHECKLIST, until="06-12")
    year.do([s.NC_DRAFTED[0], *s.NC_ISSUED], on="06-15").do(s.NC_ANSWERED, on="06-16")
    [row] = year.items("nonconformities")
    again = order(year, s.NC_ANSWERED[0], "06-17", item_id=row.id)
    done = order(year, s.NC_SUBMITTED[0], "06-17")
    answers = pair.at_once(
        place, asked(year, again, "unit", "06-17"), asked(year, done, "unit", "06-17")
    )
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert [answer.error for answer in refused] in ([], ["TransitionRefused"])
    assert year.acts()[-1] == "submit_answers"
    assert year.faults() == []


# One request, sent twice ------------------------------------------------------------------------


def sent_twice(pair: Pair, place: Place, asked_for: Asked) -> None:
    job, (wanted, *rest) = asked_for
    keyed = (job, (replace(wanted, key=f"key {next(_keys)}"), *rest))
    answers = pair.at_once(place, keyed, keyed)
    assert sorted(answer.repeated for answer in answers) == [False, True], answers
    assert len({(answer.seq, answer.trigger, answer.state) for answer in answers}) == 1


def test_the_same_request_of_two_processes_is_done_once(town, pair, place):
    year = a_year(town)
    sent_twice(pair, place, asked(year, order(year, s.REPORTED[0], "03-09"), "unit", "03-09"))
    for _ in range(ROUNDS // 2):
        # Neither moves the case: without its key each would be done twice.
        for beat in (HOLD, RESUME):
            wanted = order(year, beat, "03-10")
            sent_twice(pair, place, asked(year, wanted, "supervisor", "03-10"))
    assert Counter(year.acts()) == {
        "open_cycle": 1,
        "submit_report": 1,
        "hold_locally": ROUNDS // 2,
        "resume_locally": ROUNDS // 2,
    }
    assert year.faults() == []


def test_a_suspicion_sent_twice_is_one_clue(town, pair, place):
    year = a_year(town)
    for number in range(1, ROUNDS // 2 + 1):
        wanted = order(year, SUSPICION, "03-10")
        sent_twice(pair, place, asked(year, wanted, "inspector", "03-10"))
        with town.database.read() as session:
            clues = select(func.count(CaseLink.id)).where(CaseLink.case_id == year.id)
            assert session.scalar(clues) == number
            assert (
                session.scalar(
                    select(func.count(Case.id)).where(Case.lifecycle == "joint_enforcement")
                )
                == number
            )


# Clocks and what follows by itself --------------------------------------------------------------


def test_two_schedulers_fire_every_clock_once(town, pair, place):
    cases = [a_year(town) for _ in range(120)]
    ours = {year.id for year in cases}
    now = instant("07-01")  # the report was due on 31 March, the verification on 30 June
    job = (processes.expire, (now,))
    answers = pair.at_once(place, job, job)
    fired = Counter((one.case_id, one.deadline) for answer in answers for one in answer)
    wanted = {(case_id, name) for case_id in ours for name in ("report_filing", "verification_end")}
    assert {clock: n for clock, n in fired.items() if clock[0] in ours} == dict.fromkeys(wanted, 1)
    assert all(answers), "one of the two had nothing to do"
    assert cases[7].acts() == ["open_cycle", "declare_overdue", "deadline_passed"]
    with town.database.read() as session:
        assert [fault for case_id in ours for fault in faults(session, case_id)] == []


def test_two_schedulers_take_a_right_once(town, pair, place):
    years = [a_year(town).file().play(UP_TO_RESULT, until="09-18") for _ in range(8)]
    job = (processes.expire, (instant("10-09 00:00"),))
    answers = pair.at_once(place, job, job)
    lapsed = Counter(
        one.case_id for answer in answers for one in answer if one.trigger == "lapse_objection"
    )
    assert lapsed == {year.id: 1 for year in years}
    for year in years:
        assert (year.state, year.acts()[-1]) == ("result_final", "lapse_objection")
        assert year.faults() == []


def test_what_follows_by_itself_follows_once(town, pair, place):
    for _ in range(ROUNDS // 5):
        year = a_year(town).file().play([*UP_TO_EXPERTS, *s.NOTHING_FOUND[:-1]], until="08-20")
        # The act alone, as if the process had died before what follows from it.
        beat = s.NOTHING_FOUND[-1]
        alone = order(year, beat, "08-21")
        town.database.write(
            partial(
                desk._act, order=alone, actor=town[beat.who], now=instant("08-21"), law=town.law
            )
        )
        assert (year.state, year.recheck.state) == ("under_recheck", "accepted")
        job = (processes.work_off, (instant("08-21"),))
        assert sum(pair.at_once(place, job, job)) == 2  # the re-check closes, and lets go
        assert (year.state, year.recheck.state) == ("conclusion_submitted", "closed")
        assert year.acts().count("close_recheck") == 1
        assert year.faults() + year.recheck.faults() == []


# The cycle of a year, and numbers ---------------------------------------------------------------


@pytest.mark.parametrize("cycle", [2025, 2026, 2027])
def test_of_two_who_open_the_same_cycle_each_unit_gets_one_case(town, pair, place, cycle):
    both = [
        (processes.open_cycle, (cycle, town[who], instant("01-05")))
        for who in ("supervisor", "supervisor2")
    ]
    answers = pair.at_once(place, *both)
    units = {unit.id for unit in town.cast.units.values()}
    assert sum(answer.opened for answer in answers) == len(units)
    with town.database.read() as session:
        opened = select(Case.subject_id).where(
            Case.cycle_year == cycle, Case.cycle_key.is_not(None)
        )
        assert sorted(session.scalars(opened)) == sorted(units)


def opening(town: Town, authority_id: UUID, cycle: int) -> Opening:
    unit = town.cast.units["lanqiao"]
    return Opening(
        lifecycle=Verification,
        authority_id=authority_id,
        authority_name="示例机关",
        subject_id=unit.id,
        subject_name=unit.name,
        division=unit.division,
        cycle_year=cycle,
    )


def test_numbers_have_no_gap_whoever_opens_and_whatever_is_refused(town, pair, place):
    for _ in range(ROUNDS // 2):
        # A new authority begins a new series: its first number is fought for as well.
        actor = replace(town["supervisor"], organisation_id=new_id())
        # In 2035 the unit is on no roster: refused when a number has been allotted.
        wanted = [opening(town, actor.organisation_id, cycle) for cycle in (2026, 2035, 2026)]
        job = (processes.open_cases, (wanted, actor, instant("01-05")))
        for answer in pair.at_once(place, job, job):
            assert [type(one) for one in answer] == [Fired, Refused, Fired]
        assert numbers_of(town, actor.organisation_id) == [1, 2, 3, 4]


def test_the_numbers_of_the_bureau_have_no_gap_after_all_this(town):
    numbers = numbers_of(town, town.cast.bureau.id)
    assert numbers == list(range(1, len(numbers) + 1))


def numbers_of(town: Town, authority_id: UUID) -> list[int]:
    query = select(Case.number).where(
        Case.authority_id == authority_id, Case.lifecycle == "verification"
    )
    with town.database.read() as session:
        return sorted(int(re.findall(r"(\d+)号", number)[0]) for number in session.scalars(query))


# For minutes ------------------------------------------------------------------------------------


@pytest.mark.soak
def test_races_for_minutes(town, pair, place):
    until = monotonic() + SOAK_MINUTES * 60 / 4
    while monotonic() < until:
        race_for_the_same_act(town, pair, place, saw_the_version=True)
        race_for_the_same_act(town, pair, place, saw_the_version=False)
        year = a_year(town).file("03-09")
        wanted = order(year, HOLD, "03-10")
        sent_twice(pair, place, asked(year, wanted, "supervisor", "03-10"))
        unit = year.actor("unit")
        jobs = [
            (job, (year.id, "说明", unit, instant("03-10")))
            for job in (processes.add_evidence, processes.comment)
        ]
        assert sorted(pair.at_once(place, *jobs)) == [3, 4]
        assert year.faults() == []
