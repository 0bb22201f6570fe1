"""Writing event logs in tests, and reading them with nothing of the writers."""

from __future__ import annotations

import io
import json
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import jsonschema
from lxml import etree
from sqlalchemy import select

from app.assurance.exports import Counts, PrivateValues, Progress, Told, Writer
from app.assurance.selection import Selection
from app.audit.models import AuditEntry
from app.cases.sight import watch
from app.db import Database
from app.engine.actors import SYSTEM_ACTOR
from app.law.labels import Label
from tests.times import NOW

SCHEMAS = Path(__file__).parents[1] / "data/schemas"
XES = etree.XMLSchema(etree.parse(SCHEMAS / "xes-ieee-1849-2016.xsd"))
OCEL = jsonschema.Draft7Validator(
    json.loads((SCHEMAS / "ocel20-schema-json.json").read_text(encoding="utf-8"))
)
EVERYTHING = Label("全部", "Everything")


@dataclass
class Written:
    """A log as it was written; ``progress`` is how many entries it was said to have written."""

    content: bytes
    counts: Counts
    progress: int = 0


def write(
    database: Database, writer: Writer, chosen: Selection | None = None, *, masked: bool = True
) -> Written:
    """Write a log; the time at which it is made is never in it."""
    out, heard = io.BytesIO(), [0]

    def progress(entries: int) -> None:
        heard[0] += entries

    counts = into(out, database, writer, chosen, masked=masked, progress=progress)
    return Written(out.getvalue(), counts, heard[0])


def into(
    out: BinaryIO,
    database: Database,
    writer: Writer,
    chosen: Selection | None = None,
    *,
    masked: bool = True,
    watched: bool = False,
    progress: Progress = lambda _entries: None,
) -> Counts:
    """Write a log into a file; ``watched`` as a request is, which may not forget who looks."""
    told = Told(made_at=NOW, actor=SYSTEM_ACTOR, chosen=EVERYTHING, masked=masked)
    with database.read() as session:
        if watched:
            watch(session)
        private = PrivateValues(session, masked=masked)
        return writer.write(
            session, chosen or Selection(), out, private=private, told=told, progress=progress
        )


def variants(database: Database) -> Counter[tuple[str, ...]]:
    """How many cases ran through which acts, asked of the entries themselves."""
    query = select(AuditEntry.chain_id, AuditEntry.trigger).where(AuditEntry.chain == "case")
    acts: dict[Any, list[str]] = {}
    with database.read() as session:
        for case_id, trigger in session.execute(
            query.order_by(AuditEntry.chain_id, AuditEntry.seq)
        ):
            acts.setdefault(case_id, []).append(trigger)
    return Counter(tuple(each) for each in acts.values())


# Reading ------------------------------------------------------------------------------------------


@dataclass
class Log:
    """An XES log: the attributes of every trace and of its events, by key."""

    traces: list[dict[str, str]] = field(default_factory=list)
    events: list[list[dict[str, str]]] = field(default_factory=list)

    def variants(self) -> Counter[tuple[str, ...]]:
        return Counter(tuple(one["concept:name"] for one in each) for each in self.events)

    def of(self, case_id: Any) -> list[dict[str, str]]:
        """The events of one case."""
        [at] = [n for n, one in enumerate(self.traces) if one["concept:name"] == str(case_id)]
        return self.events[at]


def read_xes(content: bytes) -> Log:
    """Read a log that is valid. Raises AssertionError where it is not."""
    root = etree.fromstring(content)
    XES.assertValid(root.getroottree())
    log = Log()
    for trace in root.iter("trace"):
        log.traces.append(_values(trace))
        log.events.append([_values(event) for event in trace.iter("event")])
    return log


def _values(element: Any) -> dict[str, str]:
    found = [one for one in element if one.tag != "event"]
    keys = [one.get("key") for one in found]
    assert len(set(keys)) == len(keys), "a component holds every key once"
    return {one.get("key"): one.get("value") for one in found}


def read_json(content: bytes) -> dict[str, Any]:
    """Read an OCEL that is valid and consistent in itself."""
    log: dict[str, Any] = json.loads(content)
    OCEL.validate(log)
    things = {one["id"] for one in log["objects"]}
    assert len(things) == len(log["objects"])
    assert len({one["id"] for one in log["events"]}) == len(log["events"])
    tied = [tie["objectId"] for one in log["events"] for tie in one["relationships"]]
    assert things == set(tied), "every object stands in an event, and no other is named"
    assert {tie["objectId"] for one in log["objects"] for tie in one["relationships"]} <= things
    for kind, every in (("eventTypes", log["events"]), ("objectTypes", log["objects"])):
        declared = {one["name"]: {each["name"] for each in one["attributes"]} for one in log[kind]}
        assert declared.keys() == {one["type"] for one in every}
        for one in every:
            assert {each["name"] for each in one["attributes"]} <= declared[one["type"]]
    return log


def read_sqlite(content: bytes, folder: Path) -> sqlite3.Connection:
    """Open an OCEL database."""
    path = folder / "log.sqlite"
    path.write_bytes(content)
    database = sqlite3.connect(path)
    database.row_factory = sqlite3.Row
    return database


def ties(log: dict[str, Any], event_type: str) -> set[tuple[str, str]]:
    """(qualifier, type of object) of the events of a type."""
    types = {one["id"]: one["type"] for one in log["objects"]}
    return {
        (tie["qualifier"], types[tie["objectId"]])
        for event in log["events"]
        if event["type"] == event_type
        for tie in event["relationships"]
    }
