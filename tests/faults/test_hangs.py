"""The worker with one process (`--pool=solo`): no task that hangs blocks it for ever, and its death loses no event."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis
from sqlalchemy import make_url

from app.core.messaging.celery import HARD_LIMIT_SECONDS, VISIBILITY_SECONDS
from app.gateways.mail import TIMEOUT_SECONDS
from tests.e2e.api_clients import new_name
from tests.e2e.stack import CELERY, ROOT, Process, Stack

pytestmark = pytest.mark.timeout(600)  # each wait has its own time-out
WORKER_SETUP = """
import asyncio, time
from sqlalchemy import text
from app.core.messaging import worker
from app.core.config import get_settings
from app.core.observability.logging import configure_logging
from app.core.unit_of_work import unit_of_work

configure_logging(get_settings())
worker.TASK_SECONDS, worker.HARD_LIMIT_SECONDS = 1, 3

async def asked(statement):
    async with unit_of_work(worker.runtime().resources) as uow:
        return (await uow.session.execute(text(statement))).scalar()

def run(coroutine):
    try:
        return worker.runtime().run("tests.hang", coroutine)
    except TimeoutError:
        return "timeout"

"""


@pytest.fixture(scope="module")
def bare_stack(new_stack: Callable[..., Stack]) -> Stack:
    return new_stack(roles=())


def script(bare_stack: Stack, text: str) -> subprocess.CompletedProcess[str]:
    """Run a few lines in a process that has a worker's runtime, with time limits of seconds."""
    return subprocess.run(  # noqa: S603 - our own lines
        [sys.executable, "-c", WORKER_SETUP + text],
        cwd=ROOT,
        env=bare_stack.environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_what_waits_is_ended_and_the_next_task_runs(bare_stack: Stack) -> None:
    told = script(bare_stack, 'print(run(asyncio.sleep(60)), run(asked("SELECT 42")))')
    assert told.stdout.split() == ["timeout", "42"], told.stderr


def test_waits_for_a_lock_are_ended_and_keep_no_connection(bare_stack: Stack) -> None:
    """More waiting tasks than the worker has connections."""
    held = """
import asyncpg
from sqlalchemy import make_url
address = make_url(get_settings().database_url.get_secret_value()).set(drivername="postgresql")
other = asyncio.new_event_loop()
holder = other.run_until_complete(asyncpg.connect(address.render_as_string(hide_password=False)))
other.run_until_complete(holder.execute("SELECT pg_advisory_lock(17)"))
print(*(run(asked("SELECT pg_advisory_xact_lock(17)")) for _ in range(4)), run(asked("SELECT 42")))
"""
    told = script(bare_stack, held)
    assert told.stdout.split() == ["timeout"] * 4 + ["42"], told.stderr


@pytest.mark.parametrize("stuck", ["time.sleep(60)", "any(iter(int, 1))"], ids=["asleep", "counting"])
def test_a_loop_that_stands_still_ends_its_process_and_says_where(bare_stack: Stack, stuck: str) -> None:
    told = script(bare_stack, f"async def stand():\n    {stuck}\n\nprint(run(stand()))")
    assert told.returncode == 1
    assert told.stdout == ""
    assert "Timeout (0:00:03)!" in told.stderr
    assert "in stand" in told.stderr


def test_the_limits_come_in_order() -> None:
    assert TIMEOUT_SECONDS < HARD_LIMIT_SECONDS < VISIBILITY_SECONDS / 2


REDELIVERED_SECONDS = 8
"""After how long the tasks of a killed worker are delivered again here, instead of VISIBILITY_SECONDS."""
HASTY = f"""
import sys
from app.tasks.config_tasks import celery_app
conf = celery_app.conf
conf.visibility_timeout = {REDELIVERED_SECONDS}
conf.broker_transport_options = conf.broker_transport_options | {{"visibility_timeout": {REDELIVERED_SECONDS}}}
celery_app.worker_main(sys.argv[1:])
"""


def solo(stack: Stack, *, hasty: bool = False) -> Process:
    """A stack with the worker of `make up`; start it with `stack.start_role("worker")`."""
    options = ["worker", "--pool=solo", "--without-gossip", "--without-mingle", "--loglevel=INFO"]
    command = [sys.executable, "-c", HASTY, *options] if hasty else [*CELERY, *options]
    worker = Process("worker", command, stack.folder / "worker.log", stack.environment())
    stack.processes["worker"] = worker
    return worker


async def register(stack: Stack, name: str) -> None:
    """Register an account whose confirmation e-mail is due."""
    person = {"username": name, "password": "a long and unusual sentence", "email": f"{name}@example.com"}
    async with stack.client() as client:
        made = await client.post("/api/v1/auth/register", json=person)
        assert made.status_code == 201, made.text


async def connected(stack: Stack) -> Any:
    """Connect to observe the database."""
    address = make_url(str(stack.database_url)).set(drivername="postgresql")
    return await asyncpg.connect(address.render_as_string(hide_password=False), timeout=10)


async def until(what: str, stack: Stack, done: Callable[[], Any], seconds: float) -> None:
    """Wait until a query returns true."""
    end = asyncio.get_running_loop().time() + seconds
    while not await done():
        assert asyncio.get_running_loop().time() < end, f"not within {seconds:.0f} s: {what}\n{stack.logs()}"
        await asyncio.sleep(0.2)


@contextmanager
def silent_server(port: int) -> Generator[None]:
    """A server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", port), backlog=50):
        yield


async def test_a_mail_server_that_never_answers_costs_its_time_and_no_mail(new_stack: Callable[..., Stack]) -> None:
    stack = new_stack(roles=("web", "beat"))
    stack.mail.stop()
    name = new_name("hang")
    onlooker = await connected(stack)
    try:
        with silent_server(stack.mail.port):
            solo(stack)
            stack.start_role("worker")
            stack.wait_ready()
            await register(stack, name)

            async def failed() -> bool:
                return bool(await onlooker.fetchval("SELECT count(*) FROM mail_messages WHERE last_error IS NOT NULL"))

            await until("the mail has failed once", stack, failed, TIMEOUT_SECONDS + 30)
            waiting = "SELECT count(*) FROM outbox_messages WHERE published_at IS NULL"
            assert await onlooker.fetchval(waiting) == 0, "the worker goes on meanwhile"
        stack.mail.start_again()
        await stack.mail.wait(f"{name}@example.com", seconds=60)
        assert await onlooker.fetchval("SELECT count(*) FROM mail_messages") == 1
    finally:
        await onlooker.close()


async def test_a_worker_killed_in_the_middle_of_a_task_leaves_it_to_be_done_again_once(
    new_stack: Callable[..., Stack],
) -> None:
    stack = new_stack(roles=("web",))
    worker = solo(stack, hasty=True)
    stack.start_role("worker")
    stack.wait_ready()
    name = new_name("killed")
    onlooker, holder = await connected(stack), await connected(stack)
    blocked = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database WHERE NOT granted AND datname = $1"
    database = make_url(str(stack.database_url)).database

    async def waits() -> bool:
        return bool(await onlooker.fetchval(blocked, database))

    async def waits_no_more() -> bool:
        return not await waits()

    transaction = holder.transaction()
    await transaction.start()
    try:
        await holder.execute("LOCK TABLE mail_messages IN ACCESS EXCLUSIVE MODE")
        await register(stack, name)
        await until("the task waits in the middle of its work", stack, waits, 30)
        worker.kill()
    finally:
        await transaction.rollback()
    try:
        await until("its connection has ended", stack, waits_no_more, 30)
        assert await onlooker.fetchval("SELECT count(*) FROM mail_messages") == 0, "half a task has no effect"
        for role in ("worker", "beat"):
            stack.start_role(role)
        stack.wait_ready()
        await stack.mail.wait(f"{name}@example.com", seconds=60)
        await all_copies_taken(stack)
        assert await onlooker.fetchval("SELECT count(*) FROM mail_messages") == 1
        assert await onlooker.fetchval("SELECT count(*) FROM inbox_receipts WHERE taken_at IS NOT NULL") == 1
        assert len([to for to, _mail in stack.mail.messages if f"{name}@example.com" in to]) == 1
    finally:
        await onlooker.close()
        await holder.close()


async def all_copies_taken(stack: Stack) -> None:
    """Wait until the broker has no message that a dead worker had reserved."""
    async with Redis.from_url(str(stack.redis_url)) as redis:
        oldest_gone = asyncio.get_running_loop().time() + 60
        while any("message_id" in str(copy) for copy in (await redis.hgetall("unacked")).values()):
            assert asyncio.get_running_loop().time() < oldest_gone, stack.logs()
            await asyncio.sleep(0.05)
