"""PP from the legal review to the decision (domain.md 7.1-13e to 14, 7.3, 7.4): V-1 to V-13, 90 + 30 + 30 days."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from app.engine.actors import Capacity, Role
from app.workflows.penalty_procedure import PenaltyProcedure
from tests.engine.fakes import Clock, FakeCase, Kid, Seat, an_id, attempt, person
from tests.town import day, instant, registered
from tests.workflows.procedure import (
    AROUND,
    CHECKS,
    FAMILY,
    LEADERS,
    LIGHT,
    SCAN,
    Procedure,
    a_case,
    also,
    assemble,
    heavy,
    refused,
    renamed,
    shifted,
    without_certificate,
)


@pytest.fixture(scope="module", autouse=True)
def lifecycles():
    with registered(*FAMILY):
        yield


@pytest.fixture(autouse=True)
def people(request):
    if "town" in request.fixturenames:
        assemble(request.getfixturevalue("town"))


# Legal review -------------------------------------------------------------------------------------


def legal_opinion(**said: Any) -> dict[str, Any]:
    return {**CHECKS, "evidence_seen": 1, "legal_opinion": "通过", **said}


@pytest.mark.parametrize(
    ("case_of", "reached"), [(a_case, "decision_pending"), (heavy, "collective_discussion")]
)
def test_a_discussion_follows_the_legal_review_where_the_law_wants_one(town, case_of, reached):
    """P22; 7.1-13f: a fine of 500,000 yuan and more."""
    case = case_of(town).legal("09-01").pass_legal("09-02")
    assert (case.state, case.faults()) == (reached, [])


@pytest.mark.parametrize("why", [{"complex_case": True}, {"halts": True}])
def test_a_small_fine_in_a_complex_case_or_with_a_halt_is_discussed_too(town, why):
    case = a_case(town).investigated("09-01").submit("09-01", **why).pass_review("09-01")
    case.notify("09-01", hearing_right=True).waive("09-01").pass_legal("09-02")
    assert case.state == "collective_discussion"


def test_a_leader_may_want_a_discussion(town):
    case = a_case(town).investigated("09-01").submit("09-01").pass_review("09-01")
    case.notify("09-01", wants_discussion=True).waive("09-01").pass_legal("09-02")
    assert case.state == "collective_discussion"


def test_the_legal_review_covers_all_evidence_and_every_point(town):
    case = a_case(town).legal("09-01")
    said = refused(case, "pass_legal_review", "legal", legal_opinion(evidence_seen=0), on="09-02")
    assert said == "There are 1 pieces of evidence in the file: review them all."
    typed = legal_opinion(crime_considered=False)
    said = refused(case, "pass_legal_review", "legal", typed, on="09-02")
    assert said == "Please confirm: A crime was considered"
    case.do("pass_legal_review", "legal", legal_opinion(), on="09-02")
    assert case.row.facts["evidence_reviewed"] == 1


def test_the_choice_between_two_laws_needs_the_legal_reviewers_reasons(town):
    """Q2: an act since 2026-08-15 under E3, beside the Code."""
    published = LIGHT | {"rule": "E3"}
    case = a_case(town, conduct="publication", ended="08-20", proposed=published).legal("09-01")
    said = refused(case, "pass_legal_review", "legal", legal_opinion(), on="09-02")
    assert said.startswith("The choice of the rule needs reasons: ")
    case.do("pass_legal_review", "legal", legal_opinion(rule_reasons="特别法优先"), on="09-02")
    assert case.state == "decision_pending"


@pytest.mark.parametrize(
    ("trigger", "reached", "clock"),
    [("return_after_legal_review", "investigating", ""), ("refuse_in_legal_review", "case_review", "review")],
)  # fmt: skip
def test_the_legal_review_may_return_or_refuse(town, trigger, reached, clock):
    """P23."""
    case = a_case(town).legal("09-01")
    case.do(trigger, "legal", {"problems": "证据不足"}, on="09-02")
    assert (case.state, clock in case.running()) == (reached, bool(clock))
    assert (case.clock("legality").met_late, case.faults()) == (False, [])


# Collective discussion ----------------------------------------------------------------------------


def test_more_than_half_and_at_least_two_speak_and_most_agree(town):
    """P24."""
    case = heavy(town).legal("09-01").pass_legal("09-01").convene("09-02")
    assert case.seats(Capacity.DISCUSSANT) == {town[login].person_name for login in LEADERS}
    end = {"conclusion": "同意"}
    case.do("discuss", "leader", {"view": "agree"}, on="09-02")
    said = refused(case, "conclude_discussion", "leader", end, on="09-02")
    assert said == "Fewer than half of the members, or fewer than 2, have spoken: 1."
    case.do("discuss", "leader2", {"view": "object"}, on="09-02")
    said = refused(case, "conclude_discussion", "leader", end, on="09-02")
    assert said == "The majority objects: there is no conclusion."
    case.do("discuss", "leader3", {"view": "agree"}, on="09-03")
    case.do("conclude_discussion", "leader", end, on="09-03")
    assert (case.state, case.clock("discussion").met_late, case.faults()) == (
        "decision_pending", False, [],
    )  # fmt: skip


def test_a_leader_who_is_no_member_does_not_speak(town):
    case = heavy(town).legal("09-01").pass_legal("09-01").convene("09-02", "leader", "leader2")
    said = refused(case, "discuss", "leader3", {"view": "agree"}, on="09-02")
    assert said == "Reserved to: Bureau leader (member of the discussion)."


# The clock of the decision ------------------------------------------------------------------------


@AROUND
@pytest.mark.parametrize(("stages", "last"), [(0, "10-08"), (1, "11-02"), (2, "12-02")])
def test_ninety_days_to_decide_and_twice_thirty_more(town, stages, last, days):
    """11.3: filed on 2026-07-05; the rolled end of one stage is not the start of the next."""
    case = a_case(town, on="07-01", ended="06-10").file("07-05").inspect("07-06").submit("07-06")
    case.pass_review("07-06").notify("07-06").waive("07-06").pass_legal("07-07")
    if stages:
        case.do("extend_decision", "leader", {"reasons": "案情复杂"}, on="10-08")
    if stages == 2:
        case.do("extend_decision_collectively", "leader", extended(case), on="11-02")
    assert case.due("decision") == day(last)
    on = shifted(last, days)
    if days > 0:
        said = refused(
            case, "decide_penalty", "leader", case.decision(), on=f"{on} 00:00", explains=False
        )
        assert said == f"“Penalty decision” ended on {day(last)}: say why it is done late."
        case.decide(f"{on} 00:00", overdue_reason="补充核对")
    else:
        case.decide(f"{on} 23:00")
    assert (case.state, case.clock("decision").met_late) == ("decided", days > 0)
    assert case.faults() == []


def extended(case: Procedure, **said: Any) -> dict[str, Any]:
    return {"reasons": "案情特别复杂", "attendees": case.officers("leader2", "leader3"), **said}


def test_the_extensions_come_in_their_order_before_the_end_and_no_third(town):
    """P25."""
    case = a_case(town, on="07-01", ended="06-10").file("07-05")
    said = refused(case, "extend_decision_collectively", "leader", extended(case), on="10-08")
    assert said == "The leader's extension comes first."
    case.do("extend_decision", "leader", {"reasons": "案情复杂"}, on="10-08")
    said = refused(case, "extend_decision", "leader", {"reasons": "再延"}, on="10-08")
    assert said == "The leader's extension has been used."
    said = refused(case, "extend_decision_collectively", "leader", extended(case), on="11-03")
    assert said == "A period is extended before its end only."
    late = a_case(town, on="07-20", ended="06-10").file("07-20")
    for trigger, typed in (
        ("extend_decision", {"reasons": "案情复杂"}), ("extend_decision_collectively", extended(late)),
    ):  # fmt: skip
        late.do(trigger, "leader", typed, on="10-12")
    said = refused(late, "extend_decision_collectively", "leader", extended(late), on="10-12")
    assert said == "No further extension is left."


def test_an_investigator_takes_no_part_in_the_extension(town):
    """SD-2 holds for every collective discussion."""
    also(town, "inspector", Role.BUREAU_LEADER)
    case = a_case(town, on="07-01", ended="06-10").file("07-05")
    case.do("extend_decision", "leader", {"reasons": "案情复杂"}, on="10-08")
    typed = extended(case, attendees=case.officers("leader2", "inspector"))
    said = refused(case, "extend_decision_collectively", "leader", typed, on="10-08")
    assert said == "An investigator of the case is named for the discussion and has no vote (SD-2)."
    case.do("extend_decision_collectively", "leader", extended(case), on="10-08")
    assert case.due("decision") == day("12-02")


def test_the_hearing_the_notice_and_an_announcement_are_not_counted(town):
    """7.3: noticed by announcement, heard, in one case; what overlaps counts once."""
    case = heavy(town, on="07-01", ended="06-10").file("07-05").inspect("07-06").submit("07-06")
    case.pass_review("07-06").approve("07-06")
    announced = {"announced_on": day("07-10"), "ways_failed": "下落不明"}
    case.do("announce_notice", "inspector", announced, on="07-10")
    case.serve("service_of_notice", "08-09", at="08-10")
    told = case.clock("decision").derivation["exclusions"]
    assert [(x["kind"], x["from"], x["to"]) for x in told] == [
        ("service", "2026-07-06", "2026-08-09"), ("announcement", "2026-07-10", "2026-08-09"),
    ]  # fmt: skip
    assert case.due("decision") == day("11-06"), "90 days and 34 left out end on a Friday"
    assert case.faults() == []


# What loses a case in court (7.4) -----------------------------------------------------------------


def test_the_decision_keeps_to_the_notice_and_the_range(town):
    """V-4 and V-5."""
    case = a_case(town).pending("09-01")
    for typed, why in (
        ({"facts_agree": False}, "Please confirm: The facts agree with the evidence and the article"),
        ({"rule": "E2"}, "The decision must rest on the rule that the notice and the evidence name: E1 (V-4)."),
        ({"fine": "100000.01"}, "A decision cannot be heavier than what was told: fine 100,000.00, confiscation 0.00 yuan."),
        ({"fine": "49999.99"}, "The fine is not lawful: Below the 50,000 yuan of the law"),
        ({"confiscation": "1"}, "The gain to be confiscated by law is 0.00 yuan (V-5)."),
        ({"ban": "life"}, "A ban must follow the law: under this rule “no ban”"),
    ):  # fmt: skip
        assert why in refused(case, "decide_penalty", "leader", case.decision(**typed), on="09-02")
    case.decide("09-02", fine="30000", ground="merit")
    assert (case.state, case.row.facts["decided_fine"]) == ("decided", "30000")


def test_a_certificate_that_has_run_out_stops_the_decision(town):
    """V-2: both officers hold one on the day."""
    case = a_case(town).pending("09-01")
    with without_certificate(town, "inspector2"):
        said = refused(case, "decide_penalty", "leader", case.decision(), on="09-02")
        assert said == (
            "At least 2 officers with certificates valid on the day are wanted: 2 named, 1 without (V-2)."
        )
    case.decide("09-02")


def test_a_party_renamed_stops_the_decision(town):
    """V-3."""
    case = a_case(town, party="lanqiao").pending("09-01")
    with renamed(town, "lanqiao", "示例蓝桥新材料有限公司"):
        said = refused(case, "decide_penalty", "leader", case.decision(), on="09-02")
    assert said.startswith("The party is registered under another name now")
    case.decide("09-02")


def test_a_result_that_comes_late_is_told_and_reviewed_before_the_decision(town):
    """V-7 and V-10."""
    case = a_case(town).investigated("09-01")
    order = {"body": "示例检测公司", "items": "煤样", "time_told": True}
    case.do("commission_testing", "inspector", order, on="09-01")
    case.submit("09-01").pass_review("09-01").notify("09-01").waive("09-01").pass_legal("09-01")
    result = {"dated_on": day("09-02"), "result": "示例"}
    case.do("receive_testing", "inspector", result, on="09-02")
    said = refused(case, "decide_penalty", "leader", case.decision(), on="09-02")
    assert said == (
        "1 results of tests or appraisals have not been told to the party (V-7). "
        "The legal review was not passed, or new evidence came after it (1 pieces then, 2 now) (V-10)."
    )
    told = {"told_on": day("09-02"), "result_told": "示例", "receipt": SCAN}
    case.do("tell_result", "inspector", told, on="09-02")
    case.do("send_back_to_legal_review", "leader", {"reasons": "有新证据"}, on="09-02")
    case.pass_legal("09-02").decide("09-02")
    assert (case.state, case.faults()) == ("decided", [])


def test_a_recusal_asked_for_at_the_end_still_stops_the_decision(town):
    """V-8."""
    case = a_case(town).pending("09-01")
    ask = {
        "recused": town.cast.id_of("supervisor"),
        "concerns_head": False,
        "recusal_reason": "近亲属",
    }
    case.do("request_recusal", "unit", ask, on="09-02")
    said = refused(case, "decide_penalty", "leader", case.decision(), on="09-02")
    assert said == "1 requests for recusal are not answered (V-8)."
    row = case.row_of("recusals", 1)
    answer = {"recusal": "refused", "reasons": "无利害关系"}
    case.do("decide_recusal", "leader", answer, on="09-02", item_id=row)
    case.decide("09-02")


def test_new_evidence_is_reviewed_and_discussed_again(town):
    """V-9 and V-10."""
    case = heavy(town).pending("09-01")
    typed = {"officers": case.officers(), "new_evidence": "补充台账"}
    case.do("add_evidence", "inspector", typed, on="09-02")
    said = refused(case, "decide_penalty", "leader", case.decision(), on="09-02")
    assert said == (
        "The case must be discussed collectively: it was not, or pleas, a hearing or new evidence came after it (V-9). "
        "The legal review was not passed, or new evidence came after it (1 pieces then, 2 now) (V-10)."
    )
    case.do("send_back_to_legal_review", "leader", {"reasons": "有新证据"}, on="09-02")
    case.pass_legal("09-02")
    assert case.state == "collective_discussion"
    case.discuss("09-03").decide("09-03")
    assert (case.state, case.faults()) == ("decided", [])


def test_a_discussion_does_not_outlive_evidence_that_comes_while_it_lasts(town):
    case = heavy(town).legal("09-01").pass_legal("09-01").convene("09-02")
    for login in ("leader", "leader2"):
        case.do("discuss", login, {"view": "agree"}, on="09-02")
    typed = {"officers": case.officers(), "new_evidence": "补充台账"}
    case.do("add_evidence", "inspector", typed, on="09-02")
    said = refused(case, "conclude_discussion", "leader", {"conclusion": "同意"}, on="09-02")
    assert said.startswith("Fewer than half of the members, or fewer than 2, have spoken: 0.")


UNREACHABLE: Mapping[str, tuple[FakeCase, str]] = {
    "body_is_the_competent_one": (
        FakeCase(seats=[Seat(Capacity.LEAD, an_id("authority")), Seat(Capacity.LEAD, an_id("other"))]),
        "The body that decides, the one of the seal and the competent one must be the same (V-1).",
    ),
    "notice_was_served_and_its_time_is_over": (
        FakeCase(facts={"notice_served_on": "2026-03-10"}, clocks={"plea": Clock(instant("03-17"))}),
        "The prior notice is not served, or the time to plead or to ask for a hearing still runs and is not waived (V-6).",
    ),
    "act_is_not_time_barred": (
        FakeCase(facts={
            "act_ended_on": "2024-03-09", "discovered_on": "2026-03-10", "party_kind": "unit", "conduct": "report_missing", "rule": "E2-old",
        }),
        "The act is time-barred, or the day it ended is not known: the last day was 2026-03-09 (V-11).",
    ),
    "reviewer_did_not_investigate": (
        FakeCase(
            seats=[Seat(Capacity.REVIEWER, an_id("authority"), an_id("甲"))], done={(an_id("甲"), "record_inquiry")},
        ),
        "Whoever reviewed the case took part in its investigation (V-12).",
    ),
    "measures_are_in_time": (
        FakeCase(kids=[Kid("measures", "overdue")]),
        "A seizure or preservation was not ended, extended or dealt with in time (V-13).",
    ),
}  # fmt: skip
"""What earlier acts refuse already, so that no case gets so far; the decision asks it once more."""


@pytest.mark.parametrize("key", UNREACHABLE)
def test_the_decision_asks_once_more_what_earlier_acts_have_asked(key):
    case, sentence = UNREACHABLE[key]
    guards = {guard.key: guard for guard in PenaltyProcedure.transitions["decide_penalty"].guards}
    label = guards[key].refusal(attempt(case, person(Role.BUREAU_LEADER)))
    assert label is not None
    assert label.en == sentence


def test_every_veto_is_asked_by_the_decision():
    """P26: V-1 to V-12 in the sentences of its guards, and V-13."""
    said = " ".join(
        guard.label.en for guard in PenaltyProcedure.transitions["decide_penalty"].guards
    )
    assert {f"V-{number}" for number in range(1, 14)} <= set(re.findall(r"V-\d+", said))


# No penalty ---------------------------------------------------------------------------------------


def test_a_report_that_proposes_no_penalty_is_told_as_such(town):
    """P13 and P27."""
    case = (
        a_case(town)
        .investigated("09-01")
        .submit("09-01", proposal="no_penalty")
        .pass_review("09-01")
    )
    typed = {"hearing_right": False, "wants_discussion": False, "addressee": "示例"}
    said = refused(case, "approve_notice", "leader", typed, on="09-02")
    assert said == "The report does not propose a penalty."
    typed = {"no_penalty_ground": "minor_cured", "addressee": "示例"}
    case.do("approve_no_penalty_notice", "leader", typed, on="09-02")
    case.serve("service_of_no_penalty_notice", "09-02")
    assert (case.state, case.running()) == ("notice_served", ["decision", "plea"])
    case.waive("09-02").pass_legal("09-03")
    none = {
        "no_penalty_ground": "minor_cured",
        "reasons": "轻微并及时改正",
        "education": "已当面告诫",
    }
    with without_certificate(town, "inspector"):
        said = refused(case, "decide_none", "leader", none, on="09-03")
        assert said.endswith("2 named, 1 without (V-2).")
    case.do("decide_none", "leader", none, on="09-03")
    assert (case.state, case.running()) == ("decided", ["decision_service", "publication"])
    published = {"published_on": day("09-04"), "published_at": "局网站", "redacted": "无"}
    case.do("publish", "supervisor", published, on="09-04")
    assert (case.running(), case.faults()) == (["decision_service"], [])


def test_a_penalty_that_was_proposed_is_not_told_as_none(town):
    case = a_case(town).investigated("09-01").submit("09-01").pass_review("09-01")
    typed = {"no_penalty_ground": "minor_cured", "addressee": "示例"}
    said = refused(case, "approve_no_penalty_notice", "leader", typed, on="09-02")
    assert said == "The report proposes a penalty: use its notice."
    case.do("decline_notice", "leader", {"reasons": "事实须核对"}, on="09-02")
    assert (case.state, "review" in case.running()) == ("case_review", True)
