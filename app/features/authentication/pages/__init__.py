"""Signing in and out, and the devices of a person, as pages."""

from app.core.http.dependencies import RoomRouter
from app.features.authentication.pages import devices, sign_in

router = RoomRouter()
router.include_router(sign_in.router)
router.include_router(devices.router)
