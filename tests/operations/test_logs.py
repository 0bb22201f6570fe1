"""What stands in the log of a request, and what never does."""

import io
import json
import logging

import pytest
import structlog

from app.engine.actors import Role
from app.operations import logs
from tests import factories

CANARY = "canary-赵某某-13800000000"


@pytest.fixture
def written():
    """The log of the process as production writes it."""
    names = (
        "",
        "gunicorn.error",
        "gunicorn.access",
        "werkzeug",
        "apscheduler",
        "alembic",
        "transitions",
    )
    loggers = [logging.getLogger(name) for name in names]
    before = [(one.handlers[:], one.filters[:], one.level, one.propagate) for one in loggers]
    stream = io.StringIO()
    logs.install(production=True, stream=stream)
    yield stream
    for one, (handlers, filters, level, propagate) in zip(loggers, before, strict=True):
        one.handlers, one.filters, one.propagate = handlers, filters, propagate
        one.setLevel(level)


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_request_is_one_line_with_what_it_was(app, sign_in, database, written):
    actor = database.write(lambda session: factories.actor(session, Role.INSPECTOR))
    answer = sign_in(actor).get("/cases")
    [line] = [one for one in lines(written) if one["event"] == "request"]
    assert line["endpoint"] == "cases.index"
    assert (line["method"], line["status"], line["level"]) == ("GET", 200, "info")
    assert line["person"] == str(actor.person_id)
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert 0 < line["ms"] < 60_000
    assert set(line) == {
        *("event", "endpoint", "method", "status", "level", "person", "request_id", "ms"),
        *("timestamp", "logger"),
    }


def test_what_a_person_types_stands_in_no_log(app, client, written):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    try:
        client.get(f"/cases?q={CANARY}")
        client.get(
            f"/{CANARY}?next={CANARY}", headers={"Referer": CANARY.encode().decode("latin-1")}
        )
        client.post("/account/sign-in", data={"login": CANARY, "password": CANARY})
        client.post(f"/account/sign-in?next=/{CANARY}", json={"password": CANARY})
        client.get("/", headers={"Authorization": f"Bearer {CANARY}".encode().decode("latin-1")})
    finally:
        app.config["PROPAGATE_EXCEPTIONS"] = None
    assert len(lines(written)) >= 5
    for part in ("canary", "赵某某", "13800000000"):
        assert part not in written.getvalue()


def test_of_an_error_stands_the_kind_and_the_place(written):
    try:
        try:
            int(CANARY)
        except ValueError as cause:
            raise RuntimeError(CANARY) from cause
    except RuntimeError:
        logging.getLogger("app").exception("request %s failed", "1")
        structlog.stdlib.get_logger("app").error("again", exc_info=True)
    first, second = lines(written)
    assert first["error"] == second["error"] == ["builtins.RuntimeError", "builtins.ValueError"]
    assert "test_logs.py" in first["at"][-1]
    assert CANARY not in written.getvalue()


def test_a_page_that_breaks_is_told_without_what_was_typed(app, client, written, monkeypatch):
    def broken():
        raise ValueError(CANARY)

    monkeypatch.setitem(app.view_functions, "operations.healthz", broken)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    answer = client.get("/healthz")
    assert answer.status_code == 500
    told = lines(written)
    assert {line["request_id"] for line in told} == {answer.headers["X-Request-ID"]}
    assert [line["level"] for line in told] == ["error", "warning"]
    assert CANARY not in written.getvalue()


def test_the_server_tells_of_no_query(written):
    logging.getLogger("gunicorn.error").error("Error handling request %s", f"/cases?q={CANARY}")
    [line] = lines(written)
    assert line["event"] == "Error handling request /cases"


def test_what_is_asked_all_the_time_is_told_only_where_it_fails(client, written):
    client.get("/healthz")
    with client.get("/static/tanjian.css"):
        pass
    assert lines(written) == []


def test_a_case_is_named_by_its_number(app, client, written):
    from flask import Response, g

    with app.test_request_context("/"):
        g.case_number = "卫罚案〔2026〕1号"
        assert logs.told(Response())["case"] == "卫罚案〔2026〕1号"


def test_a_terminal_gets_lines_for_people():
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    logs.install(production=False, stream=stream)
    try:
        logging.getLogger("app").warning("something")
    finally:
        root.handlers = before[0]
        root.setLevel(before[1])
    assert "something" in stream.getvalue()
    assert not stream.getvalue().startswith("{")
