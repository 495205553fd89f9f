"""Limits of single-line fields: a browser, which counts an emoji twice, stops nobody before the server does."""

import re

import httpx

from tests.factories.orders import Market


def max_length(page: str, name: str) -> int:
    field = re.search(rf'<input[^>]*\bname="{name}"[^>]*>', page)
    assert field is not None
    found = re.search(r'\bmaxlength="(\d+)"', field[0])
    assert found is not None
    return int(found[1])


async def test_a_browser_takes_what_the_server_takes(client: httpx.AsyncClient, market: Market) -> None:
    sign_up = (await client.get("/sign-up")).text
    assert (max_length(sign_up, "username"), max_length(sign_up, "password")) == (64, 1024)
    assert max_length((await client.get("/reset/confirm")).text, "code") == 12, "digits are counted alike"
    assert max_length((await client.get("/orders")).text, "q") == 200
    await market.sign_in(client, await market.person())
    page = (await client.get("/orders/new")).text
    assert (max_length(page, "title"), max_length(page, "skills"), max_length(page, "weekly_hours")) == (400, 1200, 2)
    title = "Сайт " + "😀" * 195
    assert len(title.encode("utf-16-le")) // 2 <= max_length(page, "title")
    made = await client.post("/api/v1/orders", json={"title": title})
    assert (made.status_code, made.json()["title"]) == (201, title)
    refused = await client.post("/api/v1/orders", json={"title": title + "😀"})
    assert (refused.status_code, refused.json()["errors"][0]["loc"]) == (422, ["body", "title"])
