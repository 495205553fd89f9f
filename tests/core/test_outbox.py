"""The outbox: no event is lost, none is processed twice, and failed ones are kept complete for an operator."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta

import pytest
import pytest_asyncio
import structlog
import time_machine
from kombu.exceptions import OperationalError
from redis.asyncio import Redis
from sqlalchemy import select, update

from app.core.clock import utc_now
from app.core.events import UnreadableEventError
from app.core.messaging.worker import Outcome, consume
from app.core.persistence import outbox_store
from app.core.persistence.outbox import DeadLetter, InboxReceipt, OutboxMessage
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.tasks.relay import ALIVE_KEY, OVERDUE_AFTER, prune_outbox, relay, sweep
from tests.core.outbox_events import BROKEN, FIRST, HEARD, BellRung, listening

Sent = list[tuple[str, int]]


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def ears(redis: Redis) -> AsyncGenerator[None]:
    await redis.set(ALIVE_KEY, "1")
    with listening():
        yield


async def ring(resources: Resources, name: str = "door") -> None:
    async with unit_of_work(resources) as uow:
        uow.emit(BellRung(name=name))


async def ring_and_fail(resources: Resources) -> None:
    async with unit_of_work(resources) as uow:
        uow.emit(BellRung(name="never"))
        raise ZeroDivisionError


async def carry(resources: Resources) -> Sent:
    sent: Sent = []
    await relay(resources, lambda name, message_id, _id: sent.append((name, message_id)))
    return sent


async def the[T](resources: Resources, kind: type[T]) -> T:
    async with resources.sessions() as session:
        return (await session.execute(select(kind))).scalar_one()


async def test_a_fact_commits_with_its_change_or_not_at_all(resources: Resources) -> None:
    with pytest.raises(ZeroDivisionError):
        await ring_and_fail(resources)
    assert await carry(resources) == []


async def test_an_announced_fact_reaches_every_listener_once(
    resources: Resources, settle: Callable[..., Awaitable[list[Outcome]]]
) -> None:
    with listening("tests.on_bell_rung", "tests.on_bell_rung_too"):
        await ring(resources)
        assert await settle() == [Outcome.TAKEN, Outcome.TAKEN]
        assert sorted(name for _id, name in HEARD) == ["door", "door too"]
        assert await settle() == []
        with time_machine.travel(utc_now() + timedelta(minutes=5), tick=False):
            assert await sweep(resources, lambda *_: None) == 0
        assert (await the(resources, OutboxMessage)).completed_at is not None


async def test_a_second_copy_does_nothing(resources: Resources) -> None:
    await ring(resources)
    ((_name, message_id),) = await carry(resources)
    assert await consume(resources, FIRST, message_id) == Outcome.TAKEN
    assert await consume(resources, FIRST, message_id) == Outcome.REPEATED
    assert len(HEARD) == 1


async def test_a_fact_without_listeners_is_complete_when_published(resources: Resources) -> None:
    async with unit_of_work(resources) as uow:
        uow.session.add(OutboxMessage(topic="tests.nobody", payload={}))
    assert await carry(resources) == []
    assert (await the(resources, OutboxMessage)).completed_at is not None


async def test_the_request_id_travels_with_the_fact(resources: Resources) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r-12345678"):
        await ring(resources)
    sent: list[str | None] = []
    await relay(resources, lambda _name, _message, request_id: sent.append(request_id))
    assert sent == ["r-12345678"]


async def test_a_broker_that_refuses_loses_nothing(resources: Resources) -> None:
    await ring(resources, "one")
    await ring(resources, "two")
    tries: list[int] = []

    def refuse_second(_name: str, message_id: int, _request_id: str | None) -> None:
        tries.append(message_id)
        if len(tries) == 2:
            raise OperationalError("broker away")

    await relay(resources, refuse_second)
    assert [message_id for _name, message_id in await carry(resources)] == [tries[1]]


async def test_a_failing_handler_is_tried_again_with_growing_delays_then_buried(resources: Resources) -> None:
    BROKEN.append("raise")
    await ring(resources)
    ((_name, message_id),) = await carry(resources)
    with time_machine.travel(utc_now(), tick=False) as clock:
        for number in range(1, outbox_store.MAX_DELIVERIES):
            assert await consume(resources, FIRST, message_id) == Outcome.RETRY
            assert await carry(resources) == []
            clock.shift(timedelta(seconds=2**number))
            assert await carry(resources) == [("tests.on_bell_rung", message_id)]
        assert await consume(resources, FIRST, message_id) == Outcome.DEAD
        clock.shift(timedelta(hours=2))
        assert await carry(resources) == []
    dead_letter = await the(resources, DeadLetter)
    assert dead_letter.payload["name"] == "door"
    assert "RuntimeError" in dead_letter.error
    assert "secret" not in dead_letter.error


async def test_a_dead_letter_can_be_replayed(
    resources: Resources, settle: Callable[..., Awaitable[list[Outcome]]]
) -> None:
    await ring(resources)
    async with unit_of_work(resources) as uow:
        (message,) = await outbox_store.unpublished(uow.session, 1)
        message.published_at = utc_now()
        await outbox_store.move_to_dead_letters(uow.session, message, FIRST.name, "test", 1)
        await outbox_store.move_to_dead_letters(uow.session, message, FIRST.name, "test", 1)
    async with unit_of_work(resources) as uow:
        (dead_letter,) = await outbox_store.open_dead_letters(uow.session)
        assert await outbox_store.replay(uow.session, dead_letter)
    assert await settle() == [Outcome.TAKEN]
    assert len(HEARD) == 1
    async with resources.sessions() as session:
        assert await outbox_store.open_dead_letters(session) == []


async def test_a_refusal_no_repetition_heals_is_taken(resources: Resources) -> None:
    BROKEN.append("conflict")
    await ring(resources)
    ((_name, message_id),) = await carry(resources)
    assert await consume(resources, FIRST, message_id) == Outcome.REFUSED
    assert await consume(resources, FIRST, message_id) == Outcome.REPEATED


async def test_an_outage_is_waited_for_longer(resources: Resources) -> None:
    BROKEN.append("outage")
    await ring(resources)
    ((_name, message_id),) = await carry(resources)
    for _number in range(outbox_store.MAX_DELIVERIES + 1):
        assert await consume(resources, FIRST, message_id) == Outcome.RETRY


async def test_a_message_that_kills_its_worker_is_parked(resources: Resources) -> None:
    await ring(resources)
    ((_name, message_id),) = await carry(resources)
    async with unit_of_work(resources) as uow:
        for _death in range(outbox_store.MAX_CRASHES):
            await outbox_store.count_delivery(uow.session, message_id, FIRST.name, "worker died")
    assert await consume(resources, FIRST, message_id, redelivered=True) == Outcome.DEAD
    assert HEARD == []


async def test_a_message_lost_on_the_way_is_carried_again(resources: Resources) -> None:
    await ring(resources)
    ((_name, message_id),) = await carry(resources)
    sent: Sent = []

    def send(name: str, number: int, _request_id: str | None) -> None:
        sent.append((name, number))

    assert await sweep(resources, send) == 0
    with time_machine.travel(utc_now() + OVERDUE_AFTER + timedelta(seconds=1), tick=False):
        assert await sweep(resources, send) == 1
        assert await sweep(resources, send) == 0
    assert sent == [("tests.on_bell_rung", message_id)]


async def test_an_emptied_broker_gets_everything_open_again_at_once(resources: Resources, redis: Redis) -> None:
    await ring(resources)
    first = await carry(resources)
    assert await carry(resources) == []
    await redis.flushdb()
    assert await carry(resources) == first


async def test_what_no_worker_takes_ends_among_the_dead_letters(resources: Resources) -> None:
    await ring(resources)
    await carry(resources)
    async with unit_of_work(resources) as uow:
        await uow.session.execute(update(OutboxMessage).values(attempts=8))
    with time_machine.travel(utc_now() + timedelta(days=2), tick=False):
        assert await sweep(resources, lambda *_: None) == 0
    assert (await the(resources, DeadLetter)).error == "no worker took it"


async def test_a_message_for_later_waits(resources: Resources) -> None:
    async with unit_of_work(resources) as uow:
        later = utc_now() + timedelta(minutes=1)
        uow.session.add(OutboxMessage(topic=BellRung.topic, payload={"name": "x"}, available_at=later))
    assert await carry(resources) == []
    with time_machine.travel(utc_now() + timedelta(minutes=2), tick=False):
        assert len(await carry(resources)) == 1


async def test_old_rows_are_pruned_and_open_ones_stay(resources: Resources) -> None:
    await ring(resources, "done")
    ((_name, message_id),) = await carry(resources)
    await consume(resources, FIRST, message_id)
    await ring(resources, "open")
    with time_machine.travel(utc_now() + timedelta(minutes=2), tick=False):
        await sweep(resources, lambda *_: None)
    with time_machine.travel(utc_now() + timedelta(days=40), tick=False):
        await prune_outbox(resources)
    assert (await the(resources, OutboxMessage)).payload["name"] == "open"
    async with resources.sessions() as session:
        assert (await session.execute(select(InboxReceipt))).scalars().all() == []


async def test_an_unknown_message_is_left_alone(resources: Resources) -> None:
    assert await consume(resources, FIRST, 10**12) == Outcome.GONE


async def test_the_state_counts_what_waits(resources: Resources) -> None:
    await ring(resources)
    async with resources.sessions() as session:
        found = await outbox_store.state(session)
    assert (found.pending, found.open, found.retrying, found.dead) == (1, 1, 0, 0)


def test_a_fact_of_another_release_is_read_as_far_as_it_goes() -> None:
    assert BellRung.from_payload({"name": "a", "colour": "new"}) == BellRung(name="a")
    with pytest.raises(UnreadableEventError, match="without name"):
        BellRung.from_payload({"mood": "old"})
