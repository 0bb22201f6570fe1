"""How the parts of a drawn graph are written down: breaking text, rounding corners, placing words.

What stands where is the matter of `layout`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from app.engine.layout import Edge, Layout

CORNER: Final = 7
SMALL_FONT: Final = 11
"""Of what is written on an edge."""


def em(text: str) -> float:
    """Estimate the width of a text in ems: a Chinese character is one, a Latin one about half."""
    return sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.56 for c in text)


def wrapped(text: str, ems: float) -> tuple[str, ...]:
    """Break a text into lines of at most ``ems``: after a comma, else evenly, Chinese anywhere."""
    if em(text) <= ems:
        return (text,)
    head, comma, tail = text.partition("，")
    if comma and max(em(head) + 1, em(tail)) <= ems:
        return (head + comma, tail)
    goal = min(ems, em(text) / -(-em(text) // ems) + 1.2)
    lines = [""]
    for word in _breakable(text):
        if lines[-1] and em(lines[-1] + word.rstrip()) > goal:
            lines.append("")
        lines[-1] += word
    return tuple(line.strip() for line in lines)


def _breakable(text: str) -> Iterator[str]:
    """The pieces between which a line may break; closing punctuation stays with what it ends."""
    word = ""
    for character in text:
        wide = unicodedata.east_asian_width(character) in "WF"
        closing = character in "，。、；：）」”！？"
        if word and wide and not closing:
            yield word
            word = ""
        word += character
        if character == " ":
            yield word
            word = ""
    yield word


def short(number: float) -> str:
    """Write a length to a tenth."""
    return f"{round(number, 1):g}"


def path(edge: Edge) -> str:
    """The line with rounded corners, stopping short of the tip of its arrow."""
    points = list(edge.points)
    end = 0 if edge.back else -1
    points[end] = (points[end][0], points[end][1] + (6 if edge.back else -6))
    drawn = f"M{short(points[0][0])} {short(points[0][1])}"
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        near, far = _towards(corner, before), _towards(corner, after)
        drawn += f"L{short(near[0])} {short(near[1])}"
        drawn += f"Q{short(corner[0])} {short(corner[1])} {short(far[0])} {short(far[1])}"
    return drawn + f"L{short(points[-1][0])} {short(points[-1][1])}"


def _towards(corner: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """The point a corner's radius away from it; at most half the way."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = abs(dx) + abs(dy)
    part = min(CORNER / length, 0.5) if length else 0.0
    return corner[0] + dx * part, corner[1] + dy * part


def head(edge: Edge) -> str:
    """The tip of the arrow."""
    tip = edge.points[0] if edge.back else edge.points[-1]
    wing = 8 if edge.back else -8
    return f"M{short(tip[0])} {short(tip[1])}l-4.5 {wing}h9z"


def words_place(layout: Layout, edge: Edge) -> tuple[float, float]:
    """On the lane beside the layer next to where the edge begins, else on its longest piece."""
    if edge.lane is not None:
        layer = edge.passes[-1] if edge.back else edge.passes[0]
        return edge.lane, layout.top[layer] + layout.height_of[layer] / 2
    pieces = list(pairwise(edge.points))
    room = edge.label_width + 16
    level = [p for p in pieces if p[0][1] == p[1][1] and abs(p[0][0] - p[1][0]) > room]
    (x1, y1), (x2, y2) = level[0] if level else pieces[-1]
    return (x1 + x2) / 2, (y1 + y2) / 2 - (0 if level or edge.back else 3)
