"""Queries for payments, withdrawals, refunds, operations at the provider, its messages and cases."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.core.payment_port import OperationKind
from app.models import (
    AccountKind,
    CardRefund,
    CardRefundState,
    LedgerAccount,
    LedgerBalance,
    OperationState,
    Payment,
    PaymentState,
    Payout,
    PayoutState,
    ProviderOperation,
    ReconciliationCase,
    ReconciliationRun,
    WebhookMessage,
)

_ENDED = (OperationState.DONE, OperationState.FAILED)


class PaymentRepository:
    """Queries for what people pay in and take out."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, *rows: Payment | Payout | CardRefund | ProviderOperation) -> None:
        """Insert rows."""
        self._session.add_all(rows)
        await self._session.flush()

    async def payment(self, payment_id: UUID, *, user_id: UUID | None = None, lock: bool = False) -> Payment | None:
        """Return a payment, of one person where `user_id` is given."""
        return await self._one(select(Payment).where(Payment.id == payment_id), Payment.user_id, user_id, lock=lock)

    async def payout(self, payout_id: UUID, *, user_id: UUID | None = None, lock: bool = False) -> Payout | None:
        """Return a withdrawal, of one person where `user_id` is given."""
        return await self._one(select(Payout).where(Payout.id == payout_id), Payout.user_id, user_id, lock=lock)

    async def refund(self, refund_id: UUID, *, lock: bool = False) -> CardRefund | None:
        """Return a refund."""
        return await self._one(
            select(CardRefund).where(CardRefund.id == refund_id), CardRefund.user_id, None, lock=lock
        )

    async def _one[T](self, query: Select[T], owner: Any, user_id: UUID | None, *, lock: bool) -> T | None:  # noqa: ANN401 - a column
        if user_id is not None:
            query = query.where(owner == user_id)
        if lock:
            query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
        return (await self._session.execute(query)).scalar_one_or_none()

    async def payments(
        self, user_id: UUID, after: UUID | None, limit: int
    ) -> Sequence[tuple[Payment, ProviderOperation]]:
        """Return the payments of a person with their operations, newest first."""
        return await self._listed(Payment, OperationKind.PAYMENT, user_id, after, limit)

    async def payouts(
        self, user_id: UUID, after: UUID | None, limit: int
    ) -> Sequence[tuple[Payout, ProviderOperation]]:
        """Return the withdrawals of a person with their operations, newest first."""
        return await self._listed(Payout, OperationKind.PAYOUT, user_id, after, limit)

    async def _listed(
        self,
        table: Any,  # noqa: ANN401 - one of two tables
        kind: OperationKind,
        user_id: UUID,
        after: UUID | None,
        limit: int,
    ) -> Sequence[Any]:
        query = (
            select(table, ProviderOperation)
            .join(ProviderOperation, and_(ProviderOperation.kind == kind, ProviderOperation.subject_id == table.id))
            .where(table.user_id == user_id)
            .order_by(table.id.desc())
            .limit(limit)
        )
        if after is not None:
            query = query.where(table.id < after)
        return [tuple(row) for row in await self._session.execute(query)]

    async def refunds_of(self, payment_id: UUID) -> Sequence[CardRefund]:
        """Return the refunds of a payment, newest first."""
        query = select(CardRefund).where(CardRefund.payment_id == payment_id).order_by(CardRefund.id.desc())
        return (await self._session.execute(query)).scalars().all()

    async def balances(self, user_id: UUID) -> dict[tuple[str, str], int]:
        """Return what a person has, by currency and kind of account: the wallet, and what is in its security period."""
        query = (
            select(LedgerAccount.currency, LedgerAccount.kind, LedgerBalance.credits - LedgerBalance.debits)
            .join(LedgerBalance, LedgerBalance.account_id == LedgerAccount.id)
            .where(LedgerAccount.owner_id == user_id)
            .where(LedgerAccount.kind.in_((AccountKind.WALLET.value, AccountKind.MATURING.value)))
        )
        return {(currency, kind): int(held) for currency, kind, held in await self._session.execute(query)}

    async def moving(self, user_id: UUID) -> dict[str, int]:
        """Return what of a person is on its way out, by currency: withdrawals with their fees, and refunds."""
        outgoing = (
            select(Payout.currency, (Payout.amount + Payout.fee).label("amount"))
            .where(Payout.user_id == user_id, Payout.state == PayoutState.MOVING)
            .union_all(
                select(CardRefund.currency, CardRefund.amount).where(
                    CardRefund.user_id == user_id, CardRefund.state == CardRefundState.MOVING
                )
            )
            .subquery()
        )
        query = select(outgoing.c.currency, func.sum(outgoing.c.amount)).group_by(outgoing.c.currency)
        return {str(currency): int(amount) for currency, amount in await self._session.execute(query)}

    async def unsettled(self, user_id: UUID) -> bool:
        """Tell whether a payment of a person is open, or waits until an operator has looked at it."""
        query = select(Payment.id).where(
            Payment.user_id == user_id, Payment.state.in_((PaymentState.OPEN, PaymentState.QUESTIONED))
        )
        return (await self._session.execute(query.limit(1))).first() is not None

    async def open_payment_for(self, purpose: str, purpose_id: UUID) -> Payment | None:
        """Return the payment for a purpose that is still open."""
        query = select(Payment).where(
            Payment.purpose == purpose, Payment.purpose_id == purpose_id, Payment.state == PaymentState.OPEN
        )
        return (await self._session.execute(query)).scalar_one_or_none()

    async def open_payments_for(self, purpose: str, purpose_ids: Collection[UUID]) -> dict[UUID, UUID]:
        """Return the payments for these purposes that are still open, by what they are for."""
        query = select(Payment.purpose_id, Payment.id).where(
            Payment.purpose == purpose, Payment.purpose_id.in_(purpose_ids), Payment.state == PaymentState.OPEN
        )
        found = await self._session.execute(query)
        return {purpose_id: payment_id for purpose_id, payment_id in found if purpose_id is not None}


