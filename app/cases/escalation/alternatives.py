"""What may be decided instead of what was proposed, each with the limits of the law in words.

All of it follows from the lifecycle's declaration, the clock and the law; no guard is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from app.cases.escalation.powers import Standing, lacking
from app.cases.escalation.proposals import Do, Kind, Proposal
from app.cases.escalation.wanted import has_files, wants_more
from app.cases.extensions import next_stage, stages_left
from app.cases.likely import likelihood
from app.cases.snapshot import Record
from app.engine.actors import Actor
from app.engine.definition import (
    EXTENDED_UNTIL,
    OVERDUE_REASON,
    Deadline,
    Signoff,
    Take,
    Transition,
)
from app.engine.inputs import Input, Reference
from app.law.labels import Label
from app.law.periods import local_date
from app.law.sources import Citation
from app.law.terms import LawBook

ASSIGN: Final = "assign"
INSTRUCT: Final = "instruct"
MOVE: Final = "move"
ACT: Final = "act"

ASSIGN_LABEL: Final = Label("改派承办人", "Give the case to another officer")
INSTRUCT_LABEL: Final = Label("提出办理要求", "Say what is to be done")
HELP_LABEL: Final = Label("派人协助", "Send help")
ASSIGN_LIMIT: Final = Label(
    "限本机关执法人员、科室负责人；环节和期限不变。",
    "An inspector or supervisor of this authority; state and deadlines stay as they are.",
)
INSTRUCT_LIMIT: Final = Label(
    "只提出要求，环节和期限不变。", "Nothing moves: state and deadlines stay as they are."
)
OTHER_ACTS: Final = frozenset({Kind.LATE, Kind.AT_RISK})
"""Kinds that leave open what is to be done: every act open to the decider is offered."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """Something that may be decided. ``proposal`` is what choosing it decides, if nothing is typed.

    ``light``: it can be filled in on a card, without names to look up and without files.
    """

    key: str
    proposal: Proposal
    label: Label
    limits: Sequence[Label] = ()
    basis: Sequence[Citation] = ()
    transition: Transition | None = None
    light: bool = True

    @property
    def fields(self) -> Sequence[Input]:
        """What the act asks for; nothing where it is none."""
        return self.transition.all_inputs if self.transition is not None else ()

    @property
    def on_a_card(self) -> Sequence[Input]:
        """The same, the limit of the law beside the date; why it is late, the words say."""
        limit = self.limits[0] if self.limits else None
        return [
            replace(field, help=limit) if field == EXTENDED_UNTIL else field
            for field in self.fields
            if field != OVERDUE_REASON
        ]

    @property
    def wants_more(self) -> bool:
        """Whether more is to be typed than what was proposed and a reason."""
        return self.transition is not None and wants_more(self.transition, self.proposal.inputs)


@dataclass(frozen=True, slots=True)
class Matter:
    """An open escalation with what its alternatives follow from. ``clock``: the one it is about."""

    standing: Standing
    state: str
    raised: Record
    clock: Record | None
    now: datetime
    law: LawBook

    @property
    def kind(self) -> Kind:
        return Kind(self.raised["kind"])

    @property
    def proposal(self) -> Proposal:
        return Proposal.read(self.raised["proposal"])

    @property
    def deadline(self) -> Deadline | None:
        """The deadline it is about."""
        if self.clock is None:
            return None
        return self.standing.lifecycle.deadlines[self.clock["name"]]


def key_of(proposal: Proposal) -> str:
    """The key under which a proposal is offered."""
    match proposal.do:
        case Do.ACT:
            return f"{ACT}:{proposal.trigger}"
        case Do.ASSIGN:
            return ASSIGN
        case Do.MOVE_END:
            return MOVE
        case Do.INSTRUCT:
            return INSTRUCT


def alternatives(matter: Matter, actor: Actor) -> list[Alternative]:
    """What the actor has the power to decide: what was proposed first, if that is among it."""
    found: dict[str, Alternative] = {}
    for one in _all(matter):
        if lacking(matter.standing, actor, one.proposal) is None:
            found.setdefault(one.key, one)
    return list(found.values())


def _all(matter: Matter) -> Iterator[Alternative]:
    yield described(matter, matter.proposal)
    if matter.kind is Kind.EARLIER:
        return
    for transition in _acts(matter):
        yield described(matter, Proposal(Do.ACT, transition.name))
    if matter.proposal.do is not Do.ASSIGN:
        yield described(matter, Proposal(Do.ASSIGN))
    if matter.proposal.do is not Do.INSTRUCT:
        yield described(matter, Proposal(Do.INSTRUCT))


def _acts(matter: Matter) -> list[Transition]:
    """The acts that may be chosen, the likely one first; those that meet the clock before all."""
    lifecycle, deadline, proposed = matter.standing.lifecycle, matter.deadline, matter.proposal
    open_ = [t for t in lifecycle.open_in(matter.state) if is_plain(t, lifecycle.timers)]
    if matter.kind not in OTHER_ACTS:
        extends = lifecycle.transitions[proposed.trigger].extends if proposed.trigger else ""
        return [t for t in open_ if extends and t.extends == extends]
    meets = set(deadline.met_by) if deadline is not None else set()
    open_ = [t for t in open_ if not t.extends]
    return sorted(open_, key=lambda t: (t not in meets, *likelihood(lifecycle, t)))


def is_plain(transition: Transition, timers: Collection[str]) -> bool:
    """Whether an act is somebody's own to do: on no row, with no other hands, not received."""
    return not (
        transition.automatic
        or transition.received
        or transition.opens
        or transition.name in timers
        or isinstance(transition, Signoff)
        or isinstance(transition.item, Take)
    )


