import pytest
from alembic import command
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, String, insert, text, update
from sqlalchemy.exc import DBAPIError

from app import commands
from app.audit import chain
from app.audit.triggers import missing_triggers
from app.cases.models import ReportVersion
from app.db import Database, new_id
from app.engine.actors import SYSTEM_ACTOR
from tests.conftest import administer, named
from tests.times import NOW


def an_entry(session):
    chain.append(
        session,
        "administration",
        trigger="try",
        actor=SYSTEM_ACTOR,
        body={},
        now=NOW,
        private={"phone": "13800000000"},
    )


def a_version(session):
    session.add(
        ReportVersion(
            root_id=new_id(), case_id=new_id(), report="annual", number=1, data={}, digest="",
            submitted_by=new_id(), submitted_by_name="张三", organisation_id=new_id(),
            submitted_at=NOW, seq=1,
        )
    )  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request, tmp_path, run_folder):
    """An empty database of its own, without tables."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path}/fresh.sqlite")
        yield database
        database.dispose()
        return
    server = request.getfixturevalue("postgres_url")
    name = f"fresh_{new_id().hex}"
    administer(server, f"CREATE DATABASE {name}")
    database = Database(named(server, name))
    yield database
    database.dispose()
    administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def test_a_migrated_database_agrees_with_the_models(database):
    assert commands.differences(database) == []


def test_migrations_lead_there_and_back_and_there_again(fresh):
    commands.upgrade(fresh)
    with fresh.engine.connect() as connection:
        command.downgrade(commands.configured(connection), "base")
    with fresh.engine.connect() as connection:
        assert len(missing_triggers(connection)) == 22
    commands.upgrade(fresh)
    assert commands.differences(fresh) == []


def test_check_names_a_missing_table_a_changed_column_and_a_missing_trigger(fresh):
    assert commands.differences(fresh)
    commands.upgrade(fresh)
    with fresh.engine.begin() as connection:
        connection.execute(text("ALTER TABLE bans ADD COLUMN extra INTEGER"))
        on = "" if fresh.is_sqlite else " ON audit_entries"
        connection.execute(text(f"DROP TRIGGER audit_entries_keep_deleted{on}"))
    [column, trigger] = commands.differences(fresh)
    assert "extra" in column
    assert trigger == "trigger missing: audit_entries_keep_deleted"


@pytest.mark.parametrize("table", ["audit_entries", "report_versions"])
@pytest.mark.parametrize(
    "change", ["UPDATE {} SET seq = 7", "DELETE FROM {}", "UPDATE {} SET seq = seq"]
)
def test_the_database_refuses_to_change_or_delete_a_kept_row(database, table, change):
    database.write(an_entry)
    database.write(a_version)
    with database.engine.connect() as connection:
        with pytest.raises(DBAPIError, match="append-only"):
            connection.execute(text(change.format(table)))
        connection.rollback()
        assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 1


@pytest.mark.parametrize("table", ["audit_entries", "report_versions"])
def test_no_other_door_leads_round_the_refusal(database, table):
    database.write(an_entry)
    database.write(a_version)
    way_round = f"REPLACE INTO {table} SELECT * FROM {table}" if database.is_sqlite else ""
    with database.engine.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.execute(text(way_round or f"TRUNCATE {table}"))


def test_a_private_value_can_be_destroyed_and_nothing_else(database):
    database.write(an_entry)
    values = chain.values
    for change in ({"value": '"13900000000"'}, {"value": ""}, {"name": "other"}):
        with pytest.raises(DBAPIError, match="can only be destroyed"):
            database.write(lambda s, change=change: s.execute(update(values).values(change)))
    database.write(lambda s: s.execute(update(values).values(salt="", value="")))
    database.write(lambda s: s.execute(values.delete()))


def test_a_batch_rebuild_that_forgets_the_triggers_is_found(sqlite_database):
    """SQLite drops a table's triggers when Alembic rebuilds it: `flask db check` must see that."""
    sqlite_database.empty()
    with sqlite_database.database.engine.connect() as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("audit_entries", recreate="always") as batch:
            batch.add_column(Column("extra", String(10), nullable=True))
        assert missing_triggers(connection) == [
            "audit_entries_keep_deleted",
            "audit_entries_keep_replaced",
            "audit_entries_keep_updated",
        ]


def test_inserting_a_second_entry_of_the_same_number_is_refused(database):
    database.write(an_entry)
    with database.read() as reading:
        row = dict(reading.execute(chain.entries.select()).one()._mapping)
    with pytest.raises(DBAPIError):
        database.write(lambda s: s.execute(insert(chain.entries), {**row, "actor_id": new_id()}))


def test_the_commands_say_what_they_found(app, database):
    command_line = app.test_cli_runner()
    assert command_line.invoke(args=["db", "upgrade"]).exit_code == 0
    agreed = command_line.invoke(args=["db", "check"])
    assert (agreed.exit_code, agreed.stdout) == (0, "The database agrees with the models.\n")
    assert agreed.stderr == ("" if database.is_sqlite else commands.OWNER + "\n")
    drop, keep = (
        ("DROP TRIGGER report_versions_keep_deleted", None)
        if database.is_sqlite
        else (
            "ALTER TABLE report_versions DISABLE TRIGGER report_versions_keep_deleted",
            "ALTER TABLE report_versions ENABLE TRIGGER report_versions_keep_deleted",
        )
    )
    with database.engine.begin() as connection:
        connection.execute(text(drop))
    differs = command_line.invoke(args=["db", "check"])
    assert differs.exit_code == 1
    assert "trigger missing: report_versions_keep_deleted" in differs.output
    with database.engine.begin() as connection:
        if keep:
            connection.execute(text(keep))
