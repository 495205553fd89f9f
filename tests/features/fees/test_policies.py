"""Fee policies are only added: by commands, audited, guarded by the database, and shown to everybody."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.cli.shared import Refusal
from app.core.audit import read_audit
from app.core.money import Currency, MoneyInput
from app.core.resources import Resources
from app.features.contracts import service as contracts
from app.features.fees import service
from app.features.fees.errors import FeePolicyBackdatedError
from app.features.fees.schemas import FeePolicyInput
from app.models import BudgetKind, FeeSide
from tests.factories.commands import OPERATOR, Command
from tests.factories.orders import Market, rub

REASON = ("--reason", "the costs of the provider")


async def fee(resources: Resources, side: FeeSide, **deal: Any) -> service.AppliedPolicy:
    async with resources.read_sessions() as session:
        return await service.policy_for(session, side, service.Deal(currency=Currency.RUB, **deal))


async def test_nothing_is_taken_until_a_policy_is_added(
    command: Command, resources: Resources, client: httpx.AsyncClient
) -> None:
    assert await command("fees", "list") == "Nothing is taken: there is no fee policy."
    assert await fee(resources, FeeSide.FREELANCER) == service.AppliedPolicy(None, service.FeeTerms())
    assert (await client.get("/api/v1/fees", params={"amount": "1000000"})).json() == {
        "items": [],
        "example": {
            "amount": 1_000_000,
            "currency": "RUB",
            "customer_fee": 0,
            "customer_pays": 1_000_000,
            "freelancer_fee": 0,
            "freelancer_receives": 1_000_000,
        },
    }
    assert (await client.get("/fees", headers={"Accept-Language": "en"})).text.count("No fee.") == 2


async def test_a_policy_is_added_audited_and_shown(
    command: Command, resources: Resources, client: httpx.AsyncClient, market: Market
) -> None:
    await market.catalogue()
    added = await command("fees", "add", "freelancer", "--rate", "7.5", "--minimum", "100", "--cap", "5000", *REASON)
    assert "freelancer RUB  any category  7.5 %, minimum 100 RUB, cap 5000 RUB" in added
    await command("fees", "add", "customer", "--rate", "3%", "--tax", "20", *REASON)
    await command("fees", "add", "freelancer", "--rate", "5", "--category", "design", *REASON)
    pair = ("--volume-of", "pair", "--volume-from", "100 000")
    await command("fees", "add", "freelancer", "--rate", "4", *pair, *REASON)
    await command("fees", "add", "freelancer", "--rate", "1", "--valid-from", "2090-01-01", *REASON)
    assert len((await command("fees", "list")).splitlines()) == 5
    async with resources.read_sessions() as session:
        newest, *_ = await read_audit(session, limit=1)
    assert (newest.action, newest.reason) == ("fee_policy.add", REASON[1])
    assert newest.new_values["rate_bp"] == 100

    answer = (await client.get("/api/v1/fees", params={"amount": 1_000_000})).json()
    assert [(it["side"], it["rate_bp"], it["category"]) for it in answer["items"]] == [
        ("customer", 300, None),
        ("freelancer", 750, None),
        ("freelancer", 400, None),
        ("freelancer", 500, "design"),
    ]
    assert (answer["example"]["customer_pays"], answer["example"]["freelancer_receives"]) == (1_030_000, 925_000)
    within = await client.get("/api/v1/fees", params={"amount": 1_000_000, "category": "design"})
    assert within.json()["example"]["freelancer_fee"] == 50_000
    assert (await fee(resources, FeeSide.FREELANCER)).terms.rate_bp == 750
    assert (await fee(resources, FeeSide.FREELANCER, pair_volume=10_000_000)).terms.rate_bp == 400

    page = await client.get("/fees", params={"amount": "20 000"}, headers={"Accept-Language": "en"})
    assert "7.5% in RUB, at least ₽100 for a milestone, at most ₽5,000 for a milestone" in page.text
    assert "once the client has paid ₽100,000 to the freelancer before" in page.text
    assert "3% in RUB, a tax of 20% is contained in it" in page.text
    assert "₽18,500" in page.text
    russian = await client.get("/fees", params={"amount": "20 000"}, headers={"Accept-Language": "ru"})
    assert "не меньше 100\u00a0₽ за этап" in russian.text


async def test_what_is_not_understood_is_said_beside_the_field(client: httpx.AsyncClient) -> None:
    for amount, said in (("abc", "Write an amount such as"), ("0", "Write an amount such as"), ("10.0055", "too many")):
        page = await client.get("/fees", params={"amount": amount}, headers={"Accept-Language": "en"})
        assert page.status_code == 200
        assert said in page.text
    page = await client.get("/fees", params={"category": "nowhere"}, headers={"Accept-Language": "en"})
    assert "There is no category “nowhere”." in page.text
    refused = await client.get("/api/v1/fees", params={"amount": 1, "category": "nowhere"})
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown-fee-category")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--rate", "101"), "rate_bp"),
        (("--rate", "5 apples"), "5 apples is no rate"),
        (("--rate", "0.005"), "is no rate"),
        (("--minimum", "20", "--cap", "10"), "the cap is below the minimum"),
        (("--volume-of", "pair"), "belong together"),
        (("--rate", "5", "--end"), "a policy that ends"),
        (("--cap", "ten"), "Write an amount"),
        (("--category", "nowhere"), "There is no category"),
        (("--valid-from", "2020-01-01"), "still to come"),
        (("--valid-from", "soon"), "is no time"),
        (("--valid-from", "9999-12-31T23:00-12:00"), "is no time"),
        (("--valid-from", "0001-01-01T01:00+12:00"), "is no time"),
    ],
)
async def test_a_policy_that_cannot_be_is_refused(command: Command, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(Refusal, match=said):
        await command("fees", "add", "freelancer", *words, *REASON)
    with pytest.raises(Refusal, match="Say why"):
        await command("fees", "add", "freelancer", "--rate", "5")
    assert await command("fees", "list") == "Nothing is taken: there is no fee policy."


@pytest.mark.parametrize(
    "statement", ["UPDATE fee_policies SET rate_bp = 1", "DELETE FROM fee_policies", "TRUNCATE fee_policies CASCADE"]
)
async def test_the_database_keeps_every_version(market: Market, resources: Resources, statement: str) -> None:
    policy = FeePolicyInput(side=FeeSide.CUSTOMER, rate_bp=500)
    async with market.uow() as work:
        await service.add_policy(work, OPERATOR, policy, reason="test")
    with pytest.raises(DBAPIError, match="append-only"):
        async with resources.sessions() as session:
            await session.execute(text(statement.format("fee_policies")))
    assert (await fee(resources, FeeSide.CUSTOMER)).terms.rate_bp == 500


async def test_a_policy_does_not_reach_back(market: Market) -> None:
    policy = FeePolicyInput.model_validate({"side": "customer", "rate_bp": 500, "valid_from": "2020-01-01T00:00:00Z"})
    async with market.uow() as work:
        with pytest.raises(FeePolicyBackdatedError):
            await service.add_policy(work, OPERATOR, policy, reason="test")


async def test_a_new_policy_is_tried_on_the_contracts_of_the_past(
    market: Market, command: Command, tmp_path: Path
) -> None:
    file = tmp_path / "policy.json"
    policies = [
        {"side": "freelancer", "rate_bp": 1000, "minimum": 10_000},
        {"side": "freelancer", "rate_bp": 500, "volume_of": "pair", "volume_from": 5_000_000},
        {"side": "customer", "rate_bp": 300},
    ]
    file.write_text(json.dumps({"policies": policies}), encoding="utf-8")
    assert await command("fees", "replay", str(file)) == "There are no contracts with an agreed total yet."
    customer, freelancer = await market.person(), await market.person()
    for amount, kind in ((7_000_000, BudgetKind.FIXED), (2_000_000, BudgetKind.FIXED), (1_000_000, BudgetKind.HOURLY)):
        order = await market.order(customer, budget_kind=kind, budget=rub(9_000_000))
        plan = [{"title": "All of it", "amount": amount, "days": 14}]
        proposal = await market.proposal(order, freelancer, milestones=plan, price=MoneyInput(amount=amount))
        async with market.uow() as work:
            await contracts.accept_proposal(work, customer, proposal.id)
    # 10 % of 70,000 and, because the pair then has a volume, 5 % of 20,000; the customer pays 3 % of both.
    assert await command("fees", "replay", str(file)) == (
        "RUB: 2 contracts, agreed 90000 RUB; fees: customer 2700 RUB, freelancer 8000 RUB"
    )
    assert await command("fees", "list") == "Nothing is taken: there is no fee policy."
    for wrong in ("{}", "[", '{"policies": [{"side": "nobody"}]}'):
        file.write_text(wrong, encoding="utf-8")
        with pytest.raises(Refusal, match="cannot be read"):
            await command("fees", "replay", str(file))
    file.write_text(json.dumps({"policies": [{"side": "customer", "category": "nowhere"}]}), encoding="utf-8")
    with pytest.raises(Refusal, match="There is no category"):
        await command("fees", "replay", str(file))


@pytest.mark.parametrize("typed", ["{0}", "{", "{category.__class__}", "no-such"])
async def test_an_unknown_category_is_an_error_of_the_field(client: httpx.AsyncClient, typed: str) -> None:
    page = await client.get("/fees", params={"category": typed}, headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert f"There is no category “{typed}”." in page.text
