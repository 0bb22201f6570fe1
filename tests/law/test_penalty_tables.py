"""Every row of the two tables of penalties, on the days and at the bounds that matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any

import pytest

from app.law.acts import Act, Party
from app.law.candidates import Candidate
from app.law.desk import Proposal, check_amount, propose
from app.law.errors import LawError
from app.law.penalties import Range, Subject, penalty_rules, range_for, rules_for
from app.law.terms import shipped_law

LAW = shipped_law()
UNIT, AGENCY, PERSON = Subject.UNIT, Subject.AGENCY, Subject.PERSON
O19, O24, SAM39 = date(2021, 2, 1), date(2022, 2, 8), date(2021, 6, 1)
O19_LAST, REG = date(2024, 4, 30), date(2024, 5, 1)
REG_LAST, CODE = date(2026, 8, 14), date(2026, 8, 15)
PLAN = date(2023, 10, 18)
CENT, DAY = Decimal("0.01"), timedelta(1)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row as the domain's notes have it: yuan, days inclusive, ``last`` None where open.

    ``gain``: the gain from which five to ten times it is the fine; ``value``: the multiples of
    tonnes times price; ``persons``: the range for those responsible.
    """

    key: str
    conduct: str
    article: str
    first: date
    last: date | None = None
    subject: Subject = UNIT
    fixed: tuple[int, int] | None = None
    gain: int | None = None
    value: tuple[int, int] | None = None
    persons: tuple[int, int] | None = None
    refused: tuple[str, ...] = ()
    also: str = ""

    @property
    def day(self) -> date:
        return self.last or date(2026, 12, 31)

    @property
    def rule(self):
        return next(r for r in penalty_rules() if r.key == self.key and r.in_force(self.first))


HALT = ("停产整治",)
CUT = ("50%以上100%以下", "停产整治")
REG_22: dict[str, Any] = {
    "first": REG,
    "fixed": (500_000, 2_000_000),
    "gain": 500_000,
    "persons": (50_000, 200_000),
    "refused": CUT,
}
REG_21: dict[str, Any] = {"first": REG, "fixed": (50_000, 500_000), "refused": HALT}
ROWS = [
    Row(key="E1", conduct="control_plan", article="条例》第二十一条第（一）项", **REG_21),
    Row(key="E2", conduct="report_missing", article="条例》第二十一条第（二）项", last=REG_LAST, **REG_21),
    Row(key="E2", conduct="report_missing", article="法典》第一千二百二十六条第一款", first=CODE, fixed=(50_000, 500_000), refused=HALT),
    Row(key="E2-old", conduct="report_missing", article="办法（试行）》第三十九条", first=O19, last=O19_LAST, fixed=(10_000, 30_000), refused=("测算排放量", "核减下一年度配额")),
    Row(key="E2-old", conduct="report_false", article="办法（试行）》第三十九条", first=O19, last=O19_LAST, fixed=(10_000, 30_000)),
    Row(key="E3", conduct="publication", article="条例》第二十一条第（三）项", **REG_21),
    Row(key="E3-code", conduct="publication", article="法典》第一千一百一十条", first=CODE, fixed=(20_000, 200_000), refused=("限制生产", "停产整治", "代为公布")),
    Row(key="E3-o24", conduct="publication", article="披露管理办法》第二十八条", first=O24, fixed=(10_000, 100_000), also="通报批评"),
    Row(key="E3-o24-late", conduct="publication", article="披露管理办法》第二十九条", first=O24, fixed=(0, 50_000)),
    Row(key="E4", conduct="records", article="条例》第二十一条第（四）项", **REG_21),
    Row(key="E5", conduct="accounting", article="条例》第二十二条第（一）项", **REG_22),
    Row(key="E6", conduct="report_false", article="条例》第二十二条第（二）项", **REG_22),
    Row(key="E7", conduct="samples", article="条例》第二十二条第（三）项", **REG_22),
    Row(key="E8-o19", conduct="surrender", article="办法（试行）》第四十条", first=O19, last=O19_LAST, fixed=(20_000, 30_000), also="核减下一年度配额"),
    Row(key="E8-reg", conduct="surrender", article="条例》第二十四条", first=REG, last=REG_LAST, value=(5, 10), refused=("等量核减下一年度配额", "停产整治")),
    Row(key="E8-code", conduct="surrender", article="法典》第一千二百二十六条第二款", first=CODE, fixed=(1_000_000, 5_000_000), also="责令限期改正"),
    Row(key="E8-code-step2", conduct="surrender", article="法典》第一千二百二十六条第二款", first=CODE, value=(5, 10), refused=HALT),
    Row(key="E9-reg", conduct="obstruction", article="条例》第二十六条", first=REG, fixed=(20_000, 200_000)),
    Row(key="E9-code", conduct="obstruction", article="法典》第一千二百二十九条", first=CODE, fixed=(50_000, 200_000), persons=(5_000, 50_000), also="治安"),
    Row(key="A1", conduct="test_report", article="条例》第二十三条第一款", first=REG, subject=AGENCY, fixed=(20_000, 100_000), gain=20_000, persons=(20_000, 200_000), also="取消检验检测资质"),
    Row(key="A2", conduct="review_false", article="条例》第二十三条第二款", first=REG, subject=AGENCY, fixed=(200_000, 1_000_000), gain=200_000, persons=(20_000, 200_000)),
    Row(key="A3", conduct="agency_persons", article="条例》第二十三条第三款", first=REG, subject=PERSON, fixed=(20_000, 200_000)),
    Row(key="A4", conduct="staff_trading", article="条例》第二十条", first=REG, subject=PERSON, value=(0, 1), also="处理非法持有的配额"),
    Row(key="A5", conduct="dual_role", article="条例》第十三条", first=REG, subject=AGENCY, also="未规定罚款"),
    Row(key="A6", conduct="lab_rules", article="检验检测机构监督管理办法》第二十六条", first=SAM39, subject=AGENCY, fixed=(30_000, 30_000), also="市场监管"),
    Row(key="A7", conduct="joint_liability", article="法典》第一千零六十七条", first=CODE, subject=AGENCY, also="连带责任"),
    Row(key="A8", conduct="asset_management", article="卫政办发〔2023〕61号", first=PLAN, subject=AGENCY, also="约谈"),
]  # fmt: skip
TONNES, PRICE = Decimal("1234.567"), Decimal("98.76")
VALUE = TONNES * PRICE


