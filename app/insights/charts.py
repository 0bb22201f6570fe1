"""Bars and columns in whole units: their places are computed here, a template draws them.

Each bar has its words above it and its number behind it. Parts of a bar carry their number where
it fits. A drawing is 360 units wide, so that it is read on a phone without being shrunk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 360
ROOM: Final = 44
"""Kept free behind the longest bar for its number."""
ROW: Final = 42
LONGEST_WORDS: Final = 46
"""Columns of words above a bar; a Chinese character takes two."""
MOST_BARS: Final = 12


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a bar. ``kind`` is its place among the kinds of the drawing."""

    kind: int
    value: int
    x: int
    width: int

    @property
    def fits(self) -> bool:
        """Whether its number has room inside."""
        return self.width >= 6 + 8 * len(str(self.value))

    @property
    def middle(self) -> int:
        """Where its number stands."""
        return self.x + self.width // 2


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar with its words, its sum and its parts, ``y`` being the top of its row."""

    words: str
    value: int
    y: int
    end: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Bars below one another. ``kinds`` are the words for the parts, empty for plain bars."""

    bars: tuple[Bar, ...]
    kinds: tuple[str, ...]
    height: int
    rest: int
    """How many bars were left out, the smallest; the table beside holds them all."""


def drawing(
    rows: Sequence[tuple[str, Sequence[int]]], kinds: Sequence[str] = (), most: int = MOST_BARS
) -> Drawing:
    """Draw rows of words and numbers, all bars by one scale.

    >>> [bar] = drawing([("王芳", [3, 1])], ["new", "old"]).bars
    >>> bar.value, [(part.x, part.width) for part in bar.parts], bar.end
    (4, [(0, 237), (237, 79)], 316)
    """
    shown = rows[:most]
    longest = max((sum(values) for _, values in shown), default=0) or 1
    bars = []
    for place, (words, values) in enumerate(shown):
        parts, done = [], 0
        for kind, value in enumerate(values):
            x, done = _place(done, longest), done + value
            if value:
                # Something that is there is seen, however small beside the rest.
                parts.append(Part(kind, value, x, max(_place(done, longest) - x, 1)))
        end = _place(done, longest)
        bars.append(Bar(_shortened(words), done, place * ROW, end, tuple(parts)))
    return Drawing(tuple(bars), tuple(kinds), len(bars) * ROW, len(rows) - len(shown))


@dataclass(frozen=True, slots=True)
class Column:
    """One column; its words stand under it where ``named``, its number above where ``told``."""

    words: str
    value: int
    x: int
    y: int
    width: int
    height: int
    named: bool
    told: bool

    @property
    def middle(self) -> int:
        """Where its words and its number stand."""
        return self.x + self.width // 2


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns beside one another, for many days; ``base`` is the line they stand on."""

    columns: tuple[Column, ...]
    base: int
    height: int


COLUMN_HEIGHT: Final = 110
NAMED_EVERY: Final = 7
ABOVE, BELOW = 18, 20
"""Room for numbers and words."""


def columns(rows: Sequence[tuple[str, int]]) -> Columns:
    """Draw many numbers beside one another; every seventh from the last is named, the highest told.

    >>> [(one.x, one.height, one.told) for one in columns([("1", 2), ("2", 4)]).columns]
    [(0, 55, False), (180, 110, True)]
    """
    highest = max((value for _, value in rows), default=0)
    slot, base = WIDTH // max(len(rows), 1), ABOVE + COLUMN_HEIGHT
    told = next((place for place, (_, value) in enumerate(rows) if value == highest > 0), None)
    found = []
    for place, (words, value) in enumerate(rows):
        height = max(value * COLUMN_HEIGHT // (highest or 1), 1) if value else 0
        named = (len(rows) - 1 - place) % NAMED_EVERY == 0
        box = (place * slot, base - height, max(slot - 2, 1), height)
        found.append(Column(words, value, *box, named=named, told=place == told))
    return Columns(tuple(found), base, base + BELOW)


def _place(value: int, longest: int) -> int:
    return value * (WIDTH - ROOM) // longest


def _shortened(words: str) -> str:
    columns = 0
    for place, character in enumerate(words):
        columns += 1 if character.isascii() else 2
        if columns > LONGEST_WORDS:
            return f"{words[: place - 1]}…"
    return words
