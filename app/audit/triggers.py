"""The triggers that keep the audit append-only; a migration writes them, this finds a gap."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

KEPT: Final = frozenset(
    {
        "audit_entries_keep_updated",
        "audit_entries_keep_deleted",
        "report_versions_keep_updated",
        "report_versions_keep_deleted",
        "private_values_keep_updated",
    }
)
"""On every engine. What a batch rebuild of a table on SQLite drops must be written again."""

KEPT_ON: Final = {
    # INSERT OR REPLACE deletes a row without firing its delete trigger.
    "sqlite": frozenset({"audit_entries_keep_replaced", "report_versions_keep_replaced"}),
    "postgresql": frozenset({"audit_entries_keep_truncated", "report_versions_keep_truncated"}),
}


def missing_triggers(connection: Connection) -> list[str]:
    """Return the names of append-only triggers this database lacks or has switched off, sorted."""
    engine = connection.dialect.name
    known = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if engine == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    )
    found = set(connection.execute(text(known)).scalars())
    return sorted((KEPT | KEPT_ON[engine]) - found)
