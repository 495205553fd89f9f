"""Queries for timers that are fired together, a batch in a transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.core.database import milliseconds
from app.core.money import Currency
from app.features.contracts.repository.deals import DATABASE_TIME, LockedMilestone
from app.models import Contract, Deal, DealTimer, Milestone, Release, ReviewNotice, TimerKind, TimerStatus


@dataclass(slots=True)
class DueTimer(LockedMilestone):
    """A timer of a milestone whose time is over, locked together with its deal and its milestone."""

    timer: DealTimer


class SweepRepository:
    """Queries of the sweep."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def limit_waiting(self, limit: timedelta) -> None:
        """Let this transaction wait for no lock longer than that."""
        await self._session.execute(select(func.set_config("lock_timeout", milliseconds(limit.total_seconds()), True)))

    async def due(self, kind: TimerKind, limit: int) -> Sequence[tuple[UUID, Currency]]:
        """Return the next timers of a kind that are due, in the order of their times, and their currencies."""
        statement = (
            select(DealTimer.id, Contract.currency)
            .join(Contract, Contract.id == DealTimer.contract_id)
            .where(DealTimer.kind == kind, DealTimer.status == TimerStatus.WAITING, DealTimer.look_at <= DATABASE_TIME)
            .order_by(DealTimer.look_at, DealTimer.id)
            .limit(limit)
        )
        return [(row[0], row[1]) for row in await self._session.execute(statement)]

    async def lock(self, timer_ids: Collection[UUID]) -> Sequence[DueTimer]:
        """Lock timers that are still due with their deals and milestones; whoever somebody else has is left out.

        A timer waits while its deal has an earlier one of another kind that is due: they fire in their order.
        """
        earlier = aliased(DealTimer)
        waits = (
            select(earlier.id)
            .where(
                earlier.contract_id == DealTimer.contract_id,
                earlier.status == TimerStatus.WAITING,
                earlier.kind != DealTimer.kind,
                tuple_(earlier.look_at, earlier.id) < tuple_(DealTimer.look_at, DealTimer.id),
            )
            .exists()
        )
        statement = (
            select(Contract, Deal, DATABASE_TIME, Milestone, DealTimer)
            .select_from(DealTimer)
            .join(Deal, Deal.contract_id == DealTimer.contract_id)
            .join(Contract, Contract.id == Deal.contract_id)
            .join(Milestone, Milestone.id == DealTimer.milestone_id)
            .where(
                DealTimer.id.in_(timer_ids),
                DealTimer.status == TimerStatus.WAITING,
                DealTimer.look_at <= DATABASE_TIME,
                ~waits,
            )
            .order_by(DealTimer.look_at, DealTimer.id)
            .with_for_update(of=(Deal, Milestone, DealTimer), skip_locked=True)
            .execution_options(populate_existing=True)
        )
        rows = (await self._session.execute(statement)).all()
        return [DueTimer(row[0], row[1], row[2], row[3], row[4]) for row in rows]

    async def releases(self, release_ids: Collection[UUID]) -> dict[UUID, Release]:
        """Return releases as they are now."""
        statement = select(Release).where(Release.id.in_(release_ids)).execution_options(populate_existing=True)
        return {made.id: made for made in (await self._session.execute(statement)).scalars()}

    async def notices(self, submission_ids: Collection[UUID]) -> dict[UUID, list[tuple[str, bool]]]:
        """Return for each submission the channel of each message, and whether it is known to have arrived."""
        statement = select(
            ReviewNotice.submission_id, ReviewNotice.channel, ReviewNotice.delivered_at.is_not(None)
        ).where(ReviewNotice.submission_id.in_(submission_ids))
        found: dict[UUID, list[tuple[str, bool]]] = {key: [] for key in submission_ids}
        for submission_id, channel, arrived in await self._session.execute(statement):
            found[submission_id].append((channel, arrived))
        return found