def rows(wanted: Callable[[Row], object] = lambda row: row.key):
    return [pytest.param(row, id=f"{row.key} {row.conduct}") for row in ROWS if wanted(row)]


def money(amount: Decimal) -> Decimal:
    """The nearest sum of whole fen that is not below."""
    return amount.quantize(CENT, ROUND_CEILING)


def act_of(row: Row, day: date, subject: Subject | None = None, **known: Any) -> Act:
    subject = subject or row.subject
    party = Party.NATURAL_PERSON if subject is PERSON else Party.LEGAL_PERSON
    return Act(
        conduct=row.conduct,
        began_on=day,
        ended_on=day,
        decided_on=day,
        subject=subject,
        party=party,
        **known,
    )


def chosen(proposal: Proposal) -> Candidate:
    assert proposal.chosen is not None
    return proposal.chosen


def allowed(proposal, amount, ground=""):
    return check_amount(proposal, Decimal(amount), ground).allowed


def test_every_rule_of_the_data_has_its_rows_and_no_other():
    in_data = {(r.key, r.first, conduct) for r in penalty_rules() for conduct in r.conducts}
    assert {(row.key, row.first, row.conduct) for row in ROWS} == in_data
    assert len(ROWS) == len(in_data)


@pytest.mark.parametrize("row", rows())
def test_a_rule_says_what_the_domain_says(row):
    rule = row.rule
    assert row.article in rule.basis[0].text_zh
    assert rule.subject is row.subject
    assert rule.confiscates_gain == (row.gain is not None or row.key == "A4")
    assert rule.refused_halts == ("停产整治" in rule.refused.zh)
    for words in row.refused:
        assert words in rule.refused.zh
    assert row.also in rule.consequence.zh
    assert (rule.first, rule.valid_to) == (row.first, row.last)


