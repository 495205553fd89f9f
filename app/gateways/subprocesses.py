"""Run a module in a new process without the site's settings and with a time limit."""

import asyncio
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class OutOfTimeError(Exception):
    """The module did not finish within its time, or within its limit of processor time."""


async def run_module(module: str, *arguments: str, sent: bytes = b"", seconds: float) -> bytes | None:
    """Send the input to the module and return its output; None when it failed.

    Raises:
        OutOfTimeError: It was ended because it took too long.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        cwd=ROOT,
        env={"PYTHONDONTWRITEBYTECODE": "1"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(seconds):
            said, _errors = await process.communicate(sent)
    except TimeoutError as error:
        raise OutOfTimeError from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == -signal.SIGXCPU:
        raise OutOfTimeError
    return said if process.returncode == 0 else None
