"""Signing in and out, and the devices of a person, as pages."""

from app.core.http.dependencies import RoomRouter
from app.features.authentication.pages import devices, doors

router = RoomRouter()
router.include_router(doors.router)
router.include_router(devices.router)
