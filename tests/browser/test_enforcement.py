"""From a clue to archived files, by the people of three bureaus, in their browsers."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import expect

from app.workflows.agency_penalty import AgencyPenalty
from tests.browser.casework import CERTIFICATES, Bureaus
from tests.conftest import ONE_ENGINE
from tests.workflows.serving import Served
from tests.year import a_year

pytestmark = [pytest.mark.browser]

AGREED = {"view": "agree"}


@pytest.fixture
def bureaus(database, law, cast, tmp_path, people, clock) -> Bureaus:
    return Bureaus(database, law, cast, tmp_path / "files", people, clock)


def an_operation(here: Bureaus) -> UUID:
    """Three bureaus plan, countersign, inspect and split what they found."""
    here.on("03-03")
    case = here.log_clue(
        subject=here.cast.units["redian"].id, source="data_screening", conduct="report_false",
        discovered_on="2026-03-02", suspicion="入炉煤低位发热量连续三个月高于入厂煤。",
    )  # fmt: skip
    here.on("03-04")
    here.act("supervisor", case, "assess")
    here.act("supervisor", case, "plan_jointly", market_matter=True, police_matter=True, joint_reason="涉及检验机构资质。")  # fmt: skip
    for login, items in (("market", "检验机构资质、设备检定"), ("police", "伪造印章线索")):
        here.act("supervisor", case, "add_bureau", bureau=here.body(login), check_items=items)
    for login in ("inspector", "inspector2"):
        here.act("supervisor", case, "name_officer", **officer(here, login))
    here.act(
        "supervisor", case, "circulate", targets="厂区及化验室", lead_items="数据、采样链",
        planned_on="2026-03-12", planned_end_on="2026-03-13", evidence_plan="全程录像",
        safety_plan="由公安机关保障", inspections_this_year=0, yearly_cap=2,
    )  # fmt: skip
    here.on("03-09")
    for login in ("market", "police"):
        for one in (login, f"{login}2"):
            here.act(login, case, "name_partner_officer", **officer(here, one))
        here.act(login, case, "countersign", **AGREED)
    here.on("03-10")
    here.act("leader", case, "approve", item_is_published=True)
    return case


def officer(here: Bureaus, login: str) -> dict[str, str]:
    return {"officer": here.cast.id_of(login), "certificate": CERTIFICATES[login]}


def inspected(here: Bureaus, case: UUID) -> tuple[UUID, UUID]:
    """The inspection and the split; the cases of the unit and of the laboratory's agency."""
    here.on("03-12", 9)
    here.act("inspector", case, "enter_site", served_on="2026-03-12", certificates_shown=True, support_only=True)  # fmt: skip
    unit, lab = here.cast.units["redian"].id, here.cast.agencies["qingyuan"].id
    for party, kind, conduct, fact in (
        (unit, "unit", "report_false", "月度热值高于检测底单。"),
        (lab, "agency", "test_report", "检测报告编号与底单不符，样品早于送检日期。"),
    ):
        here.act(
            "inspector", case, "raise_finding", fact=fact, party=party, party_kind=kind,
            conduct=conduct, found_on="2026-03-12", ended_on="2026-02-20", proof="底单复印件",
        )  # fmt: skip
    for login in ("inspector", "market", "police"):
        here.act(
            login, case, "draft_record", place="化验室", hours="09:20–11:40", persons="示例人员",
            rights_told=True, record_facts="见附件。",
        )  # fmt: skip
        for one in (login, f"{login}2"):
            here.act(one, case, "sign_record", **AGREED)
    here.on("03-13")
    here.act("inspector", case, "end_inspection", presence="三个机关各两人。", joint_facts="底单编号不连续。")  # fmt: skip
    here.on("03-16")
    for row, (route, article) in enumerate(
        (("own", "条例第二十二条"), ("agency", "条例第二十三条"))
    ):
        here.act_on_row(
            "supervisor", case, "findings", "split_finding", row, route=route,
            owner_bureau=here.body("supervisor"), article=article,
        )  # fmt: skip
    here.act("supervisor", case, "split_findings")
    here.act_on_row("inspector", case, "findings", "open_own_case", cause="涉嫌篡改数据案")
    here.act_on_row("inspector", case, "findings", "open_agency_case")
    return here.child(case, "own_cases"), here.child(case, "agency_cases")


