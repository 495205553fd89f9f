"""The application context: settings, database engine, session factories, Redis."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.core.config import Settings
from app.core.database import create_engine, create_read_session_factory, create_session_factory
from app.core.payment_port import PaymentProvider
from app.core.persistence.raw_read_pool import RawReadPool
from app.core.ports import Mailer, Scanner, SmsSender, StatusRegistry, Storage
from app.core.security.blacklist import Blacklist
from app.core.security.rate_limits import Limiter
from app.core.security.tokens import TokenCodec

type Sessions = async_sessionmaker[AsyncSession]
Closer = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Resources:
    """Shared by every request or task of one process; tests build their own around a transaction.

    Values derived from the settings and Redis are created with the context, and again for a changed copy (`replace`).
    Adapters of outside services are created by `app/gateways` on first use, unless one is given.
    """

    settings: Settings
    engine: AsyncEngine
    sessions: Sessions
    read_sessions: Sessions
    redis: Redis
    trigger_task: Callable[[str], None] | None = None
    raw_read_pool: RawReadPool | None = None
    mailer: Mailer | None = None
    sms_sender: SmsSender | None = None
    storage: Storage | None = None
    scanner: Scanner | None = None
    status_registry: StatusRegistry | None = None
    payment_provider: PaymentProvider | None = None
    closers: list[Callable[[], Awaitable[None]]] = field(
        default_factory=list[Callable[[], Awaitable[None]]], repr=False
    )
    """What ends with the process, such as the connections of an adapter; a changed copy shares them."""
    token_codec: TokenCodec = field(init=False)
    blacklist: Blacklist = field(init=False)
    limiter: Limiter = field(init=False)
    states: dict["ContextState[Any]", object] = field(init=False, repr=False, default_factory=dict)
    """Values that features keep for the life of the process; accessed through `ContextState` only."""

    def __post_init__(self) -> None:
        """Create what is derived from the settings and Redis."""
        self.token_codec = TokenCodec(self.settings)
        self.blacklist = Blacklist(self.redis)
        self.limiter = Limiter(self.redis)


class ContextState[T]:
    """A value of a feature or adapter for each context, such as a cache; created on first use."""

    def __init__(self, make: Callable[[Resources], T]) -> None:
        self._make = make

    def of(self, resources: Resources) -> T:
        """Return the value of a context."""
        if self not in resources.states:
            resources.states[self] = self._make(resources)
        return cast("T", resources.states[self])


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
async def open_resources(
    settings: Settings, *, database_url: str, redis_url: str, statement_seconds: float | None = None
) -> AsyncGenerator[Resources]:
    """Open the resources of a process and close them at the end.

    Args:
        settings: Those of the process.
        database_url: The address of PostgreSQL.
        redis_url: The address of Redis or Valkey.
        statement_seconds: After how long the server ends a statement; None in workers and commands.

    Yields:
        The resources.
    """
    engine = create_engine(
        database_url,
        pool_size=settings.database_pool_size,
        pool_timeout=settings.database_timeout_seconds,
        idle_seconds=settings.database_idle_seconds,
        statement_seconds=statement_seconds,
    )
    redis = create_redis(redis_url)
    raw_read_pool = RawReadPool(database_url, statement_seconds=statement_seconds)
    opened = Resources(
        settings=settings,
        engine=engine,
        sessions=create_session_factory(engine),
        read_sessions=create_read_session_factory(engine),
        redis=redis,
        raw_read_pool=raw_read_pool,
    )
    try:
        yield opened
    finally:
        for close in reversed(opened.closers):
            await close()
        await raw_read_pool.close()
        await redis.aclose()
        await engine.dispose()
