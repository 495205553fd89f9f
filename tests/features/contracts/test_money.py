"""What each step of a deal moves in the ledger: fees, parts, refunds and bonuses, to the kopeck."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from app.core.money import Currency, Money
from app.features.contracts import service
from app.features.contracts.errors import InvalidDealAmountError, InvalidSubmissionError, MilestoneChangedError
from app.features.contracts.repository import ContractRepository
from app.features.contracts.schemas import RefundAnswer, RefundAsk
from app.features.fees.rules import FeeTerms, total_fee
from app.features.fees.schemas import FeePolicyInput
from app.features.fees.service import add_policy
from app.features.ledger.errors import InsufficientFundsError
from app.models import (
    AccountKind,
    Contract,
    DealEntry,
    DealStatus,
    FeeSide,
    Milestone,
    MilestoneStatus,
    Release,
    TimerKind,
)
from tests.factories.commands import OPERATOR
from tests.factories.deals import DealScene, make_deal
from tests.factories.orders import Market

PRICE = 3_000_000
PAID = 20_000_000
CUSTOMER = FeeTerms(rate_bp=333, minimum=700, tax_bp=2000)
FREELANCER = FeeTerms(rate_bp=777, cap=200_000, tax_bp=2000)


@pytest.fixture(name="with_fees")
def fees_of_both(market: Market) -> Callable[[], Awaitable[None]]:
    """Set fees of both sides that never come out even."""

    async def set_fees() -> None:
        async with market.uow() as work:
            for side, terms in ((FeeSide.CUSTOMER, CUSTOMER), (FeeSide.FREELANCER, FREELANCER)):
                command = FeePolicyInput(
                    side=side, rate_bp=terms.rate_bp, minimum=terms.minimum, cap=terms.cap, tax_bp=terms.tax_bp
                )
                await add_policy(work, OPERATOR, command, reason="test")

    return set_fees


async def whole(scene: DealScene) -> int:
    """Return everything that the ledger holds for anybody, which is what was paid in."""
    held = [await scene.wallet(person) for person in (scene.customer, scene.freelancer)]
    held += [sum(await scene.escrow(place)) for place in range(len(scene.milestones))]
    held.append(await scene.holds(AccountKind.MATURING, scene.freelancer.id))
    held += [await scene.holds(kind) for kind in (AccountKind.FEE_INCOME, AccountKind.TAX_PAYABLE)]
    return sum(held)


async def test_terms_are_frozen_and_every_part_is_a_milestone(market: Market) -> None:
    scene = await make_deal(market)
    deal, (first, second) = await scene.deal(), [await scene.milestone(place) for place in (0, 1)]
    assert (deal.status, deal.terms_version, deal.settings["acceptance_days"]) == (DealStatus.AWAITING_FUNDING, 1, 14)
    assert (first.title, first.amount, first.checklist) == ("Catalogue", PRICE, ["Catalogue"])
    assert (second.number, second.amount, second.status) == (2, 4_000_000, MilestoneStatus.PLANNED)
    whole_price = await make_deal(market, milestones=[])
    only = await whole_price.milestone()
    assert (only.title, only.amount, only.days) == ("Интернет-магазин для пекарни", 7_000_000, 14)


async def test_acceptance_in_parts_takes_the_same_fees_as_at_once(
    market: Market, with_fees: Callable[[], Awaitable[None]]
) -> None:
    await with_fees()
    scene = await make_deal(market, paid=PAID)
    await scene.submitted()
    fee, own = total_fee(CUSTOMER, PRICE), total_fee(FREELANCER, PRICE)
    assert await scene.escrow() == (PRICE, fee)
    assert await scene.wallet(scene.customer) == PAID - PRICE - fee
    for part in (1, 999_999, 333_333, None):
        async with market.uow() as work:
            await service.accept_milestone(work, scene.customer, scene.milestones[0], amount=part)
        assert await whole(scene) == PAID
    assert await scene.escrow() == (0, 0)
    assert (await scene.milestone()).status is MilestoneStatus.ACCEPTED
    income = await scene.holds(AccountKind.FEE_INCOME) + await scene.holds(AccountKind.TAX_PAYABLE)
    assert income == fee + own
    assert await scene.holds(AccountKind.MATURING, scene.freelancer.id) == PRICE - own
    assert await scene.wallet(scene.freelancer) == 0
    await scene.sweep(TimerKind.SECURITY)
    assert await scene.wallet(scene.freelancer) == PRICE - own
    assert await scene.sweep(TimerKind.SECURITY) == 0
    assert await whole(scene) == PAID


async def test_lines_of_the_checklist_are_worth_equal_parts(market: Market) -> None:
    scene = await make_deal(market)
    await scene.set_checklist(["One", "Two", "Three"])
    await scene.submitted()
    async with market.uow() as work:
        with pytest.raises(InvalidSubmissionError):
            await service.accept_milestone(work, scene.customer, scene.milestones[0], lines=[3])
        with pytest.raises(InvalidSubmissionError):  # the lines are worth more than the amount
            await service.accept_milestone(work, scene.customer, scene.milestones[0], amount=1, lines=[0, 1, 2])
    for lines, released in (([1], 1_000_000), ([1], 1_000_000), ([0, 1], 2_000_000), ([2], PRICE)):
        async with market.uow() as work:
            await service.accept_milestone(work, scene.customer, scene.milestones[0], lines=lines)
        assert (await scene.milestone()).released == released
    assert (await scene.milestone()).status is MilestoneStatus.ACCEPTED


async def test_refunds_give_the_rest_of_the_fee_back(market: Market, with_fees: Callable[[], Awaitable[None]]) -> None:
    await with_fees()
    scene = await make_deal(market, paid=PAID)
    await scene.fund()
    async with market.uow() as work:
        ask = RefundAsk(version=2, amount=PRICE + 1, reason="Too much")
        with pytest.raises(InvalidDealAmountError):
            await service.ask_refund(work, scene.customer, scene.milestones[0], ask)
    async with market.uow() as work:
        ask = RefundAsk(version=2, amount=1_234_567, reason="A smaller catalogue")
        await service.ask_refund(work, scene.customer, scene.milestones[0], ask)
    async with market.uow() as work:
        await service.answer_refund(work, scene.freelancer, scene.milestones[0], RefundAnswer(version=3, agree=True))
    left = PRICE - 1_234_567
    assert (await scene.milestone()).status is MilestoneStatus.IN_WORK
    assert await scene.escrow() == (left, total_fee(CUSTOMER, left))
    await scene.submit()
    async with market.uow() as work:
        await service.accept_milestone(work, scene.customer, scene.milestones[0], amount=700_001)
    async with market.uow() as work:
        await service.return_money(work, scene.freelancer, scene.milestones[0])
    assert await scene.escrow() == (0, 0)
    kept = 700_001 + total_fee(CUSTOMER, 700_001)
    assert await scene.wallet(scene.customer) == PAID - kept
    assert (await scene.milestone()).status is MilestoneStatus.REFUNDED
    assert await whole(scene) == PAID


async def test_a_poor_wallet_changes_nothing(market: Market) -> None:
    scene = await make_deal(market, paid=PRICE - 1)
    async with market.uow() as work:
        with pytest.raises(InsufficientFundsError):
            await service.fund_milestone(work, scene.customer, scene.milestones[0])
        await work.session.rollback()
    assert (await scene.milestone()).status is MilestoneStatus.PLANNED
    assert await scene.wallet(scene.customer) == PRICE - 1
    assert (await scene.deal()).status is DealStatus.AWAITING_FUNDING


async def test_a_payment_pays_the_amount_it_was_started_for_and_once(market: Market) -> None:
    scene = await make_deal(market, paid=PRICE)
    async with market.uow() as work:
        _milestone, due = await service.start_funding(work, scene.customer, scene.milestones[0])
    assert due == Money(PRICE, Currency.RUB)
    for paid, taken in ((Money(PRICE - 1, Currency.RUB), False), (due, True), (due, False)):
        async with market.uow() as work:
            assert await service.funding_paid(work, scene.milestones[0], paid) is taken
    assert await scene.escrow() == (PRICE, 0)
    assert await scene.wallet(scene.customer) == 0
    assert (await scene.deal()).status is DealStatus.ACTIVE
    async with market.uow() as work:
        await service.start_funding(work, scene.customer, scene.milestones[1])
    async with market.uow() as work:
        assert await service.funding_failed(work, scene.milestones[1])
    assert (await scene.milestone(1)).status is MilestoneStatus.PLANNED


async def test_a_bonus_costs_both_sides_the_frozen_fees(
    market: Market, with_fees: Callable[[], Awaitable[None]]
) -> None:
    await with_fees()
    scene = await make_deal(market, paid=PAID)
    await scene.fund()
    before = await scene.wallet(scene.customer)
    fee, own = total_fee(CUSTOMER, 50_000), total_fee(FREELANCER, 50_000)
    async with market.uow() as work:
        await service.pay_bonus(work, scene.customer, scene.milestones[0], 50_000, 2)
    async with market.uow() as work:
        with pytest.raises(MilestoneChangedError):
            await service.pay_bonus(work, scene.customer, scene.milestones[0], 50_000, 2)
    assert await scene.wallet(scene.customer) == before - 50_000 - fee
    await scene.sweep(TimerKind.SECURITY)
    assert await scene.wallet(scene.freelancer) == 50_000 - own
    assert await scene.holds(AccountKind.FEE_INCOME) + await scene.holds(AccountKind.TAX_PAYABLE) == fee + own
    assert await whole(scene) == PAID


async def test_what_is_split_into_price_and_bonuses_costs_as_much_as_a_price(
    market: Market, with_fees: Callable[[], Awaitable[None]]
) -> None:
    """A price of one rouble with a bonus of all the rest must not be a way round the fees."""
    await with_fees()
    scene = await make_deal(market, paid=PAID, price={"amount": 100, "currency": "RUB"}, milestones=[])
    await scene.submitted()
    async with market.uow() as work:
        await service.pay_bonus(work, scene.customer, scene.milestones[0], 1_234_567)
    async with market.uow() as work:
        await service.accept_milestone(work, scene.customer, scene.milestones[0], amount=50)
    async with market.uow() as work:
        await service.pay_bonus(work, scene.customer, scene.milestones[0], 2_000_000)
    async with market.uow() as work:
        await service.accept_milestone(work, scene.customer, scene.milestones[0])
    paid = 100 + 1_234_567 + 2_000_000
    assert await scene.holds(AccountKind.MATURING, scene.freelancer.id) == paid - total_fee(FREELANCER, paid)
    assert PAID - await scene.wallet(scene.customer) - paid >= total_fee(CUSTOMER, paid)
    assert await whole(scene) == PAID


async def test_bonuses_count_into_the_volume_that_lowers_fees(market: Market) -> None:
    scene = await make_deal(market)
    await scene.submitted()
    async with market.uow() as work:
        await service.accept_milestone(work, scene.customer, scene.milestones[0])
    async with market.uow() as work:
        await service.pay_bonus(work, scene.customer, scene.milestones[0], 7)
        await service.pay_bonus(work, scene.customer, scene.milestones[0], 4)
    async with market.uow() as work:
        contract = await work.session.get(Contract, scene.contract_id)
        assert contract is not None
        volumes = await ContractRepository(work.session).volumes(
            contract.customer_id, contract.freelancer_id, contract.currency, None
        )
    assert (volumes.pair, volumes.freelancer) == (PRICE + 11, PRICE + 11)


async def test_the_last_milestone_closes_the_contract_and_the_timeline_tells_the_ledger(market: Market) -> None:
    scene = await make_deal(market)
    await scene.submitted()
    await scene.fund(1)
    async with market.uow() as work:
        await service.accept_milestone(work, scene.customer, scene.milestones[0])
    assert (await scene.deal()).status is DealStatus.ACTIVE
    async with market.uow() as work:
        await service.return_money(work, scene.freelancer, scene.milestones[1])
    assert (await scene.deal()).status is DealStatus.CLOSED
    async with market.uow() as work:
        statement = select(DealEntry).where(DealEntry.contract_id == scene.contract_id).order_by(DealEntry.id)
        entries = list((await work.session.execute(statement)).scalars())
        releases = list((await work.session.execute(select(Release))).scalars())
    assert [entry.event for entry in entries] == [
        "begun",
        "fund",
        "start",
        "submit",
        "fund",
        "accept",
        "return_money",
        "finish",
    ]
    assert [entry.amount for entry in entries if entry.txn_id] == [PRICE, 4_000_000, PRICE, 4_000_000]
    assert [(made.amount, made.net) for made in releases] == [(PRICE, PRICE)]


@pytest.mark.parametrize("change", [{"released": 1}, {"released": PRICE, "status": "accepted"}, {"refunded": 1}])
async def test_the_database_refuses_a_milestone_that_contradicts_the_ledger(
    market: Market, change: dict[str, Any]
) -> None:
    scene = await make_deal(market)
    await scene.fund()
    async with market.uow() as work:
        await work.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        await work.session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
        await work.session.execute(update(Milestone).where(Milestone.id == scene.milestones[0]).values(change))
        with pytest.raises(DBAPIError, match="another amount than the ledger"):
            await work.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        await work.session.rollback()


async def test_the_database_lets_every_state_of_a_deal_be_committed(market: Market) -> None:
    scene = await make_deal(market)
    await scene.submitted()
    async with market.uow() as work:
        await service.accept_milestone(work, scene.customer, scene.milestones[0], amount=1)
    async with market.uow() as work:
        await service.accept_milestone(work, scene.customer, scene.milestones[0])
        await work.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    async with market.uow() as work:
        rows = list((await work.session.execute(select(Milestone.status))).scalars())
    assert sorted(rows) == [MilestoneStatus.ACCEPTED, MilestoneStatus.PLANNED]
