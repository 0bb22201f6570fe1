"""Makes tampered logs out of an event log in XES, knowing nothing of any lifecycle.

Standard library only. Each maker takes a step of a trace away, puts one in, changes the order of
two, or the role of one, in the way somebody does who can write to the database and mends nothing;
`mended` is the work of somebody more careful, who makes the states of the neighbours fit.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET


@dataclass(frozen=True)
class Event:
    """What a log says of one entry."""

    seq: int
    trigger: str
    code: str
    source: str | None
    to: str
    role: str
    flags: str

    @property
    def is_step(self) -> bool:
        """Whether it is an act of a lifecycle: those have a code, or move the case."""
        return bool(self.code) or self.source != self.to


@dataclass(frozen=True)
class Trace:
    """One case of a log."""

    case: str
    lifecycle: str
    version: int
    state: str
    final: bool
    events: tuple[Event, ...]

    @property
    def steps(self) -> tuple[Event, ...]:
        """Its acts, without remarks, evidence and the like."""
        return tuple(event for event in self.events if event.is_step)

    @property
    def is_broken(self) -> bool:
        """Whether a step does not start where the one before ended, or nothing opened the case."""
        states: list[str | None] = [None, *(event.to for event in self.steps)]
        return any(event.source != at for event, at in zip(self.steps, states, strict=False))


@dataclass(frozen=True)
class Mutant:
    """A tampered trace: what was done to it, and at which place."""

    kind: str
    at: int
    trace: Trace


def read(path: Path) -> list[Trace]:
    """Read the traces of an XES file, in the order of the file."""
    return [_trace(node) for node in ET.parse(path).getroot() if node.tag.endswith("trace")]


def _trace(node: ET.Element) -> Trace:
    said = _attributes(node)
    events = tuple(
        _event(_attributes(child)) for child in node if child.tag.rpartition("}")[2] == "event"
    )
    return Trace(
        case=said["concept:name"],
        lifecycle=said["lifecycle"],
        version=int(said["lifecycle_version"]),
        state=said["state"],
        final=said["final"] == "true",
        events=events,
    )


def _event(said: dict[str, str]) -> Event:
    return Event(
        seq=int(said["seq"]),
        trigger=said["concept:name"],
        code=said.get("code", ""),
        source=said.get("from_state"),
        to=said["to_state"],
        role=said.get("org:role", ""),
        flags=said.get("flags", ""),
    )


def _attributes(node: ET.Element) -> dict[str, str]:
    return {
        c.attrib["key"]: c.attrib["value"]
        for c in node
        if "key" in c.attrib and "value" in c.attrib
    }


# Making them ------------------------------------------------------------------------------------


class Maker:
    """Makes mutants of a log by chance; the same seed makes the same ones."""

    def __init__(self, traces: Sequence[Trace], seed: int) -> None:
        self.traces = [trace for trace in traces if len(trace.events) > 1]
        self.chance = random.Random(seed)
        self.roles: dict[tuple[str, str], set[str]] = defaultdict(set)
        for trace in traces:
            for event in trace.events:
                self.roles[trace.lifecycle, event.trigger].add(event.role)
        self.every_role = sorted({role for roles in self.roles.values() for role in roles})

    def make(self, each: int) -> Iterator[Mutant]:
        """Yield that many of each kind; traces of all lifecycles take turns."""
        kinds: dict[str, Callable[[Trace], tuple[int, list[Event]] | None]] = {
            "removed": self._removed,
            "removed, mended": self._mended,
            "duplicated": self._duplicated,
            "added": self._added,
            "swapped": self._swapped,
            "role": self._role,
        }
        by_lifecycle: dict[str, list[Trace]] = defaultdict(list)
        for trace in self.traces:
            by_lifecycle[trace.lifecycle].append(trace)
        turns = sorted(by_lifecycle)
        for kind, change in kinds.items():
            made = tries = 0
            while made < each and tries < 50 * each:
                trace = self.chance.choice(by_lifecycle[turns[tries % len(turns)]])
                tries += 1
                changed = change(trace)
                if changed is not None:
                    made += 1
                    at, events = changed
                    yield Mutant(kind, at, replace(trace, events=tuple(events)))

    def _at(self, trace: Trace, first: int = 0, last: int = 0) -> int:
        return self.chance.randrange(first, len(trace.events) - last)

    def _removed(self, trace: Trace) -> tuple[int, list[Event]]:
        at = self._at(trace)
        return at, [*trace.events[:at], *trace.events[at + 1 :]]

    def _mended(self, trace: Trace) -> tuple[int, list[Event]] | None:
        """A step that moved the case is gone; the next one seems to start before it."""
        moving = [n for n, e in enumerate(trace.events[:-1]) if n and e.source != e.to]
        if not moving:
            return None
        at = self.chance.choice(moving)
        gone, following = trace.events[at], trace.events[at + 1]
        stays = following.source == following.to
        mended = replace(
            following, source=gone.source, to=gone.source or "" if stays else following.to
        )
        return at, [*trace.events[:at], mended, *trace.events[at + 2 :]]

    def _duplicated(self, trace: Trace) -> tuple[int, list[Event]]:
        at = self._at(trace)
        return at, [*trace.events[: at + 1], *trace.events[at:]]

    def _added(self, trace: Trace) -> tuple[int, list[Event]]:
        """A step of another case of the same kind, put in anywhere."""
        other = self.chance.choice([t for t in self.traces if t.lifecycle == trace.lifecycle])
        at = self._at(trace, first=1)
        return at, [*trace.events[:at], self.chance.choice(other.events), *trace.events[at:]]

    def _swapped(self, trace: Trace) -> tuple[int, list[Event]] | None:
        at = self._at(trace, last=1)
        one, two = trace.events[at : at + 2]
        if replace(one, seq=0) == replace(two, seq=0):
            return None
        return at, [*trace.events[:at], two, one, *trace.events[at + 2 :]]

    def _role(self, trace: Trace) -> tuple[int, list[Event]] | None:
        """A step by a role that never did it in the log. Who opens a case, its parent says."""
        at = self._at(trace, first=1)
        event = trace.events[at]
        unseen = [r for r in self.every_role if r not in self.roles[trace.lifecycle, event.trigger]]
        if not event.code or not unseen:
            return None
        changed = replace(event, role=self.chance.choice(unseen))
        return at, [*trace.events[:at], changed, *trace.events[at + 1 :]]


def told(mutant: Mutant) -> dict[str, Any]:
    """A mutant as JSON can hold it."""
    trace = mutant.trace
    return {
        "kind": mutant.kind, "at": mutant.at, "case": trace.case, "lifecycle": trace.lifecycle,
        "version": trace.version, "state": trace.state,
        "events": [vars(event) for event in trace.events],
    }  # fmt: skip
