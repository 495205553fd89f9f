"""Writes of concurrent callers share transactions; each caller learns what became of its own."""

import asyncio
from collections.abc import Sequence

import pytest

from app.core.persistence.group_commit import GroupCommit


async def test_what_arrives_while_a_transaction_is_open_is_written_together_in_the_next() -> None:
    written: list[list[int]] = []
    committed = asyncio.Event()

    async def write(items: Sequence[int]) -> None:
        await committed.wait()
        written.append(list(items))

    group = GroupCommit(write, at_once=3)
    calls = [asyncio.create_task(group.add(number)) for number in range(5)]
    for _turn in range(3):
        await asyncio.sleep(0)
    assert not any(call.done() for call in calls), "nobody goes on before the commit"
    committed.set()
    await asyncio.gather(*calls)
    assert written == [[0], [1, 2, 3], [4]]


async def test_an_item_that_is_refused_refuses_no_other() -> None:
    written: list[int] = []

    async def write(items: Sequence[int]) -> None:
        await asyncio.sleep(0)
        if 2 in items:
            raise ValueError("2 is refused")
        written.extend(items)

    group = GroupCommit(write, at_once=10)
    results = await asyncio.gather(*(group.add(number) for number in range(4)), return_exceptions=True)
    assert [str(result) if result else "" for result in results] == ["", "", "2 is refused", ""]
    assert written == [0, 1, 3]
    await group.add(4)
    assert written[-1] == 4, "the group goes on"


async def test_a_caller_that_gives_up_stops_nobody() -> None:
    written: list[int] = []

    async def write(items: Sequence[int]) -> None:
        await asyncio.sleep(0.01)
        written.extend(items)

    group = GroupCommit(write, at_once=10)
    gone = asyncio.create_task(group.add(1))
    await asyncio.sleep(0)
    staying = asyncio.create_task(group.add(2))
    gone.cancel()
    await staying
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert written == [1, 2]
