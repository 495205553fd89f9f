"""Let proposals be seen, put on a short list and planned in milestones.

Revision ID: 5b1f0c7de201
Revises: e3b97c5d10f2
Create Date: 2026-11-25 03:45:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "5b1f0c7de201"
down_revision: str | None = "e3b97c5d10f2"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BEFORE = "status IN ('sent', 'accepted', 'declined', 'withdrawn')"
STATUSES = "status IN ('sent', 'seen', 'shortlisted', 'accepted', 'declined', 'withdrawn')"
DROP_STATUSES = (
    "-- squawk-ignore ban-drop-constraint\nALTER TABLE proposals DROP CONSTRAINT ck_proposals_proposalstatus"
)
MILESTONES = "jsonb_array_length(milestones) <= 20"
NOTE = "char_length(customer_note) <= 2000"


def upgrade() -> None:
    op.add_column(
        "proposals",
        sa.Column(
            "milestones", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
    )
    op.add_column(
        "proposals",
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
    )
    op.add_column("proposals", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("proposals", sa.Column("shortlisted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("proposals", sa.Column("customer_note", sa.Text(), nullable=True))
    op.execute(DROP_STATUSES)
    op.execute(f"ALTER TABLE proposals ADD CONSTRAINT ck_proposals_proposalstatus CHECK ({STATUSES}) NOT VALID")
    op.execute(f"ALTER TABLE proposals ADD CONSTRAINT ck_proposals_milestones_count CHECK ({MILESTONES}) NOT VALID")
    op.execute(f"ALTER TABLE proposals ADD CONSTRAINT ck_proposals_note_length CHECK ({NOTE}) NOT VALID")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_proposals_note_length"), "proposals", type_="check")
    op.drop_constraint(op.f("ck_proposals_milestones_count"), "proposals", type_="check")
    op.drop_constraint(op.f("ck_proposals_proposalstatus"), "proposals", type_="check")
    op.execute("UPDATE proposals SET status = 'sent' WHERE status IN ('seen', 'shortlisted')")
    op.execute(f"ALTER TABLE proposals ADD CONSTRAINT ck_proposals_proposalstatus CHECK ({BEFORE}) NOT VALID")
    op.drop_column("proposals", "customer_note")
    op.drop_column("proposals", "shortlisted_at")
    op.drop_column("proposals", "seen_at")
    op.drop_column("proposals", "answers")
    op.drop_column("proposals", "milestones")
