"""Add `file_objects.delete_after` beside `doomed_at`, and keep both equal whichever release writes.

The previous release goes on using `doomed_at` with its indexes `ix_file_objects_doomed` and `ix_file_objects_checked`.
A later migration contracts: it drops both indexes concurrently, then the trigger, the function `keep_delete_after` and
the column `doomed_at`, and takes them out of `app/models/previous_release`.

Revision ID: 4e8b1c7a90d2
Revises: c1f4a82d70be
Create Date: 2026-11-28 22:50:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "4e8b1c7a90d2"
down_revision: str | None = "c1f4a82d70be"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
reviewed: dict[str, str] = {"rewrites rows": "fills a column of this migration; nothing that was there changes"}


def upgrade() -> None:
    # On insert at most one of the two is given; on update it is the one that was changed, also to NULL.
    op.execute(
        """
        CREATE FUNCTION keep_delete_after() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                NEW.delete_after := COALESCE(NEW.delete_after, NEW.doomed_at);
            ELSIF NEW.delete_after IS NOT DISTINCT FROM OLD.delete_after THEN
                NEW.delete_after := NEW.doomed_at;
            END IF;
            NEW.doomed_at := NEW.delete_after;
            RETURN NEW;
        END $$
        """
    )
    op.add_column("file_objects", sa.Column("delete_after", sa.DateTime(timezone=True), nullable=True))
    # Only objects that wait for their deletion.
    op.execute("UPDATE file_objects SET delete_after = doomed_at WHERE doomed_at IS NOT NULL")
    op.execute(
        """
        CREATE TRIGGER file_objects_delete_after BEFORE INSERT OR UPDATE OF doomed_at, delete_after ON file_objects
        FOR EACH ROW EXECUTE FUNCTION keep_delete_after()
        """
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER file_objects_delete_after ON file_objects")
    op.drop_column("file_objects", "delete_after")
    op.execute("DROP FUNCTION keep_delete_after()")
