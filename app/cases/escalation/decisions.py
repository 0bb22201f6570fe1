"""Deciding an escalation: approve, approve with changes, refuse, pass upward, withdraw.

Each is one transaction under the lock of the case. What is approved happens in it, through
`operations.fire`, `records.give` or `amendments.move_end`, under both names; where that is refused,
nothing is written at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.cases import amendments, lateness, operations, rungs, timers
from app.cases import records as case_records
from app.cases.errors import (
    BadInputs,
    EscalationGone,
    NoSuchCase,
    NotPermitted,
    TransitionRefused,
)
from app.cases.escalation import closing, records
from app.cases.escalation.closing import BECAUSE_LABELS, Because
from app.cases.escalation.powers import (
    Standing,
    above,
    climbing,
    hands,
    lacking,
    not_addressed,
    unable,
)
from app.cases.escalation.proposals import Do, Proposal
from app.cases.escalation.records import Status
from app.cases.escalation.wanted import filled_in, told_openly
from app.cases.models import Case, Escalation
from app.cases.sight import visible_to
from app.cases.snapshot import Record, Snapshot
from app.cases.step import Decided, Fired
from app.db import Database
from app.engine.actors import (
    AUTHORITY_ROLES,
    OVERSEEING_ROLES,
    SYSTEM_ACTOR,
    Actor,
    Role,
)
from app.engine.definition import EXTENDED_UNTIL, OVERDUE_REASON
from app.engine.inputs import plain
from app.engine.permission import Refusal, Why
from app.formats import instant
from app.law.labels import Label
from app.law.terms import LawBook

LONGEST: Final = 4000
"""Characters of a reason, an instruction or a view."""


class Decision(StrEnum):
    """What somebody does about an escalation."""

    APPROVE = "approve"
    CHANGE = "change"
    REFUSE = "refuse"
    PASS = "pass"  # noqa: S105 - a word on a button
    WITHDRAW = "withdraw"

    @property
    def label(self) -> Label:
        """The word on the button."""
        return DECISION_LABELS[self]


DECISION_LABELS: Final[Mapping[Decision, Label]] = {
    Decision.APPROVE: Label("同意", "Approve"),
    Decision.CHANGE: Label("改后同意", "Approve with changes"),
    Decision.REFUSE: Label("不同意", "Refuse"),
    Decision.PASS: Label("上报", "Pass upward"),
    Decision.WITHDRAW: Label("撤回", "Withdraw"),
}
WANTED: Final[Mapping[Decision, Label]] = {
    Decision.REFUSE: Label("不同意的，须写明办理要求。", "Say what is to be done instead."),
    Decision.PASS: Label("上报的，须签署意见。", "Give your view."),
}
"""What is missing where nothing was said."""


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody wants done about an escalation.

    ``words``: the reason, the instruction or the view. ``instead``: what is decided, where that is
    not what was proposed.
    """

    escalation_id: UUID
    decision: Decision
    words: str = ""
    instead: Proposal | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an escalation. ``because``: it closed by itself, nothing was decided."""

    escalation_id: UUID
    case_id: UUID
    status: Status
    to: Role | None = None
    fired: Fired | None = None
    because: Because | None = None


def decide(
    database: Database, order: Order, *, actor: Actor, now: datetime, law: LawBook
) -> Outcome:
    """Decide one escalation and do what follows from it by itself.

    Raises EscalationGone if there is nothing left to decide, NoSuchCase for what one may not see,
    NotPermitted, BadInputs, and what the act raises: `TransitionRefused`, `LawError`.
    """
    outcome = database.write(partial(decide_one, order=order, actor=actor, now=now, law=law))
    if outcome.because is not None:
        raise EscalationGone(gone(outcome.because.label))
    if outcome.fired is not None and outcome.fired.due:
        timers.work_off(database, law, now)
    return outcome


def decide_one(
    session: Session, *, order: Order, actor: Actor, now: datetime, law: LawBook
) -> Outcome:
    """The same within the caller's transaction; one found pointless is closed, and told so."""
    case_id, proposal = _case_of(session, order.escalation_id, actor)
    act = (order.instead or proposal).trigger
    view = operations.locked(session, case_id, with_root=act in operations.family_triggers())
    raised = records.one(view, order.escalation_id)
    if raised["status"] != Status.OPEN:
        raise EscalationGone(what_became(raised))
    deciding = _Deciding(view, raised, replace(order, words=order.words.strip()), actor, now, law)
    deciding.permit()
    because = closing.pointless_now(view, raised, now)
    if because is not None and order.decision is not Decision.WITHDRAW:
        closing.close(view, raised, because, now)
        records.recount(view)
        return Outcome(raised["id"], case_id, Status.CLOSED, because=because)
    return deciding.carry_out()


