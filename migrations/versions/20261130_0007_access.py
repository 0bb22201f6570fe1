"""Who may see and do what: sessions, second factors, invitations, requests, sealed values.

Revision: 0007, after 0006. Imports no models, so that it stays true.
"""

import sqlalchemy as sa
from alembic import op


revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(26), "sqlite")


def upgrade() -> None:
    op.create_table(
        "account_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False, comment="What is to be done"),
        sa.Column(
            "person_id", sa.Uuid(), nullable=True, comment="To whom; none: to the organisation"
        ),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column(
            "change",
            sa.JSON(none_as_null=True),
            nullable=False,
            comment="What shall be: role and days, name and kind",
        ),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_by_name", sa.String(length=100), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column(
            "status", sa.String(length=12), nullable=False, comment="open, granted, refused, withdrawn"
        ),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_by_name", sa.String(length=100), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_account_requests_organisation_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("fk_account_requests_person_id_persons")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_requests")),
    )
    op.create_index("ix_account_requests_person", "account_requests", ["person_id", "asked_at"])
    op.create_index("ix_account_requests_status", "account_requests", ["status", "asked_at"])

    op.create_table(
        "external_identities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("linked_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("fk_external_identities_person_id_persons")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_identities")),
        sa.UniqueConstraint("issuer", "subject", name="uq_external_identities_subject"),
    )
    op.create_index(op.f("ix_external_identities_person_id"), "external_identities", ["person_id"])

    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "token_hash",
            sa.String(length=64),
            nullable=False,
            comment="SHA-256; the link itself is kept nowhere",
        ),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_by_name", sa.String(length=100), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_invitations_person_id_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
    )
    op.create_index("ix_invitations_person", "invitations", ["person_id", "made_at"])

    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False, comment="SHA-256; the code is random"),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("fk_recovery_codes_person_id_persons")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
    )
    op.create_index("ix_recovery_codes_person", "recovery_codes", ["person_id", "used_at"])

    op.create_table(
        "second_factors",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "key_id", sa.String(length=16), nullable=False, comment="Key of the vault it is sealed with"
        ),
        sa.Column("secret", sa.String(length=400), nullable=False, comment="Sealed"),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=True, comment="Counts from then on"),
        sa.Column(
            "last_step",
            sa.BigInteger(),
            nullable=False,
            comment="Time step of the last code taken; none is taken twice",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("fk_second_factors_person_id_persons")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "sign_in_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False, comment="From where it began"),
        sa.Column("agent", sa.String(length=200), nullable=False, comment="What the browser calls itself"),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False, comment="To the minute, not to the request"),
        sa.Column("proven_at", INSTANT, nullable=False, comment="Last time who they are was proven"),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column(
            "ended_because",
            sa.String(length=16),
            nullable=False,
            comment="signed_out, revoked, idle, too_old, password, deactivated",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("fk_sign_in_sessions_person_id_persons")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_sessions")),
    )
    op.create_index("ix_sign_in_sessions_person", "sign_in_sessions", ["person_id", "ended_at", "seen_at"])

    op.create_table(
        "value_keys",
        sa.Column("value_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False, comment="Key of the vault that opens it"),
        sa.Column("wrapped", sa.String(length=400), nullable=False, comment="Encrypted"),
        sa.ForeignKeyConstraint(
            ["value_id"], ["private_values.id"], name=op.f("fk_value_keys_value_id_private_values")
        ),
        sa.PrimaryKeyConstraint("value_id", name=op.f("pk_value_keys")),
    )
    op.create_index("ix_value_keys_key", "value_keys", ["key_id"])

    op.add_column(
        "cases",
        sa.Column(
            "restricted",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="Only who is named on it sees it 保密案件",
        ),
    )

    op.add_column(
        "memberships",
        sa.Column(
            "certificate_until", sa.Date(), nullable=True, comment="Last day of its validity, inclusive"
        ),
    )

    op.add_column(
        "organisations",
        sa.Column("merged_into", sa.Uuid(), nullable=True, comment="The organisation that took it over"),
    )

    op.create_index("ix_sign_in_failures_address", "sign_in_failures", ["address", "at"])

    op.add_column(
        "stored_files",
        sa.Column("scan", sa.String(length=12), nullable=True, comment="clean, infected; none: not scanned"),
    )
    op.add_column("stored_files", sa.Column("scanned_at", INSTANT, nullable=True))
    op.add_column(
        "stored_files",
        sa.Column("scan_finding", sa.String(length=200), nullable=True, comment="What was found"),
    )
    op.create_index(
        "ix_stored_files_waiting", "stored_files", ["stored_at"],
        postgresql_where=sa.text("scan IS NULL"), sqlite_where=sa.text("scan IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_stored_files_waiting", "stored_files")
    op.drop_column("stored_files", "scan_finding")
    op.drop_column("stored_files", "scanned_at")
    op.drop_column("stored_files", "scan")
    op.drop_index("ix_sign_in_failures_address", "sign_in_failures")
    op.drop_column("organisations", "merged_into")
    op.drop_column("memberships", "certificate_until")
    op.drop_column("cases", "restricted")
    op.drop_table("value_keys")
    op.drop_table("sign_in_sessions")
    op.drop_table("second_factors")
    op.drop_table("recovery_codes")
    op.drop_table("invitations")
    op.drop_table("external_identities")
    op.drop_table("account_requests")
