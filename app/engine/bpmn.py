"""A lifecycle as BPMN 2.0 (ISO/IEC 19510, OMG formal/2013-12-09), with a diagram.

How a state machine is mapped, so that the paths through the process are exactly the sequences of
entries `moves` lists:

- a *state* is an exclusive gateway: what leads to it joins there, what leaves it is chosen there.
  Which way is taken is for the persons and guards the task names, so flows carry no condition;
- a *transition* is one task, whatever the number of its sources: a user task; a receive task for
  an act of another authority; a service task for what the system does. After a transition that
  may lead to several states comes an exclusive gateway of its own;
- what a clock does by itself comes after a timer catch event that names its deadlines;
- the *opening* follows the start event. A *final state* is an end event; where it can be left,
  a gateway comes before the end event;
- *acts that move nothing* are the tasks of one ad-hoc sub-process beside the gateway of the state
  they are allowed in: any of them, in any order, as often as wanted, then the gateway again;
- a transition out of more than `WIDE` states, which would be as many crossing flows, is reached by
  a link event beside each of these states; the link with the same name leads on to the task;
- the withdrawal of a waiver is a receive task, from the states where the waived act is over.

Roles stand at the tasks as potential owners. There are no lanes: most steps of one state belong to
different roles, and a lane for each would cut every state into pieces. Labels are Chinese; the
English stands in the documentation. Keys of the lifecycle are attributes of a namespace of ours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import pairwise
from typing import Final

from app.engine.actors import Role, Who
from app.engine.definition import Anywhere, Lifecycle, State, StateSet, Transition
from app.engine.moves import REINSTATE, leaves_an_entry, targets, withdrawals
from app.law.labels import Label

WIDE: Final = 3
"""A transition out of more states than this is reached by link events."""

START: Final = Label("开始", "Start")
ACTS: Final = Label("本环节可办理的其他事项", "Acts that do not change the state")
WITHDRAWN: Final = Label("撤销视为放弃", "Waiver withdrawn")
ANYWHERE: Final = {
    Anywhere.ANY: Label("任一环节", "Any state"),
    Anywhere.OPEN: Label("任一未结环节", "Any open state"),
}


class Kind(Enum):
    """The elements of the process, by the part they play in it."""

    START = auto()
    END = auto()
    STATE = auto()
    CHOICE = auto()
    USER = auto()
    RECEIVE = auto()
    SERVICE = auto()
    TIMER = auto()
    THROW = auto()
    CATCH = auto()
    ACTS = auto()


@dataclass(eq=False)
class Element:
    """A node of the process. ``rank`` orders the way through it."""

    id: str
    kind: Kind
    label: Label
    rank: float = 0.0
    state: str = ""
    trigger: str = ""
    by: Sequence[Who] = ()
    recorded_by: Sequence[Who] = ()
    told: Sequence[str] = ()
    """Further lines of its documentation."""
    inner: list[Element] = field(default_factory=list)
    """The tasks of a sub-process."""


@dataclass(eq=False)
class Flow:
    """A sequence flow."""

    source: Element
    target: Element

    @property
    def id(self) -> str:
        """Its id: there is one flow between two elements at most."""
        return f"flow.{self.source.id}.{self.target.id}"


@dataclass(frozen=True)
class _Step:
    """A task to be: what it is called, where it comes from and where it leads."""

    id: str
    kind: Kind
    label: Label
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    where: Label | None
    trigger: str
    by: Sequence[Who] = ()
    recorded_by: Sequence[Who] = ()
    told: Sequence[str] = ()
    clocks: Sequence[Label] = ()


class Process:
    """The nodes and flows of a lifecycle, built once, in the order of the file."""

    def __init__(self, lifecycle: type[Lifecycle]) -> None:
        self.lifecycle = lifecycle
        self.elements: list[Element] = []
        self.flows: list[Flow] = []
        self.satellites: dict[Element, list[Element]] = defaultdict(list)
        """What stands beside the gateway of a state: acts, links and the end."""
        self.floating: list[Element] = []
        """What a link leads to up to the state behind it, from there backwards."""
        opening = lifecycle.opening().destinations[0]
        order = sorted(lifecycle.states.values(), key=lambda s: (s is not opening, s.final))
        self._rank = {state.name: 10.0 * (place + 1) for place, state in enumerate(order)}
        self._entry = {name: self._state(state) for name, state in lifecycle.states.items()}
        self._start(lifecycle.opening())
        wide: dict[tuple[str, ...], list[_Step]] = defaultdict(list)
        for step in self._steps():
            if len(step.sources) > WIDE:
                wide[step.sources].append(step)
            else:
                self._narrow(step)
        for number, steps in enumerate(wide.values(), start=1):
            self._wide(number, steps)

    # States

    def _state(self, state: State) -> Element:
        acts = [
            self._task(_act(transition), f"act.{state.name}.{transition.name}")
            for transition in self.lifecycle.open_in(state.name)
            if transition.is_act and leaves_an_entry(transition)
        ]
        rank = self._rank[state.name]
        end = Element(f"end.{state.name}", Kind.END, state.label, rank, state=state.name)
        if state.final and not acts and not self._is_left(state):
            return self._add(end)
        gateway = self._add(
            Element(f"state.{state.name}", Kind.STATE, state.label, rank, state=state.name)
        )
        if acts:
            beside = self._beside(gateway, Element(f"acts.{state.name}", Kind.ACTS, ACTS))
            beside.inner = acts
            self._flow(beside, gateway)
        if state.final:
            self._beside(gateway, end)
        return gateway

    def _is_left(self, state: State) -> bool:
        transitions = self.lifecycle.transitions.values()
        withdrawn = [name for one in withdrawals(self.lifecycle) for name in one.sources]
        return state.name in withdrawn or any(
            state.name in transition.source_names and leaves_an_entry(transition)
            for transition in transitions
        )

    def _beside(self, gateway: Element, element: Element) -> Element:
        self.satellites[gateway].append(self._add(element))
        self._flow(gateway, element)
        return element

    # Steps

    def _start(self, opening: Transition) -> None:
        start = self._add(Element("start", Kind.START, START))
        task = self._add(self._task(_moving(self.lifecycle, opening), f"task.{opening.name}"))
        task.rank = 5.0
        self._flow(start, task)
        self._flow(task, self._entry[opening.destinations[0].name])

    def _steps(self) -> Iterator[_Step]:
        for transition in self.lifecycle.transitions.values():
            if not transition.opens and not transition.is_act and leaves_an_entry(transition):
                yield _moving(self.lifecycle, transition)
        yield from _withdrawing(self.lifecycle)

    def _narrow(self, step: _Step) -> None:
        """A task to which a flow leads from each of its sources."""
        first = min(self._rank[name] for name in step.sources)
        chain = self._chain(step, first + 4.0)
        for name in step.sources:
            self._flow(self._entry[name], chain[0])

    def _wide(self, number: int, steps: Sequence[_Step]) -> None:
        """Tasks to which links lead from each of their sources."""
        label = next((step.where for step in steps if step.where), Label("多个环节", "States"))
        for name in steps[0].sources:
            throw = Element(f"link.{number}.{name}", Kind.THROW, label, state=name)
            self._beside(self._entry[name], throw)
        chains = []
        for step in steps:
            nearest = min(self._rank[name] for name in step.targets)
            chains.append(self._chain(step, nearest - 4.0))
            self.floating += reversed(chains[-1])
        first = min(chain[0].rank for chain in chains)
        catch = self._add(Element(f"link.{number}", Kind.CATCH, label, first - 2.0))
        if len(chains) == 1:
            self._flow(catch, chains[0][0])
        else:
            choice = self._add(Element(f"choice.link.{number}", Kind.CHOICE, label, first - 1.0))
            self._flow(catch, choice)
            for chain in chains:
                self._flow(choice, chain[0])
            self.floating.append(choice)
        self.floating.append(catch)

    def _chain(self, step: _Step, rank: float) -> list[Element]:
        """Timer, task and choice of one step, joined, and the flows to where it leads."""
        chain: list[Element] = []
        if step.clocks:
            zh = "、".join(clock.zh for clock in step.clocks)
            en = ", ".join(clock.en for clock in step.clocks)
            timer = Element(f"timer.{step.trigger}", Kind.TIMER, Label(zh, en), rank)
            chain.append(self._add(timer))
        task = self._add(self._task(step, step.id))
        task.rank = rank + 0.25
        chain.append(task)
        if len(step.targets) > 1:
            choice = Element(f"choice.{step.trigger}", Kind.CHOICE, step.label, rank + 0.5)
            chain.append(self._add(choice))
        for one, next_ in pairwise(chain):
            self._flow(one, next_)
        for name in step.targets:
            self._flow(chain[-1], self._entry[name])
        return chain

    def _task(self, step: _Step, id_: str) -> Element:
        return Element(
            id_, step.kind, step.label, trigger=step.trigger, by=step.by,
            recorded_by=step.recorded_by, told=step.told,
        )  # fmt: skip

    def _add(self, element: Element) -> Element:
        self.elements.append(element)
        return element

    def _flow(self, source: Element, target: Element) -> None:
        self.flows.append(Flow(source, target))


def _act(transition: Transition) -> _Step:
    """An act that moves nothing, as a step."""
    return _Step(
        f"task.{transition.name}",
        _kind(transition),
        _titled(transition),
        sources=(),
        targets=(),
        where=None,
        trigger=transition.name,
        by=transition.by,
        recorded_by=transition.recorded_by,
        told=_told(transition),
    )


def _moving(lifecycle: type[Lifecycle], transition: Transition) -> _Step:
    clocks = [each.label for each in lifecycle.deadlines.values() if each.on_expiry is transition]
    return _Step(
        f"task.{transition.name}",
        _kind(transition),
        _titled(transition),
        sources=tuple(name for name in lifecycle.states if name in transition.source_names),
        targets=tuple(targets(transition, None)),
        where=_where(transition),
        trigger=transition.name,
        by=transition.by,
        recorded_by=transition.recorded_by,
        told=_told(transition),
        clocks=clocks,
    )


def _withdrawing(lifecycle: type[Lifecycle]) -> Iterator[_Step]:
    """One task per state that a withdrawal leads back to."""
    by_state: dict[str, set[str]] = defaultdict(set)
    owners: dict[str, dict[Who, None]] = defaultdict(dict)
    for one in withdrawals(lifecycle):
        by_state[one.back] |= set(one.sources)
        owners[one.back] |= {who: None for act in one.acts for who in act.recorded_by}
    for back, found in by_state.items():
        yield _Step(
            f"task.{REINSTATE}.{back}",
            Kind.RECEIVE,
            WITHDRAWN,
            sources=tuple(name for name in lifecycle.states if name in found),
            targets=(back,),
            where=WITHDRAWN,
            trigger=REINSTATE,
            recorded_by=[*owners[back]],
        )


def _kind(transition: Transition) -> Kind:
    if transition.received:
        return Kind.RECEIVE
    if all(who.role is Role.SYSTEM for who in transition.actors):
        return Kind.SERVICE
    return Kind.USER


def _titled(transition: Transition) -> Label:
    label = transition.label
    return Label(f"{transition.code} {label.zh}", f"{transition.code} {label.en}")


def _told(transition: Transition) -> list[str]:
    return [f"{citation.text_zh} {citation.text_en}" for citation in transition.basis]


def _where(transition: Transition) -> Label | None:
    match transition.sources:
        case StateSet() as states:
            return states.label
        case Anywhere() as anywhere:
            return ANYWHERE.get(anywhere)
        case _:
            return None
