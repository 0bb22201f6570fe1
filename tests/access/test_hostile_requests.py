"""Requests that mean harm: forged, misled, misnamed, endless, nested, unstorable."""

from __future__ import annotations

import io
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import UUID

import pytest
from flask import Flask, url_for
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.exc import ProgrammingError
from werkzeug.routing import Rule

from app import incoming
from app.engine.actors import Role
from config import EXTENSION, ROOT
from tests import factories

WITHOUT_TOKEN = {"accounts.language", "accounts.invitation"}
"""One says in which language the next page is, and nothing else; the other's form has the token."""
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
NOBODY = UUID("00000000-0000-7000-8000-00000000dead")
KIB, MIB = 1024, 1024 * 1024


@pytest.fixture
def browser(database, sign_in):
    actor = database.write(lambda session: factories.actor(session, Role.SUPERVISOR))
    return sign_in(actor)


# Forged forms -----------------------------------------------------------------------------------


def unsafe_addresses(app: Flask) -> list[tuple[str, str, str]]:
    """Every endpoint that changes something, a method of it and an address."""
    with app.test_request_context():
        return [
            (rule.endpoint, method, url_for(rule.endpoint, **parts_of(rule)))
            for rule in app.url_map.iter_rules()
            for method in sorted((rule.methods or set()) & UNSAFE)
        ]


def parts_of(rule: Rule) -> dict[str, Any]:
    """Something of the kind each part of an address has to be."""
    offered = re.findall(r"<any\(\W*(\w+)[^)]*\):(\w+)>", rule.rule)
    typed = re.findall(r"<(uuid|int):(\w+)>", rule.rule)
    return {
        **dict.fromkeys(rule.arguments, "x"),
        **{name: NOBODY if kind == "uuid" else 1 for kind, name in typed},
        **{name: first for first, name in offered},
    }


@dataclass
class Reached:
    """Stands in for every page: which were reached."""

    endpoints: set[str]

    def instead_of(self, endpoint: str, view):
        """A page that notes that it was reached; exempt where the real one is."""

        @wraps(view)
        def page(**_parts: object) -> str:
            self.endpoints.add(endpoint)
            return "reached"

        return page


@pytest.fixture
def reached(app, monkeypatch) -> Reached:
    found = Reached(set())
    for endpoint, view in list(app.view_functions.items()):
        monkeypatch.setitem(app.view_functions, endpoint, found.instead_of(endpoint, view))
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    return found


def test_nothing_that_changes_anything_is_reached_without_a_token_of_the_session(
    app, client, browser, reached
):
    addresses = unsafe_addresses(app)
    token = "a" * 40
    with browser.session_transaction() as cookie:
        cookie["csrf_token"] = token
    signer = URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token")
    forged = [None, "", "x", signer.dumps("b" * 40), URLSafeTimedSerializer("other", salt="wtf-csrf-token").dumps(token)]  # fmt: skip
    for endpoint, method, address in addresses:
        for number, one in enumerate(forged):
            who = client if number % 2 else browser
            sent = {} if one is None else {"csrf_token": one}
            answer = who.open(address, method=method, data=sent)
            if endpoint not in WITHOUT_TOKEN:
                assert answer.status_code in {302, 303, 400, 401}, (endpoint, answer.status_code)
    assert reached.endpoints <= WITHOUT_TOKEN
    for _, method, address in addresses:
        browser.open(address, method=method, data={"csrf_token": signer.dumps(token)})
    assert len(reached.endpoints) > 20


# Addresses that lead elsewhere ------------------------------------------------------------------

ELSEWHERE = [
    "https://evil.example/", "//evil.example/", "///evil.example", "/\\evil.example", "\\\\evil.example",
    "/\t/evil.example", "/\n/evil.example", "https:evil.example", "javascript:alert(1)", "http:///evil.example",
    "/%09/evil.example", " //evil.example", "//evil.example\\@localhost/", "/\r\nSet-Cookie: a=b", "@evil.example",
]  # fmt: skip


def test_no_form_leads_to_another_site(browser):
    for address in ELSEWHERE:
        answer = browser.post("/account/language", data={"next": address, "locale": "en"})
        assert answer.status_code in {302, 303}, address
        leads = urljoin("http://localhost/account/", answer.headers["Location"])
        assert urlsplit(leads).netloc == "localhost"
        assert "Set-Cookie: a=b" not in str(answer.headers)


