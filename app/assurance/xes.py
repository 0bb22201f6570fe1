"""The log of cases as XES, the event stream of process mining.

IEEE Std 1849-2016, XML serialisation, with the standard extensions Concept, Lifecycle,
Organizational, Time, Cost and Identity. One trace is one case, one event one entry of its chain,
in the order of the chain. The file is ASCII: other characters are written as references, which
every XML parser resolves, because common readers cut the file at fixed numbers of bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final
from xml.sax.saxutils import escape

from sqlalchemy.orm import Session

from app.assurance.event_log import (
    BOOLEAN,
    FLOAT,
    INTEGER,
    STRING,
    TIME,
    Act,
    LoggedCase,
    Value,
    logged_cases,
    truth,
)
from app.assurance.exports import Counts, PrivateValues, Progress, Told
from app.assurance.selection import Selection
from app.audit import chain
from app.law.labels import Label

ID: Final = "id"
_TAGS: Final = {
    STRING: "string",
    FLOAT: "float",
    INTEGER: "int",
    BOOLEAN: "boolean",
    TIME: "date",
    ID: "id",
}
_EXTENSIONS: Final = (
    ("Concept", "concept"),
    ("Lifecycle", "lifecycle"),
    ("Organizational", "org"),
    ("Time", "time"),
    ("Cost", "cost"),
    ("Identity", "identity"),
)
_EPOCH: Final = "1970-01-01T00:00:00.000000Z"
_OF_EVERY_TRACE: Final = (
    ("concept:name", Value(STRING, "")),
    ("identity:id", Value(ID, "00000000-0000-0000-0000-000000000000")),
    ("case_number", Value(STRING, "")),
    ("lifecycle", Value(STRING, "")),
    ("lifecycle_version", Value(INTEGER, "1")),
    ("subject", Value(STRING, "")),
    ("division", Value(STRING, "")),
    ("demonstration", Value(BOOLEAN, "false")),
)
_OF_EVERY_EVENT: Final = (
    ("concept:name", Value(STRING, "")),
    ("lifecycle:transition", Value(STRING, "complete")),
    ("time:timestamp", Value(TIME, _EPOCH)),
    ("org:resource", Value(STRING, "")),
    ("org:role", Value(STRING, "")),
    ("org:group", Value(STRING, "")),
    ("resource_name", Value(STRING, "")),
    ("seq", Value(INTEGER, "0")),
    ("recorded_at", Value(TIME, _EPOCH)),
    ("label_zh", Value(STRING, "")),
    ("label_en", Value(STRING, "")),
    ("code", Value(STRING, "")),
    ("to_state", Value(STRING, "")),
    ("flags", Value(STRING, "")),
    ("hash", Value(STRING, "")),
)
_CLASSIFIERS: Final = (
    ("event", "Activity", "concept:name"),
    ("event", "ActivityAndTransition", "concept:name lifecycle:transition"),
    ("event", "ActivityAndRole", "concept:name org:role"),
    ("event", "Resource", "org:resource"),
    ("event", "ResourceName", "resource_name"),
    ("event", "StateReached", "to_state"),
    ("trace", "CaseNumber", "case_number"),
    ("trace", "Procedure", "lifecycle"),
)
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document can hold, not even as a reference."""
_QUOTED: Final = {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


class XesWriter:
    """Writes cases as one XES log; the same log gives the same bytes."""

    key = "xes"
    label = Label("XES 事件日志", "XES event log")
    purpose = Label(
        "供流程挖掘工具读取：一案一轨迹，一条流转记录一个事件（IEEE 1849）。",
        "For process mining: a trace for each case, an event for each entry (IEEE 1849).",
    )
    suffix = ".xes"
    media_type = "application/xml"

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
        """Write one trace after the other; holds one case at a time."""
        chains = events = values = 0
        _put(out, _head(told))
        for case in logged_cases(session, chosen, private):
            _put(out, _trace(case))
            chains += 1
            events += len(case.acts)
            values += sum(act.given_away for act in case.acts)
            progress(len(case.acts))
        _put(out, ["</log>"])
        return Counts(chains, events, values)


def _put(out: BinaryIO, lines: Iterator[str] | list[str]) -> None:
    out.write("".join(f"{line}\n" for line in lines).encode("ascii", "xmlcharrefreplace"))


def _head(told: Told) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<log xes.version="1849.2016" xes.features="">'
    for name, prefix in _EXTENSIONS:
        uri = f"http://www.xes-standard.org/{prefix}.xesext"
        yield f'<extension name="{name}" prefix="{prefix}" uri="{uri}"/>'
    for scope, declared in (("trace", _OF_EVERY_TRACE), ("event", _OF_EVERY_EVENT)):
        yield f'<global scope="{scope}">'
        yield from (_attribute(key, value) for key, value in declared)
        yield "</global>"
    for scope, name, keys in _CLASSIFIERS:
        yield f'<classifier name="{name}" scope="{scope}" keys="{keys}"/>'
    yield _attribute("concept:name", Value(STRING, "碳鉴 Tanjian"))
    yield _attribute("lifecycle:model", Value(STRING, "standard"))
    yield _attribute("selection_zh", Value(STRING, told.chosen.zh))
    yield _attribute("selection_en", Value(STRING, told.chosen.en))
    yield _attribute("masked", truth(told.masked))


def _trace(case: LoggedCase) -> Iterator[str]:
    yield "<trace>"
    yield from (_attribute(key, value) for key, value in _of_trace(case))
    for act in case.acts:
        yield "<event>"
        yield from (_attribute(key, value) for key, value in _of_event(case, act))
        yield "</event>"
    yield "</trace>"


def _of_trace(case: LoggedCase) -> Iterator[tuple[str, Value]]:
    """Numbers of cases repeat from one authority to the next: a trace is named by the case's id."""
    row = case.row
    yield "concept:name", Value(STRING, str(case.id))
    yield "identity:id", Value(ID, str(case.id))
    yield "case_number", Value(STRING, row.number)
    yield "lifecycle", Value(STRING, row.lifecycle)
    yield "lifecycle_zh", Value(STRING, case.title.zh)
    yield "lifecycle_en", Value(STRING, case.title.en)
    yield "lifecycle_version", Value(INTEGER, str(row.lifecycle_version))
    yield "subject", Value(STRING, case.subject)
    yield "subject_id", Value(ID, str(row.subject_id))
    if row.subject_kind is not None:
        yield "subject_kind", Value(STRING, row.subject_kind.value)
    yield "division", Value(STRING, row.division)
    yield "authority", Value(STRING, row.authority_name or "")
    yield "authority_id", Value(ID, str(row.authority_id))
    if row.cycle_year is not None:
        yield "cycle_year", Value(INTEGER, str(row.cycle_year))
    yield "root_case", Value(ID, str(row.root_id))
    if row.parent_id is not None:
        yield "parent_case", Value(ID, str(row.parent_id))
    yield "opened_at", Value(TIME, chain.instant(row.opened_at))
    yield "state", Value(STRING, row.state)
    yield "final", truth(row.is_final)
    yield "demonstration", truth(row.demonstration)


def _of_event(case: LoggedCase, act: Act) -> Iterator[tuple[str, Value]]:
    """A resource is named by the id of the person: two people may bear one name."""
    entry = act.entry
    yield "concept:name", Value(STRING, entry.trigger)
    yield "lifecycle:transition", Value(STRING, "complete")
    yield "time:timestamp", Value(TIME, act.time)
    yield "org:resource", Value(STRING, str(entry.actor_id))
    yield "org:role", Value(STRING, entry.role)
    yield "org:group", Value(STRING, entry.organisation_name)
    yield "resource_name", Value(STRING, entry.actor_name)
    yield "group_id", Value(ID, str(entry.organisation_id))
    if entry.on_behalf_of is not None:
        yield "on_behalf_of", Value(ID, str(entry.on_behalf_of))
    yield from act.attributes()
    reached = case.state_label(entry.to_state)
    yield "to_state_zh", Value(STRING, reached.zh)
    yield "to_state_en", Value(STRING, reached.en)
    cost = act.cost()
    if cost is not None:
        yield "cost:total", Value(FLOAT, format(cost.total, "f"))
        yield "cost:currency", Value(STRING, cost.currency)


def _attribute(key: str, value: Value) -> str:
    text = escape(_FORBIDDEN.sub("\ufffd", value.text), _QUOTED)
    return f'<{_TAGS[value.type]} key="{key}" value="{text}"/>'
