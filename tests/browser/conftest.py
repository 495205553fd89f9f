"""Time-outs for browsers, and the site that the appearance tests visit; `browser` itself is in tests/conftest.py."""

import subprocess
import sys

import pytest

from app.core.config import ROOT
from tests.browser.scenario import MAILS
from tests.e2e.stack import Stack


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Raise the time-out: a browser is slow."""
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.timeout(240))


@pytest.fixture(scope="session")
def site(stack: Stack) -> str:
    """The origin of a running site."""
    MAILS[stack.origin] = stack.mail
    return stack.origin


@pytest.fixture(scope="session")
def stocked(stack: Stack) -> str:
    """The same site with its catalogue loaded, as after its first start."""
    MAILS[stack.origin] = stack.mail
    command = [sys.executable, "-m", "app", "seed"]
    subprocess.run(command, cwd=ROOT, env=stack.environment(), check=True, capture_output=True)  # noqa: S603 - ours
    return stack.origin
