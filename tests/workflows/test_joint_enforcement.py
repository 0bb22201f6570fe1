"""SM-3 against the tables of domain.md 16.1 and 9: bureaus, findings, what they become, joins."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from app.cases.errors import BadInputs, NotPermitted, TransitionRefused
from app.cases.models import CaseLink
from app.cases.page import CasePage
from app.cases.sight import id_for
from app.demo.stories import note
from app.engine.actors import Capacity
from app.engine.definition import Expiry
from app.law.terms import shipped_law
from app.workflows.agency_penalty import AgencyPenalty
from app.workflows.external_handling import ExternalHandling
from app.workflows.joint_enforcement import CASES, HANDED_TO, TRACKS, JointEnforcement
from app.workflows.penalty_procedure import PenaltyProcedure
from app.workflows.upward_report import UpwardReport
from tests.town import Matter, Town, day, instant, registered
from tests.workflows.procedure import certify
from tests.workflows.stand_ins import (
    CERTIFICATES,
    STAND_INS,
    Penalty,
    body,
    clue,
    enlist,
    region,
)

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
    "clue_registered": "线索登记", "assessing": "研判", "plan_drafting": "方案制定", "plan_consulting": "会签",
    "plan_approved": "方案已批", "inspecting": "联合检查中", "consolidating": "问题汇总", "split": "分流办理",
    "tracking": "跟踪反馈", "summary_due": "待总结上报", "closed": "办结", "no_case": "不予处理",
}  # fmt: skip
ROWS = {
    "J01": ("", "clue_registered", "线索登记表"),
    "J02": ("clue_registered", "assessing", ""),
    "J03": ("assessing", "no_case", "不予立案审批表"),
    "J04": ("assessing", "split", ""),
    "J05": ("assessing", "plan_drafting", ""),
    "J06": ("plan_drafting", "plan_consulting", "联合检查方案"),
    "J07": ("plan_consulting", "plan_drafting", "会签单"),
    "J08": ("plan_consulting", "plan_approved", "行政检查审批表"),
    "J09": ("plan_approved", "inspecting", "检查通知书"),
    "J10": ("inspecting", "", ""),
    "J11": ("inspecting", "", "协助调查函"),
    "J12": ("inspecting", "", "通报"),
    "J13": ("inspecting", "consolidating", "联合检查记录 笔录"),
    "J14": ("consolidating", "split", "问题分流单"),
    "J15": ("split", "", ""),
    "J16": ("split", "", ""),
    "J17": ("split", "", ""),
    "J18": ("split", "", ""),
    "J19": ("tracking", "", "反馈函"),
    "J20": ("split", "tracking", ""),
    "J21": ("tracking", "summary_due", ""),
    "J22": ("summary_due", "closed", "工作总结 报告"),
}
"""From, to and documents of every row; where a child begins, its opening makes the document."""
ADDED = {
    "J02a": "the fifteen days more of Order 30, art. 18, which a leader grants",
    "J03a": "the named reporter is told",
    "J03b": "nothing was found on site: the leader's decision not to file comes from there as well",
    "J06a": "the plan is drafted row by row", "J06b": "", "J06c": "", "J06d": "", "J06e": "",
    "J08a": "each bureau countersigns",
    "J11a": "the obstruction becomes a clue of its own",
    "J13a": "findings and records of each bureau", "J13b": "", "J13c": "", "J13d": "", "J13e": "",
    "J14a": "each finding gets one owner",
    "J15a": "an agency is dealt with under SM-4",
    "J16a": "a returned matter gets a new owner",
    "J22a": "the region is told of values and allowances",
}  # fmt: skip
"""Acts beside those of the table, each under the row it belongs to, and why."""
EXTRA_MOVES = {("J03", "consolidating", "no_case")}
EXTRA_DOCUMENTS = {"J02": {"内部审批表"}}
ALSO_IN_TRACKING = {"J15", "J16", "J17", "J18"}
"""A matter returned after it was accepted still needs a new owner and its case."""
TERMS = {
    "filing": ("15 cd", Expiry.AUTHORITY_BREACH, "L-15"),
    "assessment": ("3 wd", Expiry.TARGET, "L-3"),
    "drafting": ("5 wd", Expiry.TARGET, "L-7"),
    "consultation": ("3 wd", Expiry.TARGET, "L-X"),
    "consolidation": ("3 wd", Expiry.TARGET, "L-3"),
    "summary": ("10 wd", Expiry.TARGET, "L-7"),
}
LOCAL = {"assessment", "drafting", "consultation", "consolidation", "summary"}


def row_of(code: str) -> str:
    return re.sub(r"[a-z]$", "", code)


def test_every_state_of_the_table_has_its_name():
    assert {name: state.zh for name, state in JointEnforcement.states.items()} == STATES


def test_every_code_of_the_table_is_there_and_the_others_are_accounted_for():
    codes = {t.code for t in JointEnforcement.transitions.values()}
    assert codes - set(ADDED) == set(ROWS)
    assert set(ADDED) < codes


def test_every_row_leads_from_where_to_where_the_table_says():
    moves: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for transition in JointEnforcement.transitions.values():
        for reached in transition.destinations:
            begun = transition.source_names or {""}
            moves[row_of(transition.code)] |= {(source, reached.name) for source in begun}
    extra = {(code, source, to) for code in ROWS for source, to in moves[code]}
    expected = {
        (code, source, to)
        for code, (sources, to, _) in ROWS.items()
        for source in sources.split() or [""]
        if to
    }
    assert extra - expected == EXTRA_MOVES
    assert expected <= extra
    for transition in JointEnforcement.transitions.values():
        sources = set(ROWS.get(transition.code, ("", "", ""))[0].split())
        if transition.is_act and sources:
            more = {"tracking"} if transition.code in ALSO_IN_TRACKING else set()
            assert transition.source_names == sources | more


def test_every_row_makes_the_documents_of_the_table():
    made: dict[str, set[str]] = defaultdict(set)
    for transition in JointEnforcement.transitions.values():
        made[row_of(transition.code)] |= {document.zh for document in transition.documents}
    for code, (_sources, _to, documents) in ROWS.items():
        assert made[code] == set(documents.split()) | EXTRA_DOCUMENTS.get(code, set()), code
    opening = ExternalHandling.opening()
    assert [document.zh for document in opening.documents] == ["案件移送函"]


def test_every_clock_is_as_long_as_the_table_says_and_means_what_it_says():
    law, told = shipped_law(), {}
    for name in TERMS:
        clock = JointEnforcement.deadlines[name]
        term = law.term(clock.due.term, day("03-02"))  # type: ignore[union-attr]
        told[name] = (f"{term.length} {term.unit}", clock.expiry, clock.ladder)
        assert (str(term.mark) == "D") == (name in LOCAL)
    assert told == TERMS
    receipt = law.term("partner_receipt", day("03-02")), law.term("partner_feedback", day("03-02"))
    assert [(t.length, str(t.unit)) for t in receipt] == [(2, "wd"), (10, "wd")]


def test_the_links_that_are_waited_for_are_those_there_are():
    assert {*CASES, *TRACKS} == set(JointEnforcement.children)
    assert set(HANDED_TO.values()) < set(CASES)


def test_the_penalty_case_has_what_its_stand_in_shows():
    asked = {field.name: type(field) for field in PenaltyProcedure.opening().all_inputs}
    assert asked == {field.name: type(field) for field in Penalty.opening().all_inputs}
    assert set(Penalty.states) < set(PenaltyProcedure.states)
    assert set(Penalty.facts) < set(PenaltyProcedure.facts)
    assert {*CASES["single_case"], *CASES["own_cases"]} < set(PenaltyProcedure.states)


# The operation, played ------------------------------------------------------------------------------


def refused(matter: Matter, trigger: str, who: str, typed: Any = None, **said: Any) -> str:
    """The English sentences by which an act is refused."""
    with pytest.raises((TransitionRefused, NotPermitted, BadInputs)) as refusal:
        matter.fire(trigger, who, typed, **said)
    return refusal.value.label.en


def opened(town: Town, at: str = "03-03", subject: str = "redian", **said: Any) -> Matter:
    return town.open(JointEnforcement, "inspector", clue(**said), at=at, subject=subject)


def assessed(town: Town, **said: Any) -> Matter:
    matter = opened(town, **said)
    matter.fire("assess", "supervisor", at="03-04")
    return matter


JOINTLY = {"market_matter": True, "police_matter": True, "joint_reason": "涉及检验机构和伪造印章"}


def drafted(town: Town, *bureaus: str, **said: Any) -> Matter:
    """A plan with these bureaus, by the login of somebody there, and the lead's two officers."""
    matter = assessed(town, **said)
    matter.fire("plan_jointly", "supervisor", JOINTLY, at="03-05")
    for login in bureaus or ("market", "police"):
        typed = {"bureau": body(town, login), "check_items": f"{login}检查事项"}
        matter.fire("add_bureau", "supervisor", typed, at="03-05 14:00")
    for login in ("inspector", "inspector2"):
        matter.fire("name_officer", "supervisor", officer(town, login), at="03-05 15:00")
    return matter


