"""Save searches, keep what they found, and the letters that told of it.

Revision ID: 5a7e1c90d2b4
Revises: 5c1e8f2a7b90
Create Date: 2026-11-25 03:12:11.270415+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "5a7e1c90d2b4"
down_revision: str | None = "5c1e8f2a7b90"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def frequency() -> sa.Enum:
    return sa.Enum(
        "at_once",
        "daily",
        "weekly",
        "off",
        name="alertfrequency",
        native_enum=False,
        create_constraint=True,
        length=40,
    )


def upgrade() -> None:
    op.create_table(
        "saved_searches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("filter", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("filter_key", sa.Text(), nullable=False),
        sa.Column("anchors", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("frequency", frequency(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 80", name=op.f("ck_saved_searches_name_length")),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_saved_searches_owner_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_searches")),
        sa.UniqueConstraint("owner_id", "filter_key", name=op.f("uq_saved_searches_owner_id_filter_key")),
    )
    op.create_index(
        "ix_saved_searches_anchors",
        "saved_searches",
        ["anchors"],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_table(
        "alert_settings",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("time_zone", sa.Text(), server_default=sa.text("'Europe/Moscow'"), nullable=False),
        sa.Column("digest_hour", sa.BigInteger(), server_default=sa.text("9"), nullable=False),
        sa.CheckConstraint("digest_hour BETWEEN 0 AND 23", name=op.f("ck_alert_settings_digest_hour")),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_alert_settings_owner_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("owner_id", name=op.f("pk_alert_settings")),
    )
    op.create_table(
        "order_matchings",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("after", sa.Uuid(), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_matchings_order_id_orders"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_order_matchings")),
    )
    op.create_table(
        "alert_letters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("frequency", frequency(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_alert_letters_owner_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_letters")),
        sa.UniqueConstraint("owner_id", "frequency", "period", name=op.f("uq_alert_letters_owner_id_frequency_period")),
    )
    op.create_index("ix_alert_letters_created_at", "alert_letters", ["created_at"])
    op.create_table(
        "search_matches",
        sa.Column("search_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("letter_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["search_id"],
            ["saved_searches.id"],
            name=op.f("fk_search_matches_search_id_saved_searches"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_search_matches_order_id_orders"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"],
            ["alert_letters.id"],
            name=op.f("fk_search_matches_letter_id_alert_letters"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("search_id", "order_id", name=op.f("pk_search_matches")),
    )
    op.create_index(
        "ix_search_matches_untold", "search_matches", ["owner_id"], postgresql_where=sa.text("told_at IS NULL")
    )
    op.create_index("ix_search_matches_owner_id_order_id", "search_matches", ["owner_id", "order_id"])
    op.create_index("ix_search_matches_search_id_found_at", "search_matches", ["search_id", "found_at"])
    op.create_index("ix_search_matches_found_at", "search_matches", ["found_at"])
    op.create_index("ix_search_matches_order_id", "search_matches", ["order_id"])
    op.create_index(
        "ix_search_matches_letter_id",
        "search_matches",
        ["letter_id"],
        postgresql_where=sa.text("letter_id IS NOT NULL"),
    )
    op.create_table(
        "alert_dues",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("frequency", frequency(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_alert_dues_owner_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("owner_id", "frequency", name=op.f("pk_alert_dues")),
    )
    op.create_index("ix_alert_dues_due_at", "alert_dues", ["due_at"])


def downgrade() -> None:
    for table in (
        "alert_dues",
        "search_matches",
        "alert_letters",
        "order_matchings",
        "alert_settings",
        "saved_searches",
    ):
        op.drop_table(table)
