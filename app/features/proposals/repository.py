"""Every query about proposals."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.proposals.errors import AlreadyProposedError
from app.features.proposals.schemas import CUSTOMER_REASONS, DeskShow, DeskSort, DeskView
from app.models import Proposal, ProposalStatus
from app.models.proposal import LIVE_PROPOSAL, UNDECIDED

VIOLATIONS = {LIVE_PROPOSAL: AlreadyProposedError}
"""Constraint name → what it means to a person."""

DESK_KEYS: dict[DeskSort, ColumnElement[int]] = {
    DeskSort.NEWEST: literal(0),
    DeskSort.PRICE: Proposal.price_amount.expression,
    DeskSort.TERM: Proposal.term_days.expression,
    DeskSort.SHORTLIST: case((Proposal.status == ProposalStatus.SHORTLISTED, 0), else_=1),
}
"""What a customer's desk is sorted by, rising; the newest comes first among equals."""
DESK_FILTERS: dict[DeskShow, tuple[ColumnElement[bool], ...]] = {
    DeskShow.ALL: (),
    DeskShow.UNSEEN: (Proposal.status == ProposalStatus.SENT,),
    DeskShow.SHORTLISTED: (Proposal.status == ProposalStatus.SHORTLISTED,),
    DeskShow.DECLINED: (Proposal.status == ProposalStatus.DECLINED,),
}


class ProposalRepository:
    """Proposals, by the ways the house asks for them."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def insert(self, proposal: Proposal) -> None:
        """Write a new proposal.

        Raises:
            AlreadyProposedError: The freelancer has a live one for the order.
        """
        self._session.add(proposal)
        try:
            await self._session.flush()
        except IntegrityError as wrong:
            name = getattr(getattr(wrong.orig, "__cause__", None), "constraint_name", None)
            if name in VIOLATIONS:
                raise VIOLATIONS[name] from wrong
            raise

    async def get(self, proposal_id: UUID) -> Proposal | None:
        """Return one proposal."""
        return (await self._session.execute(select(Proposal).where(Proposal.id == proposal_id))).scalar_one_or_none()

    async def get_for_update(self, proposal_id: UUID) -> Proposal | None:
        """Lock one proposal; its order is locked already."""
        statement = (
            select(Proposal)
            .where(Proposal.id == proposal_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def waiting_for_update(self, order_id: UUID) -> Sequence[Proposal]:
        """Lock the undecided proposals of an order, in the order of their ids."""
        statement = (
            select(Proposal)
            .where(Proposal.order_id == order_id, Proposal.status.in_(UNDECIDED))
            .order_by(Proposal.id)
            .with_for_update()
        )
        return (await self._session.execute(statement)).scalars().all()

    async def waiting(self, order_id: UUID) -> Sequence[Proposal]:
        """Return the undecided proposals of an order."""
        statement = (
            select(Proposal).where(Proposal.order_id == order_id, Proposal.status.in_(UNDECIDED)).order_by(Proposal.id)
        )
        return (await self._session.execute(statement)).scalars().all()

    async def of_order(
        self, order_id: UUID, freelancer_id: UUID | None, before: UUID | None, limit: int
    ) -> Sequence[Proposal]:
        """Return an order's proposals, newest first; those of one freelancer where one is named."""
        statement = select(Proposal).where(Proposal.order_id == order_id)
        if freelancer_id is not None:
            statement = statement.where(Proposal.freelancer_id == freelancer_id)
        if before is not None:
            statement = statement.where(Proposal.id < before)
        return (await self._session.execute(statement.order_by(Proposal.id.desc()).limit(limit))).scalars().all()

    async def desk(
        self, order_id: UUID, view: DeskView, after: tuple[int, UUID] | None, limit: int
    ) -> Sequence[Proposal]:
        """Return an order's proposals as its customer sorts and narrows them, after a place in that order."""
        key = DESK_KEYS[view.sort]
        statement = select(Proposal).where(Proposal.order_id == order_id, *DESK_FILTERS[view.show])
        if after is not None:
            value, proposal_id = after
            statement = statement.where(or_(key > value, and_(key == value, Proposal.id < proposal_id)))
        return (await self._session.execute(statement.order_by(key, Proposal.id.desc()).limit(limit))).scalars().all()

    async def some_of_order(self, order_id: UUID, ids: Sequence[UUID]) -> Sequence[Proposal]:
        """Return those of these proposals that answer an order."""
        statement = select(Proposal).where(Proposal.order_id == order_id, Proposal.id.in_(ids))
        return (await self._session.execute(statement)).scalars().all()

    async def unseen_for_update(self, order_id: UUID, ids: Sequence[UUID]) -> Sequence[Proposal]:
        """Lock those of these proposals that answer an order and were not seen, in the order of their ids."""
        statement = (
            select(Proposal)
            .where(Proposal.order_id == order_id, Proposal.id.in_(ids), Proposal.status == ProposalStatus.SENT)
            .order_by(Proposal.id)
            .with_for_update()
        )
        return (await self._session.execute(statement)).scalars().all()

    async def letters_since(self, freelancer_id: UUID, since: datetime, limit: int) -> Sequence[str]:
        """Return the letters a freelancer has sent since a moment, the newest so many."""
        statement = (
            select(Proposal.letter)
            .where(Proposal.freelancer_id == freelancer_id, Proposal.created_at > since)
            .order_by(Proposal.id.desc())
            .limit(limit)
        )
        return (await self._session.execute(statement)).scalars().all()

    async def of_freelancer(self, freelancer_id: UUID, before: UUID | None, limit: int) -> Sequence[Proposal]:
        """Return a freelancer's proposals, newest first."""
        statement = select(Proposal).where(Proposal.freelancer_id == freelancer_id)
        if before is not None:
            statement = statement.where(Proposal.id < before)
        return (await self._session.execute(statement.order_by(Proposal.id.desc()).limit(limit))).scalars().all()

    async def declined_by_hand(self, order_id: UUID, freelancer_id: UUID) -> bool:
        """Tell whether the customer has declined this freelancer for this order."""
        statement = select(
            select(Proposal.id)
            .where(
                Proposal.order_id == order_id,
                Proposal.freelancer_id == freelancer_id,
                Proposal.decline_reason.in_(CUSTOMER_REASONS),
            )
            .exists()
        )
        return bool((await self._session.execute(statement)).scalar_one())

    async def queue_up(self, freelancer_id: UUID) -> None:
        """Let one freelancer's sending wait for itself, so that a count holds; the lock ends with the transaction."""
        key = func.hashtextextended(f"proposals:{freelancer_id}", 0)
        await self._session.execute(select(func.pg_advisory_xact_lock(key)))

    async def last_but_sent(self, freelancer_id: UUID, times: int, since: datetime) -> datetime | None:
        """Return when a freelancer sent the last proposal but so many since a moment, None where there are fewer."""
        statement = (
            select(Proposal.created_at)
            .where(Proposal.freelancer_id == freelancer_id, Proposal.created_at > since)
            .order_by(Proposal.created_at.desc())
            .offset(times - 1)
            .limit(1)
        )
        return (await self._session.execute(statement)).scalar_one_or_none()
