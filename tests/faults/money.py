"""Deals paid by card and money withdrawn, by clients that repeat each request with its key until it is answered."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from string import ascii_lowercase
from typing import Any

import httpx

from app.core.ids import new_id
from tests.e2e.api_clients import PASSWORD, PublishedClient
from tests.faults.load import client_of
from tests.running.instance import Instance, patience

CARD = "4242424242424242"
PRICE, TOPPED_UP, WITHDRAWN, REFUNDED = 100_000, 10_000, 4_000, 3_000
PAUSE = 0.2
ANSWER_SECONDS = 90.0
TWICE_OF_TEN = 3
"""So many of ten answered requests are sent once more."""


def rub(amount: int) -> dict[str, Any]:
    """Return an amount as the API has it."""
    return {"amount": amount, "currency": "RUB"}


@dataclass
class Asked:
    """What clients asked for and were told, by the kind of request."""

    keys: dict[str, int] = field(default_factory=dict)
    """How many requests were made, each with a key of its own."""
    told: dict[str, list[str]] = field(default_factory=dict)
    """The ids that were acknowledged."""
    failures: int = 0

    @property
    def acknowledged(self) -> int:
        """How many requests were answered with success."""
        return sum(len(ids) for ids in self.told.values())


@dataclass
class Client:
    """One person with a program that never gives up and never makes a second request of one."""

    http: PublishedClient
    asked: Asked
    dice: random.Random

    async def repeat(self, send: Callable[[], Awaitable[httpx.Response]]) -> dict[str, Any]:
        """Send a request again and again until it is answered."""
        async with asyncio.timeout(ANSWER_SECONDS * patience()):
            while True:
                answer = await self.answered(send())
                if answer is not None:
                    found: dict[str, Any] = answer.json() if answer.content else {}
                    return found
                await asyncio.sleep(PAUSE)

    async def answered(self, request: Awaitable[httpx.Response]) -> httpx.Response | None:
        """Return an answer that says something; None where the request has to be repeated."""
        try:
            answer = await request
        except httpx.HTTPError:
            self.asked.failures += 1
            return None
        is_busy = answer.status_code == httpx.codes.CONFLICT and answer.json().get("code") == "request-key-busy"
        if answer.is_server_error or is_busy:
            self.asked.failures += 1
            return None
        assert answer.is_success, f"{answer.request.url}: {answer.text}"
        return answer

    async def ask(self, kind: str, path: str, **body: Any) -> dict[str, Any]:
        """Send one request until it is answered, always with the same key, and sometimes once more."""
        headers = {"Idempotency-Key": new_id().hex}
        self.asked.keys[kind] = self.asked.keys.get(kind, 0) + 1
        found = await self.repeat(lambda: self.http.post(path, body, headers=headers))
        self.asked.told.setdefault(kind, []).append(str(found["id"]))
        if self.dice.randrange(10) < TWICE_OF_TEN:
            again = await self.answered(self.http.post(path, body, headers=headers))
            assert again is None or again.json() == found, "the same request has another answer"
        return found

    async def prepare(self, path: str, body: object = None) -> dict[str, Any]:
        """Send one request of the preparation, until it is answered."""
        headers = {"Idempotency-Key": new_id().hex}
        return await self.repeat(lambda: self.http.post(path, body, headers=headers))

    async def get(self, path: str) -> dict[str, Any]:
        """Read until there is an answer."""
        return await self.repeat(lambda: self.http.get(path))

    async def paid(self, payment_id: str) -> None:
        """Pay on the hosted page as soon as it is there, and wait until the site knows it."""
        async with asyncio.timeout(ANSWER_SECONDS * patience()), httpx.AsyncClient(timeout=5, trust_env=False) as page:
            while (payment := await self.get(f"/payments/{payment_id}"))["state"] != "paid":
                if payment["page_url"]:
                    try:
                        await page.post(payment["page_url"], data={"action": "pay", "card": CARD})
                    except httpx.HTTPError:
                        self.asked.failures += 1
                await asyncio.sleep(PAUSE)


@dataclass
class Pair:
    """A client and a freelancer with contracts that nobody has paid yet."""

    customer: Client
    freelancer: Client
    contracts: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    """Milestones whose acceptance was acknowledged."""

    async def agree(self) -> None:
        """Make one more contract."""
        body = {"title": "A shop for bread", "description": "A catalogue and payment by card.", "budget": rub(PRICE)}
        order = await self.customer.prepare("/orders", body)
        await self.customer.prepare(f"/orders/{order['id']}/publish")
        words = ["".join(self.freelancer.dice.choices(ascii_lowercase, k=6)) for _word in range(12)]
        proposal = {"price": rub(PRICE), "term_days": 10, "letter": " ".join(words)}  # letters must not resemble
        sent = await self.freelancer.prepare(f"/orders/{order['id']}/proposals", proposal)
        await self.customer.prepare(f"/proposals/{sent['id']}/accept", {"version": 1})
        listed = await self.customer.get("/contracts")
        self.contracts = [each["id"] for each in listed["items"]]

    async def milestone(self, contract_id: str) -> dict[str, Any]:
        """Return the only milestone of a contract."""
        [found] = (await self.customer.get(f"/contracts/{contract_id}"))["deal"]["milestones"]
        milestone: dict[str, Any] = found
        return milestone

    async def work(self) -> None:
        """Go through all contracts, and move money of the wallet in between."""
        for contract_id in self.contracts:
            await self.deal(contract_id)
            await self.wallet()

    async def deal(self, contract_id: str) -> None:
        """Pay a milestone by card, work on it, submit and accept it."""
        found = await self.milestone(contract_id)
        place = f"/milestones/{found['id']}"
        payment = await self.customer.ask("pay", f"{place}/pay", version=found["version"])
        await self.customer.paid(payment["id"])
        await self.move(contract_id, "start")
        await self.move(contract_id, "submit", answers=[{"text": "Done"}])
        version = (await self.milestone(contract_id))["version"]
        await self.customer.ask("accept", f"{place}/accept", version=version, amount=PRICE)
        self.accepted.append(found["id"])

    async def move(self, contract_id: str, step: str, **body: Any) -> None:
        """Let the freelancer take a step that moves no money: it has no key, so the state tells whether it is done."""
        before = await self.milestone(contract_id)
        async with asyncio.timeout(ANSWER_SECONDS * patience()):
            while (found := await self.milestone(contract_id))["status"] == before["status"]:
                try:
                    await self.freelancer.http.post(
                        f"/milestones/{found['id']}/{step}", {"version": found["version"], **body}
                    )
                except httpx.HTTPError:
                    self.freelancer.asked.failures += 1
                    await asyncio.sleep(PAUSE)

    async def wallet(self) -> None:
        """Pay in, withdraw a part and send a part back to the card."""
        payment = await self.customer.ask("top-up", "/payments", money=rub(TOPPED_UP))
        await self.customer.paid(payment["id"])
        await self.customer.ask("payout", "/payouts", money=rub(WITHDRAWN), card=CARD)
        await self.customer.ask("refund", f"/payments/{payment['id']}/refunds", money=rub(REFUNDED))


async def open_pair(instance: Instance, asked: Asked, dice: random.Random, number: int) -> Pair:
    """Register a client and a freelancer."""
    made: list[Client] = []
    for side in ("customer", "freelancer"):
        person = Client(client_of(instance), asked, dice)
        name = f"{side}{number}"
        await person.prepare("/auth/register", {"username": name, "email": f"{name}@example.com", "password": PASSWORD})
        made.append(person)
    return Pair(made[0], made[1])
