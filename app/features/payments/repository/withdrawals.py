"""Queries for withdrawals of several parts, and those that wait for an approval."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.money import Currency
from app.core.payment_port import OperationKind
from app.models import Payout, PayoutState, ProviderOperation, Withdrawal, WithdrawalState


class WithdrawalRepository:
    """Queries for withdrawals and their parts."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, withdrawal: Withdrawal) -> None:
        """Insert a withdrawal."""
        self._session.add(withdrawal)
        await self._session.flush()

    async def get(self, withdrawal_id: UUID, *, lock: bool = False) -> Withdrawal | None:
        """Return a withdrawal."""
        query = select(Withdrawal).where(Withdrawal.id == withdrawal_id)
        if lock:
            query = query.with_for_update().execution_options(populate_existing=True)
        return (await self._session.execute(query)).scalar_one_or_none()

    async def parts(self, withdrawal_id: UUID, *, lock: bool = False) -> Sequence[tuple[Payout, ProviderOperation]]:
        """Return the parts of a withdrawal with their operations, in the order in which they were made."""
        query = (
            select(Payout, ProviderOperation)
            .join(ProviderOperation, ProviderOperation.subject_id == Payout.id)
            .where(Payout.withdrawal_id == withdrawal_id, ProviderOperation.kind == OperationKind.PAYOUT)
            .order_by(Payout.id)
        )
        if lock:
            query = query.with_for_update().execution_options(populate_existing=True)
        return [(payout, operation) for payout, operation in await self._session.execute(query)]

    async def withdrawn_since(self, user_id: UUID, currency: Currency, since: datetime) -> int:
        """Return what a person has withdrawn since a moment without what came back, in minor units."""
        query = select(func.coalesce(func.sum(Payout.amount), 0)).where(
            Payout.user_id == user_id,
            Payout.currency == currency,
            Payout.created_at > since,
            Payout.state != PayoutState.FAILED,
        )
        return int((await self._session.execute(query)).scalar_one())

    async def with_approvals(self, before: UUID | None, limit: int, *, waiting: bool) -> Sequence[Withdrawal]:
        """Return the withdrawals that needed an approval, or those that wait for it, the newest first."""
        query = select(Withdrawal).where(Withdrawal.approvals_needed > 0).order_by(Withdrawal.id.desc()).limit(limit)
        if waiting:
            query = query.where(Withdrawal.state == WithdrawalState.WAITING)
        if before is not None:
            query = query.where(Withdrawal.id < before)
        return (await self._session.execute(query)).scalars().all()

    async def lock_late(self, now: datetime, limit: int) -> Sequence[Withdrawal]:
        """Lock withdrawals about which nobody has decided in time, unless somebody decides right now."""
        query = (
            select(Withdrawal)
            .where(Withdrawal.state == WithdrawalState.WAITING, Withdrawal.expires_at <= now)
            .order_by(Withdrawal.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return (await self._session.execute(query)).scalars().all()
