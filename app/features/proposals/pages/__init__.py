"""Every step of both sides of a proposal; each decision has a page that names it. The order's page is in `app/site`."""

from app.core.http.dependencies import RoomRouter
from app.features.proposals.pages.desk import router as desk
from app.features.proposals.pages.history import router as history
from app.features.proposals.pages.letters import router as letters
from app.features.proposals.pages.offers import router as offers
from app.features.proposals.pages.steps import router as steps

router = RoomRouter()
router.include_router(desk)
router.include_router(history)
router.include_router(letters)
router.include_router(offers)
router.include_router(steps)

__all__ = ["router"]
