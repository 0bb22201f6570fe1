"""The plan, the site, the split and the feedback of an operation, each reader's part of them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event, update

from app.accounts.models import Membership
from tests.enforcement.conftest import Bureau
from tests.enforcement.test_penalty_desk import Structure, text_of
from tests.town import Matter, day
from tests.workflows.stand_ins import body
from tests.workflows.test_joint_enforcement import (
    END,
    RECORD,
    circulated,
    drafted,
    entered,
    finding,
    officer,
    recorded,
    routed,
    row,
    statuses,
    with_partner_officers,
)

PANELS = ("plan", "onsite", "split", "tracking")
TABS = ("plan", "onsite", "split", "bureaus", "officers", "records", "findings")
PAPERS = {"papers_complete": True}


def panel(bureau: Bureau, matter: Matter, key: str, who: str) -> str:
    """What one panel of an operation shows somebody, as it was sent."""
    html = bureau.tab(matter, key, who)
    assert 'class="operation' in html, key
    return html[html.index('class="operation') : html.index('class="case-when"')]


def words(bureau: Bureau, matter: Matter, key: str, who: str) -> str:
    """The words of one panel."""
    return text_of(panel(bureau, matter, key, who))


def acts_in(html: str) -> list[str]:
    """The acts a piece of a page leads to, in its order."""
    return re.findall(r"/act/(\w+)", html)


# The plan and the countersignatures --------------------------------------------------------------


def test_what_the_plan_still_wants_is_said_before_it_circulates(bureau, town):
    matter = drafted(town, "market")
    bureau.at("03-05 18:00")
    html = panel(bureau, matter, "plan", "supervisor")
    assert "已齐备" in html
    assert acts_in(html)[0] == "circulate"
    assert "中卫市市场监督管理局 market检查事项 缺 2 名 尚未送会签" in text_of(html)
    assert "尚缺" not in words(bureau, matter, "plan", "market"), "it is the lead's affair"
    second = matter.items("officers")[1].id
    matter.fire("strike_officer", "supervisor", {"strike_reason": "出差"}, item_id=second, at="03-05 19:00")  # fmt: skip
    matter.fire("clear_bureaus", "supervisor", at="03-05 19:00")
    html = panel(bureau.at("03-05 20:00"), matter, "plan", "supervisor")
    assert "方案尚未列明协办机关。" in html
    assert "中卫市生态环境局还缺 1 名持有效执法证的执法人员" in html
    assert "circulate" not in acts_in(html)
    assert "市场监督" not in html


def test_a_bureau_is_told_what_its_countersignature_wants(bureau, town):
    matter = circulated(town, "market")
    html = panel(bureau.at("03-06 18:00"), matter, "plan", "market")
    assert "中卫市市场监督管理局还缺 2 名持有效执法证的执法人员" in html
    assert "中卫市市场监督管理局尚未会签。" in html
    assert acts_in(html)[0] == "name_partner_officer"
    for one in ("market", "market-officer"):
        matter.fire("name_partner_officer", "market", officer(town, one), at="03-06 19:00")
    html = panel(bureau.at("03-06 20:00"), matter, "plan", "market")
    assert "还缺" not in html
    assert acts_in(html)[0] == "countersign"


@pytest.fixture(scope="module")
def consulting(bureau, town) -> Matter:
    """A plan that market supervision has countersigned and the police have not."""
    matter = with_partner_officers(town)
    matter.fire("countersign", "market", {"view": "agree"}, at="03-09")
    return matter


def test_a_plan_tells_bureaus_items_officers_days_evidence_and_the_yearly_cap(bureau, consulting):
    text = words(bureau.at("03-10"), consulting, "plan", "inspector")
    for told in (
        "中卫市生态环境局 数据、采样链 王芳 640500-001 马晓东 640500-002 主办机关",
        "market检查事项 李强 640500-101 郑敏 640500-102 已会签 2026-03-09 12:00 李强",
        "计划日期 2026-03-12（周四） – 2026-03-13（周五）",
        "本次之前已检查 0 次，上限 2 次 未超上限",
        "厂区及化验室",
        "全程录像",
        "由公安机关保障",
    ):
        assert told in text


@pytest.mark.parametrize(
    ("when", "stands", "missing"),
    [
        ("03-11 17:00", "待会签 会签截止 2026-03-11", True),
        ("03-12 09:00", "逾期未复，视为同意 会签期满 2026-03-11", False),
    ],
)
def test_a_bureau_is_awaited_to_the_end_of_its_term_and_then_taken_to_agree(
    bureau, consulting, when, stands, missing
):
    html = panel(bureau.at(when), consulting, "plan", "leader")
    assert stands in text_of(html)
    assert ("中卫市公安局尚未会签。" in html) == missing
    assert ("approve" in acts_in(html)) == (not missing)


def test_an_objection_stands_with_its_reason_until_the_plan_circulates_anew(bureau, town):
    matter = with_partner_officers(town, "market")
    matter.fire("countersign", "market", {"view": "object", "view_reason": "人员冲突"}, at="03-09")
    text = words(bureau.at("03-09 13:00"), matter, "plan", "leader")
    assert "中卫市市场监督管理局不同意方案。" in text
    assert "不同意 2026-03-09 12:00 李强 人员冲突" in text
    matter.fire("object_to_plan", "market", {"objection": "顺延一周"}, at="03-09 15:00")
    text = words(bureau.at("03-09 16:00"), matter, "plan", "supervisor")
    assert "不同意 2026-03-09 15:00 李强 顺延一周" in text
    assert "已退回，须重新会签" in text
    typed = {"planned_on": day("03-19"), "planned_end_on": day("03-20"), "yearly_cap": 1,
             "inspections_this_year": 1, "cap_reason": "上级交办", "targets": "厂区", "lead_items": "数据",
             "evidence_plan": "录像", "safety_plan": "安全帽"}  # fmt: skip
    matter.fire("circulate", "supervisor", typed, at="03-10")
    text = words(bureau.at("03-10 13:00"), matter, "plan", "supervisor")
    assert "待会签 会签截止 2026-03-13" in text
    assert "上限 1 次 已达上限 上级交办" in text
    assert "退回记录 2026-03-09 15:00 李强 · 中卫市市场监督管理局 顺延一周" in text


@pytest.fixture
def ended_in_june(town) -> Iterator[None]:
    """The second officer of market supervision holds certificate and role to the end of June."""
    theirs = update(Membership).where(Membership.certificate_no == "640500-102")
    with town.database.sessions.begin() as session:
        session.execute(theirs.values(until=date(2026, 6, 30)))
    yield
    with town.database.sessions.begin() as session:
        session.execute(theirs.values(until=None))


def test_an_officer_whose_certificate_has_ended_does_not_count(bureau, consulting, ended_in_june):
    lapsed = "郑敏 640500-102 证件无效"
    assert lapsed not in words(bureau.at("06-30"), consulting, "plan", "market")
    text = words(bureau.at("07-01"), consulting, "plan", "market")
    assert f"{lapsed} 取消执法人员 ：郑敏 缺 1 名" in text


# On site -----------------------------------------------------------------------------------------


SEEN = {"inspector": "主办机关所见甲", "market": "市场监管所见乙", "police": "公安机关所见丙"}
TOLD = "告知举报人的内容丁"
REPORTER = "举报人示例戊"


@pytest.fixture(scope="module")
def inspecting(bureau, town) -> Matter:
    """Three bureaus on site: the lead's record has one hand, market's none, police's both.

    Somebody reported the matter by name and was told.
    """
    matter = entered(town, reporter_named=True, reporter=REPORTER)
    told = {"reporter_told_on": day("03-11"), "told": TOLD}
    matter.fire("tell_reporter", "supervisor", told, at="03-12 09:30")
    matter.fire(
        "record_obstruction", "inspector", {"obstruction": "拒开化验室己"}, at="03-12 10:00"
    )
    for login, seen in SEEN.items():
        fact = {"fact": f"{seen}的问题"}
        matter.fire("raise_finding", login, finding(town, **fact), at="03-12 11:00")
        typed = {**RECORD, "persons": f"{seen}的在场人", "record_facts": seen}
        matter.fire("draft_record", login, typed, at="03-12 15:00")
    for login in ("inspector", "police", "police-officer"):
        matter.fire("sign_record", login, {"view": "agree"}, at="03-12 16:00")
    return matter


def test_each_record_says_how_far_it_is_and_whose_hand_is_missing(bureau, inspecting):
    text = words(bureau.at("03-12 17:00"), inspecting, "onsite", "inspector")
    lead, market, police = (
        text.index(f"{name} ")
        for name in ("中卫市生态环境局", "中卫市市场监督管理局", "中卫市公安局")
    )
    assert "还差 1 人签字" in text[lead:market]
    assert "马晓东 未签字" in text[lead:market]
    assert "王芳 未签字" not in text
    assert "草稿，无人签字" in text[market:police]
    assert "李强 未签字 郑敏 未签字" in text[market:police]
    assert "本机关两名执法人员已签字" in text[police:]
    assert "进场检查 2026-03-12 09:00" in text
    assert "已出示执法证件并告知权利义务 是" in text


def test_on_site_everybody_is_led_to_the_acts_that_are_theirs(bureau, inspecting, town):
    bureau.at("03-12 17:00")
    lead = acts_in(panel(bureau, inspecting, "onsite", "inspector2"))
    assert lead[:2] == ["sign_record", "raise_finding"]
    assert "amend_record" not in lead, "its own is signed, the others' are not the lead's to change"
    assert {"preserve_evidence", "record_obstruction", "report_crime"} < set(lead)
    market = acts_in(panel(bureau, inspecting, "onsite", "market-officer"))
    assert market == ["sign_record", "raise_finding", "amend_record"]
    assert acts_in(panel(bureau, inspecting, "onsite", "leader")) == []
    address = f"/cases/{inspecting.id}/act/sign_record"
    assert bureau.browser("market-officer").get(address).status_code == 200


def test_a_photograph_is_taken_and_put_on_the_case_from_the_panel(bureau, town, handed_out):
    matter = entered(town, "market")
    html = panel(bureau.at("03-12 17:00"), matter, "onsite", "market")
    [camera] = re.findall(r'<input[^>]*type="file"[^>]*>', html)
    assert 'accept="image/*"' in camera
    assert 'capture="environment"' in camera
    [address] = re.findall(r'<form class="photo"[^>]*action="([^"]+)"', html)
    picture = (io.BytesIO(b"\xff\xd8\xff\xe0 jpeg"), "化验室.jpg")
    sent = bureau.browser("market").post(address, data={"file": picture, "note": "封签"})
    assert sent.status_code == 303
    assert "化验室.jpg" in bureau.tab(matter, "evidence", "market")
    assert 'class="photo"' not in panel(bureau, handed_out, "onsite", "market"), "it is over"


def test_an_officer_who_objects_to_the_record_is_named_with_the_reason(bureau, town):
    matter = entered(town, "market")
    matter.fire("draft_record", "market", RECORD, at="03-12 15:00")
    matter.fire("sign_record", "market", {"view": "agree"}, at="03-12 16:00")
    objection = {"view": "object", "view_reason": "封签编号有误"}
    matter.fire("sign_record", "market-officer", objection, at="03-12 16:10")
    text = words(bureau.at("03-12 17:00"), matter, "onsite", "market")
    assert "有执法人员不同意" in text
    assert "郑敏 不同意 2026-03-12 16:10 封签编号有误" in text


# A partner reads exactly its part ----------------------------------------------------------------


@pytest.mark.parametrize(("who", "others"), [("market", "police"), ("police", "market")])
def test_a_partner_reads_nothing_of_the_others_on_any_tab(bureau, inspecting, who, others):
    bureau.at("03-12 17:00")
    read = {tab: bureau.tab(inspecting, tab, who) for tab in TABS}
    whole = "".join(read.values())
    assert SEEN[who] in read["onsite"]
    assert f"{SEEN[who]}的问题" in read["split"]
    for kept in (SEEN[others], SEEN["inspector"], TOLD, REPORTER):
        assert kept not in whole
    assert ("拒开化验室己" in whole) == (who == "police"), "the police are asked for help"
    own, other = ("李强", "张勇") if who == "market" else ("张勇", "李强")
    assert own in read["plan"]
    panels = "".join(panel(bureau, inspecting, tab, who) for tab in ("plan", "onsite", "split"))
    for kept in (other, f"{others}检查事项", "王芳 640500-001"):
        assert kept not in text_of(panels)
    rows = re.findall(r"tab=findings#[\w-]+", panels)
    assert set(rows) == {"tab=findings#matter"}, "a number would tell how many there are"
    counts = re.findall(r'>([^<]+) <span class="count">(\d+)', read["onsite"])
    assert dict(counts)["发现的问题"] == "1"
    assert dict(counts)["检查笔录"] == "1"


def test_the_lead_reads_every_record_but_nobody_the_persons_or_the_reporter(bureau, inspecting):
    bureau.at("03-12 17:00")
    panels = "".join(panel(bureau, inspecting, tab, "inspector") for tab in ("plan", "onsite", "split"))  # fmt: skip
    for told in SEEN.values():
        assert told in panels
    for kept in (TOLD, REPORTER, "的在场人"):
        assert kept not in panels


@pytest.mark.parametrize("who", ["unit-redian", "unit-tieshan", "region", "expert1", "verifier"])
def test_whoever_has_no_part_finds_no_operation(bureau, inspecting, who):
    browser = bureau.at("03-12 17:00").browser(who)
    for tab in PANELS:
        assert browser.get(f"/cases/{inspecting.id}?tab={tab}").status_code == 404


# The split ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def handed_out(bureau, town) -> Matter:
    """Four findings with their owners; two are a case, the agency's and the police's not yet."""
    matter = entered(town)
    lab = finding(town, "qingyuan", "agency", conduct="test_report", fact="检测报告失实")
    matter.fire("raise_finding", "inspector", finding(town, fact="台账缺失"), at="03-12 11:00")
    matter.fire("raise_finding", "inspector", lab, at="03-12 11:10")
    seal = finding(town, "qingyuan", "agency", conduct="lab_rules", fact="印章不符")
    matter.fire("raise_finding", "market", seal, at="03-12 11:20")
    matter.fire("raise_finding", "police", finding(town, fact="伪造单据"), at="03-12 11:30")
    recorded(matter)
    matter.fire("end_inspection", "inspector", END, at="03-13")
    own, market = body(town, "leader"), body(town, "market")
    owners = [("own", own), ("agency", own), ("partner", market), ("police", body(town, "police"))]
    for number, (route, owner) in enumerate(owners, 1):
        routed(matter, number, route, owner, article=f"示例条例第{number}条")
    matter.fire("split_findings", "supervisor", at="03-17")
    cause = {"cause": "涉嫌未保存台账案"}
    matter.fire("open_own_case", "inspector", cause, item_id=row(matter), at="03-17")
    matter.fire("refer_to_bureau", "supervisor", PAPERS, item_id=row(matter, 3), at="03-17 15:00")
    return matter


def test_findings_without_an_owner_stand_on_top_with_what_to_do(bureau, town):
    matter = entered(town, "market")
    for fact in ("甲事", "乙事", "丙事"):
        matter.fire("raise_finding", "inspector", finding(town, fact=fact), at="03-12 11:00")
    recorded(matter, "market")
    matter.fire("end_inspection", "inspector", END, at="03-13")
    routed(matter, 1, "own", body(town, "leader"))
    reason = {"drop_reason": "复核后不成立"}
    matter.fire("drop_finding", "supervisor", reason, item_id=row(matter, 2), at="03-16")
    html = panel(bureau.at("03-16 13:00"), matter, "split", "supervisor")
    text = text_of(html)
    assert text.index("3 丙事") < text.index("已定责任机关") < text.index("1 甲事")
    assert text.index("1 甲事") < text.index("认定不成立") < text.index("复核后不成立")
    assert acts_in(html)[:2] == ["split_finding", "drop_finding"], "to drop it comes last"
    assert f"item={row(matter, 3)}" in html
    assert "split_finding" not in panel(bureau, matter, "split", "inspector")


def test_every_finding_tells_its_owner_article_case_and_clock(bureau, handed_out):
    html = panel(bureau.at("03-18"), handed_out, "split", "inspector")
    text = text_of(html)
    [penalty], [matter] = handed_out.children("own_cases"), handed_out.children("matters")
    for told in (
        "示例热电有限公司 · 年度排放报告有重大缺陷",
        "中卫市生态环境局 示例条例第1条 本机关立案查处",
        f"已转立案 {penalty.row.number} 行政处罚 立案审查 立案 逾期 1 日 2026-03-17",
        "中卫市生态环境局 示例条例第2条 按第三方机构查处办理 机构待查处",
        f"已移送协同部门 {matter.row.number} 移交其他机关办理 已移送待签收 签收 剩 1 个工作日 2026-03-19",
        "中卫市公安局 示例条例第4条 移送公安机关 待移送公安机关",
    ):
        assert told in text
    assert text.index("机构待查处") < text.index("已转立案"), "what waits comes first"
    assert f'href="/cases/{penalty.id}"' in html
    assert acts_in(html) == ["open_agency_case"]


def test_a_partner_is_told_of_the_case_handed_to_it_and_of_no_other(bureau, handed_out):
    bureau.at("03-18")
    [penalty], [matter] = handed_out.children("own_cases"), handed_out.children("matters")
    for key in ("split", "tracking"):
        html = panel(bureau, handed_out, key, "market")
        assert matter.row.number in html
        assert penalty.row.number not in html
        assert "台账缺失" not in html
        police = panel(bureau, handed_out, key, "police")
        assert matter.row.number not in police
        assert penalty.row.number not in police
    assert "暂不能办结" not in panel(bureau, handed_out, "tracking", "market")
    assert "没有移送本机关的事项" in panel(bureau, handed_out, "tracking", "police")


# Feedback, and what keeps it open ----------------------------------------------------------------


@pytest.fixture(scope="module")
def one_referred(bureau, town) -> Matter:
    """An operation of one partner, with one matter handed over; whoever reported it waits."""
    matter = entered(town, "market", reporter_named=True, reporter=REPORTER)
    matter.fire("raise_finding", "market", finding(town), at="03-12 11:00")
    recorded(matter, "market")
    matter.fire("end_inspection", "inspector", END, at="03-13")
    routed(matter, 1, "partner", body(town, "market"))
    matter.fire("split_findings", "supervisor", at="03-17")
    matter.fire("refer_to_bureau", "supervisor", PAPERS, item_id=row(matter), at="03-17 15:00")
    return matter


def test_what_keeps_an_operation_open_is_said_in_sentences(bureau, handed_out):
    text = words(bureau.at("03-18"), handed_out, "tracking", "supervisor")
    reasons = text[text.index("暂不能办结，原因") : text.index("由本案产生")]
    assert "还有 2 个问题未立案或未移送。" in reasons
    assert "还有 2 件未被接收或立案。" in reasons
    assert "还有 2 件子案或附随事项未办结。" in reasons
    assert "中卫市公安局 尚未反馈" in text


def test_a_named_reporter_keeps_it_open_until_told(bureau, handed_out, one_referred):
    bureau.at("03-18")
    html = panel(bureau, one_referred, "tracking", "supervisor")
    assert "实名举报人尚未被告知处理结果。" in html
    assert "tell_reporter" in acts_in(html)
    assert "tell_reporter" not in acts_in(panel(bureau, handed_out, "tracking", "supervisor"))
    assert "举报" not in panel(bureau, one_referred, "tracking", "market")


def test_feedback_follow_up_and_returned_matters_are_told_until_nothing_is_open(bureau, town):
    matter = entered(town, "market")
    matter.fire("raise_finding", "market", finding(town, fact="印章不符"), at="03-12 11:00")
    recorded(matter, "market")
    matter.fire("end_inspection", "inspector", END, at="03-13")
    market = body(town, "market")
    routed(matter, 1, "partner", market)
    matter.fire("split_findings", "supervisor", at="03-17")
    matter.fire("refer_to_bureau", "supervisor", PAPERS, item_id=row(matter), at="03-17")
    [first] = matter.children("matters")
    first.fire("return_matter", "market", {"return_reason": "不属本机关职责"}, at="03-18")
    text = words(bureau.at("03-18 13:00"), matter, "tracking", "supervisor")
    assert "有 1 个被退回的事项未重新分流。" in text
    assert (
        f"{first.row.number} 移交其他机关办理 · 示例热电有限公司 已退回 退回理由 不属本机关职责"
        in text
    )
    typed = {"route": "partner", "owner_bureau": market, "article": "计量法", "superior_view": "指定管辖"}  # fmt: skip
    matter.fire("resplit_finding", "supervisor", typed, item_id=row(matter), at="03-18 14:00")
    matter.fire("refer_to_bureau", "supervisor", PAPERS, item_id=row(matter), at="03-18 15:00")
    second = next(one for one in matter.children("matters") if one.id != first.id)
    text = words(bureau.at("03-18 16:00"), matter, "split", "supervisor")
    assert text.index(second.row.number) < text.index(first.row.number), "the newest first"
    received = {"served_on": day("03-19"), "received_by": "李强"}
    second.fire("receive", "market", received, at="03-19")
    said = {"feedback": "已受理", "feedback_number": "卫市监函8号", "feedback_on": day("03-20")}
    matter.fire("give_feedback", "market", said, at="03-20")
    paper = [matter.paper("supervisor", at="03-20 13:00")]
    written = {**said, "feedback": "书面补充"}
    matter.fire("give_feedback", "supervisor", written, at="03-20 13:00", proof=paper)
    second.fire("give_feedback", "market", {"progress": "已查处"}, at="03-20")
    second.fire("answer", "market", {"outcome": "罚款三万元", "concluded": True}, at="03-23")
    assert (matter.state, statuses(matter)) == ("summary_due", ["partner_sent"])
    html = panel(bureau.at("03-24"), matter, "tracking", "supervisor")
    text = text_of(html)
    assert "可以办结 没有未结事项" in text
    assert "report_and_close" in acts_in(html)
    assert "签收日期 2026-03-19（周四） 最近反馈日期 2026-03-20（周五） 最终结果 罚款三万元" in text
    assert "中卫市市场监督管理局 2026-03-20 12:00 李强 办理结果 已受理 文书文号 卫市监函8号" in text
    assert text.index("根据书面材料代为录入") < text.index("书面补充")
    seen = words(bureau, matter, "tracking", "market")
    assert "已受理" in seen
    assert "书面补充" not in seen


# How it is made ----------------------------------------------------------------------------------


@pytest.mark.parametrize("tab", PANELS)
def test_every_part_is_named_and_nothing_is_inline(bureau, handed_out, inspecting, tab):
    matter, when = (inspecting, "03-12 17:00") if tab == "onsite" else (handed_out, "03-18")
    found = Structure()
    found.feed(bureau.at(when).tab(matter, tab, "inspector"))
    assert len(found.ids) == len(set(found.ids))
    assert set(found.pointers) <= set(found.ids)
    assert found.inline == []
    assert all(b - a <= 1 for a, b in zip(found.levels, found.levels[1:], strict=False))


@pytest.mark.parametrize("tab", PANELS)
def test_a_panel_costs_27_queries_at_most_however_many_findings_and_cases(
    bureau, town, one_referred, handed_out, tab
):
    bureau.at("03-18")

    def cost(matter: Matter, who: str) -> int:
        seen: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if not statement.startswith(("BEGIN", "PRAGMA", "SET ")):
                seen.append(statement)

        database = town.database
        engine = database.reader_engine if database.is_sqlite else database.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            bureau.tab(matter, tab, who)
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    for who in ("supervisor", "market"):
        most = 27 if town.database.is_sqlite else 29  # PostgreSQL is told who looks, and at what
        assert cost(one_referred, who) == cost(handed_out, who) <= most
