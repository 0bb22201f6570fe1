"""Every kind of escalation meets every decision; who may, who was first, who has left (issue 4)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any, Final

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.accounts import operations
from app.accounts.errors import NoRoleToday
from app.accounts.models import Person
from app.cases import records as case_records
from app.cases.errors import (
    BadInputs,
    CaseError,
    EscalationGone,
    NoSuchCase,
    NotPermitted,
    TransitionRefused,
)
from app.cases.escalation import lists
from app.cases.escalation.decisions import Decision
from app.cases.escalation.lists import Filter, Tab
from app.cases.escalation.proposals import Do, Kind, Proposal
from app.cases.escalation.records import Status
from app.cases.models import Escalation
from app.cases.timers import Climbed
from app.engine.actors import SYSTEM_ACTOR, Actor, Role
from app.workflows.joint_enforcement import JointEnforcement
from tests.cases.escalations import (
    BEGIN,
    WHY,
    Raised,
    act,
    ask,
    assessing,
    extension,
    help_,
    instead,
    late,
    reach,
    takeover,
    tick,
)
from tests.town import Town, day, instant
from tests.workflows.procedure import join
from tests.workflows.stand_ins import clue, enlist

SAID: Final = "按会议要求办理"


@pytest.fixture(autouse=True)
def officers(town: Town) -> None:
    enlist(town)


# The matrix ---------------------------------------------------------------------------------------

Cell = tuple[str, str]
"""What the escalation is afterwards, or the error, and what the case's last entry is."""

BY_CLOCK: Final = (Kind.LATE, Kind.AT_RISK, Kind.CLUE, Kind.EARLIER)
AT_THE_TOP: Final = (Kind.EXTEND, Kind.ACT, Kind.LATE, Kind.AT_RISK)
"""Kinds that are put to the leader: nobody stands above."""
APPROVED: Final[dict[Kind, Cell]] = {
    Kind.EXTEND: ("approved", "extend_filing"),
    Kind.ACT: ("approved", "not_worth"),
    Kind.LATE: ("approved", ""),
    Kind.HELP: ("approved", ""),
    Kind.TAKEOVER: ("approved", "assign"),
    Kind.EARLIER: ("approved", "clock_moved"),
    # What a ladder proposes without what the act asks for has to be completed.
    Kind.AT_RISK: ("BadInputs", ""),
    Kind.CLUE: ("BadInputs", ""),
}
CHANGED: Final[dict[Kind, Cell]] = {
    Kind.EXTEND: ("changed", "assign"),
    Kind.ACT: ("changed", "not_worth"),
    Kind.LATE: ("changed", "not_worth"),
    Kind.HELP: ("changed", "assign"),
    Kind.TAKEOVER: ("changed", "assign"),
    # Completed as proposed: that is approval.
    Kind.AT_RISK: ("approved", "file"),
    Kind.CLUE: ("approved", ""),
    Kind.EARLIER: ("changed", ""),
}


def expected(kind: Kind, decision: Decision) -> Cell:
    match decision:
        case Decision.APPROVE:
            return APPROVED[kind]
        case Decision.CHANGE:
            return CHANGED[kind]
        case Decision.REFUSE:
            return "refused", ""
        case Decision.PASS:
            return ("TransitionRefused" if kind in AT_THE_TOP else "open"), ""
        case Decision.WITHDRAW:
            return ("NotPermitted" if kind in BY_CLOCK else "withdrawn"), ""


def asker(raised: Raised) -> str:
    """The login of whoever asked; of the inspector where a clock did."""
    people = {actor.person_id: login for login, actor in raised.town.cast.people.items()}
    return people.get(raised.row.raised_by, "inspector")


def outcome_of(raised: Raised, decision: Decision, who: str, other: Proposal | None) -> str:
    """What became of it, or the name of what refused it."""
    try:
        return raised.decide(decision, who, SAID, other).status
    except CaseError as refusal:
        return type(refusal).__name__


