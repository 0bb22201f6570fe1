"""Asking by hand: whoever works on a case puts to a superior what they may not do themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from app.cases import operations
from app.cases.errors import BadInputs, NotPermitted, TransitionRefused
from app.cases.escalation import records
from app.cases.escalation.alternatives import Longest, is_plain, last_extended
from app.cases.escalation.decisions import LONGEST
from app.cases.escalation.powers import JUDGES, Standing
from app.cases.escalation.proposals import Do, Kind, Proposal
from app.cases.escalation.wanted import filled_in, reason_field, told_openly
from app.cases.extensions import extension_fault, next_act
from app.cases.likely import is_exit, likelihood
from app.cases.records import assignable, handles
from app.cases.snapshot import Record, Snapshot
from app.db import new_id
from app.engine.actors import Actor, Capacity, Role, Who
from app.engine.definition import EXTENDED_UNTIL, Transition
from app.engine.inputs import Files, Input, clean_inputs
from app.engine.permission import Refusal, Why, stands_for
from app.law.labels import Label
from app.law.periods import local_date
from app.law.terms import LawBook

HELP: Final = "help"
TAKEOVER: Final = "takeover"

KIND_WORDS: Final[Mapping[str, Label]] = {
    HELP: Label("请求派人协助", "Ask for help by another officer"),
    TAKEOVER: Label("请求改派他人承办", "Ask that another officer takes over"),
}


@dataclass(frozen=True, slots=True)
class Request:
    """Something that can be asked on a case, and to whom it is put.

    ``key`` is its name in an address: ``extend:`` and the clock, ``act:`` and the trigger, or the
    kind.
    """

    key: str
    kind: Kind
    judge: Role
    label: Label
    transition: Transition | None = None
    clock: Record | None = None
    longest: Longest | None = None

    @property
    def fields(self) -> tuple[Input, ...]:
        """What is typed into it besides the reason, which is the act's own where it asks for one.

        Nothing personal or sealed and no files: whoever decides adds them.
        """
        return tuple(field for field in self.declared if field != self.reason)

    @property
    def declared(self) -> tuple[Input, ...]:
        """What of the act can be proposed."""
        if self.transition is None:
            return ()
        return tuple(
            field
            for field in self.transition.all_inputs
            if not (field.personal or field.sealed or isinstance(field, Files))
        )

    @property
    def reason(self) -> Input | None:
        """The field of the act that the reason fills."""
        return reason_field(self.transition) if self.transition is not None else None

    @property
    def names_somebody(self) -> bool:
        """Whether another officer can be named in it."""
        return self.key in KIND_WORDS


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks: which request, why, and what was typed into it."""

    key: str
    reason: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    person_id: UUID | None = None


def requests(view: Snapshot, actor: Actor, now: datetime, law: LawBook) -> list[Request]:
    """What the actor can ask on a case now: extensions, another officer, acts of a superior."""
    if not handles(view, actor) or view.lifecycle.states[view.state].final:
        return []
    of_the_lead = Capacity.LEAD in view.capacities_of(actor) and actor.is_authority
    found = [*_extensions(view, actor, now, law)]
    if of_the_lead:
        found += _officers(actor)
        found += _acts(view, actor)
    return found


def _extensions(view: Snapshot, actor: Actor, now: datetime, law: LawBook) -> Iterator[Request]:
    standing = Standing(view.lifecycle, view.row["division"], view.all_participants, view.clocks)
    own = view.capacities_of(actor)
    for clock in view.clocks:
        deadline = view.lifecycle.deadlines[clock["name"]]
        if clock["due_at"] is None or clock["due_at"] < now:
            continue
        transition = next_act(view, deadline, clock, law, now)
        judge = _judge(standing.approvers(transition)) if transition is not None else None
        if transition is None or judge is None:
            continue
        waits = deadline.waits_for
        theirs = waits is not None and stands_for(actor, own, [waits]) is not None
        if not (theirs or (actor.is_authority and Capacity.LEAD in own)):
            continue
        if stands_for(actor, own, standing.approvers(transition)) is not None:
            continue
        label = Label(f"申请延长「{deadline.zh}」", f"Ask to extend “{deadline.en}”")
        longest = last_extended(deadline, clock, law, now)
        yield Request(
            f"extend:{clock['id']}", Kind.EXTEND, judge, label, transition, clock, longest
        )


def _officers(actor: Actor) -> Iterator[Request]:
    if actor.roles & set(JUDGES):
        return
    for kind in (Kind.HELP, Kind.TAKEOVER):
        yield Request(kind.value, kind, Role.SUPERVISOR, KIND_WORDS[kind.value])


