"""A lifecycle as a Petri net in PNML (ISO/IEC 15909-2, place/transition net).

How a state machine is mapped, so that the labelled runs of the net from its initial to its final
marking are exactly the sequences of entries, by their triggers, that close a case:

- a place ``start``, marked once, one place per state and a place ``end``; there is one token, and
  where it lies is what the case is;
- one transition per move of `moves`: trigger, from, to. Its name is the trigger; an act that moves
  nothing is one transition per state it is allowed in, with that state before and after it;
- from each final state a transition without a name to ``end``. A case that was closed may go on
  with an act of another authority, a reopening or a late act, as long as ``end`` is not reached.

The net is safe and has one sink. What the standard has no word for is said as ProM does it, whose
dialect pm4py reads: the mark of an unnamed transition (``toolspecific`` with ``$invisible$``) and
the final marking (``finalmarkings``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from xml.etree import ElementTree as ET

from app.engine.definition import Lifecycle
from app.engine.moves import Move, moves

PNML: Final = "http://www.pnml.org/version-2009/grammar/pnml"
PT_NET: Final = "http://www.pnml.org/version-2009/grammar/ptnet"
START: Final = "start"
END: Final = "end"


def pnml(lifecycle: type[Lifecycle]) -> str:
    """Write a lifecycle as a PNML document; the same text every time."""
    root = ET.Element("pnml", xmlns=PNML)
    net = ET.SubElement(root, "net", id=f"{lifecycle.key}.{lifecycle.version}", type=PT_NET)
    _named(net, f"{lifecycle.zh} {lifecycle.en}")
    page = ET.SubElement(net, "page", id="page")
    start = _place(page, START, START)
    ET.SubElement(ET.SubElement(start, "initialMarking"), "text").text = "1"
    for name in lifecycle.states:
        _place(page, _state(name), name)
    _place(page, END, END)
    for move in moves(lifecycle):
        _transition(page, move)
    for name in _final(lifecycle):
        silent = ET.SubElement(page, "transition", id=f"closed.{name}")
        tool = {"tool": "ProM", "version": "6.4", "activity": "$invisible$"}
        ET.SubElement(silent, "toolspecific", tool)
        _arcs(page, f"closed.{name}", _state(name), END)
    marking = ET.SubElement(ET.SubElement(net, "finalmarkings"), "marking")
    ET.SubElement(ET.SubElement(marking, "place", idref=END), "text").text = "1"
    ET.indent(root)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return head + ET.tostring(root, encoding="unicode") + "\n"


def _named(parent: ET.Element, text: str) -> None:
    ET.SubElement(ET.SubElement(parent, "name"), "text").text = text


def _place(page: ET.Element, id_: str, name: str) -> ET.Element:
    place = ET.SubElement(page, "place", id=id_)
    _named(place, name)
    return place


def _transition(page: ET.Element, move: Move) -> None:
    id_ = f"{move.trigger}.{move.source or START}.{move.to}"
    _named(ET.SubElement(page, "transition", id=id_), move.trigger)
    before = START if move.source is None else _state(move.source)
    _arcs(page, id_, before, _state(move.to))


def _arcs(page: ET.Element, transition: str, before: str, after: str) -> None:
    ET.SubElement(page, "arc", id=f"{transition}.in", source=before, target=transition)
    ET.SubElement(page, "arc", id=f"{transition}.out", source=transition, target=after)


def _state(name: str) -> str:
    """The id of a state's place; a state may be called ``start`` or ``end``."""
    return f"state.{name}"


def _final(lifecycle: type[Lifecycle]) -> Iterator[str]:
    return (name for name, state in lifecycle.states.items() if state.final)