@pytest.mark.parametrize("decision", list(Decision))
@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_meets_every_decision(town, kind, decision):
    raised = BEGIN[kind](town)
    before, row = raised.matter.row, raised.row
    proposed = dict(row.proposal)
    who = asker(raised) if decision is Decision.WITHDRAW else raised.by
    other = instead(raised) if decision is Decision.CHANGE else None
    wanted, entry = expected(kind, decision)
    became = outcome_of(raised, decision, who, other)
    assert became == wanted
    if became not in set(Status):
        assert (raised.status, raised.matter.row.last_seq) == ("open", before.last_seq)
        assert raised.matter.faults() == []
        return
    row = raised.row
    assert row.status == wanted
    assert row.proposal == proposed, "what was proposed stays readable"
    last = raised.matter.entries()[-1]
    assert (last.trigger if last.seq > before.last_seq else "") == entry
    if entry:
        assert row.fired_seq == last.seq
        assert last.actor_id == raised.matter.actor(who).person_id
        assert f'"escalation":"{raised.id}"' in last.body
        assert str(row.raised_by) in last.body, "under both names"
    assert raised.matter.row.escalations == (wanted == "open")
    trigger = raised.chain()[-1].trigger
    assert trigger == decision
    if decision is Decision.PASS:
        [step] = raised.steps()
        assert (step.why, step.view, step.to_role) == ("passed", SAID, "bureau_leader")
        assert row.role == "bureau_leader"
        assert row.climbs_at is not None
        assert [one.role for one in raised.told("passed")] == ["bureau_leader"]
    else:
        assert (row.decided_by, row.instruction) == (raised.matter.actor(who).person_id, SAID)
        assert row.climbs_at is None
    if decision is Decision.CHANGE:
        assert other is not None
        assert (row.decision or {})["do"] == other.do
        assert row.decision != proposed
    assert bool(raised.clues()) == (kind is Kind.CLUE and decision is Decision.CHANGE)
    assert raised.matter.faults() == []


def test_what_was_asked_with_another_officer_in_mind_goes_to_whom_the_supervisor_names(town):
    raised = takeover(town)
    raised.decide(Decision.CHANGE, words=SAID, instead=instead(raised))
    assert raised.matter.row.assignee_id == town["supervisor2"].person_id
    assert Proposal.read(raised.row.proposal).person_id == town["inspector2"].person_id


def test_the_reason_of_whoever_asked_is_the_reason_of_the_act(town):
    raised = extension(town)
    raised.decide(Decision.APPROVE)
    assert WHY in raised.matter.entries()[-1].body
    assert raised.matter.due("filing") == day("04-01")


def test_whoever_asked_is_told(town):
    raised = takeover(town)
    raised.decide(Decision.REFUSE, words="先完成现场检查")
    told = {(one.role, one.person_id) for one in raised.told("decided")}
    assert told == {("", town["inspector"].person_id)}


def test_an_officer_who_is_named_for_help_is_told(town):
    raised = help_(town)
    raised.decide(Decision.APPROVE, words="3 月 12 日一同到场")
    told = {one.person_id for one in raised.told("decided")}
    assert {town["inspector"].person_id, town["inspector2"].person_id} <= told


def test_what_is_late_tells_whoever_works_on_it_what_the_leader_wants(town):
    raised = late(town)
    raised.decide(Decision.APPROVE, words="三日内提交立案审批")
    assert [one.role for one in raised.told("decided")] == ["supervisor"]


# Who may ------------------------------------------------------------------------------------------


def refused(raised: Raised, decision: Decision, who: str | Actor, **said: Any) -> str:
    """Why the person may not; nothing has been written."""
    before = raised.matter.row.last_seq, raised.row.status, len(raised.chain())
    with pytest.raises(NotPermitted) as refusal:
        raised.decide(decision, who, SAID, **said)
    assert (raised.matter.row.last_seq, raised.row.status, len(raised.chain())) == before
    return refusal.value.label.en


DECIDES: Final = (Decision.APPROVE, Decision.REFUSE)


def put_to_the_supervisor(raised: Raised) -> Raised:
    """The same, put to the supervisor, who has no power for it."""
    change = update(Escalation).where(Escalation.id == raised.id).values(role="supervisor")
    raised.town.database.write(lambda session: session.execute(change))
    return raised


def test_who_lacks_the_power_for_the_act_passes_it_on_with_a_view(town):
    raised = put_to_the_supervisor(extension(town))
    for decision in DECIDES:
        said = refused(raised, decision, "supervisor")
        assert "Reserved to: Bureau leader (lead authority)." in said
        assert decision is Decision.APPROVE or "You can pass it on with your view." in said
    other = Proposal(Do.INSTRUCT)
    assert "pass it on" in refused(raised, Decision.CHANGE, "supervisor", instead=other)
    with pytest.raises(BadInputs) as fault:
        raised.decide(Decision.PASS, "supervisor")
    assert fault.value.faults["words"].en == "Give your view."
    raised.decide(Decision.PASS, "supervisor", "拟同意，请局领导审定")
    raised.decide(Decision.APPROVE, "leader", "同意")
    assert raised.matter.due("filing") == day("04-01")
    assert [step.view for step in raised.steps()] == ["拟同意，请局领导审定"]


