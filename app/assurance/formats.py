"""The formats of an export, by their key."""

from __future__ import annotations

from typing import Final

from app.assurance.exports import Writer
from app.assurance.jsonl import JsonLines
from app.assurance.ocel.json_file import OcelJsonWriter
from app.assurance.ocel.sqlite_file import OcelSqliteWriter
from app.assurance.xes import XesWriter

WRITERS: Final[dict[str, Writer]] = {
    writer.key: writer
    for writer in (JsonLines(), XesWriter(), OcelJsonWriter(), OcelSqliteWriter())
}
