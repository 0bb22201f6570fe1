"""Of whoever reported something, no message says anything: not in the inbox, not outside."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.audit import sealing
from app.cases import timers
from app.db import table_of
from app.outbox import deliveries, letters, mail, webhook
from app.outbox.models import Delivery, Letter, OutboxMessage, WebhookEndpoint
from app.workflows.joint_enforcement import JointEnforcement
from config import MailServer, Settings
from tests.town import Town, day, instant

NAME, PHONE = "金举报", "13912345678"
TYPED = {
    "source": "report",
    "conduct": "report_false",
    "suspicion": f"{NAME}称煤样编号与送检单不符。",
    "discovered_on": day("03-02"),
    "reporter_named": True,
    "reporter": f"{NAME}，电话 {PHONE}",
}


def test_a_named_reporter_leaves_no_trace_in_anything_that_is_told(town: Town, tmp_path):
    matter = town.open(JointEnforcement, "inspector", TYPED, at="03-02 10:00")
    matter.fire("assess", "supervisor", at="03-02 11:00")

    def prepare(session: Session) -> None:
        session.execute(update(table_of(Person)).values(email="someone@example.org"))
        for actor in {
            town[login].organisation_id: town[login] for login in town.cast.people
        }.values():
            session.add(
                WebhookEndpoint(
                    organisation_id=actor.organisation_id, url="http://system.example.org/",
                    secret="s", made_at=instant("03-02"), made_by=actor.person_id,
                )
            )  # fmt: skip

    town.database.write(prepare)
    timers.tick(town.database, town.law, instant("04-20 10:00"))
    letters.distribute(town.database, town.law, instant("04-20 10:00"), by_mail=True)

    settings = Settings(
        database_url="", secret_key="", files=tmp_path, mail_from="tanjian@example.org",
        mail_server=MailServer("127.0.0.1", 25), base_url="https://tanjian.example.org",
    )  # fmt: skip
    told: list[str] = []

    def send_mail(letter: mail.Enclosed) -> None:
        composed = mail.composed(letter, settings, instant("04-20 11:00"))
        told.append(str(composed["Subject"]) + composed.get_content())

    def send_event(event: webhook.Event) -> None:
        told.append(json.dumps(event.body, ensure_ascii=False))

    deliveries.deliver(
        town.database, settings, town.law, instant("04-20 11:00"),
        send_mail=send_mail, send_event=send_event,
    )  # fmt: skip

    with town.database.read() as session:
        kept = [
            row(one)
            for model in (OutboxMessage, Letter, Delivery)
            for one in session.scalars(select(model))
        ]
        private = sealing.opened(session).values()
    number = matter.row.number
    assert any(isinstance(one, sealing.Opened) and NAME in one.text for one in private)
    assert sum(number in text for text in kept) >= 4
    assert sum(number in text for text in told) >= 4
    for secret in (NAME, PHONE, "煤样"):
        assert [text for text in kept + told if secret in text] == []


def row(one: Any) -> str:
    """Every column of a row as one text."""
    return json.dumps(
        {column.name: getattr(one, column.name) for column in table_of(type(one)).columns},
        ensure_ascii=False,
        default=str,
    )
