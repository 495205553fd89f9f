"""Up to where each side has read and was told, and what a message must hold; pure, no I/O."""

from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.security.limits import Rate
from app.models import Conversation
from app.models.side import Side

MESSAGES_BY_ACCOUNT = Rate("messages", 60, 10 * 60)
EXCERPT = 160
"""Characters of the newest message that a list shows."""
NOTHING_SAID = N_("Write something, or attach a file.")


def validate_message(text: str, files: int) -> list[FieldError]:
    """Return what is wrong with a message: it must say something, by words or by files."""
    return [] if text or files else [FieldError(("body", "text"), NOTHING_SAID)]


def read_up_to(conversation: Conversation, side: Side) -> int:
    """Return the number of the last message that a side has read; 0 before the first."""
    return conversation.customer_read if side is Side.CUSTOMER else conversation.freelancer_read


def read(conversation: Conversation, side: Side, number: int) -> bool:
    """Note that a side has read up to a number, never backwards nor past the end; tell whether that was news."""
    before = read_up_to(conversation, side)
    now = max(before, min(number, conversation.last_number))
    if side is Side.CUSTOMER:
        conversation.customer_read = now
    else:
        conversation.freelancer_read = now
    return now > before


def tell(conversation: Conversation, side: Side) -> bool:
    """Note that a side is told of the newest message, unless an earlier notice still waits to be followed."""
    told = conversation.customer_told if side is Side.CUSTOMER else conversation.freelancer_told
    if told > read_up_to(conversation, side):
        return False
    if side is Side.CUSTOMER:
        conversation.customer_told = conversation.last_number
    else:
        conversation.freelancer_told = conversation.last_number
    return True


def opposite(side: Side) -> Side:
    """Return the other side."""
    return Side.FREELANCER if side is Side.CUSTOMER else Side.CUSTOMER
