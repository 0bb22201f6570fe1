"""Two administrators for every change of a role (SD-7), and what each kind of request does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from sqlalchemy import select

from app.accounts import administrators, invitations, leavers, operations, passwords, requests
from app.accounts.errors import (
    ChangeRefused,
    MayNotAdminister,
    NeedsAnother,
    NoInvitation,
    RequestClosed,
)
from app.accounts.models import (
    AccountRequest,
    Membership,
    OrganisationKind,
    Person,
    RecoveryCode,
    SecondFactor,
    SignInSession,
)
from app.accounts.requests import Kind, Terms
from app.audit import chain, verification
from app.db import Database
from app.engine.actors import Actor, Role
from app.law.terms import shipped_law
from app.outbox.letters import distribute
from app.outbox.models import Letter, OutboxMessage
from tests import factories
from tests.times import NOW, TODAY

DAY = timedelta(days=1)
LEGAL = Terms(Role.LEGAL_REVIEWER, TODAY)


@dataclass
class Office:
    """A bureau with three administrators and an inspector."""

    database: Database
    an: Actor
    bai: Actor
    cao: Actor
    li: Actor

    def write(self, work):
        return self.database.write(work)

    def ask(self, kind=Kind.GRANT, *, by=None, about=None, reason="因工作需要", now=NOW, **more):
        about = about or self.li
        more = more or {"organisation_id": self.li.organisation_id, "terms": LEGAL}
        return self.write(
            lambda s: requests.ask(
                s, by or self.an, kind, about.person_id, reason=reason, now=now, **more
            )
        ).id

    def change(self, kind, terms, *, about=None, by=None):
        held = self.role(about or self.li)
        return self.ask(kind, by=by, about=about, terms=terms, membership_id=held.id)

    def grant(self, key, *, by=None, answer="", now=NOW):
        return self.write(lambda s: requests.grant(s, by or self.bai, key, answer=answer, now=now))

    def role(self, actor, role=None):
        query = select(Membership).where(Membership.person_id == actor.person_id)
        if role is not None:
            query = query.where(Membership.role == role)
        with self.database.read() as session:
            return session.scalars(query.order_by(Membership.since)).first()

    def person(self, actor):
        with self.database.read() as session:
            return session.get_one(Person, actor.person_id)

    def status(self, key):
        with self.database.read() as session:
            return session.get_one(AccountRequest, key).status

    def triggers(self):
        with self.database.read() as session:
            order = chain.entries.c.seq
            assert list(verification.verify_all(session)) == []
            return session.scalars(select(chain.entries.c.trigger).order_by(order)).all()

    def told(self):
        with self.database.read() as session:
            rows = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
            return [(one.template, one.person_id) for one in rows]


@pytest.fixture(autouse=True)
def noon_of_today():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def office(database):
    def enter(session):
        bureau = factories.organisation(session)
        people = [
            factories.actor(session, role, at=bureau, login=login, name=name)
            for login, name, role in (
                ("an", "安一", Role.ADMINISTRATOR),
                ("bai", "白二", Role.ADMINISTRATOR),
                ("cao", "曹三", Role.ADMINISTRATOR),
                ("li", "李四", Role.INSPECTOR),
            )
        ]
        return Office(database, *people)

    return database.write(enter)


def faults(refused):
    return set(refused.value.faults)


# Two ------------------------------------------------------------------------------------------


def test_a_role_is_held_once_another_administrator_has_granted_it(office):
    key = office.ask()
    assert office.role(office.li, Role.LEGAL_REVIEWER) is None
    office.grant(key, answer="同意")
    held = office.role(office.li, Role.LEGAL_REVIEWER)
    assert (held.organisation_id, held.since, held.until) == (
        office.li.organisation_id,
        TODAY,
        None,
    )
    assert office.triggers() == ["ask_change", "grant_request", "grant_role"]
    assert office.told() == [
        ("account.asked", office.bai.person_id),
        ("account.asked", office.cao.person_id),
        ("account.granted", office.an.person_id),
        ("account.granted", office.li.person_id),
    ]


@pytest.mark.parametrize("who", ["an", "li"])
def test_neither_who_asked_nor_whom_it_is_about_decides(office, who):
    # 李四 administers as well, so that nothing but being concerned keeps them out.
    office.write(lambda s: s.add(_administrator(office.li)))
    actor = replace(getattr(office, who), roles=frozenset({Role.ADMINISTRATOR, Role.INSPECTOR}))
    key = office.ask()
    for decide in (requests.grant, requests.refuse):
        with pytest.raises(NeedsAnother):
            office.write(lambda s, d=decide: d(s, actor, key, answer="行", now=NOW))
    assert office.status(key) == "open"


def _administrator(actor):
    return Membership(
        person_id=actor.person_id, organisation_id=actor.organisation_id, role=Role.ADMINISTRATOR,
        since=TODAY,
    )  # fmt: skip


def test_one_may_ask_for_oneself_and_another_decides(office):
    key = office.ask(about=office.an)
    with pytest.raises(NeedsAnother):
        office.grant(key, by=office.an)
    office.grant(key)
    assert office.role(office.an, Role.LEGAL_REVIEWER)


def test_nobody_asks_or_decides_in_somebodys_place_nor_without_the_role(office):
    key = office.ask()
    in_place = replace(office.bai, on_behalf_of=office.cao.person_id, on_behalf_name="曹三")
    for actor in (in_place, office.li, replace(office.bai, roles=frozenset({Role.SUPERVISOR}))):
        for decide in (requests.grant, requests.refuse):
            with pytest.raises(MayNotAdminister):
                office.write(lambda s, a=actor, d=decide: d(s, a, key, answer="行", now=NOW))
        with pytest.raises(MayNotAdminister):
            office.write(lambda s, a=actor: requests.withdraw(s, a, key, now=NOW))
        with pytest.raises(MayNotAdminister):
            office.ask(by=actor)
    assert office.status(key) == "open"


def test_what_is_told_names_whom_what_and_by_whom(office):
    office.grant(office.ask())
    office.write(
        lambda s: leavers.leave(s, office.an, office.li.person_id, last_day=TODAY, now=NOW)
    )
    distribute(office.database, shipped_law(), NOW)
    with office.database.read() as session:
        rows = session.scalars(
            select(Letter).where(Letter.person_id == office.bai.person_id).order_by(Letter.id)
        ).all()
        asker = select(Letter.subject).where(Letter.person_id == office.an.person_id)
        assert session.scalars(asker).all() == ["李四：授予角色，已同意"]
    assert [one.subject for one in rows] == [
        "李四：授予角色，待决定",
        "李四离岗，最后一日 2026-03-16（星期一）",
    ]
    assert rows[0].lines[0]["text"].startswith("安一申请：李四，授予角色。")


def test_a_request_is_decided_once(office):
    key = office.ask()
    with pytest.raises(ChangeRefused) as refused:
        office.write(lambda s: requests.refuse(s, office.bai, key, answer="", now=NOW))
    assert faults(refused) == {"answer"}
    office.write(lambda s: requests.refuse(s, office.bai, key, answer="不需要", now=NOW))
    for by in (office.bai, office.cao):
        with pytest.raises(RequestClosed):
            office.grant(key, by=by)
    assert office.role(office.li, Role.LEGAL_REVIEWER) is None
    assert office.triggers() == ["ask_change", "refuse_request"]
    assert office.told()[-1] == ("account.refused", office.an.person_id)


def test_only_who_asked_withdraws(office):
    key = office.ask()
    with pytest.raises(NeedsAnother):
        office.write(lambda s: requests.withdraw(s, office.bai, key, now=NOW))
    office.write(lambda s: requests.withdraw(s, office.an, key, now=NOW))
    assert office.status(key) == "withdrawn"
    with pytest.raises(RequestClosed):
        office.grant(key)


def test_of_two_who_grant_at_once_one_does(office):
    key, start, outcomes = office.ask(), Barrier(2), []

    def decide(by):
        start.wait()
        try:
            office.grant(key, by=by)
            outcomes.append("granted")
        except RequestClosed:
            outcomes.append("closed")

    threads = [Thread(target=decide, args=(by,)) for by in (office.bai, office.cao)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(outcomes) == ["closed", "granted"]
    assert office.triggers().count("grant_role") == 1


# What may be asked for ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (replace(LEGAL, since=TODAY - DAY), "since"),
        (replace(LEGAL, until=TODAY - DAY), "until"),
        (replace(LEGAL, since=TODAY + DAY, until=TODAY), "until"),
        (replace(LEGAL, role=Role.ENTERPRISE), "role"),
        (replace(LEGAL, role=Role.INSPECTOR), "role"),  # held already
    ],
)
def test_what_may_not_be_is_said_beside_the_field(office, terms, field):
    with pytest.raises(ChangeRefused) as refused:
        office.ask(organisation_id=office.li.organisation_id, terms=terms)
    assert faults(refused) == {field}
    assert office.triggers() == []


def test_each_role_belongs_to_its_kind_of_body():
    assert requests.ROLES_AT.keys() == set(OrganisationKind)
    placed = set().union(*requests.ROLES_AT.values())
    assert placed == set(Role) - {Role.SYSTEM}
    for kind in (OrganisationKind.UNIT, OrganisationKind.AGENCY, OrganisationKind.PARTNER):
        assert not requests.ROLES_AT[kind] & {Role.ADMINISTRATOR, Role.AUDITOR, Role.INSPECTOR}


def test_the_same_is_not_asked_for_twice(office):
    office.ask()
    with pytest.raises(ChangeRefused):
        office.ask(by=office.bai)
    other = replace(LEGAL, role=Role.SUPERVISOR)
    office.ask(organisation_id=office.li.organisation_id, terms=other)


def test_a_role_granted_late_begins_on_the_day_of_the_grant(office):
    key = office.ask()
    office.grant(key, now=NOW + 3 * DAY)
    assert office.role(office.li, Role.LEGAL_REVIEWER).since == TODAY + 3 * DAY


def test_what_was_asked_is_looked_at_again_when_it_is_granted(office):
    key = office.ask(
        organisation_id=office.li.organisation_id, terms=replace(LEGAL, until=TODAY + DAY)
    )
    with pytest.raises(ChangeRefused) as refused:
        office.grant(key, now=NOW + 2 * DAY)
    assert faults(refused) == {"until"}
    assert office.status(key) == "open"


# Changes of a role ----------------------------------------------------------------------------


def test_days_role_and_certificate_of_a_role_are_changed(office):
    held = Terms.of(office.role(office.li))
    terms = replace(
        held, until=TODAY + 90 * DAY, certificate_no="640500-01", certificate_until=date(2027, 1, 1)
    )
    office.grant(office.change(Kind.CHANGE, terms))
    assert Terms.of(office.role(office.li)) == terms
    assert office.triggers()[-1] == "change_role"


def test_a_role_is_ended_after_its_last_day(office):
    held = Terms.of(office.role(office.li))
    office.grant(office.change(Kind.END, requests.ending(held, TODAY)))
    with office.database.read() as session:
        for day, there in ((TODAY, 1), (TODAY + DAY, 0)):
            found = operations.organisations_of(session, office.li.person_id, day)
            assert len(found) == there
    assert office.triggers()[-1] == "end_role"


def test_a_change_of_what_has_changed_since_is_not_granted(office):
    held = Terms.of(office.role(office.li))
    first = office.change(Kind.CHANGE, replace(held, certificate_no="甲"))
    second = office.change(Kind.END, requests.ending(held, TODAY))
    office.grant(first)
    with pytest.raises(ChangeRefused):
        office.grant(second)
    assert Terms.of(office.role(office.li)).certificate_no == "甲"


def test_the_last_administrator_keeps_the_role(office):
    def end(who, by, decides):
        held = Terms.of(office.role(who))
        key = office.change(Kind.END, requests.ending(held, TODAY), about=who, by=by)
        office.grant(key, by=decides)

    end(office.cao, office.an, office.bai)  # 曹三 still holds it today
    office.database.write(
        lambda s: s.query(Membership).filter_by(person_id=office.bai.person_id).update(
            {"until": TODAY + DAY}
        )
    )  # fmt: skip
    for kind, until in ((Kind.END, TODAY), (Kind.CHANGE, TODAY + 30 * DAY)):
        held = Terms.of(office.role(office.an))
        with pytest.raises(ChangeRefused) as refused:
            office.change(kind, replace(held, until=until), about=office.an)
        assert refused.value.faults[""] == administrators.LAST
    end(office.bai, office.an, office.cao)  # 安一 remains


# Resets ---------------------------------------------------------------------------------------


def test_a_second_factor_is_taken_away_and_every_session_ends(office):
    key, other = office.li.person_id, office.an.person_id

    def enter(session):
        for person_id in (key, other):
            session.add(SecondFactor(person_id=person_id, key_id="k", secret="s", made_at=NOW))
            session.add(RecoveryCode(person_id=person_id, code_hash="h"))
            session.add(
                SignInSession(
                    person_id=person_id, address="::1", agent="", began_at=NOW, seen_at=NOW,
                    proven_at=NOW,
                )
            )  # fmt: skip

    office.write(enter)
    before = office.person(office.li).session_epoch
    office.grant(office.ask(Kind.FACTOR, organisation_id=None))
    with office.database.read() as session:
        assert session.scalars(select(SecondFactor.person_id)).all() == [other]
        assert session.scalars(select(RecoveryCode.person_id)).all() == [other]
        open_ones = select(SignInSession.person_id).where(SignInSession.ended_at.is_(None))
        assert session.scalars(open_ones).all() == [other]
    assert office.person(office.li).session_epoch == before + 1
    assert office.triggers()[-1] == "reset_factor"


def test_a_password_in_use_is_reset_by_two_before_a_link_is_made(office):
    with pytest.raises(NoInvitation):
        office.write(lambda s: invitations.invite(s, office.an, office.li.person_id, now=NOW))
    office.grant(office.ask(Kind.PASSWORD, organisation_id=None))
    with office.database.read() as session:
        assert operations.person_with(session, "li", factories.PASSWORD) is None
    token = office.write(lambda s: invitations.invite(s, office.an, office.li.person_id, now=NOW))
    password = "another horse battery"
    office.write(lambda s: invitations.accept(s, token, password=password, name="张冠", now=NOW))
    assert passwords.matches(office.person(office.li).password_hash, password)
    assert office.person(office.li).name == "李四"  # known people are not renamed by a link


# Returning ------------------------------------------------------------------------------------


def test_a_leaver_returns_by_a_request_and_a_new_link_only(office):
    office.write(
        lambda s: leavers.leave(s, office.an, office.li.person_id, last_day=TODAY, now=NOW)
    )
    later = NOW + 10 * DAY
    new = {
        "organisation_id": office.li.organisation_id,
        "terms": Terms(Role.INSPECTOR, TODAY + 10 * DAY),
        "now": later,
    }
    with pytest.raises(ChangeRefused):
        office.ask(Kind.GRANT, **new)
    with pytest.raises(NoInvitation):
        office.write(lambda s: invitations.invite(s, office.an, office.li.person_id, now=later))
    key = office.ask(Kind.RETURN, **new)
    office.grant(key, now=later)
    assert not office.person(office.li).active
    token = office.write(
        lambda s: invitations.invite(s, office.bai, office.li.person_id, now=later)
    )
    office.write(
        lambda s: invitations.accept(
            s, token, password="another horse battery", name=None, now=later
        )
    )
    person = office.person(office.li)
    assert (person.active, person.name) == (True, "李四")
    with office.database.read() as session:
        days = (TODAY, TODAY + 9 * DAY, TODAY + 10 * DAY)
        held = [len(operations.organisations_of(session, person.id, day)) for day in days]
    assert held == [1, 0, 1]
    assert office.triggers()[-4:] == ["return_person", "grant_role", "invite", "accept_invitation"]


def test_who_has_not_left_does_not_return(office):
    with pytest.raises(ChangeRefused):
        office.ask(Kind.RETURN, organisation_id=office.li.organisation_id, terms=LEGAL)
