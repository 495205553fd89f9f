"""JSON endpoints of notifications."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.core.http.dependencies import FeatureRouter, ReadSession, Uow
from app.core.http.problem_details import refusals
from app.core.pagination import DEFAULT_LIMIT, MAX_LIMIT, BadCursorError, Page
from app.core.text.whole_numbers import WholeNumber
from app.features.authentication.dependencies import CurrentActor
from app.features.notifications import service
from app.features.notifications.errors import NoticeNotFoundError
from app.features.notifications.schemas import MarkedRead, NotificationRead, UnreadCount

router = FeatureRouter(prefix="/notifications", tags=["notifications"])


Cursor = Annotated[str | None, Query(max_length=300, description="`next_cursor` of the previous page.")]


@router.get("", responses=refusals(BadCursorError))
async def list_notifications(
    actor: CurrentActor,
    session: ReadSession,
    cursor: Cursor = None,
    limit: Annotated[WholeNumber, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    unread: Annotated[bool, Query(description="Return only unread notifications.")] = False,
) -> Page[NotificationRead]:
    """List your notifications, newest first."""
    found = await service.list_notices(session, actor, cursor, limit, unread=unread)
    return Page(items=found.items, next_cursor=found.next_cursor)


@router.get("/unread-count")
async def count_unread(actor: CurrentActor, session: ReadSession) -> UnreadCount:
    """Return the number of your unread notifications, at most 100."""
    return UnreadCount(count=await service.count_unread(session, actor.id))


@router.post("/read-all")
async def mark_all_read(actor: CurrentActor, uow: Uow) -> MarkedRead:
    """Mark all your notifications as read and return how many were unread."""
    return MarkedRead(marked=await service.mark_all_read(uow, actor))


@router.post("/{notice_id:uuid}/read", responses=refusals(NoticeNotFoundError))
async def mark_read(notice_id: UUID, actor: CurrentActor, uow: Uow) -> NotificationRead:
    """Mark one of your notifications as read and return it."""
    return await service.read_notice(uow.session, await service.mark_read(uow, actor, notice_id))