class OperationRepository:
    """Queries for operations at the provider."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def take_due(self, now: datetime, *, frozen: Sequence[str]) -> ProviderOperation | None:
        """Lock the operation that has been due for longest and that nobody else has; None if there is none.

        Args:
            now: The present time.
            frozen: Providers to which no new withdrawal is sent.
        """
        due = ProviderOperation.next_at <= now
        if frozen:
            held = and_(
                ProviderOperation.kind == OperationKind.PAYOUT,
                ProviderOperation.state == OperationState.TO_SEND,
                ProviderOperation.provider.in_(frozen),
            )
            due = and_(due, ~held)
        return await self._locked(due)

    async def take(self, subject_id: UUID) -> ProviderOperation | None:
        """Lock the operation of a payment, withdrawal or refund, unless somebody else has it."""
        return await self._locked(ProviderOperation.subject_id == subject_id)

    async def _locked(self, condition: ColumnElement[bool]) -> ProviderOperation | None:
        order = (ProviderOperation.next_at, ProviderOperation.id)
        query = select(ProviderOperation).where(condition).order_by(*order).limit(1)
        locked = query.with_for_update(skip_locked=True).execution_options(populate_existing=True)
        return (await self._session.execute(locked)).scalar_one_or_none()

    async def lock(self, operation_id: UUID) -> ProviderOperation:
        """Lock an operation and return it."""
        query = select(ProviderOperation).where(ProviderOperation.id == operation_id)
        locked = query.with_for_update().execution_options(populate_existing=True)
        return (await self._session.execute(locked)).scalar_one()

    async def of_subject(self, subject_id: UUID) -> ProviderOperation:
        """Return the operation of a payment, withdrawal or refund."""
        query = select(ProviderOperation).where(ProviderOperation.subject_id == subject_id)
        return (await self._session.execute(query)).scalar_one()

    async def by_reference(self, provider: str, references: Sequence[str]) -> dict[str, ProviderOperation]:
        """Return the operations with these references of ours."""
        query = select(ProviderOperation).where(
            ProviderOperation.provider == provider, ProviderOperation.reference.in_(references)
        )
        return {found.reference: found for found in (await self._session.execute(query)).scalars()}

    async def wake(self, operations: Collection[tuple[str, str]], now: datetime) -> int:
        """Let operations be read now, unless a call of them is under way; return how many there are.

        Args:
            operations: The provider and our reference of each.
            now: The present time.
        """
        if not operations:
            return 0
        named = (
            select(ProviderOperation.id)
            .where(tuple_(ProviderOperation.provider, ProviderOperation.reference).in_(operations))
            .where(ProviderOperation.state.not_in((OperationState.TO_SEND, OperationState.SENDING)))
            .order_by(ProviderOperation.id)
            .with_for_update()
        ).cte()
        statement = (
            update(ProviderOperation)
            .where(ProviderOperation.id.in_(select(named.c.id)))
            .values(next_at=now, polls=0)
            .returning(ProviderOperation.id)
        )
        return len((await self._session.execute(statement)).all())

    async def unfinished(self, older_than: dict[OperationKind, datetime], limit: int) -> Sequence[ProviderOperation]:
        """Return the operations that have not ended since a moment of their kind, the oldest first.

        One that waits for an approval has a deadline of its own and is left out.
        """
        old = [
            and_(ProviderOperation.kind == kind, ProviderOperation.created_at < moment)
            for kind, moment in older_than.items()
        ]
        query = (
            select(ProviderOperation)
            .where(ProviderOperation.state.not_in(_ENDED), or_(*old))
            .where(or_(ProviderOperation.state != OperationState.TO_SEND, ProviderOperation.next_at.is_not(None)))
            .order_by(ProviderOperation.created_at)
            .limit(limit)
        )
        return (await self._session.execute(query)).scalars().all()

    async def done_between(self, provider: str, currency: str, since: datetime) -> Sequence[ProviderOperation]:
        """Return the operations of a provider that ended or began since a moment."""
        query = select(ProviderOperation).where(
            ProviderOperation.provider == provider,
            ProviderOperation.currency == currency,
            or_(ProviderOperation.finished_at >= since, ProviderOperation.finished_at.is_(None)),
        )
        return (await self._session.execute(query)).scalars().all()


# Inserted in one order everywhere, so that two statements with the same messages cannot block each other.
KEEP_MESSAGES = text("""
    INSERT INTO webhook_messages (id, provider, digest, type, kind, object_id, reference, body, received_at)
    SELECT * FROM unnest(
        CAST(:id AS uuid[]), CAST(:provider AS text[]), CAST(:digest AS text[]), CAST(:type AS text[]),
        CAST(:kind AS text[]), CAST(:object_id AS text[]), CAST(:reference AS text[]), CAST(:body AS bytea[]),
        CAST(:received_at AS timestamptz[])
    ) AS message (id, provider, digest, type, kind, object_id, reference, body, received_at)
    ORDER BY provider, digest
    ON CONFLICT DO NOTHING
    RETURNING id
