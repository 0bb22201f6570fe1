"""Enforcement in the demonstration city: every state of its lifecycles, whenever it is installed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, func, select

from app.accounts.models import Delegation, Membership, Person
from app.audit import verification
from app.audit.models import AuditEntry
from app.cases.files import FileStore
from app.cases.models import Case, CaseDocument, CaseItem, Escalation
from app.db import Database
from app.demo import charges, city, enforcement, requests
from app.demo.cast import (
    ACCUSED_AGENCIES,
    ACCUSED_PERSONS,
    CERTIFICATES,
    Cast,
    assemble,
    enlist,
    recall,
)
from app.demo.docket import Charge, Plot
from app.demo.stories import instant
from app.documents import word
from app.law.penalties import rules_for
from app.law.terms import shipped_law
from app.registers import uscc
from app.workflows import LIFECYCLES
from tests.times import at

PLAYED = ("joint_enforcement", "penalty_procedure", "criminal_transfer", "agency_penalty")
UNDER_WAY = {
    ("service", "dispatched"), ("service", "announced"), ("measure", "in_force"), ("correction", "ordered"),
    ("remedy", "pending"), ("external_handling", "sent"), ("upward_report", "sent"),
}  # fmt: skip
"""Side tracks that stand in the middle of their way."""
SERVED = ("prior_notice", "hearing_notice", "penalty_decision", "demand_letter")
STATES = {
    "demo-hearing-held": "hearing_done", "demo-court": "court_applied", "demo-overdue": "overdue",
}  # fmt: skip
"""Where the penalty case of a plot stands that waits for the ends of clocks, or counts back from a day."""


def load(database: Database, files: Path, now: datetime) -> None:
    law, store = shipped_law(), FileStore(files, limit=10**7)
    enforcement.load(database, law, store, standing(database), now)


def standing(database: Database) -> Cast:
    """The cast of the city without its cases."""
    begun = partial(assemble, now=instant(date(2025, 1, 4), 9), cycle_years=(2026,))
    return database.write(lambda session: recall(session) or begun(session))


@pytest.fixture(autouse=True)
def _no_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what takes most of the time of a rendering; it has tests of its own."""
    monkeypatch.setattr(word, "render", lambda content, _sealed_at: content["title"].encode())


def ask(database: Database, query: Select[Any]) -> list[Any]:
    with database.read() as session:
        return list(session.scalars(query))


def test_every_state_is_there_and_a_second_load_changes_nothing(database, tmp_path):
    now = at(date(2026, 11, 25), 15)

    load(database, tmp_path, now)

    for lifecycle in PLAYED:
        there = set(ask(database, select(Case.state).where(Case.lifecycle == lifecycle)))
        assert there == set(LIFECYCLES[lifecycle].states), lifecycle
    with database.read() as session:
        assert set(session.execute(select(Case.lifecycle, Case.state))) >= UNDER_WAY
        assert session.scalar(select(func.max(AuditEntry.recorded_at))) <= now
        assert list(verification.verify_all(session)) == []
        assert enforcement.is_loaded(session)
        assert not city.is_loaded(session)
    the_roots_are_demonstrations(database)
    one_instalment_is_paid_and_in_one_case_the_next_is_missed(database, now)
    what_was_served_had_been_sealed(database)
    the_program_looked_at_every_clock_soon_after_its_end(database)
    before = count(database)

    load(database, tmp_path, now)

    assert count(database) == before
    officers_ask_once_and_somebody_stands_in(database, now)


def count(database: Database) -> int:
    [entries] = ask(database, select(func.count()).select_from(AuditEntry))
    return int(entries)


def officers_ask_once_and_somebody_stands_in(database: Database, now: datetime) -> None:
    cast = standing(database)
    for later in (timedelta(0), timedelta(minutes=5)):
        requests.load(database, shipped_law(), cast, now + later)
    by_hand = Escalation.raised_by == cast["inspector"].person_id
    asked = ask(database, select(Escalation.kind).where(by_hand).order_by(Escalation.kind))
    assert asked == ["act", "extend", "extend", "help", "help", "help", "takeover"]
    in_charge = select(Case.assignee_id).join(Escalation, Escalation.case_id == Case.id)
    assert ask(database, in_charge.where(by_hand).distinct()) == [cast["inspector"].person_id]
    handled = select(Case.assignee_id).where(Case.assignee_id.is_not(None)).distinct()
    assert len(ask(database, handled)) == len(requests.OFFICERS)
    [away] = ask(database, select(Delegation.principal_id))
    assert away == cast["supervisor2"].person_id


def the_roots_are_demonstrations(database: Database) -> None:
    roots = select(AuditEntry.body).join(Case, Case.id == AuditEntry.chain_id)
    told = ask(database, roots.where(AuditEntry.seq == 0, Case.parent_id.is_(None)))
    assert len(told) == len(enforcement.PLOTS)
    assert all('"demonstration":true' in body for body in told)
    names = set(ask(database, select(Case.subject_name)))
    assert all(name.startswith("示例") for name in names), names


