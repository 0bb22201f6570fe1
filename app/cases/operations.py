"""The one writer of a case's state: `fire()`, and what opens a case.

State, clocks, audit entry, rows, versions, documents and outgoing messages are written here, by
Core statements built once (an ORM flush would cost several times as much), inside the caller's
transaction: they commit together or not at all. Nothing here renders, mails or waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, bindparam, insert, select, update
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.cases import consequences, entries
from app.cases.clocks import Plan, derive, end, plan
from app.cases.errors import (
    BadInputs,
    CaseHasMoved,
    NoSuchAct,
    NoSuchCase,
    NotPermitted,
    TransitionRefused,
)
from app.cases.models import Case, CaseDeadline, CaseExclusion, CaseItem, NumberSeries
from app.cases.snapshot import Snapshot
from app.db import new_id
from app.engine import definition as words
from app.engine.actors import SYSTEM_ACTOR, Actor, Capacity, Role
from app.engine.inputs import clean_inputs
from app.engine.machine import move
from app.engine.permission import Refusal, Why, destination, refusals, stands_for
from app.engine.view import Attempt
from app.law.labels import Label
from app.law.periods import Interval, local_date
from app.law.terms import LawBook
from app.workflows import LIFECYCLES

cases = Case.__table__
deadlines = CaseDeadline.__table__
exclusions = CaseExclusion.__table__

LOCK_CASE = select(cases).where(cases.c.id == bindparam("case_id")).with_for_update()
ROOT_OF = select(cases.c.root_id).where(cases.c.id == bindparam("case_id"))
REPEATED = select(AuditEntry.seq, AuditEntry.to_state, AuditEntry.trigger).where(
    AuditEntry.chain_id == bindparam("case_id"),
    AuditEntry.actor_id == bindparam("actor_id"),
    AuditEntry.idempotency_key == bindparam("key"),
)
MOVE_CASE = (
    update(cases)
    .where(cases.c.id == bindparam("case_id"), cases.c.last_seq == bindparam("seen_seq"))
    .values(
        state=bindparam("state"),
        state_since=bindparam("state_since"),
        state_seq=bindparam("state_seq"),
        waits_role=bindparam("waits_role"),
        waits_capacity=bindparam("waits_capacity"),
        is_final=bindparam("is_final"),
        next_due_at=bindparam("next_due_at"),
        next_due_name=bindparam("next_due_name"),
        version=bindparam("version"),
        last_seq=bindparam("last_seq"),
        last_hash=bindparam("last_hash"),
        facts=bindparam("facts"),
        closed_at=bindparam("closed_at"),
        assignee_id=bindparam("assignee_id"),
    )
)
MEET_CLOCKS = (
    update(deadlines)
    .where(deadlines.c.id == bindparam("clock_id"))
    .values(
        met_at=bindparam("met_at"),
        met_seq=bindparam("met_seq"),
        met_late=bindparam("met_late"),
        closed_at=bindparam("closed_at"),
    )
)
VOID_CLOCKS = (
    update(deadlines)
    .where(deadlines.c.id == bindparam("clock_id"))
    .values(voided_seq=bindparam("voided_seq"), closed_at=bindparam("closed_at"))
)
EXPIRE_CLOCK = (
    update(deadlines)
    .where(deadlines.c.id == bindparam("clock_id"))
    .values(
        expired_at=bindparam("expired_at"),
        expired_seq=bindparam("expired_seq"),
        closed_at=bindparam("closed_at"),
    )
)
RECKON_CLOCK = (
    update(deadlines)
    .where(deadlines.c.id == bindparam("clock_id"))
    .values(
        due_on=bindparam("due_on"),
        due_at=bindparam("due_at"),
        earliest_on=bindparam("earliest_on"),
        provisional=bindparam("provisional"),
        expires_at=bindparam("expires_at"),
        derivation=bindparam("derivation"),
    )
)
OPEN_CLOCK = insert(deadlines)


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


@dataclass
class Step:
    """One act while it is being carried out, inside one transaction."""

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
    expiring: RowMapping | None = None
    changed: dict[str, Any] = field(default_factory=dict)
    noted: dict[str, Any] = field(default_factory=dict)
    """What the entry tells besides inputs: clocks, rows, versions, documents, children."""
    due: set[UUID] = field(default_factory=set)
    opened: list[UUID] = field(default_factory=list)

    @property
    def row(self) -> RowMapping:
        """The case as it stood when it was locked."""
        return self.view.row

    @property
    def lifecycle(self) -> type[words.Lifecycle]:
        """The declaration the case runs on."""
        return self.view.lifecycle

    @property
    def seq(self) -> int:
        """The number of the entry being written."""
        number: int = self.row["last_seq"]
        return number + 1

    @property
    def plan(self) -> Plan:
        """What acts of this lifecycle do to clocks."""
        return plan(self.lifecycle)

    @property
    def day(self) -> date:
        """The local day on which the act happened."""
        return local_date(self.occurred_at)


def locked(session: Session, case_id: UUID, *, with_root: bool = False) -> Snapshot:
    """Lock a case and read it; with ``with_root`` the root of its family is locked before.

    Raises NoSuchCase.
    """
    if with_root:
        root_id = session.scalar(ROOT_OF, {"case_id": case_id})
        if root_id is not None and root_id != case_id:
            session.execute(LOCK_CASE, {"case_id": root_id}).close()
    row = session.execute(LOCK_CASE, {"case_id": case_id}).mappings().one_or_none()
    if row is None:
        raise NoSuchCase
    return Snapshot(session, row)


def fire(
    session: Session,
    case_id: UUID,
    trigger: str,
    *,
    actor: Actor,
    inputs: Mapping[str, Any],
    now: datetime,
    law: LawBook,
    expected_version: int | None = None,
    key: str | None = None,
    occurred_at: datetime | None = None,
    late_reason: str | None = None,
    proof: Sequence[str] = (),
    item_id: UUID | None = None,
) -> Fired:
    """Do one act on a case: state, clocks, audit entry, rows, documents, messages.

    ``now`` is when it is recorded (aware UTC); ``occurred_at`` when it happened, where the
    authority records a received or paper act late, with ``late_reason`` and ``proof`` (digests).
    ``expected_version`` is what the person saw: a stale page is refused where the act moves the
    case. The same ``key`` of the same person answers as the first time. Commits nothing.

    Raises NoSuchCase, NoSuchAct, NotPermitted, CaseHasMoved, TransitionRefused or BadInputs
    before anything is written.
    """
    view = locked(session, case_id, with_root=trigger in _family_triggers())
    transition = view.lifecycle.transitions.get(trigger)
    if transition is None or transition.opens:
        raise NoSuchAct(trigger)
    if key is not None:
        first = session.execute(
            REPEATED, {"case_id": case_id, "actor_id": actor.person_id, "key": key}
        ).one_or_none()
        if first is not None:
            return Fired(
                case_id, first.seq, first.trigger, first.to_state, view.row["version"], repeated=True
            )
    item = view.item(item_id) if item_id is not None else None
    late = None
    if occurred_at is not None and actor is not SYSTEM_ACTOR:
        late = _late(transition, actor, occurred_at, late_reason, proof, now)
        view = consequences.reinstated(view, transition, actor, occurred_at, now, law) or view
    happened = occurred_at or now
    values, faults = clean_inputs(transition.all_inputs, inputs, today=local_date(happened))
    attempt = Attempt(
        case=view,
        actor=actor,
        now=happened,
        today=local_date(happened),
        law=law,
        inputs=values,
        item=item,
    )
    _permit(view, transition, attempt, expected_version, faults)
    if occurred_at is not None and actor is not SYSTEM_ACTOR:
        _in_order(view, transition, happened)
    role = stands_for(actor, view.capacities_of(actor), transition.by)
    step = Step(
        session=session,
        view=view,
        transition=transition,
        actor=actor,
        role=role or Role.SYSTEM,
        now=now,
        occurred_at=happened,
        law=law,
        inputs=values,
        item=item,
        key=key,
        late_reason=late,
        proof=proof,
    )
    return carry_out(step, destination(transition, attempt))


def carry_out(step: Step, to: words.State | None) -> Fired:
    """Write everything one permitted act brings about. Only `fire` and the clocks call this."""
    transition, row = step.transition, step.row
    to_state: str = row["state"]
    if to is not None:
        to_state = move(step.lifecycle, row["state"], transition, to)
        step.changed |= {
            "state": to_state,
            "state_since": step.occurred_at,
            "state_seq": step.seq,
            "waits_role": to.waits_for.role if to.waits_for else None,
            "waits_capacity": to.waits_for.capacity if to.waits_for else None,
            "is_final": to.final,
            "closed_at": step.occurred_at if to.final else None,
        }
    if transition.raises_version:
        step.changed["version"] = row["version"] + 1
    _project(step)
    moved = consequences.apply(step)
    clocks = _settle_clocks(step, moved, ends=to is not None and to.final)
    _point_at_next_clock(step, clocks)
    consequences.open_children(step)
    _announce_automatic(step, to_state)
    entry = entries.of_step(step, to_state)
    _write(step, entry)
    return Fired(
        case_id=row["id"],
        seq=step.seq,
        trigger=transition.name,
        state=to_state,
        version=step.changed.get("version", row["version"]),
        due=tuple(step.due),
        children=tuple(step.opened),
    )


def _family_triggers() -> frozenset[str]:
    """Acts that open, end or reopen a child or write a relative's clock: these lock the root first."""
    found = set()
    childish = {
        child.lifecycle for lifecycle in LIFECYCLES.values() for child in lifecycle.children.values()
    }
    for key, lifecycle in LIFECYCLES.items():
        found |= {child.opened_by.name for child in lifecycle.children.values()}
        if key in childish:
            final = {name for name, state in lifecycle.states.items() if state.final}
            found |= {
                t.name
                for t in lifecycle.transitions.values()
                if not t.is_act and (any(d.final for d in t.destinations) or t.source_names & final)
            }
    return frozenset(found)


