"""Check the proposals that were there; hold one live proposal per freelancer in its new states too.

Revision ID: 7c2e91ab4302
Revises: 5b1f0c7de201
Create Date: 2026-11-25 03:46:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "7c2e91ab4302"
down_revision: str | None = "5b1f0c7de201"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE proposals VALIDATE CONSTRAINT ck_proposals_proposalstatus")
    op.execute("ALTER TABLE proposals VALIDATE CONSTRAINT ck_proposals_milestones_count")
    op.execute("ALTER TABLE proposals VALIDATE CONSTRAINT ck_proposals_note_length")
    with op.get_context().autocommit_block():
        op.create_index(
            "uq_proposals_one_live",
            "proposals",
            ["order_id", "freelancer_id"],
            unique=True,
            postgresql_where=sa.text("status NOT IN ('declined', 'withdrawn')"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.drop_index("uq_proposals_live", table_name="proposals", postgresql_concurrently=True, if_exists=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "uq_proposals_live",
            "proposals",
            ["order_id", "freelancer_id"],
            unique=True,
            postgresql_where=sa.text("status IN ('sent', 'accepted')"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.drop_index("uq_proposals_one_live", table_name="proposals", postgresql_concurrently=True, if_exists=True)
