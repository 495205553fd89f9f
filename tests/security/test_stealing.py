"""Tries to take money that is somebody else's, or that does not exist: each is refused, and no row of money changes."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import select, text

from app.core.actor import Actor
from app.core.errors import ConflictError
from app.core.ids import new_id
from app.core.money import MAX_AMOUNT, Currency, Money
from app.core.payment_port import PayoutKind
from app.core.unit_of_work import UnitOfWork
from app.features.contracts import service
from app.features.fees.schemas import FeePolicyInput
from app.features.fees.service import add_policy
from app.features.payments import service as payments
from app.features.proposals.errors import OwnOrderError
from app.models import AccountKind, Contract, Deal, FeeSide, LedgerTxn, Payment, PaymentState, TimerKind, VolumeOf
from app.models.deal import MilestoneStatus
from tests.factories.commands import OPERATOR
from tests.factories.deal_commands import reach
from tests.factories.deals import DealScene, make_deal, pay_into_wallet
from tests.factories.orders import Market

type MakeClient = Callable[[], Awaitable[httpx.AsyncClient]]
API = "/api/v1"
PRICE = 100_000
PAID = 1_000_000
STATES = (
    MilestoneStatus.SUBMITTED,
    MilestoneStatus.ACCEPTED,
    MilestoneStatus.REFUNDED,
    MilestoneStatus.REFUND_REQUESTED,
    MilestoneStatus.FUNDED,
    MilestoneStatus.PLANNED,
)
SUBMITTED, ACCEPTED, REFUNDED, ASKED, FUNDED, PLANNED = range(6)
NO_AMOUNTS = (
    "0", "-1", "0.5", "1.0", '"1"', "true", "NaN", str(MAX_AMOUNT + 1), str(10**15), str(2**53 + 1), str(2**63),
    "9" * 5000,
)  # fmt: skip
TABLES = ("deals", "milestones", "releases", "payments", "payouts", "card_refunds", "ledger.transfer", "ledger.balance")
DIGEST = "SELECT '{0}', md5(string_agg(t::text, '' ORDER BY t::text)) FROM {0} t"
ALL_ROWS = text(" UNION ALL ".join(DIGEST.format(name) for name in TABLES))


class Thieves:
    """A deal with a milestone in each state, both its parties, and somebody who belongs to another deal."""

    def __init__(self, scene: DealScene, clients: dict[str, httpx.AsyncClient]) -> None:
        self.scene, self.clients = scene, clients
        self.versions: list[int] = []
        self.tried = 0

    async def rows(self) -> list[Any]:
        async with self.scene.market.uow() as work:
            return [tuple(row) for row in await work.session.execute(ALL_ROWS)]

    async def post(self, who: str, path: str, body: Any, key: str = "") -> httpx.Response:
        """Send a body, which may be a text that is no JSON of ours."""
        content = body if isinstance(body, str) else json.dumps(body)
        headers = {"Idempotency-Key": key or new_id().hex, "Content-Type": "application/json"}
        return await self.clients[who].post(f"{API}{path}", content=content, headers=headers)

    async def fails(self, who: str, path: str, body: Any, *statuses: int, key: str = "") -> None:
        """Try something; it must be refused, and change nothing."""
        before = await self.rows()
        answer = await self.post(who, path, body, key)
        shown = (who, path, str(body)[:100], answer.status_code, answer.text[:300])
        assert answer.status_code in (statuses or (400, 403, 404, 409, 422)), shown
        assert await self.rows() == before, shown
        self.tried += 1

    def milestone(self, place: int, action: str) -> str:
        return f"/milestones/{self.scene.milestones[place]}/{action}"


async def people(scene: DealScene, new_client: MakeClient, **more: Actor) -> dict[str, httpx.AsyncClient]:
    """Sign in both parties and others."""
    named = {"customer": scene.customer, "freelancer": scene.freelancer} | more
    return {name: await scene.market.sign_in(await new_client(), actor) for name, actor in named.items()}


@pytest_asyncio.fixture(loop_scope="session")
async def thieves(market: Market, new_client: MakeClient) -> Thieves:
    parts = [{"title": f"Part {number}", "amount": PRICE, "days": 1} for number in range(1, len(STATES) + 1)]
    price = {"amount": PRICE * len(STATES), "currency": "RUB"}
    scene = await make_deal(market, paid=PAID, milestones=parts, price=price, term_days=30)
    for place, state in enumerate(STATES):
        await reach(scene, state, place)
    other = await make_deal(market)
    await other.submitted()
    made = Thieves(scene, await people(scene, new_client, stranger=other.customer, other=other.freelancer))
    made.versions = [(await scene.milestone(place)).version for place in range(len(STATES))]
    return made


async def test_amounts_that_are_none(thieves: Thieves) -> None:
    version = thieves.versions[SUBMITTED]
    change = '{{"changes": [{{"title": "More", "amount": {0}, "days": 1, "checklist": ["More"]}}]}}'
    money = '{{"money": {{"amount": {0}, "currency": "RUB"}}'
    for amount in NO_AMOUNTS:
        for action, who, place in (
            ("accept", "customer", SUBMITTED),
            ("bonus", "customer", SUBMITTED),
            ("ask-refund", "customer", FUNDED),
        ):
            seen = thieves.versions[place]
            body = f'{{"version": {seen}, "amount": {amount}' + (', "reason": "Mine"}' if action[0] == "a" else "}")
            if action == "accept":
                body = f'{{"version": {version}, "amount": {amount}}}'
            await thieves.fails(who, thieves.milestone(place, action), body)
        await thieves.fails(
            "freelancer", f"/contracts/{thieves.scene.contract_id}/change-orders", change.format(amount)
        )
        await thieves.fails("customer", "/payments", money.format(amount) + "}")
        await thieves.fails("customer", "/payouts", money.format(amount) + ', "card": "4242424242424242"}')
        await thieves.fails("customer", f"/payments/{new_id()}/refunds", money.format(amount) + "}")
    for line in (-1, 1, 29, 30, 2**63):
        await thieves.fails(
            "customer", thieves.milestone(SUBMITTED, "accept"), {"version": version, "lines": [line]}, 422
        )
    assert thieves.tried > 80


async def test_more_than_there_is(thieves: Thieves) -> None:
    seen = thieves.versions
    for amount in (PRICE + 1, MAX_AMOUNT):
        body: dict[str, Any] = {"version": seen[SUBMITTED], "amount": amount}
        await thieves.fails("customer", thieves.milestone(SUBMITTED, "accept"), body, 422)
        body = {"version": seen[FUNDED], "amount": amount, "reason": "Mine"}
        await thieves.fails("customer", thieves.milestone(FUNDED, "ask-refund"), body, 422)
    left = await thieves.scene.wallet(thieves.scene.customer)
    for amount in (left + 1, MAX_AMOUNT):
        body = {"version": seen[ACCEPTED], "amount": amount}
        await thieves.fails("customer", thieves.milestone(ACCEPTED, "bonus"), body, 409)
    for who, amount in (("customer", left + 1), ("freelancer", 1_000), ("freelancer", PRICE)):
        for currency in ("RUB", "USD", "KZT"):  # what the freelancer has still ripens; nobody has other currencies
            body = {"money": {"amount": amount, "currency": currency}, "card": "4242424242424242"}
            await thieves.fails(who, "/payouts", body, 409, 422)


async def test_the_same_money_twice(thieves: Thieves) -> None:
    seen = thieves.versions
    answers = [{"text": "Done"}]
    for place in (ACCEPTED, REFUNDED):
        body = {"version": seen[place]}
        for who, action, more in (
            ("customer", "accept", {}),
            ("customer", "ask-refund", {"reason": "Mine"}),
            ("customer", "fund", {}),
            ("customer", "pay", {}),
            ("customer", "withdraw-refund", {}),
            ("freelancer", "return-money", {}),
            ("freelancer", "answer-refund", {"agree": True}),
            ("freelancer", "submit", {"answers": answers}),
        ):
            await thieves.fails(who, thieves.milestone(place, action), body | more, 409)
    await thieves.fails("customer", thieves.milestone(FUNDED, "fund"), {"version": seen[FUNDED]}, 409)
    key = new_id().hex
    body = {"version": seen[SUBMITTED], "amount": 1}
    first = await thieves.post("customer", thieves.milestone(SUBMITTED, "accept"), body, key)
    assert (first.status_code, first.json()["released"]) == (200, 1)
    before = await thieves.rows()
    again = await thieves.post("customer", thieves.milestone(SUBMITTED, "accept"), body, key)
    assert (again.json(), await thieves.rows()) == (first.json(), before)
    path = thieves.milestone(SUBMITTED, "accept")
    await thieves.fails("customer", path, body | {"amount": PRICE - 1}, 422, key=key)
    await thieves.fails("customer", path, {"version": seen[SUBMITTED] + 1, "amount": 1}, 422, key=key)
    await thieves.fails("customer", thieves.milestone(SUBMITTED, "bonus"), body, 422, key=key)
    await thieves.fails("customer", path, body, 409)
    await thieves.fails("customer", path, {"amount": 1}, 422)
    await thieves.fails("stranger", path, body, 404, key=key)
    for without in ("fund", "accept", "return-money", "bonus", "answer-refund", "pay"):
        for who in ("customer", "freelancer"):
            answer = await thieves.clients[who].post(f"{API}{thieves.milestone(PLANNED, without)}", json={"version": 1})
            assert answer.status_code in {400, 422}


async def test_what_belongs_to_others(thieves: Thieves) -> None:
    scene, seen = thieves.scene, thieves.versions
    made = await thieves.post(
        "freelancer",
        f"/contracts/{scene.contract_id}/change-orders",
        {"changes": [{"title": "More", "amount": 1, "days": 1, "checklist": ["More"]}]},
    )
    order = f"/change-orders/{made.json()['id']}"
    more: dict[str, Any] = {"amount": 1, "reason": "Mine", "agree": True, "answers": [{"text": "Done"}]}
    needs = {
        "fund": (), "pay": (), "start": (), "submit": ("answers",), "accept": (), "ask-refund": ("reason",),
        "withdraw-refund": (), "answer-refund": ("agree",), "return-money": (), "bonus": ("amount",),
    }  # fmt: skip
    by_customer = {"fund", "pay", "accept", "ask-refund", "withdraw-refund", "bonus"}
    for action, names in needs.items():
        for place, version in enumerate(seen):
            body = {"version": version} | {name: more[name] for name in names}
            await thieves.fails("stranger", thieves.milestone(place, action), body, 404)
            await thieves.fails("other", thieves.milestone(place, action), body, 404)
            wrong = "freelancer" if action in by_customer else "customer"
            await thieves.fails(wrong, thieves.milestone(place, action), body, 403)
    for action in ("pause", "resume", "end"):
        await thieves.fails("stranger", f"/contracts/{scene.contract_id}/{action}", {}, 404)
    await thieves.fails("stranger", f"{order}/answer", {"agree": True}, 404)
    await thieves.fails("stranger", f"{order}/withdraw", {}, 404)
    await thieves.fails("freelancer", f"{order}/answer", {"agree": True}, 403)
    await thieves.fails("customer", f"{order}/withdraw", {}, 403)
    async with scene.market.uow() as work:
        payment = await payments.open_payment(work, scene.customer.id, Money(500, Currency.RUB))
        txns = list(await work.session.scalars(select(LedgerTxn.id).where(LedgerTxn.contract_id == scene.contract_id)))
    for path in (f"/payments/{payment.id}", f"/contracts/{scene.contract_id}", f"/transparency/receipts/{txns[0]}"):
        for who in ("stranger", "other"):
            assert (await thieves.clients[who].get(f"{API}{path}")).status_code == 404, path
    refund = {"money": {"amount": 1, "currency": "RUB"}}
    await thieves.fails("stranger", f"/payments/{payment.id}/refunds", refund, 404)
    await thieves.fails("stranger", f"/payments/{payment.id}/cancel", {}, 404)


async def test_fields_that_nobody_asked_for(thieves: Thieves) -> None:
    body = {"version": thieves.versions[SUBMITTED], "amount": 1}
    for name in ("released", "customer_id", "freelancer_id", "fee", "currency", "kind", "side", "actor_id"):
        await thieves.fails("customer", thieves.milestone(SUBMITTED, "accept"), body | {name: "1"}, 422)
    money = {"money": {"amount": 100, "currency": "RUB"}}
    for name in ("purpose", "purpose_id", "user_id", "state", "refunded"):
        await thieves.fails("customer", "/payments", money | {name: str(new_id())}, 422)
    forged = json.dumps({"type": "payment.succeeded", "object": {"id": "1", "amount": PAID}})
    for headers in ({}, {"webhook-id": "1", "webhook-timestamp": "1", "webhook-signature": "v1,Zm9yZ2Vk"}):
        before = await thieves.rows()
        client = thieves.clients["customer"]
        answer = await client.post("/webhooks/payments/sandbox", content=forged, headers=headers)
        assert (answer.status_code, await thieves.rows()) == (403, before)


async def test_changes_of_the_work_make_no_money(thieves: Thieves) -> None:
    scene = thieves.scene
    path = f"/contracts/{scene.contract_id}/change-orders"
    foreign = await make_deal(scene.market, paid=PAID)

    def changed(milestone_id: UUID, amount: int) -> dict[str, Any]:
        return {"id": str(milestone_id), "title": "Changed", "amount": amount, "days": 1, "checklist": ["Changed"]}

    for changes in (
        [changed(foreign.milestones[0], 1)],
        [changed(scene.milestones[SUBMITTED], 1)],
        [changed(scene.milestones[ACCEPTED], 2 * PRICE)],
        [changed(scene.milestones[REFUNDED], 1)],
        [changed(scene.milestones[ASKED], 1)],
        [changed(scene.milestones[FUNDED], 1), changed(scene.milestones[FUNDED], 2)],
        [changed(scene.milestones[PLANNED], 1)] * 41,
    ):
        await thieves.fails("customer", path, {"changes": changes}, 422)
    dear = await thieves.post("freelancer", path, {"changes": [changed(scene.milestones[FUNDED], MAX_AMOUNT)]})
    order = f"/change-orders/{dear.json()['id']}"
    await thieves.fails("freelancer", f"{order}/answer", {"agree": True}, 403)
    await thieves.fails("customer", f"{order}/answer", {"agree": True}, 409)
    await thieves.fails("freelancer", path, {"changes": [changed(scene.milestones[FUNDED], 1)]}, 409)
    assert (await thieves.post("freelancer", f"{order}/withdraw", {})).status_code == 200
    await thieves.fails("customer", f"{order}/answer", {"agree": True}, 409)
    cheap = await thieves.post("customer", path, {"changes": [changed(scene.milestones[FUNDED], 1)]})
    order = f"/change-orders/{cheap.json()['id']}"
    assert (await thieves.post("freelancer", f"{order}/answer", {"agree": True})).status_code == 200
    assert await scene.escrow(FUNDED) == (1, 0)
    await thieves.fails("freelancer", f"{order}/answer", {"agree": True}, 409)


async def test_clocks_that_protect_somebody_cannot_be_stopped(thieves: Thieves) -> None:
    scene = thieves.scene
    await thieves.fails("customer", f"/contracts/{scene.contract_id}/pause", {}, 409)
    await thieves.fails("freelancer", f"/contracts/{scene.contract_id}/pause", {}, 409)
    ended = await thieves.post("customer", f"/contracts/{scene.contract_id}/end", {})
    assert ended.json()["status"] == "closing"
    assert (await scene.milestone(SUBMITTED)).status is MilestoneStatus.SUBMITTED
    assert await scene.escrow(SUBMITTED) == (PRICE, 0)
    waiting = await scene.timer_ids(TimerKind.REVIEW)
    assert len(waiting) == 3, "of two milestones of this deal, one of which is accepted, and of another deal"


async def test_nobody_hires_himself_but_by_a_second_account(market: Market) -> None:
    person = await market.person()
    order = await market.order(person)
    with pytest.raises(OwnOrderError):
        await market.proposal(order, person)


async def test_fees_cannot_be_rounded_away(market: Market) -> None:
    async with market.uow() as work:
        command = FeePolicyInput(side=FeeSide.FREELANCER, rate_bp=400)
        await add_policy(work, OPERATOR, command, reason="test")
    price = 120
    scene = await make_deal(market, milestones=[], price={"amount": price, "currency": "RUB"})
    await scene.submitted()
    for _kopeck in range(price):  # each alone has a fee of 0.04 kopecks
        async with market.uow() as work:
            await service.accept_milestone(work, scene.customer, scene.milestones[0], amount=1)
    assert await scene.holds(AccountKind.FEE_INCOME) == 5
    assert await scene.holds(AccountKind.MATURING, scene.freelancer.id) == price - 5


async def test_a_lower_fee_is_not_agreed_but_paid_for(market: Market) -> None:
    async with market.uow() as work:
        for given in ({"rate_bp": 1_000}, {"rate_bp": 1, "volume_of": VolumeOf.PAIR, "volume_from": PRICE}):
            policy = FeePolicyInput.model_validate({"side": FeeSide.FREELANCER} | given)
            await add_policy(work, OPERATOR, policy, reason="test")
    first = await make_deal(market, paid=PRICE, milestones=[], price={"amount": PRICE, "currency": "RUB"})

    async def next_rate() -> int:
        """Agree on another contract of the two, which nobody has to pay; return its fee."""
        order = await market.order(first.customer)
        proposal = await market.proposal(order, first.freelancer)
        async with market.uow() as work:
            await service.accept_proposal(work, first.customer, proposal.id)
        async with market.uow() as work:
            statement = select(Deal).join(Contract, Contract.id == Deal.contract_id)
            made = (await work.session.execute(statement.where(Contract.order_id == order.id))).scalar_one()
            return int(made.freelancer_fee["rate_bp"])

    await first.submitted()
    assert [await next_rate() for _contract in range(2)] == [1_000, 1_000], "seven times the volume, and nothing paid"
    async with market.uow() as work:
        await service.accept_milestone(work, first.customer, first.milestones[0], amount=PRICE - 1)
    assert await next_rate() == 1_000
    async with market.uow() as work:
        await service.accept_milestone(work, first.customer, first.milestones[0])
    assert await next_rate() == 1


@pytest.mark.parametrize("amount", [0, -1, -PRICE])
async def test_a_negative_amount_is_refused_behind_the_forms_too(thieves: Thieves, amount: int) -> None:
    scene = thieves.scene
    before = await thieves.rows()
    order = payments.PayoutOrder(
        user_id=scene.customer.id,
        money=Money(amount, Currency.RUB),
        kind=PayoutKind.CARD,
        destination=payments.Destination(card="4242424242424242"),
    )
    tries: tuple[Callable[[UnitOfWork], Awaitable[object]], ...] = (
        lambda work: service.pay_bonus(work, scene.customer, scene.milestones[SUBMITTED], amount),
        lambda work: service.accept_milestone(work, scene.customer, scene.milestones[SUBMITTED], amount=amount),
        lambda work: payments.open_payout(work, order),
        lambda work: payments.open_payment(work, scene.customer.id, Money(amount, Currency.RUB)),
    )
    for attempt in tries:
        with pytest.raises(Exception):  # noqa: B017, PT011 - by a rule, by the ledger or by a constraint
            async with scene.market.uow() as work:
                await attempt(work)
    assert await thieves.rows() == before


async def test_the_same_money_at_the_same_instant(live_market: Market) -> None:
    market, scene = live_market, await make_deal(live_market, paid=1_000)
    rich = scene.customer

    def pay_out(work: UnitOfWork) -> Awaitable[object]:
        order = payments.PayoutOrder(
            user_id=rich.id,
            money=Money(600, Currency.RUB),
            kind=PayoutKind.CARD,
            destination=payments.Destination(card="4242424242424242"),
        )
        return payments.open_payout(work, order)

    async def attempt(run: Callable[[UnitOfWork], Awaitable[object]]) -> bool:
        try:
            async with market.uow() as work:
                await run(work)
        except ConflictError:
            return False
        return True

    assert sum(await asyncio.gather(*(attempt(pay_out) for _number in range(8)))) == 1
    assert await scene.wallet(rich) == 400
    async with market.uow() as work:
        await pay_into_wallet(work, rich, 600)
        paid = await payments.open_payment(work, rich.id, Money(1_000, Currency.RUB))
        paid.state = PaymentState.PAID
    refund = [
        attempt(lambda work: payments.open_refund(work, rich.id, paid.id, Money(400, Currency.RUB))) for _ in range(8)
    ]
    assert sum(await asyncio.gather(*refund)) == 2, "twice 400 of a payment of 1,000"
    assert await scene.wallet(rich) == 200
    async with market.uow() as work:
        stored = await work.session.get(Payment, paid.id)
        assert stored is not None
        assert stored.refunded == 800
        await pay_into_wallet(work, rich, 3_000_000)
    both = [attempt(partial(service.fund_milestone, actor=rich, milestone_id=key)) for key in scene.milestones * 4]
    assert sum(await asyncio.gather(*both)) == 1
    assert await scene.wallet(rich) == 200
