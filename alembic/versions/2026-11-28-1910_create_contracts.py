"""Create contracts from what was agreed on, beside a release that does not write them.

Revision ID: b7d20f6e41ac
Revises: a6d20f3b91c7
Create Date: 2026-11-28 19:00:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "b7d20f6e41ac"
down_revision: str | None = "a6d20f3b91c7"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FROZEN = (
    "id, order_id, order_version, proposal_id, offer_id, customer_id, freelancer_id, budget_kind, price_amount, currency, "
    "term_days, milestones, agreed_at"
)
# The id is a UUID of version 7 for the moment of the agreement, so that ids keep the order of time (RFC 9562, 5.7).
AGREED = """
    INSERT INTO contracts (id, order_id, order_version, proposal_id, offer_id, customer_id, freelancer_id, budget_kind,
                           price_amount, currency, term_days, milestones, agreed_at)
    SELECT encode(set_bit(set_bit(overlay(
               uuid_send(gen_random_uuid())
               PLACING substring(int8send(floor(extract(epoch FROM offers.decided_at) * 1000)::bigint) FROM 3)
               FROM 1 FOR 6
           ), 52, 1), 53, 1), 'hex')::uuid,
           orders.id, offers.order_version, proposals.id, offers.id, orders.customer_id, proposals.freelancer_id,
           orders.budget_kind, offers.price_amount, offers.currency, offers.term_days, offers.milestones,
           offers.decided_at
    FROM offers JOIN proposals ON proposals.id = offers.proposal_id JOIN orders ON orders.id = offers.order_id
    WHERE offers.status = 'accepted'
"""


def upgrade() -> None:
    op.create_table(
        "contracts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("order_version", sa.BigInteger(), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("freelancer_id", sa.Uuid(), nullable=False),
        sa.Column("budget_kind", sa.String(length=40), nullable=False),
        sa.Column("price_amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=40), nullable=False),
        sa.Column("term_days", sa.BigInteger(), nullable=False),
        sa.Column(
            "milestones", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("budget_kind IN ('fixed', 'hourly', 'open')", name=op.f("ck_contracts_budgetkind")),
        sa.CheckConstraint("currency IN ('RUB', 'USD', 'EUR', 'KZT', 'BYN')", name=op.f("ck_contracts_currency")),
        sa.CheckConstraint("price_amount > 0", name=op.f("ck_contracts_price")),
        sa.CheckConstraint("term_days BETWEEN 1 AND 1000", name=op.f("ck_contracts_term")),
        sa.CheckConstraint("jsonb_array_length(milestones) <= 20", name=op.f("ck_contracts_milestones_count")),
        sa.CheckConstraint("customer_id <> freelancer_id", name=op.f("ck_contracts_two_people")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_contracts_order_id_orders")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposals.id"], name=op.f("fk_contracts_proposal_id_proposals")),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"], name=op.f("fk_contracts_offer_id_offers")),
        sa.ForeignKeyConstraint(["customer_id"], ["users.id"], name=op.f("fk_contracts_customer_id_users")),
        sa.ForeignKeyConstraint(["freelancer_id"], ["users.id"], name=op.f("fk_contracts_freelancer_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contracts")),
        sa.UniqueConstraint("order_id", name=op.f("uq_contracts_order_id")),
        sa.UniqueConstraint("proposal_id", name=op.f("uq_contracts_proposal_id")),
        sa.UniqueConstraint("offer_id", name=op.f("uq_contracts_offer_id")),
    )
    op.execute(
        """
        CREATE FUNCTION refuse_other_contract() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the terms of a contract stay as they were agreed' USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    op.execute(
        f"""
        CREATE TRIGGER contracts_frozen BEFORE UPDATE OF {FROZEN} ON contracts
        FOR EACH ROW WHEN (ROW{_row("OLD")} IS DISTINCT FROM ROW{_row("NEW")})
        EXECUTE FUNCTION refuse_other_contract()
        """
    )
    # The previous release goes on accepting for as long as it runs beside this one, and writes no contract. At the end
    # of its transaction the database does; where this release has written one already, nothing is left to do.
    op.execute(
        f"""
        CREATE FUNCTION write_contract() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            {AGREED} AND offers.id = NEW.id
            ON CONFLICT DO NOTHING;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        """
        CREATE CONSTRAINT TRIGGER offers_agreed AFTER INSERT OR UPDATE OF status ON offers
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.status = 'accepted')
        EXECUTE FUNCTION write_contract()
        """
    )
    op.execute(AGREED)


def downgrade() -> None:
    op.execute("DROP TRIGGER offers_agreed ON offers")
    op.execute("DROP FUNCTION write_contract()")
    op.drop_table("contracts")
    op.execute("DROP FUNCTION refuse_other_contract()")


def _row(name: str) -> str:
    return f"({', '.join(f'{name}.{column}' for column in FROZEN.split(', '))})"
