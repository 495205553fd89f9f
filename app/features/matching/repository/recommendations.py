"""Queries for recommendations; each statement reads a limited number of rows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, cast, func, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer, undefer

from app.models import HiddenCustomer, Order, Profile, Proposal, User
from app.models.order import IS_LISTED
from app.models.user import shown_name

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
    """Queries for the freelancers who seek orders, and for candidate orders."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def seeker(self, user_id: UUID) -> Seeker | None:
        """Return the person for whom orders are searched, or None if they turned recommendations off."""
        last = (
            select(Proposal.order_id)
            .where(Proposal.freelancer_id == user_id)
            .order_by(Proposal.id.desc())
            .limit(ANSWERED)
        )
        fields = (
            select(func.array_agg(Order.category_id.distinct()))
            .where(Order.id.in_(last), Order.category_id.is_not(None))
            .scalar_subquery()
        )
        hidden = (
            select(func.array_agg(HiddenCustomer.customer_id))
            .where(HiddenCustomer.owner_id == user_id)
            .scalar_subquery()
        )
        statement = (
            select(Profile.skills, Profile.headline, Profile.recommendations, fields, hidden)
            .select_from(User)
            .outerjoin(Profile, Profile.user_id == User.id)
            .where(User.id == user_id)
        )
        row = (await self._session.execute(statement)).one()
        if row[2] is False:
            return None
        return Seeker(id=user_id, skills=row[0] or (), fields=row[3] or (), headline=row[1] or "", without=row[4] or ())

    async def order_candidates(self, seeker: Seeker) -> Sequence[tuple[Order, Sequence[str], str]]:
        """Return candidate orders, newest first.

        Each comes with the stems of the person's headline that it contains, and with the name of its customer.

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
            select(Order, words, shown_name(Order.customer_id))
            .join(newest, newest.c.id == Order.id)
            .where(Order.customer_id != seeker.id, ~answered.exists(), or_(*fits))
            .options(undefer(Order.excerpt), defer(Order.description))
            .order_by(Order.published_at.desc(), Order.id.desc())
            .limit(CANDIDATES)
        )
        if seeker.without:
            statement = statement.where(Order.customer_id.not_in(seeker.without))
        return [(row[0], row[1] or (), row[2]) for row in await self._session.execute(statement)]

    async def who_answered(self, order_id: UUID) -> Sequence[UUID]:
        """Return the freelancers with a proposal for an order in any state."""
        statement = select(Proposal.freelancer_id).where(Proposal.order_id == order_id).distinct()
        return (await self._session.execute(statement)).scalars().all()
