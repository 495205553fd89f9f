"""Let people choose what part of a picture stands for them.

Revision ID: b61e0f9a7d35
Revises: a4d83f61c902
Create Date: 2026-11-25 11:15:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "b61e0f9a7d35"
down_revision: str | None = "a4d83f61c902"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("files", sa.Column("crop", postgresql.JSONB(), nullable=True))
    op.add_column("files", sa.Column("redraws", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("files", sa.Column("redrawn", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_files_undrawn",
            "files",
            ["next_try_at"],
            postgresql_where=sa.text("redraws > redrawn"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_files_undrawn", table_name="files", postgresql_concurrently=True, if_exists=True)
    op.drop_column("files", "redrawn")
    op.drop_column("files", "redraws")
    op.drop_column("files", "crop")
