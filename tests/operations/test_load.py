"""Many people at once before a real gunicorn, and PostgreSQL restarted in the middle.

What is asked of it: nobody ever sees what is another's; what was acknowledged stands in the log
once, however often it was sent; and while the database is away every page says so.
"""

from __future__ import annotations

import random
import re
import shutil
import statistics
import subprocess
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
import requests
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts import passwords
from app.accounts.models import Membership, Organisation, Person
from app.audit import verification
from app.audit.models import AuditEntry
from app.cases.files import FileStore
from app.cases.opening import Opening, open_case
from app.commands import upgrade
from app.db import Database
from app.demo.cast import assemble
from app.engine.actors import Actor, Role
from app.law.terms import shipped_law
from tests import factories, postgres, storming
from tests.lifecycles.ladders import Ladders
from tests.processes import SOAK_MINUTES
from tests.town import Town, registered

pytestmark = pytest.mark.xdist_group("processes")

PASSWORD = "一起办案的口令 2026"
WORKERS = 2
PATIENCE_S = 60
AWAY_S = 45.0
"""How long after a restart began a page may still say that the database is away."""
AGAIN_S = 0.5
"""How long somebody waits who was told to come again."""
HIDDEN = re.compile(r'<input[^>]*name="(version|key|item)"[^>]*value="([^"]*)"')
AWAY = "数据库繁忙或无法连接"


# The town -----------------------------------------------------------------------------------------


@dataclass
class Pair:
    """A unit with its case: somebody of the unit looks, an inspector acts."""

    canary: str
    case_id: UUID
    inspector: str
    unit: str


def settle(database: Database, folder: Path, pairs: int) -> tuple[Town, list[Pair]]:
    """A town in which each of so many units has a case of its own and somebody who may see it."""
    now = datetime.now(UTC)
    law, store = shipped_law(), FileStore(folder, limit=1_000_000)
    cast = database.write(partial(assemble, now=now, cycle_years=(now.year,)))
    town = Town(database, law, cast, store)
    hashed = passwords.hashed(PASSWORD)

    def person(session: Session, login: str, at: UUID, role: Role) -> None:
        one = Person(
            login=login, name=login, password_hash=hashed, locale="zh_Hans_CN", created_at=now
        )
        session.add(one)
        session.flush()
        session.add(
            Membership(
                person_id=one.id, organisation_id=at, role=role.value, since=date(2020, 1, 1)
            )
        )

    def work(session: Session, number: int) -> Pair:
        canary = f"金丝雀{number:03d}号企业"
        unit: Organisation = factories.unit(session, name=canary)
        pair = Pair(canary, UUID(int=0), f"load-inspector-{number}", f"load-unit-{number}")
        person(session, pair.inspector, cast.bureau.id, Role.INSPECTOR)
        person(session, pair.unit, unit.id, Role.ENTERPRISE)
        opening = Opening(
            lifecycle=Ladders,
            authority_id=cast.bureau.id,
            authority_name=cast.bureau.name,
            subject_id=unit.id,
            subject_name=canary,
            division=unit.division,
            cycle_year=None,
        )
        actor: Actor = town["supervisor"]
        fired = open_case(session, opening, actor=actor, inputs={}, now=now, law=law)
        pair.case_id = fired.case_id
        return pair

    return town, [database.write(partial(work, number=n)) for n in range(pairs)]


# People -------------------------------------------------------------------------------------------


@dataclass
class Seen:
    """What one person saw."""

    milliseconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    resent: int = 0
    """How often the line was closed before an answer came."""
    away: list[float] = field(default_factory=list)
    """When the database was said to be away."""
    sent: dict[str, UUID] = field(default_factory=dict)
    done: dict[str, UUID] = field(default_factory=dict)
    """Acts by their key, those sent and those acknowledged."""