def described(matter: Matter, proposal: Proposal) -> Alternative:
    """A proposal with its name and its limits."""
    key = key_of(proposal)
    match proposal.do:
        case Do.ASSIGN:
            return Alternative(key, proposal, ASSIGN_LABEL, (ASSIGN_LIMIT,))
        case Do.INSTRUCT:
            return Alternative(key, proposal, _instruction(matter, proposal), (INSTRUCT_LIMIT,))
        case Do.MOVE_END:
            return _moved(key, proposal)
        case Do.ACT:
            return _act(matter, key, proposal)


def _instruction(matter: Matter, proposal: Proposal) -> Label:
    act = matter.standing.lifecycle.transitions.get(proposal.trigger)
    if act is None:
        return HELP_LABEL if matter.kind is Kind.HELP else INSTRUCT_LABEL
    return Label(f"责成办理「{act.zh}」", f"Have it done: “{act.en}”")


def _moved(key: str, proposal: Proposal) -> Alternative:
    day = proposal.due_on
    label = Label(f"期限提前至 {day}", f"Let the deadline end earlier, on {day}")
    limit = Label(
        "以按现行安排计算的日期为准，不能另定他日；不同意的，期限不变。",
        "Only the day that follows from the present calendar; refused, the deadline stays.",
    )
    return Alternative(key, proposal, label, (limit,))


def _act(matter: Matter, key: str, proposal: Proposal) -> Alternative:
    lifecycle = matter.standing.lifecycle
    transition = lifecycle.transitions.get(proposal.trigger)
    if transition is None:
        return Alternative(key, proposal, Label(proposal.trigger, proposal.trigger))
    limits: list[Label] = []
    basis = list(transition.basis)
    deadline = lifecycle.deadlines.get(transition.extends)
    clock = next((c for c in matter.standing.clocks if c["name"] == transition.extends), None)
    if deadline is not None and clock is not None:
        longest = last_extended(deadline, clock, matter.law, matter.now)
        limits.append(longest.label)
        basis = list(dict.fromkeys([*longest.basis, *basis]))
    elif states := list(dict.fromkeys(state.label for state in transition.destinations)):
        zh, en = "或".join(f"「{s.zh}」" for s in states), " or ".join(f"“{s.en}”" for s in states)
        limits.append(Label(f"办理后进入{zh}。", f"The case becomes {en}."))
    light = not has_files(transition) and not any(
        isinstance(field, Reference) for field in transition.all_inputs
    )
    return Alternative(
        key, proposal, transition.label, tuple(limits), tuple(basis), transition, light
    )


@dataclass(frozen=True, slots=True)
class Longest:
    """How far a clock can be extended now, in words, and on which articles."""

    label: Label
    basis: Sequence[Citation] = ()


def last_extended(deadline: Deadline, clock: Record, law: LawBook, now: datetime) -> Longest:
    """The last day to which the next stage of its extension can take a running clock."""
    if stages_left(deadline, clock["derivation"]) < 1:
        return Longest(Label("已无可用的延期。", "No further extension is left."))
    stage = next_stage(deadline, clock, law, local_date(now))
    length, unit, last = stage.term.length, stage.term.unit.label, stage.last
    nth = f"第 {stage.number} 次延期（共可 {stage.of} 次），" if stage.of > 1 else ""
    nth_en = f"Extension {stage.number} of {stage.of}: " if stage.of > 1 else ""
    until = f"，至 {last}" if last is not None else "，期限现中止计算"
    until_en = f", until {last}" if last is not None else "; the clock is stopped now"
    label = Label(
        f"{nth}最多延长 {length} {unit.zh}{until}；须在 {clock['due_on']} 届满前批准。",
        f"{nth_en}at most {length} {unit.en}{until_en}; to be granted before it ends"
        f" on {clock['due_on']}.",
    )
    return Longest(label, tuple(stage.term.basis))


def with_inputs(proposal: Proposal, inputs: Mapping[str, Any]) -> Proposal:
    """The same act with other inputs."""
    return replace(proposal, inputs=dict(inputs))
