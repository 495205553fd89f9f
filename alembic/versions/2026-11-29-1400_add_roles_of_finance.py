"""Add the roles of the people who look after the money.

The new list holds all of the old one. Give the roles by command after every process runs the new release: the previous
one does not know them.

Revision ID: b61d40f7c2a5
Revises: f2b85d0e6c13
Create Date: 2026-11-29 14:00:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "b61d40f7c2a5"
down_revision: str | None = "f2b85d0e6c13"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ROLES = "'user', 'moderator', 'admin'"


def upgrade() -> None:
    op.execute("-- squawk-ignore ban-drop-constraint\nALTER TABLE users DROP CONSTRAINT ck_users_role")
    check = f"CHECK (role IN ({ROLES}, 'finance', 'finance_approver')) NOT VALID"
    op.execute(f"ALTER TABLE users ADD CONSTRAINT ck_users_role {check}")


def downgrade() -> None:
    op.execute("ALTER TABLE users DROP CONSTRAINT ck_users_role")
    op.execute(f"ALTER TABLE users ADD CONSTRAINT ck_users_role CHECK (role IN ({ROLES})) NOT VALID")
