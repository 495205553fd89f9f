"""Who may see and do what with a proposal; pure functions, no I/O."""

from app.core.actor import Actor
from app.models import Order, Proposal
from app.models.side import Side


def side_of(actor: Actor, order: Order, proposal: Proposal) -> Side | None:
    """Return on which side of a proposal the actor is; a stranger is on none and sees nothing."""
    if actor.id == proposal.freelancer_id:
        return Side.FREELANCER
    return Side.CUSTOMER if actor.id == order.customer_id else None
