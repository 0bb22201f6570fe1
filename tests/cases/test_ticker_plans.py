"""What the ticker asks every second is answered from the partial indices, on either engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, select
from sqlalchemy.orm import Session

from app.cases import timers
from app.cases.models import Case, Escalation
from app.db import Database, new_id
from benchmarks.clocks import fill
from benchmarks.crowd import settle
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


def plan(database: Database, statement: str, values: Any, *, ordered: bool = False) -> str:
    """How it would be answered from tables of any size; ``ordered`` if an index gives the order."""
    explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    with database.reader_engine.connect() as connection:
        if not database.is_sqlite:  # a table with next to nothing in it is read whole
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            if ordered:  # or few rows are gathered by any index, and sorted
                connection.exec_driver_sql("SET LOCAL enable_sort = off")
        rows = connection.exec_driver_sql(explain + statement, values)
        return "\n".join(str(row[-1]) for row in rows)


def decided(database: Database) -> None:
    """A year's escalations, all decided: what is undecided is looked for among them."""

    def work(session: Session) -> None:
        case_id = session.scalars(select(Case.id).limit(1)).one()
        told = {
            "case_id": case_id, "kind": "help", "organisation_id": new_id(), "role": "supervisor",
            "proposal": {}, "raised_by": new_id(), "raised_by_name": "王芳", "raised_at": NOW,
            "since": NOW, "status": "approved",
        }  # fmt: skip
        rows = [{"id": new_id(), "key": str(number), **told} for number in range(2000)]
        session.execute(insert(Escalation), rows)

    database.write(work)
    settle(database)


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
    decided(database)
    with asked(database) as seen:
        LOOKS[look](database)
    looks = [plan(database, *one) for one in seen if "case_deadlines" in one[0]]
    looks += [plan(database, *one) for one in seen if "case_escalations" in one[0]]
    assert len(looks) == len(INDICES)
    for told, index in zip(looks, INDICES, strict=True):
        assert index in told, told
        assert "SCAN case_deadlines\n" not in f"{told}\n"
        assert "Seq Scan on case_deadlines" not in told
