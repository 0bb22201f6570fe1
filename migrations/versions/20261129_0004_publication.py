"""The decision of a penalty in the record, and how long it is public.

Revision: 0004, after 0003. Imports no models, so that it stays true.
"""

import sqlalchemy as sa
from alembic import op


revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NEW = (
    "decision_number",
    "decided_on",
    "published_on",
    "published_at",
    "published_until",
    "withdrawn_on",
)


def upgrade() -> None:
    with op.batch_alter_table("penalty_records", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "decision_number",
                sa.String(length=60),
                nullable=True,
                comment="Of the decision 文号",
            )
        )
        batch_op.add_column(
            sa.Column("decided_on", sa.Date(), nullable=True, comment="When it was sealed")
        )
        batch_op.add_column(sa.Column("published_on", sa.Date(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "published_at",
                sa.String(length=300),
                nullable=True,
                comment="Where it is published",
            )
        )
        batch_op.add_column(
            sa.Column(
                "published_until",
                sa.Date(),
                nullable=True,
                comment="Last day, inclusive; none = until it is withdrawn",
            )
        )
        batch_op.add_column(
            sa.Column(
                "withdrawn_on",
                sa.Date(),
                nullable=True,
                comment="From then on public no longer",
            )
        )


def downgrade() -> None:
    with op.batch_alter_table("penalty_records", schema=None) as batch_op:
        for name in reversed(NEW):
            batch_op.drop_column(name)
