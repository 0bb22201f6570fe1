"""People, the organisations they act for, and the roles they hold there."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base, UUIDKey
from app.engine.actors import Role
from app.law.labels import Label


class OrganisationKind(StrEnum):
    """What an organisation is in this field."""

    REGION = "region"
    AUTHORITY = "authority"
    BRANCH = "branch"
    OFFICE = "office"
    PARTNER = "partner"
    AGENCY = "agency"
    UNIT = "unit"
    PERSON = "person"

    @property
    def label(self) -> Label:
        """The name of the kind in both languages."""
        return KIND_LABELS[self]


KIND_LABELS: Final = {
    OrganisationKind.REGION: Label("自治区生态环境厅", "Regional department"),
    OrganisationKind.AUTHORITY: Label("生态环境局", "Ecology and environment bureau"),
    OrganisationKind.BRANCH: Label("分局", "Branch bureau"),
    OrganisationKind.OFFICE: Label("科室", "Office"),
    OrganisationKind.PARTNER: Label("协同部门", "Partner authority"),
    OrganisationKind.AGENCY: Label("技术服务机构", "Technical service agency"),
    OrganisationKind.UNIT: Label("重点排放单位", "Key emitting unit"),
    OrganisationKind.PERSON: Label("自然人", "Natural person"),
}


class Division(Base):
    """An administrative division 行政区划, or a park that acts as a jurisdiction."""

    __tablename__ = "divisions"

    code: Mapped[str] = mapped_column(String(12), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    level: Mapped[str] = mapped_column(String(12), comment="province, city, county, township")
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("divisions.code"), index=True)


AUTHORITIES: Final = frozenset(
    {
        OrganisationKind.REGION,
        OrganisationKind.AUTHORITY,
        OrganisationKind.BRANCH,
        OrganisationKind.OFFICE,
    }
)
"""Kinds of the ecology administration; other authorities are its partners."""


class Organisation(Base):
    """A bureau, a partner authority, an agency or a unit."""

    __tablename__ = "organisations"
    __table_args__ = (
        Index("ix_organisations_kind", "kind", "name"),
        Index("ix_organisations_division", "division", "kind"),
    )

    id: Mapped[UUIDKey]
    kind: Mapped[OrganisationKind]
    name: Mapped[str] = mapped_column(String(200))
    short_name: Mapped[str] = mapped_column(String(60), default="")
    uscc: Mapped[str | None] = mapped_column(
        String(18), unique=True, comment="Unified social credit code 统一社会信用代码"
    )
    division: Mapped[str] = mapped_column(
        String(12), comment="Code of the jurisdiction of an authority, of the place of others"
    )
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"))
    document_pattern: Mapped[str] = mapped_column(
        String(60), default="", comment="Of its document numbers 文号; empty: as the body above it"
    )
    active: Mapped[bool] = mapped_column(default=True)
    merged_into: Mapped[UUID | None] = mapped_column(comment="The organisation that took it over")
    created_at: Mapped[datetime]

    memberships: Mapped[list[Membership]] = relationship(back_populates="organisation")


class Person(Base):
    """Somebody who may sign in. A person who leaves is no longer active and keeps their name."""

    __tablename__ = "persons"

    id: Mapped[UUIDKey]
    login: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str | None] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(200))
    locale: Mapped[str] = mapped_column(String(16), default="zh_Hans_CN")
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime | None] = mapped_column(comment="Last time they signed in")
    session_epoch: Mapped[int] = mapped_column(
        default=0, comment="Rises when every open session of the person must end"
    )

    memberships: Mapped[list[Membership]] = relationship(back_populates="person")


class Membership(Base):
    """A role a person holds in an organisation, from a day until a day, both inclusive."""

    __tablename__ = "memberships"
    __table_args__ = (
        Index("ix_memberships_person", "person_id", "organisation_id"),
        Index("ix_memberships_organisation", "organisation_id", "role"),
    )

    id: Mapped[UUIDKey]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    role: Mapped[str] = mapped_column(String(24))
    since: Mapped[date]
    until: Mapped[date | None] = mapped_column(comment="Last day, inclusive")
    certificate_no: Mapped[str | None] = mapped_column(
        String(40), comment="Law enforcement certificate 执法证号"
    )
    certificate_until: Mapped[date | None] = mapped_column(
        comment="Last day of its validity, inclusive"
    )

    person: Mapped[Person] = relationship(back_populates="memberships")
    organisation: Mapped[Organisation] = relationship(back_populates="memberships")

    @classmethod
    def valid_on(cls, day: date | BindParameter[date]) -> ColumnElement[bool]:
        """The criterion of roles held on that day, which may be named later."""
        return (cls.since <= day) & (cls.until.is_(None) | (cls.until >= day))

    @property
    def role_label(self) -> Label:
        """The name of the role in both languages."""
        return Role(self.role).label


class Delegation(Base):
    """One person takes another's place 委托代办, from a day until a day, both inclusive.

    The substitute holds those roles of the principal that ``roles`` names, in that organisation,
    on cases of ``lifecycles`` (empty: all) whose subject lies in ``division`` (empty: anywhere).
    """

    __tablename__ = "delegations"
    __table_args__ = (
        Index("ix_delegations_substitute", "substitute_id", "until"),
        Index("ix_delegations_principal", "principal_id", "until"),
        Index("ix_delegations_organisation", "organisation_id", "until"),
    )

    id: Mapped[UUIDKey]
    principal_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    substitute_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    roles: Mapped[list[str]]
    lifecycles: Mapped[list[str]]
    division: Mapped[str] = mapped_column(String(12), default="")
    since: Mapped[date]
    until: Mapped[date] = mapped_column(comment="Last day, inclusive")
    reason: Mapped[str] = mapped_column(String(500), default="")
    made_by: Mapped[UUID]
    made_by_name: Mapped[str] = mapped_column(String(100))
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(comment="Ended before its last day")
    ended_by: Mapped[UUID | None]

    @classmethod
    def valid_on(cls, day: date | BindParameter[date]) -> ColumnElement[bool]:
        """The criterion of delegations that hold on that day."""
        return (cls.since <= day) & (cls.until >= day) & cls.ended_at.is_(None)


class SignInFailure(Base):
    """A wrong password for a login from an address; forgotten when it no longer counts."""

    __tablename__ = "sign_in_failures"
    __table_args__ = (
        Index("ix_sign_in_failures_pair", "login", "address", "at"),
        Index("ix_sign_in_failures_address", "address", "at"),
    )

    id: Mapped[UUIDKey]
    login: Mapped[str] = mapped_column(String(80), comment="As typed; need not exist")
    address: Mapped[str] = mapped_column(String(45))
    at: Mapped[datetime] = mapped_column(index=True)


class SignInSession(Base):
    """One browser in which a person is signed in. The cookie names it; the row can be ended."""

    __tablename__ = "sign_in_sessions"
    __table_args__ = (Index("ix_sign_in_sessions_person", "person_id", "ended_at", "seen_at"),)

    id: Mapped[UUIDKey]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    address: Mapped[str] = mapped_column(String(45), comment="From where it began")
    agent: Mapped[str] = mapped_column(String(200), comment="What the browser calls itself")
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(comment="To the minute, not to the request")
    proven_at: Mapped[datetime] = mapped_column(comment="Last time who they are was proven")
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str] = mapped_column(
        String(16), default="", comment="signed_out, revoked, idle, too_old, password, deactivated"
    )


class SecondFactor(Base):
    """The authenticator of a person: time-based codes (RFC 6238) under an encrypted secret."""

    __tablename__ = "second_factors"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    key_id: Mapped[str] = mapped_column(String(16), comment="Key of the vault it is sealed with")
    secret: Mapped[str] = mapped_column(String(400), comment="Sealed")
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None] = mapped_column(comment="Counts from then on")
    last_step: Mapped[int] = mapped_column(
        BigInteger, default=0, comment="Time step of the last code taken; none is taken twice"
    )


class RecoveryCode(Base):
    """A code that stands in once for the authenticator; hashed like a password."""

    __tablename__ = "recovery_codes"
    __table_args__ = (Index("ix_recovery_codes_person", "person_id", "used_at"),)

    id: Mapped[UUIDKey]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    code_hash: Mapped[str] = mapped_column(String(64), comment="SHA-256; the code is random")
    used_at: Mapped[datetime | None]


class Invitation(Base):
    """A link by which a person sets their first password, or a new one after losing it."""

    __tablename__ = "invitations"
    __table_args__ = (Index("ix_invitations_person", "person_id", "made_at"),)

    id: Mapped[UUIDKey]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    token_hash: Mapped[str] = mapped_column(
        String(64), unique=True, comment="SHA-256; the link itself is kept nowhere"
    )
    made_by: Mapped[UUID]
    made_by_name: Mapped[str] = mapped_column(String(100))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class AccountRequest(Base):
    """A change that one administrator asks for and another decides (SD-7).

    It is about a person and their role in an organisation, or about the organisation itself.
    """

    __tablename__ = "account_requests"
    __table_args__ = (
        Index("ix_account_requests_status", "status", "asked_at"),
        Index("ix_account_requests_person", "person_id", "asked_at"),
    )

    id: Mapped[UUIDKey]
    kind: Mapped[str] = mapped_column(String(24), comment="What is to be done")
    person_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("persons.id"), comment="To whom; none: to the organisation"
    )
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    change: Mapped[dict[str, Any]] = mapped_column(
        comment="What shall be: role and days, name and kind"
    )
    reason: Mapped[str] = mapped_column(String(500), default="")
    asked_by: Mapped[UUID]
    asked_by_name: Mapped[str] = mapped_column(String(100))
    asked_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(
        String(12), default="open", comment="open, granted, refused, withdrawn"
    )
    decided_by: Mapped[UUID | None]
    decided_by_name: Mapped[str] = mapped_column(String(100), default="")
    decided_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(String(500), default="")


class ExternalIdentity(Base):
    """Who a person is at a provider of OpenID Connect; never matched by an e-mail address."""

    __tablename__ = "external_identities"
    __table_args__ = (UniqueConstraint("issuer", "subject", name="uq_external_identities_subject"),)

    id: Mapped[UUIDKey]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), index=True)
    issuer: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(255))
    linked_at: Mapped[datetime]


class ParkedForm(Base):
    """What somebody typed and sent after their session had ended, kept until they sign in again."""

    __tablename__ = "parked_forms"
    __table_args__ = (Index("ix_parked_forms_owner", "person_id", "path", "parked_at"),)

    id: Mapped[UUIDKey]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    path: Mapped[str] = mapped_column(String(300), comment="Address of the form")
    data: Mapped[dict[str, Any]] = mapped_column(comment="Field name to list of texts")
    parked_at: Mapped[datetime] = mapped_column(index=True)
