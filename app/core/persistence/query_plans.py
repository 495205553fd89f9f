"""Planning of queries whose best plan depends on the values of their parameters."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_SET = "custom_plans"
"""Where a session keeps that it has set its plan mode."""


async def plan_for_values(session: AsyncSession) -> None:
    """Plan the statements of this transaction for their actual values: generic plans took up to six seconds.

    The setting ends with the transaction, so it also works behind a pooler; it is sent once.
    """
    if not session.info.get(_SET):
        await session.execute(text("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)"))
        session.info[_SET] = True
