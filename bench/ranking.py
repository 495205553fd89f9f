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
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from uuid import UUID

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
    r"(?:ations?|ing|ed|es|s|e"
    r"|ыми|ими|ами|ями|ого|его|ому|ему|ов|ев|ей|ах|ях|ам|ям|ом|ем|ой|ый|ий|ая|яя|ое|ее|ые|ие|ых|их|ым|им|ую|юю|ую|ть"
    r"|[аяоеуюыиьй])$"
)
CUSTOMER = UUID(int=1)
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
    cut = ENDINGS.sub("", re.sub("ie[sd]$", "y", word.replace("ё", "е")))
    return cut if len(cut) >= LEAST else word


def read_postings(file: Path | None) -> list[Posting]:
    """Return the demonstration orders and those of the file."""
    found = json.loads((ROOT / "app" / "data" / "demo.json").read_text(encoding="utf-8"))["orders"]
    if file:
        found += json.loads(file.read_text(encoding="utf-8"))
    return [Posting(item["title"], item["description"]) for item in found]


def queries(postings: Sequence[Posting], stop_words: Container[str]) -> Iterator[tuple[int, str, str, int]]:
    """Yield the number of a text, `title` or `text`, a query for it, and how many texts hold both words."""
    forms: defaultdict[str, set[str]] = defaultdict(set)
    holders: defaultdict[str, set[int]] = defaultdict(set)
    for number, posting in enumerate(postings):
        for word in (word for words in posting.words().values() for word in words):
            if word not in stop_words:
                forms[base(word)].add(word)
            holders[base(word)].add(number)
    random_ = random.Random(5)
    for number, posting in enumerate(postings):
        for part, words in posting.words().items():
            others = {word: sorted(forms[base(word)] - {word}) for word in words if word not in stop_words}
            pairs = list(combinations([word for word, known in others.items() if known], 2))
            for pair in random_.sample(pairs, min(PAIRS, len(pairs))):
                held = len(holders[base(pair[0])] & holders[base(pair[1])])
                yield number, part, " ".join(random_.choice(others[word]) for word in pair), held


async def stop_words_of(world: World, postings: Sequence[Posting]) -> frozenset[str]:
    """Return the words of the texts that the index leaves out."""
    connection = await asyncpg.connect(world.dsn)
    words = sorted({word for posting in postings for part in posting.words().values() for word in part})
    try:
        found = await connection.fetch(
            "SELECT word FROM unnest($1::text[]) AS word WHERE length(to_tsvector('russian', word)) = 0", words
        )
    finally:
        await connection.close()
    return frozenset(row["word"] for row in found)


async def fill(world: World, postings: Sequence[Posting]) -> list[str]:
    """Replace all orders by the texts, in random order of publication; return their ids."""
    connection = await asyncpg.connect(world.dsn)
    random_ = random.Random(6)
    now = datetime.now(UTC)  # noqa: TID251 - data, not business
    try:
        category = (await catalogue_of(connection))[0][0]
        await connection.execute("TRUNCATE orders CASCADE")
        await connection.execute(
            """
            INSERT INTO users (id, username, username_key, email, email_key, password_hash)
            VALUES ($1, 'ranking', 'ranking', 'ranking@example.com', 'ranking@example.com', '!') ON CONFLICT DO NOTHING
            """,
            CUSTOMER,
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
                (key, CUSTOMER, posting.title[:200], posting.description, category, moment)
                for key, posting, moment in zip(ids, postings, published, strict=True)
            ],
        )
        await connection.execute("ANALYZE orders")
    finally:
        await connection.close()
    return [str(key) for key in ids]


async def place_of(resources: Resources, key: str, words: str, sort: str | None) -> int:
    """Return the place of an order among the first ten, from 0, or ten."""
    wanted = OrderListQuery.model_validate({"q": words, "limit": FIRST, "sort": sort})
    async with resources.read_sessions() as session:
        page = await service.list_open_orders(session, resources, wanted)
    found = [str(card.id) for card in page.items]
    return found.index(key) if key in found else FIRST


async def measure(world: World, postings: Sequence[Posting]) -> dict[str, list[tuple[int, int]]]:
    """Return for each kind of query the places newest first and by best match; print what is not found."""
    ids = await fill(world, postings)
    await learn(world)
    asked = list(queries(postings, await stop_words_of(world, postings)))
    found: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    servers = world.servers
    async with open_resources(
        world.settings, database_url=servers.database_url, redis_url=servers.redis_url
    ) as resources:
        for number, part, words, held in asked:
            newest, best = [await place_of(resources, ids[number], words, sort) for sort in ("newest", None)]
            found["title words" if part == "title" else "words of the description"].append((newest, best))
            found[f"pairs that {'at most' if held <= FEW else 'more than'} {FEW} texts hold"].append((newest, best))
            if best == FIRST:
                print("not found:", words, held, postings[number].title, sep=" · ", file=sys.stderr)
    return dict(sorted(found.items()))


def share(places: Sequence[int], first: int) -> str:
    """Return the share of places among the first."""
    return f"{sum(place < first for place in places) / len(places):.1%}"


def main() -> None:
    """Measure and print the shares."""
    world = World(0)
    world.folder = DATA / "bench-ranking"
    _ = world.servers
    world.command("prepare")
    postings = read_postings(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    columns = ("queries", "number", "ten, newest", "ten, best match", "three, newest", "three, best match")
    header = f"| {' | '.join(columns)} |"
    print(f"{len(postings)} texts\n\n{header}\n|---|---|---|---|---|---|")
    for kind, places in asyncio.run(measure(world, postings)).items():
        both = tuple(zip(*places, strict=True))
        shares = [share(each, first) for first in (FIRST, 3) for each in both]
        print("|", " | ".join([kind, str(len(places)), *shares]), "|")


if __name__ == "__main__":
    main()
