"""Requests and responses of contracts."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StringConstraints

from app.core.money import MAX_AMOUNT, Currency
from app.features.files.schemas import FileRead
from app.models import DealStatus, MilestoneStatus, ReleaseKind, RequestStatus
from app.models.deal import MAX_CHECKLIST, MAX_MILESTONES, MAX_TEXT

Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_TEXT)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Version = Annotated[StrictInt, Field(ge=1, description="The version of the milestone that you have read.")]
Amount = Annotated[StrictInt, Field(gt=0, le=MAX_AMOUNT, description="Minor units of the contract's currency.")]
Position = Annotated[StrictInt, Field(ge=0, lt=MAX_CHECKLIST, description="Position in the checklist, from 0.")]


class _Command(BaseModel):
    model_config = ConfigDict(extra="forbid")


class MilestoneCommand(_Command):
    """An action on a milestone as it was read."""

    version: Version


class MilestoneAccept(MilestoneCommand):
    """Accept submitted work: all of it, an amount, or lines of the checklist."""

    amount: Amount | None = None
    lines: Annotated[list[Position], Field(max_length=MAX_CHECKLIST)] | None = None


class LineAnswer(_Command):
    """What is handed in for one line of the checklist."""

    text: Text = ""
    files: Annotated[list[UUID], Field(max_length=10)] = []


class SubmissionCreate(MilestoneCommand):
    """Work that is handed in: an answer to every line of the checklist, in its order."""

    note: Text = ""
    answers: Annotated[list[LineAnswer], Field(max_length=MAX_CHECKLIST)]


class LineFault(_Command):
    """What is wrong with one line of the checklist."""

    line: Position
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT)]


class ChangesRequest(MilestoneCommand):
    """What should be changed in submitted work, by lines of the checklist."""

    note: Text = ""
    lines: Annotated[list[LineFault], Field(min_length=1, max_length=MAX_CHECKLIST)]


class RefundAsk(MilestoneCommand):
    """A request for money back; without an amount for all that is held."""

    amount: Amount | None = None
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT)]


class RefundAnswer(MilestoneCommand):
    """The answer to the open refund request."""

    agree: bool


class BonusPay(MilestoneCommand):
    """A bonus from the client's wallet."""

    amount: Amount


class MilestoneChange(_Command):
    """A milestone as it would be; without an id it is a new one."""

    id: UUID | None = None
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    amount: Amount
    days: Annotated[StrictInt, Field(ge=1, le=1000)]
    checklist: Annotated[list[Line], Field(min_length=1, max_length=MAX_CHECKLIST)]


class ChangeOrderCreate(_Command):
    """A change of the work; it holds once the other side has signed it."""

    note: Text = ""
    changes: Annotated[list[MilestoneChange], Field(min_length=1, max_length=MAX_MILESTONES)]


class ChangeOrderAnswer(_Command):
    """The answer to an open change of the work."""

    agree: bool


class SubmittedLine(BaseModel):
    """One answered line of the checklist."""

    line: str
    text: str
    files: list[FileRead]


class SubmissionRead(BaseModel):
    """Work that was handed in."""

    id: UUID
    number: int
    note: str
    lines: list[SubmittedLine]
    submitted_at: datetime
    requested_changes: Annotated[
        list[dict[str, Any]], Field(description="Position and text of each line that the client wants changed.")
    ]
    change_note: str


class RefundRequestRead(BaseModel):
    """A request for money back."""

    id: UUID
    amount: int
    reason: str
    status: RequestStatus
    after_submission: Annotated[
        bool, Field(description="Whether work was submitted before: silence then gives nothing back.")
    ]
    asked_at: datetime


class ReleaseRead(BaseModel):
    """Money that was released; `net` is what the freelancer receives."""

    kind: ReleaseKind
    amount: int
    net: int
    released_at: datetime
    available_at: datetime
    matured: bool


class NextStep(BaseModel):
    """What happens by itself if nobody acts."""

    event: str
    words: str
    at: datetime | None
    held_up: bool = False


class MilestoneRead(BaseModel):
    """A milestone; amounts are in minor units of the contract's currency."""

    id: UUID
    number: int
    title: str
    amount: int
    customer_fee: Annotated[int, Field(description="The client's fee on the amount.")]
    days: int
    checklist: list[str]
    accepted_lines: list[int]
    status: MilestoneStatus
    status_words: str
    version: int
    held: int
    released: int
    refunded: int
    rounds: int
    included_rounds: int
    actions: Annotated[list[str], Field(description="What the reader can do with it now.")]
    payment_id: Annotated[UUID | None, Field(description="Your payment that is under way; null for the other party.")]
    next: NextStep | None
    submissions: list[SubmissionRead]
    refund: RefundRequestRead | None
    releases: list[ReleaseRead]


class ChangeOrderRead(BaseModel):
    """A proposed change of the work."""

    id: UUID
    side: str
    note: str
    changes: list[MilestoneChange]
    status: RequestStatus
    proposed_at: datetime
    expires_at: datetime | None


class TimelineEntry(BaseModel):
    """One line of the timeline."""

    event: str
    words: str
    side: str
    milestone: int | None
    amount: int | None
    txn_id: UUID | None
    happened_at: datetime


class DealMoney(BaseModel):
    """The money of a contract, in minor units: held now, in its security period, and available."""

    held: int
    maturing: int
    available: int
    refunded: int


class DealRead(BaseModel):
    """A safe deal."""

    status: DealStatus
    status_words: str
    settings: dict[str, int]
    actions: list[str]
    money: DealMoney
    next: NextStep | None
    milestones: list[MilestoneRead]
    change_order: ChangeOrderRead | None
    wallet: Annotated[
        int | None, Field(description="What your wallet holds while you can pay a milestone; null otherwise.")
    ]
    timeline: list[TimelineEntry]


class ContractRead(BaseModel):
    """A contract; `deal` is null where it was agreed without payments through the site."""

    id: UUID
    order_id: UUID
    order_title: str
    proposal_id: UUID
    customer_id: UUID
    freelancer_id: UUID
    customer_name: str
    freelancer_name: str
    side: str
    price_amount: int
    currency: Currency
    term_days: int
    agreed_at: datetime
    deal: DealRead | None


class ContractSummary(BaseModel):
    """A contract in the list of its parties."""

    id: UUID
    order_title: str
    other_name: str
    side: str
    price_amount: int
    currency: Currency
    agreed_at: datetime
    status: DealStatus | None
    status_words: str
    held: int


class ContractList(BaseModel):
    """The reader's contracts, newest first."""

    items: list[ContractSummary]
    next_cursor: str | None


class MilestoneState(BaseModel):
    """A milestone after an action; amounts are in minor units."""

    id: UUID
    contract_id: UUID
    status: MilestoneStatus
    version: int
    held: int
    released: int
    refunded: int


class DealState(BaseModel):
    """A safe deal after an action."""

    contract_id: UUID
    status: DealStatus
    version: int


class ChangeOrderState(BaseModel):
    """A change of the work after an action."""

    id: UUID
    contract_id: UUID
    status: RequestStatus
