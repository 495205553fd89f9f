"""`kill -9` of each process under load, Redis emptied, PostgreSQL stopped: recovered within 30 s, nothing lost."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Generator

import psutil
import pytest
from redis.asyncio import Redis

from tests.faults.load import Load, load_on
from tests.running.instance import Instance, open_folder, patience

pytestmark = pytest.mark.timeout(1200)  # minutes on an idle machine; each wait has its own time-out
log = logging.getLogger(__name__)
BACK_SECONDS = 30.0
DRAIN_SECONDS = 100.0


@pytest.fixture(scope="module")
def instance() -> Generator[Instance]:
    with open_folder() as folder:
        made = Instance(folder / "data")
        made.settings |= {"BCRYPT_ROUNDS": "4", "WORKER_CONCURRENCY": "2", "LOG_LEVEL": "INFO"}
        try:
            made.start()
            yield made
        finally:
            made.clean_up()


def kill(instance: Instance, name: str) -> None:
    instance.supervised(name).kill()


async def kill_web(load: Load) -> None:
    kill(load.instance, "web")


def worker_of(instance: Instance) -> psutil.Process:
    """Return the worker's main process; its children, which run the tasks, have the same command line."""
    found = instance.supervised("worker")
    above = found.parent()
    return above if above is not None and above.cmdline() == found.cmdline() else found


async def kill_pool_child(load: Load) -> None:
    """Return one of the processes that run tasks."""
    children = worker_of(load.instance).children()
    assert children
    children[0].kill()


async def kill_worker(load: Load) -> None:
    worker = worker_of(load.instance)
    family = [worker, *worker.children(recursive=True)]
    for process in family:
        process.kill()


async def kill_beat(load: Load) -> None:
    kill(load.instance, "beat")


async def empty_redis(load: Load) -> None:
    async with Redis.from_url(load.address("valkey")) as redis:
        await redis.flushall()


async def kill_redis(load: Load) -> None:
    kill(load.instance, "valkey")


async def kill_postgres(load: Load) -> None:
    postmaster = load.instance.supervised("postgres")
    family = [postmaster, *postmaster.children()]
    for process in family:
        process.kill()
    psutil.wait_procs(family, timeout=5)


FAULTS: list[Callable[[Load], Awaitable[None]]] = [
    kill_web,
    kill_pool_child,
    empty_redis,
    kill_worker,
    kill_beat,
    kill_redis,
    kill_postgres,
]


async def until(what: str, done: Callable[[], Awaitable[bool]], seconds: float) -> float:
    """Wait for a condition; the time-out is longer on a busy machine."""
    began = time.monotonic()
    while True:
        try:
            if await done():
                return time.monotonic() - began
        except OSError:
            pass
        if time.monotonic() - began > seconds * patience():
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        await asyncio.sleep(0.2)


async def back_after(load: Load, fault: Callable[[Load], Awaitable[None]]) -> float:
    """Inject the fault, then wait until requests succeed again and a new event is processed."""
    name = fault.__name__
    await load.end_one()
    await fault(load)
    harmed = time.monotonic()

    async def writes() -> bool:
        return load.written_at > harmed + 0.5

    async def effects() -> bool:
        later = [number for number in load.announced if number > mark]
        return bool(later) and not set(later[:1]).isdisjoint(await load.noticed())

    first = await until(f"people write again after {name}", writes, BACK_SECONDS)
    mark = max(load.announced)
    second = await until(f"new facts have their effect after {name}", effects, BACK_SECONDS)
    await load.sessions_hold()
    return first + second


async def test_nothing_acknowledged_is_lost_whatever_dies(instance: Instance) -> None:
    async with load_on(instance, len(FAULTS) + 2) as load:
        await asyncio.sleep(2)
        for fault in FAULTS:
            log.info("%s: %s", fault.__name__, round(await back_after(load, fault), 1))
        await asyncio.sleep(1)
    assert len(load.orders) > 50
    assert set(load.orders) <= await load.stored_orders(), "an acknowledged order is gone"
    wanted = set(load.announced)

    async def all_noticed() -> bool:
        return wanted <= await load.noticed()

    async def all_mailed() -> bool:
        return wanted <= await load.mailed()

    log.info("%s: %s", "drained", round(await until("every fact has its effect", all_noticed, DRAIN_SECONDS), 1))
    log.info("%s: %s", "mailed", round(await until("every mail has left", all_mailed, DRAIN_SECONDS), 1))
    await load.sessions_hold()
    log.info("%s: %s", "orders", len(load.orders))
    log.info("%s: %s", "facts", len(wanted))
    log.info("%s: %s", "failures_seen_by_clients", load.failures)
