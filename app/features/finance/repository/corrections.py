"""Queries for corrections of the ledger."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.money import Currency
from app.models import CorrectionState, LedgerCorrection, LedgerTxn


class CorrectionRepository:
    """Queries for corrections."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, correction: LedgerCorrection) -> None:
        """Insert a correction."""
        self._session.add(correction)
        await self._session.flush()

    async def get(self, correction_id: UUID, *, lock: bool = False) -> LedgerCorrection | None:
        """Return a correction."""
        query = select(LedgerCorrection).where(LedgerCorrection.id == correction_id)
        if lock:
            query = query.with_for_update().execution_options(populate_existing=True)
        return (await self._session.execute(query)).scalar_one_or_none()

    async def newest(self, before: UUID | None, limit: int) -> Sequence[LedgerCorrection]:
        """Return corrections, the newest first."""
        query = select(LedgerCorrection).order_by(LedgerCorrection.id.desc()).limit(limit)
        if before is not None:
            query = query.where(LedgerCorrection.id < before)
        return (await self._session.execute(query)).scalars().all()

    async def lock_expired(self, now: datetime, limit: int) -> Sequence[LedgerCorrection]:
        """Lock corrections that nobody has decided about in time and whose proposer does not know it yet."""
        query = (
            select(LedgerCorrection)
            .where(
                LedgerCorrection.state == CorrectionState.PROPOSED,
                LedgerCorrection.expires_at <= now,
                LedgerCorrection.expiry_told_at.is_(None),
            )
            .order_by(LedgerCorrection.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return (await self._session.execute(query)).scalars().all()

    async def corrected_alone(self, person: UUID, currency: Currency, since: datetime) -> int:
        """Return how much somebody has corrected without a second person since a moment."""
        query = select(func.coalesce(func.sum(LedgerCorrection.amount), 0)).where(
            LedgerCorrection.proposed_by_id == person,
            LedgerCorrection.proposed_at > since,
            LedgerCorrection.currency == currency,
            LedgerCorrection.alone,
        )
        return int((await self._session.execute(query)).scalar_one())

    async def is_reversed(self, txn_id: UUID) -> bool:
        """Tell whether a transaction was reversed."""
        query = select(exists().where(LedgerTxn.reverses == txn_id))
        return bool((await self._session.execute(query)).scalar_one())
