"""Let the operator take single messages down.

The previous release ignores these columns: it goes on showing the text until it is replaced.

Revision ID: b8d41a63e029
Revises: a7c30f52d918
Create Date: 2026-11-29 04:31:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "b8d41a63e029"
down_revision: str | None = "a7c30f52d918"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("taken_down_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("messages", sa.Column("takedown_reason", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("messages", "takedown_reason")
    op.drop_column("messages", "taken_down_at")