def officer(town: Town, login: str, **said: Any) -> dict[str, Any]:
    return {"officer": town.cast.id_of(login), "certificate": CERTIFICATES[login], **said}


PLAN = {
    "targets": "厂区及化验室", "lead_items": "数据、采样链", "planned_on": day("03-12"), "planned_end_on": day("03-13"),
    "evidence_plan": "全程录像", "safety_plan": "由公安机关保障", "inspections_this_year": 0, "yearly_cap": 2,
}  # fmt: skip


def circulated(town: Town, *bureaus: str, **said: Any) -> Matter:
    matter = drafted(town, *bureaus, **said)
    matter.fire("circulate", "supervisor", PLAN, at="03-06")
    return matter


def with_partner_officers(town: Town, *bureaus: str, **said: Any) -> Matter:
    matter = circulated(town, *bureaus, **said)
    for login in bureaus or ("market", "police"):
        for one in (login, f"{login}-officer"):
            matter.fire("name_partner_officer", login, officer(town, one), at="03-06 14:00")
    return matter


def approved(town: Town, *bureaus: str, **said: Any) -> Matter:
    matter = with_partner_officers(town, *bureaus, **said)
    for login in bureaus or ("market", "police"):
        matter.fire("countersign", login, {"view": "agree"}, at="03-09")
    matter.fire("approve", "leader", {"item_is_published": True}, at="03-10")
    return matter


ENTRY = {"served_on": day("03-12"), "certificates_shown": True, "support_only": True}


def entered(town: Town, *bureaus: str, **said: Any) -> Matter:
    matter = approved(town, *bureaus, **said)
    matter.fire("enter_site", "inspector", ENTRY, at="03-12 09:00")
    return matter


def finding(town: Town, party: str = "redian", kind: str = "unit", **said: Any) -> dict[str, Any]:
    return {
        "fact": f"{party}：检测报告与底单不符", "party": town.organisation_of(party), "party_kind": kind,
        "conduct": "report_false", "found_on": day("03-12"), "ended_on": day("02-20"), "proof": "底单复印件", **said,
    }  # fmt: skip


RECORD = {"place": "化验室", "hours": "09:20–11:40", "persons": "示例人员", "rights_told": True, "record_facts": "见附件"}  # fmt: skip


def recorded(matter: Matter, *bureaus: str) -> Matter:
    """Every bureau has its record, signed by its own two officers."""
    for login in ("inspector", *(bureaus or ("market", "police"))):
        matter.fire("draft_record", login, RECORD, at="03-12 15:00")
        other = "inspector2" if login == "inspector" else f"{login}-officer"
        for one in (login, other):
            matter.fire("sign_record", one, {"view": "agree"}, at="03-12 16:00")
    return matter


END = {"presence": "三个机关各两人，厂方负责人", "joint_facts": "底单编号不连续"}


def consolidated(town: Town, *found: tuple[str, dict[str, Any]]) -> Matter:
    """Findings as they were raised, by the login of who did."""
    matter = entered(town)
    for login, typed in found or (("inspector", finding(town)),):
        matter.fire("raise_finding", login, typed, at="03-12 11:00")
    recorded(matter)
    matter.fire("end_inspection", "inspector", END, at="03-13")
    return matter


def routed(matter: Matter, number: int, route: str, owner: str, **said: Any) -> None:
    row = matter.items("findings")[number - 1]
    typed = {"route": route, "owner_bureau": owner, "article": "条例第二十二条", **said}
    matter.fire("split_finding", "supervisor", typed, item_id=row.id, at="03-16")


def split(town: Town, *routes: tuple[str, str]) -> Matter:
    """Findings split by route and login of the owner, one finding each."""
    found = [("inspector", finding(town)) for _ in routes]
    matter = consolidated(town, *found)
    for number, (route, owner) in enumerate(routes, 1):
        routed(matter, number, route, body(town, owner))
    matter.fire("split_findings", "supervisor", at="03-17")
    return matter


def offered(matter: Matter, login: str, at: str) -> set[str]:
    """The acts the page of the case offers somebody."""
    town = matter.town
    with town.database.read() as session:
        page = CasePage(session, town[login], matter.id, now=instant(at), law=town.law)
        return {action.transition.name for action in page.actions}


def statuses(matter: Matter) -> list[str]:
    return [row.status for row in matter.items("findings")]


def row(matter: Matter, number: int = 1) -> Any:
    return matter.items("findings")[number - 1].id


# From the clue to the end ----------------------------------------------------------------------------


