"""What the first page of a worklist costs in a small and in a large database, and by which way."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
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
from benchmarks.scene import NOW, Ground, Scene
from benchmarks.tables import Table, ms

REPEATS = 25
SERVED = re.compile(r"\bix_\w+|\b(?:pk|uq|sqlite_autoindex)_\w+")
WHOLE = re.compile(r"(?:SCAN|Seq Scan on) (cases|case_participants)\b(?! USING)")

Question = Callable[[Session], object]


def questions(scene: Scene) -> dict[str, Question]:
    """What people ask when they open their worklist, by who and what."""

    def page(actor: Actor, scope: Scope) -> Question:
        return lambda session: queries.worklist(session, actor, scope, Filter(), NOW).rows

    def deep(session: Session) -> object:
        first = queries.worklist(session, scene.supervisor, Scope.ALL, Filter(), NOW, limit=500)
        return queries.worklist(
            session, scene.supervisor, Scope.ALL, Filter(), NOW, after=first.next
        ).rows

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


def timed(database: Database, question: Question) -> float:
    """Seconds of the question, asked in a reading transaction of its own each time."""
    found = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        with database.read() as session:
            question(session)
        found.append(time.perf_counter() - begin)
    return median(found)


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


def pages(ground: Ground, engine: str, few: int, many: int) -> Table:
    """The first pages among few and among many cases."""
    seconds: list[dict[str, float]] = []
    used: dict[str, str] = {}
    for number in (few, many):
        with ground.scene(engine) as scene:
            fill(scene, number)
            asked = questions(scene)
            seconds.append({name: timed(scene.database, ask) for name, ask in asked.items()})
            used = {name: ways(plan(scene.database, ask)) for name, ask in asked.items()}
    rows = [[name, ms(seconds[0][name]), ms(seconds[1][name]), used[name]] for name in used]
    head = (engine, f"{few:,} cases (ms)", f"{many:,} cases (ms)", f"reached at {many:,} by")
    return Table(f"The first page of a worklist: {engine}", head, rows)
