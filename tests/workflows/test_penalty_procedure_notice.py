"""PP from the review to the hearing (domain.md 7.1-12 to 13d): who may, the notice, pleas, the hearing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.cases.errors import BadInputs
from app.engine.actors import Capacity, Role
from app.law.labels import Label
from app.workflows.penalty_procedure import PenaltyProcedure
from tests.engine.fakes import FakeCase, Seat, an_id, attempt, person
from tests.town import day, registered
from tests.workflows.procedure import (
    AROUND,
    CHECKS,
    FAMILY,
    HEARD,
    LIGHT,
    REPORTED,
    a_case,
    answered,
    assemble,
    call,
    documents,
    heavy,
    refused,
    shifted,
)


@pytest.fixture(scope="module", autouse=True)
def lifecycles():
    with registered(*FAMILY):
        yield


@pytest.fixture(autouse=True)
def people(request):
    if "town" in request.fixturenames:
        assemble(request.getfixturevalue("town"))


# The people of one case (SD-1) ----------------------------------------------------------------------


def test_nobody_reviews_what_they_investigated(town):
    """SD-1 and V-12: the role alone is not enough."""
    case = a_case(town).investigated("09-01").submit("09-01")
    both = replace(town["inspector"], roles=frozenset({Role.INSPECTOR, Role.SUPERVISOR}))
    ticks = (
        "competence_right",
        "facts_clear",
        "evidence_enough",
        "procedure_right",
        "not_barred",
        "law_right",
    )
    typed = dict.fromkeys(ticks, True) | {"review_opinion": "同意"}
    said = refused(case, "pass_review", both, typed, on="09-02")
    assert (
        said == "You are already investigator of this case and cannot be its case reviewer (SD-1)."
    )
    stands_in = replace(town["supervisor2"], on_behalf_of=town["inspector2"].person_id)
    said = refused(case, "pass_review", stands_in, typed, on="09-02")
    assert "You are already investigator" in said, "a rule holds for a substitute, too"
    case.pass_review("09-02", "supervisor2")
    assert case.seats(Capacity.REVIEWER) == {"韩雪"}


def test_whoever_reviewed_the_case_does_not_check_its_legality(town):
    case = a_case(town).investigated("09-01").submit("09-01").pass_review("09-01", "legal")
    case.notify("09-01").waive("09-01")
    typed = {**CHECKS, "evidence_seen": 1, "legal_opinion": "通过"}
    said = refused(case, "pass_legal_review", "legal", typed, on="09-02")
    assert (
        said
        == "You are already case reviewer of this case and cannot be its legal reviewer (SD-1)."
    )
    case.pass_legal("09-02", "legal2")
    assert case.state == "decision_pending"


def test_the_chair_is_nobody_else_in_the_case(town):
    case = heavy(town).noticed("09-02")
    case.do("request_hearing", "unit", on="09-03")
    case.do("appoint_chair", "leader", {"chair": town.cast.id_of("legal2")}, on="09-03")
    call(case, "09-16", on="09-03").hear("09-16")
    case.do("report_on_hearing", "legal2", REPORTED, on="09-17")
    case.do("go_on", "supervisor", {"review_of_the_plea": "维持"}, on="09-17")
    typed = {**CHECKS, "evidence_seen": 1, "legal_opinion": "通过"}
    said = refused(case, "pass_legal_review", "legal2", typed, on="09-18")
    assert (
        said
        == "You are already chair of the hearing of this case and cannot be its legal reviewer (SD-1)."
    )


def test_a_legal_reviewer_is_not_made_chair(town):
    case = heavy(town).noticed("09-02").waive("09-02")
    case.do("return_after_legal_review", "legal", {"problems": "补证"}, on="09-03")
    case.submit("09-03").pass_review("09-03").notify("09-03")
    case.do("request_hearing", "unit", on="09-04")
    said = refused(case, "appoint_chair", "leader", {"chair": town.cast.id_of("legal")}, on="09-04")
    assert (
        said
        == "Somebody named is already legal reviewer of this case and cannot be its chair of the hearing (SD-1)."
    )


def test_an_investigator_has_no_vote(town):
    """SD-2, for those named and for those who sign."""
    case = heavy(town).legal("09-02")
    case.pass_legal("09-02")
    mixed = replace(town["inspector"], roles=frozenset({Role.BUREAU_LEADER, Role.INSPECTOR}))
    case.convene("09-03")
    said = refused(case, "discuss", mixed, {"view": "agree"}, on="09-03")
    assert said.startswith("Reserved to: Bureau leader (member of the discussion)")
    seats = [Seat(Capacity.DISCUSSANT, an_id("authority"), an_id("甲"))]
    fake = FakeCase(
        state="collective_discussion", seats=seats, done={(an_id("甲"), "record_inspection")}
    )
    who = person(Role.BUREAU_LEADER)
    [no_vote] = PenaltyProcedure.transitions["discuss"].guards
    said = english(no_vote.refusal(attempt(fake, who)))
    assert said == "An investigator may attend the discussion but has no vote (SD-2)."
    [named, _] = PenaltyProcedure.transitions["convene"].guards
    chosen = attempt(fake, who, inputs={"members": [str(an_id("甲"))]})
    said = english(named.refusal(chosen))
    assert said == "An investigator of the case is named for the discussion and has no vote (SD-2)."


def english(sentence: Label | None) -> str:
    assert sentence is not None
    return sentence.en


# Notice, pleas ------------------------------------------------------------------------------------


def test_the_party_takes_its_seat_when_the_notice_is_served(town):
    case = a_case(town).investigated("09-01").submit("09-01").pass_review("09-01").approve("09-01")
    assert (case.state, case.seats(Capacity.PARTY)) == ("pre_notice_approval", set())
    said = refused(case, "waive_plea", "unit", {"no_plea": True}, on="09-02")
    assert said.startswith("Reserved to: Key emitting unit (party)")
    case.serve("service_of_notice", "09-02")
    assert (case.state, case.seats(Capacity.PARTY)) == ("notice_served", {"示例热电有限公司"})
    [notice] = documents(case, "prior_notice")
    assert notice.served_on == day("09-02")


def test_a_hearing_is_offered_where_the_law_asks_for_it(town):
    """7.2: a fine that reaches 200,000 yuan."""
    for fine, due in (("199999.99", False), ("200000", True)):
        case = a_case(town, proposed=LIGHT | {"fine": fine})
        case.investigated("09-01").submit("09-01").pass_review("09-01")
        typed = {"hearing_right": False, "wants_discussion": False, "addressee": "示例"}
        if due:
            said = refused(case, "approve_notice", "leader", typed, on="09-02")
            assert (
                said
                == "The party must be told of the right to a hearing: The fine reaches 200,000 yuan."
            )
        else:
            case.approve("09-02", hearing_right=False)


@AROUND
def test_five_working_days_to_plead_and_to_ask_for_a_hearing(town, days):
    """Served on 2026-09-28: the holidays do not count, Saturday the 10th of October does."""
    case = heavy(town, on="09-25").investigated("09-25").submit("09-25").pass_review("09-25")
    case.approve("09-25").serve("service_of_notice", "09-28")
    assert (case.due("plea"), case.due("hearing_request")) == (day("10-10"), day("10-10"))
    on = shifted("10-10", days)
    if days > 0:
        said = refused(case, "plead", "unit", {"plea": "不服"}, on=f"{on} 00:00")
        assert said == "The time for a statement and defence is over."
        said = refused(case, "request_hearing", "unit", on=f"{on} 00:00")
        assert "the time to ask for one is over" in said
        town.tick("10-11 12:00")
        assert case.state == "notice_served", "acts posted in time may still arrive"
        town.tick("10-14 00:00")
        assert case.state == "legal_review"
        assert case.acts()[-3:] == ["lapse_plea", "lapse_hearing", "go_on_unheard"]
    else:
        case.do("plead", "unit", {"plea": "不服"}, on=f"{on} 23:00")
        case.do("request_hearing", "unit", on=f"{on} 23:30")
        assert case.state == "hearing_preparation", (
            "P15 is open from the review of the plea as well"
        )
    assert case.faults() == []


def test_without_proof_of_service_nothing_is_waived(town):
    case = a_case(town).investigated("09-01").submit("09-01").pass_review("09-01").approve("09-01")
    town.tick("10-20 00:00")
    assert (case.state, case.clocks("plea")) == ("pre_notice_approval", [])


def test_a_plea_posted_in_time_takes_the_waiver_back(town):
    case = a_case(town).noticed("09-01")
    assert case.due("plea") == day("09-08")
    town.tick("09-15 00:00")
    assert case.state == "legal_review"
    proof = [case.paper("inspector", at="09-15")]
    case.do(
        "plead",
        "inspector",
        {"plea": "不服"},
        on="09-15",
        occurred="09-08 10:00",
        late_reason="邮寄途中",
        proof=proof,
    )
    assert (case.state, case.acts()[-2:]) == ("plea_review", ["reinstate", "plead"])
    assert case.faults() == []


def test_a_plea_on_paper_needs_the_paper(town):
    case = a_case(town).noticed("09-01")
    with pytest.raises(BadInputs):
        case.do("plead", "inspector", {"plea": "不服"}, on="09-02")
    case.do(
        "plead",
        "inspector",
        {"plea": "不服"},
        on="09-02",
        proof=[case.paper("inspector", at="09-02")],
    )
    assert case.state == "plea_review"


def test_every_point_is_answered_and_the_hearing_right_is_gone_before_it_goes_on(town):
    """P21, as corrected."""
    case = heavy(town).noticed("09-01")
    case.do("plead", "unit", {"plea": "一"}, on="09-02")
    case.do("add_plea", "unit", {"plea": "二"}, on="09-02")
    going_on = {"review_of_the_plea": "维持"}
    said = refused(case, "go_on", "supervisor", going_on, on="09-03")
    assert said == (
        "2 points of the plea are not answered. The time to ask for a hearing still runs and is not waived in writing."
    )
    for number, verdict in ((1, "accepted"), (2, "rejected")):
        case.do(
            "answer_plea",
            "supervisor",
            {"plea_verdict": verdict, "plea_answer": "理由"},
            on="09-03",
            item_id=case.row_of("pleas", number),
        )
    case.do("waive_hearing", "unit", {"no_hearing": True}, on="09-03")
    case.do("go_on", "supervisor", going_on, on="09-03")
    assert (case.state, case.faults()) == ("legal_review", [])


def test_silence_about_the_hearing_is_enough_after_a_plea(town):
    case = heavy(town).noticed("09-01")
    case.do("plead", "unit", {"plea": "一"}, on="09-02")
    answered(case, "09-03")
    town.tick("09-11 00:00")
    assert case.acts()[-1] == "lapse_hearing"
    case.do("go_on", "supervisor", {"review_of_the_plea": "维持"}, on="09-11")
    assert case.state == "legal_review"


def test_a_plea_never_makes_it_heavier_and_a_new_proposal_is_told_anew(town):
    """P20; APL 45."""
    case = a_case(town).noticed("09-01")
    case.do("plead", "unit", {"plea": "一"}, on="09-02")
    answered(case, "09-02")
    heavier = LIGHT | {"fine": "100000.01", "new_ground": "态度恶劣"}
    said = refused(case, "change_proposal", "supervisor", heavier, on="09-03")
    assert (
        said
        == "A plea or a hearing never makes the penalty heavier: it was a fine of 100,000.00, confiscation 0.00 yuan."
    )
    case.do(
        "change_proposal",
        "supervisor",
        LIGHT | {"fine": "80000", "new_ground": "采纳部分意见"},
        on="09-03",
    )
    assert (case.state, case.row.facts["fine"]) == ("pre_notice_approval", "80000")
    assert case.acts()[-1] == "change_proposal", "the notice of the first round serves nothing now"
    case.proposed = LIGHT | {"fine": "80000"}
    case.notify("09-04")
    assert (case.state, case.due("plea")) == ("notice_served", day("09-11"))
    assert [notice.served_on for notice in documents(case, "prior_notice")] == [
        day("09-01"),
        day("09-04"),
    ]
    town.tick("09-16 00:00")
    assert case.state == "legal_review"


def test_a_waiver_of_an_earlier_round_does_not_count_for_the_next(town):
    case = a_case(town).noticed("09-01")
    town.tick("09-11 00:00")
    assert case.state == "legal_review"
    case.do("return_after_legal_review", "legal", {"problems": "补证"}, on="09-11")
    case.submit("09-11").pass_review("09-11").notify("09-11")
    assert case.state == "notice_served"
    assert refused(case, "waive_hearing", "unit", {"no_hearing": True}, on="09-12").startswith(
        "No right to a hearing was told"
    )


def test_the_service_of_the_notice_is_left_out_through_the_day_it_was_served(town):
    """Entered a week late, the days until then are not the party's doing and count."""
    case = a_case(town, on="07-01", ended="06-10").file("07-05").inspect("07-06").submit("07-06")
    case.pass_review("07-06").approve("07-06").serve("service_of_notice", "07-10", at="07-17")
    [told] = case.clock("decision").derivation["exclusions"]
    assert (told["kind"], told["from"], told["to"]) == ("service", "2026-07-06", "2026-07-10")
    assert case.due("decision") == day("10-08"), "nominal 7 October is the last day off"
    assert case.faults() == []


