"""Decisions that two people take at the same instant: of a correction, and about terms that a link shows to many."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.core.actor import Actor
from app.core.errors import ConflictError, NotFoundError
from app.core.money import Currency
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork, unit_of_work
from app.features.finance import service as finance
from app.features.finance.schemas import CorrectionCreate
from app.features.hiring import service as hiring
from app.features.hiring.schemas import DirectDealAccept, DirectDealCreate
from app.features.ledger import service as ledger
from app.models import (
    AccountKind,
    Contract,
    CorrectionState,
    DirectDeal,
    DirectDealStatus,
    LedgerCorrection,
    LedgerTxn,
    TxnTemplate,
)
from app.models.user import Role
from tests.factories.deal_racers import TERMS
from tests.factories.orders import Market
from tests.factories.users import actor_for, make_user

ROUNDS = 5
PARTS = [{"title": "Part", "amount": 100_000, "days": 1, "checklist": ["Done"]}]
type UseCase = Callable[[UnitOfWork], Awaitable[object]]


async def staff(resources: Resources, role: Role = Role.FINANCE_APPROVER) -> Actor:
    async with unit_of_work(resources) as work:
        return actor_for(await make_user(work.session, role=role))


async def at_once(resources: Resources, *cases: UseCase) -> list[bool]:
    """Run use cases at the same instant; return which of them were not refused."""

    async def run(case: UseCase) -> bool:
        try:
            async with unit_of_work(resources) as work:
                await case(work)
        except (ConflictError, NotFoundError):
            return False
        return True

    return await asyncio.gather(*map(run, cases))


async def propose(resources: Resources, actor: Actor, **given: object) -> UUID:
    content = {
        "kind": "correction",
        "debit": "loss",
        "credit": "other_income",
        "money": {"amount": 50_00, "currency": "RUB"},
        "reason": "own_mistake",
        "explanation": "Booked to the wrong account.",
        "evidence": "Bank order 17",
    }
    async with unit_of_work(resources) as work:
        return (await finance.propose(work, actor, CorrectionCreate.model_validate(content | given))).id


@pytest.mark.usefixtures("live_market")
async def test_two_who_decide_a_correction_at_once_make_one_entry(live_resources: Resources) -> None:
    first = await staff(live_resources, Role.FINANCE)
    second, third = await staff(live_resources), await staff(live_resources)

    def approving(actor: Actor, key: UUID) -> UseCase:
        return lambda work: finance.approve(work, actor, key)

    executed = 0
    for number in range(ROUNDS):
        key = await propose(live_resources, first)
        cases = [approving(second, key), approving(third, key)] * 2
        if number % 2:
            cases[-1] = lambda work, key=key: finance.refuse(work, first, key)  # type: ignore[misc]
        assert sum(await at_once(live_resources, *cases)) == 1
        async with live_resources.sessions() as session:
            made = await session.get_one(LedgerCorrection, key)
            posted = await ledger.find(session, f"correction:{key}")
        executed += made.state is CorrectionState.EXECUTED
        assert (posted is not None) is (made.state is CorrectionState.EXECUTED)
        assert made.decided_by_id is not None
    async with live_resources.sessions() as session:
        entries = select(func.count()).where(LedgerTxn.template == TxnTemplate.CORRECTION)
        assert await session.scalar(entries) == executed


@pytest.mark.usefixtures("live_market")
async def test_two_reversals_of_one_entry_at_once_reverse_it_once(live_resources: Resources) -> None:
    first, second, third = [await staff(live_resources) for _number in range(3)]
    key = await propose(live_resources, first)
    async with unit_of_work(live_resources) as work:
        posted = (await finance.approve(work, second, key)).txn_id
    undo = [await propose(live_resources, first, kind="reversal", reverses=posted, money=None) for _number in range(2)]
    cases: list[UseCase] = [
        lambda work, actor=actor, key=key: finance.approve(work, actor, key)  # type: ignore[misc]
        for actor, key in zip((second, third), undo, strict=True)
    ]
    assert sum(await at_once(live_resources, *cases)) == 1
    async with live_resources.sessions() as session:
        reversed_once = select(func.count()).where(LedgerTxn.reverses == posted)
        assert await session.scalar(reversed_once) == 1
        assert not (await ledger.check(session)).findings


@pytest.mark.parametrize("side", ["customer", "freelancer"])
async def test_of_those_who_accept_terms_by_a_link_at_once_one_has_a_contract(
    live_resources: Resources, live_market: Market, side: str
) -> None:
    author = await live_market.person()
    others = [await live_market.person() for _number in range(4)]
    for _round in range(ROUNDS):
        command = DirectDealCreate.model_validate(TERMS | {"milestones": PARTS, "side": side})
        async with live_market.uow() as work:
            deal = await hiring.invite(work, author, command)
            link = (await hiring.get_direct_deal(work.session, live_resources.settings, author, deal.id)).link
        assert link is not None
        key = link.partition("?key=")[2]
        cases: list[UseCase] = [
            lambda work, actor=actor, key=key, deal=deal: hiring.accept(  # type: ignore[misc]
                work, actor, deal.id, DirectDealAccept(version=1, key=key)
            )
            for actor in others
        ]
        done = await at_once(live_resources, *cases, lambda work, deal=deal: hiring.withdraw(work, author, deal.id))  # type: ignore[misc]
        assert sum(done) == 1
        async with live_market.uow() as work:
            kept = await work.session.get_one(DirectDeal, deal.id, populate_existing=True)
            made = await work.session.get(Contract, kept.contract_id) if kept.contract_id else None
        if done[-1]:
            assert (kept.status, kept.contract_id) == (DirectDealStatus.WITHDRAWN, None)
            continue
        assert made is not None
        assert {made.customer_id, made.freelancer_id} == {author.id, others[done.index(True)].id}
    async with live_market.uow() as work:
        people = [person.id for person in others]
        contracts = select(func.count()).where(Contract.customer_id.in_(people) | Contract.freelancer_id.in_(people))
        accepted = select(func.count()).where(DirectDeal.contract_id.is_not(None))
        assert await work.session.scalar(contracts) == await work.session.scalar(accepted)
        assert await ledger.balance(work.session, ledger.Account(AccountKind.WALLET, author.id), Currency.RUB) == 0
