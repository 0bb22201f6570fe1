"""Wrong passwords make wait: longer each time, whoever guesses, and never the owner's browser."""

from __future__ import annotations

import statistics
import time
from datetime import timedelta

import pytest
import time_machine

from app.accounts import passwords, throttle
from app.accounts.models import SignInFailure
from app.engine.actors import Role
from tests import factories
from tests.times import NOW

ADDRESS = "198.51.100.7"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture(autouse=True)
def inspector(database):
    return database.write(lambda s: factories.actor(s, Role.INSPECTOR, login="li"))


def post(client, password="wrong", login="li", address="127.0.0.1"):
    return client.post(
        "/account/sign-in",
        data={"login": login, "password": password},
        environ_overrides={"REMOTE_ADDR": address},
        headers={"Accept-Language": "en"},
    )


def fail(database, login, address, times, at=NOW):
    def write(session):
        for _ in range(times):
            throttle.count(session, login, address, at)

    database.write(write)


def test_the_wait_is_said_in_words_doubles_and_keeps_the_login(client, clock):
    for _ in range(8):
        assert post(client).status_code == 422
    answer = post(client, factories.PASSWORD)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "15")
    assert "15 seconds" in answer.text
    assert 'value="li"' in answer.text
    for wait in (15, 30, 60, 120, 240, 480, 900, 900):
        clock.shift(timedelta(seconds=wait - 1))
        assert post(client).status_code == 429
        clock.shift(timedelta(seconds=1))
        assert post(client).status_code == 422
    assert "15 minutes" in post(client).text
    clock.shift(timedelta(minutes=15))
    assert post(client, factories.PASSWORD).status_code == 303


def test_a_try_while_waiting_does_not_prolong_it(client, clock):
    for _ in range(8):
        post(client)
    for _ in range(5):
        assert post(client).status_code == 429
    clock.shift(timedelta(seconds=15))
    assert post(client, factories.PASSWORD).status_code == 303


def test_guessing_from_many_addresses_makes_strangers_wait_and_not_the_owner(app, database):
    owner, stranger = app.test_client(), app.test_client()
    assert post(owner, factories.PASSWORD).status_code == 303
    owner.post("/account/sign-out")
    for number in range(16):
        post(stranger, address=f"198.51.100.{number}")
    assert post(stranger, factories.PASSWORD, address="203.0.113.9").status_code == 429
    assert post(owner, factories.PASSWORD).status_code == 303


def test_the_owners_browser_has_a_budget_of_its_own_too(app, database):
    owner = app.test_client()
    post(owner, factories.PASSWORD)
    owner.post("/account/sign-out")
    for _ in range(8):
        assert post(owner).status_code == 422
    assert post(owner, factories.PASSWORD).status_code == 429
    assert post(app.test_client(), factories.PASSWORD).status_code == 303


def test_a_browser_is_known_for_the_accounts_it_signed_in_to_alone(app, database):
    database.write(lambda s: factories.actor(s, Role.INSPECTOR, login="wang"))
    insider = app.test_client()
    post(insider, factories.PASSWORD, "wang")
    insider.post("/account/sign-out")
    fail(database, "li", ADDRESS, 16)
    assert post(insider, factories.PASSWORD, "li").status_code == 429
    forged = app.test_client()
    forged.set_cookie("known", "forged")
    assert post(forged, factories.PASSWORD, "li").status_code == 429


def test_an_address_that_tries_many_logins_waits_with_all(app, database):
    client = app.test_client()
    for number in range(40):
        fail(database, f"guess{number}", ADDRESS, 1)
    assert post(client, factories.PASSWORD, address=ADDRESS).status_code == 429
    assert post(client, factories.PASSWORD, address="203.0.113.9").status_code == 303


def test_an_unknown_login_is_answered_and_counted_as_a_known_one(client, database):
    def answers(login):
        return [
            (one.status_code, one.text.replace(f'value="{login}"', ""))
            for one in (post(client, login=login, address=ADDRESS) for _ in range(9))
        ]

    assert answers("li") == answers("nobody")


def test_an_unknown_login_costs_the_work_of_a_known_one():
    kept = factories.password_hash()

    def median(hash_of):
        took = []
        for _ in range(9):
            began = time.perf_counter()
            passwords.matches(hash_of, "wrong")
            took.append(time.perf_counter() - began)
        return statistics.median(took)

    passwords.matches(None, "wrong")
    assert median(None) > median(kept) / 3
    assert median("!unset") > median(kept) / 3


def test_success_and_time_forget(client, database, clock):
    fail(database, "li", ADDRESS, 3)
    fail(database, "other", ADDRESS, 3)
    post(client, factories.PASSWORD)
    with database.read() as session:
        assert {one.login for one in session.query(SignInFailure)} == {"other"}
    fail(database, "third", ADDRESS, 1, at=NOW + throttle.KEPT)
    with database.read() as session:
        assert {one.login for one in session.query(SignInFailure)} == {"third"}
