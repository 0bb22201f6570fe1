"""Opening cases: the first entry, the number, the seats; and the children an act opens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.cases import consequences, settlement
from app.cases.clocks import KEPT, end, is_unfixed
from app.cases.consequences import Seat
from app.cases.errors import BadInputs, NotPermitted, TransitionRefused
from app.cases.models import (
    NEVER,
    Case,
    CaseDeadline,
    CaseDocument,
    CaseLink,
    Evidence,
    NumberSeries,
)
from app.cases.settlement import Clock, armed, new_clock
from app.cases.snapshot import LOCK_CASE, SEEN, OrganisationSeen, Record, Snapshot, record
from app.cases.step import Fired, Step
from app.db import new_id, table_of
from app.engine import definition as words
from app.engine.actors import Actor, Capacity, Role
from app.engine.inputs import Files, clean_inputs
from app.engine.permission import Why, opening_refusals, stands_for
from app.engine.view import Attempt
from app.law.labels import Label
from app.law.periods import local_date
from app.law.terms import LawBook
from app.workflows import LIFECYCLES

cases = table_of(Case)
deadlines = table_of(CaseDeadline)
evidence = table_of(Evidence)
links = table_of(CaseLink)
documents = table_of(CaseDocument)

SUBJECT_CAPACITY: Mapping[words.SubjectKind, Capacity] = {
    words.SubjectKind.UNIT: Capacity.REPORTED_UNIT,
    words.SubjectKind.AGENCY: Capacity.PARTY,
    words.SubjectKind.PERSON: Capacity.PARTY,
}


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A stored file that comes with a new case."""

    sha256: str
    name: str


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
    parent: Record | None = None
    beside: Record | None = None
    """The case on which it was raised, where it is no child of it."""
    enclosed: Sequence[Enclosure] = ()
    link: str | None = None
    opened_as: Role | None = None
    """In which role the act was done that opens it, where that is one of another case."""
    inherited: Mapping[str, Clock] = field(default_factory=dict)
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
    occurred_at: datetime | None = None,
    late_reason: str | None = None,
) -> Fired:
    """Open a case: its row, number, participants, first clocks and entry 0. Commits nothing.

    A child is opened by the act of its parent, which has been permitted; where that is recorded
    late (``occurred_at``, ``late_reason``), so is the child's beginning. Raises NotPermitted if
    the actor may not open one, TransitionRefused if a guard does not hold, BadInputs if the inputs
    do not, IntegrityError if ``once`` has been used.
    """
    lifecycle = opening.lifecycle
    transition = lifecycle.opening()
    happened = occurred_at or now
    values, faults = clean_inputs(transition.all_inputs, inputs, today=local_date(happened))
    seats = list(opening.seats)
    if opening.parent is None:
        seats.append(Seat(Capacity.LEAD, opening.authority_id, opening.authority_name))
        capacity = SUBJECT_CAPACITY.get(lifecycle.subject)
        if capacity is not None and not lifecycle.private:
            seats.append(Seat(capacity, opening.subject_id, opening.subject_name))
    [first] = transition.destinations
    row = _row(session, opening, first, happened)
    session.execute(insert(cases), row)
    consequences.seat(session, row["id"], seats, since_seq=0)
    fresh = session.execute(LOCK_CASE, {"case_id": row["id"]}).mappings().one()
    view = Snapshot(session, record(fresh))
    if opening.parent is None and opening.beside is None:
        _permit(view, transition, actor, values, now, law, with_inputs=not faults)
    if faults:
        raise BadInputs(faults)
    _enclose(session, row["id"], opening.enclosed, actor, now)
    role = stands_for(actor, view.capacities_of(actor), transition.by)
    step = Step(
        session=session,
        view=view,
        transition=transition,
        actor=actor,
        role=role or opening.opened_as or next(iter(sorted(actor.roles))),
        now=now,
        occurred_at=happened,
        law=law,
        inputs=values,
        key=key,
        late_reason=late_reason,
    )
    return _begin(step, opening, first)


def _enclose(
    session: Session, case_id: UUID, files: Sequence[Enclosure], actor: Actor, now: datetime
) -> None:
    """Lay the files that come with a new case on it, as uploads of whoever opens it."""
    rows = [
        {
            "id": new_id(),
            "case_id": case_id,
            "sha256": file.sha256,
            "name": file.name,
            "note": "",
            "internal": False,
            "added_by": actor.person_id,
            "added_by_name": actor.written_name,
            "organisation_id": actor.organisation_id,
            "added_at": now,
            "seq": None,
        }
        for file in files
    ]
    if rows:
        session.execute(insert(evidence), rows)


