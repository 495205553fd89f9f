"""Permissions for orders; pure functions, no I/O."""

from app.core.actor import Actor
from app.core.security.signing import same_secret
from app.models import Order, OrderStatus, Visibility

UNAPPROVED = frozenset({OrderStatus.DRAFT, OrderStatus.MODERATION})
"""States in which the text is the customer's alone, also where an earlier text was public."""


def is_customer(actor: Actor | None, order: Order) -> bool:
    """Tell whether the actor is the customer of the order."""
    return actor is not None and actor.id == order.customer_id


def is_held(order: Order) -> bool:
    """Tell whether the order is held: its customer's account is not active, or the operator has taken it down."""
    return order.suspended_at is not None or order.taken_down_at is not None


def is_withheld(order: Order) -> bool:
    """Tell whether the text of the order is its customer's alone at the moment: it is held, or nobody approved it."""
    return is_held(order) or order.status in UNAPPROVED


def is_removed(order: Order) -> bool:
    """Tell whether the order was public and the operator has taken it down, so that others are told so."""
    return order.taken_down_at is not None and order.published_at is not None and order.visibility is Visibility.PUBLIC


def can_read(actor: Actor | None, order: Order, *, admitted: bool = False) -> bool:
    """Tell whether the actor may read the order.

    Published public orders are readable by everybody, signed in or not. An order that is not public is readable by
    people who were admitted through its link or an invitation. Drafts, orders that wait for moderation, and orders that
    the operator has taken down are readable by their customer only.
    """
    if is_customer(actor, order):
        return True
    if order.published_at is None or order.status in UNAPPROVED or order.taken_down_at is not None:
        return False
    return admitted or order.visibility is Visibility.PUBLIC


def is_share_key(order: Order, key: str | None) -> bool:
    """Tell whether a key from an address is the order's share key."""
    known = order.share_key
    return order.visibility is Visibility.LINK and known is not None and key is not None and same_secret(known, key)


def can_open(actor: Actor | None, order: Order, *, was_admitted: bool, has_key: bool) -> bool:
    """Tell whether the actor may open the order now, by an earlier admission, by its share key or as anybody.

    While it is held because its customer's account is not active, only people admitted before may.
    """
    if not can_read(actor, order, admitted=was_admitted or has_key):
        return False
    return order.suspended_at is None or was_admitted or is_customer(actor, order)


def can_answer(actor: Actor | None, order: Order) -> bool:
    """Tell whether the actor may send a proposal: any signed-in person except the customer, while the order is open."""
    return actor is not None and order.status is OrderStatus.OPEN and not is_customer(actor, order)
