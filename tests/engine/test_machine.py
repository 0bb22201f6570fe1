"""The library's machine agrees with what is declared, for every state and transition."""

from __future__ import annotations

import pytest

from app.engine.errors import EngineError, WrongState
from app.engine.machine import machine, move, trigger_name
from app.workflows import LIFECYCLES
from tests.lifecycles import FIXTURES
from tests.lifecycles.complaint import Complaint
from tests.lifecycles.payment import Payment

EVERY = [*FIXTURES, *LIFECYCLES.values()]


@pytest.mark.parametrize("lifecycle", EVERY, ids=lambda lifecycle: lifecycle.key)
def test_a_move_is_possible_exactly_where_it_is_declared(lifecycle):
    for transition in lifecycle.transitions.values():
        for state in lifecycle.states:
            for to in lifecycle.states.values():
                declared = state in transition.source_names and to in transition.destinations
                if declared:
                    assert move(lifecycle, state, transition, to) == to.name
                else:
                    with pytest.raises(WrongState):
                        move(lifecycle, state, transition, to)


@pytest.mark.parametrize("lifecycle", EVERY, ids=lambda lifecycle: lifecycle.key)
def test_the_machine_knows_no_trigger_that_is_not_declared(lifecycle):
    declared = {
        trigger_name(transition, to)
        for transition in lifecycle.transitions.values()
        for to in transition.destinations
        if not transition.opens
    }

    assert set(machine(lifecycle).events) == declared
    assert set(machine(lifecycle).states) == set(lifecycle.states)
    assert not machine(lifecycle).models


def test_a_wrong_move_is_told_with_its_names():
    with pytest.raises(EngineError, match="“pay” does not lead from “stayed” to “paid”") as caught:
        move(Payment, "stayed", Payment.pay, Payment.paid)

    assert isinstance(caught.value, WrongState)
    assert (caught.value.state, caught.value.transition, caught.value.to) == (
        "stayed",
        "pay",
        "paid",
    )


def test_an_unknown_state_is_a_wrong_move_too():
    with pytest.raises(WrongState):
        move(Payment, "nowhere", Payment.pay, Payment.paid)


def test_a_lifecycle_has_one_machine():
    assert machine(Complaint) is machine(Complaint)
    assert machine(Complaint) is not machine(Payment)
