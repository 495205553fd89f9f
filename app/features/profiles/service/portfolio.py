"""Use cases of the actor's own portfolio; each change locks the profile first."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import utc_now
from app.core.unit_of_work import UnitOfWork
from app.features.catalog import service as catalog
from app.features.files import service as files
from app.features.profiles import rules
from app.features.profiles.errors import PortfolioFullError, PortfolioItemNotFoundError
from app.features.profiles.repository import ProfileRepository
from app.features.profiles.schemas import PortfolioFields, PortfolioRead, SkillItem
from app.features.profiles.service.own_profile import portfolio_subject, shown_items, sort_skills
from app.models import PortfolioItem


async def list_portfolio(session: AsyncSession, actor: Actor) -> list[PortfolioRead]:
    """Return the actor's own portfolio items in the order they are shown."""
    return await shown_items(session, await ProfileRepository(session).portfolio(actor.id), actor)


async def get_item(session: AsyncSession, actor: Actor, item_id: UUID) -> PortfolioRead:
    """Return one of the actor's own portfolio items.

    Raises:
        PortfolioItemNotFoundError: The actor has no such item.
    """
    item = _find(await ProfileRepository(session).portfolio(actor.id), item_id)
    return (await shown_items(session, [item], actor))[0]


async def require_item(session: AsyncSession, actor: Actor, item_id: UUID) -> None:
    """Check that the actor has this portfolio item.

    Raises:
        PortfolioItemNotFoundError: The actor has no such item.
    """
    if not await ProfileRepository(session).has_item(actor.id, item_id):
        raise PortfolioItemNotFoundError


async def add_item(uow: UnitOfWork, actor: Actor, command: PortfolioFields) -> PortfolioItem:
    """Add a portfolio item at the end.

    Raises:
        PortfolioFullError: The portfolio has its maximum number of items.
        InvalidFilesError: A file cannot be attached.
    """
    repository = ProfileRepository(uow.session)
    profile = await repository.get_for_update(actor.id)
    items = await repository.portfolio(actor.id)
    if len(items) >= rules.MAX_PORTFOLIO:
        raise PortfolioFullError(params={"limit": rules.MAX_PORTFOLIO})
    item = PortfolioItem(user_id=actor.id, position=items[-1].position + 1 if items else 0)
    await _fill(uow, item, command)
    repository.add_item(item)
    profile.has_portfolio = True
    await uow.session.flush()
    await files.attach_to_new(uow, actor, portfolio_subject(item.id), command.files or [])
    return item


async def edit_item(uow: UnitOfWork, actor: Actor, item_id: UUID, command: PortfolioFields) -> PortfolioItem:
    """Change a portfolio item; if `files` is None, its files stay.

    Raises:
        PortfolioItemNotFoundError: The actor has no such item.
        InvalidFilesError: A file cannot be attached.
    """
    repository = ProfileRepository(uow.session)
    await repository.get_for_update(actor.id)
    item = _find(await repository.portfolio(actor.id), item_id)
    await _fill(uow, item, command)
    item.updated_at = utc_now()
    if command.files is not None:
        await files.attach(uow, actor, portfolio_subject(item.id), command.files)
    return item


async def shift_item(uow: UnitOfWork, actor: Actor, item_id: UUID, step: int) -> None:
    """Move a portfolio item by a number of positions: up if it is negative."""
    repository = ProfileRepository(uow.session)
    await repository.get_for_update(actor.id)
    items = list(await repository.portfolio(actor.id))
    _put(items, item_id, max(0, items.index(_find(items, item_id)) + step))


async def move_item(uow: UnitOfWork, actor: Actor, item_id: UUID, position: int) -> list[PortfolioItem]:
    """Move a portfolio item to a position, counted from 0; return all items in their new order."""
    repository = ProfileRepository(uow.session)
    await repository.get_for_update(actor.id)
    items = list(await repository.portfolio(actor.id))
    _put(items, item_id, position)
    return items


async def remove_item(uow: UnitOfWork, actor: Actor, item_id: UUID) -> None:
    """Delete a portfolio item and detach its files."""
    repository = ProfileRepository(uow.session)
    profile = await repository.get_for_update(actor.id)
    items = await repository.portfolio(actor.id)
    item = _find(items, item_id)
    await files.attach(uow, actor, portfolio_subject(item.id), [])
    await repository.remove_item(item)
    profile.has_portfolio = len(items) > 1


def _put(items: list[PortfolioItem], item_id: UUID, position: int) -> None:
    item = _find(items, item_id)
    items.remove(item)
    items.insert(position, item)
    for place, each in enumerate(items):
        each.position = place


def _find(items: Sequence[PortfolioItem], item_id: UUID) -> PortfolioItem:
    found = next((item for item in items if item.id == item_id), None)
    if found is None:
        raise PortfolioItemNotFoundError
    return found


async def _fill(uow: UnitOfWork, item: PortfolioItem, command: PortfolioFields) -> None:
    catalogue = await catalog.read_catalogue(uow.session, uow.resources)
    named = [SkillItem(skill=word) for word in command.skills]
    item.title, item.description = command.title, command.description
    item.link, item.year = command.link, command.year
    item.skills = [slug for slug, _level in sort_skills(catalogue, named)]
