"""Queries for orders, invitations and templates, and for the public list."""

from app.features.orders.repository.best_match import (
    BestMatchRepository,
    Candidate,
    MatchPlace,
    decode_match,
    encode_rest,
)
from app.features.orders.repository.invitations import InvitationRepository, InvitedBefore
from app.features.orders.repository.orders import OrderRepository
from app.features.orders.repository.percolation import PercolationRepository
from app.features.orders.repository.search import (
    COUNT_LIMIT,
    Conditions,
    ListingRepository,
    Position,
    count_statement,
    newest_cards,
)
from app.features.orders.repository.sorting import Place, SortedRow, SortingRepository
from app.features.orders.repository.templates import TemplateRepository

__all__ = [
    "COUNT_LIMIT",
    "BestMatchRepository",
    "Candidate",
    "Conditions",
    "InvitationRepository",
    "InvitedBefore",
    "ListingRepository",
    "MatchPlace",
    "OrderRepository",
    "PercolationRepository",
    "Place",
    "Position",
    "SortedRow",
    "SortingRepository",
    "TemplateRepository",
    "count_statement",
    "decode_match",
    "encode_rest",
    "newest_cards",
]
