"""A whole database as one file, and back: by SQLite's own copying, by pg_dump and pg_restore."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from app.db import Database

NAMES: Final = {"sqlite": "database.sqlite", "postgresql": "database.dump"}
OLD: Final = "replaced_"
"""How the name of what gave way begins, or ends; it goes into no copy."""


class CannotCopy(Exception):
    """The database was not copied, or not put back; says why and what to do."""


def name_of(database: Database) -> str:
    """What its copy is called."""
    return NAMES[database.engine.dialect.name]


@contextmanager
def copied(database: Database, target: Path) -> Iterator[Session]:
    """Copy the whole to a file, and give a session that sees exactly what was copied.

    Others may write meanwhile. Raises CannotCopy.
    """
    if database.is_sqlite:
        _copy_sqlite(Path(str(database.url.database)), target)
        copy = Database(f"sqlite:///{target}")
        try:
            with copy.read() as session:
                yield session
        finally:
            copy.dispose()
            _settle_sqlite(target)
        return
    with database.read() as session:
        # Both see the state of this transaction, whatever is committed while the dump runs.
        snapshot = session.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        _run(
            database,
            "pg_dump",
            *("--format=custom", f"--snapshot={snapshot}", "--no-owner", "--no-acl"),
            *("--enable-row-security", f"--exclude-schema={OLD}*", f"--file={target}"),
        )
        yield session


def _copy_sqlite(source: Path, target: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as there,
            closing(sqlite3.connect(target)) as here,
        ):
            there.backup(here)
            found = here.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.Error as failed:
        raise CannotCopy(f"{source.name} cannot be copied: {failed}") from failed
    if found != "ok":
        raise CannotCopy(f"{source.name} is damaged: {found}")


def _settle_sqlite(target: Path) -> None:
    """Leave one file, without a log beside it."""
    with closing(sqlite3.connect(target)) as here:
        here.execute("PRAGMA journal_mode=delete")


def is_empty(database: Database) -> bool:
    """Whether there is nothing in it, or no file of it."""
    if database.is_sqlite:
        path = Path(str(database.url.database))
        if not path.exists():
            return True
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as there:
            return bool(there.execute("SELECT count(*) = 0 FROM sqlite_master").fetchone()[0])
    with database.engine.connect() as connection:
        return not _tables(connection)


def _tables(connection: Connection) -> int:
    counted = text(
        "SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
    )
    return int(connection.execute(counted).scalar_one())


def put_back(database: Database, source: Path, stamp: str) -> str:
    """Put a copy in the place of what is there; return where that is now, empty if there was none.

    Nothing is deleted. The program must not run meanwhile. Raises CannotCopy; then what was there
    is there again.
    """
    database.dispose()
    if database.is_sqlite:
        return _put_back_sqlite(Path(str(database.url.database)), source, stamp)
    return _put_back_postgresql(database, source, stamp)


def _put_back_sqlite(target: Path, source: Path, stamp: str) -> str:
    new = target.with_name(f"{target.name}.new")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, new)
    with new.open("rb") as written:
        os.fsync(written.fileno())
    left = ""
    for suffix in ("-wal", "-shm", ""):
        old = Path(f"{target}{suffix}")
        if old.exists():
            away = Path(f"{target}.{OLD}{stamp}{suffix}")
            old.rename(away)
            left = str(away)
    new.rename(target)
    return left


def _put_back_postgresql(database: Database, source: Path, stamp: str) -> str:
    with database.engine.begin() as connection:
        schema = connection.execute(text("SELECT current_schema()")).scalar_one()
        left = f"{OLD}{stamp}".lower() if _tables(connection) else ""
        if left:
            connection.execute(text(f'ALTER SCHEMA "{schema}" RENAME TO "{left}"'))
            connection.execute(text(f'CREATE SCHEMA "{schema}"'))
    try:
        _run(
            database,
            "pg_restore",
            *("--exit-on-error", "--single-transaction", "--no-owner", "--no-acl"),
            str(source),
        )
    except CannotCopy:
        if left:
            with database.engine.begin() as connection:
                connection.execute(text(f'DROP SCHEMA "{schema}" CASCADE'))
                connection.execute(text(f'ALTER SCHEMA "{left}" RENAME TO "{schema}"'))
        raise
    return f"schema {left}" if left else ""


def _run(database: Database, program: str, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise CannotCopy(f"{program} is missing: apt-get install postgresql-client")
    given = database.engine.dialect.create_connect_args(database.url)[1]
    given.pop("context", None)  # of the driver, and nothing a server is told
    # Every row, also for the application's role.
    given["options"] = f"{given.get('options', '')} -c tanjian.roles=system".lstrip()
    env = {
        "HOME": str(Path.home()),  # of a .pgpass
        "LC_ALL": "C.UTF-8",
        "PGPASSWORD": given.pop("password", ""),  # not among the arguments, which everybody sees
    }
    done = subprocess.run(  # noqa: S603 - the program is found by its name, the rest is ours
        [found, f"--dbname={make_conninfo('', **given)}", *arguments],
        env={name: value for name, value in env.items() if value},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise CannotCopy(
            f"{program} failed: {said[-1] if said else done.returncode}. "
            "Run this as the owner of the tables, with the program of the server's version."
        )
