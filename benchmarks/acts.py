"""What one durable, audited act costs: beside the floor, late in a case, among many cases."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from statistics import median
from typing import Protocol, TypeAlias
from uuid import UUID

from sqlalchemy import Connection, event, func, select

from app.audit.models import AuditEntry
from app.audit.verification import verify_chain
from app.cases.models import Case
from app.cases.operations import fire
from benchmarks.crowd import settle
from benchmarks.floor import floor
from benchmarks.scene import LAW, NOW, Scene
from benchmarks.tables import Table, ms, spread, verdict
from benchmarks.unit_of_work import UnitOfWork

HISTORY = ("Engine", "history", "acts 1 to 10 (ms)", "acts after it (ms)", "ratio")
GOALS = {"sqlite": 5.0, "postgresql": 1.6}
MOST_STATEMENTS = 9
NO_GROWTH = 1.1
"""What a ratio of medians may differ from one by chance."""
REMARK = "请于五个工作日内书面答复。"


Rows: TypeAlias = list[list[str]]


class Way(Protocol):
    """One way to do the same act durably on a case of its own."""

    @property
    def name(self) -> str: ...
    @property
    def case_id(self) -> UUID: ...

    def act(self, trigger: str, now: datetime, version: int, key: str, remark: str) -> None: ...
    def close(self) -> object: ...


class Fire:
    """The product's way."""

    name = "`fire()`"

    def __init__(self, scene: Scene, case_id: UUID) -> None:
        self.scene = scene
        self.case_id = case_id

    def close(self) -> None:
        """Nothing of its own."""

    def act(self, trigger: str, now: datetime, version: int, key: str, remark: str) -> None:
        self.scene.database.write(
            lambda session: fire(
                session,
                self.case_id,
                trigger,
                actor=self.scene.actor_of(trigger),
                inputs={"remark": remark},
                now=now,
                law=LAW,
                expected_version=version,
                key=key,
            )
        )


class Walk:
    """A case going to and fro in one way; knows how far it is."""

    def __init__(self, way: Way) -> None:
        self.way = way
        self.done = 0

    def go(self, acts: int) -> float:
        """Do so many acts; return seconds per act."""
        begin = time.perf_counter()
        for _ in range(acts):
            self.done += 1
            self.way.act(
                "forward" if self.done % 2 else "pass_back",
                NOW + timedelta(minutes=self.done),
                self.done,
                f"request-{self.done}",
                REMARK,
            )
        return (time.perf_counter() - begin) / acts


@contextmanager
def walks(scene: Scene, ways: Sequence[Callable[[Scene, UUID], Way]]) -> Iterator[list[Walk]]:
    """Walks of fresh cases, warmed up: compiled, prepared, cached."""
    made = [Walk(way(scene, scene.open_case())) for way in ways]
    try:
        for walk in made:
            walk.go(20)
        yield made
    finally:
        for walk in made:
            walk.way.close()


def shuffled(made: Sequence[Walk], rounds: int, acts: int) -> list[list[float]]:
    """Let every walk go once a round, in an order drawn anew; seconds per act, by walk."""
    order, found = random.Random(20261122), [[0.0] * rounds for _ in made]
    for number in range(rounds):
        for place in order.sample(range(len(made)), len(made)):
            found[place][number] = made[place].go(acts)
    return found


def against_the_floor(scene: Scene, rounds: int, acts: int) -> tuple[Table, list[str]]:
    """Compare the ways, round by round. Fails if they do not leave the same record."""
    with walks(scene, (floor, Fire, UnitOfWork)) as made:
        seconds = shuffled(made, rounds, acts)
        refuse_unequal(scene, [walk.way.case_id for walk in made])
    rows, goals = [], []
    for walk, mine in zip(made, seconds, strict=True):
        ratios = [one / least for one, least in zip(mine, seconds[0], strict=True)]
        rows.append([walk.way.name, ms(median(mine)), f"{1 / median(mine):.0f}", spread(ratios)])
        if isinstance(walk.way, Fire):
            goal, found = GOALS[scene.engine], median(ratios)
            goals.append(f"`fire()` at {found:.2f} × the floor: {verdict(found, goal)} (≤ {goal})")
    title = f"One act, durably: {scene.engine}"
    head = ("Written as", "ms per act", "acts per second", "times the floor")
    return Table(title, head, rows, f"{rounds} rounds of {acts} acts, order shuffled."), goals


