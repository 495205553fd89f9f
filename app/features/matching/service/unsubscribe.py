"""Unsubscribing by a signed link, from one saved search or from all (RFC 8058)."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utc_now
from app.core.config import Settings
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.matching import rules
from app.features.matching.errors import UnsubscribeLinkError
from app.features.matching.repository import MatchRepository, SearchRepository
from app.features.matching.service.alert_schedule import begin_change, end_change


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What a link unsubscribes from: one saved search, or all of a person if `search_id` is None."""

    owner_id: UUID
    search_id: UUID | None
    name: str | None


def unsubscribe_path(settings: Settings, owner_id: UUID, search_id: UUID | None) -> str:
    """Return the path of an unsubscribe link on the site."""
    return f"/unsubscribe/{rules.unsubscribe_token(settings, owner_id, search_id)}"


async def find_subscription(session: AsyncSession, resources: Resources, token: str) -> Subscription:
    """Return what a token unsubscribes from.

    Raises:
        UnsubscribeLinkError: The token is not valid, or the search was deleted.
    """
    read = rules.read_unsubscribe_token(resources.settings, token)
    if read is None:
        raise UnsubscribeLinkError
    owner_id, search_id = read
    if search_id is None:
        return Subscription(owner_id=owner_id, search_id=None, name=None)
    search = await SearchRepository(session).find(owner_id, search_id)
    if search is None:
        raise UnsubscribeLinkError
    return Subscription(owner_id=owner_id, search_id=search_id, name=search.name)


async def unsubscribe(uow: UnitOfWork, token: str) -> Subscription:
    """Stop the alert e-mails that the token names. Idempotent."""
    ended = await find_subscription(uow.session, uow.resources, token)
    now = utc_now()
    searches = SearchRepository(uow.session)
    if not await searches.count(ended.owner_id):
        return ended
    settings, _searches = await begin_change(uow, ended.owner_id)
    await searches.turn_off_alerts(ended.owner_id, ended.search_id)
    await MatchRepository(uow.session).mark_announced(ended.owner_id, ended.search_id, now)
    await end_change(uow, settings, now)
    return ended
