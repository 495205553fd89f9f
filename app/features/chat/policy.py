"""Who may read and write a conversation; pure functions, no I/O."""

from uuid import UUID

from app.core.actor import Actor
from app.models import Conversation
from app.models.side import Side


def side_of(actor: Actor, conversation: Conversation) -> Side | None:
    """Return on which side the actor is; a stranger is on none, and for them there is nothing."""
    if actor.id == conversation.freelancer_id:
        return Side.FREELANCER
    return Side.CUSTOMER if actor.id == conversation.customer_id else None


def may_begin(side: Side) -> bool:
    """Tell whether this side may write the first message: the customer, whom the freelancer has answered already."""
    return side is Side.CUSTOMER


def other_of(actor: Actor, conversation: Conversation) -> UUID:
    """Return who is on the other side."""
    is_customer = actor.id == conversation.customer_id
    return conversation.freelancer_id if is_customer else conversation.customer_id