class Somebody(threading.Thread, ABC):
    """A person at a browser until they are told to stop."""

    def __init__(self, address: str, login: str, own: Pair, pairs: list[Pair]) -> None:
        super().__init__(daemon=True)
        self.address, self.login, self.own, self.pairs = address, login, own, pairs
        self.browser = requests.Session()
        self.browser.trust_env = False
        self.chance = random.Random(login)
        self.seen = Seen()
        self.stop = threading.Event()

    def run(self) -> None:
        try:
            self._sign_in()
            while not self.stop.is_set():
                self._go_on()
        except Exception as error:  # noqa: BLE001 - told to whoever counts
            self.seen.wrong.append(f"{self.login}: {error!r}")

    @abstractmethod
    def _go_on(self) -> None:
        """Do what they do, once."""

    def _sign_in(self) -> None:
        typed = {"login": self.login, "password": PASSWORD}
        answer = self._ask("POST", "/account/sign-in", typed)
        if answer.status_code != 302:  # signed in already, by one whose answer was lost
            self._expect(answer, 303, "signing in")

    def _ask(
        self, method: str, path: str, typed: dict[str, str] | None = None
    ) -> requests.Response:
        """Ask until the database is there; every answer in between must say that it is not."""
        while True:
            began = monotonic()
            try:
                answer = self.browser.request(
                    method,
                    self.address + path,
                    data=typed,
                    allow_redirects=False,
                    timeout=PATIENCE_S,
                )
            except requests.ConnectionError:
                # The server closed an idle line just as this was sent: a browser sends it again.
                self.seen.resent += 1
                continue
            self.seen.milliseconds.append((monotonic() - began) * 1000)
            self.seen.statuses[answer.status_code] += 1
            if answer.status_code != 503:
                return answer
            self.seen.away.append(monotonic())
            if AWAY not in answer.text or not answer.headers.get("Retry-After", "").isdecimal():
                self.seen.wrong.append(f"{method} {path}: a 503 that says nothing")
            self.stop.wait(AGAIN_S)

    def _expect(self, answer: requests.Response, status: int, what: str) -> None:
        if answer.status_code != status:
            self.seen.wrong.append(f"{self.login}, {what}: {answer.status_code}")

    def _look(self, path: str, *, whose: set[str]) -> None:
        """Read a page on which these canaries may stand and no other."""
        answer = self._ask("GET", path)
        self._expect(answer, 200, path)
        strange = set(re.findall(r"金丝雀\d{3}号企业", answer.text)) - whose
        if strange:
            self.seen.wrong.append(f"{self.login} saw {strange} on {path}")


class OfTheUnit(Somebody):
    """Sees their own case and nobody else's."""

    def _go_on(self) -> None:
        mine = f"/cases/{self.own.case_id}"
        other = self.chance.choice(self.pairs)
        for path in (mine, "/cases", f"{mine}/timeline", "/worklist", "/inbox/"):
            self._look(path, whose={self.own.canary})
        answer = self._ask("GET", mine)
        if self.own.canary not in answer.text:
            self.seen.wrong.append(f"{self.login} does not find their own case")
        if other is not self.own:
            answer = self._ask("GET", f"/cases/{other.case_id}")
            self._expect(answer, 404, "a case of another unit")


class Inspector(Somebody):
    """Acts on the own case, sends some acts twice, and reads a colleague's case."""

    def _go_on(self) -> None:
        case_id = self.own.case_id
        page = self._ask("GET", f"/cases/{case_id}/act/note")
        self._expect(page, 200, "the form")
        typed = dict(HIDDEN.findall(page.text))
        key = typed["key"]
        self.seen.sent[key] = case_id
        for _ in range(self.chance.choice((1, 1, 2))):
            answer = self._ask("POST", f"/cases/{case_id}/act/note", typed)
            self._expect(answer, 303, "an act")
            if answer.status_code == 303:
                self.seen.done[key] = case_id
        other = self.chance.choice(self.pairs)
        self._look(f"/cases/{other.case_id}", whose={other.canary})
        self._ask("GET", "/worklist")


@contextmanager
def at_work(address: str, pairs: list[Pair]) -> Iterator[list[Somebody]]:
    people: list[Somebody] = []
    for pair in pairs:
        people += [
            Inspector(address, pair.inspector, pair, pairs),
            OfTheUnit(address, pair.unit, pair, pairs),
        ]
    for one in people:
        one.start()
    try:
        yield people
    finally:
        for one in people:
            one.stop.set()
        for one in people:
            one.join(PATIENCE_S)


# The run ------------------------------------------------------------------------------------------


def run(
    town: Town,
    pairs: list[Pair],
    folder: Path,
    seconds: float,
    say: Callable[[str], object],
    restart: Callable[[], None] | None = None,
) -> None:
    """Let them work so long, judge what they saw, and compare it with the log."""
    said = folder / "said"
    said.touch()
    url = town.database.url.render_as_string(hide_password=False)
    env = storming.environment(url, town.store.folder, datetime.now(UTC))
    began = restarted = monotonic()
    with storming.web(WORKERS, env, said) as address, at_work(address, pairs) as people:
        if restart is not None:
            everybody_acted(people, seconds / 2)
            restarted = monotonic()
            restart()
            town.database.dispose()
        everybody_acted(people, seconds - (monotonic() - began))
    took = monotonic() - began
    seen = [one.seen for one in people]
    assert not any(one.is_alive() for one in people)
    assert [wrong for one in seen for wrong in one.wrong] == []
    assert sum(one.resent for one in seen) <= len(people)
    statuses = sum((one.statuses for one in seen), Counter[int]())
    assert set(statuses) <= {200, 302, 303, 404, 503}, statuses
    away = [when for one in seen for when in one.away]
    if restart is None:
        assert away == []
    else:
        assert all(restarted - 1 <= when <= restarted + AWAY_S for when in away)
    assert "Traceback" not in said.read_text() or restart is not None
    done = compared_with_the_log(town, pairs, seen)
    times = sorted(value for one in seen for value in one.milliseconds)
    say(
        f"{town.database.engine.dialect.name}: {len(people)} people, {took:.0f} s, "
        f"{len(times)} answers ({len(times) / took:.0f}/s), median {statistics.median(times):.0f} ms, "
        f"95% {times[int(len(times) * 0.95)]:.0f} ms, longest {times[-1]:.0f} ms; {done} acts, each "
        f"once; {sum(one.resent for one in seen)} lines closed, {statuses[503]} times away"
        + (f", the last {max(away) - restarted:.1f} s after the restart" if away else "")
    )


