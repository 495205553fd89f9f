"""Check the rows that were there before operators could ban, without holding anybody up: a migration of its own.

Revision ID: c7f0a1d83e64
Revises: b41d7c2e9a53
Create Date: 2026-11-22 20:47:02.104417+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "c7f0a1d83e64"
down_revision: str | None = "b41d7c2e9a53"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE auth_sessions VALIDATE CONSTRAINT ck_auth_sessions_sessionend")
    op.execute("ALTER TABLE security_events VALIDATE CONSTRAINT ck_security_events_securityeventkind")


def downgrade() -> None:
    # What was found good stays so.
    pass
