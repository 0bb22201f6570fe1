"""What an act brings with it besides the fine: bans, a possible crime, the time-bar."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.law.acts import Act, Harm
from app.law.amounts import yuan_text
from app.law.dated import rule_on
from app.law.labels import Label
from app.law.penalties import Ban, PenaltyRule, Subject, crimes, rules_for
from app.law.periods import compute
from app.law.sources import Citation
from app.law.terms import LawBook, Term, Value

LONGER: Final = {
    Harm.NONE: "",
    Harm.LIFE_HEALTH_FINANCE: "time_bar_harm",
    Harm.ENVIRONMENT: "time_bar_environment",
}
"""The longer time-bar by the harm done, where it was law on the day of the act."""


@dataclass(frozen=True)
class BanThatFollows:
    """A ban 禁业 that the penalty carries: on the party, or on the persons punished beside it."""

    ban: Ban
    label: Label
    basis: tuple[Citation, ...]


@dataclass(frozen=True)
class CrimePrompt:
    """A criminal threshold that is met: the case must be looked at for transfer."""

    label: Label
    basis: tuple[Citation, ...]


@dataclass(frozen=True)
class TimeBar:
    """The last day on which the act could still be discovered and punished.

    ``unrolled`` is the day before it rolls over days off, which is disputed. ``expired`` is None
    where the discovery lies between the two.
    """

    term: Term
    last_day: date
    unrolled: date
    provisional: bool
    expired: bool | None


def bans_that_follow(act: Act, rule: PenaltyRule) -> tuple[BanThatFollows, ...]:
    """Return the bans a penalty under ``rule`` carries; of an agency also those of its persons.

    Where a ban is for serious cases only it follows if the act is serious, and takes the place of
    the shorter one on the same subject.
    """
    rules = [rule]
    if rule.persons_under:
        rules += rules_for(rule.persons_under, act.ended_on)
    on = {Subject.PERSON} if act.is_person else {Subject.AGENCY, Subject.PERSON}
    found = [(ban, each) for each in rules for ban in each.bans if ban.on in on]
    if act.serious:
        heavy = {ban.on for ban, _ in found if ban.only_if_serious}
        found = [(ban, each) for ban, each in found if ban.only_if_serious or ban.on not in heavy]
    else:
        found = [(ban, each) for ban, each in found if not ban.only_if_serious]
    return tuple(BanThatFollows(ban, _ban_label(ban), each.basis) for ban, each in found)


def crime_prompts(act: Act, rule: PenaltyRule, law: LawBook) -> tuple[CrimePrompt, ...]:
    """Return the criminal thresholds that the act meets, as far as numbers can say.

    What is asked is the law of the day of the decision. Knowledge, carelessness and other grave
    circumstances are for the officers to see.
    """
    if not rule.crime:
        return ()
    return tuple(_met(act, rule, law))


def time_bar(act: Act, law: LawBook) -> TimeBar:
    """Return the time-bar of the act, counted from its end by the law of that day.

    Five years instead of two need harm done: to life, health or finance, or, since the Code, to the
    environment. Raises LawError for an act of a day for which the data hold no term.
    """
    longer = LONGER[act.harm]
    term = longer and law.terms[longer].on(act.ended_on)
    return _time_bar(act, term or law.term("time_bar", act.ended_on), law)


def _time_bar(act: Act, term: Term, law: LawBook) -> TimeBar:
    period = compute(act.ended_on, term.length, term.unit, law.calendar, roll=term.rolls)
    discovered = act.discovered_on or act.decided_on
    expired: bool | None = discovered > period.earliest
    if expired is False and discovered > period.unrolled:
        expired = None
    return TimeBar(term, period.earliest, period.unrolled, period.provisional, expired)


def _ban_label(ban: Ban) -> Label:
    on = {
        Subject.AGENCY: Label("对机构", "On the agency"),
        Subject.PERSON: Label("对受处罚的个人", "On each person punished"),
    }[ban.on]
    if ban.years is None:
        return Label(f"{on.zh}：{ban.label.zh}", f"{on.en}: {ban.label.en}")
    return Label(
        f"{on.zh}：{ban.years} 年内{ban.label.zh}",
        f"{on.en}, for {ban.years} years: {ban.label.en}",
    )


def _met(act: Act, rule: PenaltyRule, law: LawBook) -> Iterator[CrimePrompt]:
    crime = crimes()[rule.crime]
    name = crime.label
    day = act.decided_on
    gain = act.gain_cny if act.obtainable_gain_cny is None else act.obtainable_gain_cny
    threshold = rule_on(law.values, "criminal_gain_threshold_cny", day)
    if gain is not None and gain >= threshold.amount:
        yield CrimePrompt(
            Label(
                f"违法所得 {yuan_text(gain)} 元，达到「{name.zh}」"
                f"{yuan_text(threshold.amount)} 元的门槛",
                f"The gain of {yuan_text(gain)} yuan reaches the {yuan_text(threshold.amount)} "
                f"of “{name.en}”",
            ),
            (*crime.basis, *threshold.basis),
        )
    times = rule_on(law.values, "criminal_earlier_penalties", day)
    window = law.term("criminal_repeat_window", day)
    if first := _first_of(act, times, window, law):
        yield CrimePrompt(
            Label(
                f"自 {first} 首次处罚生效起 {window.length} 年内受过 {times.amount} 次处罚又违法，"
                f"达到「{name.zh}」的门槛",
                f"Punished {times.amount} times and again within {window.length} years from "
                f"{first}, the effect of the first penalty: the threshold of “{name.en}”",
            ),
            (*crime.basis, *window.basis),
        )


def _first_of(act: Act, times: Value, window: Term, law: LawBook) -> date | None:
    """The day the first of so many penalties took effect, if the act fell into the window from it.

    A continuing act falls in if any of its days after the last of them does.
    """
    count = int(times.amount)
    effects = sorted(day for day in act.earlier_penalties if day <= act.ended_on)[-count:]
    if len(effects) < count:
        return None
    end = compute(effects[0], window.length, window.unit, law.calendar, roll=False).earliest
    return effects[0] if max(act.began_on, effects[-1]) <= end else None
