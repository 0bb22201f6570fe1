"""What every lifecycle owes, registered or fixture, present or future, and gets from its file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from xml.etree import ElementTree as ET

import pytest
import wtforms

from app.engine.actors import Role
from app.engine.definition import (
    Before,
    Deadline,
    Earliest,
    Expiry,
    Lasts,
    Lifecycle,
    RaiseClue,
    Transition,
    Worded,
    YearDay,
)
from app.engine.diagram import mermaid, svg
from app.engine.errors import WrongState
from app.engine.forms import form_class
from app.engine.inputs import Input
from app.engine.machine import move
from app.engine.schema import act_schema
from app.law.terms import shipped_law
from app.workflows import LIFECYCLES
from tests.lifecycles import FIXTURES
from tests.lifecycles.traffic_fine import TrafficFine
from tests.town import registered

EVERY = pytest.mark.parametrize(
    "lifecycle", [*LIFECYCLES.values(), *FIXTURES, TrafficFine], ids=lambda one: one.key
)
BOTH = pytest.mark.parametrize("locale", ["zh_Hans_CN", "en"])
HAN = re.compile(r"[\u4e00-\u9fff]")
PLACEHOLDER = re.compile(r"\{\w+\}")
YEARS = (2025, 2026, 2027)
SVG = "{http://www.w3.org/2000/svg}"


# Words ------------------------------------------------------------------------------------------


def labels(of: object, where: str, seen: set[int]) -> Iterator[tuple[str, str, str]]:
    """Every pair of a Chinese and an English text that hangs on something declared."""
    if id(of) in seen or isinstance(of, str):
        return
    seen.add(id(of))
    zh, en = getattr(of, "zh", None), getattr(of, "en", None)
    if isinstance(zh, str) and isinstance(en, str):
        yield where, zh, en
    for name, part in parts(of):
        yield from labels(part, f"{where}.{name}", seen)


def parts(of: object) -> Iterable[tuple[str, object]]:
    if isinstance(of, type) and issubclass(of, Lifecycle):
        return [(name, word) for name, word in vars(of).items() if isinstance(word, Worded)]
    if isinstance(of, Mapping):
        return [(str(name), part) for name, part in of.items()]
    if isinstance(of, Sequence | set | frozenset):
        return [(str(number), part) for number, part in enumerate(of)]
    if is_dataclass(of):
        return [(field.name, getattr(of, field.name)) for field in fields(of)]
    return ()


@EVERY
def test_everything_is_called_something_in_both_languages(lifecycle):
    found = list(labels(lifecycle, lifecycle.key, set()))
    assert len(found) > len(lifecycle.states) + len(lifecycle.transitions)
    told = [(where, PLACEHOLDER.sub("某", zh)) for where, zh, _ in found if zh]
    assert [where for where, zh in told if not HAN.search(zh)] == []
    assert [where for where, _, en in found if HAN.search(en)] == []
    assert [where for where, zh, en in found if not (zh.strip() and en.strip())] == []


@EVERY
def test_states_acts_and_clocks_can_be_told_apart(lifecycle):
    for words in (lifecycle.states, lifecycle.transitions, lifecycle.deadlines):
        for locale in ("zh", "en"):
            texts = [
                (getattr(word, "code", ""), word.label.text(locale)) for word in words.values()
            ]
            assert len(set(texts)) == len(texts)


# Where a case can go ----------------------------------------------------------------------------


def moves(lifecycle: type[Lifecycle]) -> Iterator[tuple[str, Transition, str]]:
    """Every move, as the machine makes it."""
    for transition in lifecycle.transitions.values():
        for source in transition.source_names:
            for to in transition.destinations:
                yield source, transition, move(lifecycle, source, transition, to)


def reached(ways: Iterable[tuple[str, str]], begin: Iterable[str]) -> set[str]:
    """What a walk that takes every way comes to."""
    ways, found = list(ways), set(begin)
    while more := {end for start, end in ways if start in found} - found:
        found |= more
    return found


@EVERY
def test_every_state_can_be_reached_from_the_opening(lifecycle):
    [first] = lifecycle.opening().destinations
    ways = [(source, to) for source, _, to in moves(lifecycle)]
    assert reached(ways, [first.name]) == set(lifecycle.states)


@EVERY
def test_every_open_state_can_be_left_and_leads_to_an_end(lifecycle):
    final = {name for name, state in lifecycle.states.items() if state.final}
    assert final
    onward = [(source, transition, to) for source, transition, to in moves(lifecycle)]
    left = {source for source, _, to in onward if to != source}
    assert left >= set(lifecycle.states) - final
    assert reached([(to, source) for source, _, to in onward], final) == set(lifecycle.states)


@EVERY
def test_a_final_state_is_left_only_by_what_reopens_or_was_received(lifecycle):
    for source, transition, _ in moves(lifecycle):
        if lifecycle.states[source].final:
            assert transition.reopens or transition.received


@EVERY
def test_the_machine_makes_no_move_that_nobody_declared(lifecycle):
    for transition in lifecycle.transitions.values():
        for state in lifecycle.states.keys() - transition.source_names:
            for to in transition.destinations:
                with pytest.raises(WrongState):
                    move(lifecycle, state, transition, to)


@EVERY
def test_an_open_state_waits_for_somebody_who_can_do_something_there(lifecycle):
    for name, state in lifecycle.states.items():
        if not state.final:
            assert state.waits_for is not None
            able = {who.role for t in lifecycle.open_in(name) for who in t.actors}
            assert state.waits_for.role in able


# Who acts ---------------------------------------------------------------------------------------


def by_itself(lifecycle: type[Lifecycle]) -> frozenset[str]:
    """What a clock fires, or fires as soon as its guards hold."""
    return lifecycle.timers | {t.name for t in lifecycle.transitions.values() if t.automatic}


@EVERY
def test_what_happens_by_itself_is_done_by_the_system_alone_and_asks_nothing(lifecycle):
    for name in by_itself(lifecycle):
        transition = lifecycle.transitions[name]
        assert {who.role for who in transition.actors} == {Role.SYSTEM}
        assert not [field.name for field in transition.all_inputs if field.required]


@EVERY
def test_what_the_system_alone_may_do_happens_by_itself_or_opens_a_child(lifecycle):
    for name, transition in lifecycle.transitions.items():
        if {who.role for who in transition.actors} == {Role.SYSTEM}:
            assert transition.opens or name in by_itself(lifecycle)


# What an act asks for ---------------------------------------------------------------------------


def nobody(asked: Input) -> list[tuple[str, str]]:
    return []


@EVERY
@BOTH
def test_form_and_schema_of_an_act_ask_for_the_same(lifecycle, locale):
    for transition in lifecycle.transitions.values():
        made = form_class(transition, base=wtforms.Form, options=nobody, locale=locale)
        form, schema = made(), act_schema(transition)
        asked = {name: form[name] for name in schema["properties"]}
        assert list(asked) == [declared.name for declared in transition.all_inputs]
        assert [name for name, field in asked.items() if field.flags.required] == schema["required"]
        for declared in transition.all_inputs:
            assert asked[declared.name].label.text == declared.label.text(locale)
        shown = [field.name for _, group in form.groups() for field in group]
        assert shown == [*asked, *(declared.name for declared in form.recording)]


# The picture ------------------------------------------------------------------------------------


@EVERY
@pytest.mark.parametrize("locale", ["zh", "en"])
def test_the_picture_shows_every_state_once(lifecycle, locale):
    root = ET.fromstring(svg(lifecycle, locale=locale))
    drawn = [group.get("data-state") for group in root.iter(f"{SVG}g") if group.get("data-state")]
    assert sorted(map(str, drawn)) == sorted(lifecycle.states)
    states = re.findall(
        r'^ +state "(.+)" as (\w+)$', mermaid(lifecycle, locale=locale), re.MULTILINE
    )
    # A colon would end the text for Mermaid; it is drawn full-width there.
    assert [(name, unicodedata.normalize("NFKC", text)) for text, name in states] == [
        (name, unicodedata.normalize("NFKC", state.label.text(locale)))
        for name, state in lifecycle.states.items()
    ]


# What the law has to say ------------------------------------------------------------------------


def dues(deadline: Deadline) -> Sequence[object]:
    return deadline.due.dues if isinstance(deadline.due, Earliest) else (deadline.due,)


def terms(lifecycle: type[Lifecycle]) -> Iterator[str]:
    """The law keys a lifecycle counts by."""
    for deadline in lifecycle.deadlines.values():
        yield from (due.term for due in dues(deadline) if isinstance(due, Lasts | Before))
        yield from (extension.term for extension in deadline.extensions)
        if deadline.grace:
            yield deadline.grace


@EVERY
def test_every_term_is_in_force_and_says_what_it_rests_on(lifecycle):
    law = shipped_law()
    for key in terms(lifecycle):
        for year in YEARS:
            term = law.term(key, date(year, 6, 1))
            assert term.length > 0
            assert term.basis


@EVERY
def test_every_date_of_the_year_is_known_for_the_years_of_the_cycles(lifecycle):
    law = shipped_law()
    for deadline in lifecycle.deadlines.values():
        for due in dues(deadline):
            for code in due.codes if isinstance(due, YearDay) else ():
                assert all(law.year_date(code, year) for year in YEARS)


@EVERY
def test_every_clock_can_be_met_or_ends_in_something(lifecycle):
    for deadline in lifecycle.deadlines.values():
        assert deadline.met_by or deadline.on_expiry or deadline.handed_to
        if deadline.expiry in {Expiry.PARTY_WAIVER, Expiry.AUTO_RELEASE, Expiry.RIGHT_LOST}:
            assert deadline.on_expiry is not None


@EVERY
def test_every_document_is_made_by_an_act_and_served_only_where_the_day_is_asked(lifecycle):
    acts = lifecycle.transitions.values()
    made = {document.name for act in acts for document in act.documents}
    assert made | made_by_clues(lifecycle) == set(lifecycle.documents)
    for act in acts:
        assert {document.name for document in act.serves} <= made
        assert not act.serves or "served_on" in [field.name for field in act.all_inputs]


def made_by_clues(lifecycle: type[Lifecycle]) -> set[str]:
    """Documents that come with a clue raised on another case, which keeps no trace of it."""
    return {
        document.name
        for other in LIFECYCLES.values()
        for act in other.transitions.values()
        for effect in act.effects
        if isinstance(effect, RaiseClue) and lifecycle.key in {t.lifecycle for t in effect.targets}
        for document in act.documents
    }


# The command ------------------------------------------------------------------------------------


def test_the_command_finds_no_contradiction_among_all_of_them(app):
    with registered(*FIXTURES, TrafficFine):
        checked = app.test_cli_runner().invoke(args=["lifecycle", "check"])
    assert checked.exit_code == 0, checked.output
    assert f"{len(LIFECYCLES) + len(FIXTURES) + 1} lifecycles hold together." in checked.output


def test_a_lifecycle_added_for_a_while_is_gone_afterwards():
    before = dict(LIFECYCLES)
    with registered(*FIXTURES):
        assert LIFECYCLES.keys() >= {one.key for one in FIXTURES}
    assert dict(LIFECYCLES) == before
