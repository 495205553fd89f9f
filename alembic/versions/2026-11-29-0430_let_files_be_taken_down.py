"""Let the operator take single files down.

The previous release ignores these columns: it goes on serving a file that was taken down until it is replaced.

Revision ID: a7c30f52d918
Revises: 6c0f9d27b8e3
Create Date: 2026-11-29 04:30:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a7c30f52d918"
down_revision: str | None = "6c0f9d27b8e3"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("files", sa.Column("taken_down_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("files", sa.Column("takedown_reason", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("files", "takedown_reason")
    op.drop_column("files", "taken_down_at")
