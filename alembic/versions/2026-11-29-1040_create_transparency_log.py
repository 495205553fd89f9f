"""Create the transparency log of the ledger: leaves, tree nodes, signed checkpoints, keys and snapshots of balances.

The previous release does not seal. Rows only grow; a leaf takes its transaction out of `ledger.unsealed`.

Revision ID: a41c8e07d3f6
Revises: e1b47c0a95d2
Create Date: 2026-11-29 10:40:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "a41c8e07d3f6"
down_revision: str | None = "e1b47c0a95d2"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
reviewed: dict[str, str] = {
    "rewrites rows": "a trigger function of new tables; no row that exists is changed",
    "deletes rows": "a trigger function takes what it has just sealed out of the queue of the sealer",
}

TABLES = ("leaf", "node", "log_key", "checkpoint", "snapshot")
# Where the schema belongs to a role that cannot log in, everything is created by that role.
BECOME_OWNER = """
DO $$
DECLARE
    owner CONSTANT text := (SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'ledger');
BEGIN
    PERFORM set_config('iplance.migrating', current_user, true);
    IF owner <> current_user THEN
        EXECUTE format('GRANT %I TO %I', owner, current_user);
        EXECUTE format('SET LOCAL ROLE %I', owner);
    END IF;
END $$
"""
BECOME_ONESELF = """
DO $$
DECLARE
    owner CONSTANT text := (SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'ledger');
BEGIN
    IF owner <> current_setting('iplance.migrating') THEN
        EXECUTE format('SET LOCAL ROLE %I', current_setting('iplance.migrating'));
        EXECUTE format('REVOKE %I FROM %I', owner, current_user);
    END IF;
END $$
"""
CREATE = """
CREATE TABLE ledger.leaf (
    position bigint CONSTRAINT pk_leaf PRIMARY KEY CONSTRAINT ck_leaf_position CHECK (position >= 0),
    txn_id uuid NOT NULL CONSTRAINT uq_leaf_txn_id UNIQUE
        CONSTRAINT fk_leaf_txn_id_txn REFERENCES ledger.txn (id),
    contract_id uuid,
    salt bytea NOT NULL CONSTRAINT ck_leaf_salt CHECK (length(salt) = 16),
    hash bytea NOT NULL CONSTRAINT ck_leaf_hash CHECK (length(hash) = 32)
);
CREATE INDEX ix_ledger_leaf_contract_id ON ledger.leaf (contract_id) WHERE contract_id IS NOT NULL;

CREATE TABLE ledger.node (
    height bigint NOT NULL CONSTRAINT ck_node_height CHECK (height > 0 AND height % 4 = 0),
    index bigint NOT NULL CONSTRAINT ck_node_index CHECK (index >= 0),
    hash bytea NOT NULL CONSTRAINT ck_node_hash CHECK (length(hash) = 32),
    CONSTRAINT pk_node PRIMARY KEY (height, index)
);

