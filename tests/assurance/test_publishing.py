"""A checkpoint in the hands of another authority: made for it, handed over, recorded."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
import segno
from sqlalchemy import select

from app.assurance import publishing
from app.assurance.publishing import Channel, Order
from app.audit import chain, checkpoints, keys
from app.audit.models import AuditEntry, Checkpoint, CheckpointPublication
from app.engine.actors import SYSTEM_ACTOR, Role
from app.law.terms import shipped_law
from app.outbox import deliveries
from app.outbox.models import Delivery
from config import MailServer
from tests import factories
from tests.cases.conftest import page
from tests.outbox import world
from tests.times import NOW

PAGE = "/audit/publish"
TYPED = {"channel": "file", "recipient": "宁夏回族自治区生态环境厅"}


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    monkeypatch.setattr("app.cases.views.utcnow", lambda: NOW)


@pytest.fixture
def auditor(database):
    """The auditor of a bureau in which something has happened."""

    def work(session):
        where = factories.organisation(session, name="测试市局")
        chain.append(session, "registers", trigger="try", actor=SYSTEM_ACTOR, body={}, now=NOW)
        return factories.actor(session, Role.AUDITOR, at=where, name="何审计")

    return database.write(work)


@pytest.fixture
def browser(sign_in, auditor):
    return sign_in(auditor)


@pytest.fixture
def by_mail(app, settings):
    """A mail server that takes everything, and the settings that name it."""
    with world.mail_server() as box:
        reached = replace(
            settings,
            mail_server=MailServer("127.0.0.1", box.port),
            mail_from="tanjian@example.org",
        )
        app.extensions["tanjian.settings"] = reached
        yield reached, box


def every(database, model):
    with database.read() as session:
        return list(session.scalars(select(model)))


def entries(database):
    query = select(AuditEntry).where(AuditEntry.trigger == "publish_checkpoint")
    with database.read() as session:
        return list(session.scalars(query))


def test_a_full_checkpoint_is_made_recorded_and_given_as_a_file(
    database, browser, auditor, settings
):
    answer = browser.post(PAGE, data={**TYPED, "recipient": "  宁夏 生态环境厅 "})
    assert answer.status_code == 303
    shown = page(browser.get(answer.location))
    [row] = every(database, CheckpointPublication)
    assert (row.channel, row.recipient, row.published_by_name) == (
        "file", "宁夏 生态环境厅", "何审计",
    )  # fmt: skip
    made = every(database, Checkpoint)[-1]
    assert (made.number, made.full) == (row.number, True)
    assert "已作出存证点 2，并记录交存宁夏 生态环境厅" in shown
    file = browser.get(f"{answer.location}/file")
    assert file.headers["Content-Disposition"].endswith("tanjian-checkpoint-2.json")
    told = json.loads(file.data)
    assert told["body"] == made.body
    public = keys.load(settings.audit_key).public
    assert keys.holds(public, told["body"], told["signature"])
    assert keys.fingerprint(made.hash) in shown
    assert keys.fingerprint(public) in shown
    [entry] = entries(database)
    assert (entry.chain, entry.actor_id) == ("exports", auditor.person_id)
    assert entry.chain_id == chain.chain_id_of(f"exports:{auditor.organisation_id}:2026-03-16")
    details = json.loads(entry.body)["details"]
    assert details == {
        "publication": str(row.id), "checkpoint": 2, "hash": made.hash, "channel": "file",
        "recipient": "宁夏 生态环境厅",
    }  # fmt: skip
    assert every(database, Delivery) == []


def test_the_code_for_a_phone_holds_number_time_hash_and_key(database, auditor, settings):
    order = Order(Channel.PRINT, "厅")
    made = publishing.publish(database, settings.audit_key, order, auditor, NOW)
    with database.read() as session:
        sheet = publishing.sheet(session, made.id)
    assert sheet is not None
    assert sheet.compact.splitlines() == [
        "TANJIAN 2", "2026-03-16T04:00:00Z", f"SHA-256 {sheet.checkpoint.hash}",
        f"ED25519 {keys.load(settings.audit_key).public}",
    ]  # fmt: skip
    drawn = sheet.qr()
    assert "style" not in drawn
    side = segno.make(sheet.compact, error="m").symbol_size(border=4)[0]
    assert f'viewBox="0 0 {side} {side}"' in drawn


def test_an_e_mail_carries_the_file_and_says_in_both_languages_what_to_do(
    database, browser, by_mail
):
    settings, box = by_mail
    typed = {**TYPED, "channel": "mail", "address": "audit@example.gov.cn"}
    answer = browser.post(PAGE, data=typed)
    assert "正在发送" in page(browser.get(answer.location))
    [tried] = deliveries.deliver(database, settings, shipped_law(), NOW)
    assert tried.sent
    [got] = box.mails
    assert str(got["To"]) == "audit@example.gov.cn"
    text = got.get_body().get_content()
    for words in (TYPED["recipient"], "测试市局", "何审计", "原样保存", "Keep the attached file"):
        assert words in text
    [attached] = got.iter_attachments()
    made = every(database, Checkpoint)[-1]
    assert attached.get_filename() == f"tanjian-checkpoint-{made.number}.json"
    assert attached.get_content().decode() == checkpoints.handed_out(made)
    assert "已于 2026-03-16 12:00 发往 audit@example.gov.cn" in page(browser.get(answer.location))
    [entry] = entries(database)
    assert "audit@example.gov.cn" not in entry.body  # a mailbox is kept apart from the chain
    assert list(json.loads(entry.body)["commitments"]) == ["address"]


def test_an_e_mail_that_is_refused_is_tried_again_and_given_up_in_the_end(
    database, browser, by_mail, monkeypatch
):
    settings, box = by_mail
    monkeypatch.setattr(deliveries, "TRIES", 2)
    box.answers += ["450 later"] * deliveries.TRIES
    browser.post(PAGE, data={**TYPED, "channel": "mail", "address": "audit@example.gov.cn"})
    at = NOW
    for _ in range(deliveries.TRIES):
        deliveries.deliver(database, settings, shipped_law(), at)
        at += deliveries.LONGEST_PAUSE
    [delivery] = every(database, Delivery)
    assert (delivery.status, delivery.attempts) == ("dead", deliveries.TRIES)
    shown = page(browser.get(PAGE))
    assert "已放弃" in shown
    assert "450" in shown


WRONG = [
    ({"recipient": ""}, "请填写机关名称。"),
    ({"recipient": "   "}, "请填写机关名称。"),
    ({"recipient": "局" * 201}, "200"),
    ({"channel": "pigeon"}, ""),
    ({"channel": "mail"}, "请填写接收邮件的地址。"),
    ({"channel": "mail", "address": "audit"}, "不是有效的电子邮件地址"),
    ({"channel": "mail", "address": "a@b"}, "不是有效的电子邮件地址"),
    ({"channel": "mail", "address": "审计@例.中国"}, "不是有效的电子邮件地址"),
    ({"channel": "mail", "address": "a@b.cn\nBcc: c@d.cn"}, "不是有效的电子邮件地址"),
]


def test_what_is_wrong_stands_at_its_field_and_nothing_is_handed_out(database, browser, by_mail):
    for typed, fault in WRONG:
        shown = page(browser.post(PAGE, data=TYPED | typed), 422)
        [at_field] = re.findall(r'<p class="fault"[^>]*>.*?</p>', shown, re.DOTALL)
        assert fault in at_field
        assert f'value="{typed.get("recipient", TYPED["recipient"])}"' in shown
    assert every(database, CheckpointPublication) == []


def test_without_a_mail_server_none_is_offered(database, browser):
    shown = page(browser.get(PAGE))
    assert 'value="mail"' not in shown
    assert "未设置邮件服务器" in shown
    page(browser.post(PAGE, data={**TYPED, "channel": "mail", "address": "a@b.cn"}), 422)
    assert every(database, CheckpointPublication) == []


def test_without_its_key_the_page_says_so_and_keeps_what_was_typed(database, browser, settings):
    browser.post(PAGE, data=TYPED)
    settings.audit_key.rename(settings.audit_key.with_name("elsewhere"))
    shown = page(browser.post(PAGE, data={**TYPED, "recipient": "检察院"}), 422)
    assert "签名密钥不在，或者" in shown
    assert 'value="检察院"' in shown
    assert len(every(database, CheckpointPublication)) == 1


def test_the_list_names_the_newest_first_page_by_page(database, browser, auditor, settings):
    assert "尚未交存存证点" in page(browser.get(PAGE))
    for number in range(3):
        order = Order(Channel.FILE, f"机关{number}")
        at = NOW + timedelta(minutes=number // 2)  # two at the same moment
        publishing.publish(database, settings.audit_key, order, auditor, at)
    found, after = [], None
    with database.read() as session:
        for _ in range(3):
            part = publishing.publications(session, after=after, limit=1)
            found += [one.row.recipient for one in part.rows]
            after = part.next
    assert found == ["机关2", "机关1", "机关0"]
    assert after is None
    shown = page(browser.get(PAGE))
    assert shown.index("机关2") < shown.index("机关0")


def test_auditors_alone_hand_checkpoints_out(database, sign_in, client):
    who = database.write(lambda session: factories.actor(session, Role.SUPERVISOR))
    assert sign_in(who).post(PAGE, data=TYPED).status_code == 403
    assert client.get(PAGE).status_code == 303
    assert every(database, CheckpointPublication) == []


def test_the_command_writes_the_file_and_never_over_another(app, database, auditor, tmp_path):
    out = tmp_path / "checkpoint.json"
    run = app.test_cli_runner().invoke
    done = run(args=["audit", "publish", "--out", str(out), "--to", "检察院"])
    assert done.exit_code == 0, done.output
    made = every(database, Checkpoint)[-1]
    assert out.read_text("utf-8") == checkpoints.handed_out(made)
    assert keys.fingerprint(made.hash) in done.output
    [entry] = entries(database)
    assert entry.role == "system"
    again = run(args=["audit", "publish", "--out", str(out), "--to", "检察院"])
    assert (again.exit_code, len(entries(database))) == (1, 1)
    nowhere = str(tmp_path / "no" / "file")
    assert run(args=["audit", "publish", "--out", nowhere, "--to", "检察院"]).exit_code == 1
    assert run(args=["audit", "publish", "--out", str(tmp_path / "b"), "--to", " "]).exit_code == 2
    assert len(entries(database)) == 1
