"""Where the nodes and flows of a process stand in its diagram, from left to right.

The layers are those of `layout`, turned by a right angle. The gateway of a state takes room for
what belongs to it: its name above, its acts, links and end in a row below. Pixels throughout.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

from app.engine.bpmn import Element, Flow, Kind, Process
from app.engine.layout import MARGIN, Edge, Layout, Node

Point = tuple[float, float]

CIRCLE: Final = 36.0
DIAMOND: Final = 50.0
SIZES: Final[dict[Kind, tuple[float, float]]] = {
    **dict.fromkeys((Kind.USER, Kind.RECEIVE, Kind.SERVICE), (120.0, 80.0)),
    **dict.fromkeys((Kind.STATE, Kind.CHOICE), (DIAMOND, DIAMOND)),
    **dict.fromkeys((Kind.START, Kind.END, Kind.TIMER, Kind.THROW, Kind.CATCH), (CIRCLE, CIRCLE)),
    Kind.ACTS: (110.0, 50.0),
}
"""Width and height of each kind of node."""
LABELLED: Final = {Kind.START, Kind.END, Kind.STATE, Kind.TIMER, Kind.THROW, Kind.CATCH}
"""What has its name beside it, not inside."""
LABEL_WIDTH: Final = 96.0
LABEL_LINE: Final = 14.0
LABEL_CHARACTERS: Final = 8
LABEL_GAP: Final = 3.0
ROW: Final = 50.0
"""From the middle of a gateway to the upper rim of what stands below it."""
BESIDE: Final = 104.0
"""From one event of the row to the next, so that their names do not touch."""
TRUNK: Final = 14.0
"""How far beside its middle a gateway's flows to the events of the row leave it."""
NARROW_LANE: Final = 20.0


@dataclass(frozen=True, slots=True)
class Box:
    """Left, top, width and height."""

    x: float
    y: float
    width: float
    height: float

    @classmethod
    def around(cls, middle: Point, size: Point) -> Box:
        """The box of that size around a point."""
        return cls(middle[0] - size[0] / 2, middle[1] - size[1] / 2, *size)


@dataclass(eq=False)
class _Stand(Node):
    """A node of the layout: an element with what stands beside it."""

    element: Element | None = None


