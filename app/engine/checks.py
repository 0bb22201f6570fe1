"""Refuses a contradictory lifecycle while it is imported.

Each test below looks for one kind of fault and yields a sentence per fault; `check` gathers them
all, so that an author sees everything at once. What can be seen only when every lifecycle is known
(children, inherited clocks, joins) is in `check_family`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from app.engine.actors import AUTHORITY_ROLES, Role, Who
from app.engine.definition import (
    After,
    AfterDay,
    AfterEnd,
    AfterService,
    Anywhere,
    Bar,
    Before,
    Child,
    Deadline,
    Earliest,
    Effect,
    Expiry,
    FromParent,
    Guard,
    Join,
    Lasts,
    Leave,
    Lifecycle,
    Lift,
    MoveRows,
    On,
    Publish,
    Raise,
    RaiseClue,
    Relate,
    Report,
    SameDay,
    Sentence,
    Signoff,
    State,
    StateSet,
    Submit,
    Succeed,
    Take,
    Transition,
    Withdraw,
    Worded,
    YearDay,
)
from app.engine.errors import Contradiction
from app.engine.forms import RESERVED_NAMES
from app.engine.inputs import Choice, Day, Input, InputFault, Organisation, People, Person, YesNo
from app.law.labels import Label
from app.law.terms import shipped_law

__all__ = ["Contradiction", "check", "check_family", "running_states"]

NAME_LENGTH: Final = 40
STATUS_LENGTH: Final = 24
PREFIX_LENGTH: Final = 20
"""Widths of the columns in which names, statuses and kinds of case number are stored."""
SERVED_ON: Final = "served_on"
_SNAKE: Final = re.compile(r"[a-z][a-z0-9_]*")
_MOVES_NOTHING: Final = frozenset({Expiry.AUTHORITY_BREACH, Expiry.TARGET})
"""What expiry means where the law leaves the matter to a decision (domain 13.2)."""

Faults = Iterator[str]
Clocks = frozenset[Deadline]


def check(lifecycle: type[Lifecycle]) -> None:
    """Refuse a lifecycle that contradicts itself. Raises Contradiction with all faults at once."""
    faults = [fault for test in TESTS for fault in test(lifecycle)]
    if faults:
        raise Contradiction(lifecycle.__name__, list(dict.fromkeys(faults)))


# What every test needs --------------------------------------------------------------------------


def _said(word: Worded) -> str:
    """How a declared thing is called in a sentence."""
    if isinstance(word, Transition):
        return f"{word.name or word.zh} ({word.code})"
    return word.name or word.zh


def _listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def _moves(lifecycle: type[Lifecycle]) -> list[tuple[Transition, str, State]]:
    """Every way from a state to another that is declared, with its transition."""
    return [
        (transition, source, to)
        for transition in lifecycle.transitions.values()
        for source in sorted(transition.source_names)
        for to in transition.destinations
    ]


def _openings(lifecycle: type[Lifecycle]) -> list[Transition]:
    return [t for t in lifecycle.transitions.values() if t.opens]


def _reach(ways: Iterable[tuple[str, str]], begin: Iterable[str]) -> set[str]:
    """All that can be reached along the ways, the beginning included."""
    ways = list(ways)
    found = set(begin)
    todo = list(found)
    while todo:
        at = todo.pop()
        fresh = {to for source, to in ways if source == at} - found
        found |= fresh
        todo += fresh
    return found


def _starters(lifecycle: type[Lifecycle], deadline: Deadline) -> tuple[Transition, ...]:
    """The acts that start a clock directly."""
    if isinstance(deadline.anchor, AfterService):
        document = deadline.anchor.document
        return tuple(t for t in lifecycle.transitions.values() if document in t.serves)
    return deadline.anchors


def running_states(lifecycle: type[Lifecycle], deadline: Deadline) -> frozenset[str]:
    """Every state in which the clock can run.

    Walks every way of a case from its opening, together with the clocks that decide whether this
    one still runs: those whose end starts it, and those that fire the same transition.
    """
    company = _company(lifecycle, deadline)
    begun: dict[tuple[str, Clocks], None] = {}
    for opening in _openings(lifecycle):
        running = frozenset(
            d
            for d in company
            if isinstance(d.anchor, FromParent) or opening in _starters(lifecycle, d)
        )
        begun |= {(to.name, running): None for to in opening.destinations}
    todo = list(begun)
    while todo:
        for step in _next(lifecycle, company, *todo.pop()):
            if step not in begun:
                begun[step] = None
                todo.append(step)
    return frozenset(state for state, running in begun if deadline in running)


def _company(lifecycle: type[Lifecycle], deadline: Deadline) -> Clocks:
    found = {deadline}
    while True:
        more = {d.anchor.deadline for d in found if isinstance(d.anchor, AfterEnd)}
        more |= {
            d
            for d in lifecycle.deadlines.values()
            if d.on_expiry is not None and d.on_expiry in {f.on_expiry for f in found}
        }
        if more <= found:
            return frozenset(found)
        found |= more


def _next(
    lifecycle: type[Lifecycle],
    company: Clocks,
    state: str,
    running: Clocks,
) -> Iterator[tuple[str, Clocks]]:
    """Where a case can be after one act or one expiry, and which clocks then run."""
    clockwork = {d.on_expiry for d in company if d.on_expiry and _is_system_alone(d.on_expiry)}
    for transition in lifecycle.open_in(state):
        if transition not in clockwork or transition.automatic:
            yield from _step(lifecycle, company, state, transition, running)
    for clock in running:
        left = (running - {clock}) | {
            d for d in company if isinstance(d.anchor, AfterEnd) and d.anchor.deadline is clock
        }
        if clock.on_expiry is not None and state in clock.on_expiry.source_names:
            yield from _step(lifecycle, company, state, clock.on_expiry, left)
        else:
            yield state, left


def _step(
    lifecycle: type[Lifecycle],
    company: Clocks,
    state: str,
    transition: Transition,
    running: Clocks,
) -> Iterator[tuple[str, Clocks]]:
    of_one_row = isinstance(transition.item, Take)
    ended = {
        d
        for d in company
        if transition in (*d.met_by, *d.voided_by) and not (d.per is not None and of_one_row)
    }
    started = {d for d in company if transition in _starters(lifecycle, d)}
    for name in [to.name for to in transition.destinations] or [state]:
        ends = name not in lifecycle.states or lifecycle.states[name].final
        yield name, frozenset() if ends else (running - ended) | started


def _is_system_alone(transition: Transition) -> bool:
    return all(who.role is Role.SYSTEM for who in transition.by)


def _guards(lifecycle: type[Lifecycle]) -> Iterator[tuple[str, Guard]]:
    for transition in lifecycle.transitions.values():
        for guard in transition.guards:
            yield _said(transition), guard
        if not isinstance(transition.to, State) and transition.to is not None:
            for branch in transition.to:
                if branch.guard is not None:
                    yield _said(transition), branch.guard
    for deadline in lifecycle.deadlines.values():
        if deadline.proof is not None:
            yield _said(deadline), deadline.proof


def _inputs(lifecycle: type[Lifecycle]) -> Iterator[tuple[str, Input]]:
    for transition in lifecycle.transitions.values():
        for field in transition.all_inputs:
            yield _said(transition), field
    for report in lifecycle.reports.values():
        for field in report.inputs:
            yield _said(report), field


def _input(transition: Transition, name: str) -> Input | None:
    return next((field for field in transition.all_inputs if field.name == name), None)


def _is_asked(field: Input) -> bool:
    """Whether the act cannot be done without somebody filling the field in."""
    return field.must if isinstance(field, YesNo) else field.required


# Names and labels -------------------------------------------------------------------------------


def _identity(lifecycle: type[Lifecycle]) -> Faults:
    key = getattr(lifecycle, "key", "")
    if not key:
        yield "The lifecycle has no key."
    elif not _SNAKE.fullmatch(key) or len(key) > NAME_LENGTH:
        yield f"The key {key} must be snake_case of at most {NAME_LENGTH} characters."
    if len(lifecycle.number_prefix or key) > PREFIX_LENGTH:
        yield f"The case number's prefix is longer than {PREFIX_LENGTH} characters."
    if lifecycle.version < 1:
        yield "The version must be 1 or higher."
    for language, name in (("zh", "Chinese"), ("en", "English")):
        if not str(getattr(lifecycle, language, "")).strip():
            yield f"The lifecycle has no {name} label."
    for base in lifecycle.__mro__[1:]:
        if _words(base):
            yield (
                f"It inherits the words of {base.__name__}: every version of a lifecycle is "
                "declared in full."
            )


def _words(cls: type) -> dict[str, Worded]:
    return {name: word for name, word in vars(cls).items() if isinstance(word, Worded)}


def _names(lifecycle: type[Lifecycle]) -> Faults:
    for name, word in _words(lifecycle).items():
        if word.name != name:
            yield f"{name} is already declared as {word.name}."
        if len(name) > NAME_LENGTH:
            yield f"The name {name} is longer than {NAME_LENGTH} characters."
    for items in lifecycle.items.values():
        for status in items.statuses:
            if len(status) > STATUS_LENGTH:
                yield f"The status {status} is longer than {STATUS_LENGTH} characters."


def _codes(lifecycle: type[Lifecycle]) -> Faults:
    for transition in lifecycle.transitions.values():
        if not transition.code.strip():
            yield f"{transition.name} has no code."
    for code, times in Counter(t.code for t in lifecycle.transitions.values()).items():
        if code and times > 1:
            yield f"The code {code} is used {times} times."


def _labels(lifecycle: type[Lifecycle]) -> Faults:
    for labels in (_labels_of_words, _labels_of_guards, _labels_of_inputs):
        for where, label in labels(lifecycle):
            if not label.zh.strip():
                yield f"{where} has no Chinese label."
            if not label.en.strip():
                yield f"{where} has no English label."


def _labels_of_words(lifecycle: type[Lifecycle]) -> Iterator[tuple[str, Label]]:
    for name, word in _words(lifecycle).items():
        yield name, word.label
    for items in lifecycle.items.values():
        for status, label in items.statuses.items():
            yield f"The status {status} of {items.name}", label
    for report in lifecycle.reports.values():
        for section in report.sections:
            yield f"The section {section.number} of {report.name}", Label(section.zh, section.en)
    for deadline in lifecycle.deadlines.values():
        for exclusion in deadline.excluded_by:
            yield f"The exclusion {exclusion.kind} of {deadline.name}", exclusion.label


def _labels_of_guards(lifecycle: type[Lifecycle]) -> Iterator[tuple[str, Label]]:
    for where, guard in _guards(lifecycle):
        yield f"The guard {guard.key} of {where}", guard.label
        if guard.restricted is not None:
            yield f"The restricted reason of the guard {guard.key} of {where}", guard.restricted


def _labels_of_inputs(lifecycle: type[Lifecycle]) -> Iterator[tuple[str, Label]]:
    for where, field in _inputs(lifecycle):
        yield f"The input {field.name} of {where}", field.label
        if field.help is not None:
            yield f"The help of the input {field.name} of {where}", field.help
        if isinstance(field, Choice):
            for value, label in field.options:
                yield f"The option {value} of the input {field.name} of {where}", label


# States and ways --------------------------------------------------------------------------------


def _opens_once(lifecycle: type[Lifecycle]) -> Faults:
    openings = _openings(lifecycle)
    if not openings:
        yield "No transition opens a case."
    if len(openings) > 1:
        yield f"Several transitions open a case: {_listed(map(_said, openings))}."
    for opening in openings:
        if not isinstance(opening.to, State):
            yield f"{_said(opening)} opens a case and must lead to exactly one state."
        elif opening.to.final:
            yield f"{_said(opening)} opens a case in the final state {opening.to.name}."


def _states_are_own(lifecycle: type[Lifecycle]) -> Faults:
    own = set(lifecycle.states.values())
    for transition in lifecycle.transitions.values():
        sources = _source_states(transition)
        if sources is not None and not sources:
            yield f"{_said(transition)} leaves no state."
        for state in sources or ():
            if state not in own:
                yield f"{_said(transition)} leaves {_said(state)}, which is no state here."
        for state in transition.destinations:
            if state not in own:
                yield f"{_said(transition)} leads to {_said(state)}, which is no state here."
    for states in lifecycle.state_sets.values():
        for state in states.states:
            if state not in own:
                yield f"{states.name} holds {_said(state)}, which is no state here."


def _source_states(transition: Transition) -> Sequence[State] | None:
    """The sources that are listed; ``None`` where they need no list."""
    match transition.sources:
        case Anywhere():
            return None
        case StateSet(states=states):
            return states
        case states:
            return states


def _every_state_is_reached(lifecycle: type[Lifecycle]) -> Faults:
    openings = _openings(lifecycle)
    if not openings:
        return
    begin = {to.name for opening in openings for to in opening.destinations}
    reached = _reach([(source, to.name) for _, source, to in _moves(lifecycle)], begin)
    for name in lifecycle.states:
        if name not in reached:
            yield f"The state {name} cannot be reached."


def _every_state_has_an_end(lifecycle: type[Lifecycle]) -> Faults:
    final = {name for name, state in lifecycle.states.items() if state.final}
    back = [(to.name, source) for _, source, to in _moves(lifecycle)]
    ends = _reach(back, final)
    left = {source for _, source, to in _moves(lifecycle) if to.name != source}
    for name in lifecycle.states:
        if name in final:
            continue
        if name not in left:
            yield f"The state {name} is a dead end: no transition leaves it."
        elif name not in ends:
            yield f"The state {name} is a dead end: no final state can be reached from it."


def _final_states_stay(lifecycle: type[Lifecycle]) -> Faults:
    for transition in lifecycle.transitions.values():
        if transition.is_act or transition.received or transition.reopens:
            continue
        for name in sorted(transition.source_names):
            if name in lifecycle.states and lifecycle.states[name].final:
                yield (
                    f"{_said(transition)} leaves the final state {name}, "
                    "but is neither received nor reopens."
                )


def _last_branch_always_holds(lifecycle: type[Lifecycle]) -> Faults:
    for transition in lifecycle.transitions.values():
        if transition.to is None or isinstance(transition.to, State):
            continue
        branches = list(transition.to)
        if not branches or branches[-1].guard is not None:
            yield f"The last branch of {_said(transition)} must have no guard."
        if any(branch.guard is None for branch in branches[:-1]):
            yield f"A branch of {_said(transition)} comes after one that always holds."


# Actors -----------------------------------------------------------------------------------------


def _somebody_may(lifecycle: type[Lifecycle]) -> Faults:
    timers = {d.on_expiry for d in lifecycle.deadlines.values() if d.on_expiry is not None}
    for transition in lifecycle.transitions.values():
        said = _said(transition)
        if not transition.by:
            yield f"{said} names no role: nobody may do it."
        by_system = any(who.role is Role.SYSTEM for who in transition.by)
        alone = by_system and _is_system_alone(transition)
        itself = transition.automatic or transition in timers
        if itself and transition.by and not by_system:
            yield f"{said} fires by itself, but the system is not among those who may."
        if alone and not itself and not transition.opens:
            yield f"{said} is reserved to the system, but neither automatic nor of a clock."
        for who in transition.recorded_by:
            if who.role not in AUTHORITY_ROLES:
                yield f"{said} cannot be recorded by {who.role}, who is not of the authority."
        if itself:
            brought = transition.brings.inputs if transition.brings is not None else {}
            fields = (f for f in transition.all_inputs if f.name not in brought)
            asked = [field.name for field in fields if _is_asked(field)]
            if asked:
                yield f"{said} fires by itself, but nobody fills in {_listed(asked)}."
        if transition.automatic and transition.item is not None:
            yield f"{said} fires by itself, but nobody names the row."


# Inputs, rows and effects of an act -------------------------------------------------------------


def _inputs_are_sound(lifecycle: type[Lifecycle]) -> Faults:
    for transition in lifecycle.transitions.values():
        names = Counter(field.name for field in transition.all_inputs)
        for name, times in names.items():
            if times > 1:
                yield f"{_said(transition)} asks for {name} {times} times."
    for where, field in _inputs(lifecycle):
        if field.name in RESERVED_NAMES:
            yield f"The input {field.name} of {where} has a reserved name."
        elif not _SNAKE.fullmatch(field.name):
            yield f"The input {field.name} of {where} must be named in snake_case."
        if isinstance(field, Choice):
            values = [value for value, _ in field.options]
            if not values:
                yield f"The input {field.name} of {where} offers no option."
            if len(set(values)) < len(values):
                yield f"The input {field.name} of {where} offers an option twice."


def _rows_are_sound(lifecycle: type[Lifecycle]) -> Faults:
    for items in lifecycle.items.values():
        if not items.statuses:
            yield f"{items.name} has no status."
        for status in items.open_statuses:
            if status not in items.statuses:
                yield f"{items.name} has no status {status}."
        raising = [
            t
            for t in lifecycle.transitions.values()
            if isinstance(t.item, Raise) and t.item.items is items
        ]
        for transition in raising:
            if items.cites and _input(transition, items.cites) is None:
                yield f"{items.name} cites {items.cites}, which {_said(transition)} does not ask."
    for transition in lifecycle.transitions.values():
        yield from _row_of_act(lifecycle, transition)
        for moves in transition.moves:
            yield from _row_moves(lifecycle, transition, moves)


def _row_of_act(lifecycle: type[Lifecycle], transition: Transition) -> Faults:
    said, act = _said(transition), transition.item
    if act is None:
        return
    if act.items not in lifecycle.items.values():
        yield f"{said} is about {_said(act.items)}, which is no table here."
    if isinstance(act, Take):
        yield from _row_taken(transition, act)
    elif not transition.all_inputs:
        yield f"{said} adds a row of {act.items.name}, but asks for no input."


def _row_taken(transition: Transition, take: Take) -> Faults:
    said, table = _said(transition), take.items.name
    if not take.sources:
        yield f"{said} takes a row of {table} from no status."
    destinations = [take.to] if isinstance(take.to, str) else list(take.to.values())
    for status in (*take.sources, *destinations):
        if status not in take.items.statuses:
            yield f"{said} takes a row to or from {status}, which {table} has not."
    if isinstance(take.to, str):
        return
    what = f"where the row of {table} goes"
    yield from _choice_decides(transition, take.by, take.to, what)
    field = _input(transition, take.by)
    if isinstance(field, Choice):
        left = [value for value, _ in field.options if value not in take.to]
        if left:
            yield f"The options {_listed(left)} of {take.by} in {said} do not say {what}."


def _choice_decides(
    transition: Transition, name: str, mapping: Mapping[str, Any], what: str
) -> Faults:
    field = _input(transition, name)
    if not isinstance(field, Choice):
        yield f"{_said(transition)} has no choice {name or '(unnamed)'} that says {what}."
        return
    unknown = set(mapping) - {value for value, _ in field.options}
    if unknown:
        yield f"{name} in {_said(transition)} has no option {_listed(sorted(unknown))}."


def _row_moves(lifecycle: type[Lifecycle], transition: Transition, moves: MoveRows) -> Faults:
    if moves.items not in lifecycle.items.values():
        yield f"{_said(transition)} moves {_said(moves.items)}, which is no table here."
    for status in (*moves.moves, *moves.moves.values()):
        if status not in moves.items.statuses:
            yield f"{_said(transition)} moves rows of {moves.items.name} by no status {status}."


def _effects_are_possible(lifecycle: type[Lifecycle]) -> Faults:
    for transition in lifecycle.transitions.values():
        if transition.report is not None:
            yield from _own_report(lifecycle, transition, transition.report)
        for effect in transition.effects:
            yield from _effect_is_possible(lifecycle, transition, effect)
        yield from _brings_inputs(lifecycle, transition)


def _effect_is_possible(
    lifecycle: type[Lifecycle], transition: Transition, effect: Effect
) -> Faults:
    match effect:
        case Join():
            yield from _joins(transition, effect)
        case Leave(input=name) if name:
            yield from _names_somebody(transition, name)
        case Succeed(child=child) if child not in lifecycle.children:
            yield f"{_said(transition)} takes {effect.capacity} over from no link: {child}."
        case Submit(report=report):
            yield from _own_report(lifecycle, transition, report)
            yield from _report_is_whole(transition, report)
        case _:
            yield from _sanction_is_possible(lifecycle, transition, effect)


def _sanction_is_possible(
    lifecycle: type[Lifecycle], transition: Transition, effect: Effect
) -> Faults:
    """Whether what enters the registers, or ties a case, is asked for or known."""
    match effect:
        case Bar(persons=persons):
            yield from _asks(transition, effect.scope, effect.until, effect.basis, effect.since)
            if persons:
                yield from _bars_somebody(lifecycle, transition, persons)
        case Sentence():
            named = (effect.rule, effect.fine, effect.confiscated, effect.on)
            yield from _asks(transition, *(name for name in named if name not in lifecycle.facts))
            if effect.decision and effect.decision not in lifecycle.documents:
                yield f"{_said(transition)} enters a penalty by no document: {effect.decision}."
            if effect.published is not None:
                told = effect.published
                yield from _knows(lifecycle, transition, told.on, told.at, told.until)
        case Publish(on=on, at=at, until=until):
            yield from _asks(transition, on, at, until)
        case Withdraw(on=on):
            yield from _asks(transition, on)
        case Lift(party=party):
            yield from _asks(transition, party)
        case Relate(subject=subject, year=year):
            yield from _asks(transition, subject, year)


def _asks(transition: Transition, *names: str) -> Faults:
    for name in names:
        if name and _input(transition, name) is None:
            yield f"{_said(transition)} does not ask for {name}."


def _knows(lifecycle: type[Lifecycle], transition: Transition, *names: str) -> Faults:
    for name in names:
        if name not in lifecycle.facts:
            yield f"{_said(transition)} reads {name}, which is no fact here."


def _brings_inputs(lifecycle: type[Lifecycle], transition: Transition) -> Faults:
    if transition.brings is None:
        return
    if not transition.automatic or transition.brings.child not in lifecycle.children:
        yield f"{_said(transition)} brings inputs, but is not automatic or names no child."
    yield from _asks(transition, *transition.brings.inputs)


def _own_report(lifecycle: type[Lifecycle], transition: Transition, report: Report) -> Faults:
    if report not in lifecycle.reports.values():
        yield f"{_said(transition)} is about {_said(report)}, which is no report here."


def _report_is_whole(transition: Transition, report: Report) -> Faults:
    asked = {field.name for field in transition.all_inputs}
    missing = [field.name for field in report.inputs if field.name not in asked]
    if missing:
        yield f"{_said(transition)} submits {report.name} without {_listed(missing)}."


def _joins(transition: Transition, join: Join) -> Faults:
    ways = (join.input, join.holders_of, join.from_parent, join.subject, join.actor)
    if sum(bool(way) for way in ways) != 1:
        yield f"{_said(transition)} must say in exactly one way who becomes {join.capacity}."
    if join.input:
        yield from _names_somebody(transition, join.input)


def _names_somebody(transition: Transition, name: str) -> Faults:
    if not isinstance(_input(transition, name), Organisation | Person | People):
        yield f"{_said(transition)} has no organisation or person {name}."


def _bars_somebody(lifecycle: type[Lifecycle], transition: Transition, name: str) -> Faults:
    acts = [transition]
    if isinstance(transition.item, Take):
        table = transition.item.items
        acts += [t for t in lifecycle.transitions.values() if t.item and t.item.items is table]
    if not any(isinstance(_input(act, name), Organisation | Person | People) for act in acts):
        yield f"{_said(transition)} has no organisation or person {name}."


def _documents_are_served(lifecycle: type[Lifecycle]) -> Faults:
    own = set(lifecycle.documents.values())
    for transition in lifecycle.transitions.values():
        said = _said(transition)
        for document in (*transition.documents, *transition.serves):
            if document not in own:
                yield f"{said} is about {_said(document)}, which is no document here."
        for document in transition.serves:
            if not document.external:
                yield f"{said} serves {document.name}, which is internal."
        if transition.serves and not isinstance(_input(transition, SERVED_ON), Day):
            yield f"{said} proves a service, but does not ask for the day {SERVED_ON}."


# Deadlines --------------------------------------------------------------------------------------


def _clocks_name_own_acts(lifecycle: type[Lifecycle]) -> Faults:
    for deadline in lifecycle.deadlines.values():
        named = [*deadline.anchors, *deadline.met_by, *deadline.voided_by]
        for exclusion in deadline.excluded_by:
            named += [*exclusion.begins, *exclusion.ends]
        if deadline.on_expiry is not None:
            named.append(deadline.on_expiry)
        yield from _foreign_acts(lifecycle, deadline.name, named)
        for other in (deadline.bounded_by, getattr(deadline.anchor, "deadline", None)):
            if isinstance(other, Deadline) and other not in lifecycle.deadlines.values():
                yield f"{deadline.name} names {_said(other)}, which is no deadline here."
    for signoff in lifecycle.transitions.values():
        if isinstance(signoff, Signoff):
            yield from _foreign_acts(lifecycle, signoff.name, signoff.voided_by)


def _foreign_acts(lifecycle: type[Lifecycle], name: str, acts: Iterable[Transition]) -> Faults:
    for transition in acts:
        if transition not in lifecycle.transitions.values():
            yield f"{name} names {_said(transition)}, which is no transition here."


def _clocks_start(lifecycle: type[Lifecycle]) -> Faults:
    for deadline in lifecycle.deadlines.values():
        match deadline.anchor:
            case After(transitions=()) | AfterDay(transitions=()):
                yield f"{deadline.name} starts with no act."
            case AfterDay(input=name, transitions=acts):
                for transition in acts:
                    if not isinstance(_input(transition, name), Day):
                        yield f"{deadline.name} starts on {name}, no day of {_said(transition)}."
            case AfterService(document=document):
                if document not in lifecycle.documents.values():
                    yield f"{deadline.name} waits for {_said(document)}, which is no document here."
                elif not _starters(lifecycle, deadline):
                    yield f"{deadline.name} starts when {document.name} is served: no act does."
            case _:
                pass
        yield from _starts_per_row(lifecycle, deadline)


def _starts_per_row(lifecycle: type[Lifecycle], deadline: Deadline) -> Faults:
    if deadline.per is None:
        return
    if deadline.per not in lifecycle.items.values():
        yield f"{deadline.name} is kept per row of {_said(deadline.per)}, which is no table here."
    for starter in _starters(lifecycle, deadline):
        touched = [moves.items for moves in starter.moves]
        if starter.item is not None:
            touched.append(starter.item.items)
        if deadline.per not in touched:
            yield f"{deadline.name} is kept per row, but {_said(starter)} touches no such row."


def _clocks_end(lifecycle: type[Lifecycle]) -> Faults:
    for deadline in lifecycle.deadlines.values():
        dues = deadline.due.dues if isinstance(deadline.due, Earliest) else (deadline.due,)
        if not dues:
            yield f"{deadline.name} has no end."
        starters = _starters(lifecycle, deadline)
        for due in dues:
            yield from _law_knows(deadline, due)
            yield from _end_is_typed(deadline, due, starters)
            if isinstance(due, SameDay) and not isinstance(deadline.anchor, FromParent):
                yield f"{deadline.name} ends with the parent's, but is not taken over from it."
        if deadline.grace and not shipped_law().has_term(deadline.grace):
            yield f"{deadline.name} waits {deadline.grace}, which the law does not know."


def _law_knows(deadline: Deadline, due: object) -> Faults:
    law = shipped_law()
    if isinstance(due, Lasts | Before) and not law.has_term(due.term):
        yield f"{deadline.name} is reckoned by the term {due.term}, which the law does not know."
    if isinstance(due, YearDay):
        for code in due.codes:
            if not law.has_year_code(code):
                yield f"{deadline.name} ends on {code}, which no year's calendar knows."


def _end_is_typed(deadline: Deadline, due: object, starters: Sequence[Transition]) -> Faults:
    if isinstance(due, On | Before):
        if not starters:
            yield f"{deadline.name} ends on {due.input}, but no act that starts it asks for a day."
        for starter in starters:
            field = _input(starter, due.input)
            if not isinstance(field, Day) or not field.required:
                yield f"{deadline.name} ends on {due.input}: {_said(starter)} asks no such day."
    elif isinstance(due, YearDay) and not isinstance(due.code, str):
        for starter in starters:
            yield from _choice_decides(starter, due.by, due.code, f"when {deadline.name} ends")


def _clocks_can_be_met(lifecycle: type[Lifecycle]) -> Faults:
    if not _openings(lifecycle):
        return
    for deadline in lifecycle.deadlines.values():
        running = running_states(lifecycle, deadline)
        if not running:
            yield f"{deadline.name} never runs: no open state follows its start."
            continue
        met = any(running & transition.source_names for transition in deadline.met_by)
        if not met and deadline.on_expiry is None and not deadline.handed_to:
            yield f"{deadline.name} can be met by nobody, and nothing happens when it passes."


def _expiry_is_possible(lifecycle: type[Lifecycle]) -> Faults:
    for deadline in lifecycle.deadlines.values():
        timer = deadline.on_expiry
        if timer is None:
            continue
        closed = sorted(running_states(lifecycle, deadline) - timer.source_names)
        if closed:
            yield (
                f"{deadline.name} may pass in {_listed(closed)}, where {_said(timer)} is not open."
            )
        if not timer.is_act and deadline.expiry in _MOVES_NOTHING:
            yield (
                f"{deadline.name} is {deadline.expiry}: {_said(timer)} may not move the case "
                "by itself."
            )
        if isinstance(timer.item, Take) and deadline.per is not timer.item.items:
            yield f"{_said(timer)} fires by itself, but nobody names the row."


def _exclusions_end(lifecycle: type[Lifecycle]) -> Faults:
    for deadline in lifecycle.deadlines.values():
        kinds = Counter(exclusion.kind for exclusion in deadline.excluded_by)
        for exclusion in deadline.excluded_by:
            if not exclusion.begins or not exclusion.ends:
                yield f"The exclusion {exclusion.kind} of {deadline.name} never begins or ends."
            if exclusion.last_day:
                for transition in exclusion.ends:
                    if not isinstance(_input(transition, exclusion.last_day), Day):
                        yield (
                            f"{exclusion.kind} of {deadline.name} ends on {exclusion.last_day}, "
                            f"no day of {_said(transition)}."
                        )
            if len(exclusion.kind) > NAME_LENGTH:
                yield f"The kind {exclusion.kind} is longer than {NAME_LENGTH} characters."
            if kinds[exclusion.kind] > 1:
                yield f"{deadline.name} has the exclusion {exclusion.kind} twice."


def _extensions_are_granted(lifecycle: type[Lifecycle]) -> Faults:
    law = shipped_law()
    granting: dict[str, list[Who]] = {}
    for transition in lifecycle.transitions.values():
        name = transition.extends
        if not name:
            continue
        granting.setdefault(name, []).extend(transition.by)
        if name not in lifecycle.deadlines:
            yield f"{_said(transition)} extends {name}, which is no deadline here."
        elif not lifecycle.deadlines[name].extensions:
            yield f"{_said(transition)} extends {name}, which cannot be extended."
    for deadline in lifecycle.deadlines.values():
        for extension in deadline.extensions:
            if not law.has_term(extension.term):
                yield f"{deadline.name} is extended by {extension.term}: the law does not know it."
            if not set(extension.by) & set(granting.get(deadline.name, ())):
                yield f"Nobody can grant {deadline.name} the extension {extension.term}."


def _signoffs_can_be_complete(lifecycle: type[Lifecycle]) -> Faults:
    for transition in lifecycle.transitions.values():
        if not isinstance(transition, Signoff):
            continue
        said = _said(transition)
        if transition.silence is not None and transition.silence.after not in lifecycle.deadlines:
            yield f"{said}: silence is judged by {transition.silence.after}, no deadline here."
        if transition.least is None:
            for who in transition.by:
                if who.capacity is None:
                    yield f"{said} asks all who sign, but {who.role} holds no capacity."
        elif transition.least < 1:
            yield f"{said} asks for no signature."


# Families and facts -----------------------------------------------------------------------------


def _children_are_sound(lifecycle: type[Lifecycle]) -> Faults:
    for child in lifecycle.children.values():
        yield from _foreign_acts(lifecycle, child.name, [child.opened_by])
        for name in child.inherits.values():
            if name not in lifecycle.deadlines:
                yield f"{child.name} inherits {name}, which is no deadline here."
        if child.each is not None:
            known = _row_fields(lifecycle, child)
        else:
            known = {field.name for field in child.opened_by.all_inputs}
        for name in child.inputs.values():
            if name not in known | lifecycle.facts.keys():
                yield f"{child.name} is given {name}, which nobody was asked for."
        yield from _children_of_rows(lifecycle, child)


def _children_of_rows(lifecycle: type[Lifecycle], child: Child) -> Faults:
    if child.each is None:
        if child.each_in:
            yield f"{child.name} names rows, but no table."
        if child.subject and not isinstance(_input(child.opened_by, child.subject), Organisation):
            yield f"{child.name} is about {child.subject}, which names no organisation."
        return
    if child.each not in lifecycle.items.values():
        yield f"{child.name} is opened per {_said(child.each)}, which is no table here."
    for status in child.each_in:
        if status not in child.each.statuses:
            yield f"{child.name} is opened per row in {status}: no such status."
    if child.subject and child.subject not in _row_fields(lifecycle, child):
        yield f"{child.name} is about {child.subject}, which no row holds."


def _clocks_are_handed_over(lifecycle: type[Lifecycle]) -> Faults:
    for deadline in lifecycle.deadlines.values():
        for heir in deadline.heirs:
            link = lifecycle.children.get(heir)
            if link is None:
                yield f"{deadline.name} is handed to {heir}, which is no child here."
            elif deadline.name not in link.inherits.values():
                yield f"{deadline.name} is handed to {heir}, which does not inherit it."


def _row_fields(lifecycle: type[Lifecycle], child: Child) -> set[str]:
    """The fields a row of the child's table may hold."""
    return {
        field.name
        for transition in lifecycle.transitions.values()
        if transition.item is not None and transition.item.items is child.each
        for field in transition.all_inputs
    }


