"""OCEL 2.0 as JSON (specification, section 8).

The published schema lets a value be text only: numbers and truth values stand as text, too, and
their types in the declarations of the types. These come last in the file, when they are known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from sqlalchemy.orm import Session

from app.assurance.event_log import logged_cases
from app.assurance.exports import Counts, PrivateValues, Progress, Told
from app.assurance.ocel.cases import CaseEvents
from app.assurance.ocel.cast import Cast
from app.assurance.ocel.model import FIRST, Event, Thing, Types
from app.assurance.selection import Selection
from app.law.labels import Label

_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class OcelJsonWriter:
    """Writes events and objects, each in a pass of its own; the same log gives the same bytes."""

    key = "ocel-json"
    label = Label("OCEL 2.0 事件日志（JSON）", "OCEL 2.0 event log (JSON)")
    purpose = Label(
        "供以对象为中心的流程挖掘：案件、单位、机构、人员、文书、期限。",
        "For object-centric process mining: cases, units, agencies, people, documents, deadlines.",
    )
    suffix = ".json"
    media_type = "application/json"

    def write(
        self,
        session: Session,
        chosen: Selection,
        out: BinaryIO,
        *,
        private: PrivateValues,
        told: Told,
        progress: Progress,
    ) -> Counts:
        """Read the cases twice, one at a time; only the people and bodies named are kept."""
        cast, event_types, object_types = Cast(), Types(), Types()
        chains = events = values = 0
        out.write(b'{"events":[')
        first = True
        for case in logged_cases(session, chosen, private):
            told_of = CaseEvents(session, chosen, case, cast)
            for event in told_of.events():
                event_types.met(event.type, dict(event.attributes))
                _put(out, _event(event), first=first)
                first = False
            chains += 1
            events += len(case.acts)
            values += sum(act.given_away for act in case.acts)
            progress(len(case.acts) // 2)
        out.write(b'],"objects":[')
        first = True
        for thing in self._things(session, chosen, private, cast, progress):
            object_types.met(thing.type, dict(thing.attributes))
            for (_time, name), value in thing.changes.items():
                object_types.met(thing.type, {name: value})
            _put(out, _object(thing), first=first)
            first = False
        out.write(b"],")
        out.write(_declared("eventTypes", event_types) + b",")
        out.write(_declared("objectTypes", object_types) + b"}\n")
        return Counts(chains, events, values)

    def _things(
        self,
        session: Session,
        chosen: Selection,
        private: PrivateValues,
        cast: Cast,
        progress: Progress,
    ) -> Iterator[Thing]:
        for case in logged_cases(session, chosen, private):
            yield from CaseEvents(session, chosen, case, cast).things()
            progress(len(case.acts) - len(case.acts) // 2)
        yield from cast.things(session, masked=private.masked)


def _put(out: BinaryIO, told: dict[str, Any], *, first: bool) -> None:
    out.write((("\n" if first else ",\n") + _encode(told)).encode())


def _event(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "type": event.type,
        "time": event.time,
        "attributes": [{"name": name, "value": value.text} for name, value in event.attributes],
        "relationships": _relations(event.relations),
    }


def _object(thing: Thing) -> dict[str, Any]:
    values = [((FIRST, name), value) for name, value in thing.attributes]
    return {
        "id": thing.id,
        "type": thing.type,
        "attributes": [
            {"name": name, "time": time, "value": value.text}
            for (time, name), value in (*values, *thing.changes.items())
        ],
        "relationships": _relations(thing.relations),
    }


def _relations(relations: Any) -> list[dict[str, str]]:
    return [{"objectId": thing, "qualifier": qualifier} for thing, qualifier in relations]


def _declared(key: str, types: Types) -> bytes:
    found = [
        {
            "name": name,
            "attributes": [{"name": one, "type": kind} for one, kind in sorted(known.items())],
        }
        for name, known in sorted(types.known.items())
    ]
    return f"{_encode(key)}:{_encode(found)}".encode()
