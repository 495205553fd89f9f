"""Validate the check of roles, which was widened without a look at the rows.

Revision ID: c72e51a8d3b6
Revises: b61d40f7c2a5
Create Date: 2026-11-29 14:01:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "c72e51a8d3b6"
down_revision: str | None = "b61d40f7c2a5"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_users_role")


def downgrade() -> None:
    # What was found good stays so.
    pass
