"""The process as it was lived: a directly-follows graph drawn from the log, not the declaration.

A *step* leads from one entry of a case to the next in the order of the chain; counts, waiting
times and variants come from a few queries over all cases at once, whatever the length of the log.
Waiting is from one act to the next as they happened; where something was recorded late it may be
less than nothing. Medians are exact, to the second. (W. van der Aalst, Process Mining, 2016, 6.)
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Integer,
    String,
    case,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session

from app.assurance.selection import CASE
from app.assurance.spans import seconds_of
from app.audit.models import AuditEntry
from app.cases.models import Case
from app.cases.records import record_labels
from app.cases.sight import in_jurisdiction, visible_to
from app.engine.actors import Actor
from app.engine.definition import Lifecycle
from app.engine.moves import moves
from app.workflows import LIFECYCLES

START: Final = ""
"""Stands for what comes before the first entry."""
PARTED: Final = ">"
MOST_VARIANTS: Final = 10
MOST_CASES: Final = 100
"""So many of the cases behind a step are listed, those that waited longest."""


class View(StrEnum):
    """What is drawn as a node: the states of a case, or everything that was done on it."""

    STATES = "states"
    ACTS = "acts"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which cases are meant: opened in [since, until), in a division, those ``actor`` sees."""

    actor: Actor
    lifecycle: str
    view: View = View.STATES
    since: datetime | None = None
    until: datetime | None = None
    division: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """From one node to the next: how often, on how many cases, how long between them."""

    source: str
    target: str
    count: int
    cases: int
    median: timedelta | None
    """None where it begins a case: nothing was waited for."""
    known: bool
    """Whether the declaration knows it."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way through: its nodes, how many cases went it, how long from first to last entry."""

    path: tuple[str, ...]
    count: int
    median: timedelta


@dataclass(frozen=True, slots=True)
class ProcessMap:
    """What the log says. ``variants`` are the most frequent of ``ways`` in all."""

    asked: Asked
    steps: Sequence[Step]
    variants: Sequence[Variant]
    cases: int
    ways: int

    @property
    def nodes(self) -> Mapping[str, int]:
        """How often each node was reached, the most frequent first."""
        found: dict[str, int] = {}
        for step in self.steps:
            found[step.target] = found.get(step.target, 0) + step.count
        return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def process_map(session: Session, asked: Asked) -> ProcessMap:
    """Draw what was lived from the log; two queries."""
    known = declared(LIFECYCLES[asked.lifecycle], asked.view)
    strangers = recorded_anywhere(asked.view)
    steps = [
        _step(row, known, strangers)
        for row in session.execute(_medians(_steps(asked), ("source", "target"), "wait"))
    ]
    steps.sort(key=lambda one: (-one.count, one.source, one.target))
    variants, cases, ways = _variants(session, asked)
    return ProcessMap(asked, steps, variants, cases, ways)


# What the declaration knows ----------------------------------------------------------------------


def declared(lifecycle: type[Lifecycle], view: View) -> Collection[tuple[str, str]]:
    """The steps a lifecycle allows, from node to node."""
    every = moves(lifecycle)
    if view is View.STATES:
        return {(one.source or START, one.to) for one in every if one.source != one.to}
    begins = {(START, one.trigger) for one in every if one.source is None}
    after: dict[str, set[str]] = {}
    for one in every:
        if one.source is not None:
            after.setdefault(one.source, set()).add(one.trigger)
    return begins | {
        (one.trigger, following) for one in every for following in after.get(one.to, ())
    }


def recorded_anywhere(view: View) -> Collection[str]:
    """Acts of no lifecycle that may stand anywhere: remarks, evidence, what a clock notes."""
    return record_labels() if view is View.ACTS else ()


def _step(row: Any, known: Collection[tuple[str, str]], anywhere: Collection[str]) -> Step:
    source = row.source if row.source is not None else START
    return Step(
        source=source,
        target=row.target,
        count=row.times,
        cases=row.cases,
        median=_median(row),
        known=(source, row.target) in known
        or row.target in anywhere
        or (source in anywhere and row.target in _triggers(known)),
    )


def _triggers(known: Collection[tuple[str, str]]) -> set[str]:
    return {target for _, target in known}


# Asking the log ----------------------------------------------------------------------------------


def _cases(asked: Asked) -> Iterator[ColumnElement[bool]]:
    yield visible_to(asked.actor)
    yield Case.lifecycle == asked.lifecycle
    if asked.division:
        yield in_jurisdiction(asked.division)
    if asked.since is not None:
        yield Case.opened_at >= asked.since
    if asked.until is not None:
        yield Case.opened_at < asked.until


