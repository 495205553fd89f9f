"""JSON endpoints of matching."""

from app.core.http.dependencies import FeatureRouter
from app.features.matching.endpoints.recommendations import router as recommendations
from app.features.matching.endpoints.saved_searches import router as saved_searches

router = FeatureRouter()
router.include_router(recommendations)
router.include_router(saved_searches)

__all__ = ["router"]
