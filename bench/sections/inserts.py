"""The cost of search when an order is inserted: the real table against a copy with B-tree indexes only."""

import asyncio
import random
import statistics
import time
from typing import Any
from uuid import UUID

import asyncpg

from bench import fill_orders
from bench.report import Goal, Section, at_most
from bench.run import Run

BATCH = 300
SETTLING = 10
"""Rounds between the two measurements: pages of a newly built index are full and are split by the first inserts."""
PLAIN = "bench_orders"


async def _copy(connection: Any) -> None:
    """Create the copy once: the same rows without the columns that the database generates for search."""
    generated = await connection.fetch(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attgenerated <> ''"
    )
    columns = await connection.fetch(
        """
        SELECT attname FROM pg_attribute
        WHERE attrelid = 'orders'::regclass AND attnum > 0 AND attgenerated = '' AND NOT attisdropped
        """
    )
    names = ", ".join(row["attname"] for row in columns)
    if await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", PLAIN):
        return
    indexes = await connection.fetch(
        """
        SELECT pg_get_indexdef(i.indexrelid) AS definition, i.indexrelid::regclass::text AS name
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
        WHERE i.indrelid = 'orders'::regclass AND a.amname = 'btree' AND NOT i.indisprimary
        """
    )
    async with connection.transaction():
        await connection.execute(fill_orders.PARALLEL)
        await connection.execute(f"CREATE TABLE {PLAIN} (LIKE orders INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
        for row in generated:
            await connection.execute(f"ALTER TABLE {PLAIN} DROP COLUMN {row['attname']}")
        await connection.execute(f"INSERT INTO {PLAIN} ({names}) SELECT {names} FROM orders")
        await connection.execute(f"ALTER TABLE {PLAIN} ADD PRIMARY KEY (id)")
        for constraint in await connection.fetch(
            """
            SELECT pg_get_constraintdef(oid) AS definition
            FROM pg_constraint WHERE conrelid = 'orders'::regclass AND contype = 'f'
            """
        ):
            await connection.execute(f"ALTER TABLE {PLAIN} ADD {constraint['definition']}")
        for row in indexes:
            definition = row["definition"].replace(row["name"], f"bench_{row['name']}", 1)
            await connection.execute(definition.replace("ON public.orders ", f"ON public.{PLAIN} "))
    await connection.execute(f"VACUUM (ANALYZE) {PLAIN}")


async def _round(connection: Any, table: str, rows: list[tuple[Any, ...]]) -> float:
    """Insert one row per statement, roll back, and return the microseconds per row."""
    places = ", ".join(f"${number + 1}" for number in range(len(fill_orders.COLUMNS)))
    statement = await connection.prepare(f"INSERT INTO {table} ({', '.join(fill_orders.COLUMNS)}) VALUES ({places})")
    transaction = connection.transaction()
    await transaction.start()
    began = time.perf_counter()
    for row in rows:
        await statement.fetch(*row)
    took = time.perf_counter() - began
    await transaction.rollback()
    return took / len(rows) * 1e6


async def _interleave(connection: Any, fresh: list[tuple[Any, ...]], rounds: int) -> list[tuple[float, float]]:
    """Return the microseconds per row of the copy and of the real table, for each round."""
    return [
        (
            await _round(connection, PLAIN, [fresh.pop() for _ in range(BATCH)]),
            await _round(connection, "orders", [fresh.pop() for _ in range(BATCH)]),
        )
        for _ in range(rounds)
    ]


async def _measure(run: Run) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    connection = await asyncpg.connect(run.world.dsn)
    try:
        await _copy(connection)
        customers = [
            row["id"] for row in await connection.fetch("SELECT id FROM users WHERE username LIKE 'customer%'")
        ]
        catalogue = await fill_orders.catalogue_of(connection)
        made = fill_orders.rows(BATCH * 2 * (2 * run.rounds + SETTLING), customers, catalogue)
        random_ = random.Random(11)
        fresh = [(UUID(int=row[0].int ^ random_.getrandbits(60)), *row[1:]) for row in made]
        for table in (PLAIN, "orders"):
            await connection.execute(f"REINDEX TABLE {table}")
        built = await _interleave(connection, fresh, run.rounds)
        await _interleave(connection, fresh, SETTLING)
        settled = await _interleave(connection, fresh, run.rounds)
        for table in (PLAIN, "orders"):
            await connection.execute(f"VACUUM {table}")
        return built, settled
    finally:
        await connection.close()


def _row(name: str, times: list[float], against: list[float]) -> list[str]:
    ratio = statistics.median(times) / statistics.median(against)
    return [name, f"{statistics.median(times):.0f}", f"{min(times):.0f}", f"{ratio:.2f}"]


def measure(run: Run) -> list[Section]:
    """Compare with one transaction size and one row per statement: right after the indexes were built, and later."""
    busier = Run(run.world, max(5, run.rounds), run.seconds)
    found = dict(zip(("just built", "settled"), asyncio.run(_measure(busier)), strict=True))
    rows: list[list[str]] = []
    goals: list[Goal] = []
    for state, rounds in found.items():
        base, ours = [plain for plain, _ours in rounds], [ours for _plain, ours in rounds]
        rows += [
            _row(f"the same columns, primary key and B-trees alone, {state}", base, base),
            _row(f"orders, with search and skills (GIN) on, {state}", ours, base),
        ]
        ratio = statistics.median(ours) / statistics.median(base)
        goals.append(at_most(f"inserting an order with search on, indexes {state}, to B-trees alone", ratio, 2.6))
    section = Section(
        "Inserting an order",
        ["entry", "µs a row, median", "least", "ratio"],
        rows,
        how=(
            f"{busier.rounds} interleaved rounds of {BATCH} rows, one statement a row, no commit; full tables. "
            f"Just built: all indexes anew, as after a restore. Settled: {SETTLING * BATCH:,} rows later."
        ),
    )
    section.goals = goals
    return [section]
