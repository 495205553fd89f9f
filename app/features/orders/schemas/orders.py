"""API schemas of orders."""

from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer
from pydantic_core import PydanticCustomError

from app.core.i18n import N_
from app.core.money import MoneyInput, MoneyRead
from app.core.text.text_cleaning import CLEAN_LINE, CLEAN_LINES, at_least
from app.core.text.whole_numbers import WholeNumber
from app.features.files.schemas import FileRead
from app.models import BudgetKind, CloseReason, Experience, OrderStatus, Visibility

STATUS_LABELS: dict[OrderStatus, tuple[str, str]] = {
    OrderStatus.DRAFT: (N_("Draft"), "note"),
    OrderStatus.MODERATION: (N_("Being checked"), "note"),
    OrderStatus.OPEN: (N_("Open"), "good"),
    OrderStatus.PAUSED: (N_("Paused"), "warn"),
    OrderStatus.AWARDED: (N_("Freelancer chosen"), "accent"),
    OrderStatus.CANCELLED: (N_("Closed"), ""),
    OrderStatus.EXPIRED: (N_("Expired"), "warn"),
}
"""The label of each state and the tone it is shown in."""
VISIBILITY_LABELS: dict[Visibility, tuple[str, str]] = {
    Visibility.PUBLIC: (N_("Everybody"), N_("It stands in the list, and search finds it")),
    Visibility.LINK: (N_("Who has the link"), N_("It is in no list; send its address to whom you like")),
    Visibility.INVITED: (N_("Only those I invite"), N_("Nobody else learns that it exists")),
}
"""The label and the explanation of each visibility."""
ANSWERED_LABELS = {"true": N_("has answered somebody"), "false": N_("has answered nobody yet")}
"""Labels of the filter by whether the customer has responded to a proposal."""
BUDGET_KIND_LABELS: dict[BudgetKind, str] = {
    BudgetKind.FIXED: N_("For the whole work"),
    BudgetKind.HOURLY: N_("By the hour"),
    BudgetKind.OPEN: N_("Open to offers"),
}
TIMEOUT_TEXTS: dict[OrderStatus, str] = {
    OrderStatus.MODERATION: N_("If nobody has looked at it until {date}, the order opens by itself."),
    OrderStatus.OPEN: N_("If nobody acts until {date}, the order expires."),
    OrderStatus.PAUSED: N_("If nobody acts until {date}, the order expires."),
}
"""Texts that say what happens when a state times out."""
EXPERIENCE_LABELS: dict[Experience, str] = {
    Experience.STARTING: N_("Starting out"),
    Experience.SEASONED: N_("Experienced"),
    Experience.EXPERT: N_("Expert"),
}
MAX_QUESTIONS = 5
MAX_QUESTION = 300
MAX_PROPOSALS = 1000
MAX_HOURS = 80
MAX_TITLE = 200
MAX_DESCRIPTION = 20_000
MAX_SKILLS = 15


def _day(value: object) -> object:
    """Accept a timestamp for a date: the day as it is written counts, whatever its zone."""
    if isinstance(value, str) and "T" in value[:12]:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return value
        return moment.date()
    return value


