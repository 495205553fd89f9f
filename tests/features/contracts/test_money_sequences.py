"""Random sequences of payments, parts, refunds and changes: what is legal is accepted, and nothing stays held."""

import random
from collections.abc import Awaitable, Callable

import pytest

from app.features.contracts import service
from app.features.contracts.errors import InvalidChangeOrderError
from app.features.contracts.schemas import ChangeOrderCreate, ChangesRequest, LineFault, RefundAnswer, RefundAsk
from app.features.fees.rules import FeeTerms, total_fee
from app.features.fees.schemas import FeePolicyInput
from app.features.fees.service import add_policy
from app.models import FeeSide, MilestoneStatus
from tests.factories.commands import OPERATOR
from tests.factories.deals import PARTS, DealScene, make_deal
from tests.factories.orders import Market

PAID = 900_000_000
FEES = (
    FeeTerms(rate_bp=333, minimum=700, tax_bp=2000),
    FeeTerms(rate_bp=1250, minimum=90_000, cap=260_000, tax_bp=700),
    FeeTerms(rate_bp=9_999, minimum=1),
    FeeTerms(minimum=2_900_000),
)
STEPS = 9
START, SUBMIT, PART, REVISE, REFUND, CHANGE = "start", "submit", "part", "revise", "refund", "change"
POSSIBLE = {
    MilestoneStatus.FUNDED: (START, REFUND, CHANGE, CHANGE),
    MilestoneStatus.IN_WORK: (SUBMIT, SUBMIT, REFUND, CHANGE, CHANGE),
    MilestoneStatus.SUBMITTED: (PART, PART, REVISE, REVISE),
    MilestoneStatus.REVISION: (SUBMIT, CHANGE, CHANGE),
}


class Sequence:
    """One milestone, and a plain account of what is paid in, released and agreed for it."""

    def __init__(self, market: Market, scene: DealScene, chance: random.Random, fee: FeeTerms) -> None:
        self.market, self.scene, self.chance, self.fee = market, scene, chance, fee
        self.key = scene.milestones[0]
        self.price = self.net = 3_000_000
        """The agreed price, and what was paid in without what went back."""
        self.released = 0

    @property
    def held(self) -> int:
        return self.net - self.released

    async def check(self) -> None:
        """Compare the ledger with the account."""
        fee = total_fee(self.fee, self.net) - total_fee(self.fee, self.released)
        assert await self.scene.escrow() == (self.held, fee)
        assert await self.scene.wallet(self.scene.customer) == PAID - self.net - total_fee(self.fee, self.net)

    async def step(self) -> None:
        """Do one of the things that are possible now."""
        state = (await self.scene.milestone()).status
        name = self.chance.choice(POSSIBLE[state])
        steps: dict[str, Callable[[], Awaitable[object]]] = {
            START: self.start,
            SUBMIT: self.scene.submit,
            PART: self.part,
            REVISE: self.revise,
            REFUND: self.refund,
            CHANGE: self.change,
        }
        await steps[name]()
        await self.check()

    async def start(self) -> None:
        async with self.market.uow() as work:
            await service.start_milestone(work, self.scene.freelancer, self.key)

    async def part(self) -> None:
        if self.held > 1:
            part = self.chance.choice((1, self.held - 1, self.chance.randint(1, self.held - 1)))
            async with self.market.uow() as work:
                await service.accept_milestone(work, self.scene.customer, self.key, amount=part)
            self.released += part

    async def revise(self) -> None:
        version = (await self.scene.milestone()).version
        command = ChangesRequest(version=version, lines=[LineFault(line=0, text="Prices")])
        async with self.market.uow() as work:
            await service.request_changes(work, self.scene.customer, self.key, command)

    async def refund(self) -> None:
        if self.held > 1:
            amount = self.chance.choice((1, self.held - 1, self.chance.randint(1, self.held - 1)))
            version = (await self.scene.milestone()).version
            async with self.market.uow() as work:
                ask = RefundAsk(version=version, amount=amount, reason="Less work")
                await service.ask_refund(work, self.scene.customer, self.key, ask)
            async with self.market.uow() as work:
                answer = RefundAnswer(version=version + 1, agree=True)
                await service.answer_refund(work, self.scene.freelancer, self.key, answer)
            self.net -= amount

    async def change(self) -> None:
        """Agree on another price: legal as long as something stays held."""
        least = self.price - self.held + 1
        wanted = self.chance.choice((least - 1, least, self.chance.randint(least, self.price), self.price + 999_999))
        fields = {"id": self.key, "title": "Catalogue", "amount": max(wanted, 1), "days": 7, "checklist": ["Catalogue"]}
        command = ChangeOrderCreate.model_validate({"changes": [fields]})
        if max(wanted, 1) < least:
            async with self.market.uow() as work:
                with pytest.raises(InvalidChangeOrderError):
                    await service.propose_change(work, self.scene.customer, self.scene.contract_id, command)
            return
        async with self.market.uow() as work:
            order = await service.propose_change(work, self.scene.customer, self.scene.contract_id, command)
        async with self.market.uow() as work:
            await service.answer_change(work, self.scene.freelancer, order.id, agree=True)
        self.net += max(wanted, 1) - self.price
        self.price = max(wanted, 1)

    async def end(self) -> None:
        """Accept what is left, or give it back."""
        state = (await self.scene.milestone()).status
        async with self.market.uow() as work:
            if state is MilestoneStatus.SUBMITTED and self.chance.random() < 0.7:
                await service.accept_milestone(work, self.scene.customer, self.key)
                self.released = self.net
            else:
                await service.return_money(work, self.scene.freelancer, self.key)
                self.net = self.released
        await self.check()
        assert await self.scene.escrow() == (0, 0)


