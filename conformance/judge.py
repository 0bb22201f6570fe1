"""Has the product's own replay judge the mutants: ``python -m conformance.judge FOLDER``.

Prints how many of each kind either side catches. Fails where one misses what it must catch: a
sequence of states that is broken or that no net accepts, and a role the model forbids.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

from app.assurance.replay import Kind, Step, replay
from app.cases.records import name_records, record_labels
from app.documents import casefile, operations
from app.engine.definition import Lifecycle
from app.engine.moves import REINSTATE
from app.workflows import LIFECYCLES
from conformance.mutants import Event, read
from tests.lifecycles.traffic_fine import TrafficFine

SCENES: Final = ("city", "fines")
KNOWN: Final[dict[str, type[Lifecycle]]] = {**LIFECYCLES, TrafficFine.key: TrafficFine}
LEAST: Final = 50
"""Mutants of each kind that are no path of the model."""


def found(lifecycle: str, state: str, events: list[Event]) -> set[Kind]:
    """What the product's replay finds in a trace."""
    steps = [
        Step(
            event.seq, event.trigger, event.source, event.to, event.role, event.code,
            recorded="recorded" in event.flags.split(","), follows=True,
        )
        for event in events
    ]  # fmt: skip
    records = frozenset(record_labels()) - {REINSTATE}
    return {d.kind for d in replay(KNOWN[lifecycle], steps, records=records, ends_in=state)}


def main(folder: Path) -> int:
    """Judge every mutant of both scenes."""
    tally: dict[str, Counter[str]] = {}
    faults: list[str] = []
    for scene in SCENES:
        for trace in read(folder / scene / "log.xes"):
            wrong = found(trace.lifecycle, trace.state, list(trace.events))
            faults += [f"the untouched case {trace.case}: {kind}" for kind in sorted(wrong)]
        for line in (folder / scene / "mutants.jsonl").open(encoding="utf-8"):
            _judge(json.loads(line), tally, faults)
    heads = ("made", "no path", "pm4py", "pm4py, triggers only", "ours", "role forbidden", "caught")
    print(f"{'mutants':<18}" + "".join(f"{head:>22}" for head in heads))
    for kind, counted in tally.items():
        print(f"{kind:<18}" + "".join(f"{counted[head]:>22}" for head in heads))
        bad = counted["role forbidden"] if kind == "role" else counted["no path"]
        if bad < LEAST:
            faults.append(f"only {bad} mutants of the kind “{kind}” are wrong")
    print(*faults, sep="\n")
    print(f"{len(faults)} faults" if faults else "Every mutant that is wrong was caught.")
    return 1 if faults else 0


def _judge(said: dict[str, Any], tally: dict[str, Counter[str]], faults: list[str]) -> None:
    counted = tally.setdefault(said["kind"], Counter())
    wrong = found(said["lifecycle"], said["state"], [Event(**event) for event in said["events"]])
    no_path = said["broken"] or said["states"] < 1.0
    counted["made"] += 1
    counted["no path"] += no_path
    counted["pm4py"] += no_path and said["states"] < 1.0
    counted["pm4py, triggers only"] += no_path and said["triggers"] < 1.0
    counted["ours"] += bool(no_path and wrong)
    counted["role forbidden"] += said["forbidden"]
    counted["caught"] += said["forbidden"] and Kind.ROLE in wrong
    name = f"{said['kind']} at {said['at']} of {said['case']} ({said['lifecycle']})"
    if no_path and not wrong:
        faults.append(f"the product misses {name}")
    if said["broken"] and said["states"] == 1.0:
        faults.append(f"pm4py misses {name}")
    if said["forbidden"] and Kind.ROLE not in wrong:
        faults.append(f"the product allows the role: {name}")


if __name__ == "__main__":
    name_records({**operations.LABELS, **casefile.LABELS})
    sys.exit(main(Path(sys.argv[1])))
