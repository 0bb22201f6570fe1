"""One answer to "may I?": who, where, on which row, and why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.actors import (
    AUTHORITY_ROLES,
    INSPECTOR,
    LEADER,
    PARTNER_MARKET,
    SUPERVISOR,
    SYSTEM,
    SYSTEM_ACTOR,
    UNIT,
    Actor,
    Capacity,
    Role,
)
from app.engine.definition import Branch, Lifecycle, Signoff, Take, Transition
from app.engine.permission import (
    Refusal,
    Why,
    destination,
    opening_refusals,
    refusals,
    reserved_to,
    stands_for,
)
from tests.engine.fakes import (
    NOW,
    Clock,
    FakeCase,
    Row,
    Seat,
    Signed,
    an_id,
    attempt,
    person,
    seated,
    who_may,
)
from tests.lifecycles import FIXTURES
from tests.lifecycles.complaint import Complaint
from tests.lifecycles.consultation import Consultation
from tests.lifecycles.findings import Findings
from tests.lifecycles.hearing import Hearing
from tests.lifecycles.investigation import Investigation

ACTS = [
    (lifecycle, transition)
    for lifecycle in FIXTURES
    for transition in lifecycle.transitions.values()
    if not transition.opens
]


def sentences(found: list[Refusal]) -> list[tuple[Why, str]]:
    return [(refusal.why, refusal.label.zh) for refusal in found]


def asked(
    lifecycle: type[Lifecycle],
    transition: Transition,
    case: FakeCase,
    actor: Actor,
    *,
    row: Row | None = None,
    inputs: dict[str, object] | None = None,
) -> list[tuple[Why, str]]:
    with_inputs = inputs is not None
    tried = attempt(case, actor, item=row, inputs=inputs)
    return sentences(refusals(lifecycle, transition, tried, with_inputs=with_inputs))


# Who ----------------------------------------------------------------------------------------------


@given(
    act=st.sampled_from(ACTS),
    roles=st.frozensets(st.sampled_from(Role), min_size=1, max_size=3),
    capacities=st.frozensets(st.sampled_from(Capacity), max_size=3),
    index=st.integers(0, 30),
)
def test_whoever_holds_neither_role_nor_capacity_is_told_only_that(act, roles, capacities, index):
    lifecycle, transition = act
    actor = person(*roles)
    states = list(lifecycle.states)
    case = FakeCase(state=states[index % len(states)], seats=seated(actor, *capacities))
    may = any(
        who.role in roles and (who.capacity is None or who.capacity in capacities)
        for who in transition.actors
    )

    found = refusals(lifecycle, transition, attempt(case, actor), with_inputs=False)

    if may:
        assert all(refusal.why is not Why.NOT_YOU for refusal in found if not transition.extends)
    else:
        assert [refusal.why for refusal in found] == [Why.NOT_YOU]
        assert found[0].label == reserved_to(transition.actors)


@given(act=st.sampled_from(ACTS), index=st.integers(0, 30))
def test_whoever_may_is_refused_in_a_state_where_the_act_is_not_open(act, index):
    lifecycle, transition = act
    actor, seats = who_may(transition)
    states = list(lifecycle.states)
    case = FakeCase(state=states[index % len(states)], seats=seats)

    found = refusals(lifecycle, transition, attempt(case, actor), with_inputs=False)

    state = lifecycle.states[case.state].label
    elsewhere = Refusal(
        Why.NOT_NOW,
        replace(
            state, zh=f"当前环节「{state.zh}」不能办理。", en=f"Not possible while “{state.en}”."
        ),
    )
    assert (elsewhere in found) == (case.state not in transition.source_names)


@pytest.mark.parametrize(
    ("by", "zh", "en"),
    [
        ([LEADER], "须由局领导（主办机关）办理。", "Reserved to: Bureau leader (lead authority)."),
        (
            [UNIT, SYSTEM, UNIT],
            "须由重点排放单位（报告单位）办理。",
            "Reserved to: Key emitting unit (reporting unit).",
        ),
        ([SYSTEM], "须由系统办理。", "Reserved to: System."),
    ],
)
def test_a_refusal_names_people_before_the_system(by, zh, en):
    assert (reserved_to(by).zh, reserved_to(by).en) == (zh, en)


def test_who_records_the_paper_is_named_among_those_who_may():
    stranger = person(Role.AUDITOR)

    assert asked(Hearing, Hearing.ask, FakeCase(state="told"), stranger) == [
        (Why.NOT_YOU, "须由重点排放单位（报告单位）、执法人员（主办机关）办理。")
    ]


def test_who_may_only_record_the_paper_may_do_the_act():
    clerk = person(Role.INSPECTOR)
    case = FakeCase(state="told", seats=seated(clerk, Capacity.LEAD))

    assert asked(Hearing, Hearing.ask, case, clerk) == []


def test_no_guard_is_asked_for_a_stranger():
    """A guard may read what a stranger's case does not hold: it is never reached."""
    decider = person(Role.VERIFIER)

    found = asked(Investigation, Investigation.decide, FakeCase(state="reported"), decider)

    assert [why for why, _ in found] == [Why.NOT_YOU]


