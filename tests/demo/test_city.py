"""The demonstration city: every state of both lifecycles, whenever it is installed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.audit import verification
from app.audit.models import AuditEntry
from app.cases.files import FileStore
from app.cases.models import Case
from app.db import Database
from app.demo import city
from app.demo.cast import UNITS
from app.law.terms import shipped_law
from app.registers import uscc
from app.workflows import LIFECYCLES
from tests.conftest import ONE_ENGINE
from tests.times import at

PASSES_AT_ONCE = {"accepted"}
"""A re-check that is accepted closes by itself."""


def states(database: Database, lifecycle: str) -> set[str]:
    with database.read() as session:
        return set(session.scalars(select(Case.state).where(Case.lifecycle == lifecycle)))


@ONE_ENGINE
@pytest.mark.parametrize(
    ("day", "hour"),
    [
        (date(2026, 11, 25), 7),
        (date(2026, 11, 28), 15),  # a Saturday
        (date(2026, 10, 3), 9),  # a holiday
        (date(2027, 2, 10), 10),  # of a year not arranged yet
    ],
)
def test_every_state_is_there_and_nothing_lies_in_the_future(database, tmp_path: Path, day, hour):
    now = at(day, hour)
    store = FileStore(tmp_path, limit=10**7)

    city.load(database, shipped_law(), store, now)

    assert states(database, "verification") == set(LIFECYCLES["verification"].states)
    assert states(database, "recheck") == set(LIFECYCLES["recheck"].states) - PASSES_AT_ONCE
    with database.read() as session:
        assert city.is_loaded(session)
        latest = session.scalar(select(func.max(AuditEntry.recorded_at)))
        assert latest is not None
        assert latest <= now
        assert list(verification.verify_all(session)) == []
        told = session.scalars(
            select(AuditEntry.body).where(AuditEntry.chain == "case", AuditEntry.seq == 0)
        )
        assert all('"demonstration":true' in body for body in told)


def test_a_load_that_broke_off_goes_on_where_it_stopped(database, tmp_path: Path):
    now, store = at(date(2026, 11, 25), 10), FileStore(tmp_path, limit=10**7)

    def breaks_off(done: int, _all: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        city.load(database, shipped_law(), store, now, breaks_off)
    with database.read() as session:
        assert not city.is_loaded(session)
        before = session.scalar(select(func.count()).select_from(AuditEntry)) or 0

    city.load(database, shipped_law(), store, now)
    city.load(database, shipped_law(), store, now)

    with database.read() as session:
        assert city.is_loaded(session)
        after = session.scalar(select(func.count()).select_from(AuditEntry)) or 0
        assert after > before
        roots = select(func.count()).select_from(Case).where(Case.parent_id.is_(None))
        assert session.scalar(roots) == len(city.PLOTS)


def test_nobody_in_it_is_real():
    assert all(unit.name.startswith("示例") for unit in UNITS)
    assert all(uscc.check(unit.uscc).fault is uscc.Fault.CHECK for unit in UNITS)
