"""The form of an act: nothing typed is ever lost, and whatever refuses it says why."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.accounts.models import ParkedForm
from app.cases import desk, records
from app.cases.models import Case, Draft, Evidence
from app.law.periods import local_date
from app.law.terms import shipped_law
from tests.cases.conftest import NOW, City, hidden, page

TODAY = local_date(NOW)


def paper(name: str = "说明.txt", content: bytes = "示例".encode()) -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def post(browser: FlaskClient, address: str, data: dict[str, Any], status: int) -> str:
    """Send a large form; the browser of the tests keeps it in a file of its own."""
    answer = browser.post(address, data=data)
    answer.request.environ["wsgi.input"].close()
    return page(answer, status)


def act(case: Case, trigger: str) -> str:
    return f"/cases/{case.id}/act/{trigger}"


def of_form(html: str) -> dict[str, str]:
    """What the form carries along: version, key and row."""
    return {name: hidden(html, name) for name in ("version", "key", "item")}


def arranged(city: City, **typed: Any) -> dict[str, Any]:
    """A complete form of the act that arranges a verification."""
    agency = city.cast.agencies["qingyuan"].id
    return {"agency": str(agency), "contract_number": "HC-1", "task": "核查。", **typed}


def state(city: City, case: Case) -> str:
    with city.database.read() as reading:
        return reading.get_one(Case, case.id).state


# What will happen -------------------------------------------------------------------------------


def test_the_form_says_first_what_will_happen(city: City):
    html = page(city.browser("supervisor").get(act(city.case("lanqiao"), "notify_result")))
    assert "进入「异议期」，由重点排放单位（报告单位）办理。" in html
    assert "可自送达之日起在 7 个工作日内完成「提出异议」。" in html
    assert "生成文书：《核查结果告知书》。" in html


def test_an_act_is_done_and_the_case_says_what_is_next(city: City):
    case, browser = city.case("baicao"), city.browser("verifier")
    form = of_form(page(browser.get(act(case, "propose_group"))))
    members = [city.cast.id_of("verifier"), city.cast.id_of("verifier2")]
    typed = {"members": members, "leader": members[0], "sector_member": members[1]}
    sent = {**form, **typed, "sector_knowledge": "五年以上。"}
    answer = browser.post(act(case, "propose_group"), data=sent)
    assert answer.status_code == 303
    html = page(browser.get(answer.headers["Location"]))
    assert "notice-done" in html
    assert "已办理：提出技术工作组人选" in html
    assert "签署利益冲突声明" in html


def test_a_report_is_asked_by_section_and_begins_with_its_last_version(city: City):
    html = page(city.browser("unit-dashan").get(act(city.case("dashan"), "submit_report")))
    assert "4 排放量" in html
    assert 'value="19.8700"' in html
    assert '<span class="unit">GJ/t</span>' in html
    assert "燃料台账.csv" in html


# Nothing is lost --------------------------------------------------------------------------------


def test_what_was_typed_stays_when_something_is_wrong(city: City):
    case, browser = city.case("fengsui"), city.browser("supervisor")
    form = of_form(page(browser.get(act(case, "arrange"))))
    sent = {**form, **arranged(city, contract_number="", task="先看皮带秤。", conclude_by="soon")}
    html = page(browser.post(act(case, "arrange"), data=sent), 422)
    assert 'href="#contract_number"' in html
    assert 'aria-invalid="true"' in html
    assert "请填写「技术服务合同编号」。" in html
    assert "「要求完成日期」应为日期" in html
    assert "先看皮带秤。" in html
    assert hidden(html, "key") == form["key"]
    assert re.search(r'<option selected value="[0-9a-f-]{36}">示例清源', html)


def test_a_reason_of_law_comes_back_with_the_form(city: City):
    case, browser = city.case("fengsui"), city.browser("supervisor")
    barred = str(city.cast.agencies["lvheng"].id)
    sent = {**of_form(page(browser.get(act(case, "arrange")))), **arranged(city, agency=barred)}
    html = page(browser.post(act(case, "arrange"), data=sent), 409)
    assert "COI-1" in html
    assert "HC-1" in html


def test_a_stale_page_is_refused_says_what_changed_and_keeps_the_text(city: City):
    case, browser = city.case("xinghe"), city.browser("verifier")
    trigger = "finish_desk_review"
    form = of_form(page(browser.get(act(case, trigger))))
    hold = desk.Order(case.id, "waive_visit", {})
    scan = {"clean_years": 2, "no_doubt": True, "region_consents": True, "received_number": "宁1"}
    actor = city.cast["supervisor"]
    stored = _stored(city, case, actor)
    inputs = {**scan, "received_scan": [stored]}
    order = desk.Order(case.id, hold.trigger, inputs)
    desk.act(city.database, order, actor=actor, now=NOW, law=shipped_law())

    typed = {
        **{f"desk_{k}": "见附表。" for k in _topics()},
        "onsite_requirements": "看化验室。",
        "planned_visit_on": (TODAY + timedelta(days=9)).isoformat(),
    }
    html = page(browser.post(act(case, trigger), data={**form, **typed}), 409)
    assert "已有变动" in html
    assert "同意免于现场核查" in html
    assert "看化验室。" in html
    assert int(hidden(html, "version")) > int(form["version"])


def _topics() -> list[str]:
    from app.workflows.verification import TOPICS

    return [key for key, _zh, _en in TOPICS]


def _stored(city: City, case: Case, actor: Any) -> str:
    from app.cases.files import FileStore

    store = FileStore(city.app.extensions["tanjian.settings"].files, limit=1_000_000)
    stored = store.put(io.BytesIO("来文".encode()), "来文.txt")
    city.database.write(
        lambda writing: records.keep_upload(writing, case.id, stored, actor=actor, now=NOW)
    )
    return stored.sha256


def test_a_double_click_is_answered_as_the_first_and_done_once(city: City):
    case, browser = city.case("jinghu"), city.browser("verifier")
    sent = {
        **of_form(page(browser.get(act(case, "add_nonconformity")))),
        "clause": "3",
        "provision": "5.2",
        "description": "未检测。",
    }
    first = browser.post(act(case, "add_nonconformity"), data={**sent, "nc_evidence": paper()})
    again = browser.post(act(case, "add_nonconformity"), data={**sent, "nc_evidence": paper()})
    assert (first.status_code, again.status_code) == (303, 303)
    assert again.headers["Location"] == first.headers["Location"]
    assert len(city.items(case)) == 1


def test_a_draft_is_kept_shown_and_forgotten(city: City):
    case, browser = city.case("yunling"), city.browser("verifier")
    address = f"/cases/{case.id}/draft/hand_in_checklist"
    saved = browser.put(
        address, json={"checklist_summary": "已完成八项。", "leader_signed": "y", "version": "1"}
    )
    assert saved.get_json() == {"saved_at": "18:00"}
    html = page(browser.get(act(case, "hand_in_checklist")))
    assert "已完成八项。" in html
    assert "18:00" in html
    assert re.search(r'<input[^>]*checked[^>]*name="leader_signed"', html)
    assert "草稿" in page(browser.get(f"/cases/{case.id}"))
    assert "已完成八项" not in page(browser.get(act(case, "raise_suspicion")))

    browser.post(address)
    assert "已完成八项。" not in page(browser.get(act(case, "hand_in_checklist")))


def test_a_draft_saved_while_an_act_is_done_takes_away_no_word_of_it(city: City):
    """Its answer may come last: it sets no session as it was before the act."""
    browser = city.browser("verifier")
    address = f"/cases/{city.case('yunling').id}/draft/hand_in_checklist"
    page_shown = browser.get(f"/cases/{city.case('yunling').id}")
    assert "Set-Cookie" in page_shown.headers
    saved = browser.put(address, json={"checklist_summary": "已完成八项。"})
    assert saved.status_code == 200
    assert "Set-Cookie" not in saved.headers


def test_a_draft_goes_when_its_act_is_done(city: City):
    case, browser = city.case("moyu"), city.browser("verifier2")
    item = next(row for row in city.items(case) if row.status == "answered")
    address = f"/cases/{case.id}/draft/check_answer?item={item.id}"
    browser.put(address, json={"check_note": "证据充分。"})
    html = page(browser.get(f"{act(case, 'check_answer')}?item={item.id}&verdict=closed"))
    assert "证据充分。" in html
    sent = {**of_form(html), "verdict": "closed", "check_note": "证据充分。"}
    assert browser.post(act(case, "check_answer"), data=sent).status_code == 303
    with city.database.read() as reading:
        kept = reading.scalar(select(func.count()).where(Draft.case_id == case.id))
    assert kept == 0


@pytest.mark.parametrize("body", ["[]", "7", '"text"'])
def test_a_draft_that_is_no_form_is_refused(city: City, body):
    address = f"/cases/{city.case('yunling').id}/draft/hand_in_checklist"
    answer = city.browser("verifier").put(address, data=body, content_type="application/json")
    assert answer.status_code == 422


def test_a_form_sent_after_the_session_ended_comes_back_after_signing_in(city: City):
    case, browser = city.case("xinyue", "recheck"), city.app.test_client()
    login = {"login": "expert1", "password": "tanjian-demo"}
    browser.post("/account/sign-in", data=login)
    form = of_form(page(browser.get(act(case, "raise_opinion"))))
    browser.delete_cookie("session")

    sent = {**form, "clause": "3", "finding": "购入电力未扣除外供。", "required_change": "更正。"}
    away = browser.post(act(case, "raise_opinion"), data=sent)
    assert away.status_code == 303
    assert "/account/sign-in" in away.headers["Location"]
    back = browser.post(
        away.headers["Location"], data={**login, "next": act(case, "raise_opinion")}
    )
    html = page(browser.get(back.headers["Location"]))
    assert "购入电力未扣除外供。" in html
    assert "notice-plain" in html
    with city.database.read() as reading:
        assert reading.scalar(select(func.count()).select_from(ParkedForm)) == 0
    assert "购入电力未扣除外供。" in page(browser.get(act(case, "raise_opinion")))


def test_what_comes_back_belongs_to_the_row_it_was_typed_for(city: City):
    case, browser = city.case("baifan"), city.app.test_client()
    login = {"login": "unit-baifan", "password": "tanjian-demo"}
    browser.post("/account/sign-in", data=login)
    one, other = city.items(case)[:2]
    address = f"{act(case, 'answer_nonconformity')}?item={one.id}"
    form = of_form(page(browser.get(address)))
    browser.delete_cookie("session")
    browser.post(address, data={**form, "measures": "第一项的整改。"})
    browser.post("/account/sign-in", data=login)
    elsewhere = f"{act(case, 'answer_nonconformity')}?item={other.id}"
    assert "第一项的整改。" not in page(browser.get(elsewhere))
    assert "第一项的整改。" in page(browser.get(act(case, "answer_nonconformity")))
    assert "第一项的整改。" in page(browser.get(address))


# Files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "fault"),
    [
        (("脚本.exe", b"MZ\x90\x00"), "不接受"),
        (("照片.png", b"%PDF-1.7 not a picture"), "扩展名不符"),
        (("空.txt", b""), "是空文件"),
        (("大.txt", b"a" * (1024 * 1024 + 1)), "超过 1 MB 上限"),
    ],
    ids=["type", "disguise", "empty", "huge"],
)
def test_a_file_that_cannot_be_taken_is_named_and_the_text_stays(city: City, file, fault):
    case, browser = city.case("baifan"), city.browser("unit-baifan")
    item = city.items(case)[0]
    form = of_form(page(browser.get(f"{act(case, 'answer_nonconformity')}?item={item.id}")))
    sent = {**form, "measures": "补充检测。", "measure_evidence": paper(*file)}
    html = post(browser, act(case, "answer_nonconformity"), sent, 422)
    assert fault in html
    assert "补充检测。" in html
    assert city.items(case)[0].status == "issued"


@pytest.mark.parametrize("tokens", [False, True])
def test_what_is_larger_than_the_server_reads_is_refused_with_the_draft(
    city: City, monkeypatch: pytest.MonkeyPatch, tokens
):
    case, browser = city.case("baifan"), city.browser("unit-baifan")
    item = city.items(case)[0]
    address = f"{act(case, 'answer_nonconformity')}?item={item.id}"
    form = of_form(page(browser.get(address)))
    browser.put(address.replace("/act/", "/draft/"), json={"measures": "先存的草稿。"})
    huge = paper("大.txt", b"a" * (3 * 1024 * 1024))
    monkeypatch.setitem(city.app.config, "WTF_CSRF_ENABLED", tokens)
    html = post(browser, address, {**form, "measure_evidence": huge}, 413)
    assert "1 MB" in html
    assert "先存的草稿。" in html


def test_nobody_learns_of_a_case_by_sending_too_much(city: City):
    address, huge = act(city.case("baifan"), "submit_answers"), b"a" * (3 * 1024 * 1024)
    post(city.browser("unit-moyu"), address, {"file": paper("大.txt", huge)}, 404)
    post(city.app.test_client(), address, {"file": paper("大.txt", huge)}, 413)


def test_a_file_once_stored_is_carried_along(city: City):
    case, browser = city.case("baifan"), city.browser("unit-baifan")
    item = city.items(case)[1]
    form = of_form(page(browser.get(f"{act(case, 'answer_nonconformity')}?item={item.id}")))
    sent = {**form, "measures": "", "measure_evidence": paper("购电结算单.txt", b"kept")}
    html = page(browser.post(act(case, "answer_nonconformity"), data=sent), 422)
    kept = re.search(r'name="measure_evidence__kept" value="([0-9a-f]{64})" checked> 购电', html)
    assert kept
    sent = {**of_form(html), "measures": "已更正。", "measure_evidence__kept": kept[1]}
    assert browser.post(act(case, "answer_nonconformity"), data=sent).status_code == 303
    with city.database.read() as reading:
        tied = reading.scalars(
            select(Evidence.seq).where(Evidence.sha256 == kept[1], Evidence.case_id == case.id)
        ).all()
    assert len(tied) == 1
    assert tied[0] is not None


# Who may, and when ------------------------------------------------------------------------------


def test_an_act_of_another_role_is_not_asked(city: City):
    case = city.case("lanqiao")
    for answer in (
        city.browser("inspector").get(act(case, "notify_result")),
        city.browser("inspector").post(act(case, "notify_result"), data={}),
        city.browser("unit-lanqiao").get(act(case, "notify_result")),
        city.browser("unit-lanqiao").put(f"/cases/{case.id}/draft/notify_result", json={}),
    ):
        assert "须由业务科室负责人（主办机关）办理。" in page(answer, 403)


@pytest.mark.parametrize("trigger", ["open_cycle", "close_recheck", "declare_overdue", "nothing"])
def test_what_nobody_does_by_hand_has_no_form(city: City, trigger):
    page(city.browser("supervisor").get(act(city.case("lanqiao"), trigger)), 404)


def test_an_act_that_is_not_possible_now_says_why_and_can_be_prepared(city: City):
    case, browser = city.case("yinfan", "recheck"), city.browser("verifier")
    html = page(browser.get(act(case, "submit_revision")))
    assert "已答复 0/3 条，须逐条答复。" in html
    sent = {**of_form(html), "confirmed": "yes", "truthful": "y"}
    typed = dict(re.findall(r'<input[^>]*id="(\w+)"[^>]*type="text"[^>]*value="([^"]+)"', html))
    texts = dict(re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\r?\n([^<]*)</textarea>', html))
    html = page(browser.post(act(case, "submit_revision"), data={**sent, **typed, **texts}), 409)
    assert "须逐条答复" in html


def test_a_row_of_another_case_is_not_found(city: City):
    item = city.items(city.case("moyu"))[0]
    browser = city.browser("unit-baifan")
    page(browser.get(f"{act(city.case('baifan'), 'answer_nonconformity')}?item={item.id}"), 404)
    page(browser.get(f"{act(city.case('baifan'), 'answer_nonconformity')}?item=nothing"), 404)


def test_an_act_on_rows_without_a_row_leads_to_the_rows(city: City):
    answer = city.browser("unit-baifan").get(act(city.case("baifan"), "answer_nonconformity"))
    assert answer.status_code == 302
    assert "tab=nonconformities" in answer.headers["Location"]


def test_a_step_that_law_makes_final_asks_once_more_also_without_a_script(city: City):
    case, browser = city.case("qinghe"), city.browser("verifier")
    html = page(browser.get(act(case, "submit_conclusion")))
    assert "data-confirm=" in html
    report = {
        **dict.fromkeys(("outline", "boundary", "method", "activity_note"), "符合。"),
        **dict.fromkeys(("fuel_t", "power_bought_mwh", "carbon_tc_gj", "ncv_gj_t"), "1"),
        "carbon_basis": "检测",
        "ncv_basis": "检测",
        "verified_emission_t": "27315",
        "quality_control": "已执行。",
        "conclusion_text": "符合指南。",
    }
    sent = {**of_form(html), **report, "internal_reviewer": city.cast.id_of("verifier3")}
    html = page(browser.post(act(case, "submit_conclusion"), data={**sent, "confirmed": ""}))
    assert "不能撤回" in html
    assert "符合指南。" in html
    assert state(city, case) == "conclusion_drafting"
    answer = browser.post(act(case, "submit_conclusion"), data={**sent, "confirmed": "yes"})
    assert answer.status_code == 303
    assert state(city, case) == "conclusion_submitted"


# When it happened -------------------------------------------------------------------------------


def test_a_day_in_the_future_is_refused_beside_its_field(city: City):
    case, browser = city.case("fengsui"), city.browser("supervisor")
    form = of_form(page(browser.get(act(case, "arrange"))))
    tomorrow = (TODAY + timedelta(days=1)).isoformat()
    sent = {**form, **arranged(city, occurred_on=tomorrow, late_reason="补录", paper_scan=paper())}
    html = page(browser.post(act(case, "arrange"), data=sent), 422)
    assert "发生时间不能晚于现在。" in html
    assert 'id="occurred_on-error"' in html


def test_a_day_before_the_state_began_is_refused(city: City):
    case, browser = city.case("fengsui"), city.browser("supervisor")
    form = of_form(page(browser.get(act(case, "arrange"))))
    sent = {**form, **arranged(city, occurred_on="2026-01-10", late_reason="补录")}
    html = page(browser.post(act(case, "arrange"), data={**sent, "paper_scan": paper()}), 422)
    assert "发生时间不能早于" in html
    html = page(browser.post(act(case, "arrange"), data=sent), 422)
    assert "补录须上传纸质材料的扫描件。" in html


def test_an_act_of_the_portal_cannot_be_backdated(city: City):
    case, browser = city.case("baifan"), city.browser("unit-baifan")
    item = city.items(case)[0]
    html = page(browser.get(f"{act(case, 'answer_nonconformity')}?item={item.id}"))
    assert "occurred_on" not in html
    sent = {**of_form(html), "measures": "整改。", "occurred_on": "2026-11-20"}
    html = page(
        browser.post(act(case, "answer_nonconformity"), data={**sent, "measure_evidence": paper()}),
        422,
    )
    assert "此操作以提交时刻为准" in html
    assert city.items(case)[0].status == "issued"


def test_what_somebody_else_does_is_offered_to_the_authority_as_a_record(city: City):
    html = page(city.browser("supervisor").get(f"/cases/{city.case('xiling').id}"))
    assert "登记书面材料：提出异议（申请复核）" in html
    assert html.index("登记告知书送达") < html.index("登记书面材料")


def test_an_objection_posted_in_time_is_recorded_after_the_lapse(city: City):
    case, browser = city.case("changtan"), city.browser("inspector")
    assert state(city, case) == "published"
    assert "补录：提出异议（申请复核）" in page(browser.get(f"/cases/{case.id}"))
    html = page(browser.get(act(case, "object_to_result")))
    assert "期限已届满" in html
    sent = {**of_form(html), "grounds": "应采用实测值。", "confirmed": "yes"}
    late = {**sent, "late_reason": "邮寄到达", "paper_scan": paper("申请书.txt")}
    after = {**late, "occurred_on": (TODAY - timedelta(days=1)).isoformat()}
    html = page(browser.post(act(case, "object_to_result"), data=after), 409)
    assert "应采用实测值。" in html

    within = _served_on(city, case) + timedelta(days=2)
    late |= {"paper_scan": paper("申请书.txt"), "occurred_on": within.isoformat()}
    assert browser.post(act(case, "object_to_result"), data=late).status_code == 303
    assert city.entries(case.id)[-2:] == ["reinstate", "object_to_result"]


def _served_on(city: City, case: Case) -> date:
    return date.fromisoformat(case.facts["served_on"])
