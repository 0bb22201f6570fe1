"""An escalation as a person reads it: what is asked, the facts, the clock, what they may decide.

A page of cards costs the same number of queries however many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from app.cases.escalation import lists
from app.cases.escalation.alternatives import Alternative, Matter, alternatives, described
from app.cases.escalation.closing import BECAUSE_LABELS, Because
from app.cases.escalation.decisions import Decision
from app.cases.escalation.lists import Listed
from app.cases.escalation.powers import Standing, above, hands, lacking, unable
from app.cases.escalation.proposals import Do, Kind, Proposal
from app.cases.escalation.records import Status, next_desk
from app.cases.models import CaseDeadline, Escalation, EscalationStep
from app.cases.reassignment import officers_of
from app.cases.snapshot import Record
from app.cases.values import Names, Shown, all_shown, names_in_all
from app.cases.wording import ClockLine, lines
from app.db import table_of
from app.engine.actors import SYSTEM_ACTOR, Actor, Role
from app.engine.definition import Deadline, Expiry, Lifecycle
from app.engine.permission import Refusal
from app.formats import instant
from app.law.labels import Label
from app.law.periods import local_date
from app.law.terms import LawBook
from app.workflows import by_version

CLOCK_COLUMNS: Final = table_of(CaseDeadline).columns
COLUMNS: Final = table_of(Escalation).columns

EXPIRES: Final[Mapping[Expiry, Label]] = {
    Expiry.PARTY_WAIVER: Label("视为放弃", "the right counts as waived"),
    Expiry.PARTY_BREACH: Label("记为当事人逾期", "it counts as a breach by the party"),
    Expiry.AUTHORITY_BREACH: Label(
        "记为本机关逾期并督办，环节不变，仍可补办",
        "it counts as a breach of ours; the state stays and it can still be done",
    ),
    Expiry.AUTO_RELEASE: Label("措施自行解除", "the measure ends by itself"),
    Expiry.RIGHT_LOST: Label("权利丧失，不可补办", "the right is lost for good"),
    Expiry.TARGET: Label("仅作提醒", "a reminder, no more"),
}
"""What the end of a clock brings about."""
STAYS: Final = Label("不再上转，一直待决定。", "It goes no further and waits here.")


@dataclass(frozen=True)
class Card:
    """One escalation for one person."""

    raised: Escalation
    case: Any
    lifecycle: type[Lifecycle]
    matter: Matter
    actor: Actor
    clock: ClockLine | None
    steps: Sequence[EscalationStep]
    persons: Mapping[UUID, str]
    names: Names
    officers: Mapping[UUID, str]
    """Who may be given the case."""

    # What is asked ------------------------------------------------------------------------------

    @property
    def kind(self) -> Kind:
        return Kind(self.raised.kind)

    @property
    def status(self) -> Status:
        return Status(self.raised.status)

    @property
    def is_open(self) -> bool:
        return self.status is Status.OPEN

    @property
    def by_a_clock(self) -> bool:
        """Whether nobody asked: a clock or a calendar raised it."""
        return self.raised.raised_by == SYSTEM_ACTOR.person_id

    @property
    def only_instructs(self) -> bool:
        """Whether a clock asks for an instruction: then there is no request to approve."""
        return self.by_a_clock and self.matter.proposal.do is Do.INSTRUCT

    @property
    def state(self) -> Label:
        return self.lifecycle.states[self.case.state].label

    @property
    def waits_for(self) -> Label | None:
        who = self.lifecycle.states[self.case.state].waits_for
        return who.label if who is not None else None

    @property
    def assignee(self) -> str | None:
        """The name of the officer in charge."""
        return self.persons.get(self.case.assignee_id) if self.case.assignee_id else None

    @property
    def put_to(self) -> Label:
        """Whose decision it is."""
        return Role(self.raised.role).label

    def role_label(self, role: str) -> Label:
        """The name of a role a step names."""
        return Role(role).label

    @property
    def days(self) -> int:
        """Calendar days since it was raised."""
        return (local_date(self.matter.now) - local_date(self.raised.raised_at)).days

    @property
    def proposed(self) -> Words:
        """What was proposed."""
        return self._words(Proposal.read(self.raised.proposal))

    @property
    def decided(self) -> Words | None:
        """What was decided, where something was done."""
        kept = self.raised.decision
        return self._words(Proposal.read(kept)) if kept is not None else None

    def _words(self, proposal: Proposal) -> Words:
        one = described(self.matter, proposal)
        person = self.persons.get(proposal.person_id) if proposal.person_id else None
        return Words(one, person, all_shown(one.fields, proposal.inputs, self.names))

    @property
    def closed_because(self) -> Label | None:
        """Why it closed by itself."""
        because = self.raised.closed_because
        return BECAUSE_LABELS[Because(because)] if because else None

    # What follows -------------------------------------------------------------------------------

    def if_undecided(self) -> Iterator[Label]:
        """What happens if nobody decides: where it goes when, and what the clock's end brings."""
        until, role = self.raised.climbs_at, Role(self.raised.role)
        if until is not None:
            to, at = next_desk(self.lifecycle, role, self.matter.proposal), instant(until)
            yield (
                Label(f"{at} 前不决定，转{to.label.zh}。", f"After {at} it goes to: {to.label.en}.")
                if to is not None
                else Label(
                    f"{at} 前不决定，告知上级和审计员。",
                    f"After {at} whoever stands above and the auditor are told.",
                )
            )
        deadline, clock = self.matter.deadline, self.clock
        ends = clock.due_on if clock is not None and clock.runs else None
        if deadline is not None and ends is not None and ends >= local_date(self.matter.now):
            yield _at_the_end(deadline, ends)
        elif until is None:
            yield STAYS

    # What the person may do ---------------------------------------------------------------------

    @property
    def refusals(self) -> list[Refusal]:
        """Why the person may neither approve nor refuse."""
        return unable(self.matter.standing, self.matter.raised, self.actor)

    @property
    def may_decide(self) -> bool:
        return self.is_open and not self.refusals

    @property
    def may_approve(self) -> bool:
        """Whether it can be approved as it is, with a reason at most."""
        lacks = lacking(self.matter.standing, self.actor, self.matter.proposal)
        return self.may_decide and lacks is None and not self.wants_more

    @property
    def lacks(self) -> Refusal | None:
        """Why the person has no power for what is proposed, though they decide."""
        return lacking(self.matter.standing, self.actor, self.matter.proposal)

    @property
    def wants_more(self) -> bool:
        """Whether what is proposed asks for more than was said, so that it has to be completed."""
        proposal = self.matter.proposal
        if proposal.do is Do.ASSIGN:
            return proposal.person_id is None
        return described(self.matter, proposal).wants_more

    @property
    def pass_to(self) -> Role | None:
        """To whom the person may pass it on."""
        return above(self.matter.raised, self.actor) if self.is_open else None

    @property
    def is_mine(self) -> bool:
        """Whether the person asked for it."""
        return bool({self.raised.raised_by, self.raised.raised_behalf} & hands(self.actor))

    @property
    def may_withdraw(self) -> bool:
        return self.is_open and self.is_mine

    @property
    def alternatives(self) -> list[Alternative]:
        """What the person has the power to decide."""
        return alternatives(self.matter, self.actor) if self.may_decide else []

    @property
    def instead(self) -> list[Alternative]:
        """What may be decided by changing something; what only words are said to is approved."""
        only_words = {Do.INSTRUCT, Do.MOVE_END} & {self.matter.proposal.do}
        return [one for one in self.alternatives if one.proposal.do not in only_words]

    def offers(self, decision: Decision) -> bool:
        """Whether a decision is the person's to make now."""
        match decision:
            case Decision.APPROVE:
                return self.may_approve
            case Decision.CHANGE | Decision.REFUSE:
                return self.may_decide
            case Decision.PASS:
                return self.pass_to is not None
            case Decision.WITHDRAW:
                return self.may_withdraw


