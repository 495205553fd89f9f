"""The watch over the event loop sees a request that computes for long, and only such a request."""

import asyncio
import time
from typing import Any

import pytest
from starlette.routing import Route

from tests import loop_holding


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[float]]:
    """Measure apart from the requests of the run."""
    apart: dict[str, list[float]] = {}
    monkeypatch.setattr(loop_holding, "found", apart)
    return apart


def compute(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


async def ask(steps: list[float], *, route: Any) -> None:
    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        scope["route"] = route
        for seconds in steps:
            compute(seconds)
            await asyncio.sleep(0.06)

    async def nothing(*_: Any) -> Any:
        return {}

    await loop_holding.WatchLoop(app)({"type": "http", "method": "GET", "path": "/slow"}, nothing, nothing)


async def test_one_long_step_is_found_and_many_short_ones_are_not(found: dict[str, list[float]]) -> None:
    route = Route("/slow", endpoint=lambda: None)
    await ask([0.01] * 10, route=route)
    assert found == {}
    await ask([0.01, 0.08, 0.01], route=route)
    ((name, longest),) = found.items()
    assert name == "GET /slow"
    assert longest == [pytest.approx(0.08, abs=0.04)]


async def test_a_failure_passes_through(found: dict[str, list[float]]) -> None:
    with pytest.raises(TypeError):
        await ask([0.0, None], route=None)  # type: ignore[list-item]
    assert found == {}
