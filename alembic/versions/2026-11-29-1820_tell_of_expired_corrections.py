"""Remember whether the proposer of an expired correction was told.

Revision ID: a6c2e8f4b7a5
Revises: f5b1d7e3a694
Create Date: 2026-11-29 18:20:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "a6c2e8f4b7a5"
down_revision: str | None = "f5b1d7e3a694"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BEFORE = "state,decided_by_id,decided_at,note,txn_id"
MOVES = "proposed>executed,proposed>refused,proposed>withdrawn"


def upgrade() -> None:
    op.execute("ALTER TABLE ledger_corrections ADD COLUMN expiry_told_at timestamptz")
    _guard(f"{BEFORE},expiry_told_at")


def downgrade() -> None:
    _guard(BEFORE)
    op.execute("ALTER TABLE ledger_corrections DROP COLUMN expiry_told_at")


def _guard(changed: str) -> None:
    """Let only these columns of a correction change."""
    op.execute(
        "CREATE OR REPLACE TRIGGER ledger_corrections_guard BEFORE UPDATE OR DELETE ON ledger_corrections "
        f"FOR EACH ROW EXECUTE FUNCTION guard_payment_row('{{{changed}}}', '{{{MOVES}}}')"
    )
