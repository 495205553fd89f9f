"""A transaction that loses against another one is run again as a whole, a few times and for no other reason."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.resources import Resources
from app.core.unit_of_work import MAX_REPEATS, UnitOfWork, repeated
from tests.core.outbox_events import BellRung

LOCK = text("SELECT pg_advisory_xact_lock(:key)")


async def rung(resources: Resources) -> list[str]:
    """Return what was committed."""
    async with resources.sessions() as session:
        found = await session.execute(text("SELECT payload ->> 'name' FROM outbox_messages ORDER BY id"))
        return [str(name) for name in found.scalars()]


async def test_both_of_a_real_deadlock_succeed_and_each_once(live_resources: Resources) -> None:
    tries: list[str] = []
    both_hold = asyncio.Barrier(2)

    async def run(name: str, first: int, second: int) -> str:
        async def work(uow: UnitOfWork) -> str:
            tries.append(name)
            uow.emit(BellRung(name=name))
            await uow.session.execute(LOCK, {"key": first})
            if tries.count(name) == 1:
                await both_hold.wait()
            await uow.session.execute(LOCK, {"key": second})
            return name

        return await repeated(live_resources, work)

    done = list(await asyncio.gather(run("a", 1, 2), run("b", 2, 1)))
    assert done == ["a", "b"]
    assert len(tries) == 3, "one of them lost, once"
    assert sorted(await rung(live_resources)) == ["a", "b"]


@pytest.mark.parametrize(
    ("state", "tried"), [("40001", 1 + MAX_REPEATS), ("40P01", 1 + MAX_REPEATS), ("22012", 1), ("55P03", 1)]
)
async def test_repeats_are_bounded_and_only_for_conflicts(resources: Resources, state: str, tried: int) -> None:
    tries = []

    async def work(uow: UnitOfWork) -> None:
        tries.append(state)
        await uow.session.execute(text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$"))

    with pytest.raises(DBAPIError):
        await repeated(resources, work)
    assert len(tries) == tried
