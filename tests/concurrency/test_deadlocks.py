"""A deadlock that PostgreSQL resolves is answered as temporary, never as a fault of the program."""

import asyncio

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database import is_temporary
from app.core.resources import Resources


async def lock(session: AsyncSession, key: int) -> DBAPIError | None:
    try:
        await session.execute(select(text(f"pg_advisory_xact_lock({key})")))
    except DBAPIError as error:
        return error
    return None


async def test_one_side_of_a_deadlock_is_told_to_try_again(live_resources: Resources) -> None:
    async with live_resources.sessions() as one, live_resources.sessions() as other:
        await lock(one, 1)
        await lock(other, 2)
        ended = [error for error in await asyncio.gather(lock(one, 2), lock(other, 1)) if error is not None]
    assert ended
    assert all(is_temporary(error) for error in ended)
