"""Create offers: terms before the other side, and the ones that were agreed on.

Revision ID: 9d31c0a87e54
Revises: 7c2e91ab4302
Create Date: 2026-11-25 07:00:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "9d31c0a87e54"
down_revision: str | None = "7c2e91ab4302"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BEFORE = "status IN ('sent', 'seen', 'shortlisted', 'accepted', 'declined', 'withdrawn')"
STATUSES = (
    "status IN ('sent', 'seen', 'shortlisted', 'offered', 'countered', 'accepted', 'declined', 'withdrawn', 'lapsed')"
)
DROP_STATUSES = (
    "-- squawk-ignore ban-drop-constraint\nALTER TABLE proposals DROP CONSTRAINT ck_proposals_proposalstatus"
)
FROZEN = "order_id, order_version, proposal_id, number, made_by, price_amount, currency, term_days, milestones, message"


def upgrade() -> None:
    op.create_table(
        "offers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("order_version", sa.BigInteger(), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=40), server_default=sa.text("'open'"), nullable=False),
        sa.Column("price_amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=40), nullable=False),
        sa.Column("term_days", sa.BigInteger(), nullable=False),
        sa.Column(
            "milestones", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
        sa.Column("message", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("made_by IN ('customer', 'freelancer')", name=op.f("ck_offers_offerside")),
        sa.CheckConstraint(
            "status IN ('open', 'accepted', 'declined', 'countered', 'withdrawn', 'lapsed')",
            name=op.f("ck_offers_offerstatus"),
        ),
        sa.CheckConstraint("currency IN ('RUB', 'USD', 'EUR', 'KZT', 'BYN')", name=op.f("ck_offers_currency")),
        sa.CheckConstraint("price_amount > 0", name=op.f("ck_offers_price")),
        sa.CheckConstraint("term_days BETWEEN 1 AND 1000", name=op.f("ck_offers_term")),
        sa.CheckConstraint("jsonb_array_length(milestones) <= 20", name=op.f("ck_offers_milestones_count")),
        sa.CheckConstraint("char_length(message) <= 2000", name=op.f("ck_offers_message_length")),
        sa.CheckConstraint("char_length(note) <= 1000", name=op.f("ck_offers_note_length")),
        sa.CheckConstraint("(status = 'open') = (decided_at IS NULL)", name=op.f("ck_offers_decided_has_time")),
        sa.CheckConstraint("status <> 'open' OR expires_at IS NOT NULL", name=op.f("ck_offers_open_has_end")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_offers_order_id_orders")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposals.id"], name=op.f("fk_offers_proposal_id_proposals")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offers")),
        sa.UniqueConstraint("proposal_id", "number", name=op.f("uq_offers_proposal_id_number")),
    )
    for name, column, where, unique in (
        ("uq_offers_open", "order_id", "status = 'open'", True),
        ("uq_offers_accepted", "order_id", "status = 'accepted'", True),
        ("ix_offers_open_end", "expires_at", "status = 'open'", False),
        ("ix_offers_reminder", "remind_at", "remind_at IS NOT NULL", False),
    ):
        op.create_index(name, "offers", [column], unique=unique, postgresql_where=sa.text(where))
    op.execute(
        """
        CREATE FUNCTION refuse_other_terms() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the terms of an offer stay as they were written' USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    op.execute(
        f"""
        CREATE TRIGGER offers_frozen BEFORE UPDATE OF {FROZEN} ON offers
        FOR EACH ROW WHEN (ROW{_row("OLD")} IS DISTINCT FROM ROW{_row("NEW")})
        EXECUTE FUNCTION refuse_other_terms()
        """
    )
    # What was chosen before is what was agreed on: a contract begins with an accepted offer.
    op.execute(
        """
        INSERT INTO offers (id, order_id, order_version, proposal_id, number, made_by, status, price_amount, currency,
                            term_days, milestones, created_at, decided_at)
        SELECT gen_random_uuid(), order_id, order_version, id, 1, 'freelancer', 'accepted', price_amount, currency,
               term_days, milestones, updated_at, coalesce(decided_at, updated_at)
        FROM proposals WHERE status = 'accepted'
        """
    )
    op.execute(DROP_STATUSES)
    op.execute(f"ALTER TABLE proposals ADD CONSTRAINT ck_proposals_proposalstatus CHECK ({STATUSES}) NOT VALID")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_proposals_proposalstatus"), "proposals", type_="check")
    op.execute("UPDATE proposals SET status = 'shortlisted' WHERE status IN ('offered', 'countered')")
    op.execute("UPDATE proposals SET status = 'withdrawn' WHERE status = 'lapsed'")
    op.execute(f"ALTER TABLE proposals ADD CONSTRAINT ck_proposals_proposalstatus CHECK ({BEFORE}) NOT VALID")
    op.execute("DROP TRIGGER offers_frozen ON offers")
    op.execute("DROP FUNCTION refuse_other_terms()")
    op.drop_table("offers")


def _row(name: str) -> str:
    return f"({', '.join(f'{name}.{column}' for column in FROZEN.split(', '))})"
