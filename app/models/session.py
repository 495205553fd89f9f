"""Sessions: sign-ins by device. This table is the source of truth; Redis only speeds up rejections."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.core.ids import new_id


class SessionEnd(StrEnum):
    """Why a session ended."""

    SIGNED_OUT = "signed_out"
    ENDED_BY_OWNER = "ended_by_owner"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a reason, not a password
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a reason, not a password
    CONTACT_CHANGED = "contact_changed"
    REPLAYED = "replayed"
    TOO_MANY = "too_many"
    REPLACED = "replaced"
    DEACTIVATED = "deactivated"
    ENDED_BY_OPERATOR = "ended_by_operator"
    BANNED = "banned"


class AuthSession(Base):
    """One session and the state of its refresh token."""

    __tablename__ = "auth_sessions"
    __table_args__ = (
        Index("ix_auth_sessions_user_id_created_at", "user_id", "created_at"),
        Index("ix_auth_sessions_expires_at", "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    token_version: Mapped[int]
    counter: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    rotated_at: Mapped[datetime]
    recent_rotations: Mapped[list[float]] = mapped_column(JSONB, default=list, server_default=text("'[]'"))
    authenticated_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(default="", server_default=text("''"))
    user_agent: Mapped[str] = mapped_column(default="", server_default=text("''"))
    device_hash: Mapped[str | None]
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[SessionEnd | None]
