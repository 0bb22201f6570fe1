"""Headers of every page, pages without inline code, and tables without formulas."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask import url_for

from app.application import HEADERS
from app.engine.actors import Role
from app.registers import sheets
from config import EXTENSION, ROOT
from tests import factories
from tests.access.test_hostile_requests import parts_of

STRICTER = {"Referrer-Policy": {"no-referrer"}}
CODE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\s(?:style|on[a-z]+)\s*=|javascript:", re.IGNORECASE)  # fmt: skip


def test_every_get_route_answers_with_every_header(app, database, sign_in):
    actor = database.write(lambda session: factories.actor(session, Role.SUPERVISOR))
    browsers = (sign_in(actor), app.test_client())
    with app.test_request_context():
        addresses = {
            url_for(rule.endpoint, **parts_of(rule))
            for rule in app.url_map.iter_rules()
            if "GET" in (rule.methods or ())
        }
    wrong = []
    for address in sorted(addresses):
        for browser in browsers:
            with browser.get(address) as answer:
                wrong += [
                    (address, name)
                    for name, value in HEADERS.items()
                    if answer.headers.get(name) not in {value, *STRICTER.get(name, ())}
                ]
    assert len(addresses) > 60
    assert wrong == []


def test_what_every_answer_says_is_strict():
    policy = dict(part.split(" ", 1) for part in HEADERS["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert "unsafe" not in HEADERS["Content-Security-Policy"]
    assert HEADERS["X-Content-Type-Options"] == "nosniff"
    assert HEADERS["Cross-Origin-Opener-Policy"] == "same-origin"
    assert HEADERS["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("https", [False, True])
def test_where_it_is_served_by_tls_browsers_are_told_to_stay_there(
    app, client, settings, monkeypatch, https
):
    monkeypatch.setitem(app.extensions, EXTENSION, replace(settings, https=https))
    answer = client.get("/account/sign-in")  # behind a proxy that says nothing of TLS
    assert ("Strict-Transport-Security" in answer.headers) is https


def test_no_template_holds_code_or_style():
    found = [
        (path.name, match[0])
        for path in (ROOT / "app" / "templates").rglob("*.html")
        for match in CODE.finditer(re.sub(r"(?s)\{[{%#].*?[}%#]\}", "", path.read_text("utf-8")))
    ]
    assert found == []


# Tables -----------------------------------------------------------------------------------------

FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "-",
    "+",
    "-1-cmd|' /C calc'!A0",
    "=",
    "--1",
]
NUMBERS = ["-1", "+1", "-12,345.60", "1.5", "-0.001", "0", "+86 13800000000"]


@pytest.mark.parametrize("cell", FORMULAS)
def test_what_a_spreadsheet_takes_for_a_formula_leaves_as_text(cell):
    assert sheets.inert(cell) == f"'{cell}"
    assert f"'{cell}".encode() in sheets.write_csv([[cell]])
    assert sheets.read(sheets.write_csv([["a"], [cell]]))[-1].cells[0] == cell.strip()


@pytest.mark.parametrize("cell", NUMBERS[:-1])
def test_a_number_stays_a_number(cell):
    assert sheets.inert(cell) == cell
    assert sheets.inert(NUMBERS[-1]) == f"'{NUMBERS[-1]}"  # no number to a spreadsheet


def test_every_table_is_written_in_one_place():
    """Whoever wrote CSV or Excel elsewhere would have to think of formulas again."""
    writes = re.compile(r"\bcsv\.(?:writer|DictWriter)\(|\bxlsxwriter\b|\bopenpyxl\b")
    found = {p for p in (ROOT / "app").rglob("*.py") if writes.search(p.read_text("utf-8"))}
    assert found == {Path(sheets.__file__)}
