"""Matching of saved searches with one order, in batches of one transaction each."""

from collections.abc import Sequence
from uuid import UUID

from app.core.clock import utc_now
from app.core.unit_of_work import UnitOfWork
from app.features.catalog import service as catalog
from app.features.matching import rules
from app.features.matching.repository import MatchRepository, SearchRepository
from app.features.matching.service.alert_schedule import schedule
from app.features.orders import service as orders
from app.features.orders.schemas import OrderFilter
from app.models import AlertFrequency, Order, OrderStatus, SavedSearch, Visibility

MATCH_TASK = "matching.match_orders"
BATCH = 2000
"""Number of searches tried on an order in one transaction."""


async def enqueue_order(uow: UnitOfWork, order_id: UUID) -> None:
    """Queue a new or edited order for matching with the saved searches."""
    if await orders.orders_by_id(uow.session, [order_id]):
        await MatchRepository(uow.session).queue(order_id, utc_now())
        uow.trigger_task(MATCH_TASK)


async def match_batch(uow: UnitOfWork) -> bool:
    """Match the next batch of searches with the order that has waited longest; return False if no order is waiting.

    If the process dies, only the current batch is repeated: the position in the queue is committed with each batch.
    """
    repository = MatchRepository(uow.session)
    waiting = await repository.claim()
    if waiting is None:
        return False
    order = (await orders.orders_by_id(uow.session, [waiting.order_id])).get(waiting.order_id)
    if order is None or order.status is not OrderStatus.OPEN or order.visibility is not Visibility.PUBLIC:
        await repository.finish(waiting)
        return True
    catalogue = await catalog.read_catalogue(uow.session, uow.resources)
    anchors = rules.anchors_of_order(order, catalogue)
    searches = await SearchRepository(uow.session).candidates(anchors, order, waiting.after, BATCH)
    await _keep(uow, await _matching_searches(uow, searches, order), order)
    if len(searches) < BATCH:
        await repository.finish(waiting)
    else:
        waiting.after = searches[-1].id
    return True


async def _matching_searches(uow: UnitOfWork, searches: Sequence[SavedSearch], order: Order) -> list[SavedSearch]:
    """Return the searches that match the order; searches with equal filters are evaluated once."""
    filters: dict[str, OrderFilter] = {}
    for search in searches:
        if search.filter_key not in filters:
            wanted = rules.read(search.filter)
            if wanted is not None:
                filters[search.filter_key] = wanted
    places = await orders.filters_matching_order(uow.session, uow.resources, list(filters.values()), order.id)
    holding = {key for place, key in enumerate(filters) if place in places}
    return [search for search in searches if search.filter_key in holding]


async def _keep(uow: UnitOfWork, searches: Sequence[SavedSearch], order: Order) -> None:
    """Insert new matches and schedule their alerts."""
    repository, now = MatchRepository(uow.session), utc_now()
    known = await repository.known(order.id, [search.id for search in searches])
    keys = {search.id: search.filter_key for search in searches if search.id not in known}
    held = [
        item for item in await SearchRepository(uow.session).lock_for_match(keys) if item.filter_key == keys[item.id]
    ]
    told = await repository.already_announced(order.id, {search.owner_id for search in held})
    silent = {search.id for search in held if search.frequency is AlertFrequency.OFF or search.owner_id in told}
    await schedule(uow, {(search.owner_id, search.frequency) for search in held if search.id not in silent}, now)
    await repository.add(held, order.id, now, silent)
