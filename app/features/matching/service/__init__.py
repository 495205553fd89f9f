"""What brings orders and people together: one verb per function, grouped by who needs it."""

from app.features.matching.service.alert_emails import prune, read_letter, tell_next
from app.features.matching.service.customer_stats import (
    COUNT_TASK,
    count_stale_customers,
    mark_all_customers,
    note_deed,
    recount_all_customers,
)
from app.features.matching.service.order_matching import MATCH_TASK, match_batch, queue_order
from app.features.matching.service.recommendations import recommend_freelancers, recommend_orders
from app.features.matching.service.saved_searches import (
    change_search,
    change_settings,
    forget_search,
    get_search,
    list_searches,
    look_at_search,
    read_settings,
    save_search,
)
from app.features.matching.service.skill_merge import replace_skill
from app.features.matching.service.unsubscribe import find_subscription, unsubscribe, unsubscribe_path

__all__ = [
    "COUNT_TASK",
    "MATCH_TASK",
    "change_search",
    "change_settings",
    "count_stale_customers",
    "find_subscription",
    "forget_search",
    "get_search",
    "list_searches",
    "look_at_search",
    "mark_all_customers",
    "match_batch",
    "note_deed",
    "prune",
    "queue_order",
    "read_letter",
    "read_settings",
    "recommend_freelancers",
    "recommend_orders",
    "recount_all_customers",
    "replace_skill",
    "save_search",
    "tell_next",
    "unsubscribe",
    "unsubscribe_path",
]
