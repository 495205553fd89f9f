"""A browser for the process, and the addresses that every check of the looks visits."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser.chromium import launch
from tests.e2e.stack import Stack


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser takes its time."""
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.timeout(240))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncGenerator[Browser]:
    """Chromium, started once."""
    async with async_playwright() as playwright:
        made = await launch(playwright)
        yield made
        await made.close()


@pytest.fixture(scope="session")
def site(stack: Stack) -> str:
    """The address of a real ipLance."""
    return stack.origin
