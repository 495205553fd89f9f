"""Rename `order_guests` to `order_access_grants`; a view of the old name serves the previous release.

The view is automatically updatable: its queries, locks and conflicts are those of the table. A later migration
contracts: it drops the view and takes it out of `app/models/previous_release`.

Revision ID: 2b6c94e1d7f3
Revises: d5f70b2c81ae
Create Date: 2026-11-28 22:53:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "2b6c94e1d7f3"
down_revision: str | None = "d5f70b2c81ae"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
reviewed: dict[str, str] = {
    "renames something the previous release still uses": "updatable views keep the old names for it"
}

OLD, NEW = "order_guests", "order_access_grants"
CONSTRAINTS = ("pk_{}", "fk_{}_order_id_orders", "fk_{}_user_id_users")
"""Names of constraints; `{}` stands for the name of the table."""
INDEX = "ix_{}_user_id"


def _rename(old: str, new: str) -> None:
    # The names and the view change in one transaction, so no statement of either release misses its table.
    op.execute(
        f"""
        -- squawk-ignore renaming-table
        ALTER TABLE {old} RENAME TO {new}
        """
    )
    # Neither release names a constraint or an index in a query.
    renamed = [f"ALTER TABLE {new} RENAME CONSTRAINT {name.format(old)} TO {name.format(new)}" for name in CONSTRAINTS]
    for statement in [*renamed, f"ALTER INDEX {INDEX.format(old)} RENAME TO {INDEX.format(new)}"]:
        op.execute(f"-- squawk-ignore renaming-object\n{statement}")


def upgrade() -> None:
    _rename(OLD, NEW)
    op.execute(f"CREATE VIEW {OLD} AS SELECT * FROM {NEW}")  # noqa: S608 - names from above


def downgrade() -> None:
    op.execute(f"DROP VIEW {OLD}")
    _rename(NEW, OLD)
