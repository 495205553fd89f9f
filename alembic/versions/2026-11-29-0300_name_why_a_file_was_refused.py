"""Add why a file was refused exactly, and whose quota the bytes of a removed file count towards.

Columns without a default are added without a rewrite. The previous release ignores them: it goes on writing `refusal`,
and the objects that it lets go of have no owner, so they count towards no quota, as before.

Revision ID: 7c2e94d1b6f0
Revises: 7c1e94a2d6b3
Create Date: 2026-11-29 03:00:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "7c2e94d1b6f0"
down_revision: str | None = "7c1e94a2d6b3"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("files", sa.Column("refusal_cause", sa.Text(), nullable=True))
    op.add_column("files", sa.Column("refused_entry", sa.Text(), nullable=True))
    op.add_column("file_objects", sa.Column("owner_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("file_objects", "owner_id")
    op.drop_column("files", "refused_entry")
    op.drop_column("files", "refusal_cause")