def _begin(step: Step, opening: Opening, first: words.State) -> Fired:
    from app.cases.operations import announce_automatic, project, write  # noqa: PLC0415  # a cycle

    moved = consequences.apply(step)
    project(step)
    clocks = settlement.settle(step, moved, ends=False)
    inherited = [_inherit(step, deadline, opening.inherited) for deadline in step.plan.from_parent]
    taken = [clock for clock in inherited if clock is not None]
    if taken:
        step.write(settlement.OPEN, taken)
    settlement.point_at_next(step, [*clocks, *taken])
    announce_automatic(step, first.name)
    if opening.demonstration:
        step.noted["demonstration"] = True
    if opening.parent is not None:
        step.noted["parent"] = {"id": opening.parent["id"], "number": opening.parent["number"]}
    if step.row["restricted"]:
        step.noted["restricted"] = True
    if opening.beside is not None:
        step.noted["raised_on"] = {"id": opening.beside["id"], "number": opening.beside["number"]}
    write(step, first.name)
    return Fired(step.row["id"], 0, step.transition.name, first.name, 1, due=tuple(step.due))


def _permit(
    view: Snapshot,
    transition: words.Transition,
    actor: Actor,
    values: Mapping[str, Any],
    now: datetime,
    law: LawBook,
    *,
    with_inputs: bool,
) -> None:
    attempt = Attempt(
        case=view, actor=actor, now=now, today=local_date(now), law=law, inputs=values
    )
    found = opening_refusals(transition, attempt, with_inputs=with_inputs)
    if any(refusal.why is Why.NOT_YOU for refusal in found):
        raise NotPermitted(found)
    if found:
        raise TransitionRefused(found)


def _row(
    session: Session, opening: Opening, first: words.State, happened: datetime
) -> dict[str, Any]:
    case_id = new_id()
    parent = opening.parent
    hidden = parent is not None and parent["restricted"]
    waits = first.waits_for
    return {
        "id": case_id,
        "number": _number(session, opening, local_date(happened).year),
        "lifecycle": opening.lifecycle.key,
        "lifecycle_version": opening.lifecycle.version,
        "state": first.name,
        "state_since": happened,
        "state_seq": 0,
        "waits_role": waits.role.value if waits else None,
        "waits_capacity": waits.capacity.value if waits and waits.capacity else None,
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
        # What comes of a restricted case tells of it; whoever handles that one must still find it.
        "restricted": hidden,
        "assignee_id": parent["assignee_id"] if parent is not None and hidden else None,
        "next_due_at": None,
        "next_due_name": None,
        "sort_due_at": NEVER,
        "version": 1,
        "last_seq": -1,
        "last_hash": "",
        "facts": {},
        "opened_at": happened,
        "closed_at": None,
        "demonstration": opening.demonstration,
    }


def _number(session: Session, opening: Opening, year: int) -> str:
    """Allot the next number of the body, kind and year, gap-free under the counter's lock."""
    kind = opening.lifecycle.number_prefix or opening.lifecycle.key
    series = (str(opening.authority_id), kind, year)
    counter = session.get(NumberSeries, series, with_for_update=True, populate_existing=True)
    if counter is None:
        with suppress(IntegrityError), session.begin_nested():
            session.add(NumberSeries(body=series[0], kind=kind, year=year, last=0))
        counter = session.get_one(
            NumberSeries, series, with_for_update=True, populate_existing=True
        )
    counter.last += 1
    session.flush()
    return f"{kind}〔{year}〕{counter.last}号"


# Children ---------------------------------------------------------------------------------------


def open_children(step: Step, clocks: Sequence[Clock]) -> list[Clock]:
    """Open the children this act declares; return the clocks that stay with the parent."""
    staying = list(clocks)
    for child in step.plan.children.get(step.transition.name, ()):
        for inputs, subject, seats in _briefs(step, child):
            fired = open_case(
                step.session,
                _child(step, child, inputs, subject, seats, clocks),
                actor=step.actor,
                inputs=inputs,
                now=step.now,
                law=step.law,
                occurred_at=step.occurred_at,
                late_reason=step.late_reason,
            )
            step.opened.append(fired.case_id)
            step.due |= set(fired.due)
            staying = settlement.hand_over(step, staying, child.name, fired.case_id)
    if step.opened:
        step.noted["children"] = list(step.opened)
    return staying


