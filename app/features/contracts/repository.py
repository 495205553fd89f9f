"""Queries for contracts."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import BudgetKind, Category, Contract, Order


class ContractRepository:
    """Queries for contracts. The caller must have locked the order before inserting."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def insert(self, contract: Contract) -> None:
        """Insert a contract."""
        self._session.add(contract)
        await self._session.flush()

    async def agreed(self) -> Sequence[tuple[Contract, int | None, int | None]]:
        """Return the contracts with a total price, oldest first, with the order's category and the one above it."""
        statement = (
            select(Contract, Order.category_id, Category.parent_id)
            .join(Order, Order.id == Contract.order_id)
            .outerjoin(Category, Category.id == Order.category_id)
            .where(Contract.budget_kind != BudgetKind.HOURLY)
            .order_by(Contract.agreed_at, Contract.id)
        )
        return [(row[0], row[1], row[2]) for row in await self._session.execute(statement)]
