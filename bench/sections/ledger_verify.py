"""Verify a whole sealed ledger: transfers a second."""

import asyncio
import time

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.ledger import service as ledger
from app.features.transparency import service
from bench.money import add_releases, fresh_database, money_world, open_accounts, opened, seal_all
from bench.report import Section, at_least
from bench.run import Run

GOAL = 100_000


def measure(run: Run) -> list[Section]:
    """Fill, seal and verify."""
    return [asyncio.run(_measure(run))]


async def _measure(run: Run) -> Section:
    world = money_world()
    world.command("prepare")
    async with fresh_database(world, "bench_verify") as dsn, opened(world, dsn) as resources:
        connection = await asyncpg.connect(dsn)
        await open_accounts(connection)
        await add_releases(connection, run.transfers)
        began = time.perf_counter()
        sealed = await seal_all(resources)
        sealing = time.perf_counter() - began
        transfers = await connection.fetchval("SELECT count(*) FROM ledger.transfer")
        note = await connection.fetchval("SELECT note FROM ledger.checkpoint ORDER BY size DESC LIMIT 1")
        await connection.execute("VACUUM (ANALYZE) ledger.leaf")
        await connection.close()
        engine = resources.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        took: dict[str, list[float]] = {"verify": [], "check": []}
        for _round in range(run.rounds):
            async with AsyncSession(engine) as session:
                began = time.perf_counter()
                verdict = await service.verify_ledger(session, note)
                took["verify"].append(time.perf_counter() - began)
            if verdict.code:
                raise SystemExit(f"the filled ledger was refused: {verdict.line}")
        async with AsyncSession(engine) as session:
            began = time.perf_counter()
            report = await ledger.check(session)
            took["check"].append(time.perf_counter() - began)
        if report.result:
            raise SystemExit(f"the filled ledger was refused: {report.findings[0]}")
    rates = {name: transfers / min(seconds) for name, seconds in took.items()}
    section = Section(
        "Verifying the ledger",
        ["", "seconds", "transfers/s"],
        [
            ["`ledger verify`, fastest round", f"{min(took['verify']):.1f}", f"{rates['verify']:,.0f}"],
            ["`ledger check`, once", f"{min(took['check']):.1f}", f"{rates['check']:,.0f}"],
            [f"sealing {sealed:,} transactions", f"{sealing:.1f}", f"{transfers / sealing:,.0f}"],
        ],
        how=f"{transfers:,} transfers, one process.",
    )
    section.goals = [at_least("transfers verified in a second", rates["verify"], GOAL)]
    return section
