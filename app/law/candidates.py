"""The rules that may apply to an act: those of its day, and beside them those of the decision.

Old unless new is lighter 从旧兼从轻 (Administrative Penalty Law, art. 37; Code, art. 1057): the
rule of the day of the act applies, but where the law has changed by the day of the decision and the
new rule is lighter, the new one does. Compared are the ranges as computed for the party; whatever
else the rules order is for a person to weigh. A rule between the two days counts for nothing.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from app.law.acts import Act
from app.law.amounts import yuan_text
from app.law.errors import LawError
from app.law.labels import Label
from app.law.penalties import Fine, Measure, PenaltyRule, Range, Subject, range_for, rules_for
from app.law.sources import Citation, cite_all, sources

OLD_UNLESS_LIGHTER: Final = ("APL 37", "CODE 1057")


class Weight(StrEnum):
    """How a later rule compares with the one of the day of the act."""

    LIGHTER = "lighter"
    HEAVIER = "heavier"
    SAME = "same"
    UNCLEAR = "unclear"
    """It cannot be compared."""


@dataclass(frozen=True)
class Comparison:
    """The weight of a later rule, and why."""

    weight: Weight
    why: Label


@dataclass(frozen=True)
class Bracket:
    """What a rule says of somebody's fine.

    ``range`` is None where no fine is stated (``stated`` is False) or where it cannot be computed;
    ``how`` says how it was computed, or why not.
    """

    stated: bool
    range: Range | None
    how: Label


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A rule with its ranges for the unit or agency and for the persons responsible.

    ``bracket`` is the one of the party. ``comparison`` is None for a rule of the day of the act; a
    second step has that of the first.
    """

    rule: PenaltyRule
    of_the_act: bool
    unit: Bracket
    persons: Bracket
    bracket: Bracket
    comparison: Comparison | None = None

    @property
    def lighter(self) -> bool:
        """Whether it came after the act and is lighter, so that it applies."""
        return self.weight is Weight.LIGHTER

    @property
    def may_apply(self) -> bool:
        """Whether it can be the rule of the decision: not if it came later and is no lighter."""
        return self.of_the_act or self.weight in {Weight.LIGHTER, Weight.UNCLEAR}

    @property
    def weight(self) -> Weight | None:
        """How it compares with the rule of the day of the act; None if it is one."""
        return self.comparison.weight if self.comparison else None


def candidates(act: Act) -> tuple[Candidate, ...]:
    """Return the rules that may apply to the party, those of the day of the act first.

    Each group has the newest rule first. Raises LawError for a conduct the tables do not know.
    """
    held = [rule for rule in rules_for(act.conduct, act.ended_on) if _punishes(rule, act)]
    later = [
        rule
        for rule in rules_for(act.conduct, act.decided_on)
        if _punishes(rule, act) and rule not in held
    ]
    old = next((_party_bracket(rule, act) for rule in held if rule.step == 1), None)
    return (
        *(_candidate(rule, act, None) for rule in held),
        *(_candidate(rule, act, _compared(old, rule, later, act)) for rule in later),
    )


def proposed(found: tuple[Candidate, ...], act: Act) -> Candidate | None:
    """Return the candidate the law points to, None where the act was not punishable on its day.

    It is the newest rule of the day of the act, its second step where an order was not obeyed; or
    the one that came later and is lighter.
    """
    old = [candidate for candidate in found if candidate.of_the_act]
    if lighter := next((candidate for candidate in found if candidate.lighter), None):
        return lighter
    if act.order_disobeyed:
        old.sort(key=lambda candidate: -candidate.rule.step)
    return old[0] if old else None


def old_unless_lighter(day: date) -> tuple[Citation, ...]:
    """Cite the rule of 从旧兼从轻 as it stands on ``day``."""
    cited = cite_all(OLD_UNLESS_LIGHTER)
    return tuple(citation for citation in cited if sources()[citation.source].in_force(day))


def _punishes(rule: PenaltyRule, act: Act) -> bool:
    """Whether the rule is about the party, or about persons responsible if it is one."""
    if act.is_person:
        return rule.subject is Subject.PERSON or rule.person_fine is not None
    return rule.subject is act.subject


def _candidate(rule: PenaltyRule, act: Act, comparison: Comparison | None) -> Candidate:
    return Candidate(
        rule=rule,
        of_the_act=comparison is None,
        unit=_bracket(rule, act, person=False),
        persons=_bracket(rule, act, person=True),
        bracket=_party_bracket(rule, act),
        comparison=comparison,
    )


