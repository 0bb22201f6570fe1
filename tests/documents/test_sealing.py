"""Sealing, numbers, voiding, rendering: what may change of a sealed document, and who may seal."""

from __future__ import annotations

import json
from datetime import date
from functools import partial

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from app.accounts.models import Organisation
from app.audit import chain
from app.cases.errors import BadInputs, NotPermitted, TransitionRefused
from app.cases.models import CaseDocument, NumberSeries
from app.db import table_of
from app.documents import numbers, operations
from app.documents.errors import DocumentRefused, NoSuchDocument
from app.documents.rendering import render_due
from tests.documents.conftest import ORDER, ordered, papers
from tests.town import instant


def next_number(town, word="责改", year=2026):
    """The number the next document of a kind will bear."""
    series = (str(town.cast.bureau.id), f"doc:{word}", year)
    with town.database.read() as session:
        counter = session.get(NumberSeries, series)
    return f"卫环{word}〔{year}〕{(counter.last if counter else 0) + 1}号"


def details(case, seq):
    return json.loads(case.entries()[seq].body)["details"]


# Sealing ----------------------------------------------------------------------------------------


def test_sealing_allots_the_number_keeps_the_content_and_enters_its_digest(town):
    case, number = ordered(town), next_number(town)
    sealed = case.seal("correction_order", ORDER)
    assert sealed.number == number
    document = case.document("correction_order")
    assert document.number == number
    assert (document.sealed_at, document.sealed_by_name) == (instant("03-18"), "刘建平")
    assert (document.template, document.template_version) == ("correction_order", 1)
    content = case.content("correction_order")
    assert content["number"] == number
    assert content["body"]["name"] == "中卫市生态环境局"
    assert content["addressee"] == "示例热电有限公司"
    assert content["fields"]["correct_by"] == "2026-04-20"
    assert content["closing"]["date"] == "2026年3月18日"
    assert document.content_digest == sealed.digest == chain.digest(chain.canonical(content))
    told = details(case, sealed.seq)
    assert told["digest"] == sealed.digest
    assert told["number"] == number
    assert told["template"]["digest"] == content["template"]
    assert case.acts()[-1] == "seal_document"
    assert case.faults() == []


def test_the_case_fills_in_what_it_knows(town):
    case = ordered(town)
    case.seal("correction_order", ORDER)
    fields = case.content("correction_order")["fields"]
    assert fields["cause"] == "涉嫌虚报碳排放量案"
    assert fields["party_code"] == "91640500MA00000018"
    assert fields["facts"] == "入炉煤低位发热量与检测报告不一致。"
    assert fields["correct_what"] == "更正排放报告。"
    assert fields["basis"] == "《行政处罚法》第二十八条"


def test_a_missing_field_is_refused_with_a_fault_of_its_own_and_nothing_is_written(town):
    case, number = ordered(town), next_number(town)
    before = case.row.last_seq
    with pytest.raises(BadInputs) as refused:
        case.seal("correction_order", {**ORDER, "consequence": " ", "court": ""})
    assert set(refused.value.faults) == {"court", "consequence"}
    assert refused.value.faults["court"].zh == "请填写「有管辖权的人民法院」。"
    assert case.row.last_seq == before
    assert case.document("correction_order").sealed_at is None
    assert next_number(town) == number


def test_who_reported_stands_in_no_document(town):
    case = papers(town)
    case.seal("clue_sheet", {"source": "日常监管", "conduct": "虚报"}, "supervisor")
    assert "李举报" not in json.dumps(case.content("clue_sheet"), ensure_ascii=False)


def test_an_internal_record_bears_no_number(town):
    case = ordered(town)
    sealed = case.seal("approval", {}, "leader")
    assert sealed.number is None
    assert case.content("approval")["number"] == ""
    assert "责改" not in str(case.content("approval")["fields"]["leader_opinion"])
    assert "刘建平" in case.content("approval")["fields"]["leader_opinion"]


def test_what_the_party_wrote_is_kept_without_a_number_of_the_authority(town):
    case = served(town)
    case.fire("report", "unit", {"text": "已更正。"}, at="03-20")
    sealed = case.seal("answer", {}, "inspector", at="03-20")
    assert sealed.number is None
    assert "已更正。" in case.content("answer")["fields"]["body_text"]


