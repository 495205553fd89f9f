"""Create payments, withdrawals, refunds, the operations at a provider, its messages, and cases of reconciliation.

The previous release does not read the tables. A trigger keeps what a payment was made for and how it has ended.

Revision ID: e1b47c0a95d2
Revises: b5d1c8e3f742
Create Date: 2026-11-29 11:00:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "e1b47c0a95d2"
down_revision: str | None = "b5d1c8e3f742"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
reviewed: dict[str, str] = {"rewrites rows": "a trigger function of new tables; no row that exists is changed"}

MAX_AMOUNT = 10**14
CURRENCIES = "('RUB', 'USD', 'EUR', 'KZT', 'BYN')"
TABLES = f"""
CREATE TABLE payments (
    id uuid NOT NULL CONSTRAINT pk_payments PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT fk_payments_user_id_users REFERENCES users (id),
    provider text NOT NULL,
    currency varchar(40) NOT NULL CONSTRAINT ck_payments_currency CHECK (currency IN {CURRENCIES}),
    amount bigint NOT NULL CONSTRAINT ck_payments_amount CHECK (amount BETWEEN 1 AND {MAX_AMOUNT}),
    purpose text NOT NULL CONSTRAINT ck_payments_purpose CHECK (purpose ~ '^[a-z_]{{1,40}}$'),
    purpose_id uuid,
    state varchar(40) NOT NULL CONSTRAINT ck_payments_paymentstate
        CHECK (state IN ('open', 'paid', 'canceled', 'questioned', 'credited')),
    page_url text,
    expires_at timestamptz,
    refunded bigint NOT NULL DEFAULT 0 CONSTRAINT ck_payments_refunded CHECK (refunded BETWEEN 0 AND amount),
    reason text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CONSTRAINT ck_payments_purpose_id CHECK ((purpose = 'wallet') = (purpose_id IS NULL))
);
CREATE INDEX ix_payments_user_id_id ON payments (user_id, id DESC);
CREATE UNIQUE INDEX uq_payments_purpose_purpose_id ON payments (purpose, purpose_id)
    WHERE state = 'open' AND purpose_id IS NOT NULL;

CREATE TABLE payouts (
    id uuid NOT NULL CONSTRAINT pk_payouts PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT fk_payouts_user_id_users REFERENCES users (id),
    provider text NOT NULL,
    kind varchar(40) NOT NULL CONSTRAINT ck_payouts_payoutkind CHECK (kind IN ('card', 'self_employed')),
    currency varchar(40) NOT NULL CONSTRAINT ck_payouts_currency CHECK (currency IN {CURRENCIES}),
    amount bigint NOT NULL CONSTRAINT ck_payouts_amount CHECK (amount BETWEEN 1 AND {MAX_AMOUNT}),
    fee bigint NOT NULL CONSTRAINT ck_payouts_fee CHECK (fee BETWEEN 0 AND {MAX_AMOUNT}),
    card_last4 text NOT NULL,
    destination bytea,
    destination_key bytea,
    state varchar(40) NOT NULL CONSTRAINT ck_payouts_payoutstate
        CHECK (state IN ('moving', 'paid', 'failed', 'returned')),
    reason text NOT NULL DEFAULT '',
    cheque_number text,
    cheque_status varchar(40) CONSTRAINT ck_payouts_chequestatus CHECK (cheque_status IN ('registered', 'annulled')),
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CONSTRAINT ck_payouts_destination CHECK ((destination IS NULL) = (destination_key IS NULL)),
    CONSTRAINT ck_payouts_cheque CHECK ((cheque_number IS NULL) = (cheque_status IS NULL))
);
CREATE INDEX ix_payouts_user_id_id ON payouts (user_id, id DESC);

