"""Statements that replace a skill in profiles when two skills are merged."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_STATEMENTS = (
    # If a user has both skills, the higher level is kept.
    """
    UPDATE profile_skills AS kept SET level = old.level FROM profile_skills AS old
    WHERE old.user_id = kept.user_id AND old.skill = :old AND kept.skill = :new
      AND array_position(ARRAY['beginner', 'confident', 'expert'], old.level::text)
        > array_position(ARRAY['beginner', 'confident', 'expert'], kept.level::text)
    """,
    """
    DELETE FROM profile_skills AS old WHERE old.skill = :old
      AND EXISTS (SELECT FROM profile_skills AS kept WHERE kept.user_id = old.user_id AND kept.skill = :new)
    """,
    "UPDATE profile_skills SET skill = :new WHERE skill = :old",
    """
    UPDATE profiles SET skills = CASE WHEN :new = ANY(skills) THEN array_remove(skills, :old)
                                      ELSE array_replace(skills, :old, :new) END
    WHERE skills @> ARRAY[:old]
    """,
    """
    UPDATE portfolio_items SET skills = CASE WHEN :new = ANY(skills) THEN array_remove(skills, :old)
                                             ELSE array_replace(skills, :old, :new) END
    WHERE skills @> ARRAY[:old]
    """,
)


class MergingRepository:
    """Statements for merging skills in profiles and portfolios."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def replace_skill(self, old: str, new: str) -> None:
        """Replace one skill by another in all profiles and portfolios."""
        for statement in _STATEMENTS:
            await self._session.execute(text(statement), {"old": old, "new": new})
