"""Let the log of the ledger hold papers: a leaf is of a transaction or of a paper whose file is made.

The previous release goes on sealing transactions and ignores the papers that wait here.

Revision ID: b93e5d71c0a8
Revises: c81e5f0a72d4
Create Date: 2026-11-29 15:10:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "b93e5d71c0a8"
down_revision: str | None = "c81e5f0a72d4"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
reviewed: dict[str, str] = {
    "deletes rows": "a trigger function takes what it has just sealed out of the queue of the sealer",
}

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
PAPERS = (
    """
    CREATE TABLE paper_leaves (
        document_id uuid NOT NULL CONSTRAINT pk_paper_leaves PRIMARY KEY
            CONSTRAINT fk_paper_leaves_document_id_documents REFERENCES documents (id),
        position bigint CONSTRAINT uq_paper_leaves_position UNIQUE
            CONSTRAINT ck_paper_leaves_position CHECK (position >= 0)
    )
    """,
    "CREATE INDEX ix_paper_leaves_waiting ON paper_leaves (document_id) WHERE position IS NULL",
    "INSERT INTO paper_leaves (document_id) SELECT document_id FROM document_files WHERE sha256 IS NOT NULL",
    """
    CREATE FUNCTION queue_paper_leaf() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO paper_leaves (document_id) VALUES (NEW.document_id);
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER document_files_to_seal AFTER UPDATE OF sha256 ON document_files FOR EACH ROW
    WHEN (OLD.sha256 IS NULL AND NEW.sha256 IS NOT NULL) EXECUTE FUNCTION queue_paper_leaf()
    """,
    """
    CREATE FUNCTION keep_paper_leaf() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the place of a paper in the log stays' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER paper_leaves_sealed BEFORE UPDATE ON paper_leaves FOR EACH ROW
    WHEN (OLD.position IS NOT NULL OR OLD.document_id <> NEW.document_id) EXECUTE FUNCTION keep_paper_leaf()
    """,
    """
    CREATE TRIGGER paper_leaves_kept BEFORE DELETE OR TRUNCATE ON paper_leaves
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
)
LEAF = "-- squawk-ignore ban-drop-not-null\nALTER TABLE ledger.leaf ALTER COLUMN txn_id DROP NOT NULL"
TAKE = """
CREATE OR REPLACE FUNCTION ledger.take_sealed() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    first bigint;
    last bigint;
    leaves bigint;
    transactions bigint;
    taken bigint;
BEGIN
    SELECT min(position), max(position), count(*), count(txn_id) INTO first, last, leaves, transactions FROM added;
    IF leaves = 0 THEN
        RETURN NULL;
    END IF;
    IF last - first + 1 <> leaves
        OR (first > 0 AND NOT EXISTS (SELECT FROM ledger.leaf WHERE position = first - 1)) THEN
        RAISE EXCEPTION 'positions of the log have no gaps' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    DELETE FROM ledger.unsealed WHERE txn_id IN (SELECT txn_id FROM added);
    GET DIAGNOSTICS taken = ROW_COUNT;
    IF taken <> transactions THEN
        RAISE EXCEPTION 'only a transaction that waits to be sealed gets a leaf'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    for statement in PAPERS:
        op.execute(statement)
    op.execute(BECOME_OWNER)
    op.execute(LEAF)
    op.execute(TAKE)
    op.execute(BECOME_ONESELF)


def downgrade() -> None:
    op.execute("DROP TRIGGER document_files_to_seal ON document_files")
    op.execute("DROP TABLE paper_leaves")
    op.execute("DROP FUNCTION queue_paper_leaf()")
    op.execute("DROP FUNCTION keep_paper_leaf()")
    op.execute(BECOME_OWNER)
    op.execute(TAKE.replace("count(txn_id)", "count(*)"))
    op.execute("ALTER TABLE ledger.leaf ALTER COLUMN txn_id SET NOT NULL")
    op.execute(BECOME_ONESELF)
