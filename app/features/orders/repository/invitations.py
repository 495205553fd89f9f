"""Queries for invitations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import HiddenCustomer, Invitation, Order


@dataclass(frozen=True, slots=True)
class InvitedBefore:
    """What limits a new invitation."""

    to_order: int
    """How many invitations to the order there are."""
    by_customer: int
    """How many invitations its customer has sent since the start of the window."""
    is_invited: bool
    """Whether the freelancer has an invitation to the order."""
    is_hidden: bool
    """Whether the freelancer has hidden the customer."""


class InvitationRepository:
    """Queries for invitations."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, invitation: Invitation) -> None:
        """Add a new invitation to the session."""
        self._session.add(invitation)

    async def get_for_update(self, invitation_id: UUID) -> Invitation | None:
        """Lock one invitation. Callers that also lock its order lock the order first."""
        statement = select(Invitation).where(Invitation.id == invitation_id).with_for_update()
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def of_order(self, order_id: UUID) -> Sequence[Invitation]:
        """Return the invitations to an order, newest first; the limit per order bounds their number."""
        statement = select(Invitation).where(Invitation.order_id == order_id).order_by(Invitation.id.desc())
        return (await self._session.execute(statement)).scalars().all()

    async def of_freelancer(self, freelancer_id: UUID, before: UUID | None, limit: int) -> Sequence[Invitation]:
        """Return the invitations that a freelancer has received, newest first."""
        statement = select(Invitation).where(Invitation.freelancer_id == freelancer_id, Invitation.muted.is_(False))
        if before is not None:
            statement = statement.where(Invitation.id < before)
        return (await self._session.execute(statement.order_by(Invitation.id.desc()).limit(limit))).scalars().all()

    async def sent_before(self, order: Order, freelancer_id: UUID, since: datetime) -> InvitedBefore:
        """Return what limits a new invitation of a freelancer to an order by its customer."""
        to_order = select(func.count()).select_from(Invitation).where(Invitation.order_id == order.id)
        by_customer = (
            select(func.count())
            .select_from(Invitation)
            .where(Invitation.customer_id == order.customer_id, Invitation.created_at > since)
        )
        is_invited = exists().where(Invitation.order_id == order.id, Invitation.freelancer_id == freelancer_id)
        is_hidden = exists().where(
            HiddenCustomer.owner_id == freelancer_id, HiddenCustomer.customer_id == order.customer_id
        )
        statement = select(to_order.scalar_subquery(), by_customer.scalar_subquery(), is_invited, is_hidden)
        row = (await self._session.execute(statement)).one()
        return InvitedBefore(row[0], row[1], is_invited=row[2], is_hidden=row[3])
