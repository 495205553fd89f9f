"""Index when orders move on by themselves and when customers are reminded, without holding anybody up.

Revision ID: e25c97f14b60
Revises: 8b1f60d2a7c5
Create Date: 2026-11-25 03:22:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "e25c97f14b60"
down_revision: str | None = "8b1f60d2a7c5"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TIMES = {"waiting_end": "expires_at", "reminder": "remind_at"}


def _index(name: str, column: str, predicate: str) -> None:
    op.create_index(
        name,
        "orders",
        [column],
        postgresql_where=sa.text(predicate),
        postgresql_concurrently=True,
        if_not_exists=True,
    )


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, column in TIMES.items():
            _index(f"ix_orders_{name}", column, f"{column} IS NOT NULL")
        # Only now: until here the release that still runs had it.
        op.drop_index("ix_orders_open_expiry", "orders", postgresql_concurrently=True, if_exists=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        _index("ix_orders_open_expiry", "expires_at", "status = 'open'")
        for name in TIMES:
            op.drop_index(f"ix_orders_{name}", "orders", postgresql_concurrently=True, if_exists=True)
