"""The blacklist of tokens in Redis. It can only reject a token: the sessions table decides what is valid."""

import time
from collections.abc import Mapping, Sequence

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core.persistence.dataloader import DataLoader

log = structlog.get_logger()
PREFIX = "blacklist:"
PAUSE_SECONDS = 1.0


class Blacklist:
    """Looks up the tokens of concurrent requests in one round trip; while Redis is down, no token is revoked."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._batch = DataLoader(self._load)
        self._away_until = 0.0

    async def holds(self, token_id: str) -> bool:
        """Tell whether the token is revoked; False also while Redis is down."""
        return bool(await self._batch.ask(token_id))

    async def add(self, *tokens: tuple[str, int]) -> None:
        """Store tokens (id, expiry) until they would have expired anyway.

        Raises:
            RedisError: Redis does not answer.
        """
        now = time.time()
        async with self._redis.pipeline(transaction=False) as pipe:
            for token_id, ends in tokens:
                if ends > now:
                    _ = pipe.set(f"{PREFIX}{token_id}", "1", ex=int(ends - now) + 1)
            await pipe.execute()

    async def _load(self, token_ids: Sequence[str]) -> Mapping[str, bool]:
        if time.monotonic() < self._away_until:
            return {}
        try:
            found = await self._redis.mget([f"{PREFIX}{token_id}" for token_id in token_ids])
        except (RedisError, OSError, TimeoutError) as away:
            self._away_until = time.monotonic() + PAUSE_SECONDS
            await log.awarning("blacklist_without_redis", error=type(away).__name__)
            return {}
        return {token_id: value is not None for token_id, value in zip(token_ids, found, strict=True)}