def served(town):
    case = ordered(town)
    case.seal("correction_order", ORDER)
    case.render()
    case.fire("serve", "inspector", {"served_on": "2026-03-19"}, at="03-19")
    return case


def test_service_waits_for_the_rendered_document(town):
    case = ordered(town)
    inputs = {"served_on": "2026-03-19"}
    with pytest.raises(TransitionRefused, match="尚未盖章生成"):
        case.fire("serve", "inspector", inputs, at="03-19")
    case.seal("correction_order", ORDER)
    with pytest.raises(TransitionRefused, match="尚未盖章生成"):
        case.fire("serve", "inspector", inputs, at="03-19")
    case.render()
    case.fire("serve", "inspector", inputs, at="03-19")
    assert case.document("correction_order").served_on == date(2026, 3, 19)


# Numbers ----------------------------------------------------------------------------------------


def test_numbers_have_no_gap_and_a_year_begins_at_one(town):
    firsts = [ordered(town).seal("correction_order", ORDER).number for _ in range(3)]
    last = int(str(firsts[-1]).split("〕")[1].removesuffix("号"))
    assert firsts == [f"卫环责改〔2026〕{n}号" for n in range(last - 2, last + 1)]
    late = ordered(town).seal("correction_order", ORDER, at="2027-01-04").number
    assert late == "卫环责改〔2027〕1号"


def test_the_year_of_a_number_is_that_of_the_authoritys_own_day(town):
    case = ordered(town)
    sealed = case.seal("correction_order", ORDER, at="2027-12-31 23:59")
    assert "〔2027〕" in str(sealed.number)
    case = ordered(town)
    assert (
        case.seal("correction_order", ORDER, at="2028-01-01 00:01").number == "卫环责改〔2028〕1号"
    )


def test_a_body_numbers_by_its_own_pattern_and_a_branch_in_the_series_above_it(town):
    bureau = town.cast.bureau.id

    def branch_of(session):
        return session.scalars(select(Organisation).where(Organisation.parent_id == bureau)).first()

    def allot(session, body, word):
        return numbers.allot(session, body, word, 2025)

    with town.database.read() as session:
        branch = branch_of(session).id
    own = [town.database.write(partial(allot, body=body, word="移")) for body in (bureau, branch)]
    assert own == ["卫环移〔2025〕1号", "卫环移〔2025〕2号"]
    pattern = "卫沙环{kind}字〔{year}〕第{n}号"

    def give_pattern(session):
        table = table_of(Organisation)
        session.execute(
            update(table)
            .where(table.c.id == branch)
            .values(document_pattern=numbers.checked(pattern))
        )

    town.database.write(give_pattern)
    assert town.database.write(partial(allot, body=branch, word="移")) == "卫沙环移字〔2025〕第1号"
    assert town.database.write(partial(allot, body=bureau, word="移")) == "卫环移〔2025〕3号"


@pytest.mark.parametrize(
    "pattern",
    [
        "卫环{kind}",
        "卫环{kind}〔{year}〕{n}{n}号",
        "{kind}{year}{n}{0}",
        "{kind.x}{year}{n}",
        "{kind}{year}{n}{",
        "长" * 50 + "{kind}{year}{n}",
    ],
)
def test_a_pattern_that_cannot_number_is_refused(pattern):
    with pytest.raises(numbers.BadPattern):
        numbers.checked(pattern)


# Voiding ----------------------------------------------------------------------------------------


def test_a_voided_number_stays_and_another_document_takes_its_place(town):
    case = ordered(town)
    first = case.seal("correction_order", ORDER)
    again = case.void("correction_order", "金额有误")
    old, new = case.documents("correction_order")
    assert (old.number, old.void_reason, old.is_void) == (first.number, "金额有误", True)
    assert old.content
    assert old.content["number"] == first.number
    assert (new.id, new.number, new.sealed_at) == (again, None, None)
    told = details(case, case.row.last_seq)
    assert told == {"document": str(old.id), "number": first.number, "reason": "金额有误"}
    second = case.seal("correction_order", ORDER, at="03-20")
    one, other = (int(str(s.number).split("〕")[1].removesuffix("号")) for s in (first, second))
    assert other == one + 1
    assert case.faults() == []


