"""Notifications on the site, and queued e-mails."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Enum, ForeignKey, Index, UniqueConstraint, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.core.ids import new_id


class NoticeKind(StrEnum):
    """The kind of a notification or an e-mail."""

    CONFIRM_EMAIL = "confirm_email"
    CHANGE_EMAIL = "change_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - a kind of e-mail, not a password
    SIGN_PAPER = "sign_paper"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a kind of notification, not a password
    EMAIL_CHANGE_REQUESTED = "email_change_requested"
    EMAIL_CHANGED = "email_changed"
    PHONE_CHANGED = "phone_changed"
    CONTACT_LOST = "contact_lost"
    LEGAL_STATUS_CHANGED = "legal_status_changed"
    NEW_DEVICE = "new_device"
    SESSION_REPLAYED = "session_replayed"
    ACCOUNT_DEACTIVATED = "account_deactivated"
    ACCOUNT_BANNED = "account_banned"
    ACCOUNT_UNBANNED = "account_unbanned"
    PROPOSAL_RECEIVED = "proposal_received"
    PROPOSAL_WITHDRAWN = "proposal_withdrawn"
    PROPOSAL_SHORTLISTED = "proposal_shortlisted"
    PROPOSAL_ACCEPTED = "proposal_accepted"
    PROPOSAL_DECLINED = "proposal_declined"
    OFFER_MADE = "offer_made"
    OFFER_ACCEPTED = "offer_accepted"
    OFFER_DECLINED = "offer_declined"
    OFFER_WITHDRAWN = "offer_withdrawn"
    OFFER_ENDING = "offer_ending"
    OFFER_LAPSED = "offer_lapsed"
    OFFER_MISSED = "offer_missed"
    ORDER_AWARDED = "order_awarded"
    ORDER_EXPIRED = "order_expired"
    ORDER_ENDING = "order_ending"
    ORDER_APPROVED = "order_approved"
    ORDER_REJECTED = "order_rejected"
    ORDER_TAKEN_DOWN = "order_taken_down"
    ORDER_RESTORED = "order_restored"
    ORDER_HELD = "order_held"
    ORDER_RELEASED = "order_released"
    INVITATION_RECEIVED = "invitation_received"
    INVITATION_DECLINED = "invitation_declined"
    ORDER_EDITED = "order_edited"
    REPORT_CLOSED = "report_closed"
    REPORT_UPHELD = "report_upheld"
    REPORT_LIFTED = "report_lifted"
    ORDERS_FOUND = "orders_found"
    FILE_REFUSED = "file_refused"
    FILE_TAKEN_DOWN = "file_taken_down"
    FILE_RESTORED = "file_restored"
    MESSAGE_RECEIVED = "message_received"
    PROFILE_TAKEN_DOWN = "profile_taken_down"
    PROFILE_RESTORED = "profile_restored"
    WORK_TAKEN_DOWN = "work_taken_down"
    WORK_RESTORED = "work_restored"
    MESSAGE_TAKEN_DOWN = "message_taken_down"
    MESSAGE_RESTORED = "message_restored"
    DEAL_MOVED = "deal_moved"
    REVIEW_WAITS = "review_waits"
    DIRECT_DEAL_INVITED = "direct_deal_invited"
    DIRECT_DEAL_OFFERED = "direct_deal_offered"
    DIRECT_DEAL_ACCEPTED = "direct_deal_accepted"
    DIRECT_DEAL_DECLINED = "direct_deal_declined"
    DIRECT_DEAL_WITHDRAWN = "direct_deal_withdrawn"
    DIRECT_DEAL_EXPIRED = "direct_deal_expired"
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_QUESTIONED = "payment_questioned"
    PAYOUT_PAID = "payout_paid"
    CARD_REFUND_PAID = "card_refund_paid"
    MONEY_BACK = "money_back"
    ACCOUNT_CORRECTED = "account_corrected"
    CHEQUE_ANNULLED = "cheque_annulled"
    CORRECTION_EXECUTED = "correction_executed"
    CORRECTION_REFUSED = "correction_refused"
    CORRECTION_EXPIRED = "correction_expired"
    WITHDRAWAL_TO_APPROVE = "withdrawal_to_approve"
    WITHDRAWAL_APPROVED = "withdrawal_approved"


class MailStatus(StrEnum):
    """The state of an e-mail."""

    QUEUED = "queued"
    SENT = "sent"
    OBSOLETE = "obsolete"
    REFUSED = "refused"
    DEAD = "dead"


def _values(kinds: type[NoticeKind]) -> list[str]:
    return [kind.value for kind in kinds]


# Without a CHECK: a new kind of notification must not need a migration.
KIND = Enum(NoticeKind, native_enum=False, create_constraint=False, length=60, values_callable=_values)


class Notification(Base):
    """A notification; it stores ids only, and its text is rendered for the reader when shown.

    `about` names the thing it is about. While one about a thing is unread, the next one replaces it: `count` says how
    many there were, and `mailed_at` when the last e-mail about it was sent. `earlier_ids` are those from before it was
    renewed, the newest first.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("user_id", "kind", "message_id"),
        Index("ix_notifications_user_id_id", "user_id", text("id DESC")),
        Index("ix_notifications_unread", "user_id", postgresql_where=text("read_at IS NULL")),
        Index(
            "uq_notifications_unread_about",
            "user_id",
            "about",
            unique=True,
            postgresql_where=text("read_at IS NULL AND about IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[NoticeKind] = mapped_column(KIND)
    params: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    message_id: Mapped[int]
    about: Mapped[str | None]
    count: Mapped[int] = mapped_column(server_default=text("1"))
    earlier_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), default=list, server_default=text("'{}'"))
    mailed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    read_at: Mapped[datetime | None]


class MailMessage(Base):
    """A queued e-mail: stored together with its cause, sent later, marked when the server accepted it.

    `key` identifies the e-mail permanently and becomes its Message-ID, so a duplicate after a crash is recognisable.
    The address is stored only where it differs from the account's, and only until the e-mail is sent.
    `about` is that of the notification which the e-mail tells; one e-mail about a thing waits at a time.
    """

    __tablename__ = "mail_messages"
    __table_args__ = (
        Index("ix_mail_messages_due", "next_try_at", postgresql_where=text("status = 'queued'")),
        Index(
            "uq_mail_messages_queued_about",
            "user_id",
            "about",
            unique=True,
            postgresql_where=text("status = 'queued' AND about IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[NoticeKind] = mapped_column(KIND)
    params: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    to_address: Mapped[str | None]
    message_id: Mapped[int]
    about: Mapped[str | None]
    request_id: Mapped[str | None]
    status: Mapped[MailStatus] = mapped_column(default=MailStatus.QUEUED, server_default=text("'queued'"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_try_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    created_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
