"""The sweep of due releases: transfers a second, and how long commands on the same deals wait meanwhile."""

import asyncio
import statistics
import time

import asyncpg

from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.contracts import service, workflows
from app.models import TimerKind
from bench.deals import add_deals, make_template, milestone_of
from bench.money import fresh_database, money_world, open_accounts, opened
from bench.report import Section, at_least, at_most
from bench.run import Run

FEW = 1_000
FULL = 10_000
MANY = 300_000
"""From so many transfers on the full number of timers is swept."""
SINGLE = 300
"""Timers that are fired one by one for comparison."""
GOAL = 5_000
MAX_WAIT_MS = 250
PROBE_PAUSE = 0.02
LOCK = """
    SELECT 1 FROM deals JOIN milestones ON milestones.contract_id = deals.contract_id
    WHERE milestones.id = $1 FOR UPDATE OF deals, milestones
"""


def measure(run: Run) -> list[Section]:
    """Accept by silence and end the security periods of many deals."""
    return [asyncio.run(_measure(run))]


async def _measure(run: Run) -> Section:
    world = money_world()
    world.command("prepare")
    count = FULL if run.transfers >= MANY else FEW
    rates: dict[str, float] = {}
    waits: list[float] = []
    async with fresh_database(world, "bench_sweep") as dsn, opened(world, dsn) as resources:
        connection, probe = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
        await open_accounts(connection)
        template = await make_template(resources, connection)
        await add_deals(connection, template, 0, SINGLE)
        rates["one by one: accepted by silence"] = await _singly(connection, resources)
        await add_deals(connection, template, SINGLE, count)
        for name, kind in (("accepted by silence", TimerKind.REVIEW), ("security period over", TimerKind.SECURITY)):
            if kind is TimerKind.SECURITY:
                past = "now() - interval '1 minute'"
                await connection.execute(
                    f"UPDATE deal_timers SET due_at = {past}, look_at = {past} WHERE kind = '{kind}'"
                )
            before = await connection.fetchval("SELECT count(*) FROM ledger.transfer")
            stopped = asyncio.Event()
            probing = asyncio.create_task(_probe(probe, stopped, SINGLE, count))
            began = time.perf_counter()
            while await workflows.sweep_timers(resources):
                pass
            took = time.perf_counter() - began
            stopped.set()
            waits += await probing
            moved = await connection.fetchval("SELECT count(*) FROM ledger.transfer") - before
            rates[f"in batches: {name}"] = moved / took
        left = await connection.fetchval("SELECT count(*) FROM deal_timers WHERE status = 'waiting' AND due_at < now()")
        await connection.close()
        await probe.close()
    if left:
        raise SystemExit(f"{left} timers were left")
    section = Section(
        "Sweep of due timers",
        ["", "transfers/s"],
        [[name, f"{rate:.0f}"] for name, rate in rates.items()]
        + [["a command's wait for a deal, median ms", f"{statistics.median(waits):.1f}"]]
        + [["a command's wait for a deal, longest ms", f"{max(waits):.1f}"]],
        how=f"{count:,} due timers of each kind, batches of at most 0.2 s, one process, timeline, papers and "
        "events included; without fees a release is one transfer.",
    )
    section.goals = [
        at_least("transfers a second of due releases", rates["in batches: accepted by silence"], GOAL),
        at_least("transfers a second of security periods", rates["in batches: security period over"], GOAL),
        at_most("longest wait of a command during the sweep", max(waits), MAX_WAIT_MS, " ms"),
    ]
    return section


async def _singly(connection: asyncpg.Connection, resources: Resources) -> float:
    """Fire timers one by one; return the transfers a second."""
    rows = await connection.fetch("SELECT id FROM deal_timers WHERE kind = 'review' AND due_at < now()")
    began = time.perf_counter()
    for row in rows:
        async with unit_of_work(resources) as uow:
            await service.fire_timer(uow, row["id"])
    return len(rows) / (time.perf_counter() - began)


async def _probe(connection: asyncpg.Connection, stopped: asyncio.Event, first: int, count: int) -> list[float]:
    """Lock one deal after the other, as commands do; return the milliseconds that each took."""
    waits, number = [], 0
    while not stopped.is_set():
        number = (number + 7) % count
        began = time.perf_counter()
        await connection.fetchval(LOCK, milestone_of(first + number))
        waits.append((time.perf_counter() - began) * 1e3)
        await asyncio.sleep(PROBE_PAUSE)
    return waits
