"""The triggers that keep the audit append-only; a migration writes them, this finds a gap."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

APPEND_ONLY: Final = (
    "audit_entries",
    "law_releases",
    "report_versions",
    "checkpoints",
    "checkpoint_leaves",
    "checkpoint_publications",
)

SEALED: Final = "case_documents"
"""Its rows are kept once they are sealed; only their voiding, rendering and service is added."""
SEALED_FIXED: Final = frozenset({"id", "case_id", "kind", "seq", "made_at"})
"""What of such a row is written once, when it is made."""

VALUES: Final = "private_values"
"""Its rows are destroyed by blanking these columns; nothing else of them ever changes."""
BLANKED: Final = frozenset({"salt", "value"})

KEPT: Final = frozenset(
    {
        f"{table}_keep_{event}"
        for table in (*APPEND_ONLY, SEALED)
        for event in ("updated", "deleted")
    }
    | {f"{VALUES}_keep_updated"}
)
"""On every engine. What a batch rebuild of a table on SQLite drops must be written again."""

KEPT_ON: Final = {
    # INSERT OR REPLACE deletes a row without firing its delete trigger.
    "sqlite": frozenset(f"{table}_keep_replaced" for table in (*APPEND_ONLY, SEALED)),
    "postgresql": frozenset(f"{table}_keep_truncated" for table in (*APPEND_ONLY, SEALED)),
}


def missing_triggers(connection: Connection) -> list[str]:
    """Return the names of append-only triggers this database lacks or has switched off, sorted.

    One of that name on another table does not count. What a trigger does is not read.
    """
    engine = connection.dialect.name
    known = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger' "
        "AND substr(name, 1, length(tbl_name) + 6) = tbl_name || '_keep_'"
        if engine == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') "
        "AND starts_with(tgname, tgrelid::regclass::text || '_keep_')"
    )
    found = set(connection.execute(text(known)).scalars())
    return sorted((KEPT | KEPT_ON[engine]) - found)
