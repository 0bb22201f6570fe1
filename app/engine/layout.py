"""Where the parts of a drawn graph stand: layered, from top to bottom, straight down a spine.

The *spine*, the heaviest path from the start to an end, runs down the middle; ways forward that
skip layers run on the right of it, ways back on the left. An edge that passes layers keeps one
vertical lane through all of them, so that it never crosses a node. Horizontal pieces lie in the
gaps between layers, each on a track of its own. Lengths are in pixels of the picture.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

LANE: Final = 36
"""Room for an edge that passes a layer: its line and the code written on it."""
SIDE_GAP: Final = 30
PORT: Final = 15
TRACK: Final = 17
SNAP: Final = 7
"""A bend narrower than this is straightened: ports lie further apart."""
STUB: Final = 13
ARROW_ROOM: Final = 21
MARGIN: Final = 14


@dataclass(eq=False)
class Node:
    """What is drawn as a shape. ``x`` is its middle; ``rank`` orders the way down."""

    key: str
    width: float
    height: float
    rank: float = 0.0
    end: bool = False
    layer: int = 0
    x: float = 0.0
    reach: float | None = None
    """Within how much of its width edges end on it; ``None``: within all of it."""

    @property
    def port_room(self) -> float:
        """How far from its middle an edge may end."""
        return (self.width if self.reach is None else self.reach) / 2 - PORT


@dataclass(eq=False)
class Edge:
    """A way between two nodes, upper one first; ``back`` if it is gone upwards."""

    source: Node
    target: Node
    back: bool = False
    by_person: bool = True
    """Whether somebody goes it; what only a clock goes weighs little on the spine."""
    lane: float | None = None
    """Where it passes the layers between; ``None`` where there are none."""
    points: list[tuple[float, float]] = field(default_factory=list)

    @property
    def passes(self) -> range:
        """The layers it passes between its ends."""
        return range(self.source.layer + 1, self.target.layer)

    @property
    def label_width(self) -> float:
        """How wide the text is that is written on it."""
        return 0.0


@dataclass(frozen=True, eq=False)
class _Piece:
    """The horizontal part of an edge in the gap below a layer, from one x to another."""

    one: float
    two: float
    edge: Edge
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


class Layout:
    """Where everything stands, worked out once per picture, top-down.

    ``nodes`` stand in the order in which room is given; ``floating`` ones have no way into them
    but from other floating ones and stand one layer above what they lead to, which comes before
    them in the list. Edges lead from the lower rank to the higher.
    """

    def __init__(
        self,
        start: Node,
        nodes: Sequence[Node],
        floating: Sequence[Node],
        edges: Sequence[Edge],
        sources: Mapping[Node, Sequence[Node]],
        *,
        lane: float = LANE,
    ) -> None:
        self.start, self.inner, self.floating, self.edges = start, nodes, floating, edges
        self.sources = sources
        """The nodes each floating one stands for."""
        self.widest = max(node.width for node in nodes)
        self.narrowest_lane = lane
        self._give_layers()
        self.spine = self._spine()
        self._place()
        self._route()

    @property
    def nodes(self) -> list[Node]:
        """Everything that is drawn as a shape."""
        return [self.start, *self.inner, *self.floating]

    def _ranked(self) -> list[Node]:
        return sorted(self.inner, key=lambda node: node.rank)

    # Layers

    def _give_layers(self) -> None:
        """Put every node one layer below the lowest of those it follows."""
        below: dict[Node, list[Node]] = defaultdict(list)
        for edge in self.edges:
            if edge.source not in self.sources:
                below[edge.target].append(edge.source)
        for node in self._ranked():
            above = [upper.layer for upper in below[node]]
            from_sets = [
                one.layer
                for edge in self.edges
                if edge.target is node
                for one in self.sources.get(edge.source, ())
            ]
            node.layer = 1 + max(above or from_sets or [0])
        for node in self.floating:
            node.layer = min(edge.target.layer for edge in self.edges if edge.source is node) - 1
        lowest = min(0, *(node.layer for node in self.nodes))
        for node in self.nodes:
            node.layer -= lowest

    def _spine(self) -> list[Node]:
        """The heaviest way down: the first way out of a node weighs most, a clock's way little."""
        first: set[Edge] = set()
        for node in self.inner:
            outs = [e for e in self.edges if not e.back and e.source is node]
            first |= set(outs[:1])
        weight: dict[Node, float] = {self.start: 0.0}
        came: dict[Node, Node] = {}
        for node in self._ranked():
            for edge in self.edges:
                if edge.target is not node or edge.back or edge.source not in weight:
                    continue
                gain = (2.0 if edge in first else -0.5) if edge.by_person else -1.5
                if weight[edge.source] + gain > weight.get(node, float("-inf")):
                    weight[node] = weight[edge.source] + gain
                    came[node] = edge.source
        # Where floating nodes alone lead to the ends, the spine is the heaviest way there is.
        last = max((n for n in self.inner if n in weight), key=lambda n: (n.end, weight[n]))
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
                self._occupy(edge.passes, 0.0, self.narrowest_lane)
        for node in sorted(self.inner, key=lambda n: n.layer):
            if node not in self.spine:
                self._settle(node)
        for node in self.floating:
            target = next(edge.target for edge in self.edges if edge.source is node)
            self._settle_floating(node, target)
        lanes = [edge for edge in self.edges if edge.passes and edge.lane is None]
        for edge in sorted(lanes, key=lambda e: (len(e.passes), e.source.layer)):
            width = max(self.narrowest_lane, edge.label_width + 10)
            edge.lane = self._free(edge.passes, width, self._side(edge), _beside(edge))
            self._occupy(edge.passes, edge.lane, width)

    def _settle(self, node: Node) -> None:
        """Put a box beside the spine, on its neighbours' side, else where there is room."""
        near = [
            other.x
            for edge in self.edges
            for other, this in ((edge.source, edge.target), (edge.target, edge.source))
            if this is node and other.layer <= node.layer
        ]
        lean = sum(near) / len(near) if near else 0.0
        layers = range(node.layer, node.layer + 1)
        room = node.width + SIDE_GAP
        right, left = self._free(layers, room, 1, room), self._free(layers, room, -1, room)
        preferred = right if lean >= 0 else left
        other = left if lean >= 0 else right
        node.x = preferred if abs(preferred) <= abs(other) or lean else other
        self._occupy(layers, node.x, node.width + SIDE_GAP)

    def _settle_floating(self, one: Node, target: Node) -> None:
        """Put a floating node above what it leads to, on its side, else where there is room."""
        layers = range(one.layer, one.layer + 1)
        wish = abs(target.x) or self.widest + SIDE_GAP
        places = [self._free(layers, one.width + SIDE_GAP, side, wish) for side in (-1, 1)]
        if target.x:
            places = [x for x in places if (x > 0) == (target.x > 0)]
        one.x = min(places, key=abs)
        self._occupy(layers, one.x, one.width + SIDE_GAP)

    def _side(self, edge: Edge) -> int:
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
        ways: dict[Edge, list[float]] = {}
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

    def _ports(self) -> dict[tuple[Edge, str], float]:
        """Where edges leave and enter a node: in the order of where they go, none on another."""
        found: dict[tuple[Edge, str], float] = {}
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
                room = node.port_room
                placed = _spread([x for x, _ in wishes], node.x, room)
                for (_, edge), x in zip(wishes, placed, strict=True):
                    found[edge, end] = x
        return found

    def _beside_twin(self, edge: Edge) -> float:
        """How far left of a way down the way back runs, so that their codes do not touch."""
        ends = (edge.source, edge.target)
        labels = [e.label_width for e in self.edges if (e.source, e.target) == ends]
        return max(2 * PORT, sum(labels) / 2 + 9)

    def _tracks(self, pieces: list[_Piece]) -> dict[tuple[Edge, int], int]:
        """Give each horizontal piece of a gap a track, so that no two lie on one another.

        Of pieces that leave boxes on one side, the one that goes furthest lies highest; of pieces
        that come in from one side, the one from furthest lies lowest: so they do not cross.
        """
        given: dict[tuple[Edge, int], int] = {}
        above: list[_Piece] = []
        for piece in sorted(pieces, key=lambda p: p.order):
            rows = [given[p.edge, p.step] for p in above if p.overlaps(piece)]
            given[piece.edge, piece.step] = 1 + max(rows, default=-1)
            above.append(piece)
        return given

    def _heights(self, tracks: Mapping[int, Mapping[tuple[Edge, int], int]]) -> None:
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

    def middle(self, node: Node) -> float:
        """The y of a node's middle."""
        return self.top[node.layer] + self.height_of[node.layer] / 2

    def _draw(
        self,
        edge: Edge,
        way: Sequence[float],
        tracks: Mapping[int, Mapping[tuple[Edge, int], int]],
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
        xs += [
            e.lane + s * self.narrowest_lane / 2
            for e in self.edges
            if e.lane is not None
            for s in (-1, 1)
        ]
        return min(xs), max(xs)


def _beside(edge: Edge) -> float:
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
