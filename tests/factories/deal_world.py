"""A deal of the product as a state machine plays it: commands, what is stored, and what holds at the end."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncTransaction

from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.money import Currency, Money
from app.core.payment_port import Done, Operation, OperationKind, OperationStatus, PayoutKind, Pending, Refused, Unknown
from app.core.persistence.request_keys import RequestKeyRepository, StoredAnswer
from app.core.unit_of_work import UnitOfWork
from app.features.contracts import service
from app.features.ledger import service as ledger
from app.features.payments import service as payments
from app.features.payments.service import operations
from app.features.transparency import service as transparency
from app.models import (
    DealEntry,
    DealTimer,
    LedgerCheckpoint,
    LedgerTxn,
    Milestone,
    ProviderOperation,
    Submission,
    TimerStatus,
)
from tests.factories.deal_table import ARROWS, CUSTOMER, FREELANCER
from tests.factories.deals import DealScene, pay_into_wallet

type Run = Callable[[UnitOfWork, Actor], Awaitable[object]]
REPLAYED = "replayed"
SEED = bytes(32)
CARD = "4242424242424242"
SAFE_INTEGER = 2**53
MONEY_EVENTS = {
    "fund": ("fund", "funding_paid", "change_paid_in"),
    "refund": (
        *("agree_refund", "agree_part_refund", "refund_by_silence", "part_refund_by_silence", "part_refund_unstarted"),
        *("return_money", "change_refunded"),
    ),
    "release": ("accept", "accept_part", "accept_by_silence"),
    "bonus": ("bonus",),
    "mature": ("available",),
}
USERS_MONEY = {
    "wallet",
    "escrow",
    "fee_hold",
    "dispute_hold",
    "maturing",
    "payout_transit",
    "refund_transit",
    "suspense",
}
# Per account its sum of all transfers and its balance row, which must agree; times are minutes from now.
STORED = text("""
    WITH side AS (
        SELECT debit_id AS id, -amount AS amount FROM ledger.transfer
        UNION ALL SELECT credit_id, amount FROM ledger.transfer
    ), summed AS (SELECT id, sum(amount)::bigint AS net FROM side GROUP BY id),
    held AS (
        SELECT a.kind, a.owner_id, summed.net, b.credits - b.debits AS kept
        FROM summed JOIN ledger.account a USING (id) LEFT JOIN ledger.balance b ON b.account_id = a.id
    ), parts AS (SELECT * FROM milestones WHERE contract_id = :contract), timers AS (
        SELECT kind, milestone_id, extract(epoch FROM due_at - app_now()) / 60 AS due,
            extract(epoch FROM look_at - app_now()) / 60 AS look
        FROM deal_timers WHERE contract_id = :contract AND status = 'waiting'
    )
    SELECT json_build_object(
        'deal', (SELECT json_build_array(status, terms_version) FROM deals WHERE contract_id = :contract),
        'ids', (SELECT json_agg(id ORDER BY number) FROM parts),
        'parts', (
            SELECT json_agg(json_build_array(
                status, version, amount, funded, released, refunded, accepted_lines, submissions, rounds, checklist
            ) ORDER BY number) FROM parts
        ),
        'timers', (SELECT coalesce(json_agg(json_build_array(kind, milestone_id, due, look)), '[]') FROM timers),
        'accounts', (SELECT coalesce(json_agg(json_build_array(kind, owner_id, net, kept)), '[]') FROM held)
    )::text
""")
FIRST_TIMER = text("""
    UPDATE deal_timers SET due_at = app_now() + interval '7 days', look_at = app_now() + interval '7 days'
    WHERE contract_id = :contract
