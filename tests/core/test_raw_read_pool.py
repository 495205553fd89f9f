"""The raw read pool retries after a lost connection, never after a time-out."""

from typing import override

import pytest

from app.core.persistence.raw_read_pool import RawReadPool


class Counting(RawReadPool):
    """Fails as the driver does, and counts the calls."""

    def __init__(self, failure: Exception) -> None:
        super().__init__("postgresql+asyncpg://nobody@127.0.0.1:1/none")
        self.failure = failure
        self.asked = 0

    @override
    async def _fetch(self, kind: str, statement: str, *values: object) -> list[object]:
        self.asked += 1
        raise self.failure


@pytest.mark.parametrize(("failure", "asked"), [(TimeoutError(), 1), (ConnectionResetError(), 2)])
async def test_only_a_dead_connection_is_tried_again(failure: Exception, asked: int) -> None:
    read_pool = Counting(failure)
    with pytest.raises(ConnectionError):
        await read_pool.fetch("SELECT 1")
    assert read_pool.asked == asked