def test_service_falls_on_the_document_that_counts(town):
    case = ordered(town)
    case.seal("correction_order", ORDER)
    case.void("correction_order", "文字有误")
    case.seal("correction_order", ORDER, at="03-19")
    case.render("03-19")
    case.fire("serve", "inspector", {"served_on": "2026-03-20"}, at="03-20")
    old, new = case.documents("correction_order")
    assert (old.served_on, new.served_on) == (None, date(2026, 3, 20))


def test_what_cannot_be_voided_is_refused(town):
    case = ordered(town)
    with pytest.raises(DocumentRefused, match="尚未盖章"):
        case.void("correction_order", "理由")
    case.seal("correction_order", ORDER)
    for reason in (" ", "长" * 501):
        with pytest.raises(BadInputs):
            case.void("correction_order", reason)
    first = case.document("correction_order").id
    case.void("correction_order", "理由")
    with pytest.raises(DocumentRefused, match="已作废"):
        town.database.write(partial(
            operations.void, case_id=case.id, document_id=first, reason="再来", actor=town["leader"], now=instant("03-20"),
        ))  # fmt: skip
    with pytest.raises(DocumentRefused, match="不能再次盖章"):
        case.seal(first, ORDER)
    done = served(town)
    with pytest.raises(DocumentRefused, match="已送达"):
        done.void("correction_order", "理由", at="03-20")


# What may change of a sealed row ------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "number = 'x'", "number = NULL", "content = NULL", "content = '{}'", "content_digest = ''",
        "sealed_at = NULL", "sealed_by_name = 'x'", "sealed_seq = 0", "template = 'x'",
        "template_version = 9", "kind = 'x'", "seq = 0", "sealed_by = case_id", "case_id = id",
    ],
)  # fmt: skip
def test_the_database_refuses_to_change_what_was_sealed(town, change):
    case = ordered(town)
    case.seal("correction_order", ORDER)
    document = case.document("correction_order").id
    where = f"WHERE number = '{case.document('correction_order').number}'"
    with pytest.raises(DBAPIError, match="a sealed document never changes"):
        town.database.write(
            lambda s: s.execute(text(f"UPDATE case_documents SET {change} {where}"))
        )
    assert case.document("correction_order").id == document


def test_voiding_and_rendering_are_each_added_once(town):
    case = ordered(town)
    case.seal("correction_order", ORDER)
    case.render()
    case.void("correction_order", "理由")
    for column in ("void_reason", "pdf_sha256", "docx_sha256"):
        statement = update(CaseDocument).where(
            CaseDocument.void_reason == "理由", CaseDocument.case_id == case.id
        )
        with pytest.raises(DBAPIError, match="a sealed document never changes"):
            town.database.write(lambda s, c=column, q=statement: s.execute(q.values({c: "x"})))


def test_a_sealed_row_cannot_be_deleted_or_replaced(town):
    case = ordered(town)
    case.seal("correction_order", ORDER)
    number = case.document("correction_order").number
    deletion = f"DELETE FROM case_documents WHERE number = '{number}'"
    copy = (
        f"REPLACE INTO case_documents SELECT * FROM case_documents WHERE number = '{number}'"
        if town.database.is_sqlite
        else "TRUNCATE case_documents"
    )
    for statement in (deletion, copy):
        with pytest.raises(DBAPIError, match="a sealed document never changes"):
            town.database.write(lambda s, q=statement: s.execute(text(q)))


def test_an_unsealed_row_is_free(town):
    case = ordered(town)
    query = update(CaseDocument).where(CaseDocument.case_id == case.id).values(seq=0)
    town.database.write(lambda s: s.execute(query))
    assert {d.seq for d in case.documents()} == {0}


# Rendering --------------------------------------------------------------------------------------


