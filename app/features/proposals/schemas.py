"""Request and response models of proposals, offers and cover letter templates."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt
from pydantic_core import PydanticCustomError

from app.core.i18n import N_
from app.core.money import MAX_AMOUNT, MoneyInput, MoneyRead
from app.core.pagination import DEFAULT_LIMIT, MAX_LIMIT
from app.core.text.text_cleaning import CLEAN_LINE, CLEAN_LINES, at_least
from app.core.text.whole_numbers import WholeNumber
from app.features.files.schemas import FileRead
from app.features.moderation.schemas import ContactKind
from app.features.orders.schemas import Moment, Note, PersonRead
from app.models import DeclineReason, OfferSide, OfferStatus, OrderStatus, ProposalStatus

STATUS_LABELS: dict[ProposalStatus, tuple[str, str]] = {
    ProposalStatus.SENT: (N_("Waiting for a decision"), "note"),
    ProposalStatus.SEEN: (N_("Seen by the customer"), "note"),
    ProposalStatus.SHORTLISTED: (N_("On the short list"), "good"),
    ProposalStatus.OFFERED: (N_("Terms are offered"), "good"),
    ProposalStatus.COUNTERED: (N_("Other terms are offered"), "good"),
    ProposalStatus.ACCEPTED: (N_("Chosen"), "good"),
    ProposalStatus.DECLINED: (N_("Declined"), ""),
    ProposalStatus.WITHDRAWN: (N_("Withdrawn"), ""),
    ProposalStatus.LAPSED: (N_("Not answered in time"), ""),
}
MAX_COVER_LETTER = 10_000
MAX_TERM_DAYS = 1000
MAX_MILESTONES = 20
MAX_NOTE = 2000
MAX_ANSWER = 2000
MAX_COVER_LETTER_TEMPLATE_NAME = 100
MAX_MESSAGE = 2000
MIN_ANSWER_HOURS = 24
MAX_ANSWER_HOURS = 168
MAX_COMPARED = 4
MAX_DECLINED = 50
CUSTOMER_REASONS = (
    DeclineReason.PRICE,
    DeclineReason.TERM,
    DeclineReason.EXPERIENCE,
    DeclineReason.COVER_LETTER,
    DeclineReason.OTHER,
)
"""Reasons a client can choose; the others are set by the system."""


class ProposalSort(StrEnum):
    """Sort orders of the client's list of proposals."""

    NEWEST = "newest"
    PRICE = "price"
    TERM = "term"
    SHORTLIST = "shortlist"


class ProposalFilter(StrEnum):
    """Filters of the client's list of proposals."""

    ALL = "all"
    UNSEEN = "unseen"
    SHORTLISTED = "shortlisted"
    OFFERED = "offered"
    DECLINED = "declined"


def _by_hand(reason: DeclineReason) -> DeclineReason:
    if reason not in CUSTOMER_REASONS:
        raise PydanticCustomError("enum", "not by hand", {"expected": ", ".join(CUSTOMER_REASONS)})
    return reason


CoverLetterText = Annotated[str, Field(min_length=1, max_length=MAX_COVER_LETTER), CLEAN_LINES, at_least(1)]
TermDays = Annotated[
    StrictInt, Field(ge=1, le=MAX_TERM_DAYS, description="Delivery time in days, counted from acceptance.")
]
Version = Annotated[
    WholeNumber | None, Field(ge=1, le=2**31, description="Expected version; responds 409 if it has changed.")
]


FileIds = Annotated[list[UUID], Field(max_length=10, description="Ids of files uploaded for a proposal.")]


class Milestone(BaseModel):
    """A part of the work with its title, its share of the price and its days."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, Field(min_length=1, max_length=200), CLEAN_LINE, at_least(1)]
    amount: Annotated[
        StrictInt, Field(ge=1, le=MAX_AMOUNT, description="Amount in minor units of the price's currency.")
    ]
    days: TermDays


Milestones = Annotated[
    list[Milestone],
    Field(
        max_length=MAX_MILESTONES,
        description="Milestones; their amounts add up to the price, their days fit into the delivery time.",
    ),
]

Answers = Annotated[
    list[Annotated[str, Field(max_length=MAX_ANSWER), CLEAN_LINES]],
    Field(max_length=5, description="One answer per question, in the order of the questions."),
]


class AnsweredQuestion(BaseModel):
    """A question of the order as it was when answered, and the freelancer's answer."""

    question: str
    answer: str


class ProposalCreate(BaseModel):
    """A new proposal; the price is in the order's currency."""

    model_config = ConfigDict(extra="forbid")

    price: MoneyInput
    term_days: TermDays
    letter: CoverLetterText
    milestones: Milestones = []
    answers: Answers = []
    files: FileIds = []


class ProposalPatch(BaseModel):
    """Changes of a proposal; omitted fields keep their values."""

    model_config = ConfigDict(extra="forbid")

    price: MoneyInput | None = None
    term_days: TermDays | None = None
    letter: CoverLetterText | None = None
    milestones: Milestones | None = None
    answers: Answers | None = None
    files: FileIds | None = None
    version: Version = None


class ProposalAccept(BaseModel):
    """Acceptance of a proposal, with the version that the client has read."""

    model_config = ConfigDict(extra="forbid")

    version: WholeNumber = Field(ge=1, le=2**31, description="Version that was read; responds 409 if it has changed.")


