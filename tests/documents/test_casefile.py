"""The case file 卷宗: what is in it and where, its pages, what harmful files do, who reads it."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count, pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import rfc8785
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import event, select

from app import create_app, db
from app.audit import reads
from app.audit.models import AuditEntry
from app.cases import records
from app.cases.errors import NoSuchCase, NotPermitted
from app.cases.models import Case
from app.cases.snapshot import Snapshot
from app.db import new_id
from app.documents import casefile, casefile_binding, casefile_paging, casefile_sheets
from app.documents.casefile import Compiled, compile_file
from app.documents.casefile_binding import bind, paged
from app.documents.casefile_contents import COMPILED, Contents, contents_of
from app.documents.casefile_writer import VolumeWriter
from app.documents.catalogue import Volume, form_named
from app.documents.errors import DocumentRefused
from app.documents.models import CaseFile
from config import Settings
from tests import browsers
from tests.cases.conftest import page
from tests.documents import hostile
from tests.documents.conftest import Papers
from tests.documents.hostile import png, printed, written
from tests.town import Town, day, instant, registered
from tests.workflows.procedure import SCAN, Operation, a_case, assemble
from tests.workflows.serving import Served, issue

ORDER = {
    "main": "decision filing evidence notices hearing execution closing",
    "side": "sources secrets hearing review legal discussion",
}
"""Domain 12.2."""
NOW = "09-10"
_numbers = count(1)


@dataclass
class Filed:
    """A penalty case with a file, and the application on its town."""

    town: Town
    case: Served
    app: Flask
    made: Compiled
    _texts: dict[str, list[str]] = field(default_factory=dict)

    @property
    def file(self) -> CaseFile:
        return self.made.file

    @property
    def contents(self) -> Contents:
        with self.town.database.read() as session:
            return contents_of(session, self.case.id)

    def bytes_of(self, digest: str) -> bytes:
        return self.town.store.path(digest).read_bytes()

    def pages(self, volume: str) -> list[str]:
        """The texts of the pages of a volume."""
        if volume not in self._texts:
            made = self.bytes_of(getattr(self.file, f"{volume}_sha256"))
            texts = (one.extract_text() for one in PdfReader(io.BytesIO(made)).pages)
            self._texts[volume] = [text.replace("\u200b", "") for text in texts]
        return self._texts[volume]

    @property
    def archive(self) -> zipfile.ZipFile:
        return zipfile.ZipFile(self.town.store.path(self.file.archive_sha256))

    @property
    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.archive.read("manifest.json"))
        return found

    def papers(self, volume: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.manifest["volumes"][volume]["papers"]
        return found

    def paper(self, volume: str, name: str) -> dict[str, Any]:
        return next(one for one in self.papers(volume) if name in one["file"])

    def browser(self, login: str) -> FlaskClient:
        return browsers.signed_in(self.app, self.town.database, self.case.actor(login))

    def address(self, rest: str = "") -> str:
        return f"/cases/{self.case.id}/casefile{rest}"


def add(case: Served, name: str, content: bytes, *, who: str = "inspector", **said: Any) -> None:
    """Put a file on a case."""
    town = case.town
    stored = town.store.put(io.BytesIO(content), name)
    town.database.write(
        lambda session: records.add_evidence(
            session, case.id, stored, actor=case.actor(who), now=instant("09-01 15:00"), **said
        )
    )


def played(town: Town) -> Served:
    """A case up to the service of its decision, with a correction beside it.

    Some of its documents are sealed and some are not; people put files of every kind on it.
    """
    made = a_case(town, on="09-01", ended="08-10")
    case = Served(town, made.id, None, made.proposed)
    case.investigated("09-01")
    for kind in ("filing_approval", "inspection_record"):
        issue(case, kind, "09-01")
    order = {"what": "补齐存证", "due_on": day("09-30"), "addressee": "示例热电有限公司"}
    case.do("order_correction", "leader", order, on="09-01")
    issue(case, "correction_order", "09-01")
    track = case.children("corrections")[-1]
    typed = {"order_served_on": day("09-01"), "receipt": SCAN}
    track.fire("prove_service", "inspector", typed, at="09-01 14:00")
    add(case, "检测报告.pdf", written(printed("page one", "page two")), note="检测报告（2026-031）")
    add(case, "turned.pdf", written(printed("on its side", size=(420, 595), turned=90)))
    add(case, "photo.png", png(40, 30))
    add(case, "CON.csv", "月份,燃煤量\n1,200".encode())
    add(case, "acting.pdf", hostile.acting())
    with pytest.MonkeyPatch.context() as once:  # such files came in before they were refused
        once.setattr("app.cases.file_checks._PDF_LOCK", re.compile(rb"(?!)"))
        add(case, "locked.pdf", hostile.encrypted())
    add(case, "broken.png", png(40, 30, rows=1)[:60])
    add(case, "谈话.pdf", written(printed("who told us")), internal=True)
    case.submit("09-02").pass_review("09-03").notify("09-04").waive("09-05").pass_legal("09-07")
    issue(case, "legal_review_form", "09-07")
    case.decide("09-08").deliver("09-09")
    return case


@pytest.fixture(scope="module")
def filed(town: Town) -> Iterator[Filed]:
    settings = Settings(
        database_url=town.database.url.render_as_string(hide_password=False),
        secret_key="for tests only",
        files=town.store.folder,
    )
    with registered(Operation), pytest.MonkeyPatch.context() as patch:
        assemble(town)
        app: Flask = create_app(settings)
        app.extensions[db.EXTENSION].dispose()
        app.extensions[db.EXTENSION] = town.database
        app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
        patch.setattr("app.cases.views.utcnow", lambda: instant(NOW))
        case = played(town)
        made = compiled(case)
        yield Filed(town, case, app, made)


def compiled(case: Served, who: str = "inspector", at: str = NOW) -> Compiled:
    town = case.town
    return compile_file(town.database, town.store, case.id, actor=case.actor(who), now=instant(at))


# What is in it, and where -------------------------------------------------------------------------


def test_the_papers_stand_in_the_order_of_the_law(filed):
    for volume, order in ORDER.items():
        groups = [one["group"] for one in filed.papers(volume)]
        places = [order.split().index(group) for group in groups]
        assert places == sorted(places), volume
    assert {one["group"] for one in filed.papers("main")} == {
        "decision", "filing", "evidence", "notices",
    }  # fmt: skip
    assert {one["group"] for one in filed.papers("side")} == {"secrets", "legal"}


def test_the_decision_comes_first_and_a_proof_stands_behind_what_was_served(filed):
    numbered = [(one["number"] or one["title"], one["kind"]) for one in filed.papers("main")]
    [decision, proof, order, receipt, filing, *_] = numbered
    assert decision[0].startswith("卫环罚〔2026〕")
    assert proof == ("送达回证、回执、照片或者录像：scan.txt", "file")
    assert order[0].startswith("卫环责改〔2026〕")
    assert receipt == ("送达回证：scan.txt", "file")
    assert filing[0] == "立案审批表"
    titles = [one["title"] for one in filed.papers("main")]
    notice = titles.index("行政处罚事先（听证）告知书")
    assert titles[notice + 1] == proof[0]
    assert {one["case"] for one in filed.papers("main")} == {
        str(filed.case.id),
        *(str(one.id) for link in ("service_of_notice", "service_of_decision", "corrections")
          for one in filed.case.children(link)),
    }  # fmt: skip


def test_what_is_internal_stands_in_the_side_volume_alone(filed):
    assert [(one["title"], one["group"]) for one in filed.papers("side")] == [
        ("谈话.pdf", "secrets"), ("案件法制审核表", "legal"),
    ]  # fmt: skip
    assert "who told us" in "".join(filed.pages("side"))
    shown = "".join(filed.pages("main"))
    for secret in ("谈话", "who told us", "法制审核表", "案件审查表", "流转记录：卫"):
        assert secret not in shown, secret
    assert "未入卷：案件审查表" in filed.pages("side")[-1], "it is of the side volume"


def test_what_is_not_sealed_is_named_where_it_is_missing(filed):
    missing = {one.title.zh: one.why.zh for one in filed.contents.missing}
    assert missing == dict.fromkeys(("行政处罚案件调查报告", "案件审查表", "送达回证"), "尚未用印")
    assert "未入卷：行政处罚案件调查报告" in filed.pages("main")[-1]
    assert {one["title"] for one in filed.manifest["missing"]} == set(missing)


def test_a_void_document_is_left_out_and_its_number_told(filed):
    town = filed.town
    made = a_case(town, on="09-01", ended="08-10")
    case = Served(town, made.id, None, made.proposed)
    case.investigated("09-01")
    order = {"what": "补齐存证", "due_on": day("09-30"), "addressee": "示例"}
    case.do("order_correction", "leader", order, on="09-01")
    issue(case, "correction_order", "09-01")
    Papers(town, case.id).void("correction_order", "写错当事人", at="09-02")
    with town.database.read() as session:
        contents = contents_of(session, case.id)
    [void] = contents.voided
    assert (void.title, void.reason) == ("责令改正违法行为决定书", "写错当事人")
    assert void.number.startswith("卫环责改〔2026〕")
    assert void.number not in {paper.number for paper in contents.papers}
    assert "责令改正违法行为决定书" in {one.title.zh for one in contents.missing}
    assert [title.zh for _number, title in contents.open_tracks] == ["责令改正"]


def test_what_came_with_a_clue_stands_aside_among_the_sources(filed):
    """Who raised it may be seen from it."""
    typed = {
        "subject": filed.town.organisation_of("redian"), "source": "daily_supervision",
        "conduct": "report_false", "discovered_on": "2026-09-09", "suspicion": "煤样编号不符。",
        "suspicion_evidence": (io.BytesIO("照片".encode()), "照片.txt"),
    }  # fmt: skip
    answer = filed.browser("inspector").post("/clues/new", data=typed)
    assert answer.status_code == 303
    case_id = UUID(answer.headers["Location"].rsplit("/", 1)[-1].partition("?")[0])
    with filed.town.database.read() as session:
        contents = contents_of(session, case_id)
    [paper] = contents.papers
    assert (paper.title, paper.place) == ("证据：照片.txt", (Volume.SIDE, "sources"))
    assert contents.cover.party == "示例热电有限公司"
    assert [(one.title.zh, one.volume) for one in contents.missing] == [
        ("线索登记表", Volume.SIDE)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "place"),
    [
        ("hearing_report", (Volume.SIDE, "hearing")),
        ("case_review_form", (Volume.SIDE, "review")),
        ("plea_review", (Volume.SIDE, "review")),
        ("internal_approval", (Volume.SIDE, "review")),
        ("legal_review_form", (Volume.SIDE, "legal")),
        ("collective_record", (Volume.SIDE, "discussion")),
        ("clue_sheet", (Volume.SIDE, "sources")),
        ("upward_report", (Volume.SIDE, "secrets")),
        ("hearing_record", (Volume.MAIN, "hearing")),
        ("closing_approval", (Volume.MAIN, "closing")),
    ],
)
def test_counsel_stands_in_the_side_volume(form, place):
    found = form_named(form, day("09-10"))
    assert (found.volume, found.group) == place


# Pages --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("volume", ["main", "side"])
def test_every_page_bears_its_number_and_the_index_names_them(filed, volume):
    pages, papers = filed.pages(volume), filed.papers(volume)
    assert len(pages) == getattr(filed.file, f"{volume}_pages")
    assert [text.split()[-1] for text in pages] == [str(n) for n in range(1, len(pages) + 1)]
    assert papers[0]["pages"][0] == 3, "behind cover and index"
    assert papers[-1]["pages"][1] == len(pages) - 1, "before the notes"
    for before, after in pairwise(papers):
        assert after["pages"][0] == before["pages"][1] + 1
    index = pages[1].replace(" ", "").replace("\n", "")
    for one in papers:
        first, last = one["pages"]
        assert f"{one['date']}{first if first == last else f'{first}—{last}'}" in index
    for sheet in (pages[0], pages[-1]):
        assert f"{len(pages)}页" in "".join(sheet.split())


def test_the_cover_says_whose_case_it_is(filed):
    cover = filed.pages("main")[0].replace(" ", "")
    for words in (
        "中卫市生态环境局", "行政执法案卷", "正卷", filed.case.row.number, "涉嫌违法案",
        "示例热电有限公司", "王芳、马晓东", "2026年9月1日", "行政处罚决定书",
    ):  # fmt: skip
        assert words in cover, words
    assert "不对外提供" not in cover
    assert "不对外提供" in filed.pages("side")[0]


def test_what_the_archive_act_says_stands_on_the_cover_and_its_own_sheets_are_no_papers(filed):
    town = filed.town
    made = a_case(town, on="09-01", ended="08-10")
    case = Served(town, made.id, None, made.proposed)
    case.do("refuse_filing", "leader", {"not_filed_because": "no_evidence", "reasons": "查无实据"}, on="09-02")  # fmt: skip
    with town.database.read() as session:
        before = contents_of(session, case.id).cover
    assert (before.closed_on, before.retention, before.archived_on) == (day("09-02"), "", None)
    case.archive("09-03")
    with town.database.read() as session:
        contents = contents_of(session, case.id)
    cover = contents.cover
    assert (cover.retention, cover.archived_by, cover.archived_on) == ("10年", "王芳", day("09-03"))
    assert cover.closed_on == day("09-02")
    assert {one.title.zh for one in contents.missing} == {"不予立案审批表"}
    assert compiled(case).file.main_pages == 3, "cover, index and notes: nothing is sealed"
    assert case.faults() == []


def test_a_paper_stands_upright_on_a_sheet_of_its_own_size(filed):
    made = filed.bytes_of(filed.file.main_sha256)
    pages = PdfReader(io.BytesIO(made)).pages
    [first, last] = filed.paper("main", "turned.pdf")["pages"]
    assert first == last
    turned = pages[first - 1]
    assert (round(turned.mediabox.width), round(turned.mediabox.height)) == (842, 595)
    assert turned.rotation == 0
    assert "on its side" in turned.extract_text()


def test_viewers_are_given_an_outline(filed):
    reader = PdfReader(io.BytesIO(filed.bytes_of(filed.file.main_sha256)))
    outline: list[Any] = list(reader.outline)
    groups = [one.title for one in outline if not isinstance(one, list)]
    assert groups == ["封面、卷内目录", "处理决定", "立案", "调查取证", "告知及通知", "卷内备考表"]
    [first, *_] = outline[2]
    assert (first.title, reader.get_destination_page_number(first)) == ("1 行政处罚决定书", 2)


# The same state, the same file --------------------------------------------------------------------


def test_the_same_state_gives_the_same_bytes(filed, tmp_path):
    """Bound once more, it is to the byte what was kept."""
    bound = bind(filed.contents, filed.town.store, tmp_path)
    assert bound.archive.read_bytes() == filed.bytes_of(filed.file.archive_sha256)
    digests = [hashlib.sha256(one.path.read_bytes()).hexdigest() for one in bound.volumes]
    assert digests == [filed.file.main_sha256, filed.file.side_sha256]


def test_compiling_again_leaves_no_second_entry(filed):
    before = filed.case.row.last_seq
    again = compiled(filed.case, "leader", "09-12")
    assert (again.again, again.file.id) == (True, filed.file.id)
    assert filed.case.row.last_seq == before


def test_the_entry_names_every_digest_and_the_chain_holds(filed):
    entry = filed.case.entries()[filed.file.seq]
    told = json.loads(entry.body)["details"]
    assert (entry.trigger, entry.actor_name) == (COMPILED, "王芳")
    assert told["main"]["sha256"] == filed.file.main_sha256
    assert told["side"]["sha256"] == filed.file.side_sha256
    assert told["archive"] == {
        "sha256": filed.file.archive_sha256, "size": filed.file.archive_size,
    }  # fmt: skip
    assert told["manifest"]["sha256"] == hashlib.sha256(filed.archive.read("manifest.json")).hexdigest()  # fmt: skip
    assert told["as_of"][0] == {"case": str(filed.case.id), "seq": filed.file.seq - 1}
    assert filed.case.faults() == []


def test_the_manifest_is_canonical_and_every_digest_in_it_is_right(filed):
    text = filed.archive.read("manifest.json")
    assert text == rfc8785.dumps(json.loads(text))
    names = {"manifest.json"}
    for volume in filed.manifest["volumes"].values():
        for part in (volume, *volume["papers"]):
            content = filed.archive.read(part["file"])
            assert hashlib.sha256(content).hexdigest() == part["sha256"]
            assert len(content) == part["size"]
            names.add(part["file"])
    assert set(filed.archive.namelist()) == names
    assert {one.date_time for one in filed.archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    heads = {head["case"]: head for head in filed.manifest["as_of"]}
    entries = filed.case.entries()
    own = heads[str(filed.case.id)]
    assert own["hash"] == entries[own["seq"]].hash
    assert len(heads) == 4, "and its tracks"


def test_originals_bear_names_that_are_safe_anywhere(filed):
    assert filed.paper("main", "CON.csv")["file"].endswith(" _CON.csv")
    for name in filed.archive.namelist():
        assert ".." not in name
        assert not set(name) & set('\\:*?"<>|')


# Files that cannot be paged, or mean harm ---------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "why"), [("CON.csv", "format"), ("locked.pdf", "encrypted"), ("broken.png", "damaged")]
)
def test_a_divider_names_the_file_its_size_and_its_digest(filed, name, why):
    one = filed.paper("main", name)
    [first, last] = one["pages"]
    assert (one["divider"], first) == (why, last)
    sheet = filed.pages("main")[first - 1]
    for told in (name, one["sha256"], str(one["size"]), casefile_sheets.WHYS[why].zh):
        assert told in sheet, told


def test_of_an_acting_file_the_page_stays_and_nothing_that_acts(filed):
    one = filed.paper("main", "acting.pdf")
    assert (one["divider"], one["stripped"]) == ("", True)
    text = filed.pages("main")[one["pages"][0] - 1]
    assert "harmless words" in text
    assert text.count("STAMPED") == 1, "a stamp is seen, a hidden one is not"
    made = filed.bytes_of(filed.file.main_sha256)
    for word in (b"/JavaScript", b"/OpenAction", b"/EmbeddedFile", b"/Annots", b"inside.exe"):
        assert word not in made
    assert f"序号 {one['no']} 的原件含有脚本" in filed.pages("main")[-1]


def test_a_photograph_is_drawn_on_a_page(filed):
    made = PdfReader(io.BytesIO(filed.bytes_of(filed.file.main_sha256)))
    one = filed.paper("main", "photo.png")
    assert one["divider"] == ""
    resources: Any = made.pages[one["pages"][0] - 1]["/Resources"]
    assert any(x.get_object()["/Subtype"] == "/Image" for x in resources["/XObject"].values())


def test_harmful_and_broken_files_come_to_no_pages_and_keep_no_other_from_its_own(tmp_path):
    made = {name: build() for name, (build, _why) in hostile.REFUSED.items()}
    sources = {}
    for number, (name, content) in enumerate(made.items()):
        sources[name] = tmp_path / f"{number}.in"
        sources[name].write_bytes(content)
    for name, content in (("good", written(printed("good"))), ("boom", hostile.exploding())):
        sources[name] = tmp_path / f"{name}.in"
        sources[name].write_bytes(content)
    answers = dict(paged(sources, tmp_path))
    assert {n: a.get("why", "") for n, a in answers.items()} == {
        **{name: why for name, (_build, why) in hostile.REFUSED.items()}, "good": "", "boom": "",
    }  # fmt: skip
    bound = tmp_path / "bound.pdf"
    with bound.open("wb") as out:
        writer = VolumeWriter(out, "示例", instant(NOW))
        for name in ("good", "boom"):
            writer.add(name, tmp_path / f"{name}.pdf")
        writer.close()
    assert [p.extract_text().split() for p in PdfReader(bound).pages] == [["good", "1"], ["boom", "2"]]  # fmt: skip


def test_a_file_that_takes_too_long_counts_as_damaged_and_the_next_one_is_read(
    tmp_path, monkeypatch
):
    source = tmp_path / "good.in"
    source.write_bytes(written(printed("good")))
    in_time = iter([False, True])
    monkeypatch.setattr(casefile_binding, "_speaks", lambda _stream: next(in_time))
    answers = dict(paged({"slow": source, "next": source}, tmp_path))
    assert answers == {"slow": {"why": "damaged"}, "next": {"pages": 1, "behind": False}}


def test_a_process_that_dies_breaks_nothing(tmp_path, monkeypatch):
    script = tmp_path / "dies.py"
    script.write_text("import sys; sys.stdin.readline(); sys.exit(3)")
    monkeypatch.setattr(casefile_paging, "__file__", str(script))
    assert dict(paged({"one": script, "two": script}, tmp_path)) == {
        "one": {"why": "damaged"}, "two": {"why": "damaged"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "content", "why"),
    [
        ("image", png(40, 30), ""),
        ("image", png(60_000, 60_000, rows=1), "size"),
        ("image", b"\xff\xd8\xff\xe0", "damaged"),
        ("text", "送达回证\r\n#eval(1)".encode("gb18030"), ""),
        ("text", b"", ""),
        ("text", b"\xff\xff\xff", "damaged"),
        ("text", b"x" * 200_001, "size"),
        ("text", b"\n" * 10_001, "size"),
    ],
)
def test_nothing_is_set_that_would_fill_the_memory(tmp_path, kind, content, why):
    path = tmp_path / "upload"
    path.write_bytes(content)
    found = ""
    try:
        made = getattr(casefile_sheets, kind)(path, "示例", instant(NOW))
        assert len(PdfReader(io.BytesIO(made)).pages) == 1
    except casefile_sheets.NotSet as refused:
        found = str(refused)
    assert found == why


def test_a_text_is_set_as_it_was_typed(tmp_path):
    path = tmp_path / "note"
    path.write_text('收件人：马学军\n#eval("1") $x$ `raw` [b]')
    made = casefile_sheets.text(path, "示例.txt", instant(NOW))
    [page_] = PdfReader(io.BytesIO(made)).pages
    shown = page_.extract_text()
    for words in ("收件人：马学军", '#eval("1") $x$ `raw` [b]', "示例.txt"):
        assert words in shown, words


def test_a_volume_that_is_full_takes_a_divider_for_what_is_left(filed, tmp_path, monkeypatch):
    monkeypatch.setattr(casefile_binding, "MOST_IN_VOLUME", 12)
    bound = bind(filed.contents, filed.town.store, tmp_path)
    main = next(one for one in bound.volumes if one.volume is Volume.MAIN)
    assert {leaf.why for leaf in main.leaves} >= {"volume"}
    assert len(main.leaves) == len(filed.papers("main"))
    assert main.pages < filed.file.main_pages


# What an entry says must lie in the store ---------------------------------------------------------


def test_bytes_that_are_not_those_of_the_entry_are_refused(filed, tmp_path):
    town, case = filed.town, filed.case
    paper = next(p for p in filed.contents.papers if p.title == "案件法制审核表")
    kept = town.store.path(paper.sha256).read_bytes()
    before = case.row.last_seq
    try:
        town.store.path(paper.sha256).write_bytes(written(printed("forged")))
        with pytest.raises(DocumentRefused) as refusal:
            compiled(case)
        assert (
            f"「案件法制审核表」与流转记录第 {paper.seq} 条所载的摘要不符" in refusal.value.label.zh
        )
        town.store.path(paper.sha256).unlink()
        with pytest.raises(DocumentRefused) as refusal:
            compiled(case)
        assert "「案件法制审核表」的原件不在文件库中" in refusal.value.label.zh
    finally:
        town.store.path(paper.sha256).write_bytes(kept)
    forged = replace(filed.contents, papers=(replace(paper, told="0" * 64),))
    with pytest.raises(DocumentRefused, match="摘要不符"):
        bind(forged, town.store, tmp_path)
    assert case.row.last_seq == before


# Who reads it -------------------------------------------------------------------------------------

PARTS = ("main", "side", "archive")


@pytest.mark.parametrize("who", ["unit", "market", "police", "verifier", "expert1"])
def test_nobody_from_outside_reads_or_compiles_any_part_of_it(filed, who):
    """Neither the party, which sees its case, nor partners, verifiers, experts."""
    browser = filed.browser(who)
    seen = browser.get(f"/cases/{filed.case.id}?tab=casefile")
    assert seen.status_code == (200 if who == "unit" else 404)
    for word in ('class="casefile"', "编制案卷", "副卷", filed.address(), filed.file.side_sha256):
        assert word not in seen.get_data(as_text=True)
    for part in PARTS:
        assert browser.get(filed.address(f"/{filed.file.seq}/{part}")).status_code == 404
    before = filed.case.row.last_seq
    assert browser.post(filed.address()).status_code == 404
    assert filed.case.row.last_seq == before
    with pytest.raises((NoSuchCase, NotPermitted)):
        compiled(filed.case, who)


def test_another_authority_of_the_same_place_does_not_read_it(filed):
    officer = filed.town["inspector"]
    with filed.town.database.read() as session:
        row = {c.name: getattr(session.get(Case, filed.case.id), c.key) for c in casefile.cases.columns}  # fmt: skip
        view = Snapshot(session, row)
        assert casefile.may_read(view, officer)
        assert not casefile.may_read(view, replace(officer, organisation_id=new_id()))


@pytest.mark.parametrize("who", ["legal", "auditor"])
def test_those_who_review_read_it_and_may_not_compile_it(filed, who):
    browser = filed.browser(who)
    html = page(browser.get(f"/cases/{filed.case.id}?tab=casefile"))
    assert filed.address(f"/{filed.file.seq}/side") in html
    assert f'action="{filed.address()}"' not in html
    assert browser.post(filed.address()).status_code == 403


def test_the_tab_shows_the_index_what_is_missing_and_when_it_was_compiled(filed):
    html = page(filed.browser("inspector").get(f"/cases/{filed.case.id}?tab=casefile"))
    assert "由王芳编制" in html
    assert "与案件现状一致" in html
    assert "归档前尚缺" in html
    assert "行政处罚案件调查报告</a>：尚未用印" in html
    first, last = filed.papers("main")[0]["pages"]
    assert f">{first}–{last}<" in html
    assert casefile_sheets.WHYS["encrypted"].zh in html
    for part, start in (("main", b"%PDF"), ("side", b"%PDF"), ("archive", b"PK")):
        with filed.browser("inspector").get(filed.address(f"/{filed.file.seq}/{part}")) as got:
            assert got.data.startswith(start)
            assert got.headers["Content-Disposition"].startswith("attachment")
    assert [json.loads(body)["details"]["what"] for body in reads_of(filed)] == [
        "side_volume", "archive",
    ]  # fmt: skip
    missing = filed.browser("inspector")
    assert missing.get(filed.address(f"/{filed.file.seq}/all")).status_code == 404
    assert missing.get(filed.address("/1/main")).status_code == 404


def reads_of(filed: Filed) -> list[str]:
    """What was entered of reading what is closed to the parties, oldest first."""
    query = select(AuditEntry.body).where(AuditEntry.chain == reads.CHAIN)
    with filed.town.database.read() as session:
        return list(session.scalars(query.order_by(AuditEntry.seq)))


def statements(filed: Filed, who: str = "inspector") -> int:
    """How many statements the tab sends."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA", "SET ")):
            seen.append(statement)

    database = filed.town.database
    engine = database.reader_engine if database.is_sqlite else database.engine
    browser = filed.browser(who)
    event.listen(engine, "before_cursor_execute", note)
    try:
        page(browser.get(f"/cases/{filed.case.id}?tab=casefile"))
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)


