"""Where it is measured: a database on each engine, the bodies, and cases that stand ready."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.orm import Session

from app.accounts.models import Organisation
from app.audit import sealing
from app.cases.opening import Opening, open_case
from app.commands import upgrade
from app.db import Database
from app.engine.actors import Actor, Role
from app.engine.definition import Lifecycle
from app.law.terms import shipped_law
from app.workflows import LIFECYCLES, register
from benchmarks.exchange import Exchange, Watch
from tests import factories, postgres
from tests.times import NOW

LAW = shipped_law()


@dataclass(frozen=True)
class Scene:
    """One database with a bureau, a unit, an agency and somebody of each."""

    engine: str
    database: Database
    authority: Organisation
    unit: Organisation
    supervisor: Actor
    enterprise: Actor
    verifier: Actor

    def actor_of(self, trigger: str) -> Actor:
        return self.supervisor if trigger == "forward" else self.enterprise

    def open_case(self, now: datetime = NOW) -> UUID:
        """Open a case and return its id."""
        return self.database.write(lambda session: self.open_in(session, now))

    def open_in(
        self, session: Session, now: datetime = NOW, lifecycle: type[Lifecycle] = Exchange
    ) -> UUID:
        """Open a case inside a transaction."""
        opening = Opening(
            lifecycle=lifecycle,
            authority_id=self.authority.id,
            authority_name=self.authority.name,
            subject_id=self.unit.id,
            subject_name=self.unit.name,
            division=self.unit.division,
            cycle_year=2026,
        )
        actor = self.supervisor
        return open_case(session, opening, actor=actor, inputs={}, now=now, law=LAW).case_id

    def open_many(self, number: int, lifecycle: type[Lifecycle] = Exchange) -> None:
        """Open so many cases, some hundred in a transaction."""
        for first in range(0, number, 500):
            batch = range(first, min(first + 500, number))
            self.database.write(partial(self._open_batch, batch=batch, lifecycle=lifecycle))

    def _open_batch(self, session: Session, batch: range, lifecycle: type[Lifecycle]) -> None:
        for _ in batch:
            self.open_in(session, lifecycle=lifecycle)


def peopled(engine: str, database: Database) -> Scene:
    def enter(session: Session) -> Scene:
        authority = factories.organisation(session)
        unit = factories.unit(session)
        agency = factories.agency(session)
        return Scene(
            engine,
            database,
            authority,
            unit,
            factories.actor(session, Role.SUPERVISOR, at=authority),
            factories.actor(session, Role.ENTERPRISE, at=unit),
            factories.actor(session, Role.VERIFIER, at=agency),
        )

    return database.write(enter)


class Ground:
    """A folder with SQLite files and a PostgreSQL server that really waits for its disk."""

    def __init__(self, folder: Path, server: str) -> None:
        self.folder = folder
        self.server = server

    @contextmanager
    def scene(self, engine: str) -> Iterator[Scene]:
        """An empty, migrated database with its people; dropped afterwards."""
        name = f"bench_{uuid4().hex[:10]}"
        keys = self.folder / "identity.keys"
        if engine == "sqlite":
            database = Database(f"sqlite:///{self.folder / name}.sqlite", keys=keys)
        else:
            self._administer(f"CREATE DATABASE {name}")
            url = make_url(self.server).set(database=name)
            database = Database(url.render_as_string(hide_password=False), keys=keys)
        upgrade(database)
        sealing.prepare(database)
        try:
            yield peopled(engine, database)
        finally:
            database.dispose()
            if engine != "sqlite":
                self._administer(f"DROP DATABASE {name} WITH (FORCE)")

    def setting(self, name: str) -> str:
        """A setting of the PostgreSQL server."""
        with create_engine(self.server).connect() as connection:
            return str(connection.execute(text(f"SHOW {name}")).scalar())

    def _administer(self, statement: str) -> None:
        engine = create_engine(self.server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


@contextmanager
def ground(server: str = "") -> Iterator[Ground]:
    """Make the folder and, unless the URL of one is given, start a durable server; clear up."""
    if Exchange.key not in LIFECYCLES:
        register(Exchange, Watch)
    folder = postgres.run_folder()
    try:
        url = server or postgres.start(folder / "pg", postgres.binaries(), durable=True)
        yield Ground(folder, url)
    finally:
        postgres.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


__all__ = ["LAW", "NOW", "Ground", "Scene", "ground", "peopled"]
