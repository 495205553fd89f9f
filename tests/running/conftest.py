"""Fixtures of the tests of `make up` and its commands."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.running.instance import open_folder


@pytest.fixture
def folder() -> Generator[Path]:
    """A folder that other users can enter."""
    with open_folder() as made:
        yield made
