"""What an operator's probe asks: does the process run, and can it serve."""

import asyncio

from fastapi import APIRouter, status
from fastapi.responses import JSONResponse
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.core.http import ProcessResources
from app.core.resources import Resources

ANSWER_SECONDS = 2.0

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live")
async def live() -> JSONResponse:
    """The process runs and its loop turns; asks nobody else, so that a dead database restarts nothing."""
    return JSONResponse({"status": "live"})


@router.get("/ready")
async def ready(resources: ProcessResources) -> JSONResponse:
    """People can be served: PostgreSQL answers. Redis is told too, but the site works without it."""
    database, redis = await asyncio.gather(_database_answers(resources), _redis_answers(resources))
    told = {"postgresql": "ok" if database else "unavailable", "redis": "ok" if redis else "unavailable"}
    code = status.HTTP_200_OK if database else status.HTTP_503_SERVICE_UNAVAILABLE
    return JSONResponse({"status": "ready" if database else "unavailable", **told}, status_code=code)


async def _database_answers(resources: Resources) -> bool:
    try:
        async with asyncio.timeout(ANSWER_SECONDS), resources.read_sessions() as session:
            await session.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError, TimeoutError):
        return False
    return True


async def _redis_answers(resources: Resources) -> bool:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await resources.redis.ping()
    except (RedisError, OSError, TimeoutError):
        return False
    return True
