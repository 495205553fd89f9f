"""Pure consequences of saved searches: what they can find, when their owners are told, how letters end."""

from app.features.matching.rules.links import read_unsubscribe_token, unsubscribe_token
from app.features.matching.rules.recommending import OrderSeen, points_of, total, words_behind
from app.features.matching.rules.searches import EVERYTHING, anchors_of_filter, anchors_of_order, kept, key_of, read
from app.features.matching.rules.times import GATHER, next_due, period_of

__all__ = [
    "EVERYTHING",
    "GATHER",
    "OrderSeen",
    "anchors_of_filter",
    "anchors_of_order",
    "kept",
    "key_of",
    "next_due",
    "period_of",
    "points_of",
    "read",
    "read_unsubscribe_token",
    "total",
    "unsubscribe_token",
    "words_behind",
]
