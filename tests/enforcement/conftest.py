"""A town with penalty cases and the application on its database; pages are asked at any instant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app, db
from config import Settings
from tests import browsers
from tests.cases.conftest import page
from tests.town import Matter, Town, instant, registered
from tests.workflows.procedure import FAMILY, Procedure, assemble


@dataclass
class Bureau:
    """The application of a town; ``now`` is the time its pages are told."""

    app: Flask
    town: Town
    now: datetime = field(default_factory=lambda: instant("09-01"))

    def browser(self, login: str) -> FlaskClient:
        """A browser without JavaScript in which that person is signed in."""
        return browsers.signed_in(self.app, self.town.database, self.town[login])

    def at(self, when: str) -> Bureau:
        """Let the pages be asked at an instant."""
        self.now = instant(when)
        return self

    def tab(
        self, matter: Matter | Procedure, key: str, who: str = "inspector", **asked: str
    ) -> str:
        """One tab of a case as somebody sees it."""
        address = f"/cases/{matter.id}"
        return page(self.browser(who).get(address, query_string={"tab": key, **asked}))


@pytest.fixture(scope="module")
def bureau(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """The application on the database of the town."""
    settings = Settings(
        database_url=town.database.url.render_as_string(hide_password=False),
        secret_key="for tests only",
        files=tmp_path_factory.mktemp("uploads"),
    )
    with registered(*FAMILY), pytest.MonkeyPatch.context() as patch:
        assemble(town)
        app: Flask = create_app(settings)
        app.extensions[db.EXTENSION].dispose()
        app.extensions[db.EXTENSION] = town.database
        app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
        made = Bureau(app, town)
        patch.setattr("app.cases.views.utcnow", lambda: made.now)
        yield made
