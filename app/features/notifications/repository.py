"""Queries for notifications and outgoing e-mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Integer,
    ScalarSelect,
    Select,
    Uuid,
    bindparam,
    case,
    delete,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utc_now
from app.core.ids import new_id
from app.models.notification import MailMessage, MailStatus, NoticeKind, Notification
from app.models.user import User

UNREAD_ABOUT = text("read_at IS NULL AND about IS NOT NULL")
MAX_EARLIER_IDS = 20
QUEUED_ABOUT = text("status = 'queued' AND about IS NOT NULL")
"""The predicates of the two partial indexes by which one row about a thing exists."""


@dataclass(frozen=True, slots=True)
class RecordedNotice:
    """How many pieces of news a notification stands for, and when the last e-mail about it was sent."""

    count: int
    mailed_at: datetime | None


@cache
def _page(*, continued: bool, unread: bool) -> Select[Notification]:
    """Return the statement of a page of notifications, built once for each combination."""
    statement = select(Notification).where(Notification.user_id == bindparam("user_id"))
    if continued:
        statement = statement.where(Notification.id < bindparam("before"))
    if unread:
        statement = statement.where(Notification.read_at.is_(None))
    return statement.order_by(Notification.id.desc()).limit(bindparam("row_limit", type_=Integer))


class NotificationRepository:
    """Queries for notifications; every reading query is restricted to an owner."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def record(self, notice: dict[str, Any]) -> RecordedNotice | None:
        """Add a notification, or renew the unread one about the same thing; return None for a repeated one.

        News may be recorded in another order than they happened; the newest stays. A renewed one gets a new id, because
        ids order the list, and because nobody should mark as read what they have not seen.
        """
        statement = insert(Notification).values({"id": new_id(), **notice})
        if notice["about"] is None:
            statement = statement.on_conflict_do_nothing()
        else:
            new = statement.excluded
            is_newer = new.message_id > Notification.message_id
            newest = {
                name: case((is_newer, new[name]), else_=getattr(Notification, name))
                for name in ("id", "kind", "params", "message_id", "created_at")
            }
            before = func.array_prepend(Notification.id, Notification.earlier_ids, type_=ARRAY(Uuid))
            newest["earlier_ids"] = case((is_newer, before[1:MAX_EARLIER_IDS]), else_=Notification.earlier_ids)
            statement = statement.on_conflict_do_update(
                index_elements=[Notification.user_id, Notification.about],
                index_where=UNREAD_ABOUT,
                set_={**newest, "count": Notification.count + 1},
                where=new.message_id != Notification.message_id,
            )
        returned = await self._session.execute(statement.returning(Notification.count, Notification.mailed_at))
        row = returned.one_or_none()
        return RecordedNotice(row[0], row[1]) if row is not None else None

    async def unread_about(self, user_id: UUID, about: str, *, locked: bool = False) -> Notification | None:
        """Return a person's unread notification about a thing, locked if asked."""
        statement = select(Notification).where(
            Notification.user_id == user_id, Notification.about == about, Notification.read_at.is_(None)
        )
        if locked:
            statement = statement.with_for_update()
        found = await self._session.execute(statement.execution_options(populate_existing=True))
        return found.scalar_one_or_none()

    async def page(self, user_id: UUID, before: UUID | None, limit: int, *, unread: bool) -> Sequence[Notification]:
        """Return notifications, newest first; ids grow with time."""
        values = {"user_id": user_id, "before": before, "row_limit": limit}
        statement = _page(continued=before is not None, unread=unread)
        return (await self._session.execute(statement, values)).scalars().all()

    async def count_unread(self, user_id: UUID, most: int) -> int:
        """Count unread notifications up to a limit."""
        some = (
            select(Notification.id)
            .where(Notification.user_id == user_id, Notification.read_at.is_(None))
            .limit(most)
            .subquery()
        )
        return (await self._session.execute(select(func.count()).select_from(some))).scalar_one()

    async def find(self, user_id: UUID, notice_id: UUID) -> Notification | None:
        """Return one of the person's own notifications, locked, by its id or by one from before it was renewed."""
        named = or_(Notification.id == notice_id, Notification.earlier_ids.contains([notice_id]))
        statement = select(Notification).where(Notification.user_id == user_id, named)
        return (await self._session.execute(statement.with_for_update())).scalar_one_or_none()

    async def mark_all_read(self, user_id: UUID) -> int:
        """Mark all notifications as read and return their number."""
        marked = await self._session.execute(
            update(Notification)
            .where(Notification.user_id == user_id, Notification.read_at.is_(None))
            .values(read_at=utc_now())
            .returning(Notification.id)
        )
        return len(marked.scalars().all())

    async def mark_about(self, user_id: UUID, kind: NoticeKind, name: str, value: str) -> int:
        """Mark a person's unread notifications about one object as read and return their number."""
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

    async def mark_settled(self, user_id: UUID, abouts: Sequence[str]) -> int:
        """Mark a person's unread notifications about things that were settled as read and return their number."""
        marked = await self._session.execute(
            update(Notification)
            .where(Notification.user_id == user_id, Notification.read_at.is_(None), Notification.about.in_(abouts))
            .values(read_at=utc_now())
            .returning(Notification.id)
        )
        return len(marked.scalars().all())

    async def prune(self, before: datetime, limit: int) -> int:
        """Delete a small batch of old notifications."""
        old = select(Notification.id).where(Notification.created_at < before).order_by(Notification.id).limit(limit)
        gone = await self._session.execute(
            delete(Notification).where(Notification.id.in_(old)).returning(Notification.id)
        )
        return len(gone.scalars().all())