def test_a_person_stands_for_the_first_role_that_fits():
    actor = person(Role.INSPECTOR, Role.SUPERVISOR)

    assert stands_for(actor, frozenset({Capacity.LEAD}), [SUPERVISOR, INSPECTOR]) is Role.SUPERVISOR
    assert stands_for(actor, frozenset(), [SUPERVISOR, INSPECTOR]) is None
    assert stands_for(SYSTEM_ACTOR, frozenset(), [SYSTEM]) is Role.SYSTEM


@pytest.mark.parametrize("role", Role)
def test_the_authority_is_who_works_for_it(role):
    assert person(role).is_authority == (role in AUTHORITY_ROLES)


# When, and why not --------------------------------------------------------------------------------


def test_guards_that_read_inputs_are_asked_only_once_they_are_there():
    supervisor = person(Role.SUPERVISOR)
    case = FakeCase(state="accepted", seats=seated(supervisor, Capacity.LEAD))

    assert asked(Complaint, Complaint.assess, case, supervisor) == [
        (Why.NOT_NOW, "当前环节「已受理」不能办理。")
    ]


def test_every_reason_is_told_at_once():
    inspector = person(Role.INSPECTOR)
    case = FakeCase(
        state="reported",
        seats=seated(inspector, Capacity.INVESTIGATOR),
        facts={"tests_sent": 1, "tests_back": 0},
    )

    assert asked(Investigation, Investigation.report, case, inspector) == [
        (Why.NOT_NOW, "当前环节「已提交调查报告」不能办理。"),
        (Why.NOT_NOW, "鉴定尚未结束。"),
    ]


def test_the_secret_reason_is_told_to_the_authority_alone():
    leader = person(Role.BUREAU_LEADER)
    case = FakeCase(
        state="reported",
        seats=seated(leader, Capacity.LEAD),
        done={(leader.person_id, "report")},
    )

    found = refusals(Investigation, Investigation.decide, attempt(case, leader), with_inputs=True)

    assert sentences(found) == [(Why.NOT_NOW, "承办人不得决定自己调查的案件。")]
    assert [citation.article for citation in found[0].basis] == ["57"]


def test_an_input_that_breaks_a_rule_is_not_like_that():
    from app.engine.definition import OPEN, guard

    @guard("金额过高。", "Too much.", reads_inputs=True, restricted=None)
    def is_modest(tried: object) -> bool:
        return False

    fine = Transition("罚", "Fine", code="T", sources=OPEN, by=[LEADER], guards=[is_modest])
    fine.source_names = frozenset(Complaint.states)
    leader = person(Role.BUREAU_LEADER)
    case = FakeCase(state="accepted", seats=seated(leader, Capacity.LEAD))

    assert asked(Complaint, fine, case, leader) == []
    assert asked(Complaint, fine, case, leader, inputs={}) == [(Why.NOT_LIKE_THAT, "金额过高。")]


