"""Check the rows that were there before legal statuses, without holding anybody up: a migration of its own.

Revision ID: d52a8f31c0e7
Revises: c41f7e20b9d6
Create Date: 2026-11-29 07:01:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "d52a8f31c0e7"
down_revision: str | None = "c41f7e20b9d6"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE security_events VALIDATE CONSTRAINT ck_security_events_securityeventkind")


def downgrade() -> None:
    # What was found good stays so.
    pass