def _facts_are_projections(lifecycle: type[Lifecycle]) -> Faults:
    for fact in lifecycle.facts.values():
        said = f"The fact {fact.name}"
        if sum((bool(fact.latest), fact.count, fact.day)) != 1:
            yield f"{said} must be one of latest, count and day."
        if not fact.of:
            yield f"{said} is of no act."
        if fact.report is not None and fact.report not in lifecycle.reports.values():
            yield f"{said} reads {_said(fact.report)}, which is no report here."
        yield from _foreign_acts(lifecycle, said, (*fact.of, *fact.days_of))
        if fact.latest:
            for transition in fact.of:
                yield from _fact_reads(fact.name, fact.latest, transition, fact.report)
        if fact.days_of and not all(isinstance(_input(t, fact.latest), Day) for t in fact.of):
            yield f"{said} takes days of acts, but {fact.latest or 'what it keeps'} is no day."


def _fact_reads(fact: str, name: str, transition: Transition, report: Any) -> Faults:
    fields = [*transition.all_inputs, *(report.inputs if report is not None else ())]
    field = next((field for field in fields if field.name == name), None)
    if field is None:
        yield f"The fact {fact} reads {name}, which {_said(transition)} does not ask."
    elif field.personal or field.sealed:
        yield f"The fact {fact} would show {name}, which is personal or sealed."


