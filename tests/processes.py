"""Processes of their own, for what one process cannot show: two at once, and one that is killed.

A `Helper` is a process that does what it is told, one thing after the other. `Pair` lets two of
them begin at the same moment. `killed_at` and `killed_after` act in a fork of the helper and kill it
with SIGKILL, which nothing in the program can catch.
"""

from __future__ import annotations

import io
import os
import signal
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.orm import Session

from app.cases import desk, records, timers
from app.cases.errors import CaseError
from app.cases.files import FileStore
from app.cases.opening import Opening, open_case
from app.cases.step import Fired
from app.db import Database
from app.demo.stories import Attached, Beat
from app.engine.actors import Actor
from app.law.terms import LawBook, shipped_law
from tests.year import Year

PATIENCE: Final = 60
"""Seconds after which a helper that does not answer is given up."""

BEFORE_COMMIT: Final = "before commit"
AFTER_COMMIT: Final = "after commit"
Point = int | str
"""Where a process kills itself: before its nth statement, before or after its commit."""


@dataclass(frozen=True)
class Place:
    """Where the town is: what a process needs to act in it."""

    url: str
    files: Path
    keys: Path | None


@dataclass
class Bench:
    """The town as a helper sees it, over connections of its own."""

    database: Database
    law: LawBook
    store: FileStore


@dataclass(frozen=True)
class Refused:
    """A refusal of the case desk: the name of the error, and its English sentence."""

    error: str
    sentence: str


def bench(place: Place) -> Bench:
    """Connect to the town."""
    database = Database(place.url, keys=place.keys)
    made = Bench(database, shipped_law(), FileStore(place.files, limit=1_000_000))
    made.database.engine.connect().close()
    return made


_bench = cache(bench)


# What is asked of them ----------------------------------------------------------------------------

SOAK_MINUTES: Final = float(os.environ.get("SOAK_MINUTES", "10"))
"""What all soaks of races and of kills take together, on both engines."""

SUSPICION: Final = Beat(
    "raise_suspicion", "inspector",
    {
        "accused": "unit", "conduct": "report_false", "discovered_on": "2026-03-09",
        "suspicion": "两家单位用同一检测报告。",
    },
)  # fmt: skip
HOLD: Final = Beat("hold_locally", "supervisor", {"hold_reason": "厂区封闭。"})
RESUME: Final = Beat("resume_locally", "supervisor", {"resume_reason": "恢复生产。"})

_papers = count(1)


def order(year: Year, beat: Beat, on: str, **said: Any) -> desk.Order:
    """What somebody who looks at the case now asks to have done; files are uploaded."""
    on_case = year.recheck if beat.on_child else year
    inputs = {
        name: [on_case.paper(beat.who, at=on, text=f"{next(_papers)}")]
        if isinstance(value, Attached)
        else value
        for name, value in year.typed(beat, on=on).items()
    }
    return desk.Order(on_case.id, beat.trigger, inputs, on_case.row.version, **said)


# What helpers do --------------------------------------------------------------------------------


def act(at: Bench, order: desk.Order, actor: Actor, now: datetime) -> Fired:
    return desk.act(at.database, order, actor=actor, now=now, law=at.law)


def add_evidence(at: Bench, case_id: UUID, text: str, actor: Actor, now: datetime) -> int:
    stored = at.store.put(io.BytesIO(text.encode()), f"{text}.txt")

    def work(session: Session) -> int:
        return records.add_evidence(session, case_id, stored, actor=actor, now=now)

    return at.database.write(work)


def comment(at: Bench, case_id: UUID, text: str, actor: Actor, now: datetime) -> int:
    def work(session: Session) -> int:
        return records.comment(session, case_id, text, actor=actor, now=now)

    return at.database.write(work)


def expire(at: Bench, now: datetime) -> list[timers.Expired]:
    done = timers.tick(at.database, at.law, now)
    return [one for one in done if isinstance(one, timers.Expired)]


def end_clock(at: Bench, case_id: UUID, clock_id: UUID, now: datetime) -> timers.Expired | None:
    """End one clock, and nothing else."""
    work = partial(timers.expire, case_id=case_id, clock_id=clock_id, law=at.law, now=now)
    return at.database.write(work)


def work_off(at: Bench, now: datetime) -> int:
    return timers.work_off(at.database, at.law, now)


def open_cycle(at: Bench, year: int, actor: Actor, now: datetime) -> desk.CycleResult:
    return desk.open_cycle(at.database, year, actor=actor, now=now, law=at.law)


def open_cases(
    at: Bench, openings: Sequence[Opening], actor: Actor, now: datetime
) -> list[Fired | Refused]:
    """Open cases one after the other, going on after a refusal."""

    def opened(opening: Opening) -> Fired:
        def work(session: Session) -> Fired:
            return open_case(
                session, opening, actor=actor, inputs={"sector": "other"}, now=now, law=at.law
            )

        return at.database.write(work)

    return [_answer(opened, opening) for opening in openings]


def in_turn(at: Bench, jobs: Sequence[tuple[Job, tuple[Any, ...]]]) -> list[Any]:
    """Do several jobs one after the other, going on after a refusal."""
    return [_answer(job, at, *args) for job, args in jobs]


def _answer(job: Callable[..., Any], *args: Any) -> Any:
    try:
        return job(*args)
    except CaseError as refusal:
        return Refused(type(refusal).__name__, refusal.label.en)