def charged(here: Bureaus, case: UUID) -> None:
    """The unit's case is filed and inspected."""
    both = [here.cast.id_of("inspector"), here.cast.id_of("inspector2")]
    here.on("03-17")
    here.act(
        "leader", case, "file", has_evidence=True, is_punishable=True, is_competent=True,
        is_in_time=True, harm="none", officers=both,
    )  # fmt: skip
    here.on("03-18")
    here.act(
        "inspector", case, "record_inspection", officers=both, rights_told=True,
        on_site_on="2026-03-18", place="化验室", present="厂方负责人", findings="底单与报告不符。",
    )  # fmt: skip


def declined_by_the_police(here: Bureaus, case: UUID) -> None:
    """The suspicion of a crime goes to the police, who decline and stay with it."""
    both = [here.cast.id_of("inspector"), here.cast.id_of("inspector2")]
    facts = {
        "crime": "提供虚假证明文件罪",
        "crime_article": "第二百二十九条",
        "suspects": "示例人员",
    }
    here.on("03-20")
    here.act("leader", case, "refer_to_police", suspicion="检测报告系伪造。", **facts)
    transfer = here.child(case, "criminal")
    here.act("inspector", transfer, "submit_group_report", officers=both, crime_facts="检测报告系伪造。", **facts)  # fmt: skip
    here.on("03-23")
    here.act("leader", transfer, "approve_transfer", is_head=True)
    here.act("inspector", transfer, "hand_over", police=here.body("police"), papers="清单", copied=True)  # fmt: skip
    here.on("03-24")
    here.act("police", transfer, "sign_receipt", receipt_signer="张勇")
    assert here.due(case, "decision") is None, "the ninety days stand still"
    here.on("03-26")
    here.act(
        "police", transfer, "decline", reasons="未达立案标准。", overdue_reason="等待鉴定意见。"
    )
    here.act("police", transfer, "notify_decline")
    here.on("03-30")
    here.act("leader", transfer, "ask_reconsideration", reasons="违法所得已达标准。")
    here.on("04-01")
    here.act("police", transfer, "uphold_decline", reasons="维持。")
    here.on("04-02")
    here.act("leader", transfer, "accept_decline", reasons="转行政处罚。")
    assert here.state(transfer) == "returned"


PROPOSED = {
    "rule": "E6", "gain": "0", "fine": "600000", "confiscation": "0", "ground": "within",
    "ban": "none", "discretion": "初次违法，已主动更正。",
}  # fmt: skip
REVIEWED = ("competence_right", "facts_clear", "evidence_enough", "procedure_right", "not_barred", "law_right")  # fmt: skip


def heard(here: Bureaus, case: UUID) -> None:
    """Report, notice, and the hearing the unit asked for."""
    here.on("04-07")
    here.act(
        "inspector", case, "write_report", party_name=here.case(case).subject_name,
        course="联合检查发现。", facts_found="热值虚高。", evidence_table="底单、笔录。",
        proposal="penalty", **PROPOSED,
    )  # fmt: skip
    for login in ("inspector", "inspector2"):
        here.act(login, case, "sign_report", **AGREED)
    here.act("inspector", case, "submit_report")
    here.act("supervisor", case, "pass_review", review_opinion="同意。", **dict.fromkeys(REVIEWED, True))  # fmt: skip
    here.on("04-08")
    here.act("leader", case, "approve_notice", hearing_right=True, addressee="示例热电有限公司")
    assert here.serve(case, "service_of_notice", "prior_notice") == "卫环罚告〔2026〕1号"
    here.on("04-10")
    here.act("unit-redian", case, "request_hearing")
    here.on("04-13")
    here.act("leader", case, "appoint_chair", chair=here.cast.id_of("legal2"))
    here.act(
        "legal2", case, "call_hearing", hearing_on="2026-04-23", hearing_place="市局会议室",
        hearing_mode="public", recorder="示例", addressee="示例热电有限公司",
    )  # fmt: skip
    here.serve(case, "service_of_hearing_notice", "hearing_notice", by="legal2")
    here.on("04-23")
    here.act("legal2", case, "hold_hearing", attendance="双方到场。", examined="逐项质证。", last_words="请求从轻。")  # fmt: skip
    here.act("legal2", case, "report_on_hearing", hearing_facts="事实清楚。", hearing_proposal="维持。")  # fmt: skip


