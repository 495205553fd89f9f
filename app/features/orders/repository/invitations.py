"""Every query about invitations."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Invitation, InvitationStatus


class InvitationRepository:
    """Invitations, by the ways the house asks for them."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, invitation: Invitation) -> None:
        """Stage a new invitation."""
        self._session.add(invitation)

    async def get_for_update(self, invitation_id: UUID) -> Invitation | None:
        """Lock one invitation; whoever also locks its order locks the order first."""
        statement = select(Invitation).where(Invitation.id == invitation_id).with_for_update()
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def of_order(self, order_id: UUID) -> Sequence[Invitation]:
        """Return the invitations to an order, newest first; the limit per order bounds them."""
        statement = select(Invitation).where(Invitation.order_id == order_id).order_by(Invitation.id.desc())
        return (await self._session.execute(statement)).scalars().all()

    async def of_freelancer(self, freelancer_id: UUID, before: UUID | None, limit: int) -> Sequence[Invitation]:
        """Return the invitations that reached a freelancer, newest first."""
        statement = select(Invitation).where(Invitation.freelancer_id == freelancer_id, Invitation.muted.is_(False))
        if before is not None:
            statement = statement.where(Invitation.id < before)
        return (await self._session.execute(statement.order_by(Invitation.id.desc()).limit(limit))).scalars().all()

    async def waiting(self, order_id: UUID, freelancer_id: UUID) -> Invitation | None:
        """Return the invitation of a freelancer to an order that is not decided."""
        statement = select(Invitation).where(
            Invitation.order_id == order_id,
            Invitation.freelancer_id == freelancer_id,
            Invitation.status == InvitationStatus.SENT,
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def sent_since(self, customer_id: UUID, since: datetime) -> int:
        """Count what a customer has sent since a moment."""
        statement = (
            select(func.count())
            .select_from(Invitation)
            .where(Invitation.customer_id == customer_id, Invitation.created_at > since)
        )
        return (await self._session.execute(statement)).scalar_one()
