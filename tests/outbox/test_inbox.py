"""The inbox: everybody reads their own letters, and sees how many they have not read."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import event, select

from app.accounts.notices import NO_CASE
from app.clock import utcnow
from app.outbox.models import Letter
from tests.outbox.conftest import DATA, DELEGATION, Office
from tests.outbox.test_letters import a_case
from tests.times import NOW


def page(answer, status=200) -> str:
    html = unescape(answer.get_data(as_text=True))
    assert answer.status_code == status, re.sub(r"<[^>]+>", " ", html)[-1500:]
    return html


def count_in(html: str) -> int:
    """The unread count in the top bar."""
    shown = re.search(r"data-count( hidden)?>(\d+)", html)
    assert shown is not None
    assert bool(shown[1]) == (shown[2] == "0")
    return int(shown[2])


@pytest.fixture
def told(office: Office) -> Office:
    """Two notices for the supervisors."""
    for number in ("卫核〔2026〕1号", "卫核〔2026〕2号"):
        office.message(number=number)
    office.distribute()
    return office


def test_nothing_told_says_what_will_come(office: Office, sign_in):
    html = page(sign_in(office["leader"]).get("/inbox/"))
    assert "还没有消息" in html
    assert count_in(html) == 0


def test_the_count_stands_in_the_top_bar_of_every_page(told: Office, sign_in):
    browser = sign_in(told["supervisor"])
    assert count_in(page(browser.get("/account/"))) == 2
    assert browser.get("/inbox/count").get_json() == {"unread": 2}
    assert count_in(page(sign_in(told["inspector"]).get("/account/"))) == 0


def test_opening_a_letter_reads_it(told: Office, sign_in):
    browser = sign_in(told["supervisor"])
    first = told.letters("supervisor")[0]
    html = page(browser.get(f"/inbox/{first.id}"))
    assert first.lines[0]["text"] in html
    assert count_in(html) == 1
    html = page(browser.get("/inbox/?show=unread"))
    assert first.subject not in html
    assert told.letters("supervisor")[1].subject in html
    assert first.subject in page(browser.get("/inbox/"))
    assert browser.get("/inbox/count").get_json() == {"unread": 1}


def test_one_or_all_are_marked_as_read(told: Office, sign_in):
    browser = sign_in(told["supervisor"])
    first, _ = told.letters("supervisor")
    answer = browser.post(f"/inbox/{first.id}/read", data={"next": "/inbox/?show=unread"})
    assert answer.headers["Location"] == "/inbox/?show=unread"
    assert [one.read_at is None for one in told.letters("supervisor")] == [False, True]
    until = re.search(r'name="until" value="([^"]+)"', page(browser.get("/inbox/")))
    assert until is not None
    browser.post("/inbox/read", data={"until": until[1]})
    assert [one.read_at is None for one in told.letters("supervisor")] == [False, False]
    assert [one.read_at is None for one in told.letters("supervisor2")] == [True, True]
    assert "没有未读消息" in page(browser.get("/inbox/?show=unread"))


def test_what_came_after_the_page_was_drawn_stays_unread(told: Office, sign_in):
    until = (NOW - timedelta(hours=1)).isoformat()
    sign_in(told["supervisor"]).post("/inbox/read", data={"until": until})
    assert [one.read_at for one in told.letters("supervisor")] == [None, None]


@pytest.mark.parametrize("until", ["", "yesterday", "2026-03-16T12:00:00"])
def test_a_time_that_is_none_is_refused(told: Office, sign_in, until):
    answer = sign_in(told["supervisor"]).post("/inbox/read", data={"until": until})
    assert answer.status_code == 422


def test_nobody_reads_the_letter_of_somebody_else(told: Office, sign_in):
    [letter, _] = told.letters("supervisor")
    for who in ("supervisor2", "leader", "admin"):
        browser = sign_in(told[who])
        assert browser.get(f"/inbox/{letter.id}").status_code == 404
        browser.post(f"/inbox/{letter.id}/read")
    assert told.letters("supervisor")[0].read_at is None


def test_who_is_not_signed_in_reads_nothing(told: Office, client):
    [letter, _] = told.letters("supervisor")
    for address in ("/inbox/", f"/inbox/{letter.id}"):
        assert client.get(address, headers={"Accept": "text/html"}).status_code == 303
    answer = client.get("/inbox/count", headers={"Accept": "application/json"})
    assert answer.status_code == 401


def test_a_letter_leads_to_the_case_while_the_person_may_see_it(office: Office, sign_in):
    def led_here(session):
        made = a_case(session)
        made.authority_id = office.bureau.id
        return made.id

    def led_elsewhere(session):
        made = a_case(session)
        made.number, made.division = "银核〔2026〕3号", "640100"
        return made.id

    seen, unseen = office.database.write(led_here), office.database.write(led_elsewhere)
    office.reminders(1, case_id=seen)
    office.reminders(1, case_id=unseen)
    office.distribute()
    [letter] = office.letters("supervisor")
    html = page(sign_in(office["supervisor"]).get(f"/inbox/{letter.id}"))
    assert f"/cases/{seen}" in html
    assert f"/cases/{unseen}" not in html


def test_a_letter_about_no_case_leads_nowhere(office: Office, sign_in):
    office.message(**DELEGATION)
    office.distribute()
    [letter] = office.letters("supervisor")
    html = page(sign_in(office["supervisor"]).get(f"/inbox/{letter.id}"))
    assert "王某的事项由李某代为办理" in html
    assert str(NO_CASE) not in html


def test_a_letter_about_an_escalation_leads_to_it(office: Office, sign_in):
    def led_here(session):
        made = a_case(session)
        made.authority_id = office.bureau.id
        return made.id

    office.message(kind="escalation", case_id=office.database.write(led_here))
    office.distribute()
    [letter] = office.letters("supervisor")
    html = page(sign_in(office["supervisor"]).get(f"/inbox/{letter.id}"))
    assert f"/escalations/{DATA['escalation']['escalation']}" in html


def test_a_letter_for_tomorrow_is_not_there_today(told: Office, sign_in):
    [letter, _] = told.letters("supervisor")

    def put_off(session):
        session.get_one(Letter, letter.id).created_at = utcnow() + timedelta(hours=1)

    told.database.write(put_off)
    browser = sign_in(told["supervisor"])
    assert browser.get("/inbox/count").get_json() == {"unread": 1}
    assert letter.subject not in page(browser.get("/inbox/"))
    assert browser.get(f"/inbox/{letter.id}").status_code == 404


def test_a_long_inbox_is_read_page_by_page_at_the_same_cost(office: Office, sign_in):
    browser = sign_in(office["supervisor"])

    def statements(address: str) -> int:
        seen = []

        def note(_c, _cursor, statement, *_rest):
            if not statement.startswith(("BEGIN", "PRAGMA", "SET ")):
                seen.append(statement)

        database = office.database
        engine = database.reader_engine if database.is_sqlite else database.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            page(browser.get(address))
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    empty = statements("/inbox/")
    for number in range(60):
        office.message(number=f"卫核〔2026〕{number}号")
    office.distribute()
    assert statements("/inbox/") == empty
    html = page(browser.get("/inbox/"))
    older = re.search(r'rel="next" href="([^"]+)"', html)
    assert older is not None
    rest = page(browser.get(older[1]))
    numbers = [re.findall(r"卫核〔2026〕\d+号：", text) for text in (html, rest)]
    listed = [set(found) for found in numbers]
    assert (len(listed[0]), len(listed[1])) == (50, 10)
    assert not listed[0] & listed[1]


def test_looking_for_news_keeps_nobody_signed_in(told: Office, sign_in):
    browser = sign_in(told["supervisor"])
    assert "Set-Cookie" in browser.get("/inbox/").headers
    assert "Set-Cookie" not in browser.get("/inbox/count").headers


def test_many_unread_letters_are_not_counted_to_the_end(office: Office, sign_in):
    for _ in range(101):
        office.message()
    office.distribute()
    html = page(sign_in(office["supervisor"]).get("/account/"))
    assert "100+" in html
    with office.database.read() as session:
        assert len(list(session.scalars(select(Letter)))) == 202
