"""Nonsense and malice at every address, in every role: no fault of ours, and no word of another's.

What is sent is chosen by a seeded generator from the map of addresses, from the forms of the pages
themselves and from values that mean harm. Words planted in cases must reach nobody who may not
read those cases.
"""

from __future__ import annotations

import io
import random
import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote, urljoin, urlsplit
from uuid import UUID

import pytest
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.accounts.models import Organisation, Person
from app.application import HEADERS
from app.cases import records
from app.cases.models import CaseDeadline, Evidence, Participant
from app.workflows import LIFECYCLES
from tests.access.desk import NOW, Desk, desk

__all__ = ["desk"]

IN_THE_SUITE, IN_A_SOAK = 500, 10_000
OVERSEERS = ("inspector", "supervisor", "leader", "legal", "auditor")
OTHERS = ("admin", "verifier", "expert1", "market", "police", "region")
WHO = (*OVERSEERS, *OTHERS, "unit", "unit", "supervisor", "admin", None)
NOBODY = UUID("00000000-0000-7000-8000-00000000dead")
INSIDE = re.compile(r"Traceback \(most|sqlalchemy|psycopg|sqlite3|site-packages|\bSELECT .* FROM\b")
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|\s(?:style|on[a-z]+)=[\"']|javascript:", re.IGNORECASE)
CANARY = re.compile(rb"canary([0-9a-f]{32})")

STRICTER = {
    "Content-Security-Policy": {"default-src 'none'; sandbox"},
    "Referrer-Policy": {"no-referrer"},
}
"""What a page may say instead of `HEADERS`."""

TEXTS = [
    "", " ", "x", "0", "-1", "1", "NaN", "1e309", "-Infinity", "9" * 400, "99999999999999999999", "0.1e-400", "1_000", "٣",
    "２０２６", "2026", "2026-06-17", "0001-01-01", "9999-12-31", "10000-01-01", "2026-02-30", "2026-06-17T25:61", "0000-00-00",
    "2026-06-17T10:00:00+00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "' OR 1=1 --", '"; DROP TABLE cases; --',
    "%", "_", "\\", "<script>alert(1)</script>", "{{7*7}}", "{number.__class__}", "%s%n", "${x}", "=cmd|' /C calc'!A0", "x" * 5000,
    "𠮷" * 300, "\u202eabc", "\ufeff", "\uffff", "a\u0301" * 50, "\r\nSet-Cookie: a=b", "../../etc/passwd", "//evil.example/", "null",
    "[]", "{}", "true", "a\x00b", str(NOBODY), "0" * 64, "f" * 64, "on", "yes", "zh_Hans_CN", "640500", "\t", "\u3000", "é" * 1000,
]  # fmt: skip
NAMES = [
    "q",
    "after",
    "before",
    "year",
    "state",
    "division",
    "lifecycle",
    "tab",
    "item",
    "since",
    "until",
    "page",
    "next",
    "on",
    "order",
    "sort",
    "key",
    "version",
    "confirmed",
    "recount",
    "reason",
    "kind",
    "role",
    "person",
    "organisation",
    "roles",
    "login",
    "password",
    "id",
    "seq",
    "size",
    "at",
    "from",
    "to",
    "text",
    "body",
    "file",
    "note",
]
FILES = [(b"", "a.txt"), (b"PK\x03\x04", "a.docx"), (b"%PDF-1.7", "a.pdf"), (b"a,b\r\n=1,2", "a.csv"), (b"\xff" * 99, "x" * 300)]  # fmt: skip


@dataclass
class Sent:
    """One request and what came back."""

    who: str | None
    endpoint: str
    method: str
    address: str
    form: dict[str, Any]
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.who} {self.method} {self.address} {str(self.form)[:300]}\n    {self.faults}"