def _permit(
    view: Snapshot,
    transition: words.Transition,
    attempt: Attempt,
    expected_version: int | None,
    faults: Mapping[str, Label],
) -> None:
    found = refusals(view.lifecycle, transition, attempt, with_inputs=not faults)
    if any(refusal.why is Why.NOT_YOU for refusal in found):
        raise NotPermitted(found)
    stale = expected_version is not None and expected_version != view.row["version"]
    if stale and transition.raises_version:
        raise _moved(view)
    now_not = [refusal for refusal in found if refusal.why is Why.NOT_NOW]
    if now_not:
        raise TransitionRefused(now_not)
    if faults:
        raise BadInputs(faults)
    if found:
        raise TransitionRefused(found)


def _moved(view: Snapshot) -> CaseHasMoved:
    query = select(AuditEntry.trigger, AuditEntry.recorded_at).where(
        AuditEntry.chain_id == view.id, AuditEntry.seq == view.row["last_seq"]
    )
    trigger = view.session.execute(query).one().trigger
    last = view.lifecycle.transitions.get(trigger)
    return CaseHasMoved(
        view.row["number"],
        view.lifecycle.states[view.state].label,
        last.label if last is not None else Label("案件记录", "a record of the case"),
    )


def _late(
    transition: words.Transition,
    actor: Actor,
    occurred_at: datetime,
    late_reason: str | None,
    proof: Sequence[str],
    now: datetime,
) -> str:
    faults: dict[str, Label] = {}
    if occurred_at > now:
        faults["occurred_on"] = Label(
            "发生时间不能晚于现在。", "The time of the act cannot lie in the future."
        )
    if not (transition.backdatable and actor.is_authority):
        faults["occurred_on"] = Label(
            "此操作以提交时刻为准，不能补录更早的时间。",
            "This act happens when it is submitted; an earlier time cannot be entered.",
        )
    if not late_reason:
        faults["late_reason"] = Label("补录须说明理由。", "Give the reason for the late entry.")
    if transition.paper and not transition.received and not proof:
        faults["paper_scan"] = Label(
            "补录纸质办理须上传凭证。", "Upload the proof of the act on paper."
        )
    if faults:
        raise BadInputs(faults)
    return late_reason or ""


