"""Keep what a customer's orders and decisions add up to.

Revision ID: 5c1e8f2a7b90
Revises: d1a5c7702b33
Create Date: 2026-11-25 03:00:00.000000+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "5c1e8f2a7b90"
down_revision: str | None = "d1a5c7702b33"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

COUNTS = ("orders_posted", "orders_open", "orders_ended", "orders_hired", "proposals_answered", "proposals_unanswered")


def upgrade() -> None:
    op.create_table(
        "customer_facts",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False) for name in COUNTS),
        sa.Column("median_answer_seconds", sa.BigInteger(), nullable=True),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stale_since", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "orders_hired <= orders_ended AND orders_ended <= orders_posted",
            name=op.f("ck_customer_facts_orders_add_up"),
        ),
        sa.CheckConstraint(
            "proposals_answered >= 0 AND proposals_unanswered >= 0", name=op.f("ck_customer_facts_proposals")
        ),
        sa.CheckConstraint(
            "(median_answer_seconds IS NULL) = (proposals_answered = 0)", name=op.f("ck_customer_facts_answer_time")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["users.id"], name=op.f("fk_customer_facts_customer_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer_facts")),
    )
    op.create_index(
        "ix_customer_facts_stale",
        "customer_facts",
        ["stale_since"],
        unique=False,
        postgresql_where=sa.text("stale_since IS NOT NULL"),
    )
    # Who had orders before is counted within minutes: the clock takes what is marked.
    op.execute(
        "INSERT INTO customer_facts (customer_id, stale_since) "
        "SELECT DISTINCT customer_id, now() FROM orders WHERE published_at IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_index(
        "ix_customer_facts_stale", table_name="customer_facts", postgresql_where=sa.text("stale_since IS NOT NULL")
    )
    op.drop_table("customer_facts")
