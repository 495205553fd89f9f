"""Use cases that send messages and mark them as read."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.unit_of_work import UnitOfWork
from app.features.chat import policy, rules
from app.features.chat.errors import (
    ConversationClosedError,
    ConversationNotBegunError,
    ConversationNotFoundError,
    InvalidMessageError,
    ParticipantGoneError,
)
from app.features.chat.events import ConversationSeen, MessageSent
from app.features.chat.repository import ConversationRepository, MessageRepository
from app.features.chat.schemas import MessageWrite
from app.features.files import service as files
from app.features.files.schemas import Subject
from app.features.identity import service as identity
from app.features.proposals import service as proposals
from app.models import Conversation, Message
from app.models.file import SubjectKind
from app.models.side import Side


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message that was sent, with its conversation."""

    conversation: Conversation
    message: Message


def files_of(message_id: UUID) -> Subject:
    """Return the subject to which the files of a message are attached."""
    return Subject(SubjectKind.MESSAGE, message_id)


async def write_about(uow: UnitOfWork, actor: Actor, proposal_id: UUID, command: MessageWrite) -> SentMessage:
    """Send a message to the other side of a proposal; the client's first message starts the conversation.

    Emits `MessageSent`. A message that was already sent with the same key is returned unchanged.

    Raises:
        ProposalNotFoundError: The actor is neither the freelancer nor the client.
        ConversationNotBegunError: The freelancer writes first, and the proposal was not accepted.
        ContactNotConfirmedError: The first message comes from an account without a confirmed contact.
        ConversationClosedError: The proposal was declined, withdrawn or has lapsed.
        ParticipantGoneError: The account of the other side is closed or banned.
        InvalidMessageError: The message has neither a text nor a file.
        TooManyTriesError: The actor has sent too many messages within ten minutes.
    """
    parties = await proposals.parties_of(uow.session, actor, proposal_id)
    return await _write_between(uow, actor, parties, command)


async def write(uow: UnitOfWork, actor: Actor, conversation_id: UUID, command: MessageWrite) -> SentMessage:
    """Send a message in an existing conversation. Otherwise like `write_about`."""
    parties = await _parties_in(uow.session, actor, conversation_id)
    return await _write_between(uow, actor, parties, command)


async def _parties_in(session: AsyncSession, actor: Actor, conversation_id: UUID) -> proposals.Parties:
    """Return the parties of a conversation in which the actor takes part.

    Raises:
        ConversationNotFoundError: It does not exist or the actor does not take part in it.
    """
    details = await ConversationRepository(session).read(Conversation.id, conversation_id)
    side = policy.side_of(actor, details.conversation) if details is not None else None
    if details is None or side is None:
        raise ConversationNotFoundError
    row = details.conversation
    identity.remember_names(session, [(row.customer_id, details.customer), (row.freelancer_id, details.freelancer)])
    return proposals.Parties(
        proposal_id=row.proposal_id,
        order_id=row.order_id,
        customer_id=row.customer_id,
        freelancer_id=row.freelancer_id,
        side=side,
        is_live=proposals.is_live(details.proposal_status),
        is_chosen=proposals.is_chosen(details.proposal_status),
    )


async def _write_between(
    uow: UnitOfWork, actor: Actor, parties: proposals.Parties, command: MessageWrite
) -> SentMessage:
    """Send a message and return it with its conversation. Errors and events are those of `write_about`."""
    repository = ConversationRepository(uow.session)
    found, before = await repository.of_proposal_with_key(parties.proposal_id, actor.id, command.key)
    if found is not None and before is not None:
        return SentMessage(found, before)
    seen = found.last_number if found is not None else 0
    _check(actor, parties, command, begun=found is not None)
    await _require_reader(uow, parties)
    # Redis is asked before a row is locked: while it does not answer, nobody waits for this transaction.
    await uow.resources.limiter.hit(rules.MESSAGES_BY_ACCOUNT, str(actor.id))
    if parties.side is Side.CUSTOMER:
        # Lock order: order, proposal, conversation.
        parties = await proposals.record_customer_message(uow, actor, parties)
    conversation = await repository.lock_of_proposal(parties.proposal_id)
    if conversation is not None and command.key is not None and conversation.last_number != seen:
        before = await MessageRepository(uow.session).with_key(conversation.id, actor.id, command.key)
        if before is not None:
            return SentMessage(conversation, before)
    _check(actor, parties, command, begun=conversation is not None)
    return await _add(uow, actor, conversation or _begun(parties), command)