def _in_order(view: Snapshot, transition: words.Transition, occurred_at: datetime) -> None:
    """Refuse a time before the act that began the state or a clock the act would meet.

    Compared by local day where only the day is known, so that acts of one day keep their order.
    """
    began = [("环节", "state", view.state_since)]
    met = plan(view.lifecycle).meets.get(transition.name, frozenset())
    began += [
        (view.lifecycle.deadlines[c["name"]].zh, view.lifecycle.deadlines[c["name"]].en, c["anchor_at"])
        for c in view.clocks
        if c["name"] in met
    ]
    for zh, en, instant in began:
        if occurred_at < instant:
            day = local_date(instant).isoformat()
            raise BadInputs(
                {
                    "occurred_on": Label(
                        f"发生时间不能早于「{zh}」开始的时间（{day}）。",
                        f"The act cannot lie before the beginning of “{en}” ({day}).",
                    )
                }
            )


def _project(step: Step) -> None:
    """Keep the declared facts up to date; there is no fact that nobody declared."""
    projected = step.plan.facts.get(step.transition.name)
    if not projected:
        return
    facts = dict(step.row["facts"])
    for fact in projected:
        if fact.count:
            facts[fact.name] = facts.get(fact.name, 0) + 1
        elif fact.day:
            facts[fact.name] = step.day.isoformat()
        elif fact.latest in step.inputs:
            facts[fact.name] = entries.plain(step.inputs[fact.latest])
    step.changed["facts"] = facts


