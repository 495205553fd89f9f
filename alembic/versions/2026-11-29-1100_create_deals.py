"""Create safe deals: their milestones, submissions, requests, releases, timers and timeline.

Revision ID: b5d1c8e3f742
Revises: 6d1f0a83c9e7
Create Date: 2026-11-29 11:00:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "b5d1c8e3f742"
down_revision: str | None = "6d1f0a83c9e7"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = (
    "deals",
    "milestones",
    "submissions",
    "change_requests",
    "releases",
    "refund_requests",
    "change_orders",
    "deal_timers",
    "review_notices",
    "deal_entries",
)
APPEND_ONLY = ("submissions", "change_requests", "deal_entries")
FROZEN = "settings, customer_fee_id, customer_fee, freelancer_fee_id, freelancer_fee, began_at"


def upgrade() -> None:
    op.create_table(
        "deals",
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=40), server_default=sa.text("'awaiting_funding'"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("terms_version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("settings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("customer_fee_id", sa.Uuid(), nullable=True),
        sa.Column("customer_fee", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("freelancer_fee_id", sa.Uuid(), nullable=True),
        sa.Column("freelancer_fee", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("customer_legal_kind", sa.Text(), nullable=True),
        sa.Column("customer_legal_version", sa.BigInteger(), nullable=True),
        sa.Column("freelancer_legal_kind", sa.Text(), nullable=True),
        sa.Column("freelancer_legal_version", sa.BigInteger(), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_deals_contract_id_contracts")),
        sa.ForeignKeyConstraint(
            ["customer_fee_id"], ["fee_policies.id"], name=op.f("fk_deals_customer_fee_id_fee_policies")
        ),
        sa.ForeignKeyConstraint(
            ["freelancer_fee_id"], ["fee_policies.id"], name=op.f("fk_deals_freelancer_fee_id_fee_policies")
        ),
        sa.CheckConstraint(
            "status IN ('awaiting_funding', 'active', 'paused', 'closing', 'closed', 'terminated')",
            name=op.f("ck_deals_dealstatus"),
        ),
        sa.PrimaryKeyConstraint("contract_id", name=op.f("pk_deals")),
    )
    op.create_table(
        "milestones",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=40), nullable=False),
        sa.Column("days", sa.BigInteger(), nullable=False),
        sa.Column("checklist", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "accepted_lines", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
        sa.Column("status", sa.String(length=40), server_default=sa.text("'planned'"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("funded", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("released", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("refunded", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("postings", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("rounds", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("submissions", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("funded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status IN ('planned', 'funding', 'cancelled')) = (funded = 0)", name=op.f("ck_milestones_funded")
        ),
        sa.CheckConstraint(
            "status NOT IN ('accepted', 'refunded') OR released + refunded = funded",
            name=op.f("ck_milestones_finished"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_milestones_amount")),
        sa.CheckConstraint("char_length(title) BETWEEN 1 AND 200", name=op.f("ck_milestones_title_length")),
        sa.CheckConstraint("days BETWEEN 1 AND 1000", name=op.f("ck_milestones_days")),
        sa.CheckConstraint(
            "jsonb_array_length(checklist) BETWEEN 1 AND 30", name=op.f("ck_milestones_checklist_length")
        ),
        sa.CheckConstraint("number BETWEEN 1 AND 40", name=op.f("ck_milestones_number")),
        sa.CheckConstraint(
            "released >= 0 AND refunded >= 0 AND released + refunded <= funded", name=op.f("ck_milestones_held")
        ),
        sa.ForeignKeyConstraint(["contract_id"], ["deals.contract_id"], name=op.f("fk_milestones_contract_id_deals")),
        sa.CheckConstraint("currency IN ('RUB', 'USD', 'EUR', 'KZT', 'BYN')", name=op.f("ck_milestones_currency")),
        sa.CheckConstraint(
            "status IN ('planned', 'funding', 'funded', 'in_work', 'submitted', 'revision', 'refund_requested', 'accepted', 'refunded', 'cancelled')",
            name=op.f("ck_milestones_milestonestatus"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestones")),
        sa.UniqueConstraint("contract_id", "number", name=op.f("uq_milestones_contract_id_number")),
    )
    op.create_table(
        "submissions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("milestone_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("char_length(note) <= 10000", name=op.f("ck_submissions_note_length")),
        sa.ForeignKeyConstraint(
            ["milestone_id"], ["milestones.id"], name=op.f("fk_submissions_milestone_id_milestones")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
        sa.UniqueConstraint("milestone_id", "number", name=op.f("uq_submissions_milestone_id_number")),
    )
    op.create_table(
        "change_requests",
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("milestone_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("char_length(note) <= 10000", name=op.f("ck_change_requests_note_length")),
        sa.ForeignKeyConstraint(
            ["milestone_id"], ["milestones.id"], name=op.f("fk_change_requests_milestone_id_milestones")
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_change_requests_submission_id_submissions")
        ),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_change_requests")),
    )
    op.create_index(op.f("ix_change_requests_milestone_id"), "change_requests", ["milestone_id"], unique=False)
    op.create_table(
        "releases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("milestone_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("available_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("matured_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount > 0 AND net >= 0 AND net <= amount", name=op.f("ck_releases_amounts")),
        sa.ForeignKeyConstraint(["milestone_id"], ["milestones.id"], name=op.f("fk_releases_milestone_id_milestones")),
        sa.CheckConstraint(
            "kind IN ('accepted', 'part', 'lines', 'silence', 'bonus')", name=op.f("ck_releases_releasekind")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_releases")),
        sa.UniqueConstraint("milestone_id", "number", name=op.f("uq_releases_milestone_id_number")),
    )
    op.create_table(
        "refund_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("milestone_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=40), server_default=sa.text("'open'"), nullable=False),
        sa.Column("after_submission", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(status = 'open') = (decided_at IS NULL)", name=op.f("ck_refund_requests_decided")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refund_requests_amount")),
        sa.CheckConstraint("char_length(reason) BETWEEN 1 AND 10000", name=op.f("ck_refund_requests_reason_length")),
        sa.ForeignKeyConstraint(
            ["milestone_id"], ["milestones.id"], name=op.f("fk_refund_requests_milestone_id_milestones")
        ),
        sa.CheckConstraint(
            "status IN ('open', 'agreed', 'refused', 'withdrawn', 'silence')",
            name=op.f("ck_refund_requests_requeststatus"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_requests")),
    )
    op.create_index(op.f("ix_refund_requests_milestone_id"), "refund_requests", ["milestone_id"], unique=False)
    op.create_index(
        "uq_refund_requests_open",
        "refund_requests",
        ["milestone_id"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "change_orders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.String(length=40), server_default=sa.text("'open'"), nullable=False),
        sa.Column("proposed_by_id", sa.Uuid(), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(status = 'open') = (decided_at IS NULL)", name=op.f("ck_change_orders_decided")),
        sa.CheckConstraint("side IN ('customer', 'freelancer')", name=op.f("ck_change_orders_side")),
        sa.CheckConstraint("char_length(note) <= 10000", name=op.f("ck_change_orders_note_length")),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["deals.contract_id"], name=op.f("fk_change_orders_contract_id_deals")
        ),
        sa.ForeignKeyConstraint(["decided_by_id"], ["users.id"], name=op.f("fk_change_orders_decided_by_id_users")),
        sa.ForeignKeyConstraint(["proposed_by_id"], ["users.id"], name=op.f("fk_change_orders_proposed_by_id_users")),
        sa.CheckConstraint(
            "status IN ('open', 'agreed', 'refused', 'withdrawn', 'silence')",
            name=op.f("ck_change_orders_requeststatus"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_orders")),
    )
    op.create_index(op.f("ix_change_orders_contract_id"), "change_orders", ["contract_id"], unique=False)
    op.create_index(
        "uq_change_orders_open",
        "change_orders",
        ["contract_id"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "deal_timers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("milestone_id", sa.Uuid(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("terms_version", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=40), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("held_up", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("look_at >= due_at", name=op.f("ck_deal_timers_look_at")),
        sa.ForeignKeyConstraint(["contract_id"], ["deals.contract_id"], name=op.f("fk_deal_timers_contract_id_deals")),
        sa.ForeignKeyConstraint(
            ["milestone_id"], ["milestones.id"], name=op.f("fk_deal_timers_milestone_id_milestones")
        ),
        sa.CheckConstraint(
            "kind IN ('fund_contract', 'review', 'remind_of_review', 'resubmit', 'refund_answer', 'change_order', 'security')",
            name=op.f("ck_deal_timers_timerkind"),
        ),
        sa.CheckConstraint("status IN ('waiting', 'fired', 'cancelled')", name=op.f("ck_deal_timers_timerstatus")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deal_timers")),
    )
    op.create_index(
        "ix_deal_timers_contract_id_milestone_id", "deal_timers", ["contract_id", "milestone_id"], unique=False
    )
    op.create_index(
        "ix_deal_timers_waiting",
        "deal_timers",
        ["look_at"],
        unique=False,
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_table(
        "review_notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_review_notices_submission_id_submissions")
        ),
        sa.CheckConstraint("channel IN ('site', 'mail')", name=op.f("ck_review_notices_noticechannel")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_notices")),
        sa.UniqueConstraint(
            "submission_id", "channel", "message_id", name=op.f("uq_review_notices_submission_id_channel_message_id")
        ),
    )
    op.create_table(
        "deal_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("milestone_id", sa.Uuid(), nullable=True),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("side", sa.String(length=40), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("txn_id", sa.Uuid(), nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_deal_entries_actor_id_users")),
        sa.ForeignKeyConstraint(["contract_id"], ["deals.contract_id"], name=op.f("fk_deal_entries_contract_id_deals")),
        sa.ForeignKeyConstraint(
            ["milestone_id"], ["milestones.id"], name=op.f("fk_deal_entries_milestone_id_milestones")
        ),
        sa.CheckConstraint(
            "side IN ('customer', 'freelancer', 'operator', 'system')", name=op.f("ck_deal_entries_side")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deal_entries")),
    )
    op.create_index("ix_deal_entries_contract_id_id", "deal_entries", ["contract_id", "id"], unique=False)
    for table in APPEND_ONLY:
        op.execute(
            f"""
            CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
            """
        )
    op.execute(
        f"""
        CREATE TRIGGER deals_frozen BEFORE UPDATE OF {FROZEN} ON deals
        FOR EACH ROW WHEN (ROW{_row("OLD")} IS DISTINCT FROM ROW{_row("NEW")})
        EXECUTE FUNCTION refuse_other_contract()
        """
    )
    # What a milestone says is held is what the ledger holds for it, and nothing once it has ended.
    op.execute(
        """
        CREATE FUNCTION check_milestone_money() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            said milestones%ROWTYPE;
            held numeric;
            fee numeric;
        BEGIN
            SELECT * INTO said FROM milestones WHERE id = NEW.id;
            SELECT coalesce(sum(balance.credits - balance.debits) FILTER (WHERE account.kind = 'escrow'), 0),
                   coalesce(sum(balance.credits - balance.debits) FILTER (WHERE account.kind = 'fee_hold'), 0)
            INTO held, fee
            FROM ledger.account AS account JOIN ledger.balance AS balance ON balance.account_id = account.id
            WHERE account.kind IN ('escrow', 'fee_hold') AND account.owner_id = NEW.id
                AND account.currency = said.currency;
            IF held <> said.funded - said.released - said.refunded THEN
                RAISE EXCEPTION 'milestone % says that it holds another amount than the ledger', NEW.id
                    USING ERRCODE = 'restrict_violation';
            END IF;
            IF said.status IN ('accepted', 'refunded', 'cancelled') AND (held <> 0 OR fee <> 0) THEN
                RAISE EXCEPTION 'milestone % has ended and still holds money', NEW.id
                    USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        """
        CREATE CONSTRAINT TRIGGER milestones_money AFTER INSERT OR UPDATE ON milestones
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_milestone_money()
        """
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("DROP FUNCTION check_milestone_money()")


def _row(name: str) -> str:
    return f"({', '.join(f'{name}.{column}' for column in FROZEN.split(', '))})"
