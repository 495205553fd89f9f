"""Every query of notices and mails."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ScalarSelect, delete, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utc_now
from app.core.ids import new_id
from app.models.notification import MailMessage, MailStatus, NoticeKind, Notification
from app.models.user import User


class NotificationRepository:
    """Notices; every reading query names their owner."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, user_id: UUID, kind: NoticeKind, params: dict[str, Any], message_id: int) -> None:
        """Keep a notice; a repeated one changes nothing."""
        values = {"id": new_id(), "user_id": user_id, "kind": kind, "params": params, "message_id": message_id}
        await self._session.execute(insert(Notification).values(values).on_conflict_do_nothing())

    async def page(self, user_id: UUID, before: UUID | None, limit: int, *, unread: bool) -> Sequence[Notification]:
        """Return notices, newest first; ids grow with time."""
        statement = select(Notification).where(Notification.user_id == user_id)
        if before is not None:
            statement = statement.where(Notification.id < before)
        if unread:
            statement = statement.where(Notification.read_at.is_(None))
        return (await self._session.execute(statement.order_by(Notification.id.desc()).limit(limit))).scalars().all()

    async def count_unread(self, user_id: UUID, most: int) -> int:
        """Count what was not read, no further than anybody wants to know."""
        some = (
            select(Notification.id)
            .where(Notification.user_id == user_id, Notification.read_at.is_(None))
            .limit(most)
            .subquery()
        )
        return (await self._session.execute(select(func.count()).select_from(some))).scalar_one()

    async def find(self, user_id: UUID, notice_id: UUID) -> Notification | None:
        """Return one of the person's own notices, locked."""
        statement = select(Notification).where(Notification.user_id == user_id, Notification.id == notice_id)
        return (await self._session.execute(statement.with_for_update())).scalar_one_or_none()

    async def mark_all_read(self, user_id: UUID) -> int:
        """Mark everything as read and count it."""
        marked = await self._session.execute(
            update(Notification)
            .where(Notification.user_id == user_id, Notification.read_at.is_(None))
            .values(read_at=utc_now())
            .returning(Notification.id)
        )
        return len(marked.scalars().all())

    async def mark_about(self, user_id: UUID, kind: NoticeKind, name: str, value: str) -> int:
        """Mark a person's unread notices about one thing as read and count them."""
        marked = await self._session.execute(
            update(Notification)
            .where(
                Notification.user_id == user_id,
                Notification.read_at.is_(None),
                Notification.kind == kind,
                Notification.params[name].astext == value,
            )
            .values(read_at=utc_now())
            .returning(Notification.id)
        )
        return len(marked.scalars().all())

    async def prune(self, before: datetime, limit: int) -> int:
        """Delete old notices in a small batch."""
        old = select(Notification.id).where(Notification.created_at < before).order_by(Notification.id).limit(limit)
        gone = await self._session.execute(
            delete(Notification).where(Notification.id.in_(old)).returning(Notification.id)
        )
        return len(gone.scalars().all())


def unread_of_owner(most: int) -> ScalarSelect[int]:
    """Return the count of unread notices as a part of a statement about `User`."""
    some = (
        select(Notification.id)
        .where(Notification.user_id == User.id, Notification.read_at.is_(None))
        .limit(literal_column(str(most)))
        .correlate(User)
        .subquery()
    )
    return select(func.count()).select_from(some).correlate(User).scalar_subquery()


class MailRepository:
    """Mails that are to go out."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, mail: dict[str, Any]) -> None:
        """Record the intent; the same mail for the same reason is recorded once."""
        await self._session.execute(insert(MailMessage).values({"id": new_id(), **mail}).on_conflict_do_nothing())

    async def claim(self, until: datetime) -> MailMessage | None:
        """Take the mail that waits longest, so that no other sender takes it before `until`."""
        due = (
            select(MailMessage.id)
            .where(MailMessage.status == MailStatus.QUEUED, MailMessage.next_try_at <= utc_now())
            .order_by(MailMessage.next_try_at)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        taken = await self._session.execute(
            update(MailMessage)
            .where(MailMessage.id == due)
            .values(next_try_at=until, attempts=MailMessage.attempts + 1)
            .returning(MailMessage)
        )
        return taken.scalar_one_or_none()

    async def lock(self, mail_id: UUID) -> MailMessage | None:
        """Return one mail, locked."""
        return await self._session.get(MailMessage, mail_id, with_for_update=True, populate_existing=True)

    async def with_status(self, status: MailStatus) -> Sequence[MailMessage]:
        """Return mails of one state, oldest first."""
        statement = select(MailMessage).where(MailMessage.status == status).order_by(MailMessage.id)
        return (await self._session.execute(statement)).scalars().all()

    async def counts(self) -> dict[MailStatus, int]:
        """Count the mails of each state that somebody may have to look at."""
        watched: tuple[MailStatus, ...] = (MailStatus.QUEUED, MailStatus.DEAD)
        rows = await self._session.execute(
            select(MailMessage.status, func.count()).where(MailMessage.status.in_(watched)).group_by(MailMessage.status)
        )
        return dict.fromkeys(watched, 0) | {status: int(count) for status, count in rows}

    async def oldest_due(self, now: datetime) -> datetime | None:
        """Return since when the mail that waits longest could have left."""
        due = select(func.min(MailMessage.next_try_at)).where(
            MailMessage.status == MailStatus.QUEUED, MailMessage.next_try_at <= now
        )
        return (await self._session.execute(due)).scalar_one()

    async def prune(self, before: datetime, limit: int) -> int:
        """Delete mails that left or came to nothing long ago."""
        done = (MailStatus.SENT, MailStatus.OBSOLETE, MailStatus.REFUSED)
        old = (
            select(MailMessage.id)
            .where(MailMessage.created_at < before, MailMessage.status.in_(done))
            .order_by(MailMessage.id)
            .limit(limit)
        )
        gone = await self._session.execute(delete(MailMessage).where(MailMessage.id.in_(old)).returning(MailMessage.id))
        return len(gone.scalars().all())
