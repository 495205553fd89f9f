"""A small asyncpg pool for the reads of every request; the statements are compiled by SQLAlchemy at import."""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import dialect as AsyncpgDialect  # noqa: N812 - it is a class

from app.core.database import asyncpg_url, is_pooled, statement_limit, tls_arguments
from app.core.request_limit import RequestLimit, current_limit

CONNECTIONS = {"kept": 2, "anew": 4}
"""Connections per pool: two pools, so that a slow search never blocks the reads of every request."""
TIMEOUT_SECONDS = 5.0
AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,  # shutting down, killed, or still starting
    asyncpg.InsufficientResourcesError,
    OSError,
)


class RawReadPool:
    """The pools; opened on first use, so that a process can start while PostgreSQL is down."""

    def __init__(self, address: str, *, statement_seconds: float | None = None) -> None:
        dialect: Any = AsyncpgDialect
        _arguments, options = dialect().create_connect_args(asyncpg_url(address))
        options.pop("prepared_statement_cache_size", None)
        options.pop("prepared_statement_name_func", None)
        options |= tls_arguments(address)
        if is_pooled(address):
            options["statement_cache_size"] = 0
        else:
            options["server_settings"] = statement_limit(statement_seconds)
        self._options = {"kept": options, "anew": options | {"statement_cache_size": 0}}
        self._pools: dict[str, Any] = {}
        self._opening = asyncio.Lock()

    async def fetch(self, statement: str, *values: object, plan_anew: bool = False) -> Sequence[Any]:
        """Run one read and return its rows; retry once when the connection turns out to be dead.

        With `plan_anew` the statement is planned for these values: the frequency of search words decides the best plan.

        Raises:
            ConnectionError: The database cannot be reached.
        """
        kind = "anew" if plan_anew else "kept"
        try:
            return await self._fetch(kind, statement, *values)
        except TimeoutError as late:  # an OSError too, but the connection is alive: a retry would only wait again
            raise ConnectionError("no answer in time") from late
        except AWAY:
            # After a restart of the database the pool still holds dead connections.
            try:
                return await self._fetch(kind, statement, *values)
            except AWAY as away:
                raise ConnectionError(str(away)) from away

    async def _fetch(self, kind: str, statement: str, *values: object) -> Sequence[Any]:
        pool: Any = self._pools.get(kind)
        if pool is None:
            pool = await self._open(kind)
        limit = current_limit() or RequestLimit(TIMEOUT_SECONDS)
        async with limit.acquiring():
            connection = await pool.acquire()
        release = limit.hold(connection.terminate)
        try:
            rows: Sequence[Any] = await connection.fetch(statement, *values)
        except Exception as failed:
            if limit.is_over:  # the driver fails in several ways when its connection is closed
                raise TimeoutError from failed
            raise
        finally:
            release()
            await pool.release(connection)
        return rows

    async def _open(self, kind: str) -> Any:  # noqa: ANN401 - the driver has no types
        async with self._opening:
            if kind not in self._pools:
                self._pools[kind] = await asyncpg.create_pool(
                    min_size=0, max_size=CONNECTIONS[kind], timeout=TIMEOUT_SECONDS, reset=_keep, **self._options[kind]
                )
            return self._pools[kind]

    async def close(self) -> None:
        """Close the connections."""
        while self._pools:
            await self._pools.popitem()[1].close()


async def _keep(_connection: object) -> None:
    """Skip the reset on return: only single reads run here, and they change no connection state."""
