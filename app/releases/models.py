"""Released changes of the law book; append-only, each with its text whole."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, UUIDKey


class ReleaseKind(StrEnum):
    """What a release changes."""

    CALENDAR = "calendar"
    REGION_CALENDAR = "region_calendar"
    TERMS = "terms"
    SETTINGS = "settings"
    YEAR_DATES = "year_dates"


class LawRelease(Base):
    """One release, in the layout of the shipped file it adds to."""

    __tablename__ = "law_releases"

    id: Mapped[UUIDKey]
    number: Mapped[int] = mapped_column(unique=True, comment="Order in which releases apply")
    kind: Mapped[ReleaseKind]
    name: Mapped[str] = mapped_column(String(200), comment="Name of the file it came from")
    content: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64), comment="SHA-256 of the content")
    released_at: Mapped[datetime]
    released_by: Mapped[UUID]
    released_by_name: Mapped[str] = mapped_column(String(100))
