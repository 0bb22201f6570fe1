"""Schedulers that are killed while web workers act: every effect once, and none is missed."""

from __future__ import annotations

import random
import re
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from http.cookiejar import CookieJar
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.accounts.models import Membership, Person
from app.audit import verification
from app.audit.models import AuditEntry
from app.cases import operations, timers
from app.cases.escalation.records import chain_of
from app.cases.models import ClockRung, Comment, DueAct, Escalation
from app.cases.opening import Opening, open_case
from app.db import new_id
from app.demo.cast import PASSWORD
from app.lease import Lease
from app.outbox import deliveries, letters
from app.outbox.models import Delivery, Letter, OutboxMessage, WebhookEndpoint
from config import Settings
from tests import storming
from tests.laws import faults
from tests.lifecycles.ladders import Ladders
from tests.outbox.world import mail_server, system
from tests.processes import SOAK_MINUTES
from tests.storming import Fleet, until
from tests.town import Town, instant, registered

pytestmark = pytest.mark.xdist_group("processes")

NOW = instant("10-10 10:00")
"""A Saturday that is worked, after National Day."""
OPENED = instant("09-01 10:00")
CLOCKS = {"start_3": "2026-10-08", "start_7": "2026-10-09", "start_p": "2026-10-08"}
RUNGS = {
    "-1wd": 2, "on": 3, "on@17": 1, "end": 3, "+1wd": 2, "-3wd": 1, "-2wd": 1,
}  # fmt: skip
"""What each case has to tell by then, over its three clocks: two of the authority, one a party's."""
MESSAGES = {
    ("reminder", "inspector"): 4,
    ("reminder", "supervisor"): 3,
    ("reminder", "bureau_leader"): 2,
    ("reminder", "auditor"): 2,
    ("reminder", "enterprise"): 2,
    ("escalation", "supervisor"): 1,
    ("escalation", "bureau_leader"): 1,
}
ACTS = {"open_it": 1, **dict.fromkeys(CLOCKS, 1), "deadline_passed": 2, "lapse": 1}
BATCH = 50
SCHEDULERS, WORKERS = 4, 2
KILLS_A_MINUTE = 6
"""Of the soak: a minute of kills on each engine where all soaks take ten."""
PACE_S = 0.2
"""How long somebody at a browser thinks between two acts."""


# The town before the storm ------------------------------------------------------------------------


def opened(town: Town, number: int) -> list[UUID]:
    """So many cases, each with three clocks that ended unseen."""
    cast = town.cast
    opening = Opening(
        lifecycle=Ladders,
        authority_id=cast.bureau.id,
        authority_name=cast.bureau.name,
        subject_id=cast.units["redian"].id,
        subject_name=cast.units["redian"].name,
        division=cast.units["redian"].division,
        cycle_year=2026,
    )

    def work(session: Session, many: int) -> list[UUID]:
        made = []
        how: Any = {"actor": town["supervisor"], "now": OPENED, "law": town.law}
        for _ in range(many):
            case_id = open_case(session, opening, inputs={}, **how).case_id
            for trigger, last in CLOCKS.items():
                operations.fire(session, case_id, trigger, inputs={"due_on": last}, **how)
            made.append(case_id)
        return made

    found: list[UUID] = []
    while len(found) < number:
        found += town.database.write(partial(work, many=min(BATCH, number - len(found))))
    return found


def reachable(town: Town, url: str) -> None:
    """Everybody has a mailbox; a system of the unit hears of what the unit is told."""

    def work(session: Session) -> None:
        session.execute(update(Person).values(email=Person.login + "@example.org"))
        session.add(
            WebhookEndpoint(
                id=new_id(), organisation_id=town.cast.units["redian"].id, url=url, secret="s" * 32,
                made_at=OPENED, made_by=town["supervisor"].person_id,
            )
        )  # fmt: skip

    town.database.write(work)


def holders(town: Town) -> Counter[tuple[str, UUID]]:
    """How many people hold a role in a body."""
    with town.database.read() as session:
        rows = session.execute(select(Membership.role, Membership.organisation_id))
        return Counter((str(row[0]), row[1]) for row in rows)


# People at work -----------------------------------------------------------------------------------


