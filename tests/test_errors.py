import pytest
from flask import abort, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError

from app import vault
from app.accounts.errors import LoginTaken
from app.cases import errors as refusals
from app.cases.errors import (
    BadInputs,
    CaseError,
    CaseHasMoved,
    NoSuchAct,
    NoSuchCase,
    NotPermitted,
    TransitionRefused,
)
from app.engine.permission import Refusal, Why
from app.errors import PAGES, STATUS
from app.law.labels import Label

NOT_NOW = Refusal(Why.NOT_NOW, Label("尚未送达。", "Not served yet."))
TOO_LATE = Refusal(Why.NOT_NOW, Label("期限已过。", "The period has passed."))
LOCKED = OperationalError("SELECT 1", {}, Exception(), connection_invalidated=True)

RAISED = {
    "no-case": (NoSuchCase(), 404, ["没有这个案件"]),
    "no-act": (NoSuchAct("fly"), 404, ["没有「fly」这一操作"]),
    "not-you": (NotPermitted([NOT_NOW]), 403, ["尚未送达"]),
    "not-now": (TransitionRefused([NOT_NOW, TOO_LATE]), 409, ["尚未送达。", "期限已过。"]),
    "moved": (
        CaseHasMoved("宁中环核〔2026〕1号", Label("复查", "Re-check"), Label("送达", "Served")),
        409,
        ["现为「复查」", "已保留"],
    ),
    "not-so": (BadInputs({"amount": Label("金额须为正数。", "Must be positive.")}), 422, ["金额"]),
    "taken": (LoginTaken("li"), 409, ["「li」已被使用"]),
    "stale": (StaleDataError("x"), 409, ["别人刚刚改动"]),
    "no-vault": (vault.NoVault("factors.keys is empty"), 503, ["密钥缺失"]),
    "no-key": (vault.CannotOpen("no key 1a2b3c4d5e6f in the vault"), 503, ["密钥缺失"]),
    "busy": (LOCKED, 503, ["数据库繁忙"]),
    "broken": (ZeroDivisionError("secret"), 500, ["系统内部出现错误"]),
}


@pytest.fixture
def raising(app, client, monkeypatch):
    """A browser on an application whose pages under /raise/ and /api/raise/ raise `RAISED`."""
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    if "raise_it" not in app.view_functions:

        def raise_it(name):
            raise RAISED[name][0]

        app._got_first_request = False
        app.add_url_rule("/raise/<name>", "raise_it", raise_it, methods=["GET", "POST"])
        app.add_url_rule("/api/raise/<name>", "raise_api", raise_it, methods=["GET"])
        app.add_url_rule("/abort/<int:code>", "abort_it", abort)
        app.add_url_rule("/form", "read_form", lambda: dict(request.form), methods=["POST"])
    return client


@pytest.mark.parametrize("name", RAISED)
def test_a_refusal_is_a_page_that_says_what_happened_was_kept_and_is_to_be_done(raising, name):
    _, status, words = RAISED[name]
    answer = raising.get(f"/raise/{name}")
    assert answer.status_code == status
    for word in [*words, PAGES[status].kept.zh, PAGES[status].advice.zh]:
        assert word in answer.text
    assert "secret" not in answer.text
    assert answer.headers["X-Request-ID"] in answer.text


@pytest.mark.parametrize("name", RAISED)
def test_the_api_gets_problem_details(raising, name):
    _, status, words = RAISED[name]
    for address, headers in (
        (f"/api/raise/{name}", {}),
        (f"/raise/{name}", {"Accept": "application/json"}),
    ):
        answer = raising.get(address, headers=headers)
        assert answer.content_type == "application/problem+json"
        assert answer.json["status"] == answer.status_code == status
        assert words[0] in answer.json["detail"]
        assert answer.json["instance"].endswith(answer.headers["X-Request-ID"])


def test_every_field_at_fault_is_named_to_a_program(raising):
    answer = raising.get("/api/raise/not-so", headers={"Accept-Language": "en"})
    assert answer.json["errors"] == {"amount": "Must be positive."}
    assert answer.json["title"] == "Not like that"


def test_every_refusal_of_the_desk_has_a_status():
    kinds = {
        kind
        for kind in vars(refusals).values()
        if isinstance(kind, type) and issubclass(kind, CaseError) and kind is not CaseError
    }
    assert {kind for kind in kinds if not any(each in STATUS for each in kind.__mro__)} == set()


@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 409, 410, 413, 422, 501, 503])
def test_an_http_error_has_its_page(raising, code):
    answer = raising.get(f"/abort/{code}")
    assert answer.status_code == code
    assert "<h1>" in answer.text


def test_the_wrong_method_says_which_are_right(raising):
    answer = raising.get("/account/sign-out")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_a_form_larger_than_allowed_is_413(app, raising, monkeypatch):
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 100)
    assert raising.post("/form", data={"a": "x" * 200}).status_code == 413


def test_what_nobody_expected_is_raised_in_tests(app, raising, monkeypatch):
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", None)
    with pytest.raises(ZeroDivisionError):
        raising.get("/raise/broken")