def test_opening_asks_for_the_seat_and_the_guards():
    inspector = person(Role.INSPECTOR)
    seat = seated(inspector, Capacity.LEAD)

    may = attempt(FakeCase(state="received", seats=seat), inspector)
    may_not = attempt(FakeCase(state="received"), inspector)

    assert opening_refusals(Complaint.register, may, with_inputs=True) == []
    assert sentences(opening_refusals(Complaint.register, may_not, with_inputs=True)) == [
        (Why.NOT_YOU, "须由执法人员（主办机关）办理。")
    ]


# Rows ---------------------------------------------------------------------------------------------


def judge_of(*rows: Row) -> tuple[FakeCase, Actor]:
    inspector = person(Role.INSPECTOR)
    seats = seated(inspector, Capacity.LEAD)
    return FakeCase(state="answering", rows=list(rows), seats=seats), inspector


def test_a_menu_offers_an_act_on_rows_only_where_there_is_one():
    case, inspector = judge_of(Row("findings", 1, "issued"), Row("others", 1, "answered"))

    assert asked(Findings, Findings.judge, case, inspector) == [(Why.NOT_NOW, "没有可办理的问题。")]
    case.rows.append(Row("findings", 2, "answered"))
    assert asked(Findings, Findings.judge, case, inspector) == []


def test_an_act_on_a_row_names_the_row():
    case, inspector = judge_of(Row("findings", 1, "answered"))

    assert asked(Findings, Findings.judge, case, inspector, inputs={"verdict": "pass"}) == [
        (Why.NOT_LIKE_THAT, "请指明条目。")
    ]


@pytest.mark.parametrize("status", Findings.findings.statuses)
def test_a_row_is_taken_only_from_the_status_it_must_have(status):
    row = Row("findings", 1, status)
    case, inspector = judge_of(row)

    found = asked(Findings, Findings.judge, case, inspector, row=row, inputs={"verdict": "pass"})

    word = Findings.findings.statuses[status].zh
    assert found == ([] if status == "answered" else [(Why.NOT_NOW, f"该条目已是「{word}」。")])


def test_a_row_of_another_table_is_refused_even_if_its_status_is_called_the_same():
    row = Row("others", 1, "answered")
    case, inspector = judge_of(row)

    assert asked(Findings, Findings.judge, case, inspector, row=row, inputs={}) == [
        (Why.NOT_LIKE_THAT, "该条目不是问题。")
    ]


# Signing ------------------------------------------------------------------------------------------


def partner(name: str, at: str) -> tuple[Actor, Seat]:
    actor = person(Role.PARTNER_MARKET, name=name, at=at)
    return actor, Seat(Capacity.ASSISTING, actor.organisation_id)


def test_an_organisation_signs_once_whoever_of_it_signs():
    first, seat = partner("甲", "market bureau")
    second, _ = partner("乙", "market bureau")
    third, other = partner("丙", "another bureau")
    case = FakeCase(
        state="circulating",
        seats=[seat, other],
        signed={"sign": [Signed(first.person_id, first.organisation_id)]},
    )

    again = [(Why.NOT_NOW, "本轮已签署，不能重复签署。")]
    assert asked(Consultation, Consultation.sign, case, first) == again
    assert asked(Consultation, Consultation.sign, case, second) == again
    assert asked(Consultation, Consultation.sign, case, third) == []


def test_a_person_signs_once_for_themselves():
    first, second = person(Role.SUPERVISOR, name="甲"), person(Role.SUPERVISOR, name="乙")
    case = FakeCase(
        state="agreed",
        seats=seated(first, Capacity.LEAD),
        signed={"vote_to_drop": [Signed(first.person_id, first.organisation_id)]},
    )

    assert asked(Consultation, Consultation.vote_to_drop, case, second) == []
    assert asked(Consultation, Consultation.vote_to_drop, case, first) == [
        (Why.NOT_NOW, "本轮已签署，不能重复签署。")
    ]