def test_a_leader_may_take_what_lies_with_a_supervisor(town):
    raised = takeover(town)
    raised.decide(Decision.APPROVE, "leader", SAID)
    assert raised.row.decided_role == "bureau_leader"


@pytest.mark.parametrize("who", ["inspector2", "legal", "auditor"])
def test_nobody_else_of_the_bureau_decides(town, who):
    raised = takeover(town)
    for decision in (*DECIDES, Decision.PASS):
        assert "To be decided by: Supervisor." in refused(raised, decision, who)


@pytest.mark.parametrize("who", ["market", "unit-redian", "verifier", "branch-640521"])
def test_who_is_not_of_the_authority_does_not_even_learn_of_it(town, who):
    raised = takeover(town)
    with pytest.raises((NoSuchCase, NotPermitted)):
        raised.decide(Decision.REFUSE, who, SAID)


def test_whoever_proposed_cannot_decide_whatever_roles_they_hold(town):
    both = replace(town["inspector"], roles=frozenset({Role.INSPECTOR, Role.SUPERVISOR}))
    raised = ask(assessing(town), "takeover", at="03-10", by="supervisor", person="inspector2")
    for decision in (*DECIDES, Decision.CHANGE):
        other = instead(raised) if decision is Decision.CHANGE else None
        assert "Whoever asked cannot decide" in refused(raised, decision, both, instead=other)
    raised.decide(Decision.APPROVE)


def standing_in(town: Town, who: str, for_: str) -> Actor:
    """Somebody in another's place, with that person's roles."""
    return replace(
        town[for_],
        person_id=town[who].person_id,
        person_name=town[who].person_name,
        on_behalf_of=town[for_].person_id,
        on_behalf_name=town[for_].person_name,
    )


def test_a_substitute_of_whoever_proposed_cannot_decide_nor_whom_they_stood_in_for(town):
    raised = takeover(town)  # by the inspector
    as_supervisor = standing_in(town, "inspector", "supervisor")
    assert "Whoever asked cannot decide" in refused(raised, Decision.APPROVE, as_supervisor)
    for_the_asker = replace(town["supervisor"], on_behalf_of=town["inspector"].person_id)
    assert "Whoever asked cannot decide" in refused(raised, Decision.APPROVE, for_the_asker)

    asked = ask(
        assessing(town), "act:not_worth", standing_in(town, "legal", "supervisor"),
        at="03-10", by="leader",
    )  # fmt: skip
    assert (asked.row.raised_by, asked.row.raised_behalf) == (
        town["legal"].person_id,
        town["supervisor"].person_id,
    )
    as_leader = standing_in(town, "supervisor", "leader")
    assert "Whoever asked cannot decide" in refused(asked, Decision.APPROVE, as_leader)
    asked.decide(Decision.APPROVE)


def test_a_substitute_decides_under_both_names_while_the_leader_is_away(town):
    raised = extension(town)
    raised.decide(Decision.APPROVE, standing_in(town, "legal", "leader"), SAID)
    row, entry = raised.row, raised.matter.entries()[-1]
    assert (row.decided_by, row.decided_behalf) == (
        town["legal"].person_id,
        town["leader"].person_id,
    )
    assert (entry.actor_id, entry.on_behalf_of) == (row.decided_by, row.decided_behalf)
    assert str(town["inspector"].person_id) in entry.body
    assert raised.matter.faults() == []


def test_without_a_substitute_it_climbs_from_whoever_is_away_and_the_auditor_hears_of_it(town):
    raised = takeover(town)
    assert climbed(raised, "03-13 18:00") == [Role.BUREAU_LEADER]
    assert [one.role for one in raised.told("climbed")] == ["bureau_leader"]
    assert raised.row.level == 1
    assert climbed(raised, "03-17 18:00") == [Role.BUREAU_LEADER]
    assert [one.role for one in raised.told("climbed")] == ["bureau_leader", "auditor"]
    assert climbed(raised, "03-25 18:00") == [], "the auditor hears of it once"
    raised.decide(Decision.APPROVE, "leader", SAID, at="03-26")
    assert [step.why for step in raised.steps()] == ["climbed", "climbed"]
    assert raised.matter.faults() == []