@dataclass(frozen=True, slots=True)
class Words:
    """A proposal or a decision in words: what is done, by whom, with what said."""

    alternative: Alternative
    person: str | None
    values: Sequence[Shown]

    @property
    def label(self) -> Label:
        """What is done."""
        one = self.alternative.label
        if self.person is None:
            return one
        return Label(f"{one.zh}：{self.person}", f"{one.en}: {self.person}")


def _at_the_end(deadline: Deadline, ends: date) -> Label:
    means = EXPIRES[deadline.expiry]
    fires = deadline.on_expiry
    what = (
        Label(f"{means.zh}，系统办理「{fires.zh}」", f"{means.en}: “{fires.en}” by itself")
        if fires is not None
        else means
    )
    return Label(
        f"「{deadline.zh}」{ends} 届满：{what.zh}。",
        f"“{deadline.en}” ends on {ends}: {what.en}.",
    )


# Reading them -----------------------------------------------------------------------------------


def cards(
    session: Session, actor: Actor, found: Sequence[Listed], *, now: datetime, law: LawBook
) -> list[Card]:
    """The cards of these escalations; six queries at most."""
    if not found:
        return []
    seats = lists.seats(session, {one.case.id for one in found})
    steps = lists.steps(session, [one.raised.id for one in found])
    bodies = {one.case.authority_id for one in found if one.raised.status == Status.OPEN}
    officers = officers_of(session, bodies, local_date(now)) if bodies else {}
    persons = lists.names(session, _mentioned(found))
    lifecycles = [by_version(one.case.lifecycle, one.case.lifecycle_version) for one in found]
    told = [
        (lifecycle.transitions[kept["trigger"]].all_inputs, kept.get("inputs", {}))
        for one, lifecycle in zip(found, lifecycles, strict=True)
        for kept in (one.raised.proposal, one.raised.decision or {})
        if kept.get("trigger") in lifecycle.transitions
    ]
    names = names_in_all(session, told)
    made = []
    for one, lifecycle in zip(found, lifecycles, strict=True):
        clock = _row(one.clock, CLOCK_COLUMNS) if one.clock is not None else None
        clocks = [clock] if clock is not None and clock["closed_at"] is None else []
        standing = Standing(lifecycle, one.case.division, seats.get(one.case.id, ()), clocks)
        raised = _row(one.raised, COLUMNS)
        matter = Matter(standing, one.case.state, raised, clock, now, law)
        line = lines(lifecycle, [clock], law, now)[0] if clock is not None else None
        made.append(
            Card(
                raised=one.raised,
                case=one.case,
                lifecycle=lifecycle,
                matter=matter,
                actor=actor,
                clock=line,
                steps=steps.get(one.raised.id, ()),
                persons=persons,
                names=names,
                officers=officers.get(one.case.authority_id, {}),
            )
        )
    return made


def _row(found: object, columns: Iterable[Any]) -> Record:
    return {column.name: getattr(found, column.key) for column in columns}


def _mentioned(found: Sequence[Listed]) -> set[UUID]:
    """Everybody whom the cards name."""
    ids: set[UUID] = set()
    for one in found:
        for kept in (one.raised.proposal, one.raised.decision or {}):
            if kept.get("person"):
                ids.add(UUID(kept["person"]))
        if one.case.assignee_id is not None:
            ids.add(one.case.assignee_id)
    return ids
