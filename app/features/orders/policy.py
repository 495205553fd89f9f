"""Who may do what with an order; pure functions, no I/O."""

from app.core.actor import Actor
from app.models import Order, OrderStatus


def is_customer(actor: Actor | None, order: Order) -> bool:
    """Tell whether the actor posted the order."""
    return actor is not None and actor.id == order.customer_id


def can_read(actor: Actor | None, order: Order) -> bool:
    """Everybody reads what was published, signed in or not; a draft is its customer's alone."""
    return order.published_at is not None or is_customer(actor, order)


def can_answer(actor: Actor | None, order: Order) -> bool:
    """Any signed-in person but the customer answers an open order."""
    return actor is not None and order.status is OrderStatus.OPEN and not is_customer(actor, order)
