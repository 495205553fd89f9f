"""Queries for the search dictionary."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import TextClause, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.persistence.raw_read_pool import RawReadPool
from app.features.catalog.schemas import Searched
from app.models import SearchTerm

READ = 20_000
"""How many of the newest orders or freelancers the dictionary is built from; takes about two seconds of one core."""
MAX_ALIKE = 200
# Public texts only: words of drafts must not be shown to other people.
_TEXTS = {
    Searched.ORDERS: """
        SELECT title || ' ' || keywords AS words FROM orders WHERE status = 'open' AND visibility = 'public'
        ORDER BY published_at DESC, id DESC""",
    Searched.PEOPLE: """
        SELECT headline || ' ' || keywords AS words FROM profiles WHERE listed
        ORDER BY listed_at DESC, user_id DESC""",
}


def _learning(searched: Searched) -> TextClause:
    return text(
        f"""
        INSERT INTO search_terms (word, {searched.value}, keys)
        SELECT word, ndoc, ARRAY(
            SELECT DISTINCT left(word, place - 1) || substr(word, place + 1)
            FROM generate_series(1, char_length(word)) AS place
        ) || word
        FROM ts_stat($words$
            SELECT to_tsvector('simple', search_words(words)) FROM ({_TEXTS[searched]} LIMIT {READ}) AS newest $words$)
        WHERE char_length(word) BETWEEN 3 AND 40 AND word !~ '[0-9]'
        ON CONFLICT (word) DO UPDATE SET {searched.value} = excluded.{searched.value}
        """  # noqa: S608 - constant names and numbers, no user input
    )


class TermRepository:
    """Queries for the dictionary of searchable words: of open orders, or of freelancers' headlines and skills."""

    def __init__(self, session: AsyncSession, searched: Searched, read_pool: RawReadPool | None = None) -> None:
        self._session = session
        self._searched = searched
        self._frequency = SearchTerm.orders if searched is Searched.ORDERS else SearchTerm.people
        self._read_pool = read_pool

    async def learn(self) -> None:
        """Rebuild the frequencies from the newest texts; known words are kept."""
        await self._session.execute(text("SET LOCAL statement_timeout = '20s'"))
        await self._session.execute(_learning(self._searched))

    async def size(self) -> int:
        """Count the words of the dictionary, for all kinds of search together."""
        return (await self._session.execute(select(func.count()).select_from(SearchTerm))).scalar_one()

    async def known(self, words: Collection[str]) -> set[str]:
        """Return those of the words that are in the dictionary."""
        asked = select(SearchTerm.word).where(SearchTerm.word.in_(words), self._frequency > 0)
        return set((await self._session.execute(asked)).scalars())

    async def endings(self, beginnings: Collection[str], limit: int) -> dict[str, list[str]]:
        """Return the most frequent words for each prefix."""
        statement = f"""
            SELECT asked.beginning, found.word
            FROM unnest(CAST($1 AS text[]), CAST($2 AS text[])) AS asked (beginning, beyond),
            LATERAL (
                SELECT word FROM search_terms
                WHERE word ~>=~ asked.beginning AND word ~<~ asked.beyond AND {self._searched.value} > 0
                ORDER BY {self._searched.value} DESC, word LIMIT {int(limit)}
            ) AS found"""  # noqa: S608 - a constant name and a number, no user input
        asked = sorted(beginnings)
        beyond = [word[:-1] + chr(ord(word[-1]) + 1) for word in asked]
        found: dict[str, list[str]] = {}
        for beginning, word in await self._rows(statement, asked, beyond):
            found.setdefault(beginning, []).append(word)
        return found

    async def read(self, queries: Collection[str], words: Collection[str]) -> tuple[dict[str, str], set[str]]:
        """Return typed searches as PostgreSQL parses them, and those of the words that are in the dictionary.

        Searches are parsed once, because planning would parse each several times. One statement reads both to save a
        round trip.
        """
        statement = f"""
            SELECT typed, CAST(search_query(typed) AS text) FROM unnest(CAST($1 AS text[])) AS typed
            UNION ALL
            SELECT word, NULL FROM search_terms WHERE word = ANY(CAST($2 AS text[])) AND {self._searched.value} > 0"""  # noqa: S608 - a constant name, no user input
        rows = await self._rows(statement, sorted(queries), sorted(words))
        read = {row[0]: row[1] for row in rows if row[1] is not None}
        return read, {row[0] for row in rows if row[1] is None}

    async def _rows(self, statement: str, *values: list[str]) -> Any:  # noqa: ANN401 - rows of SQLAlchemy or of asyncpg
        if self._read_pool is not None and not self._session.in_transaction():  # never a second connection
            return await self._read_pool.fetch(statement, *values)
        return (await (await self._session.connection()).exec_driver_sql(statement, values)).all()

    async def alike(self, keys: Collection[str]) -> Sequence[tuple[str, int]]:
        """Return the words that share a deletion key, with their frequency, the most frequent first."""
        statement = (
            select(SearchTerm.word, self._frequency)
            .where(SearchTerm.keys.op("&&")(list(keys)), self._frequency > 0)
            .order_by(self._frequency.desc(), SearchTerm.word)
            .limit(MAX_ALIKE)
        )
        return [(row[0], row[1]) for row in await self._session.execute(statement)]