def test_an_operation_of_three_bureaus_runs_from_the_clue_to_the_report(town):
    lab = finding(town, "qingyuan", "agency", conduct="test_report")
    seal = finding(town, "qingyuan", "agency", conduct="lab_rules")
    matter = consolidated(town, ("inspector", finding(town)), ("inspector", lab), ("market", seal))
    bureau, market = body(town, "leader"), body(town, "market")
    routed(matter, 1, "own", bureau)
    routed(matter, 2, "agency", bureau)
    routed(matter, 3, "partner", market)
    matter.fire("split_findings", "supervisor", at="03-17")
    assert (matter.state, statuses(matter)) == ("split", ["own", "agency", "partner"])

    cause = {"cause": "涉嫌篡改数据案"}
    matter.fire("open_own_case", "inspector", cause, item_id=row(matter, 1), at="03-17 14:00")
    [penalty] = matter.children("own_cases")
    assert penalty.row.subject_id == town.cast.units["redian"].id
    assert penalty.row.facts["cause"] == cause["cause"]
    assert (penalty.due("filing"), matter.clock("filing").handed_to) == (day("03-17"), penalty.id)
    matter.fire("open_agency_case", "inspector", item_id=row(matter, 2), at="03-17 14:00")
    [agency] = matter.children("agency_cases")
    assert agency.row.subject_id == town.cast.agencies["qingyuan"].id
    assert agency.row.facts["conduct"] == "test_report"
    assert agency.due("filing") == day("03-27"), "found on 12 March"
    papers = {"papers_complete": True}
    matter.fire("refer_to_bureau", "supervisor", papers, item_id=row(matter, 3), at="03-17 15:00")
    [referred] = matter.children("matters")
    assert (referred.state, referred.row.facts["bureau"]) == ("sent", market)
    assert referred.seats(Capacity.ASSISTING) == {"中卫市市场监督管理局"}
    assert statuses(matter) == ["own_opened", "agency_opened", "partner_sent"]
    assert matter.state == "split", "nobody has accepted yet"

    penalty.fire("file", "leader", at="03-18")
    referred.fire(
        "receive", "market", {"served_on": day("03-18"), "received_by": "李强"}, at="03-18"
    )
    assert matter.state == "split", "the agency's clue has not been looked at"
    agency.fire(
        "classify", "supervisor",
        {"agency_type": "testing", "conduct": "test_report", "licence": "资质认定证书", "contracts": "无"}, at="03-19",
    )  # fmt: skip
    assert matter.state == "tracking"
    matter.fire(
        "give_feedback", "market", {"feedback": "已立案", "feedback_on": day("03-20")}, at="03-20"
    )

    penalty.fire("decide", "leader", {"rule": "E6", "fine": "500000", "ban": "none"}, at="05-06")
    penalty.fire("finish", "leader", at="05-20")
    referred.fire("give_feedback", "market", {"progress": "已查处"}, at="05-20")
    referred.fire("answer", "market", {"outcome": "罚款三万元", "concluded": True}, at="05-21")
    assert matter.state == "tracking", "the case against the agency is open"
    agency.fire(
        "elsewhere_competent", "supervisor",
        {"act_place": "银川", "act_not_here": True, "competent_body": region(town), "jurisdiction": "行为地"}, at="05-22",
    )  # fmt: skip
    assert matter.state == "summary_due"
    assert matter.due("summary") == day("06-05")
    typed = {"results": "已办结", "value_is_wrong": False, "allowance_is_cut": False}
    matter.fire("report_and_close", "supervisor", typed, at="06-04")
    assert (matter.state, matter.running()) == ("closed", [])
    family = [matter, penalty, agency, referred]
    assert [fault for one in family for fault in one.faults()] == []


def test_what_one_bureau_can_do_alone_becomes_a_case_at_once(town):
    matter = assessed(town)
    typed = {
        "no_partner_matter": True, "conduct": "records", "party_kind": "unit", "cause": "涉嫌未保存台账案",
    }  # fmt: skip
    wrong = {**typed, "party_kind": "agency"}
    said = refused(matter, "single_bureau", "supervisor", wrong, at="03-05")
    assert said == "The kind of party is not that of the register."
    said = refused(
        matter, "single_bureau", "supervisor", {**typed, "no_partner_matter": False}, at="03-05"
    )
    assert said == "Please confirm: No other bureau is concerned"
    matter.fire("single_bureau", "supervisor", typed, at="03-05")
    [penalty] = matter.children("single_case")
    assert (matter.state, penalty.due("filing")) == ("split", day("03-17"))
    assert matter.clock("filing").handed_to == penalty.id
    assert penalty.row.facts["conduct"] == "records"
    penalty.fire("decline", "leader", at="03-10")
    assert matter.state == "summary_due", "accepted and ended in one"


# The clue ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("on", "passed"), [("03-16", False), ("03-17", False), ("03-18", True)])
def test_fifteen_calendar_days_to_file_run_from_the_day_of_discovery(town, on, passed):
    matter = assessed(town)  # discovered on 2 March, logged on 3 March
    assert matter.due("filing") == day("03-17")
    town.tick(f"{on} 12:00")
    assert (matter.clock("filing").expired_at is not None) == passed
    assert matter.state == "assessing", "a breach of our own decides nothing"


def test_a_leader_lets_the_filing_take_fifteen_days_more_and_the_case_inherits_them(town):
    matter = assessed(town)
    typed = {"filing_extension_reason": "须联合检查"}
    said = refused(matter, "extend_filing", "supervisor", typed, at="03-10")
    assert said == "Reserved to: Bureau leader (lead authority)."
    matter.fire("extend_filing", "leader", typed, at="03-10")
    assert matter.due("filing") == day("04-01")
    said = refused(matter, "extend_filing", "leader", typed, at="03-11")
    assert said == "No further extension is left."
    alone = {
        "no_partner_matter": True, "conduct": "records", "party_kind": "unit", "cause": "涉嫌未保存台账案",
    }  # fmt: skip
    matter.fire("single_bureau", "supervisor", alone, at="03-20")
    [penalty] = matter.children("single_case")
    assert penalty.due("filing") == day("04-01")
    assert penalty.faults() == matter.faults() == []


def test_after_its_end_the_time_to_file_is_not_extended(town):
    matter = assessed(town)
    said = refused(
        matter, "extend_filing", "leader", {"filing_extension_reason": "忘记"}, at="03-18"
    )
    assert said == "A period is extended before its end only."


def test_a_named_report_keeps_the_reporter_apart_and_wants_an_answer(town):
    with pytest.raises(TransitionRefused) as refusal:
        opened(town, source="report", reporter_named=True)
    assert refusal.value.label.en == (
        "A named report wants the reporter's particulars, which are kept apart."
    )
    matter = assessed(town, source="report", reporter_named=True, reporter="示例举报人，电话示例")
    body_ = matter.entries()[0].body
    assert "示例举报人" not in body_
    assert "reporter" not in matter.row.facts
    reason = {"no_case_reason": "查无实据"}
    said = refused(matter, "not_worth", "leader", reason, at="03-06")
    assert said == "The named reporter has not been told the result."
    told = {"reporter_told_on": day("03-06"), "told": "电话告知"}
    matter.fire("tell_reporter", "inspector", told, at="03-06")
    matter.fire("not_worth", "leader", reason, at="03-06 15:00")
    assert (matter.state, matter.clock("filing").met_late) == ("no_case", False)


