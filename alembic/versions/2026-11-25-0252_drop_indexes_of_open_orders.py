"""Drop the indexes of open orders: those of listed orders have taken their place.

Revision ID: d1a5c7702b33
Revises: d1a5c7702b32
Create Date: 2026-11-25 02:52:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "d1a5c7702b33"
down_revision: str | None = "d1a5c7702b32"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

OPEN = "status = 'open'"
SORTED = {
    "ix_orders_open_recent": ["published_at DESC", "id DESC"],
    "ix_orders_open_category": ["category_id", "published_at DESC", "id DESC"],
    "ix_orders_open_budget": ["currency", "budget_amount"],
}
INVERTED = {"ix_orders_open_search": "search", "ix_orders_open_skills": "skills"}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name in (*SORTED, *INVERTED):
            op.drop_index(name, table_name="orders", postgresql_concurrently=True, if_exists=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name, columns in SORTED.items():
            op.create_index(
                name,
                "orders",
                [sa.literal_column(column) if " " in column else column for column in columns],
                postgresql_where=sa.text(OPEN),
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
                postgresql_where=sa.text(OPEN),
                postgresql_concurrently=True,
                if_not_exists=True,
            )
