"""What leaves the house: at least once, under one id, again after a while, dead in the end."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from app.db import new_id
from app.outbox import deliveries, mail, webhook
from app.outbox.models import Delivery, WebhookEndpoint
from config import MailServer, Settings
from tests.outbox import world
from tests.outbox.conftest import DELEGATION, Office
from tests.times import NOW, at


@pytest.fixture
def by_mail(settings: Settings) -> Settings:
    return replace(
        settings,
        mail_server=MailServer("127.0.0.1", world.free_port()),
        mail_from="tanjian@example.org",
        base_url="https://tanjian.example.org",
    )


def reached_at(settings: Settings, box: world.MailBox, **more: Any) -> Settings:
    return replace(settings, mail_server=MailServer("127.0.0.1", box.port, **more))


@pytest.fixture
def mailed(office: Office) -> Office:
    """The supervisor has a mailbox and a notice waits to be mailed."""
    office.change("supervisor", email="supervisor@example.org")
    office.message()
    office.distribute(by_mail=True)
    return office


# Mail -------------------------------------------------------------------------------------------


def test_a_letter_arrives_as_a_mail(mailed: Office, by_mail: Settings):
    with world.mail_server() as box:
        [tried] = mailed.deliver(reached_at(by_mail, box), NOW)
    assert tried.sent
    [got] = box.mails
    [delivery] = mailed.deliveries()
    [letter] = mailed.letters("supervisor")
    assert got["Subject"] == letter.subject
    assert str(got["To"]) == "supervisor@example.org"
    assert str(got["From"]) == "碳鉴 <tanjian@example.org>"
    assert got["Message-ID"] == f"<{delivery.id}@tanjian.example.org>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["Date"].datetime == NOW
    assert got.get_content_type() == "text/plain"
    text = got.get_content()
    assert letter.lines[0]["text"] in text
    assert f"https://tanjian.example.org/cases/{letter.lines[0]['case_id']}" in text
    assert f"https://tanjian.example.org/inbox/{letter.id}" in text
    assert (delivery.status, delivery.attempts, delivery.sent_at) == ("sent", 1, NOW)


def test_a_server_that_refuses_is_asked_again_under_the_same_id(mailed: Office, by_mail: Settings):
    with world.mail_server("451 later", "554 never") as box:
        settings = reached_at(by_mail, box)
        assert [one.sent for one in mailed.deliver(settings, NOW)] == [False]
        [waiting] = mailed.deliveries()
        assert "451" in waiting.last_error
        assert waiting.next_try_at == NOW + timedelta(minutes=1)
        assert mailed.deliver(settings, NOW + timedelta(seconds=59)) == []
        assert [one.sent for one in mailed.deliver(settings, NOW + timedelta(minutes=1))] == [False]
        [waiting] = mailed.deliveries()
        assert waiting.next_try_at == NOW + timedelta(minutes=3)
        assert [one.sent for one in mailed.deliver(settings, NOW + timedelta(minutes=3))] == [True]
    assert [one["Message-ID"] for one in box.mails] == [f"<{waiting.id}@tanjian.example.org>"]


def test_after_eight_tries_it_is_dead(mailed: Office, by_mail: Settings):
    now = NOW
    for _ in range(deliveries.TRIES):
        [tried] = mailed.deliver(by_mail, now)
        assert not tried.sent
        now += deliveries.LONGEST_PAUSE
    assert mailed.deliver(by_mail, now) == []
    [dead] = mailed.deliveries()
    assert (dead.status, dead.attempts) == ("dead", 8)


def test_one_silent_server_is_asked_once_a_round(mailed: Office, by_mail: Settings):
    mailed.message()
    mailed.distribute(by_mail=True)
    assert len(mailed.deliver(by_mail, NOW)) == 1
    assert len(mailed.deliver(by_mail, NOW)) == 1
    assert mailed.deliver(by_mail, NOW) == []


def test_one_connection_takes_many_mails_and_goes_on_after_a_refusal(
    mailed: Office, by_mail: Settings
):
    for _ in range(3):
        mailed.message()
    mailed.distribute(by_mail=True)
    with world.mail_server("550 no") as box:
        tried = mailed.deliver(reached_at(by_mail, box), NOW)
    assert sorted(one.sent for one in tried) == [False, True, True, True]


def test_the_password_is_in_no_error(mailed: Office, by_mail: Settings, caplog):
    with world.mail_server(login=True) as box:
        wrong = reached_at(by_mail, box, user="tanjian", password="wrong")
        mailed.deliver(wrong, NOW)
        assert set(box.logins) == {("tanjian", "wrong")}
        [failed] = mailed.deliveries()
        assert "535" in failed.last_error
        assert "wrong" not in failed.last_error + caplog.text
        right = reached_at(by_mail, box, user="tanjian", password="right")
        assert [one.sent for one in mailed.deliver(right, NOW + timedelta(minutes=1))] == [True]


def test_without_a_mail_server_nothing_waits_to_be_mailed(office: Office, settings: Settings):
    office.change("supervisor", email="supervisor@example.org")
    office.message()
    office.distribute()
    assert office.deliveries() == []


def test_mail_for_a_server_that_was_taken_away_is_dead_at_once(mailed: Office, settings: Settings):
    mailed.deliver(settings, NOW)
    [dead] = mailed.deliveries()
    assert (dead.status, dead.last_error) == ("dead", "Unsendable: no mail server")


def test_who_has_left_meanwhile_gets_no_mail(mailed: Office, by_mail: Settings):
    mailed.change("supervisor", active=False)
    sent: list[Any] = []
    mailed.deliver(by_mail, NOW, send_mail=sent.append)
    assert sent == []
    assert [one.status for one in mailed.deliveries()] == ["dead"]


def test_a_mail_about_no_case_leads_to_none(office: Office, by_mail: Settings):
    office.change("supervisor", email="supervisor@example.org")
    office.message(**DELEGATION)
    office.distribute(by_mail=True)
    sent: list[Any] = []
    office.deliver(by_mail, NOW, send_mail=sent.append)
    text = mail.composed(sent[0], by_mail, NOW).get_content()
    assert "李某" in text
    assert "/cases/" not in text


def test_a_mailbox_that_is_none_keeps_no_other_from_its_mail(office: Office, by_mail: Settings):
    office.change("supervisor", email="a b@@c\r\nBcc: x@example.org")
    office.change("supervisor2", email="supervisor2@example.org")
    office.message()
    office.distribute(by_mail=True)
    with world.mail_server() as box:
        office.deliver(reached_at(by_mail, box), NOW)
    assert [str(one["To"]) for one in box.mails] == ["supervisor2@example.org"]


def test_a_mail_of_reminders_that_was_late_waits_for_working_hours(
    office: Office, by_mail: Settings
):
    office.change("supervisor", email="supervisor@example.org")
    before = at(date(2026, 9, 30), 17)
    office.reminders(2, at=before)
    office.distribute(before, by_mail=True)
    with world.mail_server() as box:
        settings = reached_at(by_mail, box)
        assert office.deliver(settings, at(date(2026, 10, 3), 10)) == []
        assert not deliveries.anything_waiting(office.database, at(date(2026, 10, 7), 23))
        assert len(office.deliver(settings, at(date(2026, 10, 8), 9))) == 1
    assert len(box.mails) == 1


# Exactly one try at a time ----------------------------------------------------------------------


def test_what_a_killed_process_had_claimed_is_tried_again(mailed: Office, by_mail: Settings):
    class Killed(BaseException):
        pass

    def kill(_letter):
        raise Killed

    with pytest.raises(Killed):
        mailed.deliver(by_mail, NOW, send_mail=kill)
    sent: list[Any] = []
    assert mailed.deliver(by_mail, NOW + timedelta(minutes=4), send_mail=sent.append) == []
    [tried] = mailed.deliver(by_mail, NOW + deliveries.CLAIMED_FOR, send_mail=sent.append)
    assert tried.sent
    assert len(sent) == 1


def test_two_processes_send_everything_once(mailed: Office, by_mail: Settings):
    for _ in range(11):
        mailed.message()
    mailed.distribute(by_mail=True)
    start, sent = threading.Barrier(2), list[Any]()

    def work():
        start.wait()
        mailed.deliver(by_mail, NOW, send_mail=sent.append)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == 12
    assert len({letter.id for letter in sent}) == 12


def test_a_lost_lease_stops_before_the_next_try(mailed: Office, by_mail: Settings):
    class Lost(Exception):
        pass

    def fence(_session):
        raise Lost

    sent: list[Any] = []
    with pytest.raises(Lost):
        mailed.deliver(by_mail, NOW, send_mail=sent.append, fence=fence)
    assert sent == []


# Systems ----------------------------------------------------------------------------------------


def listening(office: Office, url: str, **more: Any) -> WebhookEndpoint:
    endpoint = WebhookEndpoint(
        organisation_id=more.pop("organisation", office.bureau.id),
        url=url,
        secret="the shared secret",
        made_at=NOW,
        made_by=office["admin"].person_id,
        **more,
    )
    office.write(endpoint)
    return endpoint


def test_a_system_is_told_and_can_prove_who_said_it(office: Office, settings: Settings):
    with world.system() as there:
        listening(office, f"{there.url}/hook?of=tanjian")
        listening(office, f"{there.url}/switched-off", active=False)
        listening(office, f"{there.url}/of-others", organisation=new_id())
        office.message()
        office.message(role=None, person=office["leader"].person_id, anywhere=True)
        office.distribute()
        assert [one.sent for one in office.deliver(settings, NOW)] == [True]
    [got] = there.received
    [delivery] = office.deliveries("webhook")
    assert got.path == "/hook?of=tanjian"
    assert got.headers["X-Tanjian-Event-Id"] == str(delivery.id)
    signed = got.headers["X-Tanjian-Timestamp"].encode() + b"." + got.body
    expected = hmac.new(b"the shared secret", signed, hashlib.sha256).hexdigest()
    assert got.headers["X-Tanjian-Signature"] == f"sha256={expected}"
    assert got.headers["X-Tanjian-Timestamp"] == str(int(NOW.timestamp()))
    said = json.loads(got.body)
    assert said["id"] == str(delivery.id)
    assert said["event"] == "verification.submit_report"
    assert said["data"]["number"] == "卫核〔2026〕17号"
    assert said["data"]["lifecycle"] == "verification"


def test_a_system_that_fails_or_leads_elsewhere_did_not_take_it(office: Office, settings: Settings):
    with world.system(500, 302) as there:
        listening(office, there.url)
        office.message()
        office.distribute()
        now, errors = NOW, []
        for _ in range(3):
            office.deliver(settings, now)
            [delivery] = office.deliveries("webhook")
            errors.append(delivery.last_error)
            now = delivery.next_try_at
    assert errors == ["Refused: HTTP 500", "Refused: HTTP 302", ""]
    assert [got.path for got in there.received] == ["/", "/", "/"]
    assert len({got.headers["X-Tanjian-Event-Id"] for got in there.received}) == 1


def test_a_silent_system_keeps_no_other_waiting(office: Office, settings: Settings):
    with world.system() as there:
        listening(office, f"http://127.0.0.1:{world.free_port()}/")
        listening(office, there.url)
        for _ in range(3):
            office.message()
        office.distribute()
        office.deliver(settings, NOW)
    assert len(there.received) == 3
    tried = [one for one in office.deliveries("webhook") if one.attempts]
    assert len(tried) == 4


def test_a_system_that_was_switched_off_hears_no_more(office: Office, settings: Settings):
    endpoint = listening(office, "http://127.0.0.1:9/")
    office.message()
    office.distribute()

    def switch_off(session):
        session.get_one(WebhookEndpoint, endpoint.id).active = False

    office.database.write(switch_off)
    office.deliver(settings, NOW)
    assert [one.status for one in office.deliveries()] == ["dead"]


def test_a_ping_says_that_it_is_one(office: Office, settings: Settings):
    with world.system() as there:
        endpoint = listening(office, there.url)
        office.write(
            Delivery(
                source_id=new_id(), channel="ping", address=str(endpoint.id),
                next_try_at=NOW, created_at=NOW,
            )
        )  # fmt: skip
        office.deliver(settings, NOW)
    [got] = there.received
    assert json.loads(got.body)["event"] == "ping"


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://system.example.org/hook", True),
        ("http://10.0.0.5:8080", True),
        ("ftp://system.example.org", False),
        ("file:///etc/passwd", False),
        ("javascript:alert(1)", False),
        ("https://", False),
        ("https://user:secret@system.example.org", False),
        ("https://system.example.org:many", False),
        ("https://system.example.org/a b", False),
        ("https://system.example.org/\r\nX: y", False),
    ],
)
def test_only_http_addresses_are_told_anything(url, is_one):
    assert webhook.is_address(url) == is_one