def test_only_a_leader_takes_no_case(town):
    matter = assessed(town)
    said = refused(matter, "not_worth", "supervisor", {"no_case_reason": "无"}, at="03-06")
    assert said == "Reserved to: Bureau leader (lead authority)."


# The plan ------------------------------------------------------------------------------------------


def test_a_joint_operation_wants_a_second_competence(town):
    matter = assessed(town)
    said = refused(matter, "plan_jointly", "supervisor", {"joint_reason": "无"}, at="03-05")
    assert said == "A joint operation wants the competence of at least one other bureau."


def test_a_plan_names_bureaus_and_officers_before_it_circulates(town):
    matter = assessed(town)
    matter.fire("plan_jointly", "supervisor", JOINTLY, at="03-05")
    said = refused(matter, "circulate", "supervisor", PLAN, at="03-05")
    assert said == (
        "The plan names no assisting bureau. "
        "At least 2 officers of one's own bureau are wanted, the plan names 0."
    )


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"planned_end_on": day("03-11")}, "The inspection cannot end before it begins."),
        (
            {"inspections_this_year": 2},
            "2 inspections this year reach the yearly cap of 2: say why the cap does not apply.",
        ),
    ],
)
def test_a_plan_keeps_its_days_and_the_yearly_cap(town, typed, sentence):
    matter = drafted(town)
    assert refused(matter, "circulate", "supervisor", {**PLAN, **typed}, at="03-06") == sentence


def test_a_reason_lifts_the_yearly_cap(town):
    matter = drafted(town)
    over = {**PLAN, "inspections_this_year": 2, "cap_reason": "依据数据筛查线索检查"}
    matter.fire("circulate", "supervisor", over, at="03-06")
    assert matter.state == "plan_consulting"


def test_officers_are_named_with_the_certificate_the_register_holds(town):
    matter = circulated(town)
    wrong = officer(town, "market", certificate="640500-999")
    said = refused(matter, "name_partner_officer", "market", wrong, at="03-06")
    assert said == "The certificate is not the one registered and valid today (V-2)."


def test_a_bureau_names_nobody_elses_officers_but_the_lead_may(town):
    matter = circulated(town)
    foreign = officer(town, "police", bureau=body(town, "police"))
    said = refused(matter, "name_partner_officer", "market", foreign, at="03-06")
    assert said == (
        "The officer is not of that bureau, or the bureau is not yours to name officers for."
    )
    matter.fire("name_partner_officer", "supervisor", foreign, at="03-06")
    [named] = [r for r in matter.items("officers") if r.data["officer"] == foreign["officer"]]
    assert named.data["bureau"] == body(town, "police")
    said = refused(
        matter, "strike_officer", "market", {"strike_reason": "换人"}, item_id=named.id, at="03-06"
    )
    assert said == "This row belongs to another body."
    matter.fire("strike_officer", "police", {"strike_reason": "换人"}, item_id=named.id, at="03-06")


def test_the_bureaus_can_be_named_anew(town):
    matter = drafted(town)
    matter.fire("clear_bureaus", "supervisor", at="03-05 16:00")
    assert matter.seats(Capacity.ASSISTING) == set()
    assert [r.status for r in matter.items("bureaus")] == ["struck", "struck"]
    typed = {"bureau": body(town, "market"), "check_items": "计量器具"}
    matter.fire("add_bureau", "supervisor", typed, at="03-05 17:00")
    assert matter.seats(Capacity.ASSISTING) == {"中卫市市场监督管理局"}


# Countersigning --------------------------------------------------------------------------------------


def test_a_bureau_names_two_officers_before_it_countersigns(town):
    matter = circulated(town)
    said = refused(matter, "countersign", "market", {"view": "agree"}, at="03-06")
    assert said == "At least 2 officers of one's own bureau are wanted, the plan names 0."


def test_a_plan_is_approved_when_every_bureau_has_countersigned(town):
    matter = with_partner_officers(town)
    published = {"item_is_published": True}
    matter.fire("countersign", "market", {"view": "agree"}, at="03-09")
    said = refused(matter, "countersign", "market-officer", {"view": "agree"}, at="03-09")
    assert said == "Already signed in this round."
    said = refused(matter, "approve", "leader", published, at="03-09")
    assert said.endswith("1 signatures missing, 0 objections.")
    matter.fire("countersign", "police", {"view": "agree"}, at="03-09")
    assert "Reserved to" in refused(matter, "approve", "supervisor", published, at="03-09")
    matter.fire("approve", "leader", published, at="03-09")
    assert matter.state == "plan_approved"


@pytest.mark.parametrize(("on", "counts"), [("03-10", False), ("03-11", False), ("03-12", True)])
def test_silence_of_three_working_days_consents_and_is_noted(town, on, counts):
    matter = with_partner_officers(town)  # circulated on Friday 6 March
    assert matter.due("consultation") == day("03-11")
    matter.fire("countersign", "market", {"view": "agree"}, at="03-09")
    town.tick(f"{on} 09:00")
    published = {"item_is_published": True}
    if counts:
        matter.fire("approve", "leader", published, at=f"{on} 10:00")
        assert matter.clock("consultation").met_late
        assert "deadline_passed" in matter.acts()
    else:
        said = refused(matter, "approve", "leader", published, at=f"{on} 10:00")
        assert said.endswith("1 signatures missing, 0 objections.")


def test_an_objection_is_not_overcome_by_silence(town):
    matter = with_partner_officers(town)
    matter.fire("countersign", "market", {"view": "object", "view_reason": "日期不便"}, at="03-09")
    town.tick("03-13")
    said = refused(matter, "approve", "leader", {"item_is_published": True}, at="03-13")
    assert said.endswith("0 signatures missing, 1 objections.")


def test_an_objection_sends_the_plan_back_and_everybody_signs_anew(town):
    matter = with_partner_officers(town)
    matter.fire("countersign", "police", {"view": "agree"}, at="03-09")
    matter.fire("object_to_plan", "market", {"objection": "检查日期与专项冲突"}, at="03-09 15:00")
    assert (matter.state, matter.due("drafting")) == ("plan_drafting", day("03-16"))
    assert matter.clock("planned_entry").voided_seq is not None
    matter.fire("circulate", "supervisor", PLAN, at="03-10")
    assert matter.due("consultation") == day("03-13")
    matter.fire("countersign", "market", {"view": "agree"}, at="03-10 14:00")
    said = refused(matter, "approve", "leader", {"item_is_published": True}, at="03-11")
    assert said.endswith("1 signatures missing, 0 objections."), "the police sign anew"


