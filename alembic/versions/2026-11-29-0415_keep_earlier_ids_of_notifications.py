"""Keep the ids that a notification had before it was renewed.

The previous release ignores the column: what it renews keeps the ids that are already there.

Revision ID: 6c0f9d27b8e3
Revises: e4a91c70b52d
Create Date: 2026-11-29 04:15:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "6c0f9d27b8e3"
down_revision: str | None = "e4a91c70b52d"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "notifications",
        sa.Column("earlier_ids", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("notifications", "earlier_ids")
