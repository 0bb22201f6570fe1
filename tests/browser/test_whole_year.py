"""One unit through the whole year, by the people who live in this program, in their browsers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.audit import verification
from app.cases.models import Case, CaseDeadline, ReportVersion
from app.db import Database
from app.demo.cast import UNITS, Cast
from app.workflows.verification import TOPICS
from tests.browser.conftest import Clock, People
from tests.conftest import ONE_ENGINE

pytestmark = [pytest.mark.browser]

UNIT = next(unit for unit in UNITS if unit.key == "redian")
WHO = f"unit-{UNIT.key}"
TOTAL = Decimal(UNIT.emission_t)


def annual_report(paper: Any) -> dict[str, Any]:
    return {
        "monthly_uploads": 12, "signed": True, "unit_facts": "热电联产，两台机组。",
        "boundary": "法人边界，含全部燃料燃烧设施。", "fuel_t": "1137661.458", "power_bought_mwh": "48848.4",
        "ncv_gj_t": "19.87", "ncv_basis": "缺省值", "carbon_tc_gj": "0.02618", "carbon_basis": "检测报告",
        "direct_t": "2158098.28", "indirect_t": "26211.72", "reported_emission_t": TOTAL,
        "output_mwh": "2577485.8", "quality_control": "按方案执行。", "ledgers": paper("台账.csv"),
    }  # fmt: skip


def verified_report(ncv: str, basis: str, emission: str, **more: Any) -> dict[str, Any]:
    return {
        "outline": "依据核查指南。", "boundary": "一致。", "method": "符合。", "fuel_t": "1137661.458",
        "power_bought_mwh": "48848.4", "activity_note": "交叉核对一致。", "carbon_tc_gj": "0.02618",
        "carbon_basis": "检测报告", "ncv_gj_t": ncv, "ncv_basis": basis, "verified_emission_t": emission,
        "quality_control": "齐全。", **more,
    }  # fmt: skip


class Story:
    """The cases of the unit, read straight from the database."""

    def __init__(self, database: Database, cast: Cast) -> None:
        self.database = database
        self.unit_id = cast.units[UNIT.key].id

    def case(self, lifecycle: str = "verification") -> Case:
        query = select(Case).where(Case.subject_id == self.unit_id, Case.lifecycle == lifecycle)
        with self.database.read() as session:
            return session.scalars(query).one()

    def id(self, lifecycle: str = "verification") -> UUID:
        return self.case(lifecycle).id

    def due(self, name: str) -> date | None:
        query = (
            select(CaseDeadline.due_on)
            .where(CaseDeadline.case_id == self.id(), CaseDeadline.name == name)
            .order_by(CaseDeadline.opened_seq.desc())
        )
        with self.database.read() as session:
            return session.scalars(query).first()

    def versions(self) -> list[int]:
        query = select(ReportVersion.number).where(ReportVersion.report == "verification_report")
        with self.database.read() as session:
            return sorted(session.scalars(query))


@pytest.fixture
def story(database: Database, cast: Cast) -> Story:
    return Story(database, cast)


def open_the_year(people: People, clock: Clock) -> None:
    clock.set(date(2026, 1, 5), 9)
    desk = people("supervisor")
    desk.page.goto(f"{desk.server}/cycles?year=2026")
    desk.page.get_by_role("button", name="开启 2026 年度核查").click()
    expect(desk.main).to_contain_text("名录内单位均已建立案件", timeout=30_000)


def up_to_the_visit(people: People, clock: Clock, cast: Cast, case: UUID, papers: Any) -> None:
    """Report, arrangement, group, desk review and the visit itself."""
    clock.set(date(2026, 3, 10))
    people(WHO).act(case, "submit_report", annual_report(papers))
    clock.set(date(2026, 3, 13))
    people("supervisor").act(case, "arrange", {
        "agency": cast.agencies["qingyuan"].id, "contract_number": "HC-2026-01",
        "task": "完成核查。", "conclude_by": "2026-06-10",
    })  # fmt: skip
    clock.set(date(2026, 3, 16), 9)
    members = [cast.id_of("verifier"), cast.id_of("verifier2")]
    people("verifier").act(case, "propose_group", {
        "members": members, "leader": members[0], "sector_member": members[1], "sector_knowledge": "五年。",
    })  # fmt: skip
    declared = {"view": "agree", "no_employment": True, "no_advice": True, "no_gift": True}
    people("verifier").act(case, "declare_interests", declared)
    people("verifier2").act(case, "declare_interests", declared)
    people("verifier").act(case, "form_group")
    clock.set(date(2026, 3, 24))
    people("verifier2").act(case, "finish_desk_review", {
        **{f"desk_{key}": f"{zh}已核对" for key, zh, _ in TOPICS},
        "onsite_requirements": "查看采制化。", "planned_visit_on": "2026-04-01",
    })  # fmt: skip
    people("verifier").act(case, "notify_visit", {"visit_on": "2026-03-31", "visit_team": members})
    clock.set(date(2026, 3, 31), 9)
    people("verifier").act(case, "start_visit", {
        "present": members, "observer": cast.id_of("inspector"), "planned_end_on": "2026-03-31",
    })  # fmt: skip
    clock.set(date(2026, 3, 31), 17)
    people("verifier").act(case, "end_visit", {
        **{f"site_{key}": f"{zh}查验" for key, zh, _ in TOPICS}, "site_evidence": papers("照片清单.txt"),
    })  # fmt: skip
    clock.set(date(2026, 4, 1))
    people("verifier").act(
        case, "hand_in_checklist", {"checklist_summary": "完成。", "leader_signed": True}
    )


def two_nonconformities(people: People, case: UUID, papers: Any) -> None:
    for clause, what in (("3", "低位发热量采用缺省值未说明"), ("2", "购电未扣除外供")):
        people("verifier2").act(case, "add_nonconformity", {
            "clause": clause, "provision": "指南 5.2", "description": what, "nc_evidence": papers(f"证据{clause}.txt"),
        })  # fmt: skip
    people("verifier").act(case, "issue_nonconformities")


@ONE_ENGINE
def test_a_unit_goes_through_the_whole_year(
    people, clock, cast, story, papers, tick, law, database
):
    open_the_year(people, clock)
    case = story.id()

    # The report, the review and the visit.
    up_to_the_visit(people, clock, cast, case, papers)
    clock.set(date(2026, 4, 2), 9)
    two_nonconformities(people, case, papers)
    assert story.due("nc_answer") == date(2026, 4, 10)  # 4 to 6 April are off

    # The unit answers both; before that it cannot submit, and says why.
    unit = people(WHO)
    unit.open(case)
    expect(unit.main).to_contain_text("还有 2 项不符合项未答复")
    clock.set(date(2026, 4, 9))
    for number in (0, 1):
        unit.act_on_row(case, "nonconformities", number, "answer_nonconformity", {
            "measures": "补充检测并更正。", "measure_evidence": papers("整改.txt"),
        })  # fmt: skip
    unit.act(case, "submit_answers")
    clock.set(date(2026, 4, 10))
    for number in (0, 1):
        people("verifier2").act_on_row(case, "nonconformities", number, "check_answer", {
            "verdict": "closed", "check_note": "证据充分。",
        })  # fmt: skip
    people("verifier").act(case, "accept_rectification")
    people("verifier").act(case, "submit_conclusion", {
        "internal_reviewer": cast.id_of("verifier3"), "conclusion_text": "符合指南要求。",
        **verified_report("19.87", "缺省值", str(TOTAL)),
    })  # fmt: skip
    assert story.due("result_notification") == date(2026, 4, 21)

    # The re-check: three opinions.
    clock.set(date(2026, 4, 13))
    people("supervisor").act(case, "open_recheck", {
        "reason": "risk", "reason_note": "低位发热量异常。",
    })  # fmt: skip
    recheck = story.id("recheck")
    people("supervisor").act(recheck, "release", {"report_version": 1})
    experts = [cast.id_of("expert1"), cast.id_of("expert2")]
    people("supervisor").act(recheck, "propose_experts", {"experts": experts})
    declared = {
        "view": "agree",
        "no_employment": True,
        "no_advice": True,
        "no_gift": True,
        "no_tie_with_agency": True,
    }
    for expert in ("expert1", "expert2"):
        people(expert).act(recheck, "declare_interests", declared)
    people("supervisor").act(recheck, "assign_experts")
    for clause, finding in (("4.2", "依据不足"), ("3", "未扣除外供"), ("7", "说明过简")):
        people("expert1").act(recheck, "raise_opinion", {
            "clause": clause, "finding": finding, "severity": "serious", "required_change": "补充说明",
        })  # fmt: skip
    for expert in ("expert1", "expert2"):
        people(expert).act(recheck, "submit_view", {"view": "object", "view_reason": "见意见"})
    people("expert1").act(recheck, "close_review")

    # The verifier knows nothing of it before the opinions are issued; nor does the unit, ever.
    verifier = people("verifier")
    verifier.open(recheck)
    expect(verifier.page.locator("body")).to_contain_text("没有这个页面")
    people("supervisor").act(recheck, "issue_opinions")
    verifier.open(recheck)
    expect(verifier.main).to_contain_text("已答复 0/3")
    unit.open(recheck)
    expect(unit.page.locator("body")).to_contain_text("没有这个页面")

    # Round one: an accepted change, a reasoned refusal, and one that is returned.
    clock.set(date(2026, 4, 15))
    answers = [
        ("changed", "已补充检测报告，见 4.2"),
        ("not_changed", "外供已扣除，见结算单"),
        ("changed", "已补充"),
    ]
    for number, (answer, reason) in enumerate(answers):
        typed: dict[str, Any] = {"answer": answer, "answer_reason": reason}
        if answer == "not_changed":
            typed["answer_evidence"] = papers("结算单.txt")
        verifier.act_on_row(recheck, "opinions", number, "answer_opinion", typed)
    verifier.act(recheck, "submit_revision", verified_report(
        "19.95", "检测报告 2026-031", "2193104.11", truthful=True, conservative_items="见附表",
    ))  # fmt: skip
    assert story.versions() == [1, 2]
    judge(people, recheck, "accepted", "accepted", "returned")
    people("supervisor").act(recheck, "send_back")

    # Round two: only the open one is answered; the difference stands beside it.
    clock.set(date(2026, 4, 17))
    verifier.act_on_row(recheck, "opinions", 0, "answer_opinion", {
        "answer": "changed", "answer_reason": "逐项说明，见 7。",
    })  # fmt: skip
    verifier.act(recheck, "submit_revision", verified_report(
        "19.95", "检测报告 2026-031", "2193104.11", truthful=True, conservative_items="逐项说明保守取值及理由。",
    ))  # fmt: skip
    expert = people("expert1")
    expert.open(recheck, "reports").page.locator("main a[href*='compare']").first.click()
    expect(expert.main).to_contain_text("逐项说明保守取值及理由。")
    judge(people, recheck, "accepted")
    for login in ("expert1", "expert2"):
        people(login).act(recheck, "endorse", {"view": "agree"})
    people("supervisor").act(recheck, "accept", {"conclusion_note": "三条意见均已关闭。"})
    assert story.case("recheck").state == "closed"
    assert story.case().state == "conclusion_submitted"
    assert story.case().facts["verified_emission_t"] == "2193104.11"

    # The result is notified, objected to in time, decided, published, archived.
    clock.set(date(2026, 4, 20))
    people("supervisor").act(case, "notify_result", {
        "received_number": "宁环核告〔2026〕8号", "received_scan": papers("告知书.txt"), "served_on": "2026-04-20", "receipt": "回证1",
    })  # fmt: skip
    assert story.due("objection") == date(2026, 4, 29)
    clock.set(date(2026, 4, 29), 23)
    unit.act(
        case,
        "object_to_result",
        {"grounds": "低位发热量应取实测值。", "grounds_files": papers("检测报告.txt")},
    )
    clock.set(date(2026, 5, 13))
    people("supervisor").act(case, "decide_objection", {
        "received_number": "宁环复核〔2026〕3号", "received_scan": papers("复核决定.txt"), "outcome": "kept",
        "verified_emission_t": "2193104.11", "decision_reasons": "依据充分，维持。",
    })  # fmt: skip
    clock.set(date(2026, 5, 20))
    people("supervisor").act(case, "publish", {
        "received_number": "宁环公开〔2026〕5号", "received_scan": papers("公开.txt"), "published_at": "厅门户网站",
        "rating": "good", "secrets_masked": True,
    })  # fmt: skip
    clock.set(date(2026, 6, 3))
    people("supervisor").act(case, "archive", {"index_complete": True, "shelf_mark": "WZ-2026-001"})

    assert story.case().state == "archived"
    tick()
    with database.read() as session:
        assert list(verification.verify_all(session)) == []


def judge(people: People, recheck: UUID, *verdicts: str) -> None:
    """The first expert judges what is answered, in the order of the opinions."""
    for verdict in verdicts:
        people("expert1").act_on_row(recheck, "opinions", 0, "judge_answer", {
            "verdict": verdict, "verdict_note": "见说明。",
        })  # fmt: skip


@ONE_ENGINE
def test_a_unit_that_does_not_rectify_ends_in_conservative_estimation(
    people, clock, cast, story, papers, tick
):
    open_the_year(people, clock)
    case = story.id()
    up_to_the_visit(people, clock, cast, case, papers)
    clock.set(date(2026, 4, 2), 9)
    two_nonconformities(people, case, papers)

    # Five working days pass; nothing is estimated by itself.
    clock.set(date(2026, 4, 13))
    tick()
    assert story.case().state == "nc_issued"
    people("verifier").act(case, "estimate_unanswered", {"estimation_reasons": "两项均未整改。"})

    desk = people("verifier")
    desk.open(case)
    desk.page.locator("a[href*='/act/set_values']").first.click()
    desk.fill(
        {
            "conservative_emission_t": "2000000",
            "default_table": "缺省值表 2022",
            "calculation": papers("测算.csv"),
        }
    )
    desk.submit()
    expect(desk.main).to_contain_text(f"低于单位报告值（{TOTAL} tCO2e）")
    expect(desk.page.locator("[name=default_table]")).to_have_value("缺省值表 2022")
    desk.fill({"conservative_emission_t": "2358000"})
    desk.submit()
    desk.done()
    people("verifier").act(case, "submit_conclusion", {
        "internal_reviewer": cast.id_of("verifier3"), "conclusion_text": "按保守原则测算。",
        **verified_report("19.87", "缺省值", "2358000", conservative_items="低位发热量、购电量"),
    })  # fmt: skip
    assert story.case().facts["conservative_emission_t"] == "2358000"
    assert story.case().facts["verified_emission_t"] == "2358000"


def test_a_session_that_ends_in_a_long_form_loses_nothing(people, clock, cast, story, papers):
    open_the_year(people, clock)
    case = story.id()
    clock.set(date(2026, 3, 10))
    desk = people(WHO)
    desk.lose_session()
    desk.open(case)
    desk.sign_in(WHO)
    desk.open(case)
    desk.page.locator("a[href*='/act/submit_report']").first.click()
    typed = annual_report(papers)
    del typed["ledgers"]
    desk.fill(typed)
    desk.page.fill("[name=unit_facts]", "写了很久的一段话，不能丢。")

    desk.lose_session()
    desk.submit()
    expect(desk.page.locator("#login")).to_be_visible()
    desk.sign_in(WHO)

    expect(desk.page.locator("[name=unit_facts]")).to_have_value("写了很久的一段话，不能丢。")
    expect(desk.page.locator("[name=ncv_gj_t]")).to_have_value("19.87")
    desk.page.locator("[name=ledgers]").first.set_input_files(papers("台账.csv"))
    desk.submit()
    desk.done()
    assert story.case().state == "report_submitted"
