"""Pages for the people who look after the money of the site."""

from app.core.http.dependencies import FeatureRouter
from app.features.finance.pages.audit import router as audit
from app.features.finance.pages.corrections import router as corrections
from app.features.finance.pages.overview import router as overview
from app.features.finance.pages.withdrawals import router as withdrawals

router = FeatureRouter()
router.include_router(overview)
router.include_router(corrections)
router.include_router(withdrawals)
router.include_router(audit)

__all__ = ["router"]
