"""What belongs to one person is kept neither by proxies nor, after they have left, by the browser."""

import httpx

from tests.security.people import API, register

PRIVATE = (
    "/auth/me",
    "/auth/sessions",
    "/orders/mine",
    "/proposals/mine",
    "/conversations",
    "/notifications",
    "/files",
)


async def test_answers_of_the_api_are_not_stored(client: httpx.AsyncClient) -> None:
    await register(client)
    for path in (*PRIVATE, "/orders", "/profiles/me", "/nowhere"):
        answer = await client.get(f"/api/v1{path}")
        assert "no-store" in answer.headers["cache-control"], path


async def test_sign_out_clears_what_the_browser_has_kept(client: httpx.AsyncClient) -> None:
    await register(client)
    answer = await client.post(f"{API}/logout", headers={"X-CSRF-TOKEN": client.cookies["csrf_token"]})
    assert (answer.status_code, answer.headers["clear-site-data"]) == (200, '"cache"')


async def test_signing_out_on_the_page_clears_it_too(client: httpx.AsyncClient) -> None:
    await register(client)
    answer = await client.post("/sign-out", data={"csrf_token": client.cookies["csrf_token"]})
    assert (answer.status_code, answer.headers["clear-site-data"]) == (303, '"cache"')
    assert "clear-site-data" not in (await client.get("/")).headers