def test_a_day_named_for_an_extension_of_which_all_was_asked_is_a_change(town):
    raised = extension(town)
    shorter = Proposal.read(raised.row.proposal)
    shorter = replace(shorter, inputs={**shorter.inputs, "extended_until": "2026-03-25"})
    raised.decide(Decision.CHANGE, "leader", SAID, shorter)
    assert raised.status == "changed"
    assert raised.matter.due("filing") == day("03-25")
    assert raised.matter.faults() == []


def test_what_nobody_above_has_the_power_for_stays_and_those_above_hear_of_it_once(town):
    raised = BEGIN[Kind.CLUE](town)
    assert climbed(raised, "04-08 18:00") == [Role.SUPERVISOR]
    assert {one.role for one in raised.told("climbed")} == {"bureau_leader", "auditor"}
    assert (raised.row.role, raised.row.level, raised.row.climbs_at) == ("supervisor", 0, None)
    assert climbed(raised, "04-30 18:00") == []
    raised.decide(Decision.CHANGE, "supervisor", SAID, instead(raised), at="04-30")
    assert len(raised.clues()) == 1
    assert raised.matter.faults() == []


def climbed(raised: Raised, at: str) -> list[Role]:
    """Where it went when time reached an instant."""
    done = [one for one in tick(raised.town, at) if isinstance(one, Climbed)]
    return [one.to for one in done if one.escalation_id == raised.id]


@pytest.mark.parametrize("tab", list(Tab))
def test_a_list_is_paged_by_key_without_gap_or_repetition(town, tab):
    for _ in range(2):
        takeover(town).decide(Decision.REFUSE, words=SAID)
        takeover(town)
    who = town["inspector"] if tab is Tab.ASKED else town["supervisor"]
    found, after = [], None
    with town.database.read() as session:
        whole = lists.page_of(session, who, tab, Filter(), limit=1000)
        while True:
            page = lists.page_of(session, who, tab, Filter(), after=after, limit=1)
            found += [one.raised.id for one in page.rows]
            if (after := page.next) is None:
                break
    assert len(found) > 1
    assert found == [one.raised.id for one in whole.rows]


# Who has left -------------------------------------------------------------------------------------


def test_what_was_put_to_a_supervisor_who_left_the_others_decide(town):
    join_one(town, "supervisor3", "吴越", "supervisor")
    raised = takeover(town)
    leave(town, "supervisor3", on="03-09")
    with town.database.read() as session:
        person = session.get_one(Person, town["supervisor3"].person_id)
        with pytest.raises(NoRoleToday):
            operations.actor_for(session, person, town["supervisor3"].organisation_id, day("03-10"))
    raised.decide(Decision.APPROVE, "supervisor2", SAID)
    assert raised.row.decided_by == town["supervisor2"].person_id


def test_what_somebody_asked_who_has_left_is_still_decided_under_their_name(town):
    join_one(town, "inspector9", "柳青", "inspector")
    raised = ask(assessing(town), "takeover", "inspector9", at="03-10", by="supervisor")
    leave(town, "inspector9", on="03-10")
    person = Proposal(Do.ASSIGN, person_id=town["inspector2"].person_id)
    raised.decide(Decision.CHANGE, words=SAID, instead=person, at="03-11")
    assert raised.row.raised_by_name == "柳青"
    assert raised.matter.faults() == []


def join_one(town: Town, login: str, name: str, like: str) -> None:
    def work(session: Session) -> None:
        join(session, town, login, name, town[like], now=instant("01-04 09:00"))

    if login not in town.cast.people:
        town.database.write(work)


def leave(town: Town, login: str, *, on: str) -> None:
    """Let somebody leave: their memberships end, their account is closed."""

    def work(session: Session) -> None:
        person = session.get_one(Person, town[login].person_id)
        for membership in person.memberships:
            membership.until = day(on)
        person.active = False

    town.database.write(work)


# The case moved on --------------------------------------------------------------------------------


