import sqlite3
import threading
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    Table,
    bindparam,
    create_engine,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, StatementError
from sqlalchemy.orm import Mapped, mapped_column

from app.db import (
    Base,
    Database,
    FixedDecimal,
    NestedWriteError,
    UTCDateTime,
    Yuan,
    is_transient,
    new_id,
    send,
)
from app.registers.models import UnitProfile
from tests import factories
from tests.times import NOW

SQLITE = sqlite.dialect()
POSTGRESQL = postgresql.dialect()


# Column types -------------------------------------------------------------------------------------


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))])))
def test_an_instant_comes_back_the_same_and_its_text_sorts_like_it(at):
    kept = UTCDateTime().process_bind_param(at, SQLITE)
    assert len(kept) == 26
    assert UTCDateTime().process_result_value(kept, SQLITE) == at
    later = UTCDateTime().process_bind_param(datetime(9999, 12, 31, 23, 59, 59, 1, UTC), SQLITE)
    assert kept <= later


@pytest.mark.parametrize("value", [datetime(2026, 1, 1), date(2026, 1, 1), "2026-01-01"])  # noqa: DTZ001
def test_what_is_no_instant_is_refused(value):
    with pytest.raises(TypeError):
        UTCDateTime().process_bind_param(value, POSTGRESQL)


@given(st.decimals(-(10**13), 10**13, places=2))
def test_money_comes_back_the_same(amount):
    kept = Yuan().process_bind_param(amount, SQLITE)
    assert Yuan().process_result_value(kept, SQLITE) == amount


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (1.5, TypeError),
        (True, TypeError),
        ("1", TypeError),
        (Decimal("0.001"), ValueError),
        (Decimal("NaN"), ValueError),
        (Decimal("Infinity"), ValueError),
    ],
)
def test_what_is_no_amount_is_refused(value, error):
    with pytest.raises(error):
        Yuan().process_bind_param(value, SQLITE)


def test_a_sum_is_as_exact_as_its_parts(database):
    def three_units(session):
        for _ in range(3):
            profile = session.get_one(UnitProfile, factories.unit(session).id)
            profile.capacity_mw = Decimal("0.1")

    database.write(three_units)
    with database.read() as session:
        assert session.scalar(select(func.sum(UnitProfile.capacity_mw))) == Decimal("0.300")


def test_a_decimal_column_must_say_its_places():
    class Loose(Base):
        __tablename__ = "loose"
        metadata = MetaData()
        id: Mapped[int] = mapped_column(primary_key=True)
        amount: Mapped[Decimal]

    with pytest.raises(TypeError, match="FixedDecimal"):
        Loose.metadata.create_all(create_engine("sqlite://"))
    assert FixedDecimal(3).process_result_value(Decimal(1500), SQLITE) == Decimal("1.500")


def test_ids_rise_with_time():
    ids = [new_id() for _ in range(1000)]
    assert ids == sorted(ids)
    assert {each.version for each in ids} == {7}


# Reading and writing ------------------------------------------------------------------------------


@pytest.fixture
def counter(database):
    """A table with one row that counts to somewhere."""
    table = Table("counter", MetaData(), Column("n", Integer, nullable=False))
    with database.engine.begin() as connection:
        table.drop(connection, checkfirst=True)
        table.create(connection)
        connection.execute(insert(table).values(n=0))
    yield table
    with database.engine.begin() as connection:
        table.drop(connection)


def count(session, table):
    return session.scalar(select(table.c.n).with_for_update())


def add_one(session, table):
    """Read, then write: what loses updates if a transaction begins the wrong way."""
    seen = count(session, table)
    session.execute(update(table).values(n=seen + 1))


def test_two_who_read_and_then_write_lose_nothing(database, counter):
    def work():
        for _ in range(25):
            database.write(lambda s: add_one(s, counter))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert session.scalar(select(counter.c.n)) == 100


def test_a_reader_may_not_write(database, counter):
    with pytest.raises(DBAPIError), database.read() as session:
        session.execute(update(counter).values(n=7))


def test_a_reader_sees_one_state_of_the_world_and_never_waits(database, counter):
    with database.read() as session:
        assert session.scalar(select(counter.c.n)) == 0
        database.write(lambda s: add_one(s, counter))
        assert session.scalar(select(counter.c.n)) == 0
    with database.read() as session:
        assert session.scalar(select(counter.c.n)) == 1


