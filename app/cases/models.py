"""The tables of a case. Nothing here moves one: `operations.fire` is the only writer of state."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.audit.models import UNCOVERED
from app.db import Base, UUIDKey

NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
"""Where a list puts an open case on which no clock runs."""


ARMED: Final = "closed_at IS NULL AND next_rung_at IS NOT NULL"
"""Of a clock: it runs, and its ladder has a rung left."""

ASKED: Final = "status = 'open' AND climbs_at IS NOT NULL"
"""Of an escalation: undecided, and somebody stands above whom it is put to."""


class Case(Base):
    """A case 案件: where it stands in its lifecycle, and all that lists and the chain need."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_waits", "authority_id", "waits_role", "sort_due_at", "id"),
        Index("ix_cases_body", "authority_id", "is_final", "sort_due_at", "id"),
        Index("ix_cases_due", "is_final", "sort_due_at", "id"),
        Index("ix_cases_division", "is_final", "division", "sort_due_at", "id"),
        Index("ix_cases_cycle", "lifecycle", "cycle_year", "subject_id"),
        Index("ix_cases_parent", "parent_id", "parent_link"),
        Index(
            "ix_cases_uncovered",
            "id",
            postgresql_where=text(UNCOVERED),
            sqlite_where=text(UNCOVERED),
        ),
        # Each body numbers its own cases, and two may use the same words before the number.
        UniqueConstraint("authority_id", "number", name="uq_cases_number"),
        UniqueConstraint("lifecycle", "cycle_key", name="uq_cases_cycle_key"),
    )

    id: Mapped[UUIDKey]
    number: Mapped[str] = mapped_column(String(40), comment="Case number 案号")
    lifecycle: Mapped[str] = mapped_column(String(40))
    lifecycle_version: Mapped[int]
    state: Mapped[str] = mapped_column(String(40))
    state_since: Mapped[datetime] = mapped_column(comment="When the act that began it happened")
    state_seq: Mapped[int] = mapped_column(default=0, comment="Entry of the act that began it")
    waits_role: Mapped[str | None] = mapped_column(String(24))
    waits_capacity: Mapped[str | None] = mapped_column(String(24))
    is_final: Mapped[bool] = mapped_column(default=False)
    authority_id: Mapped[UUID] = mapped_column(comment="Lead authority")
    subject_id: Mapped[UUID] = mapped_column(index=True)
    subject_name: Mapped[str] = mapped_column(String(200))
    division: Mapped[str] = mapped_column(String(12), comment="Where the subject lies")
    cycle_year: Mapped[int | None]
    cycle_key: Mapped[str | None] = mapped_column(
        String(60), comment="Opened at most once per lifecycle: year and subject"
    )
    root_id: Mapped[UUID] = mapped_column(index=True, comment="Oldest case of the family")
    parent_id: Mapped[UUID | None]
    parent_link: Mapped[str | None] = mapped_column(String(40))
    assignee_id: Mapped[UUID | None]
    next_due_at: Mapped[datetime | None] = mapped_column(comment="End of the nearest clock")
    next_due_name: Mapped[str | None] = mapped_column(String(40))
    sort_due_at: Mapped[datetime] = mapped_column(
        default=NEVER,
        comment="Place in lists: end of the nearest clock, the far future if none runs; of a "
        "closed case its closing",
    )
    version: Mapped[int] = mapped_column(default=1, comment="Rises when what others saw is stale")
    last_seq: Mapped[int] = mapped_column(default=-1)
    last_hash: Mapped[str] = mapped_column(String(64), default="")
    covered_seq: Mapped[int] = mapped_column(
        default=-1, server_default="-1", comment="Last entry that a checkpoint covers"
    )
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    demonstration: Mapped[bool] = mapped_column(default=False)
    restricted: Mapped[bool] = mapped_column(
        default=False, server_default=false(), comment="Only who is named on it sees it 保密案件"
    )
    escalations: Mapped[int] = mapped_column(default=0, comment="How many are undecided")


