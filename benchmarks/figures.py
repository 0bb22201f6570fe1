"""What cannot be compared with a floor and is only told: sealing, verifying, clocks that end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median

import rfc8785
from sqlalchemy import func, select

from app.audit.chain import canonical, digest
from app.audit.models import AuditEntry
from app.audit.verification import verify_all
from app.cases.timers import tick
from benchmarks.acts import Fire, walks
from benchmarks.floor import MOVES, body_of, ready
from benchmarks.scene import LAW, NOW, Scene
from benchmarks.tables import Table, ms
from tests.times import TODAY


def _seconds(work: Callable[[], object], times: int) -> float:
    found = []
    for _ in range(7):
        begin = time.perf_counter()
        for _ in range(times):
            work()
        found.append((time.perf_counter() - begin) / times)
    return median(found)


def sealing(scene: Scene) -> Table:
    """Writing one entry's body down, and hashing it."""
    move, opened = MOVES["forward"], ready("answering", TODAY)
    text = body_of(
        scene.unit.id, move, "forward", opened, scene.supervisor, NOW, 7, "0" * 64, "key", "说明"
    )
    body = json.loads(text)
    reference = _seconds(lambda: rfc8785.dumps(body), 50)
    rows = [
        ["canonical JSON", f"{_seconds(lambda: canonical(body), 500) * 1e6:.1f}"],
        [
            "the same by the reference package",
            f"{reference * 1e6:.1f}",
        ],
        ["SHA-256", f"{_seconds(lambda: digest(text), 500) * 1e6:.1f}"],
    ]
    note = f"One entry of {len(text.encode()):,} bytes."
    return Table("Sealing an entry", ("Work", "microseconds"), rows, note)


def verifying(scene: Scene, cases: int) -> list[str]:
    """Verify every chain; seconds for ten thousand entries."""
    scene.open_many(cases)
    with walks(scene, (Fire, Fire)) as made:
        for walk in made:
            walk.go(cases // 2)
    with scene.database.read() as session:
        entries = session.scalar(select(func.count()).select_from(AuditEntry)) or 0
        begin = time.perf_counter()
        faults = list(verify_all(session))
        seconds = time.perf_counter() - begin
    if faults:
        raise AssertionError(faults)
    return [scene.engine, "verify 10,000 entries", ms(seconds / entries * 10_000)]


def expiring(scene: Scene, clocks: int) -> list[str]:
    """Let clocks end unmet, each in a transaction of its own; for a thousand of them."""
    scene.open_many(clocks)
    begin = time.perf_counter()
    done = tick(scene.database, LAW, NOW + timedelta(days=30))
    seconds = time.perf_counter() - begin
    if len(done) < clocks:
        raise AssertionError(len(done))
    return [scene.engine, "end 1,000 ripe clocks", ms(seconds / len(done) * 1000)]
