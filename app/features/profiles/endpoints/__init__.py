"""JSON endpoints of profiles."""

from app.core.http.dependencies import FeatureRouter
from app.features.profiles.endpoints.catalogue import router as catalogue
from app.features.profiles.endpoints.customer_stats import router as customer_stats
from app.features.profiles.endpoints.own_profile import router as own_profile

router = FeatureRouter()
router.include_router(catalogue)
router.include_router(customer_stats)
router.include_router(own_profile)

__all__ = ["router"]
