"""Let an operator merge and rename skills, and remember the names that are gone.

Revision ID: c5d27e0b8f16
Revises: b40e6d9c1a27
Create Date: 2026-11-25 08:20:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "c5d27e0b8f16"
down_revision: str | None = "b40e6d9c1a27"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("skills", sa.Column("edited", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_table(
        "skill_aliases",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("skill_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["skill_id"], ["skills.id"], name=op.f("fk_skill_aliases_skill_id_skills"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_skill_aliases")),
    )
    op.create_index(op.f("ix_skill_aliases_skill_id"), "skill_aliases", ["skill_id"])


def downgrade() -> None:
    op.drop_table("skill_aliases")
    op.drop_column("skills", "edited")
