"""Index the objects of removed files by the owner whose quota they count towards.

Revision ID: b18f5a07c3d2
Revises: 7c2e94d1b6f0
Create Date: 2026-11-29 03:01:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "b18f5a07c3d2"
down_revision: str | None = "7c2e94d1b6f0"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_file_objects_owner_id",
            "file_objects",
            ["owner_id"],
            postgresql_where=sa.text("owner_id IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_file_objects_owner_id", "file_objects", postgresql_concurrently=True, if_exists=True)