@pytest.mark.parametrize("seed", range(4))
async def test_every_legal_change_is_accepted_and_nothing_stays_held(market: Market, seed: int) -> None:
    chance, fee = random.Random(seed), FEES[seed]  # noqa: S311 - a repeatable sequence, no secret
    async with market.uow() as work:
        fields = {"rate_bp": fee.rate_bp, "minimum": fee.minimum, "cap": fee.cap, "tax_bp": fee.tax_bp}
        command = FeePolicyInput.model_validate({"side": FeeSide.CUSTOMER} | fields)
        await add_policy(work, OPERATOR, command, reason="test")
    scene = await make_deal(market, paid=PAID, milestones=PARTS)
    await scene.fund()
    sequence = Sequence(market, scene, chance, fee)
    await sequence.check()
    for _step in range(STEPS):
        await sequence.step()
    await sequence.end()


async def test_a_price_can_be_lowered_twice_and_after_a_refund(market: Market) -> None:
    scene = await make_deal(market, paid=PAID)
    await scene.start()
    sequence = Sequence(market, scene, random.Random(1), FeeTerms())  # noqa: S311 - as above
    async with market.uow() as work:
        ask = RefundAsk(version=3, amount=1_000_000, reason="Less work")
        await service.ask_refund(work, scene.customer, sequence.key, ask)
    async with market.uow() as work:
        await service.answer_refund(work, scene.freelancer, sequence.key, RefundAnswer(version=4, agree=True))
    for amount, legal in ((1_000_000, False), (2_000_000, True), (1_500_000, True), (1_000_001, True)):
        fields = {"id": sequence.key, "title": "Catalogue", "amount": amount, "days": 7, "checklist": ["Catalogue"]}
        command = ChangeOrderCreate.model_validate({"changes": [fields]})
        async with market.uow() as work:
            if not legal:
                with pytest.raises(InvalidChangeOrderError):
                    await service.propose_change(work, scene.customer, scene.contract_id, command)
                continue
            order = await service.propose_change(work, scene.customer, scene.contract_id, command)
        async with market.uow() as work:
            await service.answer_change(work, scene.freelancer, order.id, agree=True)
        assert await scene.escrow() == (amount - 1_000_000, 0)
