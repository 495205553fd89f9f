"""Create the files of papers, whose checksums come later than the papers.

The previous release does not read the new table, and shows no papers.

Revision ID: c7e20a51d94b
Revises: e3b18c47d5f9
Create Date: 2026-11-29 12:30:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "c7e20a51d94b"
down_revision: str | None = "e3b18c47d5f9"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
reviewed: dict[str, str] = {"rewrites rows": "a trigger function of a new table; no row that exists is changed"}

HASH = "'^[0-9a-f]{64}$'"
TABLES = f"""
CREATE TABLE document_files (
    document_id uuid NOT NULL CONSTRAINT pk_document_files PRIMARY KEY
        CONSTRAINT fk_document_files_document_id_documents REFERENCES documents (id),
    contract_id uuid CONSTRAINT fk_document_files_contract_id_contracts REFERENCES contracts (id),
    milestone_id uuid,
    client_id uuid CONSTRAINT fk_document_files_client_id_users REFERENCES users (id),
    freelancer_id uuid CONSTRAINT fk_document_files_freelancer_id_users REFERENCES users (id),
    storage_key text NOT NULL CONSTRAINT uq_document_files_storage_key UNIQUE,
    sha256 text CONSTRAINT ck_document_files_sha256 CHECK (sha256 ~ {HASH}),
    made_at timestamptz,
    attempts bigint NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ck_document_files_made CHECK ((sha256 IS NULL) = (made_at IS NULL))
);
CREATE INDEX ix_document_files_waiting ON document_files (next_try_at) WHERE sha256 IS NULL;
CREATE INDEX ix_document_files_contract_id ON document_files (contract_id);
CREATE INDEX ix_document_files_client_id ON document_files (client_id);
CREATE INDEX ix_document_files_freelancer_id ON document_files (freelancer_id)
"""
# What a paper is about never changes, and neither does its file once its checksum is known.
GUARD = """
CREATE FUNCTION keep_document_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the file of a paper stays as it was made' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER document_files_made BEFORE UPDATE ON document_files FOR EACH ROW
WHEN (OLD.sha256 IS NOT NULL
    OR (OLD.document_id, OLD.contract_id, OLD.milestone_id, OLD.client_id, OLD.freelancer_id, OLD.storage_key)
        IS DISTINCT FROM
       (NEW.document_id, NEW.contract_id, NEW.milestone_id, NEW.client_id, NEW.freelancer_id, NEW.storage_key))
EXECUTE FUNCTION keep_document_file();
CREATE TRIGGER document_files_kept BEFORE DELETE OR TRUNCATE ON document_files
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    # No page and no task of the previous release reads or writes papers.
    op.execute("-- squawk-ignore ban-drop-not-null\nALTER TABLE documents ALTER COLUMN sha256 DROP NOT NULL")
    for statement in TABLES.split(";\n"):
        op.execute(statement)
    function, *triggers = GUARD.split("$$;\n")
    op.execute(f"{function}$$")
    for statement in triggers[0].split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE document_files")
    op.execute("DROP FUNCTION keep_document_file()")
    op.execute("ALTER TABLE documents ALTER COLUMN sha256 SET NOT NULL")
