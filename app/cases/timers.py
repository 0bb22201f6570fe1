"""What happens by itself: clocks that end, rungs, and transitions whose guards hold.

Every clock and every case is handled in a transaction of its own, under the case's lock, and may
safely be handled twice: what has been done is found done. ``now`` is always an argument.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, delete, literal_column, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.cases import operations, rungs, settlement
from app.cases.clocks import ends_later
from app.cases.escalation import records as escalations
from app.cases.models import Case, CaseDeadline, CaseItem, DueAct, Escalation
from app.cases.snapshot import Record, Snapshot
from app.cases.step import Step
from app.db import Database, is_transient, table_of
from app.engine import definition as words
from app.engine.actors import SYSTEM_ACTOR, Role
from app.engine.inputs import clean_inputs
from app.engine.permission import destination, refusals
from app.engine.view import Attempt
from app.law.periods import local_date
from app.law.terms import LawBook

DEADLINE_PASSED = "deadline_passed"
"""Trigger of the entry that flags a clock which ended unmet and moves nothing."""

BATCH = 200

deadlines = table_of(CaseDeadline)
due_acts = table_of(DueAct)
raised = table_of(Escalation)
NOTED = select(due_acts.c.case_id).order_by(due_acts.c.id).limit(BATCH)
STRIKE = delete(due_acts).where(due_acts.c.case_id == bindparam("case_id"))


@dataclass(frozen=True, slots=True)
class Expired:
    """What became of one clock that ended: fired a transition, or was flagged."""

    case_id: UUID
    deadline: str
    trigger: str


@dataclass(frozen=True, slots=True)
class Climbed:
    """An escalation that went upward, and to which role."""

    case_id: UUID
    escalation_id: UUID
    to: Role


Done = Expired | rungs.Told | Climbed
"""What a tick did once."""


class Fence(Protocol):
    """Asked in every transaction of a tick; raises where another process works now."""

    def __call__(self, session: Session, /) -> None: ...


def unfenced(_session: Session) -> None:
    """The fence of whoever works alone: a command, a test."""


class Looked:
    """Clocks that have ended and were left alone, for whoever ticks every second.

    No right is lost on a provisional date or without proof of service: what stands in the way is
    looked at again after a while.
    """

    def __init__(self, again: timedelta = timedelta(minutes=5)) -> None:
        self.again = again
        self._at: dict[UUID, datetime] = {}

    def note(self, one: Due, now: datetime) -> None:
        """Remember that a clock was looked at and left alone."""
        self._at[one.id] = now

    def lately(self, one: Due, now: datetime) -> bool:
        """Whether a clock was looked at so lately that it can wait."""
        at = self._at.get(one.id)
        if at is not None and now - at >= self.again:
            del self._at[one.id]
        return one.id in self._at


def anything_due(database: Database, now: datetime, looked: Looked) -> bool:
    """Whether a tick would find anything to do; reads only."""
    if _noted(database):
        return True
    after: Mark | None = None
    while ripe := due(database, now, after):
        if not all(one.what is What.END and looked.lately(one, now) for one in ripe):
            return True
        after = ripe[-1].mark
    return False


def tick(
    database: Database,
    law: LawBook,
    now: datetime,
    *,
    fence: Fence = unfenced,
    looked: Looked | None = None,
) -> list[Done]:
    """Handle everything that is due by ``now``; return what was done, in its order.

    Clocks that have ended, rungs of ladders, escalations that climb and the transitions all this
    makes possible, each in a transaction of its own, in the order in which they fell due: again
    and again until a pass finds nothing to do, since what one starts may be due as well.
    """
    done: list[Done] = []
    work_off(database, law, now, fence=fence)
    looked = looked or Looked(again=timedelta(0))
    while found := _one_pass(database, law, now, fence, looked):
        done += found
    return done


def _one_pass(
    database: Database, law: LawBook, now: datetime, fence: Fence, looked: Looked
) -> list[Done]:
    done: list[Done] = []
    after: Mark | None = None
    while ripe := due(database, now, after):
        for one in ripe:
            after = one.mark
            if one.what is What.END and looked.lately(one, now):
                continue
            work = partial(_handle, one=one, law=law, now=now, fence=fence)
            what = database.write(work)
            if what is None:
                looked.note(one, now)
                continue
            done.append(what)
            if isinstance(what, Expired):
                work_off(database, law, now, fence=fence)
            if not isinstance(what, rungs.Told) or (what.then is not None and what.then <= now):
                break  # what it began may be due before the rest: look again from here
    return done


def _handle(session: Session, one: Due, law: LawBook, now: datetime, fence: Fence) -> Done | None:
    fence(session)
    match one.what:
        case What.END:
            return expire(session, one.case_id, one.id, law, now)
        case What.RUNG:
            return rungs.tell(session, one.case_id, one.id, law, now)
        case What.CLIMB:
            return climb(session, one.case_id, one.id, law, now)


def climb(
    session: Session, case_id: UUID, escalation_id: UUID, law: LawBook, now: datetime
) -> Climbed | None:
    """Let an escalation nobody decided in time go upward; ``None`` if there was nothing to do."""
    view = operations.locked(session, case_id)
    raised = next((e for e in escalations.open_ones(view) if e["id"] == escalation_id), None)
    if raised is None or raised["climbs_at"] is None or raised["climbs_at"] > now:
        return None
    to = escalations.climb(view, raised, now=now, law=law)
    return Climbed(case_id, escalation_id, to)


# What is due ------------------------------------------------------------------------------------


class What(StrEnum):
    """The kinds of things that fall due, in the order in which they go at one instant."""

    RUNG = "1 rung"
    END = "2 end"
    CLIMB = "3 climb"


Mark = tuple[datetime, str, UUID]
"""The place of something due in the order of all of them."""


@dataclass(frozen=True, slots=True)
class Due:
    """Something that falls due: the end or a rung of a clock, the climbing of an escalation."""

    at: datetime
    what: What
    id: UUID
    case_id: UUID

    @property
    def mark(self) -> Mark:
        """Its place in the order."""
        return self.at, self.what.value, self.id


RUNNING = deadlines.c.closed_at.is_(None)
ARMED = deadlines.c.next_rung_at.is_not(None)
# A literal: SQLite serves a partial index only where the query says its very words.
UNDECIDED = (raised.c.status == literal_column("'open'")) & raised.c.climbs_at.is_not(None)
SOURCES: Final = (
    (What.RUNG, deadlines, deadlines.c.next_rung_at, RUNNING & ARMED),
    (What.END, deadlines, deadlines.c.expires_at, RUNNING & deadlines.c.expired_at.is_(None)),
    (What.CLIMB, raised, raised.c.climbs_at, UNDECIDED),
)


def due(database: Database, until: datetime, after: Mark | None = None) -> list[Due]:
    """The next things due by ``until``, at most `BATCH`, in their order; only those ``after``."""
    found: list[Due] = []
    with database.read() as session:
        for what, table, at, running in SOURCES:
            # A clock acts once its last second is over, a rung at its instant.
            ripe = at < until if what is What.END else at <= until
            query = select(at, table.c.id, table.c.case_id).where(running, ripe)
            if after is not None:
                query = query.where(_beyond(what, at, table.c.id, after))
            rows = session.execute(query.order_by(at, table.c.id).limit(BATCH)).all()
            found += [Due(row[0], what, row[1], row[2]) for row in rows]
    return sorted(found, key=lambda one: one.mark)[:BATCH]


def _beyond(
    what: What, at: ColumnElement[Any], key: ColumnElement[Any], after: Mark
) -> ColumnElement[bool]:
    """Whether a row lies beyond a mark in the order of time, kind and id."""
    instant, kind, last = after
    if what.value == kind:
        return (at > instant) | ((at == instant) & (key > last))
    return at >= instant if what.value > kind else at > instant


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
    _flag(session, view, clock, deadline, law, now)
    rungs.at_the_end(view, clock, fired=False, now=now, law=law)
    return Expired(case_id, clock["name"], DEADLINE_PASSED)


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


def _mark(step: Step, clock: Record, *, closed: datetime | None) -> None:
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
            now=step.now,
        )
        for deadline in step.plan.after_end.get(clock["name"], ())
    ]
    started = [row for row in following if row is not None]
    if started:
        step.connection.execute(settlement.OPEN, started)
        step.view.clocks = [*step.view.clocks, *started]


def _flag(
    session: Session,
    view: Snapshot,
    clock: Record,
    deadline: words.Deadline,
    law: LawBook,
    now: datetime,
) -> None:
    """Say in the chain that a clock ended unmet; the state stays and the clock can still be met."""
    flag = words.Transition(
        f"期限届满：{deadline.zh}", f"Deadline passed: {deadline.en}", code="", sources=()
    )
    flag.name = DEADLINE_PASSED
    step = _step(session, view, flag, clock, law, now)
    _mark(step, clock, closed=None)
    step.expiring, step.passing = None, clock
    running = [clock, *(c for c in view.clocks if c["id"] != clock["id"])]
    settlement.point_at_next(step, running)
    if view.row["escalations"]:
        operations.close_pointless(step, running, view.state)
    # Silence may count from now on, and with it a transition that fires by itself.
    operations.announce_automatic(step, view.state)
    operations.write(step, view.state)


# Transitions that fire by themselves ------------------------------------------------------------


def work_off(database: Database, law: LawBook, now: datetime, *, fence: Fence = unfenced) -> int:
    """Look at every case that was noted for automatic transitions; return how many fired."""
    fired = 0
    while waiting := _noted(database):
        for case_id in waiting:
            work = partial(_settle, case_id=case_id, law=law, now=now, fence=fence)
            fired += database.write(work)
    return fired


def _noted(database: Database) -> list[UUID]:
    with database.read() as session:
        return list(dict.fromkeys(session.connection().execute(NOTED).scalars()))


def _settle(session: Session, case_id: UUID, law: LawBook, now: datetime, fence: Fence) -> int:
    fence(session)
    return settle_automatic(session, case_id, law, now)


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
