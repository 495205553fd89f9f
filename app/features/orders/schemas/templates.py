"""API schemas of order templates."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.core.text.text_cleaning import CLEAN_LINE, at_least
from app.features.orders.schemas.orders import Moment

MAX_TEMPLATE_NAME = 100


class TemplateName(BaseModel):
    """Request to name a template."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=MAX_TEMPLATE_NAME), CLEAN_LINE, at_least(1)]


class TemplateRead(BaseModel):
    """A template as its owner sees it."""

    id: UUID
    name: str
    title: str = Field(description="Title of orders created from the template.")
    created_at: Moment


class TemplateList(BaseModel):
    """The person's own templates, newest first."""

    items: list[TemplateRead]
