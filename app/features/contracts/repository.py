"""Every query about contracts."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Contract


class ContractRepository:
    """Contracts; whoever writes one has locked its order."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def insert(self, contract: Contract) -> None:
        """Write a new contract."""
        self._session.add(contract)
        await self._session.flush()
