"""Signing in with an identity of another service, at a real provider of OpenID Connect."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
import threading
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import flask
import oidc_provider_mock
import pytest
import requests
import time_machine
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import select
from werkzeug.serving import make_server

from app import vault
from app.accounts import browsers, factors, oidc, oidc_views, operations, throttle
from app.accounts import requests as account_requests
from app.accounts.models import ExternalIdentity, Membership, Person
from app.audit import chain
from app.engine.actors import Role
from config import OpenID
from tests import factories
from tests.browsers import signed_in
from tests.times import NOW

pytestmark = pytest.mark.filterwarnings(  # the provider's own, which run in this process
    "ignore:get_jwt_config:DeprecationWarning"
)

START, BACK, SIGN_IN = "/account/sign-in/openid", "/account/sign-in/openid/back", "/account/sign-in"
LINK = "/account/openid/link"
SUB = "subject-4711"
OTHER_KEY = RSAKey.generate_key(2048)


class Provider:
    """A provider that does what one does, unless a test has it lie."""

    def __init__(self, app, port):
        self.issuer = f"http://127.0.0.1:{port}"
        self.known = OpenID(self.issuer, "tanjian", "secret", "单位统一认证")
        self.asked = []
        self.lie = None
        app.before_request(self._note)
        app.after_request(self._twist)

    def _note(self):
        self.asked.append((flask.request.path, flask.request.values.to_dict()))

    def _twist(self, answer):
        if self.lie is not None:
            self.lie(answer)
        return answer

    def consent(self, address, **form):
        """Go on at the provider as somebody; return the address it leads back to."""
        sent = requests.post(address, data=form or {"sub": SUB}, allow_redirects=False, timeout=5)
        return sent.headers["Location"]

    def tokens(self):
        return [values for path, values in self.asked if path == "/oauth2/token"]


@pytest.fixture(scope="module")
def running():
    app = oidc_provider_mock.app()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    provider = Provider(app, server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield provider
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def provider(running):
    running.lie = None
    running.asked.clear()
    oidc._metadata.clear()
    return running


@pytest.fixture
def settings(settings, provider):
    return replace(settings, oidc=provider.known)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def inspector(database):
    return database.write(lambda s: factories.actor(s, Role.INSPECTOR, login="li"))


@pytest.fixture
def linked(database, inspector, settings):
    database.write(lambda s: oidc.link(s, inspector, settings.oidc, SUB, NOW))
    return inspector


def twist(claims=None, key=None, header=None, drop=()):
    """Have the provider send a token with other claims, or signed otherwise."""

    def lie(answer):
        if flask.request.path != "/oauth2/token" or answer.status_code != 200:
            return
        sent = answer.json
        payload = json.loads(unpadded(sent["id_token"].split(".")[1]))
        own = RSAKey.import_key(flask.g.oidc_provider_mock_storage.jwk.as_dict(is_private=True))
        payload = {k: v for k, v in (payload | (claims or {})).items() if k not in drop}
        says = {"alg": "RS256", "kid": own.kid, **(header or {})}
        if says["alg"] == "none":
            parts = [padded(json.dumps(part).encode()) for part in (says, payload)]
            sent["id_token"] = ".".join([*parts, ""])
        else:
            sent["id_token"] = jwt.encode(says, payload, key or own, ["RS256", "HS256"])
        answer.data = json.dumps(sent)

    return lie


def padded(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def go(client, provider, target="/cases", **form):
    """Sign in by way of the provider; return our last answer."""
    begun = client.get(START, query_string={"next": target})
    assert begun.status_code == 303
    return client.get(path_of(provider.consent(begun.location, **form)))


def proven(provider):
    """Who somebody is who goes on at the provider, as our side sees it."""
    known, back = provider.known, "http://localhost/back"
    attempt = oidc.Attempt.begun("/", NOW)
    sent = provider.consent(oidc.address(known, attempt, back, NOW))
    code = dict(parse_qsl(urlsplit(sent).query))["code"]
    return oidc.subject(known, attempt, code, back, NOW)


def path_of(address):
    parts = urlsplit(address)
    assert parts.netloc == "localhost"
    return f"{parts.path}?{parts.query}"


def is_in(client):
    return client.get("/account/").status_code == 200


def is_refused(client, answer):
    """Whether nobody is in; the page of signing in says why."""
    assert answer.status_code == 303
    assert answer.location.startswith(SIGN_IN)
    assert not is_in(client)
    return client.get(answer.location).text


def triggers(database):
    with database.read() as session:
        return list(session.scalars(select(chain.entries.c.trigger)))


def identities(database):
    with database.read() as session:
        return session.query(ExternalIdentity).all()


NOT_PROVEN = "未能证明您的身份"


def test_a_linked_identity_signs_in(client, provider, linked, database):
    assert "单位统一认证" in client.get(SIGN_IN).text
    answer = go(client, provider)
    assert (answer.status_code, answer.location) == (303, "/cases")
    assert is_in(client)
    assert triggers(database)[-2:] == ["prove_identity", "sign_in"]
    client.post("/account/sign-out")
    assert not is_in(client)


def test_the_code_is_asked_for_and_fetched_as_the_protocol_wants(client, provider, linked):
    begun = client.get(START)
    asked = {k: v for k, [v] in parse_qs(urlsplit(begun.location).query).items()}
    assert begun.location.startswith(f"{provider.issuer}/oauth2/authorize?")
    assert (asked["response_type"], asked["scope"]) == ("code", "openid")
    assert asked["redirect_uri"] == f"http://localhost{BACK}"
    assert min(len(asked["state"]), len(asked["nonce"])) >= 43
    client.get(path_of(provider.consent(begun.location)))
    [token] = provider.tokens()
    digest = hashlib.sha256(token["code_verifier"].encode()).digest()
    assert asked["code_challenge_method"] == "S256"
    assert unpadded(asked["code_challenge"]) == digest
    assert "client_secret" not in token


def test_every_attempt_has_a_state_a_nonce_and_a_verifier_of_its_own(client):
    one, two = (dict(parse_qsl(urlsplit(client.get(START).location).query)) for _ in range(2))
    assert not {one[k] for k in ("state", "nonce", "code_challenge")} & set(two.values())


def test_its_own_address_is_sent_whatever_host_is_asked(client, app, settings, monkeypatch):
    told = replace(settings, base_url="https://case.example.cn")
    monkeypatch.setitem(app.extensions, "tanjian.settings", told)
    begun = client.get(START, headers={"Host": "evil.example"})
    asked = dict(parse_qsl(urlsplit(begun.location).query))
    assert asked["redirect_uri"] == f"https://case.example.cn{BACK}"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_it_never_leads_to_another_site(client, provider, linked, target):
    assert go(client, provider, target).location == "/"


def test_an_unknown_identity_gets_no_account_and_is_told_what_to_do(
    client, provider, linked, database
):
    answer = go(client, provider, sub="li")
    page = is_refused(client, answer)
    assert "我的账号" in page
    assert "next=/cases" in answer.location
    with database.read() as session:
        assert session.query(Person).count() == 1
    assert len(identities(database)) == 1


def test_neither_login_nor_mail_of_a_provider_names_an_account(
    client, provider, database, inspector
):
    database.write(lambda s: setattr(s.get_one(Person, inspector.person_id), "email", "li@a.cn"))
    is_refused(client, go(client, provider, sub="li@a.cn"))


def test_somebody_who_left_is_refused(client, provider, linked, database):
    database.write(lambda s: operations.deactivate(s, linked, linked.person_id, now=NOW))
    assert "没有有效角色" in is_refused(client, go(client, provider))


def test_somebody_without_a_role_today_is_refused(client, provider, linked, database):
    def end(session):
        session.query(Membership).one().until = NOW.date() - timedelta(days=1)

    database.write(end)
    assert "没有有效角色" in is_refused(client, go(client, provider))


@pytest.mark.parametrize("claimed", [{}, {"amr": ["pwd", "otp", "mfa"], "acr": "phrh"}])
def test_the_second_factor_is_asked_for_here_whatever_the_provider_says(
    app, client, provider, database, settings, claimed
):
    path = settings.factor_keys
    path.unlink(missing_ok=True)
    held, secret = vault.make(path), "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

    def leader(session):
        made = factories.actor(session, Role.SUPERVISOR, login="zhao")
        factors.enrol(session, made.person_id, secret, 0, held, NOW)
        oidc.link(session, made, settings.oidc, SUB, NOW)

    database.write(leader)
    provider.lie = twist(claimed)
    assert go(client, provider).location == "/account/sign-in/code"
    assert not is_in(client)
    code = factors.code_at(secret, factors.step_of(NOW))
    assert client.post("/account/sign-in/code", data={"code": code}).location == "/cases"
    assert is_in(client)


# What must not pass -----------------------------------------------------------------------------

LIES: dict[str, dict[str, Any]] = {
    "nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"drop": ["nonce"]},
    "aud": {"claims": {"aud": "another"}},
    "no aud": {"drop": ["aud"]},
    "azp": {"claims": {"aud": ["tanjian", "another"], "azp": "another"}},
    "iss": {"claims": {"iss": "http://127.0.0.1:1"}},
    "no iss": {"drop": ["iss"]},
    "expired": {"claims": {"exp": int(NOW.timestamp()) - oidc.LEEWAY - 1}},
    "no exp": {"drop": ["exp"]},
    "not yet": {"claims": {"nbf": int(NOW.timestamp()) + oidc.LEEWAY + 1}},
    "at_hash": {"claims": {"at_hash": "b3RoZXI"}},
    "signature": {"key": OTHER_KEY},
    "unknown key": {"key": OTHER_KEY, "header": {"kid": "another"}},
    "alg none": {"header": {"alg": "none"}},
    "alg HS256": {"header": {"alg": "HS256"}, "key": OctKey.import_key("secret" * 8)},
    "no sub": {"drop": ["sub"]},
    "no text": {"claims": {"sub": 4711}},
    "too long": {"claims": {"sub": "x" * 256}},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_does_not_hold_proves_nobody(provider, lie):
    provider.lie = twist(**LIES[lie])
    with pytest.raises(oidc.NotProven):
        proven(provider)
    assert [path for path, _ in provider.asked[-2:]] == ["/oauth2/token", "/jwks"]


def test_a_token_signed_anew_with_the_providers_key_proves_who_it_is(provider):
    provider.lie = twist()
    assert proven(provider) == SUB


def test_who_cannot_be_believed_is_not_in(client, provider, linked, database):
    provider.lie = twist(key=OTHER_KEY)
    assert NOT_PROVEN in is_refused(client, go(client, provider))
    assert "prove_identity" not in triggers(database)


def test_who_says_no_at_the_provider_is_not_in(client, provider, linked):
    begun = client.get(START)
    state = dict(parse_qsl(urlsplit(begun.location).query))["state"]
    back = path_of(provider.consent(begun.location, action="deny"))
    page = is_refused(client, client.get(f"{back}&state={state}"))  # this provider forgets it
    assert "未继续" in page
    assert not provider.tokens()


def test_an_error_of_the_provider_is_no_text_of_ours(client, provider, linked):
    begun = client.get(START)
    state = dict(parse_qsl(urlsplit(begun.location).query))["state"]
    sent = {"state": state, "error": "server_error", "error_description": "call 555-0100"}
    page = is_refused(client, client.get(BACK, query_string=sent))
    assert NOT_PROVEN in page
    assert "555" not in page


@pytest.mark.parametrize("state", ["", "another", "状态"])
def test_another_state_does_not_count_and_ends_the_attempt(client, provider, linked, state):
    begun = client.get(START)
    back = dict(parse_qsl(urlsplit(provider.consent(begun.location)).query))
    refused = client.get(BACK, query_string=back | {"state": state})
    assert "不是在本浏览器" in is_refused(client, refused)
    is_refused(client, client.get(BACK, query_string=back))
    assert not provider.tokens()


def test_what_one_browser_began_no_other_one_ends(app, provider, linked):
    begun = app.test_client().get(START)
    back = path_of(provider.consent(begun.location))
    victim = app.test_client()
    is_refused(victim, victim.get(back))
    victim.get(START)
    is_refused(victim, victim.get(back))


def test_a_code_counts_once_even_with_the_cookie_of_before(app, provider, linked):
    client, again = app.test_client(), app.test_client()
    begun = client.get(START)
    again.set_cookie("session", client.get_cookie("session").value)
    back = path_of(provider.consent(begun.location))
    client.get(back)
    assert is_in(client)
    assert NOT_PROVEN in is_refused(again, again.get(back))
    assert len(provider.tokens()) == 2


@pytest.mark.parametrize(("seconds", "good"), [(0, True), (1, False)])
def test_an_attempt_lasts_ten_minutes(client, provider, linked, clock, seconds, good):
    begun = client.get(START)
    back = path_of(provider.consent(begun.location))
    clock.shift(oidc.ATTEMPT_LASTS + timedelta(seconds=seconds))
    client.get(back)
    assert is_in(client) is good


def test_many_wrong_codes_make_wait_and_the_password_does_not(client, provider, linked):
    for _ in range(8):
        state = dict(parse_qsl(urlsplit(client.get(START).location).query))["state"]
        is_refused(client, client.get(BACK, query_string={"state": state, "code": "guessed"}))
    assert "再试" in is_refused(client, client.get(START))
    typed = {"login": "li", "password": factories.PASSWORD}
    assert client.post(SIGN_IN, data=typed).status_code == 303
    assert is_in(client)


# A provider that is away ------------------------------------------------------------------------


def closed_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def silent():
    """A port that takes connections and never answers."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        yield one.getsockname()[1]


