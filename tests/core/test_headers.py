"""Every response of the application has the same security headers, internal errors included."""

import httpx
import pytest
from fastapi import FastAPI


@pytest.fixture
def app(new_app: FastAPI) -> FastAPI:
    @new_app.get("/api/v1/broken")
    @new_app.get("/broken")
    async def broken() -> None:
        raise KeyError("secret detail")

    return new_app


@pytest.mark.parametrize("path", ["/api/v1/broken", "/broken"])
async def test_a_fault_of_ours_is_answered_like_everything_else(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 500
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["strict-transport-security"]
    assert answer.headers["x-request-id"] in answer.text
    assert "secret detail" not in answer.text


async def test_allow_names_every_method_of_the_address(client: httpx.AsyncClient) -> None:
    for method in ("PUT", "OPTIONS", "TRACE"):
        answer = await client.request(method, "/api/v1/auth/me")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, PATCH")