""")
CHECK_NOW = text("DO 'BEGIN SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; END'")


def firing(timer_id: UUID) -> Run:
    """Return the command that fires a timer."""
    return lambda work, _actor: service.fire_timer(work, timer_id)


@dataclass
class DealWorld:
    """One deal; an example is a transaction that is rolled back, in which the time of the database stands still."""

    scene: DealScene
    connection: AsyncConnection
    transaction: AsyncTransaction | None = None
    milestones: list[UUID] = field(default_factory=list[UUID])
    payouts: list[UUID] = field(default_factory=list[UUID])
    change_order: UUID | None = None
    stranger: Actor | None = None
    kept_note: str | None = None

    async def begin(self) -> None:
        """Begin an example."""
        self.transaction = await self.connection.begin()
        await self.connection.execute(FIRST_TIMER, {"contract": self.scene.contract_id})
        self.milestones, self.payouts = list(self.scene.milestones), []
        self.change_order = self.kept_note = None

    async def end(self) -> None:
        """Forget the example."""
        if self.transaction is not None:
            await self.transaction.rollback()

    def actor(self, side: str | None) -> Actor:
        """Return who acts for a side; None is somebody else."""
        assert self.stranger is not None
        return {CUSTOMER: self.scene.customer, FREELANCER: self.scene.freelancer}.get(side or "", self.stranger)

    async def act(self, side: str | None, run: Run, key: str = "", body: str = "") -> str:
        """Run a command under a request key, and check what is checked at a commit; return the code of a refusal."""
        actor = self.actor(side)
        try:
            async with self.scene.market.uow() as work:
                keys = RequestKeyRepository(work.session)
                digest = hashlib.sha256(body.encode()).digest()
                if key and await keys.claim(actor.id, key, "POST /", digest) is not None:
                    return REPLAYED
                await run(work, actor)
                if key:
                    await keys.keep(actor.id, key, StoredAnswer(200, b"{}"))
                await work.session.flush()
                await work.session.execute(CHECK_NOW)
        except DomainError as refusal:
            return refusal.code
        return ""

    async def deposit(self, amount: int) -> None:
        async with self.scene.market.uow() as work:
            await pay_into_wallet(work, self.scene.customer, amount)

    async def payment_ends(self, place: int, paid: int) -> None:
        """Let a payment for a milestone arrive in the wallet, or fail, as the payments do."""
        async with self.scene.market.uow() as work:
            if not paid:
                await service.funding_failed(work, self.milestones[place])
                return
            await pay_into_wallet(work, self.scene.customer, paid)
            await service.funding_paid(work, self.milestones[place], Money(paid, Currency.RUB))

    async def remind(self, place: int) -> None:
        """Let the client be told of the last submission often enough."""
        async with self.scene.market.uow() as work:
            statement = select(Submission).where(Submission.milestone_id == self.milestones[place])
            made = (await work.session.execute(statement.order_by(Submission.number.desc()).limit(1))).scalar_one()
        await self.scene.notify(made)

    async def clock(self, minutes: int) -> None:
        """Let time go by for the timers, then sweep until nothing is due."""
        ahead = func.make_interval(0, 0, 0, 0, 0, minutes)
        async with self.scene.market.uow() as work:
            waiting = update(DealTimer).where(
                DealTimer.status == TimerStatus.WAITING, DealTimer.contract_id == self.scene.contract_id
            )
            moved = {"due_at": DealTimer.due_at - ahead, "look_at": DealTimer.look_at - ahead}
            await work.session.execute(waiting.values(moved).execution_options(synchronize_session=False))
        while True:
            async with self.scene.market.uow() as work:
                due = await service.due_timers(work)
            if not due:
                return
            for timer_id in due:
                await self.act(CUSTOMER, firing(timer_id))

    async def withdraw(self, side: str, amount: int) -> str:
        """Begin a withdrawal."""
        order = payments.PayoutOrder(
            user_id=self.actor(side).id,
            money=Money(amount, Currency.RUB),
            kind=PayoutKind.CARD,
            destination=payments.Destination(card=CARD),
        )

        async def run(work: UnitOfWork, _actor: Actor) -> None:
            self.payouts.append((await payments.open_payout(work, order)).id)

        before = len(self.payouts)
        refused = await self.act(side, run)
        if refused:
            del self.payouts[before:]
        return refused

    async def provider_says(self, place: int, status: OperationStatus | None, *, times: int) -> None:
        """Let the provider answer about a withdrawal, also an answer that a later call has overtaken."""
        due = update(ProviderOperation).where(ProviderOperation.subject_id == self.payouts[place])
        for number in range(times):
            async with self.scene.market.uow() as work:
                await work.session.execute(due.values(next_at=ProviderOperation.created_at))
                call = await operations.claim(work, self.payouts[place], 24)
            assert call is not None
            fact = Operation(
                kind=OperationKind.PAYOUT,
                id=f"at-the-provider-{place}",
                reference=call.reference,
                money=call.money,
                status=status or OperationStatus.PENDING,
                created_at=call.created_at,
                changed_at=call.created_at,
            )
            answers: dict[OperationStatus | None, Any] = {
                None: Unknown("timeout"),
                OperationStatus.PENDING: Pending(fact),
                OperationStatus.CANCELED: Refused("rejected_by_payee", fact),
            }
            async with self.scene.market.uow() as work:
                assert await operations.record(work, call, answers.get(status, Done(fact)))
            async with self.scene.market.uow() as work:
                if number:
                    overtaken = await operations.claim(work, self.payouts[place], 24)
                    assert overtaken is None or not await operations.record(work, call, Done(fact))

    async def seal(self) -> None:
        """Seal what waits, and keep the first checkpoint as somebody outside would."""
        async with self.scene.market.uow() as work:
            await transparency.seal_batch(work, SEED)
            if self.kept_note is None:
                oldest = select(LedgerCheckpoint.note).order_by(LedgerCheckpoint.size).limit(1)
                self.kept_note = (await work.session.execute(oldest)).scalar_one_or_none()

    # What is stored

    async def stored(self) -> dict[str, Any]:
        """Return the states, the money and the timers."""
        row = await self.connection.execute(STORED, {"contract": self.scene.contract_id})
        found = json.loads(row.scalar_one())
        self.milestones = [UUID(key) for key in found["ids"]]
        places: dict[str | None, object] = {key: place for place, key in enumerate(found["ids"])}
        return {
            "deal": tuple(found["deal"]),
            "parts": found["parts"],
            "timers": sorted(
                (kind, str(places.get(key)), int(due), int(look)) for kind, key, due, look in found["timers"]
            ),
            "money": self._money(found["accounts"], places),
        }

    def _money(
        self, accounts: list[tuple[str, str | None, int, int | None]], places: dict[str | None, object]
    ) -> dict[tuple[str, object], int]:
        """Return what accounts hold; the sums of their transfers are compared with their balance rows here."""
        people = {str(self.scene.customer.id): CUSTOMER, str(self.scene.freelancer.id): FREELANCER}
        owners = places | people | {str(key): f"payout {place}" for place, key in enumerate(self.payouts)}
        assert sum(net for _kind, _owner, net, _kept in accounts) == 0, "debits and credits differ"
        found: dict[tuple[str, object], int] = {}
        for kind, owner, net, kept in accounts:
            assert kept in {None, net}, (kind, owner)
            assert abs(net) < SAFE_INTEGER
            held = -net if kind == "provider_clearing" else net
            assert held >= 0, (kind, owner)
            if held:
                found[kind, owners.get(owner)] = held
        owned = sum(amount for (kind, _owner), amount in found.items() if kind in USERS_MONEY)
        assert owned <= found.get(("provider_clearing", None), 0), "people own more than there is"
        return found

    async def check_whole(self) -> None:
        """Check the ledger as its command does, the sealed log, and that the timeline tells every state and posting."""
        await self.seal()
        async with self.scene.market.uow() as work:
            report = await ledger.check(work.session)
            assert not report.findings, report.findings
            if self.kept_note is not None:
                verdict = await transparency.verify_ledger(work.session, self.kept_note)
                assert verdict.code == transparency.Answer.HOLDS, verdict.line
        async with self.scene.market.uow() as work:
            entries = list(
                await work.session.scalars(
                    select(DealEntry).where(DealEntry.contract_id == self.scene.contract_id).order_by(DealEntry.id)
                )
            )
            txns = (await work.session.execute(select(LedgerTxn.id, LedgerTxn.template))).all()
            statuses = (await work.session.execute(select(Milestone.id, Milestone.status))).all()
            states = {row.id: row.status for row in statuses}
        replayed: dict[UUID | None, str] = {}
        for entry in entries:
            before = replayed.get(entry.milestone_id, "planned")
            if (before, entry.event) in ARROWS:
                side, replayed[entry.milestone_id] = ARROWS[before, entry.event]
                assert (entry.side, entry.state) == (side, replayed[entry.milestone_id]), entry.event
        for key in self.milestones:
            assert replayed.get(key, "planned") == states[key]
        for template, events in MONEY_EVENTS.items():
            told = [entry.txn_id for entry in entries if entry.event in events and entry.txn_id is not None]
            assert sorted(told) == sorted(row.id for row in txns if row.template == template), template
