"""JSON endpoints of conversations and messages."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.core.http.dependencies import FeatureRouter, ReadSession, Uow
from app.core.http.problem_details import refusals
from app.core.pagination import DEFAULT_LIMIT, MAX_LIMIT, BadCursorError, Page
from app.core.security.rate_limits import TooManyTriesError
from app.core.text.whole_numbers import WholeNumber
from app.features.authentication.dependencies import CurrentActor
from app.features.chat import service
from app.features.chat.errors import (
    ConversationClosedError,
    ConversationNotBegunError,
    ConversationNotFoundError,
    InvalidMessageError,
    ParticipantGoneError,
)
from app.features.chat.schemas import (
    MAX_NUMBER,
    ConversationRead,
    MessageList,
    MessageRead,
    MessageWrite,
    ReadUpTo,
)
from app.features.files.errors import InvalidFilesError
from app.features.identity.errors import ContactNotConfirmedError
from app.features.proposals.errors import ProposalNotFoundError

router = FeatureRouter(tags=["messages"])

WRITING = (ConversationClosedError, ParticipantGoneError, InvalidMessageError, InvalidFilesError, TooManyTriesError)
Cursor = Annotated[str | None, Query(max_length=300, description="`next_cursor` of the previous page.")]
Limit = Annotated[WholeNumber, Query(ge=1, le=MAX_LIMIT)]
Number = Annotated[WholeNumber | None, Query(ge=0, le=MAX_NUMBER)]


@router.get("/conversations", responses=refusals(BadCursorError))
async def list_conversations(
    actor: CurrentActor,
    session: ReadSession,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
    unread: Annotated[bool, Query(description="Return only conversations with unread messages.")] = False,
) -> Page[ConversationRead]:
    """List your conversations, the most recently active first."""
    page = await service.list_conversations(session, actor, cursor, limit, unread=unread)
    return Page(items=page.items, next_cursor=page.next_cursor)


@router.get("/conversations/{conversation_id:uuid}", responses=refusals(ConversationNotFoundError))
async def get_conversation(conversation_id: UUID, actor: CurrentActor, session: ReadSession) -> ConversationRead:
    """Return one of your conversations. Responds 404 for conversations of other people."""
    return await service.get_conversation(session, actor, conversation_id)


@router.get(
    "/proposals/{proposal_id:uuid}/conversation",
    responses=refusals(ProposalNotFoundError, ConversationNotFoundError),
)
async def get_conversation_of_proposal(
    proposal_id: UUID, actor: CurrentActor, session: ReadSession
) -> ConversationRead:
    """Return the conversation about a proposal, to its freelancer or to the order's client.

    Responds 404 for proposals of other people, and while the client has not sent the first message.
    """
    return await service.conversation_of(session, actor, proposal_id)


@router.get("/conversations/{conversation_id:uuid}/messages", responses=refusals(ConversationNotFoundError))
async def list_messages(
    conversation_id: UUID,
    actor: CurrentActor,
    session: ReadSession,
    after: Number = None,
    before: Number = None,
    limit: Limit = DEFAULT_LIMIT,
) -> MessageList:
    """Return messages of a conversation, oldest first: the latest, or those before or after a number.

    Responds 404 for conversations of other people.
    """
    return await service.list_messages(session, actor, conversation_id, limit, after=after, before=before)


@router.post(
    "/proposals/{proposal_id:uuid}/messages",
    status_code=HTTPStatus.CREATED,
    responses=refusals(*WRITING, ProposalNotFoundError, ConversationNotBegunError, ContactNotConfirmedError),
)
async def write_about_proposal(proposal_id: UUID, command: MessageWrite, actor: CurrentActor, uow: Uow) -> MessageRead:
    """Send a message to the other side of a proposal and return it. The client's first message starts the conversation.

    Responds 404 for proposals of other people, 409 when the proposal was declined, withdrawn or has expired, and 409
    when the freelancer writes before the client has started the conversation. The first message needs a confirmed
    e-mail address or phone number.
    """
    sent = await service.write_about(uow, actor, proposal_id, command)
    return await service.read_sent(uow.session, actor, sent, has_files=bool(command.files))


@router.post(
    "/conversations/{conversation_id:uuid}/messages",
    status_code=HTTPStatus.CREATED,
    responses=refusals(*WRITING, ConversationNotFoundError),
)
async def write_message(conversation_id: UUID, command: MessageWrite, actor: CurrentActor, uow: Uow) -> MessageRead:
    """Send a message in one of your conversations and return it.

    Responds 404 for conversations of other people, 409 when the proposal was declined, withdrawn or has expired.
    """
    sent = await service.write(uow, actor, conversation_id, command)
    return await service.read_sent(uow.session, actor, sent, has_files=bool(command.files))


@router.post("/conversations/{conversation_id:uuid}/read", responses=refusals(ConversationNotFoundError))
async def mark_conversation_read(
    conversation_id: UUID, command: ReadUpTo, actor: CurrentActor, uow: Uow
) -> ConversationRead:
    """Mark the messages up to a number as read and return the conversation. The other side can see the number.

    Responds 404 for conversations of other people.
    """
    await service.mark_read(uow, actor, conversation_id, command.number)
    return await service.get_conversation(uow.session, actor, conversation_id)
