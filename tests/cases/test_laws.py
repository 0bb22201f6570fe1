"""The laws of design.md 4 hold whatever anybody does, in every lifecycle and on both engines."""

from __future__ import annotations

import os
import random
from itertools import count
from time import monotonic
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.demo.city import PLOTS
from app.engine.definition import Lifecycle
from app.workflows.verification import Verification
from tests.lifecycles import FIXTURES
from tests.lifecycles.monthly import Examination
from tests.lifecycles.operation import Inspection, Measure
from tests.lifecycles.traffic_fine import TrafficFine
from tests.town import Matter, Town, instant, registered
from tests.walk import Walk
from tests.year import a_year

CHILDREN = {Examination, Inspection, Measure}
ROOTS = [*(one for one in FIXTURES if one not in CHILDREN), TrafficFine]
STARTS = ("2026-01-05 09:00", "2026-03-09 09:00", "2026-09-14 09:00", "2026-12-07 09:00")
"""Before days of the region that are not known, before the holidays, before an unarranged year."""
SOAK_MINUTES: Final = float(os.environ.get("SOAK_MINUTES", "10"))
"""What the walks of a soak take together, on both engines."""

walks = settings(
    max_examples=8, suppress_health_check=list(HealthCheck), print_blob=False, database=None
)


@pytest.fixture(scope="module", autouse=True)
def fixtures():
    with registered(*FIXTURES, TrafficFine):
        yield


def begun(town: Town, lifecycle: type[Lifecycle], chance: random.Random) -> Walk:
    """Open a case by whoever may, with whatever the opening asks."""
    start = instant(chance.choice(STARTS))
    opening = lifecycle.opening()
    able = {who.role for who in opening.by}
    by = next(one for one in ("supervisor", "leader", "inspector") if town[one].roles & able)
    draft = Walk(town, Matter(town, town.cast.bureau.id), chance, start)
    lead = town.cast.bureau.id
    typed = {}
    for asked in opening.all_inputs:
        role = getattr(asked, "role", None)
        if role is not None:
            ids = sorted(
                str(a.person_id)
                for a in town.cast.people.values()
                if role in a.roles and a.organisation_id == lead
            )
            typed[asked.name] = ids[: getattr(asked, "least", 1)]
        else:
            typed[asked.name] = draft.value(draft.root, asked)
    matter = town.open(lifecycle, by, typed, at=start)
    return Walk(town, matter, chance, start)


def on_the_way(town: Town, chance: random.Random) -> Walk:
    """A verification somewhere on one of the ways of the demonstration."""
    plot = chance.choice([plot for plot in PLOTS if plot.beats])
    year = a_year(town, plot.unit)
    beats = list(plot.beats or ())
    cut = chance.randrange(len(beats) + 1)
    last = "03-10"
    year.play(plot.first, until=last)
    if cut:
        waits = sum(beat.wait for beat in beats[:cut])
        on = town.law.calendar.add_working_days(instant(last).date(), waits) if waits else last
        last = str(on)
        year.play(beats[:cut], until=last)
    return Walk(town, Matter(town, year.id), chance, instant(f"{last} 20:00"))


@pytest.mark.parametrize("lifecycle", [*ROOTS, Verification], ids=lambda one: one.key)
@walks
@given(chance=st.randoms(use_true_random=False))
def test_the_laws_hold_on_any_way(town, lifecycle, chance):
    begun(town, lifecycle, chance).go(15)


@settings(walks, max_examples=24)
@given(chance=st.randoms(use_true_random=False))
def test_the_laws_hold_from_anywhere_in_a_verification_and_its_recheck(town, chance):
    on_the_way(town, chance).go(12)


@pytest.mark.soak
def test_the_laws_hold_for_minutes(town):
    until = monotonic() + SOAK_MINUTES * 60 / 2
    for seed in count():
        chance = random.Random(seed)
        walk = on_the_way(town, chance) if seed % 2 else begun(town, chance.choice(ROOTS), chance)
        walk.go(25)
        if monotonic() > until:
            break
