"""Queries for recommendations; each statement reads a limited number of rows."""

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
"""Number of the newest open orders to search for one person."""
CANDIDATES = 300
ANSWERED = 50
"""Number of a person's latest proposals that determine their categories."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeker:
    """The freelancer for whom orders are searched; `without` are the clients to leave out."""

    id: UUID
    skills: Collection[str]
    fields: Collection[int]
    headline: str
    without: Collection[UUID]


class RecommendingRepository:
    """Queries for a freelancer's profile and categories, and for candidate orders."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def profile(self, user_id: UUID) -> Profile | None:
        """Return the person's profile."""
        return await self._session.get(Profile, user_id)

    async def fields_answered(self, freelancer_id: UUID) -> frozenset[int]:
        """Return the categories of the orders to which the person's latest proposals were sent."""
        last = (
            select(Proposal.order_id)
            .where(Proposal.freelancer_id == freelancer_id)
            .order_by(Proposal.id.desc())
            .limit(ANSWERED)
        )
        statement = select(Order.category_id).where(Order.id.in_(last), Order.category_id.is_not(None)).distinct()
        return frozenset(key for key in (await self._session.execute(statement)).scalars() if key is not None)

    async def order_candidates(self, seeker: Seeker) -> Sequence[tuple[Order, Sequence[str]]]:
        """Return candidate orders, newest first, each with the stems of the person's headline that it contains.

        Candidates are listed orders of other people with one of the skills or categories, without a proposal of the
        person.
        """
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
        """Return the freelancers with a proposal for an order in any state."""
        statement = select(Proposal.freelancer_id).where(Proposal.order_id == order_id).distinct()
        return (await self._session.execute(statement)).scalars().all()