def _briefs(step: Step, child: words.Child) -> list[tuple[dict[str, Any], UUID, Sequence[Seat]]]:
    """Opening inputs, subject and own seats of each child: one, or one per row of ``each``."""
    if child.each is None:
        return [_brief(step, child, step.inputs)]
    step.view.forget_items()
    rows = [row for row in step.view.items(child.each.name) if row.status in child.each_in]
    if step.item is not None and step.item.kind == child.each.name:
        rows = [row for row in rows if row.id == step.item.id]
    return [_brief(step, child, row.data) for row in rows]


def _brief(
    step: Step, child: words.Child, said: Mapping[str, Any]
) -> tuple[dict[str, Any], UUID, Sequence[Seat]]:
    known = {**step.row["facts"], **step.changed.get("facts", {}), **said}
    inputs = dict(child.given) | {
        name: known[theirs]
        for name, theirs in child.inputs.items()
        if known.get(theirs) is not None
    }
    subject = known.get(child.subject) if child.subject else None
    seats = [
        seat
        for capacity, field_name in child.seats.items()
        for seat in _named_seats(step, capacity, known.get(field_name))
    ]
    return inputs, UUID(subject) if subject else step.row["subject_id"], seats


def _named_seats(step: Step, capacity: Capacity, named: object) -> list[Seat]:
    """Seats of the organisations or persons whose ids a field holds."""
    chosen = [named] if isinstance(named, str) else list(named or ())  # type: ignore[call-overload]
    seats = []
    for key in map(UUID, chosen):
        body = step.view.organisation(key)
        if body is not None:
            seats.append(Seat(capacity, body.id, body.name))
        else:
            found = step.view.persons([key], None, None, step.day)
            seats += [Seat(capacity, p.organisation_id, p.name, p.id) for p in found[:1]]
    return seats


def _child(
    step: Step,
    child: words.Child,
    inputs: Mapping[str, Any],
    subject_id: UUID,
    seats: Sequence[Seat],
    clocks: Sequence[Clock],
) -> Opening:
    row = step.row
    name, division = row["subject_name"], row["division"]
    if subject_id != row["subject_id"]:
        subject = step.view.organisation(subject_id)
        assert subject is not None  # an Organisation input names only what the registers hold
        name, division = subject.name, subject.facts["division"]
    running = {**_handed_before(step, child, clocks), **{c["name"]: c for c in clocks}}
    return Opening(
        lifecycle=LIFECYCLES[child.lifecycle],
        authority_id=row["authority_id"],
        authority_name="",
        subject_id=subject_id,
        subject_name=name,
        division=division,
        cycle_year=row["cycle_year"],
        seats=[
            *(
                Seat(Capacity(p["capacity"]), p["organisation_id"], p["name"], p["person_id"])
                for p in step.view.all_participants
                if p["capacity"] in child.capacities
            ),
            *seats,
        ],
        parent=row,
        enclosed=_enclosed(step, LIFECYCLES[child.lifecycle].opening(), inputs),
        link=child.name,
        opened_as=step.role,
        inherited={
            ours: running[theirs] for ours, theirs in child.inherits.items() if theirs in running
        },
        demonstration=row["demonstration"],
    )


def _handed_before(step: Step, child: words.Child, clocks: Sequence[Clock]) -> dict[str, Clock]:
    """The clocks the child of another row took over: all rows began with the same act."""
    if child.each is None:
        return {}
    there = {clock["name"] for clock in clocks}
    wanted = [
        name
        for name in child.inherits.values()
        if name not in there and step.lifecycle.deadlines[name].heirs
    ]
    if not wanted:
        return {}
    query = (
        select(deadlines)
        .where(
            deadlines.c.case_id == step.row["id"],
            deadlines.c.name.in_(wanted),
            deadlines.c.handed_to.is_not(None),
        )
        .order_by(deadlines.c.opened_seq, deadlines.c.id)
        .execution_options(**SEEN)
    )
    return {row["name"]: record(row) for row in step.connection.execute(query).mappings()}


def _enclosed(step: Step, opening: words.Transition, inputs: Mapping[str, Any]) -> list[Enclosure]:
    """The files of this case that the child's opening names: they are laid on the child too."""
    named = [inputs.get(f.name) or () for f in opening.all_inputs if isinstance(f, Files)]
    digests = {digest for found in named for digest in found}
    if not digests:
        return []
    query = (
        select(evidence.c.sha256, evidence.c.name)
        .where(evidence.c.case_id == step.row["id"], evidence.c.sha256.in_(digests))
        .order_by(evidence.c.added_at, evidence.c.id)
        .execution_options(**SEEN)
    )
    names = {row.sha256: row.name for row in step.connection.execute(query)}
    return [Enclosure(digest, names[digest]) for digest in sorted(names)]