def _settle_clocks(
    step: Step, moved: Mapping[str, Sequence[UUID]], *, ends: bool
) -> list[Mapping[str, Any]]:
    """Meet, void, stop, resume and open clocks; return those that run afterwards.

    ``moved`` names the rows the act moved, by items table, for clocks kept per row. In a final
    state no clock runs on: what still runs is voided.
    """
    name = step.transition.name
    met_names = step.plan.meets.get(name, frozenset())
    void_names = step.plan.voids.get(name, frozenset())
    opening = step.plan.opens.get(name, ())
    restarted = {deadline.name for deadline in opening if deadline.per is None}
    running: list[Mapping[str, Any]] = []
    met: list[dict[str, Any]] = []
    voided: list[dict[str, Any]] = []
    noted: dict[str, list[str]] = {"met": [], "voided": []}
    for clock in step.view.clocks:
        if step.expiring is not None and clock["id"] == step.expiring["id"]:
            continue
        own = clock["item_id"] is None or step.item is None or clock["item_id"] == step.item.id
        if clock["name"] in met_names and own:
            late = clock["due_at"] is not None and step.occurred_at > clock["due_at"]
            met.append(
                {
                    "clock_id": clock["id"],
                    "met_at": step.occurred_at,
                    "met_seq": step.seq,
                    "met_late": late,
                    "closed_at": step.occurred_at,
                }
            )
            noted["met"].append(clock["name"])
        elif (clock["name"] in void_names and own) or clock["name"] in restarted or ends:
            voided.append(
                {
                    "clock_id": clock["id"],
                    "voided_seq": step.seq,
                    "closed_at": step.occurred_at,
                }
            )
            noted["voided"].append(clock["name"])
        else:
            running.append(clock)
    if met:
        step.session.execute(MEET_CLOCKS, met)
    if voided:
        step.session.execute(VOID_CLOCKS, voided)
    running = _stop_and_resume(step, running)
    running = _extend(step, running)
    started = [] if ends else _open_clocks(step, opening, moved)
    if started:
        step.session.execute(OPEN_CLOCK, started)
        step.noted.setdefault("clocks", {})["opened"] = [
            {"name": c["name"], "due": c["due_on"].isoformat() if c["due_on"] else None}
            for c in started
        ]
    for kind, names in noted.items():
        if names:
            step.noted.setdefault("clocks", {})[kind] = names
    return [*running, *started]


def _open_clocks(
    step: Step, opening: Sequence[words.Deadline], moved: Mapping[str, Sequence[UUID]]
) -> list[dict[str, Any]]:
    started = []
    given = {name: value for name, value in step.inputs.items() if isinstance(value, date)}
    for deadline in opening:
        match deadline.anchor:
            case words.AfterDay(input=name):
                if name not in given:
                    continue
                anchor_on = given[name]
            case words.AfterService():
                anchor_on = given["served_on"]
            case _:
                anchor_on = step.day
        rows: Sequence[UUID | None] = [None]
        if deadline.per is not None:
            rows = moved.get(deadline.per.name, ())
        for item_id in rows:
            started.append(
                new_clock(
                    step.law,
                    deadline,
                    case_id=step.row["id"],
                    item_id=item_id,
                    anchor_at=step.occurred_at,
                    anchor_on=anchor_on,
                    given=given,
                    cycle_year=step.row["cycle_year"],
                    trigger=step.transition.name,
                    seq=step.seq,
                )
            )
    return started


