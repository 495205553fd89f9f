"""The pages of bringing together: saved searches, and the end of letters."""

from app.core.http.dependencies import RoomRouter
from app.features.matching.pages.searches import router as searches
from app.features.matching.pages.unsubscribing import router as unsubscribing

router = RoomRouter()
router.include_router(searches)
router.include_router(unsubscribing)

__all__ = ["router"]
