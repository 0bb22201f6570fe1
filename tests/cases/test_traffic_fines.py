"""A real log of 5,000 fines is replayed, day by day, on a lifecycle that is one file.

"Add penalty" is not fed in: its deadline fires it, and the log says whether on the right day.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import workflows
from app.audit import verification
from app.audit.models import AuditEntry
from app.cases import timers
from app.cases.errors import CaseError, NotPermitted, TransitionRefused
from app.cases.models import Case
from app.cases.opening import Opening, open_case
from app.cases.operations import fire
from app.db import Database
from app.engine.actors import Actor, Role
from app.law.dated import Timeline
from app.law.periods import local_date
from app.law.terms import LawBook, shipped_law
from tests import factories
from tests.conftest import ONE_ENGINE
from tests.lifecycles.traffic_fine import TERM, TrafficFine
from tests.times import noon

LOG = Path(__file__).parents[1] / "data/traffic_fines_dev.csv"
ACTS = {
    "Create Fine": "create",
    "Send Fine": "send",
    "Insert Fine Notification": "notify",
    "Payment": "pay",
    "Add penalty": "add_penalty",
    "Insert Date Appeal to Prefecture": "appeal",
    "Send Appeal to Prefecture": "forward",
    "Receive Result Appeal from Prefecture": "receive",
    "Notify Result Appeal to Offender": "inform",
    "Appeal to Judge": "sue",
    "Send for Credit Collection": "collect",
}

pytestmark = pytest.mark.xdist_group("traffic fines")


@dataclass(frozen=True)
class Event:
    """One row of the log."""

    case: str
    act: str
    day: date
    inputs: dict[str, Any]


def events() -> list[Event]:
    """The log in the order of time; what happened on one day keeps the log's order."""
    with LOG.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = [
        Event(row["case_id"], ACTS[row["activity"]], date.fromisoformat(row["date"]), typed(row))
        for row in rows
    ]
    return sorted(found, key=lambda event: event.day)


def typed(row: dict[str, str]) -> dict[str, Any]:
    match ACTS[row["activity"]]:
        case "create":
            return {"fine": row["amount"]}
        case "send":
            return {"expense": row["expense"] or None}
        case "pay":
            return {"amount": row["payment_eur"]}
        case _:
            return {}


def italian_law() -> LawBook:
    """Sixty days that are counted straight on: they end on any day of the week."""
    law = shipped_law()
    sixty = law.term(TERM, date(2026, 1, 1))
    assert sixty.length == 60
    straight = replace(sixty, valid_from=date(2000, 1, 1), rolls=False, rolls_if="")
    return replace(law, terms={**law.terms, TERM: Timeline((straight,))})


@dataclass
class Replay:
    """The log on a database: which case is which, and what was refused."""

    database: Database
    law: LawBook
    officer: Actor
    unit_id: UUID
    cases: dict[str, UUID]
    refused: Counter[tuple[str, str]]

    def play(self, log: list[Event]) -> None:
        for day, of_day in groupby(log, key=lambda event: event.day):
            timers.tick(self.database, self.law, noon(day))
            fed = [event for event in of_day if event.act != "add_penalty"]
            self.database.write(lambda session, fed=fed: self._day(session, fed))  # type: ignore[misc]
        timers.tick(self.database, self.law, noon(date(2012, 12, 31)))

    def _day(self, session: Session, of_day: list[Event]) -> None:
        for event in of_day:
            try:
                self.do(session, event)
            except CaseError as refusal:
                self.refused[event.act, str(refusal)] += 1

    def do(self, session: Session, event: Event) -> None:
        now = noon(event.day)
        if event.act == "create":
            fired = open_case(
                session,
                self._opening(),
                actor=self.officer,
                inputs=event.inputs,
                now=now,
                law=self.law,
            )
            self.cases[event.case] = fired.case_id
        else:
            fire(
                session, self.cases[event.case], event.act, actor=self.officer, inputs=event.inputs,
                now=now, law=self.law,
            )  # fmt: skip

    def _opening(self) -> Opening:
        return Opening(
            lifecycle=TrafficFine,
            authority_id=self.officer.organisation_id,
            authority_name=self.officer.organisation_name,
            subject_id=self.unit_id,
            subject_name="示例",
            division="640500",
        )

    def record(self) -> Iterator[tuple[str, str, date]]:
        """What the chains of the cases tell: case, act, day."""
        names = {case_id: name for name, case_id in self.cases.items()}
        query = select(AuditEntry.chain_id, AuditEntry.trigger, AuditEntry.occurred_at).where(
            AuditEntry.chain == "case"
        )
        with self.database.read() as session:
            for case_id, trigger, occurred_at in session.execute(
                query.order_by(AuditEntry.chain_id, AuditEntry.seq)
            ):
                yield names[case_id], trigger, local_date(occurred_at)