CHECKED = (
    "body_competent", "officers_qualified", "facts_proven", "law_applied", "discretion_fit",
    "procedure_lawful", "power_kept", "documents_complete", "crime_considered",
)  # fmt: skip


def fined(here: Bureaus, case: UUID) -> None:
    """Legal review, discussion, decision, service and publication."""
    here.on("04-24")
    here.act("supervisor", case, "go_on", review_of_the_plea="意见不予采纳。")
    here.on("04-27")
    here.act(
        "legal", case, "pass_legal_review", legal_opinion="通过。",
        evidence_seen=here.case(case).facts.get("evidence_count", 0), **dict.fromkeys(CHECKED, True),
    )  # fmt: skip
    here.on("04-28")
    members = ("leader", "leader2", "leader3")
    here.act("leader", case, "convene", members=[here.cast.id_of(one) for one in members])
    for login in members:
        here.act(login, case, "discuss", **AGREED)
    here.act("leader2", case, "conclude_discussion", conclusion="同意处罚建议。")
    here.on("04-29")
    here.act(
        "leader", case, "decide_penalty", facts_agree=True, decision_facts="热值虚高。",
        pleas_handled="不予采纳。", pay_to="示例银行",
        **{k: v for k, v in PROPOSED.items() if k != "gain"},
    )  # fmt: skip
    here.act("inspector", case, "send_decision", document="penalty_decision", addressee="示例热电有限公司")  # fmt: skip
    assert here.serve(case, "service_of_decision", "penalty_decision") == "卫环罚〔2026〕1号"
    here.act("supervisor", case, "publish", published_on="2026-04-29", published_at="市政府网站", redacted="个人信息")  # fmt: skip


def deferred(here: Bureaus, case: UUID) -> None:
    """Two instalments are asked for, planned and granted."""
    here.on("05-06")
    here.act("unit-redian", case, "ask_deferral", deferral="instalments", hardship="停产检修，资金紧张。")  # fmt: skip
    for due_on, amount in INSTALMENTS:
        here.act("supervisor", case, "plan_instalment", instalment_due_on=f"2026-{due_on}", instalment_amount=amount)  # fmt: skip
    here.act("leader", case, "defer", deferred_until="2026-07-31")


INSTALMENTS = (("06-30", "350000"), ("07-31", "250000"))


def paid(here: Bureaus, case: UUID) -> None:
    """The instalments come in; the case is closed and its file archived."""
    for number, (on, amount) in enumerate(INSTALMENTS, 1):
        here.on(on)
        here.act("unit-redian", case, "report_payment", paid_on=f"2026-{on}", amount=amount, receipt_no=f"示例{number}")  # fmt: skip
        here.act_on_row("supervisor", case, "payments", "confirm_payment", payment_verdict="confirmed")  # fmt: skip
        here.act_on_row("supervisor", case, "instalments", "close_instalment")
    here.act("supervisor", case, "settle", correction_checked=True, correction_note="已更正报告。")
    here.act("leader", case, "close", closing_ground="performed", decision_carried_out=True)
    here.act("inspector", case, "archive", retention="years10", index_complete=True)


def agency_charged(here: Bureaus, agency: UUID) -> tuple[Served, Served]:
    """The laboratory's case and that of whoever signed are filed, and the region is told."""
    here.on("03-17", 14)
    here.act(
        "supervisor", agency, "classify", agency_type="testing", conduct="test_report",
        licence="资质认定证书", contracts="三家单位",
    )  # fmt: skip
    here.act("inspector", agency, "name_person", person=here.cast.agencies["signer"].id, post="授权签字人", responsibility="签发虚假报告。")  # fmt: skip
    here.act("leader", agency, "file_case", cause="涉嫌出具虚假检测报告案")
    lab = here.procedure(agency, "procedure", LAB)
    signer = here.procedure(agency, "person_procedures", SIGNER)
    for case in (lab, signer):
        case.file("03-17 15:00")
    told(here, agency, "report_initially", "initial_reports")
    return lab, signer


NOTHING_ELSE = {"gain": "0", "confiscation": "0", "ground": "within", "serious": False, "order_disobeyed": False, "halts": False}  # fmt: skip
LAB = {**NOTHING_ELSE, "rule": "A1", "fine": "60000", "ban": "none"}
SIGNER = {
    **NOTHING_ELSE, "rule": "A3", "fine": "30000", "ban": "five_years", "ban_reasons": "签发虚假报告。",
}  # fmt: skip


