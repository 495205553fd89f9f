"""The audit log: what operators changed. Rows are added and never changed; the table itself refuses."""

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
    """One change by an operator. Nothing here refers to other tables, so that an entry outlives what it is about."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        CheckConstraint(f"char_length(reason) <= {MAX_REASON_LENGTH}", name="reason_length"),
        Index("ix_audit_entries_subject_id", "subject", text("id DESC")),
        Index("ix_audit_entries_actor_id", "actor", text("id DESC")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    action: Mapped[str]
    """The kind of thing and what was done to it, such as `account.ban`."""
    subject: Mapped[str]
    """The id of the thing; a skill's is its slug."""
    actor: Mapped[str]
    actor_id: Mapped[UUID | None]
    """The operator's account; empty for a command on the server."""
    source: Mapped[str]
    old_values: Mapped[dict[str, Any]] = mapped_column(JSONB)
    new_values: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The values after the change, and what it did besides, such as `sessions_ended`."""
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
        action: The kind of thing and what was done to it, such as `account.ban`.
        subject: The id of the thing.
        old: Values before the change, as JSON holds them; never a password, a token, an address or a number.
        new: Values after it, under the same rule.
        reason: The operator's own words.
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


async def read_audit(
    session: AsyncSession, *, subjects: Collection[str] = (), actor: str = "", before: UUID | None = None, limit: int
) -> Sequence[AuditEntry]:
    """Return entries of the audit log, newest first.

    Args:
        session: Where to read.
        subjects: Only entries about one of these; all where there are none.
        actor: Only entries of this operator; of everybody where it is empty.
        before: Only entries older than this one, to read the next page.
        limit: The most entries to return.
    """
    statement = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if subjects:
        statement = statement.where(AuditEntry.subject.in_(subjects))
    if actor:
        statement = statement.where(AuditEntry.actor == actor)
    if before is not None:
        statement = statement.where(AuditEntry.id < before)
    return (await session.execute(statement)).scalars().all()
