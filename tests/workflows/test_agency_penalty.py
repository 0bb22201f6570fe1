"""SM-4 against the tables of domain.md 17 and its corrections: procedures, bans, reports, credit."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from app.cases.errors import BadInputs, NotPermitted, TransitionRefused
from app.cases.models import CaseDocument
from app.cases.page import CasePage
from app.cases.sight import id_for
from app.engine.actors import Capacity
from app.engine.definition import Expiry
from app.law.terms import shipped_law
from app.registers.models import Ban, PenaltyRecord
from app.workflows.agency_penalty import BESIDE, PROCEDURES, UNDECIDED, AgencyPenalty
from app.workflows.external_handling import ExternalHandling
from app.workflows.joint_enforcement import JointEnforcement
from app.workflows.penalty_procedure import PenaltyProcedure
from app.workflows.upward_report import UpwardReport
from tests.town import Matter, Town, day, instant, registered
from tests.workflows.stand_ins import STAND_INS, body, clue, enlist, region

OWN = (JointEnforcement, AgencyPenalty, ExternalHandling, UpwardReport)


@pytest.fixture(scope="module", autouse=True)
def lifecycles():
    with registered(*OWN, *STAND_INS):
        yield


@pytest.fixture(autouse=True)
def officers(request):
    if "town" in request.fixturenames:
        enlist(request.getfixturevalue("town"))


# The tables ---------------------------------------------------------------------------------------

STATES = {
    "clue_registered": "线索登记", "type_and_jurisdiction": "类型与管辖判定", "agency_inspection": "机构现场检查",
    "in_procedure": "处罚程序中", "credit_publication": "信用记录与公开", "follow_up": "整改跟踪", "closed": "办结",
}  # fmt: skip
BESIDE_THE_LINE = {
    "initial_report_due": ("initial_reports", "初报"),
    "final_report_due": ("final_reports", "终报"),
    "region_ack": ("final_reports", "终报"),
    "qualification_referral": ("qualification", "资质处理建议"),
}
"""States of the table that the corrections turn into tracks; the bans are rows and a clock."""
ROWS = {
    "A01": ("", "clue_registered", "线索登记表"),
    "A02": ("clue_registered", "type_and_jurisdiction", ""),
    "A03": ("type_and_jurisdiction", "closed", "案件移送函"),
    "A04": ("type_and_jurisdiction", "follow_up", "责令改正违法行为决定书 约谈记录"),
    "A05": ("type_and_jurisdiction", "agency_inspection", "行政检查审批表 检查通知书 现场检查笔录"),
    "A06": ("agency_inspection type_and_jurisdiction", "in_procedure", ""),
    "A07": ("", "", ""),
    "A08": ("", "", ""),
    "A09": ("in_procedure", "credit_publication", ""),
    "A10": ("", "", "禁业登记表"),
    "A11": ("", "", ""),
    "A12": ("", "", ""),
    "A13": ("", "", ""),
    "A14": ("credit_publication", "follow_up", "处罚信息公示表 信用信息推送表"),
    "A15": ("", "", ""),
    "A16": ("follow_up", "closed", "结案审批表"),
    "A17": ("closed", "credit_publication", "撤回公开信息登记表"),
}
"""From, to and documents of every row, by the corrections; what tracks and children make is theirs."""
EXTRA_DOCUMENTS = {"A02": {"内部审批表"}}
EXTRA_MOVES = {("A17", "follow_up", "credit_publication")}
"""A decision can be annulled before the case is closed, too."""
TERMS = {
    "filing": ("15 cd", Expiry.AUTHORITY_BREACH, "L-15"),
    "classification": ("5 wd", Expiry.TARGET, "L-7"),
    "initial_report": ("3 wd", Expiry.TARGET, "L-3"),
    "ban_registration": ("5 wd", Expiry.TARGET, "L-7"),
    "qualification_result": ("20 wd", Expiry.TARGET, "L-X"),
    "final_report": ("5 wd", Expiry.TARGET, "L-7"),
    "publication": ("7 wd", Expiry.AUTHORITY_BREACH, "L-7"),
    "credit_push": ("7 wd", Expiry.TARGET, "L-7"),
    "withdrawal": ("3 wd", Expiry.AUTHORITY_BREACH, "L-3"),
}
BY_LAW = {"filing", "publication", "withdrawal"}


def row_of(code: str) -> str:
    return re.sub(r"[a-z]$", "", code)


def test_every_state_of_the_main_line_has_its_name():
    assert {name: state.zh for name, state in AgencyPenalty.states.items()} == STATES


def test_what_runs_beside_the_line_is_a_track():
    for link, zh in BESIDE_THE_LINE.values():
        child = AgencyPenalty.children[link]
        assert (child.zh, child.track) == (zh, True)
    assert {*PROCEDURES, *BESIDE} == set(AgencyPenalty.children)


def test_every_code_of_the_table_is_there_and_no_other():
    assert {row_of(t.code) for t in AgencyPenalty.transitions.values()} == set(ROWS)


def test_every_row_leads_from_where_to_where_the_table_says():
    moves: set[tuple[str, str, str]] = set()
    for transition in AgencyPenalty.transitions.values():
        for reached in transition.destinations:
            begun = transition.source_names or {""}
            moves |= {(row_of(transition.code), source, reached.name) for source in begun}
    expected = {
        (code, source, to)
        for code, (sources, to, _) in ROWS.items()
        for source in sources.split() or [""]
        if to
    }
    assert moves - expected == EXTRA_MOVES
    assert expected <= moves


def test_every_row_makes_the_documents_of_the_table():
    made: dict[str, set[str]] = defaultdict(set)
    for transition in AgencyPenalty.transitions.values():
        made[row_of(transition.code)] |= {document.zh for document in transition.documents}
    for code, (_sources, _to, documents) in ROWS.items():
        assert made[code] == set(documents.split()) | EXTRA_DOCUMENTS.get(code, set()), code
    assert [d.zh for d in UpwardReport.send_report.documents] == ["向自治区厅报告"]


def test_every_clock_is_as_long_as_the_table_says_and_means_what_it_says():
    law, told = shipped_law(), {}
    for name in TERMS:
        clock = AgencyPenalty.deadlines[name]
        term = law.term(clock.due.term, day("03-02"))  # type: ignore[union-attr]
        told[name] = (f"{term.length} {term.unit}", clock.expiry, clock.ladder)
        assert (str(term.mark) == "S") == (name in BY_LAW)
    assert told == TERMS
    acknowledgement = law.term("region_acknowledgement", day("03-02"))
    assert (acknowledgement.length, str(acknowledgement.unit)) == (5, "wd")


def test_the_region_acknowledges_and_writes_nothing_else():
    does = {
        t.name
        for lifecycle in OWN
        for t in lifecycle.transitions.values()
        if any(who.role == "provincial_viewer" for who in t.actors)
    }
    assert does == {"acknowledge"}


def test_what_is_not_decided_is_every_state_up_to_the_decision():
    states = list(PenaltyProcedure.states)
    assert set(states[: states.index("decision_pending") + 1]) == UNDECIDED
    assert "annulled_on" in PenaltyProcedure.facts


# The case, played -----------------------------------------------------------------------------------


def refused(matter: Matter, trigger: str, who: str, typed: Any = None, **said: Any) -> str:
    """The English sentences by which an act is refused."""
    with pytest.raises((TransitionRefused, NotPermitted, BadInputs)) as refusal:
        matter.fire(trigger, who, typed, **said)
    return refusal.value.label.en


TYPE = {"agency_type": "review", "conduct": "review_false", "licence": "无须资质", "contracts": "与十二家单位签约"}  # fmt: skip
LAB: dict[str, Any] = {
    **TYPE,
    "agency_type": "testing",
    "conduct": "test_report",
    "licence": "资质认定证书",
}
CAUSE = {"cause": "涉嫌出具虚假技术审核意见案"}


def classified(town: Town, agency: str = "qingyuan", **said: Any) -> Matter:
    typed = clue(conduct="review_false", source="verification")
    matter = town.open(AgencyPenalty, "inspector", typed, at="03-03", subject=agency)
    matter.fire("classify", "supervisor", {**TYPE, **said}, at="03-04")
    return matter


def person(town: Town, key: str = "signer", **said: Any) -> dict[str, Any]:
    return {
        "person": town.organisation_of(key), "post": "审核员", "responsibility": "签署虚假审核意见", **said,
    }  # fmt: skip


def filed(town: Town, agency: str = "qingyuan", *persons: str, **said: Any) -> Matter:
    """The penalty cases are open, and filed."""
    matter = classified(town, agency, **said)
    for key in persons:
        matter.fire("name_person", "inspector", person(town, key), at="03-05")
    matter.fire("file_case", "leader", CAUSE, at="03-06")
    for penalty in (*matter.children("procedure"), *matter.children("person_procedures")):
        penalty.fire("file", "leader", at="03-09")
    return matter


AGENCY_FINE = {"rule": "A2", "fine": "200000", "ban": "none"}
PERSON_FINE = {"rule": "A3", "fine": "20000", "ban": "five_years"}


def decided(
    town: Town,
    agency: str = "qingyuan",
    *persons: str,
    fine: dict[str, str] | None = None,
    person_fine: dict[str, str] | None = None,
    serious: bool = False,
    **said: Any,
) -> Matter:
    """Every penalty case is decided on 6 May."""
    matter = filed(town, agency, *persons, **said)
    [own] = matter.children("procedure")
    theirs = matter.children("person_procedures")
    for penalty in (own, *theirs):
        if serious:
            penalty.fire("discuss", "leader", {"hearing_right": True}, at="04-20")
        penalty.fire("propose", "inspector", {"gain": "0", "serious": serious}, at="04-21")
    own.fire("decide", "leader", {**AGENCY_FINE, **(fine or {})}, at="05-06")
    for penalty in theirs:
        penalty.fire("decide", "leader", {**PERSON_FINE, **(person_fine or {})}, at="05-06")
    return matter


BAN = {
    "ban_kind": "five_years", "ban_scope": "all", "banned_from": day("05-06"), "banned_until": date(2031, 5, 6),
    "ban_basis": "卫环罚〔2026〕1号，条例第二十三条第三款",
}  # fmt: skip
AGENCY_BAN = {
    "ban_scope": "reports", "banned_from": day("05-06"), "ban_basis": "卫环罚〔2026〕1号，条例第二十三条第二款",
    "serious_reasons": "多家单位、连续两年",
}  # fmt: skip
PUBLISHED = {
    "published_on": day("05-08"), "published_at": "局网站", "redactions": "身份证号", "credit_pushed_on": day("05-08"),
}  # fmt: skip


def reported(matter: Matter, link: str, act: str, at: str, **typed: Any) -> Matter:
    """Draft, send and acknowledge a report on one day."""
    matter.fire(act, "supervisor", {"summary": "要点", **typed}, at=f"{at} 09:00")
    report = matter.children(link)[-1]
    sent = {"recipient": region(matter.town), "content": "全文"}
    report.fire("send_report", "supervisor", sent, at=f"{at} 10:00")
    report.fire("acknowledge", "region", {"served_on": day(at)}, at=f"{at} 16:00")
    return report


def followed_up(town: Town, agency: str = "qingyuan", *persons: str, **said: Any) -> Matter:
    """Decided, bans registered, reported, published: only the end is left."""
    matter = decided(town, agency, *persons, **said)
    for row in matter.items("persons"):
        matter.fire("register_person_ban", "supervisor", BAN, item_id=row.id, at="05-07")
    reported(matter, "initial_reports", "report_initially", "05-07")
    reported(matter, "final_reports", "report_finally", "05-08", none_affected=True)
    matter.fire("publish", "supervisor", PUBLISHED, at="05-08 17:00")
    for penalty in (*matter.children("procedure"), *matter.children("person_procedures")):
        penalty.fire("finish", "leader", at="05-20")
    return matter


NOTE = {"closing_note": "罚款已缴，整改完成"}


def bans_of(town: Town, matter: Matter) -> list[Ban]:
    with town.database.read() as session:
        return list(session.scalars(select(Ban).where(Ban.case_id == matter.id).order_by(Ban.id)))


# From the clue to the end ----------------------------------------------------------------------------


def test_an_agency_and_its_signer_are_punished_banned_reported_and_published(town):
    matter = decided(town, "saishang", "signer")
    [own], [theirs] = matter.children("procedure"), matter.children("person_procedures")
    assert own.row.subject_id == town.cast.agencies["saishang"].id
    assert theirs.row.subject_id == town.cast.agencies["signer"].id
    assert (own.row.facts["party_kind"], theirs.row.facts["party_kind"]) == ("agency", "person")
    assert (own.row.facts["conduct"], theirs.row.facts["conduct"]) == (
        "review_false",
        "agency_persons",
    )
    assert (own.due("filing"), theirs.due("filing")) == (day("03-17"), day("03-17"))
    assert matter.state == "credit_publication"
    assert matter.row.facts["decided_on"] == "2026-05-06"
    assert matter.due("publication") == day("05-14"), "Saturday the 9th is worked"

    [row] = matter.items("persons")
    matter.fire("register_person_ban", "supervisor", BAN, item_id=row.id, at="05-07")
    [ban] = bans_of(town, matter)
    assert (ban.organisation_id, ban.person_id) == (town.cast.agencies["signer"].id, None)
    assert (ban.from_day, ban.to_day) == (day("05-06"), date(2031, 5, 6))
    assert matter.items("persons")[0].status == "barred"
    assert "note_bans" in matter.acts()

    first = reported(matter, "initial_reports", "report_initially", "05-07")
    assert first.row.facts["kind"] == "initial"
    last = reported(matter, "final_reports", "report_finally", "05-08", none_affected=True)
    assert last.row.facts["kind"] == "final"
    matter.fire("publish", "supervisor", PUBLISHED, at="05-08 17:00")
    assert matter.state == "follow_up"
    said = refused(matter, "close", "leader", NOTE, at="05-11")
    assert said == "2 penalty cases, corrections, referrals or reports are still open."
    own.fire("finish", "leader", at="05-20")
    theirs.fire("finish", "leader", at="05-20")
    matter.fire("close", "leader", NOTE, at="05-21")
    assert (matter.state, matter.running()) == ("closed", [])
    family = [matter, own, theirs, first, last]
    assert [fault for one in family for fault in one.faults()] == []


# Type, jurisdiction, no penalty article -----------------------------------------------------------------


@pytest.mark.parametrize(("on", "passed"), [("03-16", False), ("03-17", False), ("03-18", True)])
def test_the_filing_clock_runs_from_the_day_of_discovery(town, on, passed):
    matter = classified(town)
    assert (matter.due("filing"), matter.due("classification")) == (day("03-17"), day("03-11"))
    town.tick(f"{on} 12:00")
    assert (matter.clock("filing").expired_at is not None) == passed
    assert matter.state == "type_and_jurisdiction"


def test_the_agencys_seat_alone_gives_no_jurisdiction(town):
    matter = classified(town)
    typed = {
        "act_place": "银川", "act_not_here": False, "competent_body": region(town), "jurisdiction": "行为地",
    }  # fmt: skip
    said = refused(matter, "elsewhere_competent", "supervisor", typed, at="03-05")
    assert said.startswith("Please confirm: The act was not committed here")
    ours = {**typed, "act_not_here": True, "competent_body": body(town, "leader")}
    said = refused(matter, "elsewhere_competent", "supervisor", ours, at="03-05")
    assert said == "The competent body cannot be ourselves."
    right = {**typed, "act_not_here": True}
    matter.fire("elsewhere_competent", "supervisor", right, at="03-05")
    assert (matter.state, matter.clock("filing").met_late) == ("closed", False)


CORRECTED = {
    "no_penalty_reason": "未规定罚款",
    "what": "停止在本区同时编制和审核",
    "due_on": day("04-10"),
}


@pytest.mark.parametrize(
    ("conduct", "kind"), [("dual_role", "compiling"), ("asset_management", "asset_management")]
)
def test_without_a_penalty_article_the_agency_corrects_and_the_region_is_told(town, conduct, kind):
    matter = classified(town, "lvheng", conduct=conduct, agency_type=kind)
    said = refused(matter, "file_case", "leader", CAUSE, at="03-05")
    assert said == "No fine is laid down for this conduct: order a correction or hold an interview."
    matter.fire("order_correction", "supervisor", CORRECTED, at="03-05")
    [track] = matter.children("corrections")
    assert (matter.state, track.state) == ("follow_up", "ordered")
    said = refused(matter, "close", "leader", NOTE, at="03-06")
    assert said == (
        "1 penalty cases, corrections, referrals or reports are still open. "
        "The region has to acknowledge 0 initial and 1 final reports; some are missing."
    )
    track.fire("accept", "inspector", at="03-20")
    reported(matter, "final_reports", "report_finally", "03-20", none_affected=True)
    matter.fire("close", "leader", NOTE, at="03-23")
    assert matter.state == "closed"


def test_an_interview_will_do_where_there_is_nothing_to_order(town):
    matter = classified(town, "lvheng", conduct="asset_management", agency_type="asset_management")
    typed = {
        "no_penalty_reason": "无处罚条款", "interviewed_on": day("03-05"), "interview": "已约谈并书面承诺",
    }  # fmt: skip
    matter.fire("interview_agency", "supervisor", typed, at="03-05")
    assert (matter.state, matter.children("corrections")) == ("follow_up", [])


def test_where_a_penalty_is_laid_down_a_correction_alone_will_not_do(town):
    matter = classified(town)
    said = refused(matter, "order_correction", "supervisor", CORRECTED, at="03-05")
    assert said == "A penalty is laid down for this conduct: file a case."


# The inspection ------------------------------------------------------------------------------------------


def plan(town: Town, *logins: str, **said: Any) -> dict[str, Any]:
    return {
        "officers": [town.cast.id_of(login) for login in logins or ("inspector", "inspector2")],
        "inspection_plan": "查合同、底稿、原始记录", "inspection_until": day("03-10"), "served_on": day("03-06"), **said,
    }  # fmt: skip


def test_an_inspection_wants_approval_two_officers_and_a_notice(town):
    matter = classified(town)
    said = refused(matter, "inspect_agency", "inspector", plan(town), at="03-06")
    assert said == "No leader has approved the inspection."
    matter.fire("approve_inspection", "leader", {"item_is_published": True}, at="03-05")
    said = refused(matter, "inspect_agency", "inspector", plan(town, "inspector"), at="03-06")
    assert said == (
        "At least 2 officers with certificates valid on the day are wanted: 1 named, 0 without (V-2)."
    )
    silent = {name: value for name, value in plan(town).items() if name != "served_on"}
    said = refused(matter, "inspect_agency", "inspector", silent, at="03-06")
    assert (
        said == "Give the day on which the notice was served, or the reason for coming unannounced."
    )
    matter.fire("inspect_agency", "inspector", plan(town), at="03-06")
    assert (matter.state, matter.due("inspection")) == ("agency_inspection", day("03-10"))
    seats = {town["inspector"].person_name, town["inspector2"].person_name}
    assert matter.seats(Capacity.INVESTIGATOR) == seats
    typed = {"rights_told": True, "inspection_facts": "底稿缺页"}
    matter.fire("record_agency_inspection", "inspector2", typed, at="03-06 16:00")
    matter.fire("file_case", "leader", CAUSE, at="03-10")
    assert matter.clock("inspection").met_late is False


def test_a_laboratory_is_inspected_together_with_market_supervision(town):
    matter = classified(town, **LAB)
    matter.fire("approve_inspection", "leader", {"item_is_published": True}, at="03-05")
    said = refused(matter, "inspect_agency", "inspector", plan(town), at="03-06")
    assert said == (
        "A laboratory is inspected together with market supervision: give the joint case, or say why not."
    )
    matter.fire("inspect_agency", "inspector", plan(town, joint_case="卫联〔2026〕1号"), at="03-06")
    assert matter.state == "agency_inspection"


# The penalty cases ---------------------------------------------------------------------------------------


def test_only_a_leader_opens_the_penalty_cases(town):
    matter = classified(town)
    said = refused(matter, "file_case", "supervisor", CAUSE, at="03-06")
    assert said == "Reserved to: Bureau leader (lead authority)."


def test_a_person_is_named_once_and_may_be_struck_out_before_the_case_is_filed(town):
    matter = classified(town)
    matter.fire("name_person", "inspector", person(town), at="03-05")
    said = refused(matter, "name_person", "inspector", person(town), at="03-05")
    assert said == "This person is named already."
    [row] = matter.items("persons")
    reason = {"cleared_reason": "未参与"}
    matter.fire("strike_person", "supervisor", reason, item_id=row.id, at="03-05")
    assert matter.clock("filing").met_at is None
    matter.fire("file_case", "leader", CAUSE, at="03-06")
    assert matter.children("person_procedures") == []


def test_a_further_person_has_fifteen_days_from_when_their_part_was_found(town):
    matter = filed(town, "qingyuan", "signer")
    late = person(town, "director", discovered_on=day("04-07"))
    matter.fire("name_late_person", "inspector", late, at="04-08")
    assert matter.due("filing") == day("04-22")
    another = person(town, "tester", discovered_on=day("04-08"))
    said = refused(matter, "name_late_person", "inspector", another, at="04-08")
    assert said == "Open the case of the person named before first."
    row = matter.items("persons")[-1]
    matter.fire("open_late_case", "leader", {"late_cause": "涉嫌…案"}, item_id=row.id, at="04-09")
    [penalty] = matter.children("late_person_procedures")
    assert penalty.row.subject_id == town.cast.agencies["director"].id
    assert (penalty.due("filing"), penalty.row.facts["discovered_on"]) == (
        day("04-22"),
        "2026-04-07",
    )
    assert matter.clock("filing").handed_to == penalty.id
    assert len(matter.children("person_procedures")) == 1
    assert matter.faults() == penalty.faults() == []


def test_the_line_goes_on_when_every_case_is_decided(town):
    matter = filed(town, "qingyuan", "signer")
    [own], [theirs] = matter.children("procedure"), matter.children("person_procedures")
    own.fire("decide", "leader", AGENCY_FINE, at="05-06")
    assert matter.state == "in_procedure"
    theirs.fire("spare", "leader", at="05-07")
    assert (matter.state, matter.due("final_report")) == ("credit_publication", day("05-13"))


def test_a_person_who_was_not_punished_is_cleared_and_not_barred(town):
    matter = filed(town, "qingyuan", "signer", "director")
    [own] = matter.children("procedure")
    spared, punished = matter.children("person_procedures")
    if spared.row.subject_id != town.cast.agencies["signer"].id:
        spared, punished = punished, spared
    first, second = matter.items("persons")
    reason = {"cleared_reason": "不予处罚"}
    said = refused(matter, "clear_person", "supervisor", reason, item_id=first.id, at="03-10")
    assert said == "The person's case has not ended without a penalty."
    own.fire("decide", "leader", AGENCY_FINE, at="05-06")
    spared.fire("spare", "leader", at="05-06")
    punished.fire("decide", "leader", PERSON_FINE, at="05-06")
    said = refused(matter, "register_person_ban", "supervisor", BAN, item_id=first.id, at="05-07")
    assert said.startswith("The person's decision carries no such ban: five years follow")
    said = refused(matter, "clear_person", "supervisor", reason, item_id=second.id, at="05-07")
    assert said == "The person's case has not ended without a penalty."
    matter.fire("clear_person", "supervisor", reason, item_id=first.id, at="05-07")
    assert matter.clock("ban_registration").met_at is None
    matter.fire("register_person_ban", "supervisor", BAN, item_id=second.id, at="05-07")
    assert matter.clock("ban_registration").met_late is False
    assert [row.status for row in matter.items("persons")] == ["cleared", "barred"]


def test_a_case_that_is_not_filed_goes_its_way_without_reports_of_a_penalty(town):
    matter = classified(town)
    matter.fire("file_case", "leader", CAUSE, at="03-06")
    matter.children("procedure")[0].fire("decline", "leader", at="03-09")
    assert (matter.state, "filed_on" in matter.row.facts) == ("credit_publication", False)
    said = refused(matter, "publish", "supervisor", PUBLISHED, at="05-08")
    assert said == "No penalty was decided: there is nothing to publish."
    typed = {"nothing_published_reason": "不予立案"}
    matter.fire("publish_nothing", "supervisor", typed, at="03-10")
    reported(matter, "final_reports", "report_finally", "03-11", none_affected=True)
    matter.fire("close", "leader", NOTE, at="03-12")
    assert matter.state == "closed"


def test_a_penalty_is_published(town):
    matter = decided(town)
    typed = {"nothing_published_reason": "无"}
    said = refused(matter, "publish_nothing", "supervisor", typed, at="05-08")
    assert said == "A penalty was decided: publish it."


# Crime ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("gain", "prompted"), [("299999.99", False), ("300000", True)])
def test_a_gain_of_three_hundred_thousand_prompts_the_crime_check(town, gain, prompted):
    matter = filed(town, "lvheng")
    [own] = matter.children("procedure")
    own.fire("propose", "inspector", {"gain": gain, "serious": False}, at="04-20")
    own.fire("move_on", "inspector", at="04-21")
    assert ("prompt_crime" in matter.acts()) == prompted
    answer = {"crime_answer": "none", "crime_reason": "未查明故意"}
    if not prompted:
        said = refused(matter, "answer_crime_prompt", "leader", answer, at="04-22")
        assert said == "No criminal threshold waits for an answer."
        return
    said = refused(matter, "answer_crime_prompt", "supervisor", answer, at="04-22")
    assert said == "Reserved to: Bureau leader (lead authority)."
    matter.fire("answer_crime_prompt", "leader", answer, at="04-22")
    assert matter.acts().count("prompt_crime") == 1


def test_two_penalties_in_two_years_prompt_it_too(town):
    lab = {"conduct": "test_report"}
    for on in ("03-10", "03-11"):
        earlier = town.open(AgencyPenalty, "inspector", clue(**lab), at="03-03", subject="hengjian")
        earlier.fire("classify", "supervisor", LAB, at="03-04")
        earlier.fire("file_case", "leader", CAUSE, at="03-04")
        [own] = earlier.children("procedure")
        own.fire("file", "leader", at="03-05")
        own.fire("decide", "leader", {**AGENCY_FINE, "rule": "A1"}, at=on)
        assert "prompt_crime" not in earlier.acts(), "the act came before the penalties"
    late = clue(**lab, discovered_on=day("04-01"), act_ended_on=day("03-25"))
    again = town.open(AgencyPenalty, "inspector", late, at="04-01", subject="hengjian")
    again.fire("classify", "supervisor", LAB, at="04-02")
    again.fire("file_case", "leader", CAUSE, at="04-02")
    again.children("procedure")[0].fire("file", "leader", at="04-03")
    assert "prompt_crime" in again.acts()


def test_the_case_does_not_close_before_a_leader_has_decided_on_the_transfer(town):
    matter = decided(town, "lvheng")
    [own] = matter.children("procedure")
    assert "prompt_crime" not in matter.acts()
    matter = filed(town, "lvheng")
    [own] = matter.children("procedure")
    own.fire("propose", "inspector", {"gain": "900000", "serious": False}, at="04-20")
    own.fire("decide", "leader", {**AGENCY_FINE, "fine": "4500000"}, at="05-06")
    own.fire("finish", "leader", at="05-07")
    reported(matter, "initial_reports", "report_initially", "05-07")
    reported(matter, "final_reports", "report_finally", "05-08", none_affected=True)
    matter.fire("publish", "supervisor", PUBLISHED, at="05-08 17:00")
    said = refused(matter, "close", "leader", NOTE, at="05-11")
    assert said == "A criminal threshold is met and no leader has decided on a transfer."
    answer = {"crime_answer": "transfer", "crime_reason": "达到门槛"}
    matter.fire("answer_crime_prompt", "leader", answer, at="05-11")
    matter.fire("close", "leader", NOTE, at="05-12")
    assert matter.state == "closed"


# Bans ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("until", [date(2031, 5, 5), date(2031, 5, 7), None])
def test_five_years_are_five_years(town, until):
    matter = decided(town, "qingyuan", "signer")
    [row] = matter.items("persons")
    typed = {**BAN, "banned_until": until}
    said = refused(matter, "register_person_ban", "supervisor", typed, item_id=row.id, at="05-07")
    assert said == "A ban of five years ends on 2031-05-06; one for life has no end."


FOR_LIFE = {
    **BAN,
    "ban_kind": "life",
    "banned_until": None,
    "serious_reasons": "组织造假，情节严重",
}


def test_a_ban_for_life_wants_a_serious_case_a_hearing_and_a_discussion(town):
    matter = decided(town, "qingyuan", "signer", person_fine={"ban": "life"})
    [row] = matter.items("persons")
    said = refused(matter, "register_person_ban", "supervisor", FOR_LIFE, item_id=row.id, at="05-07")  # fmt: skip
    assert said == (
        "A ban for life wants reasons why the case is serious, the offer of a hearing and a collective discussion."
    )
    matter = decided(town, "qingyuan", "signer", person_fine={"ban": "life"}, serious=True)
    [row] = matter.items("persons")
    bare = {name: value for name, value in FOR_LIFE.items() if name != "serious_reasons"}
    said = refused(matter, "register_person_ban", "supervisor", bare, item_id=row.id, at="05-07")
    assert said.startswith("A ban for life wants reasons")
    said = refused(matter, "register_person_ban", "supervisor", BAN, item_id=row.id, at="05-07")
    assert said.startswith("The person's decision carries no such ban")
    matter.fire("register_person_ban", "supervisor", FOR_LIFE, item_id=row.id, at="05-07")
    [ban] = bans_of(town, matter)
    assert ban.to_day is None


def test_the_agency_is_barred_only_by_a_serious_decision(town):
    matter = decided(town, "qingyuan")
    said = refused(matter, "register_agency_ban", "supervisor", AGENCY_BAN, at="05-07")
    assert said == "The ban on the agency must be part of the decision."
    assert matter.clock("ban_registration").met_late is False, "there is none to register"

    matter = decided(town, "qingyuan", fine={"ban": "agency"})
    said = refused(matter, "register_agency_ban", "supervisor", AGENCY_BAN, at="05-07")
    assert said == (
        "A ban on the agency wants reasons why the case is serious, the offer of a hearing and a collective discussion."
    )

    matter = decided(town, "qingyuan", fine={"ban": "agency"}, serious=True)
    assert matter.clock("ban_registration").met_at is None
    said = refused(
        matter,
        "report_finally",
        "supervisor",
        {"summary": "要点", "none_affected": True},
        at="05-07",
    )
    assert said == "The bans are not all registered."
    matter.fire("register_agency_ban", "supervisor", AGENCY_BAN, at="05-07")
    [ban] = bans_of(town, matter)
    assert (ban.organisation_id, ban.to_day) == (town.cast.agencies["qingyuan"].id, None)
    said = refused(matter, "register_agency_ban", "supervisor", AGENCY_BAN, at="05-07")
    assert said == "The ban on the agency is registered."
    assert matter.clock("ban_registration").met_late is False


@pytest.mark.parametrize(("on", "late"), [("05-11", False), ("05-12", False), ("05-13", True)])
def test_bans_are_registered_within_five_working_days(town, on, late):
    matter = decided(town, "qingyuan", "signer")
    assert matter.due("ban_registration") == day("05-12")
    town.tick(f"{on} 08:00")
    [row] = matter.items("persons")
    matter.fire("register_person_ban", "supervisor", BAN, item_id=row.id, at=f"{on} 09:00")
    assert matter.clock("ban_registration").met_late == late


# Qualification, reports, affected reports -------------------------------------------------------------------


def referral(town: Town) -> dict[str, Any]:
    return {
        "bureau": body(town, "market"), "matter": "建议取消检验检测资质", "article": "条例第二十三条第一款",
    }  # fmt: skip


def test_a_serious_laboratory_is_referred_and_the_answer_awaited(town):
    matter = decided(town, "qingyuan", **LAB)
    said = refused(matter, "refer_qualification", "supervisor", referral(town), at="05-07")
    assert said == "A qualification is referred only where the penalty case is serious; it is not."
    matter = decided(town, "qingyuan", serious=True)
    said = refused(matter, "refer_qualification", "supervisor", referral(town), at="05-07")
    assert said == "Only the qualification of a testing institution is referred."
    matter = decided(town, "qingyuan", serious=True, **LAB)
    matter.fire("refer_qualification", "supervisor", referral(town), at="05-07")
    [track] = matter.children("qualification")
    assert (track.due("receipt"), matter.due("qualification_result")) == (
        day("05-09"),
        day("06-03"),
    )
    receipt = {"served_on": day("05-08"), "received_by": "李强"}
    track.fire("receive", "market", receipt, at="05-08")
    track.fire("give_feedback", "market", {"progress": "已报区局"}, at="05-20")
    assert matter.clock("qualification_result").met_at is None
    track.fire("answer", "market", {"outcome": "已撤销资质", "concluded": True}, at="06-03")
    assert matter.clock("qualification_result").met_late is False
    with town.database.read() as session:
        assert session.scalar(id_for(town["market"], matter.id)) is None


def test_the_initial_report_is_due_three_working_days_after_filing(town):
    matter = classified(town)
    typed = {"summary": "要点"}
    matter.fire("file_case", "leader", CAUSE, at="03-06")
    said = refused(matter, "report_initially", "supervisor", typed, at="03-06")
    assert said == "The case of the agency has not been filed."
    matter.children("procedure")[0].fire("file", "leader", at="03-09")
    assert matter.due("initial_report") == day("03-12")
    matter.fire("report_initially", "supervisor", typed, at="03-10")
    [report] = matter.children("initial_reports")
    assert matter.clock("initial_report").met_at is None, "it is only drafted"
    sent = {"recipient": region(town), "content": "全文"}
    report.fire("send_report", "supervisor", sent, at="03-12")
    assert matter.clock("initial_report").met_late is False


@pytest.mark.parametrize(("on", "late"), [("03-18", False), ("03-19", False), ("03-20", True)])
def test_the_region_acknowledges_within_five_working_days_and_sees_nothing_else(town, on, late):
    matter = filed(town)
    matter.fire("report_initially", "supervisor", {"summary": "内部要点"}, at="03-10")
    [report] = matter.children("initial_reports")
    with town.database.read() as session:
        assert session.scalar(id_for(town["region"], report.id)) is None, "a draft is ours"
    sent = {"recipient": region(town), "content": "全文"}
    report.fire("send_report", "supervisor", sent, at="03-12")
    assert report.due("acknowledgement") == day("03-19")
    with town.database.read() as session:
        page = CasePage(session, town["region"], report.id, now=instant("03-12"), law=town.law)
        assert [one.entry.trigger for one in page.timeline().entries] == ["send_report"]
        for other in (matter, *matter.children("procedure")):
            assert session.scalar(id_for(town["region"], other.id)) is None
    town.tick(f"{on} 08:00")
    report.fire("acknowledge", "region", {"served_on": day(on)}, at=f"{on} 09:00")
    assert report.clock("acknowledgement").met_late == late
    assert (report.state, matter.row.facts["acknowledgements_noted"]) == ("acknowledged", 1)
    with town.database.read() as session:
        query = select(CaseDocument).where(CaseDocument.case_id == report.id)
        assert session.scalars(query).one().served_on == day(on)


def test_nobody_but_the_region_or_the_supervisor_with_the_paper_acknowledges(town):
    matter = filed(town)
    matter.fire("report_initially", "supervisor", {"summary": "要点"}, at="03-10")
    [report] = matter.children("initial_reports")
    sent = {"recipient": region(town), "content": "全文"}
    report.fire("send_report", "supervisor", sent, at="03-12")
    typed = {"served_on": day("03-13")}
    with pytest.raises(NotPermitted):
        report.fire("acknowledge", "inspector", typed, at="03-13")
    said = refused(report, "acknowledge", "supervisor", typed, at="03-13")
    assert said == "Upload the scan of the paper you record."
    scan = report.paper("supervisor", at="03-13")
    report.fire("acknowledge", "supervisor", typed, at="03-13", proof=[scan])
    assert report.state == "acknowledged"


def test_the_final_report_names_the_units_the_agency_touched(town):
    matter = decided(town)
    typed = {"summary": "要点", "none_affected": False}
    said = refused(matter, "report_finally", "supervisor", typed, at="05-07")
    assert (
        said == "List the units and years the agency touched, or tick that no report is affected."
    )
    touched = {"unit": town.organisation_of("redian"), "report_year": 2025, "part": "技术审核"}
    matter.fire("list_affected", "supervisor", touched, at="05-07")
    matter.fire("report_finally", "supervisor", typed, at="05-07")
    [row] = matter.items("affected_reports")
    assert matter.state == "credit_publication"
    review = {"review": "recheck", "review_note": "卫复〔2026〕1号"}
    matter.fire("settle_affected", "supervisor", review, item_id=row.id, at="05-08")
    assert matter.items("affected_reports")[0].status == "recheck"


def test_affected_reports_are_settled_before_the_end(town):
    matter = followed_up(town)
    touched = {"unit": town.organisation_of("redian"), "report_year": 2025, "part": "技术审核"}
    matter.fire("list_affected", "supervisor", touched, at="05-20")
    said = refused(matter, "close", "leader", NOTE, at="05-21")
    assert said == "For 1 affected reports nobody has decided on a re-check."


# Publication, annulment -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("on", "late"), [("05-13", False), ("05-14", False), ("05-15", True)])
def test_a_decision_is_published_within_seven_working_days(town, on, late):
    matter = decided(town)
    town.tick(f"{on} 08:00")
    typed = {**PUBLISHED, "published_on": day(on), "credit_pushed_on": day(on)}
    matter.fire("publish", "supervisor", typed, at=f"{on} 09:00")
    assert (matter.state, matter.clock("publication").met_late) == ("follow_up", late)
    assert matter.clock("credit_push").met_late == late


ANNULLED = {"annulment": "复议撤销：程序违法", "received_number": "卫政复〔2026〕3号"}


def annulled(town: Town, at: str = "07-01") -> Matter:
    matter = followed_up(town, "saishang", "signer")
    matter.fire("close", "leader", NOTE, at="05-21")
    scan = matter.paper("supervisor", at=at)
    matter.fire("annul", "supervisor", {**ANNULLED, "received_scan": [scan]}, at=at)
    return matter


def test_an_annulled_decision_lifts_the_bans_and_leaves_the_record(town):
    matter = annulled(town)
    assert (matter.state, matter.due("withdrawal")) == ("credit_publication", day("07-06"))
    [ban] = bans_of(town, matter)
    assert ban.lifted_on == day("07-01")
    ids = [case.id for case in (*matter.children("procedure"), *matter.children("person_procedures"))]  # fmt: skip
    with town.database.read() as session:
        kept = list(session.scalars(select(PenaltyRecord).where(PenaltyRecord.case_id.in_(ids))))
    assert len(kept) == 2
    assert {record.annulled_on for record in kept} == {day("07-01")}


@pytest.mark.parametrize(("on", "late"), [("07-03", False), ("07-06", False), ("07-07", True)])
def test_a_publication_is_withdrawn_within_three_working_days(town, on, late):
    matter = annulled(town)  # received on Wednesday 1 July
    note = {"nothing_published_reason": "决定已撤销"}
    said = refused(matter, "publish_nothing", "supervisor", note, at="07-02")
    assert said == "The decision was annulled or changed: withdraw the publication first."
    town.tick(f"{on} 08:00")
    typed = {"withdrawn_on": day(on), "withdrawal_note": "决定被撤销"}
    matter.fire("withdraw_publication", "supervisor", typed, at=f"{on} 09:00")
    assert matter.clock("withdrawal").met_late == late
    said = refused(matter, "withdraw_publication", "supervisor", typed, at=f"{on} 10:00")
    assert said == "No publication has to be withdrawn."


def test_the_region_is_told_of_the_annulment_before_the_case_closes_again(town):
    matter = annulled(town)
    typed = {"withdrawn_on": day("07-02"), "withdrawal_note": "决定被撤销"}
    matter.fire("withdraw_publication", "supervisor", typed, at="07-02")
    note = {"nothing_published_reason": "决定已撤销"}
    matter.fire("publish_nothing", "supervisor", note, at="07-02")
    assert (matter.state, matter.due("final_report")) == ("follow_up", day("07-08"))
    said = refused(matter, "close", "leader", NOTE, at="07-03")
    assert said == (
        "The region has to acknowledge 1 initial and 2 final reports; some are missing."
    )
    reported(matter, "final_reports", "report_finally", "07-03", none_affected=True)
    assert matter.clock("final_report").met_late is False
    matter.fire("close", "leader", NOTE, at="07-06")
    assert matter.state == "closed"
    assert matter.faults() == []


def test_a_closed_case_is_left_only_by_what_was_received(town):
    matter = followed_up(town)
    matter.fire("close", "leader", NOTE, at="05-21")
    said = refused(matter, "annul", "supervisor", {"annulment": "自行撤销"}, at="07-01")
    assert "Number of the act received" in said
    assert "Scan of the act received" in said


def test_where_nothing_was_decided_nothing_is_annulled(town):
    matter = classified(town, "lvheng", conduct="dual_role", agency_type="compiling")
    matter.fire("order_correction", "supervisor", CORRECTED, at="03-05")
    scan = matter.paper("supervisor", at="03-06")
    typed = {**ANNULLED, "received_scan": [scan]}
    said = refused(matter, "annul", "supervisor", typed, at="03-06")
    assert said == "There is no penalty to annul."


# Who sees and does --------------------------------------------------------------------------------------------


def test_the_agency_has_no_seat_and_sees_nothing(town):
    matter = filed(town)
    with town.database.read() as session:
        for who in ("verifier", "market", "police", "region"):
            assert session.scalar(id_for(town[who], matter.id)) is None, who


def test_the_named_reporter_is_told_before_the_end(town):
    typed = clue(conduct="asset_management", source="report", reporter_named=True, reporter="示例")
    matter = town.open(AgencyPenalty, "inspector", typed, at="03-03", subject="lvheng")
    kind = {**TYPE, "conduct": "asset_management", "agency_type": "asset_management"}
    matter.fire("classify", "supervisor", kind, at="03-04")
    talk = {"no_penalty_reason": "无", "interviewed_on": day("03-05"), "interview": "已约谈"}
    matter.fire("interview_agency", "supervisor", talk, at="03-05")
    reported(matter, "final_reports", "report_finally", "03-06", none_affected=True)
    said = refused(matter, "close", "leader", NOTE, at="03-09")
    assert said == "The named reporter has not been told the result."
    told = {"reporter_told_on": day("03-09"), "told": "书面答复"}
    matter.fire("tell_reporter", "supervisor", told, at="03-09")
    matter.fire("close", "leader", NOTE, at="03-09 15:00")
    assert matter.state == "closed"
