"""Queries for invitations."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Invitation, InvitationStatus


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

    async def waiting(self, order_id: UUID, freelancer_id: UUID) -> Invitation | None:
        """Return a freelancer's undecided invitation to an order."""
        statement = select(Invitation).where(
            Invitation.order_id == order_id,
            Invitation.freelancer_id == freelancer_id,
            Invitation.status == InvitationStatus.SENT,
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def sent_since(self, customer_id: UUID, since: datetime) -> int:
        """Count the invitations a customer has sent since a time."""
        statement = (
            select(func.count())
            .select_from(Invitation)
            .where(Invitation.customer_id == customer_id, Invitation.created_at > since)
        )
        return (await self._session.execute(statement)).scalar_one()
