"""Queries for contracts."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Contract


class ContractRepository:
    """Queries for contracts. The caller must have locked the order before inserting."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def insert(self, contract: Contract) -> None:
        """Insert a contract."""
        self._session.add(contract)
        await self._session.flush()
