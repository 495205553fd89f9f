"""JSON endpoints of contracts."""

from app.core.http.dependencies import FeatureRouter
from app.features.contracts.endpoints.accepting import router as accepting
from app.features.contracts.endpoints.deals import router as deals
from app.features.contracts.endpoints.milestones import router as milestones

router = FeatureRouter()
router.include_router(accepting)
router.include_router(deals)
router.include_router(milestones)

__all__ = ["router"]
