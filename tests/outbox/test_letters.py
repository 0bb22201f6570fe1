"""Messages become letters: each told once, to everybody it is for, in their language and time."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import event, select

from app.accounts.models import Delegation, Membership, Person
from app.cases.models import Case
from app.db import Database, new_id
from app.engine.actors import Role
from app.jobs import JOBS, run
from app.lease import Lease
from app.outbox import letters
from app.outbox.models import Delivery, Letter, OutboxMessage
from config import Settings
from tests import factories
from tests.outbox.conftest import DELEGATION, TUESDAY, Office
from tests.times import NOW, at


class Killed(BaseException):
    """The process ends here."""


# Exactly once -----------------------------------------------------------------------------------


def test_a_message_is_told_once_to_everybody_who_holds_the_role(office: Office):
    told = office.message()
    assert office.distribute() == [told]
    assert office.distribute() == []
    assert [len(office.letters(who)) for who in office.people] == [1, 1, 0, 0, 0, 0]
    assert office.untold() == 0


def test_a_message_is_not_told_before_its_time(office: Office):
    office.message(at=NOW + timedelta(hours=1))
    assert not letters.anything_untold(office.database, NOW)
    assert office.distribute() == []
    assert letters.anything_untold(office.database, NOW + timedelta(hours=1))


@pytest.mark.parametrize("statement", [3, 6, 8, 10])
def test_killed_in_the_middle_of_a_batch_nothing_of_it_was_told(office: Office, statement):
    office.message()
    office.reminders(2)
    seen = []

    def kill(*_args):
        seen.append(1)
        if len(seen) == statement:
            raise Killed

    event.listen(office.database.engine, "before_cursor_execute", kill)
    try:
        with pytest.raises(Killed):
            office.distribute(by_mail=True)
    finally:
        event.remove(office.database.engine, "before_cursor_execute", kill)
    assert office.letters() == []
    assert office.untold() == 3
    assert len(office.distribute(by_mail=True)) == 3
    assert len(office.letters()) == 4


def test_two_processes_at_once_tell_everything_once(office: Office, monkeypatch):
    monkeypatch.setattr(letters, "BATCH", 3)
    expected = {office.message() for _ in range(9)} | set(office.reminders(20))
    other = Database(office.database.url.render_as_string(hide_password=False))
    start = threading.Barrier(2)
    told: list[list[UUID]] = [[], []]

    def work(place, database):
        start.wait()
        told[place] = letters.distribute(database, office.law, NOW)

    threads = [
        threading.Thread(target=partial(work, place, database))
        for place, database in enumerate((office.database, other))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.dispose()
    assert sorted(told[0] + told[1]) == sorted(expected)
    for who in ("supervisor", "supervisor2"):
        found = office.letters(who)
        lines = [line["message"] for letter in found for line in letter.lines]
        assert sorted(lines) == sorted(str(one) for one in expected)
        assert len([letter for letter in found if letter.kind == "reminder"]) == 1


def test_the_number_of_statements_does_not_grow_with_the_messages(office: Office):
    def statements(count):
        office.reminders(count)
        for _ in range(count):
            office.message()
        seen = []

        def note(*_args):
            seen.append(1)

        event.listen(office.database.engine, "before_cursor_execute", note)
        office.distribute()
        event.remove(office.database.engine, "before_cursor_execute", note)
        return len(seen)

    statements(1)  # begins the letter of the day
    assert statements(20) == statements(1)


# Who is told ------------------------------------------------------------------------------------


def test_who_has_left_is_told_nothing(office: Office):
    office.change("supervisor2", active=False)
    office.message()
    office.distribute()
    assert [len(office.letters(who)) for who in ("supervisor", "supervisor2")] == [1, 0]


def test_a_role_that_ended_yesterday_hears_no_more(office: Office):
    def work(session):
        person = factories.person(session, name="昨日")
        factories.membership(
            session, person, office.bureau, Role.SUPERVISOR, until=date(2026, 3, 15)
        )

    office.database.write(work)
    office.message()
    office.distribute()
    assert len(office.letters()) == 2


def test_who_works_elsewhere_now_hears_no_more_of_what_was_theirs(office: Office):
    """Their account goes on, in another organisation; whoever stood in for them stands in no more."""

    def move(session):
        gone, there = office["inspector"].person_id, factories.organisation(session)
        mine = select(Membership).where(Membership.person_id == gone)
        session.scalars(mine).one().until = date(2026, 3, 15)
        factories.membership(session, session.get_one(Person, gone), there, Role.INSPECTOR)

    office.database.write(move)
    office.delegation("inspector", "inspector2", roles=["inspector"])
    told = office.message(role=Role.INSPECTOR, person=office["inspector"].person_id)
    office.distribute()
    assert office.letters() == []
    assert [one.source_id for one in office.deliveries("inbox")] == [told]


def test_a_message_to_one_person_goes_to_nobody_else(office: Office):
    office.message(role=Role.INSPECTOR, person=office["inspector"].person_id)
    office.message(role=None, person=office["leader"].person_id, anywhere=True, kind="escalation")
    office.distribute()
    assert [len(office.letters(who)) for who in office.people] == [0, 0, 1, 0, 1, 0]


def test_a_message_without_an_organisation_goes_to_the_role_everywhere(office: Office):
    elsewhere = office.database.write(lambda s: factories.actor(s, Role.SUPERVISOR))
    office.message(anywhere=True)
    office.distribute()
    assert len(office.letters()) == 3
    assert elsewhere.person_id in {letter.person_id for letter in office.letters()}


def test_a_message_that_reaches_nobody_is_left_to_the_administrator(office: Office):
    told = office.message(role=Role.LEGAL_REVIEWER)
    office.distribute()
    assert office.letters() == []
    assert office.untold() == 0
    [dead] = office.deliveries()
    assert (dead.source_id, dead.channel, dead.status) == (told, "inbox", "dead")
    assert dead.address == f"legal_reviewer:{office.bureau.id}:"


def test_what_is_for_another_role_than_the_organisation_has_is_not_lost(office: Office):
    def seat(session):
        return factories.actor(session, Role.PARTNER_POLICE)

    police = office.database.write(seat)
    office.message(role=Role.PARTNER_MARKET, organisation=police.organisation_id)
    office.message(role=Role.PARTNER_POLICE, organisation=police.organisation_id)
    office.message(role=Role.PARTNER_POLICE, organisation=new_id())
    office.distribute()
    assert [letter.person_id for letter in office.letters()] == [police.person_id]
    assert len(office.deliveries("inbox")) == 1


# Substitutes ------------------------------------------------------------------------------------


def test_a_substitute_is_told_too_and_in_whose_place(office: Office):
    office.delegation("supervisor", "inspector", roles=["supervisor"])
    office.message()
    office.reminders(1)
    office.distribute()
    assert len(office.letters("supervisor")) == 2
    own, theirs = office.letters("supervisor"), office.letters("inspector")
    assert [letter.lines[0]["text"] for letter in theirs] == [
        f"（代名supervisor）{letter.lines[0]['text']}" for letter in own
    ]


def test_a_substitute_who_is_meant_anyway_is_told_once(office: Office):
    office.delegation("supervisor", "supervisor2", roles=["supervisor"])
    office.message()
    office.distribute()
    [letter] = office.letters("supervisor2")
    assert "代" not in letter.lines[0]["text"]


def outside(office: Office) -> list[Delegation]:
    """Delegations that do not cover a notice to supervisors about a verification in Zhongwei."""
    roles = ["supervisor"]
    return [
        office.delegation("supervisor", "inspector", roles=["inspector"]),
        office.delegation("supervisor", "inspector", roles=roles, lifecycles=["recheck"]),
        office.delegation("supervisor", "inspector", roles=roles, division="640521"),
        office.delegation("supervisor", "inspector", roles=roles, until=date(2026, 3, 15)),
        office.delegation("supervisor", "inspector", roles=roles, since=date(2026, 3, 17)),
        office.delegation("supervisor", "inspector", roles=roles, ended_at=NOW),
    ]


def test_a_substitute_hears_only_of_what_was_handed_over(office: Office):
    outside(office)
    case_id = office.database.write(a_case).id
    office.message(case_id=case_id)
    office.distribute()
    assert office.letters("inspector") == []
    office.delegation("supervisor", "inspector", roles=["supervisor"], division="640500")
    office.message(case_id=case_id)
    office.distribute()
    assert len(office.letters("inspector")) == 1


def a_case(session) -> Case:
    subject = factories.unit(session, division="640502")
    made = Case(
        number="卫核〔2026〕17号",
        lifecycle="verification",
        lifecycle_version=1,
        state="report_submitted",
        state_since=NOW,
        authority_id=subject.id,
        subject_id=subject.id,
        subject_name=subject.name,
        division="640502",
        root_id=subject.id,
        opened_at=NOW,
        sort_due_at=NOW,
    )
    session.add(made)
    session.flush()
    return made


# In whose language ------------------------------------------------------------------------------


def test_everybody_reads_their_language(office: Office):
    office.change("supervisor2", locale="en")
    office.message(kind="reminder")
    office.message(kind="escalation")
    office.message(kind="change", why="calendar")
    office.distribute()
    chinese = [letter.lines[0]["text"] for letter in office.letters("supervisor")]
    english = [letter.lines[0]["text"] for letter in office.letters("supervisor2")]
    assert chinese != english
    assert any("」剩 4 个工作日，截止 2026-03-20（星期五）" in text for text in chinese)
    assert any("4 working days left, until 2026-03-20 (Friday)" in text for text in english)
    assert any("放假安排已公布或者变动" in text for text in chinese)
    assert any("The calendar was published or changed." in text for text in english)
    assert not any("{" in text for text in [*chinese, *english])


def test_both_hear_of_a_delegation_and_nobody_in_their_place(office: Office):
    office.delegation("supervisor", "inspector", roles=["supervisor"])
    for who in ("supervisor", "supervisor2"):
        person = office[who].person_id
        office.message(role=Role.SYSTEM, anywhere=True, person=person, **DELEGATION)
    office.distribute()
    assert len(office.letters()) == 2
    [line] = office.letters("supervisor")[0].lines
    assert line["case_id"] is None
    assert line["text"] == (
        "2026-03-17（星期二）至 2026-03-20（星期五），王某的事项由李某代为办理。经办：王某。"
    )


def test_what_a_person_typed_as_the_reason_is_not_told(office: Office):
    office.message(kind="change", why="举报人 13900000000")
    office.distribute()
    assert "139" not in office.letters("supervisor")[0].lines[0]["text"]


# Reminders --------------------------------------------------------------------------------------


def test_the_reminders_of_a_day_are_one_letter(office: Office):
    office.reminders(3)
    office.distribute()
    office.reminders(2, at=NOW + timedelta(hours=2))
    office.distribute(NOW + timedelta(hours=2))
    [letter] = office.letters("supervisor")
    assert (letter.kind, letter.bundle, len(letter.lines)) == ("reminder", "2026-03-16", 5)
    assert letter.subject.endswith("期限提醒 5 项")
    office.reminders(1, at=TUESDAY)
    office.distribute(TUESDAY)
    assert [len(one.lines) for one in office.letters("supervisor")] == [5, 1]


def test_a_letter_that_was_read_is_unread_when_something_is_added(office: Office):
    office.reminders(1)
    office.distribute()

    def read(session):
        for letter in session.scalars(select(Letter)):
            letter.read_at = NOW

    office.database.write(read)
    office.reminders(1)
    office.distribute()
    assert [letter.read_at for letter in office.letters()] == [None, None]


def mailed(office: Office) -> None:
    """Everybody gets mail, and the mail of the day has gone."""
    for who in office.people:
        office.change(who, email=f"{who}@example.org")
    office.reminders(2)
    office.distribute(by_mail=True)

    def work(session):
        for delivery in session.scalars(select(Delivery)):
            delivery.status = "sent"

    office.database.write(work)


def test_what_comes_after_the_mail_of_a_day_waits_for_the_next_working_morning(office: Office):
    mailed(office)
    office.reminders(1)
    office.reminders(2, due_on="2026-03-17")
    office.distribute(by_mail=True)
    first, second = office.letters("supervisor")
    assert (len(first.lines), len(second.lines)) == (2, 3)
    assert second.bundle == "2026-03-17"
    assert second.created_at == at(date(2026, 3, 17), 9)
    office.reminders(1, at=TUESDAY)
    office.distribute(TUESDAY, by_mail=True)
    assert [len(one.lines) for one in office.letters("supervisor")] == [2, 4]
    assert len(office.deliveries("mail")) == 4


def test_what_ends_today_does_not_wait_until_tomorrow(office: Office):
    mailed(office)
    told = office.message(kind="reminder", template="clock.on", due_on="2026-03-16")
    office.distribute(by_mail=True)
    late = office.letters("supervisor")[-1]
    assert (late.bundle, late.created_at) == (str(told), NOW)


def test_the_first_mail_of_a_day_waits_until_the_morning_is_gathered(office: Office):
    office.change("supervisor", email="s@example.org")
    office.reminders(1)
    office.message()
    office.distribute(by_mail=True)
    waits = sorted(one.next_try_at for one in office.deliveries("mail"))
    assert waits == [NOW, NOW + letters.GATHERS]


@pytest.mark.parametrize("day", [date(2026, 10, n) for n in range(1, 8)])
def test_on_a_rest_day_reminders_wait_and_the_rest_is_told(office: Office, day):
    office.reminders(1, at=at(date(2026, 9, 30), 17))  # the scheduler slept
    office.message(kind="reminder", urgent=True, at=at(date(2026, 9, 30), 17))
    office.message(at=at(day, 10))
    assert len(office.distribute(at(day, 11))) == 2
    assert {letter.kind for letter in office.letters()} == {"urgent", "notice"}
    assert not letters.anything_untold(office.database, at(day, 11))
    assert office.distribute(at(date(2026, 10, 8), 8, 59)) == []
    assert len(office.distribute(at(date(2026, 10, 8), 9))) == 1
    assert office.letters("supervisor")[-1].bundle == "2026-10-08"


def test_a_saturday_that_is_worked_is_a_working_day(office: Office):
    office.reminders(1, at=at(date(2026, 10, 10), 9))
    office.distribute(at(date(2026, 10, 10), 9))
    assert office.letters("supervisor")[0].bundle == "2026-10-10"
    office.reminders(1, at=at(date(2026, 10, 10), 9))
    assert office.distribute(at(date(2026, 10, 10), 18)) == []
    with office.database.read() as session:
        waits = session.scalars(
            select(OutboxMessage.release_at).where(OutboxMessage.sent_at.is_(None))
        )
        assert list(waits) == [at(date(2026, 10, 12), 9)]


def test_the_jobs_tell_and_send_under_their_leases(office: Office, settings: Settings):
    office.message(role=Role.LEGAL_REVIEWER)
    office.message()
    jobs = {job.name: job for job in JOBS}
    assert run(jobs["letters"], office.database, settings, NOW, "a") == 2
    assert run(jobs["letters"], office.database, settings, NOW, "a") == 0
    assert run(jobs["deliveries"], office.database, settings, NOW, "a") == 0
    with office.database.read() as session:
        assert set(session.scalars(select(Lease.name))) == {"letters"}


def test_what_is_recorded_on_any_case_is_told_in_words(office: Office):
    office.message(template="verification.assign")
    office.distribute()
    letter = office.letters()[0]
    assert letter.subject == "卫核〔2026〕17号：指定承办人"


@pytest.mark.parametrize(
    ("told", "subject"),
    [
        ({"outcome": "refused"}, "申请延期已有决定（不同意）"),
        ({"outcome": "instructed"}, "申请延期已有决定（提出办理要求）"),
        ({}, "申请延期已有决定（已决定）"),
    ],
)
def test_whoever_asked_is_told_what_was_decided(office: Office, told, subject):
    office.message(kind="escalation", template="escalation.decided", **told)
    office.distribute()
    assert office.letters()[0].subject == f"卫核〔2026〕17号：{subject}"