def test_a_case_that_moved_on_closes_what_was_asked_and_says_why(town):
    raised = act(town)
    alone = {
        "no_partner_matter": True, "conduct": "records", "party_kind": "unit", "cause": "涉嫌未保存台账案",
    }  # fmt: skip
    raised.matter.fire("single_bureau", "supervisor", alone, at="03-11")
    assert (raised.status, raised.row.closed_because) == ("closed", "moved_on")
    assert [one.person_id for one in raised.told("closed")] == [town["supervisor"].person_id]
    with pytest.raises(EscalationGone) as gone:
        raised.decide(Decision.APPROVE, "leader", SAID, at="03-12")
    assert "The case has moved on" in gone.value.label.en
    assert raised.matter.row.escalations == 0
    assert raised.matter.faults() == []


def test_what_a_clock_closes_at_night_is_told_when_people_work(town):
    raised = extension(town)
    reach(raised.matter, "03-18 00:30")
    assert (raised.status, raised.row.closed_because) == ("closed", "too_late")
    [told] = raised.told("closed")
    assert (told.created_at, told.release_at) == (instant("03-18 00:30"), instant("03-18 09:00"))


def test_a_case_that_closed_leaves_nothing_to_decide(town):
    raised = help_(town)
    reason = {"no_case_reason": "情节轻微"}
    raised.matter.fire("not_worth", "leader", reason, at="03-11")
    assert (raised.status, raised.row.closed_because) == ("closed", "case_closed")


def test_who_decides_an_extension_after_the_end_closes_it_and_is_told_so(town):
    raised = extension(town)
    with pytest.raises(EscalationGone) as gone:
        raised.decide(Decision.APPROVE, words=SAID, at="03-18")
    assert "extended before its end only" in gone.value.label.en
    assert (raised.status, raised.row.closed_because) == ("closed", "too_late")
    assert raised.chain()[-1].trigger == "close"
    assert raised.matter.row.escalations == 0
    assert raised.matter.due("filing") == day("03-17")
    assert raised.matter.faults() == []


def test_an_extension_granted_by_hand_meanwhile_closes_what_asked_for_it(town):
    raised = extension(town)
    raised.matter.fire(
        "extend_filing", "leader", {"filing_extension_reason": WHY}, at="03-10 15:00"
    )
    assert (raised.status, raised.row.closed_because) == ("closed", "granted")


def test_a_case_given_to_another_officer_meanwhile_closes_what_asked_for_one(town):
    raised = takeover(town)

    def give(session: Session) -> int:
        officer, by, now = town["inspector2"].person_id, town["supervisor"], instant("03-11")
        return case_records.assign(session, raised.matter.id, officer, actor=by, now=now)

    town.database.write(give)
    assert (raised.status, raised.row.closed_because) == ("closed", "reassigned")
    assert raised.matter.row.escalations == 0
    assert raised.matter.faults() == []


def test_approving_one_closes_what_it_makes_pointless_and_counts_the_rest(town):
    raised = act(town)
    ask(raised.matter, "help", at="03-10", by="supervisor")
    other = ask(raised.matter, "takeover", at="03-10", by="supervisor")
    assert raised.matter.row.escalations == 3
    raised.decide(Decision.APPROVE, words=SAID)
    assert other.status == "closed"
    assert raised.matter.row.escalations == 0
    assert raised.matter.faults() == []


def test_what_the_act_refuses_writes_nothing_at_all(town):
    raised = act(town)
    other = Proposal(Do.ACT, "not_worth", {"no_case_reason": "长" * 5000})
    with pytest.raises(BadInputs) as fault:
        raised.decide(Decision.CHANGE, words=SAID, instead=other)
    assert set(fault.value.faults) == {"no_case_reason"}
    other = Proposal(Do.ACT, "extend_filing")
    with pytest.raises(BadInputs) as fault:
        raised.decide(Decision.CHANGE, instead=other)
    assert set(fault.value.faults) == {"filing_extension_reason"}
    assert raised.status == "open"
    assert [one.trigger for one in raised.chain()] == ["raise"]
    assert raised.matter.faults() == []


@pytest.mark.parametrize("decision", [Decision.REFUSE, Decision.PASS])
def test_a_refusal_says_what_is_to_be_done_and_whoever_passes_on_gives_a_view(town, decision):
    raised = takeover(town)
    for words in ("", "  \n "):
        with pytest.raises(BadInputs) as fault:
            raised.decide(decision, words=words)
        assert set(fault.value.faults) == {"words"}
    with pytest.raises(BadInputs):
        raised.decide(decision, words="长" * 4001)


