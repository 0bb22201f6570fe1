"""The ticker only says that time has passed; the lease decides who works."""

from __future__ import annotations

from datetime import timedelta

from app import lease, scheduler
from app.jobs import JOBS, run
from config import EXTENSION
from tests.times import NOW


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
