"""Who may do what, in every state of both lifecycles, and who sees which case.

The tables are typed from the column "Actor" of domain.md 14.2 and 15. R, the autonomous region's
department, acts through a supervisor who records it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import pytest

from app.cases import desk
from app.cases.errors import CaseError, NoSuchCase, NotPermitted
from app.cases.sight import id_for
from app.db import new_id
from app.demo import stories as s
from app.demo.stories import Beat
from app.engine.actors import Actor, Capacity, Role
from app.engine.definition import Lifecycle
from app.engine.permission import Why, opening_refusals, refusals
from app.workflows.recheck import Recheck
from app.workflows.verification import Verification
from tests.engine.fakes import attempt, in_state, person, seated
from tests.town import Matter, Town, instant
from tests.year import (
    UP_TO_CONCLUSION,
    UP_TO_EXPERTS,
    UP_TO_GROUP,
    UP_TO_NOTICE_OF_VISIT,
    UP_TO_RECHECK,
    UP_TO_RESULT,
    UP_TO_REVISION,
    a_year,
)

# Who may --------------------------------------------------------------------------------------------

ACTORS = {
    "V02": "enterprise", "V03": "system", "V03a": "supervisor", "V04": "supervisor",
    "V05": "supervisor", "V06": "supervisor", "V07": "verifier", "V08": "verifier",
    "V09": "supervisor", "V10": "verifier", "V11": "verifier", "V12": "verifier",
    "V13": "verifier", "V14": "verifier", "V15": "verifier", "V16": "enterprise",
    "V17": "verifier", "V18": "verifier", "V19": "verifier", "V20": "verifier",
    "V21": "supervisor", "V22": "system", "V23": "supervisor",
    "V23a": "supervisor inspector",
    "V24": "enterprise supervisor inspector",  # the authority records what came on paper
    "V25": "system", "V26": "supervisor", "V27": "supervisor", "V28": "supervisor",
    "V29": "verifier inspector recheck_expert supervisor", "V30": "supervisor",
    "§14": "supervisor",
    "R02": "supervisor", "R03": "supervisor", "R03b": "recheck_expert",
    "R04": "recheck_expert supervisor", "R05": "supervisor",
    "R06": "recheck_expert", "R06a": "recheck_expert supervisor", "R06b": "recheck_expert supervisor",
    "R06c": "recheck_expert",
    "R07": "supervisor bureau_leader",  # "or leader decides"
    "R08": "supervisor", "R09": "verifier", "R10": "verifier",
    "R11": "supervisor", "R11a": "recheck_expert supervisor", "R11b": "recheck_expert",
    "R11c": "bureau_leader",  # the rule below the table: more than 1 %
    "R12": "supervisor", "R13": "supervisor", "R14": "supervisor", "R14a": "verifier",
    "R15": "supervisor", "R16": "system",
}  # fmt: skip
"""By code; a lettered act that is not named here belongs to those of its row."""

CAPACITIES = {
    Role.SUPERVISOR: [Capacity.LEAD],
    Role.INSPECTOR: [Capacity.LEAD],
    Role.BUREAU_LEADER: [Capacity.LEAD],
    Role.LEGAL_REVIEWER: [Capacity.LEAD],
    Role.ADMINISTRATOR: [Capacity.LEAD],
    Role.AUDITOR: [Capacity.LEAD],
    Role.ENTERPRISE: [Capacity.REPORTED_UNIT],
    Role.VERIFIER: [Capacity.VERIFYING_AGENCY, Capacity.TEAM_MEMBER, Capacity.TEAM_LEADER],
    Role.RECHECK_EXPERT: [Capacity.EXPERT, Capacity.EXPERT_CANDIDATE],
    Role.PARTNER_MARKET: [Capacity.ASSISTING],
    Role.PARTNER_POLICE: [Capacity.ASSISTING],
    Role.PROVINCIAL_VIEWER: [],
    Role.SYSTEM: [],
}
"""What somebody of each role is on a case at most."""


def allowed(code: str) -> set[str]:
    return set(ACTORS.get(code, ACTORS.get(re.sub(r"[a-z]$", "", code), "")).split())


@pytest.mark.parametrize("lifecycle", [Verification, Recheck], ids=lambda one: one.key)
@pytest.mark.parametrize("role", Role)
def test_every_role_may_do_in_every_state_what_the_table_says(
    lifecycle: type[Lifecycle], role: Role
):
    actor = person(role)
    acts = [t for t in lifecycle.transitions.values() if not t.opens]
    for state, act in product(lifecycle.states, acts):
        case = in_state(lifecycle, state, *seated(actor, *CAPACITIES[role]))
        found = refusals(lifecycle, act, attempt(case, actor), with_inputs=False)
        not_you = any(refusal.why is Why.NOT_YOU for refusal in found)
        assert not_you == (role not in allowed(act.code)), (state, act.code)
        assert not not_you or len(found) == 1, "whoever may not is told only that"
        wrong_state = f"Not possible while “{lifecycle.states[state].en}”."
        if not not_you:
            told = wrong_state in [refusal.label.en for refusal in found]
            assert told == (state not in act.source_names), (state, act.code)


@pytest.mark.parametrize("lifecycle", [Verification, Recheck], ids=lambda one: one.key)
@pytest.mark.parametrize("role", Role)
def test_a_case_is_opened_by_a_supervisor_alone(lifecycle: type[Lifecycle], role: Role):
    """V01 and R01."""
    actor = person(role)
    case = in_state(lifecycle, next(iter(lifecycle.states)), *seated(actor, *CAPACITIES[role]))
    found = opening_refusals(lifecycle.opening(), attempt(case, actor), with_inputs=False)
    not_you = [refusal.why for refusal in found] == [Why.NOT_YOU]
    assert not_you == (role is not Role.SUPERVISOR)


@pytest.mark.parametrize("lifecycle", [Verification, Recheck], ids=lambda one: one.key)
def test_a_role_without_its_seat_may_do_nothing(lifecycle: type[Lifecycle]):
    for role in set(Role) - {Role.SYSTEM}:
        stranger = person(role, name="外", at="elsewhere")
        for state, act in product(lifecycle.states, lifecycle.transitions.values()):
            if not act.opens:
                case = in_state(lifecycle, state)
                [refusal] = refusals(lifecycle, act, attempt(case, stranger), with_inputs=False)
                assert refusal.why is Why.NOT_YOU


PEOPLE = (
    "supervisor", "supervisor2", "inspector", "leader", "legal", "auditor", "admin", "region",
    "market", "police", "expert1", "expert3", "verifier", "verifier2", "verifier3", "saishang1",
    "unit-redian", "unit-jinwan", "branch-640502",
)  # fmt: skip
OF_THE_TEAM = {"verifier", "verifier2"}
WHO = {
    "supervisor": {"supervisor", "supervisor2"},
    "inspector": {"inspector"},
    "bureau_leader": {"leader"},
    "enterprise": {"unit-redian"},
    "recheck_expert": {"expert1"},
    "verifier": {"verifier", "verifier2", "verifier3"},
}
"""Who of the town stands behind each word of the table, on the case of the unit redian."""
OF_THE_AGENCY = {"V07", "V07a", "V19", "V20", "V29", "R09", "R09a", "R10", "R14a"}
"""Acts of the agency as such; the others of a verifier are acts of the team."""

STAGES: dict[str, list[Beat]] = {
    "report_submitted": [],
    "arranged": list(s.ARRANGED),
    "document_review": UP_TO_GROUP,
    "onsite_scheduled": UP_TO_NOTICE_OF_VISIT,
    "conclusion_submitted": UP_TO_CONCLUSION,
    "objection_window": UP_TO_RESULT,
}
RECHECK_STAGES = {
    "written_review": UP_TO_EXPERTS,
    "opinion_issued": list(s.UP_TO_OPINIONS),
    "revision_submitted": UP_TO_REVISION,
    "failed": [*UP_TO_REVISION, *s.FAILED],
}


def people_for(code: str, state: str) -> set[str]:
    """Who may do the act on the case of redian, as far as anybody has taken a seat by then."""
    absent = {"recheck_expert"} if state in STAGES else set()
    if state == "report_submitted":
        absent.add("verifier")
    found = {login for word in allowed(code) - absent for login in WHO.get(word, ())}
    if code not in OF_THE_AGENCY:
        found -= WHO["verifier"] - OF_THE_TEAM
    if code == "V13":
        found -= {"verifier2"}  # the leader signs
    return set() if code == "V07b" else found  # nobody was proposed yet


@pytest.mark.parametrize("state", [*STAGES, *RECHECK_STAGES])
def test_the_server_refuses_whom_the_table_does_not_name(town, state):
    year = a_year(town).file()
    matter: Matter = year
    if beats := STAGES.get(state, RECHECK_STAGES.get(state)):
        year.play(beats, until="09-18")
    if state in RECHECK_STAGES:
        matter = year.recheck
    assert matter.state == state
    lifecycle = Recheck if state in RECHECK_STAGES else Verification
    for act, login in product(lifecycle.open_in(state), PEOPLE):
        permitted = tried(matter, act.name, town[login])
        assert permitted == (login in people_for(act.code, state)), (act.code, login)


def tried(matter: Matter, trigger: str, actor: Actor) -> bool:
    """Whether somebody may, whatever else stands in the way."""
    try:
        matter.fire(trigger, actor, {"": "never taken"}, at="09-18 20:00")
    except NotPermitted:
        return False
    except CaseError:
        return True
    raise AssertionError("an unknown field was taken")


# Who sees ---------------------------------------------------------------------------------------------

BUREAU = {"supervisor", "supervisor2", "inspector", "inspector2", "leader", "legal", "auditor"}
"""The auditor reads what the body leads; the administrator belongs to it and sees no case."""


def seen_by(town: Town, matter: Matter) -> set[str]:
    with town.database.read() as session:
        return {
            login
            for login, actor in town.cast.people.items()
            if session.scalar(id_for(actor, matter.id)) is not None
        }


def test_a_case_is_seen_by_its_bureau_its_branch_and_its_unit(town):
    year = a_year(town, "redian").file()  # lies in 640502
    assert seen_by(town, year) == BUREAU | {"branch-640502", "unit-redian"}
    other = a_year(town, "jinwan").file()  # lies in 640521
    assert seen_by(town, other) == BUREAU | {"branch-640521", "unit-jinwan"}


def test_an_agency_sees_the_cases_it_verifies(town):
    year = a_year(town, "redian").file()
    assert not {"verifier", "saishang1"} & seen_by(town, year)
    year.do(s.ARRANGED, on="03-12")
    assert {"verifier", "verifier2", "verifier3"} <= seen_by(town, year)
    assert "saishang1" not in seen_by(town, year)


def test_who_is_replaced_sees_it_no_longer(town):
    year = a_year(town).file().play([*UP_TO_REVISION, *s.FAILED], until="09-18")
    child = year.recheck
    assert "verifier" in seen_by(town, child)
    year.do(s.REPLACED, on="09-21")
    assert {"saishang1"} == {"verifier", "saishang1"} & seen_by(town, child)
    report = year.typed(s.REVISED[0], on="09-24")
    child.fire("submit_reverification", "saishang1", report, at="09-24")
    assert {"saishang1"} == {"verifier", "saishang1"} & seen_by(town, year)


def test_a_recheck_is_seen_by_its_experts_and_the_agency_only_from_the_letter_on(town):
    year = a_year(town).file().play([*UP_TO_RECHECK, *s.RELEASED], until="09-14")
    child = year.recheck
    overseers = BUREAU | {"branch-640502"}
    assert seen_by(town, child) == overseers  # neither the unit nor the agency
    year.do(s.EXPERTS_ASSIGNED, on="09-15")
    assert seen_by(town, child) == overseers | {"expert1", "expert2"}
    assert not {"expert1", "expert2"} & seen_by(town, year)
    typed = {"recused": town.cast.id_of("expert2"), "recusal_reason": "示例"}
    child.fire("recuse_expert", "expert2", typed, at="09-16")
    assert seen_by(town, child) == overseers | {"expert1"}


def test_a_bureau_elsewhere_sees_nothing_and_is_told_that_there_is_nothing(town):
    year = a_year(town).file()
    elsewhere = replace(town["supervisor"], organisation_id=new_id(), division="640100")
    with town.database.read() as session:
        assert session.scalar(id_for(elsewhere, year.id)) is None
    order = desk.Order(year.id, "arrange", {})
    with pytest.raises(NoSuchCase):
        desk.act(town.database, order, actor=elsewhere, now=instant("03-12"), law=town.law)
    with pytest.raises(NotPermitted):
        year.fire("arrange", elsewhere, {}, at="03-12")
