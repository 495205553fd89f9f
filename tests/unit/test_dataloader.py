"""Keys of one turn of the event loop share one load; none is answered with data loaded before it was requested."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from app.core.persistence.dataloader import DataLoader


class Source:
    """The data, and every load that was requested."""

    def __init__(self) -> None:
        self.values = {"a": 1, "b": 2}
        self.loads: list[list[str]] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def load(self, keys: Sequence[str]) -> Mapping[str, int]:
        self.loads.append(list(keys))
        found = dict(self.values)
        await self.may_answer.wait()
        return found


async def test_questions_of_one_moment_are_one_load() -> None:
    source = Source()
    batcher = DataLoader(source.load)
    assert await asyncio.gather(*(batcher.ask(key) for key in ("a", "b", "a", "c"))) == [1, 2, 1, None]
    assert source.loads == [["a", "b", "c"]]


async def test_a_later_question_has_a_load_of_its_own() -> None:
    source = Source()
    source.may_answer.clear()
    batcher = DataLoader(source.load)
    first = batcher.ask("a")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    source.values["a"] = 10
    second = batcher.ask("a")
    source.may_answer.set()
    assert (await first, await second) == (1, 10)
    assert source.loads == [["a"], ["a"]]


async def test_a_failure_reaches_everybody_who_asked_and_nobody_later() -> None:
    source = Source()

    async def load(keys: Sequence[str]) -> Mapping[str, int]:
        if not source.loads:
            source.loads.append(list(keys))
            raise OSError("gone")
        return await source.load(keys)

    batcher = DataLoader(load)
    answers = await asyncio.gather(batcher.ask("a"), batcher.ask("b"), return_exceptions=True)
    assert [str(answer) for answer in answers] == ["gone", "gone"]
    assert await batcher.ask("a") == 1


async def test_who_stops_waiting_takes_nothing_from_the_others() -> None:
    source = Source()
    batcher = DataLoader(source.load)
    gone, stays = batcher.ask("a"), batcher.ask("a")
    gone.cancel()
    assert await stays == 1
    with pytest.raises(asyncio.CancelledError):
        await gone