def told(here: Bureaus, case: UUID, act: str, link: str, **typed: Any) -> None:
    """A report goes to the region, which acknowledges it."""
    here.act("supervisor", case, act, summary="要点。", **typed)
    report = here.child(case, link)
    here.act("supervisor", report, "send_report", recipient=here.region(), content="全文。")
    here.act("region", report, "acknowledge", served_on=here.today())
    assert here.state(report) == "acknowledged"


def sentenced(here: Bureaus, lab: Served, signer: Served) -> None:
    """The laboratory is fined and its signer barred; their procedures run as the unit's did."""
    for case in (lab, signer):
        case.inspect("05-06 15:00").submit("05-06 16:00").pass_review("05-06 17:00")
        case.approve("05-07").serve("service_of_notice", "05-07")
    here.on("05-18")
    for case in (lab, signer):
        case.pass_legal("05-18 11:00")
        if case.state == "collective_discussion":
            case.discuss("05-18 12:00")
        case.decide("05-18 13:00").send("05-18 14:00").serve("service_of_decision", "05-18")
        assert case.state == "performance"


def followed_up(here: Bureaus, agency: UUID, lab: Served, signer: Served) -> None:
    """The ban is registered, the region told, the decision published, the case closed."""
    here.on("05-19")
    here.act_on_row(
        "supervisor", agency, "persons", "register_person_ban", ban_kind="five_years", ban_scope="all",
        banned_from="2026-05-18", banned_until="2031-05-18", ban_basis="条例第二十三条第三款",
    )  # fmt: skip
    assert here.bans("signer") == [(date(2031, 5, 18), None)]
    here.act("supervisor", agency, "list_affected", unit=here.cast.units["redian"].id, report_year=2025, part="检测报告。")  # fmt: skip
    here.act_on_row("supervisor", agency, "affected_reports", "settle_affected", review="recheck", review_note="已启动复查。")  # fmt: skip
    told(here, agency, "report_finally", "final_reports")
    here.act("supervisor", agency, "publish", published_on=here.today(), published_at="市政府网站", redactions="身份证号", credit_pushed_on=here.today())  # fmt: skip
    for case, fine in ((lab, "60000"), (signer, "30000")):
        case.pay(fine, "05-20", who="supervisor").settle("05-20").close("05-20").archive("05-21")
    here.on("05-21")
    here.act("leader", agency, "close", closing_note="罚款已缴，整改完成。")


@ONE_ENGINE
def test_a_falsified_coal_report_ends_in_archived_files(bureaus):
    here = bureaus
    operation = an_operation(here)
    penalty, agency = inspected(here, operation)
    assert here.due(penalty, "filing") == date(2026, 3, 17)
    assert here.due(agency, "filing") == date(2026, 3, 27)

    charged(here, penalty)
    lab, signer = agency_charged(here, agency)
    assert here.due(penalty, "decision") == date(2026, 6, 15)
    declined_by_the_police(here, penalty)
    assert here.due(penalty, "decision") == date(2026, 6, 25)
    heard(here, penalty)
    fined(here, penalty)
    assert here.state(penalty) == "performance"
    deferred(here, penalty)
    sentenced(here, lab, signer)
    followed_up(here, agency, lab, signer)
    assert here.state(agency) == "closed"
    paid(here, penalty)
    assert here.state(penalty) == "archived"

    assert here.state(operation) == "summary_due"
    told(here, operation, "report_upwards", "upward_reports", kind="final")
    here.act("supervisor", operation, "report_and_close", results="均已办结。")
    assert here.state(operation) == "closed"
    assert here.chains_hold()
    unit = here.people("unit-redian")
    for tab in unit.tabs_of(penalty):
        unit.is_sound(tab)