# On site ---------------------------------------------------------------------------------------------


def test_nobody_enters_without_two_certified_officers_of_each_bureau(town):
    matter = with_partner_officers(town)
    for login in ("market", "police"):
        matter.fire("countersign", login, {"view": "agree"}, at="03-09")
    [one, *_] = [r for r in matter.items("officers") if r.data["bureau"] == body(town, "police")]
    matter.fire("strike_officer", "police", {"strike_reason": "出差"}, item_id=one.id, at="03-09")
    matter.fire("approve", "leader", {"item_is_published": True}, at="03-10")
    said = refused(matter, "enter_site", "inspector", ENTRY, at="03-12")
    assert said == (
        "中卫市公安局 has 1 officers with certificates valid today; each bureau wants 2 (V-2)."
    )
    matter.fire("name_partner_officer", "police", officer(town, "police"), at="03-12")
    matter.fire("enter_site", "inspector", ENTRY, at="03-12")
    assert matter.state == "inspecting"


def test_the_notice_is_served_or_a_reason_given(town):
    matter = approved(town)
    bare = {name: value for name, value in ENTRY.items() if name != "served_on"}
    said = refused(matter, "enter_site", "inspector", bare, at="03-12")
    assert (
        said == "Give the day on which the notice was served, or the reason for coming unannounced."
    )
    matter.fire("enter_site", "inspector", {**bare, "unannounced_reason": "防止毁证"}, at="03-12")
    assert matter.state == "inspecting"


@pytest.mark.parametrize("missing", ["certificates_shown", "support_only"])
def test_certificates_are_shown_and_third_parties_only_support(town, missing):
    matter = approved(town)
    said = refused(matter, "enter_site", "inspector", {**ENTRY, missing: False}, at="03-12")
    assert said.startswith("Please confirm:")


def test_a_coordination_body_cannot_be_named_to_inspect(town):
    matter = drafted(town)
    office = body(town, "expert1")  # an office of the register
    typed = {"bureau": office, "check_items": "调度"}
    said = refused(matter, "add_bureau", "supervisor", typed, at="03-05 16:00")
    assert said == "“Assisting bureau” is not in the register."


def test_evidence_is_preserved_in_a_track_that_holds_the_operation_open(town):
    matter = entered(town)
    things = {"urgent": True, "things": "煤样三份"}
    matter.fire("preserve_evidence", "inspector", things, at="03-12 10:00")
    [track] = matter.children("preservation")
    assert (track.state, track.row.facts["kind"]) == ("kept", "preservation")
    matter.fire("raise_finding", "inspector", finding(town), at="03-12 11:00")
    recorded(matter)
    matter.fire("end_inspection", "inspector", END, at="03-13")
    routed(matter, 1, "own", body(town, "leader"))
    matter.fire("split_findings", "supervisor", at="03-17")
    matter.fire("open_own_case", "inspector", {"cause": "案"}, item_id=row(matter), at="03-17")
    [penalty] = matter.children("own_cases")
    penalty.fire("decline", "leader", at="03-17")
    assert matter.state == "tracking"
    track.fire("release", "inspector", at="03-19")
    assert matter.state == "summary_due"


def test_an_obstruction_is_recorded_and_becomes_a_clue_of_its_own(town):
    matter = entered(town)
    matter.fire("record_obstruction", "inspector", {"obstruction": "拒开化验室"}, at="03-12 10:00")
    before = matter.row.last_seq
    typed = {
        "accused": "unit", "discovered_on": day("03-12"), "suspicion": "拒开化验室",
        "suspicion_evidence": note("录像.txt", "示例"),
    }  # fmt: skip
    wrong = {**typed, "accused": "agency"}
    said = refused(matter, "raise_obstruction", "inspector", wrong, at="03-12 11:00")
    assert said == "Whoever is suspected must be whom this case is about."
    matter.fire("raise_obstruction", "inspector", typed, at="03-12 11:00")
    assert matter.row.last_seq == before
    with town.database.read() as session:
        [link] = session.scalars(select(CaseLink).where(CaseLink.case_id == matter.id))
    raised = Matter(town, link.other_id)
    assert (raised.row.lifecycle, raised.state) == ("joint_enforcement", "clue_registered")
    assert (raised.row.subject_id, raised.row.facts["conduct"]) == (
        matter.row.subject_id,
        "obstruction",
    )
    assert (link.restricted, raised.due("filing")) == (True, day("03-27"))


def test_an_obvious_crime_is_told_to_the_police_and_the_inquiry_goes_on(town):
    matter = entered(town)
    typed = {"crime_facts": "伪造印章", "told_to": "张勇"}
    matter.fire("report_crime", "inspector", typed, at="03-12 10:00")
    matter.fire("report_crime", "police", typed, at="03-12 10:30")
    assert matter.state == "inspecting"
    assert "Reserved to" in refused(matter, "report_crime", "market", typed, at="03-12 11:00")


# Records ---------------------------------------------------------------------------------------------


def test_each_bureau_has_one_record_of_its_own_two_officers(town):
    matter = entered(town)
    matter.fire("draft_record", "inspector", RECORD, at="03-12 15:00")
    said = refused(matter, "draft_record", "inspector2", RECORD, at="03-12 15:00")
    assert said == "Your bureau has its record: amend that one."
    for login in ("inspector", "inspector2"):
        matter.fire("sign_record", login, {"view": "agree"}, at="03-12 16:00")
    said = refused(matter, "end_inspection", "inspector", END, at="03-13")
    assert said == (
        "The record of 中卫市市场监督管理局 wants the hands of 2 officers of its own, it has 0."
    )
    said = refused(matter, "sign_record", "market", {"view": "agree"}, at="03-12 16:00")
    assert said == "Your bureau has no record to sign."
    for login in ("market", "police"):
        matter.fire("draft_record", login, RECORD, at="03-12 15:00")
        matter.fire("sign_record", login, {"view": "agree"}, at="03-12 16:00")
        matter.fire("sign_record", f"{login}-officer", {"view": "agree"}, at="03-12 16:10")
    matter.fire("end_inspection", "inspector", END, at="03-13")
    assert [r.status for r in matter.items("records")] == ["signed"] * 3
    assert matter.due("consolidation") == day("03-18")


def test_only_officers_of_the_plan_sign_and_a_signed_record_stays(town):
    matter = entered(town)
    matter.fire("draft_record", "market", RECORD, at="03-12 15:00")
    [struck] = [
        r for r in matter.items("officers") if r.data["officer"] == town.cast.id_of("market")
    ]
    own = matter.items("records")[0].id
    more = {"record_facts": "补充：封签完好"}
    matter.fire("amend_record", "market-officer", more, item_id=own, at="03-12 15:30")
    said = refused(matter, "amend_record", "police", more, item_id=own, at="03-12 15:30")
    assert said.startswith("This row belongs to another body.")
    said = refused(matter, "amend_record", "inspector", more, item_id=own, at="03-12 15:30")
    assert said == "A record is changed by its own bureau alone.", "not even by the lead's"
    assert struck.status == "named"
    said = refused(matter, "sign_record", "inspector", {"view": "agree"}, at="03-12 15:40")
    assert said == "Your bureau has no record to sign."
    matter.fire("sign_record", "market", {"view": "agree"}, at="03-12 16:00")
    said = refused(matter, "amend_record", "market", more, item_id=own, at="03-12 16:30")
    assert said == "The record has been signed, nobody objects: it can no longer be changed."


