"""Amounts of yuan: exact, to the 分, and in capitals 大写 as documents write them.

Floats are refused: 0.1 + 0.2 is not 0.3, and a fine is.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

CENT: Final = Decimal("0.01")
"""One 分."""
TOO_MUCH: Final = Decimal(10) ** 16
"""No amount reaches ten thousand 万亿 yuan."""

_DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
_UNITS: Final = ((10**8, "亿"), (10**4, "万"), (1000, "仟"), (100, "佰"), (10, "拾"))


def exact_yuan(amount: Decimal) -> Decimal:
    """Return an amount of yuan that is exact and not negative.

    Raises TypeError for anything but a Decimal, floats above all; ValueError for a negative
    amount, for one that is no number and for ten thousand 万亿 or more.
    """
    if not isinstance(amount, Decimal):
        raise TypeError(f"an exact amount must be a Decimal, not {amount!r}")
    if not amount.is_finite():
        raise ValueError(f"{amount} is no amount")
    if amount < 0:
        raise ValueError(f"{amount} is negative")
    if amount >= TOO_MUCH:
        raise ValueError(f"{amount} is too large")
    return amount


def payable_yuan(amount: Decimal) -> Decimal:
    """Return an amount that can be paid: exact, not negative, in whole 分.

    Raises TypeError and ValueError as ``exact_yuan``, ValueError besides for parts of a 分.
    """
    if exact_yuan(amount) != to_cents(amount):
        raise ValueError(f"{amount} has more than two decimals")
    return amount


def to_cents(amount: Decimal) -> Decimal:
    """Round to the 分, a half up.

    >>> to_cents(Decimal("10.005"))
    Decimal('10.01')
    """
    return amount.quantize(CENT, ROUND_HALF_UP)


def yuan_text(amount: Decimal) -> str:
    """Write an amount exactly, in groups of three, without needless decimals.

    >>> [yuan_text(Decimal(text)) for text in ("500000.00", "0.50")]
    ['500,000', '0.5']
    """
    return f"{amount:,f}".rstrip("0") if amount % 1 else f"{amount:,.0f}"


def in_capitals(amount: Decimal) -> str:
    """Write an amount in capitals 大写, from nought to under ten thousand 万亿 yuan.

    A gap in the digits is one 零; whole yuan end in 整, amounts with 角 or 分 do not.

    >>> in_capitals(Decimal(52_120))
    '人民币伍万贰仟壹佰贰拾元整'
    >>> in_capitals(Decimal("1409.50"))
    '人民币壹仟肆佰零玖元伍角'
    >>> in_capitals(Decimal("100000325.04"))
    '人民币壹亿零叁佰贰拾伍元零肆分'

    Raises TypeError for anything but a Decimal, ValueError for a negative amount, more than two
    decimals and ten thousand 万亿 or more.
    """
    yuan, cents = divmod(int(payable_yuan(amount) * 100), 100)
    tenths, hundredths = divmod(cents, 10)
    written = f"{_whole(yuan)}元" if yuan or not cents else ""
    if not cents:
        return f"人民币{written}整"
    if tenths:
        written += f"{_DIGITS[tenths]}角"
    elif yuan:
        written += "零"
    if hundredths:
        written += f"{_DIGITS[hundredths]}分"
    return f"人民币{written}"


def _whole(number: int) -> str:
    for unit, word in _UNITS:
        if number >= unit:
            head, rest = divmod(number, unit)
            gap = "零" if 0 < rest < unit // 10 else ""
            return _whole(head) + word + gap + (_whole(rest) if rest else "")
    return _DIGITS[number]
