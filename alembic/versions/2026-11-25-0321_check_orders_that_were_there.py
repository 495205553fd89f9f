"""Check the orders that were there before they could pause: a migration of its own, holding nobody up.

Revision ID: 8b1f60d2a7c5
Revises: 3d9a5e17c042
Create Date: 2026-11-25 03:21:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "8b1f60d2a7c5"
down_revision: str | None = "3d9a5e17c042"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CHECKS = (
    "orderstatus", "experience", "waiting_has_end", "paused_has_time", "questions_count", "proposals_limit",
    "weekly_hours",
)  # fmt: skip


def upgrade() -> None:
    for name in CHECKS:
        op.execute(f"ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_{name}")


def downgrade() -> None:
    # What was found good stays so.
    pass
