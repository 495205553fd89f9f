"""Create the ledger: a schema in which PostgreSQL itself refuses a bad state of money.

The previous release does not read the schema. Docs: docs/ledger.md and decision 22.

Revision ID: d7a90b35e4c2
Revises: b61d0c9e57f3
Create Date: 2026-11-29 08:30:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "d7a90b35e4c2"
down_revision: str | None = "b61d0c9e57f3"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
reviewed: dict[str, str] = {"rewrites rows": "a trigger function of new tables; no row that exists is changed"}

TABLES = """
CREATE SCHEMA ledger;

CREATE TABLE ledger.currency (
    code text CONSTRAINT pk_currency PRIMARY KEY,
    exponent bigint NOT NULL CONSTRAINT ck_currency_exponent CHECK (exponent BETWEEN 0 AND 4)
);

CREATE TABLE ledger.account_kind (
    code text CONSTRAINT pk_account_kind PRIMARY KEY,
    number bigint NOT NULL CONSTRAINT uq_account_kind_number UNIQUE,
    normal_side text NOT NULL CONSTRAINT ck_account_kind_normal_side CHECK (normal_side IN ('debit', 'credit')),
    owner_kind text NOT NULL CONSTRAINT ck_account_kind_owner_kind
        CHECK (owner_kind IN ('platform', 'provider', 'user', 'milestone', 'dispute', 'payout', 'refund')),
    has_balance boolean NOT NULL,
    has_floor boolean NOT NULL,
    zero_when_finished boolean NOT NULL,
    CONSTRAINT uq_account_kind_code_owner_kind UNIQUE (code, owner_kind),
    CONSTRAINT ck_account_kind_floor CHECK (has_balance OR NOT has_floor)
);

CREATE TABLE ledger.account (
    id uuid CONSTRAINT pk_account PRIMARY KEY,
    kind text NOT NULL,
    currency text NOT NULL CONSTRAINT fk_account_currency_currency REFERENCES ledger.currency (code),
    owner_kind text NOT NULL,
    owner_id uuid,
    provider text,
    opened_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT fk_account_kind_account_kind
        FOREIGN KEY (kind, owner_kind) REFERENCES ledger.account_kind (code, owner_kind),
    CONSTRAINT uq_account_kind UNIQUE NULLS NOT DISTINCT (kind, currency, owner_id, provider),
    CONSTRAINT uq_account_id UNIQUE (id, currency),
    CONSTRAINT ck_account_owner CHECK ((owner_kind IN ('platform', 'provider')) = (owner_id IS NULL)),
    CONSTRAINT ck_account_provider CHECK ((owner_kind = 'provider') = (provider IS NOT NULL)),
    CONSTRAINT ck_account_provider_name CHECK (provider ~ '^[a-z0-9_]{1,40}$')
);

CREATE TABLE ledger.balance (
    account_id uuid CONSTRAINT pk_balance PRIMARY KEY
        CONSTRAINT fk_balance_account_id_account REFERENCES ledger.account (id),
    normal_side text NOT NULL CONSTRAINT ck_balance_normal_side CHECK (normal_side IN ('debit', 'credit')),
    has_floor boolean NOT NULL,
    debits bigint NOT NULL DEFAULT 0 CONSTRAINT ck_balance_debits CHECK (debits >= 0),
    credits bigint NOT NULL DEFAULT 0 CONSTRAINT ck_balance_credits CHECK (credits >= 0),
    version bigint NOT NULL DEFAULT 0,
    CONSTRAINT ck_balance_floor
        CHECK (NOT has_floor OR CASE normal_side WHEN 'debit' THEN debits >= credits ELSE credits >= debits END)
) WITH (fillfactor = 60);

