"""The database: column types that are exact on both engines, and the one way to read and to write.

SQLite runs in WAL mode. Writers say ``BEGIN IMMEDIATE``, because a deferred transaction that reads
first and writes later loses updates or fails at once; readers say ``BEGIN``, never wait for a
writer, and the database refuses them any write. On PostgreSQL the same code takes row locks
(``with_for_update``), and readers run ``REPEATABLE READ READ ONLY``, so that on both engines one
page shows one state of the world.
"""

from __future__ import annotations

import enum
import json
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias, TypeVar, cast
from uuid import UUID

import psycopg
from flask import current_app, g
from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    Date,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Executable,
    MetaData,
    String,
    Table,
    TypeDecorator,
    Uuid,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, sessionmaker
from sqlalchemy.pool import NullPool
from sqlalchemy.types import TypeEngine
from uuid_utils.compat import uuid7

T = TypeVar("T")
Rows: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]]
Write: TypeAlias = tuple[Executable, Rows]
"""A statement built once, and the values of one row or of several."""

EXTENSION: Final = "tanjian.db"
KEYS: Final = "tanjian.keys"
"""Where the ``info`` of a session names the file of the keys of sealed values."""
READING_HOOKS: Final = "tanjian.db.reading"
"""What is done to the reading session of each request before its first query."""

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

HURRY_MS: Final = 20
"""How long `Database.write_if_free` waits on PostgreSQL; on SQLite not at all."""

# What may be tried again whole: serialization failure, deadlock, lock not available.
TRANSIENT_SQLSTATES: Final = frozenset({"40001", "40P01", "55P03"})
# It shuts down, crashed, is not up yet, or has as many connections as it takes.
AWAY_SQLSTATES: Final = frozenset({"57P01", "57P02", "57P03", "53300"})
TRANSIENT_SQLITE: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


class NestedWriteError(RuntimeError):
    """A write transaction was asked for inside another one of the same thread."""


def new_id() -> UUID:
    """Return a UUIDv7: unique everywhere and, within a process, rising with time."""
    return uuid7()


class UTCDateTime(TypeDecorator[datetime]):
    """An instant. Takes aware datetimes only and gives back aware UTC.

    ``timestamptz`` on PostgreSQL; on SQLite text of fixed width, ``YYYY-MM-DD HH:MM:SS.ffffff``,
    so that comparing texts compares instants. Raises TypeError for a naive value.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text of 26 characters on SQLite, ``timestamptz`` elsewhere."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(26))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse a naive value; write UTC."""
        if value is None:
            return None
        zone = getattr(value, "tzinfo", None)  # a date has none
        if zone is None:
            msg = f"an instant must be an aware datetime, not {value!r}"
            raise TypeError(msg)
        if zone is not UTC:
            value = value.astimezone(UTC)
        return value.isoformat(" ", "microseconds")[:26] if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Read UTC."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return datetime.fromisoformat(value + "+00:00")
        return cast("datetime", value).astimezone(UTC)


class FixedDecimal(TypeDecorator[Decimal]):
    """An exact decimal with a fixed number of places, stored as a whole number of the last place.

    Takes Decimal and int. Raises TypeError for a float, ValueError for more places than declared,
    for NaN and for infinities.
    """

    impl = BigInteger
    cache_ok = True

    def __init__(self, places: int) -> None:
        super().__init__()
        self.places = places

    def process_bind_param(self, value: Decimal | int | None, dialect: Dialect) -> int | None:
        """Write the number of last places; never round."""
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, Decimal | int):
            msg = f"an exact amount must be a Decimal or an int, not {value!r}"
            raise TypeError(msg)
        if isinstance(value, Decimal) and not value.is_finite():
            msg = f"not an amount: {value}"
            raise ValueError(msg)
        scaled = Decimal(value).scaleb(self.places)
        whole = int(scaled)
        if whole != scaled:
            msg = f"{value} has more than {self.places} decimal places"
            raise ValueError(msg)
        return whole

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Read a Decimal with exactly the declared places; a sum may arrive as a Decimal."""
        return None if value is None else Decimal(int(value)).scaleb(-self.places)


class Yuan(FixedDecimal):
    """Money in yuan, stored as whole 分. Refuses more than two decimal places."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__(2)


class _DecimalWithoutPlaces(TypeDecorator[Decimal]):
    """What ``Mapped[Decimal]`` maps to: a refusal, since SQLite would store a float."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Refuse."""
        msg = "say mapped_column(Yuan()) or mapped_column(FixedDecimal(places)) for a Decimal"
        raise TypeError(msg)