def test_a_takeover_without_a_name_wants_one_and_not_the_same(town):
    matter = assessing(town)
    raised = ask(matter, "takeover", at="03-10", by="supervisor")
    with pytest.raises(BadInputs) as fault:
        raised.decide(Decision.APPROVE, words=SAID)
    assert set(fault.value.faults) == {"person"}
    here = Proposal(Do.ASSIGN, person_id=town["inspector2"].person_id)
    raised.decide(Decision.CHANGE, words=SAID, instead=here)
    again = ask(matter, "takeover", at="03-10 14:00", by="supervisor", person="inspector2")
    with pytest.raises(BadInputs) as fault:
        again.decide(Decision.APPROVE, at="03-10 15:00")
    assert fault.value.faults["person"].en == "That officer is in charge of it already."


# Two at once --------------------------------------------------------------------------------------


def test_of_two_who_decide_at_once_one_wins_and_the_other_is_told_who(town):
    for _ in range(5):
        raised, start = takeover(town), Barrier(2)
        answers = list(race(raised, start, ("supervisor", "supervisor2")))
        lost = [one for one in answers if isinstance(one, EscalationGone)]
        assert len(lost) == 1, answers
        row = raised.row
        assert (row.decided_by_name or "") in lost[0].label.en
        assert raised.matter.acts().count("assign") == 1
        assert [one.trigger for one in raised.chain()] == ["raise", "approve"]
        assert raised.matter.row.escalations == 0


def race(raised: Raised, start: Barrier, people: tuple[str, str]) -> Iterator[object]:
    def one(who: str) -> object:
        start.wait()
        try:
            return raised.decide(Decision.APPROVE, who, SAID)
        except CaseError as refusal:
            return refusal

    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(one, people)


def test_who_decides_twice_is_told_what_they_did(town):
    raised = takeover(town)
    raised.decide(Decision.APPROVE, words=SAID)
    with pytest.raises(EscalationGone) as gone:
        raised.decide(Decision.REFUSE, words=SAID)
    assert "陈志远已于 2026-03-10 12:00 办理：同意。" in gone.value.label.zh


# Asking -------------------------------------------------------------------------------------------


def test_the_same_is_not_asked_twice_while_it_is_undecided(town):
    raised = extension(town)
    key = f"extend:{raised.matter.clock('filing').id}"
    with pytest.raises(TransitionRefused):
        ask(raised.matter, key, "inspector2", at="03-10 14:00", by="leader")
    raised.decide(Decision.REFUSE, words="材料已齐，按期立案")
    ask(raised.matter, key, "inspector2", at="03-12", by="leader")
    assert raised.matter.row.escalations == 1


def test_after_the_end_no_extension_is_asked(town):
    matter = assessing(town)
    with pytest.raises(NotPermitted):
        ask(matter, f"extend:{matter.clock('filing').id}", at="03-18", by="leader")


@pytest.mark.parametrize("who", ["leader", "auditor", "market"])
def test_who_can_do_it_themselves_or_takes_no_part_does_not_ask(town, who):
    matter = assessing(town)
    with pytest.raises(NotPermitted):
        ask(matter, "takeover", who, at="03-10", by="supervisor")


def test_a_reason_is_wanted(town):
    matter = assessing(town)
    for key in ("help", "act:not_worth", f"extend:{matter.clock('filing').id}"):
        with pytest.raises(BadInputs) as fault:
            ask(matter, key, reason=" ", at="03-10", by="supervisor")
        assert "reason" in fault.value.faults


def test_it_is_put_to_the_lowest_role_that_has_the_power(town):
    matter = town.open(JointEnforcement, "inspector", clue(), at="03-03", subject="redian")
    assert ask(matter, "act:assess", at="03-03 15:00", by="supervisor").row.role == "supervisor"
    assert act(town).row.role == "bureau_leader"
    assert extension(town).row.role == "bureau_leader"


def test_whoever_asked_withdraws_it_and_nobody_else(town):
    raised = takeover(town)
    for who in ("inspector2", "supervisor"):
        with pytest.raises(NotPermitted):
            raised.decide(Decision.WITHDRAW, who)
    raised.decide(Decision.WITHDRAW, "inspector", "已自行安排")
    assert (raised.status, raised.matter.row.escalations) == ("withdrawn", 0)
    assert raised.told("decided") == []


def test_the_system_is_nobody_who_could_have_proposed(town):
    raised = late(town)
    assert raised.row.raised_by == SYSTEM_ACTOR.person_id
    raised.decide(Decision.REFUSE, words=SAID)
    assert raised.told("decided")
