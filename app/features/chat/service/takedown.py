"""Taking messages down and restoring them, by the operator."""

from uuid import UUID

from app.core.actor import Actor
from app.core.audit import record_audit
from app.core.clock import utc_now
from app.core.unit_of_work import UnitOfWork
from app.features.chat.errors import MessageNotFoundError, MessageTakedownStateError
from app.features.chat.events import MessageRestored, MessageTakenDown
from app.features.chat.repository import MessageRepository
from app.features.chat.service.commands import files_of
from app.features.files import service as files
from app.models import Message


async def take_down_message(
    uow: UnitOfWork, actor: Actor, conversation_id: UUID, number: int, *, reason: str
) -> Message:
    """Take a message with its files down: neither side reads it, its author reads why. Emits `MessageTakenDown`.

    Raises:
        MessageNotFoundError: There is no such message.
        MessageTakedownStateError: It was taken down already.
    """
    message = await _locked(uow, conversation_id, number, taken_down=False)
    message.taken_down_at = now = utc_now()
    message.takedown_reason = reason
    await files.take_down_attached(uow, actor, files_of(message.id), now, reason=reason)
    _record(uow, actor, message, "message.take_down", reason)
    author, conversation = str(message.author_id), str(conversation_id)
    uow.emit(MessageTakenDown(conversation_id=conversation, number=number, author_id=author, reason=reason))
    return message


async def restore_message(
    uow: UnitOfWork, actor: Actor, conversation_id: UUID, number: int, *, reason: str = ""
) -> Message:
    """Restore a message that was taken down, with the files taken down with it. Emits `MessageRestored`.

    Raises:
        MessageNotFoundError: There is no such message.
        MessageTakedownStateError: It was not taken down.
    """
    message = await _locked(uow, conversation_id, number, taken_down=True)
    if message.taken_down_at is not None:
        await files.restore_attached(uow, actor, files_of(message.id), message.taken_down_at, reason=reason)
    message.taken_down_at = message.takedown_reason = None
    _record(uow, actor, message, "message.restore", reason)
    author, conversation = str(message.author_id), str(conversation_id)
    uow.emit(MessageRestored(conversation_id=conversation, number=number, author_id=author))
    return message


async def _locked(uow: UnitOfWork, conversation_id: UUID, number: int, *, taken_down: bool) -> Message:
    message = await MessageRepository(uow.session).lock_number(conversation_id, number)
    if message is None:
        raise MessageNotFoundError
    if (message.taken_down_at is not None) is not taken_down:
        raise MessageTakedownStateError
    return message


def _record(uow: UnitOfWork, actor: Actor, message: Message, action: str, reason: str) -> None:
    is_down = message.taken_down_at is not None
    old, new = {"taken_down": not is_down}, {"taken_down": is_down}
    record_audit(uow.session, actor, action, message.id, old=old, new=new, reason=reason)
