"""A real browser for the stories: the system's Chromium, headless, talking to loopback only."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import lru_cache

from playwright.async_api import Browser, async_playwright

from tools.browser import NoBrowserError, find_browser

# Chromium looks up its maker's hosts at every start; on a closed network that costs seconds and fills the log.
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


@lru_cache
def browser_path() -> str:
    """Return the browser of this machine.

    Raises:
        NoBrowserError: There is none; `make test` installs one.
    """
    found = find_browser()
    if found is None:
        raise NoBrowserError("No Chromium starts here: run `make test` once, or `python -m tools.browser`.")
    return found


@asynccontextmanager
async def open_browser() -> AsyncGenerator[Browser]:
    """Start it, and end it whatever happens."""
    # The sandbox needs rights that root in a container has not.
    arguments = [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else list(QUIET)
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=browser_path(), args=arguments)
        try:
            yield opened
        finally:
            await opened.close()
