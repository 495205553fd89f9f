"""Security events of accounts; the table is append-only, enforced by a trigger."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.core.ids import new_id


class SecurityEventKind(StrEnum):
    """The kinds of security events."""

    REGISTERED = "registered"
    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_IN_DELAYED = "sign_in_delayed"
    SIGNED_OUT = "signed_out"
    REAUTHENTICATED = "reauthenticated"
    SESSION_ENDED = "session_ended"
    OTHER_SESSIONS_ENDED = "other_sessions_ended"
    TOKEN_REPLAYED = "token_replayed"  # noqa: S105 - a kind, not a token
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a kind, not a password
    PASSWORD_RESET_ASKED = "password_reset_asked"  # noqa: S105 - a kind, not a password
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a kind, not a password
    EMAIL_CONFIRMED = "email_confirmed"
    EMAIL_CHANGE_ASKED = "email_change_asked"
    EMAIL_CHANGED = "email_changed"
    PHONE_CONFIRMED = "phone_confirmed"
    PHONE_CHANGE_ASKED = "phone_change_asked"
    PHONE_CHANGED = "phone_changed"
    DEACTIVATED = "deactivated"
    ROLE_CHANGED = "role_changed"
    SESSIONS_ENDED_BY_OPERATOR = "sessions_ended_by_operator"
    BANNED = "banned"
    BAN_LIFTED = "ban_lifted"
    LEGAL_STATUS_CHANGED = "legal_status_changed"


class SecurityEvent(Base):
    """One security event of an account."""

    __tablename__ = "security_events"
    __table_args__ = (Index("ix_security_events_user_id_created_at_id", "user_id", "created_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    kind: Mapped[SecurityEventKind]
    session_id: Mapped[UUID | None]
    address: Mapped[str] = mapped_column(default="", server_default=text("''"))
    user_agent: Mapped[str] = mapped_column(default="", server_default=text("''"))
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