async def _require_reader(uow: UnitOfWork, parties: proposals.Parties) -> None:
    reader_id = parties.freelancer_id if parties.side is Side.CUSTOMER else parties.customer_id
    if not await identity.is_active(uow.session, reader_id):
        raise ParticipantGoneError


def _check(actor: Actor, parties: proposals.Parties, command: MessageWrite, *, begun: bool) -> None:
    """Check a message by what is known of its proposal: before the locks, and again with them."""
    if not parties.is_live:
        raise ConversationClosedError
    if not begun:
        if not policy.may_begin(parties.side, is_chosen=parties.is_chosen):
            raise ConversationNotBegunError
        identity.require_confirmed(actor)
    faults = rules.validate_message(command.text, len(command.files))
    if faults:
        raise InvalidMessageError(errors=faults)


async def mark_read(uow: UnitOfWork, actor: Actor, conversation_id: UUID, number: int) -> Conversation:
    """Mark the messages up to `number` as read by the actor. Emits `ConversationSeen` if any of them was unread.

    Raises:
        ConversationNotFoundError: It does not exist or the actor does not take part in it.
    """
    conversation = await ConversationRepository(uow.session).lock(conversation_id)
    side = policy.side_of(actor, conversation) if conversation is not None else None
    if conversation is None or side is None:
        raise ConversationNotFoundError
    if rules.mark_read_up_to(conversation, side, number):
        read = rules.read_up_to(conversation, side)
        uow.emit(ConversationSeen(conversation_id=str(conversation_id), reader_id=str(actor.id), number=read))
    return conversation


def _begun(parties: proposals.Parties) -> Conversation:
    return Conversation(
        id=new_id(),
        proposal_id=parties.proposal_id,
        order_id=parties.order_id,
        customer_id=parties.customer_id,
        freelancer_id=parties.freelancer_id,
        last_number=0,
        customer_read_number=0,
        freelancer_read_number=0,
        customer_notified_number=0,
        freelancer_notified_number=0,
    )


async def _add(uow: UnitOfWork, actor: Actor, conversation: Conversation, command: MessageWrite) -> SentMessage:
    side = policy.side_of(actor, conversation)
    if side is None:
        raise ConversationNotFoundError
    conversation.last_number += 1
    conversation.moved_at = utc_now()
    # The author counts as having read all earlier messages.
    rules.mark_read_up_to(conversation, side, conversation.last_number)
    # All changes of the conversation precede the insert of the message. When a row is updated twice in one transaction,
    # PostgreSQL checks its foreign keys again. That check would wait for the lock on the order, whose holder may wait
    # for this conversation.
    notify_reader = rules.mark_notified(conversation, rules.opposite(side))
    await ConversationRepository(uow.session).save(conversation)
    message = Message(
        conversation_id=conversation.id,
        number=conversation.last_number,
        author_id=actor.id,
        key=command.key,
        text=command.text,
        created_at=conversation.moved_at,
    )
    await MessageRepository(uow.session).add(message)
    if command.files:
        await files.attach_to_new(uow, actor, files_of(message.id), command.files)
    uow.emit(
        MessageSent(
            conversation_id=str(conversation.id),
            order_id=str(conversation.order_id),
            number=message.number,
            author_id=str(actor.id),
            reader_id=str(policy.other_of(actor, conversation)),
            notify_reader=notify_reader,
        )
    )
    return SentMessage(conversation, message)
