"""What is sealed leaves no trace in the database, and what is closed to others is given to nobody else.

A dump of the database alone is read for the words of a whistle-blower after a clue went its way; and
for every role, the views of a deliberation, the side volume and internal evidence are asked for.
"""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from app import create_app, db
from app.accounts import sessions
from app.accounts.models import ParkedForm
from app.audit import reads, sealing
from app.audit.models import AuditEntry
from app.cases import records, timers
from app.cases.models import Case, Draft, Evidence
from app.db import Database
from app.documents.casefile import compile_file
from app.models import metadata
from app.outbox import letters
from app.workflows.joint_enforcement import JointEnforcement
from config import Settings
from tests import browsers
from tests.cases.conftest import page
from tests.town import Town, day, instant, registered
from tests.workflows.procedure import FAMILY, Procedure, assemble, heavy

CANARY, TOLD = "Canary-61c07", "Canary-88d13"
"""Whom the clue is from, and how they were answered: letters and digits no encoding changes."""
VIEW = "Canary-view-27f5"
INTERNAL = "Canary-internal-90b2"
REASON = "核对举报人是否实名"


@dataclass
class Desk:
    """The town with its application; ``now`` is the time its pages are told."""

    app: Flask
    town: Town
    now: datetime = field(default_factory=lambda: instant("03-02 10:00"))

    @property
    def database(self) -> Database:
        return self.town.database

    def browser(self, login: str) -> FlaskClient:
        return browsers.signed_in(self.app, self.database, self.town[login])

    def left(self, login: str) -> FlaskClient:
        """A browser in which the session of that person has ended, which it knows."""
        client = self.app.test_client()
        with self.app.app_context():
            signed = sessions._signer().dumps(str(self.town[login].person_id))
        client.set_cookie(sessions.COOKIE, str(signed))
        return client

    def reads(self, what: reads.Restricted) -> list[dict[str, Any]]:
        """The recorded reads of one kind, oldest first."""
        query = select(AuditEntry).where(AuditEntry.chain == reads.CHAIN)
        with self.database.read() as session:
            found = session.scalars(query.order_by(AuditEntry.recorded_at, AuditEntry.seq)).all()
        bodies = [json.loads(entry.body) for entry in found]
        return [body for body in bodies if body["details"]["what"] == what]


@pytest.fixture(scope="module")
def desk(town: Town) -> Iterator[Desk]:
    settings = Settings(
        database_url=town.database.url.render_as_string(hide_password=False),
        secret_key="for tests only",
        files=town.store.folder,
    )
    with registered(*FAMILY), pytest.MonkeyPatch.context() as patch:
        assemble(town)
        app = create_app(settings)
        app.extensions[db.EXTENSION].dispose()
        app.extensions[db.EXTENSION] = town.database
        app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
        made = Desk(app, town)
        for module in ("app.cases.views", "app.accounts.sessions"):
            patch.setattr(f"{module}.utcnow", lambda: made.now)
        yield made


# At rest -------------------------------------------------------------------------------------------


def dump(database: Database) -> dict[str, bytes]:
    """Everything the database holds, by table; on SQLite the bytes of its files as well."""
    found = {}
    with database.engine.connect() as connection:
        for table in metadata.tables:
            rows = connection.execute(text(f'SELECT * FROM "{table}"')).all()
            found[table] = repr(rows).encode()
    if database.is_sqlite:
        for end in ("", "-wal"):
            # By another process: closing the file here would drop the locks SQLite holds on it.
            read = ["cat", f"{database.url.database}{end}"]
            found[f"file{end}"] = subprocess.run(read, check=True, capture_output=True).stdout
    return found


def traces(database: Database, *words: str) -> dict[str, list[str]]:
    """Where in the database words stand."""
    kept = dump(database).items()
    return {word: [name for name, held in kept if word.encode() in held] for word in words}


def a_clue(desk: Desk) -> dict[str, Any]:
    return {
        "subject": desk.town.organisation_of("redian"), "source": "report",
        "conduct": "report_false", "discovered_on": "2026-03-02", "suspicion": "Suspicion-4411",
        "reporter_named": "y", "reporter": f"{CANARY}, 13912345678",
    }  # fmt: skip


