"""Whatever a migration does to a table, the triggers that keep its rows stand after it and refuse."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Connection, MetaData, Table, insert, select, text
from sqlalchemy.exc import DBAPIError

from app.audit.triggers import KEPT, KEPT_ON, SEALED, VALUES
from app.commands import configured
from app.db import Database, new_id
from tests.test_migrations import fresh

__all__ = ["fresh"]

INTRODUCED: Final = {
    "0002": ("audit_entries", "law_releases", "report_versions", VALUES),
    "0003": (SEALED,),
    "0006": ("checkpoints", "checkpoint_leaves", "checkpoint_publications"),
}
"""By revision, the tables whose rows are kept from then on."""

CHANGES: Final = {
    "audit_entries": "seq = seq + 1",
    "law_releases": "number = number + 1",
    "report_versions": "seq = seq + 1",
    VALUES: "name = 'other'",
    SEALED: "seq = seq + 1",
    "checkpoints": "number = number + 1",
    "checkpoint_leaves": "seq = seq + 1",
    "checkpoint_publications": "number = number + 1",
}
"""A change of each that nobody may make."""


def kept_by(revision: str) -> list[str]:
    """Tables whose rows are kept at a revision."""
    return [one for since, tables in INTRODUCED.items() if since <= revision for one in tables]


def names_of(table: str, engine: str) -> set[str]:
    if table == VALUES:
        return {f"{table}_keep_updated"}
    third = "replaced" if engine == "sqlite" else "truncated"
    return {f"{table}_keep_{event}" for event in ("updated", "deleted", third)}


def triggers(database: Database) -> set[str]:
    """Every trigger there is, but those that are switched off."""
    asked = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if database.is_sqlite
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'"
    )
    with database.engine.connect() as connection:
        return set(connection.execute(text(asked)).scalars())


def value_for(column: Any, *, sqlite: bool) -> object:
    """Something of the type of a column."""
    instant = datetime(2026, 3, 16, tzinfo=UTC)
    if isinstance(column.type, JSON):
        return {}
    kind = column.type.python_type.__name__
    if "UUID" in kind:
        return new_id()
    if kind == "str" and sqlite and column.type.length == 26:
        return "2026-03-16 00:00:00.000000"
    known = {"str": "x", "int": 1, "bool": True, "date": date(2026, 3, 16), "datetime": instant}
    return known[kind]


def put_a_row(database: Database, name: str) -> None:
    """Put a kept row in a table that has none, and what it points to; triggers left aside."""
    with database.engine.begin() as connection:
        if not database.is_sqlite:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        if name == SEALED:  # what was sealed before a downgrade is no longer
            connection.execute(text(f"DELETE FROM {name} WHERE sealed_at IS NULL"))
        a_row(connection, name, sqlite=database.is_sqlite)


def a_row(connection: Connection, name: str, *, sqlite: bool) -> Any:
    """Return the first row of a table, made if there is none."""
    table = Table(name, MetaData(), autoload_with=connection)
    if (found := connection.execute(select(table)).first()) is not None:
        return found
    values: dict[str, object] = {}
    for column in table.columns:
        pointed = [key.column for key in column.foreign_keys if key.column.table is not table]
        if column.nullable and column.name != "sealed_at":
            continue
        if pointed:
            there = a_row(connection, pointed[0].table.name, sqlite=sqlite)
            values[column.name] = there._mapping[pointed[0].name]
        else:
            values[column.name] = value_for(column, sqlite=sqlite)
    connection.execute(insert(table), values)
    return connection.execute(select(table)).first()


def refuses_every_change(database: Database, table: str) -> None:
    doors = [f"UPDATE {table} SET {CHANGES[table]}"]
    if table != VALUES:
        doors.append(f"DELETE FROM {table}")
        doors.append(
            f"REPLACE INTO {table} SELECT * FROM {table}"
            if database.is_sqlite
            else f"TRUNCATE {table}"
        )
    for door in doors:
        with database.engine.connect() as connection:
            with pytest.raises(
                DBAPIError, match=r"append-only|can only be destroyed|never changes"
            ):
                connection.execute(text(door))
            connection.rollback()
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 1, door


def stands_at(database: Database, revision: str) -> None:
    engine = "sqlite" if database.is_sqlite else "postgresql"
    kept = kept_by(revision)
    assert triggers(database) == {name for one in kept for name in names_of(one, engine)}, revision
    for table in kept:
        put_a_row(database, table)
        refuses_every_change(database, table)


def move(database: Database, way: Any, to: str) -> None:
    with database.engine.connect() as connection:
        way(configured(connection), to)


def test_after_every_revision_there_and_back_exactly_its_triggers_stand_and_refuse(fresh):
    with fresh.engine.connect() as connection:
        scripts = ScriptDirectory.from_config(configured(connection))
    revisions = [one.revision for one in scripts.walk_revisions()][::-1]
    before = ""
    for revision in revisions:
        move(fresh, command.upgrade, revision)
        stands_at(fresh, revision)
        move(fresh, command.downgrade, before or "base")
        stands_at(fresh, before)
        move(fresh, command.upgrade, revision)
        stands_at(fresh, revision)
        before = revision
    engine = "sqlite" if fresh.is_sqlite else "postgresql"
    assert triggers(fresh) == KEPT | KEPT_ON[engine]
