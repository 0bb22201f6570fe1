"""The application's role on PostgreSQL lives a case through and can rewrite nothing that is kept."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from flask import Flask
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import make_url, text, update
from sqlalchemy.exc import DBAPIError

from app import commands, create_app, vault
from app.accounts import operations
from app.audit import chain, checkpoints, keys, reads
from app.audit.models import CheckpointPublication
from app.audit.triggers import APPEND_ONLY, SEALED, VALUES, missing_triggers
from app.cases import timers
from app.cases.files import FileStore
from app.db import Database, new_id
from app.demo.cast import assemble
from app.law.terms import shipped_law
from app.outbox import letters
from app.releases.models import ReleaseKind
from config import Settings
from tests.conftest import administer, named
from tests.documents.conftest import ORDER, Papers, papers
from tests.documents.paperwork import Paperwork
from tests.releases.test_releases import INVENTED_2027, put
from tests.test_migrations import a_version
from tests.times import NOW
from tests.town import Town, instant, registered

PASSWORD = "纸面上的密码 '; DROP ROLE x"
"""A password that a careless statement would end."""


@dataclass
class Divided:
    """A database whose tables belong to one role, and the application's role beside it."""

    server: str
    name: str
    owner: str
    application: str
    folder: Path

    def url(self, role: str) -> str:
        url = make_url(named(self.server, self.name)).set(username=role)
        return url.render_as_string(hide_password=False)

    def run(self, *arguments: str, role: str = "") -> tuple[int, str]:
        """A command of the program, as a role, by default the owner."""
        settings = Settings(
            database_url=self.url(role or self.owner),
            secret_key="for tests only",
            files=self.folder,
            keys=self.keys.parent,
        )
        app: Flask = create_app(settings)
        answer = app.test_cli_runner().invoke(args=["db", *arguments])
        app.extensions["tanjian.db"].dispose()
        return answer.exit_code, answer.output

    @property
    def keys(self) -> Path:
        """The vault of its sealed values."""
        return self.folder / "keys" / "identity.keys"

    def divide(self) -> tuple[int, str]:
        file = self.folder / "password"
        file.write_text(f"{PASSWORD}\n", encoding="utf-8")
        return self.run("roles", "--application", self.application, "--password-file", str(file))


@pytest.fixture(scope="module")
def divided(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Divided]:
    ending = uuid4().hex[:8]
    found = Divided(
        postgres_url, f"divided_{ending}", f"owner_{ending}", f"app_{ending}",
        tmp_path_factory.mktemp("divided"),
    )  # fmt: skip
    administer(postgres_url, f"CREATE ROLE {found.owner} LOGIN CREATEROLE")
    administer(postgres_url, f"CREATE DATABASE {found.name} OWNER {found.owner}")
    made = Database(found.url(found.owner))
    commands.upgrade(made)
    made.dispose()
    assert found.divide()[0] == 0
    yield found
    administer(postgres_url, f"DROP DATABASE {found.name} WITH (FORCE)")
    administer(postgres_url, f"DROP ROLE {found.application}")
    administer(postgres_url, f"DROP ROLE {found.owner}")


@pytest.fixture(scope="module")
def lived(divided: Divided) -> Iterator[Database]:
    """The database as the application's role, in which a case has been lived through."""
    vault.make(divided.keys)
    database = Database(divided.url(divided.application), keys=divided.keys)
    try:
        with registered(Paperwork):
            live(database, divided.folder)
        yield database
    finally:
        database.dispose()


def live(database: Database, folder: Path) -> None:
    """Everything the program writes to what is kept, and what stands around it."""
    first = instant("01-04")
    cast = database.write(lambda s: assemble(s, now=first, cycle_years=(2026,)))
    town = Town(database, shipped_law(), cast, FileStore(folder / "files", limit=1_000_000))
    officer = cast["inspector"]
    database.write(lambda s: operations.sign_in(s, officer.person_id, officer, first))
    for _ in range(operations.FAILURES):
        database.write(lambda s: operations.count_failure(s, "leader", "10.0.0.1", first))
    case: Papers = papers(town)
    case.fire("order", "leader", {"what": "更正排放报告。", "due_on": "2026-04-20"}, at="03-17")
    case.seal("correction_order", ORDER)
    case.void("correction_order", "日期有误")
    case.seal("correction_order", ORDER, at="03-19 13:00")
    assert case.render("03-19 14:00") == 1
    case.fire("serve", "inspector", {"served_on": "2026-03-19"}, at="03-19 15:00")
    timers.tick(database, town.law, instant("03-20"))
    assert letters.distribute(database, town.law, instant("03-20"))
    database.write(
        lambda s: reads.record_read(
            s, officer, chain_id=case.id, what=reads.Restricted.VALUES, reason="核对", now=NOW
        )
    )
    put(database, ReleaseKind.CALENDAR, INVENTED_2027)
    key = keys.make(folder / "audit.pem")
    assert checkpoints.make(database, key, NOW) is not None
    database.write(a_version)
    database.write(lambda s: s.add(a_publication()))
    blank = update(chain.values).where(chain.values.c.chain_id == case.id)
    database.write(lambda s: s.execute(blank.values(salt="", value="")))


