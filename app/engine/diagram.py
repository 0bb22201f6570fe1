"""The picture of a lifecycle: Mermaid text, and an SVG of our own that needs nothing but classes.

The layout is layered, from top to bottom. The *spine*, the heaviest path from the opening to an
end, runs straight down the middle; ways forward that skip states run on the right of it, ways back
on the left. An edge that passes layers keeps one vertical lane through all of them, so that it
never crosses a box. Horizontal pieces lie in the gaps between layers, each on a track of its own.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from typing import Final

from app.engine.actors import Role
from app.engine.definition import Anywhere, Lifecycle, StateSet, Transition
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
LANE: Final = 36
"""Room for an edge that passes a layer: its line and the code written on it."""
SIDE_GAP: Final = 30
PORT: Final = 15
TRACK: Final = 17
SNAP: Final = 7
"""A bend narrower than this is straightened: ports lie further apart."""
STUB: Final = 13
ARROW_ROOM: Final = 21
CORNER: Final = 7
MARGIN: Final = 14
FONT: Final = 14
SMALL_FONT: Final = 11
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
class _Node:
    """A box, a pill or a place where an edge passes a layer. ``x`` is its middle."""

    key: str
    width: float
    height: float
    lines: tuple[str, ...] = ()
    layer: int = 0
    x: float = 0.0
    kind: str = "state"


@dataclass(eq=False)
class _Edge:
    """A way between two nodes, upper one first; ``back`` if it is gone upwards."""

    source: _Node
    target: _Node
    transitions: list[Transition] = field(default_factory=list)
    pairs: set[tuple[str, str]] = field(default_factory=set)
    back: bool = False
    lane: float | None = None
    """Where it passes the layers between; ``None`` where there are none."""
    points: list[tuple[float, float]] = field(default_factory=list)

    @property
    def passes(self) -> range:
        """The layers it passes between its ends."""
        return range(self.source.layer + 1, self.target.layer)

    @property
    def code(self) -> str:
        """The codes of its transitions, the first two where there are many."""
        codes = list(dict.fromkeys(transition.code for transition in self.transitions))
        return "/".join(codes[:2]) + ("…" if len(codes) > 2 else "")  # noqa: PLR2004


@dataclass(frozen=True, eq=False)
class _Piece:
    """The horizontal part of an edge in the gap below a layer, from one x to another."""

    one: float
    two: float
    edge: _Edge
    step: int

    @property
    def order(self) -> tuple[bool, float]:
        """What leaves a box comes before what enters one; the furthest to the side comes first."""
        return self.step > 0, -self.two if self.two > self.one else self.two

    def overlaps(self, other: _Piece) -> bool:
        """Whether the two need tracks of their own."""
        low, high = sorted((self.one, self.two))
        from_, to = sorted((other.one, other.two))
        return low < to + PORT / 2 and from_ < high + PORT / 2


def _em(text: str) -> float:
    """Estimate the width of a text in ems: a Chinese character is one, a Latin one about half."""
    return sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.56 for c in text)


def _wrapped(text: str, ems: float) -> tuple[str, ...]:
    """Break a text into lines of at most ``ems``: after a comma, else evenly, Chinese anywhere."""
    if _em(text) <= ems:
        return (text,)
    head, comma, tail = text.partition("，")
    if comma and max(_em(head) + 1, _em(tail)) <= ems:
        return (head + comma, tail)
    goal = min(ems, _em(text) / -(-_em(text) // ems) + 1.2)
    lines = [""]
    for word in _breakable(text):
        if lines[-1] and _em(lines[-1] + word.rstrip()) > goal:
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


# Layout -----------------------------------------------------------------------------------------


class _Layout:
    """Where everything stands. Built once per picture, top-down."""

    def __init__(self, lifecycle: type[Lifecycle], locale: str) -> None:
        self.lifecycle = lifecycle
        self.locale = locale
        self.states = {name: self._box(state.label) for name, state in lifecycle.states.items()}
        for name, node in self.states.items():
            node.key = name
        self.pills: dict[tuple[str, ...], _Node] = {}
        self.start = _Node("start", 12, 12, kind="start")
        self.edges = self._edges()
        self._give_layers()
        self.spine = self._spine()
        self._place()
        self._route()

    def _box(self, label: Label) -> _Node:
        lines = _wrapped(label.text(self.locale), (BOX_WIDTH - 2 * BOX_PADDING - 8) / FONT)
        return _Node("", BOX_WIDTH, LINE_HEIGHT * len(lines) + 2 * BOX_PADDING, lines)

    @property
    def nodes(self) -> list[_Node]:
        """Everything that is drawn as a shape."""
        return [self.start, *self.states.values(), *self.pills.values()]

    # Edges

    def _edges(self) -> list[_Edge]:
        """One edge per pair of nodes, whatever the number of transitions between them."""
        rank = {name: place for place, name in enumerate(self._ranked())}
        found: dict[tuple[_Node, _Node], _Edge] = {}
        for transition in self.lifecycle.transitions.values():
            for to in dict.fromkeys(state.name for state in transition.destinations):
                for source, names in self._origins(transition, to):
                    target = self.states[to]
                    back = source.kind == "state" and rank[source.key] > rank[to]
                    edge = found.setdefault((source, target), _Edge(source, target, back=back))
                    edge.transitions.append(transition)
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

    def _origins(self, transition: Transition, to: str) -> Iterator[tuple[_Node, Sequence[str]]]:
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
        pill = _Node(label, _em(label) * 12 + 28, PILL_HEIGHT, (label,), kind="pill")
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

    # Layers

    def _give_layers(self) -> None:
        """Put every state one layer below the lowest of those it follows."""
        below: dict[_Node, list[_Node]] = defaultdict(list)
        for edge in self.edges:
            if edge.source.kind != "pill":
                below[edge.target].append(edge.source)
        for name in self._ranked():
            node = self.states[name]
            above = [upper.layer for upper in below[node]]
            from_sets = [
                self.states[source].layer
                for edge in self.edges
                if edge.target is node and edge.source.kind == "pill"
                for source, _ in edge.pairs
            ]
            node.layer = 1 + max(above or from_sets or [0])
        for edge in self.edges:
            if edge.source.kind == "pill":
                edge.source.layer = edge.target.layer - 1

    def _spine(self) -> list[_Node]:
        """The heaviest way down: the first way out of a state weighs most, a clock's way little."""
        first: set[_Edge] = set()
        for name in self.states:
            outs = [e for e in self.edges if not e.back and e.source.key == name]
            first |= set(outs[:1])
        weight: dict[_Node, float] = {self.start: 0.0}
        came: dict[_Node, _Node] = {}
        for name in self._ranked():
            node = self.states[name]
            for edge in self.edges:
                if edge.target is not node or edge.back or edge.source not in weight:
                    continue
                person = any(w.role is not Role.SYSTEM for t in edge.transitions for w in t.by)
                gain = (2.0 if edge in first else -0.5) if person else -1.5
                if weight[edge.source] + gain > weight.get(node, float("-inf")):
                    weight[node] = weight[edge.source] + gain
                    came[node] = edge.source
        ends = [self.states[n] for n, s in self.lifecycle.states.items() if s.final]
        last = max((n for n in ends if n in weight), key=lambda n: weight[n])
        spine = [last]
        while spine[-1] in came:
            spine.append(came[spine[-1]])
        return spine[::-1]

    # Places

    def _place(self) -> None:
        """Give every node and every lane its x: the spine in the middle, the rest outwards."""
        self.taken: dict[int, list[tuple[float, float]]] = defaultdict(list)
        for node in self.spine:
            self._occupy(range(node.layer, node.layer + 1), node.x, node.width)
        steps = set(pairwise(self.spine))
        for edge in self.edges:
            if edge.passes and not edge.back and (edge.source, edge.target) in steps:
                edge.lane = 0.0
                self._occupy(edge.passes, 0.0, LANE)
        for node in sorted(self.states.values(), key=lambda n: n.layer):
            if node not in self.spine:
                self._settle(node)
        for edge in self.edges:
            if edge.source.kind == "pill":
                self._settle_pill(edge.source, edge.target)
        lanes = [edge for edge in self.edges if edge.passes and edge.lane is None]
        for edge in sorted(lanes, key=lambda e: (len(e.passes), e.source.layer)):
            width = max(LANE, _em(edge.code) * SMALL_FONT + 10)
            edge.lane = self._free(edge.passes, width, self._side(edge), _beside(edge))
            self._occupy(edge.passes, edge.lane, width)

    def _settle(self, node: _Node) -> None:
        """Put a box beside the spine, on its neighbours' side, else where there is room."""
        near = [
            other.x
            for edge in self.edges
            for other, this in ((edge.source, edge.target), (edge.target, edge.source))
            if this is node and other.layer <= node.layer
        ]
        lean = sum(near) / len(near) if near else 0.0
        layers = range(node.layer, node.layer + 1)
        right = self._free(layers, node.width + SIDE_GAP, 1, BOX_WIDTH + SIDE_GAP)
        left = self._free(layers, node.width + SIDE_GAP, -1, BOX_WIDTH + SIDE_GAP)
        preferred = right if lean >= 0 else left
        other = left if lean >= 0 else right
        node.x = preferred if abs(preferred) <= abs(other) or lean else other
        self._occupy(layers, node.x, node.width + SIDE_GAP)

    def _settle_pill(self, pill: _Node, target: _Node) -> None:
        """Put a pill above what it leads to, on its side, else where there is room."""
        layers = range(pill.layer, pill.layer + 1)
        wish = abs(target.x) or BOX_WIDTH + SIDE_GAP
        places = [self._free(layers, pill.width + SIDE_GAP, side, wish) for side in (-1, 1)]
        if target.x:
            places = [x for x in places if (x > 0) == (target.x > 0)]
        pill.x = min(places, key=abs)
        self._occupy(layers, pill.x, pill.width + SIDE_GAP)

    def _side(self, edge: _Edge) -> int:
        ends = edge.source.x + edge.target.x
        if ends:
            return 1 if ends > 0 else -1
        return -1 if edge.back else 1

    def _occupy(self, layers: Iterable[int], x: float, width: float) -> None:
        for layer in layers:
            self.taken[layer].append((x - width / 2, x + width / 2))

    def _free(self, layers: Iterable[int], width: float, side: int, wish: float) -> float:
        """The x nearest to the middle, from ``wish`` outwards, that is free in all the layers."""
        spans = sorted(span for layer in layers for span in self.taken[layer])
        x = abs(wish)
        while True:
            low, high = side * x - width / 2, side * x + width / 2
            clash = [s for s in spans if s[0] < high - 0.01 and low + 0.01 < s[1]]
            if not clash:
                return side * x
            x = max(s[1] if side > 0 else -s[0] for s in clash) + width / 2

    # Routes

    def _route(self) -> None:
        """Give ports, tracks and, from the number of tracks, the heights."""
        ports = self._ports()
        pieces: dict[int, list[_Piece]] = defaultdict(list)
        ways: dict[_Edge, list[float]] = {}
        for edge in self.edges:
            inner = [edge.lane] * len(edge.passes) if edge.lane is not None else []
            way = [ports[edge, "out"], *inner, ports[edge, "in"]]
            if abs(way[0] - way[1]) < SNAP:
                way[0] = way[1]
            if abs(way[-1] - way[-2]) < SNAP:
                way[-1] = way[-2]
            ways[edge] = way
            for step, (one, two) in enumerate(pairwise(way)):
                if one != two:
                    pieces[edge.source.layer + step].append(_Piece(one, two, edge, step))
        tracks = {layer: self._tracks(found) for layer, found in pieces.items()}
        self._heights(tracks)
        for edge, way in ways.items():
            self._draw(edge, way, tracks)

    def _ports(self) -> dict[tuple[_Edge, str], float]:
        """Where edges leave and enter a node: in the order of where they go, none on another."""
        found: dict[tuple[_Edge, str], float] = {}
        for node in self.nodes:
            for end in ("out", "in"):
                wishes = []
                for edge in self.edges:
                    here, there = (
                        (edge.source, edge.target) if end == "out" else (edge.target, edge.source)
                    )
                    if here is node:
                        towards = edge.lane if edge.lane is not None else there.x
                        if edge.back and towards == node.x:
                            towards -= self._beside_twin(edge)
                        wishes.append((towards, edge))
                room = node.width / 2 - PORT
                placed = _spread([x for x, _ in wishes], node.x, room)
                for (_, edge), x in zip(wishes, placed, strict=True):
                    found[edge, end] = x
        return found

    def _beside_twin(self, edge: _Edge) -> float:
        """How far left of a way down the way back runs, so that their codes do not touch."""
        ends = (edge.source, edge.target)
        codes = [e.code for e in self.edges if (e.source, e.target) == ends]
        return max(2 * PORT, sum(map(_em, codes)) * SMALL_FONT / 2 + 9)

    def _tracks(self, pieces: list[_Piece]) -> dict[tuple[_Edge, int], int]:
        """Give each horizontal piece of a gap a track, so that no two lie on one another.

        Of pieces that leave boxes on one side, the one that goes furthest lies highest; of pieces
        that come in from one side, the one from furthest lies lowest: so they do not cross.
        """
        given: dict[tuple[_Edge, int], int] = {}
        above: list[_Piece] = []
        for piece in sorted(pieces, key=lambda p: p.order):
            rows = [given[p.edge, p.step] for p in above if p.overlaps(piece)]
            given[piece.edge, piece.step] = 1 + max(rows, default=-1)
            above.append(piece)
        return given

    def _heights(self, tracks: Mapping[int, Mapping[tuple[_Edge, int], int]]) -> None:
        layers: dict[int, float] = defaultdict(float)
        for node in self.nodes:
            layers[node.layer] = max(layers[node.layer], node.height)
        self.top: dict[int, float] = {}
        self.height_of: dict[int, float] = {}
        y = float(MARGIN)
        for layer in range(max(layers) + 1):
            self.top[layer] = y
            self.height_of[layer] = layers[layer]
            rows = 1 + max(tracks.get(layer, {}).values(), default=0)
            y += layers[layer] + STUB + TRACK * rows + ARROW_ROOM
        last = max(layers)
        self.bottom = self.top[last] + layers[last] + MARGIN

    def middle(self, node: _Node) -> float:
        """The y of a node's middle."""
        return self.top[node.layer] + self.height_of[node.layer] / 2

    def _draw(
        self,
        edge: _Edge,
        way: Sequence[float],
        tracks: Mapping[int, Mapping[tuple[_Edge, int], int]],
    ) -> None:
        y = self.middle(edge.source) + edge.source.height / 2
        points = [(way[0], y)]
        for step, (one, two) in enumerate(pairwise(way)):
            layer = edge.source.layer + step
            track = tracks.get(layer, {}).get((edge, step))
            if track is not None:
                y = self.top[layer] + self.height_of[layer] + STUB + TRACK * (track + 0.5)
                points += [(one, y), (two, y)]
        points.append((way[-1], self.middle(edge.target) - edge.target.height / 2))
        edge.points = points

    @property
    def span(self) -> tuple[float, float]:
        """The leftmost and the rightmost x."""
        xs = [n.x + s * n.width / 2 for n in self.nodes for s in (-1, 1)]
        xs += [e.lane + s * LANE / 2 for e in self.edges if e.lane is not None for s in (-1, 1)]
        return min(xs), max(xs)


