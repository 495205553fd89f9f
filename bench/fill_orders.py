"""Fills the orders table once: COPY with the indexes dropped, then builds the indexes. Later runs reuse the rows."""

import asyncio
import random
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from app.core.resources import open_resources
from app.core.unit_of_work import unit_of_work
from app.features.catalog import service
from app.features.catalog.schemas import Searched
from bench.environment import World
from bench.sample_texts import texts

VERSION = 1
CUSTOMERS = 1000
SPAN = timedelta(days=365)
STATUSES = ("open", "awarded", "cancelled", "expired", "draft")
SHARES = (70, 90, 94, 98, 100)
COLUMNS = (
    "id customer_id status title description category_id skills budget_kind budget_amount currency deadline "
    "proposals_count created_at updated_at published_at expires_at closed_at close_reason"
).split()
PARALLEL = "SET maintenance_work_mem = '512MB'; SET max_parallel_maintenance_workers = 2; SET synchronous_commit = off"


def uuid7(moment: datetime, random_: random.Random) -> uuid.UUID:
    """Return an id that sorts by its creation time."""
    milliseconds = int(moment.timestamp() * 1000)
    return uuid.UUID(
        int=(milliseconds << 80) | (7 << 76) | (random_.getrandbits(12) << 64) | (2 << 62) | random_.getrandbits(62)
    )


def rows(count: int, customers: list[uuid.UUID], catalogue: list[tuple[int, list[str]]]) -> Iterator[tuple[Any, ...]]:
    """Generate the rows, oldest first; the newest is one minute old."""
    random_ = random.Random(7)
    choice, uniform = random_.choice, random_.random
    first = datetime.now(UTC) - SPAN - timedelta(minutes=1)  # noqa: TID251 - data, not business
    step = SPAN / count
    for number, text in enumerate(texts(count)):
        created = first + step * number + timedelta(seconds=uniform())
        drawn = uniform() * 100
        status = next(name for name, share in zip(STATUSES, SHARES, strict=True) if drawn < share)
        category, skills = choice(catalogue)
        kind = "fixed" if uniform() < 0.9 else "open"
        closed = status in ("awarded", "cancelled", "expired")
        yield (
            uuid7(created, random_),
            choice(customers),
            status,
            text.title,
            text.description,
            category,
            random_.sample(skills, min(len(skills), 3)),
            kind,
            int(50_000 * 10 ** (uniform() * 2.6)) if kind == "fixed" else None,
            "RUB",
            (created + timedelta(days=text.days)).date() if uniform() < 0.6 else None,
            int(uniform() * 12),
            created,
            created,
            None if status == "draft" else created,
            created + timedelta(days=400) if status == "open" else None,
            created + timedelta(days=1) if closed else None,
            {"cancelled": "not_needed", "expired": "silence"}.get(status),
        )


async def _indexes(connection: Any) -> list[tuple[str, str]]:
    found = await connection.fetch(
        """
        SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
        FROM pg_index i WHERE i.indrelid = 'orders'::regclass
          AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
        """
    )
    return [(row["name"], row["definition"]) for row in found]


async def catalogue_of(connection: Any) -> list[tuple[int, list[str]]]:
    found = await connection.fetch(
        """
        SELECT c.id, coalesce(array_agg(s.slug) FILTER (WHERE s.slug IS NOT NULL), '{}') AS skills
        FROM categories c LEFT JOIN skills s ON s.category_id = c.id GROUP BY c.id ORDER BY c.id
        """
    )
    return [(row["id"], list(row["skills"])) for row in found]


async def _customers(connection: Any) -> list[uuid.UUID]:
    random_ = random.Random(3)
    ids = [uuid7(datetime(2025, 1, 1, tzinfo=UTC), random_) for _ in range(CUSTOMERS)]
    await connection.executemany(
        """
        INSERT INTO users (id, username, username_key, email, email_key, password_hash)
        VALUES ($1, $2, $2, $3, $3, '!') ON CONFLICT DO NOTHING
        """,
        [(key, f"customer{number}", f"customer{number}@example.com") for number, key in enumerate(ids)],
    )
    return ids


async def fill(world: World) -> None:
    """Create the missing orders and accounts."""
    connection = await asyncpg.connect(world.dsn)
    try:
        mark = f"bench {world.orders} v{VERSION}"
        done = await connection.fetchval(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
        )
        if done == mark:
            return
        began = time.monotonic()
        await connection.execute(PARALLEL)
        indexes = await _indexes(connection)
        customers, catalogue = await _customers(connection), await catalogue_of(connection)
        async with connection.transaction():
            await connection.execute("TRUNCATE orders CASCADE")
            for name, _definition in indexes:
                await connection.execute(f"DROP INDEX {name}")
            print(f"  filling {world.orders} orders", file=sys.stderr, flush=True)
            made = rows(world.orders, customers, catalogue)
            await connection.copy_records_to_table("orders", records=made, columns=COLUMNS)
            print(f"  indexes ({time.monotonic() - began:.0f} s so far)", file=sys.stderr, flush=True)
            for _name, definition in indexes:
                await connection.execute(definition)
            await connection.execute(f"COMMENT ON DATABASE {connection._params.database} IS '{mark}'")  # noqa: SLF001
        await connection.execute("VACUUM (ANALYZE) orders")
        await connection.execute("VACUUM (ANALYZE) users")
        print(f"  filled in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    finally:
        await connection.close()


def prepare(world: World, *, orders: bool) -> None:
    """Migrate, load the catalogue, fill the tables."""
    _ = world.servers
    world.command("prepare")
    if orders:
        asyncio.run(fill(world))
        asyncio.run(learn(world))


async def learn(world: World) -> None:
    """Build the search dictionary, as the hourly periodic task does."""
    servers = world.servers
    async with open_resources(
        world.settings, database_url=servers.database_url, redis_url=servers.redis_url
    ) as resources:
        for searched in Searched:
            async with unit_of_work(resources) as uow:
                await service.learn_terms(uow, searched)
