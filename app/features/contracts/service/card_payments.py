"""Paying a milestone by card: the payment is opened with the milestone's state, and its end decides that state."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.money import Money
from app.core.unit_of_work import UnitOfWork
from app.features.contracts.repository import DealRepository
from app.features.contracts.service.milestones import funding_failed, funding_paid, start_funding
from app.features.contracts.service.titles import milestone_titles
from app.features.payments import service as payments
from app.models import Payment

PURPOSE = "milestone"
"""What the payments are for, as it is stored with each."""


async def pay_milestone(uow: UnitOfWork, actor: Actor, milestone_id: UUID, version: int | None = None) -> Payment:
    """Begin a payment of a milestone with the fee on it, and mark the milestone as being paid. Emits `DealMoved`.

    Raises:
        MilestoneNotFoundError: The actor is not a party.
        WrongPartyError: The actor is not the client.
        MilestoneStateError: The milestone is paid in, or being paid.
        FreelancerGoneError: The account of the freelancer is closed or blocked.
        NoPaymentProviderError: The instance has no provider.
        TooManyTriesError: Too many payments within an hour.
    """
    milestone, money = await start_funding(uow, actor, milestone_id, version)
    return await payments.begin_payment(uow, actor, money, purpose=PURPOSE, purpose_id=milestone.id)


class MilestonePayment:
    """Tells a milestone how its payment ended, in the transaction that records it."""

    async def lock(self, uow: UnitOfWork, purpose_id: UUID) -> None:
        """Lock the deal and the milestone."""
        await DealRepository(uow.session).lock_milestone(purpose_id)

    async def paid(
        self,
        uow: UnitOfWork,
        purpose_id: UUID,
        payment_id: UUID,  # noqa: ARG002 - the milestone waits for one payment at most
        payer_id: UUID,  # noqa: ARG002 - only its client begins one
        money: Money,
    ) -> bool:
        """Take the money from the client's wallet into the milestone.

        A milestone that waits for another amount waits for a payment again.
        """
        if await funding_paid(uow, purpose_id, money):
            return True
        await funding_failed(uow, purpose_id)
        return False

    def page(self, purpose_id: UUID) -> str:
        """Return the address that leads to the milestone in its contract."""
        return f"/milestones/{purpose_id}"

    async def titles(self, session: AsyncSession, purpose_ids: Collection[UUID]) -> dict[UUID, str]:
        """Return the title of the order with number and title of the milestone."""
        return await milestone_titles(session, purpose_ids)

    async def failed(
        self,
        uow: UnitOfWork,
        purpose_id: UUID,
        payment_id: UUID,  # noqa: ARG002 - the same
    ) -> None:
        """Let the milestone wait for a payment again."""
        await funding_failed(uow, purpose_id)


payments.register_purpose(PURPOSE, MilestonePayment())