def _entries(asked: Asked) -> CTE:
    """Every entry that is a node, with its instant in seconds."""
    query = select(
        AuditEntry.chain_id,
        AuditEntry.seq,
        (AuditEntry.to_state if asked.view is View.STATES else AuditEntry.trigger).label("node"),
        seconds_of(AuditEntry.occurred_at).label("at"),
    ).where(
        AuditEntry.chain == CASE, AuditEntry.chain_id.in_(select(Case.id).where(*_cases(asked)))
    )
    if asked.view is View.STATES:
        moved = AuditEntry.from_state != AuditEntry.to_state
        query = query.where(or_(AuditEntry.from_state.is_(None), moved))
    return query.cte("nodes")


def _steps(asked: Asked) -> CTE:
    """Every entry with the one before it in its chain, and how long lay between."""
    nodes = _entries(asked)
    window: dict[str, Any] = {"partition_by": nodes.c.chain_id, "order_by": nodes.c.seq}
    return select(
        nodes.c.chain_id,
        nodes.c.seq,
        func.lag(nodes.c.node, type_=String()).over(**window).label("source"),
        nodes.c.node.label("target"),
        (nodes.c.at - func.lag(nodes.c.at, type_=Integer()).over(**window)).label("wait"),
    ).cte("steps")


def _medians(rows: FromClause, by: Sequence[str], measured: str) -> Any:
    """Group rows: their count, and sum and number of the one or two values in the middle."""
    keys, value = [rows.c[name] for name in by], rows.c[measured]
    ranked = select(
        *keys,
        rows.c.chain_id,
        value.label("value"),
        func.row_number().over(partition_by=keys, order_by=value).label("order"),
        func.count().over(partition_by=keys).label("size"),
    ).subquery()
    # Of n in order the places k with n <= 2k <= n + 2: the middle one, or the middle two.
    middle = (2 * ranked.c.order).between(ranked.c.size, ranked.c.size + 2)
    grouped = [ranked.c[name] for name in by]
    return select(
        *grouped,
        func.count().label("times"),
        func.count(ranked.c.chain_id.distinct()).label("cases"),
        func.sum(case((middle, ranked.c.value))).label("middle"),
        func.count(case((middle, ranked.c.value))).label("parts"),
    ).group_by(*grouped)


def _median(row: Any) -> timedelta | None:
    return timedelta(seconds=int(row.middle)) / row.parts if row.parts else None


def _variants(session: Session, asked: Asked) -> tuple[list[Variant], int, int]:
    nodes = _entries(asked)
    window: dict[str, Any] = {"partition_by": nodes.c.chain_id, "order_by": nodes.c.seq}
    ways = select(
        nodes.c.chain_id,
        func.aggregate_strings(nodes.c.node, PARTED).over(**window).label("path"),
        (nodes.c.at - func.first_value(nodes.c.at, type_=Integer()).over(**window)).label("length"),
        func.row_number()
        .over(partition_by=nodes.c.chain_id, order_by=nodes.c.seq.desc())
        .label("from_end"),
    ).subquery()
    whole = select(ways).where(ways.c.from_end == literal(1)).subquery()
    grouped = _medians(whole, ("path",), "length").subquery()
    query = (
        select(
            grouped,
            func.count().over().label("ways"),
            func.sum(grouped.c.times).over().label("all_cases"),
        )
        .order_by(grouped.c.times.desc(), grouped.c.path)
        .limit(MOST_VARIANTS)
    )
    rows = session.execute(query).all()
    found = [
        Variant(tuple(row.path.split(PARTED)), row.times, _median(row) or timedelta())
        for row in rows
    ]
    return found, int(rows[0].all_cases) if rows else 0, rows[0].ways if rows else 0


# The cases behind a step -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Behind:
    """One case that went a step: the entry, when it happened, how long after the one before."""

    case_id: UUID
    number: str
    subject_name: str
    state: str
    seq: int
    occurred_at: datetime
    wait: timedelta | None


def behind(session: Session, asked: Asked, source: str, target: str) -> tuple[list[Behind], int]:
    """Return what went a step, those that waited longest first, and how often it was gone."""
    steps = _steps(asked)
    came = steps.c.source.is_(None) if source == START else steps.c.source == source
    query = (
        select(
            Case.id, Case.number, Case.subject_name, Case.state,
            steps.c.seq, steps.c.wait, AuditEntry.occurred_at,
            func.count().over().label("times"),
        )
        .select_from(steps)
        .join(Case, Case.id == steps.c.chain_id)
        .join(
            AuditEntry,
            (AuditEntry.chain_id == steps.c.chain_id) & (AuditEntry.seq == steps.c.seq),
        )
        .where(came, steps.c.target == target)
        .order_by(func.coalesce(steps.c.wait, 0).desc(), AuditEntry.occurred_at.desc(), Case.id)
        .limit(MOST_CASES)
    )  # fmt: skip
    rows = session.execute(query).all()
    found = [
        Behind(
            row.id, row.number, row.subject_name, row.state, row.seq, row.occurred_at,
            None if row.wait is None else timedelta(seconds=int(row.wait)),
        )
        for row in rows
    ]  # fmt: skip
    return found, rows[0].times if rows else 0
