"""Seals a database every half second until it is stopped: `python -m bench.sealer DSN`."""

import asyncio
import signal
import sys

from app.features.transparency import workflows
from bench.money import money_world, opened

PAUSE = 0.5


async def seal(dsn: str) -> None:
    """Seal until the process is asked to end, and then what is left."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with opened(money_world(), dsn) as resources:
        print("ready", flush=True)
        while not stopped.is_set():
            await workflows.seal(resources)
            try:
                await asyncio.wait_for(stopped.wait(), PAUSE)
            except TimeoutError:
                continue
        await workflows.seal(resources)


if __name__ == "__main__":
    asyncio.run(seal(sys.argv[1]))
