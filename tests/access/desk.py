"""A town with its pages, in which one unit's year runs and another's, for tests that mean harm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app, db
from app.cases import records
from app.db import Database
from config import Settings
from tests import browsers
from tests.town import Town, instant
from tests.year import Year, a_year

NOW = instant("2026-06-17 10:00")
OTHER = "moyu"
"""The unit whose case the parties of the first one do not see."""


@dataclass
class Desk:
    """The town with its application; ``own`` is the case most tests are about."""

    town: Town
    app: Flask
    settings: Settings
    own: Year
    other: Year
    officer: str = "inspector"

    @property
    def database(self) -> Database:
        return self.town.database

    def browser(self, who: str) -> FlaskClient:
        """A browser in which somebody is signed in; ``unit`` is whoever acts for `own`'s."""
        return browsers.signed_in(self.app, self.database, self.own.actor(who))


@pytest.fixture(scope="module")
def desk(town: Town) -> Iterator[Desk]:
    own = a_year(town)
    other = a_year(town, OTHER)
    officer = town["inspector"].person_id
    town.database.write(
        partial(
            records.assign, case_id=own.id, person_id=officer, actor=town["supervisor"],
            now=instant("06-16"),
        )
    )  # fmt: skip
    settings = Settings(
        database_url=town.database.url.render_as_string(hide_password=False),
        secret_key="for tests only",
        files=town.store.folder,
        max_upload_mb=1,
    )
    app = create_app(settings)
    app.extensions[db.EXTENSION].dispose()
    app.extensions[db.EXTENSION] = town.database
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.cases.views.utcnow", lambda: NOW)
        yield Desk(town, app, settings, own, other)