TESTS: Final[tuple[Callable[[type[Lifecycle]], Faults], ...]] = (
    _identity,
    _names,
    _codes,
    _labels,
    _opens_once,
    _states_are_own,
    _every_state_is_reached,
    _every_state_has_an_end,
    _final_states_stay,
    _last_branch_always_holds,
    _somebody_may,
    _inputs_are_sound,
    _rows_are_sound,
    _effects_are_possible,
    _documents_are_served,
    _clocks_name_own_acts,
    _clocks_start,
    _clocks_end,
    _clocks_can_be_met,
    _expiry_is_possible,
    _exclusions_end,
    _extensions_are_granted,
    _signoffs_can_be_complete,
    _children_are_sound,
    _clocks_are_handed_over,
    _facts_are_projections,
)


# Families ---------------------------------------------------------------------------------------


def check_family(lifecycles: Mapping[str, type[Lifecycle]]) -> None:
    """Refuse lifecycles that contradict one another, once all are known.

    Raises Contradiction with all faults at once.
    """
    faults = [
        fault
        for key, lifecycle in lifecycles.items()
        for fault in (*_own_key(key, lifecycle), *_family_faults(lifecycle, lifecycles))
    ]
    if faults:
        raise Contradiction("The family", list(dict.fromkeys(faults)))