def unread_of_owner(most: int) -> ScalarSelect[int]:
    """Return the count of unread notifications as a scalar subquery of a statement about `User`."""
    some = (
        select(Notification.id)
        .where(Notification.user_id == User.id, Notification.read_at.is_(None))
        .limit(literal_column(str(most)))
        .correlate(User)
        .subquery()
    )
    return select(func.count()).select_from(some).correlate(User).scalar_subquery()


class MailRepository:
    """Queries for outgoing e-mails."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, mail: dict[str, Any]) -> None:
        """Record an e-mail to send; the same e-mail for the same event is recorded once.

        One e-mail about a thing waits at a time. Another makes it due earlier at most, unless it is being sent.
        """
        statement = insert(MailMessage).values({"id": new_id(), **mail})
        if mail["about"] is None:
            statement = statement.on_conflict_do_nothing()
        else:
            earlier = func.least(MailMessage.next_try_at, statement.excluded.next_try_at)
            statement = statement.on_conflict_do_update(
                index_elements=[MailMessage.user_id, MailMessage.about],
                index_where=QUEUED_ABOUT,
                set_={"next_try_at": earlier},
                where=MailMessage.attempts == 0,
            )
        await self._session.execute(statement)

    async def claim(self, until: datetime) -> MailMessage | None:
        """Claim the e-mail that has waited longest, so that no other sender takes it before `until`."""
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
        """Return one e-mail, locked."""
        return await self._session.get(MailMessage, mail_id, with_for_update=True, populate_existing=True)

    async def with_status(self, status: MailStatus) -> Sequence[MailMessage]:
        """Return e-mails with one status, oldest first."""
        statement = select(MailMessage).where(MailMessage.status == status).order_by(MailMessage.id)
        return (await self._session.execute(statement)).scalars().all()

    async def counts(self) -> dict[MailStatus, int]:
        """Count e-mails by each status that an operator may have to look at."""
        watched: tuple[MailStatus, ...] = (MailStatus.QUEUED, MailStatus.DEAD)
        rows = await self._session.execute(
            select(MailMessage.status, func.count()).where(MailMessage.status.in_(watched)).group_by(MailMessage.status)
        )
        return dict.fromkeys(watched, 0) | {status: int(count) for status, count in rows}

    async def oldest_due(self, now: datetime) -> datetime | None:
        """Return since when the e-mail that has waited longest has been due."""
        due = select(func.min(MailMessage.next_try_at)).where(
            MailMessage.status == MailStatus.QUEUED, MailMessage.next_try_at <= now
        )
        return (await self._session.execute(due)).scalar_one()

    async def prune(self, before: datetime, limit: int) -> int:
        """Delete e-mails that were sent or given up long ago."""
        done = (MailStatus.SENT, MailStatus.OBSOLETE, MailStatus.REFUSED)
        old = (
            select(MailMessage.id)
            .where(MailMessage.created_at < before, MailMessage.status.in_(done))
            .order_by(MailMessage.id)
            .limit(limit)
        )
        gone = await self._session.execute(delete(MailMessage).where(MailMessage.id.in_(old)).returning(MailMessage.id))
        return len(gone.scalars().all())
