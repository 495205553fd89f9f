"""Queries for profiles, portfolios, favourites and hidden customers."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, delete, exists, false, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.features.profiles.repository.levels import levels_of, skill_levels
from app.models import CustomerStats, Favourite, HiddenCustomer, PortfolioItem, Profile, ProfileSkill, SkillLevel, User
from app.models.user import UserStatus

type PersonList = type[Favourite | HiddenCustomer]


@dataclass(frozen=True, slots=True)
class Person:
    """The public data of an account, with its profile if there is one."""

    id: UUID
    username: str
    display_name: str
    created_at: datetime
    profile: Profile | None


@dataclass(frozen=True, slots=True)
class Seen:
    """The content of a profile page as one reader sees it."""

    person: Person
    facts: CustomerStats | None
    levels: dict[str, SkillLevel]
    favourite: bool
    """Whether the person is among the reader's favourites."""
    hidden: bool


_PEOPLE = (
    select(User.id, User.username, User.display_name, User.created_at, Profile)
    .outerjoin(Profile, Profile.user_id == User.id)
    .where(User.status == UserStatus.ACTIVE)
)
_SOME = _PEOPLE.where(User.id.in_(bindparam("ids", expanding=True)))
_SOME_WITH_FACTS = _SOME.add_columns(CustomerStats).outerjoin(CustomerStats, CustomerStats.customer_id == User.id)


def other_of(listed_in: PersonList) -> str:
    """Return the name of the column that refers to the person on the list."""
    return "freelancer_id" if listed_in is Favourite else "customer_id"


def _is_listed(listed_in: PersonList, column: InstrumentedAttribute[UUID], *, signed_in: bool) -> ColumnElement[bool]:
    return exists().where(listed_in.owner_id == bindparam("reader_id"), column == User.id) if signed_in else false()


@cache
def _seen(column: InstrumentedAttribute[Any], *, signed_in: bool) -> Select[*tuple[Any, ...]]:
    """Return the statement of a profile page, built once for each combination."""
    return (
        _PEOPLE.add_columns(
            CustomerStats,
            skill_levels(User.id),
            _is_listed(Favourite, Favourite.freelancer_id, signed_in=signed_in),
            _is_listed(HiddenCustomer, HiddenCustomer.customer_id, signed_in=signed_in),
        )
        .outerjoin(CustomerStats, CustomerStats.customer_id == User.id)
        .where(column == bindparam("person"))
    )


@cache
def _ids_on(listed_in: PersonList) -> Select[UUID]:
    """Return the statement of all ids on one of the owner's lists."""
    return select(getattr(listed_in, other_of(listed_in))).where(listed_in.owner_id == bindparam("owner_id"))


_ZONE = select(Profile.time_zone).where(Profile.user_id == bindparam("user_id"))


