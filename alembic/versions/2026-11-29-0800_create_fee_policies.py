"""Create the versions of fee policies, which are only added.

The previous release does not read the table.

Revision ID: c3f58e0d71a4
Revises: e63b9f42d1a8
Create Date: 2026-11-29 08:00:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "c3f58e0d71a4"
down_revision: str | None = "e63b9f42d1a8"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
MAX_AMOUNT = 10**14


def upgrade() -> None:
    op.create_table(
        "fee_policies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "side",
            sa.Enum("customer", "freelancer", name="feeside", native_enum=False, create_constraint=False, length=40),
            nullable=False,
        ),
        sa.Column(
            "currency",
            sa.Enum(
                "RUB",
                "USD",
                "EUR",
                "KZT",
                "BYN",
                name="currency",
                native_enum=False,
                create_constraint=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("category_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "volume_of",
            sa.Enum("pair", "freelancer", name="volumeof", native_enum=False, create_constraint=False, length=40),
            nullable=True,
        ),
        sa.Column("volume_from", sa.BigInteger(), nullable=True),
        sa.Column("rate_bp", sa.BigInteger(), nullable=False),
        sa.Column("minimum", sa.BigInteger(), nullable=False),
        sa.Column("cap", sa.BigInteger(), nullable=True),
        sa.Column("tax_bp", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("side IN ('customer', 'freelancer')", name=op.f("ck_fee_policies_feeside")),
        sa.CheckConstraint("currency IN ('RUB', 'USD', 'EUR', 'KZT', 'BYN')", name=op.f("ck_fee_policies_currency")),
        sa.CheckConstraint("volume_of IN ('pair', 'freelancer')", name=op.f("ck_fee_policies_volumeof")),
        sa.CheckConstraint("rate_bp BETWEEN 0 AND 10000", name=op.f("ck_fee_policies_rate")),
        sa.CheckConstraint("tax_bp BETWEEN 0 AND 10000", name=op.f("ck_fee_policies_tax")),
        sa.CheckConstraint(f"minimum BETWEEN 0 AND {MAX_AMOUNT}", name=op.f("ck_fee_policies_minimum")),
        sa.CheckConstraint(f"cap BETWEEN minimum AND {MAX_AMOUNT}", name=op.f("ck_fee_policies_cap")),
        sa.CheckConstraint(f"volume_from BETWEEN 1 AND {MAX_AMOUNT}", name=op.f("ck_fee_policies_volume")),
        sa.CheckConstraint("(volume_of IS NULL) = (volume_from IS NULL)", name=op.f("ck_fee_policies_volume_step")),
        sa.CheckConstraint(
            "NOT ended OR (rate_bp = 0 AND tax_bp = 0 AND minimum = 0 AND cap IS NULL)",
            name=op.f("ck_fee_policies_ended"),
        ),
        sa.ForeignKeyConstraint(
            ["category_id"], ["categories.id"], name=op.f("fk_fee_policies_category_id_categories")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fee_policies")),
    )
    op.create_index("ix_fee_policies_category_id", "fee_policies", ["category_id"])
    op.create_index("ix_fee_policies_currency_valid_from", "fee_policies", ["currency", "valid_from"])
    # The function also guards the audit log and the history of accounts.
    op.execute(
        """
        CREATE TRIGGER fee_policies_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON fee_policies
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER fee_policies_append_only ON fee_policies")
    op.drop_table("fee_policies")
