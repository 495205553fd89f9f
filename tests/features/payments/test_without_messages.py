"""A provider whose messages are all lost for a day: polling alone ends everything, and reconciliation finds nothing."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from app.core.actor import system_actor
from app.core.money import Currency
from app.core.resources import Resources
from app.features.demonstration import workflows as demonstration
from app.features.payments import service, workflows
from app.models import CardRefund, CardRefundState, Payment, PaymentState, Payout, PayoutState, WebhookMessage
from tests.features.payments.till import Till
from tests.gateways.payments.provider import open_sandbox

SUCCESS, DECLINED = "4242424242424242", "4000000000000002"
LATER, RETURNED = "4000000000000077", "4000000000000341"
TAX_ID = "500100732259"
STEPS = (1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610)
"""Minutes by which the clock is turned on: together a little more than a day."""


@pytest_asyncio.fixture(loop_scope="session")
async def till(resources: Resources, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Till]:
    """A till with a provider of its own, whose clock and that of the site are turned together."""
    async with open_sandbox(tmp_path_factory.mktemp("silent")) as sandbox:
        resources.payment_provider = sandbox.adapter
        yield await Till.open(resources, sandbox)


async def step(till: Till, minutes: int) -> None:
    """Turn the clock on and do what the periodic task does then."""
    forward = timedelta(minutes=minutes)
    await demonstration.turn_clock(till.resources, system_actor("anna", "command"), forward)
    await till.sandbox.forward(minutes * 60)
    await workflows.run_due(till.resources)


async def begin(till: Till) -> tuple[dict[UUID, PaymentState], dict[UUID, PayoutState], dict[UUID, CardRefundState]]:
    """Begin one case of each kind of end, and return what each has to become."""
    paid_id = await till.top_up(1000)
    await workflows.run_due(till.resources)
    await till.pay(paid_id)
    await step(till, 1)
    payments = {paid_id: PaymentState.PAID}
    for card, end in ((SUCCESS, PaymentState.PAID), (DECLINED, PaymentState.CANCELED), (LATER, PaymentState.PAID)):
        payment_id = await till.top_up(10)
        await workflows.run_due(till.resources)
        await till.pay(payment_id, card=card)
        payments[payment_id] = end
    payouts = {
        await till.withdraw(20, card=card, tax_id=tax_id): end
        for card, tax_id, end in (
            (SUCCESS, None, PayoutState.PAID),
            (LATER, None, PayoutState.PAID),
            (DECLINED, None, PayoutState.FAILED),
            (RETURNED, None, PayoutState.RETURNED),
            (SUCCESS, TAX_ID, PayoutState.PAID),
        )
    }
    refunds = {await till.refund(paid_id, 30): CardRefundState.PAID}
    await till.sandbox.plan("create_refund", "delayed", argument=3600)
    return payments, payouts, refunds


async def test_polling_ends_everything_within_a_day(till: Till) -> None:
    await till.sandbox.plan("webhook", "webhook_lost", times=1000)
    await till.sandbox.control("PUT", f"self-employed/{TAX_ID}", {"permission": True})
    payments, payouts, refunds = await begin(till)
    for minutes in STEPS:
        await step(till, minutes)
    assert [each.opened + each.woken for each in await workflows.reconcile(till.resources)] == [0] * len(Currency)
    assert {key: (await till.row(Payment, key)).state for key in payments} == payments
    assert {key: (await till.row(Payout, key)).state for key in payouts} == payouts
    assert {key: (await till.row(CardRefund, key)).state for key in refunds} == refunds
    async with till.resources.sessions() as session:
        assert await service.list_stuck(session) == []
        assert (await session.execute(select(func.count(WebhookMessage.id)))).scalar_one() == 0
    assert await till.wallet() == (1000 + 2 * 10 - 3 * 20 - 30) * 100
    await till.check_books()
