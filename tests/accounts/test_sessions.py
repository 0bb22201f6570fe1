"""Sessions: a row each, limits by role, a list of one's own, ends that hold at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from app.accounts import browsers, operations
from app.accounts.models import Membership, SignInSession
from app.audit import chain
from app.engine.actors import Role
from tests import factories
from tests.browsers import signed_in
from tests.times import NOW

EIGHT_HOURS = timedelta(hours=8)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def inspector(database):
    return database.write(lambda s: factories.actor(s, Role.INSPECTOR, login="li", name="李四"))


def enter(app, login="li", agent="Firefox of the office"):
    client = app.test_client()
    data = {"login": login, "password": factories.PASSWORD}
    answer = client.post("/account/sign-in", data=data, headers={"User-Agent": agent})
    assert answer.status_code == 303
    return client


def is_in(client):
    return client.get("/account/").status_code == 200


def rows(database):
    with database.read() as session:
        return session.query(SignInSession).order_by(SignInSession.id).all()


@pytest.mark.parametrize(
    ("roles", "idle", "absolute"),
    [
        ({Role.ADMINISTRATOR}, 0.5, 8),
        ({Role.AUDITOR, Role.INSPECTOR}, 0.5, 8),
        ({Role.SUPERVISOR}, 1, 10),
        ({Role.BUREAU_LEADER, Role.INSPECTOR}, 1, 10),
        ({Role.LEGAL_REVIEWER}, 1, 10),
        ({Role.INSPECTOR}, 2, 12),
        ({Role.ENTERPRISE}, 8, 12),
        (set(), 8, 12),
    ],
)
def test_the_strictest_role_counts(roles, idle, absolute):
    limits = browsers.limits_of(roles, EIGHT_HOURS)
    assert (limits.idle, limits.absolute) == (timedelta(hours=idle), timedelta(hours=absolute))
    assert browsers.limits_of(roles, timedelta(minutes=5)).idle == timedelta(minutes=5)


def test_a_session_ends_after_two_idle_hours_of_an_inspector(app, inspector, clock):
    client = enter(app)
    for _ in range(3):
        clock.shift(timedelta(hours=2))
        assert is_in(client)
    clock.shift(timedelta(hours=2) + SECOND)
    assert not is_in(client)


def test_a_session_ends_twelve_hours_after_it_began_however_busy(app, inspector, clock):
    client = enter(app)
    for _ in range(12):
        clock.shift(timedelta(hours=1))
        assert is_in(client)
    clock.shift(SECOND)
    assert not is_in(client)


def test_a_copied_cookie_goes_on_no_longer_than_the_session(app, inspector, clock):
    client = enter(app)
    copied = client.get_cookie("session").value
    assert client.post("/account/sign-out").status_code == 303
    thief = app.test_client()
    thief.set_cookie("session", copied)
    assert not is_in(thief)


def test_a_role_wins_its_limits_at_once(app, database, inspector, clock):
    client = signed_in(app, database, inspector, NOW)

    def promote(session):
        session.query(Membership).one().role = Role.SUPERVISOR

    clock.shift(timedelta(minutes=61))
    database.write(promote)
    assert not is_in(client)


def test_being_seen_is_written_once_a_minute(app, database, inspector, clock):
    client = enter(app)
    for seconds, seen in (
        (59, NOW),
        (1, NOW + timedelta(minutes=1)),
        (30, NOW + timedelta(minutes=1)),
    ):
        clock.shift(timedelta(seconds=seconds))
        assert is_in(client)
        assert [one.seen_at for one in rows(database)] == [seen]


def test_a_page_is_shown_while_somebody_else_writes(app, database, inspector, clock):
    client = enter(app)
    clock.shift(timedelta(minutes=5))
    with database.sessions() as other:
        other.get_one(SignInSession, rows(database)[0].id, with_for_update=True)
        assert is_in(client)
        other.rollback()
    assert rows(database)[0].seen_at == NOW
    assert is_in(client)
    assert rows(database)[0].seen_at == NOW + timedelta(minutes=5)


def test_every_sign_in_is_a_new_session_and_a_given_one_is_not_taken_over(app, database, inspector):
    client = enter(app)
    before = client.get_cookie("session").value
    client.post("/account/sign-out")
    client.set_cookie("session", before)
    client.post("/account/sign-in", data={"login": "li", "password": factories.PASSWORD})
    assert is_in(client)
    first, second = rows(database)
    assert first.id != second.id
    assert (first.ended_because, second.ended_at) == ("signed_out", None)


def test_one_ends_one_session_or_all_others(app, database, inspector):
    here, phone, lost = enter(app), enter(app, agent="Telephone"), enter(app, agent="Lost one")
    html = here.get("/account/").text
    assert html.count("Telephone") == html.count("Lost one") == html.count("Firefox of the") == 1
    gone = next(one for one in rows(database) if one.agent == "Lost one")
    here.post("/account/sessions/end", data={"session": str(gone.id)})
    assert (is_in(here), is_in(phone), is_in(lost)) == (True, True, False)
    here.post("/account/sessions/end")
    assert (is_in(here), is_in(phone)) == (True, False)
    with database.read() as session:
        query = chain.entries.select().where(chain.entries.c.trigger == "end_sessions")
        assert len(session.execute(query).all()) == 2
    assert {one.ended_because for one in rows(database)} == {"", "revoked"}


def test_nobody_ends_the_session_of_somebody_else(app, database, inspector):
    database.write(lambda s: factories.actor(s, Role.INSPECTOR, login="wang"))
    mine, other = enter(app), enter(app, "wang")
    foreign = rows(database)[1]
    mine.post("/account/sessions/end", data={"session": str(foreign.id)})
    assert is_in(other)
    assert mine.post("/account/sessions/end", data={"session": "x"}).status_code == 422


def test_a_new_password_and_leaving_end_sessions_in_the_rows_too(app, database, inspector):
    here, there = enter(app), enter(app)
    new = "another good password"
    answer = here.post(
        "/account/", data={"present": factories.PASSWORD, "password": new, "again": new}
    )
    assert answer.status_code == 303
    assert (is_in(here), is_in(there)) == (True, False)
    assert [one.ended_because for one in rows(database)] == ["password", "password", ""]
    chief = database.write(lambda s: factories.actor(s, Role.ADMINISTRATOR))
    database.write(lambda s: operations.deactivate(s, chief, inspector.person_id, now=NOW))
    assert not is_in(here)
    assert rows(database)[-1].ended_because == "deactivated"
