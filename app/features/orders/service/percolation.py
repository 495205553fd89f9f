"""Percolation: find the filters that match one order."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.resources import Resources
from app.features.catalog import service as catalog
from app.features.catalog.schemas import Searched
from app.features.orders.errors import InvalidFilterError
from app.features.orders.repository import Conditions, PercolationRepository
from app.features.orders.schemas import OrderFilter
from app.features.orders.service.search import resolve_filter


async def filters_matching_order(
    session: AsyncSession, resources: Resources, filters: Sequence[OrderFilter], order_id: UUID
) -> set[int]:
    """Return the indexes of the filters that match the order; invalid filters match nothing."""
    lists: dict[int, Conditions] = {}
    typed = {wanted.q.strip() for wanted in filters} - {""}
    read = await catalog.parse_queries(session, Searched.ORDERS, {words for words in typed if "\x00" not in words})
    for place, wanted in enumerate(filters):
        try:
            conditions = await resolve_filter(session, resources, wanted, read=read)
        except InvalidFilterError:
            continue
        if conditions is not None:
            lists[place] = conditions
    return await PercolationRepository(session).matching_filters(lists, order_id)