def everybody_acted(people: list[Somebody], seconds: float) -> None:
    """Go on so long, and until every inspector has acted once more."""
    before = [len(one.seen.done) for one in people]
    end = monotonic() + max(seconds, 0)

    def enough() -> bool:
        if any(not one.is_alive() for one in people):
            return True  # and what they saw says why
        acted = all(
            len(one.seen.done) > was
            for one, was in zip(people, before, strict=True)
            if isinstance(one, Inspector)
        )
        return acted and monotonic() >= end

    storming.until(enough, patience=seconds + storming.PATIENCE)


def compared_with_the_log(town: Town, pairs: list[Pair], seen: list[Seen]) -> int:
    """Every act that was acknowledged stands in the log once, and none that was not sent."""
    with town.database.read() as session:
        query = select(AuditEntry.chain_id, AuditEntry.idempotency_key, func.count()).where(
            AuditEntry.trigger == "note"
        )
        rows = session.execute(query.group_by(AuditEntry.chain_id, AuditEntry.idempotency_key))
        kept = {(row[0], row[1]): row[2] for row in rows}
        assert set(kept.values()) == {1}
        done = {(case_id, key) for one in seen for key, case_id in one.done.items()}
        sent = {(case_id, key) for one in seen for key, case_id in one.sent.items()}
        assert done <= set(kept) <= sent
        for pair in pairs:
            assert verification.verify_chain(session, pair.case_id) == []
    return len(kept)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print in spite of pytest."""

    def said(line: str) -> None:
        with capsys.disabled():
            print(f"\n{line}")  # noqa: T201

    return said


@contextmanager
def server_of_its_own() -> Iterator[tuple[Database, Callable[[], None]]]:
    """A PostgreSQL that may be restarted without anybody else noticing, with a migrated database."""
    folder = postgres.run_folder()
    try:
        made = Database(postgres.start(folder / "pg", postgres.binaries()))
        upgrade(made)
        yield made, partial(restart_server, folder / "pg")
        made.dispose()
    finally:
        postgres.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def restart_server(home: Path) -> None:
    """Throw everybody out and come back, as after an upgrade of the server."""
    owner = (home / "data").stat()
    as_owner: dict[str, Any] = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
    command = [Path((home / "stop").read_text()) / "pg_ctl", "-D", home / "data", "-m", "fast"]
    with (home / "output").open("a") as output:
        subprocess.run(
            [str(part) for part in (*command, "-w", "-l", home / "log", "restart")],
            cwd=home, check=True, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            **(as_owner if owner.st_uid != 0 else {}),
        )  # fmt: skip


def on_sqlite(pairs: int, seconds: float, folder: Path, template: Path, say: Any) -> None:
    shutil.copyfile(template, folder / "load.sqlite")
    database = Database(f"sqlite:///{folder / 'load.sqlite'}")
    with registered(Ladders):
        run(*settle(database, folder / "files", pairs), folder, seconds, say)
    database.dispose()


def on_postgresql(pairs: int, seconds: float, folder: Path, say: Any) -> None:
    with server_of_its_own() as (database, restart), registered(Ladders):
        town, people = settle(database, folder / "files", pairs)
        run(town, people, folder, seconds, say, restart)


def test_some_people_at_once(tmp_path, sqlite_template, say):
    on_sqlite(3, 2, tmp_path, sqlite_template, say)


def test_some_people_while_the_database_is_restarted(tmp_path, say):
    on_postgresql(3, 3, tmp_path, say)


@pytest.mark.soak
def test_sixty_four_people_at_once(tmp_path, sqlite_template, say):
    on_sqlite(32, SOAK_MINUTES * 12, tmp_path, sqlite_template, say)


@pytest.mark.soak
def test_sixty_four_people_while_the_database_is_restarted(tmp_path, say):
    on_postgresql(32, SOAK_MINUTES * 12, tmp_path, say)