class Fuzzer:
    """Sends one request after the other; what it sends follows from its seed."""

    def __init__(self, desk: Desk, seed: str) -> None:
        self.desk, self.dice = desk, random.Random(seed)
        self.rules = list(desk.app.url_map.iter_rules())
        self.ids = self._ids()
        self.words = [
            *TEXTS,
            *(t for one in LIFECYCLES.values() for t in list(one.transitions)[:9]),
        ]
        self.names: dict[str, list[str]] = {}
        self.unit = desk.own.actor("unit")

    def _ids(self) -> list[str]:
        columns = (Evidence.id, CaseDeadline.id, Organisation.id, Person.id)
        with self.desk.database.read() as reading:
            found = [str(one) for column in columns for one in reading.scalars(select(column))]
        cases = [str(self.desk.own.id), str(self.desk.other.id)]
        return [*found, *cases * (len(found) // 2), str(NOBODY), "not-an-id"]

    def send(self) -> Sent:
        """Send one request as somebody and judge the answer."""
        rule, who = self.dice.choice(self.rules), self.dice.choice(WHO)
        allowed = sorted((rule.methods or {"GET"}) - {"HEAD", "OPTIONS"})
        method = self.dice.choice([*allowed] * 9 + ["GET", "POST", "PUT", "DELETE"])
        address = self._address(rule)
        browser = self.desk.browser(who) if who else self.desk.app.test_client()
        sent = Sent(who, rule.endpoint, method, address, {})
        try:
            if method != "GET" and "GET" in allowed and self.dice.random() < 0.3:
                shown = browser.get(address)
                self._learn(rule, shown)
                shown.close()
            sent.form = {} if method == "GET" else self._form(rule)
            answer = browser.open(address, method=method, **self._body(sent.form))
            self._learn(rule, answer)
            sent.faults = list(self._faults(who, answer))
            answer.close()
        except Exception:  # noqa: BLE001 - whatever comes out is the finding
            last = traceback.format_exc().strip().splitlines()
            sent.faults = [*[line.strip() for line in last if "/app/" in line][-2:], last[-1][:300]]
        return sent

    # What is sent ---------------------------------------------------------------------------------

    def _text(self) -> str:
        return self.dice.choice(self.ids if self.dice.random() < 0.2 else self.words)

    def _address(self, rule: Rule) -> str:
        address = rule.rule
        for part, kind, name in re.findall(r"(<(?:([^:<>]+):)?(\w+)>)", rule.rule):
            address = address.replace(part, self._part(kind, name))
        if self.dice.random() < 0.5:
            return address
        asked = {
            self.dice.choice(self._known(rule)): self._text()
            for _ in range(self.dice.randint(1, 4))
        }
        with self.desk.app.test_request_context():
            return f"{address}?{_encoded(asked)}"

    def _part(self, kind: str, name: str) -> str:
        if kind == "uuid":
            return self.dice.choice(self.ids)
        if kind.startswith("int"):
            return self.dice.choice(["0", "1", "2026", "99999", "9" * 25])
        if kind.startswith("any"):
            return str(self.dice.choice(re.findall(r"\w+", kind.removeprefix("any"))))
        return self.dice.choice(
            [_quoted(self._text()) or "x", _quoted(self.dice.choice(self.words)) or "x"]
        )

    def _known(self, rule: Rule) -> list[str]:
        return [*self.names.get(rule.endpoint, []) * 3, *NAMES]

    def _learn(self, rule: Rule, answer: TestResponse) -> None:
        """Remember the names of the fields of a page; a table or a file has none."""
        html = answer.text if answer.mimetype == "text/html" else ""
        if found := set(re.findall(r'\sname="([\w.-]+)"', html)) - {"viewport"}:
            self.names[rule.endpoint] = sorted({*self.names.get(rule.endpoint, []), *found})

    def _form(self, rule: Rule) -> dict[str, Any]:
        own = self.names.get(rule.endpoint, [])
        chosen = [*[one for one in own if self.dice.random() < 0.8], *self.dice.sample(NAMES, 3)]
        form: dict[str, Any] = {name: self._text() for name in chosen}
        for name in chosen[:1]:
            form[name] = [self._text(), self._text()]
        return form

    def _body(self, form: dict[str, Any]) -> dict[str, Any]:
        kind = self.dice.random()
        if not form:
            return {}
        if kind < 0.1:
            return {"json": form}
        if kind < 0.13:
            return {
                "data": self.dice.choice([b"{", b"[" * 9999, b"\xff", b"--b"]),
                "content_type": self.dice.choice(
                    ["application/json", "multipart/form-data; boundary=b", "text/plain"]
                ),
            }
        if kind < 0.25:
            content, name = self.dice.choice(FILES)
            return {"data": {**form, "file": (io.BytesIO(content), name)}}
        return {"data": form}

    # What comes back ------------------------------------------------------------------------------

    def _faults(self, who: str | None, answer: TestResponse) -> Iterator[str]:
        if answer.status_code >= 500:
            yield f"status {answer.status_code}"
        for name, value in HEADERS.items():
            if answer.headers.get(name) not in {value, *STRICTER.get(name, ())}:
                yield f"header {name}"
        leads = urljoin("http://localhost/", answer.headers.get("Location", ""))
        if urlsplit(leads).netloc != "localhost":
            yield f"leads to {leads}"
        if answer.mimetype == "text/html":
            shown = re.sub(r"(?s)<textarea.*?</textarea>|value=\"[^\"]*\"", "", answer.text)
            yield from (f"inside: {one}" for one in INSIDE.findall(shown))
            yield from (f"inline: {one}" for one in INLINE.findall(re.sub(r">[^<]*<", "><", shown)))
        for found in set(CANARY.findall(answer.data)):
            if not self._may_read(who, UUID(found.decode())):
                yield f"a word of {UUID(found.decode())}"

    def _may_read(self, who: str | None, case_id: UUID) -> bool:
        if who in OVERSEERS or (who == "unit" and case_id == self.desk.own.id):
            return True
        if who is None:
            return False
        seat = (Participant.case_id == case_id) & (
            Participant.organisation_id == self.desk.own.actor(who).organisation_id
        )
        with self.desk.database.read() as reading:
            return (
                who != "unit"
                and reading.scalars(select(Participant).where(seat)).first() is not None
            )


def _encoded(asked: dict[str, str]) -> str:
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in asked.items())


def _quoted(text: str) -> str:
    return quote(text, safe="")


@pytest.fixture(scope="module")
def planted(desk: Desk) -> Desk:
    """Every case holds words that name it: in a remark, in a file, its name and its note."""
    supervisor = desk.town["supervisor"]
    for year in (desk.own, desk.other):
        word = f"canary{year.id.hex}"
        stored = desk.town.store.put(io.BytesIO(word.encode()), f"{word}.txt")
        told: Any = {"case_id": year.id, "actor": supervisor, "now": NOW}
        for work in (
            partial(records.comment, body=word, **told),
            partial(records.add_evidence, stored=stored, note=word, **told),
        ):
            desk.database.write(work)
    return desk


def send(fuzzer: Fuzzer, count: int) -> None:
    """Send so many requests; fail with all that went wrong."""
    wrong = [sent for sent in (fuzzer.send() for _ in range(count)) if sent.faults]
    if wrong:
        pytest.fail("\n".join(str(sent) for sent in wrong), pytrace=False)


def test_the_words_are_there_to_be_found(planted: Desk):
    for year, who, sees in (
        (planted.own, "unit", True),
        (planted.other, "unit", False),
        (planted.other, "supervisor", True),
    ):
        page = planted.browser(who).get(f"/cases/{year.id}?tab=evidence")
        assert (f"canary{year.id.hex}" in page.text) is sees


def test_the_judge_finds_what_is_wrong(planted: Desk):
    fuzzer = Fuzzer(planted, "judge")
    foreign = (
        f"<script>x</script><p style='a'>canary{planted.other.id.hex} Traceback (most".encode()
    )
    answer = planted.app.response_class(foreign, status=500, headers={"Location": "//evil.example"})
    client = planted.app.test_client()
    judged = TestResponse(
        answer.iter_encoded(), answer.status, answer.headers, client.get("/").request
    )
    faults = list(fuzzer._faults("unit", judged))
    for start in ("status", "header", "leads", "inside", "inline", "a word"):
        assert any(fault.startswith(start) for fault in faults), start


def test_nonsense_breaks_nothing_and_shows_nobody_anything(planted: Desk):
    fuzzer = Fuzzer(planted, planted.database.engine.dialect.name)
    send(fuzzer, IN_THE_SUITE)


@pytest.mark.soak
def test_much_nonsense_breaks_nothing(planted: Desk):
    fuzzer = Fuzzer(planted, f"soak {planted.database.engine.dialect.name}")
    send(fuzzer, IN_A_SOAK)
