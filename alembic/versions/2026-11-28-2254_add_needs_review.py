"""Add `orders.needs_review` beside `needs_look`, and keep both equal whichever release writes.

The previous release goes on using `needs_look`. A later migration contracts: it drops the trigger, the function
`keep_needs_review` and the column `needs_look`, and takes it out of `app/models/previous_release`.

Revision ID: 7f12e0a5c36b
Revises: 2b6c94e1d7f3
Create Date: 2026-11-28 22:54:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "7f12e0a5c36b"
down_revision: str | None = "2b6c94e1d7f3"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
reviewed: dict[str, str] = {"rewrites rows": "fills a column of this migration; nothing that was there changes"}


def upgrade() -> None:
    # On insert the name that a release does not write holds its default of false; on update the changed one counts.
    op.execute(
        """
        CREATE FUNCTION keep_needs_review() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                NEW.needs_review := NEW.needs_review OR NEW.needs_look;
            ELSIF NEW.needs_review = OLD.needs_review THEN
                NEW.needs_review := NEW.needs_look;
            END IF;
            NEW.needs_look := NEW.needs_review;
            RETURN NEW;
        END $$
        """
    )
    op.add_column("orders", sa.Column("needs_review", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    # Only orders that opened without a review: few.
    op.execute("UPDATE orders SET needs_review = true WHERE needs_look")
    op.execute(
        """
        CREATE TRIGGER orders_needs_review BEFORE INSERT OR UPDATE OF needs_look, needs_review ON orders
        FOR EACH ROW EXECUTE FUNCTION keep_needs_review()
        """
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER orders_needs_review ON orders")
    op.drop_column("orders", "needs_review")
    op.execute("DROP FUNCTION keep_needs_review()")
