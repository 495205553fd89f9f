"""Health endpoints for the operator's probes: liveness and readiness."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import lru_cache

from fastapi import Request, status
from fastapi.responses import JSONResponse
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.core.database import applied_revision
from app.core.disk_space import has_space
from app.core.http.dependencies import FeatureRouter, ProcessResources
from app.core.request_limit import limit_database
from app.core.resources import Resources
from app.local.bootstrap import newest_revision

ANSWER_SECONDS = 2.0

router = FeatureRouter(prefix="/health", tags=["health"])


@router.get("/live")
async def live() -> JSONResponse:
    """Report that the process runs; asks no other service, so that a database outage restarts nothing."""
    return JSONResponse({"status": "live"})


@lru_cache
def head() -> str | None:
    """Return the database revision this code expects; the migration files do not change while the process runs."""
    return newest_revision()


@router.get("/ready")
async def ready(request: Request, resources: ProcessResources) -> JSONResponse:
    """Report readiness: PostgreSQL answers and is migrated.

    Redis, the storage of files and the free space of the disk are reported too, but the site works without them.
    """
    applied, redis, storage, enough = await asyncio.gather(
        _applied_revision(resources),
        _redis_answers(resources),
        _storage_works(request.app.state.prove_storage, resources),
        asyncio.to_thread(has_space, resources.settings),
    )
    fits = applied is not None and applied == head()
    told = {
        "postgresql": "ok" if applied is not None else "unavailable",
        "migrations": "ok" if fits else "unavailable" if applied is None else "behind",
        "redis": "ok" if redis else "unavailable",
        "disk": "ok" if enough else "low",
        "storage": "ok" if storage else "unavailable",
    }
    code = status.HTTP_200_OK if fits else status.HTTP_503_SERVICE_UNAVAILABLE
    return JSONResponse({"status": "ready" if fits else "unavailable", **told}, status_code=code)


async def _applied_revision(resources: Resources) -> str | None:
    """Return the database's revision; an empty string where it has none, None where it does not answer."""
    try:
        with limit_database(ANSWER_SECONDS):
            async with resources.read_sessions() as session:
                return await applied_revision(session) or ""
    except (SQLAlchemyError, OSError, TimeoutError):
        return None


async def _redis_answers(resources: Resources) -> bool:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await resources.redis.ping()
    except (RedisError, OSError, TimeoutError):
        return False
    return True


async def _storage_works(prove: Callable[[Resources], Awaitable[bool]], resources: Resources) -> bool:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await prove(resources)
    except TimeoutError:
        return False
