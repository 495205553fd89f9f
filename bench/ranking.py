"""`python -m bench.ranking [FILE]`: do two words of a text in other forms find it among the first ten?

The texts are the demonstration orders and those of FILE, a JSON list of objects with `title`, `description` and
`skills`. Each query is a pair of words of one text, each replaced by another form of it that stands somewhere in the
texts. Words are forms of each other if cutting their endings leaves the same, which is independent of the search's own
stemmer. Each query is asked newest first and by best match.
"""

import asyncio
import json
import random
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import asyncpg

from app.core.config import ROOT
from app.core.resources import Resources, open_resources
from app.features.orders import service
from app.features.orders.schemas import OrderListQuery
from bench.environment import DATA, World
from bench.fill_orders import catalogue_of, learn, uuid7

FIRST = 10
PAIRS = 40
"""Pairs of words of each description."""
FEW = 5
WORD = re.compile(r"[a-z]{4,}|[а-яё]{4,}")
ENDINGS = re.compile(
    r"(?:ations?|ing|ies|ied|ed|es|s|y|e"
    r"|ыми|ими|ами|ями|ого|его|ому|ему|ов|ев|ей|ах|ях|ам|ям|ом|ем|ой|ый|ий|ая|яя|ое|ее|ые|ие|ых|их|ым|им|ую|юю|ую|ть"
    r"|[аяоеуюыиьй])$"
)
LEAST = 4
"""Letters that must be left of a word without its ending."""


@dataclass(frozen=True)
class Posting:
    """A text that is searched."""

    title: str
    description: str

    def words(self) -> dict[str, list[str]]:
        """Return the words of the title and those of the description alone."""
        title = list(dict.fromkeys(WORD.findall(self.title.lower())))
        known = set(title)
        text = [word for word in dict.fromkeys(WORD.findall(self.description.lower())) if word not in known]
        return {"title": title, "text": text}


def base(word: str) -> str:
    """Return a word without its ending."""
    cut = ENDINGS.sub("", word.replace("ё", "е"))
    return cut if len(cut) >= LEAST else word


def read_postings(file: Path | None) -> list[Posting]:
    """Return the demonstration orders and those of the file."""
    found = json.loads((ROOT / "app" / "data" / "demo.json").read_text(encoding="utf-8"))["orders"]
    if file:
        found += json.loads(file.read_text(encoding="utf-8"))
    return [Posting(item["title"], item["description"]) for item in found]


def queries(postings: Sequence[Posting]) -> Iterator[tuple[int, str, str, int]]:
    """Yield the number of a text, `title` or `text`, a query for it, and how many texts hold both words."""
    forms: defaultdict[str, set[str]] = defaultdict(set)
    holders: defaultdict[str, set[int]] = defaultdict(set)
    for number, posting in enumerate(postings):
        for word in (word for words in posting.words().values() for word in words):
            forms[base(word)].add(word)
            holders[base(word)].add(number)
    random_ = random.Random(5)
    for number, posting in enumerate(postings):
        for part, words in posting.words().items():
            others = {word: sorted(forms[base(word)] - {word}) for word in words}
            pairs = list(combinations([word for word in words if others[word]], 2))
            for pair in random_.sample(pairs, min(PAIRS, len(pairs))):
                held = len(holders[base(pair[0])] & holders[base(pair[1])])
                yield number, part, " ".join(random_.choice(others[word]) for word in pair), held


async def fill(world: World, postings: Sequence[Posting]) -> list[str]:
    """Replace all orders by the texts, in random order of publication; return their ids."""
    connection = await asyncpg.connect(world.dsn)
    random_ = random.Random(6)
    now = datetime.now(UTC)  # noqa: TID251 - data, not business
    try:
        category = (await catalogue_of(connection))[0][0]
        customer = uuid7(now, random_)
        await connection.execute("TRUNCATE orders, users CASCADE")
        await connection.execute(
            "INSERT INTO users (id, username, username_key, password_hash) VALUES ($1, 'ranking', 'ranking', '!')",
            customer,
        )
        hours = random_.sample(range(1, 500), len(postings))
        published = [now - timedelta(hours=each) for each in hours]
        ids = [uuid7(moment, random_) for moment in published]
        await connection.executemany(
            """
            INSERT INTO orders (id, customer_id, status, title, description, category_id, budget_kind, created_at,
                                updated_at, published_at, expires_at)
            VALUES ($1, $2, 'open', $3, $4, $5, 'open', $6, $6, $6, now() + interval '400 days')
            """,
            [
                (key, customer, posting.title[:200], posting.description, category, moment)
                for key, posting, moment in zip(ids, postings, published, strict=True)
            ],
        )
        await connection.execute("ANALYZE orders")
    finally:
        await connection.close()
    return [str(key) for key in ids]


async def first_ten(resources: Resources, words: str, sort: str | None) -> list[str]:
    """Return the ids of the first ten orders."""
    wanted = OrderListQuery.model_validate({"q": words, "limit": FIRST, "sort": sort})
    async with resources.read_sessions() as session:
        page = await service.list_open_orders(session, resources, wanted)
    return [str(card.id) for card in page.items]


async def measure(world: World, postings: Sequence[Posting]) -> list[tuple[str, int, float, float]]:
    """Return for each kind of query how many there are and the shares found, newest first and by best match."""
    ids = await fill(world, postings)
    await learn(world)
    found: defaultdict[str, list[tuple[bool, bool]]] = defaultdict(list)
    missed: list[Any] = []
    servers = world.servers
    async with open_resources(
        world.settings, database_url=servers.database_url, redis_url=servers.redis_url
    ) as resources:
        for number, part, words, held in queries(postings):
            newest, best = [ids[number] in await first_ten(resources, words, sort) for sort in ("newest", None)]
            kinds = ["title words"] if part == "title" else ["words of the description"]
            kinds += [f"pairs that at most {FEW} texts hold" if held <= FEW else f"pairs that more than {FEW} hold"]
            for kind in kinds:
                found[kind].append((newest, best))
            if not best:
                missed.append((words, held, postings[number].title))
    for miss in missed[:60]:
        print(*miss, sep=" · ", file=sys.stderr)
    return [
        (kind, len(each), sum(one for one, _two in each) / len(each), sum(two for _one, two in each) / len(each))
        for kind, each in sorted(found.items())
    ]


def main() -> None:
    """Measure and print the shares."""
    world = World(0)
    world.folder = DATA / "bench-ranking"
    _ = world.servers
    world.command("prepare")
    postings = read_postings(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    print(f"{len(postings)} texts\n\n| queries | number | newest first | best match |\n|---|---|---|---|")
    for kind, number, newest, best in asyncio.run(measure(world, postings)):
        print(f"| {kind} | {number} | {newest:.1%} | {best:.1%} |")


if __name__ == "__main__":
    main()
