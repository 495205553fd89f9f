"""Keep a dictionary of the words that stand in orders.

Revision ID: e3b97c5d10f2
Revises: e25c97f14b60
Create Date: 2026-11-25 03:58:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "e3b97c5d10f2"
down_revision: str | None = "e25c97f14b60"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "search_terms",
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.Column("keys", sa.ARRAY(sa.Text()), nullable=False),
        sa.CheckConstraint("char_length(word) BETWEEN 3 AND 40", name=op.f("ck_search_terms_word_length")),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_search_terms")),
    )
    op.create_index(
        "ix_search_terms_keys",
        "search_terms",
        ["keys"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )


def downgrade() -> None:
    op.drop_index("ix_search_terms_keys", table_name="search_terms")
    op.drop_table("search_terms")
