"""Withdrawals that several people decide about at once: one decision, one payment."""

import asyncio
from uuid import UUID

from sqlalchemy import select

from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.money import Currency, Money
from app.core.payment_port import PayoutKind
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.finance import service as finance
from app.features.ledger import service as ledger
from app.features.payments import service as payments
from app.features.payments.errors import WithdrawalDecidedError
from app.models import AccountKind, Payout, ProviderOperation, Withdrawal, WithdrawalState
from app.models.user import Role
from tests.factories.users import actor_for, make_user

HELD = Money(100_00, Currency.RUB)
LIMITS = {"withdrawal_approval_above": 50_00, "withdrawal_approval_day": 70_00, "withdrawal_two_approvals_above": 90_00}


async def owner_with_money(resources: Resources) -> UUID:
    resources.settings = resources.settings.model_copy(update=LIMITS)
    async with unit_of_work(resources) as uow:
        owner = (await make_user(uow.session)).id
        entry = ledger.templates.deposit(provider="sandbox", customer_id=owner, amount=HELD)
        await ledger.post(uow, entry, key=f"deposit:{new_id()}", effective_at=utc_now())
    return owner


async def withdraw(resources: Resources, owner: UUID, amount: int) -> UUID:
    order = payments.PayoutOrder(
        user_id=owner,
        money=Money(amount, Currency.RUB),
        kind=PayoutKind.CARD,
        destination=payments.Destination(card="4242424242424242"),
    )
    async with unit_of_work(resources) as uow:
        [payout] = await payments.open_withdrawal(uow, order, None)
    return payout.id


async def decide(resources: Resources, withdrawal_id: UUID, *, approve: bool) -> str:
    async with unit_of_work(resources) as uow:
        actor = actor_for(await make_user(uow.session, role=Role.FINANCE_APPROVER))
    try:
        async with unit_of_work(resources) as uow:
            if approve:
                found = await finance.approve_withdrawal(uow, actor, withdrawal_id)
            else:
                found = await finance.refuse_withdrawal(uow, actor, withdrawal_id, "No.")
    except WithdrawalDecidedError:
        return "late"
    return found.state.value


async def wallet(resources: Resources, owner: UUID) -> int:
    async with resources.sessions() as session:
        return await ledger.balance(session, ledger.Account(AccountKind.WALLET, owner), Currency.RUB)


async def test_operators_who_decide_at_once_decide_once(live_resources: Resources) -> None:
    owner = await owner_with_money(live_resources)
    payout_id = await withdraw(live_resources, owner, 60_00)
    async with live_resources.sessions() as session:
        withdrawal_id = (await session.execute(select(Withdrawal.id))).scalar_one()
    said = await asyncio.gather(
        *(decide(live_resources, withdrawal_id, approve=bool(number % 2)) for number in range(6))
    )
    assert said.count("late") == 5
    async with live_resources.sessions() as session:
        found = (await session.execute(select(Withdrawal))).scalar_one()
        operation = (await session.execute(select(ProviderOperation))).scalar_one()
    assert operation.subject_id == payout_id
    was_approved = found.state is WithdrawalState.APPROVED
    assert (operation.next_at is not None) is was_approved
    assert await wallet(live_resources, owner) == (40_00 if was_approved else 100_00)


async def test_two_first_approvals_at_once_are_two_people(live_resources: Resources) -> None:
    owner = await owner_with_money(live_resources)
    await withdraw(live_resources, owner, 95_00)
    async with live_resources.sessions() as session:
        withdrawal_id = (await session.execute(select(Withdrawal.id))).scalar_one()
    said = await asyncio.gather(*(decide(live_resources, withdrawal_id, approve=True) for _ in range(3)))
    assert sorted(said) == ["approved", "late", "waiting"]
    async with live_resources.sessions() as session:
        found = (await session.execute(select(Withdrawal))).scalar_one()
    assert found.first_approved_by_id not in {None, found.decided_by_id}


async def test_withdrawals_at_once_do_not_get_round_the_limit_of_a_day(live_resources: Resources) -> None:
    owner = await owner_with_money(live_resources)
    await asyncio.gather(*(withdraw(live_resources, owner, 40_00) for _ in range(2)))
    async with live_resources.sessions() as session:
        parts = (await session.execute(select(Payout.withdrawal_id))).scalars().all()
    assert sorted(part is None for part in parts) == [False, True]
