"""Queries that compute customer statistics; the published definitions are implemented here only."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import BigInteger, and_, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.profiles.schemas import CountedStats
from app.models import DeclineReason, Order, OrderStatus, Proposal, ProposalStatus

ENDED = (OrderStatus.AWARDED, OrderStatus.CANCELLED, OrderStatus.EXPIRED)
LEFT_ALONE = (DeclineReason.ORDER_CANCELLED, DeclineReason.ORDER_EXPIRED)
"""Decline reasons that the system sets when the client gave no answer."""


class CountingRepository:
    """Queries for clients and their statistics."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def customers_after(self, after: UUID | None, limit: int) -> Sequence[UUID]:
        """Return ids of clients who have ever published an order, in the order of ids, after `after`."""
        statement = select(Order.customer_id).where(Order.published_at.is_not(None)).distinct()
        if after is not None:
            statement = statement.where(Order.customer_id > after)
        return (await self._session.execute(statement.order_by(Order.customer_id).limit(limit))).scalars().all()

    async def count(self, ids: Collection[UUID]) -> list[CountedStats]:
        """Compute the statistics of these clients from their orders and proposals."""
        by_orders = (
            select(
                Order.customer_id,
                func.count(),
                func.count().filter(Order.status == OrderStatus.OPEN),
                func.count().filter(Order.status.in_(ENDED)),
                func.count().filter(Order.status == OrderStatus.AWARDED),
            )
            .where(Order.customer_id.in_(ids), Order.published_at.is_not(None))
            .group_by(Order.customer_id)
        )
        declined = Proposal.status == ProposalStatus.DECLINED
        unanswered = and_(declined, Proposal.decline_reason.in_(LEFT_ALONE))
        answered = or_(
            Proposal.status == ProposalStatus.ACCEPTED, and_(declined, Proposal.decline_reason.not_in(LEFT_ALONE))
        )
        took = func.extract("epoch", Proposal.decided_at - Proposal.created_at)
        median = cast(func.percentile_cont(0.5).within_group(took).filter(answered), BigInteger)
        by_proposals = (
            select(Order.customer_id, func.count().filter(answered), func.count().filter(unanswered), median)
            .join(Proposal, Proposal.order_id == Order.id)
            .where(Order.customer_id.in_(ids), Order.published_at.is_not(None))
            .group_by(Order.customer_id)
        )
        orders = {row[0]: row for row in await self._session.execute(by_orders)}
        proposals = {row[0]: row for row in await self._session.execute(by_proposals)}
        counted: list[CountedStats] = []
        for key in ids:
            _id, posted, opened, ended, hired = orders.get(key, (key, 0, 0, 0, 0))
            _id, answers, silences, seconds = proposals.get(key, (key, 0, 0, None))
            counted.append(
                CountedStats(
                    customer_id=key,
                    orders_posted=posted,
                    orders_open=opened,
                    orders_ended=ended,
                    orders_hired=hired,
                    proposals_answered=answers,
                    proposals_unanswered=silences,
                    median_answer_seconds=seconds,
                )
            )
        return counted
