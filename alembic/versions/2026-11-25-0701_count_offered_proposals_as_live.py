"""Check the proposals that were there; let a freelancer whose proposal lapsed send another.

Revision ID: 2f7b64e1c9d8
Revises: 9d31c0a87e54
Create Date: 2026-11-25 07:01:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "2f7b64e1c9d8"
down_revision: str | None = "9d31c0a87e54"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE proposals VALIDATE CONSTRAINT ck_proposals_proposalstatus")
    with op.get_context().autocommit_block():
        op.create_index(
            "uq_proposals_live",
            "proposals",
            ["order_id", "freelancer_id"],
            unique=True,
            postgresql_where=sa.text("status NOT IN ('declined', 'withdrawn', 'lapsed')"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.drop_index("uq_proposals_one_live", table_name="proposals", postgresql_concurrently=True, if_exists=True)


def downgrade() -> None:
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
