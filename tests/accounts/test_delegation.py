"""Who may stand in for whom, from which day to which, and what a session makes of it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
import time_machine
from sqlalchemy import event, select, update

from app.accounts import delegations, operations, places
from app.accounts.delegations import delegate, end_delegation
from app.accounts.errors import DelegationRefused, MayNotDelegate, PlaceEnded
from app.accounts.models import Delegation, Membership, ParkedForm
from app.accounts.notices import NO_CASE
from app.audit import chain, verification
from app.engine.actors import Actor, Role
from app.outbox.models import OutboxMessage
from tests import factories
from tests.times import NOW, TODAY, at

DAY = timedelta(days=1)
LAST = TODAY + 4 * DAY


@pytest.fixture(autouse=True)
def clock():
    """Pages read the wall clock: it stands at noon of `TODAY`."""
    with time_machine.travel(NOW, tick=False) as travelling:
        yield travelling


class Bureau:
    """A bureau with its people, and somebody of another one."""

    wang: Actor
    li: Actor
    zhao: Actor
    liu: Actor
    he: Actor

    def __init__(self, database):
        self.database = database
        with database.sessions.begin() as session:
            self.place = factories.organisation(session, name="某市生态环境局")
            for login, name, *roles in (
                ("wang", "王某", Role.SUPERVISOR, Role.INSPECTOR),
                ("li", "李某", Role.INSPECTOR),
                ("zhao", "赵某", Role.SUPERVISOR),
                ("liu", "刘某", Role.BUREAU_LEADER),
                ("he", "何某", Role.AUDITOR, Role.INSPECTOR),
            ):
                made = factories.actor(session, *roles, at=self.place, name=name, login=login)
                setattr(self, login, made)
            self.stranger = factories.actor(session, Role.INSPECTOR, name="周某", login="zhou")
            session.expunge_all()

    def delegate(self, by="wang", principal="wang", substitute="li", now=NOW, **said):
        wanted = {
            "organisation_id": self.wang.organisation_id,
            "roles": [Role.SUPERVISOR],
            "lifecycles": [],
            "division": "",
            "since": TODAY,
            "until": LAST,
            "reason": "年休假",
            **said,
        }
        actor = by if not isinstance(by, str) else getattr(self, by)
        return self.database.write(
            lambda s: delegate(
                s,
                actor,
                principal_id=getattr(self, principal).person_id,
                substitute_id=getattr(self, substitute).person_id,
                now=now,
                **wanted,
            )
        )

    def refusal(self, field, **said):
        with pytest.raises(DelegationRefused) as refused:
            self.delegate(**said)
        assert set(refused.value.faults) == {field}
        return refused.value.faults[field].zh

    def acting(self, one, on=TODAY, own="li"):
        """The substitute in the place, on a day. Raises PlaceEnded."""
        with self.database.read() as session:
            return places.in_place(session, getattr(self, own), one.id, on)


@pytest.fixture
def bureau(database):
    return Bureau(database)


# Who may ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "principal", "role", "allowed"),
    [
        ("wang", "wang", Role.SUPERVISOR, True),
        ("liu", "liu", Role.BUREAU_LEADER, True),
        ("zhao", "wang", Role.SUPERVISOR, True),
        ("liu", "wang", Role.SUPERVISOR, True),
        ("li", "wang", Role.SUPERVISOR, False),
        ("stranger", "wang", Role.SUPERVISOR, False),
        ("he", "wang", Role.SUPERVISOR, False),
    ],
)
def test_who_may_let_somebody_stand_in(bureau, by, principal, role, allowed):
    if allowed:
        assert bureau.delegate(by=by, principal=principal, roles=[role]).roles == [role]
    else:
        with pytest.raises(MayNotDelegate):
            bureau.delegate(by=by, principal=principal, roles=[role])


def test_a_supervisor_does_not_hand_over_the_roles_of_a_leader(bureau):
    said = bureau.refusal("roles", by="zhao", principal="liu", roles=[Role.BUREAU_LEADER])
    assert said == "只能委托被代办人届时在本单位担任、且您有权处置的角色。"
    one = bureau.delegate(by="liu", principal="liu", roles=[Role.BUREAU_LEADER])
    assert not delegations.may_end(bureau.zhao, one)
    assert delegations.may_end(bureau.li, one)
    assert not delegations.may_end(bureau.stranger, one)


def test_who_stands_in_for_somebody_passes_it_on_to_nobody(bureau):
    in_place = bureau.acting(bureau.delegate())
    with pytest.raises(MayNotDelegate):
        bureau.delegate(by=in_place, substitute="zhao")
    with pytest.raises(MayNotDelegate):
        bureau.delegate(by=in_place, principal="li", substitute="zhao", roles=[Role.INSPECTOR])


def test_a_place_is_never_part_of_another_place(bureau):
    """李某 stands in for 王某 and 赵某 for 李某: 赵某 has the roles of 李某, not those of 王某."""
    bureau.delegate()
    second = bureau.delegate(by="li", principal="li", substitute="zhao", roles=[Role.INSPECTOR])
    assert bureau.acting(second, own="zhao").roles == {Role.INSPECTOR}
    said = bureau.refusal(
        "roles", by="li", principal="li", substitute="zhao", roles=[Role.SUPERVISOR]
    )
    assert said.startswith("只能委托被代办人届时在本单位担任")


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("substitute", {"substitute": "wang"}),
        ("substitute", {"substitute": "stranger"}),
        ("roles", {"roles": []}),
        ("roles", {"roles": [Role.LEGAL_REVIEWER]}),
        ("roles", {"by": "he", "principal": "he", "roles": [Role.AUDITOR]}),
        ("since", {"since": TODAY - DAY}),
        ("until", {"since": TODAY + DAY, "until": TODAY}),
        ("until", {"until": TODAY + 366 * DAY}),
        ("lifecycles", {"lifecycles": ["no_such"]}),
        ("division", {"division": "somewhere"}),
        ("reason", {"reason": "字" * 501}),
    ],
)
def test_what_may_not_be_handed_over(bureau, field, said):
    assert bureau.refusal(field, **said)
    with bureau.database.read() as session:
        assert session.scalars(select(Delegation)).all() == []
        assert session.scalars(select(OutboxMessage)).all() == []


def test_a_year_is_the_longest_and_today_the_earliest(bureau):
    assert bureau.delegate(until=TODAY + 365 * DAY).since == TODAY


def test_nobody_stands_in_twice_for_one_role_on_one_day(bureau):
    first = bureau.delegate()
    assert bureau.refusal("substitute", since=LAST, until=LAST + DAY) == (
        "此人在 2026-03-16 至 2026-03-20 已代办同一角色，请先结束该项委托。"
    )
    bureau.delegate(since=LAST + DAY, until=LAST + DAY)
    bureau.delegate(roles=[Role.INSPECTOR])
    bureau.delegate(substitute="zhao")
    bureau.database.write(lambda s: end_delegation(s, bureau.wang, first.id, now=NOW))
    bureau.delegate()


# What it leaves -----------------------------------------------------------------------------------


def test_it_is_an_entry_of_the_chain_and_both_are_told(bureau):
    one = bureau.delegate(by="zhao")
    bureau.database.write(lambda s: end_delegation(s, bureau.li, one.id, now=NOW + DAY))
    with bureau.database.read() as session:
        made, ended = session.execute(
            chain.entries.select()
            .where(chain.entries.c.trigger.in_(["delegate", "end_delegation"]))
            .order_by(chain.entries.c.seq)
        ).all()
        told = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
        assert verification.verify_chain(session, made.chain_id) == []
    assert (made.chain, made.actor_name, ended.actor_name) == ("accounts", "赵某", "李某")
    assert str(one.id) in made.body
    assert str(one.id) in ended.body
    assert "年休假" not in made.body
    both = {bureau.wang.person_id, bureau.li.person_id}
    assert [m.template for m in told] == ["delegation.made"] * 2 + ["delegation.ended"] * 2
    assert {m.person_id for m in told[:2]} == {m.person_id for m in told[2:]} == both
    assert {(m.case_id, m.organisation_id, m.kind) for m in told} == {(NO_CASE, None, "notice")}
    assert told[0].data == {
        "principal": "王某",
        "substitute": "李某",
        "since": "2026-03-16",
        "until": "2026-03-20",
        "by": "赵某",
    }


def test_what_is_over_is_not_ended_again(bureau):
    one = bureau.delegate()
    bureau.database.write(lambda s: end_delegation(s, bureau.wang, one.id, now=NOW))
    for delegation, now in ((one, NOW), (bureau.delegate(), at(LAST + DAY, 0))):
        with pytest.raises(PlaceEnded):
            bureau.database.write(
                lambda s, d=delegation, n=now: end_delegation(s, bureau.wang, d.id, now=n)
            )
    with pytest.raises(MayNotDelegate):
        bureau.database.write(lambda s: end_delegation(s, bureau.stranger, one.id, now=NOW))


# Acting in a place --------------------------------------------------------------------------------


def test_whoever_audits_stands_in_for_nobody(bureau):
    assert "审计员除外" in bureau.refusal("substitute", substitute="he")


def test_a_substitute_has_the_roles_named_and_both_names(bureau):
    acting = bureau.acting(bureau.delegate())
    assert acting.roles == {Role.SUPERVISOR}
    assert (acting.person_id, acting.on_behalf_of) == (bureau.li.person_id, bureau.wang.person_id)
    assert (acting.seated_as, acting.seated_name) == (bureau.wang.person_id, "王某")
    assert acting.written_name == "李某（代王某）"
    assert acting.extent is None


def test_the_extent_narrows_the_jurisdiction_only_where_it_lies_in_it(bureau):
    inside = bureau.acting(bureau.delegate(division="640521", lifecycles=["recheck"]))
    outside = bureau.acting(bureau.delegate(roles=[Role.INSPECTOR], division="110105"))
    assert (inside.division, inside.extent.division) == ("640521", "640521")
    assert (outside.division, outside.extent.division) == (factories.ZHONGWEI, "110105")
    assert inside.extent.covers("recheck", "640521401")
    assert not inside.extent.covers("recheck", "640502")
    assert not inside.extent.covers("verification", "640521")


@pytest.mark.parametrize(
    ("on", "holds"),
    [(TODAY, False), (TODAY + DAY, True), (LAST, True), (LAST + DAY, False)],
)
def test_it_holds_from_the_first_day_to_the_last(bureau, on, holds):
    one = bureau.delegate(since=TODAY + DAY)
    if holds:
        assert bureau.acting(one, on).roles == {Role.SUPERVISOR}
    else:
        with pytest.raises(PlaceEnded):
            bureau.acting(one, on)


def test_it_ends_with_the_role_and_with_the_person(bureau):
    one = bureau.delegate(roles=[Role.SUPERVISOR, Role.INSPECTOR])
    assert bureau.acting(one).roles == {Role.SUPERVISOR, Role.INSPECTOR}
    until_yesterday = (
        update(Membership)
        .where(Membership.person_id == bureau.wang.person_id, Membership.role == Role.SUPERVISOR)
        .values(until=TODAY - DAY)
    )
    bureau.database.write(lambda s: s.execute(until_yesterday))
    assert bureau.acting(one).roles == {Role.INSPECTOR}
    bureau.database.write(
        lambda s: operations.deactivate(s, bureau.liu, bureau.wang.person_id, now=NOW)
    )
    with pytest.raises(PlaceEnded):
        bureau.acting(one)


def test_a_place_is_nobody_elses(bureau):
    one = bureau.delegate()
    elsewhere = replace(bureau.li, organisation_id=bureau.stranger.organisation_id)
    with bureau.database.read() as session:
        for somebody in (bureau.zhao, elsewhere):
            with pytest.raises(PlaceEnded):
                places.in_place(session, somebody, one.id, TODAY)


# Sessions -----------------------------------------------------------------------------------------


BANNER = "代 王某 办理"


def take(client, one):
    return client.post("/account/place", data={"delegation": str(one.id)})


def test_somebody_takes_a_place_and_leaves_it(bureau, sign_in):
    one, client = bureau.delegate(), sign_in(bureau.li)
    page = client.get("/account/").text
    assert BANNER not in page
    assert "代王某办理" in page
    assert take(client, one).status_code == 303
    page = client.get("/account/substitutes").text
    assert BANNER in page
    assert client.post("/account/place/leave").status_code == 303
    assert BANNER not in client.get("/account/").text
    with bureau.database.read() as session:
        rows = session.execute(
            chain.entries.select()
            .where(chain.entries.c.trigger.endswith("_place"))
            .order_by(chain.entries.c.seq)
        ).all()
    assert [(row.trigger, row.actor_name) for row in rows] == [
        ("take_place", "李某（代王某）"),
        ("leave_place", "李某（代王某）"),
    ]


def test_nobody_takes_a_place_that_is_not_offered(bureau, sign_in):
    one = bureau.delegate()
    for actor in (bureau.zhao, bureau.wang):
        client = sign_in(actor)
        assert take(client, one).status_code == 409
        assert BANNER not in client.get("/account/").text


def test_a_session_falls_back_at_midnight_of_the_last_day(bureau, sign_in, clock):
    one = bureau.delegate(until=TODAY)
    clock.move_to(at(TODAY, 23, 30))
    client = sign_in(bureau.li)
    take(client, one)
    clock.move_to(at(TODAY, 23, 59))
    assert BANNER in client.get("/account/").text
    clock.move_to(at(TODAY + DAY, 0))
    page = client.get("/account/").text
    assert BANNER not in page
    assert "委托代办已经结束" in page
    assert "委托代办已经结束" not in client.get("/account/").text


def test_a_form_sent_after_the_place_was_revoked_does_nothing_and_is_kept(bureau, sign_in):
    one, client = bureau.delegate(), sign_in(bureau.li)
    take(client, one)
    bureau.database.write(lambda s: end_delegation(s, bureau.wang, one.id, now=NOW))
    answer = client.post("/account/", data={"reason": "typed in the place"})
    assert (answer.status_code, answer.location) == (303, "/account/")
    page = client.get("/account/").text
    assert BANNER not in page
    assert "本次操作没有执行，所填内容已保留。" in page
    with bureau.database.read() as session:
        [parked] = session.scalars(select(ParkedForm)).all()
    assert (parked.person_id, parked.data) == (
        bureau.li.person_id,
        {"reason": ["typed in the place"]},
    )
    answer = client.post("/account/", data={"reason": "again"})
    assert answer.status_code == 422


def test_a_script_is_told_that_the_place_has_ended(bureau, sign_in):
    one, client = bureau.delegate(), sign_in(bureau.li)
    take(client, one)
    bureau.database.write(lambda s: end_delegation(s, bureau.wang, one.id, now=NOW))
    answer = client.post("/account/language", headers={"X-Requested-With": "fetch"})
    assert answer.status_code == 409


def test_acting_for_another_organisation_leaves_the_place(bureau, sign_in):
    one, client = bureau.delegate(), sign_in(bureau.li)
    take(client, one)
    client.post("/account/organisation", data={"organisation": str(bureau.li.organisation_id)})
    assert BANNER not in client.get("/account/").text


def test_taking_and_leaving_a_place_lets_no_older_form_hold(bureau, sign_in):
    one, client = bureau.delegate(), sign_in(bureau.li)
    for step in (lambda: take(client, one), lambda: client.post("/account/place/leave")):
        with client.session_transaction() as cookie:
            cookie["csrf_token"] = "that of an older page"
        step()
        with client.session_transaction() as cookie:
            assert cookie.get("csrf_token") != "that of an older page"


def test_a_new_password_is_ones_own_affair(bureau, sign_in):
    one, client = bureau.delegate(), sign_in(bureau.li)
    take(client, one)
    new = "another correct horse"
    typed = {"present": factories.PASSWORD, "password": new, "again": new}
    assert client.post("/account/", data=typed).status_code == 303
    with bureau.database.read() as session:
        [row] = session.execute(
            chain.entries.select().where(chain.entries.c.trigger == "change_password")
        ).all()
    assert (row.actor_name, row.on_behalf_of) == ("李某", None)


def test_whoever_may_take_no_place_pays_for_none(bureau, sign_in):
    """A page asks the database once more only for somebody who may, or does, stand in."""
    plain, may = sign_in(bureau.zhao), sign_in(bureau.li)
    before = [statements(bureau.database, c, "/account/") for c in (plain, may)]
    one = bureau.delegate()
    assert statements(bureau.database, plain, "/account/") == before[0]
    assert statements(bureau.database, may, "/account/") == before[1] + 1
    take(may, one)
    may.get("/account/")
    assert statements(bureau.database, may, "/account/") == before[1] + 1


def statements(database, client, address):
    seen = []

    def note(_c, _cursor, statement, *_rest):
        if not statement.startswith(("BEGIN", "PRAGMA", "SET ")):
            seen.append(statement)

    engine = database.reader_engine if database.is_sqlite else database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert client.get(address).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)


# Screens ------------------------------------------------------------------------------------------


def new(actor):
    return f"/account/substitutes/new/{actor.person_id}"


def test_somebody_names_a_substitute_on_the_page(bureau, sign_in):
    client = sign_in(bureau.wang)
    page = client.get("/account/substitutes/new", follow_redirects=True).text
    assert 'value="2026-03-16"' in page
    assert "李某</option>" in page
    assert "周某" not in page
    typed = {
        "substitute": str(bureau.li.person_id),
        "since": "2026-03-16",
        "until": "2026-03-10",
        "roles": ["supervisor"],
        "lifecycles": ["recheck"],
        "division": "640521",
        "reason": "出差",
    }
    answer = client.post(new(bureau.wang), data=typed)
    assert answer.status_code == 422
    assert "截止日期不能早于起始日期。" in answer.text
    for kept in ('value="2026-03-10"', 'value="出差"', 'selected value="640521"'):
        assert kept in answer.text
    answer = client.post(new(bureau.wang), data={**typed, "until": "2026-03-20"})
    assert (answer.status_code, answer.location) == (303, "/account/substitutes")
    page = client.get("/account/substitutes").text
    for told in ("李某代王某", "核查报告复查", "中宁县", "出差", "代办中"):
        assert told in page
    with bureau.database.read() as session:
        [one] = session.scalars(select(Delegation)).all()
    assert (one.until, one.lifecycles, one.division) == (date(2026, 3, 20), ["recheck"], "640521")
    client.post(f"/account/substitutes/{one.id}/end")
    page = client.get("/account/substitutes").text
    assert "没有人代您办理" in page
    assert "提前结束" in page


@pytest.mark.parametrize("missing", ["substitute", "since", "until", "roles"])
def test_nothing_that_is_needed_is_left_out(bureau, sign_in, missing):
    typed = {
        "substitute": str(bureau.li.person_id), "since": "2026-03-16", "until": "2026-03-20",
        "roles": ["supervisor"],
    }  # fmt: skip
    typed[missing] = ""
    answer = sign_in(bureau.wang).post(new(bureau.wang), data=typed)
    assert answer.status_code == 422
    assert f'id="{missing}-error"' in answer.text


def test_who_oversees_sees_the_delegations_of_the_organisation(bureau, sign_in):
    bureau.delegate()
    page = sign_in(bureau.zhao).get("/account/substitutes").text
    assert "李某代王某" in page
    assert "何某</option>" in page  # who is an inspector as well
    assert "刘某</option>" not in page
    page = sign_in(bureau.stranger).get("/account/substitutes").text
    assert "李某代王某" not in page


def test_a_page_of_somebody_else_is_none(bureau, sign_in):
    assert sign_in(bureau.li).get(new(bureau.wang)).status_code == 404
    assert sign_in(bureau.zhao).get(new(bureau.stranger)).status_code == 404
    assert sign_in(bureau.zhao).get(new(bureau.wang)).status_code == 200


def test_in_a_place_no_place_is_given(bureau, sign_in):
    one, client = bureau.delegate(), sign_in(bureau.li)
    take(client, one)
    assert client.get(new(bureau.li)).status_code == 303
    assert client.post(f"/account/substitutes/{one.id}/end").status_code == 403


def test_what_was_typed_before_the_session_ended_comes_back(bureau, sign_in):
    typed = {"substitute": str(bureau.li.person_id), "reason": "出差", "roles": ["supervisor"]}
    bureau.database.write(
        lambda s: s.add(
            ParkedForm(
                person_id=bureau.wang.person_id,
                path=new(bureau.wang),
                data={
                    key: value if isinstance(value, list) else [value]
                    for key, value in typed.items()
                },
                parked_at=NOW,
            )
        )
    )
    page = sign_in(bureau.wang).get(new(bureau.wang)).text
    assert 'value="出差"' in page
