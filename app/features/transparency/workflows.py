"""Use cases of the transparency log that take several transactions: each batch of the sealer is one."""

import structlog

from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.transparency import service

log = structlog.get_logger()

BATCHES = 10
"""A run of the sealer ends after so many batches; the next run goes on a second later."""


async def seal(resources: Resources) -> int:
    """Seal what waits; return how many transactions. Only one sealer works at a time."""
    seed = service.signing_seed(resources.settings)
    if seed is None:
        async with resources.read_sessions() as session:
            waiting = (await service.read_state(session)).unsealed
        if waiting:
            await log.aerror("ledger_not_sealed", waiting=waiting, reason="LEDGER_SIGNING_KEY is missing")
        return 0
    sealed = 0
    for _batch in range(BATCHES):
        async with unit_of_work(resources) as uow:
            done = await service.seal_batch(uow, seed)
        sealed += done
        if done < service.BATCH:
            break
    return sealed


async def snapshot(resources: Resources) -> None:
    """Store the daily sums of accounts."""
    async with unit_of_work(resources) as uow:
        await service.snapshot_day(uow)
