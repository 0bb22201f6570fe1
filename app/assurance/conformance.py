"""Conformance: the log of every case replayed against the lifecycle and version it ran on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assurance.replay import Deviation, Kind, Step, replay
from app.assurance.selection import CASE, Selection, entries
from app.audit.models import AuditEntry
from app.cases.models import Case
from app.cases.records import record_labels
from app.engine.definition import Lifecycle
from app.engine.moves import REINSTATE
from app.workflows import by_version


@dataclass(frozen=True, slots=True)
class Departure:
    """A deviation with the case it is in."""

    case_id: UUID
    number: str
    deviation: Deviation


@dataclass(slots=True)
class Replayed:
    """What was replayed: cases, acts of their lifecycles, other entries by their triggers."""

    cases: int = 0
    acts: int = 0
    records: Counter[str] = field(default_factory=Counter)


def conformance(
    session: Session,
    chosen: Selection,
    replayed: Replayed,
    *,
    progress: Callable[[int], object] = lambda _entries: None,
) -> Iterator[Departure]:
    """Replay the cases of a selection, one at a time, and yield what departs from the lifecycle.

    Counts into ``replayed``; ``progress`` hears how many entries of each case were read.
    """
    others = frozenset(record_labels()) - {REINSTATE}
    for head, log in entries(session, chosen):
        if head.chain != CASE:
            continue
        replayed.cases += 1
        for entry in log:
            if entry.trigger in others and not entry.code:
                replayed.records[entry.trigger] += 1
            else:
                replayed.acts += 1
        for found in _deviations(session, head.chain_id, log, others):
            yield Departure(head.chain_id, head.label, found)
        progress(len(log))


def _deviations(
    session: Session, case_id: UUID, log: list[AuditEntry], others: frozenset[str]
) -> Iterator[Deviation]:
    row = session.execute(
        select(Case.lifecycle, Case.lifecycle_version, Case.state)
        .where(Case.id == case_id)
        .execution_options(case_seen=True)
    ).one()
    declared = f"{row.lifecycle}/{row.lifecycle_version}"
    lifecycle = _known(row.lifecycle, row.lifecycle_version)
    if lifecycle is None:
        yield Deviation(0, log[0].trigger if log else "", Kind.UNDECLARED, declared, ())
        return
    steps = []
    for entry in log:
        details = _details(entry)
        steps.append(step_of(entry, details))
        ran_on = details.get("lifecycle", declared)
        if ran_on != declared:
            yield Deviation(entry.seq, entry.trigger, Kind.UNDECLARED, str(ran_on), (declared,))
    yield from replay(lifecycle, steps, records=others, ends_in=row.state)


def _known(key: str, version: int) -> type[Lifecycle] | None:
    try:
        return by_version(key, version)
    except KeyError:
        return None


def step_of(entry: AuditEntry, details: dict[str, Any]) -> Step:
    """An entry as replay asks for it."""
    return Step(
        seq=entry.seq,
        trigger=entry.trigger,
        source=entry.from_state,
        to=entry.to_state,
        role=entry.role,
        code=entry.code,
        recorded="recorded" in entry.flags.split(","),
        follows="parent" in details or "raised_on" in details,
    )


def _details(entry: AuditEntry) -> dict[str, Any]:
    """What the body says besides; a body nobody can read is named by the verification."""
    try:
        body = json.loads(entry.body)
    except ValueError:
        return {}
    details = body.get("details") if isinstance(body, dict) else None
    return details if isinstance(details, dict) else {}