@pytest.mark.parametrize("how", ["down", "slow"])
def test_away_it_says_so_and_the_password_works(
    client, app, settings, inspector, monkeypatch, silent, how
):
    assert oidc.TIMEOUT == 5
    monkeypatch.setattr(oidc, "TIMEOUT", 0.1)
    port = silent if how == "slow" else closed_port()
    away = OpenID(f"http://127.0.0.1:{port}", "tanjian", "secret", "统一认证")
    monkeypatch.setitem(app.extensions, "tanjian.settings", replace(settings, oidc=away))
    assert "暂时无法连接" in is_refused(client, client.get(START, query_string={"next": "/cases"}))
    typed = {"login": "li", "password": factories.PASSWORD, "next": "/cases"}
    assert client.post(SIGN_IN, data=typed).location == "/cases"


@pytest.mark.parametrize("path", ["/oauth2/token", "/jwks"])
@pytest.mark.parametrize(("status", "data"), [(503, "{}"), (200, "<html>"), (200, "[]")])
def test_an_answer_that_is_none_proves_nobody(provider, path, status, data):
    def lie(answer):
        if flask.request.path == path:
            answer.status_code, answer.data = status, data

    provider.lie = lie
    with pytest.raises((oidc.ProviderAway, oidc.NotProven)):
        proven(provider)


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "http://127.0.0.1:1"},
        {"token_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
    ],
)
def test_a_provider_that_says_something_else_of_itself_is_not_asked(provider, said):
    def lie(answer):
        if flask.request.path.startswith("/.well-known"):
            answer.data = json.dumps(answer.json | said)

    provider.lie = lie
    with pytest.raises(oidc.ProviderAway):
        proven(provider)
    assert [path for path, _ in provider.asked] == ["/.well-known/openid-configuration"]


