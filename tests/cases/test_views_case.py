"""The page of a case and its single pages: what they show, to whom, at what cost."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from app.cases import records
from app.cases.models import Case, CaseDeadline, Evidence
from app.engine.diagram import STYLESHEET
from app.outbox.models import OutboxMessage
from config import ROOT
from tests.cases.conftest import NOW, City, page

TABS = ("overview", "reports", "evidence", "documents", "people", "related", "remarks", "way")
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE
)


def links(html: str) -> set[str]:
    found = re.findall(r'href="(/cases/[^"#]+)', html)
    return {link.replace("&amp;", "&") for link in found if "/files/" not in link}


@pytest.mark.parametrize("login", ["supervisor", "verifier", "unit-baifan", "expert1", "auditor"])
def test_every_page_one_can_reach_answers_and_holds_no_inline_script_or_style(city: City, login):
    browser = city.browser(login)
    mine = sorted(links(page(browser.get("/cases"))))
    seen, waiting = set[str](), mine[::6] or mine
    while waiting and len(seen) < 60:
        address = waiting.pop(0)
        if address in seen:
            continue
        seen.add(address)
        answer = browser.get(address)
        assert answer.status_code in {200, 302}, address
        html = answer.get_data(as_text=True)
        assert not INLINE.search(html), address
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        waiting += sorted(links(html) - seen)
    assert len(seen) > 10


def test_the_page_answers_the_three_questions(city: City):
    case = city.case("lanqiao")
    html = page(city.browser("supervisor").get(f"/cases/{case.id}"))
    assert case.number in html
    assert "结论已提交" in html
    assert f"/cases/{case.id}/act/notify_result" in html
    assert "7 个工作日" in html
    assert "《碳排放权交易管理暂行条例》第十二条" in html
    assert html.index("告知核查结果</a>") < html.index("启动复查</a>")
    assert "示例清源核查技术有限公司" in html


def test_what_is_not_possible_says_why_and_what_is_not_mine_says_whose(city: City):
    html = page(city.browser("unit-baifan").get(f"/cases/{city.case('baifan').id}"))
    assert "暂不可办" in html
    assert "还有 2 项不符合项未答复。" in html
    assert "须由第三方核查员（核查组成员）办理。" in html


def test_marks_stand_beside_periods_that_are_not_confirmed_or_local(city: City):
    assert "待核实" in page(city.browser("unit-baifan").get(f"/cases/{city.case('baifan').id}"))
    assert "本地时限" in page(city.browser("verifier").get(f"/cases/{city.case('xinghe').id}"))


@pytest.mark.parametrize("tab", [*TABS, "nonconformities", "no such tab"])
def test_every_tab_has_an_address(city: City, tab):
    html = page(city.browser("supervisor").get(f"/cases/{city.case('moyu').id}?tab={tab}"))
    current = re.search(r'<a href="[^"]*tab=(\w+)#matter" aria-current="page">', html)
    assert current
    assert current[1] == (tab if tab != "no such tab" else "overview")


def test_the_picture_shows_the_way_and_is_styled_by_the_product(city: City):
    html = page(city.browser("supervisor").get(f"/cases/{city.case('lanqiao').id}?tab=way"))
    assert re.search(r'<g class="state current[^"]*" data-state="conclusion_submitted">', html)
    assert re.search(r'<g class="state done[^"]*" data-state="document_review">', html)
    assert STYLESHEET in (ROOT / "app/static/tanjian.css").read_text(encoding="utf-8")


def test_rows_are_told_round_by_round_with_what_can_be_done_on_each(city: City):
    case = city.case("yuanfeng", "recheck")
    html = page(city.browser("verifier").get(f"/cases/{case.id}?tab=opinions"))
    assert "已答复" in html
    assert "0/3" in html
    assert "第 1 轮" in html
    assert "仍缺全年检测数据。" in html
    for answer in ("changed", "not_changed"):
        assert f"answer={answer}" in html
    assert "answer=changed" not in page(
        city.browser("expert1").get(f"/cases/{case.id}?tab=opinions")
    )


def test_opinions_that_are_not_issued_are_not_told_to_others(city: City):
    case = city.case("xinyue", "recheck")
    assert "低位发热量" in page(city.browser("expert1").get(f"/cases/{case.id}?tab=opinions"))
    hidden = page(city.browser("inspector").get(f"/cases/{case.id}?tab=opinions"))
    assert "低位发热量" not in hidden
    assert "登记复查意见" not in hidden


def test_a_comparison_labels_what_changed_beside_the_opinions(city: City):
    case = city.case("chiling", "recheck")
    address = f"/cases/{case.id}/reports/verification_report/compare"
    html = page(city.browser("expert1").get(address))
    assert "第 2 版对比第 1 版" in html
    assert 'id="section-4.2"' in html
    assert "+0.0800 GJ/t" in html
    assert "<del>缺省值</del><ins>检测报告 2026-031</ins>" in html
    assert 'href="#section-4.2"' in html
    assert "第 3 节两版相同。" in html
    page(city.browser("expert1").get(f"/cases/{case.id}/reports/annual_report/compare"), 404)


def test_a_version_is_read_whole_with_its_fingerprint(city: City):
    case = city.case("lanqiao")
    html = page(city.browser("supervisor").get(f"/cases/{case.id}/reports/annual_report/1"))
    assert re.search(r"<code>[0-9a-f]{64}</code>", html)
    assert "156,204 tCO2e" in html
    page(city.browser("supervisor").get(f"/cases/{case.id}/reports/annual_report/2"), 404)
    page(city.browser("unit-baifan").get(f"/cases/{case.id}/reports/annual_report/1"), 404)


def test_a_clock_is_unfolded_to_every_day(city: City):
    case = city.case("lanqiao")
    query = select(CaseDeadline.id).where(
        CaseDeadline.case_id == case.id, CaseDeadline.name == "result_notification"
    )
    with city.database.read() as reading:
        clock = reading.scalar(query)
    html = page(city.browser("supervisor").get(f"/cases/{case.id}/clocks/{clock}"))
    assert "第7个工作日" in html
    assert "星期六" in html
    page(city.browser("supervisor").get(f"/cases/{city.case('moyu').id}/clocks/{clock}"), 404)


def test_an_entry_shows_its_text_its_hash_and_who_did_it(city: City):
    case = city.case("lanqiao")
    html = page(city.browser("supervisor").get(f"/cases/{case.id}/entries/0"))
    assert "开启年度核查" in html
    assert "陈志远" in html
    assert re.search(r"<code>[0-9a-f]{64}</code>", html)
    for number in (999, 2**31, 10**24):
        page(city.browser("supervisor").get(f"/cases/{case.id}/entries/{number}"), 404)


def test_a_sealed_value_is_read_by_the_authority_alone(city: City):
    case = city.case("yinfan")
    [seq] = [n for n, trigger in enumerate(city.entries(case.id)) if trigger == "open_recheck"]
    address = f"/cases/{case.id}/entries/{seq}"
    assert "记录事由并查阅" in page(city.browser("supervisor").get(address))
    outside = page(city.browser("auditor").get(address))
    assert "记录事由并查阅" not in outside
    assert "已封存" in outside


# What it costs ----------------------------------------------------------------------------------


def test_a_case_page_costs_at_most_26_queries_however_long_its_history(city: City):
    case, browser = city.case("jinwan"), city.browser("supervisor")
    ask = f"/cases/{case.id}"
    browser.get(ask)
    before = city.queries(lambda: page(browser.get(ask)))
    actor = city.cast["supervisor"]
    for number in range(60):
        at = NOW - timedelta(minutes=60 - number)
        city.database.write(
            lambda s, at=at: records.comment(s, case.id, "备注", actor=actor, now=at)  # type: ignore[misc]
        )
    after = city.queries(lambda: page(browser.get(ask)))
    assert before == after
    assert after <= 26

    html = page(browser.get(ask))
    assert html.count('class="entry-what"') == 40
    [older] = set(re.findall(r'href="([^"]*timeline\?before=\d+)"', html))
    assert "留言" in page(browser.get(older))
    moved = page(browser.get(f"{ask}/timeline?moves=1"))
    assert "留言" not in moved
    assert "提交核查结论" in moved


@pytest.mark.parametrize("tab", ["opinions", "evidence", "reports"])
def test_no_tab_costs_a_query_per_row(city: City, tab):
    case = city.case("chiling", "recheck")
    browser = city.browser("expert1")
    browser.get(f"/cases/{case.id}?tab={tab}")
    assert city.queries(lambda: page(browser.get(f"/cases/{case.id}?tab={tab}"))) <= 25


# Evidence, remarks, the officer -----------------------------------------------------------------


def test_evidence_is_added_and_saved_by_the_browser_never_run(city: City):
    case, browser = city.case("xiangni"), city.browser("verifier")
    sent = {"file": (io.BytesIO(b"1 < 2 & 3 > 2"), "照片 说明.txt"), "note": "采样间"}
    html = page(browser.post(f"/cases/{case.id}/evidence", data=sent, follow_redirects=True))
    assert "采样间" in html
    assert city.entries(case.id)[-1] == "add_evidence"
    link = re.search(rf'href="(/cases/{case.id}/files/[^"]+)">.*照片 说明\.txt', html)
    assert link
    with browser.get(link[1]) as answer:
        assert answer.data == b"1 < 2 & 3 > 2"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
    page(city.browser("unit-baifan").get(link[1]), 404)
    page(browser.get(link[1].replace(str(case.id), str(city.case("xinghe").id))), 404)


def test_internal_evidence_stays_with_the_authority(city: City):
    case, browser = city.case("xiangni"), city.browser("supervisor")
    sent = {"file": (io.BytesIO(b"internal"), "内部.txt"), "internal": "y"}
    html = page(browser.post(f"/cases/{case.id}/evidence", data=sent, follow_redirects=True))
    link = re.search(rf'href="(/cases/{case.id}/files/[^"]+)">.*内部\.txt', html)
    assert link
    other = city.browser("verifier")
    assert "内部.txt" not in page(other.get(f"/cases/{case.id}?tab=evidence"))
    page(other.get(link[1]), 404)


def test_a_party_cannot_hide_evidence_from_others(city: City):
    case = city.case("xiangni")
    sent = {"file": (io.BytesIO(b"seen by all"), "公开.txt"), "internal": "y"}
    city.browser("unit-xiangni").post(f"/cases/{case.id}/evidence", data=sent)
    with city.database.read() as reading:
        query = select(Evidence.internal).where(
            Evidence.case_id == case.id, Evidence.name == "公开.txt"
        )
        assert reading.scalars(query).all() == [False]


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [("空.pdf", b"", "空文件"), ("坏.pdf", b"not a pdf", "不接受"), ("", b"", "请选择文件")],
)
def test_evidence_that_cannot_be_taken_says_why_and_keeps_the_note(
    city: City, name, content, fault
):
    case, browser = city.case("xiangni"), city.browser("verifier")
    sent = {"file": (io.BytesIO(content), name), "note": "写好的说明"}
    html = page(browser.post(f"/cases/{case.id}/evidence", data=sent), 422)
    assert fault in html
    assert "写好的说明" in html


def test_remarks_are_read_by_the_authority_and_by_ones_own_body(city: City):
    case = city.case("xinghe")
    sent = {"body": "请补充皮带秤检定证书。<b>"}
    city.browser("verifier").post(f"/cases/{case.id}/remarks", data=sent)
    address = f"/cases/{case.id}?tab=remarks"
    assert "检定证书。&lt;b&gt;" in page(city.browser("verifier2").get(address))
    assert "检定证书。" in page(city.browser("supervisor").get(address))
    assert "检定证书。" not in page(city.browser("unit-xinghe").get(address))
    page(city.browser("verifier").post(f"/cases/{case.id}/remarks", data={"body": " "}), 422)
    page(city.browser("auditor").post(f"/cases/{case.id}/remarks", data=sent), 403)


def test_a_supervisor_names_the_officer_in_charge(city: City):
    case = city.case("xinghe")
    officer = city.cast.id_of("inspector")
    address = f"/cases/{case.id}/assignee"
    sent = {"person": officer}
    html = page(city.browser("supervisor").post(address, data=sent, follow_redirects=True))
    assert "王芳" in html
    with city.database.read() as reading:
        assert str(reading.get_one(Case, case.id).assignee_id) == officer
        told = select(OutboxMessage.person_id, OutboxMessage.template).where(
            OutboxMessage.case_id == case.id, OutboxMessage.template.like("%.assign")
        )
        assert reading.execute(told).all() == [(UUID(officer), "verification.assign")]
    page(city.browser("inspector").post(address, data=sent), 403)
    page(city.browser("supervisor").post(address, data={"person": "nobody"}), 422)
    page(city.browser("supervisor").post(address, data={"person": city.cast.id_of("admin")}), 422)


def test_an_english_reader_reads_english(city: City):
    browser = city.browser("supervisor")
    with browser.session_transaction() as cookie:
        cookie["locale"] = "en"
    html = page(browser.get(f"/cases/{city.case('lanqiao').id}"))
    assert "Conclusion submitted" in html
    assert "What I can do" in html
    html = page(browser.get(f"/cases/{city.case('lanqiao').id}/act/notify_result"))
    assert "The case becomes “Time to object”" in html
