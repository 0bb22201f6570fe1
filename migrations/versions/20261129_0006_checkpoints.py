"""Checkpoints of the audit, how far they cover each chain, and the runs of the verification.

Revision: 0006, after 0005. Imports no models, so that it stays true.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(26), "sqlite")
UNCOVERED = sa.text("last_seq > covered_seq")

KEPT = {
    "checkpoints": "number = NEW.number",
    "checkpoint_leaves": "number = NEW.number AND chain_id = NEW.chain_id",
    "checkpoint_publications": "id = NEW.id",
}
"""Table, and on SQLite which rows an INSERT OR REPLACE would replace without firing DELETE."""

CHAINS = (
    "case, escalations, accounts, sign_ins, registers, administration, releases, clues, exports, reads"
)


def upgrade() -> None:
    op.create_table(
        "checkpoints",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False, comment="From 1"),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column(
            "full", sa.Boolean(), nullable=False, comment="It gathers every chain, not only what changed"
        ),
        sa.Column("changed", sa.Integer(), nullable=False, comment="How many chains it covers anew"),
        sa.Column("body", sa.Text(), nullable=False, comment="Canonical JSON (RFC 8785)"),
        sa.Column("hash", sa.String(length=64), nullable=False, comment="SHA-256 of the body"),
        sa.Column(
            "signature", sa.String(length=128), nullable=False, comment="Ed25519 of the body, hexadecimal"
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_checkpoints")),
    )
    op.create_table(
        "checkpoint_leaves",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False, comment="Last entry covered"),
        sa.Column("hash", sa.String(length=64), nullable=False, comment="Of that entry"),
        sa.PrimaryKeyConstraint("number", "chain_id", name=op.f("pk_checkpoint_leaves")),
    )
    op.create_index("ix_checkpoint_leaves_chain", "checkpoint_leaves", ["chain_id", "number"])
    op.create_table(
        "checkpoint_publications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False, comment="file, mail, print"),
        sa.Column("recipient", sa.String(length=200), nullable=False, comment="Authority, or mailbox"),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("published_by", sa.Uuid(), nullable=False),
        sa.Column("published_by_name", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkpoint_publications")),
    )
    op.create_index("ix_checkpoint_publications_number", "checkpoint_publications", ["number"])
    op.create_table(
        "audit_verifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.String(length=60), nullable=False, comment="all, since N, or the id of a chain"),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True, comment="Empty while it runs"),
        sa.Column("position", sa.Uuid(), nullable=True, comment="Chains up to this id are done"),
        sa.Column("chains", sa.Integer(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("first_fault", sa.Text(), nullable=False, comment="Canonical JSON"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_verifications")),
    )
    op.create_index("ix_audit_entries_recorded", "audit_entries", ["recorded_at"])

    for table, key in (("cases", "id"), ("chain_heads", "chain_id")):
        # Not by a batch: a rebuild of the table would copy every case.
        op.add_column(
            table,
            sa.Column(
                "covered_seq",
                sa.Integer(),
                server_default="-1",
                nullable=False,
                comment="Last entry that a checkpoint covers",
            ),
        )
        op.create_index(
            f"ix_{table}_uncovered", table, [key], sqlite_where=UNCOVERED, postgresql_where=UNCOVERED
        )

    sqlite = op.get_bind().dialect.name == "sqlite"
    if not sqlite:
        op.alter_column("audit_entries", "chain", comment=CHAINS)
    for statement in keep_sqlite() if sqlite else keep_postgresql():
        op.execute(statement)


def keep_sqlite():
    for table, replaced in KEPT.items():
        refusal = f"{table} is append-only: its rows are never changed or deleted"
        refuse = f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        yield f"CREATE TRIGGER {table}_keep_updated BEFORE UPDATE ON {table} {refuse}"
        yield f"CREATE TRIGGER {table}_keep_deleted BEFORE DELETE ON {table} {refuse}"
        yield (
            f"CREATE TRIGGER {table}_keep_replaced BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {replaced}) {refuse}"
        )


def keep_postgresql():
    for table in KEPT:
        for event, name, each in (
            ("UPDATE", "updated", "ROW"),
            ("DELETE", "deleted", "ROW"),
            ("TRUNCATE", "truncated", "STATEMENT"),
        ):
            yield (
                f"CREATE TRIGGER {table}_keep_{name} BEFORE {event} ON {table} "
                f"FOR EACH {each} EXECUTE FUNCTION refuse_change()"
            )


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, key in (("chain_heads", "chain_id"), ("cases", "id")):
        op.drop_index(f"ix_{table}_uncovered", table)
        op.drop_column(table, "covered_seq")
    op.drop_index("ix_audit_entries_recorded", "audit_entries")
    op.drop_table("audit_verifications")
    for table in KEPT:  # their triggers go with them
        op.drop_table(table)
