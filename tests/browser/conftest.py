"""A real Chromium on the real application, with a domain clock the test sets."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from werkzeug.serving import make_server

from app.cases import timers
from app.cases.models import CaseDocument
from app.db import Database
from app.demo.cast import PASSWORD, Cast, assemble
from app.law.terms import LawBook, shipped_law
from tests.conftest import SignIn
from tests.times import at

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--lang=zh-CN",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
HERE = Path(__file__).parent
ID = "/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a browser these tests are left out, except where CI says there must be one."""
    if CHROMIUM or os.environ.get("CI"):
        return
    ours = [item for item in items if HERE in item.path.parents]
    if ours:
        config.hook.pytest_deselected(items=ours)
        items[:] = [item for item in items if item not in ours]
        print("Browser tests left out: apt-get install chromium fonts-noto-cjk")  # noqa: T201


@dataclass
class Clock:
    """The instant the program takes for now."""

    now: datetime = field(default_factory=lambda: at(date(2026, 1, 5), 9))

    def set(self, day: date, hour: int = 10, minute: int = 0) -> None:
        self.now = at(day, hour, minute)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Only the program's own time moves; cookies and the browser keep the real one."""
    moving = Clock()

    class Frozen(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return moving.now.astimezone(tz)

    monkeypatch.setattr("app.clock.datetime", Frozen)
    return moving


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    assert CHROMIUM, "apt-get install chromium fonts-noto-cjk"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def server(app: Flask) -> Iterator[str]:
    """The application on a port of this machine, form tokens included."""
    app.config["WTF_CSRF_ENABLED"] = True
    serving = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{serving.server_port}"
    serving.shutdown()
    thread.join()
    serving.server_close()
    app.config["WTF_CSRF_ENABLED"] = False


@pytest.fixture
def cast(database: Database, clock: Clock) -> Cast:
    """Bureaus, agencies, units and people; no case yet."""
    return database.write(lambda session: assemble(session, clock.now, (2025, 2026)))


class Window:
    """One browser at which people take turns: who sits down brings what their browser keeps.

    A window for each would run more processes than a machine of two cores turns out quickly.
    """

    def __init__(self, browser: Browser, server: str, width: int = 1280) -> None:
        self.server = server
        self.context = browser.new_context(
            locale="zh-CN", viewport={"width": width, "height": 900}, timezone_id="Asia/Shanghai"
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._listen)
        self._seated: Desk | None = None

    def _listen(self, message: Any) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            self.complaints.append(message.text)

    def seat(self, desk: Desk) -> None:
        """Let somebody else go on."""
        if self._seated is desk:
            return
        if self._seated is not None:
            # What a page still asks for would be answered with the cookie of who left.
            self.page.goto("about:blank")
            self._seated.kept = self.context.cookies()
        self.context.clear_cookies()
        self.context.add_cookies(desk.kept)
        self._seated = desk

    def close(self) -> None:
        assert not self.complaints, self.complaints
        self.context.close()


class Desk:
    """One person at the browser: what they do, they do by the links and buttons of the page."""

    def __init__(self, window: Window, session: str) -> None:
        self.window = window
        self.server = window.server
        self.kept: list[Any] = [{"name": "session", "value": session, "url": window.server}]

    @property
    def page(self) -> Page:
        """The page, in the hands of this person."""
        self.window.seat(self)
        return self.window.page

    def lose_session(self) -> None:
        """Let the session end, as if it had grown too old."""
        self.page.context.clear_cookies(name="session")

    def sign_in(self, login: str) -> None:
        """Give a name and a password on the page that asks for them."""
        self.page.fill("#login", login)
        self.page.fill("#password", PASSWORD)
        self.page.press("#password", "Enter")
        expect(self.page.locator("#login")).to_have_count(0)

    def open(self, case_id: UUID, tab: str = "") -> Desk:
        self.page.goto(f"{self.server}/cases/{case_id}" + (f"?tab={tab}" if tab else ""))
        return self

    def act(self, case_id: UUID, trigger: str, typed: Mapping[str, Any] | None = None) -> Desk:
        """Open the case, choose the act, type, submit, confirm where asked; it is done."""
        self.try_to(case_id, trigger, typed or {}).done()
        return self

    def try_to(self, case_id: UUID, trigger: str, typed: Mapping[str, Any]) -> Desk:
        """Choose an act of a case, type and submit, whatever comes of it."""
        self.open(case_id)
        self.page.locator(f"a[href*='/act/{trigger}']").first.click()
        self.fill(typed)
        self.submit()
        return self

    def act_on_row(
        self, case_id: UUID, table: str, row: int, trigger: str, typed: Mapping[str, Any]
    ) -> Desk:
        """Open the tab of the rows, choose the act on one of them, type, submit.

        ``row`` counts from 0 among the rows the person may act on.
        """
        self.open(case_id, table)
        links = self.page.locator(f"#matter a[href*='/act/{trigger}'][href*='item=']").all()
        by_row: dict[str, Locator] = {}
        for link in links:
            address = str(link.get_attribute("href"))
            by_row.setdefault(address.split("item=")[1].split("&", maxsplit=1)[0], link)
        list(by_row.values())[row].click()
        self.fill(typed)
        self.submit()
        self.done()
        return self

    def fill(self, typed: Mapping[str, Any]) -> None:
        self.reads_well()
        for name, value in typed.items():
            self._fill_one(name, value)

    def _fill_one(self, name: str, value: Any) -> None:
        fields = self.page.locator(f"#act [name='{name}']")
        first = fields.first
        kind = first.evaluate("e => e.getAttribute('type') || e.tagName.toLowerCase()")
        if kind in {"checkbox", "radio"}:
            wanted = (
                value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
            )
            for one in wanted:
                box = (
                    fields
                    if one is True
                    else self.page.locator(f"#act [name='{name}'][value='{one}']")
                )
                box.check()
        elif kind == "file":
            first.set_input_files(value)
        elif kind == "select":
            first.select_option(str(value))
        else:
            first.fill(str(value))

    def submit(self) -> None:
        self.page.locator("#act button.btn-primary").last.click()
        dialog = self.page.locator("dialog[open]")
        if dialog.count():
            dialog.locator("button.btn-primary").click()

    def done(self) -> None:
        """The case is shown again with a green line."""
        expect(self.page).to_have_url(re.compile(r"/cases/[0-9a-f-]{36}(\?|$)"))
        expect(self.page.locator(".flash, .alert, .notice-done").first).to_be_visible()
        self.reads_well()

    def reads_well(self) -> None:
        """No id of the database stands where a person reads a name; what was hashed has them."""
        found = self.main.evaluate(
            f"""main => {{
                const read = main.cloneNode(true);
                read.querySelectorAll("pre.body").forEach(exact => exact.remove());
                return read.textContent.match({ID});
            }}"""
        )
        assert found is None, (self.page.url, found)

    def is_sound(self, at: str) -> None:
        """A page anybody can use: axe finds no fault in it, and no phone has to scroll sideways."""
        self.page.goto(self.server + at)
        self.reads_well()
        found = Axe().run(self.page).response["violations"]
        told = [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]
        assert not told, (at, told)
        self.page.set_viewport_size({"width": 390, "height": 844})
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        self.page.set_viewport_size({"width": 1280, "height": 900})
        assert wide <= 390, (at, wide)

    def tabs_of(self, case_id: UUID) -> list[str]:
        """Where the tabs of a case are."""
        links = self.open(case_id).page.locator("#matter a[href*='?tab=']").all()
        return list(dict.fromkeys(str(link.get_attribute("href")) for link in links))

    def seal(self, document: CaseDocument, typed: Mapping[str, Any] | None = None) -> Desk:
        """Open a document, fill in what is named and whatever else is empty, seal it, confirm."""
        self.page.goto(f"{self.server}/cases/{document.case_id}/documents/{document.id}")
        for name, value in (typed or {}).items():
            self.page.fill(f"#document [name='{name}']", str(value))
        for empty in self.page.locator("#fields textarea, #fields input[type=text]").all():
            if not empty.input_value():
                empty.fill("示例")
        self.page.locator("#document .submit-line button.btn-primary").click()
        self.page.locator("#errors button[name=confirmed]").click()
        expect(self.main.locator("#sealed")).to_be_visible()
        return self

    @property
    def main(self) -> Locator:
        return self.page.locator("main")


People = Callable[[str], Desk]


@pytest.fixture
def people(browser: Browser, server: str, sign_in: SignIn, cast: Cast) -> Iterator[People]:
    """Give a person at the browser, signed in; the same one each time."""
    window = Window(browser, server)
    desks: dict[str, Desk] = {}

    def desk(login: str) -> Desk:
        if login not in desks:
            kept = sign_in(cast[login]).get_cookie("session")
            assert kept is not None
            desks[login] = Desk(window, kept.value)
        return desks[login]

    yield desk
    window.close()


@pytest.fixture
def law() -> LawBook:
    return shipped_law()


@pytest.fixture
def tick(database: Database, law: LawBook, clock: Clock) -> Callable[[], list[Any]]:
    """End the clocks that have ended by now."""
    return lambda: timers.tick(database, law, clock.now)


@pytest.fixture
def papers(tmp_path: Path) -> Callable[[str], Path]:
    """A small file to be uploaded."""

    def paper(name: str) -> Path:
        file = tmp_path / name
        file.write_text(f"示例材料 {name}\r\n", encoding="utf-8")
        return file

    return paper
