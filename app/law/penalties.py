"""The penalty rules of three regimes as dated data, and the range of a fine that follows from them.

A rule is chosen by the day of the act. Whether a later rule is lighter, and which of two rules
that hold together applies, a person decides: ``rules_for`` gives all of them, newest first.
All amounts are yuan as exact decimals.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

from app.law.dated import (
    Dated,
    Timeline,
    common_fields,
    exact,
    read_versions,
    shipped_text,
    timelines,
    unknown,
)
from app.law.errors import LawError
from app.law.labels import Label


class Subject(StrEnum):
    """Whom a rule punishes."""

    UNIT = "unit"
    AGENCY = "agency"
    PERSON = "person"


class Measure(StrEnum):
    """What a multiple is a multiple of."""

    GAIN = "gain"
    """Illegal gain: money obtained by the act."""
    VALUE = "value"
    """Tonnes of allowances times their price."""


@dataclass(frozen=True)
class Multiple:
    """A fine of ``low`` to ``high`` times a measure that reaches ``at_least``."""

    low: Decimal
    high: Decimal
    of: Measure
    at_least: Decimal


@dataclass(frozen=True)
class Range:
    """A fine from ``low`` to ``high``, both inclusive."""

    low: Decimal
    high: Decimal


@dataclass(frozen=True)
class Fine:
    """What a rule says of the fine: a range, a multiple, or a multiple with a range below it."""

    fixed: Range | None
    multiple: Multiple | None


@dataclass(frozen=True)
class Ban:
    """A ban 禁业 on an agency or a person. ``years`` is None where no end is stated."""

    on: Subject
    years: int | None
    only_if_serious: bool
    label: Label


@dataclass(frozen=True, kw_only=True)
class PenaltyRule(Dated):
    """One row of the penalty tables.

    ``label`` names the conduct. ``unit_fine`` falls on the unit, agency or person the rule is
    about, ``person_fine`` on the persons responsible besides. ``step`` 2 follows an order not
    obeyed. ``refused`` is what may follow a refusal to correct, ``consequence`` what else follows;
    ``refused_halts``: production may be halted or limited then. ``persons_under`` names the rule
    that bans the persons punished, ``crime`` the crime to think of, ``open_point`` the question
    that a choice of this rule touches.
    """

    conducts: tuple[str, ...]
    subject: Subject
    unit_fine: Fine | None
    person_fine: Fine | None
    confiscates_gain: bool
    optional: bool
    step: int
    bans: tuple[Ban, ...]
    consequence: Label
    refused: Label
    refused_halts: bool
    persons_under: str
    crime: str
    open_point: str


class Effect(StrEnum):
    """How far a lawful ground reaches."""

    LIGHTER = "lighter"
    """A fine below the range 减轻处罚."""
    NONE = "none"
    """No penalty 不予处罚."""


@dataclass(frozen=True, kw_only=True)
class Ground(Dated):
    """A lawful ground to stay below the range of a fine, or to give none."""

    effect: Effect


def rules_for(conduct_or_key: str, on: date) -> tuple[PenaltyRule, ...]:
    """Return the rules for a conduct, or of a key, in force on the day of the act, newest first.

    Several may hold together (the Regulations beside the Code). Empty where none holds. Raises
    LawError if no rule on any day knows the word.
    """
    named = [r for r in penalty_rules() if conduct_or_key in (r.key, *r.conducts)]
    if not named:
        raise unknown(conduct_or_key)
    holding = [rule for rule in named if rule.in_force(on)]
    return tuple(sorted(holding, key=lambda rule: (-rule.first.toordinal(), rule.step)))


def range_for(
    rule: PenaltyRule,
    *,
    person: bool = False,
    gain: Decimal | None = None,
    tonnes: Decimal | None = None,
    price_cny: Decimal | None = None,
) -> Range:
    """Return the statutory range of a fine under ``rule``, exactly and unrounded.

    ``gain`` is the illegal gain, ``tonnes`` times ``price_cny`` the value of the shortfall or of
    what was traded. With ``person`` the range is that of the persons responsible. Raises LawError
    where the rule states no such fine or needs an amount that is not given, TypeError for a float,
    ValueError for a negative amount.
    """
    for amount in (gain, tonnes, price_cny):
        if isinstance(amount, float):
            raise TypeError(f"an exact amount must be a Decimal, not {amount!r}")
        if amount is not None and amount < 0:
            raise ValueError(f"{amount} is negative")
    fine = rule.person_fine if person else rule.unit_fine
    if fine is None:
        raise LawError(f"「{rule.label.zh}」未规定罚款。", f"no fine is stated: {rule.label.en}.")
    value = None if tonnes is None or price_cny is None else tonnes * price_cny
    if (multiple := fine.multiple) is not None:
        measure = gain if multiple.of is Measure.GAIN else value
        if measure is not None and measure >= multiple.at_least:
            return Range(multiple.low * measure, multiple.high * measure)
    if fine.fixed is None:
        raise LawError(
            f"「{rule.label.zh}」的罚款须以吨数和价格计算。",
            f"the fine needs tonnes and price: {rule.label.en}.",
        )
    return fine.fixed


def surcharge(fine_cny: Decimal, days_late: int) -> Decimal:
    """Return the surcharge 加处罚款 in yuan, exactly: a share a day, never above the fine.

    ``days_late`` is the number of days after the pay date, without those of a reconsideration or
    a suit. Source: Administrative Penalty Law, arts. 72 and 73.

    >>> surcharge(Decimal(500_000), 10)
    Decimal('150000')
    """
    if fine_cny < 0 or days_late < 0:
        raise ValueError("A fine and its days are not negative.")
    return min(fine_cny, fine_cny * surcharge_percent() * days_late / 100)


@cache
def penalty_rules() -> tuple[PenaltyRule, ...]:
    """Return every rule of the tables, whenever it holds."""
    tables = tomllib.loads(shipped_text("penalties.toml"))
    conducts: Mapping[str, dict[str, str]] = tables["conducts"]

    def read(key: str, row: Mapping[str, Any]) -> PenaltyRule:
        done = [conducts[conduct] for conduct in row["conducts"]]
        label = {"zh": "；".join(c["zh"] for c in done), "en": "; ".join(c["en"] for c in done)}
        return PenaltyRule(
            **common_fields(key, {**row, **label}),
            conducts=tuple(row["conducts"]),
            subject=Subject(row["subject"]),
            unit_fine=_fine(row.get("fine")),
            person_fine=_fine(row.get("persons")),
            confiscates_gain=row.get("confiscates", False),
            optional=row.get("optional", False),
            step=row.get("step", 1),
            bans=tuple(_ban(ban) for ban in row.get("bans", ())),
            consequence=Label(row.get("consequence_zh", ""), row.get("consequence_en", "")),
            refused=Label(row.get("refused_zh", ""), row.get("refused_en", "")),
            refused_halts=row.get("refused_halts", False),
            persons_under=row.get("persons_under", ""),
            crime=row.get("crime", ""),
            open_point=row.get("open", ""),
        )

    return tuple(read_versions(tables["rules"], read))


@cache
def conducts() -> tuple[tuple[str, Label], ...]:
    """Return every conduct the tables know with its words, in their order."""
    tables = tomllib.loads(shipped_text("penalties.toml"))
    return tuple((key, Label(row["zh"], row["en"])) for key, row in tables["conducts"].items())


@cache
def grounds() -> Mapping[str, Timeline[Ground]]:
    """Return the lawful grounds to stay below a range, by their keys."""
    table = tomllib.loads(shipped_text("penalties.toml"))["grounds"]

    def read(key: str, row: Mapping[str, Any]) -> Ground:
        return Ground(**common_fields(key, row), effect=Effect(row["effect"]))

    return timelines(read_versions(table, read))


@cache
def crimes() -> Mapping[str, Dated]:
    """Return the crimes a penalty case may be one of, by the keys the rules name."""
    return _texts("crimes")


@cache
def open_points() -> Mapping[str, Dated]:
    """Return the questions the law leaves open, by the keys the rules name."""
    return _texts("open_points")


def _texts(table: str) -> Mapping[str, Dated]:
    rows = tomllib.loads(shipped_text("penalties.toml"))[table]
    read = read_versions(rows, lambda key, row: Dated(**common_fields(key, row)))
    return {text.key: text for text in read}


@cache
def surcharge_percent() -> Decimal:
    """Return the share of an unpaid fine that is added a day, in per cent."""
    return exact(tomllib.loads(shipped_text("penalties.toml"))["surcharge"]["percent_a_day"])


def _fine(row: Mapping[str, Any] | None) -> Fine | None:
    if row is None:
        return None
    multiple = None
    if "times" in row:
        low, high = (exact(times) for times in row["times"])
        multiple = Multiple(low, high, Measure(row["of"]), exact(row.get("from", "0")))
    fixed = Range(exact(row["low"]), exact(row["high"])) if "low" in row else None
    return Fine(fixed, multiple)


def _ban(row: Mapping[str, Any]) -> Ban:
    label = Label(row["zh"], row["en"])
    return Ban(Subject(row["on"]), row.get("years"), row.get("serious", False), label)
