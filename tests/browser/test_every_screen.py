"""Every screen of the demonstration city: without a fault for axe, on a desk and on a phone.

The browser tests beside this one look at the tabs of their own cases; this takes minutes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import cycle
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.cases.files import FileStore
from app.cases.models import Case
from app.cases.sight import id_for
from app.db import Database
from app.demo import city, enforcement
from app.demo.cast import Cast
from app.law.terms import LawBook
from tests.browser.conftest import Clock, Desk, People
from tests.conftest import Emptied

pytestmark = [pytest.mark.browser, pytest.mark.soak]

READERS = (
    "supervisor", "inspector", "leader", "legal", "market", "police", "region", "verifier", "expert1",
    "unit-redian", "auditor",
)  # fmt: skip


@pytest.fixture
def database(sqlite_database: Emptied) -> Database:
    """One engine is enough: no screen knows on which it stands."""
    sqlite_database.empty()
    return sqlite_database.database


@pytest.fixture
def cast(database: Database, law: LawBook, clock: Clock, tmp_path: Path) -> Cast:
    """The whole city, with cases in every state."""
    clock.set(date(2026, 11, 25))
    store = FileStore(tmp_path / "files", limit=10**7)
    cast = city.load(database, law, store, clock.now)
    enforcement.load(database, law, store, cast, clock.now)
    return cast


def cases_to_read(database: Database, cast: Cast) -> Iterator[tuple[str, UUID]]:
    """One case of each lifecycle and state, and whoever's turn it is of those who may see it."""
    with database.read() as session:
        query = select(Case.lifecycle, Case.state, Case.id).order_by(Case.opened_at, Case.id)
        newest: Mapping[tuple[str, str], UUID] = {
            (lifecycle, state): case_id for lifecycle, state, case_id in session.execute(query)
        }
        turns = cycle(READERS)
        for case_id in newest.values():
            for login in (next(turns) for _ in READERS):
                if session.scalar(id_for(cast[login], case_id)) is not None:
                    yield login, case_id
                    break


def addresses_of(desk: Desk, case_id: UUID) -> list[str]:
    """The tabs of a case, and the forms of what may be done now."""
    tabs = desk.tabs_of(case_id)
    forms = desk.page.locator("a[href*='/act/']").evaluate_all("all => all.map(a => a.getAttribute('href'))")  # fmt: skip
    return [*tabs, *dict.fromkeys(forms)]


def audit_pages(database: Database, clock: Clock) -> Iterator[str]:
    """What the menu of the auditor leads on to: reports, a day, an entry with its proof."""
    for name in ("reads", "gaps", "separation", "handed-out"):
        yield f"/audit/reports/{name}"
    yield f"/audit/log/days/{clock.now.date()}"
    yield "/audit/log?who=王&since=2026-11-31"
    with database.read() as session:
        newest = select(AuditEntry.chain_id, AuditEntry.seq).order_by(AuditEntry.recorded_at.desc())
        chain_id, seq = session.execute(newest.limit(1)).one()
    yield f"/audit/log/{chain_id}/{seq}"


def test_every_screen_of_the_city_can_be_used_by_anybody(
    people: People, database: Database, cast: Cast, clock: Clock
):
    seen = 0
    for login in READERS:
        desk = people(login)
        desk.page.goto(desk.server)
        menu = desk.page.locator(".menu-list a").evaluate_all("all => all.map(a => a.getAttribute('href'))")  # fmt: skip
        for address in dict.fromkeys(menu):
            desk.is_sound(address)
            seen += 1
    for address in audit_pages(database, clock):
        people("auditor").is_sound(address)
        seen += 1
    for login, case_id in cases_to_read(database, cast):
        desk = people(login)
        for address in addresses_of(desk, case_id):
            desk.is_sound(address)
            seen += 1
    print(f"{seen} screens")  # noqa: T201 - the figure is what the soak is for
    assert seen > 1000