def _party_bracket(rule: PenaltyRule, act: Act) -> Bracket:
    return _bracket(rule, act, person=act.is_person)


def _bracket(rule: PenaltyRule, act: Act, *, person: bool) -> Bracket:
    about_persons = rule.subject is Subject.PERSON
    if about_persons and not person:
        only = Label("只处罚个人", "Only persons are punished")
        return Bracket(stated=False, range=None, how=only)
    responsible = person and not about_persons
    fine = rule.person_fine if responsible else rule.unit_fine
    if fine is None:
        none = Label("未规定罚款", "No fine is stated")
        return Bracket(stated=False, range=None, how=none)
    try:
        found = range_for(
            rule,
            person=responsible,
            gain=act.gain_cny,
            tonnes=act.tonnes,
            price_cny=act.price_cny,
        )
    except LawError as error:
        return Bracket(stated=True, range=None, how=error.label)
    return Bracket(stated=True, range=found, how=_how(fine, found, act))


def _how(fine: Fine, found: Range, act: Act) -> Label:
    """Say how a range was computed."""
    bounds = _bounds(found)
    if (multiple := fine.multiple) is None:
        return bounds
    times = f"{multiple.low}–{multiple.high}"
    if multiple.of is Measure.VALUE:
        assert act.tonnes is not None  # else no range was found
        assert act.price_cny is not None
        tonnes, price = yuan_text(act.tonnes), yuan_text(act.price_cny)
        return Label(
            f"{tonnes} 吨 × {price} 元 × {times} 倍：{bounds.zh}",
            f"{tonnes} t × {price} yuan × {times}: {bounds.en}",
        )
    if act.gain_cny is None or act.gain_cny < multiple.at_least:
        least = yuan_text(multiple.at_least)
        return Label(
            f"没有违法所得或者违法所得不足 {least} 元：{bounds.zh}",
            f"No gain, or less than {least} yuan: {bounds.en}",
        )
    gain = yuan_text(act.gain_cny)
    return Label(
        f"违法所得 {gain} 元 × {times} 倍：{bounds.zh}",
        f"Gain of {gain} yuan × {times}: {bounds.en}",
    )


def _bounds(found: Range) -> Label:
    low, high = yuan_text(found.low), yuan_text(found.high)
    if found.low == found.high:
        return Label(f"{low} 元", f"{low} yuan")
    if not found.low:
        return Label(f"{high} 元以下", f"up to {high} yuan")
    return Label(f"{low} 元以上 {high} 元以下", f"{low} to {high} yuan")


def _compared(
    old: Bracket | None, rule: PenaltyRule, later: list[PenaltyRule], act: Act
) -> Comparison:
    """Weigh a later rule against the one of the day of the act; the steps of a regime together."""
    if old is None:
        unpunished = Label("行为时未规定处罚", "Not punishable on the day of the act")
        return Comparison(Weight.HEAVIER, unpunished)
    steps = [r for r in later if r.valid_from == rule.valid_from]
    two_steps = any(r.step > 1 for r in steps)
    new = _party_bracket(steps[0] if rule.step > 1 else rule, act)
    if old.range is None or new.range is None:
        missing = old.how if old.range is None else new.how
        return Comparison(Weight.UNCLEAR, _incomparable(missing))
    low = _sign(new.range.low - old.range.low)
    high = _sign(new.range.high - old.range.high)
    sides = Label(f"{old.how.zh}；{new.how.zh}", f"{old.how.en}; {new.how.en}")
    if low * high < 0:
        crossed = Label(
            f"下限与上限轻重不一（{sides.zh}）",
            f"one bound is lower, the other higher ({sides.en})",
        )
        return Comparison(Weight.UNCLEAR, _incomparable(crossed))
    if low + high < 0 and two_steps:
        stepped = Label(
            "新规定第一步较轻，但逾期未改正的另有第二步罚款",
            "the first step is lighter, but a second fine follows if the order is not obeyed",
        )
        return Comparison(Weight.UNCLEAR, _incomparable(stepped))
    weights = {-1: Weight.LIGHTER, 0: Weight.SAME, 1: Weight.HEAVIER}
    return Comparison(weights[_sign(low + high)], sides)


def _sign(number: Decimal | int) -> int:
    return (number > 0) - (number < 0)


def _incomparable(why: Label) -> Label:
    return Label(f"无法比较：{why.zh}", f"Cannot be compared: {why.en}")
