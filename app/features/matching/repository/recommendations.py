"""Orders that may fit a freelancer; no statement looks further than a bound."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, cast, func, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer, undefer

from app.models import Order, Profile, Proposal
from app.models.order import IS_LISTED

NEWEST = 2000
"""How many of the newest open orders are looked through for one person."""
CANDIDATES = 300
ANSWERED = 50
"""How many of a person's last proposals say in which fields they work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeker:
    """For whom orders are looked for."""

    id: UUID
    skills: Collection[str]
    fields: Collection[int]
    headline: str
    without: Collection[UUID]


class RecommendingRepository:
    """What is known of somebody, and the orders that may fit."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def profile(self, user_id: UUID) -> Profile | None:
        """Return what somebody says about their work."""
        return await self._session.get(Profile, user_id)

    async def fields_answered(self, freelancer_id: UUID) -> frozenset[int]:
        """Return the fields of the orders that somebody answered last."""
        last = (
            select(Proposal.order_id)
            .where(Proposal.freelancer_id == freelancer_id)
            .order_by(Proposal.id.desc())
            .limit(ANSWERED)
        )
        statement = select(Order.category_id).where(Order.id.in_(last), Order.category_id.is_not(None)).distinct()
        return frozenset(key for key in (await self._session.execute(statement)).scalars() if key is not None)

    async def order_candidates(self, seeker: Seeker) -> Sequence[tuple[Order, Sequence[str]]]:
        """Return open orders of others, unanswered by the person, with the words of their headline that stand there."""
        newest = (
            select(Order.id).where(IS_LISTED).order_by(Order.published_at.desc(), Order.id.desc()).limit(NEWEST)
        ).subquery("newest")
        russian: ColumnElement[Any] = literal_column("'russian'::regconfig")
        own = func.tsvector_to_array(func.to_tsvector(russian, func.search_words(seeker.headline)))
        there = func.unnest(Order.search).table_valued("lexeme", "positions", "weights").render_derived("there")
        words = select(func.array_agg(there.c.lexeme)).where(there.c.lexeme == own.any_()).scalar_subquery()
        answered = select(Proposal.id).where(Proposal.order_id == Order.id, Proposal.freelancer_id == seeker.id)
        fits = [Order.skills.op("&&")(cast(list(seeker.skills), ARRAY(Text)))]
        if seeker.fields:
            fits.append(Order.category_id.in_(seeker.fields))
        statement = (
            select(Order, words)
            .join(newest, newest.c.id == Order.id)
            .where(Order.customer_id != seeker.id, ~answered.exists(), or_(*fits))
            .options(undefer(Order.excerpt), defer(Order.description))
            .order_by(Order.published_at.desc(), Order.id.desc())
            .limit(CANDIDATES)
        )
        if seeker.without:
            statement = statement.where(Order.customer_id.not_in(seeker.without))
        return [(row[0], row[1] or ()) for row in await self._session.execute(statement)]

    async def who_answered(self, order_id: UUID) -> Sequence[UUID]:
        """Return who has answered an order, however it ended."""
        statement = select(Proposal.freelancer_id).where(Proposal.order_id == order_id).distinct()
        return (await self._session.execute(statement)).scalars().all()
