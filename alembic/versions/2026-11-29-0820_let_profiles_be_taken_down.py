"""Let the operator take profiles and single portfolio items down.

The previous release ignores these columns: it goes on showing a profile that was taken down until it is replaced.

Revision ID: f94c07e2a1b8
Revises: c3f58e0d71a4
Create Date: 2026-11-29 08:20:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "f94c07e2a1b8"
down_revision: str | None = "c3f58e0d71a4"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("profiles", "portfolio_items")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("taken_down_at", sa.DateTime(timezone=True), nullable=True))
        op.add_column(table, sa.Column("takedown_reason", sa.Text(), nullable=True))


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "takedown_reason")
        op.drop_column(table, "taken_down_at")
