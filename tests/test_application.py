from dataclasses import replace

import pytest

from app.application import HEADERS, PACKAGES
from app.db import Database
from app.engine.actors import Role
from tests import factories


def test_every_answer_carries_the_headers(app, client):
    for address in ("/account/sign-in", "/nothing/here", "/static/tanjian.css"):
        with client.get(address) as answer:
            for name, value in HEADERS.items():
                assert answer.headers[name] == value
            assert "Strict-Transport-Security" not in answer.headers
    secure = client.get("/account/sign-in", base_url="https://localhost")
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_pages_are_not_kept_by_the_browser_and_static_files_are(client):
    assert client.get("/account/sign-in").headers["Cache-Control"] == "no-store"
    with client.get("/static/tanjian.css") as file:
        assert "max-age" in file.headers["Cache-Control"]


def test_the_page_asks_nothing_of_another_host(client):
    page = client.get("/account/sign-in").text
    assert "//" not in page.replace("http://www.w3.org/", "")
    assert "<script>" not in page
    assert "style=" not in page


@pytest.mark.parametrize(
    ("given", "proxies", "kept"),
    [("abc123", 1, True), ("abc123", 0, False), ("a b", 1, False), ("a" * 65, 1, False)],
)
def test_a_request_keeps_the_number_a_trusted_proxy_gave_it(app, client, given, proxies, kept):
    app.extensions["tanjian.settings"] = replace(settings_of(app), trusted_proxies=proxies)
    number = client.get("/account/sign-in", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert (number == given) is kept


def settings_of(app):
    return app.extensions["tanjian.settings"]


def test_the_start_leads_to_signing_in(client):
    answer = client.get("/")
    assert (answer.status_code, answer.location) == (302, "/account/sign-in")


@pytest.mark.parametrize(
    ("role", "first"), [(Role.INSPECTOR, "/worklist"), (Role.ADMINISTRATOR, "/cases")]
)
def test_the_start_leads_everybody_to_the_first_page_that_is_theirs(database, sign_in, role, first):
    actor = database.write(lambda session: factories.actor(session, role))
    answer = sign_in(actor).get("/", follow_redirects=True)
    assert (answer.status_code, answer.request.path) == (200, first)


def test_a_proxy_is_believed_only_when_trusted(settings, tmp_path):
    from app import create_app

    for trusted, expected in ((0, "127.0.0.1"), (1, "10.0.0.9")):
        own = replace(settings, database_url=f"sqlite:///{tmp_path}/x", trusted_proxies=trusted)
        app = create_app(own)
        from flask import request

        app.add_url_rule(
            "/address", view_func=lambda: request.remote_addr or "", endpoint="address"
        )
        answer = app.test_client().get("/address", headers={"X-Forwarded-For": "10.0.0.9"})
        assert answer.text == expected
        kept = app.extensions["tanjian.db"]
        assert isinstance(kept, Database)
        kept.dispose()


def test_every_package_of_the_product_is_in_the_application(app):
    assert set(PACKAGES) >= set(app.blueprints) - {"bootstrap"}
