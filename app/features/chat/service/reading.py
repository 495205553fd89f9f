"""What the two sides of a conversation see."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.persistence.pagination import BadCursorError, Slice, decode_cursor, encode_cursor
from app.features.chat import policy, rules
from app.features.chat.errors import ConversationNotFoundError
from app.features.chat.repository import ConversationRepository, MessageRepository
from app.features.chat.schemas import ConversationRead, LastMessage, MessageList, MessageRead, TalkedOrder
from app.features.chat.service.writing import files_of
from app.features.files import service as files
from app.features.moderation.service import contacts_in
from app.features.orders import service as orders
from app.features.proposals import service as proposals
from app.models import Conversation, Message
from app.models.side import Side

MOST_COUNTED = 100


async def get_conversation(session: AsyncSession, actor: Actor, conversation_id: UUID) -> ConversationRead:
    """Return a conversation to one of its two sides."""
    return (await present(session, actor, [await _own(session, actor, conversation_id)]))[0]


async def conversation_of(session: AsyncSession, actor: Actor, proposal_id: UUID) -> ConversationRead:
    """Return the conversation about a proposal to one of its two sides.

    Raises:
        ConversationNotFoundError: Nobody has written yet.
        ProposalNotFoundError: The actor is on no side of the proposal.
    """
    await proposals.parties_of(session, actor, proposal_id)
    conversation = await ConversationRepository(session).of_proposal(proposal_id)
    if conversation is None:
        raise ConversationNotFoundError
    return (await present(session, actor, [conversation]))[0]


async def list_conversations(
    session: AsyncSession, actor: Actor, cursor: str | None, limit: int, *, unread: bool = False
) -> Slice[ConversationRead]:
    """Return the actor's conversations, the one that moved last first."""
    rows = await ConversationRepository(session).page(actor.id, _after(cursor), limit + 1, unread=unread)
    shown = rows[:limit]
    more = encode_cursor(shown[-1].moved_at.isoformat(), str(shown[-1].id)) if len(rows) > limit else None
    return Slice(await present(session, actor, shown), more)


async def list_messages(
    session: AsyncSession,
    actor: Actor,
    conversation_id: UUID,
    limit: int,
    *,
    after: int | None = None,
    before: int | None = None,
) -> MessageList:
    """Return a stretch of a conversation, oldest first: what comes after a number, or the newest before one."""
    conversation = await _own(session, actor, conversation_id)
    rows = await MessageRepository(session).stretch(conversation.id, after=after, before=before, limit=limit + 1)
    stretch = sorted(rows[:limit], key=lambda message: message.number)
    return MessageList(items=await _messages(session, actor, conversation, stretch), more=len(rows) > limit)


async def count_unread(session: AsyncSession, user_id: UUID) -> int:
    """Count the conversations with something unread, at most a hundred."""
    return await ConversationRepository(session).count_unread(user_id, MOST_COUNTED)


async def is_read(session: AsyncSession, conversation_id: UUID, reader_id: UUID, number: int) -> bool:
    """Tell whether somebody has read a message, or the conversation is no longer there to be read."""
    conversation = await ConversationRepository(session).get(conversation_id)
    if conversation is None:
        return True
    side = Side.CUSTOMER if reader_id == conversation.customer_id else Side.FREELANCER
    return rules.read_up_to(conversation, side) >= number


async def words_of_other(
    session: AsyncSession, actor: Actor, conversation_id: UUID, limit: int
) -> tuple[ConversationRead, list[str]]:
    """Return a conversation and the newest words of its other side, oldest first: what a report of it keeps."""
    found = await get_conversation(session, actor, conversation_id)
    texts = await MessageRepository(session).texts_of(conversation_id, found.other.id, limit)
    return found, list(reversed(texts))


async def present(session: AsyncSession, actor: Actor, rows: Sequence[Conversation]) -> list[ConversationRead]:
    """Return conversations of the actor's as they see them."""
    if not rows:
        return []
    about = await orders.orders_by_id(session, [row.order_id for row in rows])
    people = await orders.people(session, [policy.other_of(actor, row) for row in rows])
    newest = await MessageRepository(session).last_of(rows)
    held = await files.attached(session, [files_of(message.id) for message in newest.values()])
    live = await proposals.living(session, {row.proposal_id for row in rows})
    found: list[ConversationRead] = []
    for row in rows:
        order, last = about[row.order_id], newest[row.id]
        side = Side.CUSTOMER if row.customer_id == actor.id else Side.FREELANCER
        found.append(
            ConversationRead(
                id=row.id,
                proposal_id=row.proposal_id,
                order=TalkedOrder(id=order.id, title=order.title, status=order.status),
                side=side,
                other=people[policy.other_of(actor, row)],
                last=LastMessage(
                    number=last.number,
                    mine=last.author_id == actor.id,
                    text=last.text[: rules.EXCERPT],
                    has_files=bool(held[files_of(last.id)]),
                    created_at=last.created_at,
                ),
                unread=row.last_number - rules.read_up_to(row, side),
                read_by_other=rules.read_up_to(row, rules.opposite(side)),
                can_write=row.proposal_id in live,
            )
        )
    return found


async def _own(session: AsyncSession, actor: Actor, conversation_id: UUID) -> Conversation:
    conversation = await ConversationRepository(session).get(conversation_id)
    if conversation is None or policy.side_of(actor, conversation) is None:
        raise ConversationNotFoundError
    return conversation


async def _messages(
    session: AsyncSession, actor: Actor, conversation: Conversation, rows: Sequence[Message]
) -> list[MessageRead]:
    people = await orders.people(session, {conversation.customer_id, conversation.freelancer_id})
    held = await files.attached(session, [files_of(row.id) for row in rows])
    read = {
        conversation.customer_id: conversation.freelancer_read,
        conversation.freelancer_id: conversation.customer_read,
    }
    return [
        MessageRead(
            id=row.id,
            number=row.number,
            author=people[row.author_id],
            mine=row.author_id == actor.id,
            text=row.text,
            files=held[files_of(row.id)],
            contacts=[] if row.author_id == actor.id else contacts_in(row.text),
            read=row.number <= read[row.author_id],
            created_at=row.created_at,
        )
        for row in rows
    ]


def _after(cursor: str | None) -> tuple[datetime, UUID] | None:
    if not cursor:
        return None
    moment, key = decode_cursor(cursor, str, str)
    try:
        return datetime.fromisoformat(moment), UUID(key)
    except ValueError as wrong:
        raise BadCursorError from wrong
