"""Saved searches over orders, their matches, and the alert e-mails about them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.core.ids import new_id

DEFAULT_ZONE = "Europe/Moscow"
DEFAULT_HOUR = 9


class AlertFrequency(StrEnum):
    """How often a person wants alerts about a saved search."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    WEEKLY = "weekly"
    OFF = "off"


class SavedSearch(Base):
    """A saved search with its filter.

    `filter` stores the requested filter only and is parsed at each use, so a search survives the removal of a filter.
    `filter_key` identifies it. `anchors` are terms of which a matching order has at least one.
    """

    __tablename__ = "saved_searches"
    __table_args__ = (
        CheckConstraint("char_length(name) BETWEEN 1 AND 80", name="name_length"),
        UniqueConstraint("owner_id", "filter_key"),
        Index("ix_saved_searches_anchors", "anchors", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str]
    filter: Mapped[dict[str, Any]] = mapped_column(JSONB)
    filter_key: Mapped[str]
    anchors: Mapped[list[str]] = mapped_column(ARRAY(Text))
    frequency: Mapped[AlertFrequency]
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    since: Mapped[datetime]
    looked_at: Mapped[datetime]


class AlertSettings(Base):
    """When a person receives digests; the row is also locked while their searches change."""

    __tablename__ = "alert_settings"
    __table_args__ = (CheckConstraint("digest_hour BETWEEN 0 AND 23", name="digest_hour"),)

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    time_zone: Mapped[str] = mapped_column(default=DEFAULT_ZONE, server_default=text(f"'{DEFAULT_ZONE}'"))
    digest_hour: Mapped[int] = mapped_column(default=DEFAULT_HOUR, server_default=text(str(DEFAULT_HOUR)))


class QueuedOrder(Base):
    """An order queued for matching against saved searches; `after` is the last search that was matched."""

    __tablename__ = "order_match_queue"

    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True)
    after: Mapped[UUID | None]
    queued_at: Mapped[datetime]


class AlertEmail(Base):
    """An alert e-mail; unique per person, kind and period, however often it is tried."""

    __tablename__ = "alert_emails"
    __table_args__ = (
        UniqueConstraint("owner_id", "frequency", "period"),
        Index("ix_alert_emails_created_at", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    frequency: Mapped[AlertFrequency]
    period: Mapped[str]
    created_at: Mapped[datetime]


class SearchMatch(Base):
    """An order that matched a saved search; `announced_at` is set when it needs no announcement any more."""

    __tablename__ = "search_matches"
    __table_args__ = (
        Index("ix_search_matches_untold", "owner_id", postgresql_where=text("told_at IS NULL")),
        Index("ix_search_matches_owner_id_order_id", "owner_id", "order_id"),
        Index("ix_search_matches_search_id_found_at", "search_id", "found_at"),
        Index("ix_search_matches_letter_id", "letter_id", postgresql_where=text("letter_id IS NOT NULL")),
        Index("ix_search_matches_found_at", "found_at"),
        Index("ix_search_matches_order_id", "order_id"),
    )

    search_id: Mapped[UUID] = mapped_column(ForeignKey("saved_searches.id", ondelete="CASCADE"), primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True)
    owner_id: Mapped[UUID]
    found_at: Mapped[datetime]
    announced_at: Mapped[datetime | None] = mapped_column("told_at")
    alert_email_id: Mapped[UUID | None] = mapped_column("letter_id", ForeignKey("alert_emails.id", ondelete="SET NULL"))


class ScheduledAlert(Base):
    """When a person's next alert of one frequency is due."""

    __tablename__ = "alert_schedule"
    __table_args__ = (Index("ix_alert_schedule_due_at", "due_at"),)

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    frequency: Mapped[AlertFrequency] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
