"""Shapes that cross the wire for the catalogue, and the shape of its data file."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Name = Annotated[str, Field(min_length=1, max_length=80)]


class Searched(StrEnum):
    """What is searched by words; each has a frequency of its own in the dictionary."""

    ORDERS = "orders"
    PEOPLE = "people"


class SuggestionRead(BaseModel):
    """What to search for instead; null where nothing better is known."""

    suggestion: str | None


class CategoryData(BaseModel):
    """One category in the data file; a parent comes before its parts."""

    model_config = ConfigDict(extra="forbid")

    slug: Slug
    parent: Slug | None = None
    name_en: Name
    name_ru: Name


class SkillData(BaseModel):
    """One skill in the data file."""

    model_config = ConfigDict(extra="forbid")

    slug: Slug
    category: Slug
    name_en: Name
    name_ru: Name
    synonyms: list[Name] = Field(default=[], max_length=30)


class CatalogData(BaseModel):
    """The data file as a whole."""

    model_config = ConfigDict(extra="forbid")

    categories: list[CategoryData] = Field(max_length=1000)
    skills: list[SkillData] = Field(max_length=10_000)


class CategoryRead(BaseModel):
    """A category; `name` is in the reader's language, `parts` are the categories inside it."""

    slug: str
    name: str
    name_en: str
    name_ru: str
    parts: list["CategoryRead"] = []


type PlaceKind = Literal["category", "skills"]


class PlaceRead(BaseModel):
    """A skill or a category that fits what was typed: a place in the catalogue that has orders of its own."""

    filter: PlaceKind = Field(description="the filter of the order list that leads there")
    slug: str = Field(description="what the filter is given")
    name: str
    within: str | None = Field(description="the field of work around it, in the reader's language")


class PlaceList(BaseModel):
    """Places in the catalogue, best first."""

    items: list[PlaceRead]


class SkillRead(BaseModel):
    """A skill; `name` is in the reader's language."""

    slug: str
    name: str
    name_en: str
    name_ru: str
    category: str


class CategoryList(BaseModel):
    """Every category, in the order they are shown."""

    items: list[CategoryRead]


class SkillList(BaseModel):
    """Skills that fit what was typed, best first."""

    items: list[SkillRead]
