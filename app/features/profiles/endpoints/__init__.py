"""The JSON face of profiles."""

from app.core.http.dependencies import RoomRouter
from app.features.profiles.endpoints.catalogue import router as catalogue
from app.features.profiles.endpoints.facts import router as facts
from app.features.profiles.endpoints.own import router as own

router = RoomRouter()
router.include_router(catalogue)
router.include_router(facts)
router.include_router(own)

__all__ = ["router"]
