"""Permissions of contracts; pure functions without I/O."""

from uuid import UUID

from app.core.actor import Actor
from app.models import Contract
from app.models.side import Side


def side_of(actor: Actor, contract: Contract) -> Side | None:
    """Return the actor's side of the contract, or None if the actor is not a party."""
    if actor.id == contract.customer_id:
        return Side.CUSTOMER
    return Side.FREELANCER if actor.id == contract.freelancer_id else None


def other_of(side: Side, contract: Contract) -> UUID:
    """Return the id of the other party."""
    return contract.freelancer_id if side is Side.CUSTOMER else contract.customer_id
