"""Where the marks of a range bar lie: the range of a fine, the amount, earlier fines as dots.

Whole units of the drawing, computed from exact amounts; nothing here is a float.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from app.law.penalties import Range

LEFT: Final = 10
RIGHT: Final = 390
REACH: Final = 2
"""The bar reaches at most so many times as far as the range and the amount; dots beyond are out."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A bar from nothing to the largest mark. ``dots`` are places, without those beyond its end."""

    low: int
    high: int
    amount: int | None
    dots: tuple[int, ...]
    beyond: int
    """How many earlier fines lie beyond the end of the bar."""


def drawing(bounds: Range, amount: Decimal | None, earlier: Sequence[Decimal]) -> Drawing:
    """Place a range, an amount and earlier fines, all in yuan, on one line.

    >>> drawing(Range(Decimal(50), Decimal(100)), Decimal(75), [Decimal(200), Decimal(201)])
    Drawing(low=105, high=200, amount=152, dots=(390,), beyond=1)
    """
    reach = max(bounds.high, amount or Decimal(0))
    inside = [fine for fine in earlier if fine <= REACH * reach]
    end = max([reach, *inside]) or Decimal(1)

    def place(value: Decimal) -> int:
        return LEFT + int(value * (RIGHT - LEFT) / end)

    return Drawing(
        low=place(bounds.low),
        high=place(bounds.high),
        amount=None if amount is None else place(amount),
        dots=tuple(place(fine) for fine in inside),
        beyond=len(earlier) - len(inside),
    )