def _stamp(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


Title = Annotated[str, Field(min_length=3, max_length=MAX_TITLE), CLEAN_LINE, at_least(3)]
Description = Annotated[str, Field(max_length=MAX_DESCRIPTION), CLEAN_LINES]
SkillWord = Annotated[str, Field(min_length=1, max_length=50), CLEAN_LINE, at_least(1)]
SkillWords = Annotated[list[SkillWord], Field(max_length=MAX_SKILLS)]
Question = Annotated[str, Field(min_length=3, max_length=MAX_QUESTION), CLEAN_LINE, at_least(3)]
Questions = Annotated[list[Question], Field(max_length=MAX_QUESTIONS)]
ProposalsLimit = Annotated[WholeNumber, Field(ge=1, le=MAX_PROPOSALS)]
WeeklyHours = Annotated[WholeNumber, Field(ge=1, le=MAX_HOURS)]
Note = Annotated[str, Field(max_length=1000), CLEAN_LINES]
CategorySlug = Annotated[str, Field(max_length=60, pattern=r"^[a-z0-9-]+$")]
Day = Annotated[date, BeforeValidator(_day)]
Moment = Annotated[datetime, PlainSerializer(_stamp, return_type=str)]
"""A timestamp in JSON: UTC with microseconds, in the same format as the list that PostgreSQL renders."""


def _by_hand(reason: CloseReason) -> CloseReason:
    if reason is CloseReason.SILENCE:
        given = ", ".join(item for item in CloseReason if item is not CloseReason.SILENCE)
        raise PydanticCustomError("enum", "not by hand", {"expected": given})
    return reason


FileIds = Annotated[list[UUID], Field(max_length=20)]


class OrderFields(BaseModel):
    """The fields of an order that its customer fills in."""

    model_config = ConfigDict(extra="forbid")

    title: Title
    description: Description = ""
    category: CategorySlug | None = None
    skills: SkillWords = Field(default=[], description="Names, synonyms or slugs of skills; unknown words become tags.")
    budget_kind: BudgetKind | None = Field(
        default=None, description="If omitted: `fixed` with a budget, `open` (to offers) without one."
    )
    budget: MoneyInput | None = Field(default=None, description="Price, or lower bound if `budget_max` is given.")
    budget_max: MoneyInput | None = None
    deadline: Day | None = None

    visibility: Visibility = Field(
        default=Visibility.PUBLIC,
        description="`public`: listed; `link`: anyone with the link; `invited`: invited freelancers only.",
    )
    experience: Experience | None = None
    weekly_hours: WeeklyHours | None = Field(default=None, description="Approximate hours per week, for hourly work.")
    questions: Questions = Field(default=[], description="Questions that every proposal must answer.")
    proposals_limit: ProposalsLimit | None = Field(default=None, description="Maximum number of active proposals.")
    files: FileIds = Field(default=[], description="Ids of files uploaded for an order.")


class OrderCreate(OrderFields):
    """Request to create a draft."""


class OrderPatch(BaseModel):
    """Request to change an order. Omitted fields stay unchanged; null empties an optional field."""

    model_config = ConfigDict(extra="forbid")

    title: Title | None = None
    description: Description | None = None
    category: CategorySlug | None = None
    skills: SkillWords | None = None
    budget_kind: BudgetKind | None = None
    budget: MoneyInput | None = None
    budget_max: MoneyInput | None = None
    deadline: Day | None = None
    visibility: Visibility | None = None
    experience: Experience | None = None
    weekly_hours: WeeklyHours | None = None
    questions: Questions | None = None
    proposals_limit: ProposalsLimit | None = None
    files: FileIds | None = None
    version: WholeNumber | None = Field(
        default=None, ge=1, le=2**31, description="Expected version; responds 409 if it has changed."
    )


class OrderClose(BaseModel):
    """Request to close an order, with a reason."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[CloseReason, AfterValidator(_by_hand)] = CloseReason.NOT_NEEDED
    note: Note = ""


class PersonRead(BaseModel):
    """The public data of a person."""

    id: UUID
    name: str


class OrderCard(BaseModel):
    """An order in a list; `description` is an excerpt."""

    id: UUID
    title: str
    description: str
    status: OrderStatus
    category: str | None
    skills: list[str] = Field(description="Slugs of skills in the catalogue.")
    tags: list[str] = Field(description="Skills that are not in the catalogue, as entered.")
    budget_kind: BudgetKind
    budget: MoneyRead | None
    budget_max: MoneyRead | None
    deadline: date | None
    customer: PersonRead
    proposals_count: int
    created_at: Moment
    published_at: Moment | None
    updated_at: Moment


class DefaultRead(BaseModel):
    """What happens automatically when the state times out."""

    event: str
    to: OrderStatus
    at: Moment


class OwnOrderCard(OrderCard):
    """An order in its customer's own list."""

    visibility: Visibility
    if_nobody_acts: DefaultRead | None = Field(description="What happens when the current state times out, and when.")


class OrderRead(OrderCard):
    """A complete order; `actions` are the actions the reader may perform now."""

    version: int
    expires_at: Moment | None = Field(description="When the current state times out.")
    closed_at: Moment | None
    close_reason: CloseReason | None
    visibility: Visibility
    experience: Experience | None
    weekly_hours: int | None
    questions: list[str]
    proposals_limit: int | None
    files: list[FileRead] = Field(description="Attached files; their links expire soon.")
    if_nobody_acts: DefaultRead | None = Field(description="What happens when the current state times out, and when.")
    takedown_reason: str | None = Field(description="Why the operator removed it; visible to the client only.")
    rejection: str | None = Field(description="Reason for the operator's rejection; visible to the client only.")
    share_key: str | None = Field(description="Key of the order's link (`?key=`); visible to the client only.")
    actions: list[str]


class FieldChange(BaseModel):
    """The value of a field before and after an edit."""

    field: str
    before: Any
    after: Any


class RevisionRead(BaseModel):
    """An earlier version of a published order, and the changes made by the edit."""

    version: int
    content: dict[str, Any]
    changes: list[FieldChange]
    replaced_at: Moment


class RevisionList(BaseModel):
    """Earlier versions of an order, newest first."""

    items: list[RevisionRead]
