"""What a calendar that was loaded or amended does to clocks that run (design, laws 5 and 6).

A later end comes by itself and is announced; an earlier one only by a supervisor's decision, until
then the clock keeps its end. Either is an entry of the case's chain with what was and what is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert

from app.cases import operations, rungs, settlement
from app.cases.clocks import KEPT, End, end
from app.cases.errors import BadInputs, NotPermitted, TransitionRefused
from app.cases.models import CaseDeadline
from app.cases.snapshot import Record, Snapshot
from app.cases.step import Decided, Step
from app.db import new_id, table_of
from app.engine import definition as words
from app.engine.actors import LEADER, SUPERVISOR, Actor, Role
from app.engine.permission import Refusal, Why, reserved_to, stands_for
from app.law.labels import Label
from app.law.ladders import in_working_hours
from app.law.periods import Interval, local_date
from app.law.terms import LawBook
from app.outbox.models import OutboxMessage

CLOCK_MOVED: Final = "clock_moved"
"""Trigger of the entry that says a running clock was computed again."""

JUDGES: Final = (SUPERVISOR, LEADER)
"""Who may let a clock end earlier than it was said to."""

CALENDAR: Final = "calendar"
DECISION: Final = "decision"
"""Why a clock was computed again: a calendar was loaded; somebody let it end earlier."""

deadlines = table_of(CaseDeadline)
messages = table_of(OutboxMessage)


def move_end(
    view: Snapshot,
    clock_id: UUID,
    due_on: date,
    *,
    actor: Actor,
    now: datetime,
    law: LawBook,
    decides: Decided | None = None,
) -> int:
    """Let a running clock end earlier, as the calendar now has it; return the entry's number.

    The case is locked. ``due_on`` is the day the decider saw; ``decides`` names the escalation.
    Raises NotPermitted, TransitionRefused where nothing is to be decided any more, BadInputs for
    another day than the one that follows from the derivation or one that is over.
    """
    role = stands_for(actor, view.capacities_of(actor), JUDGES)
    if role is None:
        raise NotPermitted([Refusal(Why.NOT_YOU, reserved_to(JUDGES))])
    clock = next((c for c in view.clocks if c["id"] == clock_id), None)
    found = _computed(view, clock, law) if clock is not None else None
    if clock is None or found is None or clock["expired_at"] is not None:
        raise _nothing_to_decide()
    if found.due_on is None or clock["due_on"] is None or found.due_on >= clock["due_on"]:
        raise _nothing_to_decide()
    if found.due_on != due_on:
        day = found.due_on
        sentence = Label(
            f"按现行安排，期限末日为 {day}，不能另定他日。",
            f"By the present calendar the last day is {day}; no other can be set.",
        )
        raise BadInputs({"due_on": sentence})
    if due_on < local_date(now):
        sentence = Label(
            f"{due_on} 已过，期限不能提前至已过之日。",
            f"{due_on} is over; a period cannot be made to end in the past.",
        )
        raise BadInputs({"due_on": sentence})
    step = _step(view, actor, role, now, law, decides)
    derivation = {name: told for name, told in clock["derivation"].items() if name != KEPT}
    return _write(step, clock, derivation, DECISION)


def _nothing_to_decide() -> TransitionRefused:
    label = Label(
        "该期限已不存在提前的问题。", "There is no earlier end of this clock to decide any more."
    )
    return TransitionRefused([Refusal(Why.NOT_NOW, label)])


def _computed(view: Snapshot, clock: Record, law: LawBook) -> End:
    """Where a clock ends by the calendar of ``law``, whatever end it keeps."""
    derivation = {name: told for name, told in clock["derivation"].items() if name != KEPT}
    grace = view.lifecycle.deadlines[clock["name"]].grace
    return end(derivation, law, exclusions=_intervals(derivation), grace=grace)


def _intervals(derivation: Mapping[str, Any]) -> list[Interval]:
    return [
        Interval(
            date.fromisoformat(one["from"]),
            date.fromisoformat(one["to"]) if one["to"] else None,
            one["kind"],
        )
        for one in derivation["exclusions"]
    ]


def _step(
    view: Snapshot,
    actor: Actor,
    role: Role,
    now: datetime,
    law: LawBook,
    decides: Decided | None = None,
) -> Step:
    moved = words.Transition("期限重新计算", "Deadline computed again", code="", sources=())
    moved.name = CLOCK_MOVED
    return Step(
        session=view.session,
        view=view,
        transition=moved,
        actor=actor,
        role=role,
        now=now,
        occurred_at=now,
        law=law,
        inputs={},
        decides=decides,
    )


def _write(step: Step, clock: Record, derivation: Mapping[str, Any], why: str) -> int:
    """Compute a clock again, write the entry and tell whom it concerns."""
    view = step.view
    now_so = settlement.reckoned(step, clock, derivation)
    step.noted["why"] = why
    view.clocks = [now_so if c["id"] == clock["id"] else c for c in view.clocks]
    settlement.point_at_next(step, view.clocks)
    if view.row["escalations"]:
        operations.close_pointless(step, view.clocks, view.state)
    if now_so["due_on"] != clock["due_on"]:
        _tell(step, clock, now_so, why)
    operations.write(step, view.state)
    return step.seq


def _tell(step: Step, was: Record, now_so: Record, why: str) -> None:
    """Leave the message that a clock ends on another day, for whoever acts by it."""
    view, deadline = step.view, step.lifecycle.deadlines[was["name"]]
    addressed = dict.fromkeys(
        address
        for hearer in ("handler", "party")
        for address in rungs.addresses(view, deadline, hearer)
    )
    told = [
        {
            "id": new_id(),
            "case_id": view.id,
            "seq": step.seq,
            "kind": "change",
            "urgent": False,
            "template": "clock.moved",
            "role": address.role.value,
            "organisation_id": address.organisation_id,
            "person_id": address.person_id,
            "data": {
                "number": view.row["number"],
                "subject": view.row["subject_name"],
                "lifecycle": view.lifecycle.key,
                "clock": was["name"],
                "was": was["due_on"].isoformat() if was["due_on"] else None,
                "due_on": now_so["due_on"].isoformat() if now_so["due_on"] else None,
                "why": why,
            },
            "created_at": step.now,
            "release_at": in_working_hours(step.now, step.law.calendar),
        }
        for address in addressed
    ]
    if told:
        step.write(insert(messages), told)