@dataclass
class AtWork:
    """Somebody at a browser who goes on acting on one case after the other."""

    address: str
    login: str
    case_ids: Sequence[UUID]
    acted: Counter[UUID] = field(default_factory=Counter)
    remarked: Counter[UUID] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        jar = urllib.request.HTTPCookieProcessor(CookieJar())
        self.browser = urllib.request.build_opener(jar, _Stay())
        self.thread = threading.Thread(target=self.work)

    def work(self) -> None:
        self._post("/account/sign-in", {"login": self.login, "password": PASSWORD})
        chance = random.Random(self.login)
        while not self.stop.is_set():
            case_id = chance.choice(self.case_ids)
            if self._post(f"/cases/{case_id}/remarks", {"body": "已电话联系。"}):
                self.remarked[case_id] += 1
            page = self._get(f"/cases/{case_id}/act/note")
            hidden = re.findall(r'<input[^>]*name="(version|key|item)"[^>]*value="([^"]*)"', page)
            if self._post(f"/cases/{case_id}/act/note", dict(hidden)):
                self.acted[case_id] += 1
            self.stop.wait(PACE_S)

    def _get(self, path: str) -> str:
        answer: bytes = self.browser.open(self.address + path, timeout=storming.PATIENCE).read()
        return answer.decode()

    def _post(self, path: str, typed: dict[str, str]) -> bool:
        """Send a form; whether it was done. A conflict is an answer, anything else is not."""
        sent = urllib.parse.urlencode(typed).encode()
        try:
            self.browser.open(self.address + path, sent, timeout=storming.PATIENCE).close()
        except urllib.error.HTTPError as answer:
            if answer.code in {302, 303}:
                return True
            self.refused.append(f"{path}: {answer.code}")
            return False
        self.refused.append(f"{path}: shown again")
        return False


class _Stay(urllib.request.HTTPRedirectHandler):
    """Do not follow: where an act leads to is of no interest here."""

    def redirect_request(self, *_args: Any) -> None:
        return None


@contextmanager
def at_work(address: str, case_ids: Sequence[UUID], *logins: str) -> Iterator[list[AtWork]]:
    people = [AtWork(address, login, case_ids) for login in logins]
    for one in people:
        one.thread.start()
    try:
        yield people
    finally:
        for one in people:
            one.stop.set()
        for one in people:
            one.thread.join(storming.PATIENCE)


# The storm ----------------------------------------------------------------------------------------


@dataclass
class Storm:
    """What was seen of it."""

    killed: int
    takeovers: list[float]
    people: list[AtWork]
    mails: list[str]
    events: list[str]


def storm(town: Town, case_ids: Sequence[UUID], tmp_path: Path, kills: int) -> Storm:
    """Let all of them work until nothing is left, one scheduler killed every second."""
    url = town.database.url.render_as_string(hide_password=False)
    said = tmp_path / "said"
    said.touch()
    with mail_server() as box, system() as listening:
        reachable(town, listening.url)
        mail = {"TANJIAN_SMTP_URL": f"smtp://127.0.0.1:{box.port}", "TANJIAN_MAIL_FROM": "a@b.cn"}
        env = storming.environment(url, town.store.folder, NOW, **mail)
        with (
            storming.web(WORKERS, env, said) as address,
            storming.fleet(SCHEDULERS, env, said) as schedulers,
            at_work(address, case_ids, "inspector", "inspector2") as people,
        ):
            takeovers = kill_while_busy(town, schedulers, kills)
            assert set(schedulers.end()) == {0}
        finish(town, Settings.from_env(env))
        assert "Traceback" not in said.read_text()
        mails = [str(mail["Message-ID"]) for mail in box.mails]
        events = [request.headers["X-Tanjian-Event-Id"] for request in listening.received]
    return Storm(schedulers.killed, takeovers, people, mails, events)


def kill_while_busy(town: Town, schedulers: Fleet, kills: int) -> list[float]:
    """Kill one every second, first the one that works; return how long others took to go on.

    After so many ``kills`` the rest is done in peace.
    """
    chance, takeovers = random.Random(2026), list[float]()
    until(lambda: told(town) > 0)
    next_kill, gone = monotonic(), None
    while not everything_is_told(town):
        if gone is not None and told(town) > gone[1]:
            takeovers.append(monotonic() - gone[0])
            gone = None
        if monotonic() >= next_kill and schedulers.killed < kills:
            next_kill += 1
            leader, pids = working(town), schedulers.pids()
            doomed = leader if leader in pids and not takeovers else chance.choice(pids)
            schedulers.kill(doomed)
            if doomed == leader:
                gone = (monotonic(), told(town))
        schedulers.pause()
    return takeovers


def told(town: Town) -> int:
    with town.database.read() as session:
        return session.scalar(select(func.count()).select_from(ClockRung)) or 0


def working(town: Town) -> int | None:
    """The process that holds the lease of the clocks."""
    with town.database.read() as session:
        holder = session.scalar(select(Lease.holder).where(Lease.name == "clocks"))
    return int(holder.split(":")[1]) if holder else None


def everything_is_told(town: Town) -> bool:
    now = NOW + timedelta(hours=1)
    if timers.anything_due(town.database, now, timers.Looked()):
        return False
    if letters.anything_untold(town.database, now):
        return False
    with town.database.read() as session:
        untried = select(Delivery.id).where(Delivery.attempts == 0, Delivery.channel == "webhook")
        return session.scalar(untried.limit(1)) is None


