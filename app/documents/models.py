"""The case files that were compiled: which bytes, of how many pages, and the entry naming them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, UUIDKey


class CaseFile(Base):
    """A case file 卷宗 as it was compiled once; the newest is the one that counts."""

    __tablename__ = "case_files"
    __table_args__ = (Index("ix_case_files_case", "case_id", "seq"),)

    id: Mapped[UUIDKey]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    seq: Mapped[int] = mapped_column(comment="Entry that names its digests")
    compiled_at: Mapped[datetime]
    compiled_by_name: Mapped[str] = mapped_column(String(100))
    main_sha256: Mapped[str] = mapped_column(String(64))
    main_pages: Mapped[int]
    side_sha256: Mapped[str] = mapped_column(String(64))
    side_pages: Mapped[int]
    archive_sha256: Mapped[str] = mapped_column(String(64), comment="The ZIP")
    archive_size: Mapped[int] = mapped_column(BigInteger, comment="bytes")