@ONE_ENGINE
def test_a_filing_is_refused_with_reasons_and_the_file_is_kept(bureaus):
    """Fifteen days to file; the leader finds no evidence, and nobody can go on from there."""
    here = bureaus
    here.on("03-03")
    operation = here.log_clue(
        subject=here.cast.units["redian"].id, source="daily_supervision", conduct="records",
        discovered_on="2026-03-02", suspicion="台账疑似未保存五年。",
    )  # fmt: skip
    here.on("03-05")
    here.act("supervisor", operation, "assess")
    here.act(
        "supervisor", operation, "single_bureau", no_partner_matter=True, conduct="records",
        party_kind="unit", cause="涉嫌未保存台账案",
    )  # fmt: skip
    case = here.child(operation, "single_case")
    assert here.due(case, "filing") == date(2026, 3, 17)
    here.on("03-17")
    here.act("leader", case, "refuse_filing", not_filed_because="no_evidence", reasons="台账齐全，查无实据。")  # fmt: skip
    here.act("inspector", case, "archive", retention="years10", index_complete=True)
    assert (here.state(case), here.state(operation)) == ("archived", "summary_due")
    seen = here.people("leader").open(case)
    assert seen.page.locator("a[href*='/act/file']").count() == 0
    unit = here.people("unit-redian").open(case)
    expect(unit.page.locator("body")).to_contain_text("没有这个页面")
    assert here.chains_hold()


@ONE_ENGINE
def test_an_annulled_decision_leaves_the_public_in_three_days_and_lifts_the_bans(bureaus):
    """An agency barred from verifying may be chosen again from the day its decision is annulled."""
    here = bureaus
    year = a_year(here.town).file("03-10")
    agency, case = a_barred_agency(here)
    here.on("03-13")
    desk = here.people("supervisor").try_to(year.id, "arrange", an_arrangement(here))
    expect(desk.main).to_contain_text("该机构处于禁业期，不得承担核查或复查")

    here.on("03-16")
    ruling = {"received_number": "卫政复〔2026〕3号", "received_scan": here.scan}
    here.act(
        "leader", case.id, "annul", annulled_by="reconsideration", reasons="程序违法。", **ruling
    )
    assert [lifted for _, lifted in here.bans("qingyuan")] == [date(2026, 3, 16)]
    here.act("supervisor", agency, "annul", annulment="程序违法，撤销。", **ruling)
    assert here.due(agency, "withdrawal") == date(2026, 3, 19)
    here.on("03-19")
    here.act("supervisor", agency, "withdraw_publication", withdrawn_on="2026-03-19", withdrawal_note="决定被撤销。")  # fmt: skip
    assert here.late(agency, "withdrawal") is False
    here.act("supervisor", year.id, "arrange", **an_arrangement(here))
    assert year.state == "arranged"
    assert here.chains_hold()


def an_arrangement(here: Bureaus) -> dict[str, Any]:
    return {
        "agency": here.cast.agencies["qingyuan"].id, "contract_number": "HC-2026-01",
        "task": "完成核查。", "conclude_by": "2026-06-10",
    }  # fmt: skip


def a_barred_agency(here: Bureaus) -> tuple[UUID, Served]:
    """A reviewing agency was fined for false opinions and barred; it stands in public."""
    clue = {
        "source": "verification", "conduct": "review_false", "discovered_on": date(2026, 1, 5),
        "suspicion": "审核意见失实。", "act_ended_on": date(2025, 12, 20), "reporter_named": False,
    }  # fmt: skip
    agency = here.town.open(AgencyPenalty, "inspector", clue, at="01-06", subject="qingyuan")
    agency.fire(
        "classify", "supervisor",
        {"agency_type": "review", "conduct": "review_false", "licence": "无须资质", "contracts": "示例"}, at="01-07",
    )  # fmt: skip
    agency.fire("file_case", "leader", {"cause": "涉嫌出具虚假技术审核意见案"}, at="01-08")
    case = here.procedure(agency.id, "procedure", SERIOUS)
    case.file("01-08 13:00").inspect("01-09").submit("01-12").pass_review("01-12 13:00")
    case.approve("01-13").serve("service_of_notice", "01-13")
    case.pass_legal("01-23 11:00").discuss("01-23 12:00").decide("01-23 13:00")
    case.send("01-23 13:10").serve("service_of_decision", "01-23")
    here.on("01-26")
    here.act(
        "supervisor", agency.id, "register_agency_ban", ban_scope="reports", banned_from="2026-01-23",
        ban_basis="条例第二十三条第二款", serious_reasons="多家单位、连续两年。",
    )  # fmt: skip
    here.act("supervisor", agency.id, "publish", published_on="2026-01-26", published_at="市政府网站", redactions="身份证号", credit_pushed_on="2026-01-26")  # fmt: skip
    return agency.id, case


SERIOUS = {
    **NOTHING_ELSE, "rule": "A2", "fine": "300000", "serious": True, "ban": "agency",
    "ban_reasons": "多家单位、连续两年。",
}  # fmt: skip
