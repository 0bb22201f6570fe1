"""The words themselves: what a declared thing knows of itself, and the guards that come with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.engine.actors import ACTOR_WORDS, CAPACITY_LABELS, ROLE_LABELS, Capacity, Role, Who
from app.engine.definition import (
    OBJECT,
    AfterDay,
    Expiry,
    Guard,
    Signoff,
    Unmet,
    YearDay,
    guard,
)
from app.law.labels import Label
from app.law.sources import cite
from tests.engine.fakes import NOW, Clock, FakeCase, Kid, Seat, Signed, an_id, attempt, person
from tests.lifecycles import FIXTURES
from tests.lifecycles.complaint import Complaint
from tests.lifecycles.consultation import Consultation
from tests.lifecycles.findings import Findings
from tests.lifecycles.hearing import Hearing
from tests.lifecycles.investigation import Investigation
from tests.lifecycles.monthly import Monthly
from tests.lifecycles.operation import Operation

SOMEBODY = person(Role.SUPERVISOR)


def refused(asked: Guard, case: FakeCase) -> str | None:
    sentence = asked.refusal(attempt(case, SOMEBODY))
    return sentence.zh if sentence else None


# Guards -------------------------------------------------------------------------------------------


def test_a_guard_is_called_like_its_predicate_and_refuses_with_its_sentence():
    @guard("尚缺 {left} 份。", "{left} are missing.", basis=[cite("REG", "12")])
    def enough(tried: Any) -> bool | Unmet:
        left = 2 - len(tried.case.rows)
        return left == 0 or Unmet(left=left)

    sentence = enough.refusal(attempt(FakeCase(), SOMEBODY))

    assert enough.key == "enough"
    assert enough.basis == (cite("REG", "12"),)
    assert sentence == Label("尚缺 2 份。", "2 are missing.")


def test_a_guard_that_only_says_no_refuses_with_the_bare_sentence():
    from tests.lifecycles.hearing import service_is_proven

    assert refused(service_is_proven, FakeCase()) == "送达未经证明。"
    assert refused(service_is_proven, FakeCase(facts={"served_on": "2026-03-01"})) is None
    assert not Unmet(left=1)


# Signoffs -----------------------------------------------------------------------------------------


def hand(name: str, view: str = "agree", at: str = "") -> Signed:
    return Signed(an_id(name), an_id(at or name), view)


def organisations(*names: str) -> list[Seat]:
    return [Seat(Capacity.ASSISTING, an_id(name)) for name in names]


COMPLETE = Consultation.sign.complete()
VOTED = Consultation.vote_to_drop.complete()


def test_the_guard_of_a_signoff_is_one_and_bears_its_name():
    assert COMPLETE.key == "sign_complete"
    assert COMPLETE is Consultation.sign.complete()
    assert COMPLETE in Consultation.agree.guards


def test_all_who_hold_the_capacity_sign_each_organisation_once():
    case = FakeCase(seats=organisations("market", "police"))
    assert refused(COMPLETE, case) == "「会签」尚缺 2 份签署，0 份不同意。"

    case.signed["sign"] = [hand("甲", at="market"), hand("乙", at="market")]
    assert refused(COMPLETE, case) == "「会签」尚缺 1 份签署，0 份不同意。"

    case.signed["sign"].append(hand("丙", at="police"))
    assert refused(COMPLETE, case) is None


def test_where_nobody_is_asked_nobody_has_agreed():
    assert refused(COMPLETE, FakeCase()) == "「会签」尚缺 1 份签署，0 份不同意。"


def test_one_objection_stands_against_all_even_if_the_rest_keeps_silent():
    case = FakeCase(seats=organisations("market", "police"))
    case.signed["sign"] = [hand("market", OBJECT)]
    case.clocks["answer_time"] = Clock(NOW - timedelta(days=1))

    assert refused(COMPLETE, case) == "「会签」尚缺 0 份签署，1 份不同意。"


def test_silence_consents_only_once_the_time_is_over():
    case = FakeCase(seats=organisations("market", "police"))
    case.signed["sign"] = [hand("market")]

    assert refused(COMPLETE, case) is not None
    case.clocks["answer_time"] = Clock(NOW + timedelta(days=1))
    assert refused(COMPLETE, case) is not None
    case.clocks["answer_time"] = Clock(NOW - timedelta(days=1))
    assert refused(COMPLETE, case) is None


def test_silence_that_objects_leaves_nobody_waiting_but_counts_against():
    from app.engine.definition import OPEN, Per, Silence

    def signoff(*, unanimous: bool) -> Guard:
        made = Signoff(
            "签署",
            "Sign",
            code="T1",
            sources=OPEN,
            by=[Who(Role.PARTNER_MARKET, Capacity.ASSISTING)],
            per=Per.ORGANISATION,
            silence=Silence("answer_time", consents=False),
            unanimous=unanimous,
        )
        made.name = "sign"
        return made.complete()

    case = FakeCase(seats=organisations("market", "police"))
    case.signed["sign"] = [hand("market")]
    assert refused(signoff(unanimous=False), case) == "「签署」尚缺 1 份签署，0 份不同意。"

    case.clocks["answer_time"] = Clock(NOW - timedelta(days=1))
    assert refused(signoff(unanimous=True), case) == "「签署」尚缺 0 份签署，1 份不同意。"
    assert refused(signoff(unanimous=False), case) is None


def test_a_vote_wants_its_least_number_of_different_persons():
    case = FakeCase()
    assert refused(VOTED, case) == "「表决终止」尚缺 2 份签署，0 份不同意。"

    case.signed["vote_to_drop"] = [hand("甲"), hand("甲", OBJECT)]
    assert refused(VOTED, case) == "「表决终止」尚缺 1 份签署，1 份不同意。"

    case.signed["vote_to_drop"].append(hand("乙", OBJECT))
    assert refused(VOTED, case) is None


def test_persons_asked_by_capacity_each_sign():
    from app.engine.definition import OPEN

    made = Signoff(
        "签署",
        "Sign",
        code="T1",
        sources=OPEN,
        by=[Who(Role.RECHECK_EXPERT, Capacity.EXPERT)],
    )
    made.name = "sign"
    case = FakeCase(
        seats=[Seat(Capacity.EXPERT, an_id("office"), an_id(name)) for name in ("甲", "乙")]
    )
    case.signed["sign"] = [hand("甲")]

    assert refused(made.complete(), case) == "「签署」尚缺 1 份签署，0 份不同意。"
    case.signed["sign"].append(hand("乙"))
    assert refused(made.complete(), case) is None


# Joins --------------------------------------------------------------------------------------------


def test_a_join_waits_until_every_child_stands_where_it_is_awaited():
    [reported] = Operation.collect.guards
    case = FakeCase(kids=[Kid("inspections", "reported"), Kid("inspections", "planned")])

    assert reported.key == "inspections_joined"
    assert refused(reported, case) == "「现场检查」已开启 2 件，尚有 1 件未办结。"
    case.kids[1].state = "filed"
    assert refused(reported, case) is None


def test_a_join_without_states_waits_for_the_end_and_for_a_first_child():
    [ended] = Operation.close.guards
    case = FakeCase(kids=[Kid("preservation", "kept")])

    assert refused(ended, case) == "「现场检查」已开启 0 件，尚有 0 件未办结。"
    case.kids.append(Kid("inspections", "reported"))
    assert refused(ended, case) == "「现场检查」已开启 1 件，尚有 1 件未办结。"
    case.kids[1] = Kid("inspections", "filed", is_final=True)
    assert refused(ended, case) is None


# What words know of themselves --------------------------------------------------------------------


def test_sources_are_resolved_once_whatever_way_they_are_named():
    assert Complaint.register.source_names == frozenset()
    assert Complaint.assess.source_names == {"received"}
    assert Complaint.withdraw.source_names == {"received", "accepted", "drafted"}
    assert Complaint.note.source_names == set(Complaint.states)
    assert Consultation.drop.source_names == {"drafting", "circulating", "agreed"}
    assert [t.name for t in Complaint.open_in("rejected")] == ["note", "reopen"]


def test_a_transition_knows_where_it_leads_and_what_it_is():
    assert [s.name for s in Complaint.assess.destinations] == [
        "accepted",
        "transferred",
        "rejected",
    ]
    assert Complaint.note.destinations == ()
    assert Complaint.note.is_act
    assert Complaint.register.opens
    assert Complaint.opening() is Complaint.register
    assert Complaint.assess.raises_version
    assert not Complaint.note.raises_version
    assert Findings.end_round.raises_version
    assert Hearing.ask.backdatable
    assert Investigation.court_annuls.backdatable
    assert not Complaint.note.backdatable
    assert [who.role for who in Hearing.ask.actors] == [Role.ENTERPRISE, Role.INSPECTOR]


def test_an_act_asks_for_its_inputs_then_the_report_then_what_a_received_act_needs():
    assert [f.name for f in Monthly.submit.all_inputs] == [
        "filled_by",
        "fuel_t",
        "ncv_gj_t",
        "remarks",
        "ledgers",
    ]
    assert [f.name for f in Investigation.court_annuls.all_inputs] == [
        "judged_on",
        "received_number",
        "received_scan",
    ]


def test_a_deadline_knows_the_acts_that_start_it():
    assert [t.name for t in Hearing.summons_time.anchors] == ["summon", "postpone"]
    assert [t.name for t in Hearing.filing_review.anchors] == ["open_matter"]
    assert Hearing.asking.anchors == ()
    assert Hearing.timers == {"lapse"}
    assert AfterDay("found_on", Hearing.open_matter) == Hearing.filing_review.anchor
    assert YearDay("Y-01").codes == ("Y-01",)


def test_rows_begin_in_their_first_status():
    assert Findings.findings.first_status == "found"


@pytest.mark.parametrize("expiry", Expiry)
def test_every_meaning_of_an_end_has_a_name(expiry):
    assert expiry.label.zh
    assert expiry.label.en


def test_every_role_and_capacity_has_a_name_and_every_actor_word_a_meaning():
    assert set(ROLE_LABELS) == set(Role)
    assert set(CAPACITY_LABELS) == set(Capacity)
    assert all(ACTOR_WORDS.values())
    assert Who(Role.AUDITOR).label == Role.AUDITOR.label
    assert Who(Role.SUPERVISOR, Capacity.LEAD).label.en == "Supervisor (lead authority)"


def test_the_fixtures_exercise_every_word_of_the_vocabulary():
    words = {
        type(word).__name__
        for lifecycle in FIXTURES
        for name in dir(lifecycle)
        if not name.startswith("_")
        for word in [getattr(lifecycle, name)]
    }
    kinds = {type(d.anchor).__name__ for f in FIXTURES for d in f.deadlines.values()}
    dues = {type(d.due).__name__ for f in FIXTURES for d in f.deadlines.values()}
    effects = {
        type(e).__name__ for f in FIXTURES for t in f.transitions.values() for e in t.effects
    }
    expiries = {d.expiry for f in FIXTURES for d in f.deadlines.values()}

    assert {"State", "StateSet", "Transition", "Signoff", "Deadline", "Items"} <= words
    assert {"Document", "Report", "Child", "Fact"} <= words
    assert kinds == {"After", "AfterDay", "AfterService", "AfterEnd", "FromParent"}
    assert dues == {"Lasts", "On", "YearDay", "Before", "SameDay", "Earliest"}
    assert effects >= {"Join", "Leave", "Succeed", "Submit", "RaiseClue"}
    assert expiries == set(Expiry)
