from datetime import timedelta

import pytest
import time_machine
from argon2 import PasswordHasher

from app.accounts import operations, passwords, sessions
from app.accounts.leavers import UNSET
from app.accounts.models import Membership, OrganisationKind, ParkedForm, Person
from app.audit import chain
from app.engine.actors import Role
from tests import factories
from tests.times import NOW, TODAY

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def noon_of_today():
    """The sign-in page reads the wall clock: it stands at noon of `TODAY`."""
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def inspector(database):
    return database.write(lambda s: factories.actor(s, Role.INSPECTOR, login="li", name="李四"))


def post_sign_in(client, login="li", password=factories.PASSWORD, address="/account/sign-in"):
    return client.post(address, data={"login": login, "password": password})


def entries_of(database, trigger):
    with database.read() as session:
        rows = session.execute(chain.entries.select().where(chain.entries.c.trigger == trigger))
        return rows.all()


def test_the_right_password_opens_the_page_one_wanted(client, inspector, database):
    answer = client.get("/account/?a=1")
    assert answer.status_code == 303
    assert answer.location == "/account/sign-in?next=/account/?a%3D1"
    page = client.get(answer.location).text
    assert 'value="/account/?a=1"' in page

    answer = client.post(
        "/account/sign-in",
        data={"login": " LI ", "password": factories.PASSWORD, "next": "/account/?a=1"},
    )
    assert (answer.status_code, answer.location) == (303, "/account/?a=1")
    page = client.get("/account/").text
    assert "<code>li</code>" in page
    assert "<dd>李四</dd>" in page
    [entry] = entries_of(database, "sign_in")
    assert (entry.actor_id, entry.organisation_id) == (
        inspector.person_id,
        inspector.organisation_id,
    )
    with database.read() as session:
        assert session.get_one(Person, inspector.person_id).last_seen_at == NOW


def test_a_wrong_password_says_nothing_about_the_login(client, inspector):
    known, unknown = (post_sign_in(client, login, "wrong") for login in ("li", "no"))
    assert known.status_code == unknown.status_code == 422
    assert known.text.replace('value="li"', 'value="no"') == unknown.text
    assert post_sign_in(client, "", "").status_code == 422
    assert client.get("/account/").status_code == 303


def test_the_right_password_forgets_the_wrong_ones(client, inspector):
    for _ in range(2):
        for _ in range(operations.FAILURES - 1):
            post_sign_in(client, password="wrong")
        assert post_sign_in(client).status_code == 303
        client.post("/account/sign-out")


@pytest.mark.parametrize(
    "address",
    ["//evil.example/", "https://evil.example/", "/\\evil.example", "evil", "/a\tb", "\n//evil"],
)
def test_signing_in_never_leads_to_another_site(app, client, inspector, address):
    answer = client.post(
        "/account/sign-in", data={"login": "li", "password": factories.PASSWORD, "next": address}
    )
    assert answer.location == "/"


def test_a_role_is_held_from_its_first_to_its_last_day(database, inspector):
    def change(session):
        [membership] = session.query(Membership).all()
        membership.since, membership.until = TODAY - DAY, TODAY + DAY

    database.write(change)
    with database.read() as session:
        person = session.get_one(Person, inspector.person_id)
        for day, held in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
            places = operations.organisations_of(session, person.id, TODAY + day * DAY)
            assert bool(places) is held
        actor = operations.actor_for(session, person, inspector.organisation_id, TODAY)
    assert actor == inspector


def test_without_a_role_today_nobody_gets_in(client, database, inspector):
    database.write(lambda s: s.query(Membership).update({"until": TODAY - DAY}))
    answer = post_sign_in(client)
    assert answer.status_code == 422
    assert "角色" in answer.text or "role" in answer.text


def test_a_role_that_ends_ends_the_session(client, database, inspector):
    post_sign_in(client)
    assert client.get("/account/").status_code == 200
    database.write(lambda s: s.query(Membership).update({"until": TODAY - DAY}))
    assert client.get("/account/").status_code == 303


