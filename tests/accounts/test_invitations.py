"""Links that set a password: for 72 hours, once, kept nowhere, and closed to guessing."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from threading import Barrier, Thread

import pytest
import time_machine
from sqlalchemy import select

from app.accounts import invitations, leavers, operations
from app.accounts.errors import LinkEnded, NoInvitation, OwnAccount
from app.accounts.models import AccountRequest, Invitation, Membership, Person
from app.audit import chain, verification
from app.audit.models import AuditEntry
from app.engine.actors import Role
from app.outbox.models import OutboxMessage
from tests import factories
from tests.times import NOW, TODAY

NEW = "unrelated words of mine"
LINK = re.compile(r"/account/invitation/([\w-]{43})")


@pytest.fixture(autouse=True)
def noon_of_today():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def admins(database):
    def enter(session):
        bureau = factories.organisation(session, name="中卫市生态环境局")
        return [
            factories.actor(session, Role.ADMINISTRATOR, at=bureau, login=login, name=name)
            for login, name in (("an", "安一"), ("bai", "白二"))
        ]

    return database.write(enter)


def invite_form(admin, **changed):
    return {
        "name": "李四", "login": "Li.Si", "email": "li@example.org",
        "organisation": str(admin.organisation_id), "role": "inspector", "since": str(TODAY),
        "until": "", "certificate_no": "640500-01", "certificate_until": "2027-03-01",
        "reason": "新任", **changed,
    }  # fmt: skip


@pytest.fixture
def token(admins, sign_in):
    """What stands in the link of 李四."""
    answer = sign_in(admins[0]).post("/account/people/new", data=invite_form(admins[0]))
    assert answer.status_code == 200, answer.text
    [found] = set(LINK.findall(unescape(answer.text)))
    return found


def li(database):
    with database.read() as session:
        return session.scalar(select(Person).where(Person.login == "li.si"))


def use(client, token, **changed):
    sent = {"name": "李肆", "password": NEW, "password_again": NEW, **changed}
    return client.post(f"/account/invitation/{token}", data=sent)


def triggers(database):
    with database.read() as session:
        assert list(verification.verify_all(session)) == []
        return session.scalars(
            select(chain.entries.c.trigger)
            .where(chain.entries.c.chain == "accounts")
            .order_by(chain.entries.c.seq)
        ).all()


def test_somebody_new_waits_for_the_link_and_for_the_grant(database, admins, token, client):
    person = li(database)
    assert (person.active, person.email) == (False, "li@example.org")
    with database.read() as session:
        asked = session.scalar(select(AccountRequest))
        held = select(Membership).where(Membership.person_id == person.id)
        assert (asked.status, asked.person_id, session.scalars(held).all()) == (
            "open", person.id, [],
        )  # fmt: skip
    answer = use(client, token)
    assert (answer.status_code, answer.location) == (303, "/account/sign-in")
    person = li(database)
    assert (person.active, person.name) == (True, "李肆")
    with database.read() as session:
        found = operations.person_with(session, "li.si", NEW)
        assert found is not None
        assert found.id == person.id
        assert operations.organisations_of(session, person.id, TODAY) == []  # not granted yet
    assert triggers(database) == ["create_person", "ask_change", "invite", "accept_invitation"]


def test_the_secret_of_a_link_is_kept_nowhere(database, token):
    with database.read() as session:
        assert session.scalar(select(Invitation)).token_hash != token
        kept = [
            *session.scalars(select(AuditEntry.body)),
            *(str(one) for one in session.scalars(select(OutboxMessage.data))),
            *session.scalars(select(Invitation.token_hash)),
        ]
    assert kept
    assert not any(token in text for text in kept)


def test_a_link_works_once(database, token, client):
    assert use(client, token).status_code == 303
    for answer in (
        client.get(f"/account/invitation/{token}"),
        use(client, token, password="x" * 20),
    ):
        assert answer.status_code == 404
        assert "password" not in answer.text
    with database.read() as session:
        assert operations.person_with(session, "li.si", NEW) is not None


def test_of_two_who_use_a_link_at_once_one_does(database, token):
    start, outcomes = Barrier(2), []

    def accept(password):
        start.wait()
        try:
            database.write(
                lambda s: invitations.accept(s, token, password=password, name=None, now=NOW)
            )
            outcomes.append("used")
        except LinkEnded:
            outcomes.append("ended")

    threads = [Thread(target=accept, args=(f"{NEW} {at}",)) for at in (1, 2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(outcomes) == ["ended", "used"]


@pytest.mark.parametrize(("late", "status"), [(-1, 200), (0, 404), (1, 404)])
def test_a_link_ends_after_72_hours_and_says_what_to_do(token, client, noon_of_today, late, status):
    noon_of_today.shift(timedelta(hours=72, seconds=late))
    answer = client.get(f"/account/invitation/{token}")
    assert answer.status_code == status
    assert ("2026-03-19 12:00" in answer.text) is (status == 404)
    assert ("请系统管理员重新生成" in answer.text) is (status == 404)
    assert use(client, token).status_code == (303 if status == 200 else 404)


def test_a_new_link_revokes_the_one_before(database, admins, token, client, sign_in):
    person = li(database)
    answer = sign_in(admins[1]).post(f"/account/people/{person.id}/invitation")
    [second] = set(LINK.findall(unescape(answer.text)))
    assert answer.headers["Cache-Control"] == "no-store"
    assert use(client, token).status_code == 404
    assert use(client, second).status_code == 303


def test_a_wrong_link_is_answered_like_one_that_was_used(token, client):
    use(client, token)
    client.get("/account/sign-in")  # shows what was said of the right one
    used, wrong = (
        client.get(f"/account/invitation/{key}").text.replace(key, "") for key in (token, "A" * 43)
    )
    assert used == wrong
    assert "li.si" not in wrong


def test_after_eight_wrong_links_an_address_waits_even_with_a_right_one(database, token, client):
    for number in range(8):
        assert client.get(f"/account/invitation/{number}").status_code == 404
    for answer in (client.get(f"/account/invitation/{token}"), use(client, token)):
        assert answer.status_code == 429
        assert "李四" not in answer.text
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    page = client.get(f"/account/invitation/{token}", environ_overrides=elsewhere)
    assert page.status_code == 200
    assert not li(database).active


def test_what_is_wrong_is_said_and_changes_nothing(database, token, client):
    for changed in (
        {"password": "short", "password_again": "short"},
        {"password_again": "something else entirely"},
        {"password": "li.si li.si li.si", "password_again": "li.si li.si li.si"},
        {"password": "woaini123456", "password_again": "woaini123456"},
        {"name": " "},
    ):
        answer = use(client, token, **changed)
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text
        assert NEW not in answer.text
    assert not li(database).active


def test_the_page_tells_no_other_site_and_no_cache(token, client):
    for address in (token, "wrong"):
        answer = client.get(f"/account/invitation/{address}")
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_form_is_sent_from_its_page_only(app, database, token, client):
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        answer = use(client, token)
        assert answer.status_code == 422
        assert "重新提交" in answer.text
        assert not li(database).active
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.text)
        assert found is not None
        assert use(client, token, csrf_token=found[1]).status_code == 303
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert li(database).active


def test_nobody_makes_a_link_for_an_account_in_use_nor_for_themselves(
    database, admins, token, client
):
    use(client, token)
    person = li(database)

    def invite(person_id):
        return database.write(lambda s: invitations.invite(s, admins[0], person_id, now=NOW))

    with pytest.raises(NoInvitation):
        invite(person.id)
    with pytest.raises(OwnAccount):
        invite(admins[0].person_id)


def test_who_leaves_before_the_link_was_used_cannot_use_it(database, admins, token, client):
    person = li(database)
    database.write(lambda s: leavers.leave(s, admins[1], person.id, last_day=TODAY, now=NOW))
    assert use(client, token).status_code == 404
    with pytest.raises(NoInvitation):
        database.write(lambda s: invitations.invite(s, admins[1], person.id, now=NOW))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"login": "AN"}, "login"),
        ({"login": "李四"}, "login"),
        ({"name": ""}, "name"),
        ({"email": "nobody"}, "email"),
        ({"role": "enterprise"}, "role"),
        ({"role": "system"}, "role"),
        ({"since": "2026-03-15"}, "since"),
        ({"organisation": ""}, "organisation"),
    ],
)
def test_a_faulty_invitation_comes_back_and_enters_nobody(
    database, admins, sign_in, changed, field
):
    sent = invite_form(admins[0], **changed)
    answer = sign_in(admins[0]).post("/account/people/new", data=sent)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert "新任" in answer.text
    assert LINK.search(answer.text) is None
    with database.read() as session:
        assert session.scalar(select(Person).where(Person.name == "李四")) is None
        assert session.scalar(select(AccountRequest)) is None
