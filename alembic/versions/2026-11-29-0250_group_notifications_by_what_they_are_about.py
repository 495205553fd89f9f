"""Add what notifications and e-mails are about, and how many a notification stands for.

Revision ID: 3c6f9b21d0e4
Revises: d5b83e17f942
Create Date: 2026-11-29 02:50:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "3c6f9b21d0e4"
down_revision: str | None = "d5b83e17f942"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("notifications", sa.Column("about", sa.Text(), nullable=True))
    op.add_column("notifications", sa.Column("count", sa.BigInteger(), server_default=sa.text("1"), nullable=False))
    op.add_column("notifications", sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("mail_messages", sa.Column("about", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("mail_messages", "about")
    op.drop_column("notifications", "mailed_at")
    op.drop_column("notifications", "count")
    op.drop_column("notifications", "about")
