"""The audit log: changes by operators. Rows are only added; the table refuses updates and deletions."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.core.actor import Actor
from app.core.database import Base
from app.core.ids import new_id

MAX_REASON_LENGTH = 2000


class AuditEntry(Base):
    """One change by an operator. It has no foreign keys, so that it remains when other rows are deleted."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        CheckConstraint(f"char_length(reason) <= {MAX_REASON_LENGTH}", name="reason_length"),
        Index("ix_audit_entries_subject_id", "subject", text("id DESC")),
        Index("ix_audit_entries_actor_id", "actor", text("id DESC")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    action: Mapped[str]
    """The kind of object and the action, such as `account.ban`."""
    subject: Mapped[str]
    """The id of the object; for a skill its slug."""
    actor: Mapped[str]
    actor_id: Mapped[UUID | None]
    """The operator's account; empty for a command on the server."""
    source: Mapped[str]
    old_values: Mapped[dict[str, Any]] = mapped_column(JSONB)
    new_values: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The values after the change, and its other effects, such as `sessions_ended`."""
    reason: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


def record_audit(  # noqa: PLR0913 - each is one column
    session: AsyncSession,
    actor: Actor,
    action: str,
    subject: object,
    *,
    old: Mapping[str, object] | None = None,
    new: Mapping[str, object] | None = None,
    reason: str = "",
) -> None:
    """Add an entry to the audit log in the transaction of the change itself.

    Args:
        session: The session of the unit of work that makes the change.
        actor: The operator.
        action: The kind of object and the action, such as `account.ban`.
        subject: The id of the object.
        old: JSON values before the change; never a password, a token, an e-mail address or a phone number.
        new: Values after it, under the same rule.
        reason: The reason that the operator gave.
    """
    session.add(
        AuditEntry(
            action=action,
            subject=str(subject),
            actor=actor.username,
            actor_id=None if actor.is_system else actor.id,
            source=actor.source,
            old_values=dict(old or {}),
            new_values=dict(new or {}),
            reason=reason,
        )
    )


async def read_audit(  # noqa: PLR0913 - each is one filter
    session: AsyncSession,
    *,
    subjects: Collection[str] = (),
    actor: str = "",
    kind: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    before: UUID | None = None,
    limit: int,
) -> Sequence[AuditEntry]:
    """Return entries of the audit log, newest first.

    Args:
        session: A session to read with.
        subjects: Only entries about one of these; about all where it is empty.
        actor: Only entries of this operator; of all where it is empty.
        kind: Only entries whose action is this or begins with it, such as `correction`; of all where it is empty.
        since: Only entries from this time on.
        until: Only entries before this time.
        before: Only entries older than this one, to read the next page.
        limit: Maximum number of entries.
    """
    statement = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if subjects:
        statement = statement.where(AuditEntry.subject.in_(subjects))
    if actor:
        statement = statement.where(AuditEntry.actor == actor)
    if kind:
        statement = statement.where(AuditEntry.action.startswith(kind, autoescape=True))
    if since is not None:
        statement = statement.where(AuditEntry.created_at >= since)
    if until is not None:
        statement = statement.where(AuditEntry.created_at < until)
    if before is not None:
        statement = statement.where(AuditEntry.id < before)
    return (await session.execute(statement)).scalars().all()
