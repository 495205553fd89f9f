"""The JSON face of orders, part by part."""

from app.core.http.dependencies import RoomRouter
from app.features.orders.endpoints.again import router as again
from app.features.orders.endpoints.invitations import router as invitations
from app.features.orders.endpoints.machines import router as machines
from app.features.orders.endpoints.orders import list_shortcut
from app.features.orders.endpoints.orders import router as orders

router = RoomRouter()
router.include_router(orders)
router.include_router(again)
router.include_router(invitations)
router.include_router(machines)

__all__ = ["list_shortcut", "router"]
