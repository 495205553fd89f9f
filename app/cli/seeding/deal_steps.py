"""What the two people of a demonstration deal do, step by step, by the use cases that the pages call."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from app.core.actor import Actor
from app.core.money import Currency, MoneyInput
from app.core.payment_port import PayoutKind
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork, unit_of_work
from app.features.contracts import service as contracts
from app.features.contracts import workflows as timers
from app.features.contracts.schemas import (
    ChangesRequest,
    LineAnswer,
    LineFault,
    MilestoneRead,
    RefundAnswer,
    RefundAsk,
    SubmissionCreate,
)
from app.features.payments import service as payments
from app.features.payments import workflows as provider
from app.features.payments.schemas import CardRefundCreate, PaymentCreate, PayoutCreate
from app.sandbox.context import Context

CARD = "4242424242424242"
"""A trial card on which every payment and withdrawal succeeds."""
MINOR = 100


class DemoStep(BaseModel):
    """What one of the two does; amounts in whole units."""

    model_config = ConfigDict(extra="forbid")

    do: str
    milestone: int = 1
    texts: list[str] = []
    amount: int = 0
    lines: list[int] = []

    @property
    def minor(self) -> int:
        """The amount in minor units."""
        return self.amount * MINOR

    @property
    def money(self) -> MoneyInput:
        """The amount with the currency of the demonstration deals."""
        return MoneyInput(amount=self.minor, currency=Currency.RUB)


@dataclass(slots=True)
class Play:
    """A deal of two people, and the trial provider that takes their payments."""

    resources: Resources
    context: Context
    customer: Actor
    freelancer: Actor
    contract_id: UUID
    paid: list[UUID] = field(default_factory=list[UUID])
    """Payments that have arrived."""

    def work(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a unit of work."""
        return unit_of_work(self.resources)

    async def milestone(self, step: DemoStep) -> MilestoneRead:
        """Return the milestone of a step as it is now."""
        async with self.resources.read_sessions() as session:
            deal = (await contracts.get_contract(session, self.customer, self.contract_id)).deal
        assert deal is not None  # noqa: S101 - an instance with payments begins a deal with each contract
        return deal.milestones[step.milestone - 1]

    async def settle(self, payment_id: UUID) -> None:
        """Pay a payment of the client on the page of the provider, and let the product learn it."""
        await provider.run_operation(self.resources, payment_id)
        async with self.resources.read_sessions() as session:
            asked = await payments.get_payment(session, self.customer, payment_id)
        place = (asked.page_url or "").rpartition("/")[2]
        with self.context.provider.books.transaction():
            self.context.provider.change(place, "succeeded")
        await provider.run_operation(self.resources, payment_id)
        self.paid.append(payment_id)


async def _pay(play: Play, step: DemoStep) -> None:
    found = await play.milestone(step)
    async with play.work() as uow:
        payment = await contracts.pay_milestone(uow, play.customer, found.id)
    await play.settle(payment.id)


async def _start(play: Play, step: DemoStep) -> None:
    found = await play.milestone(step)
    async with play.work() as uow:
        await contracts.start_milestone(uow, play.freelancer, found.id)


async def _submit(play: Play, step: DemoStep) -> None:
    found = await play.milestone(step)
    answers = [LineAnswer(text=text) for text in step.texts]
    async with play.work() as uow:
        command = SubmissionCreate(version=found.version, answers=answers)
        await contracts.submit_work(uow, play.freelancer, found.id, command)


async def _ask_for_changes(play: Play, step: DemoStep) -> None:
    found = await play.milestone(step)
    faults = [LineFault(line=line, text=text) for line, text in zip(step.lines, step.texts, strict=True)]
    async with play.work() as uow:
        command = ChangesRequest(version=found.version, lines=faults)
        await contracts.request_changes(uow, play.customer, found.id, command)


async def _accept(play: Play, step: DemoStep) -> None:
    found = await play.milestone(step)
    async with play.work() as uow:
        await contracts.accept_milestone(uow, play.customer, found.id, lines=step.lines or None)
    await timers.sweep_timers(play.resources)


async def _ask_refund(play: Play, step: DemoStep) -> None:
    found = await play.milestone(step)
    async with play.work() as uow:
        command = RefundAsk(version=found.version, amount=step.minor or None, reason=step.texts[0])
        await contracts.ask_refund(uow, play.customer, found.id, command)


async def _agree_refund(play: Play, step: DemoStep) -> None:
    found = await play.milestone(step)
    async with play.work() as uow:
        command = RefundAnswer(version=found.version, agree=True)
        await contracts.answer_refund(uow, play.freelancer, found.id, command)


async def _bonus(play: Play, step: DemoStep) -> None:
    found = await play.milestone(step)
    async with play.work() as uow:
        await contracts.pay_bonus(uow, play.customer, found.id, step.minor)


async def _top_up(play: Play, step: DemoStep) -> None:
    async with play.work() as uow:
        payment = await payments.top_up(uow, play.customer, PaymentCreate(money=step.money))
    await play.settle(payment.id)


async def _to_card(play: Play, step: DemoStep) -> None:
    """Send money of the client's wallet back to the card of the last payment."""
    async with play.work() as uow:
        refund = await payments.refund_payment(uow, play.customer, play.paid[-1], CardRefundCreate(money=step.money))
    await provider.run_operation(play.resources, refund.id)


async def _withdraw(play: Play, step: DemoStep) -> None:
    limits = await provider.capabilities(play.resources)
    command = PayoutCreate(money=step.money, kind=PayoutKind.SELF_EMPLOYED, card=CARD)
    async with play.work() as uow:
        parts = await payments.withdraw(uow, play.freelancer, command, limits)
    for payout in parts:
        await provider.run_operation(play.resources, payout.id)


_STEPS: dict[str, Callable[[Play, DemoStep], Awaitable[None]]] = {
    "pay": _pay,
    "start": _start,
    "submit": _submit,
    "ask_for_changes": _ask_for_changes,
    "accept": _accept,
    "ask_refund": _ask_refund,
    "agree_refund": _agree_refund,
    "bonus": _bonus,
    "top_up": _top_up,
    "to_card": _to_card,
    "withdraw": _withdraw,
}


async def take(play: Play, step: DemoStep) -> None:
    """Do one step of a deal."""
    await _STEPS[step.do](play, step)