def new_clock(
    law: LawBook,
    deadline: words.Deadline,
    *,
    case_id: UUID,
    anchor_at: datetime,
    anchor_on: date,
    given: Mapping[str, date],
    cycle_year: int | None,
    trigger: str,
    seq: int,
    item_id: UUID | None = None,
) -> dict[str, Any]:
    """Return the row of a clock that begins now, with its whole derivation."""
    derivation = derive(
        deadline,
        anchor_at=anchor_at,
        anchor_on=anchor_on,
        given=given,
        cycle_year=cycle_year,
        trigger=trigger,
        law=law,
    )
    ends = end(derivation, law, grace=deadline.grace)
    return {
        "id": new_id(),
        "case_id": case_id,
        "name": deadline.name,
        "item_id": item_id,
        "expiry": deadline.expiry.value,
        "due_on": ends.due_on,
        "due_at": ends.due_at,
        "earliest_on": ends.earliest_on,
        "provisional": ends.provisional,
        "expires_at": ends.expires_at,
        "anchor_on": anchor_on,
        "anchor_at": anchor_at,
        "derivation": derivation,
        "opened_seq": seq,
        "met_at": None,
        "met_seq": None,
        "expired_at": None,
        "expired_seq": None,
        "met_late": False,
        "voided_seq": None,
        "handed_to": None,
        "closed_at": None,
    }


