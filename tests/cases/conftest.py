"""The demonstration city, built once per module and engine, and browsers signed in to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

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
from app.demo.cast import Cast
from app.law.terms import shipped_law
from config import Settings
from tests import browsers
from tests.conftest import ENGINES
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
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[City]:
    """A city that the tests of one module share; each test keeps to cases of its own."""
    kind = "sqlite" if request.param == "sqlite" else "postgres"
    emptied = request.getfixturevalue(f"{kind}_database")
    emptied.empty()
    database: Database = emptied.database
    files = tmp_path_factory.mktemp("files")
    settings = Settings(
        database_url=database.url.render_as_string(hide_password=False),
        secret_key="for tests only",
        files=files,
        max_upload_mb=1,
    )
    store = FileStore(files, limit=settings.max_upload_bytes)
    cast = story.load(database, shipped_law(), store, NOW)
    app = create_app(settings)
    app.extensions[db.EXTENSION].dispose()
    app.extensions[db.EXTENSION] = database
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.cases.views.utcnow", lambda: NOW)
        yield City(app, database, cast, store)


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
