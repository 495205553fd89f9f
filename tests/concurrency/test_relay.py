"""Two relays and many copies of a message at once, and a relay killed between publish and mark."""

import asyncio
from collections import Counter
from itertools import batched

import pytest
from sqlalchemy.exc import TimeoutError as SQLTimeoutError

from app.core.clock import utc_now
from app.core.messaging.worker import Outcome, consume
from app.core.persistence import outbox_store
from app.core.resources import Resources, open_resources
from app.core.unit_of_work import unit_of_work
from app.tasks.relay import ALIVE_KEY, Send, publish_batch, relay
from tests.core.outbox_events import FIRST, HEARD, BellRung, listening


async def ring(resources: Resources, times: int) -> None:
    async with unit_of_work(resources) as uow:
        for number in range(times):
            uow.emit(BellRung(name=str(number)))


async def die_after_publishing(resources: Resources, send: Send) -> None:
    async with unit_of_work(resources) as uow:
        await publish_batch(uow, send)
        raise KeyboardInterrupt


async def test_two_relays_publish_each_message_once(live_resources: Resources) -> None:
    await live_resources.redis.set(ALIVE_KEY, "1")
    sent: Counter[int] = Counter()
    with listening():
        await ring(live_resources, 450)
        await asyncio.gather(
            *(relay(live_resources, lambda _name, message_id, _id: sent.update([message_id])) for _relay in range(4))
        )
    assert len(sent) == 450
    assert set(sent.values()) == {1}


async def test_ten_copies_at_once_have_one_effect(live_resources: Resources) -> None:
    sent: list[int] = []
    with listening():
        await ring(live_resources, 20)
        await relay(live_resources, lambda _name, message_id, _id: sent.append(message_id))
        outcomes: list[Outcome] = []
        for pair in batched(sent, 2):  # twenty copies at once: as many as there are connections, so that none waits
            copies = (consume(live_resources, FIRST, message_id) for message_id in pair for _copy in range(10))
            outcomes += await asyncio.gather(*copies)
        assert Counter(outcomes) == {Outcome.TAKEN: 20, Outcome.REPEATED: 180}
        assert sorted(name for _id, name in HEARD) == sorted(str(number) for number in range(20))


async def test_copies_that_find_no_connection_come_again_and_have_one_effect(live_resources: Resources) -> None:
    """A process short of resources: one connection, a short time-out, ten copies of each message."""
    await live_resources.redis.set(ALIVE_KEY, "1")
    sent: list[int] = []
    database_url = live_resources.engine.url.render_as_string(hide_password=False)
    hasty = live_resources.settings.model_copy(update={"database_pool_size": 1, "database_timeout_seconds": 0.01})
    with listening():
        await ring(live_resources, 5)
        await relay(live_resources, lambda _name, message_id, _id: sent.append(message_id))
        async with open_resources(hasty, database_url=database_url, redis_url="redis://127.0.0.1:1/0") as starved:
            copies = (consume(starved, FIRST, message_id) for message_id in sent for _copy in range(10))
            ends = await asyncio.gather(*copies, return_exceptions=True)
        assert any(isinstance(end, SQLTimeoutError) for end in ends), ends
        assert len(HEARD) < 5
        again = [await consume(live_resources, FIRST, message_id) for message_id in sent]
        assert set(again) <= {Outcome.TAKEN, Outcome.REPEATED}
        assert sorted(message_id for message_id, _name in HEARD) == sent
        async with live_resources.read_sessions() as session:
            assert len((await outbox_store.settled(session, sent)).done) == 5


async def test_a_relay_killed_between_publish_and_mark_sends_again_and_nothing_doubles(
    live_resources: Resources,
) -> None:
    await live_resources.redis.set(ALIVE_KEY, "1")
    sent: list[int] = []

    def send(_name: str, message_id: int, _request_id: str | None) -> None:
        sent.append(message_id)

    with listening():
        await ring(live_resources, 5)
        with pytest.raises(KeyboardInterrupt):
            await die_after_publishing(live_resources, send)
        assert len(sent) == 5
        await relay(live_resources, send)
        assert Counter(sent).most_common(1)[0][1] == 2
        for message_id in sent:
            await consume(live_resources, FIRST, message_id)
        assert len(HEARD) == 5


async def test_a_message_somebody_holds_does_not_stop_the_others(live_resources: Resources) -> None:
    await live_resources.redis.set(ALIVE_KEY, "1")
    sent: list[int] = []
    with listening():
        await ring(live_resources, 3)
        async with unit_of_work(live_resources) as holding:
            (held,) = await outbox_store.unpublished(holding.session, 1)
            await relay(live_resources, lambda _name, message_id, _id: sent.append(message_id))
            assert held.id not in sent
            assert len(sent) == 2
            held.published_at = utc_now()
