"""The same list with ten times the orders: a deep page must cost what the first one costs."""

import asyncio
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from bench.environment import World, call
from bench.load import Target, compare
from bench.report import Section, at_least, figures
from bench.run import Run

ORDERS, QUICK = 10_000_000, 200_000
FULL = 1_000_000
DEPTHS = 200
SPAN = timedelta(days=3650)
MINUTES = 20
# The list reads neither the search vectors nor an index by anything but time: columns that it does not read are left
# out,
# so that ten million rows are generated in minutes.
FILL = """
INSERT INTO orders (id, customer_id, status, title, description, budget_kind, created_at, updated_at, published_at,
                    expires_at)
SELECT uuidv7(), ($2::uuid[])[1 + number % cardinality($2::uuid[])], 'open', 'Заказ номер ' || number,
       repeat('Каталог на двести товаров, корзина и доставка. ', 5), 'open', moment, moment, moment,
       now() + interval '400 days'
FROM generate_series(1, $1::bigint) AS number,
     LATERAL (SELECT now() - $3::interval + $3::interval * (number::float8 / $1)) AS at (moment)
"""


async def _fill(world: World) -> float:
    """Generate the rows once; return the seconds it took, or None if they exist already."""
    connection = await asyncpg.connect(world.dsn)
    began = time.monotonic()
    try:
        if await connection.fetchval("SELECT count(*) FROM (SELECT 1 FROM orders LIMIT 1) AS any_of_them"):
            return 0.0
        await connection.execute(f"SET statement_timeout = '{MINUTES}min'; SET maintenance_work_mem = '512MB'")
        await connection.execute("ALTER TABLE orders ALTER COLUMN search DROP EXPRESSION")
        recent = await connection.fetchval("SELECT pg_get_indexdef('ix_orders_listed_recent'::regclass)")
        await _drop_indexes(connection)
        async with connection.transaction():
            customers = await _customers(connection)
            print(f"  filling {world.orders} orders", file=sys.stderr, flush=True)
            await connection.execute(FILL, world.orders, customers, SPAN)
            await connection.execute(recent)
        await connection.execute("VACUUM (ANALYZE) orders")
    finally:
        await connection.close()
    print(f"  filled in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return time.monotonic() - began


async def _drop_indexes(connection: Any) -> None:
    rows = await connection.fetch(
        """
        SELECT indexrelid::regclass::text AS name FROM pg_index
        WHERE indrelid = 'orders'::regclass AND NOT indisprimary
        """
    )
    for row in rows:
        await connection.execute(f"DROP INDEX {row['name']}")


async def _customers(connection: Any) -> list[Any]:
    rows = await connection.fetch(
        """
        INSERT INTO users (id, username, username_key, email, email_key, password_hash)
        SELECT uuidv7(), 'deep' || n, 'deep' || n, n || '@deep.example', n || '@deep.example', '!'
        FROM generate_series(1, 1000) AS n RETURNING id
        """
    )
    return [row["id"] for row in rows]


async def _places(world: World) -> list[tuple[datetime, Any]]:
    """Return rows spread over the second half of the list."""
    connection = await asyncpg.connect(world.dsn)
    last = datetime.now(UTC) - SPAN  # noqa: TID251 - data, not business
    try:
        found = [
            await connection.fetchrow(
                """
                SELECT published_at, id FROM orders
                WHERE status = 'open' AND visibility = 'public' AND published_at > $1
                ORDER BY published_at, id LIMIT 1
                """,
                last + SPAN * (0.01 + 0.49 * number / DEPTHS),
            )
            for number in range(DEPTHS)
        ]
    finally:
        await connection.close()
    return [(row["published_at"], row["id"]) for row in found]


def measure(run: Run) -> list[Section]:
    """Compare with 32 connections, in a separate environment."""
    world = World(ORDERS if run.world.orders >= FULL else QUICK)
    world.command("prepare")
    asyncio.run(_fill(world))
    from app.features.orders.repository import Position  # noqa: PLC0415 - the application's own cursor

    places = asyncio.run(_places(world))
    ours = tuple(f"/api/v1/orders?cursor={Position(moment, key).encode()}" for moment, key in places)
    raw = tuple(f"/orders?after={moment.isoformat().replace('+', '%2B')}_{key}" for moment, key in places)
    with world.iplance() as web, world.baseline() as least:
        page, _ = call(web.port, ours[0], None)
        bare, _ = call(least.port, raw[0], None)
        assert page is not None and bare is not None and len(page["items"]) == 20
        assert [item["id"] for item in bare["items"]] == [item["id"] for item in page["items"]]
        found = compare(
            [
                Target("raw keyset, first page", least.port, ("/orders",), {}, least.pid),
                Target("ipLance, first page", web.port, ("/api/v1/orders",), {}, web.pid),
                Target("raw keyset, deep", least.port, raw, {}, least.pid),
                Target("ipLance, deep", web.port, ours, {}, web.pid),
            ],
            rounds=run.rounds,
            seconds=run.seconds,
        )
    section = figures(f"Public list of {world.orders:,} orders, 20 a page", found, how=run.how())
    section.how += " Short texts, no index but the list's own: the list reads nothing else."
    _raw_first, first, raw_far, deep = found
    section.goals = [
        at_least(
            f"deep page among {world.orders:,} orders against the first", deep.against(first), 0.9, clean=not deep.bad
        ),
        at_least("the same against raw keyset, deep", deep.against(raw_far), 0.7, clean=not deep.bad),
    ]
    return [section]
