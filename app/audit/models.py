"""The entries of the audit, the heads of its chains, and the values it only commits to."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, UUIDKey

UNCOVERED: Final = "last_seq > covered_seq"
"""Of a case or the head of another chain: it has entries no checkpoint covers yet."""


class AuditEntry(Base):
    """One act, chained to the one before it. Never changed, never deleted: triggers refuse it.

    ``body`` is the exact text that was hashed; the columns beside it repeat what lists, lookups and
    the idempotency key need, and verification compares them with it.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        UniqueConstraint(
            "chain_id", "actor_id", "idempotency_key", name="uq_audit_entries_request"
        ),
        # No other index begins with chain_id: PostgreSQL would look a request up by it, and read
        # the whole chain.
        Index("ix_audit_entries_actor", "actor_id", "recorded_at"),
        Index("ix_audit_entries_recorded", "recorded_at"),
    )

    chain_id: Mapped[UUID] = mapped_column(primary_key=True, comment="Case, or chain of its own")
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="From 0")
    chain: Mapped[str] = mapped_column(
        String(20),
        comment="case, escalations, accounts, sign_ins, registers, administration, releases, "
        "clues, exports, reads",
    )
    recorded_at: Mapped[datetime] = mapped_column(comment="When it was entered")
    occurred_at: Mapped[datetime] = mapped_column(comment="When the act happened")
    actor_id: Mapped[UUID]
    actor_name: Mapped[str] = mapped_column(String(100))
    organisation_id: Mapped[UUID] = mapped_column(comment="For whom the person acted")
    organisation_name: Mapped[str] = mapped_column(String(200))
    on_behalf_of: Mapped[UUID | None] = mapped_column(comment="Person whose place they took")
    role: Mapped[str] = mapped_column(String(24))
    trigger: Mapped[str] = mapped_column(String(60))
    code: Mapped[str] = mapped_column(String(20), default="", comment="Code of the domain tables")
    from_state: Mapped[str | None] = mapped_column(String(40))
    to_state: Mapped[str] = mapped_column(String(40), default="")
    idempotency_key: Mapped[str | None] = mapped_column(String(64))
    flags: Mapped[str] = mapped_column(String(80), default="", comment="Comma separated")
    body: Mapped[str] = mapped_column(Text, comment="Canonical JSON (RFC 8785) that was hashed")
    prev_hash: Mapped[str] = mapped_column(String(64), comment="Empty in entry 0")
    hash: Mapped[str] = mapped_column(String(64))
    algorithm: Mapped[str] = mapped_column(String(10), default="sha256")


class PrivateValue(Base):
    """A personal or sealed value. The entry carries SHA-256(salt || canonical value) instead.

    Blanking ``salt`` and ``value`` destroys the value; the chain still verifies.
    """

    __tablename__ = "private_values"
    __table_args__ = (Index("ix_private_values_entry", "chain_id", "seq"),)

    id: Mapped[UUIDKey]
    chain_id: Mapped[UUID]
    seq: Mapped[int]
    name: Mapped[str] = mapped_column(String(80), comment="Input")
    salt: Mapped[str] = mapped_column(String(64), comment="Hexadecimal")
    value: Mapped[str] = mapped_column(Text, comment="Canonical JSON")


class ValueKey(Base):
    """The key of one encrypted value, itself encrypted with a key of the vault.

    Apart from the value, so that the vault's key can be changed and the value never is; without
    its row a value is destroyed.
    """

    __tablename__ = "value_keys"
    __table_args__ = (Index("ix_value_keys_key", "key_id"),)

    value_id: Mapped[UUID] = mapped_column(ForeignKey("private_values.id"), primary_key=True)
    key_id: Mapped[str] = mapped_column(String(16), comment="Key of the vault that opens it")
    wrapped: Mapped[str] = mapped_column(String(400), comment="Encrypted")


class ChainHead(Base):
    """The end of a chain that is not a case's; cases keep theirs on their own row."""

    __tablename__ = "chain_heads"
    __table_args__ = (
        Index(
            "ix_chain_heads_uncovered",
            "chain_id",
            postgresql_where=text(UNCOVERED),
            sqlite_where=text(UNCOVERED),
        ),
    )

    chain_id: Mapped[UUID] = mapped_column(primary_key=True)
    chain: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(100), default="", comment="Of what, for the reader")
    last_seq: Mapped[int] = mapped_column(comment="-1 while empty")
    last_hash: Mapped[str] = mapped_column(String(64))
    covered_seq: Mapped[int] = mapped_column(
        default=-1, server_default="-1", comment="Last entry that a checkpoint covers"
    )


class Checkpoint(Base):
    """A checkpoint 存证点: the heads that changed, under one signed root. Never changed.

    ``body`` is the exact text that was hashed and signed; the columns beside it repeat what lists
    need, and verification compares them with it.
    """

    __tablename__ = "checkpoints"

    number: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False, comment="From 1"
    )
    made_at: Mapped[datetime]
    full: Mapped[bool] = mapped_column(comment="It gathers every chain, not only what changed")
    changed: Mapped[int] = mapped_column(comment="How many chains it covers anew")
    body: Mapped[str] = mapped_column(Text, comment="Canonical JSON (RFC 8785)")
    hash: Mapped[str] = mapped_column(String(64), comment="SHA-256 of the body")
    signature: Mapped[str] = mapped_column(String(128), comment="Ed25519 of the body, hexadecimal")


class CheckpointLeaf(Base):
    """How far one checkpoint covers one chain that had changed. Never changed."""

    __tablename__ = "checkpoint_leaves"
    __table_args__ = (Index("ix_checkpoint_leaves_chain", "chain_id", "number"),)

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    chain_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(comment="Last entry covered")
    hash: Mapped[str] = mapped_column(String(64), comment="Of that entry")


class CheckpointPublication(Base):
    """That a checkpoint was handed to somebody outside. Never changed."""

    __tablename__ = "checkpoint_publications"
    __table_args__ = (Index("ix_checkpoint_publications_number", "number"),)

    id: Mapped[UUIDKey]
    number: Mapped[int] = mapped_column(BigInteger)
    channel: Mapped[str] = mapped_column(String(8), comment="file, mail, print")
    recipient: Mapped[str] = mapped_column(String(200), comment="Authority, or mailbox")
    published_at: Mapped[datetime]
    published_by: Mapped[UUID]
    published_by_name: Mapped[str] = mapped_column(String(100))


class Verification(Base):
    """One run of the verification: how far it came, what it found."""

    __tablename__ = "audit_verifications"

    id: Mapped[UUIDKey]
    scope: Mapped[str] = mapped_column(String(60), comment="all, since N, or the id of a chain")
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None] = mapped_column(comment="Empty while it runs")
    position: Mapped[UUID | None] = mapped_column(comment="Chains up to this id are done")
    chains: Mapped[int] = mapped_column(default=0)
    entries: Mapped[int] = mapped_column(BigInteger, default=0)
    faults: Mapped[int] = mapped_column(default=0)
    first_fault: Mapped[str] = mapped_column(Text, default="", comment="Canonical JSON")
