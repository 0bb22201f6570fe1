"""The picture of a lifecycle: Mermaid text, and an SVG of our own that needs nothing but classes.

Where everything stands is worked out by `layout`, how it is written down by `strokes`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

from app.engine.actors import Role
from app.engine.definition import Anywhere, Lifecycle, State, StateSet, Transition
from app.engine.layout import MARGIN, Edge, Layout, Node
from app.engine.strokes import SMALL_FONT, em, head, path, short, words_place, wrapped
from app.law.labels import Label

# Mermaid ----------------------------------------------------------------------------------------


def mermaid(lifecycle: type[Lifecycle], locale: str = "zh") -> str:
    """The lifecycle as a Mermaid stateDiagram-v2. Acts that move nothing are left out."""
    lines = ["stateDiagram-v2", "    direction TB"]
    lines += [
        f'    state "{_mermaid_text(state.label.text(locale))}" as {name}'
        for name, state in lifecycle.states.items()
    ]
    for transition in lifecycle.transitions.values():
        text = _mermaid_text(f"{transition.code} {transition.label.text(locale)}")
        sources = ["[*]"] if transition.opens else _sources(lifecycle, transition)
        lines += [
            f"    {source} --> {to}: {text}"
            for source in sources
            for to in dict.fromkeys(state.name for state in transition.destinations)
        ]
    lines += [f"    {name} --> [*]" for name, state in lifecycle.states.items() if state.final]
    return "\n".join(lines) + "\n"


def _mermaid_text(text: str) -> str:
    """Text without the characters that end a label or a statement."""
    return text.translate({ord('"'): "”", ord(":"): "：", ord(";"): "；", ord("#"): "＃"})


def _sources(lifecycle: type[Lifecycle], transition: Transition) -> list[str]:
    return [name for name in lifecycle.states if name in transition.source_names]


# What is drawn ----------------------------------------------------------------------------------

BOX_WIDTH: Final = 156
LINE_HEIGHT: Final = 19
BOX_PADDING: Final = 10
PILL_HEIGHT: Final = 30
FONT: Final = 14
WIDE_SET: Final = 3
"""A named set of more states than this is drawn as one pill, not as so many edges."""

STYLESHEET: Final = """\
.lifecycle { font-family: "PingFang SC", "Microsoft YaHei", "Noto Sans SC", "Noto Sans CJK SC",
  sans-serif; }
