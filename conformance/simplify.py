"""Says a BPMN file in fewer words, for readers that know tasks and gateways only.

pm4py makes a net of tasks, gateways, start and end events; it leaves out intermediate events and
what stands in a sub-process. By the meaning OMG gives them (formal/2013-12-09, 10.4.5, 10.2.5):

- a link event passes the token to the catching link of the same name: a flow joins the two;
- a timer passes it on in time: here it is a gateway with one way;
- the tasks of an ad-hoc sub-process are done one by one, in any order, any number of times: each
  becomes a task between the gateway and itself.

Tasks are named by their triggers, as events are in the log. Standard library only.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree as ET

MODEL = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
TRIGGER = "{urn:tanjian:lifecycle}trigger"
STATE = "{urn:tanjian:lifecycle}state"
RECORDER = "{urn:tanjian:lifecycle}recorder"
EVENTS = {f"{MODEL}intermediateThrowEvent", f"{MODEL}intermediateCatchEvent"}


def simplify(path: Path, out: Path, *, running: bool) -> None:
    """Write the simpler process; its diagram is left out.

    With ``running`` a case may end in every state, as one does that is not closed yet.
    """
    root = ET.parse(path).getroot()
    process = _process(root)
    for diagram in root.findall(f"{DI}BPMNDiagram"):
        root.remove(diagram)
    _join_links(process)
    for box in process.findall(f"{MODEL}adHocSubProcess"):
        _unfold(process, box)
    if running:
        _end_anywhere(process)
    for node in process.iter():
        if TRIGGER in node.attrib:
            node.set("name", node.attrib[TRIGGER])
    # Flows are listed at their nodes as well; what was added is not, and no reader needs it.
    for node in process:
        for child in list(node):
            if child.tag in {f"{MODEL}incoming", f"{MODEL}outgoing"}:
                node.remove(child)
    ET.ElementTree(root).write(out, encoding="utf-8", xml_declaration=True)


def _join_links(process: ET.Element) -> None:
    catching: dict[str, str] = {}
    throwing: dict[str, str] = {}
    for node in process:
        if node.tag not in EVENTS:
            continue
        link = node.find(f"{MODEL}linkEventDefinition")
        if link is not None:
            found = throwing if node.tag.endswith("ThrowEvent") else catching
            found[node.attrib["id"]] = link.attrib["name"]
        node.attrib.pop(STATE, None)
        node.tag = f"{MODEL}exclusiveGateway"
    by_name = {name: id_ for id_, name in catching.items()}
    for id_, name in throwing.items():
        _flow(process, id_, by_name[name])


def _end_anywhere(process: ET.Element) -> None:
    ET.SubElement(process, f"{MODEL}endEvent", {"id": "still.running"})
    for node in process.findall(f"{MODEL}exclusiveGateway"):
        if STATE in node.attrib:
            _flow(process, node.attrib["id"], "still.running")


def _unfold(process: ET.Element, box: ET.Element) -> None:
    flows = process.findall(f"{MODEL}sequenceFlow")
    [gateway] = [f.attrib["sourceRef"] for f in flows if f.attrib["targetRef"] == box.attrib["id"]]
    for flow in flows:
        if box.attrib["id"] in {flow.attrib["sourceRef"], flow.attrib["targetRef"]}:
            process.remove(flow)
    process.remove(box)
    for task in box:
        if TRIGGER in task.attrib:
            process.append(task)
            _flow(process, gateway, task.attrib["id"])
            _flow(process, task.attrib["id"], gateway)


def _flow(process: ET.Element, source: str, target: str) -> None:
    ends = {"id": f"{source}--{target}", "sourceRef": source, "targetRef": target}
    ET.SubElement(process, f"{MODEL}sequenceFlow", ends)


def _process(root: ET.Element) -> ET.Element:
    process = root.find(f"{MODEL}process")
    assert process is not None
    return process


def roles(path: Path) -> dict[str, tuple[set[str], set[str]]]:
    """By trigger, the roles that stand at its tasks: who does it, and who may record it."""
    found: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for task in _process(ET.parse(path).getroot()).iter():
        for owner in task.findall(f"{MODEL}potentialOwner"):
            role = owner.findtext(f"{MODEL}resourceRef", "").split(".")[1]
            found[task.attrib[TRIGGER]][RECORDER in owner.attrib].add(role)
    return found