def _acts(view: Snapshot, actor: Actor) -> list[Request]:
    """Acts open in this state that only a superior may do, the likely one first."""
    lifecycle, own = view.lifecycle, view.capacities_of(actor)
    found = []
    for transition in lifecycle.open_in(view.state):
        judge = _judge(transition.by)
        if judge is None or transition.extends or not is_plain(transition, lifecycle.timers):
            continue
        if stands_for(actor, own, transition.actors) is not None:
            continue
        found.append((transition, judge))
    found.sort(key=lambda one: (is_exit(one[0]), likelihood(lifecycle, one[0])))
    return [
        Request(f"act:{transition.name}", Kind.ACT, judge, transition.label, transition)
        for transition, judge in found
    ]


def _judge(by: Sequence[Who]) -> Role | None:
    """To whom it is put: the lowest role of the lead authority that may do it."""
    led = {who.role for who in by if who.capacity in (None, Capacity.LEAD)}
    return next((role for role in JUDGES if role in led), None)


def ask(
    session: Session, case_id: UUID, asked: Asked, *, actor: Actor, now: datetime, law: LawBook
) -> UUID:
    """Put a request to whoever decides it; return the id of the escalation.

    Raises NotPermitted for what this person cannot ask now, BadInputs for what does not hold, and
    TransitionRefused if the same is being asked already.
    """
    view = operations.locked(session, case_id)
    offered = {request.key: request for request in requests(view, actor, now, law)}
    request = offered.get(asked.key)
    if request is None:
        label = Label("现在不能提请此事。", "This cannot be asked now.")
        raise NotPermitted([Refusal(Why.NOT_YOU, label)])
    proposal = _proposal(view, request, asked, now, law)
    _refuse_twice(view, request, proposal)
    due_on = request.clock["due_on"] if request.clock is not None else ""
    raising = records.Raising(
        kind=request.kind,
        key=f"hand:{new_id()}@{due_on}",
        role=request.judge,
        proposal=proposal,
        reason=asked.reason.strip(),
        clock_id=request.clock["id"] if request.clock is not None else None,
        by=actor,
    )
    raised = records.raise_one(view, raising, now=now, law=law)
    if raised is None:
        raise TransitionRefused([Refusal(Why.NOT_NOW, ALREADY)])
    return raised


ALREADY: Final = Label(
    "此事已经提请，尚未决定。", "The same has been asked already and is not decided yet."
)


def _too_far(
    view: Snapshot, request: Request, values: Mapping[str, Any], now: datetime, law: LawBook
) -> dict[str, Label]:
    """The fault of a day until which no stage can extend the clock."""
    until = values.get(EXTENDED_UNTIL.name)
    if until is None or request.clock is None:
        return {}
    deadline = view.lifecycle.deadlines[request.clock["name"]]
    fault = extension_fault(deadline, request.clock, until, law, local_date(now))
    return {} if fault is None else {EXTENDED_UNTIL.name: fault}


def _proposal(
    view: Snapshot, request: Request, asked: Asked, now: datetime, law: LawBook
) -> Proposal:
    """What is proposed. Raises BadInputs with a sentence per field."""
    faults: dict[str, Label] = {}
    reason = asked.reason.strip()
    if not reason:
        faults["reason"] = Label("请写明理由。", "Give the reason.")
    elif len(reason) > LONGEST:
        faults["reason"] = Label(f"最多 {LONGEST} 字。", f"At most {LONGEST} characters.")
    if request.transition is not None:
        said = told_openly(request.transition, filled_in(request.transition, asked.inputs, reason))
        values, wrong = clean_inputs(request.declared, said, today=local_date(now))
        faults |= wrong or _too_far(view, request, values, now, law)
        proposal = Proposal(
            Do.ACT, request.transition.name, told_openly(request.transition, values)
        )
    else:
        if asked.person_id is not None and asked.person_id not in assignable(view, now):
            label = Label("请从本机关人员中选择。", "Choose somebody of this authority.")
            faults["person"] = label
        do = Do.ASSIGN if request.kind is Kind.TAKEOVER else Do.INSTRUCT
        proposal = Proposal(do, person_id=asked.person_id)
    if faults:
        raise BadInputs(faults)
    return proposal


def _refuse_twice(view: Snapshot, request: Request, proposal: Proposal) -> None:
    for one in records.open_ones(view):
        same = one["kind"] == request.kind and Proposal.read(one["proposal"]).trigger == (
            proposal.trigger
        )
        if same:
            raise TransitionRefused([Refusal(Why.NOT_NOW, ALREADY)])