def test_a_record_is_signed_in_an_officers_place_by_a_certified_human_of_its_own(town):
    matter, agree = entered(town, "market"), {"view": "agree"}
    for login in ("inspector", "market"):
        matter.fire("draft_record", login, RECORD, at="03-12 15:00")
    for login in ("inspector", "market", "market-officer"):
        matter.fire("sign_record", login, agree, at="03-12 16:00")
    place = {"on_behalf_of": town["inspector2"].person_id, "on_behalf_name": "马晓东"}
    itself = replace(town["inspector"], **place)
    said = refused(matter, "sign_record", itself, agree, at="03-12 16:00")
    assert said == "Already signed in this round.", "two officers are two humans"
    other = replace(town["supervisor2"], roles=town["inspector"].roles, **place)
    said = refused(matter, "sign_record", other, agree, at="03-12 16:00")
    assert said.endswith("a substitute needs a certificate of their own.")
    certify(town, "supervisor2", "640500-066")
    matter.fire("sign_record", other, agree, at="03-12 16:00")
    certify(town, "supervisor2", None)
    matter.fire("end_inspection", "inspector", END, at="03-13")
    assert matter.state == "consolidating"


def test_who_objects_to_the_record_does_not_count_as_having_signed_it(town):
    matter = entered(town, "market")
    recorded_by = {"inspector": "inspector2", "market": "market-officer"}
    for login, other in recorded_by.items():
        matter.fire("draft_record", login, RECORD, at="03-12 15:00")
        matter.fire("sign_record", login, {"view": "agree"}, at="03-12 16:00")
        view = "object" if other == "market-officer" else "agree"
        matter.fire("sign_record", other, {"view": view}, at="03-12 16:00")
    said = refused(matter, "end_inspection", "inspector", END, at="03-13")
    assert said == (
        "The record of 中卫市市场监督管理局 wants the hands of 2 officers of its own, it has 1."
    )
    more = {"record_facts": "补充：按异议更正"}
    own = {row.data["bureau"]: row.id for row in matter.items("records")}
    said = refused(
        matter, "amend_record", "inspector", more, item_id=own[body(town, "inspector")], at="03-13"
    )
    assert said == "The record has been signed, nobody objects: it can no longer be changed."
    matter.fire("amend_record", "market", more, item_id=own[body(town, "market")], at="03-13")
    said = refused(matter, "end_inspection", "inspector", END, at="03-13")
    assert said.endswith("wants the hands of 2 officers of its own, it has 0."), "both sign anew"
    for login in ("market", "market-officer"):
        matter.fire("sign_record", login, {"view": "agree"}, at="03-13 13:00")
    matter.fire("end_inspection", "inspector", END, at="03-13 14:00")
    assert matter.faults() == []


# Findings and the split --------------------------------------------------------------------------------


def test_a_finding_names_its_party_as_the_register_knows_it(town):
    matter = entered(town)
    wrong = finding(town, "qingyuan", "unit")
    said = refused(matter, "raise_finding", "inspector", wrong, at="03-12 11:00")
    assert said == "The kind of party is not that of the register."


def test_every_finding_gets_exactly_one_owner_before_the_split(town):
    matter = consolidated(town, ("inspector", finding(town)), ("market", finding(town)))
    said = refused(matter, "split_findings", "supervisor", at="03-16")
    assert said == "2 findings are not split: each wants one owner bureau and an article."
    typed = {"route": "own", "owner_bureau": body(town, "market"), "article": "条例第二十二条"}
    said = refused(matter, "split_finding", "supervisor", typed, item_id=row(matter), at="03-16")
    assert said == (
        "What we handle ourselves is the lead's; what is handed over wants another body."
    )
    agency = {**typed, "route": "agency", "owner_bureau": body(town, "leader")}
    said = refused(matter, "split_finding", "supervisor", agency, item_id=row(matter), at="03-16")
    assert said == "Only an agency can be dealt with as a third-party agency."
    routed(matter, 1, "own", body(town, "leader"))
    routed(matter, 2, "partner", body(town, "market"))
    routed(matter, 2, "elsewhere", region(town))
    assert statuses(matter) == ["own", "elsewhere"], "an owner may be changed until the split"
    matter.fire("split_findings", "supervisor", at="03-17")
    assert matter.state == "split"


def test_a_bureau_drops_its_own_finding_only(town):
    matter = entered(town)
    matter.fire("raise_finding", "police", finding(town), at="03-12 11:00")
    reason = {"drop_reason": "证据不足"}
    said = refused(matter, "drop_finding", "market", reason, item_id=row(matter), at="03-12 12:00")
    assert said == "This row belongs to another body."
    matter.fire("drop_finding", "police", reason, item_id=row(matter), at="03-12 12:00")
    assert statuses(matter) == ["dropped"]


def test_where_nothing_was_found_a_leader_takes_no_case(town):
    matter = entered(town)
    recorded(matter)
    matter.fire("end_inspection", "inspector", END, at="03-13")
    said = refused(matter, "split_findings", "supervisor", at="03-16")
    assert said == "There is no finding to split."
    matter.fire("find_nothing", "leader", {"no_case_reason": "未发现违法"}, at="03-16")
    assert (matter.state, matter.clock("filing").met_late) == ("no_case", False)


def test_what_was_found_is_not_passed_over(town):
    matter = consolidated(town)
    said = refused(matter, "find_nothing", "leader", {"no_case_reason": "无"}, at="03-16")
    assert said == "There are findings: split them."


# What findings become ----------------------------------------------------------------------------------


def test_papers_go_with_a_matter_and_the_partner_sees_nothing_else_of_the_operation(town):
    proof = note("底单.txt", "示例")
    matter = entered(town)
    typed = finding(town, proof_files=proof)
    matter.fire("raise_finding", "inspector", typed, at="03-12 11:00")
    recorded(matter)
    matter.fire("end_inspection", "inspector", END, at="03-13")
    routed(matter, 1, "partner", body(town, "market"))
    matter.fire("split_findings", "supervisor", at="03-17")
    matter.fire(
        "refer_to_bureau", "supervisor", {"papers_complete": True}, item_id=row(matter), at="03-17"
    )
    [track] = matter.children("matters")
    assert track.due("receipt") == day("03-19")
    with town.database.read() as session:
        page = CasePage(session, town["market"], track.id, now=instant("03-18"), law=shipped_law())
        assert [found.name for found, _ in page.evidence] == ["底单.txt"]
        assert session.scalar(id_for(town["police"], track.id)) is None