def test_when_the_case_moves_the_tab_says_so_and_compiling_gives_another_file(filed):
    """Last of those that share the file: it adds to the case."""
    before = statements(filed)
    for number in range(20):
        add(filed.case, f"more-{number}.csv", f"{next(_numbers)},1".encode())
    assert statements(filed) == before, "nothing grows with what is in the file"
    html = page(filed.browser("inspector").get(f"/cases/{filed.case.id}?tab=casefile"))
    assert "此后案件又有 20 条记录" in html
    assert html.count("新增") == 20
    browser = filed.browser("supervisor")
    answer = browser.post(filed.address())
    assert answer.status_code == 303
    html = page(browser.get(answer.headers["Location"]))
    assert "案卷已编制" in html
    assert "与案件现状一致" in html
    with filed.town.database.read() as session:
        files = list(session.scalars(select(CaseFile).where(CaseFile.case_id == filed.case.id)))
    assert len(files) == 2
    thicker = max(files, key=lambda f: f.seq).main_pages - filed.file.main_pages
    assert thicker == 21, "a divider for each, and one more page of the index"
    assert filed.case.faults() == []
    again = browser.post(filed.address())
    assert "案件没有变动" in page(browser.get(again.headers["Location"]))


def test_the_command_compiles_and_copies(filed, tmp_path: Path):
    run = filed.app.test_cli_runner().invoke
    number = filed.case.row.number
    done = run(args=["casefile", "compile", number, "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {f"{number} {end}" for end in ("正卷.pdf", "副卷.pdf", "案卷.zip")}
    with filed.town.database.read() as session:
        last = casefile.newest(session, filed.case.id)
    assert last is not None
    assert last.archive_sha256 in done.output
    made = (tmp_path / f"{number} 正卷.pdf").read_bytes()
    assert hashlib.sha256(made).hexdigest() == last.main_sha256
    refused = run(args=["casefile", "compile", "卫罚案〔1999〕1号"])
    assert (refused.exit_code, "no case" in refused.output) == (1, True)
    service = filed.case.children("service_of_notice")[-1].row.number
    assert run(args=["casefile", "compile", service]).exit_code == 1, "a track has no file"