def test_who_reported_stands_nowhere_in_a_dump_of_the_database(desk, caplog):
    caplog.set_level("DEBUG")
    # The form is sent after the session ended, and parked; then it is sent again.
    late = desk.left("inspector")
    assert late.post("/clues/new", data=a_clue(desk)).status_code == 303
    browser = desk.browser("inspector")
    assert browser.post("/clues/new", data=a_clue(desk) | {"conduct": ""}).status_code == 422
    answer = browser.post("/clues/new", data=a_clue(desk))
    assert answer.status_code == 303, answer.get_data(as_text=True)
    with desk.database.read() as session:
        query = select(Case).where(Case.lifecycle == JointEnforcement.key)
        case_id: UUID = session.scalars(query).one().id

    # The act that answers them is typed, saved as a draft, parked, restored, sent.
    act, typed = f"/cases/{case_id}/act/tell_reporter", {"told": TOLD}
    draft = f"/cases/{case_id}/draft/tell_reporter"
    said = {**typed, "reporter_told_on": "2026-03-02"}
    assert browser.put(draft, json=said).status_code == 200
    assert late.post(act, data=said).status_code == 303
    with desk.database.read() as session:
        [kept] = session.scalars(select(Draft))
        parked = {one.path: one.data for one in session.scalars(select(ParkedForm))}
    assert kept.data["reporter_told_on"] == "2026-03-02"
    assert "told" not in kept.data
    assert parked[act]["reporter_told_on"] == ["2026-03-02"]
    assert "told" not in parked[act]
    assert parked["/clues/new"]["suspicion"] == ["Suspicion-4411"]
    assert "reporter" not in parked["/clues/new"]
    html = page(desk.browser("inspector").get(act))
    assert "2026-03-02" in html
    with desk.database.read() as session:
        row = session.get_one(Case, case_id)
    sent = {**said, "version": str(row.version), "key": "once"}
    assert desk.browser("inspector").post(act, data=sent).status_code == 303

    # It goes its way: people are told, clocks end, an auditor exports.
    desk.now = instant("05-20 10:00")
    timers.tick(desk.database, desk.town.law, desk.now)
    letters.distribute(desk.database, desk.town.law, desk.now, by_mail=True)
    asked = {"format": "jsonl"}
    export = desk.browser("auditor").post("/audit/exports", data=asked, buffered=True)
    assert export.status_code == 200
    assert b"Suspicion-4411" in export.data

    found = traces(desk.database, CANARY, TOLD, "13912345678", "Suspicion-4411")
    assert found.pop("Suspicion-4411")
    assert found == {CANARY: [], TOLD: [], "13912345678": []}
    for secret in (CANARY, TOLD, "13912345678"):
        assert secret not in caplog.text
        assert secret.encode() not in export.data

    # Whoever has the keys and says why reads it.
    desk.now = instant("05-21 10:00")
    shown = desk.browser("supervisor").post(f"/cases/{case_id}/entries/0", data={"reason": REASON})
    assert CANARY in page(shown)
    assert shown.headers["Cache-Control"] == "no-store"
    assert reads_of_values(desk)[-1]["details"]["reason"] == REASON


def reads_of_values(desk: Desk) -> list[dict[str, Any]]:
    return desk.reads(reads.Restricted.VALUES)


# Shown ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clue(desk: Desk) -> str:
    """The entry of a clue with who reported it."""
    typed = {
        "source": "report", "conduct": "report_false", "suspicion": "示例",
        "discovered_on": day("06-01"), "reporter_named": True, "reporter": CANARY,
    }  # fmt: skip
    desk.now = instant("06-01 10:00")
    matter = desk.town.open(JointEnforcement, "inspector", typed, at="06-01 09:00")
    return f"/cases/{matter.id}/entries/0"


def test_where_the_key_is_lost_the_page_says_which(desk, clue, tmp_path, monkeypatch):
    url = desk.database.url.render_as_string(hide_password=False)
    bare = Database(url, keys=tmp_path / "none.keys")
    with desk.database.read() as session:
        [key] = sealing.keys_in_use(session)
    with monkeypatch.context() as patch:
        patch.setitem(desk.app.extensions, db.EXTENSION, bare)
        html = page(desk.browser("supervisor").post(clue, data={"reason": REASON}))
    bare.dispose()
    assert f"密钥 {key} 缺失" in html
    assert CANARY not in html
    assert reads_of_values(desk)[-1]["details"]["reason"] == REASON


def test_where_there_are_no_keys_an_act_that_seals_is_refused_whole(
    desk, clue, tmp_path, monkeypatch
):
    url = desk.database.url.render_as_string(hide_password=False)
    bare = Database(url, keys=tmp_path / "none.keys")
    with monkeypatch.context() as patch:
        patch.setitem(desk.app.extensions, db.EXTENSION, bare)
        asked = a_clue(desk) | {"compared": desk.town.organisation_of("redian")}
        html = page(desk.browser("inspector").post("/clues/new", data=asked), 503)
    bare.dispose()
    assert "密钥缺失" in html
    assert CANARY not in html


