"""What a tick costs among few and among many running clocks of which as many are due."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID

from sqlalchemy import Table, Uuid, bindparam, select, text

from app.cases import timers
from app.cases.models import Case, CaseDeadline
from app.db import table_of
from app.law.ladders import ladder_on
from benchmarks.crowd import settle
from benchmarks.exchange import Watch
from benchmarks.scene import LAW, Scene
from benchmarks.tables import Table as Printed
from benchmarks.tables import ms, spread, verdict

SAME = 1.25
"""How far the ratio of two ticks that do the same may be from one by chance."""
PER_CASE = 50
CROWD = "测群"
"""How the numbers of the cases begin that only stand there."""

cases, deadlines = table_of(Case), table_of(CaseDeadline)
OWN = {
    "sqlite": {
        "id": "lower(hex(randomblob(16)))",
        "rising": "printf('%08x%024x', crowd.place, n.i)",
        "later": (
            "strftime('%Y-%m-%d %H:%M:%S.000000', '2027-03-01', "
            "'+' || (abs(random()) % 500000) || ' minutes')"
        ),
    },
    "postgresql": {
        "id": "gen_random_uuid()",
        "rising": ("(lpad(to_hex(crowd.place), 8, '0') || lpad(to_hex(n.i), 24, '0'))::uuid"),
        "later": "timestamptz '2027-03-01 00:00+00' + random() * interval '500000 minutes'",
    },
}
"""New ids and instants of the next year, in the words of each engine."""


def fill(scene: Scene, running: int, due: int) -> None:
    """Open cases with so many clocks that fall due together, among others that run for long."""
    own = OWN[scene.engine]
    template = scene.database.write(lambda session: scene.open_in(session, lifecycle=Watch))
    number = {"id": own["id"], "number": f"'{CROWD}' || n.i", "cycle_key": "NULL"}
    crowd = max((running - due) // PER_CASE, 1)
    _multiply(scene, cases, "id", template, crowd, number)
    later = {"expires_at": own["later"], "next_rung_at": own["later"]}
    # Case by case under rising ids, as clocks come into being: else the indices take minutes.
    beside = (
        "JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM cases "
        f"WHERE number LIKE '{CROWD}%') AS crowd ON TRUE"
    )
    of_the_crowd = {"id": own["rising"], "case_id": "crowd.id", **later}
    _multiply(scene, deadlines, "case_id", template, PER_CASE, of_the_crowd, beside)
    scene.open_many(due - 1, Watch)
    settle(scene.database)


def _multiply(
    scene: Scene,
    table: Table,
    by: str,
    key: UUID,
    times: int,
    changed: dict[str, str],
    beside: str = "",
) -> None:
    """Write a row so many times over inside the database, with other values in some columns."""
    names = [column.name for column in table.columns]
    values = ", ".join(changed.get(name, f"kept.{name}") for name in names)
    statement = text(
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {times}) "
        f"INSERT INTO {table.name} ({', '.join(names)}) "
        f"SELECT {values} FROM {table.name} AS kept CROSS JOIN n {beside} WHERE kept.{by} = :key"
    ).bindparams(bindparam("key", key, Uuid()))
    with scene.database.engine.begin() as connection:
        connection.execute(statement)


def instants(scene: Scene) -> dict[str, datetime]:
    """When the rungs before the end of the clocks that are due fall, and when they have ended."""
    first = select(deadlines.c.due_on, deadlines.c.due_at).order_by(deadlines.c.expires_at).limit(1)
    with scene.database.read() as session:
        due_on, due_at = session.execute(first).one()
    ladder = ladder_on("L-7", due_on)
    assert ladder is not None
    falls = {key: at for at, key in ladder.falls(due_on, due_at, LAW.calendar) if at <= due_at}
    return falls | {"end": due_at + timedelta(seconds=1)}


def among_others(
    few: Scene, many: Scene, running: tuple[int, int], due: int
) -> tuple[Rows, list[str]]:
    """Tick at each of those instants, few and many in turns; rows, and whether goals are met."""
    for scene, number in zip((few, many), running, strict=True):
        fill(scene, number, due)
    seconds: dict[str, tuple[float, float]] = {}
    for turn, (key, at) in enumerate(instants(few).items()):
        order = (few, many) if turn % 2 else (many, few)
        took = {scene is many: _ticked(scene, at, due) for scene in order}
        seconds[key] = took[False], took[True]
    rungs = [pair for key, pair in seconds.items() if key != "end"]
    rows, goals = [], []
    for name, pairs in (("rungs", rungs), ("ends", [seconds["end"]])):
        ratios = [there / here for here, there in pairs]
        rows.append([
            f"{few.engine}, {due:,} {name}",
            ms(median(here for here, _ in pairs)),
            ms(median(there for _, there in pairs)),
            spread(ratios),
        ])  # fmt: skip
        if name == "rungs":
            found = median(ratios)
            goals.append(
                f"a tick over {running[1]:,} clocks of which {due:,} are due at {found:.2f} × one "
                f"over {running[0]:,}: {verdict(found, SAME)} (≤ {SAME})"
            )
    return rows, goals


def _ticked(scene: Scene, at: datetime, due: int) -> float:
    begin = time.perf_counter()
    done = timers.tick(scene.database, LAW, at)
    seconds = time.perf_counter() - begin
    if len(done) != due:
        raise AssertionError(len(done))
    return seconds


Rows = list[list[str]]
TITLE = "A tick, by the number of running clocks"


def printed(rows: Rows, running: tuple[int, int]) -> str:
    """The table of it."""
    head = (
        "Engine and work",
        f"{running[0]:,} clocks (ms)",
        f"{running[1]:,} clocks (ms)",
        "ratio",
    )
    return Printed(
        TITLE,
        head,
        rows,
        "As many are due in both. Rungs at three instants, turn and turn about; ends once.",
    ).markdown()
