"""One act while it is being carried out, inside one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Executable
from sqlalchemy.orm import Session

from app.cases.clocks import Plan, plan
from app.cases.models import CaseItem
from app.cases.snapshot import Record, Snapshot
from app.db import Rows, Write
from app.engine import definition as words
from app.engine.actors import Actor, Role
from app.law.periods import local_date
from app.law.terms import LawBook


@dataclass(frozen=True, slots=True)
class Fired:
    """What an act did. ``due`` are cases whose automatic transitions may now be possible."""

    case_id: UUID
    seq: int
    trigger: str
    state: str
    version: int
    repeated: bool = False
    due: tuple[UUID, ...] = ()
    children: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """The escalation whose approval an act is, and who proposed it."""

    escalation_id: UUID
    proposed_by: UUID
    proposed_by_name: str
    proposed_behalf: UUID | None = None

    @property
    def told(self) -> dict[str, Any]:
        """What the entry of the act says of it: the act stands under both names."""
        return {
            "escalation": self.escalation_id,
            "proposed_by": self.proposed_by,
            "proposed_by_name": self.proposed_by_name,
            "proposed_on_behalf_of": self.proposed_behalf,
        }


@dataclass
class Step:
    """What is known of the act, and what it is about to change.

    ``now`` is when it is recorded, ``occurred_at`` when it happened. ``expiring`` is the clock
    whose end the act is and that is over with it, ``passing`` one that ended and can still be met.
    ``recorded``: the authority enters it from paper for somebody. ``decides``: it is the approval
    of an escalation.
    """

    session: Session
    view: Snapshot
    transition: words.Transition
    actor: Actor
    role: Role
    now: datetime
    occurred_at: datetime
    law: LawBook
    inputs: dict[str, Any]
    item: CaseItem | None = None
    key: str | None = None
    late_reason: str | None = None
    proof: Sequence[str] = ()
    recorded: bool = False
    expiring: Record | None = None
    passing: Record | None = None
    decides: Decided | None = None
    changed: dict[str, Any] = field(default_factory=dict)
    """Columns of the case row that the act changes."""
    noted: dict[str, Any] = field(default_factory=dict)
    """What the entry tells besides inputs: clocks, rows, versions, documents, children."""
    writes: list[Write] = field(default_factory=list)
    """What is written last, together: nothing the act still does reads it."""
    due: set[UUID] = field(default_factory=set)
    opened: list[UUID] = field(default_factory=list)
    met: list[UUID] = field(default_factory=list)
    """The clocks the act met."""

    def __post_init__(self) -> None:
        """Look up once what every part of the act asks for."""
        self.row: Record = self.view.row
        self.connection: Connection = self.view.connection
        self.lifecycle: type[words.Lifecycle] = self.view.lifecycle
        self.plan: Plan = plan(self.lifecycle)
        self.seq: int = self.row["last_seq"] + 1
        self.day: date = local_date(self.occurred_at)
        self.since: datetime = self.occurred_at if self.role is Role.SYSTEM else self.now
        """From when the rungs of clocks it sets are told: a timer's act loses none, though the
        machine slept; of what people record late nothing is told that was due before."""

    def write(self, statement: Executable, rows: Rows) -> None:
        """Leave a write for the end of the act."""
        self.writes.append((statement, rows))