class Participant(Base):
    """An organisation, or one of its persons, with a capacity on a case."""

    __tablename__ = "case_participants"
    __table_args__ = (
        Index("ix_case_participants_case", "case_id", "until_seq"),
        Index("ix_case_participants_organisation", "organisation_id", "capacity", "case_id"),
        Index("ix_case_participants_person", "person_id", "case_id"),
    )

    id: Mapped[UUIDKey]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    capacity: Mapped[str] = mapped_column(String(24))
    organisation_id: Mapped[UUID]
    person_id: Mapped[UUID | None]
    name: Mapped[str] = mapped_column(String(200), comment="As it read when it began")
    since_seq: Mapped[int]
    until_seq: Mapped[int | None]


class CaseDeadline(Base):
    """A clock of a case. Met and passed are independent facts."""

    __tablename__ = "case_deadlines"
    __table_args__ = (
        Index(
            "ix_case_deadlines_ripe",
            "expires_at",
            postgresql_where=text("closed_at IS NULL AND expired_at IS NULL"),
            sqlite_where=text("closed_at IS NULL AND expired_at IS NULL"),
        ),
        Index(
            "ix_case_deadlines_rung",
            "next_rung_at",
            postgresql_where=text(ARMED),
            sqlite_where=text(ARMED),
        ),
        Index(
            "ix_case_deadlines_open",
            "case_id",
            "opened_seq",
            "id",
            postgresql_where=text("closed_at IS NULL"),
            sqlite_where=text("closed_at IS NULL"),
        ),
        Index("ix_case_deadlines_case", "case_id", "opened_seq"),
        Index(
            "ix_case_deadlines_calendar",
            "calendar",
            "id",
            postgresql_where=text("closed_at IS NULL"),
            sqlite_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[UUIDKey]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    name: Mapped[str] = mapped_column(String(40), comment="Attribute of the lifecycle")
    item_id: Mapped[UUID | None]
    expiry: Mapped[str] = mapped_column(String(20))
    due_on: Mapped[date | None] = mapped_column(comment="Last day, inclusive; none while stopped")
    due_at: Mapped[datetime | None] = mapped_column(comment="Last second of it")
    earliest_on: Mapped[date] = mapped_column(comment="Last day if no exclusion were still open")
    provisional: Mapped[bool] = mapped_column(default=False)
    expires_at: Mapped[datetime | None] = mapped_column(comment="When the clock acts: end + grace")
    anchor_on: Mapped[date]
    anchor_at: Mapped[datetime]
    derivation: Mapped[dict[str, Any]] = mapped_column(JSON)
    calendar: Mapped[str] = mapped_column(
        String(12), default="", comment="Calendar it was last computed by; empty: to be looked at"
    )
    opened_seq: Mapped[int]
    met_at: Mapped[datetime | None] = mapped_column(comment="When the act that meets it happened")
    met_seq: Mapped[int | None]
    expired_at: Mapped[datetime | None] = mapped_column(comment="Legal end, once it passed unmet")
    expired_seq: Mapped[int | None]
    met_late: Mapped[bool] = mapped_column(default=False)
    voided_seq: Mapped[int | None]
    handed_to: Mapped[UUID | None] = mapped_column(comment="Child that took the clock over")
    closed_at: Mapped[datetime | None] = mapped_column(comment="Met, voided or handed over")
    next_rung: Mapped[str | None] = mapped_column(
        String(24), comment="Key of the next rung of its ladder; ? = to be worked out"
    )
    next_rung_at: Mapped[datetime | None]


class ClockRung(Base):
    """A rung of a ladder that was told: whom, for which end of which clock. Told once."""

    __tablename__ = "case_clock_rungs"
    __table_args__ = (
        UniqueConstraint("clock_id", "rung", "due_at", name="uq_case_clock_rungs_rung"),
        Index("ix_case_clock_rungs_case", "case_id", "told_at"),
        Index(
            "ix_case_clock_rungs_listed",
            "told_at",
            postgresql_where=text("listed"),
            sqlite_where=text("listed"),
        ),
    )

    id: Mapped[UUIDKey]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    clock_id: Mapped[UUID] = mapped_column(ForeignKey("case_deadlines.id"))
    rung: Mapped[str] = mapped_column(String(24))
    due_on: Mapped[date] = mapped_column(comment="End of the clock it was told for")
    due_at: Mapped[datetime]
    fell_at: Mapped[datetime] = mapped_column(comment="When it was to be told")
    told_at: Mapped[datetime]
    hearers: Mapped[list[str]] = mapped_column(comment="Words of the ladder")
    listed: Mapped[bool] = mapped_column(default=False, comment="On the dispatch list 调度清单")


class Escalation(Base):
    """Something a person with the power for it has to decide 升级（督办）.

    ``proposal`` is what is asked for, ``decision`` what was decided, both in the form of
    `app.cases.escalation.proposals`.
    """

    __tablename__ = "case_escalations"
    __table_args__ = (
        UniqueConstraint("case_id", "key", name="uq_case_escalations_key"),
        Index("ix_case_escalations_desk", "organisation_id", "role", "status", "raised_at"),
        Index("ix_case_escalations_body", "organisation_id", "raised_at"),
        Index("ix_case_escalations_asked", "raised_by", "raised_at"),
        Index("ix_case_escalations_case", "case_id", "status"),
        Index("ix_case_escalations_clock", "clock_id"),
        Index(
            "ix_case_escalations_climb",
            "climbs_at",
            postgresql_where=text(ASKED),
            sqlite_where=text(ASKED),
        ),
    )

    id: Mapped[UUIDKey]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    clock_id: Mapped[UUID | None] = mapped_column(ForeignKey("case_deadlines.id"))
    key: Mapped[str] = mapped_column(
        String(120), comment="What raised it: clock, rung and end, or the request; once a case"
    )
    kind: Mapped[str] = mapped_column(String(24))
    organisation_id: Mapped[UUID] = mapped_column(comment="Whose decision it is now, with role")
    role: Mapped[str] = mapped_column(String(24))
    level: Mapped[int] = mapped_column(default=0, comment="How often it went upward")
    proposal: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(String(4000), default="")
    raised_by: Mapped[UUID]
    raised_by_name: Mapped[str] = mapped_column(String(100))
    raised_behalf: Mapped[UUID | None] = mapped_column(comment="In whose place")
    raised_at: Mapped[datetime]
    since: Mapped[datetime] = mapped_column(comment="When it came to whom it is put now")
    climbs_at: Mapped[datetime | None] = mapped_column(comment="When it goes upward undecided")
    status: Mapped[str] = mapped_column(String(12), default="open")
    decided_by: Mapped[UUID | None]
    decided_by_name: Mapped[str | None] = mapped_column(String(100))
    decided_behalf: Mapped[UUID | None]
    decided_role: Mapped[str | None] = mapped_column(String(24))
    decided_at: Mapped[datetime | None]
    decision: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    instruction: Mapped[str] = mapped_column(String(4000), default="")
    closed_because: Mapped[str] = mapped_column(
        String(24), default="", comment="Why it closed by itself"
    )
    fired_seq: Mapped[int | None] = mapped_column(comment="Entry of the case it brought about")


class EscalationStep(Base):
    """How an escalation went from one desk to the next: passed on with a view, or climbed."""

    __tablename__ = "case_escalation_steps"
    __table_args__ = (Index("ix_case_escalation_steps_escalation", "escalation_id", "at"),)

    id: Mapped[UUIDKey]
    escalation_id: Mapped[UUID] = mapped_column(ForeignKey("case_escalations.id"))
    at: Mapped[datetime]
    why: Mapped[str] = mapped_column(String(12), comment="passed, climbed")
    person_id: Mapped[UUID | None]
    person_name: Mapped[str] = mapped_column(String(100), default="")
    behalf: Mapped[UUID | None]
    from_role: Mapped[str] = mapped_column(String(24))
    to_role: Mapped[str] = mapped_column(String(24))
    to_organisation_id: Mapped[UUID]
    view: Mapped[str] = mapped_column(String(4000), default="")


class CaseExclusion(Base):
    """Days that do not count for the clocks that name this kind 扣除."""

    __tablename__ = "case_exclusions"
    __table_args__ = (Index("ix_case_exclusions_case", "case_id", "deadline"),)

    id: Mapped[UUIDKey]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    deadline: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(40))
    begins_on: Mapped[date] = mapped_column(comment="Day of the cause; the next one is excluded")
    ends_on: Mapped[date | None] = mapped_column(comment="Last excluded day; none while open")
    begin_seq: Mapped[int]
    end_seq: Mapped[int | None]


class CaseItem(Base):
    """A numbered row that lives on: a nonconformity, an opinion, a declaration."""

    __tablename__ = "case_items"
    __table_args__ = (UniqueConstraint("case_id", "kind", "number", name="uq_case_items_number"),)

    id: Mapped[UUIDKey]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    kind: Mapped[str] = mapped_column(String(40))
    number: Mapped[int]
    status: Mapped[str] = mapped_column(String(24))
    round: Mapped[int] = mapped_column(default=1)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    raised_by: Mapped[UUID]
    raised_by_name: Mapped[str] = mapped_column(String(100))
    raised_seq: Mapped[int]


class ItemRecord(Base):
    """What one act said of one row in one round: an answer, a verdict."""

    __tablename__ = "case_item_records"
    __table_args__ = (Index("ix_case_item_records_case", "case_id", "item_id", "seq"),)

    id: Mapped[UUIDKey]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    item_id: Mapped[UUID] = mapped_column(ForeignKey("case_items.id"))
    round: Mapped[int]
    trigger: Mapped[str] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(24), comment="Status the act led to")
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    actor_id: Mapped[UUID]
    actor_name: Mapped[str] = mapped_column(String(100))
    occurred_at: Mapped[datetime]
    seq: Mapped[int]


