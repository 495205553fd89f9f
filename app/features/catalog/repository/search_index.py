"""Renew stored search columns that an earlier version of the SQL function `search_words` built."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.catalog.schemas import Searched

BATCH = 200
_TABLES = {
    Searched.ORDERS: ("orders", "id", "title", "description"),
    Searched.PEOPLE: ("profiles", "user_id", "headline", "about"),
}


class SearchIndexRepository:
    """Queries that renew stored search columns."""

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
