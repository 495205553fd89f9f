"""Pages of accounts: sign-up, verification and settings."""

from app.core.http.dependencies import FeatureRouter
from app.features.identity.pages import settings, sign_up, verification

router = FeatureRouter()
router.include_router(sign_up.router)
router.include_router(verification.router)
router.include_router(settings.router)
