"""Statistics of a client's orders and decisions, stored so that lists need not count."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base


class CustomerStats(Base):
    """The statistics of one client; `stale_since` is set when they must be recomputed."""

    __tablename__ = "customer_stats"
    __table_args__ = (
        CheckConstraint("orders_hired <= orders_ended AND orders_ended <= orders_posted", name="orders_add_up"),
        CheckConstraint("proposals_answered >= 0 AND proposals_unanswered >= 0", name="proposals"),
        CheckConstraint("(median_answer_seconds IS NULL) = (proposals_answered = 0)", name="answer_time"),
        Index("ix_customer_stats_stale", "stale_since", postgresql_where=text("stale_since IS NOT NULL")),
    )

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    orders_posted: Mapped[int] = mapped_column(server_default=text("0"))
    orders_open: Mapped[int] = mapped_column(server_default=text("0"))
    orders_ended: Mapped[int] = mapped_column(server_default=text("0"))
    orders_hired: Mapped[int] = mapped_column(server_default=text("0"))
    proposals_answered: Mapped[int] = mapped_column(server_default=text("0"))
    proposals_unanswered: Mapped[int] = mapped_column(server_default=text("0"))
    median_answer_seconds: Mapped[int | None]
    counted_at: Mapped[datetime | None]
    stale_since: Mapped[datetime | None]
