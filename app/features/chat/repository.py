"""Queries for conversations and messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    Uuid,
    and_,
    bindparam,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.models import Conversation, Message, Order, OrderStatus, Proposal, ProposalStatus, User
from app.models.file import Attachment, SubjectKind
from app.models.user import shown_name

_HAS_FILES = (
    exists()
    .where(Attachment.subject_kind == SubjectKind.MESSAGE, Attachment.subject_id == Message.id)
    .correlate(Message)
)


@dataclass(frozen=True, slots=True)
class ConversationDetails:
    """A conversation with its latest message, its order and proposal, and the names of both participants."""

    conversation: Conversation
    last: Message
    has_files: bool
    title: str
    order_status: OrderStatus
    proposal_status: ProposalStatus
    customer: str
    freelancer: str


_CONVERSATION_DETAILS = (
    select(
        Conversation,
        Message,
        _HAS_FILES,
        Order.title,
        Order.status,
        Proposal.status,
        shown_name(Conversation.customer_id),
        shown_name(Conversation.freelancer_id),
    )
    .join(Order, Order.id == Conversation.order_id)
    .join(Proposal, Proposal.id == Conversation.proposal_id)
    .join(Message, and_(Message.conversation_id == Conversation.id, Message.number == Conversation.last_number))
)
_LIMIT = bindparam("row_limit", type_=Integer)


# Built once: building a statement takes longer than reading its rows.
@cache
def _details_by(
    column: InstrumentedAttribute[UUID],
) -> Select[Conversation, Message, bool, str, OrderStatus, ProposalStatus, str, str]:
    """Return the statement of one conversation."""
    return _CONVERSATION_DETAILS.where(column == bindparam("id"))


@cache
def _details_of(
    *, unread: bool, continued: bool
) -> Select[Conversation, Message, bool, str, OrderStatus, ProposalStatus, str, str]:
    """Return the statement of a page of a person's conversations."""
    user_id: BindParameter[UUID] = bindparam("user_id", type_=Uuid())
    statement = _CONVERSATION_DETAILS.where(_unread(user_id) if unread else _of(user_id))
    if continued:
        after = tuple_(bindparam("after_moved_at"), bindparam("after_id"))
        statement = statement.where(tuple_(Conversation.moved_at, Conversation.id) < after)
    return statement.order_by(Conversation.moved_at.desc(), Conversation.id.desc()).limit(_LIMIT)


@cache
def _messages_between(*, after: bool, before: bool) -> Select[Message, bool]:
    """Return the statement of messages between two numbers, or before or after one."""
    statement = select(Message, _HAS_FILES).where(Message.conversation_id == bindparam("conversation_id"))
    if after:
        statement = statement.where(Message.number > bindparam("after"))
    if before:
        statement = statement.where(Message.number < bindparam("before"))
    return statement.order_by(Message.number.asc() if after else Message.number.desc()).limit(_LIMIT)


class ConversationRepository:
    """Queries for conversations."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def save(self, conversation: Conversation) -> None:
        """Write a conversation, a new one or one that is locked.

        The lock on its order prevents two conversations about one proposal.
        """
        self._session.add(conversation)
        await self._session.flush()

    async def lock_of_proposal(self, proposal_id: UUID) -> Conversation | None:
        """Return the conversation of a proposal and lock its row."""
        statement = select(Conversation).where(Conversation.proposal_id == proposal_id)
        found = await self._session.execute(statement.with_for_update().execution_options(populate_existing=True))
        return found.scalar_one_or_none()

    async def get(self, conversation_id: UUID) -> Conversation | None:
        """Return one conversation."""
        return await self._session.get(Conversation, conversation_id)

    async def read(self, column: InstrumentedAttribute[UUID], value: UUID) -> ConversationDetails | None:
        """Return one conversation, found by a unique column, with its latest message, order, proposal and names."""
        row = (await self._session.execute(_details_by(column), {"id": value})).one_or_none()
        return ConversationDetails(*row) if row else None

    async def lock(self, conversation_id: UUID) -> Conversation | None:
        """Return one conversation and lock its row."""
        return await self._session.get(Conversation, conversation_id, with_for_update=True, populate_existing=True)

    async def of_proposal_with_key(
        self, proposal_id: UUID, author_id: UUID, key: UUID | None
    ) -> tuple[Conversation | None, Message | None]:
        """Return the conversation of a proposal and the author's message with this idempotency key in it."""
        same = Message.key == key if key is not None else false()
        sent = and_(Message.conversation_id == Conversation.id, Message.author_id == author_id, same)
        statement = select(Conversation, Message).outerjoin(Message, sent)
        row = (await self._session.execute(statement.where(Conversation.proposal_id == proposal_id))).one_or_none()
        return (row[0], row[1]) if row else (None, None)

    async def takes_part(self, conversation_id: UUID, user_id: UUID) -> bool:
        """Tell whether the conversation exists and the person takes part in it."""
        statement = select(exists().where(Conversation.id == conversation_id, _of(user_id)))
        return bool((await self._session.execute(statement)).scalar_one())

    async def is_party(self, proposal_id: UUID, user_id: UUID) -> bool:
        """Tell whether the proposal exists and the person is its freelancer or the client of its order."""
        sides = or_(Proposal.freelancer_id == user_id, Order.customer_id == user_id)
        statement = select(exists().where(Proposal.id == proposal_id, Order.id == Proposal.order_id, sides))
        return bool((await self._session.execute(statement)).scalar_one())

    async def page(
        self, user_id: UUID, after: tuple[datetime, UUID] | None, limit: int, *, unread: bool
    ) -> Sequence[ConversationDetails]:
        """Return a person's conversations, the most recently active first."""
        moved_at, conversation_id = after or (None, None)
        values = {"user_id": user_id, "after_moved_at": moved_at, "after_id": conversation_id, "row_limit": limit}
        found = await self._session.execute(_details_of(unread=unread, continued=after is not None), values)
        return [ConversationDetails(*row) for row in found]


