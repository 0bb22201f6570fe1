"""OCEL 2.0 as a SQLite database (specification, section 6).

Six tables that every log has, and one for each type of events and of objects, which are made when
the type is met and gain a column when an attribute is.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, Final

from sqlalchemy.orm import Session

from app.assurance.event_log import (
    BOOLEAN,
    FLOAT,
    INTEGER,
    STRING,
    TIME,
    Value,
    logged_cases,
)
from app.assurance.exports import Counts, PrivateValues, Progress, Told
from app.assurance.ocel.cases import CaseEvents
from app.assurance.ocel.cast import Cast
from app.assurance.ocel.model import FIRST, Event, Thing
from app.assurance.selection import Selection
from app.law.labels import Label

_COMMON: Final = """
CREATE TABLE "event_map_type" ("ocel_type" TEXT PRIMARY KEY, "ocel_type_map" TEXT);
CREATE TABLE "object_map_type" ("ocel_type" TEXT PRIMARY KEY, "ocel_type_map" TEXT);
CREATE TABLE "event" (
    "ocel_id" TEXT PRIMARY KEY,
    "ocel_type" TEXT REFERENCES "event_map_type" ("ocel_type")
);
CREATE TABLE "object" (
    "ocel_id" TEXT PRIMARY KEY,
    "ocel_type" TEXT REFERENCES "object_map_type" ("ocel_type")
);
CREATE TABLE "event_object" (
    "ocel_event_id" TEXT REFERENCES "event" ("ocel_id"),
    "ocel_object_id" TEXT REFERENCES "object" ("ocel_id"),
    "ocel_qualifier" TEXT,
    PRIMARY KEY ("ocel_event_id", "ocel_object_id", "ocel_qualifier")
);
CREATE TABLE "object_object" (
    "ocel_source_id" TEXT REFERENCES "object" ("ocel_id"),
    "ocel_target_id" TEXT REFERENCES "object" ("ocel_id"),
    "ocel_qualifier" TEXT,
    PRIMARY KEY ("ocel_source_id", "ocel_target_id", "ocel_qualifier")
);
"""
_COLUMNS: Final = {
    "event": '"ocel_id" TEXT PRIMARY KEY REFERENCES "event" ("ocel_id"), "ocel_time" TIMESTAMP',
    "object": (
        '"ocel_id" TEXT REFERENCES "object" ("ocel_id"), "ocel_time" TIMESTAMP, '
        '"ocel_changed_field" TEXT'
    ),
}
_TYPES: Final = {
    STRING: "TEXT",
    FLOAT: "REAL",
    INTEGER: "INTEGER",
    BOOLEAN: "BOOLEAN",
    TIME: "TIMESTAMP",
}
_UNNAMEABLE: Final = re.compile(r"[^A-Za-z0-9_]")


class OcelSqliteWriter:
    """Writes rows into a temporary database, which is then the file."""

    key = "ocel-sqlite"
    label = Label("OCEL 2.0 事件日志（SQLite）", "OCEL 2.0 event log (SQLite)")
    purpose = Label(
        "与 JSON 内容相同，可直接用 SQL 查询。",
        "The same as the JSON file, to be asked with SQL.",
    )
    suffix = ".sqlite"
    media_type = "application/vnd.sqlite3"

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
        """Read the cases once, one at a time."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "log.sqlite"
            with closing(sqlite3.connect(path, isolation_level=None)) as database:
                counts = self._fill(database, session, chosen, private, progress)
            with path.open("rb") as file:
                shutil.copyfileobj(file, out)
        return counts

    def _fill(
        self,
        database: sqlite3.Connection,
        session: Session,
        chosen: Selection,
        private: PrivateValues,
        progress: Progress,
    ) -> Counts:
        # Nobody else reads it, and one that breaks off is thrown away.
        database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _COMMON)
        database.execute("BEGIN")
        tables, cast = _Tables(database), Cast()
        chains = events = values = 0
        for case in logged_cases(session, chosen, private):
            told_of = CaseEvents(session, chosen, case, cast)
            for event in told_of.events():
                tables.add_event(event)
            for thing in told_of.things():
                tables.add_object(thing)
            chains += 1
            events += len(case.acts)
            values += sum(act.given_away for act in case.acts)
            progress(len(case.acts))
        for thing in cast.things(session, masked=private.masked):
            tables.add_object(thing)
        database.execute("COMMIT")
        return Counts(chains, events, values)


class _Tables:
    """The tables of a log that is being written."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._execute = database.execute
        self._many = database.executemany
        self._known: dict[str, set[str]] = {}

    def add_event(self, event: Event) -> None:
        attributes = dict(event.attributes)
        table = self._table("event", event.type, attributes)
        self._execute('INSERT INTO "event" VALUES (?, ?)', (event.id, event.type))
        self._insert(table, {"ocel_id": event.id, "ocel_time": event.time}, attributes)
        self._many(
            'INSERT INTO "event_object" VALUES (?, ?, ?)',
            [(event.id, thing, qualifier) for thing, qualifier in event.relations],
        )

    def add_object(self, thing: Thing) -> None:
        attributes = dict(thing.attributes)
        changed = {name: value for (_time, name), value in thing.changes.items()}
        table = self._table("object", thing.type, attributes | changed)
        self._execute('INSERT INTO "object" VALUES (?, ?)', (thing.id, thing.type))
        self._insert(table, {"ocel_id": thing.id, "ocel_time": FIRST}, attributes)
        for (time, name), value in thing.changes.items():
            place = {"ocel_id": thing.id, "ocel_time": time, "ocel_changed_field": name}
            self._insert(table, place, {name: value})
        self._many(
            'INSERT INTO "object_object" VALUES (?, ?, ?)',
            [(thing.id, other, qualifier) for other, qualifier in thing.relations],
        )

    def _table(self, kind: str, name: str, attributes: Mapping[str, Value]) -> str:
        """The table of a type, made or widened where it must be."""
        mapped = _UNNAMEABLE.sub("__", name)
        table = f"{kind}_{mapped}"
        known = self._known.get(table)
        missing = {one: value for one, value in attributes.items() if one not in (known or ())}
        columns = [f"{_quoted(one)} {_TYPES[value.type]}" for one, value in missing.items()]
        if known is None:
            known = self._known[table] = set()
            self._execute(f'INSERT INTO "{kind}_map_type" VALUES (?, ?)', (name, mapped))  # noqa: S608 - one of two tables
            self._execute(
                f"CREATE TABLE {_quoted(table)} ({', '.join([_COLUMNS[kind], *columns])})"
            )
        else:
            for column in columns:
                self._execute(f"ALTER TABLE {_quoted(table)} ADD COLUMN {column}")
        known.update(missing)
        return table

    def _insert(self, table: str, place: Mapping[str, str], values: Mapping[str, Value]) -> None:
        columns = ", ".join(map(_quoted, (*place, *values)))
        marks = ", ".join("?" * (len(place) + len(values)))
        self._execute(
            f"INSERT INTO {_quoted(table)} ({columns}) VALUES ({marks})",  # noqa: S608 - names are quoted
            (*place.values(), *map(_stored, values.values())),
        )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _stored(value: Value) -> str | int | float:
    match value.type:
        case "integer":
            return int(value.text)
        case "float":
            return float(value.text)
        case "boolean":
            return int(value.text == "true")
        case _:
            return value.text
