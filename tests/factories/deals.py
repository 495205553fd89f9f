"""Contracts with a safe deal for tests, created through the use cases."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update

from app.core.actor import Actor
from app.core.ids import new_id
from app.core.money import Currency, Money
from app.core.unit_of_work import UnitOfWork
from app.features.contracts import service
from app.features.contracts.schemas import LineAnswer, SubmissionCreate
from app.features.ledger import service as ledger
from app.models import AccountKind, Contract, Deal, DealTimer, Milestone, NoticeChannel, Submission, TimerKind
from tests.factories.orders import Market

PARTS = [{"title": "Catalogue", "amount": 3_000_000, "days": 7}, {"title": "Payment", "amount": 4_000_000, "days": 7}]


@dataclass(slots=True)
class DealScene:
    """Two parties with a contract of two milestones, and a paid wallet."""

    market: Market
    customer: Actor
    freelancer: Actor
    contract_id: UUID
    milestones: list[UUID]

    async def milestone(self, place: int = 0) -> Milestone:
        """Return a milestone as it is now."""
        async with self.market.uow() as work:
            found = await work.session.get(Milestone, self.milestones[place], populate_existing=True)
            assert found is not None
            return found

    async def deal(self) -> Deal:
        """Return the deal as it is now."""
        async with self.market.uow() as work:
            found = await work.session.get(Deal, self.contract_id, populate_existing=True)
            assert found is not None
            return found

    async def holds(self, kind: AccountKind, owner: UUID | None = None) -> int:
        """Return the balance of an account."""
        async with self.market.uow() as work:
            return await ledger.balance(work.session, ledger.Account(kind, owner), Currency.RUB)

    async def wallet(self, actor: Actor) -> int:
        """Return what a person can use."""
        return await self.holds(AccountKind.WALLET, actor.id)

    async def escrow(self, place: int = 0) -> tuple[int, int]:
        """Return what the ledger holds for a milestone: of its price, and of the fee on it."""
        key = self.milestones[place]
        return await self.holds(AccountKind.ESCROW, key), await self.holds(AccountKind.FEE_HOLD, key)

    async def fund(self, place: int = 0) -> None:
        """Pay a milestone from the wallet."""
        async with self.market.uow() as work:
            await service.fund_milestone(work, self.customer, self.milestones[place])

    async def start(self, place: int = 0) -> None:
        """Pay a milestone and start work on it."""
        await self.fund(place)
        async with self.market.uow() as work:
            await service.start_milestone(work, self.freelancer, self.milestones[place])

    async def submit(self, place: int = 0) -> Submission:
        """Submit work on a milestone that is in work."""
        milestone = await self.milestone(place)
        answers = [LineAnswer(text=f"Done: {line}") for line in milestone.checklist]
        command = SubmissionCreate(version=milestone.version, answers=answers)
        async with self.market.uow() as work:
            made, _milestone = await service.submit_work(work, self.freelancer, milestone.id, command)
            return made

    async def submitted(self, place: int = 0) -> Submission:
        """Pay a milestone and submit work on it."""
        await self.start(place)
        return await self.submit(place)

    async def set_checklist(self, lines: list[str], place: int = 0) -> None:
        """Give a milestone a checklist, as a signed change of the work would."""
        async with self.market.uow() as work:
            statement = update(Milestone).where(Milestone.id == self.milestones[place]).values(checklist=lines)
            await work.session.execute(statement)

    async def notify(self, submission: Submission, *, delivered: bool = True) -> None:
        """Record three messages to the client in two ways."""
        async with self.market.uow() as work:
            for number, channel in enumerate((NoticeChannel.SITE, NoticeChannel.MAIL, NoticeChannel.SITE)):
                arrived = delivered and channel is NoticeChannel.MAIL
                await service.record_notice(work, submission.id, channel, number, delivered=arrived)

    async def ripen(self, *kinds: TimerKind) -> None:
        """Move the times of timers into the past, as if the days had gone by."""
        async with self.market.uow() as work:
            past = func.now() - text("interval '1 second'")
            statement = update(DealTimer).where(DealTimer.kind.in_(kinds)).values(due_at=past, look_at=past)
            await work.session.execute(statement)

    async def sweep(self, *kinds: TimerKind) -> int:
        """Fire what is due, after the timers of these kinds were moved into the past."""
        await self.ripen(*kinds)
        fired = 0
        async with self.market.uow() as work:
            due = await service.due_timers(work)
        for key in due:
            async with self.market.uow() as work:
                fired += await service.fire_timer(work, key)
        return fired

    async def timer_ids(self, kind: TimerKind) -> list[UUID]:
        """Return the timers of a kind."""
        async with self.market.uow() as work:
            return list((await work.session.execute(select(DealTimer.id).where(DealTimer.kind == kind))).scalars())


async def pay_into_wallet(work: UnitOfWork, actor: Actor, amount: int) -> None:
    """Record a deposit."""
    entry = ledger.templates.deposit(provider="sandbox", customer_id=actor.id, amount=Money(amount, Currency.RUB))
    now = (await work.session.execute(select(func.now()))).scalar_one()
    await ledger.post(work, entry, key=f"deposit:{new_id()}", effective_at=now - timedelta(0))


async def make_deal(market: Market, *, paid: int = 20_000_000, **fields: Any) -> DealScene:
    """Agree on a contract with two milestones; the client's wallet holds `paid`."""
    customer, freelancer = await market.person(), await market.person()
    order = await market.order(customer)
    proposal = await market.proposal(order, freelancer, **({"milestones": PARTS} | fields))
    async with market.uow() as work:
        await service.accept_proposal(work, customer, proposal.id)
        if paid:
            await pay_into_wallet(work, customer, paid)
    async with market.uow() as work:
        contract = (await work.session.execute(select(Contract).where(Contract.order_id == order.id))).scalar_one()
        rows = select(Milestone.id).where(Milestone.contract_id == contract.id).order_by(Milestone.number)
        milestones = list((await work.session.execute(rows)).scalars())
    return DealScene(market, customer, freelancer, contract.id, milestones)
