"""The skills of people with their levels, as a column of the statement that reads the people."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by, array
from sqlalchemy.orm import InstrumentedAttribute

from app.models import ProfileSkill, SkillLevel


def skill_levels(user_id: InstrumentedAttribute[UUID]) -> ColumnElement[Any]:
    """Return the skills of the person whom a column names: pairs of a slug and a level, in their own order."""
    pair = array([ProfileSkill.skill, cast(ProfileSkill.level, Text)])
    pairs = func.array_agg(aggregate_order_by(pair, ProfileSkill.position), type_=ARRAY(Text, dimensions=2))
    return select(pairs).where(ProfileSkill.user_id == user_id).correlate_except(ProfileSkill).scalar_subquery()


def levels_of(pairs: Sequence[Sequence[str]] | None) -> dict[str, SkillLevel]:
    """Turn what the column holds into levels by slug; nothing for somebody without skills."""
    return {slug: SkillLevel(level) for slug, level in pairs or ()}
