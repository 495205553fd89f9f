"""The order's life as a table, and what its fields must satisfy; pure, no I/O."""

import re
from datetime import date, datetime, timedelta
from enum import StrEnum

from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.machine import Machine, Side, Transition
from app.core.money import Money
from app.models import BudgetKind, Order, OrderStatus

MIN_DESCRIPTION = 10
"""Characters a description needs before the order can be published."""


class OrderEvent(StrEnum):
    """What can happen to an order."""

    EDIT = "edit"
    PUBLISH = "publish"
    RENEW = "renew"
    AWARD = "award"
    CANCEL = "close"
    EXPIRE = "expire"


ORDER_MACHINE = Machine(
    "order",
    OrderStatus.DRAFT,
    (
        Transition(OrderStatus.DRAFT, OrderEvent.PUBLISH, Side.CUSTOMER, OrderStatus.OPEN),
        Transition(OrderStatus.DRAFT, OrderEvent.EDIT, Side.CUSTOMER, OrderStatus.DRAFT),
        Transition(OrderStatus.DRAFT, OrderEvent.CANCEL, Side.CUSTOMER, OrderStatus.CANCELLED),
        Transition(OrderStatus.OPEN, OrderEvent.AWARD, Side.CUSTOMER, OrderStatus.AWARDED),
        Transition(OrderStatus.OPEN, OrderEvent.EDIT, Side.CUSTOMER, OrderStatus.OPEN),
        Transition(OrderStatus.OPEN, OrderEvent.RENEW, Side.CUSTOMER, OrderStatus.OPEN),
        Transition(OrderStatus.OPEN, OrderEvent.CANCEL, Side.CUSTOMER, OrderStatus.CANCELLED),
        Transition(OrderStatus.OPEN, OrderEvent.EXPIRE, Side.SYSTEM, OrderStatus.EXPIRED),
        Transition(OrderStatus.EXPIRED, OrderEvent.PUBLISH, Side.CUSTOMER, OrderStatus.OPEN),
        Transition(OrderStatus.EXPIRED, OrderEvent.EDIT, Side.CUSTOMER, OrderStatus.EXPIRED),
    ),
)


def expiry(now: datetime, days: int) -> datetime:
    """Return when an open order ends by itself if its customer does nothing more."""
    return now + timedelta(days=days)


def settle_kind(kind: BudgetKind | None, budget: Money | None) -> BudgetKind:
    """Return how the work is paid when the customer did not say so: with a price for the whole, without one openly."""
    if kind is not None:
        return kind
    return BudgetKind.OPEN if budget is None else BudgetKind.FIXED


def budget_faults(kind: BudgetKind, least: Money | None, most: Money | None) -> list[FieldError]:
    """Return what is wrong with the budget's parts taken together."""
    found: list[FieldError] = []
    if kind is BudgetKind.OPEN and (least or most):
        found.append(
            FieldError(("body", "budget"), N_("An order that is open to offers has no budget. Leave it empty."))
        )
    if most and not least:
        found.append(FieldError(("body", "budget"), N_("Give the least amount too.")))
    if least and most and least.currency is not most.currency:
        found.append(FieldError(("body", "budget_max"), N_("Both amounts need the same currency.")))
    elif least and most and most < least:
        found.append(FieldError(("body", "budget_max"), N_("The most must not be less than the least.")))
    return found


def deadline_faults(deadline: date | None, today: date) -> list[FieldError]:
    """Return what is wrong with the deadline."""
    if deadline is not None and deadline < today:
        return [FieldError(("body", "deadline"), N_("This day is over. Choose a later one."))]
    return []


def publishing_faults(order: Order, today: date) -> list[FieldError]:
    """Return what a draft still lacks before everybody may see it."""
    found: list[FieldError] = []
    if len(order.description) < MIN_DESCRIPTION:
        text = N_("Describe the work: at least {min_length} characters.")
        found.append(FieldError(("body", "description"), text, {"min_length": MIN_DESCRIPTION}))
    if order.budget_kind is not BudgetKind.OPEN and order.budget_amount is None:
        found.append(FieldError(("body", "budget"), N_("Say what the work may cost, or choose “open to offers”.")))
    return found + deadline_faults(order.deadline, today)


_WORD = re.compile(r"\w")


def has_words(query: str) -> bool:
    """Tell whether a typed search holds anything that can be searched for."""
    return _WORD.search(query) is not None
