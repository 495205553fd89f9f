"""Bind resets to a browser.

Revision ID: f52b8da1c7e6
Revises: e41a7c90b6d5
Create Date: 2026-11-29 03:01:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "f52b8da1c7e6"
down_revision: str | None = "e41a7c90b6d5"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("auth_challenges", sa.Column("flow", sa.Text(), server_default=sa.text("''"), nullable=False))


def downgrade() -> None:
    op.drop_column("auth_challenges", "flow")
