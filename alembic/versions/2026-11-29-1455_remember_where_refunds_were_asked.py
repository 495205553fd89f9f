"""Remember in which state of a milestone a refund was asked for; empty in requests of the release before.

Revision ID: c81e5f0a72d4
Revises: a4d7c1e95b28
Create Date: 2026-11-29 14:55:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "c81e5f0a72d4"
down_revision: str | None = "a4d7c1e95b28"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("refund_requests", sa.Column("asked_in", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("refund_requests", "asked_in")
