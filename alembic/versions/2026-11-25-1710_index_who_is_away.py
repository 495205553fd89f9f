"""Find the few accounts that are closed or banned without reading the others.

Revision ID: d7e1a4c85b26
Revises: c93b5d2e7f40
Create Date: 2026-11-25 17:10:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "d7e1a4c85b26"
down_revision: str | None = "c93b5d2e7f40"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_users_away",
            "users",
            ["id"],
            postgresql_where=sa.text("status <> 'active'"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_users_away", table_name="users", postgresql_concurrently=True, if_exists=True)
