"""The same reads and writes on a ledger that grows tenfold at each step."""

import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.core.money import Currency
from app.features.ledger import service as ledger
from app.models import AccountKind
from bench.money import (
    ACCOUNTS,
    CUSTOMERS,
    RELEASE,
    add_releases,
    bench_id,
    fresh_database,
    money_world,
    open_accounts,
    opened,
    seal_all,
)
from bench.report import Section, at_most
from bench.run import Run

FIRST = 10_000
CALLS = 300
FLAT = 1.5
"""How often the time on the smallest ledger a flat figure may take; caches hold less of a large one."""
type Call = Callable[[int], Awaitable[object]]


def measure(run: Run) -> list[Section]:
    """Measure at each size."""
    return [asyncio.run(_measure(run))]


async def _measure(run: Run) -> Section:
    world = money_world()
    world.command("prepare")
    sizes = [FIRST * 3]
    while sizes[-1] * 10 <= max(run.transfers, FIRST * 30):
        sizes.append(sizes[-1] * 10)
    found: dict[str, list[float]] = {}
    async with fresh_database(world, "bench_growth") as dsn, opened(world, dsn) as resources:
        connection = await asyncpg.connect(dsn)
        await open_accounts(connection)
        for size in sizes:
            await add_releases(connection, size)
            await seal_all(resources)
            await connection.execute("VACUUM (ANALYZE) ledger.leaf")
            async with AsyncSession(resources.engine) as session:
                for name, call in _calls(connection, session).items():
                    found.setdefault(name, []).append(await _median(call))
            print(f"  {size:,} transfers", file=sys.stderr, flush=True)
        await connection.close()
    section = Section(
        "Growth of the ledger, milliseconds (median)",
        ["", *(f"{size:,} transfers" for size in sizes), "last to first"],
        [[name, *(f"{each:.2f}" for each in times), f"{times[-1] / times[0]:.2f}"] for name, times in found.items()],
        how=f"{CALLS} calls one after another on one connection at each size, all sealed.",
    )
    section.goals = [
        at_most(f"{name}, largest ledger to smallest", times[-1] / times[0], FLAT) for name, times in found.items()
    ]
    return section


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
        account = ledger.Account(AccountKind.MATURING, bench_id("freelancer", number * 7 % ACCOUNTS))
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


async def _median(call: Call) -> float:
    """Return the median time of a call in milliseconds."""
    took = []
    for number in range(CALLS):
        began = time.perf_counter()
        await call(number)
        took.append((time.perf_counter() - began) * 1e3)
        if sum(took) > 20_000:
            break
    return statistics.median(took)
