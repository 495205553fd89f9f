"""Rate limits, counted in Redis, or in this process while Redis is down."""

import time
from dataclasses import dataclass

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core.errors import RateLimitedError
from app.core.i18n import N_

log = structlog.get_logger()
REDIS_PAUSE_SECONDS = 5.0
LONG_WAIT_SECONDS = 120
"""From here on a wait is told in minutes."""


class TooManyTriesError(RateLimitedError):
    """There were too many attempts."""

    code = "too-many-tries"
    title = N_("Too many attempts")
    detail = N_("Please wait {seconds} seconds and try again.")
    long = N_("Please wait {minutes} min and try again.")

    @classmethod
    def wait(cls, seconds: int) -> "TooManyTriesError":
        """Return the error with the time to wait, rounded up to minutes where it is long."""
        seconds = max(1, seconds)
        if seconds >= LONG_WAIT_SECONDS:
            return cls(cls.long, params={"minutes": -(-seconds // 60)}, retry_after=seconds)
        return cls(params={"seconds": seconds}, retry_after=seconds)


@dataclass(frozen=True, slots=True)
class Rate:
    """A number of attempts per number of seconds; `name` separates the counters of different limits."""

    name: str
    times: int
    seconds: int

    def item(self) -> RateLimitItemPerSecond:
        """Return the limit in the library's notation."""
        return RateLimitItemPerSecond(self.times, self.seconds, namespace=self.name)


class Limiter:
    """Moving-window limiter. Both storages are kept here because the library holds them weakly."""

    def __init__(self, redis: Redis) -> None:
        pool = redis.connection_pool
        self._redis = RedisStorage("redis://", implementation="redispy", connection_pool=pool)  # type: ignore[arg-type]
        self._memory = MemoryStorage()
        self._shared = MovingWindowRateLimiter(self._redis)
        self._local = MovingWindowRateLimiter(self._memory)
        self._away_until = 0.0

    async def hit(self, rate: Rate, key: str | None, cost: int = 1) -> None:
        """Count one attempt of this cost under the key; without a key nothing is counted.

        Raises:
            TooManyTriesError: The limit is reached.
        """
        if not await self._ask(rate, key, take=True, cost=cost):
            raise await self._full(rate, key)

    async def allows(self, rate: Rate, key: str) -> bool:
        """Count one attempt and tell whether it was within the limit: for work that is dropped silently."""
        return await self._ask(rate, key, take=True)

    async def count(self, rate: Rate, key: str | None) -> None:
        """Count one attempt and reject nothing: for failures that are known only afterwards."""
        await self._ask(rate, key, take=True)

    async def refuse_if_full(self, rate: Rate, key: str | None) -> None:
        """Check the counter without counting.

        Raises:
            TooManyTriesError: The limit is reached.
        """
        if not await self._ask(rate, key, take=False):
            raise await self._full(rate, key)

    async def _ask(self, rate: Rate, key: str | None, *, take: bool, cost: int = 1) -> bool:
        if key is None:
            return True
        item = rate.item()
        if time.monotonic() >= self._away_until:
            try:
                return await (self._shared.hit(item, key, cost=cost) if take else self._shared.test(item, key))
            except (RedisError, OSError, TimeoutError):
                self._away_until = time.monotonic() + REDIS_PAUSE_SECONDS
                await log.awarning("limits_without_redis", limit=rate.name)
        return await (self._local.hit(item, key, cost=cost) if take else self._local.test(item, key))

    async def _full(self, rate: Rate, key: str | None) -> TooManyTriesError:
        strategy = self._shared if time.monotonic() >= self._away_until else self._local
        try:
            window = await strategy.get_window_stats(rate.item(), key or "")
        except (RedisError, OSError, TimeoutError):
            return TooManyTriesError.wait(rate.seconds)
        return TooManyTriesError.wait(int(window.reset_time - time.time()) + 1)
