"""Allow timers that warn before the provider returns what it holds.

The previous release creates none of them; its rows satisfy the new check.

Revision ID: e7a41c9d52f0
Revises: d18f6b3a20c7
Create Date: 2026-11-29 12:50:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "e7a41c9d52f0"
down_revision: str | None = "d18f6b3a20c7"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KINDS = "'fund_contract', 'review', 'remind_of_review', 'resubmit', 'refund_answer', 'change_order', 'security'"


def upgrade() -> None:
    # The new list holds all of the old one: the release that still runs meanwhile loses nothing by it.
    op.execute("-- squawk-ignore ban-drop-constraint\nALTER TABLE deal_timers DROP CONSTRAINT ck_deal_timers_timerkind")
    check = f"CHECK (kind IN ({KINDS}, 'holding_limit')) NOT VALID"
    op.execute(f"ALTER TABLE deal_timers ADD CONSTRAINT ck_deal_timers_timerkind {check}")


def downgrade() -> None:
    op.execute("ALTER TABLE deal_timers DROP CONSTRAINT ck_deal_timers_timerkind")
    op.execute(f"ALTER TABLE deal_timers ADD CONSTRAINT ck_deal_timers_timerkind CHECK (kind IN ({KINDS})) NOT VALID")
