"""The relay as a separate process, killed with SIGKILL between publish and mark."""

import asyncio
import signal
import sys
from pathlib import Path

from sqlalchemy import select

from app.core.messaging.worker import Outcome, consume
from app.core.persistence.outbox import OutboxMessage
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.tasks.relay import ALIVE_KEY, relay
from tests.core.outbox_events import FIRST, HEARD, BellRung, listening

ROOT = Path(__file__).resolve().parents[2]
RELAY = """
import asyncio, os, signal, sys
from app.core.config import get_settings
from app.core.resources import open_resources
from app.tasks.relay import relay
from tests.core.outbox_events import listening

def send(name, message_id, request_id):
    print(message_id, flush=True)
    if message_id == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    async with open_resources(get_settings(), database_url=sys.argv[1], redis_url=sys.argv[2]) as resources:
        with listening():
            await relay(resources, send)

asyncio.run(main())
"""


async def test_what_it_had_published_is_published_again_and_taken_once(
    live_resources: Resources, redis_url: str
) -> None:
    await live_resources.redis.set(ALIVE_KEY, "1")
    async with unit_of_work(live_resources) as uow:
        for number in range(5):
            uow.emit(BellRung(name=str(number)))
    async with live_resources.sessions() as session:
        ids = list((await session.execute(select(OutboxMessage.id).order_by(OutboxMessage.id))).scalars())
    database = live_resources.engine.url.render_as_string(hide_password=False)
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RELAY, database, redis_url, str(ids[2]), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    said, _nothing = await killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    published = [int(line) for line in said.split()]
    assert published == ids[:3]

    with listening():
        again = await _carried(live_resources)
        assert again == ids
        outcomes = [await consume(live_resources, FIRST, message_id) for message_id in published + again]
        assert outcomes.count(Outcome.TAKEN) == 5
        assert sorted(number for number, _name in HEARD) == ids


async def _carried(resources: Resources) -> list[int]:
    """Relay as beat does, until a message was sent.

    PostgreSQL notices a moment later that a client is gone; until then the rows it had locked are skipped.
    """
    again: list[int] = []
    async with asyncio.timeout(30):
        while not again:
            await relay(resources, lambda _name, message_id, _id: again.append(message_id))
            await asyncio.sleep(0.05)
    return again
