"""Pages of proposals: decisions, offers, triage, history, cover letter templates. The order page is in `app/site`."""

from app.core.http.dependencies import FeatureRouter
from app.features.proposals.pages.cover_letter_templates import router as cover_letter_templates
from app.features.proposals.pages.decisions import router as decisions
from app.features.proposals.pages.history import router as history
from app.features.proposals.pages.offers import router as offers
from app.features.proposals.pages.triage import router as triage

router = FeatureRouter()
router.include_router(triage)
router.include_router(history)
router.include_router(cover_letter_templates)
router.include_router(offers)
router.include_router(decisions)

__all__ = ["router"]