class MessageRepository:
    """Queries for messages."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, message: Message) -> None:
        """Insert a message. The caller must have locked its conversation."""
        self._session.add(message)
        await self._session.flush()

    async def with_key(self, conversation_id: UUID, author_id: UUID, key: UUID) -> Message | None:
        """Return the author's message with this idempotency key."""
        statement = select(Message).where(
            Message.conversation_id == conversation_id, Message.author_id == author_id, Message.key == key
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def lock_number(self, conversation_id: UUID, number: int) -> Message | None:
        """Return one message of a conversation and lock its row."""
        statement = select(Message).where(Message.conversation_id == conversation_id, Message.number == number)
        found = await self._session.execute(statement.with_for_update().execution_options(populate_existing=True))
        return found.scalar_one_or_none()

    async def list_between(
        self, conversation_id: UUID, *, after: int | None, before: int | None, limit: int
    ) -> Sequence[tuple[Message, bool]]:
        """Return messages with numbers between `after` and `before`, both exclusive.

        With `after`, the oldest of them are returned in ascending order; without it, the latest in descending order.
        Each message comes with whether it has files.
        """
        statement = _messages_between(after=after is not None, before=before is not None)
        values = {"conversation_id": conversation_id, "after": after, "before": before, "row_limit": limit}
        return [(row[0], row[1]) for row in await self._session.execute(statement, values)]

    async def is_shown_to(self, message_id: UUID, user_id: UUID) -> bool:
        """Tell whether the message exists and the person takes part in its conversation."""
        statement = select(
            exists().where(Message.id == message_id, Conversation.id == Message.conversation_id, _of(user_id))
        )
        return bool((await self._session.execute(statement)).scalar_one())

    async def texts_of(self, conversation_id: UUID, author_id: UUID, limit: int) -> Sequence[str]:
        """Return the texts of one participant, newest first, without empty and removed ones."""
        statement = (
            select(Message.text)
            .where(Message.conversation_id == conversation_id, Message.author_id == author_id, Message.text != "")
            .where(Message.taken_down_at.is_(None))
            .order_by(Message.number.desc())
            .limit(limit)
        )
        return (await self._session.execute(statement)).scalars().all()


def _of(user_id: BindParameter[UUID] | UUID) -> ColumnElement[bool]:
    return or_(Conversation.customer_id == user_id, Conversation.freelancer_id == user_id)


def unread_of_owner(most: int) -> ScalarSelect[int]:
    """Return the count of conversations with unread messages, at most `most`, as a subquery of a `User` statement."""
    some = select(Conversation.id).where(_unread(User.id)).limit(literal_column(str(most))).correlate(User).subquery()
    return select(func.count()).select_from(some).correlate(User).scalar_subquery()


def _unread(user_id: BindParameter[UUID] | InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    return or_(
        and_(Conversation.customer_id == user_id, Conversation.customer_read_number < Conversation.last_number),
        and_(Conversation.freelancer_id == user_id, Conversation.freelancer_read_number < Conversation.last_number),
    )
