"""Count outcomes and durations of tasks in Redis; workers write them, /metrics of the web process reads them.

Redis is one place for all workers of all machines, whatever their pool type. If Redis loses its data, the counters
restart from zero, which Prometheus handles.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger()
FAILED = "failed"
ENDS_KEY = "iplance:tasks:ends"
SECONDS_KEY = "iplance:tasks:seconds"


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """Counted runs by (task, outcome), and total seconds by task."""

    ends: Mapping[tuple[str, str], int]
    seconds: Mapping[str, float]


async def count_task(redis: Redis, name: str, ended: str, seconds: float) -> None:
    """Count one run; when Redis is unavailable, the run is not counted and nothing fails."""
    try:
        async with redis.pipeline(transaction=False) as pipe:
            _ = pipe.hincrby(ENDS_KEY, f"{name} {ended}", 1)
            _ = pipe.hincrbyfloat(SECONDS_KEY, name, round(seconds, 4))
            await pipe.execute()
    except (RedisError, OSError, TimeoutError) as error:
        log.warning("task_not_counted", task=name, error=type(error).__name__)


async def task_counts(redis: Redis) -> TaskCounts:
    """Read all counters."""
    async with redis.pipeline(transaction=False) as pipe:
        _ = pipe.hgetall(ENDS_KEY)
        _ = pipe.hgetall(SECONDS_KEY)
        ends, seconds = await pipe.execute()
    split = ((*field.rsplit(" ", 1), count) for field, count in ends.items())
    return TaskCounts(
        ends={(name, ended): int(count) for name, ended, count in split},
        seconds={name: float(spent) for name, spent in seconds.items()},
    )