@pytest.mark.parametrize("row", rows())
def test_a_rule_holds_from_its_first_day_to_its_last_and_no_longer(row):
    def holds(day):
        return any(rule == row.rule for rule in rules_for(row.conduct, day))

    assert holds(row.first)
    assert not holds(row.first - DAY)
    assert holds(row.day)
    assert row.last is None or not holds(row.last + DAY)


KEYS_ON = {
    "control_plan": ([], ["E1"], ["E1"], ["E1"]),
    "report_missing": (["E2-old"], ["E2"], ["E2"], ["E2"]),
    "report_false": (["E2-old"], ["E6"], ["E6"], ["E6"]),
    "publication": (
        ["E3-o24", "E3-o24-late"],
        ["E3", "E3-o24", "E3-o24-late"],
        ["E3", "E3-o24", "E3-o24-late"],
        ["E3-code", "E3", "E3-o24", "E3-o24-late"],
    ),
    "records": ([], ["E4"], ["E4"], ["E4"]),
    "accounting": ([], ["E5"], ["E5"], ["E5"]),
    "samples": ([], ["E7"], ["E7"], ["E7"]),
    "surrender": (["E8-o19"], ["E8-reg"], ["E8-reg"], ["E8-code", "E8-code-step2"]),
    "obstruction": ([], ["E9-reg"], ["E9-reg"], ["E9-code", "E9-reg"]),
    "test_report": ([], ["A1"], ["A1"], ["A1"]),
    "review_false": ([], ["A2"], ["A2"], ["A2"]),
    "agency_persons": ([], ["A3"], ["A3"], ["A3"]),
    "staff_trading": ([], ["A4"], ["A4"], ["A4"]),
    "dual_role": ([], ["A5"], ["A5"], ["A5"]),
    "lab_rules": (["A6"], ["A6"], ["A6"], ["A6"]),
    "joint_liability": ([], [], [], ["A7"]),
    "asset_management": (["A8"], ["A8"], ["A8"], ["A8"]),
}


@pytest.mark.parametrize("conduct", KEYS_ON)
def test_on_the_last_day_of_a_regime_and_the_first_of_the_next(conduct):
    days = (O19_LAST, REG, REG_LAST, CODE)
    assert tuple([r.key for r in rules_for(conduct, day)] for day in days) == KEYS_ON[conduct]


def test_every_conduct_is_on_the_border_table():
    assert set(KEYS_ON) == {row.conduct for row in ROWS}


def test_what_was_punishable_once_stays_so():
    """No rule ends without another of its conduct, for whoever it punishes, on the next day."""
    for row in ROWS:
        if row.last:
            after = rules_for(row.conduct, row.last + DAY)
            assert row.subject in {rule.subject for rule in after}


@pytest.mark.parametrize("row", rows(lambda row: row.fixed))
def test_an_amount_below_at_and_above_each_fixed_bound(row):
    low, high = row.fixed
    assert range_for(row.rule) == Range(Decimal(low), Decimal(high))
    for day in {row.first, row.day}:
        at_bounds(propose(act_of(row, day), LAW, row.key), Decimal(low), Decimal(high))


@pytest.mark.parametrize("row", rows(lambda row: row.persons))
def test_an_amount_below_at_and_above_each_bound_for_persons(row):
    low, high = row.persons
    assert range_for(row.rule, person=True) == Range(Decimal(low), Decimal(high))
    for day in {row.first, row.day}:
        proposal = propose(act_of(row, day, PERSON), LAW, row.key)
        assert chosen(proposal).persons == chosen(proposal).bracket
        at_bounds(proposal, Decimal(low), Decimal(high))


@pytest.mark.parametrize("row", rows(lambda row: not row.persons and row.subject is not PERSON))
def test_where_no_fine_on_persons_is_stated_a_person_is_not_punished(row):
    with pytest.raises(LawError, match="未规定罚款"):
        range_for(row.rule, person=True)
    with pytest.raises(LawError, match="不适用"):
        propose(act_of(row, row.day, PERSON), LAW, row.key)


