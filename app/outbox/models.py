"""A message that waits to be told; written in the transaction of the act it tells of."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, UUIDKey


class OutboxMessage(Base):
    """One message to whoever holds a role in an organisation, or to one person."""

    __tablename__ = "outbox_messages"
    __table_args__ = (
        Index(
            "ix_outbox_messages_waiting",
            "created_at",
            postgresql_where=text("sent_at IS NULL"),
            sqlite_where=text("sent_at IS NULL"),
        ),
        Index("ix_outbox_messages_organisation", "organisation_id", "created_at"),
    )

    id: Mapped[UUIDKey]
    case_id: Mapped[UUID]
    seq: Mapped[int]
    template: Mapped[str] = mapped_column(String(80), comment="lifecycle.trigger")
    role: Mapped[str] = mapped_column(String(24))
    organisation_id: Mapped[UUID | None]
    person_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
