"""Reading the audit log: what operators changed, by whom, what and when."""

from datetime import UTC, datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.audit import AuditEntry, read_audit
from app.core.pagination import encode_cursor, last_id
from app.features.finance.schemas import AuditFilter, AuditList, AuditRead

A_DAY = timedelta(days=1)


async def list_audit(session: AsyncSession, wanted: AuditFilter, cursor: str | None, limit: int) -> AuditList:
    """Return entries of the audit log, the newest first.

    Raises:
        BadCursorError: The cursor is not of this list.
    """
    found = await read_audit(
        session,
        subjects={wanted.subject} if wanted.subject else (),
        actor=wanted.person,
        kind=wanted.kind,
        since=datetime.combine(wanted.since, time(), UTC) if wanted.since else None,
        until=datetime.combine(wanted.until, time(), UTC) + A_DAY if wanted.until else None,
        before=last_id(cursor),
        limit=limit + 1,
    )
    items = [_entry(each) for each in found[:limit]]
    return AuditList(items=items, next_cursor=encode_cursor(items[-1].id) if len(found) > limit else None)


def _entry(entry: AuditEntry) -> AuditRead:
    return AuditRead(
        id=entry.id,
        action=entry.action,
        subject=entry.subject,
        actor=entry.actor,
        source=entry.source,
        old_values=entry.old_values,
        new_values=entry.new_values,
        reason=entry.reason,
        created_at=entry.created_at,
    )
