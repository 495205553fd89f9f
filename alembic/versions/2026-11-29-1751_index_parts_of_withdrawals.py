"""Index the parts of withdrawals.

Revision ID: c2e8a4b0d361
Revises: b1f7d3a9c250
Create Date: 2026-11-29 17:51:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "c2e8a4b0d361"
down_revision: str | None = "b1f7d3a9c250"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_payouts_withdrawal_id",
            "payouts",
            ["withdrawal_id"],
            postgresql_where=sa.text("withdrawal_id IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_payouts_withdrawal_id", "payouts", postgresql_concurrently=True, if_exists=True)
