"""Pages of contracts."""

from app.core.http.dependencies import FeatureRouter
from app.features.contracts.pages.accepting import router as accepting
from app.features.contracts.pages.changes import router as changes
from app.features.contracts.pages.milestones import router as milestones
from app.features.contracts.pages.papers import router as papers
from app.features.contracts.pages.workspace import router as workspace

router = FeatureRouter()
router.include_router(accepting)
router.include_router(changes)
router.include_router(milestones)
router.include_router(papers)
router.include_router(workspace)

__all__ = ["router"]