@pytest.mark.parametrize("row", rows(lambda row: row.gain))
def test_a_gain_below_at_and_above_the_one_that_is_multiplied(row):
    least = Decimal(row.gain)
    low, high = (Decimal(bound) for bound in row.fixed)
    for none_or_less in (None, Decimal(0), least - CENT):
        assert range_for(row.rule, gain=none_or_less) == Range(low, high)
        at_bounds(propose(act_of(row, row.day, gain_cny=none_or_less), LAW), low, high)
    for gain in (least, least + CENT, least * 7):
        assert range_for(row.rule, gain=gain) == Range(5 * gain, 10 * gain)
        proposal = propose(act_of(row, row.day, gain_cny=gain), LAW)
        at_bounds(proposal, 5 * gain, 10 * gain)
        assert proposal.confiscation_cny == gain
        assert "5–10 倍" in chosen(proposal).bracket.how.zh


@pytest.mark.parametrize("row", rows(lambda row: row.value))
def test_an_amount_below_at_and_above_each_multiple_of_the_value(row):
    low, high = (times * VALUE for times in row.value)
    assert range_for(row.rule, tonnes=TONNES, price_cny=PRICE) == Range(low, high)
    proposal = propose(act_of(row, row.day, tonnes=TONNES, price_cny=PRICE), LAW, row.key)
    assert proposal.range == Range(low, high)
    assert allowed(proposal, money(low))
    assert allowed(proposal, money(high) - CENT)
    assert not allowed(proposal, money(high))
    assert low == 0 or not allowed(proposal, money(low) - CENT)
    whole = propose(act_of(row, row.day, tonnes=Decimal(1000), price_cny=PRICE), LAW, row.key)
    at_bounds(whole, row.value[0] * 1000 * PRICE, row.value[1] * 1000 * PRICE)


@pytest.mark.parametrize("row", rows(lambda row: row.value))
@pytest.mark.parametrize("known", [{}, {"tonnes": TONNES}, {"price_cny": PRICE}])
def test_without_tonnes_and_price_no_range_and_no_fine(row, known):
    proposal = propose(act_of(row, row.day, **known), LAW, row.key)
    assert proposal.range is None
    check = check_amount(proposal, Decimal(1))
    assert not check.allowed
    assert "吨数和价格" in check.label.zh


@pytest.mark.parametrize("row", rows(lambda row: not row.fixed and not row.value))
def test_where_no_fine_is_stated_nothing_can_be_fined(row):
    proposal = propose(act_of(row, row.day), LAW)
    assert not chosen(proposal).bracket.stated
    assert allowed(proposal, 0)
    assert not allowed(proposal, CENT)
    assert not allowed(proposal, CENT, "harm_removed")


@pytest.mark.parametrize("row", rows())
@pytest.mark.parametrize("name", ["gain_cny", "obtainable_gain_cny", "tonnes", "price_cny"])
def test_no_float_reaches_a_range(row, name):
    with pytest.raises(TypeError):
        act_of(row, row.day, **dict[str, Any]({name: 600_000.0}))


@pytest.mark.parametrize("row", rows())
@pytest.mark.parametrize("name", ["gain", "tonnes", "price_cny"])
def test_no_float_is_multiplied(row, name):
    with pytest.raises(TypeError):
        range_for(row.rule, **dict[str, Any]({name: 1.5}))


@pytest.mark.parametrize("row", rows())
def test_no_float_is_a_fine(row):
    proposal = propose(act_of(row, row.day, tonnes=TONNES, price_cny=PRICE), LAW, row.key)
    with pytest.raises(TypeError):
        check_amount(proposal, 100_000.0)  # type: ignore[arg-type]  # that is the point
    with pytest.raises(TypeError):
        proposal.duties_at(100_000.0, LAW)  # type: ignore[arg-type]


def at_bounds(proposal, low, high):
    """Below a bound, on it, above it; with a lawful ground and without."""
    assert proposal.range == Range(low, high)
    assert allowed(proposal, low)
    assert allowed(proposal, high)
    assert not allowed(proposal, high + CENT)
    grounds = ("harm_removed", "no_fault") if proposal.act.decided_on >= O24 else ()
    for ground in grounds:
        assert not allowed(proposal, high + CENT, ground)
        assert allowed(proposal, high, ground)
    if low:
        assert not allowed(proposal, low - CENT)
        for ground in grounds:
            assert allowed(proposal, low - CENT, ground) == (ground == "harm_removed")
            assert allowed(proposal, 0, ground) == (
                ground == "no_fault" or chosen(proposal).rule.optional
            )
