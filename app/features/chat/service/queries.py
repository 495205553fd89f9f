"""Queries of conversations and messages for their participants."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ScalarSelect
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.pagination import Slice, encode_cursor, last_moment
from app.features.chat import policy, rules
from app.features.chat.errors import ConversationNotFoundError
from app.features.chat.repository import ConversationDetails, ConversationRepository, MessageRepository, unread_of_owner
from app.features.chat.schemas import (
    ConversationOrder,
    ConversationRead,
    LastMessage,
    MessageList,
    MessageRead,
)
from app.features.chat.service.commands import SentMessage, files_of
from app.features.files import service as files
from app.features.identity import service as identity
from app.features.moderation.service import detect_contacts
from app.features.orders import service as orders
from app.features.orders.schemas import PersonRead
from app.features.proposals import service as proposals
from app.features.proposals.errors import ProposalNotFoundError
from app.models import Conversation, Message
from app.models.file import SubjectKind
from app.models.side import Side

MAX_COUNTED = 100


async def get_conversation(session: AsyncSession, actor: Actor, conversation_id: UUID) -> ConversationRead:
    """Return a conversation in which the actor takes part.

    Raises:
        ConversationNotFoundError: It does not exist or the actor does not take part in it.
    """
    return _read(session, actor, await _own(session, actor, conversation_id))


async def open_conversation(
    session: AsyncSession,
    actor: Actor,
    conversation_id: UUID,
    limit: int,
    *,
    after: int | None = None,
    before: int | None = None,
) -> tuple[ConversationRead, MessageList]:
    """Return a conversation with a range of its messages, selected as in `list_messages`."""
    details = await _own(session, actor, conversation_id)
    found = await _message_range(session, actor, details.conversation, limit, after=after, before=before)
    return _read(session, actor, details), found


async def conversation_of(session: AsyncSession, actor: Actor, proposal_id: UUID) -> ConversationRead:
    """Return the conversation about a proposal, to its freelancer or to the order's client.

    Raises:
        ConversationNotFoundError: The conversation has not started yet.
        ProposalNotFoundError: The actor is neither the freelancer nor the client.
    """
    found = await find_conversation(session, actor, proposal_id)
    if found is None:
        await proposals.parties_of(session, actor, proposal_id)
        raise ConversationNotFoundError
    return found


async def find_conversation(session: AsyncSession, actor: Actor, proposal_id: UUID) -> ConversationRead | None:
    """Return the conversation about a proposal, or None if it has not started or the actor does not take part."""
    details = await ConversationRepository(session).read(Conversation.proposal_id, proposal_id)
    if details is None or policy.side_of(actor, details.conversation) is None:
        return None
    return _read(session, actor, details)


async def require_conversation(session: AsyncSession, actor: Actor, conversation_id: UUID) -> None:
    """Check that the actor takes part in a conversation, without reading it.

    Raises:
        ConversationNotFoundError: It does not exist or the actor does not take part in it.
    """
    if not await ConversationRepository(session).takes_part(conversation_id, actor.id):
        raise ConversationNotFoundError


async def require_proposal(session: AsyncSession, actor: Actor, proposal_id: UUID) -> None:
    """Check that the actor is on one side of a proposal, without reading it.

    Raises:
        ProposalNotFoundError: It does not exist or the actor is neither the freelancer nor the client.
    """
    if not await ConversationRepository(session).is_party(proposal_id, actor.id):
        raise ProposalNotFoundError


async def list_conversations(
    session: AsyncSession, actor: Actor, cursor: str | None, limit: int, *, unread: bool = False
) -> Slice[ConversationRead]:
    """Return the actor's conversations, the most recently active first."""
    rows = await ConversationRepository(session).page(actor.id, last_moment(cursor), limit + 1, unread=unread)
    shown = rows[:limit]
    last = shown[-1].conversation if len(rows) > limit else None
    more = encode_cursor(last.moved_at, last.id) if last is not None else None
    return Slice([_read(session, actor, details) for details in shown], more)


async def list_messages(
    session: AsyncSession,
    actor: Actor,
    conversation_id: UUID,
    limit: int,
    *,
    after: int | None = None,
    before: int | None = None,
) -> MessageList:
    """Return messages of a conversation, oldest first: those after a number, or the latest before one."""
    details = await _own(session, actor, conversation_id)
    return await _message_range(session, actor, details.conversation, limit, after=after, before=before)


async def _message_range(
    session: AsyncSession,
    actor: Actor,
    conversation: Conversation,
    limit: int,
    *,
    after: int | None = None,
    before: int | None = None,
) -> MessageList:
    rows = await MessageRepository(session).list_between(conversation.id, after=after, before=before, limit=limit + 1)
    chosen = sorted(rows[:limit], key=lambda row: row[0].number)
    return MessageList(items=await _messages(session, actor, conversation, chosen), more=len(rows) > limit)


