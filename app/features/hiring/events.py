"""Events of direct deals."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class EventOfDirectDeal(DomainEvent):
    """Base of the events: who made the current terms, and who answers them if that is known."""

    deal_id: str
    maker_id: str
    reader_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectDealOffered(EventOfDirectDeal):
    """Terms wait for an answer, the first ones or changed ones; `mailed` ones also go to an e-mail address."""

    topic: ClassVar[str] = "hiring.direct_deal_offered"

    mailed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectDealAccepted(EventOfDirectDeal):
    """The terms were accepted, and the contract exists."""

    topic: ClassVar[str] = "hiring.direct_deal_accepted"

    contract_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectDealDeclined(EventOfDirectDeal):
    """The terms were declined."""

    topic: ClassVar[str] = "hiring.direct_deal_declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectDealWithdrawn(EventOfDirectDeal):
    """The terms were withdrawn, by their maker or because an account was closed or blocked."""

    topic: ClassVar[str] = "hiring.direct_deal_withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectDealExpired(EventOfDirectDeal):
    """The terms were not answered in time."""

    topic: ClassVar[str] = "hiring.direct_deal_expired"