def test_a_form_does_lead_to_a_page_of_this_site(browser):
    answer = browser.post("/account/language", data={"next": "/cases?q=1", "locale": "en"})
    assert answer.headers["Location"] == "/cases?q=1"


# Names ------------------------------------------------------------------------------------------


def test_other_names_than_its_own_get_no_page(app, browser, settings, monkeypatch):
    monkeypatch.setitem(
        app.extensions, EXTENSION, replace(settings, hosts=("carbon.example.cn", "[::1]"))
    )
    for host in ("carbon.example.cn", "CARBON.example.cn:8443", "[::1]:8000"):
        assert browser.get("/account/sign-in", headers={"Host": host}).status_code in {200, 302}
    for host in (
        "evil.example",
        "carbon.example.cn.evil.example",
        "evil.example:carbon.example.cn",
        "carbon.example.cn@evil.example",
        "",
    ):
        for address in ("/account/sign-in", "/cases", "/nothing"):
            answer = browser.get(address, headers={"Host": host})
            assert answer.status_code == 400, (host, address)
            assert "evil.example" not in answer.text
            assert "<h1>" in answer.text
    assert browser.get("/healthz", headers={"Host": "10.0.0.7:8000"}).status_code == 200


def test_without_names_it_answers_to_any(client):
    assert client.get("/account/sign-in", headers={"Host": "anything.example"}).status_code == 200


# Paths ------------------------------------------------------------------------------------------


OUTWARD = [
    "/static/../config.py", "/static/..%2fconfig.py", "/static/%2e%2e/%2e%2e/config.py", "/static/..%5c..%5cconfig.py",
    "/static/....//config.py", "/static//etc/passwd", "/static/%00", "/bootstrap/static/../../../../etc/passwd",
]  # fmt: skip


def test_no_path_leads_out_of_the_static_folder(client):
    for path in OUTWARD:
        answer = client.get(path)
        assert answer.status_code in {308, 400, 404}, path
        assert b"root:" not in answer.data
        assert b"Settings" not in answer.data


# Text no database holds -------------------------------------------------------------------------

DRAFT = f"/cases/{NOBODY}/draft/report"
UNSTORABLE = [
    lambda b: b.get("/cases?q=a%00b"),
    lambda b: b.get("/cases?a%00=b"),
    lambda b: b.get("/models/a%00b"),
    lambda b: b.post("/account/sign-in", data={"login": "a\x00", "password": "b"}),
    lambda b: b.post("/account/sign-in", data={"a\x00": "b"}),
    lambda b: b.post("/account/sign-in", data={"f": (io.BytesIO(b"x"), "a\x00.txt")}),
    lambda b: b.put(DRAFT, data=r'{"a": "\u0000"}', content_type="application/json"),
    lambda b: b.put(DRAFT, data=r'{"a": ["\ud800"]}', content_type="application/json"),
    lambda b: b.put(DRAFT, data=r'{"\udfff": 1}', content_type="application/json"),
    lambda b: b.put(DRAFT, data="[" * 100_000, content_type="application/json"),
    lambda b: b.put(DRAFT, data="[" * 30 + "]" * 30, content_type="application/json"),
    lambda b: b.put(DRAFT, data=b'{"a": ' + b"9" * 5000 + b"}", content_type="application/json"),
    lambda b: b.put(DRAFT, data=b"\xff{", content_type="application/json"),
]  # fmt: skip


def test_text_no_database_holds_is_refused_before_any_page(browser):
    for number, send in enumerate(UNSTORABLE):
        answer = send(browser)
        assert answer.status_code == 400, number
        assert "Traceback" not in answer.text


def test_any_other_text_reaches_the_page(browser):
    for text in ("𠮷野家 🏭", "\u202eabc", "a\u0301" * 9, "'; DROP TABLE cases; --"):
        assert browser.get("/cases", query_string={"q": text}).status_code == 200
        assert browser.put(DRAFT, json={"a": text}).status_code == 404


# Sizes ------------------------------------------------------------------------------------------


