"""Links between cases, natural persons, the record of penalties, sealed documents, lifted bans.

Revision: 0003, after 0002. Imports no models, so that it stays true.
"""

import sqlalchemy as sa
from alembic import op


revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SEALED = (
    "id", "case_id", "kind", "seq", "made_at", "number", "sealed_at", "sealed_by",
    "sealed_by_name", "sealed_seq", "content", "content_digest", "template", "template_version",
)
"""What of a sealed document never changes."""
ONCE = {
    "voided_at": ("voided_at", "void_reason"),
    "rendered_at": ("rendered_at", "pdf_sha256", "docx_sha256"),
}
"""What is added to it once, and then stays: by the column that says so."""
UNRENDERED = "sealed_at IS NOT NULL AND rendered_at IS NULL AND voided_at IS NULL"
SEALED_REFUSAL = "a sealed document never changes: void it, and make another one"


def same(columns, equal, cast=""):
    return " AND ".join(f"NEW.{c}{cast} {equal} OLD.{c}{cast}" for c in columns)


def upgrade() -> None:
    op.create_table(
        "case_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False, comment="clue, duplicate, related"),
        sa.Column(
            "restricted", sa.Boolean(), nullable=False, comment="Read by the authority alone"
        ),
        sa.Column("raised_by", sa.Uuid(), nullable=False),
        sa.Column(
            "raised_at",
            sa.DateTime(timezone=True).with_variant(sa.String(26), "sqlite"),
            nullable=False,
        ),
        sa.Column("key", sa.String(length=64), nullable=True, comment="Idempotency key"),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_links_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["cases.id"], name=op.f("fk_case_links_other_id_cases")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_links")),
        sa.UniqueConstraint("case_id", "raised_by", "key", name="uq_case_links_key"),
    )
    with op.batch_alter_table("case_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_links_case_id"), ["case_id"], unique=False)
        batch_op.create_index("ix_case_links_other", ["other_id"], unique=False)

    op.create_table(
        "penalty_records",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("case_number", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False, comment="Key of the penalty table"),
        sa.Column("fine", sa.BigInteger(), nullable=False, comment="CNY"),
        sa.Column("confiscated", sa.BigInteger(), nullable=False, comment="CNY"),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("annulled_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_penalty_records_organisation_id_organisations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_penalty_records")),
    )
    with op.batch_alter_table("penalty_records", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_penalty_records_case_id"), ["case_id"], unique=False)
        batch_op.create_index(
            "ix_penalty_records_subject", ["organisation_id", "effective_on"], unique=False
        )

    op.create_table(
        "person_profiles",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("employer_id", sa.Uuid(), nullable=True),
        sa.Column("post", sa.String(length=60), nullable=False, comment="Post held there 职务"),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["employer_id"],
            ["organisations.id"],
            name=op.f("fk_person_profiles_employer_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_person_profiles_organisation_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("fk_person_profiles_person_id_persons")
        ),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_person_profiles")),
    )
    with op.batch_alter_table("person_profiles", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_person_profiles_employer_id"), ["employer_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_person_profiles_person_id"), ["person_id"], unique=False
        )

    with op.batch_alter_table("bans", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("case_id", sa.Uuid(), nullable=True, comment="The case that imposed it")
        )
        batch_op.add_column(
            sa.Column("lifted_on", sa.Date(), nullable=True, comment="Annulled: it holds no longer")
        )
        batch_op.create_index(batch_op.f("ix_bans_case_id"), ["case_id"], unique=False)

    with op.batch_alter_table("case_documents", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "number", sa.String(length=60), nullable=True, comment="Allotted at sealing 文号"
            )
        )
        batch_op.add_column(
            sa.Column(
                "sealed_at",
                sa.DateTime(timezone=True).with_variant(sa.String(26), "sqlite"),
                nullable=True,
            )
        )
        batch_op.add_column(sa.Column("sealed_by", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("sealed_by_name", sa.String(length=100), nullable=True))
        batch_op.add_column(sa.Column("sealed_seq", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("content", sa.JSON(), nullable=True, comment="Canonical, as sealed")
        )
        batch_op.add_column(sa.Column("content_digest", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("template", sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column("template_version", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "rendered_at",
                sa.DateTime(timezone=True).with_variant(sa.String(26), "sqlite"),
                nullable=True,
            )
        )
        batch_op.add_column(sa.Column("pdf_sha256", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("docx_sha256", sa.String(length=64), nullable=True))
        batch_op.add_column(
            sa.Column(
                "voided_at",
                sa.DateTime(timezone=True).with_variant(sa.String(26), "sqlite"),
                nullable=True,
            )
        )
        batch_op.add_column(sa.Column("void_reason", sa.String(length=500), nullable=True))
        batch_op.create_index("ix_case_documents_sealed", ["sealed_at"], unique=False)
        batch_op.create_index(
            "ix_case_documents_unrendered",
            ["sealed_at", "id"],
            unique=False,
            postgresql_where=sa.text(UNRENDERED),
            sqlite_where=sa.text(UNRENDERED),
        )

    with op.batch_alter_table("organisations", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "document_pattern",
                sa.String(length=60),
                nullable=False,
                server_default="",
                comment="Of its document numbers 文号; empty: as the body above it",
            )
        )
    with op.batch_alter_table("organisations", schema=None) as batch_op:
        batch_op.alter_column("document_pattern", server_default=None)

    op.create_table(
        "case_files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False, comment="Entry that names its digests"),
        sa.Column(
            "compiled_at",
            sa.DateTime(timezone=True).with_variant(sa.String(26), "sqlite"),
            nullable=False,
        ),
        sa.Column("compiled_by_name", sa.String(length=100), nullable=False),
        sa.Column("main_sha256", sa.String(length=64), nullable=False),
        sa.Column("main_pages", sa.Integer(), nullable=False),
        sa.Column("side_sha256", sa.String(length=64), nullable=False),
        sa.Column("side_pages", sa.Integer(), nullable=False),
        sa.Column("archive_sha256", sa.String(length=64), nullable=False, comment="The ZIP"),
        sa.Column("archive_size", sa.BigInteger(), nullable=False, comment="bytes"),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_files_case_id_cases")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_files")),
    )
    with op.batch_alter_table("case_files", schema=None) as batch_op:
        batch_op.create_index("ix_case_files_case", ["case_id", "seq"], unique=False)

    # A clue opens a case of its own; those of before stay readable in the chain of the register.
    with op.batch_alter_table("clues", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_clues_authority_id"))
        batch_op.drop_index(batch_op.f("ix_clues_case_id"))
    op.drop_table("clues")

    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in keep_sealed_sqlite() if sqlite else keep_sealed_postgresql():
        op.execute(statement)


def keep_sealed_sqlite():
    refuse = f"BEGIN SELECT RAISE(ABORT, '{SEALED_REFUSAL}'); END"
    kept = " AND ".join(
        [same(SEALED, "IS")]
        + [f"(OLD.{first} IS NULL OR ({same(columns, 'IS')}))" for first, columns in ONCE.items()]
    )
    yield (
        "CREATE TRIGGER case_documents_keep_updated BEFORE UPDATE ON case_documents "
        f"WHEN OLD.sealed_at IS NOT NULL AND NOT ({kept}) {refuse}"
    )
    yield (
        "CREATE TRIGGER case_documents_keep_deleted BEFORE DELETE ON case_documents "
        f"WHEN OLD.sealed_at IS NOT NULL {refuse}"
    )
    # INSERT OR REPLACE deletes a row without firing its delete trigger.
    yield (
        "CREATE TRIGGER case_documents_keep_replaced BEFORE INSERT ON case_documents WHEN EXISTS "
        "(SELECT 1 FROM case_documents WHERE id = NEW.id AND sealed_at IS NOT NULL) " + refuse
    )


def keep_sealed_postgresql():
    equal = "IS NOT DISTINCT FROM"
    kept = " AND ".join(
        [same(SEALED, equal, "::text")]
        + [f"(OLD.{first} IS NULL OR ({same(columns, equal)}))" for first, columns in ONCE.items()]
    )
    yield f"""
        CREATE FUNCTION refuse_sealed_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                IF OLD.sealed_at IS NULL OR ({kept}) THEN
                    RETURN NEW;
                END IF;
            ELSIF TG_OP = 'DELETE' THEN
                IF OLD.sealed_at IS NULL THEN
                    RETURN OLD;
                END IF;
            END IF;
            RAISE EXCEPTION '{SEALED_REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';
        END $$"""
    for event, name, each in (
        ("UPDATE", "updated", "ROW"),
        ("DELETE", "deleted", "ROW"),
        ("TRUNCATE", "truncated", "STATEMENT"),
    ):
        yield (
            f"CREATE TRIGGER case_documents_keep_{name} BEFORE {event} ON case_documents "
            f"FOR EACH {each} EXECUTE FUNCTION refuse_sealed_change()"
        )


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for event in ("updated", "deleted", "replaced" if sqlite else "truncated"):
        on = "" if sqlite else " ON case_documents"
        op.execute(f"DROP TRIGGER case_documents_keep_{event}{on}")
    if not sqlite:
        op.execute("DROP FUNCTION refuse_sealed_change()")
    op.create_table(
        "clues",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Uuid(), nullable=False),
        sa.Column("trigger", sa.String(length=40), nullable=False),
        sa.Column("raised_by", sa.Uuid(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column(
            "raised_at",
            sa.DateTime(timezone=True).with_variant(sa.String(26), "sqlite"),
            nullable=False,
        ),
        sa.Column("key", sa.String(length=64), nullable=True, comment="Idempotency key"),
        sa.Column(
            "seq", sa.Integer(), nullable=False, comment="Place in the clue register's chain"
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_clues_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clues")),
        sa.UniqueConstraint("case_id", "raised_by", "key", name="uq_clues_key"),
    )
    with op.batch_alter_table("clues", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_clues_authority_id"), ["authority_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_clues_case_id"), ["case_id"], unique=False)
    with op.batch_alter_table("case_files", schema=None) as batch_op:
        batch_op.drop_index("ix_case_files_case")
    op.drop_table("case_files")
    with op.batch_alter_table("organisations", schema=None) as batch_op:
        batch_op.drop_column("document_pattern")

    with op.batch_alter_table("case_documents", schema=None) as batch_op:
        batch_op.drop_index("ix_case_documents_unrendered")
        batch_op.drop_index("ix_case_documents_sealed")
        batch_op.drop_column("void_reason")
        batch_op.drop_column("voided_at")
        batch_op.drop_column("docx_sha256")
        batch_op.drop_column("pdf_sha256")
        batch_op.drop_column("rendered_at")
        batch_op.drop_column("template_version")
        batch_op.drop_column("template")
        batch_op.drop_column("content_digest")
        batch_op.drop_column("content")
        batch_op.drop_column("sealed_seq")
        batch_op.drop_column("sealed_by_name")
        batch_op.drop_column("sealed_by")
        batch_op.drop_column("sealed_at")
        batch_op.drop_column("number")

    with op.batch_alter_table("bans", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bans_case_id"))
        batch_op.drop_column("lifted_on")
        batch_op.drop_column("case_id")

    with op.batch_alter_table("person_profiles", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_profiles_person_id"))
        batch_op.drop_index(batch_op.f("ix_person_profiles_employer_id"))

    op.drop_table("person_profiles")
    with op.batch_alter_table("penalty_records", schema=None) as batch_op:
        batch_op.drop_index("ix_penalty_records_subject")
        batch_op.drop_index(batch_op.f("ix_penalty_records_case_id"))

    op.drop_table("penalty_records")
    with op.batch_alter_table("case_links", schema=None) as batch_op:
        batch_op.drop_index("ix_case_links_other")
        batch_op.drop_index(batch_op.f("ix_case_links_case_id"))

    op.drop_table("case_links")
