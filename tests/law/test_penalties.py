"""The penalty tables: the rule in force on the day of the act, and the range that follows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from app.law.errors import LawError
from app.law.penalties import Range, penalty_rules, range_for, rules_for, surcharge

LAST_OF_MEASURES, FIRST_OF_REGULATIONS = date(2024, 4, 30), date(2024, 5, 1)
LAST_BEFORE_CODE, FIRST_OF_CODE = date(2026, 8, 14), date(2026, 8, 15)


def only(conduct: str, day: date, key: str = ""):
    [found] = [r for r in rules_for(conduct, day) if not key or r.key == key]
    return found


@pytest.mark.parametrize(
    ("conduct", "day", "low", "high"),
    [
        ("report_false", LAST_OF_MEASURES, 10_000, 30_000),
        ("report_false", FIRST_OF_REGULATIONS, 500_000, 2_000_000),
        ("surrender", LAST_OF_MEASURES, 20_000, 30_000),
        ("surrender", FIRST_OF_CODE, 1_000_000, 5_000_000),
        ("control_plan", FIRST_OF_REGULATIONS, 50_000, 500_000),
        ("obstruction", LAST_BEFORE_CODE, 20_000, 200_000),
        ("obstruction", FIRST_OF_CODE, 50_000, 200_000),
        ("test_report", FIRST_OF_REGULATIONS, 20_000, 100_000),
        ("review_false", FIRST_OF_REGULATIONS, 200_000, 1_000_000),
    ],
)
def test_the_day_of_the_act_chooses_the_regime(conduct, day, low, high):
    rule = rules_for(conduct, day)[0]
    assert range_for(rule) == Range(Decimal(low), Decimal(high))


def test_gain_is_multiplied_where_it_reaches_the_floor():
    rule = only("report_false", FIRST_OF_REGULATIONS)
    assert range_for(rule, gain=Decimal(600_000)) == Range(Decimal(3_000_000), Decimal(6_000_000))
    assert range_for(rule, gain=Decimal(499_999)) == Range(Decimal(500_000), Decimal(2_000_000))
    assert range_for(rule, person=True) == Range(Decimal(50_000), Decimal(200_000))


def test_a_shortfall_is_multiplied_by_the_price():
    rule = only("surrender", LAST_BEFORE_CODE)
    found = range_for(rule, tonnes=Decimal("1000.5"), price_cny=Decimal("98.76"))
    assert found == Range(Decimal("494046.9"), Decimal("988093.8") * 1)
    with pytest.raises(LawError, match="吨数和价格"):
        range_for(rule)


def test_under_the_code_the_first_step_is_fixed_and_the_second_follows_the_shortfall():
    steps = [r for r in rules_for("surrender", FIRST_OF_CODE) if "code" in r.key]
    assert [rule.step for rule in steps] == [1, 2]


@pytest.mark.parametrize("key", ["A5", "A8"])
def test_where_no_fine_is_stated_none_is_computed(key):
    rule = next(rule for rule in penalty_rules() if rule.key == key)
    with pytest.raises(LawError, match="未规定罚款"):
        range_for(rule)


def test_persons_of_an_agency_are_banned_for_five_years():
    bans = [ban for rule in rules_for("agency_persons", FIRST_OF_REGULATIONS) for ban in rule.bans]
    assert any(ban.years == 5 and not ban.only_if_serious for ban in bans)
    assert any(ban.years is None and ban.only_if_serious for ban in bans)


def test_amounts_are_exact_and_never_negative():
    rule = only("report_false", FIRST_OF_REGULATIONS)
    with pytest.raises(TypeError):
        range_for(rule, gain=600_000.0)  # type: ignore[arg-type]  # that is the point
    with pytest.raises(ValueError, match="negative"):
        range_for(rule, gain=Decimal(-1))
    with pytest.raises(ValueError, match="negative"):
        surcharge(Decimal(-1), 3)


def test_an_unknown_conduct_is_refused_and_a_known_one_before_its_time_has_no_rule():
    with pytest.raises(LawError, match="unheard"):
        rules_for("unheard", FIRST_OF_CODE)
    assert rules_for("control_plan", date(2020, 1, 1)) == ()


def test_every_rule_of_the_domains_tables_is_there():
    keys = {rule.key for rule in penalty_rules()}
    assert keys >= {
        "E1", "E2", "E2-old", "E3", "E3-code", "E3-o24", "E4", "E5", "E6", "E7", "E8-o19", "E8-reg",
        "E8-code", "E9-reg", "E9-code", "A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8",
    }  # fmt: skip
