"""Each member's view, whether it can be concluded, and what the party may know of the hearing."""

from __future__ import annotations

import pytest

from tests.enforcement.test_penalty_desk import text_of
from tests.town import day
from tests.workflows.procedure import Procedure, heavy


def heard(town) -> Procedure:
    case = heavy(town, on="06-01", ended="05-20").noticed("06-02")
    case.do("request_hearing", "unit", {"hearing_reasons": "对数据有异议"}, on="06-03")
    case.do("appoint_chair", "leader", {"chair": town.cast.id_of("legal2")}, on="06-04")
    typed = {
        "hearing_on": day("06-20"), "hearing_place": "一楼会议室", "hearing_mode": "public",
        "recorder": "示例", "addressee": "示例",
    }  # fmt: skip
    case.do("call_hearing", "legal2", typed, on="06-04")
    case.serve("service_of_hearing_notice", "06-05").hear("06-20")
    report = {"hearing_facts": "各执一词", "hearing_proposal": "维持原拟处罚"}
    case.do("report_on_hearing", "legal2", report, on="06-22")
    return case


def test_the_authority_reads_the_whole_hearing(bureau, town):
    text = text_of(bureau.at("06-23").tab(heard(town), "hearing"))
    for told in (
        "主持人 郑立",
        "对数据有异议",
        "一楼会议室",
        "2026-06-20",
        "维持原拟处罚",
        "听证报告",
    ):
        assert told in text


def test_the_party_reads_its_request_and_the_record_not_the_report(bureau, town):
    html = bureau.at("06-23").tab(heard(town), "hearing", "unit-redian")
    text = text_of(html[html.index('class="meeting"') : html.index('class="case-when"')])
    assert "对数据有异议" in text
    assert "举行听证" in text
    for kept in ("维持原拟处罚", "听证报告", "指定听证主持人"):
        assert kept not in text


@pytest.fixture
def discussed(bureau, town):
    bureau.at("09-10")
    case = heavy(town).legal("09-01")
    return case.pass_legal("09-02")


def test_views_count_towards_a_quorum_and_a_majority(bureau, discussed):
    case = discussed.convene("09-03")
    assert "现有 0 人" in bureau.tab(case, "discussion")
    case.do("discuss", "leader", {"view": "agree"}, on="09-03")
    objection = {"view": "object", "view_reason": "幅度偏重"}
    case.do("discuss", "leader2", objection, on="09-03")
    text = text_of(bureau.tab(case, "discussion"))
    assert "3 人中 2 人已发表，1 人同意" in text
    assert "多数成员不同意" in text
    assert "幅度偏重" in text
    assert "吴岚 未发表" in text
    case.do("discuss", "leader3", {"view": "agree"}, on="09-03")
    text = text_of(bureau.tab(case, "discussion"))
    assert "3 人中 3 人已发表，2 人同意" in text
    assert "多数成员同意" in text


def test_views_given_before_new_members_were_named_no_longer_count(bureau, discussed):
    case = discussed.convene("09-03")
    case.do("discuss", "leader", {"view": "agree"}, on="09-03")
    case.convene("09-04", "leader", "leader2")
    text = text_of(bureau.tab(case, "discussion"))
    assert "2 人中 0 人已发表" in text
    assert "已失效的意见 1" in text


def test_who_attends_without_a_vote_and_the_conclusion_are_told(bureau, discussed, town):
    members = discussed.officers("leader", "leader2", "leader3")
    typed = {"members": members, "attending": "科室负责人列席"}
    discussed.do("convene", "leader", typed, on="09-03")
    for login in ("leader", "leader2", "leader3"):
        discussed.do("discuss", login, {"view": "agree"}, on="09-03")
    discussed.do("conclude_discussion", "leader2", {"conclusion": "按拟处罚意见办理"}, on="09-03")
    text = text_of(bureau.tab(discussed, "discussion"))
    assert "列席（无表决权） 科室负责人列席" in text
    assert "按拟处罚意见办理" in text
