"""Create the catalogue, orders with their search, and proposals.

Revision ID: 6f03653a7827
Revises: 07d44c1b894c
Create Date: 2026-11-22 18:10:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "6f03653a7827"
down_revision: str | None = "07d44c1b894c"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# What the stemmers would lose or keep apart is made plain first, in texts and in queries alike.
SEARCH_LABELS = r"""
CREATE FUNCTION search_words(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN translate(
    replace(replace(replace(replace(replace(replace(words,
        'C++', 'cplusplus'), 'c++', 'cplusplus'), 'C#', 'csharp'), 'c#', 'csharp'), '1C', '1с'), '1c', '1с'),
    'Ёё/\_|', 'Ее    ')
"""
# 'russian' reads Cyrillic words with the Russian stemmer and Latin words with the English one.
ORDER_SEARCH = """
CREATE FUNCTION order_search(title text, keywords text, description text) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN setweight(to_tsvector('russian'::regconfig, search_words(title)), 'A')
    || setweight(to_tsvector('russian'::regconfig, search_words(keywords)), 'B')
    || setweight(to_tsvector('russian'::regconfig, search_words(description)), 'C')
"""


def upgrade() -> None:
    op.execute(SEARCH_LABELS)
    op.execute(ORDER_SEARCH)
    op.create_table(
        "categories",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("name_ru", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_categories_not_its_own_parent")),
        sa.ForeignKeyConstraint(["parent_id"], ["categories.id"], name=op.f("fk_categories_parent_id_categories")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categories")),
        sa.UniqueConstraint("slug", name=op.f("uq_categories_slug")),
    )
    op.create_index(op.f("ix_categories_parent_id"), "categories", ["parent_id"], unique=False)
    op.create_table(
        "orders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "open",
                "awarded",
                "cancelled",
                "expired",
                name="orderstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default=sa.text("'draft'"),
            nullable=False,
        ),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=True),
        sa.Column("skills", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("tags", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("keywords", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column(
            "budget_kind",
            sa.Enum("fixed", "hourly", "open", name="budgetkind", native_enum=False, create_constraint=True, length=40),
            server_default=sa.text("'fixed'"),
            nullable=False,
        ),
        sa.Column("budget_amount", sa.BigInteger(), nullable=True),
        sa.Column("budget_max_amount", sa.BigInteger(), nullable=True),
        sa.Column(
            "currency",
            sa.Enum(
                "RUB", "USD", "EUR", "KZT", "BYN", name="currency", native_enum=False, create_constraint=True, length=40
            ),
            server_default=sa.text("'RUB'"),
            nullable=False,
        ),
        sa.Column("deadline", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("proposals_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("external_key", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "close_reason",
            sa.Enum(
                "not_needed",
                "hired_elsewhere",
                "no_fit",
                "mistake",
                "other",
                "silence",
                name="closereason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("close_note", sa.Text(), nullable=True),
        sa.Column("excerpt", sa.Text(), sa.Computed("left(description, 500)", persisted=True), nullable=True),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed("order_search(title, keywords, description)", persisted=True),
            nullable=True,
        ),
        sa.CheckConstraint("(status = 'open') = (expires_at IS NOT NULL)", name=op.f("ck_orders_open_has_end")),
        sa.CheckConstraint(
            "published_at IS NULL OR budget_kind = 'open' OR budget_amount IS NOT NULL",
            name=op.f("ck_orders_published_has_budget"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('open', 'awarded', 'expired') OR published_at IS NOT NULL",
            name=op.f("ck_orders_published_has_time"),
        ),
        sa.CheckConstraint(
            "budget_amount > 0 AND budget_max_amount >= budget_amount", name=op.f("ck_orders_budget_range")
        ),
        sa.CheckConstraint("cardinality(skills) + cardinality(tags) <= 20", name=op.f("ck_orders_skills_count")),
        sa.CheckConstraint("char_length(description) <= 20000", name=op.f("ck_orders_description_length")),
        sa.CheckConstraint("char_length(title) BETWEEN 1 AND 200", name=op.f("ck_orders_title_length")),
        sa.CheckConstraint("proposals_count >= 0", name=op.f("ck_orders_proposals_count")),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name=op.f("fk_orders_category_id_categories")),
        sa.ForeignKeyConstraint(["customer_id"], ["users.id"], name=op.f("fk_orders_customer_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
    )
    # Lists read the excerpt, so it stays in the row while the long columns move out of it.
    op.execute("ALTER TABLE orders ALTER COLUMN excerpt SET STORAGE MAIN")
    op.create_index("ix_orders_customer_id_id", "orders", ["customer_id", sa.literal_column("id DESC")], unique=False)
    op.create_index(
        "ix_orders_open_budget",
        "orders",
        ["currency", "budget_amount"],
        unique=False,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index(
        "ix_orders_open_category",
        "orders",
        ["category_id", sa.literal_column("published_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index(
        "ix_orders_open_expiry", "orders", ["expires_at"], unique=False, postgresql_where=sa.text("status = 'open'")
    )
    op.create_index(
        "ix_orders_open_recent",
        "orders",
        [sa.literal_column("published_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index(
        "ix_orders_open_search",
        "orders",
        ["search"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index(
        "ix_orders_open_skills",
        "orders",
        ["skills"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index(
        "uq_orders_customer_id_external_key",
        "orders",
        ["customer_id", "external_key"],
        unique=True,
        postgresql_where=sa.text("external_key IS NOT NULL"),
    )
    op.create_table(
        "skills",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("name_ru", sa.Text(), nullable=False),
        sa.Column("synonyms", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name=op.f("fk_skills_category_id_categories")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skills")),
        sa.UniqueConstraint("slug", name=op.f("uq_skills_slug")),
    )
    op.create_index(op.f("ix_skills_category_id"), "skills", ["category_id"], unique=False)
    op.create_table(
        "order_revisions",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_revisions_order_id_orders"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("order_id", "version", name=op.f("pk_order_revisions")),
    )
    op.create_table(
        "proposals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("order_version", sa.BigInteger(), nullable=False),
        sa.Column("freelancer_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "sent",
                "accepted",
                "declined",
                "withdrawn",
                name="proposalstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default=sa.text("'sent'"),
            nullable=False,
        ),
        sa.Column("price_amount", sa.BigInteger(), nullable=False),
        sa.Column(
            "currency",
            sa.Enum(
                "RUB", "USD", "EUR", "KZT", "BYN", name="currency", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("term_days", sa.BigInteger(), nullable=False),
        sa.Column("letter", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "decline_reason",
            sa.Enum(
                "price",
                "term",
                "experience",
                "letter",
                "other",
                "another_chosen",
                "order_cancelled",
                "order_expired",
                name="declinereason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("decline_note", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'declined') = (decline_reason IS NOT NULL)", name=op.f("ck_proposals_declined_has_reason")
        ),
        sa.CheckConstraint("char_length(letter) BETWEEN 1 AND 10000", name=op.f("ck_proposals_letter_length")),
        sa.CheckConstraint("price_amount > 0", name=op.f("ck_proposals_price")),
        sa.CheckConstraint("term_days BETWEEN 1 AND 1000", name=op.f("ck_proposals_term")),
        sa.ForeignKeyConstraint(["freelancer_id"], ["users.id"], name=op.f("fk_proposals_freelancer_id_users")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_proposals_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
    )
    op.create_index(
        "ix_proposals_freelancer_id_id", "proposals", ["freelancer_id", sa.literal_column("id DESC")], unique=False
    )
    op.create_index("ix_proposals_order_id_id", "proposals", ["order_id", sa.literal_column("id DESC")], unique=False)
    op.create_index(
        "uq_proposals_accepted", "proposals", ["order_id"], unique=True, postgresql_where=sa.text("status = 'accepted'")
    )
    op.create_index(
        "uq_proposals_live",
        "proposals",
        ["order_id", "freelancer_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('sent', 'accepted')"),
    )


def downgrade() -> None:
    op.drop_index(
        "uq_proposals_live", table_name="proposals", postgresql_where=sa.text("status IN ('sent', 'accepted')")
    )
    op.drop_index("uq_proposals_accepted", table_name="proposals", postgresql_where=sa.text("status = 'accepted'"))
    op.drop_index("ix_proposals_order_id_id", table_name="proposals")
    op.drop_index("ix_proposals_freelancer_id_id", table_name="proposals")
    op.drop_table("proposals")
    op.drop_table("order_revisions")
    op.drop_index(op.f("ix_skills_category_id"), table_name="skills")
    op.drop_table("skills")
    op.drop_index(
        "uq_orders_customer_id_external_key", table_name="orders", postgresql_where=sa.text("external_key IS NOT NULL")
    )
    op.drop_index(
        "ix_orders_open_skills",
        table_name="orders",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
        postgresql_where=sa.text("status = 'open'"),
    )
    op.drop_index(
        "ix_orders_open_search",
        table_name="orders",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
        postgresql_where=sa.text("status = 'open'"),
    )
    op.drop_index("ix_orders_open_recent", table_name="orders", postgresql_where=sa.text("status = 'open'"))
    op.drop_index("ix_orders_open_expiry", table_name="orders", postgresql_where=sa.text("status = 'open'"))
    op.drop_index("ix_orders_open_category", table_name="orders", postgresql_where=sa.text("status = 'open'"))
    op.drop_index("ix_orders_open_budget", table_name="orders", postgresql_where=sa.text("status = 'open'"))
    op.drop_index("ix_orders_customer_id_id", table_name="orders")
    op.drop_table("orders")
    op.drop_index(op.f("ix_categories_parent_id"), table_name="categories")
    op.drop_table("categories")
    op.execute("DROP FUNCTION order_search(text, text, text)")
    op.execute("DROP FUNCTION search_words(text)")
