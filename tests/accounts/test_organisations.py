"""Organisations: what one administrator keeps, and what another must grant (SD-7)."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from sqlalchemy import select

from app.accounts import administrators, leavers, organisations
from app.accounts import organisation_requests as wishes
from app.accounts.errors import (
    ChangeRefused,
    MayNotAdminister,
    NeedsAnother,
    RequestClosed,
)
from app.accounts.models import AccountRequest, Membership, Organisation, OrganisationKind, Person
from app.accounts.organisations import CHANGE, END, Facts, Search
from app.audit import chain, verification
from app.engine.actors import Role
from tests import factories
from tests.times import NOW, TODAY

CODE = "11640500MB1234567X"


class Office:
    """A bureau with two administrators and an inspector, a branch with an inspector."""

    def __init__(self, database, session):
        self.database = database
        self.bureau = factories.organisation(session, name="中卫市生态环境局")
        self.branch = factories.organisation(
            session, OrganisationKind.BRANCH, name="沙坡头分局", division="640502"
        )
        self.an = factories.actor(session, Role.ADMINISTRATOR, at=self.bureau, name="安一")
        self.bai = factories.actor(session, Role.ADMINISTRATOR, at=self.bureau, name="白二")
        self.li = factories.actor(session, Role.INSPECTOR, at=self.bureau, name="李四")
        self.wang = factories.actor(session, Role.INSPECTOR, at=self.branch, name="王五")

    def enter(self, kind=OrganisationKind.PARTNER, *, by=None, name="中卫市公安局", **facts):
        return self.database.write(
            lambda s: organisations.enter(
                s, by or self.an, kind, "640500", Facts(name, **facts), now=NOW
            )
        )

    def ask(self, kind, change, *, about=None, by=None):
        about = about or self.branch
        return self.database.write(
            lambda s: wishes.ask(
                s, by or self.an, kind, about.id, change, reason="机构改革", now=NOW
            )
        ).id

    def move(self, division="640521", kind=OrganisationKind.BRANCH, **more):
        change = {"kind": kind.value, "division": division, "was": ["branch", "640502"]}
        return self.ask(CHANGE, change, **more)

    def grant(self, key, *, by=None):
        return self.database.write(
            lambda s: wishes.grant(s, by or self.bai, key, answer="", now=NOW)
        )

    def now(self, one):
        with self.database.read() as session:
            return session.get_one(Organisation, one.id)

    def triggers(self):
        with self.database.read() as session:
            assert list(verification.verify_all(session)) == []
            return session.scalars(
                select(chain.entries.c.trigger).order_by(chain.entries.c.seq)
            ).all()

    def names(self, **search):
        with self.database.read() as session:
            page = organisations.listed(session, Search(**search), TODAY)
            return [one.name for one in page.rows]


@pytest.fixture(autouse=True)
def noon_of_today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def office(database):
    return database.write(lambda s: Office(database, s))


def faults(refused):
    return set(refused.value.faults)


# One administrator --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(organisations.KEPT_HERE))
def test_every_kind_of_authority_is_entered_with_an_entry(office, kind):
    made = office.enter(kind, name="新单位", short_name="新", uscc=CODE, parent_id=office.bureau.id)
    found = office.now(made)
    assert (found.kind, found.name, found.uscc, found.parent_id, found.active) == (
        kind, "新单位", CODE, office.bureau.id, True,
    )  # fmt: skip
    assert office.triggers() == ["create_organisation"]


def test_the_registers_keep_units_and_agencies(office):
    for kind in (OrganisationKind.UNIT, OrganisationKind.AGENCY, OrganisationKind.PERSON):
        with pytest.raises(ChangeRefused) as refused:
            office.enter(kind)
        assert faults(refused) == {"kind"}


def test_a_name_and_a_code_are_of_one_organisation(office):
    office.enter(uscc=CODE)
    with pytest.raises(ChangeRefused) as refused:
        office.enter(uscc=CODE)
    assert faults(refused) == {"name", "uscc"}


def test_a_correction_leaves_what_was_and_what_is(office):
    facts = Facts("沙坡头区分局", short_name="沙分局", parent_id=office.bureau.id)
    for _ in range(2):  # the second changes nothing and leaves no entry
        office.database.write(
            lambda s: organisations.correct(s, office.an, office.branch.id, facts, now=NOW)
        )
    assert office.now(office.branch).name == "沙坡头区分局"
    assert office.triggers() == ["edit_organisation"]
    with office.database.read() as session:
        body = session.scalar(select(chain.entries.c.body))
    assert "沙坡头分局" in body
    assert "沙坡头区分局" in body


def test_nothing_stands_above_itself(office):
    below = office.enter(OrganisationKind.OFFICE, name="执法科", parent_id=office.branch.id)
    with pytest.raises(ChangeRefused) as refused:
        office.database.write(
            lambda s: organisations.correct(
                s, office.an, office.branch.id, Facts("沙坡头分局", parent_id=below.id), now=NOW
            )
        )
    assert faults(refused) == {"parent"}


def test_only_an_administrator_does_any_of_it(office):
    with pytest.raises(MayNotAdminister):
        office.enter(by=office.li)
    with pytest.raises(MayNotAdminister):
        office.move(by=office.li)
    key = office.move()
    with pytest.raises(MayNotAdminister):
        office.grant(key, by=office.li)


# Two ----------------------------------------------------------------------------------------------


def test_a_division_changes_once_another_grants_it(office):
    key = office.move()
    assert office.now(office.branch).division == "640502"
    with pytest.raises(NeedsAnother):
        office.grant(key, by=office.an)
    office.grant(key)
    assert office.now(office.branch).division == "640521"
    assert office.triggers() == ["ask_organisation", "grant_request", CHANGE]
    with pytest.raises(RequestClosed):
        office.grant(key)


def test_a_kind_must_fit_the_roles_that_are_held(office):
    with pytest.raises(ChangeRefused) as refused:
        office.move("640502", OrganisationKind.PARTNER)
    assert faults(refused) == {"kind"}


def test_nothing_is_asked_for_twice_nor_for_nothing(office):
    with pytest.raises(ChangeRefused):
        office.move("640502")
    office.move()
    with pytest.raises(ChangeRefused):
        office.move("640522")


def test_an_end_ends_the_roles_and_hides_the_organisation(office):
    key = office.ask(END, {})
    assert "沙坡头分局" in office.names()
    office.grant(key)
    assert not office.now(office.branch).active
    with office.database.read() as session:
        held = session.scalar(
            select(Membership).where(Membership.person_id == office.wang.person_id)
        )
    assert held.until == TODAY
    assert office.names() == ["中卫市生态环境局"]
    assert office.names(show="ended") == ["沙坡头分局"]


def test_the_last_administrators_keep_their_organisation(office):
    with pytest.raises(ChangeRefused) as refused:
        office.ask(END, {}, about=office.bureau)
    assert faults(refused) == {""}


def test_of_an_organisation_that_ends_and_somebody_who_leaves_one_administrator_remains(office):
    def prepare(session):
        wang = session.get_one(Person, office.wang.person_id)
        factories.membership(session, wang, office.branch, Role.ADMINISTRATOR)
        held = select(Membership).where(Membership.person_id == office.bai.person_id)
        session.scalars(held).one().until = TODAY - timedelta(days=1)

    office.database.write(prepare)
    key = office.ask(END, {}, by=office.bai)
    start, refused = Barrier(2), []

    def at_once(work):
        start.wait()
        try:
            office.database.write(work)
        except ChangeRefused as one:
            refused.append(one.faults[""])

    works = (
        lambda s: wishes.grant(s, office.an, key, answer="", now=NOW),
        lambda s: leavers.leave(s, office.bai, office.an.person_id, last_day=TODAY, now=NOW),
    )
    threads = [Thread(target=at_once, args=[work]) for work in works]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert refused == [administrators.LAST]


def test_a_refusal_says_why_and_changes_nothing(office):
    key = office.move()
    with pytest.raises(ChangeRefused) as refused:
        office.database.write(lambda s: wishes.refuse(s, office.bai, key, answer="", now=NOW))
    assert faults(refused) == {"answer"}
    office.database.write(lambda s: wishes.refuse(s, office.bai, key, answer="不妥", now=NOW))
    assert office.now(office.branch).division == "640502"


def test_who_asked_withdraws(office):
    key = office.move()
    with pytest.raises(NeedsAnother):
        office.database.write(lambda s: wishes.withdraw(s, office.bai, key, now=NOW))
    office.database.write(lambda s: wishes.withdraw(s, office.an, key, now=NOW))
    with office.database.read() as session:
        assert session.get_one(AccountRequest, key).status == "withdrawn"


def test_the_list_is_searched_and_paged(office):
    with office.database.read() as session:
        first = organisations.listed(session, Search(), TODAY, size=1)
        second = organisations.listed(session, Search(after=first.next), TODAY, size=1)
    names = [first.rows[0].name, second.rows[0].name]
    assert sorted(names) == sorted(["中卫市生态环境局", "沙坡头分局"])
    assert second.next == ""
    assert office.names(words="沙坡") == ["沙坡头分局"]
    assert office.names(kind="branch") == ["沙坡头分局"]
    assert first.people[first.rows[0].id] in {1, 3}


# The pages ----------------------------------------------------------------------------------------


def test_two_administrators_settle_an_end_on_the_pages(office, sign_in):
    an, bai = sign_in(office.an), sign_in(office.bai)
    page = f"/account/organisations/{office.branch.id}"
    assert "王五" in an.get(page).text
    assert an.post(f"{page}/end", data={"reason": "撤销"}).status_code == 303
    with office.database.read() as session:
        key = session.scalar(select(AccountRequest.id))
    wish = f"/account/organisations/requests/{key}"
    assert "沙坡头分局" in bai.get("/account/organisations/requests").text
    assert "撤销" in bai.get(wish).text
    assert bai.post(wish, data={"decision": "refuse"}).status_code == 422
    assert bai.post(wish, data={"decision": "grant"}).status_code == 303
    assert not office.now(office.branch).active
    assert "沙坡头分局" not in an.get("/account/organisations").text
    assert "沙坡头分局" in an.get("/account/organisations?show=ended").text


def test_what_was_typed_comes_back_beside_its_fault(office, sign_in):
    an = sign_in(office.an)
    typed = {"kind": "partner", "division": "640500", "name": "沙坡头分局", "uscc": "12"}
    answer = an.post("/account/organisations/new", data=typed)
    assert answer.status_code == 422
    assert 'value="12"' in answer.text
    assert an.post("/account/organisations/new", data={**typed, "uscc": ""}).status_code == 422
    typed |= {"uscc": "", "name": "市场监督管理局"}
    assert an.post("/account/organisations/new", data=typed).status_code == 303
    assert "市场监督管理局" in office.names()


def test_a_correction_and_a_change_start_from_what_is(office, sign_in):
    an = sign_in(office.an)
    page = f"/account/organisations/{office.branch.id}"
    assert 'value="沙坡头分局"' in an.get(f"{page}/edit").text
    blank = {"name": "沙坡头区分局", "parent": " "}
    assert an.post(f"{page}/edit", data=blank).status_code == 303
    assert office.now(office.branch).name == "沙坡头区分局"
    assert (
        an.post(f"{page}/change", data={"kind": "branch", "division": "640502"}).status_code == 422
    )
    assert (
        an.post(f"{page}/change", data={"kind": "branch", "division": "640521"}).status_code == 303
    )
    assert "沙坡头区分局" in an.get("/account/organisations/requests").text
    with office.database.read() as session:
        key = session.scalar(select(AccountRequest.id))
    assert "中宁县 640521" in an.get(f"/account/organisations/requests/{key}").text
