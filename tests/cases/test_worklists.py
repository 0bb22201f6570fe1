"""What each scope of the worklist holds, compared with a plain reading of every case and seat."""

import random
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import insert

from app.cases import queries
from app.cases.models import NEVER, Case, Participant
from app.cases.queries import Filter, Scope
from app.db import new_id, table_of
from app.engine.actors import AUTHORITY_ROLES, Actor, Capacity, Role
from tests.times import NOW

CASES = 240
CITY, COUNTY, OTHER_CITY = "640500", "640521", "640100"
LED = {Capacity.LEAD}


def someone(role, organisation, division=""):
    return Actor(new_id(), "", organisation, "", frozenset({role}), division)


@pytest.fixture(scope="module")
def bodies():
    names = ("city", "county", "other", "region", "agency", "unit")
    return {name: new_id() for name in names}


@pytest.fixture(scope="module")
def people(bodies):
    return {
        "supervisor": someone(Role.SUPERVISOR, bodies["city"], CITY),
        "of the county": someone(Role.SUPERVISOR, bodies["county"], COUNTY),
        "inspector": someone(Role.INSPECTOR, bodies["other"], OTHER_CITY),
        "leader": someone(Role.BUREAU_LEADER, bodies["city"], CITY),
        "auditor": someone(Role.AUDITOR, bodies["city"], CITY),
        "regional viewer": someone(Role.PROVINCIAL_VIEWER, bodies["region"], "640000"),
        "regional auditor": someone(Role.AUDITOR, bodies["region"], "640000"),
        "administrator": someone(Role.ADMINISTRATOR, bodies["city"]),
        "verifier": someone(Role.VERIFIER, bodies["agency"]),
        "colleague": someone(Role.VERIFIER, bodies["agency"]),
        "enterprise": someone(Role.ENTERPRISE, bodies["unit"]),
        "stranger": someone(Role.VERIFIER, new_id()),
    }


def a_case(place, chance, bodies, people):
    closed = chance.random() < 0.4
    opened_at = NOW - timedelta(days=chance.randrange(400), minutes=place)
    closed_at = opened_at + timedelta(days=chance.randrange(1, 90)) if closed else None
    # Some cases end at the same instant, some never: the id decides between them.
    due_at = chance.choice([None, NOW + timedelta(days=chance.randrange(-9, 30))])
    due_at = None if closed else due_at
    role, capacity = chance.choice(
        [
            (None, None),
            (Role.SUPERVISOR, Capacity.LEAD),
            (Role.INSPECTOR, Capacity.LEAD),
            (Role.INSPECTOR, Capacity.INVESTIGATOR),
            (Role.VERIFIER, Capacity.VERIFYING_AGENCY),
            (Role.VERIFIER, Capacity.TEAM_LEADER),
            (Role.ENTERPRISE, Capacity.REPORTED_UNIT),
        ]
    )
    case_id = new_id()
    return {
        "id": case_id,
        "number": f"测〔2026〕{place}号",
        "lifecycle": "verification",
        "lifecycle_version": 1,
        "state": "any",
        "state_since": opened_at,
        "waits_role": None if closed else role,
        "waits_capacity": None if closed else capacity,
        "is_final": closed,
        "authority_id": bodies[chance.choice(["city", "county", "other"])],
        "subject_id": bodies["unit"],
        "subject_name": "示例单位",
        "division": chance.choice(["640502", "640521", "640521401", "640104", "650100"]),
        "root_id": case_id,
        "assignee_id": chance.choice(
            [None, None, people["supervisor"].person_id, people["inspector"].person_id]
        ),
        "next_due_at": due_at,
        "sort_due_at": closed_at or due_at or NEVER,
        "facts": {},
        "opened_at": opened_at,
        "closed_at": closed_at,
        "restricted": chance.random() < 0.3,
    }


def some_seats(case, chance, bodies, people):
    seats = [(Capacity.LEAD, case["authority_id"], None)]
    for capacity, body, person in (
        (Capacity.REPORTED_UNIT, "unit", None),
        (Capacity.VERIFYING_AGENCY, "agency", None),
        (Capacity.TEAM_LEADER, "agency", "verifier"),
        (Capacity.TEAM_MEMBER, "agency", "colleague"),
        (Capacity.INVESTIGATOR, "other", "inspector"),
        (Capacity.ASSISTING, "county", None),
    ):
        if chance.random() < 0.25:
            seats.append((capacity, bodies[body], people[person].person_id if person else None))
    return [
        {
            "id": new_id(),
            "case_id": case["id"],
            "capacity": capacity,
            "organisation_id": organisation,
            "person_id": person,
            "name": "",
            "since_seq": 0,
            "until_seq": chance.choice([None, None, None, 1]),
        }
        for capacity, organisation, person in seats
    ]


@pytest.fixture
def written(database, bodies, people):
    """Cases and their seats, by case, as rows."""
    chance = random.Random(640500)
    cases = [a_case(place, chance, bodies, people) for place in range(CASES)]
    seats = {case["id"]: some_seats(case, chance, bodies, people) for case in cases}
    with database.engine.begin() as connection:
        connection.execute(insert(table_of(Case)), cases)
        connection.execute(
            insert(table_of(Participant)), [s for held in seats.values() for s in held]
        )
    return [(case, seats[case["id"]]) for case in cases]


