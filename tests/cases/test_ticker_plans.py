"""What the ticker asks every second is answered from the partial indices, on either engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from app.cases import timers
from app.db import Database, new_id
from benchmarks.clocks import fill
from benchmarks.exchange import Watch
from benchmarks.scene import peopled
from tests.times import NOW
from tests.town import registered

INDICES = ("ix_case_deadlines_rung", "ix_case_deadlines_ripe", "ix_case_escalations_climb")
RUNNING, DUE = 3000, 3


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    with registered(Watch):
        yield


@contextmanager
def asked(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """What is asked by reading, with the values."""
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        seen.append((statement, values))

    event.listen(database.reader_engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.reader_engine, "before_cursor_execute", note)


def plan(database: Database, statement: str, values: Any) -> str:
    explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    with database.reader_engine.connect() as connection:
        if not database.is_sqlite:  # a table with next to nothing in it is read whole
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        rows = connection.exec_driver_sql(explain + statement, values)
        return "\n".join(str(row[-1]) for row in rows)


MARK = (NOW, timers.What.RUNG.value, new_id())
LOOKS: dict[str, Callable[[Database], object]] = {
    "anything due": lambda database: timers.anything_due(database, NOW, timers.Looked()),
    "what is due": lambda database: timers.due(database, NOW),
    "what is due next": lambda database: timers.due(database, NOW + timedelta(days=1), MARK),
}


@pytest.mark.parametrize("look", LOOKS)
def test_every_look_of_the_ticker_is_served_by_its_index(database, look):
    name = "sqlite" if database.is_sqlite else "postgresql"
    fill(peopled(name, database), RUNNING, DUE)
    with asked(database) as seen:
        LOOKS[look](database)
    looks = [plan(database, *one) for one in seen if "case_deadlines" in one[0]]
    looks += [plan(database, *one) for one in seen if "case_escalations" in one[0]]
    assert len(looks) == len(INDICES)
    for told, index in zip(looks, INDICES, strict=True):
        assert index in told, told
        assert "SCAN case_deadlines\n" not in f"{told}\n"
        assert "Seq Scan on case_deadlines" not in told
