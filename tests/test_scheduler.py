"""The ticker only says that time has passed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from app import scheduler
from app.cases.timers import Expired
from app.db import Database
from app.law.terms import LawBook
from tests.times import NOW


def test_one_tick_at_a_time_and_missed_ones_are_one(app):
    ticker = scheduler.start(app)
    try:
        [job] = ticker.get_jobs()
        assert job.trigger.interval == timedelta(seconds=30)
        assert (job.max_instances, job.coalesce, job.misfire_grace_time) == (1, True, None)
        assert str(ticker.timezone) == "Asia/Shanghai"
    finally:
        ticker.shutdown()


def test_a_tick_handles_the_clocks_that_have_ended(app, monkeypatch: pytest.MonkeyPatch):
    told: list[tuple[LawBook, datetime]] = []

    def expire_due(database: Database, law: LawBook, now: datetime) -> list[Expired]:
        told.append((law, now))
        return []

    monkeypatch.setattr("app.cases.timers.expire_due", expire_due)
    assert scheduler.tick(app, NOW) == []
    [(law, now)] = told
    assert now == NOW
    assert law.calendar.loaded
