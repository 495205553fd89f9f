"""Requests and responses of profiles and portfolios."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo

from app.core.i18n import N_
from app.core.i18n.locale_data import countries, languages, time_zones
from app.core.money import MoneyInput, MoneyRead
from app.core.text.text_cleaning import CLEAN_LINE, CLEAN_LINES, at_least, clean_link
from app.core.text.whole_numbers import WholeNumber
from app.features.files.schemas import Crop, FileRead
from app.features.profiles.schemas.customer_stats import Moment
from app.models import Availability, ProfileSide, SkillLevel

MAX_HEADLINE, MAX_ABOUT, MAX_LINKS, MAX_LANGUAGES, MAX_SKILLS = 120, 10_000, 8, 10, 30
MAX_FILES = 50
"""The maximum number of file ids in one request; the files feature limits the files per subject."""
LEVEL_LABELS: dict[SkillLevel, str] = {
    SkillLevel.BEGINNER: N_("Beginner"),
    SkillLevel.CONFIDENT: N_("Confident"),
    SkillLevel.EXPERT: N_("Expert"),
}
AVAILABILITY_LABELS: dict[Availability, tuple[str, str]] = {
    Availability.OPEN: (N_("Takes work"), "good"),
    Availability.PARTLY: (N_("Takes a little work"), "note"),
    Availability.BUSY: (N_("Busy"), ""),
}
"""The label and the colour tone of each availability."""
LANGUAGE_LABELS: dict[str, str] = {
    "native": N_("native"),
    "fluent": N_("fluent"),
    "good": N_("good"),
    "basic": N_("basic"),
}


def _language(code: str) -> str:
    if code not in languages("en"):
        raise ValueError(N_("Choose a language from the list."))
    return code


def _country(code: str) -> str:
    if code not in countries("en"):
        raise ValueError(N_("Choose a country from the list."))
    return code


def _zone(name: str) -> str:
    if name not in time_zones():
        raise ValueError(N_("Choose a time zone from the list."))
    return name


KEPT_LINKS = "kept_links"
"""The key of the validation context with the addresses that are stored already."""


def _link(value: str, info: ValidationInfo) -> str:
    """Check an address; one that is stored already stays, also where a newer rule would refuse it."""
    return value if value in (info.context or {}).get(KEPT_LINKS, ()) else clean_link(value)


Link = Annotated[str, Field(max_length=500), AfterValidator(_link)]


class LanguageItem(BaseModel):
    """A language that a person speaks."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(max_length=2, description="ISO 639-1 language code."), AfterValidator(_language)]
    level: Literal["native", "fluent", "good", "basic"]


class LinkItem(BaseModel):
    """A link to an external page."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, Field(max_length=60), CLEAN_LINE] = ""
    url: Link


class SkillItem(BaseModel):
    """A skill with its level; `skill` is a slug or a name of the catalogue."""

    model_config = ConfigDict(extra="forbid")

    skill: Annotated[str, Field(min_length=1, max_length=80), CLEAN_LINE]
    level: SkillLevel = SkillLevel.CONFIDENT


class ProfilePatch(BaseModel):
    """Changes of a profile. Fields that are left out keep their values; null clears an optional field."""

    model_config = ConfigDict(extra="forbid")

    side: ProfileSide | None = Field(default=None, description="Side of the market you currently use.")
    listed: bool | None = Field(
        default=None, description="Whether your profile is listed in the catalogue of freelancers."
    )
    headline: Annotated[str, Field(max_length=MAX_HEADLINE), CLEAN_LINE] | None = None
    about: Annotated[str, Field(max_length=MAX_ABOUT, description="Markdown text."), CLEAN_LINES] | None = None
    skills: Annotated[list[SkillItem], Field(max_length=MAX_SKILLS)] | None = None
    rate: MoneyInput | None = Field(default=None, description="Hourly rate.")
    languages: Annotated[list[LanguageItem], Field(max_length=MAX_LANGUAGES)] | None = None
    country: (
        Annotated[str, Field(max_length=2, description="ISO 3166-1 alpha-2 country code."), AfterValidator(_country)]
        | None
    ) = None
    place: Annotated[str, Field(max_length=80), CLEAN_LINE] | None = None
    time_zone: (
        Annotated[str, Field(max_length=60, description="IANA time zone name."), AfterValidator(_zone)] | None
    ) = None
    availability: Availability | None = None
    available_from: date | None = None
    hours_week: Annotated[WholeNumber, Field(ge=1, le=80)] | None = None
    links: Annotated[list[LinkItem], Field(max_length=MAX_LINKS)] | None = None
    recommendations: bool | None = Field(default=None, description="Whether recommendations are shown to you.")
    version: WholeNumber | None = Field(
        default=None, ge=1, le=2**31, description="Expected version; responds 409 if it has changed."
    )


class SkillRead(BaseModel):
    """A skill of a person; `name` is in the reader's language."""

    slug: str
    name: str
    level: SkillLevel


