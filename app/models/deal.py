"""Safe deals: the life of a contract whose money goes through the ledger, its milestones, and what happens to them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.core.ids import new_id
from app.core.money import Currency
from app.models.side import Side

MAX_MILESTONES = 40
MAX_CHECKLIST = 30
MAX_TEXT = 10_000


class DealStatus(StrEnum):
    """The state of a safe deal."""

    AWAITING_FUNDING = "awaiting_funding"
    ACTIVE = "active"
    PAUSED = "paused"
    CLOSING = "closing"
    CLOSED = "closed"
    TERMINATED = "terminated"


class MilestoneStatus(StrEnum):
    """The state of a milestone."""

    PLANNED = "planned"
    FUNDING = "funding"
    FUNDED = "funded"
    IN_WORK = "in_work"
    SUBMITTED = "submitted"
    REVISION = "revision"
    REFUND_REQUESTED = "refund_requested"
    ACCEPTED = "accepted"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"


UNFUNDED = (MilestoneStatus.PLANNED, MilestoneStatus.FUNDING, MilestoneStatus.CANCELLED)
"""States in which no money of the milestone was ever held."""
FINISHED = (MilestoneStatus.ACCEPTED, MilestoneStatus.REFUNDED, MilestoneStatus.CANCELLED)


class ReleaseKind(StrEnum):
    """Why money went to the freelancer."""

    ACCEPTED = "accepted"
    PART = "part"
    LINES = "lines"
    SILENCE = "silence"
    BONUS = "bonus"


class RequestStatus(StrEnum):
    """Where a request to the other side stands: for money back, or for another scope."""

    OPEN = "open"
    AGREED = "agreed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    SILENCE = "silence"


class TimerKind(StrEnum):
    """What happens when the time of a timer is over."""

    FUND_CONTRACT = "fund_contract"
    REVIEW = "review"
    REMIND_OF_REVIEW = "remind_of_review"
    RESUBMIT = "resubmit"
    REFUND_ANSWER = "refund_answer"
    CHANGE_ORDER = "change_order"
    SECURITY = "security"
    HOLDING_LIMIT = "holding_limit"


class TimerStatus(StrEnum):
    """Whether a timer still runs."""

    WAITING = "waiting"
    FIRED = "fired"
    CANCELLED = "cancelled"


class NoticeChannel(StrEnum):
    """How the customer was told that work waits for review."""

    SITE = "site"
    MAIL = "mail"


class Deal(Base):
    """The life of a contract with money: what was frozen when it was agreed, and its state."""

    __tablename__ = "deals"

    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"), primary_key=True)
    status: Mapped[DealStatus] = mapped_column(server_default=text("'awaiting_funding'"))
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    terms_version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    """Raised by each change of scope that both sides signed."""
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The durations of the timers."""
    customer_fee_id: Mapped[UUID | None] = mapped_column(ForeignKey("fee_policies.id"))
    customer_fee: Mapped[dict[str, Any]] = mapped_column(JSONB)
    freelancer_fee_id: Mapped[UUID | None] = mapped_column(ForeignKey("fee_policies.id"))
    freelancer_fee: Mapped[dict[str, Any]] = mapped_column(JSONB)
    customer_legal_kind: Mapped[str | None]
    """The value of `LegalKind`; empty where the party had entered no legal details."""
    customer_legal_version: Mapped[int | None]
    freelancer_legal_kind: Mapped[str | None]
    freelancer_legal_version: Mapped[int | None]
    began_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    ended_at: Mapped[datetime | None]


