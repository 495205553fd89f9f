"""Permissions of proposals; pure functions without I/O."""

from app.core.actor import Actor
from app.models import Order, Proposal
from app.models.side import Side


def side_of(actor: Actor, order: Order, proposal: Proposal) -> Side | None:
    """Return the actor's side of a proposal; None for anybody else, who may not see it."""
    if actor.id == proposal.freelancer_id:
        return Side.FREELANCER
    return Side.CUSTOMER if actor.id == order.customer_id else None
