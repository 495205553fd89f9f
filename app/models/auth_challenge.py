"""Verification by e-mail or text message. Link and code are derived when sent; no secret is stored."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.core.ids import new_id


class ChallengePurpose(StrEnum):
    """What the challenge authorizes; one purpose is never accepted for another."""

    CONFIRM_EMAIL = "confirm_email"
    CONFIRM_PHONE = "confirm_phone"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - a purpose, not a password
    CHANGE_EMAIL = "change_email"
    CHANGE_PHONE = "change_phone"


class AuthChallenge(Base):
    """One link and one code, valid once, until they expire, five wrong codes were entered, or a newer one is sent."""

    __tablename__ = "auth_challenges"
    __table_args__ = (
        Index("ix_auth_challenges_user_id_purpose", "user_id", "purpose"),
        Index("ix_auth_challenges_expires_at", "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    purpose: Mapped[ChallengePurpose]
    target: Mapped[str]
    flow: Mapped[str] = mapped_column(default="", server_default=text("''"))
    """The hash of the cookie of the browser that asked for a reset: its code works there only."""
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    code_expires_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