def test_who_is_deactivated_is_out_at_once_and_keeps_the_name(client, database, inspector):
    post_sign_in(client)
    chief = database.write(lambda s: factories.actor(s, Role.ADMINISTRATOR))
    database.write(lambda s: operations.deactivate(s, chief, inspector.person_id, now=NOW))
    assert client.get("/account/").status_code == 303
    assert post_sign_in(client).status_code == 422
    with database.read() as session:
        assert session.get_one(Person, inspector.person_id).name == "李四"


def test_a_new_password_ends_the_other_sessions(app, client, inspector, database):
    other = app.test_client()
    post_sign_in(client)
    post_sign_in(other)
    new = "another good password"
    bad = client.post("/account/", data={"present": "no", "password": new, "again": new})
    assert bad.status_code == 422
    short = {"present": factories.PASSWORD, "password": "short", "again": "short"}
    assert client.post("/account/", data=short).status_code == 422
    good = {"present": factories.PASSWORD, "password": new, "again": new}
    assert client.post("/account/", data=good).status_code == 303
    assert client.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 303
    assert post_sign_in(other).status_code == 422
    assert post_sign_in(other, password=new).status_code == 303
    assert len(entries_of(database, "change_password")) == 1


def test_one_acts_for_another_of_ones_organisations_only(client, database, inspector):
    def second_place(session):
        person = session.get_one(Person, inspector.person_id)
        place = factories.organisation(session, OrganisationKind.BRANCH, name="沙坡头分局")
        factories.membership(session, person, place, Role.INSPECTOR)
        return place.id, factories.organisation(session).id

    mine, foreign = database.write(second_place)
    post_sign_in(client)
    assert client.post("/account/organisation", data={"organisation": foreign}).status_code == 403
    assert client.post("/account/organisation", data={"organisation": "x"}).status_code == 403
    assert client.post("/account/organisation", data={"organisation": mine}).status_code == 303
    page = client.get("/account/").text
    assert f'<option value="{mine}" selected>' in page


def test_the_language_is_kept_in_the_browser_and_with_the_person(client, database, inspector):
    assert 'lang="zh-CN"' in client.get("/account/sign-in").text
    german_or_english = {"Accept-Language": "de, en;q=0.8"}
    assert '<html lang="en"' in client.get("/account/sign-in", headers=german_or_english).text
    post_sign_in(client)
    answer = client.post("/account/language", data={"locale": "en", "next": "/account/"})
    assert answer.location == "/account/"
    assert '<html lang="en"' in client.get("/account/").text
    assert client.post("/account/language", data={"locale": "xx"}).status_code == 422
    client.post("/account/sign-out")
    with database.read() as session:
        assert session.get_one(Person, inspector.person_id).locale == "en"


def test_the_accounts_are_listed_in_the_demonstration_only(app, client, inspector, monkeypatch):
    from dataclasses import replace

    assert "李四" not in client.get("/account/sign-in").text
    monkeypatch.setitem(
        app.extensions, "tanjian.settings", replace(app.extensions["tanjian.settings"], demo=True)
    )
    page = client.get("/account/sign-in").text
    assert "李四" in page
    assert Role.INSPECTOR.label.zh in page


# A form sent after the session has ended ---------------------------------------------------------


@pytest.fixture
def long_form(app):
    """A form of somebody's, at an address of its own."""
    from flask import request
    from flask_login import login_required

    from app.db import database as at_work
    from app.db import request_session

    if "long_form" not in app.view_functions:

        @login_required
        def long_form():
            person_id = sessions.current_person().id
            if request.method == "POST":
                at_work().write(lambda s: sessions.forget_parked(s, person_id, request.path))
                return "sent"
            kept = sessions.parked_for(request_session(), person_id, request.path)
            return {} if kept is None else kept.to_dict(flat=False)

        app._got_first_request = False
        app.add_url_rule("/long-form", view_func=long_form, methods=["GET", "POST"])
    return "/long-form"


TYPED = {"grounds": ["很长的理由"], "articles": ["23", "25"]}
SENT = {**TYPED, "csrf_token": "old", "password": "secret"}


