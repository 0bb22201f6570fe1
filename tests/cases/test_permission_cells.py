"""Who may do what, and where: every cell of role × capacity × state × act, against a reviewed file.

`permission_cells.txt` was compared with the columns "Actor" and "From" of domain.md 14 to 17. A new
act, or one that moved, fails here until its line has been looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from html import unescape
from itertools import product
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Final

import pytest
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from app.cases.opening import Opening, open_case
from app.cases.step import Fired
from app.db import new_id
from app.engine.actors import SYSTEM_ACTOR, Capacity, Role
from app.engine.definition import Lifecycle, Signoff, Take, Transition
from app.engine.permission import Why, opening_refusals, refusals, reserved_to
from app.law.terms import shipped_law
from app.workflows import LIFECYCLES
from tests.cases.conftest import NOW, City
from tests.engine.fakes import attempt, in_state, person, seated
from tests.town import Matter, Town
from tests.walk import Walk

FILE: Final = Path(__file__).with_name("permission_cells.txt")
SEATS: Final = (None, *Capacity)
OPENING: Final = "opening"


@dataclass(frozen=True)
class Cells:
    """What the file allows for one act."""

    code: str
    who: frozenset[tuple[Role, Capacity | None]]
    states: tuple[str, ...]

    def allows(self, role: Role, capacity: Capacity | None) -> bool:
        return (role, None) in self.who or (role, capacity) in self.who


@cache
def reviewed() -> Mapping[str, Mapping[str, Cells]]:
    """The file: the cells of each act by lifecycle and trigger."""
    found: dict[str, dict[str, Cells]] = {}
    lifecycle = ""
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            lifecycle = line.strip("[]")
            found[lifecycle] = {}
        elif line and not line.startswith("#"):
            act, who, states = (part.strip() for part in line.split("|"))
            code, trigger = act.split()
            found[lifecycle][trigger] = Cells(code, frozenset(_seats(who)), tuple(states.split()))
    return MappingProxyType(found)


def _seats(who: str) -> Iterator[tuple[Role, Capacity | None]]:
    for one in who.split():
        role, _, capacity = one.partition("@")
        yield Role(role), Capacity(capacity) if capacity else None


EVERY = pytest.mark.parametrize("lifecycle", LIFECYCLES.values(), ids=list(LIFECYCLES))


def test_the_file_names_every_act_of_every_lifecycle_and_nothing_else():
    assert list(reviewed()) == list(LIFECYCLES)
    for key, lifecycle in LIFECYCLES.items():
        told = {trigger: cells.code for trigger, cells in reviewed()[key].items()}
        assert told == {name: t.code for name, t in lifecycle.transitions.items()}
        known = {*lifecycle.states, OPENING}
        assert [
            s for cells in reviewed()[key].values() for s in cells.states if s not in known
        ] == []


@EVERY
def test_every_cell_is_allowed_or_refused_as_the_file_says(lifecycle: type[Lifecycle]):
    cells = reviewed()[lifecycle.key]
    for role, capacity in product(Role, SEATS):
        actor = person(role)
        seats = seated(actor, capacity) if capacity is not None else ()
        for state in lifecycle.states:
            case = in_state(lifecycle, state, *seats)
            case.facts["conduct"] = "review_false"  # no case that asks for it is opened without
            for act in lifecycle.transitions.values():
                if act.opens:
                    continue
                found = refusals(lifecycle, act, attempt(case, actor), with_inputs=False)
                where = (role, capacity, state, act.code)
                if not cells[act.name].allows(role, capacity):
                    assert [refusal.why for refusal in found] == [Why.NOT_YOU], where
                    continue
                assert Why.NOT_YOU not in {r.why for r in found}, where
                wrong = f"Not possible while “{lifecycle.states[state].en}”."
                told = wrong in {refusal.label.en for refusal in found}
                assert told == (state not in cells[act.name].states), where


@EVERY
def test_a_case_is_opened_by_whom_the_file_names(lifecycle: type[Lifecycle]):
    opening = lifecycle.opening()
    cells = reviewed()[lifecycle.key][opening.name]
    assert cells.states == (OPENING,)
    for role, capacity in product(Role, SEATS):
        actor = person(role)
        seats = seated(actor, capacity) if capacity is not None else ()
        case = in_state(lifecycle, next(iter(lifecycle.states)), *seats)
        found = opening_refusals(opening, attempt(case, actor), with_inputs=False)
        refused = Why.NOT_YOU in {refusal.why for refusal in found}
        assert refused != cells.allows(role, capacity), (role, capacity)


# Over HTTP: one cell of each act ------------------------------------------------------------------

ONLOOKER: Final = "auditor"
"""Reads every case of the bureau and may do nothing on any."""
DESK: Final = {
    Role.SUPERVISOR: "supervisor",
    Role.INSPECTOR: "inspector",
    Role.BUREAU_LEADER: "leader",
    Role.LEGAL_REVIEWER: "legal",
}
"""Who of the bureau holds the seat of the lead, by role."""


def a_case(city: City, lifecycle: type[Lifecycle]) -> Matter:
    """A case in its first state, with whatever its opening asks."""
    town = Town(city.database, shipped_law(), city.cast, city.store)
    if lifecycle.key in {"verification", "recheck"}:
        unit = next(unit for unit in city.cast.units if has_case(city, unit, lifecycle.key))
        return Matter(town, city.case(unit, lifecycle.key).id)
    walk = Walk(town, Matter(town, city.cast.bureau.id), Random(3), NOW)
    opening = lifecycle.opening()
    by = (
        SYSTEM_ACTOR if Role.SYSTEM in {who.role for who in opening.by} else city.cast["supervisor"]
    )
    typed = {f.name: walk.value(walk.root, f) for f in opening.all_inputs if f.required}
    about = Opening(
        lifecycle=lifecycle, authority_id=city.cast.bureau.id, authority_name=city.cast.bureau.name,
        subject_id=city.cast.bureau.id, subject_name=city.cast.bureau.name, division=city.cast.bureau.division,
    )  # fmt: skip

    def work(session: Session) -> Fired:
        return open_case(session, about, actor=by, inputs=typed, now=NOW, law=town.law)

    return Matter(town, city.database.write(work).case_id)


def has_case(city: City, unit: str, key: str) -> bool:
    try:
        return not city.case(unit, key).is_final
    except NoResultFound:
        return False


def asked_by_people(lifecycle: type[Lifecycle]) -> list[Transition]:
    return [
        act
        for act in lifecycle.transitions.values()
        if not act.opens and not act.automatic and act.name not in lifecycle.timers
    ]


@EVERY
def test_the_server_refuses_one_cell_of_every_act_with_the_reason(
    city: City, lifecycle: type[Lifecycle]
):
    matter = a_case(city, lifecycle)
    onlooker = city.browser(ONLOOKER)
    for act in asked_by_people(lifecycle):
        answer = onlooker.post(f"/cases/{matter.id}/act/{act.name}", data={"key": new_id().hex})
        said = unescape(answer.get_data(as_text=True))
        assert (answer.status_code, reserved_to(act.actors).zh in said) == (403, True), act.code


@EVERY
def test_the_server_refuses_every_act_in_the_wrong_state_with_the_reason(
    city: City, lifecycle: type[Lifecycle]
):
    matter = a_case(city, lifecycle)
    state = matter.state
    sentence = f"当前环节「{lifecycle.states[state].zh}」不能办理。"
    for act in asked_by_people(lifecycle):
        cells = reviewed()[lifecycle.key][act.name]
        by = next((DESK[r] for r, c in sorted(cells.who) if r in DESK and c is Capacity.LEAD), None)
        if by is None or state in cells.states or isinstance(act.item, Take) or act.recorded_by:
            continue
        answer = city.browser(by).post(
            f"/cases/{matter.id}/act/{act.name}", data={"key": new_id().hex}
        )
        said = unescape(answer.get_data(as_text=True))
        assert answer.status_code in {409, 422}, act.code
        assert sentence in said, act.code


def test_whoever_signs_is_asked_as_everybody_else():
    signed = {
        t.name
        for one in LIFECYCLES.values()
        for t in one.transitions.values()
        if isinstance(t, Signoff)
    }
    assert signed <= {trigger for acts in reviewed().values() for trigger in acts}
