"""JSON endpoints of the papers of deals; a contract lists its own."""

from uuid import UUID

from starlette.responses import Response

from app.core.http.dependencies import FeatureRouter, ProcessResources
from app.core.http.problem_details import refusals
from app.features.authentication.dependencies import CurrentActor
from app.features.papers import workflows
from app.features.papers.errors import PaperAlteredError, PaperBeingMadeError, PaperNotFoundError
from app.features.papers.schemas import MEDIA_TYPE

router = FeatureRouter(tags=["contracts"])


@router.get(
    "/papers/{paper_id:uuid}/file",
    response_class=Response,
    responses=refusals(PaperNotFoundError, PaperBeingMadeError, PaperAlteredError)
    | {200: {"content": {MEDIA_TYPE: {}}}},
)
async def get_paper_file(paper_id: UUID, actor: CurrentActor, resources: ProcessResources) -> Response:
    """Return the PDF of a paper that concerns you. Responds 409 while it is being made."""
    file = await workflows.read_paper(resources, actor, paper_id)
    return Response(file.content, media_type=MEDIA_TYPE, headers=file.headers)
