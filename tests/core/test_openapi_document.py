"""The OpenAPI document is built once, in the background, and is the same for every request."""

import asyncio
import re
from typing import cast

import httpx
import pytest
from fastapi import FastAPI

from app.main import Site, prepare_responses


@pytest.fixture
def app(new_app: FastAPI) -> FastAPI:
    """An application of its own, because its document has not been built yet."""
    return new_app


def kept(app: FastAPI) -> bytes | None:
    """Return what has been built so far."""
    return cast("Site", app)._document


async def test_it_is_ready_before_anybody_asks(app: FastAPI, client: httpx.AsyncClient) -> None:
    assert kept(app) is None
    later = asyncio.create_task(prepare_responses(app, after_seconds=60))
    await prepare_responses(app, after_seconds=0)
    built = kept(app)
    assert built is not None
    assert app.openapi_schema is None, "what it was built from is gone"
    answer = await client.get("/openapi.json")
    assert answer.content == built
    assert answer.headers["content-type"] == "application/json"
    assert kept(app) is built
    later.cancel()


async def test_two_that_build_at_once_make_one_document(app: FastAPI) -> None:
    first, second = await asyncio.gather(asyncio.to_thread(app.openapi), asyncio.to_thread(app.openapi))
    assert first is second
    operations = [operation for path in first["paths"].values() for operation in path.values()]
    assert any("security" in operation for operation in operations)


async def test_two_that_ask_at_once_get_one_document(app: FastAPI) -> None:
    site = cast("Site", app)
    first, second = await asyncio.gather(asyncio.to_thread(site.document), asyncio.to_thread(site.document))
    assert first is second


def test_every_operation_has_a_sentence_as_its_summary(shared_app: FastAPI) -> None:
    document = shared_app.openapi()
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len(operations) > 130
    summaries = [operation["summary"] for operation in operations]
    assert [text for text in summaries if text.istitle()] == [], "the name of a function is no sentence"
    assert [text for text in summaries if not re.fullmatch(r"[A-Z][a-z-]+ .{4,110}[^.]", text)] == []
    repeating = [item["summary"] for item in operations if item.get("description", "").startswith(item["summary"])]
    assert repeating == []
