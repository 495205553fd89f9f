"""Let people report the terms of a direct deal.

Revision ID: e4a0c6d2f583
Revises: d3f9b5c1e472
Create Date: 2026-11-29 18:10:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "e4a0c6d2f583"
down_revision: str | None = "d3f9b5c1e472"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KINDS = "'order', 'proposal', 'profile', 'conversation'"


def upgrade() -> None:
    # The new list holds all of the old one: the release that still runs meanwhile loses nothing by it.
    op.execute("-- squawk-ignore ban-drop-constraint\nALTER TABLE reports DROP CONSTRAINT ck_reports_reportsubject")
    check = f"CHECK (subject_kind IN ({KINDS}, 'direct_deal')) NOT VALID"
    op.execute(f"ALTER TABLE reports ADD CONSTRAINT ck_reports_reportsubject {check}")


def downgrade() -> None:
    op.execute("ALTER TABLE reports DROP CONSTRAINT ck_reports_reportsubject")
    check = f"CHECK (subject_kind IN ({KINDS})) NOT VALID"
    op.execute(f"ALTER TABLE reports ADD CONSTRAINT ck_reports_reportsubject {check}")