class Milestone(Base):
    """A part of the work with its own money. What is held is `funded - released - refunded`."""

    __tablename__ = "milestones"
    __table_args__ = (
        UniqueConstraint("contract_id", "number"),
        CheckConstraint("number BETWEEN 1 AND 40", name="number"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("days BETWEEN 1 AND 1000", name="days"),
        CheckConstraint("char_length(title) BETWEEN 1 AND 200", name="title_length"),
        CheckConstraint("jsonb_array_length(checklist) BETWEEN 1 AND 30", name="checklist_length"),
        CheckConstraint("released >= 0 AND refunded >= 0 AND released + refunded <= funded", name="held"),
        CheckConstraint("(status IN ('planned', 'funding', 'cancelled')) = (funded = 0)", name="funded"),
        CheckConstraint("status NOT IN ('accepted', 'refunded') OR released + refunded = funded", name="finished"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("deals.contract_id"))
    number: Mapped[int]
    title: Mapped[str]
    amount: Mapped[int]
    """The agreed price in minor units, without the customer's fee."""
    currency: Mapped[Currency]
    days: Mapped[int]
    checklist: Mapped[list[str]] = mapped_column(JSONB)
    accepted_lines: Mapped[list[int]] = mapped_column(JSONB, default=list, server_default=text("'[]'"))
    """Positions of the lines of the checklist that the customer has accepted."""
    status: Mapped[MilestoneStatus] = mapped_column(server_default=text("'planned'"))
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    funded: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    released: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    refunded: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    postings: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Numbers the entries of the ledger about this milestone."""
    rounds: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """How often changes were requested."""
    submissions: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    funded_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Submission(Base):
    """Work handed in: an answer to every line of the checklist. Rows are only added."""

    __tablename__ = "submissions"
    __table_args__ = (
        UniqueConstraint("milestone_id", "number"),
        CheckConstraint("char_length(note) <= 10000", name="note_length"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    milestone_id: Mapped[UUID] = mapped_column(ForeignKey("milestones.id"))
    number: Mapped[int]
    note: Mapped[str] = mapped_column(server_default=text("''"))
    answers: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """For each line of the checklist its text, the answer, and the ids of its files."""
    submitted_at: Mapped[datetime] = mapped_column(server_default=func.app_now())


class ChangeRequest(Base):
    """What the customer wants changed in a submission, by lines of the checklist. Rows are only added."""

    __tablename__ = "change_requests"
    __table_args__ = (CheckConstraint("char_length(note) <= 10000", name="note_length"),)

    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submissions.id"), primary_key=True)
    milestone_id: Mapped[UUID] = mapped_column(ForeignKey("milestones.id"), index=True)
    round: Mapped[int]
    note: Mapped[str] = mapped_column(server_default=text("''"))
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """Positions of lines of the checklist, each with what is wrong with it."""
    requested_at: Mapped[datetime] = mapped_column(server_default=func.app_now())


class Release(Base):
    """Money that went to the freelancer, and until when its security period lasts."""

    __tablename__ = "releases"
    __table_args__ = (
        UniqueConstraint("milestone_id", "number"),
        CheckConstraint("amount > 0 AND net >= 0 AND net <= amount", name="amounts"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    milestone_id: Mapped[UUID] = mapped_column(ForeignKey("milestones.id"))
    number: Mapped[int]
    kind: Mapped[ReleaseKind]
    amount: Mapped[int]
    net: Mapped[int]
    """What the freelancer receives: the amount without the freelancer's fee."""
    released_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    available_at: Mapped[datetime]
    matured_at: Mapped[datetime | None]


class RefundRequest(Base):
    """The customer's request for money back. One of a milestone is open at a time."""

    __tablename__ = "refund_requests"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("char_length(reason) BETWEEN 1 AND 10000", name="reason_length"),
        CheckConstraint("(status = 'open') = (decided_at IS NULL)", name="decided"),
        Index("uq_refund_requests_open", "milestone_id", unique=True, postgresql_where=text("status = 'open'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    milestone_id: Mapped[UUID] = mapped_column(ForeignKey("milestones.id"), index=True)
    amount: Mapped[int]
    reason: Mapped[str]
    status: Mapped[RequestStatus] = mapped_column(server_default=text("'open'"))
    after_submission: Mapped[bool]
    """Whether work was handed in before: silence then gives nothing back."""
    asked_in: Mapped[str | None]
    """The state of the milestone before, to which a withdrawal leads back; empty where an older release asked."""
    asked_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    decided_at: Mapped[datetime | None]


class ChangeOrder(Base):
    """Another scope, proposed by one side; it holds once the other side has signed it too."""

    __tablename__ = "change_orders"
    __table_args__ = (
        CheckConstraint("side IN ('customer', 'freelancer')", name="side"),
        CheckConstraint("char_length(note) <= 10000", name="note_length"),
        CheckConstraint("(status = 'open') = (decided_at IS NULL)", name="decided"),
        Index("uq_change_orders_open", "contract_id", unique=True, postgresql_where=text("status = 'open'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("deals.contract_id"), index=True)
    side: Mapped[str]
    note: Mapped[str] = mapped_column(server_default=text("''"))
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """Milestones as they would be: id or null for a new one, title, amount, days and checklist."""
    status: Mapped[RequestStatus] = mapped_column(server_default=text("'open'"))
    proposed_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    proposed_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    decided_at: Mapped[datetime | None]


class DealTimer(Base):
    """Something that happens by itself at a time; the sweep looks at `look_at`, which is never before `due_at`."""

    __tablename__ = "deal_timers"
    __table_args__ = (
        CheckConstraint("look_at >= due_at", name="look_at"),
        Index("ix_deal_timers_waiting", "look_at", postgresql_where=text("status = 'waiting'")),
        Index("ix_deal_timers_contract_id_milestone_id", "contract_id", "milestone_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[TimerKind]
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("deals.contract_id"))
    milestone_id: Mapped[UUID | None] = mapped_column(ForeignKey("milestones.id"))
    subject_id: Mapped[UUID | None]
    """The submission, refund request, change order or release."""
    due_at: Mapped[datetime]
    look_at: Mapped[datetime]
    terms_version: Mapped[int]
    status: Mapped[TimerStatus] = mapped_column(server_default=text("'waiting'"))
    held_up: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Whether it did not fire in time, because nobody knows that the customer was told."""


class ReviewNotice(Base):
    """One message to the customer that a submission waits for review, and whether it arrived."""

    __tablename__ = "review_notices"
    __table_args__ = (UniqueConstraint("submission_id", "channel", "message_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submissions.id"))
    channel: Mapped[NoticeChannel]
    message_id: Mapped[int]
    """The message of the outbox that it tells of."""
    sent_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
    delivered_at: Mapped[datetime | None]


class DealEntry(Base):
    """One line of the timeline of a deal. Rows are only added."""

    __tablename__ = "deal_entries"
    __table_args__ = (Index("ix_deal_entries_contract_id_id", "contract_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("deals.contract_id"))
    milestone_id: Mapped[UUID | None] = mapped_column(ForeignKey("milestones.id"))
    event: Mapped[str]
    side: Mapped[Side]
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    amount: Mapped[int | None]
    state: Mapped[str]
    """The state of the milestone, or of the deal, afterwards."""
    txn_id: Mapped[UUID | None]
    """The entry of the ledger, where money moved."""
    note: Mapped[str | None]
    """What the line is about beside the milestone: the number and the checksum of a signed paper."""
    happened_at: Mapped[datetime] = mapped_column(server_default=func.app_now())
