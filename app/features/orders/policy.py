"""Who may do what with an order; pure functions, no I/O."""

from app.core.actor import Actor
from app.core.security.signing import same_secret
from app.models import Order, OrderStatus, Visibility


def is_customer(actor: Actor | None, order: Order) -> bool:
    """Tell whether the actor posted the order."""
    return actor is not None and actor.id == order.customer_id


def can_read(actor: Actor | None, order: Order, *, admitted: bool = False) -> bool:
    """Everybody reads what was published for everybody, signed in or not; a draft is its customer's alone.

    An order that is not public is read by whoever was admitted to it: by its link, or by an invitation. What the
    operator has yet to look at is its customer's alone too.
    """
    if is_customer(actor, order):
        return True
    if order.published_at is None or order.status is OrderStatus.MODERATION:
        return False
    return admitted or order.visibility is Visibility.PUBLIC


def is_share_key(order: Order, key: str | None) -> bool:
    """Tell whether a key from an address is the one of the order's link."""
    known = order.share_key
    return order.visibility is Visibility.LINK and known is not None and key is not None and same_secret(known, key)


def can_answer(actor: Actor | None, order: Order) -> bool:
    """Any signed-in person but the customer answers an open order."""
    return actor is not None and order.status is OrderStatus.OPEN and not is_customer(actor, order)
