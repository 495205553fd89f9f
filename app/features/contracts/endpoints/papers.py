"""JSON endpoints of the papers of deals; a contract lists its own."""

from uuid import UUID

from fastapi import status
from starlette.responses import Response

from app.core.http.dependencies import FeatureRouter, ProcessResources, Uow
from app.core.http.problem_details import refusals
from app.core.security.rate_limits import TooManyTriesError
from app.features.authentication.dependencies import ClientInfo, CurrentActor
from app.features.contracts import service
from app.features.papers import workflows
from app.features.papers.errors import (
    NoEmailToSignError,
    PaperAlteredError,
    PaperBeingMadeError,
    PaperNotFoundError,
    PaperNotToSignError,
    WrongSignCodeError,
)
from app.features.papers.schemas import MEDIA_TYPE, SignPaper

router = FeatureRouter(tags=["contracts"])
ONE = "/papers/{paper_id:uuid}"
SIGNING = (PaperNotFoundError, PaperBeingMadeError, PaperNotToSignError)


@router.get(
    f"{ONE}/file",
    response_class=Response,
    responses=refusals(PaperNotFoundError, PaperBeingMadeError, PaperAlteredError)
    | {200: {"content": {MEDIA_TYPE: {}}}},
)
async def get_paper_file(paper_id: UUID, actor: CurrentActor, resources: ProcessResources) -> Response:
    """Return the PDF of a paper that concerns you. Responds 409 while it is being made."""
    file = await workflows.read_paper(resources, actor, paper_id)
    return Response(file.content, media_type=MEDIA_TYPE, headers=file.headers)


@router.post(
    f"{ONE}/sign-code",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=refusals(*SIGNING, NoEmailToSignError, TooManyTriesError),
)
async def send_sign_code(paper_id: UUID, actor: CurrentActor, uow: Uow) -> None:
    """Send yourself a code by e-mail to sign a paper with. It is bound to the checksum of the file."""
    await service.send_sign_code(uow, actor, paper_id)


@router.post(f"{ONE}/sign", status_code=status.HTTP_204_NO_CONTENT, responses=refusals(*SIGNING, WrongSignCodeError))
async def sign_paper(paper_id: UUID, command: SignPaper, actor: CurrentActor, caller: ClientInfo, uow: Uow) -> None:
    """Sign a paper by the code that was sent. Who, when and which checksum is in the timeline of the contract."""
    await service.sign_paper(uow, actor, paper_id, command.code, caller)
