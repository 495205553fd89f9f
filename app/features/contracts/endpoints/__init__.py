"""JSON endpoints of contracts."""

from app.core.http.dependencies import FeatureRouter
from app.features.contracts.endpoints.accepting import router as accepting
from app.features.contracts.endpoints.deals import router as deals
from app.features.contracts.endpoints.milestones import router as milestones
from app.features.contracts.endpoints.papers import router as papers

router = FeatureRouter()
router.include_router(accepting)
router.include_router(deals)
router.include_router(milestones)
router.include_router(papers)

__all__ = ["router"]