def a_publication() -> CheckpointPublication:
    return CheckpointPublication(
        number=1, channel="file", recipient="自治区生态环境厅", published_at=NOW,
        published_by=new_id(), published_by_name="张三",
    )  # fmt: skip


def test_the_application_lives_a_case_through_as_its_own_role(divided, lived):
    with lived.engine.connect() as connection:
        assert connection.execute(text("SELECT current_user")).scalar() == divided.application
        for table in (*APPEND_ONLY, SEALED, VALUES):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar(), table
        assert missing_triggers(connection) == []
    assert divided.run("check", role=divided.application) == (
        0,
        "The database agrees with the models.\n",
    )


REFUSED = [
    *(
        statement.format(table)
        for table in (*APPEND_ONLY, SEALED, VALUES)
        for statement in (
            "DELETE FROM {}",
            "TRUNCATE {}",
            "DROP TABLE {}",
            "ALTER TABLE {} DISABLE TRIGGER USER",
            "ALTER TABLE {} ADD COLUMN more INTEGER",
            "DROP TRIGGER {0}_keep_updated ON {0}",
            "CREATE TRIGGER mine BEFORE INSERT ON {} EXECUTE FUNCTION refuse_change()",
            "CREATE RULE mine AS ON INSERT TO {} DO INSTEAD NOTHING",
        )
    ),
    "UPDATE audit_entries SET body = body",
    "UPDATE law_releases SET content = content",
    "UPDATE report_versions SET digest = digest",
    "UPDATE checkpoints SET signature = signature",
    "UPDATE checkpoint_leaves SET hash = hash",
    "UPDATE checkpoint_publications SET recipient = recipient",
    "UPDATE case_documents SET case_id = case_id",
    "UPDATE private_values SET name = name",
    "SELECT * FROM audit_entries FOR UPDATE",
    "UPDATE alembic_version SET version_num = version_num",
    "SET session_replication_role = replica",
    "CREATE TABLE mine (id INTEGER)",
    "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "ALTER FUNCTION refuse_change() RENAME TO nothing",
    "SET ROLE {owner}",
    "ALTER ROLE {application} SUPERUSER",
]


def test_the_database_itself_refuses_every_change_without_any_trigger(divided, lived):
    tables = ", ".join(f"'{table}'" for table in (*APPEND_ONLY, SEALED, VALUES))
    switch = (
        "DO $$ DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY[" + tables + "] LOOP "
        "EXECUTE format('ALTER TABLE %I {} TRIGGER USER', t); END LOOP; END $$"
    )
    as_owner(divided, switch.format("DISABLE"))
    try:
        with lived.engine.connect() as connection:
            for statement in REFUSED:
                told = statement.format(owner=divided.owner, application=divided.application)
                with pytest.raises(DBAPIError) as refused:
                    connection.exec_driver_sql(told)
                assert isinstance(refused.value.orig, InsufficientPrivilege), told
                connection.rollback()
    finally:
        as_owner(divided, switch.format("ENABLE"))


def test_the_columns_a_trigger_lets_through_can_be_changed_and_no_others(divided):
    with psycopg.connect(libpq(divided, divided.application)) as connection:
        asked = (
            "SELECT table_name, array_agg(column_name::text ORDER BY column_name) "
            "FROM information_schema.column_privileges WHERE grantee = current_user "
            "AND privilege_type = 'UPDATE' AND table_name IN ('case_documents', 'private_values') "
            "GROUP BY table_name"
        )
        found: dict[str, list[str]] = dict(connection.execute(asked).fetchall())
    assert found["private_values"] == ["salt", "value"]
    assert {"number", "content", "pdf_sha256", "served_on"} <= set(found["case_documents"])
    assert not {"id", "case_id", "kind", "seq", "made_at"} & set(found["case_documents"])


