"""Which acts the rules of separation keep apart, read from the declarations themselves.

The parts of a case that exclude one another stand in `app.workflows.separation`, and each guard of
a rule names it in its sentence, SD-1 to SD-7 of the domain tables. A rule that is declared on one
more act tomorrow is in the report tomorrow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Final

from app.engine.actors import Capacity, Role
from app.engine.definition import Guard
from app.law.labels import Label
from app.workflows import LIFECYCLES
from app.workflows.separation import PARTS, Duty, voter_did_not_investigate

_CODE: Final = re.compile(r"SD-\d+")
EXPERTS, RECUSALS, ADMINISTRATORS = "SD-4", "SD-3", "SD-7"


@dataclass(frozen=True, slots=True)
class Side:
    """A part in a case that others exclude: its acts, and the seat of whoever is named for it."""

    key: str
    label: Label
    acts: frozenset[str]
    capacity: Capacity | None = None


@dataclass(frozen=True, slots=True)
class Apart:
    """Two sides one person never stands on in one family of cases, by which rule."""

    code: str
    one: Side
    other: Side


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with the acts it guards, as lifecycle and trigger, and what it says."""

    code: str
    guarded: frozenset[tuple[str, str]]
    sentences: tuple[Label, ...]


@cache
def guarded() -> Mapping[str, frozenset[tuple[str, str, Guard]]]:
    """The acts each rule guards, with the guard: found in every declared lifecycle."""
    found: dict[str, set[tuple[str, str, Guard]]] = {}
    for key, lifecycle in LIFECYCLES.items():
        for name, act in lifecycle.transitions.items():
            for guard in act.guards:
                for code in _CODE.findall(guard.label.zh):
                    found.setdefault(code, set()).add((key, name, guard))
    return {code: frozenset(found[code]) for code in sorted(found)}


@cache
def rules() -> tuple[Rule, ...]:
    """The rules that are declared, by number."""
    return tuple(
        Rule(
            code,
            frozenset((lifecycle, name) for lifecycle, name, _ in acts),
            tuple(_sentences(guard for _, _, guard in acts)),
        )
        for code, acts in guarded().items()
    )


def _sentences(guards: Iterator[Guard]) -> Iterator[Label]:
    """What the guards say; those that name a part once for all parts."""
    said = {guard.label.zh: guard.label for guard in guards}
    plain = [said[zh] for zh in sorted(said) if "{" not in zh]
    if len(plain) < len(said):
        parts = [part.label for part in PARTS.values()]
        zh, en = "、".join(one.zh for one in parts), ", ".join(one.en for one in parts)
        yield Label(f"同一案件中，{zh}由不同的人担任。", f"In one case nobody is two of: {en}.")
    yield from plain


@cache
def sides() -> tuple[Side, ...]:
    """The parts that exclude one another, those of `PARTS` first, then who votes and re-checks."""
    found = [
        Side(duty, part.label, frozenset(part.acts), part.capacity) for duty, part in PARTS.items()
    ]
    votes = frozenset(
        name
        for acts in guarded().values()
        for _, name, guard in acts
        if guard is voter_did_not_investigate
    )
    discussion = Label("集体讨论成员", "member of the discussion")
    found.append(Side("votes", discussion, votes, Capacity.DISCUSSANT))
    rechecks = frozenset(name for _, name, one in guarded()[EXPERTS] if not one.reads_inputs)
    found.append(Side("rechecks", Role.RECHECK_EXPERT.label, rechecks, Capacity.EXPERT))
    return tuple(found)


@cache
def apart() -> tuple[Apart, ...]:
    """Every pair of sides that nobody joins."""
    by_key = {side.key: side for side in sides()}
    votes = by_key["votes"]
    [sd1] = {
        code
        for code, acts in guarded().items()
        for _, _, one in acts
        if one.key == "actor_has_no_other_part"
    }
    [sd2] = {
        code
        for code, acts in guarded().items()
        for _, _, one in acts
        if one is voter_did_not_investigate
    }
    return (
        *(
            Apart(sd1, one, other)
            for one, other in combinations([by_key[duty] for duty in PARTS], 2)
        ),
        Apart(sd2, by_key[Duty.INVESTIGATES], votes),
    )


def acts_of(code: str) -> frozenset[tuple[str, str]]:
    """The acts one rule guards; none for a rule nobody declares."""
    return next((rule.guarded for rule in rules() if rule.code == code), frozenset())


def lifecycles() -> frozenset[str]:
    """The lifecycles on whose acts a rule stands."""
    return frozenset(lifecycle for rule in rules() for lifecycle, _ in rule.guarded)
