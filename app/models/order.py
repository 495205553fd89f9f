"""Orders: work that a client wants done, and their earlier revisions."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.core.database import Base
from app.core.ids import new_id
from app.core.money import Currency

EXCERPT_LENGTH = 500
"""Number of characters of the description shown in lists."""


class OrderStatus(StrEnum):
    """The state of an order."""

    DRAFT = "draft"
    MODERATION = "moderation"
    OPEN = "open"
    PAUSED = "paused"
    AWARDED = "awarded"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Experience(StrEnum):
    """The experience level that the client looks for."""

    STARTING = "starting"
    SEASONED = "seasoned"
    EXPERT = "expert"


class BudgetKind(StrEnum):
    """How the work is paid: fixed price, hourly, or open to offers."""

    FIXED = "fixed"
    HOURLY = "hourly"
    OPEN = "open"


class CloseReason(StrEnum):
    """Why an order was closed."""

    NOT_NEEDED = "not_needed"
    HIRED_ELSEWHERE = "hired_elsewhere"
    NO_FIT = "no_fit"
    MISTAKE = "mistake"
    OTHER = "other"
    SILENCE = "silence"


class Visibility(StrEnum):
    """Who may see a published order: everybody, anyone with the link, or invited freelancers."""

    PUBLIC = "public"
    LINK = "link"
    INVITED = "invited"


IS_LISTED = text("status = 'open' AND visibility = 'public'")
"""The orders that lists, searches and feeds may show; partial indexes contain only these."""


class Order(Base):
    """An order; lists read the short columns, search reads `search`; the database maintains both."""

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("char_length(title) BETWEEN 1 AND 200", name="title_length"),
        CheckConstraint("char_length(description) <= 20000", name="description_length"),
        CheckConstraint("budget_amount > 0 AND budget_max_amount >= budget_amount", name="budget_range"),
        CheckConstraint("cardinality(skills) + cardinality(tags) <= 20", name="skills_count"),
        CheckConstraint("proposals_count >= 0", name="proposals_count"),
        CheckConstraint(
            "published_at IS NULL OR budget_kind = 'open' OR budget_amount IS NOT NULL", name="published_has_budget"
        ),
        CheckConstraint(
            "status NOT IN ('open', 'awarded', 'expired') OR published_at IS NOT NULL", name="published_has_time"
        ),
        CheckConstraint(
            "(status IN ('moderation', 'open', 'paused')) = (expires_at IS NOT NULL)", name="waiting_has_end"
        ),
        CheckConstraint("status <> 'paused' OR published_at IS NOT NULL", name="paused_has_time"),
        CheckConstraint("cardinality(questions) <= 5", name="questions_count"),
        CheckConstraint("proposals_limit BETWEEN 1 AND 1000", name="proposals_limit"),
        CheckConstraint("weekly_hours BETWEEN 1 AND 80", name="weekly_hours"),
        CheckConstraint("visibility <> 'link' OR share_key IS NOT NULL", name="link_has_key"),
        Index("ix_orders_listed_recent", text("published_at DESC"), text("id DESC"), postgresql_where=IS_LISTED),
        Index(
            "ix_orders_listed_category",
            "category_id",
            text("published_at DESC"),
            text("id DESC"),
            postgresql_where=IS_LISTED,
        ),
        Index("ix_orders_listed_budget", "currency", "budget_amount", postgresql_where=IS_LISTED),
        Index("ix_orders_waiting_end", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
        Index("ix_orders_reminder", "remind_at", postgresql_where=text("remind_at IS NOT NULL")),
        Index(
            "ix_orders_listed_skills",
            "skills",
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
            postgresql_where=IS_LISTED,
        ),
        Index(
            "ix_orders_listed_search",
            "search",
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
            postgresql_where=IS_LISTED,
        ),
        Index("ix_orders_customer_id_id", "customer_id", text("id DESC")),
        Index(
            "uq_orders_customer_id_external_key",
            "customer_id",
            "external_key",
            unique=True,
            postgresql_where=text("external_key IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    status: Mapped[OrderStatus] = mapped_column(default=OrderStatus.DRAFT, server_default=text("'draft'"))
    title: Mapped[str]
    description: Mapped[str] = mapped_column(server_default=text("''"))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"))
    skills: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=text("'{}'"))
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=text("'{}'"))
    keywords: Mapped[str] = mapped_column(default="", server_default=text("''"))
    budget_kind: Mapped[BudgetKind] = mapped_column(default=BudgetKind.FIXED, server_default=text("'fixed'"))
    budget_amount: Mapped[int | None]
    budget_max_amount: Mapped[int | None]
    currency: Mapped[Currency] = mapped_column(default=Currency.RUB, server_default=text("'RUB'"))
    deadline: Mapped[date | None]
    visibility: Mapped[Visibility] = mapped_column(default=Visibility.PUBLIC, server_default=text("'public'"))
    share_key: Mapped[str | None]
    experience: Mapped[Experience | None]
    weekly_hours: Mapped[int | None]
    questions: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=text("'{}'"))
    proposals_limit: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    proposals_count: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    external_key: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    published_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    remind_at: Mapped[datetime | None]
    needs_review: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    rejection: Mapped[str | None]
    suspended_at: Mapped[datetime | None]
    """Since when the order is held because its client's account is not active."""
    taken_down_at: Mapped[datetime | None]
    takedown_reason: Mapped[str | None]
    held_status: Mapped[str | None]
    """The state before the order was held, which it gets back; meanwhile it is paused, or a draft if it waited."""
    held_seconds: Mapped[int | None]
    """The time that was left in that state."""
    closed_at: Mapped[datetime | None]
    close_reason: Mapped[CloseReason | None]
    close_note: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    """When the client first shortlisted, declined, made an offer or chose."""
    excerpt: Mapped[str] = deferred(
        mapped_column(Text, Computed(f"left(description, {EXCERPT_LENGTH})", persisted=True))
    )
    search: Mapped[Any] = deferred(
        mapped_column(TSVECTOR, Computed("order_search(title, keywords, description)", persisted=True))
    )


class OrderRevision(Base):
    """The content of a published order before an edit."""

    __tablename__ = "order_revisions"

    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    replaced_at: Mapped[datetime] = mapped_column(server_default=func.app_now())


class OrderAccessGrant(Base):
    """A person who may see an unlisted order: invited, or arrived by its link."""

    __tablename__ = "order_access_grants"

    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
