"""Request and response models of direct deals."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from app.core.i18n import N_
from app.core.money import Currency
from app.core.text.text_cleaning import CLEAN_LINE, CLEAN_LINES, at_least
from app.core.text.whole_numbers import WholeNumber
from app.features.moderation.schemas import ContactKind
from app.features.orders.schemas import Moment, Note, PersonRead
from app.features.proposals.schemas import MAX_MESSAGE, MAX_MILESTONES, Milestone
from app.models import DirectDealStatus
from app.models.deal import MAX_CHECKLIST
from app.models.side import Side

STATUS_LABELS: dict[DirectDealStatus, tuple[str, str]] = {
    DirectDealStatus.FREELANCER_ANSWERS: (N_("Waiting for the freelancer"), "note"),
    DirectDealStatus.CUSTOMER_ANSWERS: (N_("Waiting for the client"), "note"),
    DirectDealStatus.ACCEPTED: (N_("Accepted"), "good"),
    DirectDealStatus.DECLINED: (N_("Declined"), ""),
    DirectDealStatus.WITHDRAWN: (N_("Withdrawn"), ""),
    DirectDealStatus.EXPIRED: (N_("Expired"), ""),
}
MAX_DESCRIPTION = 20_000
MAX_KEY = 64
MAX_ANSWER_DAYS = 30


class OwnSide(StrEnum):
    """The side that the person who invites takes."""

    CUSTOMER = "customer"
    FREELANCER = "freelancer"


ChecklistLine = Annotated[str, Field(min_length=1, max_length=500), CLEAN_LINE, at_least(1)]
LinkKey = Annotated[
    str | None, Field(max_length=MAX_KEY, description="The key of the link, until somebody has answered it.")
]
ReadVersion = Annotated[
    WholeNumber,
    Field(ge=1, le=2**31, description="Version of the terms that was read; responds 409 if it has changed."),
]


class DealMilestone(Milestone):
    """A part of the work with its checklist."""

    checklist: Annotated[
        list[ChecklistLine],
        Field(
            max_length=MAX_CHECKLIST,
            description="One line for each thing to deliver; the milestone's title where there is none.",
        ),
    ] = Field(default_factory=list[str])


class DealTerms(BaseModel):
    """What two people may agree on."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, Field(min_length=3, max_length=200), CLEAN_LINE, at_least(3)]
    description: Annotated[str, Field(max_length=MAX_DESCRIPTION), CLEAN_LINES] = ""
    currency: Currency
    milestones: Annotated[
        list[DealMilestone],
        Field(min_length=1, max_length=MAX_MILESTONES, description="Their amounts make up the price."),
    ]
    message: Annotated[str, Field(max_length=MAX_MESSAGE), CLEAN_LINES] = ""


class DirectDealCreate(DealTerms):
    """Terms with the person they are for: a user name, an e-mail address, or whoever gets the link."""

    side: Annotated[OwnSide, Field(description="Your own side.")]
    username: Annotated[str, Field(max_length=100, description="User name, with or without a leading @.")] = ""
    email: Annotated[str, Field(max_length=320, description="An address that the link is sent to.")] = ""
    answer_days: Annotated[
        StrictInt | None,
        Field(ge=1, le=MAX_ANSWER_DAYS, description="Days to answer; the site's default if omitted."),
    ] = None


class DirectDealCounter(DealTerms):
    """Other terms, as an answer."""

    version: ReadVersion
    key: LinkKey = None


class DirectDealAccept(BaseModel):
    """Acceptance of the terms."""

    model_config = ConfigDict(extra="forbid")

    version: ReadVersion
    key: LinkKey = None


class DirectDealDecline(BaseModel):
    """Declining the terms, with an optional comment."""

    model_config = ConfigDict(extra="forbid")

    note: Note = ""
    key: LinkKey = None


class TermsRead(BaseModel):
    """Terms as they were proposed; amounts are in minor units of their currency."""

    version: int
    made_by: Side
    title: str
    description: str
    currency: Currency
    price: int
    term_days: int
    milestones: list[DealMilestone]
    message: str
    made_at: Moment


class DirectDealRead(BaseModel):
    """A direct deal as its people see it; `actions` lists what the reader may do with it now."""

    id: UUID
    side: Annotated[Side, Field(description="The reader's side: who has only the link takes the free one.")]
    is_author: bool
    author: PersonRead
    other: Annotated[PersonRead | None, Field(description="Null until somebody has answered the link.")]
    email: Annotated[str | None, Field(description="Where the invitation was sent; shown to its author alone.")]
    link: Annotated[str | None, Field(description="The link to send; shown to its author until it is answered.")]
    status: DirectDealStatus
    version: int
    terms: TermsRead
    earlier: Annotated[list[TermsRead], Field(description="What was proposed before, newest first.")]
    customer_fee: Annotated[int, Field(description="Fee on top of the price, paid by the client, as of now.")]
    freelancer_fee: Annotated[int, Field(description="Fee taken from what the freelancer receives, as of now.")]
    contacts: list[ContactKind] = Field(
        description="Kinds of contact details detected in the text of the other side; not shown to its author."
    )
    note: str | None
    contract_id: UUID | None
    created_at: Moment
    expires_at: Moment
    decided_at: Moment | None
    actions: list[str]


class DirectDealSummary(BaseModel):
    """A direct deal in a list."""

    id: UUID
    title: str
    other: Annotated[str | None, Field(description="The name of the other person; null while nobody has answered.")]
    is_author: bool
    status: DirectDealStatus
    price: int
    currency: Currency
    expires_at: Moment
    is_open: bool
    waits_for_reader: bool
    contract_id: UUID | None


class DirectDealState(BaseModel):
    """A direct deal after an action."""

    id: UUID
    status: DirectDealStatus
    version: int
    contract_id: UUID | None
