"""Downloads of the papers of deals."""

from uuid import UUID

from starlette.responses import Response

from app.core.http.dependencies import FeatureRouter, ProcessResources
from app.features.authentication.dependencies import CurrentActor
from app.features.papers import workflows
from app.features.papers.schemas import MEDIA_TYPE

router = FeatureRouter()


@router.get("/papers/{paper_id}")
async def download_paper(paper_id: UUID, actor: CurrentActor, resources: ProcessResources) -> Response:
    """Return the file of a paper to a person that it concerns."""
    file = await workflows.read_paper(resources, actor, paper_id)
    return Response(file.content, media_type=MEDIA_TYPE, headers=file.headers)
