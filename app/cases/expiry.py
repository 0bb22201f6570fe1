"""The end of a clock, and transitions whose guards hold: what each does to one case.

Every case is handled under its lock. What has been done is found done, so all of it may safely be
handled twice. ``now`` is always an argument.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete
from sqlalchemy.orm import Session

from app.cases import operations, rungs, settlement
from app.cases.clocks import ends_later
from app.cases.models import CaseItem, DueAct
from app.cases.snapshot import Record, Snapshot
from app.cases.step import Step
from app.db import table_of
from app.engine import definition as words
from app.engine.actors import SYSTEM_ACTOR, Role
from app.engine.inputs import clean_inputs
from app.engine.permission import destination, refusals
from app.engine.view import Attempt
from app.law.periods import local_date
from app.law.terms import LawBook

DEADLINE_PASSED = "deadline_passed"
"""Trigger of the entry that flags a clock which ended unmet and moves nothing."""

due_acts = table_of(DueAct)
STRIKE = delete(due_acts).where(due_acts.c.case_id == bindparam("case_id"))


@dataclass(frozen=True, slots=True)
class Expired:
    """What became of one clock that ended: fired a transition, or was flagged.

    ``began``: something else may have begun with it that is due by now.
    """

    case_id: UUID
    deadline: str
    trigger: str
    began: bool = field(default=True, compare=False)


# The end of a clock -----------------------------------------------------------------------------


def expire(
    session: Session, case_id: UUID, clock_id: UUID, law: LawBook, now: datetime
) -> Expired | None:
    """End one clock: fire what its end fires, or flag it. ``None`` if there was nothing to do."""
    view = operations.locked(session, case_id, with_root=True)
    clock = next((c for c in view.clocks if c["id"] == clock_id), None)
    if clock is None or clock["expired_at"] is not None:
        return None
    deadline = view.lifecycle.deadlines[clock["name"]]
    ended = clock["expires_at"] is not None and clock["expires_at"] < now
    # By a calendar that was loaded since it may end later: then it is moved first.
    if not ended or ends_later(clock, law, grace=deadline.grace):
        return None
    loses_a_right = deadline.expiry in {
        words.Expiry.PARTY_WAIVER,
        words.Expiry.AUTO_RELEASE,
        words.Expiry.RIGHT_LOST,
    }
    item = view.item(clock["item_id"]) if clock["item_id"] is not None else None
    attempt = _attempt(view, clock["due_at"], law, item)
    if loses_a_right and clock["provisional"]:
        return None
    if deadline.proof is not None and deadline.proof.refusal(attempt) is not None:
        return None
    fires = deadline.on_expiry
    if fires is not None and not refusals(view.lifecycle, fires, attempt, with_inputs=True):
        # What was waived or released is over; what was breached can still be met, late.
        over = loses_a_right or not deadline.met_by
        step = _step(session, view, fires, clock, law, now, item)
        _mark(step, clock, closed=clock["due_at"] if over else None)
        step.expiring, step.passing = (clock, None) if over else (None, clock)
        operations.carry_out(step, destination(fires, attempt))
        rungs.at_the_end(view, clock, fired=True, now=now, law=law)
        return Expired(case_id, clock["name"], fires.name)
    began = _flag(session, view, clock, deadline, law, now)
    rungs.at_the_end(view, clock, fired=False, now=now, law=law)
    return Expired(case_id, clock["name"], DEADLINE_PASSED, began)


def _attempt(view: Snapshot, at: datetime, law: LawBook, item: CaseItem | None = None) -> Attempt:
    return Attempt(case=view, actor=SYSTEM_ACTOR, now=at, today=local_date(at), law=law, item=item)


def _step(
    session: Session,
    view: Snapshot,
    transition: words.Transition,
    clock: Record | None,
    law: LawBook,
    now: datetime,
    item: CaseItem | None = None,
) -> Step:
    return Step(
        session=session,
        view=view,
        transition=transition,
        actor=SYSTEM_ACTOR,
        role=Role.SYSTEM,
        now=now,
        occurred_at=clock["due_at"] if clock is not None else now,
        law=law,
        inputs={},
        item=item,
        expiring=clock,
    )


def _mark(step: Step, clock: Record, *, closed: datetime | None) -> bool:
    """Write that a clock has ended, and start what follows it; whether anything does."""
    step.connection.execute(
        settlement.EXPIRE,
        {"clock_id": clock["id"], "expired": clock["due_at"], "seq": step.seq, "closed": closed},
    )
    step.noted["expired"] = {"deadline": clock["name"], "due": clock["due_on"]}
    following = [
        settlement.new_clock(
            step.law,
            deadline,
            case_id=step.row["id"],
            item_id=clock["item_id"],
            anchor_at=clock["due_at"],
            anchor_on=clock["due_on"],
            given={},
            cycle_year=step.row["cycle_year"],
            trigger=clock["name"],
            seq=step.seq,
            since=step.since,
        )
        for deadline in step.plan.after_end.get(clock["name"], ())
    ]
    started = [row for row in following if row is not None]
    if started:
        step.connection.execute(settlement.OPEN, started)
        step.view.clocks = [*step.view.clocks, *started]
    return bool(started)


def _flag(
    session: Session,
    view: Snapshot,
    clock: Record,
    deadline: words.Deadline,
    law: LawBook,
    now: datetime,
) -> bool:
    """Say in the chain that a clock ended unmet; the state stays and the clock can still be met.

    Returns whether other clocks began.
    """
    flag = words.Transition(
        f"期限届满：{deadline.zh}", f"Deadline passed: {deadline.en}", code="", sources=()
    )
    flag.name = DEADLINE_PASSED
    step = _step(session, view, flag, clock, law, now)
    began = _mark(step, clock, closed=None)
    step.expiring, step.passing = None, clock
    running = [clock, *(c for c in view.clocks if c["id"] != clock["id"])]
    settlement.point_at_next(step, running)
    if view.row["escalations"]:
        operations.close_pointless(step, running, view.state)
    # Silence may count from now on, and with it a transition that fires by itself.
    operations.announce_automatic(step, view.state)
    operations.write(step, view.state)
    return began


# Transitions that fire by themselves ------------------------------------------------------------


def settle_automatic(session: Session, case_id: UUID, law: LawBook, now: datetime) -> int:
    """Fire the automatic transitions of one case whose guards hold, and strike its notes."""
    view = operations.locked(session, case_id, with_root=True)
    view.connection.execute(STRIKE, {"case_id": case_id})
    for transition in view.lifecycle.open_in(view.state):
        if not transition.automatic:
            continue
        brought = _brought(view, transition, local_date(now))
        if brought is None:
            continue
        attempt = replace(_attempt(view, now, law), inputs=brought)
        if not refusals(view.lifecycle, transition, attempt, with_inputs=True):
            step = _step(session, view, transition, None, law, now)
            step.inputs = brought
            operations.carry_out(step, destination(transition, attempt))
            return 1
    return 0


def _brought(view: Snapshot, transition: words.Transition, today: date) -> dict[str, Any] | None:
    """The inputs an automatic act takes from its child; ``None`` while they are not all known."""
    if transition.brings is None:
        return {}
    child = view.newest_child(transition.brings.child)
    facts = child.facts if child is not None else {}
    known = {
        name: facts[theirs]
        for name, theirs in transition.brings.inputs.items()
        if facts.get(theirs) is not None
    }
    values, faults = clean_inputs(transition.all_inputs, known, today=today)
    return None if faults else values