def test_what_is_sent_after_the_session_ended_comes_back_after_signing_in(
    client, inspector, long_form, noon_of_today, database
):
    post_sign_in(client)
    noon_of_today.shift(timedelta(hours=9))
    answer = client.post(long_form, data=SENT)
    assert (answer.status_code, answer.location) == (303, "/account/sign-in?next=/long-form")
    post_sign_in(client)
    assert client.get(long_form).json == TYPED
    assert client.get(long_form).json == TYPED
    client.post(long_form, data=SENT)
    assert client.get(long_form).json == {}


def test_an_expired_form_token_loses_nothing_either(
    app, client, inspector, long_form, noon_of_today, monkeypatch
):
    post_sign_in(client)
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    answer = client.post(long_form, data=SENT)
    assert (answer.status_code, answer.location) == (303, "/long-form")
    assert client.get(long_form).json == TYPED

    noon_of_today.shift(timedelta(hours=9))
    answer = client.post(long_form, data={"grounds": "later"})
    assert answer.location == "/account/sign-in?next=/long-form"
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    post_sign_in(client)
    assert client.get(long_form).json == {"grounds": ["later"]}


def test_nobody_else_sees_what_was_parked(client, inspector, long_form, noon_of_today, database):
    database.write(lambda s: factories.actor(s, Role.INSPECTOR, login="wang"))
    post_sign_in(client)
    noon_of_today.shift(timedelta(hours=9))
    client.post(long_form, data=SENT)
    post_sign_in(client, "wang")
    assert client.get(long_form).json == {}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Accept": "application/json"},
        {"Cookie": "who=forged"},
    ],
)
def test_nothing_is_parked_for_another_site_a_script_or_a_stranger(
    app, client, inspector, long_form, noon_of_today, database, headers
):
    post_sign_in(client)
    noon_of_today.shift(timedelta(hours=9))
    browser = app.test_client(use_cookies="Cookie" not in headers)
    if "Cookie" not in headers:
        browser = client
    status = browser.post(long_form, data=SENT, headers=headers).status_code
    assert status == (401 if "Accept" in headers else 303)
    with database.read() as session:
        assert session.query(ParkedForm).count() == 0


def test_what_was_parked_is_forgotten_after_a_week(client, inspector, long_form, noon_of_today):
    post_sign_in(client)
    noon_of_today.shift(timedelta(hours=9))
    client.post(long_form, data=SENT)
    noon_of_today.shift(sessions.PARKED_FOR + timedelta(seconds=1))
    post_sign_in(client)
    assert client.get(long_form).json == {}


def test_a_form_token_of_an_old_sign_in_page_asks_again(app, client, inspector, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    answer = post_sign_in(client)
    assert (answer.status_code, answer.location) == (303, "/account/sign-in?next=/")


def test_an_address_that_only_takes_forms_is_not_where_signing_in_leads(client):
    answer = client.post("/account/sign-out")
    assert (answer.status_code, answer.location) == (303, "/account/sign-in?next=/")


def test_without_a_token_a_script_and_another_site_get_a_plain_refusal(
    app, client, inspector, long_form, database, monkeypatch
):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    script = {"Accept": "application/json"}
    assert client.post(long_form, data=SENT, headers=script).status_code == 401
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    post_sign_in(client)
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    for headers in (script, {"Origin": "https://evil.example"}):
        assert client.post(long_form, data=SENT, headers=headers).status_code == 400
    with database.read() as session:
        assert session.query(ParkedForm).count() == 0


def test_a_password_hashed_at_old_costs_is_hashed_anew_but_never_over_a_reset(
    client, database, inspector
):
    weak = PasswordHasher(time_cost=1, memory_cost=1024).hash(factories.PASSWORD)

    def keep(text):
        def write(session):
            session.get_one(Person, inspector.person_id).password_hash = text

        database.write(write)

    def kept():
        with database.read() as session:
            return session.get_one(Person, inspector.person_id).password_hash

    keep(weak)
    post_sign_in(client)
    assert not passwords.is_outdated(kept())
    keep(UNSET)
    database.write(lambda s: operations.hash_anew(s, inspector.person_id, weak, factories.PASSWORD))
    assert kept() == UNSET
