"""Messages of the provider that are handled at once by several processes."""

import asyncio

from sqlalchemy import func, select, text

from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.money import Currency, Money
from app.core.payment_port import OperationKind, WebhookEvent
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.payments import service
from app.features.payments.schemas import ReceivedMessage
from app.features.payments.service import inbox
from app.models import OperationState, ProviderOperation, WebhookMessage
from tests.factories.users import make_user

AMOUNT = Money(1_000, Currency.RUB)


async def waits(resources: Resources, count: int) -> None:
    """Wait until so many sessions of the database wait for a lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(20), resources.sessions() as session:
        while (await session.execute(text(waiting))).scalar_one() < count:
            await session.rollback()
            await asyncio.sleep(0.02)


async def handle(resources: Resources) -> int:
    async with unit_of_work(resources) as uow:
        return await inbox.handle_messages(uow)


async def test_messages_in_opposite_orders_do_not_block_each_other(live_resources: Resources) -> None:
    async with unit_of_work(live_resources) as uow:
        person = await make_user(uow.session)
        payments = [await service.open_payment(uow, person.id, AMOUNT) for _ in range(2)]
        sent = "UPDATE provider_operations SET state = 'sending', sends = 1, first_sent_at = now(), sent_at = now()"
        await uow.session.execute(text(sent))
        await uow.session.execute(text("UPDATE provider_operations SET state = 'pending'"))
    references = [f"payment:{payment.id}" for payment in payments]

    async def arrive(order: list[str]) -> None:
        async with unit_of_work(live_resources) as uow:
            events = tuple(
                WebhookEvent(
                    digest=str(new_id()), type="x", kind=OperationKind.PAYMENT, object_id="pmt", reference=reference
                )
                for reference in order
            )
            await service.keep_messages(uow, [ReceivedMessage("sandbox", events, b"{}")])

    async with live_resources.sessions() as blocker:
        await blocker.execute(select(ProviderOperation.id).with_for_update())
        await arrive(references)
        first = asyncio.create_task(handle(live_resources))
        await waits(live_resources, 1)
        await arrive(references[::-1])
        second = asyncio.create_task(handle(live_resources))
        await waits(live_resources, 2)
        await blocker.rollback()
        assert list(await asyncio.gather(first, second)) == [2, 2]
    async with live_resources.sessions() as session:
        waiting = select(func.count()).where(WebhookMessage.handled_at.is_(None))
        assert (await session.execute(waiting)).scalar_one() == 0
        due = select(func.count()).where(ProviderOperation.next_at <= utc_now())
        assert (await session.execute(due)).scalar_one() == 2
        states = (await session.execute(select(ProviderOperation.state))).scalars().all()
    assert set(states) == {OperationState.PENDING}
