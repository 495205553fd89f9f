"""Queries that read contracts for their parties."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, and_, func, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.core.account_names import username_key
from app.core.money import Currency
from app.models import (
    ChangeOrder,
    ChangeRequest,
    Contract,
    Deal,
    DealEntry,
    DealStatus,
    DealTimer,
    Milestone,
    MilestoneStatus,
    Order,
    RefundRequest,
    Release,
    ReleaseKind,
    RequestStatus,
    Submission,
    TimerKind,
    TimerStatus,
    User,
)
from app.models.user import shown_name

TIMELINE = 200
"""Maximum number of lines of a timeline, the newest."""


@dataclass(frozen=True, slots=True)
class ContractRow:
    """A contract with what its parties see beside it."""

    contract: Contract
    deal: Deal | None
    order_title: str
    customer: str
    freelancer: str
    held: int = 0


@dataclass(frozen=True, slots=True)
class EarlierRow:
    """A contract with what a new one with the same terms takes from it."""

    contract: Contract
    title: str
    description: str
    customer: str
    """The user name of the client."""
    freelancer: str
    milestones: Sequence[Milestone]
    """Empty where the contract has no safe deal."""


@dataclass(frozen=True, slots=True)
class MilestoneTitle:
    """How a milestone is called."""

    id: UUID
    number: int
    title: str
    order: str


@dataclass(frozen=True, slots=True)
class SubmissionRow:
    """A submission, and what was requested to change in it."""

    submission: Submission
    change: ChangeRequest | None


@dataclass(frozen=True, slots=True)
class HeldRow:
    """What is held in contracts of one side and currency."""

    is_freelancer: bool
    currency: Currency
    held: int
    in_review: int
    review_until: datetime | None


@dataclass(frozen=True, slots=True)
class MonthRow:
    """What was released in a month in contracts of one side and currency."""

    is_freelancer: bool
    month: datetime
    currency: Currency
    matured: int
    maturing: int
    accepted: int
    bonus: int


@dataclass(frozen=True, slots=True)
class ReadDeal:
    """All that belongs to a deal."""

    milestones: Sequence[Milestone]
    submissions: Sequence[SubmissionRow]
    releases: Sequence[Release]
    refunds: Sequence[RefundRequest]
    change_order: ChangeOrder | None
    timers: Sequence[DealTimer]
    entries: Sequence[DealEntry]


_ROW = (
    select(Contract, Deal, Order.title, shown_name(Contract.customer_id), shown_name(Contract.freelancer_id))
    .join(Order, Order.id == Contract.order_id)
    .outerjoin(Deal, Deal.contract_id == Contract.id)
)


class ContractReadRepository:
    """Queries that read contracts for their parties."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, contract_id: UUID, actor_id: UUID) -> ContractRow | None:
        """Return a contract to one of its parties."""
        return await self._one(_ROW.where(Contract.id == contract_id), actor_id)

    async def of_order(self, order_id: UUID, actor_id: UUID) -> UUID | None:
        """Return the contract of an order to one of its parties."""
        party = or_(Contract.customer_id == actor_id, Contract.freelancer_id == actor_id)
        statement = select(Contract.id).where(Contract.order_id == order_id, party)
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def milestone_titles(self, milestone_ids: Collection[UUID]) -> list[MilestoneTitle]:
        """Return how milestones are called."""
        statement = (
            select(Milestone.id, Milestone.number, Milestone.title, Order.title)
            .join(Contract, Contract.id == Milestone.contract_id)
            .join(Order, Order.id == Contract.order_id)
            .where(Milestone.id.in_(milestone_ids))
        )
        return [MilestoneTitle(*row) for row in await self._session.execute(statement)]

    async def earlier(self, actor_id: UUID, contract_id: UUID | None, username: str) -> EarlierRow | None:
        """Return a contract of a person: the one named, or the last one in which this person worked for them."""
        customer, freelancer = aliased(User), aliased(User)
        statement = (
            select(Contract, Order.title, Order.description, customer.username, freelancer.username)
            .join(Order, Order.id == Contract.order_id)
            .join(customer, customer.id == Contract.customer_id)
            .join(freelancer, freelancer.id == Contract.freelancer_id)
            .order_by(Contract.id.desc())
            .limit(1)
        )
        if contract_id is not None:
            party = or_(Contract.customer_id == actor_id, Contract.freelancer_id == actor_id)
            statement = statement.where(Contract.id == contract_id, party)
        else:
            theirs = freelancer.username_key == username_key(username)
            statement = statement.where(Contract.customer_id == actor_id, theirs)
        row = (await self._session.execute(statement)).one_or_none()
        if row is None:
            return None
        milestones = select(Milestone).where(Milestone.contract_id == row[0].id).order_by(Milestone.number)
        return EarlierRow(row[0], row[1], row[2], row[3], row[4], await self._all(milestones))

    async def of_milestone(self, milestone_id: UUID, actor_id: UUID) -> tuple[Contract, Deal, Milestone] | None:
        """Return a milestone with its contract and deal to one of its parties."""
        party = or_(Contract.customer_id == actor_id, Contract.freelancer_id == actor_id)
        statement = (
            select(Contract, Deal, Milestone)
            .join(Deal, Deal.contract_id == Contract.id)
            .join(Milestone, Milestone.contract_id == Contract.id)
            .where(Milestone.id == milestone_id, party)
        )
        row = (await self._session.execute(statement)).one_or_none()
        return (row[0], row[1], row[2]) if row is not None else None

    async def is_party_of_submission(self, submission_id: UUID, actor_id: UUID) -> bool:
        """Tell whether a person is a party of the contract that a submission belongs to."""
        party = or_(Contract.customer_id == actor_id, Contract.freelancer_id == actor_id)
        statement = (
            select(Submission.id)
            .join(Milestone, Milestone.id == Submission.milestone_id)
            .join(Contract, Contract.id == Milestone.contract_id)
            .where(Submission.id == submission_id, party)
        )
        return (await self._session.execute(statement)).first() is not None

    async def _one(self, statement: Select[Contract, Deal, str, str, str], actor_id: UUID) -> ContractRow | None:
        party = or_(Contract.customer_id == actor_id, Contract.freelancer_id == actor_id)
        row = (await self._session.execute(statement.where(party))).one_or_none()
        return ContractRow(row[0], row[1], row[2], row[3], row[4]) if row else None

    async def of_person(self, actor_id: UUID, limit: int, before: UUID | None) -> list[ContractRow]:
        """Return the contracts of a person, newest first, with what is held for each."""
        held = (
            select(func.coalesce(func.sum(Milestone.funded - Milestone.released - Milestone.refunded), 0))
            .where(Milestone.contract_id == Contract.id)
            .scalar_subquery()
        )
        party = or_(Contract.customer_id == actor_id, Contract.freelancer_id == actor_id)
        statement = _ROW.add_columns(held).where(party).order_by(Contract.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(Contract.id < before)
        rows = await self._session.execute(statement)
        return [ContractRow(row[0], row[1], row[2], row[3], row[4], int(row[5])) for row in rows]

    async def open_deals(self, actor_id: UUID, states: Collection[DealStatus]) -> int:
        """Count the deals of a person, on either side, that are in these states."""
        party = or_(Contract.customer_id == actor_id, Contract.freelancer_id == actor_id)
        statement = (
            select(func.count())
            .select_from(Deal)
            .join(Contract, Contract.id == Deal.contract_id)
            .where(party, Deal.status.in_(states))
        )
        return (await self._session.execute(statement)).scalar_one()

    async def held_of(self, actor_id: UUID) -> list[HeldRow]:
        """Return what is held in the contracts of a person, by side and currency."""
        held = Milestone.funded - Milestone.released - Milestone.refunded
        in_review = Milestone.status == MilestoneStatus.SUBMITTED
        review = and_(
            DealTimer.contract_id == Milestone.contract_id,
            DealTimer.milestone_id == Milestone.id,
            DealTimer.kind == TimerKind.REVIEW,
            DealTimer.status == TimerStatus.WAITING,
        )
        statement = (
            select(
                (Contract.freelancer_id == actor_id).label("is_freelancer"),
                Milestone.currency,
                func.sum(held),
                func.coalesce(func.sum(held).filter(in_review), 0),
                func.min(DealTimer.due_at).filter(in_review),
            )
            .join(Contract, Contract.id == Milestone.contract_id)
            .outerjoin(DealTimer, review)
            .where(or_(Contract.customer_id == actor_id, Contract.freelancer_id == actor_id), held > 0)
            .group_by("is_freelancer", Milestone.currency)
            .order_by("is_freelancer", Milestone.currency)
        )
        rows = await self._session.execute(statement)
        return [HeldRow(row[0], row[1], int(row[2]), int(row[3]), row[4]) for row in rows]

    async def months_of(self, actor_id: UUID, since: datetime) -> list[MonthRow]:
        """Return what was released in the contracts of a person, by side, month and currency, newest first."""
        bonus, matured = Release.kind == ReleaseKind.BONUS, Release.matured_at.is_not(None)
        sums = [
            func.coalesce(func.sum(column).filter(only), 0)
            for column, only in (
                (Release.net, matured),
                (Release.net, ~matured),
                (Release.amount, ~bonus),
                (Release.amount, bonus),
            )
        ]
        month = func.date_trunc(literal_column("'month'"), Release.released_at, literal_column("'UTC'"))
        statement = (
            select(
                (Contract.freelancer_id == actor_id).label("is_freelancer"),
                month.label("month"),
                Milestone.currency,
                *sums,
            )
            .join(Milestone, Milestone.id == Release.milestone_id)
            .join(Contract, Contract.id == Milestone.contract_id)
            .where(or_(Contract.customer_id == actor_id, Contract.freelancer_id == actor_id))
            .where(Release.released_at >= since)
            .group_by("is_freelancer", "month", Milestone.currency)
            .order_by("is_freelancer", month.desc(), Milestone.currency)
        )
        rows = await self._session.execute(statement)
        return [
            MonthRow(is_freelancer, start, currency, *(int(amount) for amount in amounts))
            for is_freelancer, start, currency, *amounts in map(tuple, rows.all())
        ]

    async def everything(self, contract_id: UUID) -> ReadDeal:
        """Return all that belongs to a deal."""
        milestones = await self._all(
            select(Milestone).where(Milestone.contract_id == contract_id).order_by(Milestone.number)
        )
        own = select(Milestone.id).where(Milestone.contract_id == contract_id)
        submissions = await self._session.execute(
            select(Submission, ChangeRequest)
            .outerjoin(ChangeRequest, ChangeRequest.submission_id == Submission.id)
            .where(Submission.milestone_id.in_(own))
            .order_by(Submission.id)
        )
        return ReadDeal(
            milestones,
            [SubmissionRow(row[0], row[1]) for row in submissions],
            await self._all(select(Release).where(Release.milestone_id.in_(own)).order_by(Release.id)),
            await self._all(
                select(RefundRequest).where(RefundRequest.milestone_id.in_(own)).order_by(RefundRequest.id)
            ),
            (
                await self._session.execute(
                    select(ChangeOrder).where(
                        ChangeOrder.contract_id == contract_id, ChangeOrder.status == RequestStatus.OPEN
                    )
                )
            ).scalar_one_or_none(),
            await self._all(
                select(DealTimer)
                .where(DealTimer.contract_id == contract_id, DealTimer.status == TimerStatus.WAITING)
                .order_by(DealTimer.due_at)
            ),
            await self._all(
                select(DealEntry)
                .where(DealEntry.contract_id == contract_id)
                .order_by(DealEntry.id.desc())
                .limit(TIMELINE)
            ),
        )

    async def _all[T](self, statement: Select[T]) -> Sequence[T]:
        return (await self._session.execute(statement)).scalars().all()
