"""Shapes that cross the wire for proposals."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt
from pydantic_core import PydanticCustomError

from app.core.i18n import N_
from app.core.money import MoneyInput, MoneyRead
from app.core.texts import at_least, many_lines
from app.features.orders.schemas import Moment, Note, PersonRead
from app.models import DeclineReason, OrderStatus, ProposalStatus

STATUS_WORDS: dict[ProposalStatus, tuple[str, str]] = {
    ProposalStatus.SENT: (N_("Waiting for a decision"), "note"),
    ProposalStatus.ACCEPTED: (N_("Chosen"), "good"),
    ProposalStatus.DECLINED: (N_("Declined"), ""),
    ProposalStatus.WITHDRAWN: (N_("Withdrawn"), ""),
}
MAX_LETTER = 10_000
MAX_TERM_DAYS = 1000
CUSTOMER_REASONS = (
    DeclineReason.PRICE,
    DeclineReason.TERM,
    DeclineReason.EXPERIENCE,
    DeclineReason.LETTER,
    DeclineReason.OTHER,
)
"""Reasons a customer may give; the others are said by the system."""


def _by_hand(reason: DeclineReason) -> DeclineReason:
    if reason not in CUSTOMER_REASONS:
        raise PydanticCustomError("enum", "not by hand", {"expected": ", ".join(CUSTOMER_REASONS)})
    return reason


Letter = Annotated[str, Field(min_length=1, max_length=MAX_LETTER), AfterValidator(many_lines), at_least(1)]
TermDays = Annotated[StrictInt, Field(ge=1, le=MAX_TERM_DAYS, description="days from the choice to the result")]
Version = Annotated[int | None, Field(ge=1, le=2**31, description="the version you read; another one is refused")]


class ProposalCreate(BaseModel):
    """A freelancer's offer; the price is in the order's currency."""

    model_config = ConfigDict(extra="forbid")

    price: MoneyInput
    term_days: TermDays
    letter: Letter


class ProposalPatch(BaseModel):
    """A change of an offer: what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    price: MoneyInput | None = None
    term_days: TermDays | None = None
    letter: Letter | None = None
    version: Version = None


class ProposalAccept(BaseModel):
    """What the customer has read and chooses."""

    model_config = ConfigDict(extra="forbid")

    version: Version = None


class ProposalDecline(BaseModel):
    """Why the customer says no."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[DeclineReason, AfterValidator(_by_hand)] = DeclineReason.OTHER
    note: Note = ""


class OrderBrief(BaseModel):
    """The order that a proposal answers."""

    id: UUID
    title: str
    status: OrderStatus
    version: int


class ProposalRead(BaseModel):
    """A proposal as its two sides see it; `actions` are what the reader may do with it now."""

    id: UUID
    order: OrderBrief
    order_version: int = Field(description="the version of the order that the freelancer answered")
    freelancer: PersonRead
    status: ProposalStatus
    price: MoneyRead
    term_days: int
    letter: str
    version: int
    decline_reason: DeclineReason | None
    decline_note: str | None
    created_at: Moment
    updated_at: Moment
    decided_at: Moment | None
    actions: list[str]
