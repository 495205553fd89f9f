"""Create letter templates.

Revision ID: e7a1b94f3c05
Revises: c5d27e0b8f16
Create Date: 2026-11-25 08:30:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "e7a1b94f3c05"
down_revision: str | None = "c5d27e0b8f16"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "letter_templates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("letter", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 100", name=op.f("ck_letter_templates_name_length")),
        sa.CheckConstraint("char_length(letter) BETWEEN 1 AND 10000", name=op.f("ck_letter_templates_letter_length")),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_letter_templates_owner_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_templates")),
    )
    op.create_index("ix_letter_templates_owner_id_id", "letter_templates", ["owner_id", sa.text("id DESC")])


def downgrade() -> None:
    op.drop_table("letter_templates")
