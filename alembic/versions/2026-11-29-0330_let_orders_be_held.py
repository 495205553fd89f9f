"""Let orders be held while their customer's account is not active, or while the operator has taken them down.

The previous release ignores these columns: it reads a held order as a paused one, which is in no list.

Revision ID: e4a91c70b52d
Revises: 8e1d4a7c52f6
Create Date: 2026-11-29 03:30:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "e4a91c70b52d"
down_revision: str | None = "8e1d4a7c52f6"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("orders", sa.Column("taken_down_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("orders", sa.Column("takedown_reason", sa.Text(), nullable=True))
    op.add_column("orders", sa.Column("held_status", sa.Text(), nullable=True))
    op.add_column("orders", sa.Column("held_seconds", sa.BigInteger(), nullable=True))
    op.add_column("proposals", sa.Column("suspended_status", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("proposals", "suspended_status")
    for name in ("held_seconds", "held_status", "takedown_reason", "taken_down_at", "suspended_at"):
        op.drop_column("orders", name)