class Signature(Base):
    """A hand given for a transition. A voided one stays in the record and no longer counts.

    A substitute's counts as that of the person in whose place it was given.
    """

    __tablename__ = "case_signatures"
    __table_args__ = (Index("ix_case_signatures_case", "case_id", "signoff"),)

    id: Mapped[UUIDKey]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    signoff: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[UUID]
    on_behalf_of: Mapped[UUID | None] = mapped_column(comment="Person whose place they took")
    organisation_id: Mapped[UUID]
    view: Mapped[str] = mapped_column(String(10))
    seq: Mapped[int]
    voided_seq: Mapped[int | None]


class ReportVersion(Base):
    """An immutable version of a report; it belongs to the family, not to one of its cases."""

    __tablename__ = "report_versions"
    __table_args__ = (
        UniqueConstraint("root_id", "report", "number", name="uq_report_versions_number"),
    )

    id: Mapped[UUIDKey]
    root_id: Mapped[UUID]
    case_id: Mapped[UUID] = mapped_column(comment="The case whose act submitted it")
    report: Mapped[str] = mapped_column(String(40))
    number: Mapped[int]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64), comment="SHA-256 of the canonical fields")
    submitted_by: Mapped[UUID]
    submitted_by_name: Mapped[str] = mapped_column(String(100))
    organisation_id: Mapped[UUID]
    submitted_at: Mapped[datetime]
    seq: Mapped[int]


