"""Every query about what people show of themselves, and about whom they keep or hide."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, false, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.features.profiles.repository.levels import levels_of, skill_levels
from app.models import CustomerStats, Favourite, HiddenCustomer, PortfolioItem, Profile, ProfileSkill, SkillLevel, User
from app.models.user import UserStatus

type Kept = type[Favourite | HiddenCustomer]


@dataclass(frozen=True, slots=True)
class Person:
    """An account as everybody may see it, with its profile where there is one."""

    id: UUID
    username: str
    display_name: str
    created_at: datetime
    profile: Profile | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A person with what stands on their page."""

    person: Person
    facts: CustomerStats | None
    levels: dict[str, SkillLevel]
    kept: bool
    """Whether the reader keeps or hides them."""
    hidden: bool


_PEOPLE = (
    select(User.id, User.username, User.display_name, User.created_at, Profile)
    .outerjoin(Profile, Profile.user_id == User.id)
    .where(User.status == UserStatus.ACTIVE)
)


def other_of(kept: Kept) -> str:
    """Return the column that names the person a row is about."""
    return "freelancer_id" if kept is Favourite else "customer_id"


def _is_kept(kept: Kept, column: InstrumentedAttribute[UUID], reader_id: UUID | None) -> ColumnElement[bool]:
    return exists().where(kept.owner_id == reader_id, column == User.id) if reader_id else false()


class ProfileRepository:
    """Profiles with their skills and portfolios."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def person(self, username_key: str) -> Person | None:
        """Return somebody by their folded name; who is banned or has closed the account is not there."""
        row = (await self._session.execute(_PEOPLE.where(User.username_key == username_key))).one_or_none()
        return Person(*row) if row else None

    async def seen(self, person: ColumnElement[bool], reader_id: UUID | None) -> Seen | None:
        """Return somebody with all that stands on their page but files and portfolio, as a reader sees it."""
        statement = (
            _PEOPLE.add_columns(
                CustomerStats,
                skill_levels(User.id),
                _is_kept(Favourite, Favourite.freelancer_id, reader_id),
                _is_kept(HiddenCustomer, HiddenCustomer.customer_id, reader_id),
            )
            .outerjoin(CustomerStats, CustomerStats.customer_id == User.id)
            .where(person)
        )
        row = (await self._session.execute(statement)).one_or_none()
        return Seen(Person(*row[:5]), row[5], levels_of(row[6]), row[7], row[8]) if row else None

    async def people(self, ids: Collection[UUID]) -> Sequence[Person]:
        """Return people by their ids."""
        return [Person(*row) for row in await self._session.execute(_PEOPLE.where(User.id.in_(set(ids))))]

    async def people_with_facts(self, ids: Collection[UUID]) -> Sequence[tuple[Person, CustomerStats | None]]:
        """Return people by their ids, with what is known of them as customers."""
        statement = (
            _PEOPLE.add_columns(CustomerStats)
            .outerjoin(CustomerStats, CustomerStats.customer_id == User.id)
            .where(User.id.in_(set(ids)))
        )
        return [(Person(*row[:-1]), row[-1]) for row in await self._session.execute(statement)]

    async def get(self, user_id: UUID) -> Profile | None:
        """Return one profile."""
        return await self._session.get(Profile, user_id)

    async def get_for_update(self, user_id: UUID) -> Profile:
        """Lock a profile, making it first where there is none."""
        await self._session.execute(insert(Profile).values(user_id=user_id).on_conflict_do_nothing())
        statement = (
            select(Profile)
            .where(Profile.user_id == user_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return (await self._session.execute(statement)).scalar_one()

    async def skills(self, user_id: UUID) -> Sequence[ProfileSkill]:
        """Return a person's skills in their own order."""
        statement = select(ProfileSkill).where(ProfileSkill.user_id == user_id).order_by(ProfileSkill.position)
        return (await self._session.execute(statement)).scalars().all()

    async def put_skills(self, user_id: UUID, skills: Collection[tuple[str, SkillLevel]]) -> None:
        """Make these the skills of a person whose profile is locked."""
        await self._session.execute(delete(ProfileSkill).where(ProfileSkill.user_id == user_id))
        rows = [
            {"user_id": user_id, "skill": slug, "level": level, "position": place}
            for place, (slug, level) in enumerate(skills)
        ]
        if rows:
            await self._session.execute(insert(ProfileSkill), rows)

    async def portfolio(self, user_id: UUID) -> Sequence[PortfolioItem]:
        """Return a person's pieces of work in their own order."""
        statement = (
            select(PortfolioItem)
            .where(PortfolioItem.user_id == user_id)
            .order_by(PortfolioItem.position, PortfolioItem.id)
            .execution_options(populate_existing=True)
        )
        return (await self._session.execute(statement)).scalars().all()

    def add_item(self, item: PortfolioItem) -> None:
        """Stage a new piece of work."""
        self._session.add(item)

    async def remove_item(self, item: PortfolioItem) -> None:
        """Take a piece of work out."""
        await self._session.delete(item)

    async def keep(self, kept: Kept, owner_id: UUID, other_id: UUID) -> None:
        """Put a person on one of the owner's lists; twice is once."""
        values = {"owner_id": owner_id, other_of(kept): other_id}
        await self._session.execute(insert(kept).values(values).on_conflict_do_nothing())

    async def drop(self, kept: Kept, owner_id: UUID, other_id: UUID) -> None:
        """Take a person off one of the owner's lists."""
        column = getattr(kept, other_of(kept))
        await self._session.execute(delete(kept).where(kept.owner_id == owner_id, column == other_id))

    async def count_listed(self, kept: Kept, owner_id: UUID) -> int:
        """Count who is on one of the owner's lists."""
        statement = select(func.count()).select_from(kept).where(kept.owner_id == owner_id)
        return (await self._session.execute(statement)).scalar_one()

    async def listed_ids(self, kept: Kept, owner_id: UUID) -> frozenset[UUID]:
        """Return everybody on one of the owner's lists; the verbs bound its length."""
        column = getattr(kept, other_of(kept))
        return frozenset((await self._session.execute(select(column).where(kept.owner_id == owner_id))).scalars())

    async def listed_page(
        self, kept: Kept, owner_id: UUID, before: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[tuple[datetime, UUID]]:
        """Return a page of one of the owner's lists, newest first; those without a living account are left out."""
        column = getattr(kept, other_of(kept))
        statement = (
            select(kept.created_at, column)
            .join(User, User.id == column)
            .where(kept.owner_id == owner_id, User.status == UserStatus.ACTIVE)
            .order_by(kept.created_at.desc(), column.desc())
            .limit(limit)
        )
        if before is not None:
            statement = statement.where(tuple_(kept.created_at, column) < before)
        return [(row[0], row[1]) for row in await self._session.execute(statement)]