CREATE TABLE card_refunds (
    id uuid NOT NULL CONSTRAINT pk_card_refunds PRIMARY KEY,
    payment_id uuid NOT NULL CONSTRAINT fk_card_refunds_payment_id_payments REFERENCES payments (id),
    user_id uuid NOT NULL CONSTRAINT fk_card_refunds_user_id_users REFERENCES users (id),
    provider text NOT NULL,
    currency varchar(40) NOT NULL CONSTRAINT ck_card_refunds_currency CHECK (currency IN {CURRENCIES}),
    amount bigint NOT NULL CONSTRAINT ck_card_refunds_amount CHECK (amount BETWEEN 1 AND {MAX_AMOUNT}),
    state varchar(40) NOT NULL CONSTRAINT ck_card_refunds_cardrefundstate
        CHECK (state IN ('moving', 'paid', 'failed')),
    reason text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE INDEX ix_card_refunds_payment_id ON card_refunds (payment_id);
CREATE INDEX ix_card_refunds_user_id_id ON card_refunds (user_id, id DESC);

CREATE TABLE provider_operations (
    id uuid NOT NULL CONSTRAINT pk_provider_operations PRIMARY KEY,
    kind varchar(40) NOT NULL CONSTRAINT ck_provider_operations_operationkind
        CHECK (kind IN ('payment', 'refund', 'payout')),
    subject_id uuid NOT NULL,
    provider text NOT NULL,
    reference text NOT NULL CONSTRAINT uq_provider_operations_reference UNIQUE
        CONSTRAINT ck_provider_operations_reference CHECK (reference ~ '^[a-z0-9:-]{{1,64}}$'),
    currency varchar(40) NOT NULL CONSTRAINT ck_provider_operations_currency CHECK (currency IN {CURRENCIES}),
    amount bigint NOT NULL CONSTRAINT ck_provider_operations_amount CHECK (amount BETWEEN 1 AND {MAX_AMOUNT}),
    state varchar(40) NOT NULL CONSTRAINT ck_provider_operations_operationstate
        CHECK (state IN ('to_send', 'sending', 'pending', 'unknown', 'needs_person', 'done', 'failed')),
    provider_id text,
    sends bigint NOT NULL DEFAULT 0,
    polls bigint NOT NULL DEFAULT 0,
    code text NOT NULL DEFAULT '',
    first_sent_at timestamptz,
    sent_at timestamptz,
    next_at timestamptz,
    claim bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CONSTRAINT ck_provider_operations_counts CHECK (sends >= 0 AND polls >= 0),
    CONSTRAINT ck_provider_operations_sent CHECK ((sends = 0) = (first_sent_at IS NULL)),
    CONSTRAINT ck_provider_operations_finished CHECK ((state IN ('done', 'failed')) = (finished_at IS NOT NULL)),
    CONSTRAINT uq_provider_operations_kind_subject_id UNIQUE (kind, subject_id),
    CONSTRAINT uq_provider_operations_provider_provider_id UNIQUE (provider, provider_id)
);
CREATE INDEX ix_provider_operations_next_at ON provider_operations (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE webhook_messages (
    id uuid NOT NULL CONSTRAINT pk_webhook_messages PRIMARY KEY,
    provider text NOT NULL,
    digest text NOT NULL,
    type text NOT NULL,
    kind varchar(40) NOT NULL CONSTRAINT ck_webhook_messages_operationkind
        CHECK (kind IN ('payment', 'refund', 'payout')),
    object_id text NOT NULL,
    reference text NOT NULL,
    body bytea NOT NULL CONSTRAINT ck_webhook_messages_body CHECK (octet_length(body) <= 65536),
    received_at timestamptz NOT NULL DEFAULT now(),
    handled_at timestamptz,
    CONSTRAINT uq_webhook_messages_provider_digest UNIQUE (provider, digest)
);
CREATE INDEX ix_webhook_messages_waiting ON webhook_messages (id) WHERE handled_at IS NULL;
CREATE INDEX ix_webhook_messages_received_at ON webhook_messages (received_at);

CREATE TABLE reconciliation_cases (
    id uuid NOT NULL CONSTRAINT pk_reconciliation_cases PRIMARY KEY,
    provider text NOT NULL,
    kind varchar(40) NOT NULL CONSTRAINT ck_reconciliation_cases_casekind
        CHECK (kind IN ('at_provider_only', 'in_ledger_only', 'amount_differs', 'status_differs', 'twice', 'late',
                        'too_old', 'cheque_annulled', 'balance_differs')),
    reference text NOT NULL,
    outgoing boolean NOT NULL,
    currency varchar(40) NOT NULL CONSTRAINT ck_reconciliation_cases_currency CHECK (currency IN {CURRENCIES}),
    expected bigint,
    found bigint,
    note text NOT NULL DEFAULT '' CONSTRAINT ck_reconciliation_cases_note CHECK (char_length(note) <= 2000),
    opened_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz,
    closed_by text,
    CONSTRAINT ck_reconciliation_cases_closed CHECK ((closed_at IS NULL) = (closed_by IS NULL))
);
CREATE UNIQUE INDEX uq_reconciliation_cases_provider_kind_reference
    ON reconciliation_cases (provider, kind, reference) WHERE closed_at IS NULL;
"""

GUARD = """
CREATE FUNCTION guard_payment_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '% are never deleted', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF (to_jsonb(NEW) - TG_ARGV[0]::text[]) IS DISTINCT FROM (to_jsonb(OLD) - TG_ARGV[0]::text[]) THEN
        RAISE EXCEPTION 'of % only these may change: %', TG_TABLE_NAME, TG_ARGV[0]
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state || '>' || NEW.state) <> ALL (TG_ARGV[1]::text[]) THEN
        RAISE EXCEPTION '% cannot go from % to %', TG_TABLE_NAME, OLD.state, NEW.state
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$
"""
GUARDED = {
    "payments": (
        "state,page_url,expires_at,refunded,reason,finished_at",
        "open>paid,open>canceled,open>questioned,canceled>credited,canceled>questioned,questioned>credited",
    ),
    "payouts": (
        "state,destination,destination_key,reason,cheque_number,cheque_status,finished_at",
        "moving>paid,moving>failed,paid>returned",
    ),
    "card_refunds": ("state,reason,finished_at", "moving>paid,moving>failed"),
    "provider_operations": (
        "state,provider_id,sends,polls,code,first_sent_at,sent_at,next_at,claim,finished_at",
        (
            "to_send>sending,to_send>failed,sending>to_send,sending>pending,sending>unknown,sending>needs_person,"
            "sending>done,sending>failed,pending>needs_person,pending>done,pending>failed,unknown>sending,"
            "unknown>pending,unknown>needs_person,unknown>done,unknown>failed,needs_person>done,needs_person>failed"
        ),
    ),
}


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
    op.execute(GUARD)
    for table, (columns, moves) in GUARDED.items():
        op.execute(
            f"CREATE TRIGGER {table}_guard BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION guard_payment_row('{{{columns}}}', '{{{moves}}}')"
        )


def downgrade() -> None:
    op.execute(
        "DROP TABLE reconciliation_cases, webhook_messages, provider_operations, card_refunds, payouts, payments"
    )
    op.execute("DROP FUNCTION guard_payment_row()")
