"""Permissions of conversations; pure functions without I/O."""

from uuid import UUID

from app.core.actor import Actor
from app.models import Conversation
from app.models.side import Side


def side_of(actor: Actor, conversation: Conversation) -> Side | None:
    """Return the actor's side in the conversation, or None if the actor does not take part in it."""
    if actor.id == conversation.freelancer_id:
        return Side.FREELANCER
    return Side.CUSTOMER if actor.id == conversation.customer_id else None


def may_begin(side: Side, *, is_chosen: bool) -> bool:
    """Tell whether this side may send the first message: the client, and either once the proposal was accepted."""
    return is_chosen or side is Side.CUSTOMER


def other_of(actor: Actor, conversation: Conversation) -> UUID:
    """Return the id of the other participant."""
    is_customer = actor.id == conversation.customer_id
    return conversation.freelancer_id if is_customer else conversation.customer_id
