"""Every query about conversations and their messages."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Conversation, Message


class ConversationRepository:
    """Conversations, by the ways the house asks for them."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, conversation: Conversation) -> None:
        """Write a new conversation; its order is locked, so nobody else begins the same one."""
        self._session.add(conversation)
        await self._session.flush()

    async def lock_of_proposal(self, proposal_id: UUID) -> Conversation | None:
        """Return the conversation of a proposal, locked."""
        statement = select(Conversation).where(Conversation.proposal_id == proposal_id)
        found = await self._session.execute(statement.with_for_update().execution_options(populate_existing=True))
        return found.scalar_one_or_none()

    async def get(self, conversation_id: UUID) -> Conversation | None:
        """Return one conversation."""
        return (
            await self._session.execute(select(Conversation).where(Conversation.id == conversation_id))
        ).scalar_one_or_none()

    async def lock(self, conversation_id: UUID) -> Conversation | None:
        """Return one conversation, locked."""
        return await self._session.get(Conversation, conversation_id, with_for_update=True, populate_existing=True)

    async def of_proposal(self, proposal_id: UUID) -> Conversation | None:
        """Return the conversation of a proposal."""
        statement = select(Conversation).where(Conversation.proposal_id == proposal_id)
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def page(
        self, user_id: UUID, after: tuple[datetime, UUID] | None, limit: int, *, unread: bool
    ) -> Sequence[Conversation]:
        """Return a person's conversations, the one that moved last first."""
        statement = select(Conversation).where(_unread(user_id) if unread else _of(user_id))
        if after is not None:
            statement = statement.where(tuple_(Conversation.moved_at, Conversation.id) < tuple_(*after))
        ordered = statement.order_by(Conversation.moved_at.desc(), Conversation.id.desc()).limit(limit)
        return (await self._session.execute(ordered)).scalars().all()

    async def count_unread(self, user_id: UUID, most: int) -> int:
        """Count the conversations with something unread, no further than anybody wants to know."""
        some = select(Conversation.id).where(_unread(user_id)).limit(most).subquery()
        return (await self._session.execute(select(func.count()).select_from(some))).scalar_one()


class MessageRepository:
    """Messages, by their numbers."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, message: Message) -> None:
        """Write a message; its conversation is locked."""
        self._session.add(message)
        await self._session.flush()

    async def with_key(self, conversation_id: UUID, author_id: UUID, key: UUID) -> Message | None:
        """Return the message to which its writer gave this key."""
        statement = select(Message).where(
            Message.conversation_id == conversation_id, Message.author_id == author_id, Message.key == key
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def stretch(
        self, conversation_id: UUID, *, after: int | None, before: int | None, limit: int
    ) -> Sequence[Message]:
        """Return messages with numbers between two others: the oldest of them where `after` is given, else the newest.

        They come in the direction in which they were looked for.
        """
        statement = select(Message).where(Message.conversation_id == conversation_id)
        if after is not None:
            statement = statement.where(Message.number > after)
        if before is not None:
            statement = statement.where(Message.number < before)
        order = Message.number.asc() if after is not None else Message.number.desc()
        return (await self._session.execute(statement.order_by(order).limit(limit))).scalars().all()

    async def last_of(self, conversations: Collection[Conversation]) -> dict[UUID, Message]:
        """Return the newest message of each conversation."""
        places = [(conversation.id, conversation.last_number) for conversation in conversations]
        statement = select(Message).where(tuple_(Message.conversation_id, Message.number).in_(places))
        rows = (await self._session.execute(statement)).scalars()
        return {message.conversation_id: message for message in rows}

    async def texts_of(self, conversation_id: UUID, author_id: UUID, limit: int) -> Sequence[str]:
        """Return what one side has written, newest first."""
        statement = (
            select(Message.text)
            .where(Message.conversation_id == conversation_id, Message.author_id == author_id, Message.text != "")
            .order_by(Message.number.desc())
            .limit(limit)
        )
        return (await self._session.execute(statement)).scalars().all()


def _of(user_id: UUID) -> ColumnElement[bool]:
    return or_(Conversation.customer_id == user_id, Conversation.freelancer_id == user_id)


def _unread(user_id: UUID) -> ColumnElement[bool]:
    return or_(
        and_(Conversation.customer_id == user_id, Conversation.customer_read < Conversation.last_number),
        and_(Conversation.freelancer_id == user_id, Conversation.freelancer_read < Conversation.last_number),
    )