async def may_read_files(session: AsyncSession, reader: Actor | None, message_id: UUID, _grant: str) -> bool:
    """Tell whether the reader of a link takes part in the conversation of the message."""
    return reader is not None and await MessageRepository(session).is_shown_to(message_id, reader.id)


files.register_read_check(SubjectKind.MESSAGE, may_read_files)


def unread_conversations() -> ScalarSelect[int]:
    """Return the count of conversations with unread messages, at most 100, as a subquery of a `User` statement."""
    return unread_of_owner(MAX_COUNTED)


async def is_read(session: AsyncSession, conversation_id: UUID, reader_id: UUID, number: int) -> bool:
    """Tell whether the message was read or its conversation no longer exists."""
    conversation = await ConversationRepository(session).get(conversation_id)
    if conversation is None:
        return True
    side = Side.CUSTOMER if reader_id == conversation.customer_id else Side.FREELANCER
    return rules.read_up_to(conversation, side) >= number


async def latest_texts_of_other(
    session: AsyncSession, actor: Actor, conversation_id: UUID, limit: int
) -> tuple[ConversationRead, list[str]]:
    """Return a conversation and the latest texts of the other side, oldest first. Reports store them as evidence."""
    found = await get_conversation(session, actor, conversation_id)
    texts = await MessageRepository(session).texts_of(conversation_id, found.other.id, limit)
    return found, list(reversed(texts))


async def read_sent(session: AsyncSession, actor: Actor, sent: SentMessage, *, has_files: bool) -> MessageRead:
    """Return a message that the actor has just sent as the actor sees it."""
    return (await _messages(session, actor, sent.conversation, [(sent.message, has_files)]))[0]


def _read(session: AsyncSession, actor: Actor, details: ConversationDetails) -> ConversationRead:
    """Return one of the actor's conversations as the actor sees it."""
    row, last = details.conversation, details.last
    identity.remember_names(session, [(row.customer_id, details.customer), (row.freelancer_id, details.freelancer)])
    side = Side.CUSTOMER if row.customer_id == actor.id else Side.FREELANCER
    name = details.freelancer if side is Side.CUSTOMER else details.customer
    title = orders.shown_title(details.title, details.order_status, to_customer=side is Side.CUSTOMER)
    return ConversationRead(
        id=row.id,
        proposal_id=row.proposal_id,
        order=ConversationOrder(id=row.order_id, title=title, status=details.order_status),
        side=side,
        other=PersonRead(id=policy.other_of(actor, row), name=name),
        last=LastMessage(
            number=last.number,
            mine=last.author_id == actor.id,
            text=rules.shown_text(last, actor.id)[: rules.EXCERPT],
            has_files=details.has_files and last.taken_down_at is None,
            created_at=last.created_at,
        ),
        unread=row.last_number - rules.read_up_to(row, side),
        read_by_other=rules.read_up_to(row, rules.opposite(side)),
        can_write=proposals.is_live(details.proposal_status),
    )


async def _own(session: AsyncSession, actor: Actor, conversation_id: UUID) -> ConversationDetails:
    details = await ConversationRepository(session).read(Conversation.id, conversation_id)
    if details is None or policy.side_of(actor, details.conversation) is None:
        raise ConversationNotFoundError
    row = details.conversation
    identity.remember_names(session, [(row.customer_id, details.customer), (row.freelancer_id, details.freelancer)])
    return details


async def _messages(
    session: AsyncSession, actor: Actor, conversation: Conversation, rows: Sequence[tuple[Message, bool]]
) -> list[MessageRead]:
    people = await orders.people(session, {conversation.customer_id, conversation.freelancer_id})
    subjects = [files_of(row.id) for row, has_files in rows if has_files and row.taken_down_at is None]
    held = await files.attached(session, subjects, actor)
    read = {
        conversation.customer_id: conversation.freelancer_read_number,
        conversation.freelancer_id: conversation.customer_read_number,
    }
    return [
        MessageRead(
            id=row.id,
            number=row.number,
            author=people[row.author_id],
            mine=row.author_id == actor.id,
            text=rules.shown_text(row, actor.id),
            taken_down=row.taken_down_at is not None,
            files=held.get(files_of(row.id), []),
            contacts=[] if row.author_id == actor.id or row.taken_down_at is not None else detect_contacts(row.text),
            read=row.number <= read[row.author_id],
            created_at=row.created_at,
        )
        for row, _has_files in rows
    ]