# Hearing ------------------------------------------------------------------------------------------


@AROUND
def test_the_party_is_told_seven_working_days_before_the_hearing(town, days):
    """2026-09-30: seven full working days are 20-24, 28 and 29 September."""
    case = heavy(town).noticed("09-01")
    case.do("request_hearing", "unit", on="09-02")
    case.do("appoint_chair", "leader", {"chair": town.cast.id_of("legal2")}, on="09-02")
    on = shifted("09-18", days)
    if days > 0:
        typed = {
            "hearing_on": day("09-30"), "hearing_place": "会议室", "hearing_mode": "public", "recorder": "示例", "addressee": "示例",
        }  # fmt: skip
        said = refused(case, "call_hearing", "legal2", typed, on=on)
        assert (
            said
            == "The party is told at least seven working days before: for that day by 2026-09-18."
        )
        return
    call(case, "09-30", on=on)
    assert case.due("hearing_notification") == day("09-18")
    assert case.clock("hearing_notification").met_late is False
    said = refused(case, "hold_hearing", "legal2", HEARD, on="09-29")
    assert said == "The day of the hearing (2026-09-30) has not come."
    case.hear("09-30")
    assert case.state == "hearing_done"
    [hearing] = [
        x for x in case.clock("decision").derivation["exclusions"] if x["kind"] == "hearing"
    ]
    assert (hearing["from"], hearing["to"]) == ("2026-09-02", "2026-09-30")
    assert case.faults() == []


