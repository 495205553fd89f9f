"""What can be done with orders: one verb per function, grouped by who needs it."""

from app.features.orders.repository import COUNT_LIMIT
from app.features.orders.service.again import (
    copy_order,
    drop_template,
    keep_template,
    list_templates,
    read_template,
    rename_template,
    use_template,
)
from app.features.orders.service.checking import approve_order, list_unchecked, reject_order
from app.features.orders.service.claims import (
    award_order,
    drop_proposal,
    end_stale_orders,
    lock_order,
    remind_of_ends,
    renew_by_decision,
    take_proposal,
)
from app.features.orders.service.desk import (
    close_order,
    create_order,
    edit_order,
    pause_order,
    publish_order,
    renew_order,
    resume_order,
)
from app.features.orders.service.fitting import lists_holding
from app.features.orders.service.importing import ImportedOrder, import_order, record_key
from app.features.orders.service.inviting import (
    decline_invitation,
    invite,
    list_invitations,
    list_own_invitations,
)
from app.features.orders.service.listing import (
    OrderPage,
    count_facets,
    count_newest,
    count_orders,
    list_newest_json,
    list_open_json,
    list_open_orders,
    narrow,
    search_json,
)
from app.features.orders.service.machines import get_machine, list_machines
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
from app.features.orders.service.terms import did_you_mean, learn_terms

__all__ = [
    "COUNT_LIMIT",
    "ImportedOrder",
    "OrderPage",
    "approve_order",
    "award_order",
    "cards_of",
    "close_order",
    "copy_order",
    "count_facets",
    "count_newest",
    "count_orders",
    "create_order",
    "decline_invitation",
    "did_you_mean",
    "drop_proposal",
    "drop_template",
    "edit_order",
    "end_stale_orders",
    "get_machine",
    "get_order",
    "get_own_order",
    "import_order",
    "invite",
    "keep_template",
    "learn_terms",
    "list_invitations",
    "list_machines",
    "list_newest_json",
    "list_open_json",
    "list_open_orders",
    "list_own_invitations",
    "list_own_orders",
    "list_revisions",
    "list_templates",
    "list_unchecked",
    "lists_holding",
    "lock_order",
    "narrow",
    "orders_by_id",
    "pause_order",
    "people",
    "present",
    "publish_order",
    "read_template",
    "record_key",
    "reject_order",
    "remind_of_ends",
    "rename_template",
    "renew_by_decision",
    "renew_order",
    "resume_order",
    "search_json",
    "take_proposal",
    "use_template",
]