UNRENDERED: Final = "sealed_at IS NOT NULL AND rendered_at IS NULL AND voided_at IS NULL"


class CaseDocument(Base):
    """An official document an act calls for. Sealing and service are acts of their own."""

    __tablename__ = "case_documents"
    __table_args__ = (
        Index("ix_case_documents_case", "case_id", "seq"),
        Index("ix_case_documents_sealed", "sealed_at"),
        Index(
            "ix_case_documents_unrendered",
            "sealed_at",
            "id",
            postgresql_where=text(UNRENDERED),
            sqlite_where=text(UNRENDERED),
        ),
    )

    id: Mapped[UUIDKey]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    kind: Mapped[str] = mapped_column(String(40))
    seq: Mapped[int]
    made_at: Mapped[datetime]
    served_on: Mapped[date | None]
    number: Mapped[str | None] = mapped_column(String(60), comment="Allotted at sealing 文号")
    sealed_at: Mapped[datetime | None]
    sealed_by: Mapped[UUID | None]
    sealed_by_name: Mapped[str | None] = mapped_column(String(100))
    sealed_seq: Mapped[int | None]
    content: Mapped[dict[str, Any] | None] = mapped_column(JSON, comment="Canonical, as sealed")
    content_digest: Mapped[str | None] = mapped_column(String(64))
    template: Mapped[str | None] = mapped_column(String(60))
    template_version: Mapped[int | None]
    rendered_at: Mapped[datetime | None]
    pdf_sha256: Mapped[str | None] = mapped_column(String(64))
    docx_sha256: Mapped[str | None] = mapped_column(String(64))
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[str | None] = mapped_column(String(500))

    @property
    def is_rendered(self) -> bool:
        """Whether its bytes are there to be served."""
        return self.rendered_at is not None

    @property
    def is_void(self) -> bool:
        """Whether it no longer counts; its number stays."""
        return self.voided_at is not None


