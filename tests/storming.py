"""Real schedulers and web workers on a database of the tests, at an instant of the tests.

A process of its own cannot be handed ``now``: its clock runs ahead of the real one by a distance
that all processes of a test share, kept in the environment of each.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Final

from flask import Flask
from flask.cli import ScriptInfo

from app import clock, create_app
from app.workflows import LIFECYCLES, register
from config import ROOT
from tests.lifecycles.ladders import Ladders
from tests.outbox.world import free_port

AHEAD: Final = "TANJIAN_TESTS_AHEAD"
PATIENCE: Final = 120
POLL_S: Final = 0.1


def application() -> Flask:
    """The application of a process of the test: its lifecycles, its clock, no form tokens."""
    ahead = timedelta(seconds=float(os.environ[AHEAD]))

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + ahead

    vars(clock)["datetime"] = Shifted
    if Ladders.key not in LIFECYCLES:
        register(Ladders)
    app = create_app()
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def _schedule(env: Mapping[str, str], said: Path) -> None:
    """Become `flask scheduler`, speaking into a file."""
    os.environ.update(env)
    with said.open("ab") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())
    app = application()
    app.cli.main(args=["scheduler"], prog_name="flask", obj=ScriptInfo(create_app=lambda: app))


def until(holds: Callable[[], bool], *, patience: float = PATIENCE) -> float:
    """Wait until a question is answered with yes; return the seconds it took. Raises in the end."""
    begin = monotonic()
    while not holds():
        if monotonic() - begin > patience:
            raise TimeoutError(holds)
        Fleet.pause()
    return monotonic() - begin


@dataclass
class Fleet:
    """So many schedulers at once, each of which can be killed and is then replaced."""

    env: Mapping[str, str]
    said: Path
    running: list[ForkServerProcess] = field(default_factory=list)
    killed: int = 0

    def start(self) -> None:
        context = get_context("forkserver")
        context.set_forkserver_preload(["tests.preloaded", "tests.storming"])
        process = context.Process(target=_schedule, args=(self.env, self.said), daemon=True)
        process.start()
        self.running.append(process)

    def pids(self) -> list[int]:
        return [process.pid for process in self.running if process.pid is not None]

    @staticmethod
    def pause() -> None:
        """Let the processes of the fleet have the processor for a moment."""
        Event().wait(POLL_S)

    def kill(self, pid: int) -> None:
        """Kill one with SIGKILL, see it dead, and start another."""
        [doomed] = [process for process in self.running if process.pid == pid]
        doomed.kill()
        doomed.join(PATIENCE)
        assert doomed.exitcode == -signal.SIGKILL
        self.running.remove(doomed)
        self.killed += 1
        self.start()

    def end(self) -> list[int | None]:
        """Tell all that still run to end; return how each of them ended."""
        for process in self.running:
            process.terminate()
        for process in self.running:
            process.join(PATIENCE)
        return [process.exitcode for process in self.running]


@contextmanager
def fleet(number: int, env: Mapping[str, str], said: Path) -> Iterator[Fleet]:
    """Run so many schedulers; whatever happens none is left."""
    made = Fleet(env, said)
    try:
        for _ in range(number):
            made.start()
        yield made
    finally:
        for process in made.running:
            process.kill()
            process.join(PATIENCE)


@contextmanager
def web(workers: int, env: Mapping[str, str], said: Path) -> Iterator[str]:
    """Run gunicorn with so many worker processes; give its address."""
    port = free_port()
    command = [
        sys.executable, "-m", "gunicorn", "--workers", str(workers), "--preload",
        "--bind", f"127.0.0.1:{port}", "tests.storming:application()",
    ]  # fmt: skip
    with said.open("ab") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | dict(env), stdout=file, stderr=file
        )
    try:
        until(lambda: b"Booting worker" in said.read_bytes())
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)  # at once, not when every browser has gone
        process.wait(PATIENCE)


def environment(url: str, files: Path, now: datetime, **more: str) -> dict[str, str]:
    """What every process of a test is told: the database, the files, the instant it is now."""
    ahead = (now - datetime.now(UTC)).total_seconds()
    return {
        "DATABASE_URL": url,
        "TANJIAN_FILES": str(files),
        "TANJIAN_INSTANCE": str(files.parent),
        "TANJIAN_SECRET_KEY": "for tests only",
        AHEAD: str(ahead),
        **more,
    }
