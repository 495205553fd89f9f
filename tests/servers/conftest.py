"""The external servers, started once."""

from collections.abc import Generator

import pytest

from tests.running.instance import open_folder
from tests.servers.external_servers import Outside


@pytest.fixture(scope="session")
def outside() -> Generator[Outside]:
    """PostgreSQL 15, PgBouncer and Redis from Debian's packages."""
    with open_folder() as folder:
        made = Outside(folder)
        try:
            yield made.start()
        finally:
            made.stop()
