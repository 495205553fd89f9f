"""Permissions of direct deals; pure functions without I/O."""

from app.core.actor import Actor
from app.models import DirectDeal
from app.models.side import Side


def side_of(actor: Actor | None, deal: DirectDeal, *, has_key: bool) -> Side | None:
    """Return the side on which the reader is, or None if the deal is not theirs to see.

    Args:
        actor: The reader; None for a guest.
        deal: The direct deal.
        has_key: Whether the reader has a valid link, which opens the free side while nobody is bound to it.
    """
    free = Side.FREELANCER if deal.author_side is Side.CUSTOMER else Side.CUSTOMER
    if actor is not None and actor.id == deal.author_id:
        return deal.author_side
    is_other = actor is not None and actor.id == deal.other_id and not deal.muted
    return free if is_other or has_key else None
