"""Pure rules of matching: filters and anchors, alert schedule, recommendation scores, unsubscribe tokens."""

from app.features.matching.rules.alert_schedule import GATHER, next_due, period_of
from app.features.matching.rules.recommendations import OrderSeen, matched_words, points_of, total
from app.features.matching.rules.search_filters import (
    EVERYTHING,
    anchors_of_filter,
    anchors_of_order,
    key_of,
    read,
    to_stored_filter,
)
from app.features.matching.rules.unsubscribe_tokens import read_unsubscribe_token, unsubscribe_token

__all__ = [
    "EVERYTHING",
    "GATHER",
    "OrderSeen",
    "anchors_of_filter",
    "anchors_of_order",
    "key_of",
    "matched_words",
    "next_due",
    "period_of",
    "points_of",
    "read",
    "read_unsubscribe_token",
    "to_stored_filter",
    "total",
    "unsubscribe_token",
]