def _own_key(key: str, lifecycle: type[Lifecycle]) -> Faults:
    if lifecycle.key != key:
        yield f"{lifecycle.__name__} is registered as {key}, but its key is {lifecycle.key}."


def _family_faults(lifecycle: type[Lifecycle], lifecycles: Mapping[str, type[Lifecycle]]) -> Faults:
    for link in lifecycle.children.values():
        said = f"{lifecycle.key}.{link.name}"
        child = lifecycles.get(link.lifecycle)
        if child is None:
            yield f"{said} opens {link.lifecycle}, which is no lifecycle."
            continue
        yield from _clocks_are_inherited(said, link, child)
        yield from _opening_is_supplied(said, lifecycle, link, child)
        for _, states in link.joins:
            for state in states:
                if state not in child.states:
                    yield f"{said} is waited for in {state}, which is no state of {child.key}."
    yield from _clues_have_their_case(lifecycle, lifecycles)
    taken = {
        name
        for parent in lifecycles.values()
        for link in parent.children.values()
        if link.lifecycle == lifecycle.key
        for name in link.inherits
    }
    for deadline in lifecycle.deadlines.values():
        if isinstance(deadline.anchor, FromParent) and deadline.name not in taken:
            yield f"{lifecycle.key}.{deadline.name} is taken over from a parent, but none gives it."


