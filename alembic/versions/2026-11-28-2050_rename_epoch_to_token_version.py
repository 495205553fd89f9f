"""Add `token_version` beside `epoch`, and keep both equal whichever release writes.

The previous release goes on using `users.epoch` and `auth_sessions.epoch`. A later migration contracts: it drops both
triggers, the function `keep_token_version` and the columns `epoch`, and takes them out of `app/models/previous_release`.

Revision ID: c1f4a82d70be
Revises: b7d20f6e41ac
Create Date: 2026-11-28 20:50:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "c1f4a82d70be"
down_revision: str | None = "b7d20f6e41ac"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
reviewed: dict[str, str] = {"rewrites rows": "fills a column of this migration; nothing that was there changes"}

TABLES = ("users", "auth_sessions")


def upgrade() -> None:
    # Versions start at 0 and only grow. On insert the name that a release does not write holds its default of 0 or
    # NULL, so the greater value is the one that was meant; on update it is the value that was changed.
    op.execute(
        """
        CREATE FUNCTION keep_token_version() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                NEW.token_version := GREATEST(NEW.token_version, NEW.epoch);
            ELSIF NEW.token_version IS NOT DISTINCT FROM OLD.token_version THEN
                NEW.token_version := NEW.epoch;
            END IF;
            NEW.epoch := NEW.token_version;
            RETURN NEW;
        END $$
        """
    )
    for table in TABLES:
        op.add_column(table, sa.Column("token_version", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
        # The default has filled in what most rows have.
        op.execute(f"UPDATE {table} SET token_version = epoch WHERE epoch <> 0")  # noqa: S608 - names from above
        op.execute(
            f"""
            CREATE TRIGGER {table}_token_version BEFORE INSERT OR UPDATE OF epoch, token_version ON {table}
            FOR EACH ROW EXECUTE FUNCTION keep_token_version()
            """
        )
    # A session names its version, as with `epoch`; no client relies on the default of a column that was just made.
    op.execute(
        """
        -- squawk-ignore ban-drop-default
        ALTER TABLE auth_sessions ALTER COLUMN token_version DROP DEFAULT
        """
    )


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TRIGGER {table}_token_version ON {table}")
        op.drop_column(table, "token_version")
    op.execute("DROP FUNCTION keep_token_version()")
