"""What the tests of payments do again and again: pay in, withdraw, refund, let time pass, compare the books."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from app.core.actor import Actor
from app.core.money import Currency
from app.core.payment_port import Done, PayoutKind, Refused
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.ledger import service as ledger
from app.features.payments import service, workflows
from app.features.payments.service import Destination, PayoutOrder, operations
from app.models import (
    AccountKind,
    CardRefund,
    OperationState,
    Payment,
    Payout,
    ProviderOperation,
    ReconciliationCase,
)
from tests.factories.users import actor_for, make_user
from tests.gateways.payments.provider import PAID_CARD, Sandbox, roubles

RUB = Currency.RUB
LONG = timedelta(days=1)


@dataclass(slots=True)
class Till:
    """One person, the product's payments and the provider behind them."""

    resources: Resources
    sandbox: Sandbox
    actor: Actor
    held_before: int
    made: list[UUID] = field(default_factory=list)

    @classmethod
    async def open(cls, resources: Resources, sandbox: Sandbox) -> "Till":
        async with unit_of_work(resources) as uow:
            actor = actor_for(await make_user(uow.session))
        return cls(resources, sandbox, actor, await held(sandbox))

    async def top_up(self, amount: int = 100, **given: Any) -> UUID:
        async with unit_of_work(self.resources) as uow:
            payment = await service.open_payment(uow, self.actor.id, roubles(amount), **given)
        return payment.id

    async def withdraw(self, amount: int = 40, card: str = PAID_CARD, tax_id: str | None = None) -> UUID:
        order = PayoutOrder(
            user_id=self.actor.id,
            money=roubles(amount),
            kind=PayoutKind.SELF_EMPLOYED if tax_id else PayoutKind.CARD,
            destination=Destination(card=card, tax_id=tax_id),
        )
        async with unit_of_work(self.resources) as uow:
            return (await service.open_payout(uow, order)).id

    async def refund(self, payment_id: UUID, amount: int = 30) -> UUID:
        async with unit_of_work(self.resources) as uow:
            return (await service.open_refund(uow, self.actor.id, payment_id, roubles(amount))).id

    async def paid(self, amount: int = 100, **given: Any) -> UUID:
        """Return a payment that has arrived."""
        payment_id = await self.top_up(amount, **given)
        await self.look(payment_id)
        await self.pay(payment_id)
        await self.look(payment_id)
        return payment_id

    async def pay(self, payment_id: UUID, **choice: Any) -> None:
        """Do on the hosted page what a payer does."""
        operation = await self.operation(payment_id)
        found = await self.sandbox.adapter.get_payment(operation.provider_id or "")
        assert not isinstance(found, Done)
        await self.sandbox.choose(found.value, **choice)  # type: ignore[union-attr]

    async def look(self, subject_id: UUID) -> None:
        """Let the next look at an operation happen now."""
        await self.due(subject_id)
        await workflows.run_operation(self.resources, subject_id)

    async def due(self, subject_id: UUID) -> None:
        """Let the claim of an operation have lapsed."""
        await self._change(subject_id, next_at=ProviderOperation.created_at)

    async def age(self, subject_id: UUID, by: timedelta) -> None:
        """Let the calls of an operation have been made earlier."""
        await self._change(
            subject_id,
            first_sent_at=ProviderOperation.first_sent_at - by,
            sent_at=ProviderOperation.sent_at - by,
        )

    async def _change(self, subject_id: UUID, **values: Any) -> None:
        async with unit_of_work(self.resources) as uow:
            statement = update(ProviderOperation).where(ProviderOperation.subject_id == subject_id)
            await uow.session.execute(statement.values(**values))

    async def fail(self, subject_id: UUID) -> None:
        """Record that the provider has surely not executed an operation, although it may have."""
        async with unit_of_work(self.resources) as uow:
            call = await operations.claim(uow, subject_id, 24)
        assert call is not None
        async with unit_of_work(self.resources) as uow:
            await operations.record(uow, call, Refused("absent"))

    async def finish(self, subject_id: UUID, *, looks: int = 12) -> OperationState:
        """Look again and again, each time later, until the operation has ended."""
        for _ in range(looks):
            await self.look(subject_id)
            found = await self.operation(subject_id)
            if found.state in {OperationState.DONE, OperationState.FAILED}:
                return found.state
            if found.sends:
                await self.age(subject_id, timedelta(minutes=20))
        return (await self.operation(subject_id)).state

    async def operation(self, subject_id: UUID) -> ProviderOperation:
        async with self.resources.sessions() as session:
            query = select(ProviderOperation).where(ProviderOperation.subject_id == subject_id)
            return (await session.execute(query)).scalar_one()

    async def row[T: (Payment, Payout, CardRefund)](self, kind: type[T], subject_id: UUID) -> T:
        async with self.resources.sessions() as session:
            return (await session.execute(select(kind).where(kind.id == subject_id))).scalar_one()

    async def cases(self) -> list[ReconciliationCase]:
        async with self.resources.sessions() as session:
            return list((await session.execute(select(ReconciliationCase))).scalars())

    async def balance(self, kind: AccountKind, owner: UUID | None = None) -> int:
        provider = "sandbox" if kind in {AccountKind.PROVIDER_CLEARING, AccountKind.SUSPENSE} else None
        account = ledger.Account(kind, owner, provider)
        async with self.resources.sessions() as session:
            return await ledger.balance(session, account, RUB)

    async def wallet(self) -> int:
        return await self.balance(AccountKind.WALLET, self.actor.id)

    async def check_books(self) -> None:
        """The provider holds for this test what the ledger says that it holds."""
        clearing = await self.balance(AccountKind.PROVIDER_CLEARING)
        assert clearing == await held(self.sandbox) - self.held_before


async def held(sandbox: Sandbox) -> int:
    """Return what the provider holds."""
    found = await sandbox.adapter.balance("RUB")
    assert isinstance(found, Done)
    return found.value.held.amount
