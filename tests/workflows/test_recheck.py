"""SM-2 against the tables of domain.md 15, its rounds, its guards and its way back to the parent."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from app.cases.errors import BadInputs, NotPermitted, TransitionRefused
from app.cases.models import CaseDocument, CaseLink, ReportVersion
from app.cases.sight import id_for
from app.demo import stories as s
from app.demo.stories import Beat, note, verified_report
from app.engine.actors import Capacity
from app.law.terms import shipped_law
from app.workflows.recheck import Recheck
from tests.town import Matter, Town, day, instant
from tests.year import UP_TO_CONCLUSION, UP_TO_EXPERTS, UP_TO_RECHECK, UP_TO_REVISION, Year, a_year

# The tables ---------------------------------------------------------------------------------------

STATES = {
    "selected": "已列入复查", "expert_assignment": "待指派专家", "written_review": "书面评审",
    "onsite_recheck": "现场复查", "opinion_drafting": "意见汇总",
    "opinion_issued": "复查意见已下发，待修改", "revision_submitted": "修改稿待审",
    "accepted": "复查通过", "failed": "复查不合格", "reassigned": "更换机构重核", "closed": "已办结",
}  # fmt: skip
ROWS = {
    "R01": ("", "selected", "复查任务单"),
    "R02": ("selected", "expert_assignment", ""),
    "R03": ("expert_assignment", "written_review", "利益冲突声明"),
    "R04": ("written_review onsite_recheck", "expert_assignment", "回避记录"),
    "R05": ("written_review", "onsite_recheck", "现场复查通知"),
    "R06": ("written_review onsite_recheck", "opinion_drafting", "专家意见"),
    "R07": ("opinion_drafting", "accepted", "复查结论"),
    "R08": ("opinion_drafting", "opinion_issued", "复查意见书"),
    "R09": ("opinion_issued", "revision_submitted", "修改说明 核查报告"),
    "R10": ("opinion_issued", "revision_submitted", "修改说明"),
    "R11": ("revision_submitted", "accepted", "复查结论"),
    "R12": ("revision_submitted", "opinion_issued", "再次复查意见"),
    "R13": ("revision_submitted opinion_issued", "failed", "不合格通知"),
    "R14": ("failed", "reassigned", "更换通知"),
    "R15": ("failed", "", "线索移送单"),
    "R16": ("accepted reassigned", "closed", "信息公开表条目"),
}
"""From, to and documents of every row."""
EXTRA_DOCUMENTS = {"R14": {"核查报告"}}
"""The report of the agency that replaces another is a document of its own (R14a)."""
TARGETS = {
    "release_target": "2 wd", "assignment": "2 wd", "written": "5 wd", "onsite": "10 wd",
    "drafting": "3 wd", "revision": "5 wd", "verdict": "3 wd", "replacement": "3 wd",
}  # fmt: skip


def row_of(code: str) -> str:
    return re.sub(r"[a-z]$", "", code)


def test_every_state_of_the_table_has_its_name():
    assert {name: state.zh for name, state in Recheck.states.items()} == STATES


def test_every_code_of_the_table_is_there_and_no_other():
    assert {row_of(t.code) for t in Recheck.transitions.values()} == set(ROWS)


def test_every_row_leads_from_where_to_where_the_table_says():
    moves: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for transition in Recheck.transitions.values():
        for reached in transition.destinations:
            begun = transition.source_names or {""}
            moves[row_of(transition.code)] |= {(source, reached.name) for source in begun}
    for code, (sources, to, _documents) in ROWS.items():
        assert moves[code] == (
            {(source, to) for source in sources.split() or [""]} if to else set()
        )
    assert Recheck.refer_for_penalty.source_names == {"failed"}


def test_every_row_makes_the_documents_of_the_table():
    made: dict[str, set[str]] = defaultdict(set)
    for transition in Recheck.transitions.values():
        made[row_of(transition.code)] |= {document.zh for document in transition.documents}
    for code, (_sources, _to, documents) in ROWS.items():
        assert made[code] == set(documents.split()) | EXTRA_DOCUMENTS.get(code, set()), code


def test_every_target_is_as_long_as_the_table_says():
    law, told = shipped_law(), {}
    for name in TARGETS:
        term = law.term(Recheck.deadlines[name].due.term, day("09-18"))  # type: ignore[union-attr]
        told[name] = f"{term.length} {term.unit}"
    assert told == TARGETS


# Asking -------------------------------------------------------------------------------------------


def refused(matter: Matter, trigger: str, who: str, typed: Any = None, **said: Any) -> str:
    """The English sentences by which an act is refused."""
    with pytest.raises((TransitionRefused, NotPermitted, BadInputs)) as refusal:
        matter.fire(trigger, who, typed, **said)
    return refusal.value.label.en


def versions(year: Year) -> list[ReportVersion]:
    query = (
        select(ReportVersion)
        .where(ReportVersion.root_id == year.id, ReportVersion.report == "verification_report")
        .order_by(ReportVersion.number)
    )
    with year.town.database.read() as session:
        return list(session.scalars(query))


def statuses(year: Year) -> list[tuple[str, int]]:
    return [(row.status, row.round) for row in year.recheck.items("opinions")]


def under_recheck(town: Town, beats: list[Beat], *, until: str, key: str = "redian") -> Year:
    return a_year(town, key).file().play(beats, until=until)


def judged(year: Year, verdicts: dict[int, str], *, on: str) -> None:
    """Judge the answers by number."""
    for row in year.recheck.items("opinions"):
        if row.number in verdicts:
            typed = {"verdict": verdicts[row.number], "verdict_note": "见说明"}
            year.recheck.fire("judge_answer", "expert1", typed, item_id=row.id, at=on)


# Two rounds ---------------------------------------------------------------------------------------


def test_a_recheck_runs_over_two_rounds_and_comes_back_with_the_new_version(town):
    year = under_recheck(town, UP_TO_REVISION, until="09-18")
    child = year.recheck
    assert (child.state, len(versions(year))) == ("revision_submitted", 2)
    assert statuses(year) == [("answered", 1)] * 3
    judged(year, {1: "accepted", 2: "accepted"}, on="09-21")
    said = refused(child, "send_back", "supervisor", at="09-21")
    assert said == "1 answers have no verdict. No opinion was returned."
    judged(year, {3: "returned"}, on="09-21")
    year.do(Beat("send_back", "supervisor", on_child=True, hour=16), on="09-21")
    assert statuses(year) == [("accepted", 1), ("accepted", 1), ("returned", 2)]
    assert child.due("revision") == day("09-29")  # five working days: 25 to 27 September are off
    year.do(s.OPINIONS_ANSWERED, on="09-23").do(s.REVISED_AGAIN, on="09-24")
    assert statuses(year)[-1] == ("answered", 2)
    said = refused(child, "accept", "supervisor", {"conclusion_note": "通过"}, at="09-28")
    assert said.startswith("1 opinions are not closed.")
    assert "“Experts endorse”: 2 signatures missing" in said
    judged(year, {3: "accepted"}, on="09-28")
    year.do(s.ACCEPTED[1:], on="09-28")
    assert (child.state, year.state) == ("closed", "conclusion_submitted")
    assert [v.number for v in versions(year)] == [1, 2, 3]
    newest = Decimal(versions(year)[-1].data["verified_emission_t"])
    assert Decimal(year.row.facts["verified_emission_t"]) == newest
    assert (year.faults(), child.faults()) == ([], [])


def test_no_third_round_only_acceptance_or_failure(town):
    year = under_recheck(town, UP_TO_REVISION, until="09-14")
    year.do(s.RETURNED, on="09-15").do(s.OPINIONS_ANSWERED, on="09-16").do(
        s.REVISED_AGAIN, on="09-17"
    )
    judged(year, {1: "returned", 2: "accepted", 3: "accepted"}, on="09-18")
    said = refused(year.recheck, "send_back", "supervisor", at="09-18")
    assert said == "The limit of 2 rounds is reached: it cannot be sent back again."
    typed = {"ground": "rounds", "failure_reasons": "仍缺检测数据"}
    year.recheck.fire("fail", "supervisor", typed, at="09-18")
    assert year.recheck.state == "failed"


def test_a_ground_for_failing_must_hold(town):
    year = under_recheck(town, s.UP_TO_OPINIONS, until="09-18")
    child = year.recheck
    for ground in ("rounds", "overdue"):
        typed = {"ground": ground, "failure_reasons": "逾期"}
        said = refused(child, "fail", "supervisor", typed, at="09-24")
        assert (
            said == "The ground does not hold: rounds are left, or the time to revise still runs."
        )
    assert child.due("revision") == day("09-24")
    town.tick("09-28 00:00")
    assert child.state == "opinion_issued", "the end of the time to revise decides nothing"
    child.fire("fail", "supervisor", {"ground": "overdue", "failure_reasons": "逾期"}, at="09-28")
    assert child.state == "failed"


# Opinions and answers ---------------------------------------------------------------------------------


def test_every_opinion_is_answered_before_the_revision(town):
    year = under_recheck(town, s.UP_TO_OPINIONS, until="09-18")
    child = year.recheck
    answer = {"answer": "changed", "answer_reason": "已改"}
    child.fire(
        "answer_opinion", "verifier", answer, item_id=child.items("opinions")[0].id, at="09-21"
    )
    typed = year.typed(s.REVISED[0], on="09-21")
    said = refused(child, "submit_revision", "verifier", typed, at="09-21")
    assert said == "1 of 3 opinions are answered: answer each."


def test_who_refuses_a_change_offers_evidence(town):
    year = under_recheck(town, s.UP_TO_OPINIONS, until="09-18")
    child = year.recheck
    row = child.items("opinions")[1].id
    answer = {"answer": "not_changed", "answer_reason": "结算单已扣除"}
    said = refused(child, "answer_opinion", "verifier", answer, item_id=row, at="09-21")
    assert said == "Whoever does not change the report must offer evidence."
    proven = {**answer, "answer_evidence": note("结算单.txt", "示例")}
    child.fire("answer_opinion", "verifier", proven, item_id=row, at="09-21")
    assert child.items("opinions")[1].status == "answered"


def test_an_explanation_changes_nothing_and_a_revision_something(town):
    year = under_recheck(town, s.UP_TO_OPINIONS, until="09-18")
    child = year.recheck
    year.do(
        s.OPINIONS_ANSWERED, on="09-21", answer="not_changed",
        answer_evidence=note("说明.txt", "示例"),
    )  # fmt: skip
    typed = year.typed(s.REVISED[0], on="09-21")
    assert "explain instead" in refused(child, "submit_revision", "verifier", typed, at="09-22")
    child.fire("explain_no_change", "verifier", {"explanation": "逐条说明"}, at="09-22")
    assert (child.state, len(versions(year))) == ("revision_submitted", 1)


def test_a_revision_that_changes_nothing_is_refused(town):
    year = under_recheck(town, s.UP_TO_OPINIONS, until="09-18")
    year.do(s.OPINIONS_ANSWERED, on="09-21")
    same = {**year.typed(s.REVISED[0], on="09-22"), "ncv_gj_t": "19.8700", "ncv_basis": "缺省值"}
    same["verified_emission_t"] = versions(year)[0].data["verified_emission_t"]
    said = refused(year.recheck, "submit_revision", "verifier", same, at="09-22")
    assert said == "The revised report is the same as the last version."
    with_explanation = refused(
        year.recheck, "explain_no_change", "verifier", {"explanation": "无"}, at="09-22"
    )
    assert with_explanation == "An opinion is answered “changed”: submit the revised report."


def test_a_change_of_more_than_one_percent_wants_a_leaders_hand(town):
    year = under_recheck(town, [*s.UP_TO_OPINIONS, *s.OPINIONS_ANSWERED], until="09-18")
    child = year.recheck
    revised = s.REVISED[0]
    typed = year.typed(revised, on="09-21")
    emission = {"verified_emission_t": Decimal("2206153.11")}  # 1.0001 % above 2,184,310
    child.fire("submit_revision", "verifier", {**typed, **emission}, at="09-21")
    judged(year, {1: "accepted", 2: "accepted", 3: "accepted"}, on="09-22")
    year.do(s.ACCEPTED[1:3], on="09-22")
    conclusion = {"conclusion_note": "通过"}
    said = refused(child, "accept", "supervisor", conclusion, at="09-22 16:00")
    assert (
        said == "The verified emission moved by 1.00 %, more than 1 %: a bureau leader must sign."
    )
    said = refused(child, "countersign_change", "supervisor", {"view": "agree"}, at="09-22 16:00")
    assert said == "Reserved to: Bureau leader (lead authority)."
    child.fire("countersign_change", "leader", {"view": "agree"}, at="09-22 17:00")
    child.fire("accept", "supervisor", conclusion, at="09-22 18:00")
    assert year.state == "conclusion_submitted"


def test_a_change_of_one_percent_sharp_wants_none(town):
    year = under_recheck(town, [*s.UP_TO_OPINIONS, *s.OPINIONS_ANSWERED], until="09-18")
    typed = year.typed(s.REVISED[0], on="09-21")
    emission = {"verified_emission_t": Decimal("2206153.10")}
    year.recheck.fire("submit_revision", "verifier", {**typed, **emission}, at="09-21")
    year.do(s.ACCEPTED, on="09-22")
    assert year.recheck.state == "closed"


def test_a_leaders_hand_counts_for_the_version_it_saw(town):
    year = under_recheck(town, UP_TO_REVISION, until="09-15")
    child = year.recheck
    child.fire("countersign_change", "leader", {"view": "agree"}, at="09-16")
    year.do(s.RETURNED, on="09-16").do(s.OPINIONS_ANSWERED, on="09-17")
    typed = year.typed(s.REVISED_AGAIN[0], on="09-18")
    child.fire(
        "submit_revision", "verifier", {**typed, "verified_emission_t": "2300000"}, at="09-18"
    )
    judged(year, {1: "accepted", 2: "accepted", 3: "accepted"}, on="09-21")
    year.do(s.ACCEPTED[1:3], on="09-21")
    said = refused(child, "accept", "supervisor", {"conclusion_note": "通过"}, at="09-21 16:00")
    assert "a bureau leader must sign" in said


# Experts ------------------------------------------------------------------------------------------


def test_an_expert_who_took_part_in_the_verification_is_refused(town):
    year = a_year(town).file().play(s.ARRANGED, until="08-18")
    of_the_agency = replace(town["verifier"], person_id=town["expert3"].person_id)
    group = year.typed(s.GROUP_FORMED[0], on="08-19")
    year.fire("propose_group", of_the_agency, group, at="08-19")
    year.play([*UP_TO_RECHECK[len(s.ARRANGED) :], *s.RELEASED], until="09-18")
    both = {"experts": [town.cast.id_of("expert1"), town.cast.id_of("expert3")]}
    said = refused(year.recheck, "propose_experts", "supervisor", both, at="09-21")
    assert said == (
        "An expert may not come from the agency or the unit, "
        "nor have taken part in the verification (SD-4)."
    )


def test_two_experts_declare_before_they_are_assigned(town):
    year = under_recheck(town, [*UP_TO_RECHECK, *s.RELEASED], until="09-18")
    child = year.recheck
    one = {"experts": [town.cast.id_of("expert1")]}
    child.fire("propose_experts", "supervisor", one, at="09-21")
    said = refused(child, "assign_experts", "supervisor", at="09-21")
    assert said.startswith("At least two experts are wanted, there are 1.")
    year.do(s.EXPERTS_ASSIGNED[:2], on="09-21")
    said = refused(child, "assign_experts", "supervisor", at="09-21 15:00")
    assert said == "“Sign the declaration of interests”: 1 signatures missing, 0 objections."
    year.do(s.EXPERTS_ASSIGNED[2:], on="09-21")
    assert child.state == "written_review"
    names = {town["expert1"].person_name, town["expert2"].person_name}
    assert child.seats(Capacity.EXPERT) == names
    assert child.seats(Capacity.EXPERT_CANDIDATE) == set()


def test_a_declaration_that_cannot_be_made_blocks_the_expert(town):
    year = under_recheck(town, [*UP_TO_RECHECK, *s.RELEASED], until="09-18")
    year.do(s.EXPERTS_ASSIGNED[0], on="09-21")
    tied = {**s.DECLARED, "no_tie_with_agency": False}
    said = refused(year.recheck, "declare_interests", "expert1", tied, at="09-21")
    assert said == "Please confirm: I had no tie with the agency in three years"


def test_an_expert_is_recused_and_another_takes_the_place(town):
    year = under_recheck(town, UP_TO_EXPERTS, until="09-18")
    child = year.recheck
    typed = {"recused": town.cast.id_of("expert2"), "recusal_reason": "曾任该机构顾问"}
    child.fire("recuse_expert", "expert2", typed, at="09-21")
    assert child.seats(Capacity.EXPERT) == {town["expert1"].person_name}
    assert (child.state, child.running()) == ("expert_assignment", ["assignment", "outer_bound"])
    assert child.clock("written").voided_seq is not None
    child.fire(
        "propose_experts", "supervisor", {"experts": [town.cast.id_of("expert3")]}, at="09-22"
    )
    child.fire(
        "declare_interests", "expert3", {**s.DECLARED, "no_tie_with_agency": True}, at="09-22"
    )
    child.fire("assign_experts", "supervisor", at="09-22")
    names = {town["expert1"].person_name, town["expert3"].person_name}
    assert (child.state, child.seats(Capacity.EXPERT)) == ("written_review", names)
    assert child.faults() == []


def test_when_an_expert_sees_a_problem_only_a_leader_decides_that_there_is_none(town):
    year = under_recheck(town, UP_TO_EXPERTS, until="09-18")
    child = year.recheck
    child.fire("submit_view", "expert1", {"view": "object"}, at="09-21")
    child.fire("submit_view", "expert2", {"view": "agree"}, at="09-21")
    child.fire("close_review", "expert1", at="09-21")
    typed = {"conclusion_note": "无问题"}
    said = refused(child, "find_nothing", "supervisor", typed, at="09-22")
    assert said == "An expert sees a problem: only a bureau leader can decide that there is none."
    child.fire("find_nothing", "leader", typed, at="09-22")
    assert (child.state, year.state) == ("closed", "conclusion_submitted")


def test_the_version_under_recheck_is_the_newest_and_stays_so(town):
    year = under_recheck(town, UP_TO_RECHECK, until="09-18")
    said = refused(year.recheck, "release", "supervisor", {"report_version": 2}, at="09-21")
    assert said == "The version to be re-checked is fixed: it must be the newest one (1)."


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"unit_told": False, "needs_inspection": False}, "The unit must be told of the visit."),
        (
            {"unit_told": True, "needs_inspection": True},
            "Where the force of an inspection is needed, an inspector leads.",
        ),
    ],
)
def test_going_on_site_asks_for_notice_and_for_an_inspector(town, typed, sentence):
    year = under_recheck(town, UP_TO_EXPERTS, until="09-18")
    plan = {"visit_plan": "查验化验室", "recheck_visit_on": "2026-09-24", **typed}
    assert refused(year.recheck, "go_onsite", "supervisor", plan, at="09-21") == sentence


# What the verifier may not know: SD-5 -----------------------------------------------------------------


def test_the_verifier_takes_part_from_the_letter_on_and_not_before(town):
    year = under_recheck(town, [*UP_TO_EXPERTS, *s.OPINIONS_RAISED], until="09-18")
    child = year.recheck
    assert child.seats(Capacity.VERIFYING_AGENCY) == set()
    with town.database.read() as session:
        assert session.scalar(id_for(town["verifier"], child.id)) is None
    year.do(s.OPINIONS_ISSUED, on="09-21")
    assert child.seats(Capacity.VERIFYING_AGENCY) == {town.cast.agencies["qingyuan"].name}
    with town.database.read() as session:
        assert session.scalar(id_for(town["verifier"], child.id)) == child.id


# Failure, replacement, referral ---------------------------------------------------------------------------


def failed(town: Town) -> Year:
    return under_recheck(town, [*UP_TO_REVISION, *s.FAILED], until="09-18")


def test_another_agency_takes_over_here_and_in_the_parent(town):
    year = failed(town)
    child = year.recheck
    typed = {**year.typed(s.REPLACED[0], on="09-21"), "agency": town.organisation_of("qingyuan")}
    said = refused(child, "replace_agency", "supervisor", typed, at="09-21")
    assert said == "The agency must be replaced by another one."
    year.do(s.REPLACED, on="09-21")
    new = {town.cast.agencies["saishang"].name}
    assert (child.state, child.seats(Capacity.VERIFYING_AGENCY)) == ("reassigned", new)
    assert year.seats(Capacity.VERIFYING_AGENCY) == {town.cast.agencies["qingyuan"].name}
    report = {"truthful": True, **year.typed(NEW_REPORT, on="09-25")}
    child.fire("submit_reverification", "saishang1", report, at="10-09")
    assert (child.state, year.state) == ("closed", "conclusion_submitted")
    assert year.seats(Capacity.VERIFYING_AGENCY) == new
    assert [v.organisation_id for v in versions(year)][-1] == town["saishang1"].organisation_id
    assert year.due("result_notification") == day(
        "10-19"
    )  # seven working days: Saturday the 10th is one
    assert (year.faults(), child.faults()) == ([], [])


NEW_REPORT = Beat("submit_reverification", "saishang1", lambda told: verified_report(told, ncv="20.1"), on_child=True)  # fmt: skip


@pytest.mark.parametrize(("agency", "sentence"), [("lvheng", "(COI-1)"), ("hengjian", "is banned")])
def test_an_agency_that_is_not_independent_replaces_nobody(town, agency, sentence):
    year = failed(town)
    typed = {**year.typed(s.REPLACED[0], on="09-21"), "agency": town.organisation_of(agency)}
    assert sentence in refused(year.recheck, "replace_agency", "supervisor", typed, at="09-21")


def test_a_referral_leaves_no_trace_in_the_chain_of_the_recheck(town):
    year = failed(town)
    child = year.recheck
    before = (child.row.last_seq, child.row.last_hash, child.row.version)
    typed = {
        "conduct": "review_false", "discovered_on": day("09-20"),
        "suspicion": "检测报告编号与底单不符", "suspicion_evidence": note("底单.txt", "示例"),
    }  # fmt: skip
    child.fire("refer_for_penalty", "supervisor", typed, at="09-21")
    assert (child.row.last_seq, child.row.last_hash, child.row.version) == before
    with town.database.read() as session:
        documents = select(CaseDocument.id).where(CaseDocument.case_id == child.id, CaseDocument.kind == "clue_transfer")  # fmt: skip
        assert list(session.scalars(documents)) == []
        [link] = session.scalars(select(CaseLink).where(CaseLink.case_id == child.id))
    clue = Matter(town, link.other_id)
    assert (clue.row.lifecycle, clue.state) == ("agency_penalty", "clue_registered")
    assert clue.row.subject_name == town["verifier"].organisation_name


# The outer bound ----------------------------------------------------------------------------------------


def test_the_outer_bound_is_that_of_the_year_and_its_end_moves_nothing(town):
    year = under_recheck(town, UP_TO_CONCLUSION, until="06-22").do(s.RECHECK_OPENED, on="06-23")
    child = year.recheck
    assert (child.due("outer_bound"), year.due("verification_end")) == (day("06-30"), day("06-30"))
    town.tick("07-01 00:00")
    assert (child.state, year.state) == ("selected", "under_recheck")
    assert child.clock("outer_bound").expired_at == instant("06-30 23:59:59")


def test_a_recheck_recorded_late_keeps_both_times(town):
    year = under_recheck(town, UP_TO_CONCLUSION, until="08-20")
    scan = year.paper("supervisor", at="08-26")
    typed = {"reason": "ordered", "reason_note": "上级交办"}
    year.fire(
        "open_recheck", "supervisor", typed, at="08-26", occurred="08-24 09:00",
        late_reason="8 月 24 日来文，26 日补录", proof=[scan],
    )  # fmt: skip
    [first] = year.recheck.entries()
    assert (first.occurred_at, first.recorded_at) == (instant("08-24 09:00"), instant("08-26"))
    assert first.flags == "late"
    assert year.recheck.due("release_target") == day("08-26")
