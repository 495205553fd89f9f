"""API schemas of the catalogue, and the schema of its data file."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Name = Annotated[str, Field(min_length=1, max_length=80)]


class Searched(StrEnum):
    """The kinds of text search; the dictionary has a frequency column for each."""

    ORDERS = "orders"
    PEOPLE = "people"


class SuggestionRead(BaseModel):
    """A suggested search query; null if there is none."""

    suggestion: str | None


class CategoryData(BaseModel):
    """One category of the data file; parents come before their subcategories."""

    model_config = ConfigDict(extra="forbid")

    slug: Slug
    parent: Slug | None = None
    name_en: Name
    name_ru: Name


class SkillData(BaseModel):
    """One skill of the data file."""

    model_config = ConfigDict(extra="forbid")

    slug: Slug
    category: Slug
    name_en: Name
    name_ru: Name
    synonyms: list[Name] = Field(default=[], max_length=30)


class CatalogData(BaseModel):
    """The data file."""

    model_config = ConfigDict(extra="forbid")

    categories: list[CategoryData] = Field(max_length=1000)
    skills: list[SkillData] = Field(max_length=10_000)


class CategoryRead(BaseModel):
    """A category; `name` is in the reader's language, `parts` are its subcategories."""

    slug: str
    name: str
    name_en: str
    name_ru: str
    parts: list["CategoryRead"] = []


type PlaceKind = Literal["category", "skills"]


class PlaceRead(BaseModel):
    """A skill or a category that matches the typed text and has its own list of orders."""

    filter: PlaceKind = Field(description="Filter of the order list to apply.")
    slug: str = Field(description="Value of that filter.")
    name: str
    within: str | None = Field(description="Name of the parent category in the reader's language.")


class PlaceList(BaseModel):
    """Matching skills and categories, best first."""

    items: list[PlaceRead]


class SkillRead(BaseModel):
    """A skill; `name` is in the reader's language."""

    slug: str
    name: str
    name_en: str
    name_ru: str
    category: str


class CategoryList(BaseModel):
    """All categories in display order."""

    items: list[CategoryRead]


class SkillList(BaseModel):
    """Matching skills, best first."""

    items: list[SkillRead]
