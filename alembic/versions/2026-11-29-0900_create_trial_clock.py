"""Create the clock of a trial: by how much its time was turned forward, and the function `app_now()`.

Without a turned clock the function returns `now()`, so the previous release works as before.

Revision ID: e3b18c47d5f9
Revises: a41c8e07d3f6
Create Date: 2026-11-29 09:00:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "e3b18c47d5f9"
down_revision: str | None = "a41c8e07d3f6"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
reviewed: dict[str, str] = {"rewrites rows": "a function of a new table; no row that exists is changed"}

TABLE = """
CREATE TABLE trial_clock (
    id bigint NOT NULL CONSTRAINT pk_trial_clock PRIMARY KEY CONSTRAINT ck_trial_clock_one_row CHECK (id = 1),
    turned_seconds bigint NOT NULL DEFAULT 0
        CONSTRAINT ck_trial_clock_turned_seconds CHECK (turned_seconds >= 0)
)
"""
ROW = "INSERT INTO trial_clock (id) VALUES (1)"
# Seconds and not days: a day of an interval has 23 hours where the zone of the session changes its clocks.
NOW = """
CREATE FUNCTION app_now() RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN now() + make_interval(secs => coalesce((SELECT turned_seconds FROM trial_clock), 0));
END $$
"""
GUARD = """
CREATE FUNCTION refuse_turning_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' OR NEW.turned_seconds < OLD.turned_seconds THEN
        RAISE EXCEPTION 'the clock is only turned forward' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
"""
TRIGGER = """
CREATE TRIGGER only_forward BEFORE UPDATE OR DELETE ON trial_clock
    FOR EACH ROW EXECUTE FUNCTION refuse_turning_back()
"""
# What people do and see. Sessions, codes, security events, the audit log, the outbox, request keys and the ledger keep `now()`.
DEFAULTS = {
    "card_refunds": ("created_at",),
    "change_orders": ("proposed_at",),
    "change_requests": ("requested_at",),
    "conversations": ("created_at", "moved_at"),
    "cover_letter_templates": ("created_at",),
    "deal_entries": ("happened_at",),
    "deals": ("began_at",),
    "documents": ("created_at",),
    "favourites": ("created_at",),
    "fee_policies": ("created_at",),
    "files": ("created_at",),
    "hidden_customers": ("created_at",),
    "ledger_checks": ("ended_at",),
    "legal_status_keys": ("created_at",),
    "legal_status_versions": ("saved_at",),
    "mail_messages": ("next_try_at", "created_at"),
    "messages": ("created_at",),
    "notifications": ("created_at",),
    "offers": ("created_at",),
    "order_access_grants": ("created_at",),
    "order_invitations": ("created_at",),
    "order_revisions": ("replaced_at",),
    "order_templates": ("created_at",),
    "orders": ("created_at", "updated_at"),
    "payments": ("created_at",),
    "payouts": ("created_at",),
    "portfolio_items": ("created_at", "updated_at"),
    "profiles": ("created_at", "updated_at"),
    "proposal_revisions": ("replaced_at",),
    "proposals": ("created_at", "updated_at"),
    "provider_operations": ("created_at",),
    "reconciliation_cases": ("opened_at",),
    "refund_requests": ("asked_at",),
    "releases": ("released_at",),
    "reports": ("created_at",),
    "review_notices": ("sent_at",),
    "saved_searches": ("created_at",),
    "submissions": ("submitted_at",),
    "users": ("password_changed_at", "created_at"),
    "webhook_messages": ("received_at",),
}


def upgrade() -> None:
    for statement in (TABLE, ROW, NOW, GUARD, TRIGGER):
        op.execute(statement)
    set_defaults("app_now()")


def downgrade() -> None:
    set_defaults("now()")
    op.execute("DROP TABLE trial_clock")
    op.execute("DROP FUNCTION app_now(), refuse_turning_back()")


def set_defaults(value: str) -> None:
    """Set the default of every column of people's actions."""
    for table, columns in DEFAULTS.items():
        changes = ", ".join(f"ALTER COLUMN {name} SET DEFAULT {value}" for name in columns)
        op.execute(f"ALTER TABLE {table} {changes}")
