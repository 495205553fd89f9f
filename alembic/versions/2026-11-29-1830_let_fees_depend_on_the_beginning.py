"""Let a fee policy apply to contracts that began in one way.

Revision ID: b7d3f9a5c8b6
Revises: a6c2e8f4b7a5
Create Date: 2026-11-29 18:30:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "b7d3f9a5c8b6"
down_revision: str | None = "a6c2e8f4b7a5"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    # Empty in all versions so far: they apply to every contract, as the release that still runs meanwhile has it.
    op.execute("ALTER TABLE fee_policies ADD COLUMN origin varchar(40)")
    check = "CHECK (origin IN ('marketplace', 'brought')) NOT VALID"
    op.execute(f"ALTER TABLE fee_policies ADD CONSTRAINT ck_fee_policies_dealorigin {check}")


def downgrade() -> None:
    op.execute("ALTER TABLE fee_policies DROP COLUMN origin")
