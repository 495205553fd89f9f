"""The same reads and writes on ledgers of which each is ten times as large as the one before, in turn."""

import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.core.money import Currency
from app.features.ledger import service as ledger
from app.models import AccountKind
from bench.environment import World
from bench.money import (
    ACCOUNTS,
    CUSTOMERS,
    RELEASE,
    RELEASES,
    add_releases,
    analyse,
    bench_id,
    fresh_database,
    money_world,
    open_accounts,
    opened,
    seal_all,
)
from bench.report import Section, at_most
from bench.run import Run

FIRST = 30_000
CALLS, PARTS = 300, 10
BUSY, FULL_PAGE = 40, 30
"""So many freelancers have more than a page of releases in every ledger."""
FLAT = 1.5
"""How often the time on the smallest ledger a flat figure may take; caches hold less of a large one."""
type Call = Callable[[int], Awaitable[object]]


def measure(run: Run) -> list[Section]:
    """Measure at each size."""
    return [asyncio.run(_measure(run))]


async def _measure(run: Run) -> Section:
    world = money_world()
    world.command("prepare")
    sizes = [FIRST]
    while sizes[-1] * 10 <= max(run.transfers, FIRST * 10):
        sizes.append(sizes[-1] * 10)
    async with AsyncExitStack() as stack:
        filled = [await _fill(stack, world, size) for size in sizes]
        took: dict[str, list[list[float]]] = {name: [[] for _size in sizes] for name in filled[0]}
        for part in range(PARTS):
            for name, times in took.items():
                for calls, own in zip(filled, times, strict=True):
                    await _time(calls[name], part, own)
    found = {name: [statistics.median(own) for own in times] for name, times in took.items()}
    section = Section(
        "Growth of the ledger, milliseconds (median)",
        ["", *(f"{size:,} transfers" for size in sizes), "last to first"],
        [[name, *(f"{each:.2f}" for each in times), f"{times[-1] / times[0]:.2f}"] for name, times in found.items()],
        how=f"{CALLS} calls one after another on one connection at each size, in {PARTS} parts that alternate between "
        "the sizes; all sealed, every page full.",
    )
    section.goals = [
        at_most(f"{name}, largest ledger to smallest", times[-1] / times[0], FLAT) for name, times in found.items()
    ]
    return section


async def _fill(stack: AsyncExitStack, world: World, size: int) -> dict[str, Call]:
    """Fill and seal a database of its own; return what is measured in it."""
    dsn = await stack.enter_async_context(fresh_database(world, f"bench_growth_{size}"))
    resources = await stack.enter_async_context(opened(world, dsn))
    connection = await asyncpg.connect(dsn)
    stack.push_async_callback(connection.close)
    await open_accounts(connection)
    await connection.execute(RELEASES, sorted(new_id() for _release in range(BUSY * FULL_PAGE)), 0, BUSY)
    await add_releases(connection, size)
    await seal_all(resources)
    await analyse(connection)
    session = await stack.enter_async_context(AsyncSession(resources.engine))
    print(f"  {size:,} transfers", file=sys.stderr, flush=True)
    return _calls(connection, session)


def _calls(connection: asyncpg.Connection, session: AsyncSession) -> dict[str, Call]:
    """Return what is measured, each for a number."""

    async def release(number: int) -> None:
        await connection.fetchval(RELEASE, new_id(), number * 7 % ACCOUNTS, False)

    async def balance(number: int) -> None:
        account = ledger.Account(AccountKind.MATURING, bench_id("freelancer", number * 7 % ACCOUNTS))
        await ledger.balance(session, account, Currency.RUB)

    async def income(_number: int) -> None:
        await ledger.balance(session, ledger.Account(AccountKind.FEE_INCOME), Currency.RUB)

    async def statement(number: int) -> None:
        account = ledger.Account(AccountKind.WALLET, bench_id("customer", number % CUSTOMERS))
        await ledger.list_transfers(session, [account], Currency.RUB)

    async def earnings(number: int) -> None:
        account = ledger.Account(AccountKind.MATURING, bench_id("freelancer", number % BUSY))
        await ledger.list_transfers(session, [account], Currency.RUB)

    async def deep(_number: int) -> None:
        account = ledger.Account(AccountKind.FEE_INCOME)
        page = await ledger.list_transfers(session, [account], Currency.RUB)
        await ledger.list_transfers(session, [account], Currency.RUB, cursor=page.next_cursor)

    return {
        "release": release,
        "balance of a freelancer": balance,
        "balance of fee income": income,
        "page of a wallet's statement": statement,
        "page of a freelancer's statement": earnings,
        "two pages of fee income": deep,
    }


async def _time(call: Call, part: int, took: list[float]) -> None:
    """Add the times of a part of the calls, in milliseconds."""
    for number in range(part * CALLS // PARTS, (part + 1) * CALLS // PARTS):
        began = time.perf_counter()
        await call(number)
        took.append((time.perf_counter() - began) * 1e3)