def _clues_have_their_case(
    lifecycle: type[Lifecycle], lifecycles: Mapping[str, type[Lifecycle]]
) -> Faults:
    for transition in lifecycle.transitions.values():
        for effect in transition.effects:
            if not isinstance(effect, RaiseClue):
                continue
            said = f"{lifecycle.key}.{transition.name}"
            named = {effect.inputs.get(f.name, f.name) for f in transition.all_inputs}
            for target in effect.targets:
                opened = lifecycles.get(target.lifecycle)
                if opened is None:
                    yield f"{said} opens {target.lifecycle}, which is no lifecycle."
                    continue
                wanted = [f.name for f in opened.opening().all_inputs if _is_asked(f)]
                missing = [name for name in wanted if name not in {*named, *effect.given}]
                if missing:
                    yield f"{said} opens {opened.key} without its inputs {_listed(missing)}."
                for document in transition.documents:
                    if document.name not in opened.documents:
                        yield f"{said} makes {document.name}, which {opened.key} does not know."


def _clocks_are_inherited(said: str, link: Child, child: type[Lifecycle]) -> Faults:
    for name, parents in link.inherits.items():
        deadline = child.deadlines.get(name)
        if deadline is None:
            yield f"{said} hands over {name}, which is no deadline of {child.key}."
        elif not isinstance(deadline.anchor, FromParent) or deadline.anchor.deadline != parents:
            yield f"{child.key}.{name} is not declared as taken over from {parents}."


def _opening_is_supplied(
    said: str, lifecycle: type[Lifecycle], link: Child, child: type[Lifecycle]
) -> Faults:
    wanted = {field.name: field for field in child.opening().all_inputs}
    supplied = {*link.inputs, *link.given}
    missing = [name for name, f in wanted.items() if _is_asked(f) and name not in supplied]
    if missing:
        yield f"{said} opens {child.key} without its inputs {_listed(missing)}."
    for name, value in link.given.items():
        if name not in wanted:
            yield f"{said} gives {child.key} the input {name}, which it does not ask."
            continue
        try:
            wanted[name].clean(value)
        except InputFault as fault:
            yield f"{said} gives {child.key} no {name} as it wants: {fault.label.en}"
    acts = [link.opened_by]
    if link.each is not None:
        acts = [t for t in lifecycle.transitions.values() if t.item and t.item.items is link.each]
    for name, given in link.inputs.items():
        if name not in wanted:
            yield f"{said} gives {child.key} the input {name}, which it does not ask."
            continue
        kinds = {type(f) for act in acts for f in act.all_inputs if f.name == given}
        if given not in lifecycle.facts and type(wanted[name]) not in kinds:
            yield f"{said} gives {child.key} {given} for {name}, which is of another type."
