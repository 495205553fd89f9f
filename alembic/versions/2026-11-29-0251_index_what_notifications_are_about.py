"""Allow one unread notification and one waiting e-mail about a thing; the previous release names no thing.

Revision ID: 8e1d4a7c52f6
Revises: 3c6f9b21d0e4
Create Date: 2026-11-29 02:51:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "8e1d4a7c52f6"
down_revision: str | None = "3c6f9b21d0e4"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INDEXES = {
    "uq_notifications_unread_about": ("notifications", "read_at IS NULL AND about IS NOT NULL"),
    "uq_mail_messages_queued_about": ("mail_messages", "status = 'queued' AND about IS NOT NULL"),
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, (table, predicate) in INDEXES.items():
            op.create_index(
                name,
                table,
                ["user_id", "about"],
                unique=True,
                postgresql_where=sa.text(predicate),
                postgresql_concurrently=True,
                if_not_exists=True,
            )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name, (table, _predicate) in INDEXES.items():
            op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)
