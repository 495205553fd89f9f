"""JSON endpoints of orders."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import ValidationError

from app.core.http.dependencies import FeatureRouter, ProcessResources, ReadSession, Uow, connection_resources
from app.core.http.problem_details import refusals
from app.core.pagination import DEFAULT_LIMIT, MAX_LIMIT, BadCursorError, Page
from app.core.security.rate_limits import TooManyTriesError
from app.core.text.whole_numbers import WholeNumber
from app.features.authentication.dependencies import CurrentActor, OptionalActor
from app.features.catalog import service as catalog
from app.features.catalog.errors import UnknownCategoryError
from app.features.catalog.schemas import Searched, SuggestionRead
from app.features.files.errors import InvalidFilesError
from app.features.identity.errors import NewAccountLimitError
from app.features.orders import service
from app.features.orders.errors import (
    InvalidFilterError,
    InvalidOrderError,
    NotOrderCustomerError,
    OrderChangedError,
    OrderHeldError,
    OrderNotFoundError,
    OrderRemovedError,
    OrderStateError,
    TooManyOrdersError,
)
from app.features.orders.schemas import (
    MAX_QUERY,
    NOTHING_OR_CURSOR,
    FacetsRead,
    OrderCard,
    OrderClose,
    OrderCreate,
    OrderFilter,
    OrderListQuery,
    OrderPatch,
    OrderRead,
    OwnOrderCard,
    RankedCard,
    RevisionList,
)

router = FeatureRouter(prefix="/orders", tags=["orders"])

_FAST_QUERY_NAMES = frozenset({"q", "cursor", "limit", "sort"})
_FAST_SORTS = frozenset({"newest", "match"})
CUSTOMER = (OrderNotFoundError, NotOrderCustomerError, OrderStateError, OrderHeldError)
WRITING = (InvalidOrderError, UnknownCategoryError, InvalidFilesError, TooManyTriesError)
PUBLISHING = (*CUSTOMER, InvalidOrderError, TooManyOrdersError, NewAccountLimitError)
Cursor = Annotated[str | None, Query(max_length=300, description="`next_cursor` of the previous page.")]
Limit = Annotated[WholeNumber, Query(ge=1, le=MAX_LIMIT)]
Key = Annotated[str | None, Query(max_length=100, description="Share key from the link of an unlisted order.")]


@router.get("", response_model=Page[RankedCard | OrderCard], responses=refusals(InvalidFilterError, BadCursorError))
async def list_orders(
    wanted: Annotated[OrderListQuery, Query()],
    actor: OptionalActor,
    session: ReadSession,
    resources: ProcessResources,
) -> Response:
    """List open orders, filtered and sorted. Signed-in users do not see orders of customers they have hidden."""
    return Response(await service.list_open_json(session, resources, wanted, actor), media_type="application/json")


@router.get("/facets", responses=refusals(InvalidFilterError))
async def count_facets(
    wanted: Annotated[OrderFilter, Query()], actor: OptionalActor, session: ReadSession, resources: ProcessResources
) -> FacetsRead:
    """Count the values of each filter among the newest 500 matching orders."""
    return await service.count_facets(session, resources, wanted, actor)


async def fast_order_list(request: Request) -> Response | None:
    """Answer the order list before routing if only search words, a cursor and an indexed sort order are given."""
    if not {"cookie", "authorization"}.isdisjoint(request.headers):  # a signed-in user may have hidden customers
        return None
    asked = NOTHING_OR_CURSOR.fullmatch(request.scope["query_string"])
    body: bytes | None
    if asked is None:
        wanted = _fast_list_query(request)
        body = await service.search_json(connection_resources(request), wanted) if wanted else None
    else:
        cursor = asked["cursor"]
        body = await service.list_newest_json(connection_resources(request), cursor.decode("ascii") if cursor else None)
    return Response(body, media_type="application/json") if body is not None else None


def _fast_list_query(request: Request) -> OrderListQuery | None:
    pairs = request.query_params.multi_items()
    values = dict(pairs)
    if len(values) != len(pairs) or not _FAST_QUERY_NAMES.issuperset(values):
        return None
    try:
        wanted = OrderListQuery.model_validate(values)
    except ValidationError:
        return None
    return wanted if wanted.order in _FAST_SORTS else None


@router.get("/did-you-mean", responses=refusals(InvalidFilterError))
async def did_you_mean(session: ReadSession, q: Annotated[str, Query(max_length=MAX_QUERY)] = "") -> SuggestionRead:
    """Suggest a corrected search query, based on the words used in open orders."""
    return SuggestionRead(suggestion=await catalog.did_you_mean(session, Searched.ORDERS, q.replace("\x00", "")))


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    responses=refusals(*WRITING),
)
async def create_order(command: OrderCreate, actor: CurrentActor, uow: Uow) -> OrderRead:
    """Create a draft order. With `publish` it is published at once."""
    order = await service.create_order(uow, actor, command)
    return await service.present(uow.session, uow.resources, actor, order)


@router.get("/mine", responses=refusals(BadCursorError, InvalidFilterError))
async def list_own_orders(
    actor: CurrentActor,
    session: ReadSession,
    resources: ProcessResources,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[OwnOrderCard]:
    """List your own orders in all states, newest first."""
    page = await service.list_own_orders(session, resources, actor, cursor, limit)
    return Page(items=page.items, next_cursor=page.next_cursor)


@router.get("/{order_id:uuid}", responses=refusals(OrderNotFoundError, OrderRemovedError))
async def get_order(
    order_id: UUID, actor: OptionalActor, session: ReadSession, resources: ProcessResources, key: Key = None
) -> OrderRead:
    """Return one order. Responds 404 for drafts of other people and for orders that are not visible to you."""
    order = await service.get_order(session, actor, order_id, key)
    return await service.present(session, resources, actor, order)


@router.patch(
    "/{order_id:uuid}",
    responses=refusals(*CUSTOMER, *WRITING, OrderChangedError),
)
async def edit_order(order_id: UUID, command: OrderPatch, actor: CurrentActor, uow: Uow) -> OrderRead:
    """Change your order. Earlier versions of a published order are kept and can be read."""
    order = await service.edit_order(uow, actor, order_id, command)
    return await service.present(uow.session, uow.resources, actor, order)


@router.post("/{order_id:uuid}/publish", responses=refusals(*PUBLISHING))
async def publish_order(order_id: UUID, actor: CurrentActor, uow: Uow) -> OrderRead:
    """Publish your draft or your expired order."""
    order = await service.publish_order(uow, actor, order_id)
    return await service.present(uow.session, uow.resources, actor, order)


@router.post("/{order_id:uuid}/renew", responses=refusals(*CUSTOMER))
async def renew_order(order_id: UUID, actor: CurrentActor, uow: Uow) -> OrderRead:
    """Renew your order: it stays open for another full term."""
    order = await service.renew_order(uow, actor, order_id)
    return await service.present(uow.session, uow.resources, actor, order)


@router.post("/{order_id:uuid}/share-key", responses=refusals(*CUSTOMER))
async def renew_share_key(order_id: UUID, actor: CurrentActor, uow: Uow) -> OrderRead:
    """Replace the key of the link of your order: the earlier link opens nothing from then on."""
    order = await service.renew_share_key(uow, actor, order_id)
    return await service.present(uow.session, uow.resources, actor, order)


@router.post("/{order_id:uuid}/pause", responses=refusals(*CUSTOMER))
async def pause_order(order_id: UUID, actor: CurrentActor, uow: Uow) -> OrderRead:
    """Pause your open order. It leaves the lists and accepts no new proposals."""
    order = await service.pause_order(uow, actor, order_id)
    return await service.present(uow.session, uow.resources, actor, order)


@router.post("/{order_id:uuid}/resume", responses=refusals(*CUSTOMER, InvalidOrderError))
async def resume_order(order_id: UUID, actor: CurrentActor, uow: Uow) -> OrderRead:
    """Reopen your paused order for a full term."""
    order = await service.resume_order(uow, actor, order_id)
    return await service.present(uow.session, uow.resources, actor, order)


@router.post("/{order_id:uuid}/close", responses=refusals(*CUSTOMER))
async def close_order(order_id: UUID, actor: CurrentActor, uow: Uow, command: OrderClose | None = None) -> OrderRead:
    """Close your order without choosing a freelancer."""
    order = await service.close_order(uow, actor, order_id, command or OrderClose())
    return await service.present(uow.session, uow.resources, actor, order)


@router.get("/{order_id:uuid}/revisions", responses=refusals(OrderNotFoundError, OrderRemovedError))
async def list_revisions(order_id: UUID, actor: OptionalActor, session: ReadSession, key: Key = None) -> RevisionList:
    """List the earlier versions of an order, newest first."""
    return RevisionList(items=await service.list_revisions(session, actor, order_id, key))
