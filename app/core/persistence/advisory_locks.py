"""Locks on names in PostgreSQL, for what has no row to lock; they end with the transaction."""

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.ext.asyncio import AsyncSession


async def lock_names(session: AsyncSession, *names: str) -> None:
    """Lock names until the transaction ends, in one order, so that two callers never wait for each other."""
    name = func.unnest(array(sorted(names))).column_valued("name")
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
