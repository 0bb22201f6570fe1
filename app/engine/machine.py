"""The `transitions` machine of each lifecycle; nobody else imports that library.

One unbound machine per lifecycle class, which is to say per version: no model is registered, so
nothing is attached to a row, nothing must be cleaned up and threads share it. Guards are ours and
have been asked before (`permission.refusals`, `permission.destination`); the library is the second
lock that lets no move pass which nobody declared.
"""

from __future__ import annotations

from typing import Final

from transitions import Machine, MachineError

from app.engine.definition import Lifecycle, State, Transition
from app.engine.errors import WrongState


class _Place:
    """The throw-away model a trigger is fired on: it holds a state and nothing else."""

    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


def trigger_name(transition: Transition, to: State) -> str:
    """The library's trigger: a transition with branches has one for each destination."""
    return f"{transition.name}:{to.name}"


_machines: Final[dict[type[Lifecycle], Machine]] = {}


def machine(lifecycle: type[Lifecycle]) -> Machine:
    """Return the machine of a lifecycle, built at its first use and kept."""
    known = _machines.get(lifecycle)
    if known is None:
        known = _machines[lifecycle] = _built(lifecycle)
    return known


def _built(lifecycle: type[Lifecycle]) -> Machine:
    # Never queued: on a shared machine a second thread's trigger would return at once while its
    # model is still in the old state.
    return Machine(
        model=None,
        states=list(lifecycle.states),
        initial=None,
        transitions=[
            {"trigger": trigger_name(transition, to), "source": source, "dest": to.name}
            for transition in lifecycle.transitions.values()
            for to in dict.fromkeys(transition.destinations)
            for source in sorted(transition.source_names)
        ],
        auto_transitions=False,
        send_event=True,
        queued=False,
    )


def move(lifecycle: type[Lifecycle], state_name: str, transition: Transition, to: State) -> str:
    """Fire a transition from a state towards one of its destinations; return the new state's name.

    Raises WrongState if no declared transition leads there, or the state is unknown.
    """
    place = _Place(state_name)
    try:
        machine(lifecycle).events[trigger_name(transition, to)].trigger(place)
    except (MachineError, KeyError, ValueError) as error:
        raise WrongState(state_name, transition.name, to.name) from error
    return place.state
