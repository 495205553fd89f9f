"""What one process holds open: settings, database engine, session factories, Redis."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.core.config import Settings
from app.core.database import create_engine, create_read_session_factory, create_session_factory
from app.core.fastlane import FastLane

type Sessions = async_sessionmaker[AsyncSession]


@dataclass(slots=True)
class Resources:
    """Shared by every request or task of one process; tests build their own around a transaction."""

    settings: Settings
    engine: AsyncEngine
    sessions: Sessions
    read_sessions: Sessions
    redis: Redis
    nudge: Callable[[str], None] | None = None
    fast_lane: FastLane | None = None
    extras: dict[str, object] = field(default_factory=dict)


def create_redis(address: str) -> Redis:
    """Connect lazily to Redis or Valkey; short time-outs, because PostgreSQL answers when Redis does not."""
    return Redis.from_url(
        address,
        decode_responses=True,
        socket_timeout=1.0,
        socket_connect_timeout=1.0,
        retry=Retry(ExponentialBackoff(cap=0.1, base=0.01), retries=1),
        health_check_interval=30,
    )


@asynccontextmanager
async def open_resources(settings: Settings, *, database_url: str, redis_url: str) -> AsyncGenerator[Resources]:
    """Open what a process needs and give all of it back at the end."""
    engine = create_engine(
        database_url,
        pool_size=settings.database_pool_size,
        pool_timeout=settings.database_timeout_seconds,
        idle_seconds=settings.database_idle_seconds,
    )
    redis = create_redis(redis_url)
    fast_lane = FastLane(database_url)
    try:
        yield Resources(
            settings=settings,
            engine=engine,
            sessions=create_session_factory(engine),
            read_sessions=create_read_session_factory(engine),
            redis=redis,
            fast_lane=fast_lane,
        )
    finally:
        await fast_lane.close()
        await redis.aclose()
        await engine.dispose()
