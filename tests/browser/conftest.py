"""Time for browsers, and the address that every check of the looks visits; `browser` itself is in tests/conftest.py."""

import subprocess
import sys

import pytest

from app.core.config import ROOT
from tests.e2e.stack import Stack


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser takes its time."""
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.timeout(240))


@pytest.fixture(scope="session")
def site(stack: Stack) -> str:
    """The address of a real ipLance."""
    return stack.origin


@pytest.fixture(scope="session")
def stocked(stack: Stack) -> str:
    """The same with its catalogue loaded, as its first start does it."""
    command = [sys.executable, "-m", "app", "seed"]
    subprocess.run(command, cwd=ROOT, env=stack.environment(), check=True, capture_output=True)  # noqa: S603 - ours
    return stack.origin
