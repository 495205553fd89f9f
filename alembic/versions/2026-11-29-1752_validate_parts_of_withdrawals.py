"""Validate the key from parts to withdrawals, which was added without a look at the rows.

Revision ID: d3f9b5c1e472
Revises: c2e8a4b0d361
Create Date: 2026-11-29 17:52:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "d3f9b5c1e472"
down_revision: str | None = "c2e8a4b0d361"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE payouts VALIDATE CONSTRAINT fk_payouts_withdrawal_id_withdrawals")


def downgrade() -> None:
    # What was found good stays so.
    pass
