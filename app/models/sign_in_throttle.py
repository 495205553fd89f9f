"""Counters of failed sign-ins that survive a loss of Redis."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base


class SignInThrottle(Base):
    """Failed sign-ins of one account (or one unknown name), and until when further attempts are blocked."""

    __tablename__ = "sign_in_throttles"
    __table_args__ = (Index("ix_sign_in_throttles_last_at", "last_at"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    last_at: Mapped[datetime]
    blocked_until: Mapped[datetime | None]
