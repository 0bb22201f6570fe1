"""The evidence bundle 证据包: what is in it, that it checks out anywhere, what stays inside, for whom."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select, update

from app import create_app, db
from app.assurance import bundle, bundle_scope
from app.assurance.bundle import Made, build, make
from app.assurance.bundle_parts import HEADING, silent
from app.assurance.bundle_scope import Order
from app.assurance.exports import ReasonMissing
from app.audit import chain, verification
from app.audit.models import AuditEntry
from app.cases import records
from app.cases.confidential import say_why
from app.cases.errors import NoSuchCase, NotPermitted
from app.cases.escalation.records import CHAIN, chain_of
from app.cases.models import Case
from app.cases.page import CasePage
from app.documents.errors import DocumentRefused
from app.releases.operations import current_law
from config import Settings
from tests import browsers
from tests.cases.conftest import page
from tests.documents.conftest import ORDER, Papers, papers
from tests.documents.hostile import printed, written
from tests.documents.paperwork import Paperwork
from tests.town import Town, instant, registered
from tests.workflows.procedure import Operation, a_case, assemble

NOW = instant("03-20")
REPORTER, INTERNAL = "李举报", "who told us"
EVIL = "..\\..\\=HYPERLINK(1) " + "长" * 90 + ".pdf"


@dataclass
class Unpacked:
    """A bundle and what lies in it."""

    made: Made
    zip: bytes
    folder: Path

    @cached_property
    def names(self) -> list[str]:
        return zipfile.ZipFile(io.BytesIO(self.zip)).namelist()

    @cached_property
    def index(self) -> list[dict[str, str]]:
        text = (self.folder / "files/index.csv").read_text("utf-8-sig")
        heading, *rows = csv.reader(io.StringIO(text, newline=""))
        assert tuple(heading) == HEADING
        return [
            dict(
                zip(
                    (
                        "no",
                        "file",
                        "title",
                        "number",
                        "stored",
                        "size",
                        "sha256",
                        "case",
                        "seq",
                        "chain",
                        "basis",
                        "volume",
                        "place",
                        "pages",
                    ),
                    row,
                    strict=True,
                )
            )
            for row in rows
        ]

    def lines(self, kind: str) -> list[dict[str, Any]]:
        found = map(json.loads, (self.folder / "log/entries.jsonl").read_text("utf-8").splitlines())
        return [line for line in found if line["line"] == kind]

    def text(self, name: str) -> str:
        [path] = self.folder.glob(name)
        pages = (one.extract_text() for one in PdfReader(path).pages)
        return "".join("".join(pages).replace("\u200b", "").split())

    def check(self, *arguments: str) -> tuple[int, str]:
        """What the program in it says, run by itself."""
        program = str(self.folder / "proof/check_bundle.py")
        done = subprocess.run(
            [sys.executable, "-I", program, *arguments],
            capture_output=True,
            check=False,
            cwd=self.folder,
        )
        return done.returncode, done.stdout.decode() + done.stderr.decode()


@dataclass
class Scene:
    """A small case with papers of every kind, and the application on its town."""

    town: Town
    case: Papers
    app: Flask
    settings: Settings
    folder: Path

    def order(self, who: str = "auditor", **said: Any) -> Order:
        return Order(**{"case_id": self.case.id, "actor": self.town[who], "now": NOW, **said})

    def make(self, name: str, who: str = "auditor", **said: Any) -> Unpacked:
        out = self.folder / f"{name}.zip"
        made = self.make_at(out, who, **said)
        return self.unpacked(made, out.read_bytes(), name)

    def make_at(self, out: Path, who: str = "auditor", **said: Any) -> Made:
        town = self.town
        with self.app.app_context():  # the words of the log are those of its translations
            return make(town.database, town.store, self.settings, self.order(who, **said), out)

    def unpacked(self, made: Made, content: bytes, name: str) -> Unpacked:
        folder = self.folder / name
        zipfile.ZipFile(io.BytesIO(content)).extractall(folder)
        return Unpacked(made, content, folder)

    def browser(self, login: str) -> FlaskClient:
        return browsers.signed_in(self.app, self.town.database, self.case.actor(login))

    def recorded(self) -> list[dict[str, Any]]:
        """What the entries of bundles say, oldest first."""
        query = select(AuditEntry).where(AuditEntry.trigger == bundle.TRIGGER)
        with self.town.database.read() as session:
            found = session.scalars(query.order_by(AuditEntry.recorded_at, AuditEntry.seq)).all()
        return [json.loads(one.body)["details"] for one in found]


def played(town: Town) -> Papers:
    """An order to correct, sealed and rendered, with a file in the open and one inside."""
    case = papers(town, reporter=REPORTER)
    order = {"what": "更正排放报告。", "due_on": "2026-04-20"}
    case.fire("order", "leader", order, at="03-17")
    case.seal("correction_order", ORDER)
    case.render()
    inspector = case.actor("inspector")
    files: tuple[tuple[str, bytes, dict[str, Any]], ...] = (
        (EVIL, written(printed("page one", "page two")), {"note": "=检测报告"}),
        ("谈话.pdf", written(printed(INTERNAL)), {"internal": True}),
    )
    for name, content, said in files:
        stored = town.store.put(io.BytesIO(content), name)
        put = partial(
            records.add_evidence, case_id=case.id, stored=stored, actor=inspector,
            now=instant("03-18 15:00"), **said,
        )  # fmt: skip
        town.database.write(put)
    number = case.row.number
    town.database.write(
        lambda session: chain.append(
            session, CHAIN, trigger="raise", actor=inspector, body={"case": number, "reason": "请示"},
            now=instant("03-19"), chain_id=chain_of(case.id), label=number,
        )
    )  # fmt: skip
    return case


@pytest.fixture(scope="module")
def scene(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("bundles")
    settings = Settings(
        database_url=town.database.url.render_as_string(hide_password=False),
        secret_key="for tests only",
        files=town.store.folder,
        keys=folder / "keys",
    )
    with registered(Operation, Paperwork), pytest.MonkeyPatch.context() as patch:
        app = create_app(settings)
        app.extensions[db.EXTENSION].dispose()
        app.extensions[db.EXTENSION] = town.database
        app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
        for module in ("app.cases.views", "app.assurance.bundle_commands"):
            patch.setattr(f"{module}.utcnow", lambda: NOW)
        yield Scene(town, played(town), app, settings, folder)


@pytest.fixture(scope="module")
def plain(scene: Scene) -> Unpacked:
    """A bundle as the auditor makes it who asks for nothing else."""
    return scene.make("plain")


@pytest.fixture(scope="module")
def full(scene: Scene) -> Unpacked:
    """One with the side volume and the values."""
    return scene.make("full", "legal", side=True, unmask=True, reason="法院调卷")


# What is in it ------------------------------------------------------------------------------------


def test_every_file_is_there_with_the_digest_the_index_and_the_sums_name(plain):
    sums = dict(
        reversed(line.split("  ", 1))
        for line in (plain.folder / "SHA256SUMS").read_text().splitlines()
    )
    assert set(sums) == set(plain.names) - {"SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256((plain.folder / name).read_bytes()).hexdigest() == digest
    assert {one["file"] for one in plain.index} == {n for n in sums if re.match(r"files/\d", n)}
    for one in plain.index:
        assert (sums[one["file"]], (plain.folder / one["file"]).stat().st_size) == (
            one["sha256"],
            int(one["size"]),
        )
    shapes = [
        re.sub(r"卷宗-.*-", "卷宗-…-", name)
        for name in plain.names
        if not name.startswith("files/")
    ]
    assert shapes == [
        "00-说明-README.pdf", "01-卷宗-…-正卷.pdf", "log/entries.jsonl", "log/流转记录.pdf",
        "proof/checkpoint-000001.json", "proof/public-key.txt", "proof/check_bundle.py",
        "proof/verify_export.py", "SHA256SUMS",
    ]  # fmt: skip
    assert len(plain.index) == plain.made.parts.files == 2


def test_the_check_takes_nothing_it_does_not_know_for_an_answer(plain):
    code, said = plain.check("--help")
    assert (code, "成立" in said, "--checkpoint" in said) == (0, False, True)
    code, said = plain.check(".")
    assert (code, "成立" in said) == (2, False)


def test_the_index_names_the_pages_of_each_file_and_every_page_bears_its_number(plain):
    [volume] = {one["volume"] for one in plain.index}
    pages = [
        one.extract_text().replace("\u200b", "") for one in PdfReader(plain.folder / volume).pages
    ]
    assert [text.split()[-1] for text in pages] == [str(n) for n in range(1, len(pages) + 1)]
    by_title = {one["title"]: one for one in plain.index}
    order, report = by_title["责令改正违法行为决定书"], by_title["'=检测报告"]
    assert (order["pages"], report["pages"]) == ("3-4", "5-6"), "behind cover and index"
    assert order["number"] in pages[2]
    assert ("page one" in pages[4], "page two" in pages[5]) == (True, True)
    listed = "".join(pages[1].split())
    assert ("3—4" in listed, "5—6" in listed) == (True, True)
    log = PdfReader(plain.folder / "log/流转记录.pdf").pages
    assert [one.extract_text().split()[-1] for one in log] == [
        str(n) for n in range(1, len(log) + 1)
    ]


def test_the_entries_are_those_of_the_case_and_of_its_escalations_and_can_be_read(scene, plain):
    chains = {line["chain_id"]: line["chain"] for line in plain.lines("chain")}
    assert chains == {str(scene.case.id): "case", str(chain_of(scene.case.id)): "escalations"}
    assert [json.loads(line["body"])["chain_id"] for line in plain.lines("entry")].count(
        str(scene.case.id)
    ) == len(scene.case.entries())
    read = plain.text("log/流转记录.pdf")
    for words in (
        "流转记录",
        "责令改正D02",
        "拟办→已责令",
        "举报人：〔仅存承诺值〕",
        "提请督办",
        "理由：请示",
        scene.case.entries()[0].hash[:16],
    ):
        assert words in read, words


def test_the_sheet_on_top_says_whose_case_it_is_and_how_to_check_it(scene, plain):
    assert len(PdfReader(plain.folder / "00-说明-README.pdf").pages) == 1
    told = plain.text("00-说明-README.pdf")
    key = (plain.folder / "proof/public-key.txt").read_text().strip()
    for words in (
        scene.case.row.number,
        "何平",
        "2026-03-20",
        "check_bundle.py",
        "proof/checkpoint-000001.json",
        key,
        "没有证明",
        "Notproven",
        "副卷不在内",
        "覆盖本包全部记录",
    ):
        assert words in told, words


def test_no_name_leads_out_of_the_folder_or_is_too_long_for_it(plain):
    for name in plain.names:
        assert not set(name) & set('\\:*?"<>|= ') - {"="}
        assert ".." not in name.split("/")
        assert not name.startswith("/")
        assert len(name.rsplit("/", 1)[-1].encode()) <= 255
    assert any(name.endswith("长.pdf") for name in plain.names)
    assert {one.date_time for one in zipfile.ZipFile(io.BytesIO(plain.zip)).infolist()} == {
        (1980, 1, 1, 0, 0, 0)
    }


# That it checks out -------------------------------------------------------------------------------


def test_it_holds_where_nothing_is_but_the_bundle(plain, full):
    handed = plain.folder / "proof/checkpoint-000001.json"
    key = (plain.folder / "proof/public-key.txt").read_text()
    status, said = plain.check("--key", key, "--checkpoint", str(handed))
    assert status == 0, said
    assert "2 件的摘要载于流转记录" in said
    assert "HOLDS." in said
    status, said = full.check("--checkpoint", str(handed))
    assert status == 0, said
    assert "3 件的摘要载于流转记录" in said


def rewritten(bundle: Unpacked, copy: Path, name: str, old: bytes, new: bytes) -> Unpacked:
    """The bundle with some bytes of a file changed by somebody who writes its sum anew."""
    shutil.copytree(bundle.folder, copy)
    path = copy / name
    before = path.read_bytes()
    assert before.count(old) >= 1
    path.write_bytes(before.replace(old, new, 1))
    sums = (copy / "SHA256SUMS").read_text()
    was, now = (hashlib.sha256(each).hexdigest() for each in (before, path.read_bytes()))
    (copy / "SHA256SUMS").write_text(sums.replace(was, now))
    return Unpacked(bundle.made, b"", copy)


def test_a_byte_of_an_entry_or_of_a_file_changed_is_found_though_the_sums_are_written_anew(
    plain, tmp_path
):
    status, said = rewritten(
        plain, tmp_path / "entry", "log/entries.jsonl", "发热量".encode(), "发热数".encode()
    ).check()
    assert status == 1
    assert "altered" in said
    changed = next(one["file"] for one in plain.index if "检测报告" in one["title"])
    status, said = rewritten(plain, tmp_path / "file", changed, b"%PDF-1", b"%PDF-2").check()
    assert status == 1
    assert f"{changed}：摘要与流转记录第" in said
    assert "THE BUNDLE DOES NOT HOLD: 1" in said
    _, _, last = said.rpartition("就整个证据包")
    assert "证据包成立" not in last
    assert "证据包成立" in plain.check()[1]
    plainly = rewritten(plain, tmp_path / "sum", "SHA256SUMS", b"0", b"1")
    assert plainly.check()[0] in {1, 2}
    (tmp_path / "file" / changed).unlink()
    assert Unpacked(plain.made, b"", tmp_path / "file").check()[0] == 2


# What stays inside --------------------------------------------------------------------------------


def test_who_reported_and_what_is_internal_stays_inside(plain):
    found = plain.zip.decode(errors="replace") + plain.text("log/*.pdf") + plain.text("01-*.pdf")
    for secret in (REPORTER, INTERNAL, "谈话", "副卷.pdf"):
        assert secret not in found, secret
    [header] = plain.lines("header")
    assert header["masked"] is True
    assert not any("values" in line for line in plain.lines("entry"))


def test_asked_for_with_a_reason_it_goes_out_and_every_read_is_recorded(scene, full):
    assert any(
        REPORTER in json.dumps(line["values"], ensure_ascii=False)
        for line in full.lines("entry")
        if "values" in line
    )
    assert f"举报人：{REPORTER}" in full.text("log/流转记录.pdf")
    assert "whotoldus" in full.text("02-*-副卷.pdf")
    entry = next(one for one in scene.recorded() if not one["masked"])
    assert (entry["reason"], entry["side_volume"], entry["values"]) == (
        "法院调卷",
        True,
        full.made.parts.values,
    )
    reads = select(AuditEntry).where(AuditEntry.chain == "reads", AuditEntry.actor_name == "孙静")
    with scene.town.database.read() as session:
        told = [json.loads(one.body)["details"] for one in session.scalars(reads)]
    assert {(one["what"], one["reason"], one["chain"]) for one in told} == {
        ("side_volume", "法院调卷", str(scene.case.id)), ("values", "法院调卷", str(scene.case.id)),
    }  # fmt: skip


@pytest.mark.parametrize("said", [{"side": True}, {"unmask": True, "reason": "  "}])
def test_without_a_reason_neither_goes_out(scene, said):
    out = scene.folder / "refused.zip"
    with pytest.raises(ReasonMissing):
        make(scene.town.database, scene.town.store, scene.settings, scene.order(**said), out)
    assert not out.exists()


# The same state, the same bytes; the entry first --------------------------------------------------


def test_the_same_state_gives_the_same_bytes(scene, tmp_path):
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        out = tmp_path / f"{name}.zip"
        build(
            scene.town.database,
            scene.town.store,
            scene.order(),
            out,
            tmp_path / name,
            report=silent,
        )
        made.append(out.read_bytes())
    assert made[0] == made[1]


def test_the_entry_names_the_zip_and_stands_in_no_chain_of_the_case(scene, plain):
    entry = next(
        one for one in scene.recorded() if one["sha256"] == hashlib.sha256(plain.zip).hexdigest()
    )
    assert (entry["case"], entry["masked"], entry["bytes"]) == (
        scene.case.row.number,
        True,
        len(plain.zip),
    )
    assert bundle.TRIGGER not in {one.trigger for one in scene.case.entries()}
    assert scene.case.faults() == []
    with scene.town.database.read() as session:  # a bundle names no evidence of its own chain
        assert verification.verify_chain(session, plain.made.chain_id) == []


def test_nothing_is_handed_over_that_was_not_recorded(scene, tmp_path, monkeypatch):
    def fails(*_arguments: Any, **_said: Any) -> int:
        raise OSError("disk full")

    monkeypatch.setattr(bundle, "_recorded", fails)
    out = tmp_path / "out.zip"
    done = scene.app.test_cli_runner().invoke(
        args=["audit", "bundle", scene.case.row.number, "--out", str(out)]
    )
    assert done.exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_a_file_the_store_changed_is_refused(scene, plain, tmp_path):
    path = scene.town.store.path(plain.index[0]["sha256"])
    kept, before = path.read_bytes(), len(scene.recorded())
    try:
        path.write_bytes(kept + b" ")
        with pytest.raises(DocumentRefused):
            make(
                scene.town.database,
                scene.town.store,
                scene.settings,
                scene.order(),
                tmp_path / "out.zip",
            )
    finally:
        path.write_bytes(kept)
    assert len(scene.recorded()) == before


# Who may ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("auditor", True), ("supervisor", True), ("legal", True), ("leader", False), ("inspector", False),
        ("unit", None), ("verifier", None), ("market", None), ("expert1", None), ("admin", None),
    ],
)  # fmt: skip
def test_auditors_and_those_of_the_lead_who_answer_for_it_make_one(scene, who, may):
    browser, address = scene.browser(who), f"/audit/cases/{scene.case.id}/bundle"
    answer = browser.get(address)
    assert answer.status_code == {True: 200, False: 403, None: 404}[may]
    shown = browser.get(f"/cases/{scene.case.id}")
    assert ("tab=bundle" in shown.get_data(as_text=True)) is bool(may)
    if not may:
        before = len(scene.recorded())
        assert browser.post(address).status_code == answer.status_code
        assert len(scene.recorded()) == before
        with pytest.raises((NoSuchCase, NotPermitted)), scene.town.database.read() as session:
            bundle_scope.scope_of(session, scene.order(actor=scene.case.actor(who)))


def test_nobody_signed_out_gets_one(scene):
    answer = scene.app.test_client().get(f"/audit/cases/{scene.case.id}/bundle")
    assert answer.status_code == 303


def test_the_page_says_what_goes_out_and_hands_the_zip_over(scene, tmp_path):
    browser, address = scene.browser("supervisor"), f"/audit/cases/{scene.case.id}/bundle"
    html = page(browser.get(address))
    assert "2 个文件" in html
    assert f"{len(scene.case.entries()) + 1} 条记录" in html
    refused = browser.post(address, data={"side": "y", "reason": " "})
    assert refused.status_code == 422
    assert "须说明" in refused.get_data(as_text=True)
    with browser.post(address, data={"reason": "送市中级人民法院"}) as got:
        assert (got.status_code, got.mimetype) == (200, "application/zip")
        assert got.headers["Content-Disposition"].startswith("attachment")
        assert got.data[:2] == b"PK"
        assert got.content_length == len(got.data)
        digest = hashlib.sha256(got.data).hexdigest()
    entry = next(one for one in scene.recorded() if one["sha256"] == digest)
    assert entry["reason"] == "送市中级人民法院"


def test_one_too_large_to_wait_for_is_left_to_the_command_line(scene, monkeypatch):
    monkeypatch.setattr(bundle_scope, "MOST_FILES", 1)
    before = len(scene.recorded())
    answer = scene.browser("auditor").post(f"/audit/cases/{scene.case.id}/bundle")
    assert answer.status_code == 422
    assert f"flask audit bundle {scene.case.row.number} --out" in answer.get_data(as_text=True)
    assert len(scene.recorded()) == before


# The command --------------------------------------------------------------------------------------


def test_the_command_makes_one_of_a_family_and_says_its_digest(scene, tmp_path):
    assemble(scene.town)
    child = a_case(scene.town, on="03-02", ended="02-10")
    run, out = scene.app.test_cli_runner().invoke, tmp_path / "family.zip"
    done = run(args=["audit", "bundle", child.row.number, "--out", str(out), "--with-family"])
    assert done.exit_code == 0, done.output
    assert hashlib.sha256(out.read_bytes()).hexdigest() in done.output
    names = zipfile.ZipFile(out).namelist()
    assert sum("-正卷.pdf" in name for name in names) == 2, "the case and its parent"
    with zipfile.ZipFile(out).open("log/entries.jsonl") as lines:
        chains = [one["chain_id"] for one in map(json.loads, lines) if one["line"] == "chain"]
    assert {str(child.id), str(child.row.parent_id)} <= set(chains)


def test_of_a_restricted_relative_an_auditor_hands_out_nothing_before_saying_why(scene):
    assemble(scene.town)
    child = a_case(scene.town, on="03-02", ended="02-10")
    parent = child.row.parent_id
    scene.town.database.write(
        lambda s: s.execute(update(Case).where(Case.id == parent).values(restricted=True))
    )
    order = scene.order(case_id=child.id, family=True)

    def handed() -> set[UUID]:
        with scene.town.database.read() as session:
            found = bundle_scope.scope_of(session, order).contents
            return {head.case_id for one in found for head in one.heads}

    assert parent is not None
    assert parent not in handed()
    assert child.id in handed()
    with scene.town.database.read() as session:
        read = CasePage(session, order.actor, parent, now=NOW, law=current_law(session))
    scene.town.database.write(lambda s: say_why(s, read, "年度审计抽查"))
    assert {parent, child.id} <= handed()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--against", "9999"], "Checkpoint 9999"),
        (["--side"], "须说明理由"),
        (["--unmask"], "须说明理由"),
    ],
)
def test_the_command_says_why_it_makes_none(scene, tmp_path, asked, said):
    out = tmp_path / "out.zip"
    done = scene.app.test_cli_runner().invoke(
        args=["audit", "bundle", scene.case.row.number, "--out", str(out), *asked]
    )
    assert done.exit_code == 1
    assert said in done.output
    assert list(tmp_path.iterdir()) == []
