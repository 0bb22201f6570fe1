"""The BPMN 2.0 document of a lifecycle: process, roles and diagram. What means what: `bpmn`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final
from xml.etree import ElementTree as ET

from app.engine.actors import Who
from app.engine.bpmn import Element, Flow, Kind, Process
from app.engine.bpmn_plane import Box, Plane
from app.engine.definition import Lifecycle

MODEL: Final = "http://www.omg.org/spec/BPMN/20100524/MODEL"
DI: Final = "http://www.omg.org/spec/BPMN/20100524/DI"
DD_DC: Final = "http://www.omg.org/spec/DD/20100524/DC"
DD_DI: Final = "http://www.omg.org/spec/DD/20100524/DI"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
OURS: Final = "urn:tanjian:lifecycle"
"""Namespace of the attributes ``key``, ``version``, ``state``, ``trigger`` and ``recorder``."""

PREFIXES: Final = {
    "": MODEL, "bpmndi": DI, "dc": DD_DC, "di": DD_DI, "xsi": XSI, "tanjian": OURS,
}  # fmt: skip
TAGS: Final = {
    Kind.START: "startEvent",
    Kind.END: "endEvent",
    Kind.STATE: "exclusiveGateway",
    Kind.CHOICE: "exclusiveGateway",
    Kind.USER: "userTask",
    Kind.RECEIVE: "receiveTask",
    Kind.SERVICE: "serviceTask",
    Kind.TIMER: "intermediateCatchEvent",
    Kind.THROW: "intermediateThrowEvent",
    Kind.CATCH: "intermediateCatchEvent",
    Kind.ACTS: "adHocSubProcess",
}


def bpmn(lifecycle: type[Lifecycle]) -> str:
    """Write a lifecycle as a BPMN 2.0 document; the same text every time."""
    return _Document(lifecycle).text()


def _sub(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, tag, attributes)


def _n(number: float) -> str:
    return f"{round(number, 1):g}"


class _Document:
    """The tree of a document while it is written."""

    def __init__(self, lifecycle: type[Lifecycle]) -> None:
        self.lifecycle = lifecycle
        self.process = Process(lifecycle)
        self.plane = Plane(self.process)
        self.incoming: dict[Element, list[Flow]] = defaultdict(list)
        self.outgoing: dict[Element, list[Flow]] = defaultdict(list)
        for flow in self.process.flows:
            self.incoming[flow.target].append(flow)
            self.outgoing[flow.source].append(flow)

    def text(self) -> str:
        """The document with its declaration, indented."""
        key, version = self.lifecycle.key, self.lifecycle.version
        root = ET.Element(
            "definitions",
            {f"xmlns:{name}" if name else "xmlns": uri for name, uri in PREFIXES.items()}
            | {"id": f"definitions.{key}", "targetNamespace": f"{OURS}:{key}:{version}"},
        )
        for who in self._everybody():
            _sub(root, "resource", id=_role_id(who), name=who.label.zh)
        process = _sub(root, "process", id=key, name=self.lifecycle.zh, isExecutable="false")
        process.attrib |= {"tanjian:key": key, "tanjian:version": str(version)}
        _sub(process, "documentation").text = f"{self.lifecycle.en}. Version {version}."
        for element in self.process.elements:
            self._element(process, element)
        for flow in self.process.flows:
            ends = {"sourceRef": flow.source.id, "targetRef": flow.target.id}
            _sub(process, "sequenceFlow", id=flow.id, **ends)
        self._diagram(root)
        ET.indent(root)
        head = '<?xml version="1.0" encoding="UTF-8"?>\n'
        return head + ET.tostring(root, encoding="unicode") + "\n"

    def _everybody(self) -> Iterable[Who]:
        found: dict[str, Who] = {}
        for element in self.process.elements:
            for one in (element, *element.inner):
                found |= {_role_id(who): who for who in (*one.by, *one.recorded_by)}
        return found.values()

    # Process

    def _element(self, parent: ET.Element, element: Element) -> None:
        kind = element.kind
        node = _sub(parent, TAGS[kind], id=element.id)
        if kind is not Kind.CHOICE:
            node.set("name", element.label.zh)
        if element.state:
            node.set("tanjian:state", element.state)
        if element.trigger:
            node.set("tanjian:trigger", element.trigger)
        _sub(node, "documentation").text = "\n".join([element.label.en, *element.told])
        for flow in self.incoming[element]:
            _sub(node, "incoming").text = flow.id
        for flow in self.outgoing[element]:
            _sub(node, "outgoing").text = flow.id
        self._roles(node, element)
        if kind is Kind.TIMER:
            _sub(node, "timerEventDefinition", id=f"{element.id}.definition")
        elif kind in {Kind.THROW, Kind.CATCH}:
            # Links are joined by the name of their definition, which is that of the catching one.
            name = ".".join(element.id.split(".")[:2])
            _sub(node, "linkEventDefinition", id=f"{element.id}.definition", name=name)
        elif kind is Kind.ACTS:
            node.set("ordering", "Sequential")
            for one in element.inner:
                self._element(node, one)

    def _roles(self, node: ET.Element, element: Element) -> None:
        for who in element.by:
            self._role(node, element, who, recorder=False)
        for who in element.recorded_by:
            self._role(node, element, who, recorder=True)

    def _role(self, node: ET.Element, element: Element, who: Who, *, recorder: bool) -> None:
        part = "records" if recorder else "does"
        owner = _sub(node, "potentialOwner", id=f"{element.id}.{part}.{_role_id(who)}")
        owner.set("name", who.label.zh)
        if recorder:
            owner.set("tanjian:recorder", "true")
        _sub(owner, "resourceRef").text = _role_id(who)

    # Diagram

    def _diagram(self, root: ET.Element) -> None:
        diagram = _sub(root, "bpmndi:BPMNDiagram", id="diagram", name=self.lifecycle.zh)
        plane = _sub(diagram, "bpmndi:BPMNPlane", id="plane", bpmnElement=self.lifecycle.key)
        for element in self.process.elements:
            shape = _sub(
                plane, "bpmndi:BPMNShape", id=f"{element.id}.shape", bpmnElement=element.id
            )
            if element.kind is Kind.STATE:
                shape.set("isMarkerVisible", "true")
            if element.kind is Kind.ACTS:
                shape.set("isExpanded", "false")
            _bounds(shape, self.plane.boxes[element])
            if element in self.plane.labels:
                _bounds(_sub(shape, "bpmndi:BPMNLabel"), self.plane.labels[element])
        for flow in self.process.flows:
            edge = _sub(plane, "bpmndi:BPMNEdge", id=f"{flow.id}.edge", bpmnElement=flow.id)
            for x, y in self.plane.points[flow]:
                _sub(edge, "di:waypoint", x=_n(x), y=_n(y))


def _bounds(parent: ET.Element, box: Box) -> None:
    _sub(
        parent,
        "dc:Bounds",
        x=_n(box.x),
        y=_n(box.y),
        width=_n(box.width),
        height=_n(box.height),
    )


def _role_id(who: Who) -> str:
    return f"role.{who.role.value}" + (f".{who.capacity.value}" if who.capacity else "")
