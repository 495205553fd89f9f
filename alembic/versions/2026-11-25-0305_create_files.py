"""Create files, the objects that hold their bytes, and what they belong to.

Revision ID: c7a1f4e0925b
Revises: 5a7e1c90d2b4
Create Date: 2026-11-25 03:05:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "c7a1f4e0925b"
down_revision: str | None = "5a7e1c90d2b4"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

NOW = sa.text("now()")


def _words(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _subject() -> sa.Enum:
    kinds = ("avatar", "portfolio", "order", "proposal")
    return sa.Enum(*kinds, name="subjectkind", native_enum=False, create_constraint=False, length=40)


def upgrade() -> None:
    op.create_table(
        "files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("kind", _subject(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column(
            "status",
            _words("filestatus", "uploading", "processing", "quarantined", "ready", "refused", "damaged"),
            server_default=sa.text("'uploading'"),
            nullable=False,
        ),
        sa.Column(
            "refusal",
            _words("filerefusal", "wrong_type", "broken", "too_big_picture", "bomb", "malware"),
            nullable=True,
        ),
        sa.Column("width", sa.BigInteger(), nullable=True),
        sa.Column("height", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("size >= 0", name=op.f("ck_files_size")),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 200", name=op.f("ck_files_name_length")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_files_owner_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
    )
    op.create_index("ix_files_owner_id_id", "files", ["owner_id", sa.text("id DESC")], unique=False)
    op.create_index(
        "ix_files_waiting",
        "files",
        ["next_try_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('processing', 'quarantined')"),
    )
    op.create_index(
        "ix_files_unfinished", "files", ["touched_at"], unique=False, postgresql_where=sa.text("status = 'uploading'")
    )
    op.create_table(
        "file_objects",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("role", _words("objectrole", "source", "main", "preview"), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("blocks", sa.LargeBinary(), server_default=sa.text("''"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("doomed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["file_id"], ["files.id"], name=op.f("fk_file_objects_file_id_files"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_file_objects")),
    )
    op.create_index("ix_file_objects_file_id", "file_objects", ["file_id"], unique=False)
    op.create_index(
        "ix_file_objects_doomed",
        "file_objects",
        ["doomed_at"],
        unique=False,
        postgresql_where=sa.text("doomed_at IS NOT NULL"),
    )
    op.create_index(
        "ix_file_objects_checked",
        "file_objects",
        ["checked_at"],
        unique=False,
        postgresql_where=sa.text("doomed_at IS NULL AND sha256 <> ''"),
    )
    op.create_table(
        "attachments",
        sa.Column("subject_kind", _subject(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"], ["files.id"], name=op.f("fk_attachments_file_id_files"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("subject_kind", "subject_id", "file_id", name=op.f("pk_attachments")),
    )
    op.create_index("ix_attachments_file_id", "attachments", ["file_id"], unique=False)


def downgrade() -> None:
    op.drop_table("attachments")
    op.drop_table("file_objects")
    op.drop_table("files")