def _beside(edge: _Edge) -> float:
    """Where a lane would like to be: straight below or above the box it begins or ends at."""
    return max(abs(edge.source.x), abs(edge.target.x))


def _spread(wishes: Sequence[float], middle: float, room: float) -> list[float]:
    """Give ports near their wishes, within ``room`` of the middle and apart from one another."""
    order = sorted(range(len(wishes)), key=lambda index: wishes[index])
    left = [index for index in order if wishes[index] < middle][::-1]
    right = [index for index in order if wishes[index] > middle]
    places = dict.fromkeys(order, middle)
    for side, group in ((-1, left), (1, right)):
        straight = len(order) > len(left) + len(right)
        last = 0.0 if straight else -PORT / 2
        apart = min(PORT, room / max(len(group), 1))
        for rank, index in enumerate(group):
            latest = room - apart * (len(group) - 1 - rank)
            last = max(min(abs(wishes[index] - middle), latest), last + apart)
            places[index] = middle + side * last
    return [places[index] for index in range(len(wishes))]


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
    layout = _Layout(lifecycle, locale)
    left, right = layout.span
    width, height = right - left + 2 * MARGIN, layout.bottom
    key, title = lifecycle.key, lifecycle.title().text(locale)
    box = f"{_n(left - MARGIN)} 0 {_n(width)} {_n(height)}"
    size = f'viewBox="{box}" width="{_n(width)}" height="{_n(height)}"'
    about = f'aria-labelledby="{key}-title" aria-describedby="{key}-desc"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lifecycle" role="img" {about} {size}>',
        f'<title id="{key}-title">{escape(title)}</title>',
        f'<desc id="{key}-desc">{escape(_described(lifecycle, locale, current))}</desc>',
    ]
    if standalone:
        parts.append(f"<style>{STYLESHEET}</style>")
    gone = set(taken)
    done = {edge for edge in layout.edges if edge.pairs & gone}
    if visited or current:
        done |= {edge for edge in layout.edges if edge.source is layout.start}
    ordered = sorted(layout.edges, key=lambda edge: edge in done)
    parts += [_line(edge, edge in done, locale) for edge in ordered]
    parts += [_shape(layout, node, current, visited) for node in layout.nodes]
    parts += [_code(layout, edge, edge in done) for edge in ordered]
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def _n(number: float) -> str:
    return f"{round(number, 1):g}"


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


