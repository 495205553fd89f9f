"""Accounts as pages: the doors of the site, and what a person sets about their account."""

from app.core.http.dependencies import FeatureRouter
from app.features.identity.pages import settings, sign_up, verification

router = FeatureRouter()
router.include_router(sign_up.router)
router.include_router(verification.router)
router.include_router(settings.router)
