"""Run the measurements and print their tables: ``python -m benchmarks [--short] [--out FILE]``."""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import acts, audit, clocks, crowd, figures, worklists
from benchmarks.floor import printed
from benchmarks.scene import Ground, ground
from benchmarks.tables import Table

ENGINES = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Extent:
    """How much is measured. ``lived_in`` cases stand in the database wherever an act is timed."""

    lived_in: int
    rounds: int
    acts: int
    history: int
    others: tuple[int, int]
    crowd: tuple[int, int]
    proofs: int
    clocks: tuple[int, int]
    due: int
    log: int
    """Entries of the log that is verified; a tenth of them stands in one chain to append to."""
    chains: tuple[int, int]
    changed: tuple[int, int]


FULL = Extent(
    2000, 41, 50, 2000, (10, 10_000), (1000, 100_000), 1000, (10_000, 1_000_000), 1000,
    1_000_000, (10_000, 100_000), (100, 10_000),
)  # fmt: skip
SHORT = Extent(
    300, 15, 30, 300, (10, 500), (300, 6000), 100, (2000, 50_000), 100,
    20_000, (1000, 10_000), (100, 1000),
)  # fmt: skip


def measured(where: Ground, extent: Extent) -> Iterator[str]:
    """Every table in its order, as soon as it is known."""
    yield machine(where)
    goals: list[str] = []
    for engine in ENGINES:
        with where.scene(engine) as scene:
            crowd.fill(scene, extent.lived_in)
            table, found = acts.against_the_floor(scene, extent.rounds, extent.acts)
            goals += [f"{engine}: {goal}" for goal in found]
            yield table.markdown()
            statements, found_too = acts.counted(scene)
            goals.append(f"{engine}: {found_too}")
            yield f"<details><summary>The floor's statements on {engine}</summary>\n"
            yield f"```sql\n{printed(engine)}\n```\n</details>"
            if engine == ENGINES[-1]:
                listed = ";\n".join(" ".join(one.split()) for one in statements)
                yield "<details><summary>The statements of `fire()` on it</summary>\n"
                yield f"```sql\n{listed};\n```\n</details>"
    rows = []
    for engine in ENGINES:
        with where.scene(engine) as scene:
            crowd.fill(scene, extent.lived_in)
            row, goal = acts.along_the_history(scene, extent.history)
            rows.append(row)
            goals.append(f"{engine}: {goal}")
    yield Table("The length of a case's history", acts.HISTORY, rows).markdown()
    rows = []
    few, many = extent.others
    for engine in ENGINES:
        with where.scene(engine) as small, where.scene(engine) as large:
            more, found = acts.among_other_cases(small, large, few, many)
            rows += more
            goals += [f"{engine}: {goal}" for goal in found]
    head = ("Engine and way", f"{few:,} others (ms)", f"{many:,} others (ms)", "ratio")
    yield Table("The number of cases", head, rows).markdown()
    for engine in ENGINES:
        with where.scene(engine) as small, where.scene(engine) as large:
            yield worklists.pages(small, large, *extent.crowd).markdown()
    rows = []
    for engine in ENGINES:
        with where.scene(engine) as scene:
            if engine == ENGINES[0]:
                yield figures.sealing(scene).markdown()
            rows.append(figures.verifying(scene, extent.proofs))
        with where.scene(engine) as scene:
            rows.append(figures.expiring(scene, extent.proofs))
    yield Table("Proofs and clocks", ("Engine", "work", "ms"), rows).markdown()
    rows = []
    for engine in ENGINES:
        with where.scene(engine) as small, where.scene(engine) as large:
            more, found = clocks.among_others(small, large, extent.clocks, extent.due)
            rows += more
            goals += [f"{engine}: {goal}" for goal in found]
    yield clocks.printed(rows, extent.clocks)
    yield from audited(where, extent, goals)
    yield "### Goals\n\n" + "\n".join(f"- {goal}" for goal in goals)


def audited(where: Ground, extent: Extent, goals: list[str]) -> Iterator[str]:
    """What the audit costs; adds to the goals."""
    verified, acted, appended, covered = audit.Rows(), audit.Rows(), audit.Rows(), audit.Rows()
    for engine in ENGINES:
        with where.scene(engine) as scene:
            crowd.fill(scene, extent.lived_in)
            told = [(acted, audit.auditing(scene, extent.rounds, extent.acts))]
        with where.scene(engine) as scene:
            told.append((appended, audit.appending(scene, extent.log // 10, extent.rounds)))
        with where.scene(engine) as small, where.scene(engine) as large:
            found = audit.covering(small, large, extent.chains, extent.changed)
            told.append((covered, found))
        with where.scene(engine) as scene:
            told.append((verified, audit.verifying(scene, extent.log)))
        for rows, (more, met) in told:
            rows.extend(more)
            goals.extend(met)
    yield from audit.printed(verified, acted, appended, covered)


def machine(where: Ground) -> str:
    """What it was measured on."""
    return (
        f"{os.cpu_count()} processors ({platform.machine()}), Python {platform.python_version()}; "
        f"SQLite {sqlite3.sqlite_version} (WAL, synchronous NORMAL); "
        f"PostgreSQL {where.setting('server_version').split()[0]} over a local socket "
        f"(fsync {where.setting('fsync')}, "
        f"synchronous_commit {where.setting('synchronous_commit')})."
    )


def main() -> None:
    """Measure, print, and keep a copy if asked to."""
    arguments = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    arguments.add_argument("--short", action="store_true", help="less of everything, in a minute")
    arguments.add_argument("--out", type=Path, help="write the tables to this file too")
    arguments.add_argument(
        "--postgresql", default="", help="URL of a superuser; else one is started"
    )
    given = arguments.parse_args()
    told: list[str] = []
    with ground(given.postgresql) as where:
        for part in measured(where, SHORT if given.short else FULL):
            print(part, end="\n\n", flush=True)
            told.append(part)
    if given.out:
        given.out.write_text("\n\n".join(told) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
