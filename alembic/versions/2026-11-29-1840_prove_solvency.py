"""Keep what was owed to people each night: a signed total, and for some nights the tree that proves each part of it.

Revision ID: 5c0e7b91d4a2
Revises: c8e4a0b6d9c7
Create Date: 2026-11-29 18:40:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "5c0e7b91d4a2"
down_revision: str | None = "c8e4a0b6d9c7"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE solvency_nights (
            night date NOT NULL CONSTRAINT pk_solvency_nights PRIMARY KEY,
            size bigint NOT NULL CONSTRAINT ck_solvency_nights_size CHECK (size > 0),
            secret bytea NOT NULL CONSTRAINT ck_solvency_nights_secret CHECK (length(secret) = 32),
            note text NOT NULL,
            published_key text NOT NULL,
            made_at timestamptz NOT NULL DEFAULT app_now()
        )
        """
    )
    op.execute(
        """
        CREATE TRIGGER solvency_nights_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON solvency_nights
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
    )
    op.execute(
        """
        CREATE TABLE solvency_leaves (
            night date NOT NULL,
            currency text NOT NULL,
            position bigint NOT NULL CONSTRAINT ck_solvency_leaves_position CHECK (position >= 0),
            account_id uuid NOT NULL,
            balance bigint NOT NULL CONSTRAINT ck_solvency_leaves_balance CHECK (balance > 0),
            CONSTRAINT pk_solvency_leaves PRIMARY KEY (night, currency, position),
            CONSTRAINT uq_solvency_leaves_night_account_id UNIQUE (night, account_id)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE solvency_nodes (
            night date NOT NULL,
            currency text NOT NULL,
            height bigint NOT NULL CONSTRAINT ck_solvency_nodes_height CHECK (height > 0 AND height % 4 = 0),
            index bigint NOT NULL,
            node bytea NOT NULL CONSTRAINT ck_solvency_nodes_node CHECK (length(node) = 48),
            CONSTRAINT pk_solvency_nodes PRIMARY KEY (night, currency, height, index)
        )
        """
    )


def downgrade() -> None:
    op.drop_table("solvency_nodes")
    op.drop_table("solvency_leaves")
    op.drop_table("solvency_nights")
