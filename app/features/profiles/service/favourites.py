"""Use cases of favourites and hidden customers."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.pagination import Slice, encode_cursor, last_moment
from app.core.unit_of_work import UnitOfWork
from app.features.profiles import rules
from app.features.profiles.errors import ListFullError, SelfReferenceError
from app.features.profiles.repository import Person, ProfileRepository
from app.features.profiles.repository.profiles import PersonList
from app.features.profiles.schemas import PersonCard
from app.features.profiles.service.own_profile import card_of, find_person, person_cards
from app.features.profiles.service.photos import photos_of
from app.models import Favourite, HiddenCustomer


async def add_favourite(uow: UnitOfWork, actor: Actor, username: str) -> Person:
    """Add a freelancer to the actor's favourites. No event is emitted."""
    return await _add(uow, actor, username, Favourite)


async def remove_favourite(uow: UnitOfWork, actor: Actor, username: str) -> Person:
    """Remove a freelancer from the actor's favourites."""
    return await _remove(uow, actor, username, Favourite)


async def hide_customer(uow: UnitOfWork, actor: Actor, username: str) -> Person:
    """Hide a customer's orders from the actor's lists. No event is emitted."""
    return await _add(uow, actor, username, HiddenCustomer)


async def unhide_customer(uow: UnitOfWork, actor: Actor, username: str) -> Person:
    """Show a hidden customer's orders again."""
    return await _remove(uow, actor, username, HiddenCustomer)


async def read_card(session: AsyncSession, person: Person) -> PersonCard:
    """Return the card of a person."""
    return card_of(person, (await photos_of(session, [person.id])).get(person.id))


async def hidden_customers(session: AsyncSession, user_id: UUID) -> frozenset[UUID]:
    """Return the ids of the customers whose orders a user hides."""
    return await ProfileRepository(session).listed_ids(HiddenCustomer, user_id)


async def favourite_ids(session: AsyncSession, user_id: UUID) -> frozenset[UUID]:
    """Return the ids of a user's favourites."""
    return await ProfileRepository(session).listed_ids(Favourite, user_id)


async def list_favourites(session: AsyncSession, actor: Actor, cursor: str | None, limit: int) -> Slice[PersonCard]:
    """Return a page of the actor's favourites, newest first."""
    return await _page(session, actor, Favourite, cursor, limit)


async def list_hidden(session: AsyncSession, actor: Actor, cursor: str | None, limit: int) -> Slice[PersonCard]:
    """Return a page of the actor's hidden customers, newest first."""
    return await _page(session, actor, HiddenCustomer, cursor, limit)


async def _add(uow: UnitOfWork, actor: Actor, username: str, listed_in: PersonList) -> Person:
    await uow.resources.limiter.hit(rules.LISTED_BY_ACCOUNT, str(actor.id))
    person = await find_person(uow.session, username)
    if person.id == actor.id:
        raise SelfReferenceError
    repository = ProfileRepository(uow.session)
    if await repository.count_listed(listed_in, actor.id) >= rules.MAX_LISTED:
        raise ListFullError(params={"limit": rules.MAX_LISTED})
    await repository.add_to_list(listed_in, actor.id, person.id)
    return person


async def _remove(uow: UnitOfWork, actor: Actor, username: str, listed_in: PersonList) -> Person:
    await uow.resources.limiter.hit(rules.LISTED_BY_ACCOUNT, str(actor.id))
    person = await find_person(uow.session, username)
    await ProfileRepository(uow.session).remove_from_list(listed_in, actor.id, person.id)
    return person


async def _page(
    session: AsyncSession, actor: Actor, listed_in: PersonList, cursor: str | None, limit: int
) -> Slice[PersonCard]:
    before = last_moment(cursor)
    rows = await ProfileRepository(session).listed_page(listed_in, actor.id, before, limit + 1)
    cards = await person_cards(session, [key for _moment, key in rows[:limit]])
    more = encode_cursor(*rows[limit - 1]) if len(rows) > limit else None
    return Slice([cards[key] for _moment, key in rows[:limit]], more)
