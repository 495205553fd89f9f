"""One sandbox provider for all tests here; each begins without planned faults and without received webhooks."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from tests.gateways.payments.provider import DAY, Sandbox, open_sandbox


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Sandbox]:
    async with open_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest_asyncio.fixture(loop_scope="session")
async def sandbox(running: Sandbox) -> AsyncGenerator[Sandbox]:
    await running.control("DELETE", "faults")
    running.site.statuses.clear()
    await running.forward(31 * DAY)  # what earlier tests left unpaid expires now, not within this test
    await running.send_webhooks()
    running.site.received.clear()
    yield running
    await running.check_books()
