"""What the audit costs: verifying a long log, writing an entry, appending late, checkpoints."""

from __future__ import annotations

import hashlib
import random
import resource
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update

from app.audit import chain, checkpoints, keys
from app.audit.verification import verify
from app.cases import entries as written
from app.db import Database, new_id
from benchmarks import log
from benchmarks.acts import Fire, shuffled, walks
from benchmarks.crowd import settle
from benchmarks.scene import NOW, Scene
from benchmarks.tables import Table, ms, spread, verdict

VERIFYING = 15.0
"""How many times as long verifying may take as hashing the same bytes and nothing else."""
MEMORY = 1.25
AUDITING = 1.6
"""How many times as long an act may take as the same one that leaves no entry."""
SAME = 1.1
SAME_CHECKPOINT = 1.25
VERIFIED = (
    "Engine and work",
    "entries",
    "seconds",
    "entries per second",
    "times hashing",
    "peak MB",
)
AUDITED = ("Engine", "without (acts per second)", "with (acts per second)", "times without")
APPENDED = ("Engine", "entries before", "first (ms)", "after them (ms)", "ratio")
COVERED = ("Engine", "changed", "among", "ms")

Rows = list[list[str]]
Told = tuple[Rows, list[str]]


# Verifying a log ---------------------------------------------------------------------------------


def verifying(scene: Scene, number: int) -> Told:
    """Verify a tenth of a log and then all of it, in a process whose memory is looked at."""
    few = number // 10
    rows, found = [], []
    for more in (few, number - few):
        log.fill(scene, more)
        settle(scene.database)
        bare = _hashing(scene.database)
        alone = _apart(scene.database, jobs=1)
        rows.append(_row(f"{scene.engine}, bare hashing", replace(alone, seconds=bare), bare))
        rows.append(_row(f"{scene.engine}, one process", alone, bare, f"{alone.peak:.0f}"))
        found.append((bare, alone))
    [(_, less), (bare, whole)] = found
    rows.append(_row(f"{scene.engine}, two processes", _apart(scene.database, jobs=2), bare))
    ratio, grown = whole.seconds / bare, whole.peak / less.peak
    slow = f"verifying {number:,} entries at {ratio:.1f} × hashing their bytes"
    big = f"memory for {number:,} entries at {grown:.2f} × that for {few:,}"
    return rows, [
        f"{scene.engine}: {slow}: {verdict(ratio, VERIFYING)} (≤ {VERIFYING})",
        f"{scene.engine}: {big}: {verdict(grown, MEMORY)} (≤ {MEMORY})",
    ]


@dataclass(frozen=True)
class Verified:
    """One verification: entries, faults, seconds, and the most resident memory in megabytes."""

    entries: int
    faults: int
    seconds: float
    peak: float


def _row(name: str, one: Verified, bare: float, peak: str = "") -> list[str]:
    rate = f"{one.entries / one.seconds:,.0f}"
    times = f"{one.seconds / bare:.1f}"
    return [name, f"{one.entries:,}", f"{one.seconds:.2f}", rate, times, peak]


def _hashing(database: Database) -> float:
    """Read the same bodies in the same order and hash them; nothing else."""
    bodies = "SELECT body FROM audit_entries ORDER BY chain_id, seq"
    with database.read() as session:
        connection = session.connection()
        driver: Any = connection.connection.driver_connection
        cursor = driver.cursor() if database.is_sqlite else driver.cursor("bodies")
        if not database.is_sqlite:
            cursor.itersize = 500
        begin = time.perf_counter()
        for (body,) in cursor.execute(bodies):
            hashlib.sha256(body.encode()).hexdigest()
        seconds = time.perf_counter() - begin
        cursor.close()
    return seconds


def _apart(database: Database, jobs: int) -> Verified:
    url = database.url.render_as_string(hide_password=False)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        made = pool.submit(_verified, url, jobs).result()
    if made.faults or not made.entries:
        raise AssertionError(made)
    return made


def _verified(url: str, jobs: int) -> Verified:
    database = Database(url)
    begin = time.perf_counter()
    made = verify(database, NOW, jobs=jobs)
    seconds = time.perf_counter() - begin
    database.dispose()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Verified(made.entries, made.count, seconds, peak)


# Writing an entry --------------------------------------------------------------------------------


class Unaudited(Fire):
    """The same act, by the same code, but that no entry is written down, hashed and inserted."""

    name = "without"

    def act(self, trigger: str, now: datetime, version: int, key: str, remark: str) -> None:
        """Do the act."""
        with _no_entries():
            super().act(trigger, now, version, key, remark)


@contextmanager
def _no_entries() -> Iterator[None]:
    kept = written.write
    written.write = _nothing  # type: ignore[assignment]  # it gives no more than is read
    try:
        yield
    finally:
        written.write = kept


def _nothing(step: Any, _to_state: str) -> dict[str, Any]:
    """What the rest of the act reads of its entry."""
    return {"seq": step.seq, "hash": ""}


def auditing(scene: Scene, rounds: int, acts: int) -> Told:
    """Acts per second, with their entries and without, turn and turn about."""
    with walks(scene, (Unaudited, Fire)) as made:
        without, with_ = shuffled(made, rounds, acts)
    ratios = [much / little for little, much in zip(without, with_, strict=True)]
    rates = [f"{1 / median(each):,.0f}" for each in (without, with_)]
    found = median(ratios)
    goal = (
        f"{scene.engine}: an act with its entry at {found:.2f} × the act without: "
        f"{verdict(found, AUDITING)} (≤ {AUDITING})"
    )
    return [[scene.engine, *rates, spread(ratios)]], [goal]