@pytest.mark.parametrize(("on", "late"), [("03-18", False), ("03-19", False), ("03-20", True)])
def test_a_partner_confirms_receipt_within_two_working_days(town, on, late):
    matter = split(town, ("partner", "market"))
    matter.fire(
        "refer_to_bureau", "supervisor", {"papers_complete": True}, item_id=row(matter), at="03-17"
    )
    [track] = matter.children("matters")
    town.tick(f"{on} 08:00")
    track.fire("receive", "market", {"served_on": day(on), "received_by": "李强"}, at=f"{on} 09:00")
    assert track.clock("receipt").met_late == late
    assert matter.state == "tracking"
    expected = {"03-18": "04-01", "03-19": "04-02", "03-20": "04-03"}[on]
    assert track.due("first_feedback") == day(expected), "ten working days"


def test_the_periods_of_market_supervision_run_where_it_files(town):
    matter = split(town, ("partner", "market"))
    matter.fire(
        "refer_to_bureau", "supervisor", {"papers_complete": True}, item_id=row(matter), at="03-17"
    )
    [track] = matter.children("matters")
    receipt = {
        "served_on": day("03-18"), "received_by": "李强", "market_filing_from": day("03-18"),
    }  # fmt: skip
    track.fire("receive", "market", receipt, at="03-18")
    assert track.due("market_filing") == day("04-09"), "15 working days, 4 to 6 April off"
    track.fire("extend_filing", "market", {"extension_reason": "待检测"}, at="03-30")
    assert track.due("market_filing") == day("04-30"), "15 more"
    early = {"filed": "filed", "filing_decided_on": day("03-17")}
    said = refused(track, "report_filing", "market", early, at="03-31")
    assert said == "The case cannot have been filed before the matter was received (2026-03-18)."
    filed = {
        "filed": "filed", "filing_decided_on": day("03-30"), "decision_counts_from": day("03-30"),
    }  # fmt: skip
    track.fire("report_filing", "market", filed, at="03-31")
    assert track.due("market_decision") == day("06-29"), "90 days end on a Sunday"
    decided = {"decided_on": day("06-22"), "decision_outcome": "罚款三万元"}
    track.fire("report_decision", "market", decided, at="06-23")
    assert track.due("final_feedback") == day("06-29")
    track.fire("answer", "market", {"outcome": "已结案", "concluded": True}, at="06-29")
    assert (track.state, matter.state) == ("answered", "summary_due")
    assert track.faults() == []


def test_a_matter_handed_back_gets_a_new_owner_before_the_operation_goes_on(town):
    matter = split(town, ("partner", "market"))
    papers = {"papers_complete": True}
    matter.fire("refer_to_bureau", "supervisor", papers, item_id=row(matter), at="03-17")
    [track] = matter.children("matters")
    anew = {
        "route": "own", "owner_bureau": body(town, "leader"), "article": "条例第二十二条", "superior_view": "无争议",
    }  # fmt: skip
    said = refused(matter, "resplit_finding", "supervisor", anew, item_id=row(matter), at="03-18")
    assert said == "The matter has not been returned: it goes nowhere else."
    assert "resplit_finding" not in offered(matter, "supervisor", "03-18")
    track.fire("return_matter", "market", {"return_reason": "不属本机关职责"}, at="03-18")
    assert (track.state, matter.state) == ("returned", "split")
    assert "resplit_finding" in offered(matter, "supervisor", "03-18")
    matter.fire("resplit_finding", "supervisor", anew, item_id=row(matter), at="03-19")
    assert (statuses(matter), matter.state) == (["own"], "split")
    matter.fire("open_own_case", "inspector", {"cause": "案"}, item_id=row(matter), at="03-19")
    [penalty] = matter.children("own_cases")
    penalty.fire("file", "leader", at="03-20")
    assert matter.state == "tracking"
    assert matter.faults() == penalty.faults() == []


def test_what_is_returned_later_comes_back_too(town):
    matter = split(town, ("partner", "market"))
    papers = {"papers_complete": True}
    matter.fire("refer_to_bureau", "supervisor", papers, item_id=row(matter), at="03-17")
    [track] = matter.children("matters")
    track.fire("receive", "market", {"served_on": day("03-18"), "received_by": "李强"}, at="03-18")
    assert matter.state == "tracking"
    track.fire("return_matter", "market", {"return_reason": "不属本机关职责"}, at="03-20")
    assert matter.state == "tracking", "it has no new owner yet"
    anew = {
        "route": "elsewhere", "owner_bureau": region(town), "article": "条例第二十二条", "superior_view": "区厅指定",
    }  # fmt: skip
    matter.fire("resplit_finding", "supervisor", anew, item_id=row(matter), at="03-23")
    why = {"jurisdiction": "行为地在外地"}
    matter.fire("refer_elsewhere", "supervisor", why, item_id=row(matter), at="03-23")
    [away] = matter.children("elsewhere_matters")
    assert away.row.facts["bureau"] == region(town)
    paper = {"served_on": day("03-24"), "received_by": "赵新"}
    scan = away.paper("supervisor", at="03-25")
    away.fire("receive", "supervisor", paper, at="03-25", proof=[scan], occurred="03-24", late_reason="次日补录")  # fmt: skip
    scan = away.paper("supervisor", at="04-10")
    away.fire("give_feedback", "supervisor", {"progress": "已立案"}, at="04-10", proof=[scan])
    away.fire("answer", "supervisor", {"outcome": "已处罚", "concluded": True}, at="04-20", proof=[scan])  # fmt: skip
    assert matter.state == "summary_due"


def test_a_suspected_crime_goes_to_the_police_by_a_leader_and_may_come_back(town):
    matter = split(town, ("police", "police"))
    crime = {"crime": "提供虚假证明文件罪"}
    said = refused(matter, "refer_to_police", "supervisor", crime, item_id=row(matter), at="03-17")
    assert said == "Reserved to: Bureau leader (lead authority)."
    matter.fire("refer_to_police", "leader", crime, item_id=row(matter), at="03-17")
    [transfer] = matter.children("criminal_cases")
    assert transfer.row.subject_id == town.cast.units["redian"].id
    transfer.fire("agree", "leader", at="03-18")
    assert matter.state == "split", "the police have not got it yet"
    transfer.fire("hand_over", "inspector", at="03-18 15:00")
    assert matter.state == "tracking"
    transfer.fire("take_back", "leader", at="03-25")
    assert matter.state == "tracking", "what came back has no new owner"
    anew = {
        "route": "own", "owner_bureau": body(town, "leader"), "article": "条例第二十二条", "superior_view": "公安不予立案",
    }  # fmt: skip
    matter.fire("resplit_finding", "supervisor", anew, item_id=row(matter), at="03-26")
    matter.fire("open_own_case", "inspector", {"cause": "案"}, item_id=row(matter), at="03-26")
    matter.children("own_cases")[0].fire("decline", "leader", at="03-27")
    assert matter.state == "summary_due"