class ProfileRepository:
    """Queries for profiles with their skills and portfolios."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def person(self, username_key: str) -> Person | None:
        """Return an active account by its folded user name, or None."""
        row = (await self._session.execute(_PEOPLE.where(User.username_key == username_key))).one_or_none()
        return Person(*row) if row else None

    async def time_zone(self, user_id: UUID) -> str | None:
        """Return the time zone of a profile; None where it has none."""
        return (await self._session.execute(_ZONE, {"user_id": user_id})).scalar_one_or_none()

    async def seen[T](self, column: InstrumentedAttribute[T], person: T, reader_id: UUID | None) -> Seen | None:
        """Return the content of a profile page for a reader, without files and portfolio, or None."""
        statement = _seen(column, signed_in=reader_id is not None)
        row = (await self._session.execute(statement, {"person": person, "reader_id": reader_id})).one_or_none()
        return Seen(Person(*row[:5]), row[5], levels_of(row[6]), row[7], row[8]) if row else None

    async def people(self, ids: Collection[UUID]) -> Sequence[Person]:
        """Return active accounts by id."""
        return [Person(*row) for row in await self._session.execute(_SOME, {"ids": list(set(ids))})]

    async def people_with_stats(self, ids: Collection[UUID]) -> Sequence[tuple[Person, CustomerStats | None]]:
        """Return active accounts by id with their customer statistics."""
        found = await self._session.execute(_SOME_WITH_FACTS, {"ids": list(set(ids))})
        return [(Person(*row[:-1]), row[-1]) for row in found]

    async def get(self, user_id: UUID) -> Profile | None:
        """Return the profile, or None."""
        return await self._session.get(Profile, user_id)

    async def get_for_update(self, user_id: UUID) -> Profile:
        """Lock and return the profile; create it if it is missing."""
        return (await self.get_with_name_for_update(user_id))[0]

    async def get_with_name_for_update(self, user_id: UUID) -> tuple[Profile, str]:
        """Lock and return the profile, created if it is missing, and the display name of its owner."""
        statement = (
            select(Profile, User.display_name)
            .join(User, User.id == Profile.user_id)
            .where(Profile.user_id == user_id)
            .with_for_update(of=Profile)
            .execution_options(populate_existing=True)
        )
        found = (await self._session.execute(statement)).one_or_none()
        if found is None:
            await self._session.execute(insert(Profile).values(user_id=user_id).on_conflict_do_nothing())
            found = (await self._session.execute(statement)).one()
        return found[0], found[1]

    async def skills(self, user_id: UUID) -> Sequence[ProfileSkill]:
        """Return a user's skills in the owner's order."""
        statement = select(ProfileSkill).where(ProfileSkill.user_id == user_id).order_by(ProfileSkill.position)
        return (await self._session.execute(statement)).scalars().all()

    async def put_skills(self, user_id: UUID, skills: Collection[tuple[str, SkillLevel]]) -> None:
        """Replace the skills of a user; the caller holds the lock of the profile."""
        await self._session.execute(delete(ProfileSkill).where(ProfileSkill.user_id == user_id))
        rows = [
            {"user_id": user_id, "skill": slug, "level": level, "position": place}
            for place, (slug, level) in enumerate(skills)
        ]
        if rows:
            await self._session.execute(insert(ProfileSkill), rows)

    async def portfolio(self, user_id: UUID) -> Sequence[PortfolioItem]:
        """Return a user's portfolio items in the owner's order."""
        statement = (
            select(PortfolioItem)
            .where(PortfolioItem.user_id == user_id)
            .order_by(PortfolioItem.position, PortfolioItem.id)
            .execution_options(populate_existing=True)
        )
        return (await self._session.execute(statement)).scalars().all()

    async def has_item(self, user_id: UUID, item_id: UUID) -> bool:
        """Tell whether the user has this portfolio item."""
        statement = select(exists().where(PortfolioItem.id == item_id, PortfolioItem.user_id == user_id))
        return bool((await self._session.execute(statement)).scalar_one())

    def add_item(self, item: PortfolioItem) -> None:
        """Add a portfolio item to the session."""
        self._session.add(item)

    async def remove_item(self, item: PortfolioItem) -> None:
        """Delete a portfolio item."""
        await self._session.delete(item)

    async def add_to_list(self, listed_in: PersonList, owner_id: UUID, other_id: UUID) -> None:
        """Add a person to one of the owner's lists; idempotent."""
        values = {"owner_id": owner_id, other_of(listed_in): other_id}
        await self._session.execute(insert(listed_in).values(values).on_conflict_do_nothing())

    async def remove_from_list(self, listed_in: PersonList, owner_id: UUID, other_id: UUID) -> None:
        """Remove a person from one of the owner's lists."""
        column = getattr(listed_in, other_of(listed_in))
        await self._session.execute(delete(listed_in).where(listed_in.owner_id == owner_id, column == other_id))

    async def count_listed(self, listed_in: PersonList, owner_id: UUID) -> int:
        """Count the people on one of the owner's lists."""
        statement = select(func.count()).select_from(listed_in).where(listed_in.owner_id == owner_id)
        return (await self._session.execute(statement)).scalar_one()

    async def listed_ids(self, listed_in: PersonList, owner_id: UUID) -> frozenset[UUID]:
        """Return the ids of all people on one of the owner's lists; use cases limit its length."""
        return frozenset((await self._session.execute(_ids_on(listed_in), {"owner_id": owner_id})).scalars())

    async def listed_page(
        self, listed_in: PersonList, owner_id: UUID, before: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[tuple[datetime, UUID]]:
        """Return a page of one of the owner's lists, newest first; inactive accounts are left out."""
        column = getattr(listed_in, other_of(listed_in))
        statement = (
            select(listed_in.created_at, column)
            .join(User, User.id == column)
            .where(listed_in.owner_id == owner_id, User.status == UserStatus.ACTIVE)
            .order_by(listed_in.created_at.desc(), column.desc())
            .limit(limit)
        )
        if before is not None:
            statement = statement.where(tuple_(listed_in.created_at, column) < before)
        return [(row[0], row[1]) for row in await self._session.execute(statement)]
