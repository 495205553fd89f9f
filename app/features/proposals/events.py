"""What proposals announce."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalSent(DomainEvent):
    """A freelancer answered an order."""

    topic: ClassVar[str] = "proposals.proposal_sent"

    proposal_id: str
    order_id: str
    customer_id: str
    freelancer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalAccepted(DomainEvent):
    """Customer and freelancer agreed; the order is closed to others. `by` is the side whose word it was."""

    topic: ClassVar[str] = "proposals.proposal_accepted"

    proposal_id: str
    order_id: str
    customer_id: str
    freelancer_id: str
    by: str = "customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalDeclined(DomainEvent):
    """A proposal will not be chosen; `reason` is a code of `DeclineReason`, the customer's or the system's."""

    topic: ClassVar[str] = "proposals.proposal_declined"

    proposal_id: str
    order_id: str
    customer_id: str
    freelancer_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalWithdrawn(DomainEvent):
    """A freelancer took a proposal back."""

    topic: ClassVar[str] = "proposals.proposal_withdrawn"

    proposal_id: str
    order_id: str
    customer_id: str
    freelancer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalShortlisted(DomainEvent):
    """A customer put a proposal on the short list for the first time."""

    topic: ClassVar[str] = "proposals.proposal_shortlisted"

    proposal_id: str
    order_id: str
    customer_id: str
    freelancer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferMade(DomainEvent):
    """Terms were put before the other side; `by` is the side that made the offer, as in all events of offers."""

    topic: ClassVar[str] = "proposals.offer_made"

    offer_id: str
    proposal_id: str
    order_id: str
    customer_id: str
    freelancer_id: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDeclined(DomainEvent):
    """The other side declined the terms."""

    topic: ClassVar[str] = "proposals.offer_declined"

    offer_id: str
    proposal_id: str
    order_id: str
    customer_id: str
    freelancer_id: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferWithdrawn(DomainEvent):
    """The terms were taken back by the side that offered them."""

    topic: ClassVar[str] = "proposals.offer_withdrawn"

    offer_id: str
    proposal_id: str
    order_id: str
    customer_id: str
    freelancer_id: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEnding(DomainEvent):
    """The terms soon lapse: the other side is to be reminded."""

    topic: ClassVar[str] = "proposals.offer_ending"

    offer_id: str
    proposal_id: str
    order_id: str
    customer_id: str
    freelancer_id: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLapsed(DomainEvent):
    """The other side did not answer in time."""

    topic: ClassVar[str] = "proposals.offer_lapsed"

    offer_id: str
    proposal_id: str
    order_id: str
    customer_id: str
    freelancer_id: str
    by: str
