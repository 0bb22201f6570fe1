"""The second factor: who needs it, what a code is worth, recovery codes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from app import vault
from app.accounts import factors, operations
from app.accounts.models import Delegation, RecoveryCode, SecondFactor
from app.audit import chain
from app.audit.models import AuditEntry
from app.db import new_id
from app.engine.actors import Role
from tests import factories
from tests.browsers import signed_in
from tests.times import NOW, TODAY

CODE = "/account/sign-in/code"
ENROL = "/account/sign-in/authenticator"
STEP = timedelta(seconds=factors.STEP)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def leader(database):
    return database.write(lambda s: factories.actor(s, Role.SUPERVISOR, login="zhao"))


@pytest.fixture
def inspector(database):
    return database.write(lambda s: factories.actor(s, Role.INSPECTOR, login="li"))


@pytest.fixture
def held(app):
    path = app.extensions["tanjian.settings"].factor_keys
    path.unlink(missing_ok=True)
    return vault.make(path)


@pytest.fixture
def codes(database, leader, held):
    """Recovery codes of the leader, whose authenticator has `SECRET`."""
    return database.write(lambda s: factors.enrol(s, leader.person_id, SECRET, 0, held, NOW))


def post_password(client, login="zhao"):
    return client.post(
        "/account/sign-in", data={"login": login, "password": factories.PASSWORD, "next": "/cases"}
    )


def code(steps=0, secret=SECRET):
    from app.clock import utcnow

    return factors.code_at(secret, factors.step_of(utcnow()) + steps)


def is_in(client):
    return client.get("/account/").status_code == 200


def triggers(database):
    with database.read() as session:
        return set(session.scalars(select(chain.entries.c.trigger)))


def test_after_the_password_alone_nobody_is_in(client, codes):
    answer = post_password(client)
    assert (answer.status_code, answer.location) == (303, CODE)
    assert not is_in(client)
    answer = client.post(CODE, data={"code": code()})
    assert (answer.status_code, answer.location) == (303, "/cases")
    assert is_in(client)


@pytest.mark.parametrize(
    ("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_code_counts_one_step_early_and_one_late(client, codes, steps, good):
    post_password(client)
    answer = client.post(CODE, data={"code": code(steps)})
    assert answer.status_code == (303 if good else 422)
    assert is_in(client) is good


def test_a_code_is_taken_once(app, codes, clock):
    one, two = app.test_client(), app.test_client()
    for client in (one, two):
        post_password(client)
    assert one.post(CODE, data={"code": code()}).status_code == 303
    assert two.post(CODE, data={"code": code()}).status_code == 422
    assert two.post(CODE, data={"code": code(-1)}).status_code == 422
    clock.shift(STEP)
    assert two.post(CODE, data={"code": f" {code()[:3]} {code()[3:]}"}).status_code == 303


def test_a_recovery_code_stands_in_once(app, database, codes):
    one, two = app.test_client(), app.test_client()
    for client in (one, two):
        post_password(client)
    assert one.post(CODE, data={"code": codes[0].lower().replace("-", " ")}).status_code == 303
    assert "9" in one.get("/account/").text
    assert two.post(CODE, data={"code": codes[0]}).status_code == 422
    assert two.post(CODE, data={"code": codes[1]}).status_code == 303
    with database.read() as session:
        kept = session.query(RecoveryCode).all()
    assert sum(row.used_at is not None for row in kept) == 2
    assert not {row.code_hash for row in kept} & set(codes)


def test_secret_and_codes_stand_nowhere_in_the_open(database, codes):
    with database.read() as session:
        row = session.query(SecondFactor).one()
        assert SECRET not in row.secret


@pytest.mark.parametrize("typed", ["", "000000", "１２３４５６", "A" * 41, "密码"])
def test_nonsense_is_no_code(client, codes, typed):
    post_password(client)
    assert client.post(CODE, data={"code": typed}).status_code == 422
    assert not is_in(client)


@pytest.mark.parametrize("typed", ["１２３４５６", "\ufeff", "x" * 5000])
def test_nonsense_sets_up_no_authenticator(typed):
    assert factors.step_taken("JBSWY3DPEHPK3PXP" * 2, typed, NOW) is None


@pytest.mark.parametrize("role", sorted(factors.COMPULSORY))
def test_whose_role_wants_it_sets_it_up_before_anything_else(app, database, clock, role):
    database.write(lambda s: factories.actor(s, role, login="new"))
    client = app.test_client()
    answer = post_password(client, "new")
    assert answer.location == ENROL
    assert not is_in(client)
    html = client.get(ENROL).text
    assert "<svg" in html
    secret = re.findall(r"<code>([A-Z2-7 ]+)</code>", html)[0].replace(" ", "")
    assert client.post(ENROL, data={"code": "000000"}).status_code == 422
    assert secret[:4] in client.get(ENROL).text
    shown = client.post(ENROL, data={"code": code(secret=secret)})
    assert shown.status_code == 200
    found = re.findall(r"<li>([A-Z2-9]{5}-[A-Z2-9]{5})</li>", shown.text)
    assert len(set(found)) == factors.CODES
    assert is_in(client)
    assert {"enrol_factor", "sign_in"} <= triggers(database)
    assert not set(found) & set(
        re.findall(r"[A-Z2-9]{5}-[A-Z2-9]{5}", client.get("/account/").text)
    )


def test_others_sign_in_with_the_password_alone(client, inspector):
    assert post_password(client, "li").location == "/cases"
    assert is_in(client)


def test_who_stands_in_for_a_supervisor_needs_one_too(client, database, leader, inspector):
    def delegate(session):
        session.add(
            Delegation(
                id=new_id(), principal_id=leader.person_id, substitute_id=inspector.person_id,
                organisation_id=leader.organisation_id, roles=[Role.SUPERVISOR], lifecycles=[],
                since=TODAY, until=TODAY, made_by=leader.person_id, made_by_name="x", made_at=NOW,
            )
        )  # fmt: skip

    database.write(delegate)
    assert post_password(client, "li").location == ENROL


def test_a_role_that_wants_one_ends_a_session_without(app, database, inspector):
    client = app.test_client()
    post_password(client, "li")
    database.write(
        lambda s: operations.grant(
            s, inspector, person_id=inspector.person_id, role=Role.SUPERVISOR, since=TODAY,
            organisation_id=inspector.organisation_id, now=NOW,
        )
    )  # fmt: skip
    assert not is_in(client)


def test_the_second_page_waits_ten_minutes_and_knows_a_changed_password(
    app, database, leader, codes, clock
):
    late, stale = app.test_client(), app.test_client()
    post_password(late)
    post_password(stale)
    database.write(lambda s: operations.change_password(s, leader, "a new long password", NOW))
    assert stale.post(CODE, data={"code": code()}).location == "/account/sign-in"
    clock.shift(timedelta(minutes=10, seconds=1))
    assert late.post(CODE, data={"code": code()}).location == "/account/sign-in"
    assert not is_in(late)
    assert app.test_client().get(CODE).location == "/account/sign-in"


def test_who_has_one_cannot_set_up_another_with_the_password_alone(client, codes):
    post_password(client)
    assert client.get(ENROL).location == "/account/sign-in"
    assert client.post(ENROL, data={"code": code()}).location == "/account/sign-in"


def test_wrong_codes_make_wait_and_the_audit_tells(app, database, codes, clock):
    client = app.test_client()
    post_password(client)
    for _ in range(8):
        assert client.post(CODE, data={"code": "nonsense"}).status_code == 422
    answer = client.post(CODE, data={"code": code()})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "15")
    assert client.post(CODE, data={"code": codes[0]}).status_code == 429
    assert not is_in(client)
    assert "sign_in_refused" in triggers(database)
    clock.shift(timedelta(seconds=16))
    assert client.post(CODE, data={"code": code()}).status_code == 303


def test_one_sets_it_up_renews_codes_and_does_without_it(app, database, inspector, clock):
    client = signed_in(app, database, inspector)
    html = client.get("/account/authenticator").text
    secret = re.findall(r"<code>([A-Z2-7 ]+)</code>", html)[0].replace(" ", "")
    assert client.post("/account/authenticator", data={"code": "1"}).status_code == 422
    shown = client.post("/account/authenticator", data={"code": code(secret=secret)}).text
    before = re.findall(r"<li>([A-Z2-9-]{11})</li>", shown)
    renewed = client.post("/account/authenticator/recovery-codes").text
    after = re.findall(r"<li>([A-Z2-9-]{11})</li>", renewed)
    assert len(before) == len(after) == factors.CODES
    assert not set(before) & set(after)
    assert post_password(app.test_client(), "li").location == CODE
    assert client.post("/account/authenticator/remove").status_code == 303
    assert post_password(app.test_client(), "li").location == "/cases"
    wanted = {"enrol_factor", "new_recovery_codes", "remove_factor"}
    assert wanted <= triggers(database)


def test_nobody_does_without_what_their_role_wants(app, database, leader, codes):
    client = signed_in(app, database, leader)
    assert client.post("/account/authenticator/remove").status_code == 403
    with database.read() as session:
        assert factors.of(session, leader.person_id) is not None


def test_without_its_keys_no_new_vault_is_made(app, database, codes, leader, client):
    app.extensions["tanjian.settings"].factor_keys.unlink()
    post_password(client)
    assert client.post(CODE, data={"code": code()}).status_code == 503
    assert not app.extensions["tanjian.settings"].factor_keys.exists()


def test_its_keys_are_rotated_and_codes_still_count(app, database, codes, client):
    path = app.extensions["tanjian.settings"].factor_keys
    before = vault.load(path).ids
    result = app.test_cli_runner().invoke(args=["accounts", "rotate-factor-keys"])
    assert result.exit_code == 0, result.output
    [newest] = vault.load(path).ids
    assert newest not in before
    with database.read() as session:
        assert session.query(SecondFactor).one().key_id == newest
        entry = session.query(AuditEntry).filter_by(trigger="vault_rotated").one()
    told = json.loads(entry.body)["details"]
    assert told == {"vault": "factors", "old": before, "new": newest, "values": 1}
    post_password(client)
    assert client.post(CODE, data={"code": code()}).status_code == 303


def test_the_demonstration_shows_the_code_and_nothing_else_does(
    app, database, leader, clock, monkeypatch
):
    settings = app.extensions["tanjian.settings"]
    monkeypatch.setitem(app.extensions, "tanjian.settings", replace(settings, demo=True))
    for _ in range(2):
        client = app.test_client()
        assert post_password(client).location == CODE
        [shown] = re.findall(r'name="code"[^>]*value="(\d{6})"', client.get(CODE).text)
        assert client.post(CODE, data={"code": shown}).status_code == 303
    monkeypatch.setitem(app.extensions, "tanjian.settings", settings)
    client = app.test_client()
    post_password(client)
    assert not re.search(r'name="code"[^>]*value="\d', client.get(CODE).text)