def _line(edge: _Edge, done: bool, locale: str) -> str:  # noqa: FBT001
    names = "\n".join(f"{t.code} {t.label.text(locale)}" for t in edge.transitions)
    classes = _classes(("edge", True), ("back", edge.back), ("taken", done))
    tip = edge.points[0] if edge.back else edge.points[-1]
    wing = 8 if edge.back else -8
    head = f"M{_n(tip[0])} {_n(tip[1])}l-4.5 {wing}h9z"
    return (
        f'<g class="{classes}"><title>{escape(names)}</title>'
        f'<path class="line" d="{_path(edge)}"/><path class="head" d="{head}"/></g>'
    )


def _path(edge: _Edge) -> str:
    """The line with rounded corners, stopping short of the tip of its arrow."""
    points = list(edge.points)
    end = 0 if edge.back else -1
    points[end] = (points[end][0], points[end][1] + (6 if edge.back else -6))
    path = f"M{_n(points[0][0])} {_n(points[0][1])}"
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        near, far = _towards(corner, before), _towards(corner, after)
        path += f"L{_n(near[0])} {_n(near[1])}"
        path += f"Q{_n(corner[0])} {_n(corner[1])} {_n(far[0])} {_n(far[1])}"
    return path + f"L{_n(points[-1][0])} {_n(points[-1][1])}"


