"""Every query about orders: single ones, and the public list."""

from app.features.orders.repository.fitting import FittingRepository
from app.features.orders.repository.listing import (
    COUNT_LIMIT,
    Conditions,
    ListingRepository,
    Position,
    count_statement,
    newest_cards,
)
from app.features.orders.repository.orders import OrderRepository

__all__ = [
    "COUNT_LIMIT",
    "Conditions",
    "FittingRepository",
    "ListingRepository",
    "OrderRepository",
    "Position",
    "count_statement",
    "newest_cards",
]
