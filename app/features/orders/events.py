"""Domain events of orders."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPublished(DomainEvent):
    """An order was published and accepts proposals."""

    topic: ClassVar[str] = "orders.order_published"

    order_id: str
    customer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEdited(DomainEvent):
    """A published order was edited; freelancers with proposals should read it again."""

    topic: ClassVar[str] = "orders.order_edited"

    order_id: str
    customer_id: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderClosed(DomainEvent):
    """A published order was closed by its customer or expired."""

    topic: ClassVar[str] = "orders.order_closed"

    order_id: str
    customer_id: str
    status: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderExpiring(DomainEvent):
    """An open order is about to expire; its customer may renew it."""

    topic: ClassVar[str] = "orders.order_ending"

    order_id: str
    customer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSubmitted(DomainEvent):
    """A customer submitted an order for moderation."""

    topic: ClassVar[str] = "orders.order_submitted"

    order_id: str
    customer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderModerated(DomainEvent):
    """The operator moderated a waiting order: approved it, or returned it with a reason."""

    topic: ClassVar[str] = "orders.order_checked"

    order_id: str
    customer_id: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderHeld(DomainEvent):
    """An order is held: its customer's account is not active, or the operator has taken it down with a reason."""

    topic: ClassVar[str] = "orders.order_held"

    order_id: str
    customer_id: str
    cause: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReleased(DomainEvent):
    """An order is no longer held and has its state back."""

    topic: ClassVar[str] = "orders.order_released"

    order_id: str
    customer_id: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationSent(DomainEvent):
    """A customer invited a freelancer to an order."""

    topic: ClassVar[str] = "orders.invitation_sent"

    order_id: str
    customer_id: str
    freelancer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationDeclined(DomainEvent):
    """A freelancer declined an invitation."""

    topic: ClassVar[str] = "orders.invitation_declined"

    order_id: str
    customer_id: str
    freelancer_id: str