def test_with_tls_everything_of_it_is_with_tls(monkeypatch):
    one = OpenID("https://login.example.cn", "tanjian", "", "One")
    said = {name: f"https://login.example.cn/{name}" for name in oidc.WANTED}
    said |= {"issuer": "https://login.example.cn/"}
    monkeypatch.setattr(oidc, "_asked", lambda _: said | {"token_endpoint": "http://a.cn/token"})
    monkeypatch.setattr(oidc, "_metadata", {})
    with pytest.raises(oidc.ProviderAway):
        oidc._discovered(one, NOW)
    monkeypatch.setattr(oidc, "_asked", lambda _: said)
    assert oidc._discovered(one, NOW) == said


def test_it_is_asked_what_it_is_once_an_hour(provider):
    at = NOW
    for minutes, times in ((0, 1), (60, 1), (1, 2)):
        at += timedelta(minutes=minutes)
        oidc.address(provider.known, oidc.Attempt.begun("/", at), "http://localhost/back", at)
        assert len(provider.asked) == times


@pytest.mark.parametrize("address", [START, BACK])
def test_without_a_provider_there_is_no_such_page(client, app, settings, monkeypatch, address):
    monkeypatch.setitem(app.extensions, "tanjian.settings", replace(settings, oidc=None))
    assert client.get(address).status_code == 404
    assert START not in client.get(SIGN_IN).text


