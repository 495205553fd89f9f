"""Create reports: what people find wrong, and what became of it.

Revision ID: 74c4bf61759c
Revises: c7f0a1d83e64
Create Date: 2026-11-25 02:49:37.512633+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "74c4bf61759c"
down_revision: str | None = "c7f0a1d83e64"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reporter_id", sa.Uuid(), nullable=False),
        sa.Column("reported_id", sa.Uuid(), nullable=False),
        sa.Column(
            "subject_kind",
            sa.Enum(
                "order",
                "proposal",
                "profile",
                name="reportsubject",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "spam",
                "fraud",
                "forbidden",
                "abuse",
                "foreign_work",
                "other",
                name="reportreason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "open", "upheld", "dismissed", name="reportstatus", native_enum=False, create_constraint=True, length=40
            ),
            server_default=sa.text("'open'"),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "rule",
            sa.Enum(
                "spam",
                "fraud",
                "forbidden",
                "abuse",
                "foreign_work",
                "other",
                name="reportrule",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("objection", sa.Text(), nullable=True),
        sa.Column("objected_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(status = 'open') = (closed_at IS NULL)", name=op.f("ck_reports_closed_has_time")),
        sa.CheckConstraint("(status = 'open') = (verdict IS NULL)", name=op.f("ck_reports_closed_has_verdict")),
        sa.CheckConstraint("status <> 'upheld' OR rule IS NOT NULL", name=op.f("ck_reports_upheld_names_rule")),
        sa.CheckConstraint("(objection IS NULL) = (objected_at IS NULL)", name=op.f("ck_reports_objection_has_time")),
        sa.CheckConstraint("char_length(note) <= 2000", name=op.f("ck_reports_note_length")),
        sa.CheckConstraint("reporter_id <> reported_id", name=op.f("ck_reports_not_oneself")),
        sa.ForeignKeyConstraint(
            ["reported_id"], ["users.id"], name=op.f("fk_reports_reported_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["reporter_id"], ["users.id"], name=op.f("fk_reports_reporter_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
    )
    op.create_index(
        "ix_reports_reported_id_id",
        "reports",
        ["reported_id", sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("rule IS NOT NULL"),
    )
    op.create_index("ix_reports_reporter_id_id", "reports", ["reporter_id", sa.literal_column("id DESC")], unique=False)
    op.create_index(
        "ix_reports_waiting", "reports", ["due_at"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_index(
        "uq_reports_open",
        "reports",
        ["reporter_id", "subject_kind", "subject_id"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )


def downgrade() -> None:
    op.drop_index("uq_reports_open", table_name="reports", postgresql_where=sa.text("status = 'open'"))
    op.drop_index("ix_reports_waiting", table_name="reports", postgresql_where=sa.text("due_at IS NOT NULL"))
    op.drop_index("ix_reports_reporter_id_id", table_name="reports")
    op.drop_index("ix_reports_reported_id_id", table_name="reports", postgresql_where=sa.text("rule IS NOT NULL"))
    op.drop_table("reports")