def refuse_unequal(scene: Scene, case_ids: Sequence[UUID]) -> None:
    """Every way leaves a chain that verifies, as long as the others and in the same state."""
    with scene.database.read() as session:
        faults = [fault for case_id in case_ids for fault in verify_chain(session, case_id)]
        where = select(Case.state, Case.version, Case.last_seq, Case.next_due_at, Case.waits_role)
        stand = {tuple(row) for row in session.execute(where.where(Case.id.in_(case_ids)))}
        told = select(AuditEntry.chain_id, func.sum(func.length(AuditEntry.body)))
        sizes = session.execute(
            told.where(AuditEntry.chain_id.in_(case_ids)).group_by(AuditEntry.chain_id)
        ).all()
    if faults or len(stand) != 1 or len({size for _, size in sizes}) != 1:
        msg = f"the ways do not leave the same record: {faults} {stand} {sizes}"
        raise AssertionError(msg)


# What it grows with -----------------------------------------------------------------------------


def along_the_history(scene: Scene, history: int) -> tuple[list[str], str]:
    """Compare acts at the beginning of a case with those after a long history.

    They take turns in an order drawn anew, so that nothing but the length of the history differs;
    fifty acts are timed together, since SQLite moves its log into the file every few dozen.
    """
    order, later, first = random.Random(20261122), [], []
    with walks(scene, (Fire,)) as [old]:
        old.go(history - old.done)
        for _ in range(41):
            fresh = [Walk(Fire(scene, scene.open_case())) for _ in range(5)]
            for young in order.sample((True, False), 2):
                if young:
                    first.append(sum(walk.go(10) for walk in fresh) / len(fresh))
                else:
                    later.append(old.go(10 * len(fresh)))
    ratios = [late / early for late, early in zip(later, first, strict=True)]
    row = [scene.engine, f"{history:,}", ms(median(first)), ms(median(later)), spread(ratios)]
    return row, growth(f"{history:,} acts behind it", median(ratios))


def among_other_cases(small: Scene, large: Scene, few: int, many: int) -> tuple[Rows, list[str]]:
    """Compare an act in a small database with one in a database full of other running cases."""
    for scene, number in ((small, few), (large, many)):
        scene.open_many(number)
        settle(scene.database)
    ways = (floor, Fire)
    with walks(small, ways) as alone, walks(large, ways) as crowded:
        seconds = shuffled([*alone, *crowded], 25, 20)
    rows, goals = [], []
    for walk, here, there in zip(alone, seconds[:2], seconds[2:], strict=True):
        ratios = [much / little for little, much in zip(here, there, strict=True)]
        name = f"{small.engine}, {walk.way.name}"
        rows.append([name, ms(median(here)), ms(median(there)), spread(ratios)])
        if isinstance(walk.way, Fire):
            goals.append(growth(f"{many:,} other cases instead of {few:,}", median(ratios)))
    return rows, goals


def growth(with_what: str, ratio: float) -> str:
    """Whether an act costs the same in spite of it."""
    return f"{ratio:.2f} × with {with_what}: {verdict(ratio, NO_GROWTH)} (≤ {NO_GROWTH})"


# Statements -------------------------------------------------------------------------------------


@contextmanager
def statements_of(scene: Scene) -> Iterator[list[str]]:
    """Gather what is sent between BEGIN and COMMIT of the writing engine."""
    seen: list[str] = []

    def note(_c: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(scene.database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(scene.database.engine, "before_cursor_execute", note)


def counted(scene: Scene) -> tuple[list[str], str]:
    """The statements of one act, and whether they are few enough."""
    with walks(scene, (Fire,)) as [walk], statements_of(scene) as seen:
        walk.go(1)
    found = [statement for statement in seen if not statement.startswith("BEGIN")]
    word = verdict(len(found), MOST_STATEMENTS)
    return found, f"{len(found)} statements per act: {word} (≤ {MOST_STATEMENTS})"
