"""JSON endpoints of saved searches."""

from http import HTTPStatus
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Response

from app.core.http.dependencies import API_PREFIX, FeatureRouter, ProcessResources, ReadSession, Uow
from app.core.http.problem_details import refusals
from app.features.authentication.dependencies import CurrentActor
from app.features.matching import service
from app.features.matching.errors import SavedSearchNotFoundError, SearchAlreadySavedError, TooManySavedSearchesError
from app.features.matching.schemas import (
    AlertSettingsPatch,
    AlertSettingsRead,
    SavedSearchCreate,
    SavedSearchList,
    SavedSearchPatch,
    SavedSearchRead,
)
from app.features.orders.errors import InvalidFilterError
from app.features.orders.schemas import default_sort

router = FeatureRouter(prefix="/saved-searches", tags=["saved searches"])


@router.get("")
async def list_saved_searches(
    actor: CurrentActor, session: ReadSession, resources: ProcessResources
) -> SavedSearchList:
    """List your saved searches, newest first, each with the number of its new orders."""
    return await service.list_searches(session, resources, actor)


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    responses=refusals(InvalidFilterError, SearchAlreadySavedError, TooManySavedSearchesError),
)
async def save_search(command: SavedSearchCreate, actor: CurrentActor, uow: Uow) -> SavedSearchRead:
    """Save a search for orders and return it. It finds orders that are published from now on.

    Responds 409 when you have saved the same filters already, or have as many saved searches as allowed.
    """
    return service.read_search(await service.save_search(uow, actor, command), new_count=0)


@router.get("/settings")
async def get_alert_settings(actor: CurrentActor, session: ReadSession) -> AlertSettingsRead:
    """Return your time zone and the hour at which daily and weekly e-mails are sent."""
    return await service.read_settings(session, actor)


@router.patch("/settings")
async def change_alert_settings(command: AlertSettingsPatch, actor: CurrentActor, uow: Uow) -> AlertSettingsRead:
    """Change your time zone and the hour at which daily and weekly e-mails are sent.

    Omitted fields keep their values.
    """
    return AlertSettingsRead.model_validate(await service.change_settings(uow, actor, command))


@router.get("/{search_id:uuid}", responses=refusals(SavedSearchNotFoundError))
async def get_saved_search(search_id: UUID, actor: CurrentActor, session: ReadSession) -> SavedSearchRead:
    """Return one of your saved searches. Responds 404 for searches of other people."""
    return await service.get_search(session, actor, search_id)


@router.patch(
    "/{search_id:uuid}",
    responses=refusals(SavedSearchNotFoundError, InvalidFilterError, SearchAlreadySavedError),
)
async def change_saved_search(
    search_id: UUID, command: SavedSearchPatch, actor: CurrentActor, uow: Uow
) -> SavedSearchRead:
    """Change the name, the filters or the alert frequency of a saved search and return it. `off` stops its e-mails.

    Omitted fields keep their values. With other filters the search starts again: earlier finds are deleted. Responds
    404 for searches of other people, 409 when you have saved the same filters already.
    """
    await service.change_search(uow, actor, search_id, command)
    return await service.get_search(uow.session, actor, search_id)


@router.delete(
    "/{search_id:uuid}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=refusals(SavedSearchNotFoundError),
)
async def delete_saved_search(search_id: UUID, actor: CurrentActor, uow: Uow) -> None:
    """Delete one of your saved searches and what it found. Responds 404 for searches of other people."""
    await service.remove_search(uow, actor, search_id)


@router.post(
    "/{search_id:uuid}/run",
    status_code=HTTPStatus.SEE_OTHER,
    response_class=Response,
    responses={
        **refusals(SavedSearchNotFoundError),
        303: {"description": "The list of orders with the filters of the search is at `Location`"},
    },
)
async def run_saved_search(search_id: UUID, actor: CurrentActor, uow: Uow) -> Response:
    """Redirect to the list of orders with the filters of a saved search, newest first, and mark its finds as seen.

    Responds 303 with the address in `Location`, 404 for searches of other people.
    """
    search = service.read_search(await service.mark_search_viewed(uow, actor, search_id), new_count=0)
    wanted = search.filter.model_dump(mode="json", exclude_defaults=True) if search.filter else {}
    if search.filter and default_sort(search.filter.q) != "newest":
        wanted["sort"] = "newest"
    query = urlencode(wanted, doseq=True)
    return Response(
        status_code=303, headers={"Location": f"{API_PREFIX}/orders?{query}" if query else f"{API_PREFIX}/orders"}
    )
