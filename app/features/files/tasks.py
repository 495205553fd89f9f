"""What files need in the background: somebody who looks at them."""

import time

import structlog

from app.core.resources import Resources
from app.core.uow import unit_of_work
from app.core.worker import periodic
from app.features.files import service
from app.features.files.service import SourceLostError, Work
from app.gateways.storage import StorageUnavailableError

log = structlog.get_logger()

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
        except (SourceLostError, StorageUnavailableError) as error:
            async with unit_of_work(resources) as uow:
                again = await service.put_off(uow, work, lost=isinstance(error, SourceLostError))
            await log.awarning("file_put_off", error=type(error).__name__, again=str(again))
            return
        async with unit_of_work(resources) as uow:
            await service.settle_file(uow, work, findings)
        await log.ainfo("file_seen", refusal=findings.refusal)
