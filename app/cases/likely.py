"""Which act of a state is the likely one: read from the declaration alone, no guard is asked."""

from __future__ import annotations

from typing import Final

from app.engine.actors import Actor
from app.engine.definition import Anywhere, Lifecycle, Signoff, StateSet, Take, Transition

WIDE: Final = 3
"""An act that is open in more states than this is an exit or a remark, not the next step."""

NO_CLOCK: Final = 100


USUAL, ON_ROWS, ENDING, BESIDE, BACK = range(5)


def kind_of(lifecycle: type[Lifecycle], transition: Transition) -> int:
    """How usual a step is: on the way, on a row, an end no clock asks for, beside it, or back."""
    if transition.is_act:
        return ON_ROWS if isinstance(transition.item, Take) else BESIDE
    if goes_back(lifecycle, transition) or is_received_end(transition):
        return BACK
    asked = _place(lifecycle, transition) == 0
    return ENDING if transition.item is None and transition.confirms and not asked else USUAL


def _place(lifecycle: type[Lifecycle], transition: Transition) -> int:
    """How early a clock names what it waits for."""
    places = [
        deadline.met_by.index(transition)
        for deadline in lifecycle.deadlines.values()
        if transition in deadline.met_by
    ]
    return min(places, default=NO_CLOCK)


def likelihood(lifecycle: type[Lifecycle], transition: Transition) -> tuple[bool, int, int, bool]:
    """What acts are sorted by, the likely first.

    The next step before the exits; then by its kind; what a clock waits for, in the order the
    clock names it, before the rest; among acts, signatures first.
    """
    return (
        is_exit(transition),
        kind_of(lifecycle, transition),
        _place(lifecycle, transition),
        not isinstance(transition, Signoff),
    )


def is_exit(transition: Transition) -> bool:
    """Whether an act leaves the usual way: open almost everywhere, or a reopening."""
    sources = transition.sources
    wide = isinstance(sources, Anywhere) or (
        isinstance(sources, StateSet) and len(sources.states) > WIDE
    )
    return wide or transition.reopens


def goes_back(lifecycle: type[Lifecycle], transition: Transition) -> bool:
    """Whether a move leads to states declared before those it leaves: sent back, begun anew."""
    order = list(lifecycle.states)
    to = [order.index(state.name) for state in transition.destinations]
    return bool(to) and max(to) < min(order.index(name) for name in transition.source_names)


def is_received_end(transition: Transition) -> bool:
    """Whether another authority ends the case: nobody here can mean to do it next."""
    return transition.received and any(state.final for state in transition.destinations)


def likely_step(lifecycle: type[Lifecycle], state: str, actor: Actor) -> Transition | None:
    """The move most likely wanted of the person in a state that waits for a role of theirs.

    None where acts are open to them and no move on the way: a button would lead them off it.
    """
    waits = lifecycle.states[state].waits_for
    if waits is None or waits.role not in actor.roles:
        return None
    steps = [
        transition
        for transition in lifecycle.open_in(state)
        if not is_exit(transition) and any(who.role in actor.roles for who in transition.by)
    ]
    moves = [step for step in steps if not step.is_act]
    found = min(moves, key=lambda move: likelihood(lifecycle, move), default=None)
    beside = len(steps) > len(moves)
    return None if found and beside and kind_of(lifecycle, found) != USUAL else found