# Appending ---------------------------------------------------------------------------------------


def appending(scene: Scene, before: int, rounds: int) -> Told:
    """Append fifty entries to a new chain and to a long one, turn and turn about."""
    old = new_id()
    log.lengthen(scene, "registers", old, before)
    settle(scene.database)
    order = random.Random(20261122)
    first: list[float] = []
    later: list[float] = []
    for warming in (old, new_id()):
        _append(scene, warming, 50)
    for _ in range(rounds):
        for young in order.sample((True, False), 2):
            (first if young else later).append(_append(scene, new_id() if young else old, 50))
    ratios = [late / early for late, early in zip(later, first, strict=True)]
    row = [scene.engine, f"{before:,}", ms(median(first)), ms(median(later)), spread(ratios)]
    found = median(ratios)
    goal = f"an entry behind {before:,} others at {found:.2f} × one of the first fifty"
    return [row], [f"{scene.engine}: {goal}: {verdict(found, SAME)} (≤ {SAME})"]


def _append(scene: Scene, chain_id: UUID, number: int) -> float:
    """Append entries, each durably; seconds for one."""

    def one(session: Any) -> None:
        chain.append(
            session, "registers", trigger="try", actor=scene.supervisor, body={"remark": "请答复"},
            now=NOW, chain_id=chain_id,
        )  # fmt: skip

    begin = time.perf_counter()
    for _ in range(number):
        scene.database.write(one)
    return (time.perf_counter() - begin) / number


# Checkpoints -------------------------------------------------------------------------------------


def covering(small: Scene, large: Scene, among: tuple[int, int], changed: tuple[int, int]) -> Told:
    """Make checkpoints over few changes among few chains and among many, and over many changes."""
    few, many = changed
    with TemporaryDirectory() as folder:
        key = keys.make(Path(folder) / "audit.pem")
        for scene, number in zip((small, large), among, strict=True):
            _heads(scene.database, number)
            checkpoints.cover(scene.database, key, NOW)
            settle(scene.database)
        here: list[float] = []
        there: list[float] = []
        much: list[float] = []
        for turn in range(9):
            for scene, number, found in (
                (small, few, here), (large, few, there), (large, many, much),
            ):  # fmt: skip
                found.append(_covered(scene.database, key, number, turn))
    rows = [
        [small.engine, f"{number:,}", f"{crowd:,}", ms(median(found))]
        for number, crowd, found in (
            (few, among[0], here), (few, among[1], there), (many, among[1], much),
        )
    ]  # fmt: skip
    ratio, each = median(there) / median(here), median(much) / median(there)
    same = f"a checkpoint of {few:,} changed among {among[1]:,} chains at {ratio:.2f} ×"
    more = f"{many // few} times as many changes take {each:.0f} times as long"
    goal = f"{same} one among {among[0]:,}: {verdict(ratio, SAME_CHECKPOINT)}"
    return rows, [f"{small.engine}: {goal} (≤ {SAME_CHECKPOINT}); {more}"]


def _heads(database: Database, number: int) -> None:
    rows = [
        {
            "chain_id": new_id(), "chain": "sign_ins", "label": "", "last_seq": 0,
            "last_hash": hashlib.sha256(b"%d" % place).hexdigest(), "covered_seq": -1,
        }
        for place in range(number)
    ]  # fmt: skip
    with database.engine.begin() as connection:
        for first in range(0, number, log.BATCH):
            connection.execute(insert(chain.heads), rows[first : first + log.BATCH])


def _covered(database: Database, key: keys.SigningKey, number: int, turn: int) -> float:
    """Let so many chains, drawn anew, grow; then cover them. Seconds of the checkpoint."""
    ids = select(chain.heads.c.chain_id)
    with database.engine.begin() as connection:
        known: Sequence[UUID] = connection.scalars(ids.order_by(chain.heads.c.chain_id)).all()
        some = random.Random(turn).sample(known, number)
        grow = update(chain.heads).where(chain.heads.c.chain_id == bindparam("head"))
        grow = grow.values(last_seq=chain.heads.c.last_seq + 1)
        connection.execute(grow, [{"head": one} for one in some])
    begin = time.perf_counter()
    made = checkpoints.make(database, key, NOW + timedelta(minutes=turn))
    seconds = time.perf_counter() - begin
    if made is None or made.changed != number:
        raise AssertionError(made)
    return seconds


# The tables --------------------------------------------------------------------------------------


def printed(verified: Rows, audited: Rows, appended: Rows, covered: Rows) -> Iterator[str]:
    """The tables of it."""
    yield Table("Verifying a log", VERIFIED, verified, NOTE).markdown()
    yield Table("An act with its entry and without", AUDITED, audited, WITHOUT).markdown()
    yield Table("Appending to a long chain", APPENDED, appended).markdown()
    yield Table("A checkpoint, by what changed and by what there is", COVERED, covered).markdown()


NOTE = (
    "Bare hashing reads the bodies in the same order and computes SHA-256, nothing else. "
    "Verifying reads every column, parses the body and compares them, walks each chain to its "
    "head, and reads what stands beside the entries. Peak: resident memory of its process."
)
WITHOUT = (
    "Without: the same code, but no entry is written down, hashed and inserted. The case keeps its "
    "number of the last act either way, and a repeated request is looked up."
)