def _case_of(session: Session, escalation_id: UUID, actor: Actor) -> tuple[UUID, Proposal]:
    """The case of an escalation the person may know of, what is proposed. Raises NoSuchCase."""
    query = (
        select(Escalation.case_id, Escalation.proposal)
        .join(Case, Case.id == Escalation.case_id)
        .where(Escalation.id == escalation_id, visible_to(actor))
    )
    if not actor.roles & OVERSEEING_ROLES:
        query = query.where(Escalation.raised_by.in_(hands(actor)))
    found = session.execute(query).one_or_none()
    if found is None:
        raise NoSuchCase
    return found.case_id, Proposal.read(found.proposal)


def what_became(raised: Mapping[str, Any]) -> Label:
    """What became of an escalation that is no longer open: who decided it, or why it closed."""
    status = Status(raised["status"])
    if status is Status.CLOSED:
        return gone(BECAUSE_LABELS[Because(raised["closed_because"])])
    who, at, word = raised["decided_by_name"], instant(raised["decided_at"]), status.label
    return gone(Label(f"{who}已于 {at} 办理：{word.zh}。", f"{who} was first, at {at}: {word.en}."))


def gone(why: Label) -> Label:
    """The sentence of somebody who comes too late."""
    return Label(f"该事项已无须决定。{why.zh}", f"There is nothing left to decide. {why.en}")


