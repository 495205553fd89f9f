"""Use cases of saved searches and alert settings."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.catalog import service as catalog
from app.features.matching import rules
from app.features.matching.errors import SavedSearchNotFoundError, SearchAlreadySavedError, TooManySavedSearchesError
from app.features.matching.repository import MatchRepository, SearchRepository
from app.features.matching.schemas import (
    AlertSettingsPatch,
    AlertSettingsRead,
    SavedSearchCreate,
    SavedSearchList,
    SavedSearchPatch,
    SavedSearchRead,
)
from app.features.matching.service.alert_schedule import begin_change, end_change
from app.features.orders import service as orders
from app.features.orders.errors import InvalidFilterError
from app.features.orders.schemas import OrderFilter
from app.models import AlertFrequency, SavedSearch
from app.models.saved_search import DEFAULT_HOUR, AlertSettings


async def list_searches(session: AsyncSession, resources: Resources, actor: Actor) -> SavedSearchList:
    """Return the actor's saved searches, newest first, each with the number of its new orders."""
    rows = await SearchRepository(session).of_owner(actor.id)
    limit = resources.settings.saved_searches_per_account
    return SavedSearchList(items=[read_search(search, count) for search, count in rows], limit=limit)


async def get_search(session: AsyncSession, actor: Actor, search_id: UUID) -> SavedSearchRead:
    """Return one of the actor's saved searches.

    Raises:
        SavedSearchNotFoundError: The actor has no such saved search.
    """
    for search, count in await SearchRepository(session).of_owner(actor.id, search_id):
        return read_search(search, count)
    raise SavedSearchNotFoundError


def read_search(search: SavedSearch, new_count: int) -> SavedSearchRead:
    """Return a saved search as its owner sees it."""
    return SavedSearchRead(
        id=search.id,
        name=search.name,
        filter=rules.read(search.filter),
        frequency=search.frequency,
        new_count=new_count,
        created_at=search.created_at,
        looked_at=search.looked_at,
    )


async def save_search(uow: UnitOfWork, actor: Actor, command: SavedSearchCreate) -> SavedSearch:
    """Save a search; it finds orders that are published from now on."""
    repository, now = SearchRepository(uow.session), utc_now()
    _settings, searches = await repository.lock_owner(actor.id)
    wanted = await _cleaned(uow, command.filter)
    _refuse_twin(searches, wanted)
    limit = uow.resources.settings.saved_searches_per_account
    if len(searches) >= limit:
        raise TooManySavedSearchesError(params={"limit": limit})
    search = SavedSearch(
        owner_id=actor.id, name=command.name, frequency=command.frequency, created_at=now, **_begun(wanted)
    )
    repository.add(search)
    await uow.session.flush()
    return search


async def change_search(uow: UnitOfWork, actor: Actor, search_id: UUID, command: SavedSearchPatch) -> SavedSearch:
    """Change the name, the alert frequency or the filters; with other filters the search starts again."""
    now = utc_now()
    settings, searches = await begin_change(uow, actor.id)
    search = _find(searches, search_id)
    if command.name is not None:
        search.name = command.name
    if command.filter is not None:
        wanted = await _cleaned(uow, command.filter)
        if rules.key_of(wanted) != search.filter_key:
            _refuse_twin(searches, wanted)
            await MatchRepository(uow.session).forget(search.id)
            for name, value in _begun(wanted).items():
                setattr(search, name, value)
    if command.frequency is not None and command.frequency is not search.frequency:
        search.frequency = command.frequency
        if command.frequency is AlertFrequency.OFF:
            await MatchRepository(uow.session).mark_announced(actor.id, search.id, now)
    await end_change(uow, settings, now)
    return search


async def remove_search(uow: UnitOfWork, actor: Actor, search_id: UUID) -> None:
    """Delete a saved search and its matches."""
    settings, searches = await begin_change(uow, actor.id)
    await SearchRepository(uow.session).delete(_find(searches, search_id))
    await end_change(uow, settings, utc_now())


async def mark_search_viewed(uow: UnitOfWork, actor: Actor, search_id: UUID) -> SavedSearch:
    """Record that the actor viewed the search: none of its matches counts as new any more."""
    search = await SearchRepository(uow.session).find(actor.id, search_id)
    if search is None:
        raise SavedSearchNotFoundError
    search.looked_at = utc_now()
    return search


async def read_settings(session: AsyncSession, actor: Actor) -> AlertSettingsRead:
    """Return the actor's alert settings, or the initial ones."""
    repository = SearchRepository(session)
    found = await repository.settings(actor.id)
    if found is None:
        return AlertSettingsRead(time_zone=await repository.first_zone(actor.id), digest_hour=DEFAULT_HOUR)
    return AlertSettingsRead.model_validate(found)


async def change_settings(uow: UnitOfWork, actor: Actor, command: AlertSettingsPatch) -> AlertSettings:
    """Change the actor's alert settings; pending alerts are scheduled again."""
    settings, _searches = await begin_change(uow, actor.id)
    if command.time_zone is not None:
        settings.time_zone = command.time_zone
    if command.digest_hour is not None:
        settings.digest_hour = command.digest_hour
    await end_change(uow, settings, utc_now())
    return settings


async def _cleaned(uow: UnitOfWork, wanted: OrderFilter) -> OrderFilter:
    """Return the filter with skills as slugs.

    Raises:
        InvalidFilterError: The filter is not valid, or no order can ever match it.
    """
    if await orders.resolve_filter(uow.session, uow.resources, wanted) is None:
        text = N_("There is no word in this. Write at least one.")
        raise InvalidFilterError(errors=[FieldError(("q",), text)])
    catalogue = await catalog.read_catalogue(uow.session, uow.resources)
    typed = (word for text in wanted.skills for word in text.split(","))
    return wanted.model_copy(update={"q": wanted.q.strip(), "skills": catalogue.split_known_skills(typed).skills})


def _begun(wanted: OrderFilter) -> dict[str, object]:
    """Return the columns of a search that are set whenever its filters are set."""
    now = utc_now()
    return {
        "filter": rules.to_stored_filter(wanted),
        "filter_key": rules.key_of(wanted),
        "anchors": rules.anchors_of_filter(wanted),
        "since": now,
        "looked_at": now,
    }


def _refuse_twin(searches: Sequence[SavedSearch], wanted: OrderFilter) -> None:
    key = rules.key_of(wanted)
    twin = next((search for search in searches if search.filter_key == key), None)
    if twin is not None:
        raise SearchAlreadySavedError(params={"name": twin.name})


def _find(searches: Sequence[SavedSearch], search_id: UUID) -> SavedSearch:
    search = next((search for search in searches if search.id == search_id), None)
    if search is None:
        raise SavedSearchNotFoundError
    return search
