"""One sandbox provider for all tests here, and a till that moves money through it."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from app.core.resources import Resources
from tests.features.payments.till import Till
from tests.gateways.payments.provider import Sandbox, open_sandbox


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Sandbox]:
    async with open_sandbox(tmp_path_factory.mktemp("payments")) as sandbox:
        yield sandbox


@pytest_asyncio.fixture(loop_scope="session")
async def sandbox(running: Sandbox) -> AsyncGenerator[Sandbox]:
    await running.control("DELETE", "faults")
    running.site.statuses.clear()
    running.site.received.clear()
    yield running
    await running.control("DELETE", "faults")
    await running.check_books()


@pytest_asyncio.fixture(loop_scope="session")
async def till(resources: Resources, sandbox: Sandbox) -> Till:
    """Payments over the test's own transaction and the running sandbox."""
    resources.payment_provider = sandbox.adapter
    return await Till.open(resources, sandbox)