def one_instalment_is_paid_and_in_one_case_the_next_is_missed(
    database: Database, now: datetime
) -> None:
    for state, missed in (("deferred", False), ("overdue", True)):
        [case] = ask(database, select(Case).where(Case.state == state))
        rows = select(CaseItem).where(CaseItem.case_id == case.id, CaseItem.kind == "instalments")
        paid, *left = ask(database, rows.order_by(CaseItem.number))
        assert [paid.status, *(row.status for row in left)] == ["paid", *["granted"] * 3]
        due = date.fromisoformat(left[0].data["instalment_due_on"])
        assert (due < now.date()) == missed


def what_was_served_had_been_sealed(database: Database) -> None:
    papers = select(CaseDocument).where(CaseDocument.kind.in_(SERVED))
    served = ask(database, papers.where(CaseDocument.served_on.is_not(None)))
    assert {paper.kind for paper in served} == set(SERVED)
    assert all(paper.number and paper.pdf_sha256 for paper in served)


def the_program_looked_at_every_clock_soon_after_its_end(database: Database) -> None:
    by_clocks = ("deadline_passed", "become_overdue", "miss_instalment", "end_suit_time")
    query = select(AuditEntry).where(AuditEntry.trigger.in_(by_clocks))
    entries = ask(database, query)
    assert {entry.trigger for entry in entries} == set(by_clocks)
    waits = {entry.recorded_at - entry.occurred_at for entry in entries}
    assert max(waits) < timedelta(minutes=5), waits


@pytest.mark.parametrize(
    ("day", "hour"),
    [
        (date(2026, 10, 3), 9),  # a holiday
        (date(2027, 2, 10), 10),  # of a year not arranged yet
    ],
)
def test_what_waits_for_the_end_of_a_clock_stands_where_it_should_on_any_day(
    sqlite_database, tmp_path, monkeypatch, day, hour
):
    sqlite_database.empty()
    database, now = sqlite_database.database, at(day, hour)
    chosen = tuple(plot for plot in enforcement.PLOTS if plot.key in STATES)
    monkeypatch.setattr(enforcement, "PLOTS", chosen)

    load(database, tmp_path, now)

    penalties = ask(database, select(Case.state).where(Case.lifecycle == "penalty_procedure"))
    assert sorted(penalties) == sorted(STATES.values())
    [latest] = ask(database, select(func.max(AuditEntry.recorded_at)))
    assert latest <= now


def test_what_stands_stays_and_the_rest_is_added(sqlite_database, tmp_path, monkeypatch):
    sqlite_database.empty()
    database, now = sqlite_database.database, at(date(2026, 11, 25), 15)
    chosen = tuple(plot for plot in enforcement.PLOTS if plot.key in {"demo-clue", "demo-no-case"})
    monkeypatch.setattr(enforcement, "PLOTS", chosen[:1])
    load(database, tmp_path, now)
    monkeypatch.setattr(enforcement, "PLOTS", chosen)
    with database.read() as session:
        assert not enforcement.is_loaded(session)

    load(database, tmp_path, now)

    assert len(ask(database, select(Case.id))) == len(chosen)


def test_every_bureau_has_two_officers_with_certificates(sqlite_database):
    sqlite_database.empty()
    database = sqlite_database.database
    now = instant(date(2026, 1, 5), 9)
    database.write(partial(enlist, cast=standing(database), now=now))
    cast = database.write(partial(enlist, cast=standing(database), now=now))

    held = select(Person.login, Membership.certificate_no).join(Membership)
    with database.read() as session:
        found = {login: number for login, number in session.execute(held) if number}
    assert found == CERTIFICATES
    bodies = [cast[login].organisation_id for login in CERTIFICATES]
    assert {bodies.count(body) for body in bodies} == {2}


def test_nobody_accused_is_real():
    named = [*(one.name for one in ACCUSED_AGENCIES), *(one.name for one in ACCUSED_PERSONS)]
    assert all(name.startswith("示例") for name in named)
    faults = {uscc.check(agency.uscc).fault for agency in ACCUSED_AGENCIES}
    assert faults == {uscc.Fault.CHECK}, "no code is anybody's"


PLAYED_CHARGES = {
    name: charge for name, charge in vars(charges).items() if isinstance(charge, Charge)
}


@pytest.mark.parametrize("name", PLAYED_CHARGES)
def test_a_charge_rests_on_a_rule_of_its_conduct_and_says_that_it_is_invented(name):
    charge = PLAYED_CHARGES[name]
    rules = {rule.key for rule in rules_for(charge.conduct, date(2026, 9, 1))}
    assert charge.rule in rules or charge.conduct in {"dual_role", "lab_rules"}
    assert "（示例）" in charge.suspicion
    assert "（示例）" in charge.found
    assert all(len(line.split(" | ")) == 2 for line in charge.evidence.splitlines())


def test_keys_are_the_cases_own():
    keys = [plot.key for plot in enforcement.PLOTS]
    assert len(set(keys)) == len(keys)
    assert all(isinstance(plot, Plot) for plot in enforcement.PLOTS)
