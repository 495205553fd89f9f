"""What search costs when an order is written: the real table against a copy of it with B-trees alone."""

import asyncio
import random
import statistics
import time
from typing import Any
from uuid import UUID

import asyncpg

from bench import fill
from bench.report import Section, at_most
from bench.run import Run

BATCH = 300
PLAIN = "bench_orders"


async def _copy(connection: Any) -> None:
    """Make the copy once: the same rows without what the database generates for search."""
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
        await connection.execute(fill.PARALLEL)
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
    """Insert one row a statement, undo all of it, and return microseconds a row."""
    places = ", ".join(f"${number + 1}" for number in range(len(fill.COLUMNS)))
    statement = await connection.prepare(f"INSERT INTO {table} ({', '.join(fill.COLUMNS)}) VALUES ({places})")
    transaction = connection.transaction()
    await transaction.start()
    began = time.perf_counter()
    for row in rows:
        await statement.fetch(*row)
    took = time.perf_counter() - began
    await transaction.rollback()
    return took / len(rows) * 1e6


async def _measure(run: Run) -> dict[str, list[float]]:
    connection = await asyncpg.connect(run.world.dsn)
    try:
        await _copy(connection)
        customers = [
            row["id"] for row in await connection.fetch("SELECT id FROM users WHERE username LIKE 'customer%'")
        ]
        catalogue = await fill.catalogue_of(connection)
        made = list(fill.rows(BATCH * (2 * run.rounds + 2), customers, catalogue))
        random_ = random.Random(11)
        fresh = [(UUID(int=row[0].int ^ random_.getrandbits(60)), *row[1:]) for row in made]
        times: dict[str, list[float]] = {"orders": [], PLAIN: []}
        for table in times:
            await _round(connection, table, [fresh.pop() for _ in range(BATCH)])
        for _ in range(run.rounds):
            for table, found in times.items():
                found.append(await _round(connection, table, [fresh.pop() for _ in range(BATCH)]))
        for table in times:
            await connection.execute(f"VACUUM {table}")
        return times
    finally:
        await connection.close()


def measure(run: Run) -> list[Section]:
    """Compare in the same transaction size, one statement a row."""
    busier = Run(run.world, max(5, run.rounds), run.seconds)
    times = asyncio.run(_measure(busier))
    base, ours = statistics.median(times[PLAIN]), statistics.median(times["orders"])
    rows = [
        ["the same columns, primary key and B-trees alone", f"{base:.0f}", f"{min(times[PLAIN]):.0f}", "1.00"],
        ["orders, with search and skills (GIN) on", f"{ours:.0f}", f"{min(times['orders']):.0f}", f"{ours / base:.2f}"],
    ]
    section = Section(
        "Inserting an order",
        ["entry", "µs a row, median", "least", "ratio"],
        rows,
        how=f"{busier.rounds} interleaved rounds of {BATCH} rows, one statement a row, no commit; full tables.",
    )
    section.goals = [at_most("inserting an order with search on, to B-trees alone", ours / base, 2.6)]
    return [section]
