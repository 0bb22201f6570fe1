"""What is known of units and agencies beyond their name, and who may not work with whom."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    and_,
    or_,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, FixedDecimal, UUIDKey
from app.law.labels import Label


class Sector(StrEnum):
    """Sector of the national market a unit belongs to 行业."""

    POWER = "power"
    STEEL = "steel"
    CEMENT = "cement"
    ALUMINIUM = "aluminium"
    OTHER = "other"

    @property
    def label(self) -> Label:
        """The name of the sector in both languages."""
        return SECTOR_LABELS[self]


SECTOR_LABELS: Final = {
    Sector.POWER: Label("发电", "Power generation"),
    Sector.STEEL: Label("钢铁", "Iron and steel"),
    Sector.CEMENT: Label("水泥", "Cement"),
    Sector.ALUMINIUM: Label("铝冶炼", "Aluminium smelting"),
    Sector.OTHER: Label("其他", "Other"),
}


class UnitProfile(Base):
    """A key emitting unit 重点排放单位."""

    __tablename__ = "unit_profiles"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    sector: Mapped[Sector] = mapped_column(index=True)
    address: Mapped[str] = mapped_column(String(200), default="")
    legal_representative: Mapped[str] = mapped_column(String(60), default="")
    contact_name: Mapped[str] = mapped_column(String(60), default="")
    contact_phone: Mapped[str] = mapped_column(String(40), default="")
    ets_covered: Mapped[bool] = mapped_column(default=True, comment="In the national market")
    city_monitored: Mapped[bool] = mapped_column(default=False, comment="On the city's own list")
    capacity_mw: Mapped[Decimal | None] = mapped_column(
        FixedDecimal(3), comment="Installed capacity, MW"
    )
    note: Mapped[str] = mapped_column(String(500), default="")


class AgencyProfile(Base):
    """A technical service agency 技术服务机构, with what bars it from verifying."""

    __tablename__ = "agency_profiles"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    compiles_in_province: Mapped[bool] = mapped_column(
        default=False, comment="COI-1: compiles annual reports in this province"
    )
    consults: Mapped[bool] = mapped_column(
        default=False,
        comment="COI-2: allowance calculation, consulting or management, or kin of it",
    )
    trades: Mapped[bool] = mapped_column(default=False, comment="COI-7: it or its staff trade")
    scope: Mapped[str] = mapped_column(String(500), default="", comment="Business scope 业务范围")
    note: Mapped[str] = mapped_column(String(500), default="")


class TieKind(StrEnum):
    """How an agency is tied to a unit (COI-3, COI-4)."""

    ASSET = "asset"
    MANAGEMENT = "management"
    SHARED_MANAGER = "shared_manager"
    CONSULTING = "consulting"

    @property
    def label(self) -> Label:
        """The name of the tie in both languages."""
        return TIE_LABELS[self]


TIE_LABELS: Final = {
    TieKind.ASSET: Label("资产关系", "Asset tie"),
    TieKind.MANAGEMENT: Label("管理关系", "Management tie"),
    TieKind.SHARED_MANAGER: Label("共同管理人员", "Shared managers"),
    TieKind.CONSULTING: Label("咨询服务", "Consulting"),
}


class AgencyTie(Base):
    """A tie between an agency and a unit, still on or ended (COI-3, COI-4)."""

    __tablename__ = "agency_ties"
    __table_args__ = (Index("ix_agency_ties_pair", "agency_id", "unit_id"),)

    id: Mapped[UUIDKey]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    kind: Mapped[TieKind]
    since: Mapped[date | None]
    ended_on: Mapped[date | None] = mapped_column(
        comment="Last day, inclusive; none while it lasts"
    )
    note: Mapped[str] = mapped_column(String(500), default="")


class Ban(Base):
    """A ban 禁业 on an organisation or on a person, from a day to a day, both inclusive."""

    __tablename__ = "bans"
    __table_args__ = (
        CheckConstraint(
            "(organisation_id IS NULL) <> (person_id IS NULL)",
            name="one_of_organisation_and_person",
        ),
    )

    id: Mapped[UUIDKey]
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"), index=True)
    case_id: Mapped[UUID | None] = mapped_column(index=True, comment="The case that imposed it")
    lifted_on: Mapped[date | None] = mapped_column(comment="Annulled: it holds no longer")
    scope: Mapped[str] = mapped_column(String(200), comment="From what they are banned")
    from_day: Mapped[date]
    to_day: Mapped[date | None] = mapped_column(comment="Last day, inclusive; none = for life")
    basis: Mapped[str] = mapped_column(String(200), comment="Decision and article")

    @classmethod
    def holds_on(cls, day: date) -> ColumnElement[bool]:
        """The criterion of bans in force on that day."""
        return and_(
            cls.lifted_on.is_(None),
            cls.from_day <= day,
            or_(cls.to_day.is_(None), cls.to_day >= day),
        )


class PersonProfile(Base):
    """A natural person 自然人 who may be a party: with an account in this program, or without."""

    __tablename__ = "person_profiles"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"), index=True)
    employer_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    post: Mapped[str] = mapped_column(String(60), default="", comment="Post held there 职务")
    address: Mapped[str] = mapped_column(String(200), default="")


class PenaltyRecord(Base):
    """A penalty in the record of whom it fell on 处罚记录; an annulled one stays and says so.

    It is public 公示 from the day it is published to the last day of that, both inclusive.
    """

    __tablename__ = "penalty_records"
    __table_args__ = (Index("ix_penalty_records_subject", "organisation_id", "effective_on"),)

    id: Mapped[UUIDKey]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    case_id: Mapped[UUID] = mapped_column(index=True)
    case_number: Mapped[str] = mapped_column(String(40))
    rule: Mapped[str] = mapped_column(String(40), comment="Key of the penalty table")
    fine: Mapped[Decimal] = mapped_column(FixedDecimal(2), comment="CNY")
    confiscated: Mapped[Decimal] = mapped_column(FixedDecimal(2), comment="CNY")
    effective_on: Mapped[date]
    annulled_on: Mapped[date | None]
    decision_number: Mapped[str | None] = mapped_column(String(60), comment="Of the decision 文号")
    decided_on: Mapped[date | None] = mapped_column(comment="When it was sealed")
    published_on: Mapped[date | None]
    published_at: Mapped[str | None] = mapped_column(String(300), comment="Where it is published")
    published_until: Mapped[date | None] = mapped_column(
        comment="Last day, inclusive; none = until it is withdrawn"
    )
    withdrawn_on: Mapped[date | None] = mapped_column(comment="From then on public no longer")

    @classmethod
    def is_public_on(cls, day: date) -> ColumnElement[bool]:
        """The criterion of penalties anybody may read of on that day: published, not undone."""
        return and_(
            cls.published_on <= day,
            or_(cls.published_until.is_(None), cls.published_until >= day),
            cls.withdrawn_on.is_(None),
            cls.annulled_on.is_(None),
        )


class RosterEntry(Base):
    """A unit on the roster 名录 of a year."""

    __tablename__ = "roster_entries"
    __table_args__ = (UniqueConstraint("year", "unit_id", name="uq_roster_entries_unit"),)

    id: Mapped[UUIDKey]
    year: Mapped[int]
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    listed_on: Mapped[date]
    removed_on: Mapped[date | None]
