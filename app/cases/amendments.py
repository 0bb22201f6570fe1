"""What a calendar that was loaded or amended does to clocks that run (design, laws 5 and 6).

A later end comes by itself and is announced; an earlier one only by a supervisor's decision, until
then the clock keeps its end. Either is an entry of the case's chain with what was and what is.
Clocks that have passed or are closed stay as they are.

`move_end` is that decision, `amend_case` the rest of it for one case; `recount` goes through all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from app.cases import operations, rungs, settlement
from app.cases.clocks import KEPT, End, end, excluded
from app.cases.errors import BadInputs, NotPermitted, TransitionRefused
from app.cases.escalation import closing
from app.cases.escalation import records as escalations
from app.cases.escalation.proposals import Do, Kind, Proposal
from app.cases.models import CaseDeadline, Escalation
from app.cases.snapshot import SEEN, Record, Snapshot, record
from app.cases.step import Decided, Step
from app.cases.timers import Fence, unfenced
from app.db import table_of
from app.engine import definition as words
from app.engine.actors import LEADER, SUPERVISOR, SYSTEM_ACTOR, Actor, Role
from app.engine.permission import Refusal, Why, reserved_to, stands_for
from app.law.labels import Label
from app.law.ladders import in_working_hours
from app.law.periods import local_date
from app.law.terms import LawBook
from app.outbox.models import OutboxMessage, message

CLOCK_MOVED: Final = "clock_moved"
"""Trigger of the entry that says a running clock was computed again."""

JUDGES: Final = (SUPERVISOR, LEADER)
"""Who may let a clock end earlier than it was said to."""

CALENDAR: Final = "calendar"
DECISION: Final = "decision"
"""Why a clock was computed again: a calendar was loaded; somebody let it end earlier."""

raised = table_of(Escalation)
messages = table_of(OutboxMessage)
deadlines = table_of(CaseDeadline)
WHOLE = (
    select(deadlines)
    .where(deadlines.c.case_id == bindparam("case_id"), deadlines.c.closed_at.is_(None))
    .order_by(deadlines.c.opened_seq, deadlines.c.id)
    .execution_options(**SEEN)
)
"""The running clocks of a case with everything kept of them."""


class What(StrEnum):
    """What a calendar does to a running clock."""

    LATER = "later"
    EARLIER = "earlier"
    SETTLED = "settled"
    """The day stays; whether it may still move has changed, or how long the timer waits."""
    SAME = "same"

    @property
    def label(self) -> Label:
        """The word for it."""
        return WHATS[self]


WHATS: Final[Mapping[What, Label]] = {
    What.LATER: Label("顺延", "later"),
    What.EARLIER: Label("提前，须由主管人员决定", "earlier, to be decided"),
    What.SETTLED: Label("末日不变，暂定情况变化", "same day, provisional or not has changed"),
    What.SAME: Label("不变", "unchanged"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """What a calendar does, or did, to one clock. ``due_on`` is the day it gives."""

    case_id: UUID
    number: str
    clock_id: UUID
    deadline: Label
    what: What
    was: date | None
    due_on: date | None
    provisional: bool


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
    if clock is None or clock["expired_at"] is not None:
        raise _nothing_to_decide()
    found = _computed(clock, view.lifecycle.deadlines[clock["name"]], law)
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
    _reckon(step, clock, derivation, DECISION)
    return _finish(step, DECISION)


def _nothing_to_decide() -> TransitionRefused:
    label = Label(
        "该期限已不存在提前的问题。", "There is no earlier end of this clock to decide any more."
    )
    return TransitionRefused([Refusal(Why.NOT_NOW, label)])


# One case ---------------------------------------------------------------------------------------


def compared(clock: Record, deadline: words.Deadline, law: LawBook) -> tuple[What, End]:
    """What the calendar of ``law`` does to a clock, and the end it gives."""
    found = _computed(clock, deadline, law)
    was, is_kept = clock["due_on"], KEPT in clock["derivation"]
    if was is not None and found.due_on is not None and found.due_on != was:
        decided = is_kept and clock["derivation"]["calendar"] == law.calendar.version
        if found.due_on > was:
            return What.LATER, found
        return (What.SAME if decided else What.EARLIER), found
    same = is_kept is False and all(
        clock[name] == getattr(found, name)
        for name in ("due_on", "earliest_on", "provisional", "expires_at")
    )
    return (What.SAME if same else What.SETTLED), found


def change_of(
    number: str, deadline: words.Deadline, clock: Record, what: What, found: End
) -> Change:
    return Change(
        case_id=clock["case_id"],
        number=number,
        clock_id=clock["id"],
        deadline=deadline.label,
        what=what,
        was=clock["due_on"],
        due_on=found.due_on,
        provisional=found.provisional,
    )


def amend_case(
    session: Session, case_id: UUID, law: LawBook, now: datetime, fence: Fence = unfenced
) -> list[Change]:
    """Compute the running clocks of one case again; one entry tells of all that changed."""
    fence(session)
    view = operations.locked(session, case_id)
    view.clocks = [
        record(row) for row in view.connection.execute(WHOLE, {"case_id": case_id}).mappings()
    ]
    step = _step(view, SYSTEM_ACTOR, Role.SYSTEM, now, law)
    changes: list[Change] = []
    for clock in view.clocks:
        if clock["expired_at"] is not None:
            continue
        deadline = view.lifecycle.deadlines[clock["name"]]
        what, found = compared(clock, deadline, law)
        if what is What.SAME:
            continue
        changes.append(change_of(view.row["number"], deadline, clock, what, found))
        _recompute(step, clock, what, found)
    if not changes:
        return []
    _close_overtaken(view, changes, now)
    _finish(step, CALENDAR)
    for change in changes:
        if change.what is What.EARLIER:
            _put_to_the_supervisor(view, change, now, law)
    return changes


def _recompute(step: Step, clock: Record, what: What, found: End) -> None:
    derivation = {name: told for name, told in clock["derivation"].items() if name != KEPT}
    told = step.noted.setdefault("clocks", {})
    if what is What.EARLIER:
        before = clock["derivation"].get(KEPT, {"calendar": clock["derivation"]["calendar"]})
        derivation[KEPT] = {"until": clock["due_on"].isoformat(), "calendar": before["calendar"]}
        told.setdefault("kept", []).append(
            {"name": clock["name"], "due": clock["due_on"], "earlier": found.due_on}
        )
    elif what is What.SETTLED:
        told.setdefault("settled", []).append(
            {"name": clock["name"], "due": found.due_on, "provisional": found.provisional}
        )
    _reckon(step, clock, derivation, CALENDAR)


def _close_overtaken(view: Snapshot, changes: Sequence[Change], now: datetime) -> None:
    """Close what asks for an end that this calendar does not give."""
    if not view.row["escalations"]:
        return
    ends = {change.clock_id: change.due_on for change in changes}
    for one in escalations.open_ones(view):
        if one["kind"] != Kind.EARLIER or one["clock_id"] not in ends:
            continue
        if Proposal.read(one["proposal"]).due_on != ends[one["clock_id"]]:
            closing.close(view, one, closing.Because.GRANTED, now)


def _put_to_the_supervisor(view: Snapshot, change: Change, now: datetime, law: LawBook) -> None:
    """Ask whether a clock is to end earlier, unless that day is over or was decided about."""
    due_on = change.due_on
    if due_on is None or due_on < local_date(now) or due_on in _decided_days(view, change.clock_id):
        return
    raising = escalations.Raising(
        kind=Kind.EARLIER,
        key=f"{change.clock_id}:{due_on}:{law.calendar.version}@{change.was}",
        role=Role.SUPERVISOR,
        proposal=Proposal(Do.MOVE_END, due_on=due_on),
        clock_id=change.clock_id,
    )
    escalations.raise_one(view, raising, now=now, law=law)


def _decided_days(view: Snapshot, clock_id: UUID) -> set[date | None]:
    """The earlier ends of a clock somebody has decided about."""
    query = select(raised.c.proposal).where(
        raised.c.clock_id == clock_id,
        raised.c.kind == Kind.EARLIER.value,
        raised.c.status.not_in([escalations.Status.OPEN, escalations.Status.CLOSED]),
    )
    kept = view.connection.execute(query.execution_options(**SEEN)).scalars()
    return {Proposal.read(one).due_on for one in kept}


# What both do -----------------------------------------------------------------------------------


def _computed(clock: Record, deadline: words.Deadline, law: LawBook) -> End:
    """Where a clock ends by the calendar of ``law``, whatever end it keeps."""
    derivation = {name: told for name, told in clock["derivation"].items() if name != KEPT}
    return end(derivation, law, exclusions=excluded(derivation), grace=deadline.grace)


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


def _reckon(step: Step, clock: Record, derivation: Mapping[str, Any], why: str) -> None:
    """Compute a clock anew, and tell whom it concerns if it ends on another day."""
    view = step.view
    now_so = settlement.reckoned(step, clock, derivation)
    view.clocks = [now_so if c["id"] == clock["id"] else c for c in view.clocks]
    if now_so["due_on"] != clock["due_on"]:
        _tell(step, clock, now_so, why)


def _finish(step: Step, why: str) -> int:
    """Write the entry; what asked about an end that has moved is closed."""
    view = step.view
    step.noted["why"] = why
    settlement.point_at_next(step, view.clocks)
    if view.row["escalations"]:
        operations.close_pointless(step, view.clocks, view.state)
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
        message(
            case_id=view.id,
            seq=step.seq,
            kind="change",
            template="clock.moved",
            role=address.role,
            organisation_id=address.organisation_id,
            person_id=address.person_id,
            data={
                "number": view.row["number"],
                "subject": view.row["subject_name"],
                "lifecycle": view.lifecycle.key,
                "clock": was["name"],
                "was": was["due_on"].isoformat() if was["due_on"] else None,
                "due_on": now_so["due_on"].isoformat() if now_so["due_on"] else None,
                "why": why,
            },
            now=step.now,
            release_at=in_working_hours(step.now, step.law.calendar),
        )
        for address in addressed
    ]
    if told:
        step.write(insert(messages), told)