# Extending ----------------------------------------------------------------------------------------

DAY = timedelta(days=1)


def extending(clock: Clock | None, by: str) -> list[tuple[Why, str]]:
    leader = person(Role.BUREAU_LEADER)
    case = FakeCase(
        state="investigating",
        seats=seated(leader, Capacity.LEAD, Capacity.DISCUSSANT),
        clocks={"decision": clock} if clock else {},
    )
    if by == "extend_by_leader":
        case.seats = seated(leader, Capacity.LEAD)
    return asked(Investigation, Investigation.transitions[by], case, leader)


def test_a_period_is_extended_before_its_end_only():
    late = [(Why.NOT_NOW, "延期须在期限届满前批准。")]

    assert extending(Clock(NOW + DAY), "extend_by_leader") == []
    assert extending(Clock(NOW - DAY), "extend_by_leader") == late
    assert extending(Clock(NOW + DAY, met=True), "extend_by_leader") == late
    assert extending(None, "extend_by_leader") == late


def test_each_stage_is_granted_by_whoever_may_and_none_is_left_after_the_last():
    assert extending(Clock(NOW + DAY, extensions=1), "extend_by_leader") == [
        (Why.NOT_YOU, "须由局领导（集体讨论成员）办理。")
    ]
    assert extending(Clock(NOW + DAY, extensions=1), "extend_by_discussion") == []
    assert extending(Clock(NOW + DAY, extensions=2), "extend_by_discussion") == [
        (Why.NOT_NOW, "已无可用的延期。")
    ]


# Where to -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "state"), [("ours", "accepted"), ("another", "transferred"), ("nobody", "rejected")]
)
def test_the_first_branch_whose_guard_holds_is_taken(chosen, state):
    supervisor = person(Role.SUPERVISOR)
    tried = attempt(FakeCase(state="received"), supervisor, inputs={"jurisdiction": chosen})

    to = destination(Complaint.assess, tried)

    assert to is not None
    assert to.name == state


def test_an_act_leads_nowhere_and_a_transition_to_its_one_state():
    tried = attempt(FakeCase(state="drafted"), person(Role.SUPERVISOR))

    assert destination(Complaint.note, tried) is None
    assert destination(Complaint.answer_it, tried) is Complaint.answered


def test_branches_of_which_none_holds_are_a_mistake_of_ours():
    guarded = Complaint.assess.to
    assert isinstance(guarded, tuple)
    only = Transition(
        "去", "Go", code="T", sources=(), to=[Branch(guarded[0].guard, guarded[0].to)]
    )
    only.name = "go"
    tried = attempt(FakeCase(state="received"), person(), inputs={"jurisdiction": "nobody"})

    with pytest.raises(LookupError, match="go"):
        destination(only, tried)


def test_somebody_may_do_every_act_somewhere():
    """Deny by default shuts no act out for good: each has an actor whom its role does not bar."""
    for (lifecycle, transition), with_inputs in product(ACTS, (False,)):
        actor, seats = who_may(transition)
        state = min(transition.source_names)
        rows = []
        if isinstance(transition.item, Take):
            rows = [Row(transition.item.items.name, 1, transition.item.sources[0])]
        clocks = {transition.extends: Clock(NOW + DAY)} if transition.extends else {}
        if transition.name == "extend_by_discussion":
            clocks["decision"].extensions = 1
        case = FakeCase(state=state, seats=seats, rows=rows, clocks=clocks)

        found = refusals(lifecycle, transition, attempt(case, actor), with_inputs=with_inputs)

        assert all(refusal.why is Why.NOT_NOW for refusal in found), transition.name
        assert len(found) <= len(transition.guards)
    assert any(isinstance(transition, Signoff) for _, transition in ACTS)
    assert PARTNER_MARKET.label.zh
    assert an_id("x") == an_id("x")
