"""Queries for order templates."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.persistence.advisory_locks import lock_names
from app.models import OrderTemplate


class TemplateRepository:
    """Queries for order templates."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def acquire_advisory_lock(self, owner_id: UUID) -> None:
        """Serialize saving templates per person so that the count stays correct; the lock ends with the transaction."""
        await lock_names(self._session, f"order-templates:{owner_id}")

    async def count(self, owner_id: UUID) -> int:
        """Count a person's templates."""
        statement = select(func.count()).select_from(OrderTemplate).where(OrderTemplate.owner_id == owner_id)
        return int((await self._session.execute(statement)).scalar_one())

    async def insert(self, template: OrderTemplate) -> None:
        """Insert a new template."""
        self._session.add(template)
        await self._session.flush()

    async def of_owner(self, owner_id: UUID) -> Sequence[OrderTemplate]:
        """Return a person's templates, newest first; their number is limited."""
        statement = select(OrderTemplate).where(OrderTemplate.owner_id == owner_id).order_by(OrderTemplate.id.desc())
        return (await self._session.execute(statement)).scalars().all()

    async def get_for_update(self, template_id: UUID) -> OrderTemplate | None:
        """Lock one template."""
        statement = select(OrderTemplate).where(OrderTemplate.id == template_id).with_for_update()
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def delete(self, template: OrderTemplate) -> None:
        """Delete a template."""
        await self._session.delete(template)
