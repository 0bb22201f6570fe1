"""Whether the database is at the newest migration."""

from __future__ import annotations

from functools import cache

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from config import ROOT


@cache
def newest() -> frozenset[str]:
    """The revisions the program was written for."""
    return frozenset(ScriptDirectory.from_config(Config(ROOT / "alembic.ini")).get_heads())


def current(connection: Connection) -> frozenset[str]:
    """The revisions the database is at; none before the first migration."""
    return frozenset(MigrationContext.configure(connection).get_current_heads())


def behind(connection: Connection) -> bool:
    """Whether the database is at any other revision than the newest."""
    return current(connection) != newest()