def _stop_and_resume(
    step: Step, running: list[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Open or end exclusions by this act and reckon the clocks they touch anew."""
    begun = step.plan.excludes.get(step.transition.name, ())
    ended = step.plan.resumes.get(step.transition.name, ())
    if not begun and not ended:
        return running
    for deadline, exclusion in begun:
        step.session.execute(
            insert(exclusions),
            {
                "id": new_id(),
                "case_id": step.row["id"],
                "deadline": deadline.name,
                "kind": exclusion.kind,
                "begins_on": step.day,
                "ends_on": None,
                "begin_seq": step.seq,
                "end_seq": None,
            },
        )
    for deadline, exclusion in ended:
        step.session.execute(
            update(exclusions)
            .where(
                exclusions.c.case_id == step.row["id"],
                exclusions.c.deadline == deadline.name,
                exclusions.c.kind == exclusion.kind,
                exclusions.c.ends_on.is_(None),
            )
            .values(ends_on=step.day, end_seq=step.seq)
        )
    touched = {deadline.name for deadline, _ in (*begun, *ended)}
    return [
        _reckoned(step, clock, clock["derivation"]) if clock["name"] in touched else clock
        for clock in running
    ]


def _extend(step: Step, running: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Grant the next stage of an extension; refused after the end or without the power for it."""
    name = step.transition.extends
    if not name:
        return running
    deadline = step.lifecycle.deadlines[name]
    clock = next((c for c in running if c["name"] == name), None)
    if clock is None or (clock["due_at"] is not None and step.occurred_at > clock["due_at"]):
        raise TransitionRefused(
            [Refusal(Why.NOT_NOW, Label("延期须在期限届满前批准。", "Extend before the end only."))]
        )
    granted = clock["derivation"]["extensions"]
    if len(granted) >= len(deadline.extensions):
        raise TransitionRefused(
            [Refusal(Why.NOT_NOW, Label("已无可用的延期。", "No further extension is allowed."))]
        )
    stage = deadline.extensions[len(granted)]
    if stands_for(step.actor, step.view.capacities_of(step.actor), stage.by) is None:
        allowed = Label(
            "、".join(who.label.zh for who in stage.by), ", ".join(who.label.en for who in stage.by)
        )
        raise NotPermitted(
            [
                Refusal(
                    Why.NOT_YOU,
                    Label(f"本次延期须由{allowed.zh}批准。", f"Reserved to: {allowed.en}."),
                )
            ]
        )
    term = step.law.term(stage.term, step.day)
    derivation = dict(clock["derivation"])
    derivation["extensions"] = [
        *granted,
        {"term": term.key, "length": term.length, "unit": str(term.unit), "seq": step.seq},
    ]
    return [_reckoned(step, c, derivation) if c is clock else c for c in running]


def _reckoned(step: Step, clock: Mapping[str, Any], derivation: Mapping[str, Any]) -> dict[str, Any]:
    found = step.session.execute(
        select(exclusions.c.begins_on, exclusions.c.ends_on, exclusions.c.kind).where(
            exclusions.c.case_id == clock["case_id"], exclusions.c.deadline == clock["name"]
        )
    ).all()
    intervals = [Interval(row.begins_on, row.ends_on, row.kind) for row in found]
    derivation = dict(derivation)
    derivation["exclusions"] = [
        {
            "kind": row.kind,
            "from": row.begins_on.isoformat(),
            "to": row.ends_on.isoformat() if row.ends_on else None,
        }
        for row in found
    ]
    deadline = step.lifecycle.deadlines[clock["name"]]
    ends = end(derivation, step.law, exclusions=intervals, grace=deadline.grace)
    fresh = {
        "due_on": ends.due_on,
        "due_at": ends.due_at,
        "earliest_on": ends.earliest_on,
        "provisional": ends.provisional,
        "expires_at": ends.expires_at,
        "derivation": derivation,
    }
    step.session.execute(RECKON_CLOCK, {"clock_id": clock["id"], **fresh})
    moved = step.noted.setdefault("clocks", {}).setdefault("reckoned", [])
    moved.append(
        {
            "name": clock["name"],
            "was": clock["due_on"].isoformat() if clock["due_on"] else None,
            "due": ends.due_on.isoformat() if ends.due_on else None,
        }
    )
    return {**clock, **fresh}


def _point_at_next_clock(step: Step, clocks: Sequence[Mapping[str, Any]]) -> None:
    """Keep on the case row what lists sort by: the end of its nearest clock."""
    nearest = min((c for c in clocks if c["due_at"] is not None), key=lambda c: c["due_at"], default=None)
    step.changed["next_due_at"] = nearest["due_at"] if nearest else None
    step.changed["next_due_name"] = nearest["name"] if nearest else None


def _announce_automatic(step: Step, to_state: str) -> None:
    """Ask for a look at automatic transitions here and at the parent, once this has committed."""
    if to_state in step.plan.automatic:
        step.due.add(step.row["id"])
    if step.row["parent_id"] is not None and not step.transition.is_act:
        step.due.add(step.row["parent_id"])
    consequences.remember_due(step)


def _write(step: Step, entry: dict[str, Any]) -> None:
    row = step.row
    values = {
        name: step.changed.get(name, row[name])
        for name in (
            "state",
            "state_since",
            "state_seq",
            "waits_role",
            "waits_capacity",
            "is_final",
            "next_due_at",
            "next_due_name",
            "version",
            "facts",
            "closed_at",
            "assignee_id",
        )
    }
    values |= {
        "case_id": row["id"],
        "seen_seq": row["last_seq"],
        "last_seq": step.seq,
        "last_hash": entry["hash"],
    }
    step.session.execute(entries.INSERT_ENTRY, entry)
    step.session.execute(MOVE_CASE, values)


# Opening ----------------------------------------------------------------------------------------

SUBJECT_CAPACITY: Mapping[words.SubjectKind, Capacity] = {
    words.SubjectKind.UNIT: Capacity.REPORTED_UNIT,
    words.SubjectKind.AGENCY: Capacity.PARTY,
    words.SubjectKind.PERSON: Capacity.PARTY,
}


@dataclass(frozen=True, slots=True)
class Seat:
    """A capacity to be held from the first entry on."""

    capacity: Capacity
    organisation_id: UUID
    name: str
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """What a new case is about."""

    lifecycle: type[words.Lifecycle]
    authority_id: UUID
    authority_name: str
    subject_id: UUID
    subject_name: str
    division: str
    cycle_year: int | None = None
    once: str | None = None
    """A key under which the lifecycle opens at most one case, e.g. year and subject."""
    seats: Sequence[Seat] = ()
    parent: RowMapping | None = None
    link: str | None = None
    inherited: Mapping[str, RowMapping] = field(default_factory=dict)
    demonstration: bool = False


def open_case(
    session: Session,
    opening: Opening,
    *,
    actor: Actor,
    inputs: Mapping[str, Any],
    now: datetime,
    law: LawBook,
    key: str | None = None,
) -> Fired:
    """Open a case: its row, number, participants, first clocks and entry 0. Commits nothing.

    Raises NotPermitted if the actor may not open one, BadInputs if the inputs do not hold,
    IntegrityError if ``once`` has been used.
    """
    lifecycle = opening.lifecycle
    transition = lifecycle.opening()
    values, faults = clean_inputs(transition.all_inputs, inputs, today=local_date(now))
    seats = list(opening.seats)
    if opening.parent is None:
        seats.append(Seat(Capacity.LEAD, opening.authority_id, opening.authority_name))
        capacity = SUBJECT_CAPACITY.get(lifecycle.subject)
        if capacity is not None:
            seats.append(Seat(capacity, opening.subject_id, opening.subject_name))
        held = frozenset(s.capacity for s in seats if s.organisation_id == actor.organisation_id)
        if stands_for(actor, held, transition.by) is None:
            allowed = transition.by[0].label
            refusal = Refusal(
                Why.NOT_YOU, Label(f"须由{allowed.zh}办理。", f"Reserved to: {allowed.en}.")
            )
            raise NotPermitted([refusal])
    if faults:
        raise BadInputs(faults)
    case_id = new_id()
    parent = opening.parent
    [first] = transition.destinations
    row = {
        "id": case_id,
        "number": _number(session, opening, local_date(now).year),
        "lifecycle": lifecycle.key,
        "lifecycle_version": lifecycle.version,
        "state": first.name,
        "state_since": now,
        "state_seq": 0,
        "waits_role": first.waits_for.role.value if first.waits_for else None,
        "waits_capacity": first.waits_for.capacity if first.waits_for else None,
        "is_final": False,
        "authority_id": opening.authority_id,
        "subject_id": opening.subject_id,
        "subject_name": opening.subject_name,
        "division": opening.division,
        "cycle_year": opening.cycle_year,
        "cycle_key": opening.once,
        "root_id": parent["root_id"] if parent else case_id,
        "parent_id": parent["id"] if parent else None,
        "parent_link": opening.link,
        "assignee_id": None,
        "next_due_at": None,
        "next_due_name": None,
        "version": 1,
        "last_seq": -1,
        "last_hash": "",
        "facts": {},
        "opened_at": now,
        "closed_at": None,
        "demonstration": opening.demonstration,
    }
    session.execute(insert(cases), row)
    consequences.seat(session, case_id, seats, since_seq=0)
    view = Snapshot(session, session.execute(LOCK_CASE, {"case_id": case_id}).mappings().one())
    role = stands_for(actor, view.capacities_of(actor), transition.by)
    step = Step(
        session=session,
        view=view,
        transition=transition,
        actor=actor,
        role=role or next(iter(actor.roles)),
        now=now,
        occurred_at=now,
        law=law,
        inputs=values,
        key=key,
    )
    _project(step)
    moved = consequences.apply(step)
    clocks = _settle_clocks(step, moved, ends=False)
    inherited = [_inherit(step, deadline, opening.inherited) for deadline in step.plan.from_parent]
    taken = [clock for clock in inherited if clock is not None]
    if taken:
        session.execute(OPEN_CLOCK, taken)
    _point_at_next_clock(step, [*clocks, *taken])
    _announce_automatic(step, first.name)
    if opening.demonstration:
        step.noted["demonstration"] = True
    _write(step, entries.of_step(step, first.name))
    return Fired(case_id, 0, transition.name, first.name, 1, due=tuple(step.due))


def _inherit(
    step: Step, deadline: words.Deadline, inherited: Mapping[str, RowMapping]
) -> dict[str, Any] | None:
    clock = inherited.get(deadline.name)
    if clock is None or clock["due_on"] is None:
        return None
    return new_clock(
        step.law,
        deadline,
        case_id=step.row["id"],
        anchor_at=clock["anchor_at"],
        anchor_on=clock["due_on"],
        given={},
        cycle_year=step.row["cycle_year"],
        trigger=step.transition.name,
        seq=step.seq,
    )


def _number(session: Session, opening: Opening, year: int) -> str:
    """Allot the next number of the body, kind and year, gap-free under the counter's lock."""
    kind = opening.lifecycle.number_prefix or opening.lifecycle.key
    series = (str(opening.authority_id), kind, year)
    counter = session.get(NumberSeries, series, with_for_update=True, populate_existing=True)
    if counter is None:
        counter = NumberSeries(body=series[0], kind=kind, year=year, last=0)
        session.add(counter)
    counter.last += 1
    session.flush()
    return f"{kind}〔{year}〕{counter.last}号"