@dataclass(frozen=True, slots=True)
class _Deciding:
    """One decision on one open escalation of a locked case."""

    view: Snapshot
    raised: Record
    order: Order
    actor: Actor
    now: datetime
    law: LawBook

    # May they? ------------------------------------------------------------------------------------

    @property
    def standing(self) -> Standing:
        view = self.view
        return Standing(view.lifecycle, view.row["division"], view.all_participants, view.clocks)

    def permit(self) -> None:
        """Raise NotPermitted or BadInputs for what this person may not do, or not so."""
        order, found = self.order, list[Refusal | None]()
        match order.decision:
            case Decision.WITHDRAW:
                found = [self._not_asked()]
            case Decision.PASS:
                found = [not_addressed(self.raised, self.actor)]
            case Decision.APPROVE:
                found = [*unable(self.standing, self.raised, self.actor), self._lacks()]
            case _:
                found = [*unable(self.standing, self.raised, self.actor)]
        if order.instead is not None:
            found.append(lacking(self.standing, self.actor, order.instead))
        refusals = list(dict.fromkeys(refusal for refusal in found if refusal is not None))
        if refusals:
            raise NotPermitted(refusals)
        self._refuse_wrong_words()

    def _lacks(self) -> Refusal | None:
        return lacking(self.standing, self.actor, Proposal.read(self.raised["proposal"]))

    def _not_asked(self) -> Refusal | None:
        if {self.raised["raised_by"], self.raised["raised_behalf"]} & hands(self.actor):
            return None
        label = Label("只有提请人可以撤回。", "Only whoever asked can withdraw it.")
        return Refusal(Why.NOT_YOU, label)

    def _refuse_wrong_words(self) -> None:
        words = self.order.words
        if not words and (wanted := WANTED.get(self.order.decision)):
            raise BadInputs({"words": wanted})
        if len(words) > LONGEST:
            label = Label(f"最多 {LONGEST} 字。", f"At most {LONGEST} characters.")
            raise BadInputs({"words": label})

    # What it does ---------------------------------------------------------------------------------

    def carry_out(self) -> Outcome:
        match self.order.decision:
            case Decision.APPROVE:
                return self._approve(Proposal.read(self.raised["proposal"]), Status.APPROVED)
            case Decision.CHANGE:
                if self.order.instead is None:
                    label = Label("请选择改为办理什么。", "Choose what is to be done instead.")
                    raise BadInputs({"choose": label})
                proposed = Proposal.read(self.raised["proposal"])
                completed = completes(proposed, self.order.instead)
                status = Status.APPROVED if completed else Status.CHANGED
                return self._approve(self.order.instead, status)
            case Decision.REFUSE:
                return self._decided(Status.REFUSED, None)
            case Decision.WITHDRAW:
                return self._decided(Status.WITHDRAWN, None)
            case Decision.PASS:
                return self._pass_on()

    def _approve(self, proposal: Proposal, status: Status) -> Outcome:
        seq, fired = None, None
        match proposal.do:
            case Do.ACT:
                proposal = self._said(proposal)
                fired = self._fire(proposal)
                # A clue leaves no entry on the case it was found on.
                seq = fired.seq if fired.seq > self.view.row["last_seq"] else None
            case Do.ASSIGN:
                seq = self._assign(proposal)
            case Do.MOVE_END:
                seq = self._move_end(proposal)
            case Do.INSTRUCT:
                if not self.order.words and proposal.person_id is None:
                    label = Label("请写明办理要求。", "Say what is to be done.")
                    raise BadInputs({"words": label})
        return self._decided(status, _openly(self.view, proposal), seq=seq, fired=fired)

    def _said(self, proposal: Proposal) -> Proposal:
        """The act with the decider's words, where it asks for a text that nobody has given."""
        transition, words = self.view.lifecycle.transitions[proposal.trigger], self.order.words
        inputs = filled_in(transition, proposal.inputs, words)
        late = lateness.overdue(self.view, transition, self.actor, self.now, proposal.item_id)
        if late is not None and words and OVERDUE_REASON in transition.all_inputs:
            inputs.setdefault(OVERDUE_REASON.name, words)
        return replace(proposal, inputs=inputs)

    @property
    def _decides(self) -> Decided:
        raised = self.raised
        return Decided(
            raised["id"], raised["raised_by"], raised["raised_by_name"], raised["raised_behalf"]
        )

    def _fire(self, proposal: Proposal) -> Fired:
        return operations.fire(
            self.view.session,
            self.view.id,
            proposal.trigger,
            actor=self.actor,
            inputs=proposal.inputs,
            now=self.now,
            law=self.law,
            item_id=proposal.item_id,
            decides=self._decides,
        )

    def _assign(self, proposal: Proposal) -> int:
        if proposal.person_id is None:
            label = Label("请选择改派给谁。", "Choose to whom it is given.")
            raise BadInputs({"person": label})
        if proposal.person_id == self.view.row["assignee_id"]:
            label = Label("案件现在就由其承办。", "That officer is in charge of it already.")
            raise BadInputs({"person": label})
        return case_records.give(
            self.view, proposal.person_id, actor=self.actor, now=self.now, decides=self._decides
        )

    def _move_end(self, proposal: Proposal) -> int:
        clock_id, due_on = self.raised["clock_id"], proposal.due_on
        if clock_id is None or due_on is None:
            label = Label("没有可变更的期限。", "There is no clock to move.")
            raise TransitionRefused([Refusal(Why.NOT_NOW, label)])
        return amendments.move_end(
            self.view,
            clock_id,
            due_on,
            actor=self.actor,
            now=self.now,
            law=self.law,
            decides=self._decides,
        )

    def _decided(
        self,
        status: Status,
        decision: Proposal | None,
        *,
        seq: int | None = None,
        fired: Fired | None = None,
    ) -> Outcome:
        raised, actor, words = self.raised, self.actor, self.order.words
        kept = decision.kept() if decision is not None else None
        role = self._role()
        values = {
            "status": status.value,
            "climbs_at": None,
            "decided_by": actor.person_id,
            "decided_by_name": actor.written_name,
            "decided_behalf": actor.on_behalf_of,
            "decided_role": role.value if role is not None else None,
            "decided_at": self.now,
            "decision": kept,
            "instruction": words,
            "fired_seq": seq,
        }
        records.change(self.view, raised["id"], values)
        records.recount(self.view)
        told: dict[str, object] = {"status": status, "instruction": words}
        if kept is not None:
            told["decision"] = kept
        if seq is not None:
            told["entry"] = seq
        records.enter(self.view, self.order.decision, actor, raised["id"], told, self.now)
        if status is not Status.WITHDRAWN:
            self._tell(decision, status)
        return Outcome(raised["id"], self.view.id, status, fired=fired)

    def _role(self) -> Role | None:
        """The role in which it was decided: the lowest that was enough."""
        chain = climbing(Role(self.raised["role"]))
        return next((role for role in chain if role in self.actor.roles), None)

    def _tell(self, decision: Proposal | None, status: Status) -> None:
        """Tell whoever asked; where a clock did, who is to do what the decider wants done."""
        raised = self.raised
        by_a_clock = raised["raised_by"] == SYSTEM_ACTOR.person_id
        instructed = decision is None or decision.do is Do.INSTRUCT
        outcome = records.INSTRUCTED if instructed and by_a_clock else status
        tell = partial(records.tell, self.view, "decided", raised, now=self.now, outcome=outcome)
        told = {raised["raised_by"]} - {SYSTEM_ACTOR.person_id}
        if decision is not None and decision.person_id is not None:
            told.add(decision.person_id)
        for person_id in sorted(told - {self.actor.person_id}):
            tell(None, None, person_id=person_id)
        if instructed and by_a_clock:
            for to in self._handlers():
                tell(to.role, to.organisation_id, person_id=to.person_id)

    def _handlers(self) -> Iterator[rungs.Address]:
        """Who of the authority works on what it is about."""
        clock = next((c for c in self.view.clocks if c["id"] == self.raised["clock_id"]), None)
        if clock is not None:
            deadline = self.view.lifecycle.deadlines[clock["name"]]
            handlers = rungs.addresses(self.view, deadline, "handler")
            found = [address for address in handlers if address.role in AUTHORITY_ROLES]
            if found:
                yield from found
                return
        row = self.view.row
        yield rungs.Address(Role.INSPECTOR, row["authority_id"], row["assignee_id"])

    def _pass_on(self) -> Outcome:
        raised, view, words = self.raised, self.view, self.order.words
        to = above(raised, self.actor)
        if to is None:
            label = Label(
                "已到局领导，没有上级可报，请直接决定。",
                "Nobody stands above the leader here: it is to be decided.",
            )
            raise TransitionRefused([Refusal(Why.NOT_NOW, label)])
        until = records.climbs_at(self.now, self.law)
        values = {
            "role": to.value,
            "since": self.now,
            "climbs_at": until,
            "level": raised["level"] + 1,
        }
        where = raised["organisation_id"]
        records.change(view, raised["id"], values)
        records.add_step(view, raised, "passed", self.actor, to, where, words, self.now)
        told = {"from": Role(raised["role"]), "to": to, "view": words}
        records.enter(view, Decision.PASS, self.actor, raised["id"], told, self.now)
        records.tell(view, "passed", raised, to, where, self.now)
        return Outcome(raised["id"], view.id, Status.OPEN, to=to)


def completes(proposed: Proposal, decided: Proposal) -> bool:
    """Whether what was decided is what was proposed, with more said than was said then.

    A day named for an extension of which all was asked grants less: that is a change.
    """
    until = EXTENDED_UNTIL.name
    shortened = bool(decided.inputs.get(until)) and not proposed.inputs.get(until)
    return (
        not shortened
        and replace(decided, inputs={}) == replace(proposed, inputs={})
        and all(plain(decided.inputs.get(name)) == value for name, value in proposed.inputs.items())
    )


def _openly(view: Snapshot, proposal: Proposal) -> Proposal:
    if proposal.do is not Do.ACT:
        return proposal
    transition = view.lifecycle.transitions[proposal.trigger]
    return replace(proposal, inputs=told_openly(transition, proposal.inputs))
