"""JSON endpoints of orders."""

from app.core.http.dependencies import FeatureRouter
from app.features.orders.endpoints.invitations import router as invitations
from app.features.orders.endpoints.orders import fast_order_list
from app.features.orders.endpoints.orders import router as orders
from app.features.orders.endpoints.state_machines import router as state_machines
from app.features.orders.endpoints.templates import router as templates

router = FeatureRouter()
router.include_router(orders)
router.include_router(templates)
router.include_router(invitations)
router.include_router(state_machines)

__all__ = ["fast_order_list", "router"]
