"""Queries for a person's notifications, and marking them as read."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import ScalarSelect
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.pagination import Slice, encode_cursor, last_id
from app.core.unit_of_work import UnitOfWork
from app.features.contracts import service as contracts
from app.features.notifications import rules
from app.features.notifications.errors import NoticeNotFoundError
from app.features.notifications.repository import MailRepository, NotificationRepository, unread_of_owner
from app.features.notifications.schemas import NotificationRead
from app.features.notifications.service.notice_context import NoticeSubject, load_notice_context
from app.models.notification import NoticeKind, Notification

MAX_COUNTED = 100
KEEP_NOTICES = timedelta(days=365)
KEEP_MAILS = timedelta(days=30)
PRUNE_BATCH = 1000


async def _read(session: AsyncSession, rows: list[Notification]) -> list[NotificationRead]:
    facts = await load_notice_context(session, [NoticeSubject(row.user_id, row.kind, row.params) for row in rows])
    return [
        NotificationRead(
            id=row.id,
            kind=row.kind,
            text=rules.text_of(row.kind, words),
            href=rules.href_of(row.kind, row.params),
            count=row.count,
            created_at=row.created_at,
            read=row.read_at is not None,
        )
        for row, words in zip(rows, facts, strict=True)
    ]


async def list_notices(
    session: AsyncSession, actor: Actor, cursor: str | None, limit: int, *, unread: bool = False
) -> Slice[NotificationRead]:
    """Return one page of the actor's own notifications, newest first."""
    rows = list(await NotificationRepository(session).page(actor.id, last_id(cursor), limit + 1, unread=unread))
    shown = rows[:limit]
    more = encode_cursor(shown[-1].id) if len(rows) > limit else None
    return Slice(await _read(session, shown), more)


async def read_notice(session: AsyncSession, notice: Notification) -> NotificationRead:
    """Return a notification as its recipient sees it."""
    return (await _read(session, [notice]))[0]


def address_of(notice: Notification) -> str | None:
    """Return the address that a notification leads to."""
    return rules.href_of(notice.kind, notice.params)


async def count_unread(session: AsyncSession, user_id: UUID) -> int:
    """Count unread notifications, at most 100."""
    return await NotificationRepository(session).count_unread(user_id, MAX_COUNTED)


def unread_notices() -> ScalarSelect[int]:
    """Return the same count as a subquery of the statement that reads the session."""
    return unread_of_owner(MAX_COUNTED)


async def mark_read(uow: UnitOfWork, actor: Actor, notice_id: UUID) -> Notification:
    """Mark one of the actor's own notifications as read; repeating it is no error.

    A notification that was renewed since the actor saw it stays unread: they have not seen what is new.
    """
    notice = await NotificationRepository(uow.session).find(actor.id, notice_id)
    if notice is None:
        raise NoticeNotFoundError
    if notice.id == notice_id:
        notice.read_at = notice.read_at or utc_now()
        if notice.kind is NoticeKind.REVIEW_WAITS and "milestone_id" in notice.params:
            await contracts.record_seen(uow, actor, UUID(notice.params["milestone_id"]))
    return notice


async def mark_all_read(uow: UnitOfWork, actor: Actor) -> int:
    """Mark all of the actor's notifications as read."""
    return await NotificationRepository(uow.session).mark_all_read(actor.id)


async def mark_messages_read(uow: UnitOfWork, reader_id: UUID, conversation_id: UUID) -> int:
    """Mark the notifications about a conversation as read, because its reader has opened it."""
    return await NotificationRepository(uow.session).mark_about(
        reader_id, NoticeKind.MESSAGE_RECEIVED, "conversation_id", str(conversation_id)
    )


async def prune(uow: UnitOfWork) -> int:
    """Delete one batch of old notifications and e-mails."""
    now = utc_now()
    notices = await NotificationRepository(uow.session).prune(now - KEEP_NOTICES, PRUNE_BATCH)
    return notices + await MailRepository(uow.session).prune(now - KEEP_MAILS, PRUNE_BATCH)
