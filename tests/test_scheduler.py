"""The ticker only says that time has passed; the lease decides who works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event
from typing import IO

import pytest
from sqlalchemy import insert, select

from app import lease, scheduler
from app.cases.models import DueAct
from app.db import new_id
from app.jobs import HEARTBEAT, JOBS, Ending, run
from config import EXTENSION, ROOT
from tests.times import NOW

PATIENCE = 60
CLOCKS = next(job for job in JOBS if job.name == "clocks")


def test_one_round_of_a_job_at_a_time_and_missed_ones_are_one(app):
    ticker = scheduler.start(app)
    try:
        jobs = {job.id: job for job in ticker.get_jobs()}
        assert set(jobs) == {job.name for job in JOBS}
        for job in jobs.values():
            assert (job.max_instances, job.coalesce, job.misfire_grace_time) == (1, True, None)
        assert jobs["clocks"].trigger.interval == timedelta(seconds=1)
        assert str(ticker.timezone) == "Asia/Shanghai"
    finally:
        ticker.shutdown()


def test_a_job_with_nothing_to_do_asks_for_no_lease(app, database):
    for job in JOBS:
        if job.name != HEARTBEAT:
            assert run(job, database, app.extensions[EXTENSION], NOW, "a") == 0
    with database.read() as session:
        assert session.query(lease.Lease).all() == []


def test_a_lease_is_held_by_one_and_falls_to_the_next(database):
    first = lease.take(database, "clocks", "a")
    assert first is not None
    assert lease.take(database, "clocks", "b") is None
    again = lease.take(database, "clocks", "a")
    assert again is not None
    assert again.fence == first.fence
    lease.give_back(database, again)
    second = lease.take(database, "clocks", "b")
    assert second is not None
    assert second.fence == first.fence + 1


def test_who_lost_the_lease_learns_it_before_the_next_piece_of_work(database):
    first = lease.take(database, "clocks", "a")
    assert first is not None
    database.write(first)
    lease.give_back(database, first)
    lease.take(database, "clocks", "b")
    for renewed in (first.renewed, 0.0):
        first.renewed = renewed
        try:
            database.write(first)
        except lease.LeaseLost:
            continue
        raise AssertionError("worked on without the lease")


# Ending -----------------------------------------------------------------------------------------


def test_who_ends_in_the_middle_of_a_round_leaves_the_rest_to_the_others_at_once(app, database):
    database.write(
        lambda session: session.execute(
            insert(DueAct), {"id": new_id(), "case_id": new_id(), "since": NOW}
        )
    )
    with pytest.raises(Ending):
        run(CLOCKS, database, app.extensions[EXTENSION], NOW, "a", lambda: True)
    taken = lease.take(database, "clocks", "b")
    assert taken is not None
    assert taken.fence == 2
    with database.read() as session:
        assert len(session.scalars(select(DueAct)).all()) == 1

    ending = Event()
    ending.set()
    lease.give_back(database, taken)
    assert scheduler.beat(app, CLOCKS, "c", NOW, ending) == 0
    again = lease.take(database, "clocks", "d")
    assert again is not None
    assert again.fence == 4


@contextmanager
def alone(settings, tmp_path) -> Iterator[subprocess.Popen[str]]:
    """`flask scheduler` as a process of its own, on the database of the test."""
    env = os.environ | {
        "DATABASE_URL": settings.database_url,
        "TANJIAN_SECRET_KEY": "for tests only",
        "TANJIAN_FILES": str(tmp_path),
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "scheduler"]
    process = subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)


def line_with(stream: IO[str], words: str) -> str:
    """The next line of a process that holds those words."""
    seen = []
    for line in stream:
        seen.append(line)
        if words in line:
            return line
    raise AssertionError("".join(seen))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_schedulers_run_beside_each_other_and_end_cleanly(settings, database, tmp_path):
    with alone(settings, tmp_path) as one, alone(settings, tmp_path) as other:
        for process, told in ((one, signal.SIGTERM), (other, signal.SIGINT)):
            assert process.stderr is not None
            assert "clocks" in line_with(process.stderr, "ticking")
            process.send_signal(told)
            _, said = process.communicate(timeout=PATIENCE)
            assert process.returncode == 0
            assert "Traceback" not in said
            assert " ended " in said.splitlines()[-1]
