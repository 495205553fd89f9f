"""Create the corrections of the ledger, which two people decide about.

Revision ID: e94a73c0f5d8
Revises: d83f62b9e4c7
Create Date: 2026-11-29 14:10:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "e94a73c0f5d8"
down_revision: str | None = "d83f62b9e4c7"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

REASONS = "('own_mistake', 'provider_mistake', 'identified', 'compensation', 'write_off', 'other')"
CREATE = f"""
CREATE TABLE ledger_corrections (
    id uuid NOT NULL CONSTRAINT pk_ledger_corrections PRIMARY KEY,
    kind varchar(40) NOT NULL CONSTRAINT ck_ledger_corrections_correctionkind
        CHECK (kind IN ('correction', 'reversal', 'assignment')),
    reverses uuid,
    debit text CONSTRAINT ck_ledger_corrections_debit
        CHECK (debit IN ('suspense', 'loss', 'claim', 'other_income')),
    credit text CONSTRAINT ck_ledger_corrections_credit
        CHECK (credit IN ('suspense', 'loss', 'claim', 'other_income', 'wallet')),
    user_id uuid CONSTRAINT fk_ledger_corrections_user_id_users REFERENCES users (id),
    provider text,
    currency varchar(40) NOT NULL
        CONSTRAINT ck_ledger_corrections_currency CHECK (currency IN ('RUB', 'USD', 'EUR', 'KZT', 'BYN')),
    amount bigint NOT NULL CONSTRAINT ck_ledger_corrections_amount CHECK (amount BETWEEN 1 AND 100000000000000),
    contract_id uuid CONSTRAINT fk_ledger_corrections_contract_id_deals REFERENCES deals (contract_id),
    reason varchar(40) NOT NULL CONSTRAINT ck_ledger_corrections_correctionreason CHECK (reason IN {REASONS}),
    explanation text NOT NULL
        CONSTRAINT ck_ledger_corrections_explanation CHECK (char_length(explanation) BETWEEN 1 AND 2000),
    evidence text NOT NULL CONSTRAINT ck_ledger_corrections_evidence CHECK (char_length(evidence) BETWEEN 1 AND 2000),
    alone boolean NOT NULL DEFAULT false,
    state varchar(40) NOT NULL DEFAULT 'proposed' CONSTRAINT ck_ledger_corrections_correctionstate
        CHECK (state IN ('proposed', 'executed', 'refused', 'withdrawn')),
    proposed_by_id uuid NOT NULL CONSTRAINT fk_ledger_corrections_proposed_by_id_users REFERENCES users (id),
    proposed_at timestamptz NOT NULL DEFAULT app_now(),
    expires_at timestamptz NOT NULL,
    decided_by_id uuid CONSTRAINT fk_ledger_corrections_decided_by_id_users REFERENCES users (id),
    decided_at timestamptz,
    note text NOT NULL DEFAULT '' CONSTRAINT ck_ledger_corrections_note CHECK (char_length(note) <= 2000),
    txn_id uuid,
    CONSTRAINT ck_ledger_corrections_reverses CHECK ((kind = 'reversal') = (reverses IS NOT NULL)),
    CONSTRAINT ck_ledger_corrections_accounts
        CHECK ((kind = 'reversal') = (debit IS NULL) AND (debit IS NULL) = (credit IS NULL)),
    CONSTRAINT ck_ledger_corrections_decided CHECK ((state = 'proposed') = (decided_at IS NULL)),
    CONSTRAINT ck_ledger_corrections_executed CHECK ((state = 'executed') = (txn_id IS NOT NULL)),
    CONSTRAINT ck_ledger_corrections_decided_by CHECK (state = 'proposed' OR decided_by_id IS NOT NULL),
    CONSTRAINT ck_ledger_corrections_two_people
        CHECK (state <> 'executed' OR alone OR decided_by_id <> proposed_by_id)
)
"""
CHANGED = "state,decided_by_id,decided_at,note,txn_id"
MOVES = "proposed>executed,proposed>refused,proposed>withdrawn"


def upgrade() -> None:
    op.execute(CREATE)
    op.execute("CREATE INDEX ix_ledger_corrections_open ON ledger_corrections (id) WHERE state = 'proposed'")
    op.execute("CREATE INDEX ix_ledger_corrections_proposed_by_id ON ledger_corrections (proposed_by_id, proposed_at)")
    op.execute(
        "CREATE TRIGGER ledger_corrections_guard BEFORE UPDATE OR DELETE ON ledger_corrections "
        f"FOR EACH ROW EXECUTE FUNCTION guard_payment_row('{{{CHANGED}}}', '{{{MOVES}}}')"
    )
    op.execute(
        "CREATE TRIGGER ledger_corrections_kept BEFORE TRUNCATE ON ledger_corrections "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("ledger_corrections")
