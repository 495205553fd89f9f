"""The public list of orders, 20 a page: against raw keyset, and a deep page against the first."""

import asyncio

import asyncpg

from bench.environment import World, call
from bench.load import Target, compare
from bench.report import Section, at_least, figures
from bench.run import Run

DEPTHS = 200


async def _places(world: World) -> list[tuple[str, str, str]]:
    """Return rows of the second half of the list: time, id."""
    connection = await asyncpg.connect(world.dsn)
    try:
        rows = await connection.fetch(
            """
            SELECT published_at, id FROM (
                SELECT published_at, id, row_number() OVER (ORDER BY published_at DESC, id DESC) AS place,
                       count(*) OVER () AS total
                FROM orders WHERE status = 'open' AND visibility = 'public'
            ) AS placed
            WHERE place > total / 2 AND place < total - 20 AND place % greatest(total / 2 / $1::bigint, 1) = 0
            """,
            DEPTHS,
        )
    finally:
        await connection.close()
    return [(row["published_at"], row["id"]) for row in rows]


def measure(run: Run) -> list[Section]:
    """Compare with 32 connections."""
    places = asyncio.run(_places(run.world))
    from app.features.orders.repository import Position  # noqa: PLC0415 - the application's own cursor

    ours_deep = tuple(f"/api/v1/orders?cursor={Position(moment, key).encode()}" for moment, key in places)
    raw_deep = tuple(f"/orders?after={moment.isoformat().replace('+', '%2B')}_{key}" for moment, key in places)
    with run.world.iplance() as web, run.world.baseline() as least:
        page, _ = call(web.port, ours_deep[0], None)
        assert page is not None and len(page["items"]) == 20
        raw, _ = call(least.port, raw_deep[0], None)
        assert raw is not None and [item["id"] for item in raw["items"]] == [item["id"] for item in page["items"]]
        found = compare(
            [
                Target("raw keyset, first page", least.port, ("/orders",), {}, least.pid),
                Target("ipLance, first page", web.port, ("/api/v1/orders",), {}, web.pid),
                Target("raw keyset, deep", least.port, raw_deep, {}, least.pid),
                Target("ipLance, deep", web.port, ours_deep, {}, web.pid),
            ],
            rounds=run.rounds,
            seconds=run.seconds,
        )
    section = figures("Public list of orders, 20 a page", found, how=run.how())
    raw_first, first, raw_far, deep = found
    section.goals = [
        at_least("orders list against raw keyset", first.against(raw_first), 0.7, clean=not first.bad),
        at_least("deep page of the list against raw keyset, deep", deep.against(raw_far), 0.7, clean=not deep.bad),
        at_least("deep page against the first page", deep.against(first), 0.9, clean=not deep.bad),
    ]
    return [section]