def test_killed_between_the_log_and_the_answer_the_log_stands(desk, clue, monkeypatch):
    """What the answer is made of comes after the commit: with none made, the read is known."""
    before = len(reads_of_values(desk))

    class Killed(BaseException):
        pass

    def killed(*_args: object, **_kwargs: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(sealing.Opener, "open", killed)
        browser = desk.browser("supervisor")
        with pytest.raises(Killed):
            browser.post(clue, data={"reason": REASON})
    assert len(reads_of_values(desk)) == before + 1


@pytest.mark.parametrize("who", ["auditor", "admin", "unit-redian", "verifier", "market", "region"])
def test_nobody_else_is_shown_who_reported(desk, clue, who):
    before = len(reads_of_values(desk))
    for answer in (
        desk.browser(who).get(clue),
        desk.browser(who).post(clue, data={"reason": REASON}),
    ):
        assert CANARY not in answer.get_data(as_text=True)
    assert len(reads_of_values(desk)) == before


# Closed to others ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Closed:
    """A penalty case that was discussed, its file, and the internal evidence on it."""

    case: Procedure
    file: int
    evidence: UUID
    view: int

    def address(self, rest: str) -> str:
        return f"/cases/{self.case.id}{rest}"

    @property
    def addresses(self) -> dict[str, str]:
        """Where each closed thing is asked for."""
        return {
            "view": self.address(f"/entries/{self.view}"),
            "discussion": self.address("?tab=discussion"),
            "history": self.address("?tab=history"),
            "case": self.address(""),
            "side": self.address(f"/casefile/{self.file}/side"),
            "archive": self.address(f"/casefile/{self.file}/archive"),
            "casefile": self.address("?tab=casefile"),
            "evidence": self.address(f"/files/{self.evidence}"),
            "files": self.address("?tab=evidence"),
            "bundle": self.address("/bundle"),
            "models": self.address("?tab=documents"),
        }


def evidence_on(town: Town, case_id: UUID, seq: int) -> UUID:
    """The id of the file an entry put on a case."""
    query = select(Evidence.id).where(Evidence.case_id == case_id, Evidence.seq == seq)
    with town.database.read() as session:
        return session.scalars(query).one()


@pytest.fixture(scope="module")
def closed(desk: Desk) -> Closed:
    town = desk.town
    case = heavy(town).legal("09-01").pass_legal("09-02").convene("09-03")
    objection = {"view": "object", "view_reason": VIEW}
    fired = case.do("discuss", "leader", objection, on="09-03")
    file = town.store.put(io.BytesIO(INTERNAL.encode()), f"{INTERNAL}.txt")
    now = instant("09-04")
    seq = town.database.write(
        lambda session: records.add_evidence(
            session, case.id, file, actor=town["inspector"], now=now, internal=True
        )
    )
    made = compile_file(town.database, town.store, case.id, actor=town["inspector"], now=now)
    desk.now = instant("09-04 15:00")
    return Closed(case, made.file.seq, evidence_on(town, case.id, seq), fired.seq)


OUTSIDE = (
    "unit-redian",
    "unit-baifan",
    "verifier",
    "expert1",
    "market",
    "police",
    "region",
    "admin",
)


@pytest.mark.parametrize("who", OUTSIDE)
def test_no_page_and_no_file_gives_outsiders_what_is_closed_to_them(desk, closed, who):
    browser = desk.browser(who)
    before = {what: len(desk.reads(what)) for what in reads.Restricted}
    for name, address in closed.addresses.items():
        answer = browser.get(address, buffered=True)
        said = answer.get_data()
        assert VIEW.encode() not in said, name
        assert INTERNAL.encode() not in said, name
        if name in {"view", "side", "archive", "evidence", "bundle"}:
            assert answer.status_code in {403, 404}, name
    for order in ({"side": "y", "reason": REASON}, {"unmask": "y", "reason": REASON}):
        assert browser.post(closed.address("/bundle"), data=order).status_code in {403, 404}
    assert {what: len(desk.reads(what)) for what in reads.Restricted} == before


@pytest.mark.parametrize("who", ["leader2", "inspector", "legal"])
def test_those_who_decide_read_the_views(desk, closed, who):
    for name in ("view", "discussion"):
        assert VIEW in page(desk.browser(who).get(closed.addresses[name]))


FILES = {
    "evidence": reads.Restricted.EVIDENCE,
    "side": reads.Restricted.SIDE_VOLUME,
    "archive": reads.Restricted.ARCHIVE,
}


@pytest.mark.parametrize("name", FILES)
def test_a_closed_file_is_sent_after_its_reading_is_recorded(desk, closed, name):
    before = len(desk.reads(FILES[name]))
    answer = desk.browser("inspector").get(closed.addresses[name], buffered=True)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    entry = desk.reads(FILES[name])[before]
    assert entry["actor"]["id"] == str(desk.town["inspector"].person_id)
    assert entry["details"]["chain"] == str(closed.case.id)


@pytest.mark.parametrize("name", FILES)
def test_a_closed_file_whose_reading_cannot_be_recorded_is_not_sent(
    desk, closed, name, monkeypatch
):
    def full(*_args: object, **_kwargs: object) -> None:
        raise OSError("disk full")

    for module in ("app.audit.reads", "app.documents.casefile_views"):
        monkeypatch.setattr(f"{module}.record_read", full)
    browser = desk.browser("inspector")
    with pytest.raises(OSError, match="disk full"):
        browser.get(closed.addresses[name])


def test_an_open_file_is_no_restricted_reading(desk, closed):
    town, now = desk.town, instant("09-04")
    file = town.store.put(io.BytesIO(b"open"), "open.txt")
    seq = town.database.write(
        lambda session: records.add_evidence(
            session, closed.case.id, file, actor=town["inspector"], now=now
        )
    )
    evidence = evidence_on(town, closed.case.id, seq)
    before = len(desk.reads(reads.Restricted.EVIDENCE))
    address = closed.address(f"/files/{evidence}")
    assert desk.browser("inspector").get(address, buffered=True).data == b"open"
    assert len(desk.reads(reads.Restricted.EVIDENCE)) == before
