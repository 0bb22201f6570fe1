"""Merging of organisations: what passes over, from when, with which entries, and never in a chain."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from app.accounts import organisation_requests as wishes
from app.accounts import organisations
from app.accounts.errors import ChangeRefused, NeedsAnother
from app.accounts.models import (
    AccountRequest,
    Membership,
    Organisation,
    OrganisationKind,
    Person,
)
from app.accounts.operations import organisations_of
from app.audit import chain, verification
from app.cases import merging
from app.cases.models import Case, Escalation, Participant
from app.cases.records import MERGE
from app.db import new_id
from app.engine.actors import Actor, Capacity, Role
from app.jobs import JOBS
from app.jobs import run as run_job
from app.registers.models import AgencyTie, TieKind
from app.workflows.verification import Verification
from config import Settings
from tests import factories
from tests.insights.desks import Office, office
from tests.times import NOW, TODAY
from tests.town import Town, instant

DAY = timedelta(days=1)
MERGERS = next(job for job in JOBS if job.name == "mergers")


class Merger:
    """The branch of an office is merged into its bureau; two administrators see to it."""

    def __init__(self, made: Office) -> None:
        self.made, self.database = made, made.database
        self.branch, self.bureau = made.branch, made.bureau

        def enter(session: Any) -> list[Actor]:
            return [
                factories.actor(session, Role.ADMINISTRATOR, at=made.bureau, name=name)
                for name in ("安一", "白二")
            ]

        self.an, self.bai = self.database.write(enter)

    def ask(self, one=None, into=None, day=TODAY):
        change = {"into": str((into or self.bureau).id), "day": day.isoformat()}
        about = (one or self.branch).id
        return self.database.write(
            lambda s: wishes.ask(s, self.an, MERGE, about, change, reason="机构改革", now=NOW)
        ).id

    def grant(self, key, now=NOW):
        return self.database.write(lambda s: wishes.grant(s, self.bai, key, answer="", now=now))

    def done(self, **more):
        self.grant(self.ask(**more))

    def move(self, most=50):
        return merging.move_cases(self.database, self.branch.id, NOW, most=most)

    def tick(self, now):
        settings = Settings(
            database_url="sqlite:///unused.db", secret_key="for tests only", files=Path("unused")
        )
        return run_job(MERGERS, self.database, settings, now, "one")

    def case(self, key):
        with self.database.read() as session:
            return session.get_one(Case, key)

    def organisation(self, one):
        with self.database.read() as session:
            return session.get_one(Organisation, one.id)

    def seats(self, case_id, organisation):
        with self.database.read() as session:
            query = select(Participant.capacity, Participant.person_id).where(
                Participant.case_id == case_id,
                Participant.organisation_id == organisation.id,
                Participant.until_seq.is_(None),
            )
            return {tuple(row) for row in session.execute(query)}

    def roles(self, name):
        with self.database.read() as session:
            query = (
                select(Membership)
                .where(Membership.person_id == self.made.id_of(name))
                .order_by(Membership.since)
            )
            return [
                (one.organisation_id, one.role, one.since, one.until)
                for one in session.scalars(query)
            ]


@pytest.fixture(autouse=True)
def noon_of_today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def merger(database):
    return Merger(office(database))


def faults(refused):
    return set(refused.value.faults)


# What passes over ---------------------------------------------------------------------------------


def test_roles_pass_over_and_the_old_stays_readable(merger):
    merger.done()
    branch = merger.organisation(merger.branch)
    assert (branch.active, branch.merged_into, branch.name) == (False, merger.bureau.id, "测试分局")
    assert merger.roles("冯立") == [
        (merger.branch.id, "inspector", factories.SINCE, TODAY - DAY),
        (merger.bureau.id, "inspector", TODAY, None),
    ]
    with merger.database.read() as session:
        places = organisations_of(session, merger.made.id_of("冯立"), TODAY)
        assert [one.id for one in places] == [merger.bureau.id]
        listed = organisations.listed(session, organisations.Search(), TODAY).rows
        assert merger.branch.id not in {one.id for one in listed}
        merged = organisations.listed(session, organisations.Search(show="merged"), TODAY).rows
        assert [one.id for one in merged] == [merger.branch.id]
        triggers = session.scalars(
            select(chain.entries.c.trigger).order_by(chain.entries.c.seq)
        ).all()
        assert triggers == ["ask_organisation", "grant_request", MERGE]
        assert list(verification.verify_all(session)) == []


def test_nobody_holds_the_same_role_twice(merger):
    def enter(session):
        feng = session.get_one(Person, merger.made.id_of("冯立"))
        factories.membership(session, feng, merger.bureau, Role.INSPECTOR)

    merger.database.write(enter)
    merger.done()
    assert [one[0] for one in merger.roles("冯立")].count(merger.bureau.id) == 1


def test_cases_pass_over_in_batches_each_with_one_entry(merger):
    mine = [merger.made.case("冯立", at=merger.branch, age=age) for age in range(4)]
    closed = merger.made.case("冯立", at=merger.branch, closed=True)
    other = merger.made.case("王芳")
    merger.done()
    assert [merger.move(most=2) for _ in range(4)] == [2, 2, 1, 0]
    for key in [*mine, closed]:
        assert merger.case(key).authority_id == merger.bureau.id
        assert merger.case(key).assignee_id == merger.made.id_of("冯立")
        assert merger.seats(key, merger.branch) == set()
        assert merger.seats(key, merger.bureau) == {("lead", None)}
        [entry] = merger.made.entries(key)
        told = json.loads(entry.body)["details"]
        assert (entry.trigger, told["from_name"], told["into_name"]) == (
            MERGE, "测试分局", "测试市局",
        )  # fmt: skip
    assert merger.made.entries(other) == []


def test_a_seat_by_name_keeps_its_person_and_is_not_doubled(merger):
    key = merger.made.case("王芳", seats={Capacity.INVESTIGATOR: "冯立"})
    merger.done()
    assert merger.move() == 1
    assert merger.seats(key, merger.bureau) == {
        ("lead", None),
        ("investigator", merger.made.id_of("冯立")),
    }
    assert merger.seats(key, merger.branch) == set()


def test_two_cases_of_one_number_keep_it_apart(merger):
    ours, theirs = merger.made.case("冯立", at=merger.branch), merger.made.case("王芳")
    number = "处罚〔2026〕7号"
    merger.made.change(ours, number=number)
    merger.made.change(theirs, number=number)
    merger.done()
    assert merger.move() == 1
    assert merger.case(theirs).number == number
    assert merger.case(ours).number == f"{number}（原测试分局）"
    told = json.loads(merger.made.entries(ours)[0].body)["details"]
    assert told["number_before"] == number


def test_what_an_escalation_waits_for_passes_over(merger):
    key = merger.made.case("冯立", at=merger.branch)

    def raised(session):
        session.add(
            Escalation(
                id=new_id(), case_id=key, key="x", kind="remind", proposal={},
                organisation_id=merger.branch.id, role="supervisor", raised_by=new_id(),
                raised_by_name="系统", raised_at=NOW, since=NOW,
            )
        )  # fmt: skip

    merger.database.write(raised)
    merger.done()
    merger.move()
    with merger.database.read() as session:
        assert session.scalar(select(Escalation.organisation_id)) == merger.bureau.id


def test_a_tie_of_an_agency_is_not_shaken_off(merger):
    def enter(session):
        old, new = factories.agency(session, name="甲"), factories.agency(session, name="乙")
        unit = factories.unit(session, name="丙")
        session.add(AgencyTie(agency_id=old.id, unit_id=unit.id, kind=next(iter(TieKind))))
        return old, new, unit

    old, new, unit = merger.database.write(enter)
    merger.done(one=old, into=new)
    with merger.database.read() as session:
        ties = session.execute(select(AgencyTie.agency_id, AgencyTie.unit_id)).all()
    assert {tuple(one) for one in ties} == {(old.id, unit.id), (new.id, unit.id)}


def test_a_case_that_passed_over_breaks_no_law_of_the_house(town: Town):
    matter = town.open(
        Verification, "supervisor", {"sector": "power"}, at="01-05", subject="redian"
    )
    supervisor = town["supervisor"]
    asker = Actor(
        supervisor.person_id, "甲", town.cast.bureau.id, "局", frozenset({Role.ADMINISTRATOR})
    )
    now = instant("01-06")

    def merge(session):
        into = factories.organisation(session, name="合并后的市局")
        change = {"into": str(into.id), "day": now.date().isoformat()}
        asked = wishes.ask(session, asker, MERGE, town.cast.bureau.id, change, reason="", now=now)
        decider = town["admin"]
        wishes.grant(session, decider, asked.id, answer="", now=now)
        return into

    into = town.database.write(merge)
    assert merging.move_cases(town.database, town.cast.bureau.id, now) == 1
    assert matter.row.authority_id == into.id
    assert matter.acts()[-1] == MERGE
    assert matter.faults() == []


# When ---------------------------------------------------------------------------------------------


def test_a_later_day_is_waited_for_and_the_scheduler_does_the_rest(merger):
    keys = [merger.made.case("冯立", at=merger.branch) for _ in range(2)]
    key = merger.ask(day=TODAY + DAY)
    merger.grant(key)
    assert merger.organisation(merger.branch).active
    assert merger.tick(NOW) == 0
    assert merger.tick(NOW + DAY) == 2  # the merger, and the organisation whose cases moved
    assert {merger.case(one).authority_id for one in keys} == {merger.bureau.id}
    assert merger.roles("冯立")[-1][2:] == (TODAY + DAY, None)
    assert merger.tick(NOW + DAY) == 0


# What may not be ----------------------------------------------------------------------------------


def test_who_asked_does_not_grant(merger):
    key = merger.ask()
    with pytest.raises(NeedsAnother):
        merger.database.write(lambda s: wishes.grant(s, merger.an, key, answer="", now=NOW))


def test_mergers_make_no_chain(merger):
    third = merger.database.write(
        lambda s: factories.organisation(s, OrganisationKind.BRANCH, name="第三分局")
    )
    merger.done(one=merger.branch, into=merger.bureau)
    for one, into in ((merger.bureau, third), (third, merger.branch), (merger.branch, third)):
        with pytest.raises(ChangeRefused):
            merger.ask(one=one, into=into)
    merger.done(one=third, into=merger.bureau)  # several may join the same


def test_a_granted_merger_that_waits_makes_no_chain_either(merger):
    third = merger.database.write(
        lambda s: factories.organisation(s, OrganisationKind.BRANCH, name="第三分局")
    )
    merger.grant(merger.ask(one=merger.branch, into=third, day=TODAY + DAY))
    for one, into in ((third, merger.bureau), (merger.bureau, merger.branch)):
        with pytest.raises(ChangeRefused) as refused:
            merger.ask(one=one, into=into)
        assert faults(refused) == {"into"}


def test_only_its_like_takes_an_organisation_over_and_not_in_the_past(merger):
    unit = merger.database.write(lambda s: factories.unit(s, name="某厂"))
    for into in (unit, merger.branch):
        with pytest.raises(ChangeRefused) as refused:
            merger.ask(into=into)
        assert faults(refused) == {"into"}
    with pytest.raises(ChangeRefused) as refused:
        merger.ask(day=TODAY - DAY)
    assert faults(refused) == {"day"}


# The pages ----------------------------------------------------------------------------------------


def test_the_preview_counts_before_anything_is_asked(merger, sign_in):
    for closed in (False, False, True):
        merger.made.case("冯立", at=merger.branch, closed=closed)
    an, bai = sign_in(merger.an), sign_in(merger.bai)
    page = f"/account/organisations/{merger.branch.id}"
    assert "测试市局" in an.get(f"{page}/merge").text
    typed = {"into": str(merger.bureau.id), "day": TODAY.isoformat(), "reason": "机构改革"}
    preview = an.post(f"{page}/merge", data=typed)
    assert "2 人的 2 个角色" in preview.text
    assert "2 件未结案件和 1 件已结案件" in preview.text
    with merger.database.read() as session:
        assert session.scalar(select(AccountRequest.id)) is None
    # What is sent must be what was seen.
    typed["seen"] = f"{merger.bureau.id} {TODAY + DAY}"
    assert an.post(f"{page}/merge", data=typed).status_code == 200
    typed["seen"] = f"{merger.bureau.id} {TODAY}"
    assert an.post(f"{page}/merge", data=typed).status_code == 303
    with merger.database.read() as session:
        key = session.scalar(select(AccountRequest.id))
    wish = f"/account/organisations/requests/{key}"
    assert "2 件未结案件和 1 件已结案件" in bai.get(wish).text
    assert bai.post(wish, data={"decision": "grant"}).status_code == 303
    assert "0/3" in an.get(f"{page}/merger").text
    assert an.post(f"{page}/merger").status_code == 303
    assert "3 件案件已转入" in an.get(f"{page}/merger").text
    shown = an.get(page).text
    assert f"/account/organisations/{merger.bureau.id}" in shown


def test_the_progress_page_is_of_merged_organisations(merger, sign_in):
    answer = sign_in(merger.an).get(f"/account/organisations/{merger.branch.id}/merger")
    assert answer.status_code == 404
