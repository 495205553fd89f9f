"""Requests with a key: one effect, and the same answer for every repetition."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from pydantic import BaseModel
from sqlalchemy import func, select

from app.core.audit import AuditEntry, record_audit
from app.core.clock import utc_now
from app.core.errors import ConflictError
from app.core.http.dependencies import PostedForm, Uow
from app.core.http.request_keys import REPLAYED, KeyedRequest, OnceRequired
from app.core.http.submissions import ONCE_FIELD
from app.core.ids import new_id
from app.core.persistence.request_keys import KEEP_REQUEST_KEYS, RequestKey
from app.core.resources import Resources, Sessions
from app.features.authentication.dependencies import CurrentActor
from app.tasks.relay import prune_outbox
from tests.conftest import SignIn

PAY = "/api/v1/test/pay"


class Payment(BaseModel):
    """What is asked for."""

    amount: int


class Paid(BaseModel):
    """What was done."""

    id: UUID
    amount: int


class NoMoneyError(ConflictError):
    """A refusal."""

    code = "test-no-money"
    title = "No money"


class WrongCodeError(NoMoneyError):
    """A refusal whose changes are committed."""

    code = "test-wrong-code"
    commits_on_error = True


@pytest.fixture
def app(new_app: FastAPI) -> FastAPI:
    @new_app.post(PAY, status_code=201)
    async def pay(command: Payment, actor: CurrentActor, request_key: KeyedRequest, uow: Uow) -> Paid:
        record_audit(uow.session, actor, "test.pay", actor.id, new={}, reason="")
        await uow.session.flush()
        if command.amount == 0:
            raise NoMoneyError
        if command.amount < 0:
            raise WrongCodeError
        paid = Paid(id=new_id(), amount=command.amount)
        return paid if command.amount == 13 else request_key.answer(paid)

    @new_app.post("/test/pay")
    async def pay_page(_actor: CurrentActor, _form: PostedForm, _uow: Uow, once: OnceRequired) -> RedirectResponse:
        return once.led_to(RedirectResponse("/test/paid", 303))

    return new_app


async def effects(sessions: Sessions) -> int:
    async with sessions() as session:
        counted = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "test.pay")
        return (await session.execute(counted)).scalar_one()


async def send(client: httpx.AsyncClient, amount: int, key: str = "k-1", path: str = PAY) -> httpx.Response:
    return await client.post(path, json={"amount": amount}, headers={"Idempotency-Key": key})


async def test_a_repetition_gets_the_first_answer(
    client: httpx.AsyncClient, sign_in: SignIn, sessions: Sessions
) -> None:
    await sign_in(client)
    first, again = await send(client, 5), await send(client, 5)
    assert (first.status_code, again.status_code) == (201, 201)
    assert (first.content, REPLAYED in first.headers) == (again.content, False)
    assert (again.headers[REPLAYED], again.headers["content-type"]) == ("true", first.headers["content-type"])
    assert await effects(sessions) == 1
    other = await send(client, 5, "k-2")
    assert other.json()["id"] != first.json()["id"]
    async with sessions() as session:
        stored = (await session.execute(select(RequestKey).where(RequestKey.key == "k-2"))).scalar_one()
    assert (stored.route, stored.status, stored.body) == (f"POST {PAY}", 201, other.content)


async def test_a_key_is_of_one_person(client: httpx.AsyncClient, sign_in: SignIn, sessions: Sessions) -> None:
    for _ in range(2):
        await sign_in(client)
        assert REPLAYED not in (await send(client, 5)).headers
    assert await effects(sessions) == 2


@pytest.mark.parametrize("key", ["", "a b", "x" * 65, "é"])
async def test_a_request_without_a_key_is_refused(client: httpx.AsyncClient, sign_in: SignIn, key: str) -> None:
    await sign_in(client)
    headers: list[tuple[bytes, bytes]] = [(b"Idempotency-Key", key.encode())] if key else []
    answer = await client.post(PAY, json={"amount": 5}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "request-key-missing")


@pytest.mark.parametrize(("amount", "path"), [(6, PAY), (5, f"{PAY}?x=1")])
async def test_a_key_belongs_to_one_request(
    client: httpx.AsyncClient, sign_in: SignIn, sessions: Sessions, amount: int, path: str
) -> None:
    await sign_in(client)
    await send(client, 5)
    answer = await send(client, amount, path=path)
    assert (answer.status_code, answer.json()["code"]) == (422, "request-key-reused")
    assert await effects(sessions) == 1


@pytest.mark.parametrize(("amount", "committed"), [(0, 0), (-1, 1)])
async def test_a_refusal_is_not_an_answer(
    client: httpx.AsyncClient, sign_in: SignIn, sessions: Sessions, amount: int, committed: int
) -> None:
    await sign_in(client)
    for _ in range(2):
        answer = await send(client, amount)
        assert (answer.status_code, REPLAYED in answer.headers) == (409, False)
    assert await effects(sessions) == 2 * committed
    assert (await send(client, 5)).status_code == 201


async def test_a_route_that_keeps_no_answer_does_nothing(
    client: httpx.AsyncClient, sign_in: SignIn, sessions: Sessions
) -> None:
    await sign_in(client)
    assert (await send(client, 13)).status_code == 500
    assert await effects(sessions) == 0


async def test_the_document_tells_of_the_key(app: FastAPI) -> None:
    document: dict[str, Any] = app.openapi()
    told = document["paths"][PAY]["post"]
    assert [it["name"] for it in told["parameters"]] == ["Idempotency-Key"]


async def test_a_form_that_moves_money_has_a_value_of_its_own(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    await sign_in(client)
    typed = {ONCE_FIELD: "v", "amount": "5"}
    answers = [await client.post("/test/pay", data=typed, headers={"Accept": "text/html"}) for _ in range(2)]
    assert [(it.status_code, it.headers["location"]) for it in answers] == [(303, "/test/paid")] * 2
    for value in ("", "x" * 65):
        refused = await client.post("/test/pay", data={ONCE_FIELD: value, "amount": "5"})
        assert (refused.status_code, refused.json()["code"]) == (400, "request-key-missing")


async def test_keys_are_kept_for_thirty_days(client: httpx.AsyncClient, sign_in: SignIn, resources: Resources) -> None:
    await sign_in(client)
    await send(client, 5)
    async with resources.sessions() as session:
        (old,) = (await session.execute(select(RequestKey))).scalars()
        old.created_at = utc_now() - KEEP_REQUEST_KEYS + timedelta(hours=1)
        await session.commit()
        await prune_outbox(resources)
        assert (await session.execute(select(func.count()).select_from(RequestKey))).scalar_one() == 1
        old.created_at = utc_now() - KEEP_REQUEST_KEYS - timedelta(hours=1)
        await session.commit()
        await prune_outbox(resources)
        assert (await session.execute(select(func.count()).select_from(RequestKey))).scalar_one() == 0