def test_a_notice_served_too_late_needs_another_day(town):
    case = heavy(town).noticed("09-01")
    case.do("request_hearing", "unit", on="09-02")
    case.do("appoint_chair", "leader", {"chair": town.cast.id_of("legal2")}, on="09-02")
    typed = {
        "hearing_on": day("09-30"), "hearing_place": "会议室", "hearing_mode": "public", "recorder": "示例", "addressee": "示例",
    }  # fmt: skip
    case.do("call_hearing", "legal2", typed, on="09-17")
    case.serve("service_of_hearing_notice", "09-19")
    assert case.clock("hearing_notification").met_late is True
    said = refused(case, "hold_hearing", "legal2", HEARD, on="09-30")
    assert (
        said
        == "The notice was not served seven working days before the hearing (2026-09-30): set another day."
    )
    call(case, "10-20", on="09-30").hear("10-20")
    assert case.state == "hearing_done"


def test_a_service_entered_later_was_in_time_on_its_day(town):
    case = heavy(town).noticed("09-01")
    case.do("request_hearing", "unit", on="09-02")
    case.do("appoint_chair", "leader", {"chair": town.cast.id_of("legal2")}, on="09-02")
    typed = {
        "hearing_on": day("09-30"), "hearing_place": "会议室", "hearing_mode": "public", "recorder": "示例", "addressee": "示例",
    }  # fmt: skip
    case.do("call_hearing", "legal2", typed, on="09-17")
    case.serve("service_of_hearing_notice", "09-18", at="09-24")
    clock = case.clock("hearing_notification")
    assert (clock.met_late, clock.expired_at is not None) == (False, True)
    case.hear("09-30")
    assert case.faults() == []


