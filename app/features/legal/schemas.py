"""Requests, responses and data packs of legal statuses."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from app.core.i18n import N_
from app.core.i18n.locale_data import countries
from app.core.text.text_cleaning import CLEAN_LINE
from app.core.text.whole_numbers import WholeNumber
from app.models import LegalKind, RegistryOutcome

MAX_FIELDS, MAX_FIELD_LENGTH = 20, 300
type Texts = dict[str, str]
"""A text in each language, by language code; English is always there."""


def _country(code: str) -> str:
    if code not in countries("en"):
        raise ValueError(N_("Choose a country from the list."))
    return code


Country = Annotated[str, Field(max_length=2, description="ISO 3166-1 alpha-2 country code."), AfterValidator(_country)]
FieldName = Annotated[str, StringConstraints(pattern="^[a-z_]{1,40}$")]


class LegalStatusPut(BaseModel):
    """Your legal details. `GET /legal-forms/{country}` lists the fields of each kind."""

    model_config = ConfigDict(extra="forbid")

    kind: LegalKind
    country: Country
    fields: Annotated[
        dict[FieldName, Annotated[str, Field(max_length=MAX_FIELD_LENGTH), CLEAN_LINE]],
        Field(max_length=MAX_FIELDS, description="Values by the name of the field; empty values are left out."),
    ]
    version: WholeNumber = Field(
        ge=0, le=2**31, description="The version you have read, 0 where there is none; responds 409 if it has changed."
    )


class StatusState(StrEnum):
    """Whether there are legal details, and whether they can be read."""

    EMPTY = "empty"
    COMPLETE = "complete"
    UNREADABLE = "unreadable"
    """The site no longer has the key that encrypted them; they can be entered again."""


class LegalDetails(BaseModel):
    """Kind, country and fields: what is encrypted."""

    kind: LegalKind
    country: str
    fields: dict[str, str]


class LegalStatusRead(BaseModel):
    """Your legal details; kind, country and fields are empty unless `state` is `complete`."""

    state: StatusState
    kind: LegalKind | None = None
    country: str | None = None
    fields: dict[str, str] = Field(default_factory=dict[str, str])
    version: int = Field(default=0, description="0 where nothing was saved yet.")
    saved_at: datetime | None = None
    registry_outcome: RegistryOutcome | None = Field(
        default=None, description="What a public registry answered about this version; null where none was asked."
    )


class LegalStatusVersionRead(BaseModel):
    """One saved version of your legal details."""

    version: int
    saved_at: datetime
    readable: bool = Field(description="Whether the site still has the key that encrypted this version.")
    changed: list[str] = Field(description="Names of what differs from the version before.")


class LegalStatusHistory(BaseModel):
    """The saved versions of your legal details, newest first."""

    items: list[LegalStatusVersionRead]


class FormField(BaseModel):
    """One field of a form, in the reader's language."""

    name: str
    label: str
    help: str
    example: str
    required: bool
    autocomplete: str


class KindForm(BaseModel):
    """The fields of one kind of legal status."""

    kind: LegalKind
    label: str
    fields: list[FormField]


class LegalForms(BaseModel):
    """What each kind of legal status is asked for in one country."""

    country: str
    pack: str = Field(description="The name of the rules that apply to the country.")
    kinds: list[KindForm]


class _PackModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldRule(_PackModel):
    """What one field of a pack contains, as its data file describes it."""

    name: FieldName
    label: Texts
    help: Texts = Field(default_factory=dict[str, str])
    example: str = ""
    pattern: str = ""
    """A regular expression of the whole value without spaces."""
    check: str = ""
    """A module of python-stdnum such as `ru.inn`, or a check of `rules`."""
    length: int | None = None
    digits: bool = False
    same_country: bool = False
    registry: str = ""
    """The public registry that lists such numbers."""
    autocomplete: str = "off"


class KindRule(_PackModel):
    """The ids of the fields of one kind, in the order of the form."""

    label: Texts
    required: list[str]
    optional: list[str] = Field(default_factory=list[str])


class Pack(_PackModel):
    """The legal statuses of some countries; one without countries applies to all that no other one names."""

    code: str
    countries: list[str]
    fields: dict[str, FieldRule]
    kinds: dict[LegalKind, KindRule]
