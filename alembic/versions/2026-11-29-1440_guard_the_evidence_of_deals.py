"""Guard what is evidence of a deal: nothing of it is deleted, and what was written once stays as it was.

Revision ID: a4d7c1e95b28
Revises: c72e51a8d3b6
Create Date: 2026-11-29 14:40:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "a4d7c1e95b28"
down_revision: str | None = "c72e51a8d3b6"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KEPT = (
    "contracts",
    "deals",
    "milestones",
    "releases",
    "refund_requests",
    "change_orders",
    "deal_timers",
    "review_notices",
    "document_sign_codes",
)
# Their rows are guarded against DELETE already, by a trigger that TRUNCATE does not fire.
KEPT_FROM_TRUNCATE = ("payments", "payouts", "card_refunds", "provider_operations", "reconciliation_cases")
# For each table: when a row may not change at all any more, and the columns that never change. "false": it always may.
FROZEN = {
    "deals": (
        "false",
        "contract_id, customer_legal_kind, customer_legal_version, freelancer_legal_kind, freelancer_legal_version",
    ),
    "milestones": ("false", "id, contract_id, number, currency"),
    "releases": (
        "OLD.matured_at IS NOT NULL",
        "id, milestone_id, number, kind, amount, net, released_at, available_at",
    ),
    "refund_requests": ("OLD.status <> 'open'", "id, milestone_id, amount, reason, after_submission, asked_at"),
    "change_orders": ("OLD.status <> 'open'", "id, contract_id, side, note, changes, proposed_by_id, proposed_at"),
    "review_notices": ("OLD.delivered_at IS NOT NULL", "id, submission_id, channel, message_id, sent_at"),
    "document_sign_codes": ("OLD.closed_at IS NOT NULL", "id, document_id, user_id, sha256, sent_at"),
}


def _row(record: str, columns: str) -> str:
    return "(" + ", ".join(f"{record}.{name}" for name in columns.split(", ")) + ")"


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION refuse_other_past() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'what % tells of the past stays as it was written', TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation';
        END
        $$
        """
    )
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for table in KEPT_FROM_TRUNCATE:
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for table, (ended, columns) in FROZEN.items():
        op.execute(
            f"CREATE TRIGGER {table}_past BEFORE UPDATE ON {table} FOR EACH ROW "
            f"WHEN ({ended} OR {_row('OLD', columns)} IS DISTINCT FROM {_row('NEW', columns)}) "
            "EXECUTE FUNCTION refuse_other_past()"
        )


def downgrade() -> None:
    for table in FROZEN:
        op.execute(f"DROP TRIGGER {table}_past ON {table}")
    for table in (*KEPT, *KEPT_FROM_TRUNCATE):
        op.execute(f"DROP TRIGGER {table}_kept ON {table}")
    op.execute("DROP FUNCTION refuse_other_past()")