class PortfolioRead(BaseModel):
    """A portfolio item."""

    id: UUID
    title: str
    description: str
    link: str | None
    year: int | None
    skills: list[str] = Field(description="Slugs of skills in the catalogue.")
    files: list[FileRead] = Field(
        description="Pictures and files in display order; others see only those that are ready."
    )
    created_at: Moment
    taken_down: bool = Field(default=False, description="Whether the operator removed it; others do not see it then.")
    takedown_reason: str | None = Field(default=None, description="Why the operator removed it.")


class PersonCard(BaseModel):
    """A person in lists, without contact details."""

    id: UUID
    username: str
    name: str
    headline: str
    avatar_url: str | None
    href: str


class ProfileRead(BaseModel):
    """A public profile."""

    id: UUID
    username: str
    name: str
    href: str
    headline: str
    about: str = Field(description="Markdown source.")
    about_html: str = Field(description="The same text as sanitized HTML.")
    avatar_url: str | None
    skills: list[SkillRead]
    rate: MoneyRead | None
    languages: list[LanguageItem]
    country: str | None
    place: str
    time_zone: str | None
    availability: Availability
    available_from: date | None
    hours_week: int | None
    links: list[LinkItem]
    portfolio: list[PortfolioRead]
    listed: bool
    member_since: Moment
    favourite: bool = Field(description="Whether this person is one of your favourites.")
    hidden: bool = Field(description="Whether you hide this person's orders.")


class OwnProfileRead(ProfileRead):
    """The reader's own profile, with fields that only the owner can set and see."""

    side: ProfileSide
    recommendations: bool
    takedown_reason: str | None = Field(description="Why the operator removed the profile; null if it is shown.")
    hints: list[str] = Field(description="Suggestions to improve the profile, most useful first.")
    version: int
    updated_at: Moment


class PortfolioFields(BaseModel):
    """The fields of a portfolio item."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, Field(min_length=1, max_length=120), CLEAN_LINE, at_least(1)]
    description: Annotated[str, Field(max_length=5000), CLEAN_LINES] = ""
    link: Link | None = None
    year: Annotated[WholeNumber, Field(ge=1950, le=2100)] | None = None
    skills: Annotated[list[Annotated[str, Field(min_length=1, max_length=80)]], Field(max_length=10)] = []
    files: (
        Annotated[
            list[UUID],
            Field(
                max_length=MAX_FILES, description="Ids of files uploaded as `portfolio`; null keeps the current ones."
            ),
        ]
        | None
    ) = None


class PhotoPut(BaseModel):
    """The photo to set."""

    model_config = ConfigDict(extra="forbid")

    file: UUID = Field(description="Id of a file uploaded as `avatar`. Its center is shown unless `crop` is given.")
    crop: Crop | None = None


class PhotoRead(BaseModel):
    """A person's photo; `url` is null until the picture has been inspected."""

    url: str | None
    waiting: bool = Field(description="Whether a picture is still being inspected or cropped.")
    picture: FileRead | None = Field(description="The complete picture; visible to its owner only.")


class PortfolioMove(BaseModel):
    """The new position of a portfolio item."""

    model_config = ConfigDict(extra="forbid")

    position: Annotated[
        WholeNumber,
        Field(ge=0, le=1000, description="Position starting at 0; a greater one than the last means the end."),
    ]


class PortfolioList(BaseModel):
    """The reader's own portfolio items in the order they are shown."""

    items: list[PortfolioRead]


class PersonList(BaseModel):
    """Favourites or hidden customers, newest first."""

    items: list[PersonCard]