def test_rendering_happens_once_and_its_digests_stand_in_the_chain(town):
    case = ordered(town)
    case.render()
    case.seal("correction_order", ORDER)
    assert case.render() == 1
    document = case.document("correction_order")
    told = details(case, case.row.last_seq)
    assert told == {
        "document": str(document.id),
        "pdf": document.pdf_sha256,
        "docx": document.docx_sha256,
    }
    assert case.entries()[-1].role == "system"
    kept = {
        sha: b"".join(town.store.chunks(sha)) for sha in (document.pdf_sha256, document.docx_sha256)
    }
    assert kept[document.pdf_sha256].startswith(b"%PDF-")
    assert kept[document.docx_sha256].startswith(b"PK")
    before = case.row.last_seq
    assert case.render("03-18 12:05") == 0
    assert case.row.last_seq == before
    assert case.faults() == []


def test_a_voided_document_waits_for_no_rendering(town):
    case = ordered(town)
    case.render()
    case.seal("correction_order", ORDER)
    case.void("correction_order", "理由")
    assert case.render() == 0


def test_one_that_cannot_be_rendered_keeps_no_other_waiting(town, monkeypatch, caplog):
    from app.documents import pdf

    bad, good = ordered(town), ordered(town)
    bad.render()
    bad.seal("correction_order", ORDER)
    good.seal("correction_order", ORDER, at="03-18 12:30")
    render = pdf.render

    def breaks(content, at):
        if content["case"]["id"] == str(bad.id):
            raise ValueError("broken")
        return render(content, at)

    monkeypatch.setattr(pdf, "render", breaks)
    assert render_due(town.database, town.store, instant("03-18 13:00")) == 1
    assert "cannot be rendered" in caplog.text
    assert good.document("correction_order").is_rendered
    monkeypatch.undo()
    assert render_due(town.database, town.store, instant("03-18 13:00")) == 1
    assert bad.document("correction_order").is_rendered


# Who may ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["supervisor", "inspector", "legal", "auditor", "admin"])
def test_an_order_is_sealed_by_whoever_may_order(town, who):
    case = ordered(town)
    with pytest.raises((NotPermitted, NoSuchDocument)):
        case.seal("correction_order", ORDER, who)


@pytest.mark.parametrize("who", ["supervisor", "inspector", "leader"])
def test_a_record_is_sealed_by_whoever_handles_the_case(town, who):
    ordered(town).seal("approval", {}, who)


@pytest.mark.parametrize(
    "who", ["verifier", "unit", "market", "police", "region", "expert1", "branch-640502"]
)
def test_nobody_of_another_body_seals_or_voids(town, who):
    case = ordered(town)
    with pytest.raises((NotPermitted, NoSuchDocument)):
        case.seal("correction_order", ORDER, who)
    case.seal("correction_order", ORDER)
    with pytest.raises((NotPermitted, NoSuchDocument)):
        case.void("correction_order", "理由", who)


def test_a_document_of_another_case_is_none_of_this_one(town):
    case, other = ordered(town), ordered(town)
    with pytest.raises(NoSuchDocument):
        case.seal(other.document("correction_order").id, ORDER)


# The name of the party (V-3) ----------------------------------------------------------------------


def test_the_partys_name_comes_from_the_register_whatever_is_typed(town):
    case = ordered(town)
    case.seal("correction_order", {**ORDER, "party_name": "另一家公司", "party_code": "伪造"})
    fields = case.content("correction_order")["fields"]
    assert (fields["party_name"], fields["party_code"]) == (
        "示例热电有限公司",
        "91640500MA00000018",
    )


def test_a_name_that_differs_from_earlier_documents_needs_a_reason_that_is_recorded(town):
    case = ordered(town)
    case.seal("approval", {}, "leader")
    subject = case.row.subject_id
    rename = lambda name: town.database.write(  # noqa: E731
        lambda s: s.execute(
            update(Organisation).where(Organisation.id == subject).values(name=name)
        )
    )
    rename("示例热电集团有限公司")
    try:
        with pytest.raises(BadInputs) as refused:
            case.seal("correction_order", ORDER)
        assert "不一致" in refused.value.faults["party_name"].zh
        reason = "2026年3月17日变更登记。"
        sealed = case.seal("correction_order", {**ORDER, "name_reason": reason})
    finally:
        rename("示例热电有限公司")
    assert details(case, sealed.seq)["name_reason"] == reason
    content = case.content("correction_order")
    assert content["name_reason"] == reason
    assert content["party"]["name"] == "示例热电集团有限公司"
