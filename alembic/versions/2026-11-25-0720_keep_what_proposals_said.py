"""Keep what proposals said before their edits.

Revision ID: 61a8d2f09b37
Revises: 2f7b64e1c9d8
Create Date: 2026-11-25 07:20:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "61a8d2f09b37"
down_revision: str | None = "2f7b64e1c9d8"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("proposals", sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "proposal_revisions",
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["proposal_id"],
            ["proposals.id"],
            name=op.f("fk_proposal_revisions_proposal_id_proposals"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("proposal_id", "version", name=op.f("pk_proposal_revisions")),
    )


def downgrade() -> None:
    op.drop_table("proposal_revisions")
    op.drop_column("proposals", "edited_at")
