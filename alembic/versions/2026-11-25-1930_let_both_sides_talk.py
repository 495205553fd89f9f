"""Create conversations about proposals, and let them be reported.

Revision ID: e4a7b90c13d8
Revises: d7e1a4c85b26
Create Date: 2026-11-25 19:30:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "e4a7b90c13d8"
down_revision: str | None = "d7e1a4c85b26"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BEFORE = "subject_kind IN ('order', 'proposal', 'profile')"
SUBJECTS = "subject_kind IN ('order', 'proposal', 'profile', 'conversation')"
DROP_SUBJECTS = "-- squawk-ignore ban-drop-constraint\nALTER TABLE reports DROP CONSTRAINT ck_reports_reportsubject"


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("freelancer_id", sa.Uuid(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("customer_read", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("freelancer_read", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("customer_told", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("freelancer_told", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("customer_id <> freelancer_id", name=op.f("ck_conversations_two_people")),
        sa.CheckConstraint(
            "customer_read BETWEEN 0 AND last_number AND freelancer_read BETWEEN 0 AND last_number",
            name=op.f("ck_conversations_read_what_is"),
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"],
            ["proposals.id"],
            name=op.f("fk_conversations_proposal_id_proposals"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_conversations_order_id_orders"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["users.id"], name=op.f("fk_conversations_customer_id_users")),
        sa.ForeignKeyConstraint(["freelancer_id"], ["users.id"], name=op.f("fk_conversations_freelancer_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint("proposal_id", name=op.f("uq_conversations_proposal_id")),
    )
    for side in ("customer", "freelancer"):
        op.create_index(
            f"ix_conversations_{side}_id_moved",
            "conversations",
            [f"{side}_id", sa.text("moved_at DESC"), sa.text("id DESC")],
        )
        op.create_index(
            f"ix_conversations_{side}_unread",
            "conversations",
            [f"{side}_id"],
            postgresql_where=sa.text(f"{side}_read < last_number"),
        )
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_messages_number")),
        sa.CheckConstraint("char_length(text) <= 4000", name=op.f("ck_messages_text_length")),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_messages_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_messages_author_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("conversation_id", "number", name=op.f("uq_messages_conversation_id_number")),
        sa.UniqueConstraint(
            "conversation_id", "author_id", "key", name=op.f("uq_messages_conversation_id_author_id_key")
        ),
    )
    op.execute(DROP_SUBJECTS)
    op.execute(f"ALTER TABLE reports ADD CONSTRAINT ck_reports_reportsubject CHECK ({SUBJECTS}) NOT VALID")
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE reports VALIDATE CONSTRAINT ck_reports_reportsubject")


def downgrade() -> None:
    op.execute("DELETE FROM reports WHERE subject_kind = 'conversation'")
    op.drop_constraint(op.f("ck_reports_reportsubject"), "reports", type_="check")
    op.execute(f"ALTER TABLE reports ADD CONSTRAINT ck_reports_reportsubject CHECK ({BEFORE}) NOT VALID")
    # Files of messages belong to nothing then, and are swept.
    op.execute("DELETE FROM attachments WHERE subject_kind = 'message'")
    op.drop_table("messages")
    op.drop_table("conversations")