def finish(town: Town, settings: Settings) -> None:
    """Later, when claims of killed processes have run out and the reminders' mail is gathered."""
    later = NOW + timedelta(minutes=30)
    letters.distribute(town.database, town.law, later, by_mail=True)
    deliveries.deliver(town.database, settings, town.law, later)


# After it -----------------------------------------------------------------------------------------


def count(town: Town, *columns: Any, where: Any = True) -> Counter[Any]:
    with town.database.read() as session:
        return Counter(tuple(row) for row in session.execute(select(*columns).where(where)))


def refuse_anything_missed_or_done_twice(
    town: Town, case_ids: Sequence[UUID], seen: Storm, people: Counter[tuple[str, UUID]]
) -> None:
    many = len(case_ids)
    assert count(town, ClockRung.rung) == {(k,): v * many for k, v in RUNGS.items()}
    assert set(count(town, ClockRung.clock_id, ClockRung.rung).values()) == {1}
    assert count(town, ClockRung.case_id) == {(case_id,): 13 for case_id in case_ids}
    assert count(town, OutboxMessage.kind, OutboxMessage.role) == {
        key: number * many for key, number in MESSAGES.items()
    }
    assert count(town, Escalation.case_id, Escalation.kind, Escalation.status) == {
        (case_id, "late", "open"): 2 for case_id in case_ids
    }
    acts = count(
        town, AuditEntry.chain_id, AuditEntry.trigger, where=AuditEntry.trigger.in_([*ACTS, "note"])
    )
    acted = sum((one.acted for one in seen.people), Counter[UUID]())
    assert acts == {
        (case_id, trigger): number
        for case_id in case_ids
        for trigger, number in {**ACTS, "note": acted[case_id]}.items()
        if number
    }
    remarked = sum((one.remarked for one in seen.people), Counter[UUID]())
    assert count(town, Comment.case_id) == {(key,): number for key, number in remarked.items()}
    assert count(town, DueAct.case_id) == {}
    every_letter_once(town, people)
    everything_went_out(town, seen)
    with town.database.read() as session:
        for case_id in case_ids:
            assert faults(session, case_id, town.law) == []
            assert verification.verify_chain(session, chain_of(case_id)) == []


def every_letter_once(town: Town, people: Counter[tuple[str, UUID]]) -> None:
    with town.database.read() as session:
        rows = session.scalars(select(Letter)).all()
        messages = session.scalars(select(OutboxMessage)).all()
    lines = Counter((letter.person_id, line["message"]) for letter in rows for line in letter.lines)
    assert set(lines.values()) == {1}
    wanted = sum(
        1 if m.person_id else people[m.role, m.organisation_id]
        for m in messages
        if m.organisation_id
    )
    assert lines.total() == wanted > len(messages)
    bundles = Counter(letter.person_id for letter in rows if letter.kind == "reminder")
    assert set(bundles.values()) == {1}


def everything_went_out(town: Town, seen: Storm) -> None:
    kept = count(town, Delivery.channel, Delivery.id, Delivery.status)
    assert {status for _, _, status in kept} == {"sent"}
    ids = {channel: {str(key) for c, key, _ in kept if c == channel} for channel in ("mail", "webhook")}  # fmt: skip
    assert {mail.strip("<>").partition("@")[0] for mail in seen.mails} == ids["mail"]
    assert set(seen.events) == ids["webhook"]
    unit = OutboxMessage.organisation_id == town.cast.units["redian"].id
    assert len(ids["webhook"]) == len(count(town, OutboxMessage.id, where=unit))


def weathered(
    town: Town, number: int, kills: int, tmp_path: Path, say: Callable[[str], object]
) -> None:
    with registered(Ladders):
        case_ids = opened(town, number)
        people = holders(town)
        seen = storm(town, case_ids, tmp_path, kills)
        refuse_anything_missed_or_done_twice(town, case_ids, seen, people)
    twice = [len(sent) - len(set(sent)) for sent in (seen.mails, seen.events)]
    acts = sum(one.acted.total() + one.remarked.total() for one in seen.people)
    say(
        f"{town.database.engine.dialect.name}: {13 * number} rungs, {seen.killed} schedulers killed, "
        f"taken over after {', '.join(f'{one:.1f}' for one in seen.takeovers)} s; {acts} acts of "
        f"people meanwhile; {len(seen.mails)} mails, {twice[0]} of them twice; "
        f"{len(seen.events)} events, {twice[1]} of them twice"
    )
    assert seen.killed > 0
    assert seen.takeovers
    assert acts > 0


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print in spite of pytest."""

    def said(line: str) -> None:
        with capsys.disabled():
            print(f"\n{line}")  # noqa: T201

    return said


def test_three_hundred_rungs_in_a_storm(town, tmp_path, say):
    weathered(town, 24, 5, tmp_path, say)


@pytest.mark.soak
def test_ten_thousand_rungs_in_a_storm(town, tmp_path, say):
    weathered(town, 770, round(SOAK_MINUTES * KILLS_A_MINUTE), tmp_path, say)
