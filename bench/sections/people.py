"""The catalogue of 100,000 freelancers: pages, filters, search words and best match, one connection."""

import asyncio
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import asyncpg
import orjson

from bench.bare_statements import Judged, compare_with_statements
from bench.fill_orders import catalogue_of, learn, uuid7
from bench.report import Section, at_least
from bench.run import Run
from bench.sample_texts import texts

PEOPLE = 100_000
DEPTHS = 100
COLUMNS = (
    "user_id listed listed_at headline about skills rate_amount rate_currency languages country place availability"
).split()
WORDS = ("разработать", "логотип", "перевод договора", "python", "магазины кофеен")

GOALS = {
    "first page": ("freelancers, first page, p99", 3, 20),
    "by words": ("freelancers by words, p99", 3, 20),
    "best match": ("freelancers by best match, p99", 3, 80),
}
"""For each kind: the goal, the multiple of its statements, and the limit in milliseconds on the reference machine."""


def measure(run: Run) -> list[Section]:
    """Fill the tables once, then measure each kind of query in a closed loop; each has its own row."""
    deep = asyncio.run(_prepare(run))
    asyncio.run(learn(run.world))
    kinds = {
        "first page": ("/api/v1/freelancers",),
        "deep pages": tuple(f"/api/v1/freelancers?cursor={cursor}" for cursor in deep),
        "by a skill": tuple(f"/api/v1/freelancers?skills={skill}" for skill in ("python", "logo-design", "articles")),
        "by rate, lowest first": ("/api/v1/freelancers?sort=rate&currency=RUB&rate_min=100000",),
        "by words": tuple(f"/api/v1/freelancers?q={quote(word)}&sort=newest" for word in WORDS),
        "best match": tuple(f"/api/v1/freelancers?q={quote(word)}" for word in WORDS),
        "facets": tuple(f"/freelancers?q={quote(word)}" for word in WORDS[:2]),
    }
    judged = [Judged(name, paths, {}, *GOALS.get(name, ())) for name, paths in kinds.items()]
    with run.world.iplance() as web:
        section, found = compare_with_statements(run, web, f"Catalogue of {PEOPLE:,} freelancers", judged)
    first, far = found["first page"], found["deep pages"]
    deep_goal = at_least("deep page of freelancers against the first", far.against(first), 0.9, clean=not far.bad)
    section.goals.insert(0, deep_goal)
    return [section]


async def _prepare(run: Run) -> list[str]:
    """Create the freelancers if they are missing and return cursors of the second half of the list."""
    from app.core.pagination import encode_cursor  # noqa: PLC0415 - the application's own cursor

    connection = await asyncpg.connect(run.world.dsn)
    try:
        if await connection.fetchval("SELECT count(*) FROM profiles WHERE listed") < PEOPLE:
            await _fill(connection)
        rows = await connection.fetch(
            """
            SELECT user_id, (extract(epoch FROM listed_at) * 1000000)::bigint AS micros FROM profiles WHERE listed
            ORDER BY listed_at DESC, user_id DESC OFFSET $1 LIMIT $2
            """,
            PEOPLE // 2,
            DEPTHS,
        )
    finally:
        await connection.close()
    return [quote(encode_cursor("newest", row["micros"], str(row["user_id"]))) for row in rows]


async def _fill(connection: Any) -> None:
    catalogue = [(key, skills) for key, skills in await catalogue_of(connection) if skills]
    people = list(_rows(catalogue))
    async with connection.transaction():
        await connection.execute("DELETE FROM users WHERE username LIKE 'freelancer%'")
        await connection.copy_records_to_table(
            "users",
            records=[
                (row[0], name, name, f"{name}@example.com", f"{name}@example.com", "!")
                for row, name in ((row, f"freelancer{number}") for number, row in enumerate(people))
            ],
            columns="id username username_key email email_key password_hash".split(),
        )
        await connection.copy_records_to_table("profiles", records=people, columns=COLUMNS)
        await connection.copy_records_to_table(
            "profile_skills",
            records=[
                (row[0], skill, ("beginner", "confident", "expert")[place % 3], place)
                for row in people
                for place, skill in enumerate(row[5])
            ],
            columns="user_id skill level position".split(),
        )
    for table in ("users", "profiles", "profile_skills"):
        await connection.execute(f"VACUUM (ANALYZE) {table}")


def _rows(catalogue: list[tuple[int, list[str]]]) -> Iterator[tuple[Any, ...]]:
    random_ = random.Random(13)
    first = datetime.now(UTC) - timedelta(days=700)  # noqa: TID251 - data, not business
    for number, text in enumerate(texts(PEOPLE)):
        listed = first + timedelta(seconds=600 * number)
        _category, skills = random_.choice(catalogue)
        yield (
            uuid7(listed, random_),
            True,
            listed,
            text.title[:120],
            text.description[:2000],
            random_.sample(skills, min(len(skills), 4)),
            random_.randrange(50_000, 900_000),
            "RUB",
            orjson.dumps([{"code": "ru", "level": "native"}]).decode(),
            random_.choice(("RU", "KZ", "BY", "DE")),
            "Казань",
            random_.choice(("open", "open", "partly", "busy")),
        )
