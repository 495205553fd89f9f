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
    """A customer chose a proposal; the order is closed to others."""

    topic: ClassVar[str] = "proposals.proposal_accepted"

    proposal_id: str
    order_id: str
    customer_id: str
    freelancer_id: str


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
