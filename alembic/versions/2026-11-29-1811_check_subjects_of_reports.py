"""Validate the check of what is reported, which was widened without a look at the rows.

Revision ID: f5b1d7e3a694
Revises: e4a0c6d2f583
Create Date: 2026-11-29 18:11:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "f5b1d7e3a694"
down_revision: str | None = "e4a0c6d2f583"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE reports VALIDATE CONSTRAINT ck_reports_reportsubject")


def downgrade() -> None:
    # What was found good stays so.
    pass
