"""Use cases of contracts that take several transactions."""

import time
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError

from app.core.errors import DomainError
from app.core.resources import Resources
from app.core.unit_of_work import repeated, unit_of_work
from app.features.contracts import service
from app.models import TimerKind

log = structlog.get_logger()

MAX_BATCHES = 20
"""Maximum number of batches per run; the next run continues."""


async def sweep_timers(resources: Resources) -> int:
    """Fire the timers whose time is over: those of which there are many in batches, the others one by one."""
    fired = await _sweep_together(resources)
    for _batch in range(MAX_BATCHES):
        async with unit_of_work(resources) as uow:
            due = await service.due_timers(uow)
        done = 0
        for timer_id in due:
            done += await _fire(resources, timer_id)
        fired += done
        if not done:
            break
    return fired


async def _fire(resources: Resources, timer_id: UUID) -> bool:
    """Fire one timer; one that cannot fire is told to the operator and must not hold up the others."""
    try:
        return await repeated(resources, partial(service.fire_timer, timer_id=timer_id))
    except (DomainError, DBAPIError) as refused:
        await log.aerror("timer_not_fired", timer_id=str(timer_id), error=str(refused))
        return False


async def _sweep_together(resources: Resources) -> int:
    """Fire timers in batches of one kind and currency."""
    fired = 0
    for kind in service.SWEPT_TOGETHER:
        async with unit_of_work(resources) as uow:
            due = await service.due_together(uow, kind)
        for timer_ids in due:
            start, size = 0, service.FIRST_BATCH
            while start < len(timer_ids):
                began = timedelta(seconds=time.monotonic())
                fired += await _fire_together(resources, kind, timer_ids[start : start + size])
                start, size = start + size, service.next_size(size, timedelta(seconds=time.monotonic()) - began)
    return fired


async def _fire_together(resources: Resources, kind: TimerKind, timer_ids: Sequence[UUID]) -> int:
    """Fire a batch; one that is refused or waits too long for a lock is left to be fired one by one."""
    try:
        async with unit_of_work(resources) as uow:
            return await service.fire_together(uow, kind, timer_ids)
    except (DomainError, DBAPIError) as refused:
        await log.awarning("timers_not_fired_together", kind=kind, timers=len(timer_ids), error=str(refused))
        return 0
