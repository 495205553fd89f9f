"""Accounts as pages: the doors of the site, and what a person sets about their account."""

from app.core.http.dependencies import RoomRouter
from app.features.identity.pages import doors, proofs, settings

router = RoomRouter()
router.include_router(doors.router)
router.include_router(proofs.router)
router.include_router(settings.router)
