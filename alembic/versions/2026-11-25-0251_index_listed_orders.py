"""Index the orders that lists may show, without holding anybody up: a migration of its own.

Revision ID: d1a5c7702b32
Revises: d1a5c7702b31
Create Date: 2026-11-25 02:51:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "d1a5c7702b32"
down_revision: str | None = "d1a5c7702b31"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

LISTED = "status = 'open' AND visibility = 'public'"
SORTED = {
    "ix_orders_listed_recent": ["published_at DESC", "id DESC"],
    "ix_orders_listed_category": ["category_id", "published_at DESC", "id DESC"],
    "ix_orders_listed_budget": ["currency", "budget_amount"],
}
INVERTED = {"ix_orders_listed_search": "search", "ix_orders_listed_skills": "skills"}


def upgrade() -> None:
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_visibility")
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_link_has_key")
    with op.get_context().autocommit_block():
        for name, columns in SORTED.items():
            op.create_index(
                name,
                "orders",
                [sa.literal_column(column) if " " in column else column for column in columns],
                postgresql_where=sa.text(LISTED),
                postgresql_concurrently=True,
                if_not_exists=True,
            )
        for name, column in INVERTED.items():
            op.create_index(
                name,
                "orders",
                [column],
                postgresql_using="gin",
                postgresql_with={"fastupdate": "off"},
                postgresql_where=sa.text(LISTED),
                postgresql_concurrently=True,
                if_not_exists=True,
            )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in (*SORTED, *INVERTED):
            op.drop_index(name, table_name="orders", postgresql_concurrently=True, if_exists=True)
