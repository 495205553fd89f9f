"""Concurrent messages in one conversation: numbers without gaps, no acknowledged message lost, none stored twice."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import select

from app.core.actor import Actor
from app.core.ids import new_id
from app.core.resources import Resources
from app.core.security.rate_limits import Rate, TooManyTriesError
from app.core.unit_of_work import unit_of_work
from app.features.chat import rules, service
from app.features.chat.schemas import MessageWrite
from app.models import Conversation, Message, Order
from tests.factories.orders import Market

EACH = 12
SECONDS = 10


async def test_the_limit_is_asked_before_a_row_is_locked(
    live_market: Market, live_resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody over the limit is refused at once, although another transaction holds the order and the conversation."""
    monkeypatch.setattr(rules, "MESSAGES_BY_ACCOUNT", Rate("messages", 1, 600))
    customer, anna = await live_market.person(), await live_market.person()
    order = await live_market.order(customer)
    proposal = await live_market.proposal(order, anna)

    async def say(actor: Actor) -> None:
        async with unit_of_work(live_resources) as uow:
            await service.write_about(uow, actor, proposal.id, MessageWrite(text="Hello", key=new_id()))

    await say(customer)
    await say(anna)
    async with live_resources.sessions() as holder:
        await holder.execute(select(Order).where(Order.id == order.id).with_for_update())
        await holder.execute(select(Conversation).with_for_update())
        for actor in (customer, anna):
            with pytest.raises(TooManyTriesError):
                await asyncio.wait_for(say(actor), SECONDS)


async def test_both_write_at_once(live_market: Market, live_resources: Resources) -> None:
    customer, anna = await live_market.person(), await live_market.person()
    proposal = await live_market.proposal(await live_market.order(customer), anna)
    keys = [new_id() for _ in range(EACH)]

    async def say(number: int) -> tuple[int, str]:
        """Send a message; the customer sends each message twice."""
        actor = anna if number % 3 == 2 else customer
        command = MessageWrite(text=f"Message {number}", key=keys[number % EACH] if actor is customer else new_id())
        async with unit_of_work(live_resources) as uow:
            message = (await service.write_about(uow, actor, proposal.id, command)).message
            return message.number, message.text

    await say(0)
    said = [number for number in range(EACH * 2) if number % 3 != 2 or number < EACH]
    acknowledged = await asyncio.gather(*(say(number) for number in said))
    async with live_resources.sessions() as session:
        (conversation,) = (await session.execute(select(Conversation))).scalars()
        rows = (await session.execute(select(Message).order_by(Message.number))).scalars().all()
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert conversation.last_number == len(rows)
    stored = {(row.number, row.text) for row in rows}
    assert set(acknowledged) <= stored
    assert max(Counter(row.key for row in rows if row.author_id == customer.id).values()) == 1
    assert sum(row.author_id == anna.id for row in rows) == sum(number % 3 == 2 for number in said)
    assert conversation.customer_read_number <= conversation.last_number