CREATE TABLE ledger.log_key (
    published text CONSTRAINT pk_log_key PRIMARY KEY,
    since timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE ledger.checkpoint (
    size bigint CONSTRAINT pk_checkpoint PRIMARY KEY CONSTRAINT ck_checkpoint_size CHECK (size > 0),
    root bytea NOT NULL CONSTRAINT ck_checkpoint_root CHECK (length(root) = 32),
    note text NOT NULL,
    published_key text NOT NULL
        CONSTRAINT fk_checkpoint_published_key_log_key REFERENCES ledger.log_key (published),
    sealed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE ledger.snapshot (
    account_id uuid NOT NULL CONSTRAINT fk_snapshot_account_id_account REFERENCES ledger.account (id),
    size bigint NOT NULL CONSTRAINT fk_snapshot_size_checkpoint REFERENCES ledger.checkpoint (size),
    debits numeric NOT NULL CONSTRAINT ck_snapshot_debits CHECK (debits >= 0),
    credits numeric NOT NULL CONSTRAINT ck_snapshot_credits CHECK (credits >= 0),
    CONSTRAINT pk_snapshot PRIMARY KEY (account_id, size)
);
CREATE INDEX ix_ledger_snapshot_size ON ledger.snapshot (size);
"""
FUNCTIONS = (
    # A transaction leaves the queue in the statement that puts it into the log, and no other way.
    """
    CREATE FUNCTION ledger.take_sealed() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        first bigint;
        last bigint;
        leaves bigint;
        taken bigint;
    BEGIN
        SELECT min(position), max(position), count(*) INTO first, last, leaves FROM added;
        IF leaves = 0 THEN
            RETURN NULL;
        END IF;
        IF last - first + 1 <> leaves
            OR (first > 0 AND NOT EXISTS (SELECT FROM ledger.leaf WHERE position = first - 1)) THEN
            RAISE EXCEPTION 'positions of the log have no gaps' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        DELETE FROM ledger.unsealed WHERE txn_id IN (SELECT txn_id FROM added);
        GET DIAGNOSTICS taken = ROW_COUNT;
        IF taken <> leaves THEN
            RAISE EXCEPTION 'only a transaction that waits to be sealed gets a leaf'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION ledger.check_checkpoint() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF NEW.size IS DISTINCT FROM (SELECT max(position) + 1 FROM ledger.leaf) THEN
            RAISE EXCEPTION 'a checkpoint covers every leaf' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$
    """,
    # Depth 1 is a statement of a client; the statements of the ledger's own triggers are deeper.
    """
    CREATE FUNCTION ledger.refuse_direct_sealing() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF pg_trigger_depth() = 1 OR TG_OP NOT IN ('INSERT', 'DELETE') THEN
            RAISE EXCEPTION 'ledger.% is written by the ledger alone: % is refused', TG_TABLE_NAME, TG_OP
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NULL;
    END $$
    """,
)
TRIGGERS = (
    (
        "CREATE TRIGGER take_sealed AFTER INSERT ON ledger.leaf "
        "REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger.take_sealed()"
    ),
    (
        "CREATE TRIGGER check_checkpoint AFTER INSERT ON ledger.checkpoint "
        "FOR EACH ROW EXECUTE FUNCTION ledger.check_checkpoint()"
    ),
    *(
        f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.{table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()"
        for table in TABLES
    ),
    "DROP TRIGGER unsealed_is_derived ON ledger.unsealed",
    (
        "CREATE TRIGGER unsealed_is_derived BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ledger.unsealed "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_direct_sealing()"
    ),
    (
        "REVOKE ALL ON FUNCTION ledger.take_sealed(), ledger.check_checkpoint(), ledger.refuse_direct_sealing() "
        "FROM PUBLIC"
    ),
)
# The role that migrates is the one that the application uses; where it owns the schema this changes nothing.
GRANTS = "".join(
    f"    EXECUTE format('GRANT SELECT, INSERT ON ledger.{table} TO %I', current_setting('iplance.migrating'));\n"
    for table in TABLES
)
GRANT = f"DO $$\nBEGIN\n{GRANTS}END $$"


def upgrade() -> None:
    op.execute(BECOME_OWNER)
    for statement in (*CREATE.split(";\n"), *FUNCTIONS, *TRIGGERS, GRANT):
        if statement.strip():
            op.execute(statement)
    op.execute(BECOME_ONESELF)


def downgrade() -> None:
    op.execute(BECOME_OWNER)
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE ledger.{table}")
    op.execute("DROP TRIGGER unsealed_is_derived ON ledger.unsealed")
    op.execute(
        "CREATE TRIGGER unsealed_is_derived BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ledger.unsealed "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_direct_change()"
    )
    for function in ("take_sealed", "check_checkpoint", "refuse_direct_sealing"):
        op.execute(f"DROP FUNCTION ledger.{function}()")
    op.execute(BECOME_ONESELF)