@pytest.fixture
def replay(database: Database, monkeypatch: pytest.MonkeyPatch) -> Replay:
    monkeypatch.setitem(workflows._known, TrafficFine.key, TrafficFine)
    monkeypatch.setitem(workflows._versions, (TrafficFine.key, TrafficFine.version), TrafficFine)

    def people(session: Session) -> tuple[Actor, UUID]:
        return factories.actor(session, Role.INSPECTOR), factories.unit(session).id

    officer, unit_id = database.write(people)
    return Replay(database, italian_law(), officer, unit_id, {}, Counter())


@ONE_ENGINE
def test_the_whole_log_runs_and_every_penalty_falls_on_its_day(replay: Replay):
    log = events()
    assert (len({event.case for event in log}), len(log)) == (5000, 17_505)

    replay.play(log)

    # What the log holds and the lifecycle does not allow, each with its reason.
    assert replay.refused == {
        ("receive", "当前环节「已加处」不能办理。"): 1,  # a result without an appeal
        ("inform", "当前环节「已加处」不能办理。"): 1,
        (
            "forward",
            "当前环节「已申请强制执行」不能办理。",
        ): 1,  # an appeal sent twice, after collection
    }
    recorded = list(replay.record())
    logged = {(event.case, event.day) for event in log if event.act == "add_penalty"}
    fired = {(case, day) for case, act, day in recorded if act == "add_penalty"}
    assert len(logged) == len(fired) == 2356
    assert fired == logged
    fed = Counter((event.case, event.act, event.day) for event in log)
    kept = Counter(recorded)
    assert (fed - kept).total() == 3
    assert (kept - fed).total() == 0
    for case, acts in order_of(recorded).items():
        assert acts == [act for act in logged_order(log)[case] if act in acts], case


def order_of(recorded: list[tuple[str, str, date]]) -> dict[str, list[str]]:
    """The acts of each case in the order of its chain, without the penalty and without repeats."""
    found: dict[str, list[str]] = {}
    for case, act, _ in recorded:
        if act != "add_penalty":
            found.setdefault(case, []).append(act)
    return {case: list(dict.fromkeys(acts)) for case, acts in found.items()}


_orders: dict[str, list[str]] = {}


def logged_order(log: list[Event]) -> dict[str, list[str]]:
    if not _orders:
        for event in log:
            _orders.setdefault(event.case, []).append(event.act)
        for case, acts in _orders.items():
            _orders[case] = list(dict.fromkeys(acts))
    return _orders


def test_the_chains_of_a_replay_hold(replay: Replay):
    some = {f"{prefix}{number}" for prefix in "A" for number in range(1, 2000)}
    replay.play([event for event in events() if event.case in some])
    assert len(replay.cases) == 339
    with replay.database.read() as session:
        assert list(verification.verify_all(session)) == []
        open_ = session.scalars(select(Case).where(Case.is_final, Case.next_due_at.is_not(None)))
        assert open_.all() == []


@pytest.mark.parametrize(
    ("before", "wrong", "error"),
    [
        (["create"], "notify", TransitionRefused),
        (["create", "send"], "send", TransitionRefused),
        (["create", "send", "notify"], "notify", TransitionRefused),
        (["create", "send", "notify"], "add_penalty", NotPermitted),
        (["create", "send", "notify"], "collect", TransitionRefused),
        (["create"], "appeal", TransitionRefused),
        (["create", "send", "notify", "appeal"], "inform", TransitionRefused),
        (["create", "send", "notify", "sue", "collect"], "pay", TransitionRefused),
    ],
)
def test_wrong_orders_are_refused(replay: Replay, before, wrong, error):
    day = date(2010, 3, 1)
    amounts: dict[str, dict[str, Any]] = {"create": {"fine": "35"}, "pay": {"amount": "35"}}

    def work(session: Session) -> None:
        for act in before:
            replay.do(session, Event("X", act, day, amounts.get(act, {})))

    replay.database.write(work)
    with pytest.raises(error):
        replay.database.write(
            lambda session: replay.do(session, Event("X", wrong, day, amounts.get(wrong, {})))
        )
