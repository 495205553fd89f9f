"""What orders announce."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPublished(DomainEvent):
    """An order became visible to everybody and takes proposals."""

    topic: ClassVar[str] = "orders.order_published"

    order_id: str
    customer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEdited(DomainEvent):
    """A published order reads differently now; those who answered it should look again."""

    topic: ClassVar[str] = "orders.order_edited"

    order_id: str
    customer_id: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderClosed(DomainEvent):
    """A published order ended without a choice: the customer closed it, or nobody acted in time."""

    topic: ClassVar[str] = "orders.order_closed"

    order_id: str
    customer_id: str
    status: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEnding(DomainEvent):
    """An open order is about to expire, and its customer may keep it open."""

    topic: ClassVar[str] = "orders.order_ending"

    order_id: str
    customer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSubmitted(DomainEvent):
    """A customer published an order that the operator looks at first."""

    topic: ClassVar[str] = "orders.order_submitted"

    order_id: str
    customer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChecked(DomainEvent):
    """The operator looked at an order that waited for it: let through, or sent back with a reason."""

    topic: ClassVar[str] = "orders.order_checked"

    order_id: str
    customer_id: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationSent(DomainEvent):
    """A customer asked a freelancer to answer an order."""

    topic: ClassVar[str] = "orders.invitation_sent"

    order_id: str
    customer_id: str
    freelancer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationDeclined(DomainEvent):
    """A freelancer said no to an invitation."""

    topic: ClassVar[str] = "orders.invitation_declined"

    order_id: str
    customer_id: str
    freelancer_id: str
