"""Request bodies that arrive slowly or at the same time hold no connection, so nobody else waits for them."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from app.core.config import Settings
from app.core.resources import open_resources
from app.core.unit_of_work import unit_of_work
from tests.e2e.api_clients import Person, somebody
from tests.e2e.stack import Stack
from tests.factories.orders import Market
from tests.running.instance import patience

pytestmark = pytest.mark.timeout(900)  # each wait has its own time-out
ACCOUNTS = 20
BODIES_OF_EACH = 10
BODIES_OF_NOBODY = 50
AT_ONCE = 14
"""More proposals with files than the process has connections."""
MORE_ORDERS = 5
PATIENCE_SECONDS = 2.5
"""Half of the time-out for a connection: a request that waited for one would need longer."""
FILE = b"%PDF-1.4\n" + b"0" * 1_500_000
PAGES = ("/freelancers", "/orders", "/orders?sort=budget", "/", "/api/v1/orders", "/api/v1/freelancers")
BOUNDARY = "half-sent"


def proof(person: Person, *, in_header: bool) -> dict[str, str]:
    """Return the headers of a signed-in browser; without the CSRF header the token would be read from the form."""
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in person.http.cookies.jar)
    return {"Cookie": cookies} | ({"X-CSRF-TOKEN": person.cookie("csrf_token") or ""} if in_header else {})


@dataclass
class Scene:
    """A running site with open orders and freelancers who may send proposals."""

    stack: Stack
    orders: Sequence[UUID]
    more_orders: Sequence[UUID]
    people: Sequence[Person]

    async def look_around(self) -> None:
        """Open the public pages one after the other."""
        async with self.stack.client(Accept="text/html, application/json") as guest:
            for path in (*PAGES, f"/orders/{self.orders[0]}"):
                began = time.monotonic()
                answer = await guest.get(path)
                assert answer.status_code == 200, f"{path} answered {answer.status_code}"
                assert time.monotonic() - began < PATIENCE_SECONDS * patience(), f"{path} waited"

    async def propose(self, person: Person, order_id: UUID) -> httpx.Response:
        """Send the form of a proposal with a file, as a browser without scripts does."""
        token = person.cookie("csrf_token") or ""
        fields = {"csrf_token": token, "price": "70 000", "term_days": "14", "letter": f"I know how. {order_id}"}
        headers = {"Origin": self.stack.origin, "Accept": "text/html", **proof(person, in_header=False)}
        async with httpx.AsyncClient(base_url=self.stack.address, timeout=120) as browser:
            file = ("plan.pdf", FILE, "application/pdf")
            address = f"/orders/{order_id}/proposals"
            return await browser.post(address, data=fields, files={"files_new": file}, headers=headers)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def scene(new_stack: Callable[..., Stack], settings: Settings) -> AsyncGenerator[Scene]:
    """One site for the module; the limits of new accounts are lifted."""
    limits = {"NEW_ACCOUNT_PROPOSALS_PER_DAY": "1000"}
    stack = await asyncio.to_thread(new_stack, roles=("web",), settings=limits)
    addresses: dict[str, Any] = {"database_url": str(stack.database_url), "redis_url": str(stack.redis_url)}
    async with AsyncExitStack() as opened:
        resources = await opened.enter_async_context(open_resources(settings, **addresses))
        market = Market(lambda: unit_of_work(resources))
        await market.catalogue()
        customer = await market.person()
        orders = [(await market.order(customer)).id for _ in range(AT_ONCE + MORE_ORDERS)]
        people = [await opened.enter_async_context(await somebody(stack, "freelancer")) for _ in range(ACCOUNTS)]
        yield Scene(stack, orders[:AT_ONCE], orders[AT_ONCE:], people)


@asynccontextmanager
async def half_sent(stack: Stack, path: str, headers: dict[str, str]) -> AsyncGenerator[asyncio.StreamReader]:
    """Start a form with a file and never finish it; the reader gets what the site answers meanwhile."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.port)
    lines = {
        "Host": f"localhost:{stack.port}",
        "Origin": stack.origin,
        "Accept": "text/html",
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Content-Length": "900000",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="price"\r\n\r\n70 0'
    writer.write(f"POST {path} HTTP/1.1\r\n{head}\r\n{part}".encode())
    await writer.drain()
    try:
        yield reader
    finally:
        writer.close()


@pytest.mark.parametrize("path", ["/orders/{order}/proposals", "/orders/new", "/settings/photo", "/my/searches/new"])
async def test_ten_half_sent_forms_of_one_person_change_nothing_for_others(scene: Scene, path: str) -> None:
    async with AsyncExitStack() as held:
        for _number in range(BODIES_OF_EACH):
            headers = proof(scene.people[0], in_header=True)
            await held.enter_async_context(half_sent(scene.stack, path.format(order=scene.orders[0]), headers))
        await asyncio.sleep(0.5)
        await scene.look_around()


async def test_fourteen_proposals_with_files_at_once_all_succeed(scene: Scene) -> None:
    sent = zip(scene.people, scene.orders, strict=False)
    answers = await asyncio.gather(*(scene.propose(person, order) for person, order in sent))
    assert [answer.status_code for answer in answers] == [303] * AT_ONCE, {answer.text[:300] for answer in answers}


async def test_a_hundred_proposals_with_files_at_once_all_succeed(scene: Scene) -> None:
    pairs = [(person, order) for person in scene.people for order in scene.more_orders]
    answers = await asyncio.gather(*(scene.propose(person, order) for person, order in pairs))
    assert [answer.status_code for answer in answers] == [303] * 100, {answer.text[:300] for answer in answers}


async def test_the_excess_of_a_person_is_refused_and_others_send_on(scene: Scene) -> None:
    one, other = scene.people[:2]
    async with AsyncExitStack() as held:
        for _number in range(BODIES_OF_EACH):
            await held.enter_async_context(half_sent(scene.stack, "/orders/new", proof(one, in_header=True)))
        await asyncio.sleep(0.5)
        async with half_sent(scene.stack, "/orders/new", proof(one, in_header=True)) as excess:
            answer = await asyncio.wait_for(excess.readuntil(b"\r\n\r\n"), 30)
        assert answer.startswith(b"HTTP/1.1 429")
        assert b"\r\nretry-after: " in answer.lower()
        assert (await scene.propose(other, scene.orders[-1])).status_code == 303
    assert (await scene.propose(one, scene.orders[-1])).status_code == 303


async def test_hundreds_of_half_sent_bodies_change_nothing_for_others(scene: Scene) -> None:
    addresses = [f"/orders/{scene.orders[0]}/proposals", "/orders/new", "/settings/photo", "/settings/portfolio/new"]
    async with AsyncExitStack() as held:
        for person in scene.people:
            for number in range(BODIES_OF_EACH):
                headers = proof(person, in_header=number % 2 == 0)
                await held.enter_async_context(half_sent(scene.stack, addresses[number % len(addresses)], headers))
        for number in range(BODIES_OF_NOBODY):
            path = ["/sign-in", "/preferences", *addresses][number % (len(addresses) + 2)]
            await held.enter_async_context(half_sent(scene.stack, path, {}))
        await asyncio.sleep(0.5)
        await scene.look_around()
