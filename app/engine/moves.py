"""Every entry a lifecycle lets a case's chain hold, as moves from one state to another.

What the models (`bpmn`, `pnml`) draw and what conformance replays is this one list. Beside the
transitions and the acts that move nothing it holds the withdrawal of a waiver: a timely act of a
party, entered by the authority after its clock has ended, takes the case back (design, law 4).
An act that raises a clue is none of them: it leaves its entry in the case it opens (law 10).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from app.engine.definition import Expiry, Lifecycle, RaiseClue, Transition

REINSTATE: Final = "reinstate"
"""The trigger of the entry that withdraws a waiver."""


@dataclass(frozen=True, slots=True)
class Move:
    """One entry: its trigger, the state before (``None``: there was no case) and the one after."""

    trigger: str
    source: str | None
    to: str


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What withdraws the waiver of a deadline: one of ``acts``, from a state where it is over."""

    deadline: str
    acts: tuple[Transition, ...]
    sources: tuple[str, ...]
    back: str


def moves(lifecycle: type[Lifecycle]) -> list[Move]:
    """Every move once, in the order of the file; acts stay in each state they are allowed in."""
    found = [
        Move(transition.name, source, to)
        for transition in lifecycle.transitions.values()
        if leaves_an_entry(transition)
        for source in sources(lifecycle, transition)
        for to in targets(transition, source)
    ]
    found += [
        Move(REINSTATE, source, one.back)
        for one in withdrawals(lifecycle)
        for source in one.sources
    ]
    return list(dict.fromkeys(found))


def leaves_an_entry(transition: Transition) -> bool:
    """Whether the act is an entry of the chain of its own case."""
    return not any(isinstance(effect, RaiseClue) for effect in transition.effects)


def sources(lifecycle: type[Lifecycle], transition: Transition) -> list[str | None]:
    """The states it may be done in, in the order of the file; ``[None]`` for the opening."""
    if transition.opens:
        return [None]
    return [name for name in lifecycle.states if name in transition.source_names]


def targets(transition: Transition, source: str | None) -> list[str]:
    """The states it may lead to from there; an act leaves the case where it is."""
    if transition.is_act:
        return [source] if source is not None else []
    return list(dict.fromkeys(state.name for state in transition.destinations))


def withdrawals(lifecycle: type[Lifecycle]) -> list[Withdrawal]:
    """The waivers of a lifecycle that may be withdrawn, and from which states."""
    return [found for found in _withdrawals(lifecycle) if found.sources]


def _withdrawals(lifecycle: type[Lifecycle]) -> Iterator[Withdrawal]:
    for deadline in lifecycle.deadlines.values():
        lapse = deadline.on_expiry
        if deadline.expiry is not Expiry.PARTY_WAIVER or lapse is None:
            continue
        acts = tuple(act for act in deadline.met_by if act.recorded_by)
        over = [
            name
            for name in _reached(lifecycle, lapse)
            if any(name not in act.source_names for act in acts)
        ]
        back = next(name for name in lifecycle.states if name in lapse.source_names)
        yield Withdrawal(deadline.name, acts, tuple(over), back)


def _reached(lifecycle: type[Lifecycle], lapse: Transition) -> list[str]:
    """The states a case may stand in once the clock has fired, in the order of the file."""
    begin = {to for source in lapse.source_names for to in targets(lapse, source)}
    found: set[str] = set()
    while begin:
        found |= begin
        begin = {
            to
            for transition in lifecycle.transitions.values()
            for source in transition.source_names & begin
            for to in targets(transition, source)
        } - found
    return [name for name in lifecycle.states if name in found]
