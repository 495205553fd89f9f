"""Requests with one key at once: one of them has an effect, and all get its answer."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import func, select

from app.core.clock import utc_now
from app.core.http.dependencies import Uow
from app.core.http.request_keys import KeyedRequest
from app.core.ids import new_id
from app.core.money import Currency, MoneyInput
from app.core.persistence import request_keys
from app.core.persistence.request_keys import RequestKey
from app.core.resources import Resources
from app.features.authentication.dependencies import CurrentActor
from app.features.ledger import service as ledger
from app.models import AccountKind, LedgerTxn
from tests.factories.orders import Market

TIMES = 40
PAY = "/api/v1/test/pay"


class Paid(BaseModel):
    """The transaction that was recorded."""

    txn: str


@pytest.fixture
def paying_app(live_app: FastAPI) -> FastAPI:
    """The application with a route that moves money."""

    @live_app.post(PAY)
    async def pay(command: MoneyInput, actor: CurrentActor, request_key: KeyedRequest, uow: Uow) -> Paid:
        entry = ledger.templates.deposit(provider="sandbox", customer_id=actor.id, amount=command.to_money())
        posted = await ledger.post(uow, entry, key=f"test:{new_id()}", effective_at=utc_now())
        return request_key.answer(Paid(txn=str(posted.txn_id)))

    return live_app


async def test_forty_equal_requests_have_one_effect(
    paying_app: FastAPI, live_client: httpx.AsyncClient, live_market: Market, live_resources: Resources
) -> None:
    assert live_resources is paying_app.state.resources
    person = await live_market.person()
    await live_market.sign_in(live_client, person)

    async def send(amount: int) -> httpx.Response:
        return await live_client.post(PAY, json={"amount": amount}, headers={"Idempotency-Key": "k-1"})

    answers = await asyncio.gather(*(send(5) for _ in range(TIMES)))
    assert {it.status_code for it in answers} == {200}
    assert len({it.content for it in answers}) == 1
    assert (await send(6)).status_code == 422
    async with live_resources.sessions() as session:
        assert (await session.execute(select(func.count()).select_from(LedgerTxn))).scalar_one() == 1
        wallet = ledger.Account(AccountKind.WALLET, person.id)
        assert await ledger.balance(session, wallet, Currency.RUB) == 5


async def test_a_request_does_not_wait_for_ever_for_its_twin(
    paying_app: FastAPI,
    live_client: httpx.AsyncClient,
    live_market: Market,
    live_resources: Resources,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert live_resources is paying_app.state.resources
    monkeypatch.setattr(request_keys, "WAIT_SECONDS", 0.05)
    person = await live_market.person()
    await live_market.sign_in(live_client, person)
    async with live_resources.sessions() as session:
        session.add(RequestKey(user_id=person.id, key="k-1", route="", digest=b""))
        await session.flush()
        answer = await live_client.post(PAY, json={"amount": 5}, headers={"Idempotency-Key": "k-1"})
        assert (answer.status_code, answer.json()["code"]) == (409, "request-key-busy")
        assert answer.headers["Retry-After"] == "1"
    again = await live_client.post(PAY, json={"amount": 5}, headers={"Idempotency-Key": "k-1"})
    assert again.status_code == 200
