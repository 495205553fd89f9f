"""Which router answers an address: by the prefix it is included with, by the path, and by the method."""

from collections.abc import AsyncGenerator

import httpx
import pytest
from fastapi import FastAPI

from app.core.http.dependencies import API_PREFIX, FeatureRouter


def _router(name: str) -> FeatureRouter:
    router = FeatureRouter()

    @router.get("/things/new")
    async def new() -> str:
        return f"{name}: new"

    @router.get("/things/{thing}")
    async def show(thing: str) -> str:
        return f"{name}: {thing}"

    return router


@pytest.fixture
async def client() -> AsyncGenerator[httpx.AsyncClient]:
    app = FastAPI()
    data, inner, posts, pages = _router("data"), FeatureRouter(), FeatureRouter(), _router("page")

    @posts.post("/things/{thing}")
    async def change(thing: str) -> str:
        return f"changed: {thing}"

    @inner.get("/things/{thing}/parts/{part}")
    async def part(thing: str, part: str) -> str:
        return f"{thing}, {part}"

    data.include_router(inner)
    data.below, posts.below, pages.below = API_PREFIX, "", ""
    app.include_router(data, prefix=API_PREFIX)
    app.include_router(posts)
    app.include_router(pages)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "status", "answer"),
    [
        ("GET", f"{API_PREFIX}/things/7", 200, "data: 7"),
        ("GET", f"{API_PREFIX}/things/new", 200, "data: new"),
        ("GET", f"{API_PREFIX}/things/7/parts/8", 200, "7, 8"),
        ("GET", "/things/7", 200, "page: 7"),
        ("GET", "/things/new", 200, "page: new"),
        ("POST", "/things/7", 200, "changed: 7"),
        ("POST", f"{API_PREFIX}/things/7", 405, None),
        ("PATCH", "/things/7", 405, None),
        ("GET", "/things/7/parts/8", 404, None),
        ("GET", f"{API_PREFIX}/things/7/more", 404, None),
        ("GET", f"{API_PREFIX}{API_PREFIX}/things/7", 404, None),
        ("GET", "/thingsnew", 404, None),
    ],
)
async def test_an_address_is_answered_by_its_own_router(
    client: httpx.AsyncClient, method: str, path: str, status: int, answer: str | None
) -> None:
    response = await client.request(method, path)
    assert response.status_code == status
    if answer is not None:
        assert response.json() == answer
