"""The administrators' pages about people, certificates, and what leaving does."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from threading import Barrier, Thread

import pytest
import time_machine
from sqlalchemy import select

from app.accounts import leavers, operations, people
from app.accounts.errors import ChangeRefused, MayNotAdminister, OwnAccount
from app.accounts.models import AccountRequest, Membership, Person, SignInSession
from app.accounts.people import Certificate, Search, Show
from app.audit import chain
from app.cases.models import Case
from app.engine.actors import Role
from app.outbox.models import OutboxMessage
from tests import factories
from tests.times import NOW, TODAY

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def noon_of_today():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def staff(database):
    """Two administrators, an inspector and somebody of a unit, by login."""

    def enter(session):
        bureau = factories.organisation(session, name="中卫市生态环境局")
        unit = factories.unit(session, name="示例热电有限公司")
        return {
            login: factories.actor(session, role, at=at, login=login, name=name)
            for login, name, role, at in (
                ("an", "安一", Role.ADMINISTRATOR, bureau),
                ("bai", "白二", Role.ADMINISTRATOR, bureau),
                ("li", "李四", Role.INSPECTOR, bureau),
                ("ma", "马五", Role.ENTERPRISE, unit),
            )
        }

    return database.write(enter)


def page(answer, status=200):
    text = unescape(answer.get_data(as_text=True))
    assert answer.status_code == status, re.sub(r"<[^>]+>", " ", text)[-1500:]
    return text


def listed(html):
    return re.findall(r'<th scope="row"><a [^>]*>([^<]+)</a>', html)


def leave(database, by, who, last_day=TODAY, now=NOW):
    return database.write(lambda s: leavers.leave(s, by, who.person_id, last_day=last_day, now=now))


def change_role(database, actor, **values):
    database.write(
        lambda s: s.query(Membership).filter_by(person_id=actor.person_id).update(values)
    )


# The list -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", ["安一", "李四", "白二", "马五"]),
        ("q=MA", ["马五"]),
        ("q=李", ["李四"]),
        ("q=%25", []),
        ("organisation=热电", ["马五"]),
        ("role=inspector", ["李四"]),
        ("role=inspector&organisation=热电", []),
        ("show=left", []),
        ("show=nonsense&role=nonsense", []),
    ],
)
def test_people_are_found_by_name_organisation_and_role(staff, sign_in, asked, found):
    html = page(sign_in(staff["an"]).get(f"/account/people?{asked}"))
    assert sorted(listed(html)) == sorted(found)


def test_a_role_of_another_day_is_not_found_among_todays(database, staff, sign_in):
    change_role(database, staff["li"], until=TODAY - DAY)
    browser = sign_in(staff["an"])
    assert listed(page(browser.get("/account/people?role=inspector"))) == []
    assert listed(page(browser.get("/account/people?role=inspector&show=all"))) == ["李四"]


def test_the_list_goes_on_where_the_page_ended(database, staff):
    def enter(session):
        for _ in range(3):
            factories.person(session, name="同名")  # the key tells them apart

    database.write(enter)
    found, after = [], ""
    with database.read() as session:
        while True:
            got = people.people(session, Search(show=Show.ALL, after=after), TODAY, size=2)
            found += [one.id for one in got.rows]
            after = got.next
            if not after:
                break
        everybody = session.scalars(select(Person.id)).all()
    assert len(found) == 7
    assert sorted(found) == sorted(everybody)


def test_the_pages_are_for_administrators_alone(staff, sign_in, client):
    addresses = (
        "/account/people", "/account/people/new", "/account/people/certificates",
        "/account/requests", f"/account/people/{staff['li'].person_id}",
        f"/account/people/{staff['li'].person_id}/leave",
    )  # fmt: skip
    inspector, admin = sign_in(staff["li"]), sign_in(staff["an"])
    for address in addresses:
        assert inspector.get(address).status_code == 403
        assert client.get(address).status_code == 303
        assert admin.get(address).status_code == 200
    assert "/account/people" in page(admin.get("/account/"))
    assert "/account/people" not in page(inspector.get("/account/"))


# One person -----------------------------------------------------------------------------------


def test_a_request_goes_from_page_to_page(database, staff, sign_in):
    asking, deciding = sign_in(staff["an"]), sign_in(staff["bai"])
    key = staff["li"].person_id
    answer = asking.post(
        f"/account/people/{key}/roles/new",
        data={
            "organisation": str(staff["li"].organisation_id), "role": "supervisor",
            "since": str(TODAY), "until": "2026-12-31", "reason": "轮岗",
        },
    )  # fmt: skip
    assert answer.status_code == 303
    html = page(asking.get("/account/requests"))
    assert 'value="withdraw"' in html
    assert 'value="grant"' not in html
    html = page(deciding.get("/account/requests"))
    assert 'value="grant"' in html
    assert "轮岗" in html
    assert re.search(r'href="/account/requests"[^>]*>.*?class="count">1<', html, re.DOTALL)
    [address] = set(re.findall(r'action="(/account/requests/[\w-]+)"', html))
    assert asking.post(address, data={"decision": "grant"}).status_code == 403
    assert "请写明理由" in page(deciding.post(address, data={"decision": "refuse"}), 422)
    long = {"decision": "refuse", "answer": "长" * 501}
    assert "长" * 501 in page(deciding.post(address, data=long), 422)
    # The second page of a list keeps what was typed as well.
    assert "行" * 501 in page(
        deciding.post(f"{address}?after=x", data={"decision": "grant", "answer": "行" * 501}), 422
    )
    assert deciding.post(address, data={"decision": "dance"}).status_code == 422
    assert deciding.post(address, data={"decision": "grant", "answer": "好"}).status_code == 303
    assert deciding.post(address, data={"decision": "grant"}).status_code == 409
    html = page(deciding.get(f"/account/people/{key}"))
    for said in ("业务科室负责人", "2026-12-31", "授予角色", "已同意", "好", "轮岗"):
        assert said in html
    assert "已同意" in page(asking.get("/account/requests?show=decided"))


def test_a_role_is_changed_and_ended_from_its_row(database, staff, sign_in):
    asking, deciding = sign_in(staff["an"]), sign_in(staff["bai"])
    with database.read() as session:
        held = session.scalar(
            select(Membership).where(Membership.person_id == staff["li"].person_id)
        )
    at = f"/account/people/{staff['li'].person_id}/roles/{held.id}"
    html = page(asking.get(at))
    assert f'value="{held.since}"' in html
    sent = {
        "role": "inspector", "since": str(held.since), "until": "",
        "certificate_no": "640500-09", "certificate_until": "2028-01-01",
    }  # fmt: skip
    assert asking.post(at, data=sent).status_code == 303
    _grant_all(database, deciding)
    assert "没有改动" in page(asking.post(at, data=sent), 422)
    assert asking.post(f"{at}/end", data={"until": str(TODAY)}).status_code == 303
    assert "已有相同的申请" in page(asking.post(f"{at}/end", data={"until": str(TODAY)}), 422)
    _grant_all(database, deciding)
    with database.read() as session:
        held = session.get_one(Membership, held.id)
        assert (held.certificate_no, held.until) == ("640500-09", TODAY)
    other = f"/account/people/{staff['ma'].person_id}/roles/{held.id}"
    assert asking.get(other).status_code == 404


def _grant_all(database, browser):
    with database.read() as session:
        waiting = session.scalars(
            select(AccountRequest.id).where(AccountRequest.status == "open")
        ).all()
    assert waiting
    for key in waiting:
        sent = {"decision": "grant"}
        assert browser.post(f"/account/requests/{key}", data=sent).status_code == 303


@pytest.mark.parametrize("what", ["password", "factor"])
def test_a_reset_is_asked_for(database, staff, sign_in, what):
    browser = sign_in(staff["an"])
    address = f"/account/people/{staff['li'].person_id}/reset/{what}"
    assert browser.post(address, data={"reason": "手机遗失"}).status_code == 303
    with database.read() as session:
        assert session.scalar(select(AccountRequest.kind)) == f"reset_{what}"
    assert browser.get(f"/account/people/{staff['li'].person_id}/reset/x").status_code == 404


def test_the_page_tells_what_the_audit_says_of_that_account_alone(database, staff, sign_in):
    leave(database, staff["an"], staff["li"])
    browser = sign_in(staff["bai"])
    assert "登记离岗" in page(browser.get(f"/account/people/{staff['li'].person_id}"))
    assert "登记离岗" not in page(browser.get(f"/account/people/{staff['ma'].person_id}"))


# Certificates ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "days", "how"),
    [
        (None, None, Certificate.MISSING),
        ("", None, Certificate.MISSING),
        ("1", None, Certificate.VALID),
        ("1", -1, Certificate.EXPIRED),
        ("1", 0, Certificate.ENDING),
        ("1", 30, Certificate.ENDING),
        ("1", 31, Certificate.VALID),
    ],
)
def test_a_certificate_is_listed_from_thirty_days_before_its_end(
    database, staff, sign_in, number, days, how
):
    until = None if days is None else TODAY + days * DAY
    change_role(database, staff["li"], certificate_no=number, certificate_until=until)
    with database.read() as session:
        found = people.doubtful_certificates(session, TODAY)
        [held] = people.memberships(session, staff["li"].person_id)
        assert people.certificate_of(held, TODAY) == how
    assert [one.person.name for one in found] == ([] if how == Certificate.VALID else ["李四"])
    html = page(sign_in(staff["an"]).get("/account/people/certificates"))
    assert ("李四" in html) is (how != Certificate.VALID)


# Leaving --------------------------------------------------------------------------------------


def test_one_administrator_lets_somebody_leave_at_once(database, staff, sign_in):
    theirs = sign_in(staff["li"])
    assert theirs.get("/account/").status_code == 200
    key = staff["li"].person_id
    database.write(
        lambda s: s.add(
            SignInSession(
                person_id=key, address="::1", agent="", began_at=NOW, seen_at=NOW, proven_at=NOW
            )
        )
    )
    browser = sign_in(staff["an"])
    answer = browser.post(f"/account/people/{key}/leave", data={"last_day": str(TODAY)})
    assert answer.status_code == 303
    assert theirs.get("/account/").status_code == 303
    with database.read() as session:
        assert operations.person_with(session, "li", factories.PASSWORD) is None
        person = session.get_one(Person, key)
        assert (person.active, person.name) == (False, "李四")
        held = session.scalar(select(Membership).where(Membership.person_id == key))
        assert held.until == TODAY
        ended = session.scalars(
            select(SignInSession.ended_because).where(SignInSession.person_id == key)
        ).all()
        assert set(ended) == {"deactivated"}
        told = session.execute(select(OutboxMessage.template, OutboxMessage.person_id)).all()
        assert told == [("account.left", staff["bai"].person_id)]
        last = chain.entries.select().order_by(chain.entries.c.seq.desc())
        trigger = last.where(chain.entries.c.chain == "accounts")
        assert session.execute(trigger).first().trigger == "leave"
    assert "李四" not in listed(page(browser.get("/account/people")))
    assert listed(page(browser.get("/account/people?show=left&role=inspector"))) == ["李四"]


def test_a_last_day_to_come_lets_them_work_until_it_is_over(database, staff):
    leave(database, staff["an"], staff["li"], TODAY + 5 * DAY)
    with database.read() as session:
        person = session.get_one(Person, staff["li"].person_id)
        assert person.active
        for day, there in ((5, 1), (6, 0)):
            found = operations.organisations_of(session, person.id, TODAY + day * DAY)
            assert len(found) == there


def test_a_role_that_ends_sooner_keeps_its_day(database, staff):
    change_role(database, staff["li"], until=TODAY + DAY)
    leave(database, staff["an"], staff["li"], TODAY + 5 * DAY)
    with database.read() as session:
        [held] = people.memberships(session, staff["li"].person_id)
    assert held.until == TODAY + DAY


def test_nobody_lets_themselves_leave_and_no_other_does_it(database, staff, sign_in):
    with pytest.raises(OwnAccount):
        leave(database, staff["an"], staff["an"])
    with pytest.raises(MayNotAdminister):
        leave(database, staff["li"], staff["ma"])
    with pytest.raises(ChangeRefused):
        leave(database, staff["an"], staff["li"], TODAY - DAY)
    leave(database, staff["an"], staff["li"])
    with pytest.raises(ChangeRefused):
        leave(database, staff["bai"], staff["li"])


def test_the_last_administrator_does_not_leave(database, staff):
    # 安一 is about to lose the role, so 白二 must stay.
    change_role(database, staff["an"], until=TODAY + DAY)
    for last_day in (TODAY, TODAY + 9 * DAY):
        with pytest.raises(ChangeRefused):
            leave(database, staff["an"], staff["bai"], last_day)
    with database.read() as session:
        assert session.get_one(Person, staff["bai"].person_id).active
    leave(database, staff["bai"], staff["an"])


def test_of_two_administrators_who_end_each_other_one_remains(database, staff):
    start, outcomes = Barrier(2), []

    def end(by, who):
        start.wait()
        try:
            leave(database, staff[by], staff[who])
            outcomes.append("left")
        except ChangeRefused:
            outcomes.append("stays")

    threads = [Thread(target=end, args=pair) for pair in (("an", "bai"), ("bai", "an"))]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(outcomes) == ["left", "stays"]
    with database.read() as session:
        active = session.scalars(select(Person.login).where(Person.active)).all()
    assert len({"an", "bai"} & set(active)) == 1


def a_case(session, authority_id, assignee_id, number, *, is_final=False):
    subject = factories.unit(session)
    session.add(
        Case(
            number=number, lifecycle="verification", lifecycle_version=1, state="report_submitted",
            state_since=NOW, authority_id=authority_id, subject_id=subject.id,
            subject_name=subject.name, division="640502", root_id=subject.id, opened_at=NOW,
            sort_due_at=NOW, assignee_id=assignee_id, is_final=is_final,
        )
    )  # fmt: skip


def test_open_work_is_counted_and_told_to_the_supervisors_it_stays_with(database, staff, sign_in):
    li, bureau = staff["li"], staff["li"].organisation_id

    def enter(session):
        branch = factories.organisation(session, name="中宁分局")
        for number, at, whose, over in (
            ("1", bureau, li, False),
            ("2", bureau, li, False),
            ("3", bureau, li, True),
            ("4", bureau, staff["an"], False),
            ("5", branch.id, li, False),
        ):
            a_case(session, at, whose.person_id, number, is_final=over)
        return branch.id

    branch = database.write(enter)
    browser = sign_in(staff["an"])
    for address in ("", "/leave"):
        html = page(browser.get(f"/account/people/{li.person_id}{address}"))
        assert "中卫市生态环境局：在办 2 件" in html
        assert "中宁分局：在办 1 件" in html
        assert "/reassign" not in html  # theirs is not to give
    leave(database, staff["an"], li)
    with database.read() as session:
        told = {
            one.organisation_id: (one.role, one.data["cases"], one.template)
            for one in session.scalars(select(OutboxMessage))
            if one.organisation_id is not None
        }
    assert told == {
        bureau: ("supervisor", 2, "account.left_work"),
        branch: ("supervisor", 1, "account.left_work"),
    }


def test_a_supervisor_who_administers_is_led_to_the_reassignment(database, staff, sign_in):
    li = staff["li"]

    def enter(session):
        a_case(session, li.organisation_id, li.person_id, "1")
        session.add(
            Membership(
                person_id=staff["an"].person_id, organisation_id=li.organisation_id,
                role=Role.SUPERVISOR, since=TODAY,
            )
        )  # fmt: skip

    database.write(enter)
    html = page(sign_in(staff["an"]).get(f"/account/people/{li.person_id}/leave"))
    [address] = re.findall(r'href="([^"]*reassign[^"]*)"', html)
    assert str(li.person_id) in address
    assert sign_in(staff["an"]).get(address).status_code == 200
