"""How Alembic runs here: on the connection it is handed, or on the database of the settings."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.types import TypeDecorator

from app import models
from app.db import Database
from config import Settings


def render(kind: str, thing: Any, _autogen: object) -> str | Literal[False]:
    """Write our column types as what the database has: a migration imports nothing of app."""
    if kind != "type" or not isinstance(thing, TypeDecorator):
        return False
    if type(thing).__name__ == "UTCDateTime":
        return 'sa.DateTime(timezone=True).with_variant(sa.String(26), "sqlite")'
    return "sa.BigInteger()"


def run(connection: Connection) -> None:
    """Migrate in one transaction; on SQLite with foreign keys off, and checked afterwards.

    A batch rebuild drops the old table: with foreign keys on, rows that cascade from it would
    be deleted.
    """
    sqlite = connection.dialect.name == "sqlite"
    driver: Any = connection.connection.dbapi_connection
    if sqlite:
        driver.execute("PRAGMA foreign_keys=off")
    try:
        context.configure(
            connection=connection,
            target_metadata=models.metadata,
            render_as_batch=True,
            render_item=render,
            compare_type=True,
            compare_server_default=True,
        )
        with context.begin_transaction():
            context.run_migrations()
            if sqlite and (broken := driver.execute("PRAGMA foreign_key_check").fetchall()):
                msg = f"the migration broke foreign keys: {broken[:5]}"
                raise RuntimeError(msg)
    finally:
        if sqlite:
            driver.execute("PRAGMA foreign_keys=on")


handed = context.config.attributes.get("connection")
if handed is not None:
    run(handed)
else:
    own = Database(Settings.from_env().database_url)
    with own.engine.connect() as opened:
        run(opened)
    own.dispose()
