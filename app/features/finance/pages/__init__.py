"""Pages for the people who look after the money of the site."""

from app.core.http.dependencies import FeatureRouter
from app.features.finance.pages.corrections import router as corrections
from app.features.finance.pages.overview import router as overview

router = FeatureRouter()
router.include_router(overview)
router.include_router(corrections)

__all__ = ["router"]
