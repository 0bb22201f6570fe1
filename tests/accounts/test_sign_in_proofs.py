"""Acts that seal or decide want a fresh proof; what was typed goes on with it."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
import time_machine
from flask import request
from sqlalchemy import select

from app import vault
from app.accounts import browsers, factors, proofs
from app.accounts.leavers import UNSET
from app.accounts.models import ParkedForm, Person
from app.audit import chain
from app.engine.actors import Role
from app.workflows import LIFECYCLES
from tests import factories
from tests.browsers import signed_in
from tests.times import NOW

OLD = browsers.PROVEN_FOR + timedelta(seconds=1)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def inspector(database):
    return database.write(lambda s: factories.actor(s, Role.INSPECTOR, login="li"))


@pytest.fixture
def browser(app, database, inspector):
    return signed_in(app, database, inspector, NOW)


@pytest.fixture
def deciding(app, monkeypatch):
    """A form that wants a proof; it says what it was sent."""
    if "deciding" not in app.view_functions:

        def deciding():
            return {"sent": request.form.to_dict(flat=False), "method": request.method}

        app._got_first_request = False
        app.add_url_rule("/deciding", view_func=deciding, methods=["GET", "POST"])
    monkeypatch.setattr(proofs, "ENDPOINTS", proofs.ENDPOINTS | {"deciding"})
    return "/deciding"


TYPED = {"grounds": "很长的理由<b>", "articles": ["23", "25"]}
SENT = {"grounds": ["很长的理由<b>"], "articles": ["23", "25"]}


def carried(answer):
    from html import unescape

    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', answer.text)
    fields: dict[str, list[str]] = {}
    for name, value in found:
        if name not in {"csrf_token", "next"}:  # of the form, not of the frame
            fields.setdefault(name, []).append(unescape(value))
    return fields


def test_within_a_quarter_of_an_hour_nobody_is_asked(browser, deciding, clock):
    clock.shift(browsers.PROVEN_FOR)
    assert browser.post(deciding, data=TYPED).json["sent"] == SENT
    clock.shift(timedelta(seconds=1))
    assert "sent" not in (browser.post(deciding, data=TYPED).json or {})
    assert browser.get(deciding).json["method"] == "GET"


def test_what_was_typed_goes_on_with_the_password(browser, deciding, database, clock):
    clock.shift(OLD)
    asked = browser.post(f"{deciding}?a=1", data=TYPED)
    assert asked.status_code == 200
    assert 'action="/deciding?a=1"' in asked.text
    assert carried(asked) == SENT
    wrong = browser.post(deciding, data={**carried(asked), "proof_password": "wrong"})
    assert wrong.status_code == 422
    assert carried(wrong) == SENT
    assert "wrong" not in wrong.text.replace("is wrong", "").replace("有误", "")
    done = browser.post(
        deciding, data={**carried(wrong), "proof_password": factories.PASSWORD, "proof_code": ""}
    )
    assert done.json["sent"] == SENT
    assert browser.post(deciding, data=TYPED).json["sent"] == SENT
    with database.read() as session:
        assert "prove" in set(session.scalars(select(chain.entries.c.trigger)))


def test_with_an_authenticator_a_code_is_wanted_too(
    app, browser, deciding, database, inspector, clock
):
    path = app.extensions["tanjian.settings"].factor_keys
    path.unlink(missing_ok=True)
    held = vault.make(path)
    codes = database.write(lambda s: factors.enrol(s, inspector.person_id, SECRET, 0, held, NOW))
    clock.shift(OLD)
    right = {**TYPED, "proof_password": factories.PASSWORD}
    code = factors.code_at(SECRET, factors.step_of(NOW + OLD))
    assert browser.post(deciding, data=right).status_code == 422
    spoilt = {**TYPED, "proof_password": "wrong", "proof_code": codes[0]}
    assert browser.post(deciding, data=spoilt).status_code == 422
    assert browser.post(deciding, data={**right, "proof_code": code}).json["sent"] == SENT
    clock.shift(OLD)
    assert browser.post(deciding, data={**right, "proof_code": code}).status_code == 422
    assert browser.post(deciding, data={**right, "proof_code": codes[0]}).json["sent"] == SENT


def test_wrong_proofs_make_wait(browser, deciding, clock):
    clock.shift(OLD)
    for _ in range(8):
        browser.post(deciding, data={"proof_password": "wrong"})
    right = {"proof_password": factories.PASSWORD}
    assert browser.post(deciding, data=right).status_code == 422
    clock.shift(timedelta(seconds=16))
    assert browser.post(deciding, data=right).json["sent"] == {}


def test_chosen_files_are_asked_for_again_and_the_text_is_kept(browser, deciding, database, clock):
    clock.shift(OLD)
    answer = browser.post(deciding, data={**TYPED, "scan": (io.BytesIO(b"x"), "scan.pdf")})
    assert (answer.status_code, answer.location) == (303, "/account/prove?next=/deciding")
    with database.read() as session:
        assert session.query(ParkedForm).one().data == SENT
    proof = {"proof_password": factories.PASSWORD, "next": "/deciding"}
    answer = browser.post("/account/prove", data=proof)
    assert (answer.status_code, answer.location) == (303, "/deciding")
    assert browser.post(deciding, data=TYPED).json["sent"] == SENT


def test_proving_never_leads_to_another_site(browser, deciding):
    proof = {"proof_password": factories.PASSWORD, "next": "https://evil.example/"}
    assert browser.post("/account/prove", data=proof).location == "/"
    page = browser.get("/account/prove?next=//evil.example").text
    assert 'name="next" value="//evil' not in page
    assert 'name="next" value="/"' in page


def test_a_script_is_refused_without_a_page(browser, deciding, clock):
    clock.shift(OLD)
    answer = browser.post(deciding, data=TYPED, headers={"Accept": "application/json"})
    assert answer.status_code == 403


def test_without_password_and_authenticator_nothing_is_a_proof(
    browser, deciding, clock, database, inspector
):
    def unset(session):
        session.get_one(Person, inspector.person_id).password_hash = UNSET

    database.write(unset)
    clock.shift(OLD)
    for field in ("proof_password", "proof_code"):
        browser.post("/account/prove", data={field: "anything", "next": "/deciding"})
        assert "sent" not in (browser.post(deciding, data=TYPED | {field: ""}).json or {})
    assert "sent" not in (browser.post(deciding, data=TYPED).json or {})


def test_every_form_named_is_there(app):
    assert app.view_functions.keys() >= proofs.ENDPOINTS | proofs.ACTS


def test_the_lifecycle_says_which_acts_want_a_proof():
    wanted = {
        (key, name)
        for key, lifecycle in LIFECYCLES.items()
        for name, act in lifecycle.transitions.items()
        if proofs.is_wanted_by(act)
    }
    acts = [a for one in LIFECYCLES.values() for a in one.transitions.values()]
    assert {key for key, _ in wanted} > {"verification", "recheck"}
    assert len(wanted) < len(acts)
    assert all(proofs.is_wanted_by(act) for act in acts if act.documents)
