"""Fixtures of the tests of profiles."""

import pytest

from app.core.resources import Resources
from tests.factories.files import Files


@pytest.fixture
def files(resources: Resources) -> Files:
    """Builds files."""
    return Files(resources)
