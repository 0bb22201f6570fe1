"""What tests ask for: a database on each engine, the application, a browser-like client.

``database`` runs a test twice, on SQLite and on a real PostgreSQL. Each process of a test run has
one database per engine, emptied before every test that asks for it, so that tests commit for real
and statements stay compiled.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings as hypothesis_settings
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.orm import Session

from app import create_app, db, vault
from app.cases.files import FileStore
from app.commands import upgrade
from app.db import Database
from app.demo.cast import assemble
from app.engine.actors import Actor
from app.law.terms import shipped_law
from app.models import metadata
from config import Settings
from tests import browsers, postgres
from tests.town import Town

ENGINES = ("sqlite", "postgresql")

ONE_ENGINE = pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.soak)], indirect=True
)
"""For long tests whose parts are proven on both engines elsewhere: on PostgreSQL in the soak."""

hypothesis_settings.register_profile("house", deadline=None, derandomize=True)
hypothesis_settings.load_profile("house")


# One folder per test run, shared by its processes -------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder of the run; a worker of xdist is told where it is."""
    given = getattr(config, "workerinput", {}).get("run_folder")
    config.run_folder = Path(given) if given else postgres.run_folder()  # type: ignore[attr-defined]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["run_folder"] = str(node.config.run_folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server and remove the folder, once all processes are done."""
    folder: Path | None = getattr(config, "run_folder", None)
    if folder is not None and not hasattr(config, "workerinput"):
        postgres.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def run_folder(request: pytest.FixtureRequest) -> Path:
    return request.config.run_folder  # type: ignore[no-any-return, attr-defined]


@pytest.fixture(scope="session")
def postgres_url(run_folder: Path) -> str:
    """The URL of a superuser on a real PostgreSQL. Asking for it starts the server."""
    return postgres.server_url(run_folder)


# One database per engine and process --------------------------------------------------------------


@dataclass(frozen=True)
class Emptied:
    """A migrated database of this process, and how to empty it."""

    database: Database
    empty: Callable[[], None]


@pytest.fixture(scope="session")
def identity_keys(run_folder: Path) -> Path:
    """The vault of sealed values, made by the first process that asks."""
    path = run_folder / "keys" / "identity.keys"
    with postgres.one_at_a_time(run_folder, "keys"):
        if not path.exists():
            vault.make(path)
    return path


@pytest.fixture(scope="session")
def sqlite_template(run_folder: Path) -> Path:
    """A migrated file, made by the first process that asks."""
    path = run_folder / "template.sqlite"
    with postgres.one_at_a_time(run_folder, "sqlite"):
        if not path.exists():
            making = Database(f"sqlite:///{path}.making")
            upgrade(making)
            in_one_file(making)
            Path(f"{path}.making").rename(path)
    return path


def in_one_file(database: Database) -> None:
    """Close a database of SQLite so that its file holds everything."""
    with database.engine.connect() as connection:
        connection.commit()
        connection.connection.dbapi_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
    database.dispose()


@pytest.fixture(scope="session")
def postgres_template(run_folder: Path, postgres_url: str) -> str:
    """The name of a migrated database, made by the first process that asks."""
    note = run_folder / "template"
    with postgres.one_at_a_time(run_folder, "template"):
        if not note.exists():
            name = f"tanjian_{uuid4().hex[:10]}"
            administer(postgres_url, f"CREATE DATABASE {name}")
            made = Database(named(postgres_url, name))
            upgrade(made)
            made.dispose()
            note.write_text(name)
    return note.read_text()


@pytest.fixture(scope="session")
def sqlite_database(
    sqlite_template: Path, identity_keys: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Emptied]:
    url = f"sqlite:///{tmp_path_factory.mktemp('sqlite')}/test.sqlite"
    database = Database(url, keys=identity_keys)
    template = sqlite3.connect(sqlite_template, check_same_thread=False)

    def empty() -> None:
        # Page by page over the open file: quicker than a new file with new connections.
        with database.engine.connect() as connection:
            template.backup(connection.connection.dbapi_connection)  # type: ignore[arg-type]

    yield Emptied(database, empty)
    database.dispose()
    template.close()


@pytest.fixture(scope="session")
def postgres_database(
    postgres_url: str, postgres_template: str, identity_keys: Path
) -> Iterator[Emptied]:
    name = f"{postgres_template}_{uuid4().hex[:10]}"
    administer(postgres_url, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    database = Database(named(postgres_url, name), keys=identity_keys)
    # As a replica no trigger fires: the audit lets its rows go, and foreign keys do not matter.
    deletions = "; ".join(f"DELETE FROM {table.name}" for table in metadata.sorted_tables)

    def empty() -> None:
        with database.engine.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text(deletions))

    yield Emptied(database, empty)
    database.dispose()
    administer(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


def administer(server: str, statement: str) -> None:
    """Run a statement on the server that no transaction may hold."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def named(server: str, database: str) -> str:
    """The URL of a database on that server."""
    return make_url(server).set(database=database).render_as_string(hide_password=False)


@pytest.fixture(params=ENGINES)
def database(request: pytest.FixtureRequest) -> Database:
    """An empty, migrated database; the test runs once per engine."""
    kind = "sqlite" if request.param == "sqlite" else "postgres"
    emptied: Emptied = request.getfixturevalue(f"{kind}_database")
    emptied.empty()
    return emptied.database


@pytest.fixture(scope="module", params=ENGINES)
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Town:
    """A town with its people, on each engine; the tests of one module share it.

    Each test keeps to matters of its own. Not together with ``database``, which empties it.
    """
    kind = "sqlite" if request.param == "sqlite" else "postgres"
    emptied: Emptied = request.getfixturevalue(f"{kind}_database")
    emptied.empty()
    store = FileStore(tmp_path_factory.mktemp("files"), limit=1_000_000)
    first = datetime(2026, 1, 4, 1, tzinfo=UTC)
    cast = emptied.database.write(partial(assemble, now=first, cycle_years=(2025, 2026, 2027)))
    return Town(emptied.database, shipped_law(), cast, store)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A write transaction that is rolled back. On SQLite nobody else can write meanwhile."""
    with database.sessions() as session:
        yield session


# The application ----------------------------------------------------------------------------------

_apps: dict[str, Flask] = {}


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    """Settings as of a server: nothing is shown that only the demonstration shows."""
    url = database.url.render_as_string(hide_password=False)
    return Settings(database_url=url, secret_key="for tests only", files=tmp_path / "files")


@pytest.fixture
def app(settings: Settings, database: Database) -> Flask:
    """The application on that database, without form tokens; built once per engine."""
    built = _apps.get(settings.database_url)
    if built is None:
        built = create_app(settings)
        built.extensions[db.EXTENSION].dispose()
        built.extensions[db.EXTENSION] = database
        built.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
        _apps[settings.database_url] = built
    built.extensions["tanjian.settings"] = settings
    return built


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without JavaScript that nobody is signed in with."""
    return app.test_client()


SignIn = Callable[[Actor], FlaskClient]


@pytest.fixture
def sign_in(app: Flask, database: Database) -> SignIn:
    """Give a browser in which that person is signed in, without the password's cost."""
    return lambda actor: browsers.signed_in(app, database, actor)
