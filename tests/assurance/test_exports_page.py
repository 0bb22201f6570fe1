import html
import json
from pathlib import Path

import pytest
from sqlalchemy import select

from app.assurance import exports_views, verify_export
from app.audit import chain
from app.audit.models import AuditEntry
from app.cases.models import Case
from app.db import table_of
from tests.assurance.ledgers import lines_of, verified
from tests.insights.desks import office
from tests.times import NOW

PAGE = "/audit/exports"


@pytest.fixture
def desk(database):
    """An office with a case that has an entry, and one of another province."""
    made = office(database)
    for division in ("640502", "110105"):
        with_entry(made, made.case("王芳", division=division, at=made.branch))
    return made


def with_entry(desk, case_id):
    """Write the first entry of a case, with a value kept apart."""
    cases = table_of(Case)
    commitments, kept = chain.commit_to(case_id, 0, {"informant": "举报人甲"})
    row = chain.seal(
        chain="case", chain_id=case_id, seq=0, prev_hash="", recorded_at=NOW, occurred_at=NOW,
        actor=desk["王芳"], role="inspector", trigger="open", details={}, commitments=commitments,
    )  # fmt: skip
    with desk.database.engine.begin() as connection:
        connection.execute(chain.INSERT_ENTRY, row)
        connection.execute(chain.INSERT_VALUES, kept)
        connection.execute(
            cases.update().where(cases.c.id == case_id).values(last_seq=0, last_hash=row["hash"])
        )


def told(database, kind):
    query = select(AuditEntry.body).where(AuditEntry.chain == kind).order_by(AuditEntry.recorded_at)
    with database.read() as session:
        return [json.loads(body) for body in session.scalars(query)]


def words(answer):
    return html.unescape(answer.get_data(as_text=True))


def post(browser, **asked):
    """Ask for an export; what comes back is read to its end."""
    return browser.post(PAGE, data={"format": "jsonl"} | asked, buffered=True)


def saved(answer, tmp_path):
    file = tmp_path / "export.jsonl"
    file.write_bytes(answer.data)
    return file


def test_an_auditor_exports_what_they_may_read_and_nothing_else(desk, sign_in, tmp_path, database):
    near, far = desk.cases
    answer = post(sign_in(desk["何审计"]))
    assert answer.status_code == 200
    assert answer.mimetype == "application/jsonl"
    file = saved(answer, tmp_path)
    assert answer.content_length == file.stat().st_size
    found = verified(file)
    assert found.code == 0, found.said
    labels = [line["label"] for line in lines_of(file) if line["line"] == "chain"]
    assert near in labels
    assert far not in labels
    assert "举报人甲" not in file.read_text(encoding="utf-8")
    [entry] = told(database, "exports")
    assert entry["actor"]["name"] == "何审计"
    assert entry["details"]["filter"]["everything"] is False
    assert told(database, "reads") == []

    page = words(sign_in(desk["何审计"]).get(PAGE))
    assert entry["details"]["sha256"] in page
    assert "有权查看的全部记录链" in page


def test_values_want_a_reason_and_then_stand_in_the_file(desk, sign_in, tmp_path, database):
    near, _far = desk.cases
    browser = sign_in(desk["何审计"])
    asked = {"format": "jsonl", "case": near, "unmask": "y", "since": "2026-03-01"}
    refused = post(browser, **asked)
    assert refused.status_code == 422
    assert "须说明提供给谁、理由为何" in words(refused)
    assert f'value="{near}"' in words(refused)
    assert 'value="2026-03-01"' in words(refused)
    assert told(database, "exports") == []

    answer = post(browser, **asked, reason="法院〔2026〕3号函")
    file = saved(answer, tmp_path)
    assert "举报人甲" in file.read_text(encoding="utf-8")
    assert verified(file).code == 0
    assert [line["label"] for line in lines_of(file) if line["line"] == "chain"] == [near]
    [read] = told(database, "reads")
    assert read["details"]["chain"] == str(desk.cases[near])
    assert read["details"]["names"] == ["informant"]
    assert read["details"]["reason"] == "法院〔2026〕3号函"


def test_a_restricted_case_wants_a_reason_too(desk, sign_in, tmp_path, database):
    near, _far = desk.cases
    desk.change(desk.cases[near], restricted=True, authority_id=desk.bureau.id)
    browser = sign_in(desk["何审计"])
    for asked in ({}, {"case": near}):
        refused = post(browser, **asked)
        assert refused.status_code == 422
        assert "保密案件，须说明理由" in words(refused)
    assert told(database, "exports") == []
    file = saved(post(browser, case=near, reason="年度审计抽查"), tmp_path)
    assert [line["label"] for line in lines_of(file) if line["line"] == "chain"] == [near]
    [made] = told(database, "exports")
    assert made["details"]["reason"] == "年度审计抽查"


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"case": "无此案号"}, "没有案号 无此案号"),
        ({"against": "99"}, "存证点 99 不存在"),
        ({"against": "第一"}, "请填写存证点编号"),
        ({"format": "pdf"}, "format-error"),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "field-faulty"),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field(desk, sign_in, database, asked, named):
    answer = post(sign_in(desk["何审计"]), **asked)
    assert answer.status_code == 422
    assert named in words(answer)
    assert told(database, "exports") == []


def test_a_case_out_of_sight_is_as_if_it_were_not_there(desk, sign_in):
    _near, far = desk.cases
    answer = post(sign_in(desk["何审计"]), case=far)
    assert f"没有案号 {far}" in words(answer)


def test_more_than_a_browser_waits_for_is_refused_with_the_command(
    desk, sign_in, database, monkeypatch
):
    monkeypatch.setattr(exports_views, "MOST_ENTRIES", 0)
    near, _far = desk.cases
    asked = {"format": "xes", "case": near, "until": "2026-03-31", "unmask": "y", "reason": "年 检"}
    answer = post(sign_in(desk["何审计"]), **asked)
    assert answer.status_code == 422
    assert (
        f"flask audit export --format xes --out export.xes --case '{near}' --until 2026-03-31 "
        "--unmask --reason '年 检'"
    ) in words(answer).replace("&#39;", "'")
    assert told(database, "exports") == []


def test_only_auditors_export_and_others_get_no_file(desk, sign_in, client):
    for name in ("王芳", "陈主管", "企业"):
        assert sign_in(desk[name]).get(PAGE).status_code == 403
        assert post(sign_in(desk[name])).status_code == 403
    assert "/sign-in" in post(client).headers["Location"]


def test_verifier_and_public_key_are_handed_over(desk, sign_in):
    browser = sign_in(desk["何审计"])
    assert browser.get(f"{PAGE}/public-key.txt").status_code == 404, "nothing is signed yet"
    assert "尚无导出" in words(browser.get(PAGE))
    post(browser)
    key = browser.get(f"{PAGE}/public-key.txt").get_data(as_text=True).strip()
    assert len(bytes.fromhex(key)) == 32
    with browser.get(f"{PAGE}/verify_export.py") as program:
        assert program.data == Path(verify_export.__file__).read_bytes()


def test_former_exports_stand_on_pages_the_newest_first(desk, sign_in, monkeypatch):
    monkeypatch.setattr(exports_views, "LISTED", 1)
    browser = sign_in(desk["何审计"])
    for reason in ("第一次", "第二次"):
        post(browser, reason=reason)
    page = words(browser.get(PAGE))
    assert "第二次" in page
    assert "第一次" not in page
    [older] = [part.split('"')[0] for part in page.split('rel="next" href="')[1:]]
    assert "第一次" in words(browser.get(older))