def _towards(corner: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """The point a corner's radius away from it; at most half the way."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = abs(dx) + abs(dy)
    part = min(CORNER / length, 0.5) if length else 0.0
    return corner[0] + dx * part, corner[1] + dy * part


def _shape(layout: _Layout, node: _Node, current: str | None, visited: Collection[str]) -> str:
    y = layout.middle(node)
    if node.kind == "start":
        return f'<circle class="start" cx="{_n(node.x)}" cy="{_n(y)}" r="6"/>'
    left, top = node.x - node.width / 2, y - node.height / 2
    if node.kind == "pill":
        return (
            f'<g class="set">{_rect("pill", left, top, node, PILL_HEIGHT / 2)}'
            f'<text class="pill-name" x="{_n(node.x)}" y="{_n(y + 4)}">'
            f"{escape(node.lines[0])}</text></g>"
        )
    final = layout.lifecycle.states[node.key].final
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
        inner = _Node("", node.width - 7, node.height - 7)
        parts.append(_rect("rim", left + 3.5, top + 3.5, inner, 4))
    first = y - LINE_HEIGHT * (len(node.lines) - 1) / 2 + 5
    parts += [
        f'<text class="name" x="{_n(node.x)}" y="{_n(first + LINE_HEIGHT * number)}">'
        f"{escape(line)}</text>"
        for number, line in enumerate(node.lines)
    ]
    if here or done:
        parts.append(
            f'<circle class="badge" cx="{_n(left + 2)}" cy="{_n(top + 2)}" r="9"/>'
            f'<text class="mark" x="{_n(left + 2)}" y="{_n(top + 6)}">{"▶" if here else "✓"}</text>'
        )
    return "".join(parts) + "</g>"


def _rect(name: str, x: float, y: float, node: _Node, radius: float) -> str:
    return (
        f'<rect class="{name}" x="{_n(x)}" y="{_n(y)}" width="{_n(node.width)}" '
        f'height="{_n(node.height)}" rx="{_n(radius)}"/>'
    )


def _code(layout: _Layout, edge: _Edge, done: bool) -> str:  # noqa: FBT001
    x, y = _code_place(layout, edge)
    classes = _classes(("code", True), ("taken", done))
    return f'<text class="{classes}" x="{_n(x)}" y="{_n(y + 4)}">{escape(edge.code)}</text>'


def _code_place(layout: _Layout, edge: _Edge) -> tuple[float, float]:
    """On the lane beside the layer next to where the edge begins, else on its longest piece."""
    if edge.lane is not None:
        layer = edge.passes[-1] if edge.back else edge.passes[0]
        return edge.lane, layout.top[layer] + layout.height_of[layer] / 2
    pieces = list(pairwise(edge.points))
    room = _em(edge.code) * SMALL_FONT + 16
    level = [p for p in pieces if p[0][1] == p[1][1] and abs(p[0][0] - p[1][0]) > room]
    (x1, y1), (x2, y2) = level[0] if level else pieces[-1]
    return (x1 + x2) / 2, (y1 + y2) / 2 - (0 if level or edge.back else 3)