Job = Callable[..., Any]


# Helpers ----------------------------------------------------------------------------------------


class Helper:
    """A process of its own. Whatever it is told must be a function of a module."""

    def __init__(self, barrier: Barrier | None = None) -> None:
        context = get_context("spawn")
        self._line, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, barrier), daemon=True)
        self._process.start()
        theirs.close()

    def tell(self, job: Job, *args: Any) -> None:
        self._line.send((job, args))

    def answer(self) -> Any:
        """What the job returned, or the `Refused` it met. Raises what else went wrong there."""
        if not self._line.poll(PATIENCE):
            msg = "the helper does not answer"
            raise TimeoutError(msg)
        well, answer = self._line.recv()
        if not well:
            raise RuntimeError(answer)
        return answer

    def do(self, job: Job, *args: Any) -> Any:
        self.tell(job, *args)
        return self.answer()

    def stop(self) -> None:
        self._line.close()
        self._process.join(PATIENCE)
        self._process.close()


class Pair:
    """Two helpers that begin what they are told at the same moment."""

    def __init__(self) -> None:
        # Kept: its semaphores have a name only as long as somebody holds it.
        self._barrier = get_context("spawn").Barrier(2)
        self.helpers = [Helper(self._barrier), Helper(self._barrier)]

    def at_once(
        self, place: Place, one: tuple[Job, tuple[Any, ...]], other: tuple[Job, tuple[Any, ...]]
    ) -> list[Any]:
        for helper, (job, args) in zip(self.helpers, (one, other), strict=True):
            helper.tell(_together, place, job, *args)
        return [helper.answer() for helper in self.helpers]

    def stop(self) -> None:
        for helper in self.helpers:
            helper.stop()


_barrier: Barrier | None = None


def _together(place: Place, job: Job, *args: Any) -> Any:
    here = _bench(place)
    assert _barrier is not None
    _barrier.wait(PATIENCE)
    return _answer(job, here, *args)


def _serve(line: Connection, barrier: Barrier | None) -> None:
    """Answer until the other end of the line is closed."""
    global _barrier  # noqa: PLW0603 - the process has one
    _barrier = barrier
    with suppress(EOFError, ConnectionResetError):
        while True:
            job, args = line.recv()
            try:
                line.send((True, job(*args)))
            except Exception:  # noqa: BLE001 - told to whoever asked
                line.send((False, traceback.format_exc()))


# Being killed -----------------------------------------------------------------------------------

NO_SUCH_STATEMENT: Final = 3
"""How a fork ends that came to its commit before the statement at which it should die."""


def killed_at(place: Place, point: Point, job: Job, *args: Any) -> int | None:
    """Do a job in a fork that kills itself at a point; return its exit code, ``None`` if killed.

    The first transaction counts. Nothing is committed unless the point lies after the commit.
    """

    def doomed() -> None:
        here = bench(place)
        _arm(here.database, point)
        job(here, *args)

    return _ended(_fork(doomed))


def killed_after(
    place: Place, steps: int, jobs: Sequence[tuple[Job, tuple[Any, ...]]]
) -> tuple[int, int]:
    """Act round after round in a fork and kill it from here after so many statements.

    Returns how many jobs the fork had told to be done, and how many it had been refused.
    """
    reading, writing = os.pipe()

    def doomed() -> None:
        os.close(reading)
        here = bench(place)
        event.listen(
            here.database.engine, "before_cursor_execute", lambda *_args: os.write(writing, b".")
        )
        while True:
            for job, args in jobs:
                done = _answer(job, here, *args)
                os.write(writing, b"-" if isinstance(done, Refused) else b"+")

    child = _fork(doomed)
    os.close(writing)
    told = b""
    try:
        while told.count(b".") < steps:
            more = os.read(reading, 4096)
            if not more:
                msg = f"the fork ended by itself: {_ended(child)}"
                raise RuntimeError(msg)
            told += more
        os.kill(child, signal.SIGKILL)
        assert _ended(child) is None
        while more := os.read(reading, 4096):
            told += more
    finally:
        os.close(reading)
    return told.count(b"+"), told.count(b"-")


def _fork(work: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    except BaseException:  # noqa: BLE001 - the fork must end here, whatever happened
        traceback.print_exc()
    finally:
        os._exit(code)


def _ended(child: int) -> int | None:
    _pid, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return None if code == -signal.SIGKILL else code


def _die(*_args: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _arm(database: Database, point: Point) -> None:
    engine = database.engine
    if point == BEFORE_COMMIT:
        event.listen(engine, "commit", _die)
    elif point == AFTER_COMMIT:
        commit = engine.dialect.do_commit

        def commit_and_die(connection: Any) -> None:
            commit(connection)
            _die()

        engine.dialect.do_commit = commit_and_die  # type: ignore[method-assign, assignment]
    else:
        left = iter(range(int(point) - 1))

        def count(*_args: Any) -> None:
            if next(left, None) is None:
                _die()

        event.listen(engine, "before_cursor_execute", count)
        event.listen(engine, "commit", lambda _connection: os._exit(NO_SUCH_STATEMENT))


def place_of(database: Database, files: Path) -> Place:
    return Place(database.url.render_as_string(hide_password=False), files, database.keys)
