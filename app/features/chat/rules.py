"""Read positions, notified positions and validation of messages; pure functions without I/O."""

from uuid import UUID

from app.core.errors import FieldError
from app.core.i18n import N_, _
from app.core.security.rate_limits import Rate
from app.models import Conversation, Message
from app.models.side import Side

MESSAGES_BY_ACCOUNT = Rate("messages", 60, 10 * 60)
EXCERPT = 160
"""Length in characters of a message excerpt in lists."""
EMPTY_MESSAGE = N_("Write something, or attach a file.")


def validate_message(text: str, files: int) -> list[FieldError]:
    """Return the errors of a message. It needs a text or a file."""
    return [] if text or files else [FieldError(("body", "text"), EMPTY_MESSAGE)]


def read_up_to(conversation: Conversation, side: Side) -> int:
    """Return the number of the last message that a side has read; 0 if none."""
    return conversation.customer_read_number if side is Side.CUSTOMER else conversation.freelancer_read_number


def mark_read_up_to(conversation: Conversation, side: Side, number: int) -> bool:
    """Set the number up to which a side has read; return whether it changed.

    The number never decreases and is limited to the last message.
    """
    before = read_up_to(conversation, side)
    now = max(before, min(number, conversation.last_number))
    if side is Side.CUSTOMER:
        conversation.customer_read_number = now
    else:
        conversation.freelancer_read_number = now
    return now > before


def mark_notified(conversation: Conversation, side: Side) -> bool:
    """Return whether to notify a side of the latest message, and record that it was notified.

    A side with an unread message of which it was already notified is not notified again.
    """
    notified = (
        conversation.customer_notified_number if side is Side.CUSTOMER else conversation.freelancer_notified_number
    )
    if notified > read_up_to(conversation, side):
        return False
    if side is Side.CUSTOMER:
        conversation.customer_notified_number = conversation.last_number
    else:
        conversation.freelancer_notified_number = conversation.last_number
    return True


def opposite(side: Side) -> Side:
    """Return the other side."""
    return Side.FREELANCER if side is Side.CUSTOMER else Side.CUSTOMER


def shown_text(message: Message, reader_id: UUID) -> str:
    """Return the text of a message; of one that the operator removed only that, and to its author the reason."""
    if message.taken_down_at is None:
        return message.text
    if message.author_id == reader_id and message.takedown_reason:
        return _("Removed by the operator: {reason}").format(reason=message.takedown_reason)
    return _("Removed by the operator")
