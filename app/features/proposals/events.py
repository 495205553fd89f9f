"""Events of proposals and offers."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class EventOfProposal(DomainEvent):
    """Base of the events of a proposal."""

    proposal_id: str
    order_id: str
    customer_id: str
    freelancer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventOfOffer(EventOfProposal):
    """Base of the events of an offer; `by` is the side that made the offer."""

    offer_id: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalSent(EventOfProposal):
    """A freelancer sent a proposal."""

    topic: ClassVar[str] = "proposals.proposal_sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalAccepted(EventOfProposal):
    """A proposal was accepted and its order is awarded. `by` is the side whose acceptance completed the agreement.

    A `direct` one was agreed by invitation, without a listed order; whoever is told of that is told by its own event.
    """

    topic: ClassVar[str] = "proposals.proposal_accepted"

    by: str = "customer"
    direct: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalDeclined(EventOfProposal):
    """A proposal was declined. `reason` is a code of `DeclineReason`, set by the client or by the system."""

    topic: ClassVar[str] = "proposals.proposal_declined"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalWithdrawn(EventOfProposal):
    """A freelancer withdrew a proposal."""

    topic: ClassVar[str] = "proposals.proposal_withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalShortlisted(EventOfProposal):
    """A client added a proposal to the shortlist for the first time."""

    topic: ClassVar[str] = "proposals.proposal_shortlisted"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferMade(EventOfOffer):
    """An offer was made."""

    topic: ClassVar[str] = "proposals.offer_made"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDeclined(EventOfOffer):
    """The other side declined the offer."""

    topic: ClassVar[str] = "proposals.offer_declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferWithdrawn(EventOfOffer):
    """The side that made the offer withdrew it."""

    topic: ClassVar[str] = "proposals.offer_withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferExpiring(EventOfOffer):
    """The offer lapses soon; the other side should be reminded."""

    topic: ClassVar[str] = "proposals.offer_ending"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLapsed(EventOfOffer):
    """The offer was not answered in time."""

    topic: ClassVar[str] = "proposals.offer_lapsed"