UUIDKey = Annotated[UUID, mapped_column(Uuid, primary_key=True, default=new_id)]
_JSON: Final = JSON(none_as_null=True)
_encode_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Base(DeclarativeBase):
    """Base of every model: one naming convention, one meaning for every Python type."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: UTCDateTime(),
        date: Date(),
        UUID: Uuid(),
        Decimal: _DecimalWithoutPlaces(),
        enum.Enum: Enum(
            enum.Enum,
            native_enum=False,
            create_constraint=False,
            length=40,
            values_callable=lambda members: [str(member.value) for member in members],
        ),
        dict: _JSON,
        dict[str, Any]: _JSON,
        dict[str, object]: _JSON,
        dict[str, str]: _JSON,
        list: _JSON,
        list[Any]: _JSON,
        list[str]: _JSON,
        list[dict[str, Any]]: _JSON,
    }


def table_of(model: type[Base]) -> Table:
    """Return the table of a model, for Core statements."""
    return cast("Table", model.__table__)


class Database:
    """One database, SQLite or PostgreSQL, and the two ways to use it: ``read`` and ``write``.

    ``keys`` is the file of the keys of sealed values, see `app.vault`; without one no value can be
    sealed or opened. ``busy_timeout_ms`` is how long one attempt waits for a lock, on both engines.
    """

    def __init__(
        self,
        url: str,
        *,
        keys: Path | None = None,
        echo: bool = False,
        busy_timeout_ms: int = 5000,
    ) -> None:
        self.url = make_url(url)
        self.keys = keys
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._here = threading.local()
        build = partial(
            create_engine,
            self.url,
            echo=echo,
            json_serializer=_encode_json,
        )
        self.engine: Engine = build()
        if self.is_sqlite:
            if self.url.database in {None, "", ":memory:"}:
                msg = "readers and writers need a file: sqlite:///path"
                raise ValueError(msg)
            Path(str(self.url.database)).parent.mkdir(parents=True, exist_ok=True)
            self.reader_engine: Engine = build()
            _prepare_sqlite(self.engine, busy_timeout_ms, read_only=False)
            _prepare_sqlite(self.reader_engine, busy_timeout_ms, read_only=True)
        else:
            self.reader_engine = self.engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            _prepare_postgresql(self.engine, busy_timeout_ms)
        # Nothing is kept open by it: it is asked once a minute.
        hurried = build(poolclass=NullPool) if self.is_sqlite else self.engine
        if self.is_sqlite:
            _prepare_sqlite(hurried, 0, read_only=False)
        told = {KEYS: keys}
        self._hurried_sessions = sessionmaker(hurried, expire_on_commit=False, info=told)
        self.sessions = sessionmaker(self.engine, expire_on_commit=False, info=told)
        self.reading_sessions = sessionmaker(self.reader_engine, expire_on_commit=False, info=told)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session that sees one state of the world and may not write.

        Ends by COMMIT: psycopg forgets its prepared statements at every ROLLBACK.
        """
        with self.reading_sessions() as session:
            yield session
            session.commit()

    def write(self, work: Callable[[Session], T], *, attempts: int = 8) -> T:
        """Run ``work`` in one write transaction, commit, and return what it returned.

        A serialization failure, a deadlock or a busy database rolls back and runs the whole of
        ``work`` again after a short random pause, at most ``attempts`` times in all; then the
        database's own error is raised. A connection lost before the commit is tried again too;
        one lost during the commit is not, since the commit may have happened. ``work`` must
        therefore touch nothing but its session. Raises NestedWriteError inside another write.
        """
        if getattr(self._here, "writing", False):
            msg = "write() inside write(): pass the session on instead"
            raise NestedWriteError(msg)
        self._here.writing = True
        try:
            return self._write(work, attempts)
        finally:
            self._here.writing = False

    def write_if_free(self, work: Callable[[Session], object]) -> bool:
        """Run ``work`` in one write transaction if nobody is in its way; say whether it was done.

        For what may as well be done the next time, so that nobody waits for it.
        """
        try:
            with self._hurried_sessions() as session:
                if not self.is_sqlite:
                    session.execute(text(f"SET LOCAL lock_timeout = {HURRY_MS}"))
                work(session)
                session.commit()
        except DBAPIError as error:
            if not is_transient(error):
                raise
            return False
        return True

    def _write(self, work: Callable[[Session], T], attempts: int) -> T:
        attempt = 1
        while True:
            committing = False
            try:
                with self.sessions() as session:
                    result = work(session)
                    session.flush()
                    committing = True
                    session.commit()
                    return result
            except DBAPIError as error:
                again = is_transient(error) or (error.connection_invalidated and not committing)
                if attempt >= attempts or not again:
                    raise
            time.sleep(min(0.005 * 2**attempt, 0.25) * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
            attempt += 1

    def dispose(self) -> None:
        """Close every pooled connection, as before a fork or at the end of a test."""
        self.engine.dispose()
        self.reader_engine.dispose()


def send(connection: Connection, writes: Iterable[Write]) -> None:
    """Execute writes in their order, none of whose results anybody reads.

    On PostgreSQL they are sent one after the other and answered together: waiting for each answer
    would cost more than the work. Raises what executing them one by one would raise.
    """
    with _pipeline(connection):
        for statement, rows in writes:
            connection.execute(statement, rows)


@contextmanager
def _pipeline(connection: Connection) -> Iterator[None]:
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        yield
        return
    with own_errors(connection), driver.pipeline():  # of a statement not waited for
        yield


@contextmanager
def own_errors(connection: Connection) -> Iterator[None]:
    """Raise what psycopg says as SQLAlchemy would, where it is spoken to behind its back."""
    try:
        yield
    except psycopg.Error as error:
        driver = connection.connection.driver_connection
        raise DBAPIError.instance(
            None,
            None,
            error,
            psycopg.Error,
            connection_invalidated=bool(getattr(driver, "closed", True)),
            dialect=connection.dialect,
        ) from error


def is_transient(error: DBAPIError) -> bool:
    """Whether the same work may succeed if it is simply run again whole."""
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        # The low byte is the primary code: BUSY_SNAPSHOT and LOCKED_SHAREDCACHE count as well.
        return (getattr(cause, "sqlite_errorcode", 0) & 0xFF) in TRANSIENT_SQLITE
    return getattr(cause, "sqlstate", None) in TRANSIENT_SQLSTATES


def is_away(error: DBAPIError) -> bool:
    """Whether the database is out of reach: it went away, or lets nobody in, as while it starts."""
    if error.connection_invalidated:
        return True
    cause = error.orig
    if not isinstance(cause, psycopg.OperationalError):
        return False
    state = cause.sqlstate  # none where no server answered
    return state is None or state[:2] == "08" or state in AWAY_SQLSTATES


def _prepare_sqlite(engine: Engine, busy_timeout_ms: int, *, read_only: bool) -> None:
    begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"
    pragmas = [
        f"busy_timeout={busy_timeout_ms}",
        "journal_mode=wal",
        "synchronous=normal",
        "foreign_keys=on",
        "cache_size=-16000",
        f"query_only={'on' if read_only else 'off'}",
    ]

    @event.listens_for(engine, "connect")
    def on_connect(dbapi: Any, _record: object) -> None:
        dbapi.isolation_level = None  # the driver must not say BEGIN by itself
        for pragma in pragmas:
            dbapi.execute(f"PRAGMA {pragma}")

    def do_begin(dbapi: Any) -> None:
        dbapi.execute(begin)

    # Not by an event of the engine: while there is one, every statement looks for more of them.
    engine.dialect.do_begin = do_begin  # type: ignore[assignment, method-assign]


def _prepare_postgresql(engine: Engine, busy_timeout_ms: int) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(dbapi: Any, _record: object) -> None:
        dbapi.execute(f"SET TIME ZONE 'UTC'; SET lock_timeout = {int(busy_timeout_ms)}")
        dbapi.execute("SET jit = off")  # compiling a list's query takes longer than the list
        # The engine's own work sees every row; the session of a request says who looks instead.
        dbapi.execute("SET tanjian.roles = 'system'")
        dbapi.commit()


def database() -> Database:
    """Return the database of the application at work."""
    return cast("Database", current_app.extensions[EXTENSION])


def request_session() -> Session:
    """Return the one reading session of this request.

    It keeps the state of the world of its first query until the request ends, also after a
    ``write()`` in between: redirect after a write, or read inside it.
    """
    if "reading" not in g:
        g.reading = database().reading_sessions()
        for prepare in current_app.extensions.get(READING_HOOKS, ()):
            prepare(g.reading)
    return cast("Session", g.reading)


def close_request_session(_error: BaseException | None = None) -> None:
    """End the reading session of this request, by COMMIT. Flask calls it at teardown."""
    session: Session | None = g.pop("reading", None)
    if session is not None:
        try:
            if session.is_active:
                session.commit()
        except SQLAlchemyError:  # it went away, and nothing was written: the answer stands
            session.invalidate()
        finally:
            session.close()
