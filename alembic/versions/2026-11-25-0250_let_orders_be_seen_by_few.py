"""Let an order be seen by everybody, by whoever has its link, or by those who were invited.

Revision ID: d1a5c7702b31
Revises: 74c4bf61759c
Create Date: 2026-11-25 02:50:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "d1a5c7702b31"
down_revision: str | None = "74c4bf61759c"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


VALUES = "visibility IN ('public', 'link', 'invited')"
KEY = "visibility <> 'link' OR share_key IS NOT NULL"


def upgrade() -> None:
    op.add_column("orders", sa.Column("visibility", sa.String(40), server_default=sa.text("'public'"), nullable=False))
    op.add_column("orders", sa.Column("share_key", sa.Text(), nullable=True))
    op.execute(f"ALTER TABLE orders ADD CONSTRAINT ck_orders_visibility CHECK ({VALUES}) NOT VALID")
    op.execute(f"ALTER TABLE orders ADD CONSTRAINT ck_orders_link_has_key CHECK ({KEY}) NOT VALID")
    op.create_table(
        "order_guests",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_guests_order_id_orders"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_order_guests_user_id_users")),
        sa.PrimaryKeyConstraint("order_id", "user_id", name=op.f("pk_order_guests")),
    )
    op.create_index(op.f("ix_order_guests_user_id"), "order_guests", ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_order_guests_user_id"), table_name="order_guests")
    op.drop_table("order_guests")
    op.drop_constraint(op.f("ck_orders_link_has_key"), "orders", type_="check")
    op.drop_constraint(op.f("ck_orders_visibility"), "orders", type_="check")
    op.drop_column("orders", "share_key")
    op.drop_column("orders", "visibility")