.lifecycle .box { fill: #fff; stroke: #8b98a8; stroke-width: 1.25; }
.lifecycle .name { fill: #1b2530; font-size: 14px; text-anchor: middle; }
.lifecycle .pill { fill: #f4f6f8; stroke: #8b98a8; stroke-dasharray: 4 3; }
.lifecycle .pill-name { fill: #53606e; font-size: 12px; text-anchor: middle; }
.lifecycle .rim { fill: none; stroke: #8b98a8; stroke-width: 1; }
.lifecycle .start { fill: #53606e; }
.lifecycle .line { fill: none; stroke: #8b98a8; stroke-width: 1.25; }
.lifecycle .head { fill: #8b98a8; }
.lifecycle .back .line { stroke-dasharray: 5 3; }
.lifecycle .code { fill: #53606e; font-size: 11px; text-anchor: middle; stroke: #fff;
  stroke-width: 4px; stroke-linejoin: round; paint-order: stroke; }
.lifecycle .mark { fill: #fff; font-size: 11px; text-anchor: middle; }
.lifecycle .done .box { fill: #e6f4ea; stroke: #1b6b3a; }
.lifecycle .done .rim { stroke: #1b6b3a; }
.lifecycle .done .badge { fill: #1b6b3a; }
.lifecycle .current .box { fill: #12507b; stroke: #0c3a5b; stroke-width: 2; }
.lifecycle .current .rim { stroke: #fff; }
.lifecycle .current .badge { fill: #0c3a5b; stroke: #fff; }
.lifecycle .current .name { fill: #fff; font-weight: 600; }
.lifecycle .taken .line { stroke: #1b6b3a; stroke-width: 2.25; }
.lifecycle .taken .head { fill: #1b6b3a; }
.lifecycle .code.taken { fill: #1b6b3a; font-weight: 600; }
"""
"""What the classes of the picture look like; part of the product's stylesheet."""

WORDS: Final[Mapping[str, Label]] = {
    "any": Label("任一环节", "Any state"),
    "open": Label("任一未结环节", "Any open state"),
    "current": Label("当前环节：", "Now: "),
    "states": Label("环节：", "States: "),
    "acts": Label("不改变环节的操作：", "Acts that do not change the state: "),
    "end": Label("；", "; "),
}


@dataclass(eq=False)
class _Shape(Node):
    """A box, a pill or the start."""

    lines: tuple[str, ...] = ()
    kind: str = "state"


@dataclass(eq=False)
class _Way(Edge):
    """All transitions between two shapes, drawn as one edge."""

    transitions: list[Transition] = field(default_factory=list)
    pairs: set[tuple[str, str]] = field(default_factory=set)

    @property
    def code(self) -> str:
        """The codes of its transitions, the first two where there are many."""
        codes = list(dict.fromkeys(transition.code for transition in self.transitions))
        return "/".join(codes[:2]) + ("…" if len(codes) > 2 else "")  # noqa: PLR2004

    @property
    def label_width(self) -> float:
        """How wide the codes are that are written on it."""
        return em(self.code) * SMALL_FONT


# Layout -----------------------------------------------------------------------------------------


class _Picture:
    """The boxes of the states, the pills of wide sets and the ways between them, laid out."""

    def __init__(self, lifecycle: type[Lifecycle], locale: str) -> None:
        self.lifecycle = lifecycle
        self.locale = locale
        ranks = {name: place for place, name in enumerate(self._ranked())}
        self.states = {
            name: self._box(name, state, ranks[name]) for name, state in lifecycle.states.items()
        }
        self.pills: dict[tuple[str, ...], _Shape] = {}
        self.start = _Shape("start", 12, 12, kind="start")
        self.edges = self._edges()
        stands_for = {
            edge.source: [self.states[name] for name, _ in edge.pairs]
            for edge in self.edges
            if edge.source in self.pills.values()
        }
        self.layout = Layout(
            self.start, [*self.states.values()], [*self.pills.values()], self.edges, stands_for
        )

    def _box(self, name: str, state: State, rank: int) -> _Shape:
        lines = wrapped(state.label.text(self.locale), (BOX_WIDTH - 2 * BOX_PADDING - 8) / FONT)
        height = LINE_HEIGHT * len(lines) + 2 * BOX_PADDING
        return _Shape(name, BOX_WIDTH, height, rank, state.final, lines=lines)

    @property
    def shapes(self) -> list[_Shape]:
        """Everything that is drawn as a shape."""
        return [self.start, *self.states.values(), *self.pills.values()]

    # Edges

    def _edges(self) -> list[_Way]:
        """One edge per pair of nodes, whatever the number of transitions between them."""
        found: dict[tuple[_Shape, _Shape], _Way] = {}
        for transition in self.lifecycle.transitions.values():
            for to in dict.fromkeys(state.name for state in transition.destinations):
                for source, names in self._origins(transition, to):
                    target = self.states[to]
                    back = source.kind == "state" and source.rank > target.rank
                    edge = found.setdefault(
                        (source, target), _Way(source, target, back, by_person=False)
                    )
                    edge.transitions.append(transition)
                    edge.by_person |= any(who.role is not Role.SYSTEM for who in transition.by)
                    edge.pairs |= {(name, to) for name in names}
        for edge in found.values():
            if edge.back:
                edge.source, edge.target = edge.target, edge.source
        return list(found.values())

    def _ranked(self) -> list[str]:
        """The states in the order a case goes through them: as the file has them, ends last."""
        states = self.lifecycle.states.values()
        opening = self.lifecycle.opening().destinations[0]
        return [s.name for s in sorted(states, key=lambda s: (s is not opening, s.final))]

    def _origins(self, transition: Transition, to: str) -> Iterator[tuple[_Shape, Sequence[str]]]:
        """Where a transition comes from: the start, a pill for a wide set, or single states."""
        if transition.opens:
            yield self.start, ()
            return
        names = [name for name in _sources(self.lifecycle, transition) if name != to]
        label = self._set_label(transition)
        if label is None or len(names) <= WIDE_SET:
            for name in names:
                yield self.states[name], (name,)
            return
        pill = _Shape(label, em(label) * 12 + 28, PILL_HEIGHT, lines=(label,), kind="pill")
        yield self.pills.setdefault((label, to), pill), names

    def _set_label(self, transition: Transition) -> str | None:
        match transition.sources:
            case StateSet() as states:
                return states.label.text(self.locale)
            case Anywhere.ANY:
                return WORDS["any"].text(self.locale)
            case Anywhere.OPEN:
                return WORDS["open"].text(self.locale)
            case _:
                return None


# SVG --------------------------------------------------------------------------------------------


def svg(
    lifecycle: type[Lifecycle],
    *,
    locale: str = "zh",
    current: str | None = None,
    visited: Collection[str] = (),
    taken: Collection[tuple[str, str]] = (),
    standalone: bool = False,
) -> str:
    """Draw a lifecycle. ``current``, ``visited`` and ``taken`` (pairs from, to) show a case's way.

    Looks come from classes alone (`STYLESHEET`); ``standalone`` puts them into the file. Acts that
    move nothing are told in the description.
    """
    picture = _Picture(lifecycle, locale)
    layout = picture.layout
    left, right = layout.span
    width, height = right - left + 2 * MARGIN, layout.bottom
    key, title = lifecycle.key, lifecycle.title().text(locale)
    box = f"{short(left - MARGIN)} 0 {short(width)} {short(height)}"
    size = f'viewBox="{box}" width="{short(width)}" height="{short(height)}"'
    about = f'aria-labelledby="{key}-title" aria-describedby="{key}-desc"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lifecycle" role="img" {about} {size}>',
        f'<title id="{key}-title">{escape(title)}</title>',
        f'<desc id="{key}-desc">{escape(_described(lifecycle, locale, current))}</desc>',
    ]
    if standalone:
        parts.append(f"<style>{STYLESHEET}</style>")
    gone = set(taken)
    done = {edge for edge in picture.edges if edge.pairs & gone}
    if visited or current:
        done |= {edge for edge in picture.edges if edge.source is picture.start}
    ordered = sorted(picture.edges, key=lambda edge: edge in done)
    parts += [_line(edge, edge in done, locale) for edge in ordered]
    parts += [_shape(picture, node, current, visited) for node in picture.shapes]
    parts += [_code(layout, edge, edge in done) for edge in ordered]
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def _described(lifecycle: type[Lifecycle], locale: str, current: str | None) -> str:
    comma = Label("、", ", ").text(locale)
    states = comma.join(state.label.text(locale) for state in lifecycle.states.values())
    told = [WORDS["states"].text(locale) + states]
    if current is not None:
        told.insert(0, WORDS["current"].text(locale) + lifecycle.states[current].label.text(locale))
    acts = [
        f"{transition.code} {transition.label.text(locale)}"
        for transition in lifecycle.transitions.values()
        if transition.is_act
    ]
    if acts:
        told.append(WORDS["acts"].text(locale) + comma.join(acts))
    return WORDS["end"].text(locale).join(told)


def _classes(*names: tuple[str, bool]) -> str:
    return " ".join(name for name, holds in names if holds)


def _line(edge: _Way, done: bool, locale: str) -> str:  # noqa: FBT001
    names = "\n".join(f"{t.code} {t.label.text(locale)}" for t in edge.transitions)
    classes = _classes(("edge", True), ("back", edge.back), ("taken", done))
    return (
        f'<g class="{classes}"><title>{escape(names)}</title>'
        f'<path class="line" d="{path(edge)}"/><path class="head" d="{head(edge)}"/></g>'
    )


def _shape(picture: _Picture, node: _Shape, current: str | None, visited: Collection[str]) -> str:
    y = picture.layout.middle(node)
    if node.kind == "start":
        return f'<circle class="start" cx="{short(node.x)}" cy="{short(y)}" r="6"/>'
    left, top = node.x - node.width / 2, y - node.height / 2
    if node.kind == "pill":
        return (
            f'<g class="set">{_rect("pill", left, top, node, PILL_HEIGHT / 2)}'
            f'<text class="pill-name" x="{short(node.x)}" y="{short(y + 4)}">'
            f"{escape(node.lines[0])}</text></g>"
        )
    final = picture.lifecycle.states[node.key].final
    here, done = node.key == current, node.key in visited and node.key != current
    classes = _classes(
        ("state", True),
        ("current", here),
        ("done", done),
        ("todo", not here and not done),
        ("final", final),
    )
    parts = [f'<g class="{classes}" data-state="{node.key}">', _rect("box", left, top, node, 6)]
    if final:
        inner = _Shape("", node.width - 7, node.height - 7)
        parts.append(_rect("rim", left + 3.5, top + 3.5, inner, 4))
    first = y - LINE_HEIGHT * (len(node.lines) - 1) / 2 + 5
    parts += [
        f'<text class="name" x="{short(node.x)}" y="{short(first + LINE_HEIGHT * number)}">'
        f"{escape(line)}</text>"
        for number, line in enumerate(node.lines)
    ]
    if here or done:
        parts.append(
            f'<circle class="badge" cx="{short(left + 2)}" cy="{short(top + 2)}" r="9"/>'
            f'<text class="mark" x="{short(left + 2)}" y="{short(top + 6)}">'
            f"{'▶' if here else '✓'}</text>"
        )
    return "".join(parts) + "</g>"


def _rect(name: str, x: float, y: float, node: _Shape, radius: float) -> str:
    return (
        f'<rect class="{name}" x="{short(x)}" y="{short(y)}" width="{short(node.width)}" '
        f'height="{short(node.height)}" rx="{short(radius)}"/>'
    )


def _code(layout: Layout, edge: _Way, done: bool) -> str:  # noqa: FBT001
    x, y = words_place(layout, edge)
    classes = _classes(("code", True), ("taken", done))
    return f'<text class="{classes}" x="{short(x)}" y="{short(y + 4)}">{escape(edge.code)}</text>'
