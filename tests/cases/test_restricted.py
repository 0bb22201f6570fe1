"""Sealed values are shown to the authority alone, and only once why they are read stands for good."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from app.audit import chain, reads
from app.audit.models import AuditEntry
from app.cases.opening import Opening, open_case
from app.db import Database
from app.engine.actors import SUPERVISOR, Actor, Capacity, Role
from app.engine.definition import OPENING, Join, Lifecycle, State, SubjectKind, Transition
from app.engine.inputs import Text
from app.law.terms import shipped_law
from tests import factories
from tests.cases.conftest import page
from tests.conftest import SignIn
from tests.times import NOW
from tests.town import registered

REPORTER, PHONE, REASON = "李举报", "13800000000", "核对举报人是否实名，以便反馈处理结果"


class Tip(Lifecycle):
    """A tip about a unit, which takes part in its case."""

    key = "sample_tip"
    zh, en = "示例线索程序", "Tip"
    subject = SubjectKind.UNIT
    number_prefix = "示密"

    pending = State("办理中", "Open", waits_for=SUPERVISOR)
    closed = State("已办结", "Closed", final=True)

    begin = Transition(
        "登记", "Register", code="T01", sources=OPENING, to=pending, by=[SUPERVISOR],
        effects=[Join(Capacity.PARTY, subject=True)],
        inputs=[
            Text("facts", "涉嫌事实", "Facts"),
            Text("phone", "联系电话", "Telephone", personal=True),
            Text("reporter", "举报人", "Reporter", personal=True, sealed=True, required=False),
        ],
    )  # fmt: skip
    close = Transition("办结", "Close", code="T02", sources=[pending], to=closed, by=[SUPERVISOR])


@dataclass
class Scene:
    """A tip about a unit, and browsers of whoever reads it."""

    app: Flask
    database: Database
    case_id: UUID
    people: dict[str, Actor]
    sign_in: SignIn

    @property
    def address(self) -> str:
        return f"/cases/{self.case_id}/entries/0"

    def browser(self, who: str) -> FlaskClient:
        return self.sign_in(self.people[who])

    def reads(self) -> list[AuditEntry]:
        query = select(AuditEntry).where(AuditEntry.chain == reads.CHAIN)
        with self.database.read() as session:
            return list(session.scalars(query.order_by(AuditEntry.seq)))


@pytest.fixture
def scene(
    app: Flask, database: Database, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Scene]:
    monkeypatch.setattr("app.cases.views.utcnow", lambda: NOW)

    def begin(session: Session) -> Scene:
        bureau, unit = factories.organisation(session), factories.unit(session)
        people = {
            "supervisor": factories.actor(session, Role.SUPERVISOR, at=bureau),
            "inspector": factories.actor(session, Role.INSPECTOR, at=bureau),
            "auditor": factories.actor(session, Role.AUDITOR, at=bureau),
            "unit": factories.actor(session, Role.ENTERPRISE, at=unit),
        }
        opening = Opening(
            lifecycle=Tip,
            authority_id=bureau.id,
            authority_name=bureau.name,
            subject_id=unit.id,
            subject_name=unit.name,
            division=unit.division,
            cycle_year=2026,
        )
        typed = {"facts": "数值不实", "phone": PHONE, "reporter": REPORTER}
        opened = open_case(
            session, opening, actor=people["supervisor"], inputs=typed, now=NOW, law=shipped_law()
        )
        return Scene(app, database, opened.case_id, people, sign_in)

    with registered(Tip):
        yield database.write(begin)


def test_a_personal_value_is_read_at_once_and_a_sealed_one_for_a_reason(scene):
    before = len(scene.reads())
    html = page(scene.browser("inspector").get(scene.address))
    assert PHONE in html
    assert "举报人" in html
    assert REPORTER not in html
    assert len(scene.reads()) == before

    html = page(scene.browser("inspector").post(scene.address, data={"reason": REASON}))
    assert REPORTER in html
    assert REASON in html
    entry = scene.reads()[before]
    officer = scene.people["inspector"]
    assert (entry.actor_id, entry.trigger) == (officer.person_id, reads.TRIGGER)
    assert json.loads(entry.body)["details"] == {
        "chain": str(scene.case_id), "entry": 0, "what": "values", "names": ["reporter"],
        "reason": REASON,
    }  # fmt: skip
    assert REPORTER not in entry.body
    assert chain.digest(entry.body) == entry.hash
    assert REPORTER not in page(scene.browser("inspector").get(scene.address))


@pytest.mark.parametrize("typed", ["", "  \n ", "长" * 501])
def test_without_a_reason_nothing_is_shown_and_nothing_typed_is_lost(scene, typed):
    before = len(scene.reads())
    html = page(scene.browser("supervisor").post(scene.address, data={"reason": typed}), 422)
    assert REPORTER not in html
    assert 'id="reason-error"' in html
    assert 'aria-invalid="true"' in html
    assert typed.strip() in html
    assert len(scene.reads()) == before


@pytest.mark.parametrize("who", ["unit", "auditor"])
def test_neither_a_party_nor_an_auditor_is_shown_either_whatever_they_say(scene, who):
    before = len(scene.reads())
    browser = scene.browser(who)
    html = page(browser.get(scene.address))
    assert "已封存" in html
    assert 'name="reason"' not in html
    told = browser.post(scene.address, data={"reason": REASON}).get_data(as_text=True)
    for one in (html, told):
        assert REPORTER not in one
        assert PHONE not in one
    assert len(scene.reads()) == before


def test_nothing_is_shown_before_the_read_is_committed(scene):
    """Whoever asks for the value finds the entry there, in another transaction."""
    database, seen = scene.database, []

    def note(_c, _cursor, statement, values, *_rest):
        asked = values.values() if isinstance(values, dict) else values
        if "private_values.value" in statement and "reporter" in asked:
            with database.engine.connect() as other:
                found = other.execute(select(AuditEntry.seq).where(AuditEntry.chain == reads.CHAIN))
                seen.append(len(found.all()))

    before = len(scene.reads())
    engine = database.reader_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        page(scene.browser("inspector").post(scene.address, data={"reason": REASON}))
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert seen == [before + 1]


def test_a_read_that_cannot_be_written_shows_nothing(scene, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(reads, "record_read", full)
    scene.app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    try:
        answer = scene.browser("inspector").post(scene.address, data={"reason": REASON})
    finally:
        scene.app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=None)
    assert answer.status_code == 500
    assert REPORTER not in answer.get_data(as_text=True)


def test_what_was_destroyed_is_not_offered(scene):
    values = chain.values
    blank = update(values).where(values.c.chain_id == scene.case_id, values.c.name == "reporter")
    scene.database.write(lambda s: s.execute(blank.values(salt="", value="")))
    browser, before = scene.browser("inspector"), len(scene.reads())
    assert 'name="reason"' not in page(browser.get(scene.address))
    assert browser.post(scene.address, data={"reason": REASON}).status_code == 404
    assert len(scene.reads()) == before


def test_an_input_no_lifecycle_declares_any_more_stays_closed(scene, monkeypatch):
    inputs = tuple(one for one in Tip.begin.inputs if one.name != "phone")
    monkeypatch.setattr(type(Tip.begin), "all_inputs", property(lambda _: inputs))
    html = page(scene.browser("inspector").get(scene.address))
    assert PHONE not in html
    shown = page(scene.browser("inspector").post(scene.address, data={"reason": REASON}))
    assert PHONE in shown