def test_absence_waives_the_hearing_only_on_its_day(town):
    """P17."""
    case = heavy(town).noticed("09-01")
    case.do("request_hearing", "unit", on="09-02")
    case.do("appoint_chair", "leader", {"chair": town.cast.id_of("legal2")}, on="09-02")
    call(case, "09-16", on="09-02")
    gone = {"unheard_because": "absent", "reasons": "未到场"}
    said = refused(case, "close_without_hearing", "legal2", gone, on="09-15")
    assert said == "A party is absent only from a hearing it was told of in time, on its day."
    case.do("close_without_hearing", "legal2", gone, on="09-16")
    assert (case.state, case.faults()) == ("legal_review", [])


def test_a_hearing_is_reported_before_the_case_goes_on(town):
    case = heavy(town).noticed("09-01")
    case.do("request_hearing", "unit", on="09-02")
    case.do("appoint_chair", "leader", {"chair": town.cast.id_of("legal2")}, on="09-02")
    call(case, "09-16", on="09-02").hear("09-16")
    said = refused(case, "go_on", "supervisor", {"review_of_the_plea": "维持"}, on="09-17")
    assert said == "The report on the hearing is not there."
    case.do("report_on_hearing", "legal2", REPORTED, on="09-17")
    case.do("go_on", "supervisor", {"review_of_the_plea": "维持"}, on="09-17")
    assert case.state == "legal_review"
