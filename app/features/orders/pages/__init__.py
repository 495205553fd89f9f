"""Pages of orders: the list, the editor and the customer's own orders. The page of one order is in `app/site`."""

from app.core.http.dependencies import FeatureRouter
from app.features.orders.pages.atom_feed import router as atom_feed
from app.features.orders.pages.editor import router as editor
from app.features.orders.pages.invitations import router as invitations
from app.features.orders.pages.search import fast_guest_order_list
from app.features.orders.pages.search import router as search
from app.features.orders.pages.share_image import router as share_image
from app.features.orders.pages.state_machines import router as state_machines
from app.features.orders.pages.templates import router as templates

router = FeatureRouter()
router.include_router(state_machines)
router.include_router(search)
router.include_router(editor)
router.include_router(templates)
router.include_router(invitations)
router.include_router(atom_feed)
router.include_router(share_image)

__all__ = ["fast_guest_order_list", "router"]