CREATE TABLE ledger.txn (
    id uuid CONSTRAINT pk_txn PRIMARY KEY,
    template varchar(40) NOT NULL CONSTRAINT ck_txn_txntemplate CHECK (template IN (
        'deposit', 'fund', 'receipt_unmatched', 'receipt_identified', 'receipt_return', 'release', 'mature', 'bonus',
        'refund', 'card_refund', 'card_refund_done', 'card_refund_failed', 'dispute_open', 'dispute_withdraw',
        'dispute_rule', 'payout', 'payout_done', 'payout_failed', 'payout_returned', 'chargeback_open',
        'chargeback_won', 'chargeback_lost', 'provider_cost', 'fees_settled', 'reversal', 'correction')),
    template_version bigint NOT NULL CONSTRAINT ck_txn_template_version CHECK (template_version >= 1),
    transfers bigint NOT NULL CONSTRAINT ck_txn_transfers CHECK (transfers BETWEEN 1 AND 1000),
    business_key text NOT NULL CONSTRAINT uq_txn_business_key UNIQUE
        CONSTRAINT ck_txn_business_key CHECK (business_key ~ '^[a-z0-9_:.-]{1,200}$'),
    reverses uuid CONSTRAINT uq_txn_reverses UNIQUE CONSTRAINT fk_txn_reverses_txn REFERENCES ledger.txn (id),
    contract_id uuid,
    milestone_id uuid,
    actor_id uuid,
    reason text CONSTRAINT ck_txn_reason CHECK (reason ~ '^[a-z0-9_]{1,60}$'),
    effective_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ck_txn_reversal CHECK ((template = 'reversal') = (reverses IS NOT NULL)),
    CONSTRAINT ck_txn_reverses_itself CHECK (reverses <> id)
);

CREATE TABLE ledger.transfer (
    txn_id uuid NOT NULL CONSTRAINT fk_transfer_txn_id_txn REFERENCES ledger.txn (id),
    n bigint NOT NULL CONSTRAINT ck_transfer_n CHECK (n >= 1),
    debit_id uuid NOT NULL,
    credit_id uuid NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL CONSTRAINT ck_transfer_amount CHECK (amount > 0 AND amount <= 1000000000000000),
    CONSTRAINT pk_transfer PRIMARY KEY (txn_id, n),
    CONSTRAINT ck_transfer_accounts CHECK (debit_id <> credit_id),
    CONSTRAINT fk_transfer_debit_id_account
        FOREIGN KEY (debit_id, currency) REFERENCES ledger.account (id, currency),
    CONSTRAINT fk_transfer_credit_id_account
        FOREIGN KEY (credit_id, currency) REFERENCES ledger.account (id, currency)
);
CREATE INDEX ix_ledger_transfer_debit_id ON ledger.transfer (debit_id, txn_id, n);
CREATE INDEX ix_ledger_transfer_credit_id ON ledger.transfer (credit_id, txn_id, n);

CREATE TABLE ledger.unsealed (
    position bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_unsealed PRIMARY KEY,
    txn_id uuid NOT NULL CONSTRAINT uq_unsealed_txn_id UNIQUE
        CONSTRAINT fk_unsealed_txn_id_txn REFERENCES ledger.txn (id)
);

INSERT INTO ledger.currency (code, exponent)
VALUES ('RUB', 2), ('USD', 2), ('EUR', 2), ('KZT', 2), ('BYN', 2);

INSERT INTO ledger.account_kind
    (number, code, normal_side, owner_kind, has_balance, has_floor, zero_when_finished)
VALUES
    (10, 'provider_clearing', 'debit', 'provider', false, false, false),
    (11, 'bank_operating', 'debit', 'platform', false, false, false),
    (12, 'claim', 'debit', 'user', true, true, true),
    (20, 'wallet', 'credit', 'user', true, true, true),
    (21, 'escrow', 'credit', 'milestone', true, true, true),
    (22, 'fee_hold', 'credit', 'milestone', true, true, true),
    (23, 'dispute_hold', 'credit', 'dispute', true, true, true),
    (24, 'maturing', 'credit', 'user', true, true, false),
    (25, 'payout_transit', 'credit', 'payout', true, true, true),
    (26, 'refund_transit', 'credit', 'refund', true, true, true),
    (27, 'suspense', 'credit', 'provider', true, true, false),
    (28, 'tax_payable', 'credit', 'platform', false, false, false),
    (40, 'fee_income', 'credit', 'platform', false, false, false),
    (41, 'other_income', 'credit', 'platform', false, false, false),
    (50, 'provider_cost', 'debit', 'platform', false, false, false),
    (51, 'loss', 'debit', 'platform', false, false, false);
