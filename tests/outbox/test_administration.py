"""Administration of what is told: deliveries, systems and words, each change in the chain."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from sqlalchemy import event, select

from app.audit.models import AuditEntry
from app.db import new_id
from app.engine.actors import Role
from app.outbox import queries, wording
from app.outbox.models import MessageTemplate, WebhookEndpoint
from config import Settings
from tests import factories
from tests.outbox import world
from tests.outbox.conftest import Office
from tests.outbox.test_deliveries import listening
from tests.outbox.test_inbox import page
from tests.times import NOW

PAGES = ("/administration/deliveries", "/administration/webhooks", "/administration/words")


def entries(office: Office) -> list[tuple[str, dict[str, Any]]]:
    """What was administered, oldest first."""
    query = select(AuditEntry).where(AuditEntry.chain == "administration").order_by(AuditEntry.seq)
    with office.database.read() as session:
        return [
            (entry.trigger, json.loads(entry.body)["details"]) for entry in session.scalars(query)
        ]


@pytest.mark.parametrize("who", ["supervisor", "inspector", "leader"])
def test_only_an_administrator_comes_here(office: Office, sign_in, who):
    browser = sign_in(office[who])
    for address in PAGES:
        assert browser.get(address).status_code == 403
    endpoint = listening(office, "https://system.example.org/")
    acts = (
        "deliveries/again",
        f"deliveries/{new_id()}/again",
        "webhooks",
        f"webhooks/{endpoint.id}/ping",
        f"webhooks/{endpoint.id}/end",
        f"words/{KEY}",
        f"words/{KEY}/restore/0",
    )
    for act in acts:
        assert browser.post(f"/administration/{act}", data=words()).status_code == 403, act
    assert browser.get(ADDRESS).status_code == 403
    assert not office.deliveries()
    assert not versions(office)
    assert not entries(office)
    html = page(browser.get("/account/"))
    assert "/administration/" not in html


def test_the_menu_leads_an_administrator_there(office: Office, sign_in):
    html = page(sign_in(office["admin"]).get("/account/"))
    for address in PAGES:
        assert f'href="{address}"' in html


# Deliveries -------------------------------------------------------------------------------------


@pytest.fixture
def given_up(office: Office, settings: Settings) -> Office:
    """One mail and one message for nobody, both dead."""
    office.change("supervisor", email="supervisor@example.org")
    office.message(subject="示例保密公司")
    office.message(role=Role.LEGAL_REVIEWER)
    office.distribute(by_mail=True)
    office.deliver(settings, NOW)
    return office


def test_what_was_given_up_is_shown_without_what_it_says(given_up: Office, sign_in):
    browser = sign_in(given_up["admin"])
    html = page(browser.get("/administration/deliveries"))
    assert "supervisor@example.org" in html
    assert "no mail server" in html
    assert "法制审核人员" in html
    assert "无人担任该角色" in html
    assert "示例保密公司" not in html
    assert given_up.letters()[0].subject not in html
    assert re.search(r'发送情况</span>\s*<span class="count">2</span>', html)


def test_one_is_sent_again(given_up: Office, sign_in, settings: Settings):
    browser = sign_in(given_up["admin"])
    [dead] = given_up.deliveries("mail")
    assert browser.post(f"/administration/deliveries/{dead.id}/again").status_code == 303
    [waiting] = given_up.deliveries("mail")
    assert (waiting.id, waiting.status, waiting.attempts) == (dead.id, "waiting", 0)
    sent: list[Any] = []
    given_up.deliver(settings, waiting.next_try_at, send_mail=sent.append)
    assert [letter.id for letter in sent] == [dead.id]
    assert [trigger for trigger, _ in entries(given_up)] == ["send_again"]
    html = page(browser.post(f"/administration/deliveries/{dead.id}/again", follow_redirects=True))
    assert "已不在未送达之列" in html
    assert "supervisor@example.org" in page(browser.get("/administration/deliveries?show=sent"))


def test_a_message_for_nobody_is_told_once_somebody_is_there(given_up: Office, sign_in):
    def appoint(session):
        return factories.actor(session, Role.LEGAL_REVIEWER, at=given_up.bureau)

    legal = given_up.database.write(appoint)
    browser = sign_in(given_up["admin"])
    browser.post("/administration/deliveries/again")
    assert given_up.deliveries("inbox") == []
    assert len(given_up.distribute()) == 1
    assert [one.person_id for one in given_up.letters()].count(legal.person_id) == 1
    assert entries(given_up) == [("send_all_again", {"deliveries": 2})]


def test_a_message_that_still_reaches_nobody_is_listed_again(given_up: Office, sign_in):
    sign_in(given_up["admin"]).post("/administration/deliveries/again")
    given_up.distribute()
    assert [one.status for one in given_up.deliveries("inbox")] == ["dead"]


def test_a_message_that_is_told_anew_goes_to_a_system_once(office: Office, sign_in):
    listening(office, "http://127.0.0.1:9/")
    office.message(role=Role.LEGAL_REVIEWER)
    office.message()
    office.distribute()
    posted = [one.id for one in office.deliveries("webhook")]
    sign_in(office["admin"]).post("/administration/deliveries/again")
    office.message()
    assert len(office.distribute()) == 2
    assert [one.id for one in office.deliveries("webhook")][:2] == posted
    assert len(office.deliveries("webhook")) == 3


def test_the_cost_of_the_list_does_not_grow_with_it(office: Office, sign_in):
    browser = sign_in(office["admin"])

    def statements() -> int:
        seen = []

        def note(*_args):
            seen.append(1)

        database = office.database
        engine = database.reader_engine if database.is_sqlite else database.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            page(browser.get("/administration/deliveries"))
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    office.message(role=Role.LEGAL_REVIEWER)
    office.distribute()
    few = statements()
    for _ in range(70):
        office.message(role=Role.AUDITOR)
    office.distribute()
    assert statements() == few
    html = page(browser.get("/administration/deliveries"))
    older = re.search(r'rel="next" href="([^"]+)"', html)
    assert older is not None
    assert html.count("/again") - 1 == 50
    assert page(browser.get(older[1])).count("/again") - 1 == 21


# Systems ----------------------------------------------------------------------------------------


def add(office: Office, browser: Any, url: str) -> Any:
    return browser.post(
        "/administration/webhooks", data={"organisation": str(office.bureau.id), "url": url}
    )


def endpoints(office: Office) -> list[WebhookEndpoint]:
    with office.database.read() as session:
        return list(session.scalars(select(WebhookEndpoint)))


def test_the_secret_is_shown_once_and_stands_in_no_entry(office: Office, sign_in):
    browser = sign_in(office["admin"])
    html = page(add(office, browser, "https://system.example.org/hook"))
    [made] = endpoints(office)
    assert made.secret in html
    assert len(made.secret) >= 40
    assert made.secret not in page(browser.get("/administration/webhooks"))
    [(trigger, told)] = entries(office)
    assert (trigger, told["url"]) == ("add_webhook", "https://system.example.org/hook")
    assert made.secret not in json.dumps(told)


def test_an_address_that_is_none_or_is_there_already_is_refused_beside_the_field(
    office: Office, sign_in
):
    browser = sign_in(office["admin"])
    html = page(add(office, browser, "ftp://system.example.org"), 422)
    assert "不是 http 地址" in html
    assert "ftp://system.example.org" in html
    add(office, browser, "https://system.example.org/")
    assert "已在接收" in page(add(office, browser, "https://system.example.org/"), 422)
    assert len(endpoints(office)) == 1
    assert [trigger for trigger, _ in entries(office)] == ["add_webhook"]


def test_a_system_is_tried_and_told_no_more(office: Office, sign_in, settings: Settings):
    browser = sign_in(office["admin"])
    with world.system() as there:
        made = listening(office, there.url)
        browser.post(f"/administration/webhooks/{made.id}/ping")
        assert "发送中" in page(browser.get("/administration/webhooks"))
        [ping] = office.deliveries("ping")
        office.deliver(settings, ping.next_try_at)
    assert len(there.received) == 1
    assert "已到达" in page(browser.get("/administration/webhooks"))
    browser.post(f"/administration/webhooks/{made.id}/end")
    assert [one.active for one in endpoints(office)] == [False]
    for act in ("ping", "end"):
        assert browser.post(f"/administration/webhooks/{made.id}/{act}").status_code == 404
    assert browser.post(f"/administration/webhooks/{new_id()}/ping").status_code == 404
    assert [trigger for trigger, _ in entries(office)] == ["ping_webhook", "end_webhook"]


# Words ------------------------------------------------------------------------------------------

KEY = "clock.before"
ADDRESS = f"/administration/words/{KEY}"


def words(**changed: Any) -> dict[str, Any]:
    return {
        "subject_zh": "{number} 快到期",
        "body_zh": "{subject} 的 {clock}，{left}，{due}。",
        "subject_en": "{number} is due soon",
        "body_en": "{clock} of {subject}: {left}, {due}.",
        "seen": "0",
        **changed,
    }


def versions(office: Office) -> list[MessageTemplate]:
    with office.database.read() as session:
        return list(session.scalars(select(MessageTemplate).order_by(MessageTemplate.version)))


def test_words_are_looked_at_before_they_are_saved(office: Office, sign_in):
    browser = sign_in(office["admin"])
    html = page(browser.post(ADDRESS, data={**words(), "preview": "1"}))
    assert "卫核〔2026〕17号 快到期" in html
    assert "3 working days left" in html
    assert "{number} 快到期" in html
    assert versions(office) == []
    assert entries(office) == []


def test_saved_words_are_a_version_and_what_is_told_from_then_on(office: Office, sign_in):
    browser = sign_in(office["admin"])
    assert browser.post(ADDRESS, data=words()).status_code == 303
    [made] = versions(office)
    assert (made.key, made.version, made.made_by_name) == (KEY, 1, "名admin")
    [(trigger, told)] = entries(office)
    assert (trigger, told["key"], told["version"]) == ("save_words", KEY, 1)
    office.reminders(1)
    office.distribute()
    [line] = office.letters("supervisor")[0].lines
    assert line["text"].startswith("示例热电有限公司 的 ")
    assert "{" not in line["text"]
    html = page(browser.get(ADDRESS))
    assert "名admin" in html
    assert re.search(r'<input[^>]*name="seen"[^>]*value="1"', html)


def test_words_of_one_act_come_before_those_of_all(office: Office, sign_in):
    browser = sign_in(office["admin"])
    key = next(
        key for key, (group, _) in queries.labels().items() if key.startswith("verification.")
    )
    address = f"/administration/words/{key}"
    assert "采用通用用语" in page(browser.get(address))
    own = words(body_zh="专用：{act}", body_en="Own: {act}", subject_en="{number}")
    assert browser.post(address, data=own).status_code == 303
    office.message(template=key)
    office.message(template="verification.another_act")
    office.distribute()
    first, second = office.letters("supervisor")
    assert (first.template, first.template_version) == (key, 1)
    assert first.lines[0]["text"].startswith("专用：")
    assert (second.template, second.template_version) == ("notice", 0)


@pytest.mark.parametrize(
    ("field", "text", "says"),
    [
        ("body_zh", "{number} {password}", "这里没有 {password}"),
        ("body_en", "{act}", "这里没有 {act}"),
        ("subject_zh", "{number", "花括号须成对"),
        ("subject_en", "number}", "花括号须成对"),
        ("body_zh", "{number.__class__}", "花括号须成对"),
        ("body_zh", "{number!r}", "花括号须成对"),
        ("body_zh", "{number:>9999999}", "花括号须成对"),
        ("body_zh", "{0}", "花括号须成对"),
        ("body_zh", "{{ config }}{}", "花括号须成对"),
    ],
)
def test_braces_around_anything_else_are_refused_beside_the_field(
    office: Office, sign_in, field, text, says
):
    html = page(sign_in(office["admin"]).post(ADDRESS, data=words(**{field: text})), 422)
    fault = re.search(rf'id="{field}-error">(.*?)</p>', html, re.DOTALL)
    assert fault is not None
    assert says in fault[1]
    assert text in html
    assert versions(office) == []


def test_what_a_value_says_in_braces_is_not_filled_again():
    assert wording.filled("{subject}", {"subject": "{number}", "number": "1"}) == "{number}"
    assert wording.filled("{{ {{x}} }}", {}) == "{ {x} }"


def test_an_older_version_becomes_a_new_one(office: Office, sign_in):
    browser = sign_in(office["admin"])
    browser.post(ADDRESS, data=words())
    browser.post(ADDRESS, data=words(subject_zh="第二版 {number}", seen="1"))
    assert browser.post(f"{ADDRESS}/restore/1").status_code == 303
    assert browser.post(f"{ADDRESS}/restore/0").status_code == 303
    assert browser.post(f"{ADDRESS}/restore/9").status_code == 404
    shipped = wording.shipped()[KEY].subject.zh
    assert [one.subject_zh for one in versions(office)] == [
        "{number} 快到期", "第二版 {number}", "{number} 快到期", shipped,
    ]  # fmt: skip
    assert [told["version"] for _, told in entries(office)] == [1, 2, 3, 4]


def test_whoever_was_slower_is_told_and_keeps_what_was_typed(office: Office, sign_in):
    browser = sign_in(office["admin"])
    browser.post(ADDRESS, data=words())
    html = page(browser.post(ADDRESS, data=words(subject_zh="慢了 {number}")), 409)
    assert "名admin 已先保存了新版本" in html
    assert "慢了 {number}" in html
    seen = re.search(r'<input[^>]*name="seen"[^>]*value="(\d+)"', html)
    assert seen is not None
    assert seen[1] == "1"
    assert len(versions(office)) == 1
    assert browser.post(ADDRESS, data=words(seen="1")).status_code == 303


def test_words_of_nothing_are_not_edited(office: Office, sign_in):
    browser = sign_in(office["admin"])
    assert browser.get("/administration/words/verification.no_such_act").status_code == 404
    assert browser.post("/administration/words/nothing/restore/0").status_code == 404


def test_every_shipped_word_uses_only_the_names_of_its_key():
    for key, text in wording.shipped().items():
        for part in (text.subject, text.body):
            for pattern in (part.zh, part.en):
                assert set(wording.names_in(pattern)) <= set(wording.placeholders_of(key)), key


def test_every_kind_of_words_has_a_page_and_a_preview(office: Office, sign_in):
    browser = sign_in(office["admin"])
    listed = page(browser.get("/administration/words"))
    for key in [*wording.shipped(), "verification.submit_report"]:
        if key not in queries.labels():
            continue
        assert f"/administration/words/{key}" in listed
        text = wording.text_for(wording.shipped(), key, "notice")
        typed = {
            "subject_zh": text.subject.zh, "body_zh": text.body.zh,
            "subject_en": text.subject.en, "body_en": text.body.en, "seen": "0", "preview": "1",
        }  # fmt: skip
        html = page(browser.post(f"/administration/words/{key}", data=typed))
        preview = html.split('id="preview-panel"')[1].split("</section>")[0]
        assert "{" not in preview
        assert "—" not in preview
