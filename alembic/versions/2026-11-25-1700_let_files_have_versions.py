"""Let a file take the place of an earlier one, which stays as an earlier version.

Revision ID: c93b5d2e7f40
Revises: b61e0f9a7d35
Create Date: 2026-11-25 17:00:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "c93b5d2e7f40"
down_revision: str | None = "b61e0f9a7d35"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("files", sa.Column("replaces_id", sa.Uuid(), nullable=True))
    op.add_column("attachments", sa.Column("current_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        "fk_files_replaces_id_files",
        "files",
        "files",
        ["replaces_id"],
        ["id"],
        ondelete="SET NULL",
        postgresql_not_valid=True,
    )
    op.create_foreign_key(
        "fk_attachments_current_id_files",
        "attachments",
        "files",
        ["current_id"],
        ["id"],
        ondelete="CASCADE",
        postgresql_not_valid=True,
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE files VALIDATE CONSTRAINT fk_files_replaces_id_files")
        op.execute("ALTER TABLE attachments VALIDATE CONSTRAINT fk_attachments_current_id_files")
        op.create_index(
            "ix_files_replaces_id",
            "files",
            ["replaces_id"],
            postgresql_where=sa.text("replaces_id IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.create_index(
            "ix_attachments_current_id",
            "attachments",
            ["current_id"],
            postgresql_where=sa.text("current_id IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(
            "ix_attachments_current_id", table_name="attachments", postgresql_concurrently=True, if_exists=True
        )
        op.drop_index("ix_files_replaces_id", table_name="files", postgresql_concurrently=True, if_exists=True)
    # Who knows no versions would show earlier ones as files of their own.
    op.execute("DELETE FROM attachments WHERE current_id IS NOT NULL")
    op.drop_column("attachments", "current_id")
    op.drop_column("files", "replaces_id")
