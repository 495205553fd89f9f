"""Create papers of deals: counters of their series, and documents that are only added.

Revision ID: e63b9f42d1a8
Revises: d52a8f31c0e7
Create Date: 2026-11-29 07:10:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "e63b9f42d1a8"
down_revision: str | None = "d52a8f31c0e7"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "document_series",
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("last_number > 0", name=op.f("ck_document_series_last_number")),
        sa.PrimaryKeyConstraint("series", name=op.f("pk_document_series")),
    )
    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("sentences_version", sa.Text(), nullable=False),
        sa.Column("input", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("corrects_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('contract', 'task', 'act', 'invoice', 'receipt', 'withdrawal', 'credit_note')",
            name=op.f("ck_documents_paperkind"),
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_documents_number")),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_documents_sha256")),
        sa.CheckConstraint("language IN ('ru', 'en')", name=op.f("ck_documents_language")),
        sa.ForeignKeyConstraint(
            ["series"], ["document_series.series"], name=op.f("fk_documents_series_document_series")
        ),
        sa.ForeignKeyConstraint(["corrects_id"], ["documents.id"], name=op.f("fk_documents_corrects_id_documents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint("series", "number", name=op.f("uq_documents_series_number")),
    )
    # The function guards the history of accounts, too.
    op.execute(
        """
        CREATE TRIGGER documents_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON documents
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
    )
    # A counter only goes up, by one: a number that was given away is never given again, and none is left out.
    op.execute(
        """
        CREATE FUNCTION refuse_gap() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'numbers of a series follow each other' USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER document_series_no_gap BEFORE UPDATE ON document_series FOR EACH ROW
        WHEN (NEW.series <> OLD.series OR NEW.last_number <> OLD.last_number + 1) EXECUTE FUNCTION refuse_gap()
        """
    )
    op.execute(
        """
        CREATE TRIGGER document_series_first BEFORE INSERT ON document_series FOR EACH ROW
        WHEN (NEW.last_number <> 1) EXECUTE FUNCTION refuse_gap()
        """
    )
    op.execute(
        """
        CREATE TRIGGER document_series_kept BEFORE DELETE OR TRUNCATE ON document_series
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER documents_append_only ON documents")
    op.drop_table("documents")
    for name in ("no_gap", "first", "kept"):
        op.execute(f"DROP TRIGGER document_series_{name} ON document_series")
    op.drop_table("document_series")
    op.execute("DROP FUNCTION refuse_gap()")
