"""Parent and child cases at random: no parent closes first, no second role gets round a separation."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from itertools import count
from time import monotonic
from typing import Final

import pytest

from tests.families import FamilyWalk
from tests.town import Matter, Town, instant, registered
from tests.workflows import test_joint_enforcement as joint
from tests.workflows.procedure import FAMILY, Procedure, a_case, assemble, heavy

SOAK_MINUTES: Final = float(os.environ.get("SOAK_MINUTES", "10"))
DAY: Final = "09-07"

PENALTIES: Final[tuple[Callable[[Procedure], object], ...]] = (
    lambda case: case,
    lambda case: case.investigated(DAY),
    lambda case: case.investigated(DAY).submit(DAY),
    lambda case: case.noticed(DAY),
    lambda case: case.legal(DAY),
    lambda case: case.legal(DAY).pass_legal(DAY),
    lambda case: case.pending(DAY),
    lambda case: case.decided(DAY),
    lambda case: case.performed(DAY),
)
"""How far a penalty case has come when people begin to act at random."""
OPERATIONS: Final[tuple[Callable[[Town], Matter], ...]] = (
    joint.opened,
    joint.assessed,
    lambda town: joint.circulated(town, "market", "police"),
    lambda town: joint.entered(town, "market", "police"),
    lambda town: joint.split(town, ("own", "supervisor"), ("partner", "market")),
)


def a_penalty(town: Town, chance: random.Random) -> FamilyWalk:
    begin = chance.choice((a_case, heavy))
    case = begin(town, on="09-01")
    chance.choice(PENALTIES)(case)
    parent = case.row.parent_id
    assert parent is not None
    return FamilyWalk(town, Matter(town, parent), chance, instant(f"{DAY} 20:00"))


def an_operation(town: Town, chance: random.Random) -> FamilyWalk:
    operation = chance.choice(OPERATIONS)(town)
    return FamilyWalk(town, operation, chance, instant("03-27 20:00"))


@pytest.fixture(autouse=True)
def people(town: Town) -> None:
    assemble(town)


@pytest.mark.parametrize("seed", range(5))
def test_a_penalty_and_what_runs_beside_it_keep_the_laws_on_any_way(town, seed):
    with registered(*FAMILY):
        a_penalty(town, random.Random(seed)).go(20)


@pytest.mark.parametrize("seed", range(5))
def test_an_operation_and_the_cases_it_opens_keep_the_laws_on_any_way(town, seed):
    an_operation(town, random.Random(seed)).go(20)


# A case keeps its lifecycle by name, so the stand-ins of one storm must not meet cases of the other.


@pytest.mark.soak
def test_penalties_keep_the_laws_for_minutes(town):
    with registered(*FAMILY):
        storm(town, a_penalty)


@pytest.mark.soak
def test_operations_keep_the_laws_for_minutes(town):
    storm(town, an_operation)


def storm(town: Town, begin: Callable[[Town, random.Random], FamilyWalk]) -> None:
    until = monotonic() + SOAK_MINUTES * 60 / 8
    for seed in count():
        begin(town, random.Random(seed)).go(40)
        if monotonic() > until:
            break
