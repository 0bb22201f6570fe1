"""Appending reads no history, and who writes in one chain waits for nobody who writes in another."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from app import workflows
from app.accounts import operations
from app.audit import chain, reads
from app.cases.operations import fire
from app.db import is_transient, new_id
from app.engine.actors import SYSTEM_ACTOR, Role
from benchmarks.exchange import Exchange
from benchmarks.scene import LAW, peopled
from tests import factories
from tests.times import NOW

on_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
"""SQLite has one writer at a time, whatever is written."""


@contextmanager
def held(database, work):
    """Do something and keep it uncommitted meanwhile."""
    with database.sessions() as session:
        work(session)
        session.flush()
        yield
        session.commit()


def goes_on(database, work):
    """Whether something can be written at once, without waiting for anybody."""

    def at_once(session):
        session.execute(text("SET LOCAL lock_timeout = 100"))
        work(session)

    try:
        database.write(at_once, attempts=1)
    except OperationalError as waited:
        if not is_transient(waited):
            raise
        return False
    return True


@pytest.fixture
def scene(database, monkeypatch):
    monkeypatch.setitem(workflows._known, Exchange.key, Exchange)
    monkeypatch.setitem(workflows._versions, (Exchange.key, Exchange.version), Exchange)
    return peopled("postgresql", database)


def forwarding(scene, case_id):
    def work(session):
        fire(
            session, case_id, "forward", actor=scene.supervisor, inputs={"remark": "请答复"},
            now=NOW + timedelta(hours=1), law=LAW, expected_version=1, key=str(new_id()),
        )  # fmt: skip

    return work


@on_postgresql
def test_two_cases_do_not_wait_for_each_other(database, scene):
    first, second = scene.open_case(), scene.open_case()
    with held(database, forwarding(scene, first)):
        assert not goes_on(database, forwarding(scene, first))
        assert goes_on(database, forwarding(scene, second))
    with database.read() as session:
        asked = text("SELECT count(*) FROM audit_entries WHERE trigger = 'forward'")
        assert session.execute(asked).scalar() == 2


@on_postgresql
def test_signing_in_and_reading_wait_for_nobody_of_another_organisation_or_day(database):
    here = database.write(lambda s: factories.actor(s, Role.INSPECTOR))
    there = database.write(lambda s: factories.actor(s, Role.INSPECTOR))
    colleague = replace(there, organisation_id=here.organisation_id)

    def coming(actor, at=NOW):
        return lambda session: operations.sign_in(session, actor.person_id, actor, at)

    def reading(actor):
        return lambda session: reads.record_read(
            session, actor, chain_id=new_id(), what=reads.Restricted.VALUES, reason="核对", now=NOW
        )

    for _ in range(2):  # where the chain has just begun, and where it stands
        with held(database, coming(here)):
            assert goes_on(database, coming(there))
            assert goes_on(database, coming(colleague, NOW + timedelta(days=1)))
            assert goes_on(database, reading(colleague))
            assert not goes_on(database, coming(colleague))
        assert goes_on(database, coming(colleague))
        with held(database, reading(here)):
            assert goes_on(database, reading(there))
            assert not goes_on(database, reading(colleague))


def test_the_hundredth_entry_asks_the_database_what_the_second_did_and_no_entry(database):
    def sent():
        seen = []

        def note(_c, _cursor, statement, *_rest):
            seen.append(statement)

        event.listen(database.engine, "before_cursor_execute", note)
        try:
            database.write(
                lambda s: chain.append(
                    s, "registers", trigger="try", actor=SYSTEM_ACTOR, body={}, now=NOW
                )
            )
        finally:
            event.remove(database.engine, "before_cursor_execute", note)
        return seen

    sent()
    early = sent()
    for _ in range(97):
        database.write(
            lambda s: chain.append(
                s, "registers", trigger="try", actor=SYSTEM_ACTOR, body={}, now=NOW
            )
        )
    assert sent() == early
    assert [statement.split()[0] for statement in early if "FROM audit_entries" in statement] == []
    assert len(early) <= 4
