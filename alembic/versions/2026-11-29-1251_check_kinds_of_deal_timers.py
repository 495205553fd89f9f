"""Validate the check of the kinds of timers, which was widened without a look at the rows.

Revision ID: f2b85d0e6c13
Revises: e7a41c9d52f0
Create Date: 2026-11-29 12:51:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "f2b85d0e6c13"
down_revision: str | None = "e7a41c9d52f0"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE deal_timers VALIDATE CONSTRAINT ck_deal_timers_timerkind")


def downgrade() -> None:
    # What was found good stays so.
    pass
