"""What can be done with orders: one verb per function, grouped by who needs it."""

from app.features.orders.repository import COUNT_LIMIT
from app.features.orders.service.claims import (
    award_order,
    drop_proposal,
    end_stale_orders,
    lock_order,
    renew_by_decision,
    take_proposal,
)
from app.features.orders.service.desk import (
    close_order,
    create_order,
    edit_order,
    publish_order,
    renew_order,
)
from app.features.orders.service.fitting import lists_holding
from app.features.orders.service.importing import ImportedOrder, import_order, record_key
from app.features.orders.service.listing import (
    OrderPage,
    count_newest,
    count_orders,
    list_newest_json,
    list_open_json,
    list_open_orders,
    narrow,
    search_json,
)
from app.features.orders.service.reading import (
    cards_of,
    get_order,
    get_own_order,
    list_own_orders,
    list_revisions,
    orders_by_id,
    people,
    present,
)

__all__ = [
    "COUNT_LIMIT",
    "ImportedOrder",
    "OrderPage",
    "award_order",
    "cards_of",
    "close_order",
    "count_newest",
    "count_orders",
    "create_order",
    "drop_proposal",
    "edit_order",
    "end_stale_orders",
    "get_order",
    "get_own_order",
    "import_order",
    "list_newest_json",
    "list_open_json",
    "list_open_orders",
    "list_own_orders",
    "list_revisions",
    "lists_holding",
    "lock_order",
    "narrow",
    "orders_by_id",
    "people",
    "present",
    "publish_order",
    "record_key",
    "renew_by_decision",
    "renew_order",
    "search_json",
    "take_proposal",
]
