"""Renew what an earlier version of the SQL function `search_words` built: search columns and the dictionary."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.catalog.schemas import Searched

BATCH = 200
TERMS = 2000
"""Terms of a batch."""
_TABLES = {
    Searched.ORDERS: ("orders", "id", "title", "description"),
    Searched.PEOPLE: ("profiles", "user_id", "headline", "about"),
}


class SearchIndexRepository:
    """Queries that renew stored search columns and drop outdated terms."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def renew_batch(self, searched: Searched, after: UUID) -> UUID | None:
        """Recompute the search column of the next rows where it is out of date.

        Returns:
            The key of the last row that was compared; None if there are no more rows.
        """
        table, key, title, body = _TABLES[searched]
        # PostgreSQL recomputes a generated column when a column that it is built from is assigned.
        statement = f"""
            WITH batch AS MATERIALIZED (
                SELECT {key} AS key FROM {table} WHERE {key} > :after ORDER BY {key} LIMIT {BATCH}
            ), renewed AS (
                UPDATE {table} AS stored SET {title} = stored.{title} FROM batch
                WHERE stored.{key} = batch.key
                    AND stored.search IS DISTINCT FROM order_search(stored.{title}, stored.keywords, stored.{body})
            )
            SELECT key FROM batch ORDER BY key DESC LIMIT 1"""  # noqa: S608 - constant names, no user input
        return (await self._session.execute(text(statement), {"after": after})).scalar_one_or_none()

    async def forget_batch(self, after: str) -> str | None:
        """Delete those of the next terms that `search_words` makes other words of; no query asks for them any longer.

        Returns:
            The last term that was compared; None if there are no more terms.
        """
        statement = f"""
            WITH batch AS MATERIALIZED (
                SELECT word FROM search_terms WHERE word > :after ORDER BY word LIMIT {TERMS}
            ), forgotten AS (
                DELETE FROM search_terms USING batch
                WHERE search_terms.word = batch.word
                    AND batch.word <> ALL (tsvector_to_array(to_tsvector('simple', search_words(batch.word))))
            )
            SELECT word FROM batch ORDER BY word DESC LIMIT 1"""  # noqa: S608 - a constant number, no user input
        return (await self._session.execute(text(statement), {"after": after})).scalar_one_or_none()