class StoredFile(Base):
    """The bytes of a file, once, whoever uploads them: the key is their SHA-256."""

    __tablename__ = "stored_files"
    __table_args__ = (
        Index(
            "ix_stored_files_waiting",
            "stored_at",
            postgresql_where=text("scan IS NULL"),
            sqlite_where=text("scan IS NULL"),
        ),
    )

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, comment="bytes")
    media_type: Mapped[str] = mapped_column(String(100), comment="Found by content")
    stored_at: Mapped[datetime]
    scan: Mapped[str | None] = mapped_column(
        String(12), comment="clean, infected; none: not scanned"
    )
    scanned_at: Mapped[datetime | None]
    scan_finding: Mapped[str | None] = mapped_column(String(200), comment="What was found")


class Evidence(Base):
    """A file on a case: evidence, or an attachment of one of its acts."""

    __tablename__ = "case_evidence"
    __table_args__ = (
        Index("ix_case_evidence_case", "case_id", "added_at"),
        Index("ix_case_evidence_file", "sha256"),
    )

    id: Mapped[UUIDKey]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    sha256: Mapped[str] = mapped_column(ForeignKey("stored_files.sha256"))
    name: Mapped[str] = mapped_column(String(200))
    note: Mapped[str] = mapped_column(String(500), default="")
    internal: Mapped[bool] = mapped_column(
        default=False, comment="Shown to the authority and to the body that added it only"
    )
    added_by: Mapped[UUID]
    added_by_name: Mapped[str] = mapped_column(String(100))
    organisation_id: Mapped[UUID]
    added_at: Mapped[datetime]
    seq: Mapped[int | None] = mapped_column(comment="Entry that names it; none while uploaded only")


class Comment(Base):
    """A remark between those who handle a case; it moves nothing."""

    __tablename__ = "case_comments"
    __table_args__ = (Index("ix_case_comments_case", "case_id", "written_at"),)

    id: Mapped[UUIDKey]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    author_id: Mapped[UUID]
    author_name: Mapped[str] = mapped_column(String(100))
    organisation_id: Mapped[UUID]
    body: Mapped[str] = mapped_column(String(4000))
    written_at: Mapped[datetime]
    seq: Mapped[int]


class Draft(Base):
    """What a person typed for one act so far; outside the audit, gone when the act is done."""

    __tablename__ = "case_drafts"
    __table_args__ = (
        UniqueConstraint(
            "case_id", "trigger", "person_id", "item_key", name="uq_case_drafts_owner"
        ),
    )

    id: Mapped[UUIDKey]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    trigger: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[UUID]
    item_key: Mapped[str] = mapped_column(String(36), default="", comment="Row id or empty")
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[datetime]


class DueAct(Base):
    """A case whose automatic transitions may have become possible: worked off after the commit."""

    __tablename__ = "case_due_acts"

    id: Mapped[UUIDKey]
    case_id: Mapped[UUID] = mapped_column(index=True)
    since: Mapped[datetime]


class CaseLink(Base):
    """A tie between cases that are no family 关联案件: a clue and where it was raised."""

    __tablename__ = "case_links"
    __table_args__ = (
        UniqueConstraint("case_id", "raised_by", "key", name="uq_case_links_key"),
        Index("ix_case_links_other", "other_id"),
    )

    id: Mapped[UUIDKey]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    other_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    kind: Mapped[str] = mapped_column(String(20), comment="clue, duplicate, related")
    restricted: Mapped[bool] = mapped_column(comment="Read by the authority alone")
    raised_by: Mapped[UUID]
    raised_at: Mapped[datetime]
    key: Mapped[str | None] = mapped_column(String(64), comment="Idempotency key")


class NumberSeries(Base):
    """The last number allotted per body, kind and year; gap-free."""

    __tablename__ = "number_series"

    body: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]