class Plane:
    """The diagram: a box for every node, one for every name beside it, points for every flow."""

    def __init__(self, process: Process) -> None:
        self.process = process
        beside = {one for row in process.satellites.values() for one in row}
        stands = {e: self._stand(e) for e in process.elements if e not in beside}
        flows = [f for f in process.flows if f.source in stands and f.target in stands]
        edges = {flow: _edge(stands[flow.source], stands[flow.target], flow) for flow in flows}
        floating = [stands[element] for element in process.floating]
        start = next(e for e in process.elements if e.kind is Kind.START)
        self.layout = Layout(
            stands[start],
            [stand for e, stand in stands.items() if stand not in floating and e is not start],
            floating,
            [*edges.values()],
            dict.fromkeys(floating, ()),
            lane=NARROW_LANE,
        )
        left, _ = self.layout.span
        self._shift = MARGIN - left
        self.boxes: dict[Element, Box] = {}
        self.labels: dict[Element, Box] = {}
        self.points: dict[Flow, list[Point]] = {}
        for element, stand in stands.items():
            self._put(element, self._at(stand.x, self.layout.middle(stand)))
        for flow, edge in edges.items():
            self.points[flow] = self._way(edge)
        for flow in process.flows:
            if flow not in edges:
                self.points[flow] = [*self._short_way(flow)]

    def _at(self, across: float, along: float) -> Point:
        return (along, across + self._shift)

    # Room

    def _stand(self, element: Element) -> _Stand:
        width, height = SIZES[element.kind]
        reach, across, along = height, height / 2, width / 2
        if element.kind in LABELLED:
            across += LABEL_GAP + _label_height(element)
            along = max(along, LABEL_WIDTH / 2)
        row = self.process.satellites.get(element, [])
        for middle, one in zip(_row(row), row, strict=True):
            name = LABEL_GAP + _label_height(one) if one.kind in LABELLED else 0.0
            across = max(across, ROW + SIZES[one.kind][1] + name)
            along = max(along, abs(middle) + max(SIZES[one.kind][0], LABEL_WIDTH) / 2)
        end = element.kind is Kind.END or any(one.kind is Kind.END for one in row)
        return _Stand(
            element.id, 2 * across, 2 * along, element.rank, end, reach=reach, element=element
        )

    def _put(self, element: Element, middle: Point) -> None:
        self.boxes[element] = Box.around(middle, SIZES[element.kind])
        if element.kind in LABELLED:
            self.labels[element] = self._label(element, middle)
        row = self.process.satellites.get(element, [])
        for x, one in zip(_row(row), row, strict=True):
            self._put(one, (middle[0] + x, middle[1] + ROW + SIZES[one.kind][1] / 2))

    def _label(self, element: Element, middle: Point) -> Box:
        """Above a gateway, below an event."""
        height, half = _label_height(element), SIZES[element.kind][1] / 2 + LABEL_GAP
        away = -half - height / 2 if element.kind is Kind.STATE else half + height / 2
        return Box.around((middle[0], middle[1] + away), (LABEL_WIDTH, height))

    # Flows

    def _way(self, edge: Edge) -> list[Point]:
        """The points of an edge, in the direction of the flow, from rim to rim."""
        upper, lower = edge.source, edge.target
        points = [self._at(x, y) for x, y in edge.points]
        first = self._rim(upper, edge.points[0][0], +1)
        last = self._rim(lower, edge.points[-1][0], -1)
        points = [*dict.fromkeys([first, *points[1:-1], last])]
        return points[::-1] if edge.back else points

    def _rim(self, node: Node, across: float, side: int) -> Point:
        assert isinstance(node, _Stand)
        assert node.element is not None
        off = abs(across - node.x)
        width, _ = SIZES[node.element.kind]
        half = width / 2
        if width == DIAMOND:
            half -= off
        elif width == CIRCLE:
            half = sqrt(half * half - off * off)
        return self._at(across, self.layout.middle(node) + side * half)

    def _short_way(self, flow: Flow) -> Iterator[Point]:
        """Between a gateway and what stands below it."""
        back = flow.target.kind is Kind.STATE
        gateway, below = (flow.target, flow.source) if back else (flow.source, flow.target)
        box, under = self.boxes[gateway], self.boxes[below]
        x, y = box.x + DIAMOND / 2, box.y + DIAMOND / 2
        to = under.x + under.width / 2
        if below.kind is Kind.ACTS:
            x += 6 if back else -6
            points = [(x, y + DIAMOND / 2 - 6), (x, under.y)]
            yield from points[::-1] if back else points
            return
        side = TRUNK if to > x else -TRUNK
        bend = y + DIAMOND / 2 + 6
        yield from [
            (x + side, y + DIAMOND / 2 - TRUNK),
            (x + side, bend),
            (to, bend),
            (to, under.y),
        ]


def _edge(source: _Stand, target: _Stand, flow: Flow) -> Edge:
    back = source.rank > target.rank
    upper, lower = (target, source) if back else (source, target)
    return Edge(upper, lower, back, by_person=flow.target.kind is not Kind.TIMER)


def _row(row: Sequence[Element]) -> list[float]:
    """Where the middles of a row stand: the acts in the middle, events right and left in turn."""
    places, right, left = [], BESIDE, -BESIDE
    for one in row:
        if one.kind is Kind.ACTS:
            places.append(0.0)
        elif right <= -left:
            places.append(right)
            right += BESIDE
        else:
            places.append(left)
            left -= BESIDE
    return places


def _label_height(element: Element) -> float:
    return LABEL_LINE * -(-len(element.label.zh) // LABEL_CHARACTERS)
