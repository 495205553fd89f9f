"""Queries for direct deals and their terms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, exists, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.persistence.advisory_locks import lock_names
from app.models import DirectDeal, DirectDealTerms, User
from app.models.direct_deal import OPEN_DIRECT_DEAL
from app.models.profile import HiddenCustomer
from app.models.user import UserStatus, shown_name

_CURRENT = and_(DirectDealTerms.deal_id == DirectDeal.id, DirectDealTerms.number == DirectDeal.version)


@dataclass(frozen=True, slots=True)
class DirectDealRow:
    """A direct deal with its current terms and the names of its people."""

    deal: DirectDeal
    terms: DirectDealTerms
    author: str
    other: str | None


class DirectDealRepository:
    """Queries for direct deals."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def insert(self, deal: DirectDeal, terms: DirectDealTerms) -> None:
        """Insert a direct deal with its first terms."""
        self._session.add(deal)
        await self._session.flush()
        self._session.add(terms)
        await self._session.flush()

    async def add_terms(self, terms: DirectDealTerms) -> None:
        """Insert other terms of a locked direct deal."""
        self._session.add(terms)
        await self._session.flush()

    async def lock_author(self, author_id: UUID) -> None:
        """Let one invitation of a person be counted at a time."""
        await lock_names(self._session, f"direct-deals:{author_id}")

    async def nth_latest_at(self, author_id: UUID, times: int, since: datetime) -> datetime | None:
        """Return when a person's n-th latest direct deal since a time was made; None if there are fewer."""
        statement = (
            select(DirectDeal.created_at)
            .where(DirectDeal.author_id == author_id, DirectDeal.created_at > since)
            .order_by(DirectDeal.created_at.desc())
            .offset(times - 1)
            .limit(1)
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def nth_latest_mailed_at(self, author_id: UUID, times: int, since: datetime) -> datetime | None:
        """Return when a person's n-th latest invitation by e-mail since a time was sent; None if there are fewer."""
        statement = (
            select(DirectDeal.mailed_at)
            .where(DirectDeal.author_id == author_id, DirectDeal.mailed_at > since)
            .order_by(DirectDeal.mailed_at.desc())
            .offset(times - 1)
            .limit(1)
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def is_hidden(self, owner_id: UUID, customer_id: UUID) -> bool:
        """Tell whether a person has hidden a client."""
        found = exists().where(HiddenCustomer.owner_id == owner_id, HiddenCustomer.customer_id == customer_id)
        return bool((await self._session.execute(select(found))).scalar_one())

    async def get(self, deal_id: UUID) -> DirectDealRow | None:
        """Return a direct deal of an author whose account is active, or that was decided."""
        is_active = exists().where(User.id == DirectDeal.author_id, User.status == UserStatus.ACTIVE)
        statement = (
            select(DirectDeal, DirectDealTerms, shown_name(DirectDeal.author_id), shown_name(DirectDeal.other_id))
            .join(DirectDealTerms, _CURRENT)
            .where(DirectDeal.id == deal_id, or_(is_active, DirectDeal.decided_at.is_not(None)))
        )
        row = (await self._session.execute(statement)).one_or_none()
        return DirectDealRow(row[0], row[1], row[2], row[3]) if row else None

    async def lock(self, deal_id: UUID) -> DirectDeal | None:
        """Return a direct deal and lock its row."""
        return await self._session.get(DirectDeal, deal_id, with_for_update=True, populate_existing=True)

    async def terms(self, deal_id: UUID, number: int) -> DirectDealTerms:
        """Return terms of a direct deal."""
        return await self._session.get_one(DirectDealTerms, (deal_id, number))

    async def terms_before(self, deal_id: UUID, number: int) -> Sequence[DirectDealTerms]:
        """Return the terms that were proposed before, newest first."""
        statement = (
            select(DirectDealTerms)
            .where(DirectDealTerms.deal_id == deal_id, DirectDealTerms.number < number)
            .order_by(DirectDealTerms.number.desc())
        )
        return (await self._session.execute(statement)).scalars().all()

    async def of_person(self, user_id: UUID, limit: int, before: UUID | None) -> list[DirectDealRow]:
        """Return the direct deals that a person made or received, newest first."""
        received = and_(DirectDeal.other_id == user_id, DirectDeal.muted == false())
        statement = (
            select(DirectDeal, DirectDealTerms, shown_name(DirectDeal.author_id), shown_name(DirectDeal.other_id))
            .join(DirectDealTerms, _CURRENT)
            .where(or_(DirectDeal.author_id == user_id, received))
            .order_by(DirectDeal.id.desc())
            .limit(limit)
        )
        if before is not None:
            statement = statement.where(DirectDeal.id < before)
        return [DirectDealRow(row[0], row[1], row[2], row[3]) for row in await self._session.execute(statement)]

    async def lock_over(self, now: datetime, limit: int) -> Sequence[DirectDeal]:
        """Lock open direct deals whose time is over, without those that somebody else has locked."""
        statement = (
            select(DirectDeal)
            .where(DirectDeal.status.in_(OPEN_DIRECT_DEAL), DirectDeal.expires_at <= now)
            .order_by(DirectDeal.expires_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return (await self._session.execute(statement)).scalars().all()

    async def lock_open_of(self, user_id: UUID, limit: int) -> Sequence[DirectDeal]:
        """Lock open direct deals of a person, in the order of their ids."""
        statement = (
            select(DirectDeal)
            .where(
                DirectDeal.status.in_(OPEN_DIRECT_DEAL),
                or_(DirectDeal.author_id == user_id, DirectDeal.other_id == user_id),
            )
            .order_by(DirectDeal.id)
            .limit(limit)
            .with_for_update()
        )
        return (await self._session.execute(statement)).scalars().all()
