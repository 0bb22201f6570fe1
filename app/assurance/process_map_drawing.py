"""The picture of a process map: layered, from top to bottom, thick where much goes.

It has no style of its own, only classes; each line is a link to the cases behind it. The table
beside it says the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

from markupsafe import Markup

from app.assurance.process_map import START, ProcessMap, Step, View, recorded_anywhere
from app.engine.diagram import BOX_PADDING, FONT, LINE_HEIGHT
from app.engine.layout import MARGIN, Edge, Layout, Node
from app.engine.strokes import SMALL_FONT, em, head, path, short, words_place, wrapped
from app.workflows import LIFECYCLES

MOST_STEPS: Final = 40
"""More than these are not read; the rarest are left out of the picture until asked for."""
WEIGHTS: Final = 5
BOX_WIDTH: Final = 196
"""Wider than in the picture of a lifecycle: the words of a way down and one back stand beside."""


@dataclass(eq=False)
class _Box(Node):
    """A node with its words and how often it was reached; ``again`` directly after itself."""

    lines: tuple[str, ...] = ()
    count: int = 0
    again: int = 0
    declared: bool = True


@dataclass(eq=False)
class _Line(Edge):
    """A step as it is drawn."""

    step: Step = field(kw_only=True)
    words: str = field(kw_only=True)

    @property
    def label_width(self) -> float:
        """How wide its number and its waiting time are."""
        return em(self.words) * SMALL_FONT


@dataclass(frozen=True, slots=True)
class Spoken:
    """The words of the picture, in the language of the reader."""

    title: str
    about: str
    node: Callable[[str], str]
    step: Callable[[Step], str]
    """What is written on a line."""
    told: Callable[[Step], str]
    """The same as a sentence."""
    address: Callable[[Step], str]


def fitting(steps: Sequence[Step], most: int = MOST_STEPS) -> int:
    """The least frequency from which on so many steps, or fewer, are left to draw."""
    if len(steps) <= most:
        return 1
    return sorted((one.count for one in steps), reverse=True)[most] + 1


def shown(steps: Sequence[Step], least: int) -> list[Step]:
    """The steps that are drawn: frequent ones, and at least the one by which most cases begin."""
    found = [one for one in steps if one.count >= least]
    if not any(one.source == START for one in found):
        found += [one for one in steps if one.source == START][:1]
    return found


def svg(drawn: ProcessMap, steps: Sequence[Step], spoken: Spoken) -> Markup:
    """Draw these steps of a map, one of which begins a case."""
    boxes = _boxes(drawn, steps, spoken)
    start = _Box(START, 12, 12)
    lines = [_line(one, boxes, start, spoken) for one in steps if one.source != one.target]
    for box in boxes.values():
        box.end = not any(one.source is box and not one.back for one in lines)
    layout = Layout(start, [*boxes.values()], [], lines, {})
    left, right = layout.span
    width, height = right - left + 2 * MARGIN, layout.bottom
    most = max(one.count for one in steps)
    size = f'width="{short(width)}" height="{short(height)}"'
    frame = f'viewBox="{short(left - MARGIN)} 0 {short(width)} {short(height)}"'
    about = 'role="group" aria-labelledby="map-title map-about"'
    parts = [
        f'<svg class="lifecycle process-map" {about} {frame} {size}>',
        f'<title id="map-title">{escape(spoken.title)}</title>',
        f'<desc id="map-about">{escape(spoken.about)}</desc>',
        *(_stroke(one, most, spoken) for one in sorted(lines, key=lambda one: one.step.count)),
        f'<circle class="start" cx="{short(start.x)}" cy="{short(layout.middle(start))}" r="6"/>',
        *(_shape(layout, box) for box in boxes.values()),
        *(_words(layout, one) for one in lines),
        "</svg>",
    ]
    return Markup("\n".join(parts))  # noqa: S704 - every text in it is escaped above


def _boxes(drawn: ProcessMap, steps: Sequence[Step], spoken: Spoken) -> dict[str, _Box]:
    names = list(
        dict.fromkeys(name for one in steps for name in (one.source, one.target) if name != START)
    )
    again = {one.target: one.count for one in steps if one.source == one.target}
    reached = drawn.nodes
    lifecycle = LIFECYCLES[drawn.asked.lifecycle]
    own = lifecycle.states if drawn.asked.view is View.STATES else lifecycle.transitions
    declared = {*own, *recorded_anywhere(drawn.asked.view)}
    found = {}
    for rank, name in enumerate(_ranked(drawn, names, steps)):
        lines = wrapped(spoken.node(name), (BOX_WIDTH - 2 * BOX_PADDING - 8) / FONT)
        height = LINE_HEIGHT * (len(lines) + 1) + 2 * BOX_PADDING
        found[name] = _Box(
            name, BOX_WIDTH, height, rank, lines=lines, count=reached.get(name, 0),
            again=again.get(name, 0), declared=name in declared,
        )  # fmt: skip
    return found


def _ranked(drawn: ProcessMap, names: Sequence[str], steps: Sequence[Step]) -> list[str]:
    """States in the order of their file, ends last; acts so that little goes back."""
    if drawn.asked.view is View.STATES:
        states = LIFECYCLES[drawn.asked.lifecycle].states
        order = {name: (state.final, at) for at, (name, state) in enumerate(states.items())}
        return sorted(names, key=lambda name: order.get(name, (True, len(order))))
    return downward(names, [one for one in steps if START not in {one.source, one.target}])


def downward(names: Sequence[str], steps: Sequence[Step]) -> list[str]:
    """Order nodes so that the steps against the order weigh little.

    What nothing leaves comes last, what nothing enters first, else whatever is left more often
    than entered. (P. Eades, X. Lin, W. Smyth, A fast and effective heuristic for the feedback arc
    set problem, 1993.)
    """
    left, first, last = dict.fromkeys(names), list[str](), list[str]()
    while left:
        out, into = dict.fromkeys(left, 0), dict.fromkeys(left, 0)
        for one in steps:
            if one.source in left and one.target in left and one.source != one.target:
                out[one.source] += one.count
                into[one.target] += one.count
        if (
            sink := next((name for name in left if not out[name] and into[name]), None)
        ) is not None:
            del left[sink]
            last.insert(0, sink)
            continue
        source = next((name for name in left if not into[name]), None)
        chosen = source if source is not None else max(left, key=lambda n: out[n] - into[n])
        del left[chosen]
        first.append(chosen)
    return first + last


def _line(step: Step, boxes: dict[str, _Box], start: _Box, spoken: Spoken) -> _Line:
    source = boxes[step.source] if step.source != START else start
    target = boxes[step.target]
    back = step.source != START and source.rank > target.rank
    upper, lower = (target, source) if back else (source, target)
    return _Line(upper, lower, back, step=step, words=spoken.step(step))


def _stroke(line: _Line, most: int, spoken: Spoken) -> str:
    weight = 1 + (WEIGHTS - 1) * line.step.count // most
    classes = ["edge", f"weight-{weight}"]
    classes += ["back"] if line.back else []
    classes += [] if line.step.known else ["unknown"]
    told = escape(spoken.told(line.step))
    return (
        f'<a href="{escape(spoken.address(line.step))}" aria-label="{told}">'
        f'<g class="{" ".join(classes)}"><title>{told}</title>'
        f'<path class="reach" d="{path(line)}"/><path class="line" d="{path(line)}"/>'
        f'<path class="head" d="{head(line)}"/></g></a>'
    )


def _shape(layout: Layout, box: _Box) -> str:
    left, top = box.x - box.width / 2, layout.middle(box) - box.height / 2
    classes = "state" if box.declared else "state unknown"
    first = top + BOX_PADDING + LINE_HEIGHT * 0.75
    number = f"{box.count} ↻{box.again}" if box.again else f"{box.count}"
    rows = [
        f'<text class="name" x="{short(box.x)}" y="{short(first + LINE_HEIGHT * at)}">'
        f"{escape(words)}</text>"
        for at, words in enumerate(box.lines)
    ]
    below = short(first + LINE_HEIGHT * len(box.lines))
    return (
        f'<g class="{classes}"><rect class="box" x="{short(left)}" y="{short(top)}" '
        f'width="{short(box.width)}" height="{short(box.height)}" rx="6"/>{"".join(rows)}'
        f'<text class="reached" x="{short(box.x)}" y="{below}">{number}</text></g>'
    )


def _words(layout: Layout, line: _Line) -> str:
    x, y = words_place(layout, line)
    classes = "code" if line.step.known else "code unknown"
    return f'<text class="{classes}" x="{short(x)}" y="{short(y + 4)}">{escape(line.words)}</text>'
