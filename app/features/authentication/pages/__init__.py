"""Pages of sign-in, sign-out and devices."""

from app.core.http.dependencies import FeatureRouter
from app.features.authentication.pages import devices, sign_in

router = FeatureRouter()
router.include_router(sign_in.router)
router.include_router(devices.router)
