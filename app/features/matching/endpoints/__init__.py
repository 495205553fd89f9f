"""The JSON face of bringing together."""

from app.core.http.dependencies import RoomRouter
from app.features.matching.endpoints.recommending import router as recommending
from app.features.matching.endpoints.searches import router as searches

router = RoomRouter()
router.include_router(recommending)
router.include_router(searches)

__all__ = ["router"]