def test_work_that_fails_leaves_nothing(database, counter):
    def fail(session):
        add_one(session, counter)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.write(fail)
    with database.read() as session:
        assert session.scalar(select(counter.c.n)) == 0


def test_a_write_inside_a_write_is_refused(database, counter):
    with pytest.raises(NestedWriteError):
        database.write(lambda _s: database.write(lambda s: add_one(s, counter)))
    database.write(lambda s: add_one(s, counter))


def busy():
    cause = sqlite3.OperationalError("database is locked")
    cause.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return OperationalError("UPDATE", {}, cause)


def test_busy_work_is_run_again_whole_and_committed_once(database, counter):
    tries = []

    def work(session):
        tries.append(1)
        add_one(session, counter)
        if len(tries) < 3:
            raise busy()
        return "done"

    assert database.write(work) == "done"
    assert len(tries) == 3
    with database.read() as session:
        assert session.scalar(select(counter.c.n)) == 1


def test_what_stays_busy_is_told_after_the_last_attempt(database):
    tries = []

    def work(_session):
        tries.append(1)
        raise busy()

    with pytest.raises(OperationalError):
        database.write(work, attempts=2)
    assert len(tries) == 2


def test_a_plain_mistake_is_not_tried_again(database):
    tries = []

    def work(session):
        tries.append(1)
        session.execute(text("SELECT nothing FROM nowhere"))

    with pytest.raises(DBAPIError):
        database.write(work)
    assert len(tries) == 1


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (psycopg.errors.SerializationFailure(), True),
        (psycopg.errors.DeadlockDetected(), True),
        (psycopg.errors.LockNotAvailable(), True),
        (psycopg.errors.UniqueViolation(), False),
        (sqlite3.IntegrityError(), False),
    ],
)
def test_only_what_may_succeed_is_transient(error, again):
    assert is_transient(DBAPIError("UPDATE", {}, error)) is again


def test_writes_sent_together_are_done_in_their_order(database, counter):
    to = update(counter).values(n=bindparam("to"))
    twice = update(counter).values(n=counter.c.n * 2)

    database.write(lambda s: send(s.connection(), [(to, {"to": 3}), (twice, {}), (twice, {})]))

    with database.read() as session:
        assert session.scalar(select(counter.c.n)) == 12


def test_one_refused_among_writes_sent_together_undoes_all(database, counter):
    add = insert(counter)

    with pytest.raises(IntegrityError, match=r"(?i)not.null"):
        database.write(
            lambda s: send(s.connection(), [(add, {"n": 1}), (add, {"n": None}), (add, {"n": 2})])
        )

    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(counter)) == 1


def test_a_connection_lost_while_writes_are_sent_is_tried_again(postgres_database):
    database = postgres_database.database
    tries = []

    def work(session):
        connection = session.connection()
        tries.append(connection.scalar(text("SELECT pg_backend_pid()")))
        if len(tries) == 1:
            with database.reader_engine.connect() as other:
                other.execute(text(f"SELECT pg_terminate_backend({tries[0]})"))
        send(connection, [(text("SELECT set_config('some.thing', :to, true)"), {"to": "x"})] * 3)

    database.write(work)

    assert len(tries) == 2


def test_foreign_keys_hold(database):
    def orphan(session):
        session.add(UnitProfile(organisation_id=new_id(), sector="power"))

    with pytest.raises((DBAPIError, StatementError)):
        database.write(orphan)


def test_sqlite_needs_a_file():
    with pytest.raises(ValueError, match="a file"):
        Database("sqlite://")


def test_the_pragmas_of_sqlite_and_the_zone_of_postgresql_are_set(database):
    with database.read() as session:
        if database.is_sqlite:
            asked = ("journal_mode", "synchronous", "foreign_keys", "query_only")
            told = [session.scalar(text(f"PRAGMA {name}")) for name in asked]
            assert told == ["wal", 1, 1, 1]
        else:
            assert session.scalar(text("SHOW TimeZone")) == "UTC"
            assert session.scalar(text("SHOW transaction_read_only")) == "on"
            assert session.scalar(text("SHOW transaction_isolation")) == "repeatable read"


def test_an_instant_and_an_enum_come_back_from_both_engines(database):
    made = database.write(factories.unit)
    with database.read() as session:
        kept = session.get_one(type(made), made.id)
        assert kept.created_at == NOW
        assert kept.kind is made.kind
