"""Preservation, sealing and seizure: tables, every clock, refusals, and what both parents draw from them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.cases.errors import BadInputs, NotPermitted, TransitionRefused
from app.cases.sight import id_for
from app.documents.catalogue import form_named
from app.engine.actors import Capacity
from app.engine.definition import Expiry, Lasts
from app.law.terms import shipped_law
from app.workflows.joint_enforcement import JointEnforcement
from app.workflows.measure import Measure
from app.workflows.penalty_inputs import MEASURE_KIND, THINGS, URGENT
from app.workflows.penalty_procedure import PenaltyProcedure
from tests.documents.conftest import Papers
from tests.documents.samples import samples
from tests.town import Matter, Town, day, instant, registered
from tests.workflows.procedure import (
    SCAN,
    Operation,
    Procedure,
    Service,
    a_case,
    assemble,
    certify,
    moment,
)
from tests.workflows.test_joint_enforcement import entered


@pytest.fixture(scope="module", autouse=True)
def lifecycles():
    with registered(Operation, Service):
        yield


@pytest.fixture(autouse=True)
def people(request):
    if "town" in request.fixturenames:
        assemble(request.getfixturevalue("town"))


# The tables ---------------------------------------------------------------------------------------

STATES = {
    "proposed": "待批准", "approved": "待实施", "in_force": "措施实施中", "overdue": "措施已终止，待办解除手续",
    "released": "已解除", "refused": "不予批准",
}  # fmt: skip
APPROVAL, RECORD = "案件处理内部审批表", "现场检查（勘察）笔录"
ACTS = {
    "begin": ("M01", "", "proposed", ""),
    "approve": ("M02", "proposed", "approved", APPROVAL),
    "refuse": ("M02a", "proposed", "refused", APPROVAL),
    "keep": ("M03", "approved", "in_force", "先行登记保存证据通知书"),
    "keep_at_once": ("M03a", "proposed", "in_force", "先行登记保存证据通知书"),
    "seize": ("M04", "approved", "in_force", f"查封/扣押决定书 {RECORD}"),
    "seize_at_once": ("M04a", "proposed", "in_force", f"查封/扣押决定书 {RECORD}"),
    "approve_afterwards": ("M05", "in_force", "", APPROVAL),
    "disapprove": ("M05a", "in_force", "overdue", APPROVAL),
    "extend": ("M06", "in_force", "", "查封/扣押延期决定书"),
    "send_for_testing": ("M07", "in_force", "", ""),
    "take_back_from_testing": ("M07a", "in_force", "", ""),
    "lapse_preservation": ("M08", "in_force", "overdue", ""),
    "lapse_seizure": ("M08a", "in_force", "overdue", ""),
    "release_kept": ("M09", "in_force overdue", "released", "解除先行登记保存证据通知书"),
    "release_seized": ("M09a", "in_force overdue", "released", "解除查封/扣押决定书"),
    "give_up": ("M10", "proposed approved", "refused", ""),
}
"""Code, from, to and documents of every act."""
TERMS = {
    "preservation": ("7 wd", Expiry.AUTO_RELEASE, "L-7"),
    "seizure": ("30 cd", Expiry.AUTO_RELEASE, "L-15"),
    "preservation_approval": ("24 h", Expiry.AUTHORITY_BREACH, "L-H"),
    "seizure_approval": ("24 h", Expiry.AUTHORITY_BREACH, "L-H"),
}
"""Domain 7.1, steps 6 and 7."""


def test_every_state_has_its_name_and_two_of_them_end_it():
    assert {name: state.zh for name, state in Measure.states.items()} == STATES
    assert {n for n, state in Measure.states.items() if state.final} == {"released", "refused"}


def test_every_act_has_its_code_leads_where_the_table_says_and_makes_its_papers():
    assert {
        name: (
            act.code,
            " ".join(state for state in Measure.states if state in act.source_names),
            " ".join(to.name for to in act.destinations),
            " ".join(document.zh for document in act.documents),
        )
        for name, act in Measure.transitions.items()
    } == ACTS


def test_only_terms_of_the_law_are_counted_and_each_is_as_long_as_it_says():
    law, told = shipped_law(), {}
    for name, deadline in Measure.deadlines.items():
        assert isinstance(deadline.due, Lasts)
        term = law.term(deadline.due.term, day("06-03"))
        assert str(term.mark) == "S"
        told[name] = (f"{term.length} {term.unit}", deadline.expiry, deadline.ladder)
    assert told == TERMS
    assert {n: len(d.extensions) for n, d in Measure.deadlines.items() if d.extensions} == {"seizure": 1}  # fmt: skip
    [stage] = Measure.deadlines["seizure"].extensions
    term = law.term(stage.term, day("06-03"))
    assert (term.length, str(term.unit), str(term.mark)) == (30, "cd", "S")


def test_nothing_but_testing_stops_a_clock_and_only_that_of_a_seizure():
    stopped = {n: [e.kind for e in d.excluded_by] for n, d in Measure.deadlines.items() if d.excluded_by}  # fmt: skip
    assert stopped == {"seizure": ["testing"]}


def test_it_opens_with_what_both_parents_give():
    assert tuple(Measure.opening().inputs) == (MEASURE_KIND, URGENT, THINGS)
    for parent, link in ((PenaltyProcedure, "measures"), (JointEnforcement, "preservation")):
        child = parent.children[link]
        assert {*child.inputs, *child.given} == {"kind", "urgent", "things"}


# Playing ------------------------------------------------------------------------------------------

AROUND = pytest.mark.parametrize("days", [-1, 0, 1], ids=["before", "on", "after"])
EITHER = pytest.mark.parametrize("kind", ["preservation", "seizure"])
ON = "06-02"
TAKES = {"preservation": "keep", "seizure": "seize"}
RELEASES = {"preservation": "release_kept", "seizure": "release_seized"}


def shifted(last: str, days: int) -> str:
    return str(day(last) + timedelta(days))


def refused(matter: Matter, trigger: str, who: str, typed: Any = None, *, at: str) -> str:
    """The English sentences by which an act is refused."""
    with pytest.raises((TransitionRefused, NotPermitted, BadInputs)) as refusal:
        matter.fire(trigger, who, typed, at=at)
    return refusal.value.label.en


def proposed(
    town: Town, kind: str, *, urgent: bool = False, on: str = ON
) -> tuple[Procedure, Matter]:
    """A penalty case under investigation, and the measure proposed in it."""
    case = a_case(town, on="06-01", ended="05-10").file("06-01")
    typed = {"kind": kind, "urgent": urgent, "things": "煤样三份、化验原始记录一册"}
    case.do("take_measure", "inspector", typed, on=f"{on} 08:00")
    return case, case.children("measures")[-1]


def officers(town: Town, *logins: str) -> list[str]:
    return [town.cast.id_of(one) for one in logins or ("inspector", "inspector2")]


def taking(town: Town, on: str, *logins: str) -> dict[str, Any]:
    return {
        "officers": officers(town, *logins), "rights_told": True, "taken_on": day(on), "place": "化验室",
        "listed": "煤样三份，封存完好", "party_present": "马学军", "scene": SCAN,
    }  # fmt: skip


def handling(town: Town, on: str, *logins: str, how: str = "returned") -> dict[str, Any]:
    return {
        "officers": officers(town, *logins), "released_on": day(on), "handling": how, "handling_note": "当场退还",
    }  # fmt: skip


def taken(town: Town, kind: str, on: str = ON, at: str = "") -> tuple[Procedure, Matter]:
    """A measure approved and taken, ``on`` a day, entered ``at``."""
    case, track = proposed(town, kind)
    track.fire("approve", "leader", at=f"{ON} 09:00")
    track.fire(TAKES[kind], "inspector", taking(town, on), at=f"{at or on} 10:00")
    return case, track


def taken_at_once(town: Town, kind: str, on: str = f"{ON} 10:00") -> tuple[Procedure, Matter]:
    """An urgent measure taken before it was approved."""
    case, track = proposed(town, kind, urgent=True)
    track.fire(f"{TAKES[kind]}_at_once", "inspector", taking(town, ON), at=on)
    return case, track


TESTING = {"body": "示例检测中心", "items": "煤样发热量", "time_told": True}


# The ways through ---------------------------------------------------------------------------------


@EITHER
def test_the_leader_approves_two_officers_take_it_and_release_it(town, kind):
    case, track = taken(town, kind)
    assert (track.state, track.running()) == ("in_force", [kind])
    track.fire(RELEASES[kind], "inspector", handling(town, "06-05"), at="06-05")
    assert (track.state, track.running()) == ("released", [])
    assert track.row.facts["released_on"] == "2026-06-05"
    assert not track.clock(kind).met_late
    assert [*track.faults(), *case.faults()] == []


@EITHER
def test_an_urgent_one_is_taken_first_and_approved_within_a_day(town, kind):
    case, track = taken_at_once(town, kind)
    approval = f"{kind}_approval"
    assert (track.state, track.running()) == ("in_force", [kind, approval])
    track.fire("approve_afterwards", "leader", at="06-03 09:00")
    assert (track.state, track.running(), track.clock(approval).met_late) == ("in_force", [kind], False)  # fmt: skip
    said = refused(track, "approve_afterwards", "leader", at="06-03 10:00")
    assert said == "No approval is waiting to be made up for."
    assert [*track.faults(), *case.faults()] == []


@EITHER
def test_an_urgent_one_that_is_not_approved_afterwards_is_released_at_once(town, kind):
    _case, track = taken_at_once(town, kind)
    track.fire("disapprove", "leader", {"reasons": "不符合紧急情形"}, at="06-03 09:00")
    assert (track.state, track.running()) == ("overdue", [])
    track.fire(RELEASES[kind], "inspector", handling(town, "06-03"), at="06-03 10:00")
    assert (track.state, track.faults()) == ("released", [])


@EITHER
def test_the_leader_refuses_what_is_proposed(town, kind):
    case, track = proposed(town, kind)
    track.fire("refuse", "leader", {"reasons": "可以复制取证"}, at=f"{ON} 09:00")
    assert (track.state, track.running(), track.faults(), case.state) == (
        "refused",
        [],
        [],
        "investigating",
    )


@pytest.mark.parametrize("approved", [False, True])
def test_the_officers_give_up_what_has_not_been_taken(town, approved):
    _case, track = proposed(town, "seizure")
    if approved:
        track.fire("approve", "leader", at=f"{ON} 09:00")
    track.fire("give_up", "inspector", {"reasons": "已取得复制件"}, at=f"{ON} 10:00")
    assert (track.state, track.faults()) == ("refused", [])


@EITHER
def test_its_notice_or_decision_is_sealed_by_the_officers_who_took_it(town, kind):
    _case, track = taken(town, kind)
    name = {"preservation": "preservation_notice", "seizure": "seizure_decision"}[kind]
    papers = Papers(town, track.id)
    papers.seal(name, samples(form_named(name, day(ON))), "inspector", at=moment(ON))
    assert papers.document(name).sealed_at is not None


def test_the_party_does_not_read_the_track(town):
    _case, track = taken(town, "seizure")
    with town.database.read() as session:
        assert session.scalar(id_for(town.cast.unit_person("redian"), track.id)) is None
    assert track.seats(Capacity.PARTY) == set()


# The periods --------------------------------------------------------------------------------------


@AROUND
def test_after_seven_working_days_a_preservation_ends_by_itself(town, days):
    _case, track = taken(town, "preservation")
    assert track.due("preservation") == day("06-11")
    on = shifted("06-11", days)
    town.tick(f"{on} 00:00")
    if days <= 0:
        assert track.state == "in_force"
        track.fire("release_kept", "inspector", handling(town, on), at=on)
        assert (track.state, track.clock("preservation").met_late) == ("released", False)
        return
    assert (track.state, track.acts()[-1]) == ("overdue", "lapse_preservation")
    assert track.clock("preservation").expired_at is not None
    track.fire("release_kept", "inspector", handling(town, on), at=on)
    assert (track.state, track.running(), track.faults()) == ("released", [], [])


@AROUND
def test_after_thirty_days_a_seizure_ends_by_itself(town, days):
    _case, track = taken(town, "seizure")
    assert track.due("seizure") == day("07-02")
    on = shifted("07-02", days)
    town.tick(f"{on} 00:00")
    if days <= 0:
        assert track.state == "in_force"
        track.fire("release_seized", "inspector", handling(town, on), at=on)
        assert (track.state, track.clock("seizure").met_late) == ("released", False)
        return
    assert (track.state, track.acts()[-1]) == ("overdue", "lapse_seizure")
    track.fire("release_seized", "inspector", handling(town, on), at=on)
    assert (track.state, track.running(), track.faults()) == ("released", [], [])


@AROUND
def test_a_seizure_is_extended_before_its_end_and_once_only(town, days):
    _case, track = taken(town, "seizure")
    on = shifted("07-02", days)
    typed = {"reasons": "案情复杂", "told_on": day(on)}
    if days > 0:
        said = refused(track, "extend", "leader", typed, at=f"{on} 00:00")
        assert said == "A period is extended before its end only."
        return
    assert refused(track, "extend", "inspector", typed, at=on).startswith("Reserved to:")
    track.fire("extend", "leader", typed, at=on)
    assert track.due("seizure") == day("08-03"), "08-01 is a Saturday"
    said = refused(track, "extend", "leader", typed, at=on)
    assert said == "No further extension is left."


@AROUND
def test_an_extended_seizure_ends_by_itself_thirty_days_later(town, days):
    _case, track = taken(town, "seizure", "06-03")
    track.fire("extend", "leader", {"reasons": "案情复杂", "told_on": day("06-20")}, at="06-20")
    assert track.due("seizure") == day("08-03"), "08-02 is a Sunday"
    town.tick(f"{shifted('08-03', days)} 00:00")
    assert track.state == ("overdue" if days > 0 else "in_force")
    assert track.faults() == []


@AROUND
def test_time_for_testing_does_not_count(town, days):
    _case, track = taken(town, "seizure")
    track.fire("send_for_testing", "inspector", TESTING, at="06-08")
    town.tick("07-20 00:00")
    assert track.state == "in_force", "nothing ends while it is tested"
    result = {"result": "低位发热量 18.2 GJ/t"}
    track.fire("take_back_from_testing", "inspector", result, at="07-20")
    # 30 days from 06-02, and 42 from 06-09 to 07-20 that do not count.
    assert track.due("seizure") == day("08-13")
    town.tick(f"{shifted('08-13', days)} 00:00")
    assert track.state == ("overdue" if days > 0 else "in_force")
    assert track.faults() == []


@EITHER
@AROUND
def test_the_paper_of_an_urgent_measure_is_due_in_twenty_four_hours(town, kind, days):
    _case, track = taken_at_once(town, kind, f"{ON} 17:30")
    approval = f"{kind}_approval"
    assert track.clock(approval).due_at == instant("06-03 17:30")
    at = instant("06-03 17:30") + timedelta(seconds=days)
    town.tick(at)
    assert (track.clock(approval).expired_at is not None) == (days > 0)
    assert track.state == "in_force", "nothing moves: the breach is the authority's"
    track.fire("approve_afterwards", "leader", at=at)
    assert track.clock(approval).met_late == (days > 0)
    assert track.faults() == []


def test_the_twenty_four_hours_run_over_days_of_rest(town):
    case = a_case(town, on="06-01", ended="05-10").file("06-01")
    typed = {"kind": "seizure", "urgent": True, "things": "化验原始记录"}
    case.do("take_measure", "inspector", typed, on="06-05 16:00")
    [track] = case.children("measures")
    track.fire("seize_at_once", "inspector", taking(town, "06-05"), at="06-05 17:00")
    assert track.clock("seizure_approval").due_at == instant("06-06 17:00"), "a Saturday"


@EITHER
def test_a_measure_counts_from_the_day_it_was_taken_however_late_it_is_entered(town, kind):
    _case, track = taken(town, kind, ON, at="06-05")
    assert track.due(kind) == day({"preservation": "06-11", "seizure": "07-02"}[kind])


# Refusals -----------------------------------------------------------------------------------------


@EITHER
def test_what_is_not_urgent_waits_for_the_leader(town, kind):
    _case, track = proposed(town, kind)
    act = f"{TAKES[kind]}_at_once"
    said = refused(track, act, "inspector", taking(town, ON), at=f"{ON} 10:00")
    assert said == "It was not reported as urgent: the head approves first."
    with pytest.raises(TransitionRefused):
        track.fire(TAKES[kind], "inspector", taking(town, ON), at=f"{ON} 10:00")
    assert track.state == "proposed"


def test_each_kind_has_acts_of_its_own(town):
    not_kept = "This measure is no preservation of evidence."
    not_seized = "This measure is no sealing or seizure."
    _case, kept = taken(town, "preservation")
    extension = {"reasons": "需要", "told_on": day("06-03")}
    assert not_seized in refused(kept, "extend", "leader", extension, at="06-03")
    assert refused(kept, "send_for_testing", "inspector", TESTING, at="06-03") == not_seized
    release = handling(town, "06-03")
    assert refused(kept, "release_seized", "inspector", release, at="06-03") == not_seized
    _case, seized = taken(town, "seizure")
    assert refused(seized, "release_kept", "inspector", release, at="06-03") == not_kept


@EITHER
def test_neither_kind_is_taken_as_the_other(town, kind):
    other = {"preservation": "seizure", "seizure": "preservation"}[kind]
    wanted = {
        "preservation": "This measure is no sealing or seizure.",
        "seizure": "This measure is no preservation of evidence.",
    }[kind]
    _case, track = proposed(town, kind, urgent=True)
    typed = taking(town, ON)
    assert refused(track, f"{TAKES[other]}_at_once", "inspector", typed, at=f"{ON} 10:00") == wanted
    track.fire("approve", "leader", at=f"{ON} 11:00")
    assert refused(track, TAKES[other], "inspector", typed, at=f"{ON} 12:00") == wanted


@pytest.mark.parametrize(
    "act",
    ["keep", "keep_at_once", "seize", "seize_at_once", "release_kept", "release_seized"],
)
def test_two_officers_with_certificates_take_and_release(town, act):
    kind = "preservation" if act in {"keep", "keep_at_once", "release_kept"} else "seizure"
    typed = handling if act.startswith("release") else taking
    if act.startswith("release"):
        _case, track = taken(town, kind)
    else:
        _case, track = proposed(town, kind, urgent=True)
    if act in TAKES.values():
        track.fire("approve", "leader", at=f"{ON} 09:00")
    at = f"{ON} 11:00"
    said = refused(track, act, "inspector", typed(town, ON, "inspector"), at=at)
    assert said == (
        "At least 2 officers with certificates valid on the day are wanted: 1 named, 0 without (V-2)."
    )
    certify(town, "inspector2", None)
    try:
        said = refused(track, act, "inspector", typed(town, ON), at=at)
    finally:
        certify(town, "inspector2", "640500-002")
    assert said == (
        "At least 2 officers with certificates valid on the day are wanted: 2 named, 1 without (V-2)."
    )
    track.fire(act, "inspector", typed(town, ON), at=at)


def test_the_rights_of_the_party_are_told(town):
    _case, track = proposed(town, "preservation", urgent=True)
    with pytest.raises(BadInputs):
        track.fire("keep_at_once", "inspector", taking(town, ON) | {"rights_told": False}, at=f"{ON} 10:00")  # fmt: skip


@EITHER
@pytest.mark.parametrize("act", ["approve_afterwards", "disapprove"])
def test_nothing_is_made_up_for_where_it_was_approved_before(town, kind, act):
    _case, track = taken(town, kind)
    typed = {"reasons": "无"} if act == "disapprove" else {}
    said = refused(track, act, "leader", typed, at=f"{ON} 11:00")
    assert said == "No approval is waiting to be made up for."


def test_one_test_at_a_time_and_none_is_out_at_the_release(town):
    _case, track = taken(town, "seizure")
    result = {"result": "合格"}
    said = refused(track, "take_back_from_testing", "inspector", result, at="06-03")
    assert said == "Nothing is out for testing."
    with pytest.raises(BadInputs):
        track.fire("send_for_testing", "inspector", TESTING | {"time_told": False}, at="06-03")
    track.fire("send_for_testing", "inspector", TESTING, at="06-03")
    for act, typed in (("send_for_testing", TESTING), ("release_seized", handling(town, "06-04"))):
        said = refused(track, act, "inspector", typed, at="06-04")
        assert said == "Something is being tested already."
    track.fire("take_back_from_testing", "inspector", result, at="06-05")
    track.fire("release_seized", "inspector", handling(town, "06-05"), at="06-05")
    assert (track.state, track.faults()) == ("released", [])


@EITHER
@AROUND
def test_nothing_is_released_before_it_was_taken(town, kind, days):
    _case, track = taken(town, kind, "06-03")
    on = shifted("06-03", days)
    if days < 0:
        said = refused(track, RELEASES[kind], "inspector", handling(town, on), at="06-05")
        assert said == "It cannot have been released before it was taken (2026-06-03)."
        return
    track.fire(RELEASES[kind], "inspector", handling(town, on), at="06-05")
    assert track.row.facts["released_on"] == on


def test_evidence_may_be_seized_next_and_a_seizure_is_not_renewed_by_another(town):
    _case, kept = taken(town, "preservation")
    kept.fire("release_kept", "inspector", handling(town, "06-03", how="seized"), at="06-03")
    assert (kept.state, kept.row.facts["handling"]) == ("released", "seized")
    _case, seized = taken(town, "seizure")
    with pytest.raises(BadInputs):
        seized.fire("release_seized", "inspector", handling(town, "06-03", how="seized"), at="06-03")  # fmt: skip


@pytest.mark.parametrize("who", ["inspector", "supervisor", "legal", "market", "unit-redian"])
def test_nobody_but_the_leader_approves(town, who):
    _case, track = proposed(town, "seizure")
    with pytest.raises(NotPermitted):
        track.fire("approve", who, at=f"{ON} 09:00")


@pytest.mark.parametrize("who", ["leader", "supervisor", "market", "unit-redian"])
def test_nobody_but_the_officers_takes_it(town, who):
    _case, track = proposed(town, "seizure", urgent=True)
    with pytest.raises(NotPermitted):
        track.fire("seize_at_once", who, taking(town, ON), at=f"{ON} 10:00")


# What its parents draw from it --------------------------------------------------------------------


def test_a_case_is_not_withdrawn_while_something_is_held(town):
    case, track = taken(town, "seizure")
    typed = {"lost_condition": "evidence", "reasons": "证据不足"}
    said = refused(case, "withdraw_filing", "leader", typed, at="06-03")
    assert said == "1 side matters have not ended."
    track.fire("release_seized", "inspector", handling(town, "06-03"), at="06-03")
    case.do("withdraw_filing", "leader", typed, on="06-04")
    assert (case.state, case.faults()) == ("closed", [])


@EITHER
def test_nothing_is_decided_while_something_held_too_long_is_not_released(town, kind):
    case, track = taken(town, kind)
    case.inspect(ON).submit(ON).pass_review(ON).notify(ON).waive(ON).pass_legal(ON)
    after = {"preservation": "06-12", "seizure": "07-03"}[kind]
    town.tick(f"{after} 00:00")
    assert track.state == "overdue"
    said = refused(case, "decide_penalty", "leader", case.decision(), at=after)
    assert said.endswith("(V-13).")
    track.fire(RELEASES[kind], "inspector", handling(town, after), at=after)
    case.decide(after)
    assert (case.state, case.faults()) == ("decided", [])


def test_an_operation_preserves_evidence_on_the_site(town):
    matter = entered(town)
    typed = {"urgent": True, "things": "煤样三份"}
    matter.fire("preserve_evidence", "inspector", typed, at="03-12 10:00")
    [track] = matter.children("preservation")
    assert (track.state, track.row.facts["kind"]) == ("proposed", "preservation")
    track.fire("keep_at_once", "inspector", taking(town, "03-12"), at="03-12 10:30")
    track.fire("approve_afterwards", "leader", at="03-13 09:00")
    track.fire("release_kept", "inspector", handling(town, "03-16", how="fixed"), at="03-16")
    assert track.row.facts["handling"] == "fixed"
    assert [track.state, *track.faults(), *matter.faults()] == ["released"]