"""

# The functions run with the rights of their owner and name every table in full, so that no search path of a caller
# and no temporary table can put another table in its place.
FUNCTIONS = (
    """
    CREATE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        RAISE EXCEPTION 'ledger.% only grows: % is refused', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    # Depth 1 is a statement of a client; the statements of the ledger's own triggers are deeper.
    """
    CREATE FUNCTION ledger.refuse_direct_change() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF pg_trigger_depth() = 1 OR TG_OP NOT IN ('INSERT', 'UPDATE') THEN
            RAISE EXCEPTION 'ledger.% is written by the ledger alone: % is refused', TG_TABLE_NAME, TG_OP
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION ledger.open_balances() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        INSERT INTO ledger.balance (account_id, normal_side, has_floor)
        SELECT opened.id, kind.normal_side, kind.has_floor
        FROM opened JOIN ledger.account_kind AS kind ON kind.code = opened.kind
        WHERE kind.has_balance;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION ledger.check_header() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF (SELECT count(*) FROM ledger.transfer WHERE txn_id = NEW.id) <> NEW.transfers THEN
            RAISE EXCEPTION 'transaction % does not have its % transfers', NEW.id, NEW.transfers
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$
    """,
    # All transfers of a transaction come in one statement: the log number, drawn after the locks of the statement,
    # is then after every lock of the transaction.
    """
    CREATE FUNCTION ledger.apply_transfers() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        wrong uuid;
        expected bigint;
        held bigint;
    BEGIN
        SELECT txn.id INTO wrong
        FROM (SELECT txn_id, count(*) AS rows FROM added GROUP BY txn_id) AS given
        JOIN ledger.txn AS txn ON txn.id = given.txn_id
        WHERE given.rows <> txn.transfers LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'the transfers of transaction % must come in one statement', wrong
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF EXISTS (SELECT FROM added JOIN ledger.txn AS txn ON txn.id = added.txn_id WHERE added.n > txn.transfers) THEN
            RAISE EXCEPTION 'the transfers of a transaction are numbered from 1'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        SELECT count(*) INTO expected
        FROM ledger.account AS account JOIN ledger.account_kind AS kind ON kind.code = account.kind
        WHERE kind.has_balance
            AND account.id IN (SELECT debit_id FROM added UNION SELECT credit_id FROM added);
        SELECT count(*) INTO held FROM (
            SELECT FROM ledger.balance
            WHERE account_id IN (SELECT debit_id FROM added UNION SELECT credit_id FROM added)
            ORDER BY account_id FOR NO KEY UPDATE
        ) AS locked;
        IF held <> expected THEN
            RAISE EXCEPTION 'an account has no balance row'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        UPDATE ledger.balance AS balance
        SET debits = balance.debits + sums.debits, credits = balance.credits + sums.credits,
            version = balance.version + 1
        FROM (
            SELECT side.account_id, sum(side.debit) AS debits, sum(side.credit) AS credits
            FROM (
                SELECT debit_id AS account_id, amount AS debit, 0 AS credit FROM added
                UNION ALL
                SELECT credit_id, 0, amount FROM added
            ) AS side
            GROUP BY side.account_id
        ) AS sums
        WHERE balance.account_id = sums.account_id;
        INSERT INTO ledger.unsealed (txn_id) SELECT DISTINCT txn_id FROM added ORDER BY txn_id;
        RETURN NULL;
    END $$
    """,
    # A reversal mirrors its original exactly, and is itself never reversed.
    """
    CREATE FUNCTION ledger.check_reversal() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF EXISTS (SELECT FROM ledger.txn WHERE id = NEW.reverses AND reverses IS NOT NULL) THEN
            RAISE EXCEPTION 'a reversal is not reversed' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF EXISTS (
            (SELECT n, debit_id, credit_id, currency, amount FROM ledger.transfer WHERE txn_id = NEW.id
             EXCEPT
             SELECT n, credit_id, debit_id, currency, amount FROM ledger.transfer WHERE txn_id = NEW.reverses)
            UNION ALL
            (SELECT n, credit_id, debit_id, currency, amount FROM ledger.transfer WHERE txn_id = NEW.reverses
             EXCEPT
             SELECT n, debit_id, credit_id, currency, amount FROM ledger.transfer WHERE txn_id = NEW.id)
        ) THEN
            RAISE EXCEPTION 'a reversal mirrors every transfer' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$
    """,
)
TRIGGERS = """
CREATE TRIGGER open_balances AFTER INSERT ON ledger.account
    REFERENCING NEW TABLE AS opened FOR EACH STATEMENT EXECUTE FUNCTION ledger.open_balances();
CREATE TRIGGER apply_transfers AFTER INSERT ON ledger.transfer
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger.apply_transfers();
CREATE CONSTRAINT TRIGGER check_header AFTER INSERT ON ledger.txn
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger.check_header();
CREATE CONSTRAINT TRIGGER check_reversal AFTER INSERT ON ledger.txn
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.reverses IS NOT NULL)
    EXECUTE FUNCTION ledger.check_reversal();
"""
GUARDS = "".join(
    f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.{table}\n"
    "    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();\n"
    for table in ("currency", "account_kind", "account", "txn", "transfer")
) + "".join(
    f"CREATE TRIGGER {table}_is_derived BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ledger.{table}\n"
    "    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_direct_change();\n"
    for table in ("balance", "unsealed")
)

