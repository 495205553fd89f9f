"""Releases a second through the ledger with all guards, against a locked fee row, and with the sealer at work."""

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import asyncpg

from app.core.config import ROOT
from app.core.ids import new_id
from bench.environment import end, environment
from bench.money import ACCOUNTS, RELEASE, add_releases, fresh_database, money_world, open_accounts, opened, seal_all
from bench.report import Section, at_least, at_most
from bench.run import Run

CONNECTIONS = 8
FILLED = 100_000
PACE = 1_000
LAG = """
    SELECT percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM sealed.sealed_at - txn.recorded_at))
    FROM ledger.leaf JOIN ledger.txn ON txn.id = leaf.txn_id
    CROSS JOIN LATERAL (
        SELECT sealed_at FROM ledger.checkpoint WHERE size > leaf.position ORDER BY size LIMIT 1
    ) AS sealed
    WHERE leaf.position >= $1
"""
VARIANTS = ("appended", "locked", "sealed")
NAMES = {
    "appended": "fee income appended, sealing off",
    "locked": "the same with one locked fee row",
    "sealed": "fee income appended, sealing on",
}


def measure(run: Run) -> list[Section]:
    """Measure the three variants in turn on a filled ledger."""
    return [asyncio.run(_measure(run))]


async def _measure(run: Run) -> Section:
    world = money_world()
    world.command("prepare")
    found: dict[str, list[float]] = {name: [] for name in VARIANTS}
    lags: list[float] = []
    paced: list[float] = []
    async with fresh_database(world, "bench_postings") as dsn, opened(world, dsn) as resources:
        connection = await asyncpg.connect(dsn)
        await open_accounts(connection)
        await add_releases(connection, FILLED)
        await _load(dsn, 1, "appended")
        for number in range(run.rounds):
            for name in VARIANTS if number % 2 else VARIANTS[::-1]:
                await seal_all(resources)
                size = await connection.fetchval("SELECT count(*) FROM ledger.leaf")
                with _sealing(dsn) if name == "sealed" else nullcontext():
                    found[name].append(await _load(dsn, run.seconds, name))
                if name == "sealed":
                    lags.append(float(await connection.fetchval(LAG, size)))
                print(f"  {number + 1}/{run.rounds} {name}: {found[name][-1]:.0f}/s", file=sys.stderr, flush=True)
            await seal_all(resources)
            size = await connection.fetchval("SELECT count(*) FROM ledger.leaf")
            with _sealing(dsn):
                await _load(dsn, run.seconds, "appended", pace=PACE)
            paced.append(float(await connection.fetchval(LAG, size)))
        await connection.close()
    return _section(run, found, lags, paced)


def _section(run: Run, found: dict[str, list[float]], lags: list[float], paced: list[float]) -> Section:
    base = found["appended"]
    rows = [
        [
            NAMES[name],
            f"{statistics.median(rates):.0f}",
            f"{_ratio(rates, base):.2f}",
            f"{min(rates):.0f}…{max(rates):.0f}",
        ]
        for name, rates in found.items()
    ]
    rows += [
        ["lag of the seal at full load, p99, worst round", f"{max(lags):.2f} s", "", ""],
        [f"lag of the seal at {PACE} releases/s, p99, worst round", f"{max(paced):.2f} s", "", ""],
    ]
    section = Section(
        "Releases through the ledger",
        ["entry", "releases/s", "ratio", "min…max"],
        rows,
        how=(
            f"{run.rounds} rounds of {run.seconds} s, {CONNECTIONS} connections, {FILLED:,} transfers before; a "
            "release is one call: request key, header, two transfers, event."
        ),
    )
    section.goals = [
        at_least("releases with appended fees, to one locked fee row", _ratio(base, found["locked"]), 2.0),
        at_least("releases with sealing on, to off", _ratio(found["sealed"], base), 0.8),
        at_most(f"lag of the seal at {PACE} releases/s, p99", max(paced), 2, " s"),
    ]
    return section


def _ratio(ours: list[float], theirs: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(ours, theirs, strict=True))


async def _load(dsn: str, seconds: float, name: str, pace: float | None = None) -> float:
    """Release as fast as possible, or at a pace; return the releases per second."""
    pool = await asyncpg.create_pool(dsn, min_size=CONNECTIONS, max_size=CONNECTIONS)
    began, done = time.perf_counter(), 0

    async def work(number: int) -> None:
        nonlocal done
        async with pool.acquire() as connection:
            statement = await connection.prepare(RELEASE)
            place = number
            while (now := time.perf_counter() - began) < seconds:
                if pace is not None and done >= now * pace:
                    await asyncio.sleep(0.001)
                    continue
                done += 1
                await statement.fetchval(new_id(), place % ACCOUNTS, name == "locked")
                place += CONNECTIONS

    await asyncio.gather(*(work(number) for number in range(CONNECTIONS)))
    took = time.perf_counter() - began
    await pool.close()
    return done / took


@contextmanager
def _sealing(dsn: str) -> Iterator[None]:
    """Let another process seal, until everything is sealed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.sealer", dsn],
        cwd=ROOT,
        env=environment(**money_world().variables),
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield
    finally:
        end(process)