# Linking ----------------------------------------------------------------------------------------


def link(client, provider, **form):
    page = client.post(LINK)
    assert page.status_code == 200
    [address] = re.findall(rf'href="({provider.issuer}/oauth2/authorize[^"]+)"', page.text)
    return client.get(path_of(provider.consent(unescape(address), **form)))


def test_one_links_and_unlinks_an_identity(app, database, provider, inspector):
    client = signed_in(app, database, inspector, NOW)
    assert LINK in client.get("/account/").text
    assert link(client, provider).location == "/account/"
    [one] = identities(database)
    assert (one.person_id, one.issuer, one.subject) == (inspector.person_id, provider.issuer, SUB)
    page = client.get("/account/").text
    assert LINK not in page
    assert re.search(r'/unlink">.*?<button data-confirm="[^"]', page)
    go(other := app.test_client(), provider)
    assert is_in(other)
    assert client.post(f"/account/openid/{one.id}/unlink").status_code == 303
    assert identities(database) == []
    is_refused(third := app.test_client(), go(third, provider))
    with database.read() as session:
        query = select(chain.entries).where(chain.entries.c.trigger.like("%link_identity"))
        told = session.execute(query.order_by(chain.entries.c.seq)).all()
    assert [entry.trigger for entry in told] == ["link_identity", "unlink_identity"]
    assert all(provider.issuer in entry.body and SUB not in entry.body for entry in told)


