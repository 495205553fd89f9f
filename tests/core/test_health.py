"""The probes: their answers when everything works and when a server is unavailable."""

from dataclasses import replace

import httpx
from fastapi import FastAPI

from app.core.resources import create_redis
from tests.e2e.ports import free_port


async def test_both_answer(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health/live")).json() == {"status": "live"}
    answer = await client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "postgresql": "ok",
        "migrations": "ok",
        "redis": "ok",
        "storage": "ok",
        "disk": "ok",
    }


async def test_a_disk_with_little_room_is_told_and_does_not_take_the_site_down(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    settings = app.state.resources.settings.model_copy(update={"disk_reserve_bytes": 2**60})
    app.state.resources = replace(app.state.resources, settings=settings)
    answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()["disk"]) == (200, "low")


async def test_a_dead_redis_is_told_and_does_not_take_the_site_down(app: FastAPI, client: httpx.AsyncClient) -> None:
    gone = create_redis(f"redis://127.0.0.1:{free_port()}/0")
    app.state.resources = replace(app.state.resources, redis=gone)
    answer = await client.get("/health/ready")
    await gone.aclose()
    assert answer.status_code == 200
    assert answer.json()["redis"] == "unavailable"
