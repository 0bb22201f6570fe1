"""Which act of a state is the likely one: read from the declaration alone, no guard is asked."""

from __future__ import annotations

from typing import Final

from app.engine.actors import Actor
from app.engine.definition import Anywhere, Lifecycle, Signoff, StateSet, Take, Transition

WIDE: Final = 3
"""An act that is open in more states than this is an exit or a remark, not the next step."""

NO_CLOCK: Final = 100


def likelihood(lifecycle: type[Lifecycle], transition: Transition) -> tuple[bool, int, int, bool]:
    """What acts are sorted by, the likely first.

    The next step before the exits; moves, then what rows wait for, then a final move that its
    clock does not name first, then other acts; what a clock waits for, in the order the clock
    names it, before the rest; among acts, signatures first.
    """
    places = [
        deadline.met_by.index(transition)
        for deadline in lifecycle.deadlines.values()
        if transition in deadline.met_by
    ]
    place = min(places, default=NO_CLOCK)
    if transition.is_act:
        rank = 1 if isinstance(transition.item, Take) else 3
    else:
        rank = 2 if transition.confirms and place else 0
    return is_exit(transition), rank, place, not isinstance(transition, Signoff)


def is_exit(transition: Transition) -> bool:
    """Whether an act leaves the usual way: open almost everywhere, or a reopening."""
    sources = transition.sources
    wide = isinstance(sources, Anywhere) or (
        isinstance(sources, StateSet) and len(sources.states) > WIDE
    )
    return wide or transition.reopens


def likely_step(lifecycle: type[Lifecycle], state: str, actor: Actor) -> Transition | None:
    """The move most likely wanted of the person in a state that waits for a role of theirs."""
    waits = lifecycle.states[state].waits_for
    if waits is None or waits.role not in actor.roles:
        return None
    moves = [
        transition
        for transition in lifecycle.open_in(state)
        if not transition.is_act
        and not is_exit(transition)
        and any(who.role in actor.roles for who in transition.by)
    ]
    return min(moves, key=lambda move: likelihood(lifecycle, move), default=None)
