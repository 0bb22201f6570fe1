"""Amounts in capitals 大写: written as the rules for bills want it, and read back."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.law.amounts import exact_yuan, in_capitals, payable_yuan, to_cents

DIGITS = {digit: value for value, digit in enumerate("零壹贰叁肆伍陆柒捌玖")}
SMALL = {"拾": 10, "佰": 100, "仟": 1000}


def read_whole(text: str) -> int:
    """Read a whole number in capitals, from the left, as a cashier does."""
    above, section, digit = 0, 0, 0
    for sign in text:
        if sign in DIGITS:
            digit = DIGITS[sign]
        elif sign in SMALL:
            section += digit * SMALL[sign]
            digit = 0
        elif sign == "万":
            section = (section + digit) * 10_000
            digit = 0
        else:
            assert sign == "亿"
            above = (above + section + digit) * 10**8
            section = digit = 0
    return above + section + digit


def read_capitals(text: str) -> Decimal:
    """Read an amount in capitals back to yuan."""
    assert text.startswith("人民币")
    text = text.removeprefix("人民币").removesuffix("整")
    yuan, mark, cents = text.partition("元")
    if not mark:
        yuan, cents = "", text
    amount = Decimal(read_whole(yuan))
    for sign, next_sign in pairwise(cents):
        if next_sign in "角分":
            amount += Decimal(DIGITS[sign]) / (10 if next_sign == "角" else 100)
    return amount


@pytest.mark.parametrize(
    ("amount", "capitals"),
    [
        ("0", "零元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角"),
        ("0.55", "伍角伍分"),
        ("1", "壹元整"),
        ("1.05", "壹元零伍分"),
        ("10", "壹拾元整"),
        ("16", "壹拾陆元整"),
        ("101", "壹佰零壹元整"),
        ("110", "壹佰壹拾元整"),
        ("1001", "壹仟零壹元整"),
        ("1010", "壹仟零壹拾元整"),
        ("1409.50", "壹仟肆佰零玖元伍角"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("52120", "伍万贰仟壹佰贰拾元整"),
        ("107000.53", "壹拾万柒仟元伍角叁分"),
        ("200000", "贰拾万元整"),
        ("1000001", "壹佰万零壹元整"),
        ("1000500", "壹佰万零伍佰元整"),
        ("10005000", "壹仟万伍仟元整"),
        ("100000001", "壹亿零壹元整"),
        ("100010000", "壹亿零壹万元整"),
        ("1000100000000", "壹万零壹亿元整"),
        ("1000000000000", "壹万亿元整"),
        ("1000000000001", "壹万亿零壹元整"),
        ("1234567890123.45", "壹万贰仟叁佰肆拾伍亿陆仟柒佰捌拾玖万零壹佰贰拾叁元肆角伍分"),
    ],
)
def test_amounts_are_written_in_capitals(amount, capitals):
    assert in_capitals(Decimal(amount)) == f"人民币{capitals}"


@given(st.decimals(min_value=0, max_value=Decimal("9999999999999999.99"), places=2))
@example(Decimal("9999999999999999.99"))
def test_every_amount_reads_back(amount):
    capitals = in_capitals(amount)
    assert read_capitals(capitals) == amount
    assert "零零" not in capitals


@given(st.integers(0, 10**15), st.integers(0, 10**15))
def test_no_two_amounts_are_written_alike(one, other):
    alike = in_capitals(Decimal(one) / 100) == in_capitals(Decimal(other) / 100)
    assert alike == (one == other)


@pytest.mark.parametrize("write", [in_capitals, payable_yuan, exact_yuan])
@pytest.mark.parametrize("amount", [1.0, 1, True, "1", None])
def test_only_an_exact_decimal_is_an_amount(write, amount):
    with pytest.raises(TypeError, match="Decimal"):
        write(amount)


@pytest.mark.parametrize("amount", ["-0.01", "NaN", "sNaN", "Infinity", "1e16"])
def test_what_cannot_be_an_amount_is_refused(amount):
    with pytest.raises(ValueError, match=r"negative|no amount|too large"):
        exact_yuan(Decimal(amount))


def test_a_part_of_a_fen_cannot_be_paid():
    with pytest.raises(ValueError, match="two decimals"):
        payable_yuan(Decimal("0.005"))
    with pytest.raises(ValueError, match="two decimals"):
        in_capitals(Decimal("1.001"))
    assert payable_yuan(Decimal("1.500")) == Decimal("1.5")
    assert exact_yuan(Decimal("0.005")) == Decimal("0.005")


@pytest.mark.parametrize(
    ("amount", "rounded"), [("0.004", "0.00"), ("0.005", "0.01"), ("0.0149", "0.01")]
)
def test_a_half_fen_is_rounded_up(amount, rounded):
    assert str(to_cents(Decimal(amount))) == rounded
