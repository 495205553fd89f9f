"""Index `file_objects` by `delete_after`, beside the indexes on `doomed_at` that the previous release uses.

Revision ID: 9a3d5f0e62b8
Revises: 4e8b1c7a90d2
Create Date: 2026-11-28 22:51:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "9a3d5f0e62b8"
down_revision: str | None = "4e8b1c7a90d2"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INDEXES = {
    "ix_file_objects_delete_after": ("delete_after", "delete_after IS NOT NULL"),
    "ix_file_objects_unverified": ("checked_at", "delete_after IS NULL AND sha256 <> ''"),
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, (column, predicate) in INDEXES.items():
            op.create_index(
                name,
                "file_objects",
                [column],
                postgresql_where=sa.text(predicate),
                postgresql_concurrently=True,
                if_not_exists=True,
            )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.drop_index(name, "file_objects", postgresql_concurrently=True, if_exists=True)
