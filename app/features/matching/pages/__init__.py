"""Pages of saved searches and of unsubscribing."""

from app.core.http.dependencies import FeatureRouter
from app.features.matching.pages.saved_searches import router as saved_searches
from app.features.matching.pages.unsubscribe import router as unsubscribe

router = FeatureRouter()
router.include_router(saved_searches)
router.include_router(unsubscribe)

__all__ = ["router"]
