"""Validate the check of the beginnings that fee policies name, which was added without a look at the rows.

Revision ID: c8e4a0b6d9c7
Revises: b7d3f9a5c8b6
Create Date: 2026-11-29 18:31:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "c8e4a0b6d9c7"
down_revision: str | None = "b7d3f9a5c8b6"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE fee_policies VALIDATE CONSTRAINT ck_fee_policies_dealorigin")


def downgrade() -> None:
    # What was found good stays so.
    pass
