"""What files need in the background: somebody who looks at them."""

import time

import structlog

from app.core.messaging.worker import periodic
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.files import service
from app.features.files.service import SourceLostError, Work
from app.gateways.scanner import ScannerUnavailableError
from app.gateways.storage import StorageUnavailableError, StoredObject, storage_of

log = structlog.get_logger()

MOST_BATCHES = 20
"""Of one run; what is left waits for the next."""
SCRUB_SECONDS = 8.0
"""No object is begun to be compared after this long."""
LISTED = 500
PROCESS_SECONDS = 4.0
"""No new file is begun after this long, so that even a slow one stays within the limit of a task."""


@periodic(service.PROCESS_TASK)
async def process_files(resources: Resources) -> None:
    """Look at the files that arrived, one after the other."""
    began = time.monotonic()
    while time.monotonic() - began < PROCESS_SECONDS:
        async with unit_of_work(resources) as uow:
            work = await service.claim_file(uow)
        if work is None:
            return
        await _process(resources, work)


async def _process(resources: Resources, work: Work) -> None:
    with structlog.contextvars.bound_contextvars(file_id=str(work.file_id)):
        try:
            findings = await service.examine(resources, work)
        except (SourceLostError, StorageUnavailableError, ScannerUnavailableError) as error:
            lost, unscanned = isinstance(error, SourceLostError), isinstance(error, ScannerUnavailableError)
            async with unit_of_work(resources) as uow:
                again = await service.put_off(uow, work, lost=lost, unscanned=unscanned)
            await log.awarning("file_put_off", error=type(error).__name__, again=str(again))
            return
        async with unit_of_work(resources) as uow:
            await service.settle_file(uow, work, findings)
        await log.ainfo("file_seen", refusal=findings.refusal)


@periodic("files.sweep")
async def sweep_files(resources: Resources) -> None:
    """Remove what nobody needs: unfinished uploads, files of nothing, then the bytes whose grace time is over."""
    for _batch in range(MOST_BATCHES):
        async with unit_of_work(resources) as uow:
            if not await service.remove_left_over(uow):
                break
    for _batch in range(MOST_BATCHES):
        async with unit_of_work(resources) as uow:
            keys = await service.doomed_keys(uow)
        if not keys:
            break
        # First the bytes, then the row: what dies in between removes again what is not there, and that is no failure.
        await storage_of(resources).remove(keys)
        async with unit_of_work(resources) as uow:
            await service.forget_keys(uow, keys)
    await service.tidy_spool(resources)


@periodic("files.sweep_strays")
async def sweep_strays(resources: Resources) -> None:
    """Remove objects that no row knows: what a worker had put and could not write down."""
    listed: list[StoredObject] = []
    async for item in storage_of(resources).objects():
        listed.append(item)
        if len(listed) == LISTED:
            await _remove_strays(resources, listed)
            listed = []
    await _remove_strays(resources, listed)


async def _remove_strays(resources: Resources, listed: list[StoredObject]) -> None:
    async with unit_of_work(resources) as uow:
        strays = await service.stray_keys(uow, listed)
    if strays:
        await storage_of(resources).remove(strays)
        await log.awarning("strays_removed", count=len(strays))


@periodic("files.scrub")
async def scrub_files(resources: Resources) -> None:
    """Read the objects that were compared longest ago, and hand out no more what is not what it was."""
    began = time.monotonic()
    while time.monotonic() - began < SCRUB_SECONDS:
        async with unit_of_work(resources) as uow:
            checked = await service.next_to_check(uow)
        if checked is None:
            return
        if not await service.is_sound(resources, checked):
            async with unit_of_work(resources) as uow:
                await service.report_damage(uow, checked)
