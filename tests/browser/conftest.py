"""Time for browsers, and the address that every check of the looks visits; `browser` itself is in tests/conftest.py."""

import pytest

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
