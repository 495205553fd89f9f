"""The pages of orders: the list, the editor, a customer's own orders. The page of one order is in `app/site`."""

from app.core.http.dependencies import RoomRouter
from app.features.orders.pages.again import router as again
from app.features.orders.pages.editor import router as editor
from app.features.orders.pages.feed import router as feed
from app.features.orders.pages.invitations import router as invitations
from app.features.orders.pages.listing import guest_list_shortcut
from app.features.orders.pages.listing import router as listing
from app.features.orders.pages.machines import router as machines
from app.features.orders.pages.share import router as share

router = RoomRouter()
router.include_router(machines)
router.include_router(listing)
router.include_router(editor)
router.include_router(again)
router.include_router(invitations)
router.include_router(feed)
router.include_router(share)

__all__ = ["guest_list_shortcut", "router"]
