"""The inbox at a real browser: the count follows by itself, and every screen is usable."""

from __future__ import annotations

from datetime import date

import pytest
from playwright.sync_api import expect

from app.db import Database, new_id
from app.demo.cast import Cast
from app.law.terms import LawBook
from app.outbox import letters
from app.outbox.models import OutboxMessage
from tests.browser.conftest import Clock, People
from tests.conftest import ONE_ENGINE

pytestmark = pytest.mark.browser

SCREENS = (
    "/administration/deliveries",
    "/administration/webhooks",
    "/administration/words",
    "/administration/words/clock.before",
)


@ONE_ENGINE
def test_the_count_follows_while_the_page_stays_open(
    database: Database, law: LawBook, cast: Cast, clock: Clock, people: People
):
    clock.set(date(2026, 3, 16))

    def tell(role: str) -> None:
        message = OutboxMessage(
            id=new_id(), case_id=new_id(), seq=-1, kind="notice", urgent=False,
            template="verification.submit_report", role=role,
            organisation_id=cast.bureau.id, person_id=None,
            data={"number": "卫核〔2026〕17号", "subject": "示例热电有限公司", "state": "drafting"},
            created_at=clock.now, release_at=clock.now,
        )  # fmt: skip
        database.write(lambda session: session.add(message))
        letters.distribute(database, law, clock.now)

    supervisor = people("supervisor")
    supervisor.page.clock.install()
    supervisor.page.goto(f"{supervisor.server}/inbox/")
    count = supervisor.page.locator("[data-count]")
    expect(count).to_be_hidden()
    tell("supervisor")
    tell("supervisor")
    supervisor.page.clock.run_for(61_000)
    expect(count).to_have_text("2")
    expect(supervisor.page.locator("#inbox-news")).to_have_text("未读消息：2")

    supervisor.page.locator(".inbox-link").click()
    supervisor.is_sound("/inbox/")
    supervisor.page.locator(".letters a").first.click()
    expect(count).to_have_text("1")
    supervisor.reads_well()
    supervisor.page.locator("main a.btn").click()
    supervisor.page.get_by_role("button", name="全部标为已读").click()
    expect(count).to_be_hidden()

    tell("provincial_viewer")  # nobody of the bureau is one
    admin = people("admin")
    for address in SCREENS:
        admin.is_sound(address)
