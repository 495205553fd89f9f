"""Queries for contracts, their deals and milestones. The contract's deal is locked first, then its milestones."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, cast, exists, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.core.money import Currency
from app.core.persistence.trial_clock import database_now
from app.models import (
    BudgetKind,
    Category,
    ChangeOrder,
    Contract,
    Deal,
    DealTimer,
    Milestone,
    NoticeChannel,
    Order,
    RefundRequest,
    Release,
    ReleaseKind,
    RequestStatus,
    ReviewNotice,
    Submission,
    TimerKind,
    TimerStatus,
    User,
)
from app.models.direct_deal import DirectDeal
from app.models.user import public_name_of

DATABASE_TIME = database_now()
"""What timers are compared with, and what sets them: the start of the transaction by the clock of the database."""


@dataclass(slots=True)
class LockedDeal:
    """A deal that is locked until the transaction ends, its contract, and the time of the transaction."""

    contract: Contract
    deal: Deal
    now: datetime


@dataclass(slots=True)
class LockedMilestone(LockedDeal):
    """The same with one of its milestones, locked after it."""

    milestone: Milestone


@dataclass(frozen=True, slots=True)
class Volumes:
    """What decides which fees apply to a contract, in minor units, and the time of the transaction."""

    freelancer: int
    """What was released to the freelancer before in the currency, of all milestones of safe deals, with bonuses."""
    pair: int
    """What of that was with the same client."""
    parent_category_id: int | None
    met_here: bool
    """Whether the two had a contract from an order on the site before."""
    now: datetime


_BY_INVITATION = exists().where(DirectDeal.contract_id == Contract.id)


class ContractRepository:
    """Queries for contracts. The caller must have locked the order before inserting."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def insert(self, contract: Contract) -> None:
        """Insert a contract."""
        self._session.add(contract)
        await self._session.flush()

    async def agreed(self) -> Sequence[tuple[Contract, bool, int | None, int | None]]:
        """Return the contracts with a total price, oldest first.

        Each is with whether it was agreed on by invitation, its order's category, and the category above it.
        """
        statement = (
            select(Contract, _BY_INVITATION, Order.category_id, Category.parent_id)
            .join(Order, Order.id == Contract.order_id)
            .outerjoin(Category, Category.id == Order.category_id)
            .where(Contract.budget_kind != BudgetKind.HOURLY)
            .order_by(Contract.agreed_at, Contract.id)
        )
        return [(row[0], row[1], row[2], row[3]) for row in await self._session.execute(statement)]

    async def volumes(
        self,
        customer_id: UUID | None,
        freelancer_id: UUID | None,
        currency: Currency,
        category_id: int | None,
        *,
        contract_id: UUID | None = None,
    ) -> Volumes:
        """Return what decides which fees apply to a new contract; of somebody who is not known yet, nothing.

        Args:
            customer_id: The client, if known.
            freelancer_id: The freelancer, if known.
            currency: The currency of the contract.
            category_id: The category of its order.
            contract_id: The contract itself, where it is inserted already: the two did not meet by it.
        """
        met = select(Contract.id).where(
            Contract.customer_id == customer_id, Contract.freelancer_id == freelancer_id, ~_BY_INVITATION
        )
        if contract_id is not None:
            met = met.where(Contract.id != contract_id)
        # Only money that was released counts: what is merely agreed costs nothing, so anybody could agree on a volume.
        bonuses = (
            select(func.sum(Release.amount))
            .where(Release.milestone_id == Milestone.id, Release.kind == ReleaseKind.BONUS)
            .scalar_subquery()
        )
        released = func.sum(Milestone.released + func.coalesce(bonuses, 0))
        statement = (
            select(
                func.coalesce(released, 0),
                func.coalesce(released.filter(Contract.customer_id == customer_id), 0),
                select(Category.parent_id).where(Category.id == category_id).scalar_subquery(),
                met.correlate(None).exists(),
                DATABASE_TIME,
            )
            .select_from(Milestone)
            .join(Contract, Contract.id == Milestone.contract_id)
            .where(Contract.freelancer_id == freelancer_id, Contract.currency == currency)
        )
        freelancer, pair, parent, met_here, now = (await self._session.execute(statement)).one()
        return Volumes(int(freelancer), int(pair), parent, met_here, now)


