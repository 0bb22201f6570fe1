"""What the first page of a worklist costs in a small and in a large database, and by which way."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sized
from contextlib import contextmanager
from statistics import median
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.orm import Session

from app.cases import queries
from app.cases.queries import Filter, Scope
from app.db import Database
from app.engine.actors import Actor
from benchmarks.crowd import fill
from benchmarks.scene import NOW, Scene
from benchmarks.tables import Table, ms

REPEATS = 25
SERVED = re.compile(r"\bix_\w+|\b(?:pk|uq|sqlite_autoindex)_\w+")
WHOLE = re.compile(r"(?:SCAN|Seq Scan on) (cases|case_participants)\b(?! USING)")

Question = Callable[[Session], Sized]


def questions(scene: Scene) -> dict[str, Question]:
    """What people ask when they open their worklist, by who and what."""

    def page(actor: Actor, scope: Scope) -> Question:
        return lambda session: queries.worklist(session, actor, scope, Filter(), NOW).rows

    return {
        "supervisor, mine": page(scene.supervisor, Scope.MINE),
        "supervisor, all": page(scene.supervisor, Scope.ALL),
        "supervisor, every": page(scene.supervisor, Scope.EVERY),
        "supervisor, closed": page(scene.supervisor, Scope.DONE),
        "verifier, mine": page(scene.verifier, Scope.MINE),
        "verifier, all": page(scene.verifier, Scope.ALL),
        "verifier, closed": page(scene.verifier, Scope.DONE),
        "supervisor, counts": lambda session: queries.counts(session, scene.supervisor),
        "verifier, counts": lambda session: queries.counts(session, scene.verifier),
    }


def asked(database: Database, question: Question) -> tuple[float, int]:
    """Seconds of the question in a reading transaction of its own, and how many rows it found."""
    begin = time.perf_counter()
    with database.read() as session:
        found = question(session)
    return time.perf_counter() - begin, len(found)


@contextmanager
def noted(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Gather the statements a reader sends, with their values."""
    seen: list[tuple[str, Any]] = []

    def note(_c: Connection, _cursor: object, statement: str, values: Any, *_rest: object) -> None:
        seen.append((statement, values))

    event.listen(database.reader_engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.reader_engine, "before_cursor_execute", note)


def plan(database: Database, question: Question) -> str:
    """The plan of the question's last statement, as the database tells it."""
    with noted(database) as seen, database.read() as session:
        question(session)
    statement, values = seen[-1]
    explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN (ANALYZE) "
    with database.reader_engine.connect() as connection:
        return "\n".join(
            str(row[-1]) for row in connection.exec_driver_sql(explain + statement, values)
        )


def ways(told: str) -> str:
    """The indexes a plan uses, and the tables it reads whole."""
    found = [f"`{name}`" for name in SERVED.findall(told)]
    found += [f"**all of {table}**" for table in WHOLE.findall(told)]
    return ", ".join(sorted(set(found)))


def pages(small: Scene, large: Scene, few: int, many: int) -> Table:
    """The first pages among few and among many cases, asked for in turns."""
    fill(small, few)
    fill(large, many)
    rows = []
    theirs = questions(large)
    for name, question in questions(small).items():
        here, there = [], []
        for _ in range(REPEATS):
            here.append(asked(small.database, question))
            there.append(asked(large.database, theirs[name]))
        times = [ms(median(seconds for seconds, _ in found)) for found in (here, there)]
        counts = f"{here[0][1]}, {there[0][1]}"
        rows.append([name, *times, counts, ways(plan(large.database, theirs[name]))])
    head = (
        small.engine,
        f"{few:,} cases (ms)",
        f"{many:,} cases (ms)",
        "rows",
        f"reached at {many:,} by",
    )
    return Table(f"The first page of a worklist: {small.engine}", head, rows)
