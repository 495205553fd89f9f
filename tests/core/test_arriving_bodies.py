"""The number of request bodies arriving at once from one sender is limited, without effect on others."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from app.core.config import Settings
from app.core.http import arriving_bodies
from app.core.http.arriving_bodies import ArrivingBodies, Sender
from app.core.http.dependencies import PostedForm
from tests.conftest import SignIn

API, PAGE = "/api/v1/echo", "/form"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "multipart/form-data; boundary=b", "Accept": "text/html"}
PART = b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\n'


@pytest.fixture
def app(new_app: FastAPI, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> FastAPI:
    monkeypatch.setattr(arriving_bodies, "WAIT_SECONDS", 0.05)
    few = {"arriving_bodies_per_person": 2, "arriving_bodies_per_address": 3}
    new_app.state.resources.settings = settings.model_copy(update=few)

    @new_app.post(API)
    async def echo(request: Request) -> Any:
        return await request.json()

    @new_app.post(PAGE)
    async def form(form: PostedForm) -> str:
        return str(form["text"])

    return new_app


class Slow:
    """A body that starts and ends when the test says so."""

    def __init__(self, begin: bytes, end: bytes) -> None:
        self.parts, self.ending = (begin, end), asyncio.Event()

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        yield self.parts[0]
        await self.ending.wait()
        yield self.parts[1]


@asynccontextmanager
async def arriving(client: httpx.AsyncClient, path: str, count: int) -> AsyncGenerator[list[asyncio.Task[Any]]]:
    """Hold bodies open until the block ends; their responses can be examined afterwards."""
    begin, end, headers = (PART, b"a\r\n--b--\r\n", FORM) if path == PAGE else (b'"', b'a"', JSON)
    bodies = [Slow(begin, end) for _ in range(count)]
    sending = [asyncio.create_task(client.post(path, content=body, headers=headers)) for body in bodies]
    await asyncio.sleep(0.02)
    try:
        yield sending
    finally:
        for body in bodies:
            body.ending.set()
        await asyncio.wait(sending)


@asynccontextmanager
async def somewhere(app: FastAPI, address: str) -> AsyncGenerator[httpx.AsyncClient]:
    """A guest at a public IP address."""
    transport = httpx.ASGITransport(app=app, client=(address, 1))
    async with httpx.AsyncClient(
        transport=transport, base_url="https://localhost", headers={"Origin": "https://localhost"}
    ) as client:
        yield client


@pytest.mark.parametrize("path", [API, PAGE])
async def test_the_excess_of_a_person_is_refused_and_the_rest_arrives(
    client: httpx.AsyncClient, sign_in: SignIn, path: str
) -> None:
    await sign_in(client)
    async with arriving(client, path, 2) as held:
        async with arriving(client, path, 1) as refused:
            await asyncio.wait(refused, timeout=5)
        answer = refused[0].result()
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) > 0
        if path == API:
            assert answer.json()["code"] == "too-many-bodies"
        else:
            assert answer.headers["content-type"].startswith("text/html")
            assert "Too many requests are arriving at once" in answer.text
    assert [sent.result().json() for sent in held] == ["a", "a"]
    assert (await client.post(API, json="again")).json() == "again"


async def test_the_excess_is_told_in_russian(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    await sign_in(client)
    client.headers["Accept-Language"] = "ru"
    async with arriving(client, API, 2), arriving(client, API, 1) as refused:
        await asyncio.wait(refused, timeout=5)
    assert refused[0].result().json()["title"] == "Слишком много запросов одновременно"


async def test_a_body_that_waits_takes_the_place_of_one_that_ends(
    client: httpx.AsyncClient, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving_bodies, "WAIT_SECONDS", 5.0)
    await sign_in(client)
    async with arriving(client, API, 5) as all_of_them:
        pass
    assert [sent.result().status_code for sent in all_of_them] == [200] * 5


async def test_bodies_that_arrive_whole_are_not_counted(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    await sign_in(client)
    answers = await asyncio.gather(*(client.post(API, json=number) for number in range(20)))
    assert [answer.json() for answer in answers] == list(range(20))


async def test_an_address_that_stands_for_one_client_has_its_own_limit(app: FastAPI) -> None:
    async with (
        somewhere(app, "81.2.69.142") as one,
        somewhere(app, "81.2.69.143") as other,
        somewhere(app, "127.0.0.1") as many,
        arriving(one, PAGE, 3) as held,
        arriving(one, PAGE, 1) as refused,
        arriving(other, PAGE, 3) as beside,
        arriving(many, PAGE, 8) as through_a_proxy,
    ):
        await asyncio.wait(refused, timeout=5)
    assert refused[0].result().status_code == 429
    assert {sent.result().status_code for sent in (*held, *beside, *through_a_proxy)} == {200}


async def test_one_that_stalls_is_ended_and_gives_its_place_back(
    client: httpx.AsyncClient, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving_bodies, "STALL_SECONDS", 0.05)
    await sign_in(client)
    for _time in range(3):
        async with arriving(client, PAGE, 2) as stalled:
            await asyncio.wait(stalled, timeout=5)
        assert [sent.result().status_code for sent in stalled] == [400, 400]


async def test_nothing_is_kept_of_senders_that_have_nothing_arriving() -> None:
    bodies, sender = ArrivingBodies(), Sender("person:1", 1)
    await bodies.enter(sender)
    waiting = asyncio.create_task(bodies.enter(sender))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    bodies.leave(sender)
    assert not bodies._places
    assert not bodies._users


@pytest.mark.parametrize("bearer", [False, True])
async def test_a_long_body_of_an_ended_session_is_refused_unread(
    client: httpx.AsyncClient, new_client: Any, sign_in: SignIn, bearer: bool
) -> None:
    await sign_in(client)
    other = await new_client()
    other.cookies, token = client.cookies, client.cookies[next(name for name in client.cookies if "access" in name)]
    await client.post("/api/v1/auth/logout")
    read = 0

    async def body() -> AsyncGenerator[bytes]:
        nonlocal read
        for _part in range(40):
            read += 1
            yield PART + b"a" * 65_536

    headers = FORM | ({"Authorization": f"Bearer {token}"} if bearer else {})
    answer = await other.post("/orders/new", content=body(), headers=headers)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")
    assert read == 0