def _inherit(
    step: Step, deadline: words.Deadline, inherited: Mapping[str, Clock]
) -> dict[str, Any] | None:
    """Take a clock over from the parent: its end, or its beginning where a term is named."""
    clock = inherited.get(deadline.name)
    same = isinstance(deadline.due, words.SameDay)
    if clock is None or not (clock["due_on"] or (is_unfixed(clock["derivation"]) and not same)):
        return None
    taken = new_clock(
        step.law,
        deadline,
        case_id=step.row["id"],
        anchor_at=clock["anchor_at"],
        anchor_on=clock["due_on"] if same else clock["anchor_on"],
        given={},
        cycle_year=step.row["cycle_year"],
        trigger=step.transition.name,
        seq=step.seq,
        since=step.since,
    )
    lasting = {name: clock["derivation"].get(name) for name in ("extensions", KEPT)}
    lasting = {name: told for name, told in lasting.items() if told}
    if same or taken is None or not lasting:
        return taken
    return _prolonged(step, deadline, taken, lasting)


def _prolonged(
    step: Step, deadline: words.Deadline, clock: dict[str, Any], lasting: Mapping[str, Any]
) -> dict[str, Any]:
    """Let a clock taken over last as long as the parent's was extended to, or kept."""
    derivation = {**clock["derivation"], **lasting}
    found = end(derivation, step.law, grace=deadline.grace)
    rung_at, rung = armed(deadline, found, step.law, step.since)
    return clock | {
        "derivation": derivation,
        "due_on": found.due_on,
        "due_at": found.due_at,
        "earliest_on": found.earliest_on,
        "provisional": found.provisional,
        "expires_at": found.expires_at,
        "next_rung": rung,
        "next_rung_at": rung_at,
    }


# Cases beside one another -----------------------------------------------------------------------


def open_beside(step: Step, raised: words.RaiseClue) -> Fired:
    """Open the case a clue begins, tied to this one by a restricted link.

    This case's own chain learns nothing (design, law 10). Raises BadInputs for a file that is not
    there, NoSuchAct where nobody holds the capacity the new case would be about.
    """
    target = raised.target(step.inputs)
    lifecycle = LIFECYCLES[target.lifecycle]
    subject = _accused(step, target, raised.by)
    asked = {field.name for field in lifecycle.opening().all_inputs}
    said = {raised.inputs.get(name, name): value for name, value in step.inputs.items()}
    inputs = {**{name: value for name, value in said.items() if name in asked}, **raised.given}
    files = [Enclosure(row.sha256, row.name) for row in consequences.files_named(step)]
    fired = open_case(
        step.session,
        Opening(
            lifecycle=lifecycle,
            authority_id=step.row["authority_id"],
            authority_name=_lead(step),
            subject_id=subject.id,
            subject_name=subject.name,
            division=subject.facts["division"],
            cycle_year=step.row["cycle_year"],
            beside=step.row,
            opened_as=step.role,
            enclosed=files,
            demonstration=step.row["demonstration"],
        ),
        actor=step.actor,
        inputs=inputs,
        now=step.now,
        law=step.law,
    )
    if step.transition.documents:
        papers = [
            {"id": new_id(), "case_id": fired.case_id, "kind": paper.name, "seq": 0,
             "made_at": step.now}
            for paper in step.transition.documents
        ]  # fmt: skip
        step.session.execute(insert(documents), papers)
    step.session.execute(
        insert(links),
        {
            "id": new_id(),
            "case_id": step.row["id"],
            "other_id": fired.case_id,
            "kind": "clue",
            "restricted": True,
            "raised_by": step.actor.person_id,
            "raised_at": step.now,
            "key": step.key,
        },
    )
    return fired


def _accused(step: Step, target: words.Target, by: str) -> OrganisationSeen:
    """Whom the new case is about. Raises BadInputs where nobody holds the capacity."""
    accused: UUID | None = step.row["subject_id"]
    if target.subject is not None:
        holders = step.view.participants(target.subject)
        accused = holders[0].organisation_id if holders else None
    found = step.view.organisation(accused) if accused is not None else None
    if found is None:
        label = target.subject.label if target.subject is not None else Label("对象", "subject")
        raise BadInputs(
            {by: Label(f"本案没有{label.zh}。", f"This case has no {label.en.lower()}.")}
        )
    return found


def _lead(step: Step) -> str:
    found = [p["name"] for p in step.view.all_participants if p["capacity"] == Capacity.LEAD]
    return found[0] if found else ""
