"""Use cases of matching, grouped by subject."""

from app.features.matching.service.alert_emails import prune, read_alert_email, write_next_alert_email
from app.features.matching.service.customer_stats import (
    COUNT_TASK,
    count_stale_customers,
    mark_all_customers,
    mark_customer_stats_stale,
    recount_all_customers,
)
from app.features.matching.service.order_matching import MATCH_TASK, enqueue_order, match_batch
from app.features.matching.service.recommendations import recommend_freelancers, recommend_orders
from app.features.matching.service.saved_searches import (
    change_search,
    change_settings,
    get_search,
    list_searches,
    mark_search_viewed,
    read_search,
    read_settings,
    remove_search,
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
    "enqueue_order",
    "find_subscription",
    "get_search",
    "list_searches",
    "mark_all_customers",
    "mark_customer_stats_stale",
    "mark_search_viewed",
    "match_batch",
    "prune",
    "read_alert_email",
    "read_search",
    "read_settings",
    "recommend_freelancers",
    "recommend_orders",
    "recount_all_customers",
    "remove_search",
    "replace_skill",
    "save_search",
    "unsubscribe",
    "unsubscribe_path",
    "write_next_alert_email",
]