def test_an_operation_does_not_close_while_a_child_is_open(town):
    matter = split(town, ("own", "leader"), ("own", "leader"))
    for number in (1, 2):
        cause = {"cause": f"案{number}"}
        matter.fire("open_own_case", "inspector", cause, item_id=row(matter, number), at="03-17")
    one, two = matter.children("own_cases")
    assert (one.due("filing"), two.due("filing")) == (day("03-17"), day("03-17"))
    one.fire("decline", "leader", at="03-17")
    two.fire("file", "leader", at="03-17")
    assert matter.state == "tracking"
    two.fire("spare", "leader", at="05-06")
    assert matter.state == "tracking"
    typed = {"results": "无", "value_is_wrong": False, "allowance_is_cut": False}
    said = refused(matter, "report_and_close", "supervisor", typed, at="05-06")
    assert (
        said
        == "Not possible while “Tracking and feedback”. 1 cases or side matters are still open."
    )
    two.fire("finish", "leader", at="05-06")
    assert matter.state == "summary_due"


# The end -----------------------------------------------------------------------------------------------


def summing_up(town: Town, **said: Any) -> Matter:
    matter = assessed(town, **said)
    typed = {
        "no_partner_matter": True, "conduct": "report_false", "party_kind": "unit", "cause": "涉嫌篡改数据案",
    }  # fmt: skip
    matter.fire("single_bureau", "supervisor", typed, at="03-05")
    matter.children("single_case")[0].fire("decline", "leader", at="03-10")
    return matter


@pytest.mark.parametrize(("on", "late"), [("03-23", False), ("03-24", False), ("03-25", True)])
def test_the_summary_is_due_ten_working_days_after_the_last_child(town, on, late):
    matter = summing_up(town)
    assert matter.due("summary") == day("03-24")
    town.tick(f"{on} 08:00")
    typed = {"results": "无", "value_is_wrong": False, "allowance_is_cut": False}
    matter.fire("report_and_close", "supervisor", typed, at=f"{on} 09:00")
    assert matter.clock("summary").met_late == late


def test_a_wrong_value_is_reported_to_the_region_before_the_end(town):
    matter = summing_up(town)
    typed = {
        "results": "核定值有误", "value_is_wrong": True, "allowance_is_cut": False,
        "value_unit": town.organisation_of("redian"), "value_year": 2025,
    }  # fmt: skip
    said = refused(matter, "report_and_close", "supervisor", typed, at="03-11")
    assert said == (
        "A correction of the verified value or a cut of the allowance is first reported to the region."
    )
    matter.fire(
        "report_upwards", "supervisor", {"kind": "final", "summary": "核定值有误"}, at="03-11"
    )
    [report] = matter.children("upward_reports")
    with town.database.read() as session:
        assert session.scalar(id_for(town["region"], report.id)) is None
    sent = {"recipient": region(town), "content": "某单位核定值须更正"}
    report.fire("send_report", "supervisor", sent, at="03-12")
    assert report.due("acknowledgement") == day("03-19")
    with town.database.read() as session:
        assert session.scalar(id_for(town["region"], report.id)) == report.id
        assert session.scalar(id_for(town["region"], matter.id)) is None
    said = refused(matter, "report_and_close", "supervisor", typed, at="03-12")
    assert said.startswith("1 cases or side matters are still open.")
    report.fire("acknowledge", "region", {"served_on": day("03-13")}, at="03-13")
    matter.fire("report_and_close", "supervisor", typed, at="03-13")
    assert matter.state == "closed"


def test_the_named_reporter_is_told_before_the_end(town):
    matter = summing_up(town, source="report", reporter_named=True, reporter="示例举报人")
    typed = {"results": "无", "value_is_wrong": False, "allowance_is_cut": False}
    said = refused(matter, "report_and_close", "supervisor", typed, at="03-11")
    assert said == "The named reporter has not been told the result."


# A partner sees and writes exactly its part ---------------------------------------------------------------


def page(town: Town, matter: Matter, who: str) -> dict[str, Any]:
    """What somebody reads of a case: rows by table, and the acts told."""
    with town.database.read() as session:
        found = CasePage(session, town[who], matter.id, now=instant("03-31"), law=town.law)
        rows = {
            name: sorted(one.row.data.get("bureau") or one.row.data["found_by"] for one in kept)
            for name, kept in found.rows.items()
        }
        facts = {name for name, fact in found.lifecycle.facts.items() if found.may_read_fact(fact)}
        told = {one.entry.trigger for one in found.timeline().entries}
        return {"rows": rows, "told": told, "facts": facts}


def test_a_partner_reads_its_own_rows_and_what_tells_it(town):
    matter = consolidated(
        town, ("inspector", finding(town)), ("market", finding(town)), ("police", finding(town))
    )
    market = body(town, "market")
    seen = page(town, matter, "market")
    assert seen["rows"] == {
        "bureaus": [market], "officers": [market, market], "records": [market], "findings": [market],
    }  # fmt: skip
    assert seen["told"] == {
        "circulate", "name_partner_officer", "countersign", "approve", "enter_site", "draft_record",
        "sign_record", "raise_finding", "end_inspection",
    }  # fmt: skip
    assert seen["facts"] == set(), "neither the source of the clue nor that somebody reported it"
    lead = page(town, matter, "inspector")
    assert len(lead["rows"]["findings"]) == 3
    assert "register" in lead["told"]


def test_the_owner_of_a_finding_reads_it_whoever_found_it(town):
    matter = consolidated(town, ("inspector", finding(town)))
    assert page(town, matter, "market")["rows"]["findings"] == []
    routed(matter, 1, "partner", body(town, "market"))
    assert page(town, matter, "market")["rows"]["findings"] == [body(town, "inspector")]
    assert page(town, matter, "police")["rows"]["findings"] == []


def test_whoever_is_suspected_has_no_seat_and_sees_nothing(town):
    matter = entered(town)
    with town.database.read() as session:
        assert session.scalar(id_for(town.cast.unit_person("redian"), matter.id)) is None
        assert session.scalar(id_for(town["region"], matter.id)) is None


@pytest.mark.parametrize("who", ["market", "police"])
@pytest.mark.parametrize(
    "trigger",
    [
        "assess", "plan_jointly", "add_bureau", "name_officer", "circulate", "approve", "enter_site",
        "end_inspection", "split_finding", "split_findings", "open_own_case", "refer_to_bureau",
        "report_and_close", "extend_filing", "preserve_evidence",
    ],
)  # fmt: skip
def test_a_partner_does_nothing_that_is_the_leads(town, who, trigger):
    matter = circulated(town)
    with pytest.raises(NotPermitted):
        matter.fire(trigger, who, at="03-06")
