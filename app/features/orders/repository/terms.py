"""Every query about the dictionary of search."""

from collections.abc import Collection, Sequence

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.fastlane import FastLane
from app.models import SearchTerm

READ = 20_000
"""How many of the newest open orders the dictionary is made from: some two seconds of one core."""
MOST_ALIKE = 200
_LEARN = text(
    f"""
    INSERT INTO search_terms (word, orders, keys)
    SELECT word, ndoc, ARRAY(
        SELECT DISTINCT left(word, place - 1) || substr(word, place + 1)
        FROM generate_series(1, char_length(word)) AS place
    ) || word
    FROM ts_stat($words$
        SELECT to_tsvector('simple', search_words(title || ' ' || keywords)) FROM (
            SELECT title, keywords FROM orders WHERE status = 'open' AND visibility = 'public'
            ORDER BY published_at DESC, id DESC LIMIT {READ}
        ) AS newest $words$)
    WHERE char_length(word) BETWEEN 3 AND 40 AND word !~ '[0-9]'
    ON CONFLICT (word) DO UPDATE SET orders = excluded.orders
    """  # noqa: S608 - a number of ours, nothing that anybody typed
)

_KNOWN = "SELECT word FROM search_terms WHERE word = ANY($1::text[])"


class TermRepository:
    """Words that stand in orders."""

    def __init__(self, session: AsyncSession, lane: FastLane | None = None) -> None:
        self._session = session
        self._lane = lane

    async def learn(self) -> None:
        """Read the newest open orders; words that were known before stay known."""
        await self._session.execute(text("SET LOCAL statement_timeout = '20s'"))
        await self._session.execute(_LEARN)

    async def known(self, words: Collection[str]) -> set[str]:
        """Return those of the words that stand in orders as they are."""
        if self._lane is not None:
            return {row[0] for row in await self._lane.fetch(_KNOWN, list(words))}
        return set((await self._session.execute(select(SearchTerm.word).where(SearchTerm.word.in_(words)))).scalars())

    async def alike(self, keys: Collection[str]) -> Sequence[tuple[str, int]]:
        """Return words that share a key, with their frequency, the most frequent first."""
        statement = (
            select(SearchTerm.word, SearchTerm.orders)
            .where(SearchTerm.keys.op("&&")(list(keys)))
            .order_by(SearchTerm.orders.desc(), SearchTerm.word)
            .limit(MOST_ALIKE)
        )
        return [(row[0], row[1]) for row in await self._session.execute(statement)]
