"""What other programs read of a lifecycle says neither more nor less than its machine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from app.engine.bpmn_xml import bpmn
from app.engine.definition import Lifecycle
from app.engine.errors import WrongState
from app.engine.machine import move
from app.engine.moves import REINSTATE, Move, leaves_an_entry, moves, withdrawals
from app.engine.pnml import pnml
from app.workflows import LIFECYCLES
from app.workflows.penalty_procedure import PenaltyProcedure
from app.workflows.verification import Verification
from tests.lifecycles import FIXTURES
from tests.lifecycles.traffic_fine import TrafficFine

EVERY: list[type[Lifecycle]] = [*LIFECYCLES.values(), *FIXTURES, TrafficFine]
Box = tuple[float, float, float, float]
EACH = pytest.mark.parametrize("lifecycle", EVERY, ids=lambda one: one.key)
SCHEMA = Path(__file__).parents[1] / "data/schemas/bpmn/BPMN20.xsd"
MODEL = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
DD = "{http://www.omg.org/spec/DD/20100524/DI}"
OURS = "{urn:tanjian:lifecycle}"
PNML = "{http://www.pnml.org/version-2009/grammar/pnml}"
TASKS = {MODEL + name for name in ("userTask", "receiveTask", "serviceTask")}


@pytest.fixture(scope="module")
def schema():
    return etree.XMLSchema(etree.parse(SCHEMA))


# BPMN -------------------------------------------------------------------------------------------


@EACH
def test_the_bpmn_is_valid_by_the_schema_of_the_omg(lifecycle, schema):
    text = bpmn(lifecycle)

    assert schema.validate(etree.fromstring(text.encode())), schema.error_log
    assert text == bpmn(lifecycle)
    assert not schema.validate(etree.fromstring(text.replace("<incoming>", "<income>").replace("</incoming>", "</income>").encode()))  # fmt: skip


@EACH
def test_the_paths_of_the_bpmn_are_those_of_the_lifecycle(lifecycle):
    process = ET.fromstring(bpmn(lifecycle)).find(f"{MODEL}process")
    assert process is not None

    assert set(steps(process)) == set(moves(lifecycle))
    finals = {name for name, state in lifecycle.states.items() if state.final}
    assert {end.attrib[f"{OURS}state"] for end in process.iter(f"{MODEL}endEvent")} == finals


def steps(process: ET.Element) -> Iterator[Move]:  # noqa: C901  # one rule per element
    """Every step from one state to the next that a token can take, by the rules of BPMN."""
    nodes = {node.attrib["id"]: node for node in process if "id" in node.attrib}
    onward: dict[str, list[str]] = defaultdict(list)
    for flow in process.iter(f"{MODEL}sequenceFlow"):
        onward[flow.attrib["sourceRef"]].append(flow.attrib["targetRef"])
    links = {
        definition.attrib["name"]: node.attrib["id"]
        for node in process.iter(f"{MODEL}intermediateCatchEvent")
        for definition in node.iter(f"{MODEL}linkEventDefinition")
    }
    for node in process.iter(f"{MODEL}intermediateThrowEvent"):
        [definition] = node.iter(f"{MODEL}linkEventDefinition")
        onward[node.attrib["id"]].append(links[definition.attrib["name"]])

    def state(id_: str) -> str:
        tag = nodes[id_].tag
        at_rest = tag in {f"{MODEL}exclusiveGateway", f"{MODEL}endEvent"}
        return nodes[id_].attrib.get(f"{OURS}state", "") if at_rest else ""

    def walk(id_: str, source: str | None, done: str) -> Iterator[Move]:
        for next_ in onward[id_]:
            node = nodes[next_]
            if node.tag == f"{MODEL}endEvent" and not done:
                assert node.attrib[f"{OURS}state"] == source
            elif state(next_):
                assert done
                yield Move(done, source, state(next_))
            elif node.tag == f"{MODEL}adHocSubProcess":
                assert onward[next_] == [id_]
                for task in node:
                    if task.tag in TASKS:
                        assert source is not None
                        yield Move(task.attrib[f"{OURS}trigger"], source, source)
            else:
                assert not (done and node.tag in TASKS), "two tasks without a state between"
                yield from walk(next_, source, done or node.attrib.get(f"{OURS}trigger", ""))

    yield from walk("start", None, "")
    for id_ in nodes:
        if state(id_):
            yield from walk(id_, state(id_), "")


@EACH
def test_who_may_do_a_task_stands_at_it(lifecycle):
    root = ET.fromstring(bpmn(lifecycle))
    for task in root.iter():
        act = lifecycle.transitions.get(task.attrib.get(f"{OURS}trigger", ""))
        if act is None:
            continue
        owners = {
            (owner.findtext(f"{MODEL}resourceRef"), owner.get(f"{OURS}recorder") == "true")
            for owner in task.iter(f"{MODEL}potentialOwner")
        }
        wanted = {(role_id(who), False) for who in act.by}
        assert owners == wanted | {(role_id(who), True) for who in act.recorded_by}
        assert task.findtext(f"{MODEL}documentation", "").startswith(f"{act.code} {act.en}")
        assert task.attrib["name"] == f"{act.code} {act.zh}"


def role_id(who):
    return ".".join(["role", who.role, *([who.capacity] if who.capacity else [])])


@EACH
def test_nothing_in_the_diagram_lies_on_anything_else(lifecycle):
    root = ET.fromstring(bpmn(lifecycle))
    shapes = {shape.attrib["bpmnElement"]: shape for shape in root.iter(f"{DI}BPMNShape")}
    process = root.find(f"{MODEL}process")
    assert process is not None
    drawn = {node.attrib["id"] for node in process if "id" in node.attrib}
    flows = {flow.attrib["id"]: flow for flow in process.iter(f"{MODEL}sequenceFlow")}
    assert set(shapes) == drawn - set(flows)
    boxes = {name: rectangle(shape.find(f"{DC}Bounds")) for name, shape in shapes.items()}
    labels = [
        rectangle(bounds)
        for shape in shapes.values()
        for bounds in shape.iterfind(f"{DI}BPMNLabel/{DC}Bounds")
    ]
    for one, other in combinations([*boxes.values(), *labels], 2):
        assert apart(one, other), (one, other)
    assert all(x >= 0 and y >= 0 for x, y, _, _ in boxes.values())
    edges = {edge.attrib["bpmnElement"]: edge for edge in root.iter(f"{DI}BPMNEdge")}
    assert set(edges) == set(flows)
    for name, edge in edges.items():
        points = [(float(p.attrib["x"]), float(p.attrib["y"])) for p in edge.iter(f"{DD}waypoint")]
        assert len(points) > 1
        source, target = flows[name].attrib["sourceRef"], flows[name].attrib["targetRef"]
        assert touches(boxes[source], points[0]), name
        assert touches(boxes[target], points[-1]), name
        for (x1, y1), (x2, y2) in pairwise(points):
            assert x1 == x2 or y1 == y2
            line = (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
            assert all(apart(line, box) for id_, box in boxes.items() if id_ not in {source, target})  # fmt: skip


def rectangle(bounds) -> Box:
    x, y, width, height = (float(bounds.attrib[name]) for name in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def apart(one: Box, other: Box) -> bool:
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def touches(box: Box, point: tuple[float, float]) -> bool:
    return box[0] - 0.1 <= point[0] <= box[2] + 0.1 and box[1] - 0.1 <= point[1] <= box[3] + 0.1


def test_a_wide_set_of_states_is_reached_by_links_and_a_clock_by_a_timer():
    text = bpmn(PenaltyProcedure)
    root = ET.fromstring(text)

    names = {node.attrib["name"] for node in root.iter(f"{MODEL}intermediateThrowEvent")}
    assert names == {"立案后决定前", "待执行", "决定后（含归档）", "撤销视为放弃"}
    timers = [e for e in root.iter(f"{MODEL}intermediateCatchEvent") if e.find(f"{MODEL}timerEventDefinition") is not None]  # fmt: skip
    assert {timer.attrib["id"] for timer in timers} == {"timer.become_overdue", "timer.miss_instalment"}  # fmt: skip


# Petri nets -------------------------------------------------------------------------------------


class Net:
    """A net as it is read from PNML, with one token."""

    def __init__(self, text: str) -> None:
        net = ET.fromstring(text).find(f"{PNML}net")
        assert net is not None
        assert net.attrib["type"] == "http://www.pnml.org/version-2009/grammar/ptnet"
        [page] = net.iterfind(f"{PNML}page")
        ids = [each.attrib["id"] for each in [net, page, *page]]
        assert len(ids) == len(set(ids))
        self.names = {p.attrib["id"]: p.findtext(f"{PNML}name/{PNML}text") for p in page.iterfind(f"{PNML}place")}  # fmt: skip
        [self.start] = [p.attrib["id"] for p in page.iterfind(f"{PNML}place") if p.findtext(f"{PNML}initialMarking/{PNML}text") == "1"]  # fmt: skip
        [final] = net.iterfind(f"{PNML}finalmarkings/{PNML}marking/{PNML}place")
        self.end = final.attrib["idref"]
        labels = {t.attrib["id"]: t.findtext(f"{PNML}name/{PNML}text") for t in page.iterfind(f"{PNML}transition")}  # fmt: skip
        before: dict[str, str] = {}
        after: dict[str, str] = {}
        for arc in page.iterfind(f"{PNML}arc"):
            source, target = arc.attrib["source"], arc.attrib["target"]
            if source in labels:
                assert source not in after, "one token stays one"
                after[source] = target
            else:
                assert target not in before
                before[target] = source
        self.fires: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.silent: set[str] = set()
        for transition, label in labels.items():
            if label is None:
                assert after[transition] == self.end
                self.silent.add(before[transition])
            else:
                self.fires[before[transition], label].add(after[transition])

    def accepts(self, triggers: list[str], *, closed: bool) -> bool:
        """Whether a run with these labels exists; ``closed``: one that reaches the end."""
        tokens = {self.start}
        for trigger in triggers:
            tokens = {after for place in tokens for after in self.fires.get((place, trigger), ())}
        return bool(tokens & self.silent) if closed else bool(tokens)


NETS = {one.key: Net(pnml(one)) for one in EVERY}


@EACH
def test_the_net_has_one_transition_for_each_move_of_the_machine(lifecycle):
    net = NETS[lifecycle.key]
    fires = {
        (net.names[place] if place != net.start else None, trigger, net.names[after])
        for (place, trigger), found in net.fires.items()
        for after in found
    }
    assert {(m.source, m.trigger, m.to) for m in moves(lifecycle)} == fires
    for source, trigger, to in fires:
        act = lifecycle.transitions.get(trigger)
        if act is None:
            assert trigger == REINSTATE
        elif act.is_act:
            assert source == to
            assert source in act.source_names
        elif source is not None:
            [state] = [state for state in act.destinations if state.name == to]
            assert move(lifecycle, source, act, state) == to
    finals = {name for name, state in lifecycle.states.items() if state.final}
    assert {net.names[place] for place in net.silent} == finals
    hidden = {n for n, t in lifecycle.transitions.items() if not leaves_an_entry(t)}
    assert hidden.isdisjoint(trigger for _, trigger in net.fires)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(EVERY), st.data())
def test_the_net_accepts_what_the_machine_does_and_refuses_a_broken_step(lifecycle, data):
    net, acts = NETS[lifecycle.key], lifecycle.transitions
    state, done = lifecycle.opening().destinations[0].name, [lifecycle.opening().name]
    for _ in range(data.draw(st.integers(0, 25))):
        open_ = [act for act in lifecycle.open_in(state) if leaves_an_entry(act)]
        if not open_:
            break
        act = data.draw(st.sampled_from(open_))
        if not act.is_act:
            state = move(lifecycle, state, act, data.draw(st.sampled_from(act.destinations)))
        done.append(act.name)
    assert net.accepts(done, closed=False)
    assert not net.accepts([*done, lifecycle.opening().name], closed=False)
    if lifecycle.states[state].final:
        assert net.accepts(done, closed=True)
    wrong = data.draw(st.sampled_from(sorted(acts)))
    assert net.accepts([*done, wrong], closed=False) == possible(lifecycle, [*done, wrong])


def possible(lifecycle, triggers) -> bool:
    """Whether the machine can make these moves, whichever branch it takes."""
    states: set[str | None] = {None}
    for trigger in triggers:
        act, reached = lifecycle.transitions[trigger], set()
        for state in states:
            if state is None:
                reached |= {to.name for to in act.destinations} if act.opens else set()
            elif act.is_act and leaves_an_entry(act) and state in act.source_names:
                reached.add(state)
            for to in act.destinations:
                try:
                    reached.add(move(lifecycle, state or "", act, to))
                except WrongState:
                    continue
        states = reached
    return bool(states)


def test_a_waiver_is_withdrawn_only_from_where_the_act_is_over():
    [objection] = withdrawals(Verification)
    assert (objection.deadline, objection.back) == ("objection", "objection_window")
    assert "objection_window" not in objection.sources
    assert "result_final" in objection.sources
    assert "report_due" not in objection.sources, "no way leads back there"
    assert {one.back for one in withdrawals(PenaltyProcedure)} == {"notice_served"}
    assert "filing_review" not in {s for one in withdrawals(PenaltyProcedure) for s in one.sources}