""")
MESSAGE_FIELDS = ("id", "provider", "digest", "type", "kind", "object_id", "reference", "body", "received_at")


class WebhookRepository:
    """Queries for messages of providers."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, messages: Sequence[WebhookMessage]) -> int:
        """Keep messages in one statement; return how many were not kept before."""
        columns = {name: [getattr(message, name) for message in messages] for name in MESSAGE_FIELDS}
        return len((await self._session.execute(KEEP_MESSAGES, columns)).all())

    async def take(self, limit: int) -> Sequence[WebhookMessage]:
        """Lock the messages that nobody has handled yet."""
        query = select(WebhookMessage).where(WebhookMessage.handled_at.is_(None)).order_by(WebhookMessage.id)
        return (await self._session.execute(query.limit(limit).with_for_update(skip_locked=True))).scalars().all()


class CaseRepository:
    """Queries for cases of reconciliation."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def open(self, case: ReconciliationCase) -> bool:
        """Open a case unless the same one is open; return whether it is new."""
        values = {
            "id": new_id(),
            "provider": case.provider,
            "kind": case.kind,
            "reference": case.reference,
            "outgoing": case.outgoing,
            "currency": case.currency,
            "expected": case.expected,
            "found": case.found,
            "note": case.note or "",
            "opened_at": case.opened_at,
        }
        statement = insert(ReconciliationCase).values(values).on_conflict_do_nothing()
        return (await self._session.execute(statement.returning(ReconciliationCase.id))).first() is not None

    async def lock(self, case_id: UUID) -> ReconciliationCase | None:
        """Lock an open case."""
        query = select(ReconciliationCase).where(
            ReconciliationCase.id == case_id, ReconciliationCase.closed_at.is_(None)
        )
        return (await self._session.execute(query.with_for_update())).scalar_one_or_none()

    async def open_cases(self, limit: int) -> Sequence[ReconciliationCase]:
        """Return the open cases, the oldest first."""
        query = select(ReconciliationCase).where(ReconciliationCase.closed_at.is_(None))
        return (await self._session.execute(query.order_by(ReconciliationCase.id).limit(limit))).scalars().all()

    async def in_other_currencies(self, provider: str, references: Collection[str]) -> set[str]:
        """Return those of these references whose money was found in another currency than was asked for."""
        query = (
            select(ReconciliationCase.reference)
            .join(
                ProviderOperation,
                and_(
                    ProviderOperation.provider == ReconciliationCase.provider,
                    ProviderOperation.reference == ReconciliationCase.reference,
                    ProviderOperation.currency != ReconciliationCase.currency,
                ),
            )
            .where(ReconciliationCase.provider == provider, ReconciliationCase.reference.in_(references))
        )
        return set((await self._session.execute(query)).scalars()) if references else set()

    def keep_run(self, run: ReconciliationRun) -> None:
        """Keep the result of a comparison."""
        self._session.add(run)

    async def latest_runs(self) -> Sequence[ReconciliationRun]:
        """Return the last comparison with each provider in each currency."""
        order = (ReconciliationRun.provider, ReconciliationRun.currency)
        query = select(ReconciliationRun).ext(distinct_on(*order)).order_by(*order, ReconciliationRun.id.desc())
        return (await self._session.execute(query)).scalars().all()

    async def frozen_providers(self) -> list[str]:
        """Return the providers with an open case of money that leaves."""
        query = select(ReconciliationCase.provider).where(
            ReconciliationCase.closed_at.is_(None), ReconciliationCase.outgoing
        )
        return list((await self._session.execute(query.distinct())).scalars())