def test_a_form_has_so_many_fields_of_so_many_bytes(browser):
    many = b"".join(
        b'--b\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nx\r\n' % n
        for n in range(incoming.MOST_FIELDS + 1)
    )
    parts = "multipart/form-data; boundary=b"
    assert (
        browser.post("/account/language", data=many + b"--b--", content_type=parts).status_code
        == 413
    )
    assert (
        browser.post(
            "/account/language", data=many[:500] + b"\r\n--b--", content_type=parts
        ).status_code
        != 413
    )
    assert (
        browser.post("/account/language", data={"a": "x" * (incoming.LARGEST_FORM + 1)}).status_code
        == 413
    )
    assert (
        browser.post(
            "/account/language", data={"a": ["x"] * (incoming.MOST_FIELDS + 1)}
        ).status_code
        == 413
    )
    sent = {"a": "x" * (incoming.LARGEST_JSON + 1)}
    assert browser.put(DRAFT, json=sent).status_code == 413
    assert browser.post("/account/language", data={"locale": "en"}).status_code == 303


# What an error says -----------------------------------------------------------------------------


def test_an_error_page_tells_nothing_of_the_inside(app, browser, monkeypatch):
    def broken() -> str:
        raise ProgrammingError(
            "SELECT secret FROM persons", {"x": "typed"}, Exception(f"psycopg {__file__}")
        )

    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setitem(app.view_functions, "cases.index", broken)
    for headers in ({}, {"Accept": "application/json"}):
        answer = browser.get("/cases", headers=headers)
        assert answer.status_code == 500
        for word in ("SELECT", "secret", "typed", "psycopg", "Traceback", ".py", str(ROOT)):
            assert word not in answer.text


# Endless requests, to a real server -------------------------------------------------------------


@dataclass
class Server:
    port: int
    folder: Path

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def files(self) -> set[Path]:
        kept = {one for one in self.folder.rglob("*") if one.is_file()}
        return {one for one in kept if one.suffix != ".db" and "sqlite" not in one.name}


@pytest.fixture
def server(tmp_path, sqlite_template) -> Iterator[Server]:
    """Gunicorn with our settings, at most 1 MB a file; it keeps everything under one folder."""
    shutil.copy(sqlite_template, tmp_path / "test.sqlite")
    (tmp_path / "tmp").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TANJIAN_")},
            "DATABASE_URL": f"sqlite:///{tmp_path}/test.sqlite", "TANJIAN_INSTANCE": str(tmp_path / "instance"),
            "TANJIAN_MAX_UPLOAD_MB": "1", "TMPDIR": str(tmp_path / "tmp"), "TANJIAN_TICKER": "0",
            "GUNICORN_FD": str(listening.fileno()),
        }  # fmt: skip
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "--bind",
            f"fd://{listening.fileno()}",
            "wsgi:application",
        ]
        log = (tmp_path / "log").open("wb")
        process = subprocess.Popen(command, cwd=ROOT, env=env, pass_fds=[listening.fileno()], stderr=log)  # fmt: skip
        try:
            found = Server(port, tmp_path)
            assert (
                answer_of(found, b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                == 200
            )
            yield found
        finally:
            process.terminate()
            process.wait(20)
            log.close()


def answer_of(server: Server, sent: bytes) -> int:
    with closing(server.connect()) as to:
        to.settimeout(60)
        to.sendall(sent)
        return status_of(to)


def status_of(to: socket.socket) -> int:
    return int(to.recv(64).split(b" ")[1])


HEAD = (
    b"POST /account/sign-in HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\n"
)
FILE = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\n\r\n'


def test_a_gigabyte_is_refused_early_while_others_go_on_and_leaves_nothing(server: Server):
    before = server.files()
    with closing(server.connect()) as declared, closing(server.connect()) as endless:
        declared.sendall(HEAD + b"Content-Length: 1073741824\r\n\r\n" + FILE)
        assert status_of(declared) == 413
        endless.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        sent = 0
        piece = b"%x\r\n%s\r\n" % (64 * KIB, b"a" * (64 * KIB))
        endless.sendall(b"%x\r\n%s\r\n" % (len(FILE), FILE))
        try:
            while sent < 1024 * MIB:
                endless.sendall(piece)
                sent += 64 * KIB
                if sent == MIB:
                    assert (
                        answer_of(
                            server,
                            b"GET /account/sign-in HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                        )
                        == 200
                    )
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert sent < 64 * MIB
    assert answer_of(server, b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n") in {400, 414}
    assert answer_of(server, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 9000 + b"\r\n\r\n") in {
        400,
        431,
    }
    assert server.files() <= before | {server.folder / "log"}
