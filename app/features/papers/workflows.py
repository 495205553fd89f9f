"""Use cases of papers that take several transactions: files are made and stored between them, never inside one."""

from uuid import UUID

import structlog

from app.core.actor import Actor
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.papers import service
from app.features.papers.schemas import PaperFile
from app.gateways.storage import StorageUnavailableError

log = structlog.get_logger()
MADE_AT_ONCE = 200
"""Maximum number of files per run; the next run continues."""


async def make_files(resources: Resources) -> int:
    """Make the files of issued papers; return how many were made. One that fails is tried again later.

    Two workers that make the same file store the same bytes, so nothing is locked meanwhile.
    """
    made = 0
    for _place in range(MADE_AT_ONCE):
        async with unit_of_work(resources) as uow:
            document_id = await service.claim(uow)
            paper = await service.get_paper(uow.session, document_id) if document_id is not None else None
        if paper is None:
            break
        try:
            sha256 = await service.make_file(resources, paper)
        except StorageUnavailableError as error:
            await log.awarning("paper_not_stored", document_id=str(paper.document.id), reason=str(error))
            continue
        async with unit_of_work(resources) as uow:
            await service.record_file(uow, paper.document.id, sha256)
        made += 1
    return made


async def read_paper(resources: Resources, actor: Actor, document_id: UUID) -> PaperFile:
    """Return the file of a paper to a person that it concerns.

    Raises:
        PaperNotFoundError: There is no such paper, or it does not concern the actor.
        PaperBeingMadeError: Its file is not made yet.
        PaperAlteredError: The file is not the one that was issued.
    """
    async with resources.read_sessions() as session:
        paper = await service.get_paper(session, document_id, actor)
    return await service.read_file(resources, paper)
