"""A sandbox provider on loopback with a site that receives its webhooks, and the adapter of the product."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from app.core.money import Currency, Money
from app.core.payment_port import (
    Done,
    FoundOperations,
    Operation,
    Outcome,
    PaymentRequest,
    PayoutKind,
    PayoutRequest,
    Pending,
    RefundRequest,
)
from app.core.security.webhook_signatures import webhook_secret
from app.gateways.payments.sandbox import SandboxProvider
from app.sandbox.server import Options, make_sandbox
from tests.e2e.ports import free_port

PAID_CARD = "4242424242424242"
SECRET = webhook_secret(b"0123456789abcdef0123456789abcdef")
API_KEY = "key of the tests"
HOUR = 3600
DAY = 24 * HOUR
PATIENT, IMPATIENT = 10.0, 0.3


def roubles(amount: int) -> Money:
    return Money(amount * 100, Currency.RUB)


def new_reference() -> str:
    return f"test:{secrets.token_hex(8)}"


@asynccontextmanager
async def served(application: ASGIApp, port: int) -> AsyncGenerator[None]:
    """Serve an application in this loop over real sockets."""
    server = uvicorn.Server(uvicorn.Config(application, port=port, log_config=None, lifespan="on"))
    serving = asyncio.create_task(server._serve())
    while not server.started:
        assert not serving.done(), "it does not start"
        await asyncio.sleep(0.005)
    try:
        yield
    finally:
        server.should_exit = True
        await serving


@dataclass(slots=True)
class Site:
    """Receives webhooks; the next answers are those of `statuses`, then 204."""

    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        self.received.append((dict(request.headers), await request.body()))
        return Response(status_code=self.statuses.pop(0) if self.statuses else 204)

    def application(self) -> Starlette:
        return Starlette(routes=[Route("/hooks", self.take, methods=["POST"])])


@dataclass(slots=True)
class Sandbox:
    """One running provider."""

    url: str
    adapter: SandboxProvider
    site: Site
    http: httpx.AsyncClient

    async def control(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        answer = await self.http.request(method, f"/control/{path}", json=body)
        assert answer.status_code == httpx.codes.OK, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def plan(self, call: str, kind: str, *, argument: int = 0, times: int = 1) -> None:
        await self.control("POST", "faults", {"call": call, "kind": kind, "argument": argument, "times": times})

    async def forward(self, seconds: int) -> None:
        assert await self.adapter.forward_clock(seconds)

    @contextmanager
    def impatient(self, *, wanted: bool = True) -> Generator[None]:
        """Let the adapter give up long before a slow answer arrives."""
        self.adapter._seconds = IMPATIENT if wanted else PATIENT
        try:
            yield
        finally:
            self.adapter._seconds = PATIENT

    async def send_webhooks(self) -> None:
        await self.control("POST", "webhooks", {})

    async def messages(self) -> list[tuple[dict[str, str], bytes]]:
        """Return all messages that are due, with their headers, as the site receives them."""
        found: list[tuple[dict[str, str], bytes]] = []
        await self.send_webhooks()
        while self.site.received:
            found += self.site.received
            self.site.received.clear()
            await self.send_webhooks()
        return found

    async def now(self) -> datetime:
        return datetime.fromisoformat((await self.control("GET", "clock"))["now"])

    async def books_hold(self) -> bool:
        return bool((await self.control("GET", "books"))["hold"])

    async def payment(self, amount: int = 100, reference: str | None = None, **changes: Any) -> Outcome[Operation]:
        request = PaymentRequest(
            reference=reference or new_reference(),
            money=roubles(amount),
            description="A logo",
            return_url="http://localhost:8000/orders",
            expires_in=3 * DAY,
        )
        return await self.adapter.create_payment(request, **changes)

    async def choose(self, payment: Operation, action: str = "pay", card: str = PAID_CARD) -> httpx.Response:
        """Do on the hosted page what a payer does."""
        assert payment.page_url is not None
        form = {"action": action, "card": card}
        return await self.http.post(f"/pay/{payment.id}", data=form, follow_redirects=True)

    async def paid(self, amount: int = 100) -> Operation:
        """Return a payment that has succeeded."""
        payment = value_of(await self.payment(amount))
        await self.choose(payment)
        read = await self.adapter.get_payment(payment.id)
        assert isinstance(read, Done)
        return read.value

    async def refund(self, payment: Operation, amount: int, reference: str, **changes: Any) -> Outcome[Operation]:
        request = RefundRequest(reference=reference, payment_id=payment.id, money=roubles(amount))
        return await self.adapter.create_refund(request, **changes)

    async def payout(self, amount: int = 10, reference: str | None = None, **changes: Any) -> Outcome[Operation]:
        card, tax_id = changes.pop("card", PAID_CARD), changes.pop("tax_id", None)
        request = PayoutRequest(
            reference=reference or new_reference(),
            money=roubles(amount),
            description="Work",
            kind=PayoutKind.SELF_EMPLOYED if tax_id else PayoutKind.CARD,
            card=card,
            tax_id=tax_id,
        )
        return await self.adapter.create_payout(request, **changes)

    async def found(self, reference: str) -> tuple[Operation, ...]:
        now = await self.now()
        listed = await self.adapter.find_by_reference(reference, now - timedelta(days=900), now + timedelta(days=1))
        assert isinstance(listed, Done)
        assert isinstance(listed.value, FoundOperations)
        assert listed.value.complete
        return listed.value.operations

    async def check_books(self) -> None:
        """The movements are what the objects say, and the balance and the statement are what the movements say."""
        assert await self.books_hold()
        balance = await self.adapter.balance("RUB")
        statement = await self.adapter.statement("RUB", datetime(2000, 1, 1, tzinfo=UTC), await self.later())
        assert isinstance(balance, Done)
        assert isinstance(statement, Done)
        assert balance.value.held == statement.value.closing
        assert statement.value.opening.amount == 0

    async def later(self) -> datetime:
        return await self.now() + timedelta(seconds=5)


def value_of(outcome: Outcome[Operation]) -> Operation:
    assert isinstance(outcome, Done | Pending), outcome
    return outcome.value


@asynccontextmanager
async def open_sandbox(folder: Path) -> AsyncGenerator[Sandbox]:
    """Run a provider, the site it tells, and the adapter."""
    port, site_port = free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    site = Site()
    options = Options(
        file=folder / "books.sqlite",
        api_key=API_KEY,
        webhook_secret=SECRET,
        webhook_url=f"http://127.0.0.1:{site_port}/hooks",
        webhook_host="shop.example",
        public_url=url,
        return_url="http://site.test/wallet/withdraw",
        look_seconds=3600,  # the tests send what is due themselves
    )
    adapter = SandboxProvider(url, API_KEY, [SECRET], seconds=PATIENT)
    headers = {"authorization": f"Bearer {API_KEY}"}
    async with (
        served(site.application(), site_port),
        served(make_sandbox(options), port),
        httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=5) as http,
    ):
        yield Sandbox(url, adapter, site, http)
        await adapter.close()