class ProposalDecline(BaseModel):
    """The reason for declining a proposal, with an optional note to the freelancer."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[DeclineReason, AfterValidator(_by_hand)] = DeclineReason.OTHER
    note: Note = ""


class ProposalsDecline(ProposalDecline):
    """Several proposals to decline with one reason."""

    proposals: Annotated[list[UUID], Field(min_length=1, max_length=MAX_DECLINED)]


class ProposalsDeclined(BaseModel):
    """The result for each proposal: declined now, or left unchanged because it was already decided."""

    declined: list[UUID]
    left: list[UUID]


class EarlierProposal(BaseModel):
    """The content of a proposal before an edit."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    price: MoneyRead
    term_days: int
    letter: str
    milestones: list[Milestone]
    answers: list[AnsweredQuestion]
    replaced_at: Moment


class EarlierProposals(BaseModel):
    """The earlier versions of a proposal, newest first."""

    items: list[EarlierProposal]


class ProposalsSeen(BaseModel):
    """Ids of the proposals that the client has seen."""

    model_config = ConfigDict(extra="forbid")

    proposals: Annotated[list[UUID], Field(min_length=1, max_length=100)]


class SeenCount(BaseModel):
    """The number of proposals that were newly marked as seen."""

    count: int


class ProposalNote(BaseModel):
    """The client's private note; an empty text removes it."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(max_length=MAX_NOTE), CLEAN_LINES]


class ProposalListView(BaseModel):
    """Sort order and filter of the client's list of proposals."""

    sort: ProposalSort = ProposalSort.NEWEST
    show: ProposalFilter = ProposalFilter.ALL


class ProposalListQuery(ProposalListView):
    """Query parameters of one page of an order's proposals."""

    cursor: Annotated[str | None, Field(max_length=300, description="`next_cursor` of the previous page.")] = None
    limit: Annotated[WholeNumber, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT


class Terms(BaseModel):
    """Offered terms: a price in the order's currency, a term in days, milestones and a message."""

    model_config = ConfigDict(extra="forbid")

    price: MoneyInput
    term_days: TermDays
    milestones: Milestones = []
    message: Annotated[str, Field(max_length=MAX_MESSAGE), CLEAN_LINES] = ""
    answer_hours: Annotated[
        StrictInt | None,
        Field(
            ge=MIN_ANSWER_HOURS,
            le=MAX_ANSWER_HOURS,
            description="Hours until the offer expires; the site's default if omitted.",
        ),
    ] = None


class OfferCreate(Terms):
    """An offer of the client to a freelancer."""

    version: Version = None


class OfferCounter(Terms):
    """A counter-offer."""


class OfferAccept(BaseModel):
    """Acceptance of an offer, with the version of the order that the reader has read."""

    model_config = ConfigDict(extra="forbid")

    order_version: WholeNumber = Field(
        ge=1, le=2**31, description="Version of the order that was read; responds 409 if it has changed."
    )


class OfferDecline(BaseModel):
    """Declining an offer, with an optional note to the other side."""

    model_config = ConfigDict(extra="forbid")

    note: Note = ""


class OfferRead(BaseModel):
    """An offer as both sides see it; `actions` lists what the reader may do with it now."""

    id: UUID
    proposal_id: UUID
    order_id: UUID
    order_version: int = Field(description="Version of the order when the offer was made.")
    number: int = Field(description="Sequence number within the proposal, starting at 1.")
    made_by: OfferSide
    status: OfferStatus
    price: MoneyRead
    term_days: int
    milestones: list[Milestone]
    message: str
    note: str | None = Field(description="Note of the other side when it declined the offer.")
    contacts: list[ContactKind] = Field(
        description="Kinds of contact details detected in the text of the other side; not shown to its author."
    )
    expires_at: Moment | None = Field(description="When the offer expires if it is not answered.")
    created_at: Moment
    decided_at: Moment | None
    actions: list[str]


class OfferList(BaseModel):
    """All offers of a proposal, oldest first."""

    items: list[OfferRead]


class CoverLetterTemplateWrite(BaseModel):
    """A cover letter template and its name."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=MAX_COVER_LETTER_TEMPLATE_NAME), CLEAN_LINE, at_least(1)]
    letter: CoverLetterText


class CoverLetterTemplateRead(BaseModel):
    """A cover letter template as its owner sees it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    letter: str
    created_at: Moment


class CoverLetterTemplateList(BaseModel):
    """A person's cover letter templates, newest first."""

    items: list[CoverLetterTemplateRead]


class OrderBrief(BaseModel):
    """The order of a proposal."""

    id: UUID
    title: str
    status: OrderStatus
    version: int


class ProposalRead(BaseModel):
    """A proposal as its two sides see it; `actions` lists what the reader may do with it now."""

    id: UUID
    order: OrderBrief
    order_version: int = Field(description="Version of the order when the proposal was sent.")
    freelancer: PersonRead
    status: ProposalStatus
    price: MoneyRead
    term_days: int
    letter: str
    milestones: list[Milestone]
    answers: list[AnsweredQuestion]
    files: list[FileRead] = Field(description="Attached files; their links expire soon.")
    contacts: list[ContactKind] = Field(
        description="Kinds of contact details detected in the cover letter or an answer; visible to the client only."
    )
    note: str | None = Field(description="Private note; visible to the client only, null to others.")
    version: int
    decline_reason: DeclineReason | None
    decline_note: str | None
    created_at: Moment
    updated_at: Moment
    edited_at: Moment | None = Field(description="When the freelancer last edited the proposal.")
    decided_at: Moment | None
    seen_at: Moment | None = Field(description="When the client first saw the proposal.")
    offer: OfferRead | None = Field(description="Open offer that awaits an answer.")
    agreed: OfferRead | None = Field(description="Accepted offer; its terms replace those of the proposal.")
    actions: list[str]
