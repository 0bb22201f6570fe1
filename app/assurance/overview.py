"""Reads for what an auditor wants to see first: how proof stands, what came in, what came late."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import case, func, select, union_all
from sqlalchemy.orm import Session

from app.assurance.selection import CASE, readable
from app.assurance.spans import local_ordinal, midnight
from app.audit import checkpoints
from app.audit.faults import FaultKind
from app.audit.models import (
    AuditEntry,
    ChainHead,
    Checkpoint,
    CheckpointPublication,
    Verification,
)
from app.audit.status import WHOLE
from app.cases.models import Case
from app.cases.sight import visible_to
from app.engine.actors import Actor
from app.law.labels import Label

DAYS: Final = 30
"""Of so many days, today included, entries are counted."""
SHOWN: Final = 10
"""Checkpoints in the table."""


@dataclass(frozen=True, slots=True)
class Uncovered:
    """What no checkpoint covers: chains, and entries in them."""

    chains: int
    entries: int


def uncovered(session: Session) -> Uncovered:
    """Count what no checkpoint covers in the whole installation: numbers, and nothing of a case."""
    both = union_all(
        *(
            select(
                func.count().label("chains"),
                func.coalesce(func.sum(head.c.last_seq - head.c.covered_seq), 0).label("entries"),
            ).where(head.c.last_seq > head.c.covered_seq)
            for head, _ in checkpoints.HEADS
        )
    ).subquery()
    sums = select(func.sum(both.c.chains), func.sum(both.c.entries))
    options = {"case_seen": True, "whole_log": True}
    chains, entries = session.execute(sums, execution_options=options).one()
    return Uncovered(int(chains), int(entries))


@dataclass(frozen=True, slots=True)
class FirstFault:
    """The first fault that was found, and what to do about it."""

    sentence: Label
    hint: Label


@dataclass(frozen=True, slots=True)
class Verified:
    """The last run of the verification; ``fault`` is the first since the last whole one."""

    run: Verification | None
    fault: FirstFault | None


def verified(session: Session) -> Verified:
    """Return the last run, and the first fault of the last whole run or of one since."""
    newest = select(Verification).order_by(Verification.started_at.desc()).limit(1)
    whole = (
        select(func.max(Verification.started_at))
        .where(Verification.scope == WHOLE, Verification.finished_at.is_not(None))
        .scalar_subquery()
    )
    faulty = (
        select(Verification.first_fault)
        .where(Verification.faults > 0, (Verification.started_at >= whole) | whole.is_(None))
        .order_by(Verification.started_at)
        .limit(1)
    )
    told = session.scalar(faulty)
    return Verified(session.scalar(newest), _first_fault(told) if told else None)


def _first_fault(told: str) -> FirstFault:
    fault: Mapping[str, Any] = json.loads(told)
    return FirstFault(Label(fault["zh"], fault["en"]), FaultKind(fault["kind"]).hint)


@dataclass(frozen=True, slots=True)
class Made:
    """A checkpoint as the table shows it; ``handed`` are those it was handed to."""

    checkpoint: Checkpoint
    handed: Sequence[CheckpointPublication]


def last_checkpoints(session: Session) -> list[Made]:
    """Return the newest checkpoints, the newest first."""
    query = select(Checkpoint).order_by(Checkpoint.number.desc()).limit(SHOWN)
    found = session.scalars(query).all()
    numbers = [one.number for one in found]
    handed: dict[int, list[CheckpointPublication]] = {}
    publications = (
        select(CheckpointPublication)
        .where(CheckpointPublication.number.in_(numbers))
        .order_by(CheckpointPublication.published_at, CheckpointPublication.id)
    )
    for one in session.scalars(publications):
        handed.setdefault(one.number, []).append(one)
    return [Made(one, handed.get(one.number, ())) for one in found]


@dataclass(frozen=True, slots=True)
class Kind:
    """How many chains of a kind there are, with how many entries."""

    kind: str
    chains: int
    entries: int


def kinds(session: Session, actor: Actor) -> list[Kind]:
    """Count the chains in sight by kind from their heads, without reading the log."""
    of_cases = select(func.count(), func.coalesce(func.sum(Case.last_seq + 1), 0))
    chains, entries = session.execute(of_cases.where(visible_to(actor), Case.last_seq >= 0)).one()
    others = session.execute(
        select(ChainHead.chain, func.count(), func.sum(ChainHead.last_seq + 1))
        .where(ChainHead.last_seq >= 0)
        .group_by(ChainHead.chain)
        .order_by(ChainHead.chain)
    )
    found = [Kind(kind, count, int(sum_)) for kind, count, sum_ in others]
    return [Kind(CASE, chains, int(entries)), *found]


@dataclass(frozen=True, slots=True)
class Recent:
    """Entries in sight of each of the last days, the oldest first, and how many came late."""

    days: Sequence[tuple[date, int]]
    late: int

    @property
    def total(self) -> int:
        """All of them."""
        return sum(count for _, count in self.days)


def recent(session: Session, actor: Actor, today: date) -> Recent:
    """Count what was recorded on the last `DAYS` local days."""
    first = today - timedelta(days=DAYS - 1)
    on = local_ordinal(AuditEntry.recorded_at).label("on_day")
    late = func.sum(case((AuditEntry.flags.contains("late"), 1), else_=0))
    rows = session.execute(
        select(on, func.count(), late)
        .where(AuditEntry.recorded_at >= midnight(first), readable(actor))
        .group_by(on)
    ).all()
    counts = {int(day): count for day, count, _ in rows}
    days = [first + timedelta(days=number) for number in range(DAYS)]
    counted = [(one, counts.get(one.toordinal(), 0)) for one in days]
    return Recent(counted, sum(int(each) for _, _, each in rows))