# The plain reading --------------------------------------------------------------------------------


def held(actor, seats):
    if actor.roles == {Role.ADMINISTRATOR}:
        return set()
    return {
        seat["capacity"]
        for seat in seats
        if seat["organisation_id"] == actor.organisation_id
        and seat["person_id"] in {None, actor.person_id}
        and seat["until_seq"] is None
    }


def may_see(actor, case, seats):
    stem = {CITY: "6405", COUNTY: COUNTY, OTHER_CITY: "6401", "640000": "64"}
    oversees = actor.roles & (AUTHORITY_ROLES | {Role.AUDITOR})
    leads = case["authority_id"] == actor.organisation_id
    if case["restricted"] and oversees:
        named = any(
            seat["person_id"] == actor.person_id and seat["until_seq"] is None for seat in seats
        )
        handles = leads and case["assignee_id"] == actor.person_id
        above = leads and actor.roles & {Role.BUREAU_LEADER, Role.AUDITOR}
        return bool(named or handles or above)
    return bool(held(actor, seats)) or bool(
        oversees
        and (leads or (actor.division and case["division"].startswith(stem[actor.division])))
    )


def is_turn(actor, case, seats):
    if case["waits_role"] not in actor.roles:
        return False
    if case["waits_capacity"] == Capacity.LEAD and actor.roles & AUTHORITY_ROLES:
        return case["authority_id"] == actor.organisation_id and case["assignee_id"] in {
            None,
            actor.person_id,
        }
    return case["waits_capacity"] in held(actor, seats)


def belongs(actor, scope, case, seats):
    match scope:
        case Scope.MINE:
            return not case["is_final"] and is_turn(actor, case, seats)
        case Scope.UNIT if actor.roles & AUTHORITY_ROLES:
            return not case["is_final"] and case["authority_id"] == actor.organisation_id
        case Scope.UNIT:
            leads = case["authority_id"] == actor.organisation_id and Role.AUDITOR in actor.roles
            return not case["is_final"] and (leads or bool(held(actor, seats)))
        case Scope.ALL:
            return not case["is_final"]
        case Scope.DONE:
            return case["is_final"]
    return True


def in_order(scope, cases):
    match scope:
        case Scope.DONE:
            return sorted(cases, key=lambda c: (c["closed_at"], c["id"]), reverse=True)
        case Scope.EVERY:
            return sorted(cases, key=lambda c: (c["opened_at"], c["id"]), reverse=True)
    return sorted(cases, key=lambda c: (c["next_due_at"] or NEVER, c["id"]))


# Compared -----------------------------------------------------------------------------------------


def paged(session, actor, scope, narrowed=Filter(), limit=9):  # noqa: B008 - it cannot change
    after: queries.Key | None = None
    found: list[str] = []
    while True:
        page = queries.worklist(session, actor, scope, narrowed, NOW, after=after, limit=limit)
        found += [case.number for case in page.rows]
        if page.next is None:
            return found
        after = queries.Key.read(str(page.next))


def test_every_scope_of_everybody_holds_what_a_plain_reading_finds(database, written, people):
    found = 0
    with database.read() as session:
        for name, actor in people.items():
            for scope in Scope:
                wanted = in_order(
                    scope,
                    [
                        case
                        for case, seats in written
                        if may_see(actor, case, seats) and belongs(actor, scope, case, seats)
                    ],
                )
                numbers = [case["number"] for case in wanted]
                assert paged(session, actor, scope) == numbers, (name, scope)
                found += len(numbers)
            for scope, count in queries.counts(session, actor).items():
                assert count == len(paged(session, actor, scope)), (name, scope)
    assert found > 5 * CASES


def test_a_list_is_narrowed_before_it_is_cut_off(database, written, people):
    actor = people["regional auditor"]
    with database.read() as session:
        overdue = paged(session, actor, Scope.EVERY, Filter(overdue=True), limit=3)
        there = paged(session, actor, Scope.ALL, Filter(division="640521"), limit=3)

    assert set(overdue) == {
        case["number"]
        for case, seats in written
        if may_see(actor, case, seats) and case["next_due_at"] and case["next_due_at"] < NOW
    }
    assert set(there) == {
        case["number"]
        for case, seats in written
        if may_see(actor, case, seats)
        and case["division"].startswith("640521")
        and not case["is_final"]
    }


def test_a_case_given_to_one_colleague_does_not_wait_for_another(database, written, people):
    actor = people["supervisor"]
    with database.read() as session:
        mine = queries.worklist(session, actor, Scope.MINE, Filter(), NOW, limit=CASES).rows

    given_away = {
        case["number"]
        for case, _ in written
        if (case["authority_id"], case["waits_role"]) == (actor.organisation_id, Role.SUPERVISOR)
        and case["assignee_id"] not in {None, actor.person_id}
    }
    assert given_away
    assert not given_away & {case.number for case in mine}


def test_pages_neither_overlap_nor_leave_a_gap(database, written, people):
    with database.read() as session:
        first = queries.worklist(
            session, people["supervisor"], Scope.ALL, Filter(), NOW, limit=len(written)
        ).rows
        pages = paged(session, people["supervisor"], Scope.ALL, limit=1)

    assert pages == [case.number for case in first]
    assert all((a.sort_due_at, a.id) < (b.sort_due_at, b.id) for a, b in pairwise(first))
