"""Keep what each comparison with a payment provider found.

Revision ID: d83f62b9e4c7
Revises: b93e5d71c0a8
Create Date: 2026-11-29 14:02:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "d83f62b9e4c7"
down_revision: str | None = "b93e5d71c0a8"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CURRENCIES = "('RUB', 'USD', 'EUR', 'KZT', 'BYN')"


def upgrade() -> None:
    op.execute(
        f"""
        CREATE TABLE reconciliation_runs (
            id uuid NOT NULL CONSTRAINT pk_reconciliation_runs PRIMARY KEY,
            provider text NOT NULL,
            currency varchar(40) NOT NULL CONSTRAINT ck_reconciliation_runs_currency CHECK (currency IN {CURRENCIES}),
            lines bigint NOT NULL,
            matched bigint NOT NULL,
            opened bigint NOT NULL,
            ours bigint NOT NULL,
            theirs bigint NOT NULL,
            compared_at timestamptz NOT NULL DEFAULT app_now(),
            CONSTRAINT ck_reconciliation_runs_counts CHECK (lines >= 0 AND matched >= 0 AND opened >= 0)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_reconciliation_runs_provider_currency_id ON reconciliation_runs (provider, currency, id DESC)"
    )
    op.execute(
        """
        CREATE TRIGGER reconciliation_runs_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reconciliation_runs
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
    )


def downgrade() -> None:
    op.drop_table("reconciliation_runs")
