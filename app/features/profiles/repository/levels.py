"""A subquery column with the skills and levels of users."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by, array
from sqlalchemy.orm import InstrumentedAttribute

from app.models import ProfileSkill, SkillLevel


def skill_levels(user_id: InstrumentedAttribute[UUID]) -> ColumnElement[Any]:
    """Return a column with the skills of the user in `user_id`: pairs of slug and level, in the owner's order."""
    pair = array([ProfileSkill.skill, cast(ProfileSkill.level, Text)])
    pairs = func.array_agg(aggregate_order_by(pair, ProfileSkill.position), type_=ARRAY(Text, dimensions=2))
    return select(pairs).where(ProfileSkill.user_id == user_id).correlate_except(ProfileSkill).scalar_subquery()


def levels_of(pairs: Sequence[Sequence[str]] | None) -> dict[str, SkillLevel]:
    """Convert the value of the column to levels by slug; empty without skills."""
    return {slug: SkillLevel(level) for slug, level in pairs or ()}
