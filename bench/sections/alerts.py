"""Match one new order against many saved searches: the time until all matches are stored."""

import asyncio
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
from sqlalchemy import event

from app.core.resources import Resources, open_resources
from app.core.unit_of_work import unit_of_work
from app.features.matching import rules, service
from app.features.orders.schemas import OrderFilter
from bench.fill_orders import catalogue_of
from bench.report import Section, within
from bench.run import Run
from bench.sample_texts import tail

SEARCHES = 100_000
PER_PERSON = 10
TRIED = 12
TIMES = 4
"""How often the time of its reads matching an order may take; it also evaluates filters and writes the matches."""
SEARCH_COLUMNS = "id owner_id name filter filter_key anchors frequency created_at since looked_at".split()
FREQUENCIES = ("at_once", "daily", "daily", "weekly", "off")


def measure(run: Run) -> list[Section]:
    """Save a hundred thousand searches of every kind and match recent orders against all of them."""
    return [asyncio.run(_measure(run))]


async def _measure(run: Run) -> Section:
    connection = await asyncpg.connect(run.world.dsn)
    try:
        await _keep_searches(connection)
        orders = await _recent(connection)
        async with open_resources(
            run.world.settings, database_url=run.world.servers.database_url, redis_url=run.world.servers.redis_url
        ) as resources:
            await _match(resources, orders[0])
            found: list[tuple[float, int]] = []
            bare: list[float] = []
            for order in orders[1:]:
                with _recorded(resources) as reads:
                    found.append(await _match(resources, order))
                bare.append(await _read_again(connection, reads))
            matches = await connection.fetchval("SELECT count(*) FROM search_matches")
            tried = await connection.fetch(
                "SELECT anchors[1] = '*' AS everything, count(*) AS count FROM saved_searches GROUP BY 1"
            )
    finally:
        await connection.close()
    seconds = sorted(took for took, _batches in found)
    times = statistics.median(took / read for (took, _batches), read in zip(found, bare, strict=True))
    anywhere = next(row["count"] for row in tried if row["everything"])
    section = Section(
        "Saved searches tried on one new order",
        ["", "found"],
        [
            ["searches, all different", f"{SEARCHES:,}"],
            ["of them bound by no skill and no category", f"{anywhere:,}"],
            ["finds for an order", f"{matches / len(orders):,.0f}"],
            ["median", f"{statistics.median(seconds):.2f} s"],
            ["slowest", f"{seconds[-1]:.2f} s"],
            ["its reads alone over asyncpg, median", f"{statistics.median(bare):.2f} s"],
            ["the whole to its reads, median", f"{times:.2f}"],
            ["batches of an order, most", str(max(batches for _took, batches in found))],
        ],
    )
    section.how = f"{len(seconds)} of the newest orders, one process; a batch is a transaction of its own."
    goal = "one order on 100,000 searches, to its reads alone"
    section.goals = [within(goal, times, TIMES, seconds[-1], 10, " s")]
    return section


async def _match(resources: Resources, order_id: UUID) -> tuple[float, int]:
    async with unit_of_work(resources) as uow:
        await service.enqueue_order(uow, order_id)
    began, batches, more = time.perf_counter(), 0, True
    while more:
        async with unit_of_work(resources) as uow:
            more = await service.match_batch(uow)
        batches += more
    return time.perf_counter() - began, batches


@contextmanager
def _recorded(resources: Resources) -> Iterator[list[tuple[str, tuple[Any, ...]]]]:
    """Record the reads that the application sends to the database."""
    reads: list[tuple[str, tuple[Any, ...]]] = []

    def note(_conn: Any, _cursor: Any, text: str, parameters: Any, _context: Any, many: bool) -> None:
        if not many and text.lstrip().startswith(("SELECT", "WITH")):
            reads.append((text, tuple(parameters)))

    event.listen(resources.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield reads
    finally:
        event.remove(resources.engine.sync_engine, "before_cursor_execute", note)


async def _read_again(connection: Any, reads: Sequence[tuple[str, tuple[Any, ...]]]) -> float:
    """Run the reads in one transaction and return the seconds."""
    began = time.perf_counter()
    async with connection.transaction():
        for text, parameters in reads:
            await connection.fetch(text, *parameters)
    return time.perf_counter() - began


async def _recent(connection: Any) -> list[UUID]:
    rows = await connection.fetch(
        "SELECT id FROM orders WHERE status = 'open' AND visibility = 'public' ORDER BY published_at DESC LIMIT $1",
        TRIED,
    )
    return [row["id"] for row in rows]


async def _keep_searches(connection: Any) -> None:
    random_, long_ago = random.Random(11), datetime.now(UTC) - timedelta(days=3650)  # noqa: TID251 - data, not business
    await connection.execute("TRUNCATE saved_searches, search_matches, alert_emails, alert_schedule, order_match_queue")
    people = await connection.fetch("SELECT id FROM users WHERE username LIKE 'seeker%' ORDER BY id")
    wanted = SEARCHES // PER_PERSON
    if len(people) < wanted:
        names = [(uuid4(), f"seeker{number}", f"seeker{number}@example.com") for number in range(wanted)]
        await connection.executemany(
            "INSERT INTO users (id, username, username_key, email, email_key, password_hash) "
            "VALUES ($1, $2, $2, $3, $3, '!') ON CONFLICT DO NOTHING",
            names,
        )
        people = await connection.fetch("SELECT id FROM users WHERE username LIKE 'seeker%' ORDER BY id")
    categories = dict(await connection.fetch("SELECT id, slug FROM categories"))
    catalogue = [(categories[key], skills) for key, skills in await catalogue_of(connection)]
    rows, words = [], tail()
    for number in range(SEARCHES):
        to_stored_filter = _filter(random_, catalogue, words)
        key = uuid4()
        rows.append(
            (
                key,
                people[number % len(people)]["id"],
                "Поиск",
                orjson.dumps(rules.to_stored_filter(to_stored_filter)).decode(),
                f"{rules.key_of(to_stored_filter)}-{number // len(people)}",
                rules.anchors_of_filter(to_stored_filter),
                random_.choice(FREQUENCIES),
                *(long_ago,) * 3,
            )
        )
    await connection.copy_records_to_table("saved_searches", records=rows, columns=SEARCH_COLUMNS)
    await connection.execute("VACUUM (ANALYZE) saved_searches")


def _filter(random_: random.Random, catalogue: list[tuple[str, list[str]]], words: Sequence[str]) -> OrderFilter:
    """Return a filter: 40 % have one or two skills, 30 % a category, 30 % only search words."""
    category, skills = random_.choice(catalogue)
    drawn = random_.random()
    budget = {"budget_min": random_.randrange(50_000, 5_000_000), "currency": "RUB"} if random_.random() < 0.5 else {}
    if drawn < 0.4 and skills:
        return OrderFilter.model_validate({"skills": random_.sample(skills, min(len(skills), 2)), **budget})
    if drawn < 0.7:
        return OrderFilter.model_validate({"category": category, **budget})
    return OrderFilter.model_validate({"q": random_.choice(words), **budget})