@pytest.mark.parametrize("form", ["link", "unlink"])
def test_both_want_a_fresh_proof(app, database, provider, linked, clock, form):
    client = signed_in(app, database, linked, NOW)
    [one] = identities(database)
    address = LINK if form == "link" else f"/account/openid/{one.id}/unlink"
    clock.shift(browsers.PROVEN_FOR + timedelta(seconds=1))
    asked = client.post(address)
    assert "proof_password" in asked.text
    assert provider.issuer not in asked.text
    assert len(identities(database)) == 1
    proven = client.post(address, data={"proof_password": factories.PASSWORD})
    assert proven.status_code == (200 if form == "link" else 303)
    assert len(identities(database)) == (1 if form == "link" else 0)


def test_an_identity_of_somebody_else_is_not_taken_over(app, database, provider, linked):
    other = database.write(lambda s: factories.actor(s, Role.INSPECTOR, login="wang"))
    client = signed_in(app, database, other, NOW)
    answer = link(client, provider)
    page = client.get(answer.location).text
    assert "已关联另一账号" in page
    assert linked.person_name not in page
    assert [one.person_id for one in identities(database)] == [linked.person_id]


def test_one_has_one_identity_of_a_service(app, database, provider, linked):
    client = signed_in(app, database, linked, NOW)
    answer = link(client, provider, sub="second")
    assert "请先解除关联" in client.get(answer.location).text
    assert [one.subject for one in identities(database)] == [SUB]


def test_nobody_unlinks_what_is_of_somebody_else(app, database, provider, linked):
    other = database.write(lambda s: factories.actor(s, Role.INSPECTOR, login="wang"))
    client = signed_in(app, database, other, NOW)
    [one] = identities(database)
    assert client.post(f"/account/openid/{one.id}/unlink").status_code == 404
    assert len(identities(database)) == 1


def test_a_password_that_was_reset_takes_the_identity_with_it(app, database, provider, linked):
    def reset(session):
        asker, granter = (factories.actor(session, Role.ADMINISTRATOR) for _ in range(2))
        asked = account_requests.ask(
            session, asker, account_requests.Kind.PASSWORD, linked.person_id, reason="x", now=NOW
        )
        account_requests.grant(session, granter, asked.id, answer="", now=NOW)

    database.write(reset)
    assert identities(database) == []


def test_signing_out_on_the_way_links_nothing(app, database, provider, inspector):
    client = signed_in(app, database, inspector, NOW)
    page = client.post(LINK).text
    with client.session_transaction() as cookie:
        kept = cookie[oidc_views.ATTEMPT]
    assert kept["state"] in page
    client.post("/account/sign-out")
    with client.session_transaction() as cookie:
        cookie[oidc_views.ATTEMPT] = kept
    sent = {"state": kept["state"], "code": "any"}
    is_refused(client, client.get(BACK, query_string=sent))
    assert identities(database) == []
    assert not provider.tokens()


def test_what_proves_nothing_is_counted_under_a_name_no_login_has(database):
    assert operations.login_of(oidc_views.BUCKET) == oidc_views.BUCKET
    assert oidc_views.BUCKET.startswith("#")
    database.write(lambda s: throttle.count(s, oidc_views.BUCKET, "10.0.0.1", NOW))
    with database.read() as session:
        assert not throttle.wait(session, "li", "10.0.0.1", NOW)
