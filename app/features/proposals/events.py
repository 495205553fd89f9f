"""Events of proposals and offers."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalSent(DomainEvent):
    """A freelancer sent a proposal."""

    topic: ClassVar[str] = "proposals.proposal_sent"

    proposal_id: str
    order_id: str
    customer_id: str
    freelancer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalAccepted(DomainEvent):
    """A proposal was accepted and its order is awarded. `by` is the side whose acceptance completed the agreement."""

    topic: ClassVar[str] = "proposals.proposal_accepted"

    proposal_id: str
    order_id: str
    customer_id: str
    freelancer_id: str
    by: str = "customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalDeclined(DomainEvent):
    """A proposal was declined. `reason` is a code of `DeclineReason`, set by the client or by the system."""

    topic: ClassVar[str] = "proposals.proposal_declined"

    proposal_id: str
    order_id: str
    customer_id: str
    freelancer_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalWithdrawn(DomainEvent):
    """A freelancer withdrew a proposal."""

    topic: ClassVar[str] = "proposals.proposal_withdrawn"

    proposal_id: str
    order_id: str
    customer_id: str
    freelancer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalShortlisted(DomainEvent):
    """A client added a proposal to the shortlist for the first time."""

    topic: ClassVar[str] = "proposals.proposal_shortlisted"

    proposal_id: str
    order_id: str
    customer_id: str
    freelancer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferMade(DomainEvent):
    """An offer was made. `by` is the side that made it, as in all events of offers."""

    topic: ClassVar[str] = "proposals.offer_made"

    offer_id: str
    proposal_id: str
    order_id: str
    customer_id: str
    freelancer_id: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDeclined(DomainEvent):
    """The other side declined the offer."""

    topic: ClassVar[str] = "proposals.offer_declined"

    offer_id: str
    proposal_id: str
    order_id: str
    customer_id: str
    freelancer_id: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferWithdrawn(DomainEvent):
    """The side that made the offer withdrew it."""

    topic: ClassVar[str] = "proposals.offer_withdrawn"

    offer_id: str
    proposal_id: str
    order_id: str
    customer_id: str
    freelancer_id: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferExpiring(DomainEvent):
    """The offer lapses soon; the other side should be reminded."""

    topic: ClassVar[str] = "proposals.offer_ending"

    offer_id: str
    proposal_id: str
    order_id: str
    customer_id: str
    freelancer_id: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLapsed(DomainEvent):
    """The offer was not answered in time."""

    topic: ClassVar[str] = "proposals.offer_lapsed"

    offer_id: str
    proposal_id: str
    order_id: str
    customer_id: str
    freelancer_id: str
    by: str
