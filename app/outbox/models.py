"""What waits to be told, the letters that tell it, and how each of them leaves.

A *message* is written in the transaction of the act it tells of, to whoever holds a role. After
the commit it becomes *letters*, one to each person, in that person's language; the reminders of
one person and day are one letter. A *delivery* is a letter on its way by e-mail, or a message on
its way to a system; its id never changes, however often it is tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, UUIDKey, new_id
from app.engine.actors import Role

WAITING: Final = "status = 'waiting'"


class OutboxMessage(Base):
    """One message to whoever holds a role in an organisation, or to one person.

    ``kind``: notice (of an act), reminder (of a clock), escalation, change (of a clock's end).
    Only reminders that are not urgent wait for working hours and are bundled.
    """

    __tablename__ = "outbox_messages"
    __table_args__ = (
        Index(
            "ix_outbox_messages_waiting",
            "release_at",
            postgresql_where=text("sent_at IS NULL"),
            sqlite_where=text("sent_at IS NULL"),
        ),
        Index("ix_outbox_messages_organisation", "organisation_id", "created_at"),
    )

    id: Mapped[UUIDKey]
    case_id: Mapped[UUID]
    seq: Mapped[int]
    """Entry of the case it tells of; -1 if it tells of none."""
    kind: Mapped[str] = mapped_column(String(12), default="notice")
    urgent: Mapped[bool] = mapped_column(default=False, comment="Of hours: told at any time")
    template: Mapped[str] = mapped_column(String(80), comment="lifecycle.trigger")
    role: Mapped[str] = mapped_column(String(24))
    organisation_id: Mapped[UUID | None]
    person_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    release_at: Mapped[datetime] = mapped_column(comment="Not told before")
    sent_at: Mapped[datetime | None]
    """When it became letters."""


def message(
    *,
    case_id: UUID,
    kind: str,
    template: str,
    data: Mapping[str, Any],
    now: datetime,
    role: Role | None = None,
    organisation_id: UUID | None = None,
    person_id: UUID | None = None,
    seq: int = -1,
    urgent: bool = False,
    release_at: datetime | None = None,
) -> dict[str, Any]:
    """The row of a message that is left ``now`` and may be told then, or at ``release_at``."""
    return {
        "id": new_id(),
        "case_id": case_id,
        "seq": seq,
        "kind": kind,
        "urgent": urgent,
        "template": template,
        "role": role.value if role is not None else "",
        "organisation_id": organisation_id,
        "person_id": person_id,
        "data": data,
        "created_at": now,
        "release_at": release_at or now,
    }


class Letter(Base):
    """What one person is told, as it was put into words for them."""

    __tablename__ = "letters"
    __table_args__ = (
        UniqueConstraint("person_id", "bundle", name="uq_letters_bundle"),
        Index("ix_letters_person", "person_id", "created_at", "id"),
        Index(
            "ix_letters_unread",
            "person_id",
            postgresql_where=text("read_at IS NULL"),
            sqlite_where=text("read_at IS NULL"),
        ),
    )

    id: Mapped[UUIDKey]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    bundle: Mapped[str] = mapped_column(
        String(80), comment="The day whose reminders it gathers, or the message it tells"
    )
    kind: Mapped[str] = mapped_column(String(12))
    subject: Mapped[str] = mapped_column(String(300))
    lines: Mapped[list[dict[str, Any]]] = mapped_column(
        comment="One a message: text, case_id, message"
    )
    template: Mapped[str] = mapped_column(String(80))
    template_version: Mapped[int]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class Delivery(Base):
    """A letter or a checkpoint on its way by e-mail, or a message on its way to a system.

    ``channel``: mail, webhook, ping (an administrator tries the way to a system), inbox (a message
    that found nobody to read it, which is dead from the beginning), handout (the publication of a
    checkpoint that goes to another authority by e-mail).
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index(
            "ix_deliveries_waiting",
            "next_try_at",
            "id",
            postgresql_where=text(WAITING),
            sqlite_where=text(WAITING),
        ),
        Index("ix_deliveries_status", "status", "created_at"),
        UniqueConstraint("source_id", "channel", "address", name="uq_deliveries_source"),
    )

    id: Mapped[UUIDKey]
    source_id: Mapped[UUID] = mapped_column(comment="Letter (mail) or message (webhook)")
    channel: Mapped[str] = mapped_column(String(8), comment="mail, webhook")
    address: Mapped[str] = mapped_column(String(300), comment="Mailbox, or id of the endpoint")
    status: Mapped[str] = mapped_column(String(8), default="waiting", comment="waiting, sent, dead")
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(comment="Also how long a try that began may take")
    last_error: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class WebhookEndpoint(Base):
    """A system that is told by HTTP what happens on the cases of an organisation."""

    __tablename__ = "webhook_endpoints"

    id: Mapped[UUIDKey]
    organisation_id: Mapped[UUID]
    url: Mapped[str] = mapped_column(String(300))
    secret: Mapped[str] = mapped_column(String(100), comment="Key of the HMAC")
    active: Mapped[bool] = mapped_column(default=True)
    made_at: Mapped[datetime]
    made_by: Mapped[UUID]


class MessageTemplate(Base):
    """One version of the words of a kind of message; the newest counts, none is ever changed."""

    __tablename__ = "message_templates"
    __table_args__ = (UniqueConstraint("key", "version", name="uq_message_templates_version"),)

    id: Mapped[UUIDKey]
    key: Mapped[str] = mapped_column(String(80))
    version: Mapped[int] = mapped_column(comment="From 1; 0 is what the program ships")
    subject_zh: Mapped[str] = mapped_column(String(300))
    body_zh: Mapped[str] = mapped_column(Text)
    subject_en: Mapped[str] = mapped_column(String(300))
    body_en: Mapped[str] = mapped_column(Text)
    made_by: Mapped[UUID]
    made_by_name: Mapped[str] = mapped_column(String(100))
    made_at: Mapped[datetime]
