"""Rename the tables of alerts and of cover letter templates; views of the old names serve the previous release.

The views are automatically updatable: their queries, locks and conflicts are those of the tables. A later migration
contracts: it drops the views and takes them out of `app/models/previous_release`.

Revision ID: c80d3a6e51f9
Revises: 7f12e0a5c36b
Create Date: 2026-11-28 22:55:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "c80d3a6e51f9"
down_revision: str | None = "7f12e0a5c36b"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
reviewed: dict[str, str] = {
    "renames something the previous release still uses": "updatable views keep the old names for it"
}

TABLES = {
    ("alert_letters", "alert_emails"): (
        ("pk_{}", "fk_{}_owner_id_users", "uq_{}_owner_id_frequency_period"),
        ("ix_{}_created_at",),
    ),
    ("alert_dues", "alert_schedule"): (("pk_{}", "fk_{}_owner_id_users"), ("ix_{}_due_at",)),
    ("order_matchings", "order_match_queue"): (("pk_{}", "fk_{}_order_id_orders"), ()),
    ("letter_templates", "cover_letter_templates"): (
        ("pk_{}", "fk_{}_owner_id_users", "ck_{}_name_length", "ck_{}_letter_length"),
        ("ix_{}_owner_id_id",),
    ),
}
"""Old and new name → names of constraints and of indexes, in which `{}` stands for the name of the table."""


def _rename(old: str, new: str, constraints: Sequence[str], indexes: Sequence[str]) -> None:
    # The names and the view change in one transaction, so no statement of either release misses its table.
    op.execute(f"-- squawk-ignore renaming-table\nALTER TABLE {old} RENAME TO {new}")
    # Neither release names a constraint or an index in a query.
    renamed = [f"ALTER TABLE {new} RENAME CONSTRAINT {name.format(old)} TO {name.format(new)}" for name in constraints]
    renamed += [f"ALTER INDEX {name.format(old)} RENAME TO {name.format(new)}" for name in indexes]
    for statement in renamed:
        op.execute(f"-- squawk-ignore renaming-object\n{statement}")


def upgrade() -> None:
    for (old, new), (constraints, indexes) in TABLES.items():
        _rename(old, new, constraints, indexes)
        op.execute(f"CREATE VIEW {old} AS SELECT * FROM {new}")  # noqa: S608 - names from above


def downgrade() -> None:
    for (old, new), (constraints, indexes) in TABLES.items():
        op.execute(f"DROP VIEW {old}")
        _rename(new, old, constraints, indexes)