# Roles belong to the whole server and outlive a database. Another migration that creates the role at the same moment
# makes this one wait and then find it. Where the server refuses, everything in the inner block is undone, and the
# schema stays with the role that migrates.
OWNERSHIP = """
DO $$
DECLARE
    migrating CONSTANT text := current_user;
    name text;
BEGIN
    REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC;
    BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'iplance_ledger') THEN
            BEGIN
                CREATE ROLE iplance_ledger NOLOGIN;
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'iplance_ledger' AND (rolcanlogin OR rolsuper)) THEN
            RAISE EXCEPTION 'the role iplance_ledger must not log in' USING ERRCODE = 'insufficient_privilege';
        END IF;
        EXECUTE format('GRANT iplance_ledger TO %I', migrating);
        ALTER SCHEMA ledger OWNER TO iplance_ledger;
        FOR name IN SELECT oid::regclass::text FROM pg_class
            WHERE relnamespace = 'ledger'::regnamespace AND relkind = 'r'
        LOOP
            EXECUTE format('ALTER TABLE %s OWNER TO iplance_ledger', name);
        END LOOP;
        FOR name IN SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'ledger'::regnamespace
        LOOP
            EXECUTE format('ALTER FUNCTION %s OWNER TO iplance_ledger', name);
        END LOOP;
        EXECUTE format('GRANT USAGE ON SCHEMA ledger TO %I', migrating);
        EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO %I', migrating);
        EXECUTE format('GRANT SELECT ON ALL SEQUENCES IN SCHEMA ledger TO %I', migrating);
        EXECUTE format('GRANT INSERT ON ledger.account, ledger.txn, ledger.transfer TO %I', migrating);
        EXECUTE format('REVOKE iplance_ledger FROM %I', migrating);
    EXCEPTION WHEN insufficient_privilege THEN
        RAISE NOTICE 'the schema ledger stays with %: %', migrating, SQLERRM;
    END;
END $$
"""
DROPPING = """
DO $$
DECLARE
    migrating CONSTANT text := current_user;
    owner CONSTANT text := (SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'ledger');
BEGIN
    IF owner = 'iplance_ledger' THEN
        EXECUTE format('GRANT iplance_ledger TO %I', migrating);
    END IF;
    DROP SCHEMA ledger CASCADE;
    IF owner = 'iplance_ledger' THEN
        EXECUTE format('REVOKE iplance_ledger FROM %I', migrating);
    END IF;
END $$
"""


def upgrade() -> None:
    for statement in (*TABLES.split(";\n"), *FUNCTIONS, *TRIGGERS.split(";\n"), *GUARDS.split(";\n"), OWNERSHIP):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    op.execute(DROPPING)
