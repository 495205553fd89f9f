"""Create signatures of papers by codes that are bound to their checksums.

The previous release does not read the new tables and the new column.

Revision ID: d18f6b3a20c7
Revises: c7e20a51d94b
Create Date: 2026-11-29 12:40:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "d18f6b3a20c7"
down_revision: str | None = "c7e20a51d94b"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

HASH = "'^[0-9a-f]{64}$'"
TABLES = f"""
CREATE TABLE document_signatures (
    document_id uuid NOT NULL CONSTRAINT fk_document_signatures_document_id_documents REFERENCES documents (id),
    user_id uuid NOT NULL CONSTRAINT fk_document_signatures_user_id_users REFERENCES users (id),
    sha256 text NOT NULL CONSTRAINT ck_document_signatures_sha256 CHECK (sha256 ~ {HASH}),
    ip text NOT NULL,
    signed_at timestamptz NOT NULL DEFAULT app_now(),
    CONSTRAINT pk_document_signatures PRIMARY KEY (document_id, user_id)
);
CREATE TABLE document_sign_codes (
    id uuid NOT NULL CONSTRAINT pk_document_sign_codes PRIMARY KEY,
    document_id uuid NOT NULL CONSTRAINT fk_document_sign_codes_document_id_documents REFERENCES documents (id),
    user_id uuid NOT NULL CONSTRAINT fk_document_sign_codes_user_id_users REFERENCES users (id),
    sha256 text NOT NULL,
    attempts bigint NOT NULL DEFAULT 0,
    sent_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz
);
CREATE INDEX ix_document_sign_codes_document_id_user_id ON document_sign_codes (document_id, user_id);
CREATE TRIGGER document_signatures_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON document_signatures
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    op.add_column("deal_entries", sa.Column("note", sa.Text(), nullable=True))
    for statement in TABLES.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE document_sign_codes")
    op.execute("DROP TABLE document_signatures")
    op.drop_column("deal_entries", "note")
