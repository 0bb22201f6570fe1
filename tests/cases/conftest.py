"""The demonstration city, built once per module and engine, and browsers signed in to it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from app import create_app, db
from app.audit.models import AuditEntry
from app.cases.files import FileStore
from app.cases.models import Case, CaseItem
from app.db import Database
from app.demo import city as story
from app.demo.cast import Cast, recall
from app.law.terms import shipped_law
from config import Settings
from tests import browsers
from tests.conftest import ENGINES, administer, in_one_file, named
from tests.postgres import one_at_a_time
from tests.times import at

NOW = at(date(2026, 11, 25), 18)
"""A Wednesday evening on which the city of that year is in the middle of its work."""
YEAR = 2026


@dataclass
class City:
    """The city with its application; ``now`` is the time its pages are told."""

    app: Flask
    database: Database
    cast: Cast
    store: FileStore

    def browser(self, login: str) -> FlaskClient:
        """A browser without JavaScript in which that person is signed in."""
        return browsers.signed_in(self.app, self.database, self.cast[login])

    def case(self, unit: str, lifecycle: str = "verification") -> Case:
        """The case of a unit."""
        subject = self.cast.units[unit].id
        query = select(Case).where(Case.subject_id == subject, Case.lifecycle == lifecycle)
        with self.database.read() as reading:
            return reading.scalars(query.where(Case.cycle_year == YEAR)).one()

    def items(self, case: Case) -> list[CaseItem]:
        """The rows of a case by number."""
        query = select(CaseItem).where(CaseItem.case_id == case.id).order_by(CaseItem.number)
        with self.database.read() as reading:
            return list(reading.scalars(query))

    def entries(self, case_id: UUID) -> list[str]:
        """What was done on a case, oldest first."""
        query = select(AuditEntry.trigger).where(AuditEntry.chain_id == case_id)
        with self.database.read() as reading:
            return list(reading.scalars(query.order_by(AuditEntry.seq)))

    def queries(self, ask: Callable[[], Any]) -> int:
        """How many statements a request sends to the database."""
        seen: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if not statement.startswith(("BEGIN", "PRAGMA", "SET ")):
                seen.append(statement)

        engine = self.database.reader_engine if self.database.is_sqlite else self.database.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            ask()
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(seen)


@pytest.fixture(scope="module", params=ENGINES)
def city(
    request: pytest.FixtureRequest, identity_keys: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[City]:
    """A city that the tests of one module share; each test keeps to cases of its own."""
    told, place = _told(request), tmp_path_factory.mktemp("city")
    files = shutil.copytree(told / "files", place / "files")
    url = _copied(request, (told / "database").read_text(), place)
    database = Database(url, keys=identity_keys)
    settings = Settings(database_url=url, secret_key="for tests only", files=files, max_upload_mb=1)
    store = FileStore(files, limit=settings.max_upload_bytes)
    cast = database.write(recall)
    assert cast is not None
    app = create_app(settings)
    app.extensions[db.EXTENSION].dispose()
    app.extensions[db.EXTENSION] = database
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.cases.views.utcnow", lambda: NOW)
        yield City(app, database, cast, store)
    database.dispose()
    if not database.is_sqlite:
        server = request.getfixturevalue("postgres_url")
        administer(server, f"DROP DATABASE {database.url.database} WITH (FORCE)")


def _told(request: pytest.FixtureRequest) -> Path:
    """The folder of the city as it was told, once per run and engine, for all to copy.

    Its file ``database`` names the database: a path of SQLite's, a name on the server.
    """
    run_folder: Path = request.getfixturevalue("run_folder")
    keys: Path = request.getfixturevalue("identity_keys")
    kind = "sqlite" if request.param == "sqlite" else "postgres"
    told, empty = run_folder / f"city-{kind}", request.getfixturevalue(f"{kind}_template")
    with one_at_a_time(run_folder, told.name):
        if not (told / "database").exists():
            (told / "files").mkdir(parents=True)
            database = Database(_copied(request, empty, told), keys=keys)
            story.load(database, shipped_law(), FileStore(told / "files", limit=10**6), NOW)
            in_one_file(database) if database.is_sqlite else database.dispose()
            (told / "database").write_text(database.url.database or "")
    return told


def _copied(request: pytest.FixtureRequest, original: str | Path, place: Path) -> str:
    """Copy a database that nobody has open; return the URL of the copy."""
    if request.param == "sqlite":
        return f"sqlite:///{shutil.copy(original, place / 'city.sqlite')}"
    server = request.getfixturevalue("postgres_url")
    name = f"tanjian_{uuid4().hex[:10]}"
    administer(server, f"CREATE DATABASE {name} TEMPLATE {original}")
    return named(server, name)


def page(answer: TestResponse, status: int = 200) -> str:
    """The text of a page that answered as expected."""
    html = answer.get_data(as_text=True)
    assert answer.status_code == status, re.sub(r"<[^>]+>", " ", html)[-2000:]
    return html


def hidden(html: str, name: str) -> str:
    """What the form of a page carries along unseen."""
    found = re.search(rf'<input[^>]*name="{name}"[^>]*>', html)
    assert found, name
    value = re.search(r'value="([^"]*)"', found[0])
    return value[1] if value else ""