class DealRepository:
    """Queries for deals and all that belongs to them."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def insert_all(self, *rows: Any) -> None:  # noqa: ANN401 - rows of several tables
        """Insert rows; those of one table go in one statement."""
        self._session.add_all(rows)
        await self._session.flush()

    async def names(self, user_ids: Collection[UUID]) -> dict[UUID, str]:
        """Return the names under which others see these people."""
        statement = select(User.id, public_name_of(User)).where(User.id.in_(user_ids))
        return {row[0]: row[1] for row in await self._session.execute(statement)}

    async def lock_deal(self, contract_id: UUID, *, skip_locked: bool = False) -> LockedDeal | None:
        """Lock a deal; None where there is none, or where it is skipped because somebody else has it."""
        statement = (
            select(Contract, Deal, DATABASE_TIME)
            .join(Deal, Deal.contract_id == Contract.id)
            .where(Contract.id == contract_id)
            .with_for_update(of=Deal, skip_locked=skip_locked)
            .execution_options(populate_existing=True)
        )
        row = (await self._session.execute(statement)).one_or_none()
        return LockedDeal(row[0], row[1], row[2]) if row else None

    async def lock_milestone(self, milestone_id: UUID) -> LockedMilestone | None:
        """Lock the deal of a milestone, then the milestone."""
        statement = (
            select(Contract, Deal, DATABASE_TIME, Milestone)
            .join(Deal, Deal.contract_id == Contract.id)
            .join(Milestone, Milestone.contract_id == Deal.contract_id)
            .where(Milestone.id == milestone_id)
            .with_for_update(of=(Deal, Milestone))
            .execution_options(populate_existing=True)
        )
        row = (await self._session.execute(statement)).one_or_none()
        return LockedMilestone(row[0], row[1], row[2], row[3]) if row else None

    async def lock_milestones(self, contract_id: UUID) -> Sequence[Milestone]:
        """Lock the milestones of a locked deal, in their order."""
        statement = (
            select(Milestone)
            .where(Milestone.contract_id == contract_id)
            .order_by(Milestone.number)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return (await self._session.execute(statement)).scalars().all()

    async def lock_milestone_of(self, contract_id: UUID, milestone_id: UUID) -> Milestone | None:
        """Lock a milestone of a deal that is locked already."""
        statement = (
            select(Milestone)
            .where(Milestone.id == milestone_id, Milestone.contract_id == contract_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def unfinished(self, contract_ids: Collection[UUID], finished: Collection[str]) -> set[UUID]:
        """Return which of these deals have a milestone that is in none of these states."""
        statement = select(Milestone.contract_id).where(
            Milestone.contract_id.in_(contract_ids), Milestone.status.not_in(finished)
        )
        return set((await self._session.execute(statement.distinct())).scalars())

    async def last_submission(self, milestone_id: UUID) -> Submission | None:
        """Return the newest submission of a milestone."""
        statement = (
            select(Submission)
            .where(Submission.milestone_id == milestone_id)
            .order_by(Submission.number.desc())
            .limit(1)
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def open_refund(self, milestone_id: UUID) -> RefundRequest | None:
        """Return the open refund request of a locked milestone."""
        statement = select(RefundRequest).where(
            RefundRequest.milestone_id == milestone_id, RefundRequest.status == RequestStatus.OPEN
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def vain_refunds(self, milestone_id: UUID, statuses: Collection[RequestStatus]) -> int:
        """Count the refund requests of a locked milestone that ended in these ways."""
        statement = select(func.count()).where(
            RefundRequest.milestone_id == milestone_id, RefundRequest.status.in_(statuses)
        )
        return (await self._session.execute(statement)).scalar_one()

    async def contract_of_change_order(self, change_order_id: UUID) -> UUID | None:
        """Return the contract that a change order belongs to."""
        statement = select(ChangeOrder.contract_id).where(ChangeOrder.id == change_order_id)
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def change_order(self, change_order_id: UUID) -> ChangeOrder | None:
        """Return a change order as it is now."""
        return await self._session.get(ChangeOrder, change_order_id, populate_existing=True)

    async def open_change_order(self, contract_id: UUID) -> ChangeOrder | None:
        """Return the change of the work that waits for an answer."""
        statement = select(ChangeOrder).where(
            ChangeOrder.contract_id == contract_id, ChangeOrder.status == RequestStatus.OPEN
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def with_open_changes(self, contract_ids: Collection[UUID]) -> set[UUID]:
        """Return which of these deals have a change of the work that waits for an answer."""
        statement = select(ChangeOrder.contract_id).where(
            ChangeOrder.contract_id.in_(contract_ids), ChangeOrder.status == RequestStatus.OPEN
        )
        return set((await self._session.execute(statement)).scalars())

    async def release(self, release_id: UUID) -> Release | None:
        """Return a release as it is now."""
        return await self._session.get(Release, release_id, populate_existing=True)

    async def bonuses(self, milestone_ids: Collection[UUID]) -> dict[UUID, int]:
        """Return the sums of the bonuses that were paid for locked milestones; those without any are missing."""
        statement = (
            select(Release.milestone_id, func.sum(Release.amount))
            .where(Release.milestone_id.in_(milestone_ids), Release.kind == ReleaseKind.BONUS)
            .group_by(Release.milestone_id)
        )
        rows = await self._session.execute(statement)
        return {milestone_id: int(total) for milestone_id, total in rows}

    async def add_timers(self, timers: Sequence[Mapping[str, Any]]) -> None:
        """Insert timers."""
        if timers:
            await self._session.execute(insert(DealTimer), list(timers))

    async def cancel_timers(
        self,
        contract_ids: Collection[UUID],
        milestone_ids: Collection[UUID] | None = None,
        *,
        kinds: Collection[TimerKind],
    ) -> None:
        """Cancel the waiting timers of these kinds: of some milestones, or of the whole deals."""
        statement = update(DealTimer).where(
            DealTimer.contract_id.in_(contract_ids),
            DealTimer.status == TimerStatus.WAITING,
            DealTimer.kind.in_(kinds),
        )
        if milestone_ids is not None:
            statement = statement.where(DealTimer.milestone_id.in_(milestone_ids))
        await self._session.execute(
            statement.values(status=TimerStatus.CANCELLED).execution_options(synchronize_session=False)
        )

    async def due_timers(self, limit: int) -> Sequence[UUID]:
        """Return the next timers whose time is over by the clock of the database, in the order of their times."""
        statement = (
            select(DealTimer.id)
            .where(DealTimer.status == TimerStatus.WAITING, DealTimer.look_at <= DATABASE_TIME)
            .order_by(DealTimer.look_at, DealTimer.id)
            .limit(limit)
        )
        return (await self._session.execute(statement)).scalars().all()

    async def peek_timer(self, timer_id: UUID) -> DealTimer | None:
        """Return a timer that is due, without a lock: its deal is locked before it."""
        statement = select(DealTimer).where(
            DealTimer.id == timer_id, DealTimer.status == TimerStatus.WAITING, DealTimer.look_at <= DATABASE_TIME
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def claim_timer(self, timer_id: UUID) -> DealTimer | None:
        """Lock a timer if it is still waiting, its time is over, and nobody else has it."""
        statement = (
            select(DealTimer)
            .where(
                DealTimer.id == timer_id,
                DealTimer.status == TimerStatus.WAITING,
                DealTimer.look_at <= DATABASE_TIME,
            )
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def waiting_timer(self, milestone_id: UUID, kind: TimerKind) -> DealTimer | None:
        """Return the waiting timer of a kind of a milestone."""
        statement = select(DealTimer).where(
            DealTimer.milestone_id == milestone_id, DealTimer.kind == kind, DealTimer.status == TimerStatus.WAITING
        )
        return (await self._session.execute(statement)).scalars().first()

    async def due_timer(self, contract_id: UUID, subject_id: UUID, kind: TimerKind) -> DealTimer | None:
        """Return the waiting timer of a subject whose time is over, though the sweep has not come to it yet."""
        statement = select(DealTimer).where(
            DealTimer.contract_id == contract_id,
            DealTimer.subject_id == subject_id,
            DealTimer.kind == kind,
            DealTimer.status == TimerStatus.WAITING,
            DealTimer.look_at <= DATABASE_TIME,
        )
        return (await self._session.execute(statement)).scalars().first()

    async def notices(self, submission_id: UUID) -> Sequence[tuple[str, bool]]:
        """Return the channel of each message about a submission, and whether it is known to have arrived."""
        statement = select(ReviewNotice.channel, ReviewNotice.delivered_at.is_not(None)).where(
            ReviewNotice.submission_id == submission_id
        )
        return [(row[0], row[1]) for row in await self._session.execute(statement)]

    async def add_notice(
        self, submission_id: UUID, channel: NoticeChannel, message_id: int, *, delivered: bool
    ) -> None:
        """Insert a message about a submission that exists; one that was recorded before stays as it is."""
        arrived = DATABASE_TIME if delivered else cast(None, DateTime(timezone=True))
        rows = select(
            literal(new_id()), Submission.id, literal(channel.value), literal(message_id), DATABASE_TIME, arrived
        ).where(Submission.id == submission_id)
        names = ["id", "submission_id", "channel", "message_id", "sent_at", "delivered_at"]
        statement = upsert(ReviewNotice).from_select(names, rows).on_conflict_do_nothing()
        await self._session.execute(statement)

    async def mark_notices(
        self, submission_id: UUID, channel: NoticeChannel, message_id: int | None, when: datetime
    ) -> None:
        """Record that the messages of a channel about a submission arrived: one of them, or all."""
        statement = update(ReviewNotice).where(
            ReviewNotice.submission_id == submission_id,
            ReviewNotice.channel == channel,
            ReviewNotice.delivered_at.is_(None),
        )
        if message_id is not None:
            statement = statement.where(ReviewNotice.message_id == message_id)
        await self._session.execute(statement.values(delivered_at=when).execution_options(synchronize_session=False))
