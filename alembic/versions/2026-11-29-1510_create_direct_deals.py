"""Create direct deals and their terms.

The previous release does not read the new tables. The contract, order, proposal and offer of an accepted direct deal
are ordinary rows, which it shows as those of any other contract.

Revision ID: a94c6e07b2d1
Revises: e94a73c0f5d8
Create Date: 2026-11-29 15:10:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "a94c6e07b2d1"
down_revision: str | None = "e94a73c0f5d8"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

OPEN = "status IN ('freelancer_answers', 'customer_answers')"
SIDES = "'customer', 'freelancer'"
ALL_SIDES = f"{SIDES}, 'operator', 'system'"
STATUSES = "'freelancer_answers', 'customer_answers', 'accepted', 'declined', 'withdrawn', 'expired'"


def upgrade() -> None:
    op.create_table(
        "direct_deals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("author_side", sa.String(length=40), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=True),
        sa.Column("muted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("link_number", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("contract_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("app_now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"author_side IN ({SIDES})", name=op.f("ck_direct_deals_author_side")),
        sa.CheckConstraint(f"author_side IN ({ALL_SIDES})", name=op.f("ck_direct_deals_side")),
        sa.CheckConstraint(f"status IN ({STATUSES})", name=op.f("ck_direct_deals_directdealstatus")),
        sa.CheckConstraint("author_id <> other_id", name=op.f("ck_direct_deals_two_people")),
        sa.CheckConstraint(f"({OPEN}) = (decided_at IS NULL)", name=op.f("ck_direct_deals_decided_has_time")),
        sa.CheckConstraint(
            "(status = 'accepted') = (contract_id IS NOT NULL)", name=op.f("ck_direct_deals_accepted_has_contract")
        ),
        sa.CheckConstraint(
            "status <> 'accepted' OR other_id IS NOT NULL", name=op.f("ck_direct_deals_accepted_has_other")
        ),
        sa.CheckConstraint("char_length(email) <= 254", name=op.f("ck_direct_deals_email_length")),
        sa.CheckConstraint("char_length(note) <= 1000", name=op.f("ck_direct_deals_note_length")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_direct_deals_author_id_users")),
        sa.ForeignKeyConstraint(["other_id"], ["users.id"], name=op.f("fk_direct_deals_other_id_users")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_direct_deals_contract_id_contracts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_direct_deals")),
        sa.UniqueConstraint("contract_id", name=op.f("uq_direct_deals_contract_id")),
    )
    op.create_index("ix_direct_deals_author_id_id", "direct_deals", ["author_id", sa.text("id DESC")])
    op.create_index("ix_direct_deals_other_id_id", "direct_deals", ["other_id", sa.text("id DESC")])
    op.create_index("ix_direct_deals_open_end", "direct_deals", ["expires_at"], postgresql_where=sa.text(OPEN))
    op.create_table(
        "direct_deal_terms",
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("made_by", sa.String(length=40), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=40), nullable=False),
        sa.Column("milestones", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("message", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("app_now()"), nullable=False),
        sa.CheckConstraint(f"made_by IN ({SIDES})", name=op.f("ck_direct_deal_terms_made_by")),
        sa.CheckConstraint(f"made_by IN ({ALL_SIDES})", name=op.f("ck_direct_deal_terms_side")),
        sa.CheckConstraint(
            "currency IN ('RUB', 'USD', 'EUR', 'KZT', 'BYN')", name=op.f("ck_direct_deal_terms_currency")
        ),
        sa.CheckConstraint("char_length(title) BETWEEN 1 AND 200", name=op.f("ck_direct_deal_terms_title_length")),
        sa.CheckConstraint("char_length(description) <= 20000", name=op.f("ck_direct_deal_terms_description_length")),
        sa.CheckConstraint("char_length(message) <= 2000", name=op.f("ck_direct_deal_terms_message_length")),
        sa.CheckConstraint(
            "jsonb_array_length(milestones) BETWEEN 1 AND 20", name=op.f("ck_direct_deal_terms_milestones_count")
        ),
        sa.ForeignKeyConstraint(
            ["deal_id"], ["direct_deals.id"], name=op.f("fk_direct_deal_terms_deal_id_direct_deals")
        ),
        sa.PrimaryKeyConstraint("deal_id", "number", name=op.f("pk_direct_deal_terms")),
    )
    op.execute(
        "CREATE TRIGGER direct_deal_terms_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON direct_deal_terms "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("direct_deal_terms")
    op.drop_table("direct_deals")