def test_running_the_command_again_changes_nothing_and_takes_what_was_too_much(divided):
    before = acl(divided)
    assert divided.divide()[0] == 0
    assert acl(divided) == before
    as_owner(divided, f"GRANT UPDATE, TRUNCATE ON audit_entries TO {divided.application}")
    code, told = divided.run("check", role=divided.application)
    assert code == 1
    assert "the application may UPDATE audit_entries" in told
    assert "the application may TRUNCATE audit_entries" in told
    assert divided.divide()[0] == 0
    assert acl(divided) == before
    assert divided.run("check", role=divided.application)[0] == 0


def test_a_table_of_a_later_migration_can_be_written_once_it_has_been_made(divided):
    as_owner(divided, "CREATE TABLE later (id INTEGER)")
    try:
        with psycopg.connect(libpq(divided, divided.application)) as connection:
            connection.execute("INSERT INTO later VALUES (1)")
            with pytest.raises(InsufficientPrivilege):
                connection.execute("UPDATE later SET id = 2")
        assert divided.run("upgrade")[0] == 0
        with psycopg.connect(libpq(divided, divided.application)) as connection:
            connection.execute("UPDATE later SET id = 2")
    finally:
        as_owner(divided, "DROP TABLE later")


def test_only_the_digest_of_the_password_reaches_the_server(divided):
    with psycopg.connect(libpq(divided, "postgres")) as connection:
        asked = "SELECT rolpassword FROM pg_authid WHERE rolname = %s"
        [[kept]] = connection.execute(asked, [divided.application]).fetchall()
    kind, rounds, keys_ = kept.split("$")
    assert kind == "SCRAM-SHA-256"
    turns, salt = rounds.split(":")
    salted = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), b64decode(salt), int(turns))
    client = hmac.digest(salted, b"Client Key", "sha256")
    assert keys_.split(":")[0] == b64encode(hashlib.sha256(client).digest()).decode()


def test_who_could_take_the_log_is_refused_as_the_applications_role(divided):
    for name, why in (("postgres", "superuser"), (divided.owner, "may make roles")):
        code, told = divided.run("roles", "--application", name)
        assert code == 1
        assert why in told
    member = f"member_{uuid4().hex[:8]}"
    administer(divided.server, f"CREATE ROLE {member} LOGIN IN ROLE {divided.owner}")
    try:
        code, told = divided.run("roles", "--application", member)
        assert (code, "owns tables" in told) == (1, True)
    finally:
        administer(divided.server, f"DROP ROLE {member}")
    writer = f"writer_{uuid4().hex[:8]}"
    administer(divided.server, f"CREATE ROLE {writer} LOGIN IN ROLE pg_write_all_data")
    try:
        code, told = divided.run("roles", "--application", writer)
        assert (code, "may UPDATE audit_entries" in told) == (1, True)
        assert writer not in str(acl(divided))
    finally:
        administer(divided.server, f"DROP ROLE {writer}")
    code, told = divided.run("roles", "--application", "other", role=divided.application)
    assert (code, "owner of the tables" in told) == (1, True)
    empty = divided.folder / "empty"
    empty.write_text("\n")
    code, told = divided.run("roles", "--application", "other", "--password-file", str(empty))
    assert (code, "is empty" in told) == (1, True)


def test_check_warns_where_the_application_owns_its_tables(divided):
    code, told = divided.run("check")
    assert code == 0
    assert "flask db roles" in told


def test_a_file_of_sqlite_has_no_roles(sqlite_database, tmp_path):
    url = sqlite_database.database.url.render_as_string()
    app = create_app(Settings(database_url=url, secret_key="for tests only", files=tmp_path))
    answer = app.test_cli_runner().invoke(args=["db", "roles", "--application", "app"])
    app.extensions["tanjian.db"].dispose()
    assert answer.exit_code == 1
    assert "only PostgreSQL has roles" in answer.output


def as_owner(divided: Divided, statement: str) -> None:
    with psycopg.connect(libpq(divided, divided.owner)) as connection:
        connection.execute(statement)


def libpq(divided: Divided, role: str) -> str:
    return divided.url(role).replace("+psycopg", "")


def acl(divided: Divided) -> list[tuple[str, str]]:
    """Every right on every table and column, and on those to come."""
    asked = (
        "SELECT relname::text, relacl::text FROM pg_class "
        "WHERE relnamespace = 'public'::regnamespace "
        "UNION ALL SELECT attrelid::regclass || '.' || attname, attacl::text FROM pg_attribute "
        "WHERE attacl IS NOT NULL AND attrelid >= 16384 "
        "UNION ALL SELECT 'future', defaclacl::text FROM pg_default_acl "
        "UNION ALL SELECT 'schema', nspacl::text FROM pg_namespace WHERE nspname = 'public' "
        "ORDER BY 1, 2"
    )
    with psycopg.connect(libpq(divided, "postgres")) as connection:
        return connection.execute(asked).fetchall()
