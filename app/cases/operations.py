"""The one writer of a case's state: `fire()`.

State, clocks, audit entry, rows, versions, documents and outgoing messages are written here, by
Core statements built once (an ORM flush would cost several times as much), inside the caller's
transaction: they commit together or not at all. Nothing here renders, mails or waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.cases import consequences, entries, opening, reinstatement, settlement
from app.cases.errors import (
    BadInputs,
    CaseHasMoved,
    NoSuchAct,
    NoSuchCase,
    NotPermitted,
    TransitionRefused,
)
from app.cases.escalation import closing
from app.cases.extensions import extension_fault
from app.cases.lateness import unexplained
from app.cases.models import Case, CaseLink
from app.cases.snapshot import LOCK_CASE, SEEN, Snapshot, record
from app.cases.step import Decided, Fired, Step
from app.db import send, table_of
from app.engine import definition as words
from app.engine.actors import Actor, Role
from app.engine.inputs import Organisation, Person, clean_inputs, plain
from app.engine.machine import move
from app.engine.permission import Why, destination, refusals, stands_for
from app.engine.view import Attempt
from app.law.labels import Label
from app.law.ladders import in_working_hours
from app.law.periods import local_date
from app.law.terms import LawBook
from app.workflows import LIFECYCLES

cases = table_of(Case)
links = table_of(CaseLink)

ROOT_OF = select(cases.c.root_id).where(cases.c.id == bindparam("case_id"))
KEPT_COLUMNS = (
    "state",
    "state_since",
    "state_seq",
    "waits_role",
    "waits_capacity",
    "is_final",
    "next_due_at",
    "next_due_name",
    "sort_due_at",
    "version",
    "facts",
    "closed_at",
    "escalations",
)
MOVE_CASE = (
    update(cases)
    .where(cases.c.id == bindparam("case_id"), cases.c.last_seq == bindparam("seen_seq"))
    .values(
        {name: bindparam(f"to_{name}") for name in KEPT_COLUMNS}
        | {"last_seq": bindparam("to_seq"), "last_hash": bindparam("to_hash")}
    )
)


def locked(session: Session, case_id: UUID, *, with_root: bool = False) -> Snapshot:
    """Lock a case and read it; with ``with_root`` the root of its family is locked before.

    Raises NoSuchCase.
    """
    connection = session.connection()
    if with_root:
        root_id = connection.scalar(ROOT_OF, {"case_id": case_id})
        if root_id is not None and root_id != case_id:
            connection.execute(LOCK_CASE, {"case_id": root_id}).close()
    row = connection.execute(LOCK_CASE, {"case_id": case_id}).mappings().first()
    if row is None:
        raise NoSuchCase
    return Snapshot(session, record(row))


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
    decides: Decided | None = None,
) -> Fired:
    """Do one act on a case: state, clocks, audit entry, rows, documents, messages.

    ``now`` is when it is recorded (aware UTC); ``occurred_at`` when it happened, where the
    authority records a received or paper act late, with ``late_reason`` and ``proof`` (digests).
    ``expected_version`` is what the person saw: a stale page is refused where the act moves the
    case. The same ``key`` of the same person answers as the first time. ``decides`` names the
    escalation whose approval the act is. Commits nothing.

    Raises NoSuchCase, NoSuchAct, NotPermitted, CaseHasMoved, TransitionRefused or BadInputs: the
    transaction is to be rolled back then.
    """
    view = locked(session, case_id, with_root=trigger in family_triggers())
    transition = view.lifecycle.transitions.get(trigger)
    if transition is None or transition.opens:
        raise NoSuchAct(trigger)
    if key is not None and (first := _repeated(view, transition, actor, key)):
        return first
    item = view.item(item_id) if item_id is not None else None
    happened = now
    stale = expected_version is not None and expected_version != view.row["version"]
    recorded = _is_recorded(view, transition, actor)
    if occurred_at is not None or recorded:
        happened = occurred_at or now
        _refuse_wrong_time(transition, actor, happened, late_reason, proof, now, recorded=recorded)
        view = reinstatement.withdraw_lapse(view, transition, actor, happened, now, law)
    values, faults = clean_inputs(transition.all_inputs, inputs, today=local_date(happened))
    faults |= _not_offered(view, transition, values, local_date(happened))
    faults |= _served_before_made(view, transition, values)
    faults |= _extended_too_far(view, transition, values, law, local_date(happened))
    if not recorded:
        faults |= unexplained(view, transition, values, actor, happened, item_id)
    attempt = Attempt(
        case=view,
        actor=actor,
        now=happened,
        today=local_date(happened),
        law=law,
        inputs=values,
        item=item,
    )
    role = _permit(view, transition, attempt, faults, stale=stale)
    if occurred_at is not None:
        _refuse_wrong_order(view, transition, happened)
    step = Step(
        session=session,
        view=view,
        transition=transition,
        actor=actor,
        role=role,
        now=now,
        occurred_at=happened,
        law=law,
        inputs=values,
        item=item,
        key=key,
        late_reason=late_reason if occurred_at is not None else None,
        proof=proof,
        recorded=recorded,
        decides=decides,
    )
    for effect in transition.effects:
        if isinstance(effect, words.RaiseClue):
            return _raise_clue(step, effect)
    return carry_out(step, destination(transition, attempt))


def _raise_clue(step: Step, raised: words.RaiseClue) -> Fired:
    """Open the case a suspicion begins; whoever raised it learns no more than that it is there."""
    due = opening.open_beside(step, raised).due
    row = step.row
    return Fired(
        row["id"], row["last_seq"], step.transition.name, row["state"], row["version"], due=due
    )


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
            "waits_role": to.waits_for.role.value if to.waits_for else None,
            "waits_capacity": (
                to.waits_for.capacity.value if to.waits_for and to.waits_for.capacity else None
            ),
            "is_final": to.final,
            "closed_at": step.occurred_at if to.final else None,
        }
    if transition.raises_version:
        step.changed["version"] = row["version"] + 1
    moved = consequences.apply(step)
    project(step)
    clocks = settlement.settle(step, moved, ends=to is not None and to.final)
    clocks = opening.open_children(step, clocks)
    settlement.point_at_next(step, clocks)
    if row["escalations"]:
        close_pointless(step, clocks, to_state)
    announce_automatic(step, to_state)
    write(step, to_state)
    return Fired(
        case_id=row["id"],
        seq=step.seq,
        trigger=transition.name,
        state=to_state,
        version=step.changed.get("version") or row["version"],
        due=tuple(step.due),
        children=tuple(step.opened),
    )


def close_pointless(step: Step, clocks: Sequence[settlement.Clock], to_state: str) -> None:
    """Close the escalations of the case that the act has made pointless.

    What a timer closes at night is told in working hours.
    """
    by_a_timer = step.role is Role.SYSTEM
    told_at = in_working_hours(step.now, step.law.calendar) if by_a_timer else step.now
    left = closing.close_pointless(
        step.view,
        state=to_state,
        running={clock["id"]: clock for clock in clocks},
        met=step.met,
        passed=(step.passing["id"],) if step.passing is not None else (),
        deciding=step.decides.escalation_id if step.decides is not None else None,
        now=step.now,
        release_at=told_at,
    )
    step.changed["escalations"] = left


def write(step: Step, to_state: str) -> None:
    """Write the entry and then the case row, which points at it."""
    row, changed = step.row, step.changed
    entry = entries.write(step, to_state)
    values = {
        f"to_{name}": changed[name] if name in changed else row[name] for name in KEPT_COLUMNS
    }
    values |= {
        "case_id": row["id"],
        "seen_seq": row["last_seq"],
        "to_seq": step.seq,
        "to_hash": entry["hash"],
    }
    step.write(MOVE_CASE, values)
    send(step.connection, step.writes)


def project(step: Step) -> None:
    """Keep the declared facts up to date; there is no fact that nobody declared."""
    projected = step.plan.facts.get(step.transition.name)
    if not projected:
        return
    facts = dict(step.row["facts"])
    for fact in projected:
        if fact.count:
            facts[fact.name] = facts.get(fact.name, 0) + 1
        elif fact.day or step.transition in fact.days_of:
            facts[fact.name] = step.day.isoformat()
        elif fact.latest in step.inputs:
            facts[fact.name] = plain(step.inputs[fact.latest])
        elif fact.report is not None:
            newest = step.view.latest_version(fact.report.name)
            if newest.get(fact.latest) is not None:
                facts[fact.name] = newest[fact.latest]
    step.changed["facts"] = facts


def announce_automatic(step: Step, to_state: str) -> None:
    """Ask for a look at automatic transitions here and at the parent, once this has committed."""
    if to_state in step.plan.automatic:
        step.due.add(step.row["id"])
    if step.row["parent_id"] is not None and not step.transition.is_act:
        step.due.add(step.row["parent_id"])
    if step.due:
        consequences.remember_due(step.session, step.due, step)


def family_triggers() -> frozenset[str]:
    """Acts that open, end or reopen a child: these lock the root of the family first."""
    return _family_triggers(tuple(LIFECYCLES.values()))


@lru_cache(maxsize=64)
def _family_triggers(lifecycles: tuple[type[words.Lifecycle], ...]) -> frozenset[str]:
    childish = {child.lifecycle for one in lifecycles for child in one.children.values()}
    found = {child.opened_by.name for one in lifecycles for child in one.children.values()}
    for one in lifecycles:
        if one.key in childish:
            final = {name for name, state in one.states.items() if state.final}
            found |= {
                t.name
                for t in one.transitions.values()
                if any(d.final for d in t.destinations) or (not t.is_act and t.source_names & final)
            }
    return frozenset(found)


# Refusals ---------------------------------------------------------------------------------------


def _repeated(view: Snapshot, transition: words.Transition, actor: Actor, key: str) -> Fired | None:
    """What the same request of the same person did the first time."""
    row = view.row
    if any(isinstance(effect, words.RaiseClue) for effect in transition.effects):
        if not _was_raised(view, actor, key):
            return None
        return Fired(
            row["id"], row["last_seq"], transition.name, row["state"], row["version"], repeated=True
        )
    first = view.request(actor, key)
    if first is None:
        return None
    return Fired(
        row["id"], first["seq"], first["trigger"], first["to_state"], row["version"], repeated=True
    )


def _was_raised(view: Snapshot, actor: Actor, key: str) -> bool:
    """Whether the same request of the same person has raised its clue."""
    found = view.connection.scalar(
        select(links.c.id)
        .where(links.c.case_id == view.id, links.c.raised_by == actor.person_id)
        .where(links.c.key == key)
        .execution_options(**SEEN)
    )
    return found is not None


def _is_recorded(view: Snapshot, transition: words.Transition, actor: Actor) -> bool:
    """Whether the authority enters from paper what somebody else did."""
    if not transition.recorded_by:
        return False
    capacities = view.capacities_of(actor)
    return (
        stands_for(actor, capacities, transition.by) is None
        and stands_for(actor, capacities, transition.recorded_by) is not None
    )


def _permit(
    view: Snapshot,
    transition: words.Transition,
    attempt: Attempt,
    faults: Mapping[str, Label],
    *,
    stale: bool,
) -> Role:
    """Return the role the act is done in. Raises what refuses it: not you, not now, not so."""
    found = refusals(view.lifecycle, transition, attempt, with_inputs=not faults)
    if any(refusal.why is Why.NOT_YOU for refusal in found):
        raise NotPermitted(found)
    if stale and transition.raises_version:
        raise _moved(view)
    now_not = [refusal for refusal in found if refusal.why is Why.NOT_NOW]
    if now_not:
        raise TransitionRefused(now_not)
    if faults:
        raise BadInputs(faults)
    if found:
        raise TransitionRefused(found)
    capacities = view.capacities_of(attempt.actor)
    role = stands_for(attempt.actor, capacities, transition.actors)
    assert role is not None  # or refusals() would have said so
    return role


def _moved(view: Snapshot) -> CaseHasMoved:
    """Say which act of the lifecycle was the last; remarks and the like move nothing."""
    query = (
        select(AuditEntry.trigger)
        .where(AuditEntry.chain_id == view.id, AuditEntry.trigger.in_(view.lifecycle.transitions))
        .order_by(AuditEntry.seq.desc())
        .limit(1)
    )
    last = view.lifecycle.transitions[view.session.execute(query).scalar_one()]
    return CaseHasMoved(view.row["number"], view.lifecycle.states[view.state].label, last.label)


def _refuse_wrong_time(
    transition: words.Transition,
    actor: Actor,
    happened: datetime,
    late_reason: str | None,
    proof: Sequence[str],
    now: datetime,
    *,
    recorded: bool,
) -> None:
    """Refuse a time that may not be entered: the future, or the past of a portal act."""
    faults: dict[str, Label] = {}
    if happened > now:
        faults["occurred_on"] = Label(
            "发生时间不能晚于现在。", "The time of the act cannot lie in the future."
        )
    elif happened != now and not (transition.backdatable and actor.is_authority):
        faults["occurred_on"] = Label(
            "此操作以提交时刻为准，不能补录更早的时间。",
            "This act happens when it is submitted; an earlier time cannot be entered.",
        )
    elif happened < now and not late_reason:
        faults["late_reason"] = Label("补录须说明理由。", "Give the reason for the late entry.")
    from_paper = recorded or (happened < now and not transition.received)
    if from_paper and not proof and "occurred_on" not in faults:
        faults["paper_scan"] = Label(
            "补录须上传纸质材料的扫描件。", "Upload the scan of the paper you record."
        )
    if faults:
        raise BadInputs(faults)


def _refuse_wrong_order(view: Snapshot, transition: words.Transition, happened: datetime) -> None:
    """Refuse a time before the act that began the state or a clock the act would meet."""
    state = view.lifecycle.states[view.state]
    began = [(state.label, view.state_since)]
    deadlines = view.lifecycle.deadlines
    began += [
        (deadlines[c["name"]].label, c["anchor_at"])
        for c in view.clocks
        if transition in deadlines[c["name"]].met_by
    ]
    began += settlement.causes_ended(view, transition)
    for label, instant in began:
        if happened < instant:
            day = local_date(instant).isoformat()
            raise BadInputs(
                {
                    "occurred_on": Label(
                        f"发生时间不能早于「{label.zh}」开始的时间（{day}）。",
                        f"The act cannot lie before the beginning of “{label.en}” ({day}).",
                    )
                }
            )


def _not_offered(
    view: Snapshot, transition: words.Transition, values: Mapping[str, Any], on: date
) -> dict[str, Label]:
    """Faults of organisations and persons that were named but never offered."""
    faults: dict[str, Label] = {}
    for field in transition.all_inputs:
        chosen = values.get(field.name)
        if chosen is None:
            continue
        if isinstance(field, Organisation):
            found = view.organisation(UUID(chosen))
            if found is None or found.facts["kind"] not in field.kinds or not found.facts["active"]:
                faults[field.name] = Label(
                    f"「{field.zh}」不在登记簿中。", f"“{field.en}” is not in the register."
                )
        elif isinstance(field, Person):
            try:
                consequences.chosen_persons(view, field, chosen, on)
            except BadInputs as wrong:
                faults |= wrong.faults
    return faults


def _served_before_made(
    view: Snapshot, transition: words.Transition, values: Mapping[str, Any]
) -> dict[str, Label]:
    """The fault of a service dated before its document was there: its clock would end too soon."""
    served_on: date | None = values.get("served_on")
    if served_on is None:
        return {}
    for document in transition.serves:
        made_at = None if document in transition.documents else view.last_made(document.name)
        made_on = local_date(made_at or view.state_since)
        if served_on < made_on:
            return {
                "served_on": Label(
                    f"送达日期不能早于文书作出之日（{made_on}）。",
                    f"The document cannot be served before {made_on}: it was not made yet.",
                )
            }
    return {}


def _extended_too_far(
    view: Snapshot,
    transition: words.Transition,
    values: Mapping[str, Any],
    law: LawBook,
    on: date,
) -> dict[str, Label]:
    """The fault of a day until which the next stage of an extension does not reach."""
    name = words.EXTENDED_UNTIL.name
    if not transition.extends or name not in values:
        return {}
    clock = next((c for c in view.clocks if c["name"] == transition.extends), None)
    deadline = view.lifecycle.deadlines[transition.extends]
    fault = extension_fault(deadline, clock, values[name], law, on)
    return {} if fault is None else {name: fault}
