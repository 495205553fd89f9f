"""Recording entries: once for each business key, whole or not at all, and what accounts hold afterwards."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import text

from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.money import Currency, Money
from app.core.pagination import BadCursorError
from app.core.unit_of_work import UnitOfWork
from app.features.ledger import service as ledger
from app.features.ledger.errors import InsufficientFundsError, LedgerEntryDiffersError, TransactionNotFoundError
from app.features.ledger.schemas import Account, Entry
from app.features.ledger.service import Posted, Posting, templates
from app.models import AccountKind, TxnTemplate

BANK = "sandbox"


def rub(amount: int) -> Money:
    return Money(amount, Currency.RUB)


def wallet(user_id: UUID) -> Account:
    return Account(AccountKind.WALLET, user_id)


class Deal:
    """A client, a freelancer and a milestone of theirs."""

    def __init__(self, work: UnitOfWork) -> None:
        self.work = work
        self.customer, self.freelancer, self.milestone, self.contract = [new_id() for _ in range(4)]

    async def post(self, entry: Entry, key: str = "", **given: UUID | str | None) -> Posted:
        return await ledger.post(self.work, entry, key=key or f"test:{new_id()}", effective_at=utc_now(), **given)  # type: ignore[arg-type]

    def deposit(self, amount: int) -> Entry:
        return templates.deposit(provider=BANK, customer_id=self.customer, amount=rub(amount))

    def fund(self, amount: int, fee: int = 0) -> Entry:
        return templates.fund(customer_id=self.customer, milestone_id=self.milestone, amount=rub(amount), fee=fee)

    async def holds(self, kind: AccountKind, owner: UUID | None = None, provider: str | None = None) -> int:
        return await ledger.balance(self.work.session, Account(kind, owner, provider), Currency.RUB)


@pytest_asyncio.fixture(loop_scope="session")
async def deal(uow: Callable[[], AbstractAsyncContextManager[UnitOfWork]]) -> AsyncGenerator[Deal]:
    async with uow() as work:
        yield Deal(work)
        await work.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))


async def test_a_deal_from_the_payment_to_the_withdrawal(deal: Deal) -> None:
    await deal.post(deal.deposit(1_100))
    await deal.post(deal.fund(1_000, 50))
    released = templates.release(
        milestone_id=deal.milestone,
        freelancer_id=deal.freelancer,
        amount=rub(600),
        fee=60,
        tax=10,
        customer_fee=30,
        customer_tax=5,
    )
    await deal.post(released)
    await deal.post(
        templates.refund(milestone_id=deal.milestone, customer_id=deal.customer, amount=rub(400), fee_rest=20)
    )
    await deal.post(templates.mature(freelancer_id=deal.freelancer, amount=rub(540)))
    payout = new_id()
    await deal.post(templates.payout(payout_id=payout, freelancer_id=deal.freelancer, amount=rub(500), fee=15))
    await deal.post(templates.payout_done(payout_id=payout, provider=BANK, amount=rub(500), fee=15))
    assert [
        await deal.holds(AccountKind.WALLET, deal.customer),
        await deal.holds(AccountKind.WALLET, deal.freelancer),
        await deal.holds(AccountKind.ESCROW, deal.milestone),
        await deal.holds(AccountKind.FEE_HOLD, deal.milestone),
        await deal.holds(AccountKind.FEE_INCOME),
        await deal.holds(AccountKind.TAX_PAYABLE),
        await deal.holds(AccountKind.OTHER_INCOME),
        await deal.holds(AccountKind.PROVIDER_CLEARING, provider=BANK),
    ] == [470, 25, 0, 0, 75, 15, 15, 600]


async def test_the_same_entry_under_the_same_key_is_recorded_once(deal: Deal) -> None:
    first = await deal.post(deal.deposit(500), "deposit:1")
    again = await deal.post(deal.deposit(500), "deposit:1")
    assert (first.is_new, again.is_new, again.txn_id) == (True, False, first.txn_id)
    assert await deal.holds(AccountKind.WALLET, deal.customer) == 500
    found = await ledger.find(deal.work.session, "deposit:1")
    assert found is not None
    assert found.id == first.txn_id
    assert await ledger.find(deal.work.session, "deposit:2") is None


@pytest.mark.parametrize("other", ["amount", "template", "owner", "currency", "contract"])
async def test_another_entry_under_the_same_key_is_refused(deal: Deal, other: str) -> None:
    await deal.post(deal.deposit(500), "deposit:1")
    entry = {
        "amount": deal.deposit(501),
        "template": templates.payout_returned(provider=BANK, freelancer_id=deal.customer, amount=rub(500)),
        "owner": templates.deposit(provider=BANK, customer_id=deal.freelancer, amount=rub(500)),
        "currency": templates.deposit(provider=BANK, customer_id=deal.customer, amount=Money(500, Currency.USD)),
        "contract": deal.deposit(500),
    }[other]
    with pytest.raises(LedgerEntryDiffersError):
        await deal.post(entry, "deposit:1", contract_id=deal.contract if other == "contract" else None)
    assert await deal.holds(AccountKind.WALLET, deal.customer) == 500


async def test_what_is_not_there_is_not_taken(uow: Callable[[], AbstractAsyncContextManager[UnitOfWork]]) -> None:
    async with uow() as work:
        deal = Deal(work)
        await deal.post(deal.deposit(100))

    async def too_much() -> None:
        async with uow() as work:
            deal.work = work
            await deal.post(deal.fund(100, 1))

    with pytest.raises(InsufficientFundsError):
        await too_much()
    async with uow() as work:
        deal.work = work
        assert await deal.holds(AccountKind.WALLET, deal.customer) == 100
        assert await deal.holds(AccountKind.ESCROW, deal.milestone) == 0


async def test_several_entries_are_recorded_in_one_statement(deal: Deal) -> None:
    first = Posting(entry=deal.deposit(100), key="a:2", effective_at=utc_now())
    await ledger.post_all(deal.work, [first])
    second = Posting(entry=deal.deposit(5), key="a:1", effective_at=utc_now())
    third = Posting(entry=deal.fund(60), key="a:0", effective_at=utc_now())
    posted = await ledger.post_all(deal.work, [first, second, third])
    assert [it.is_new for it in posted] == [False, True, True]
    assert await ledger.balances(
        deal.work.session, [wallet(deal.customer), Account(AccountKind.ESCROW, deal.milestone)], Currency.RUB
    ) == {wallet(deal.customer): 45, Account(AccountKind.ESCROW, deal.milestone): 60}
    rows = await deal.work.session.execute(
        text("SELECT txn_id FROM ledger.unsealed WHERE txn_id = ANY(:ids) ORDER BY position"),
        {"ids": [it.txn_id for it in posted]},
    )
    assert list(rows.scalars()) == [it.txn_id for it in posted]
    assert await ledger.post_all(deal.work, []) == []


async def test_postings_that_do_not_go_together_are_faults_of_the_caller(deal: Deal) -> None:
    one = Posting(entry=deal.deposit(1), key="a", effective_at=utc_now())
    dollars = templates.deposit(provider=BANK, customer_id=deal.customer, amount=Money(1, Currency.USD))
    with pytest.raises(ValueError, match="same key"):
        await ledger.post_all(deal.work, [one, one])
    two = Posting(entry=deal.fund(1), key="b", effective_at=utc_now())
    with pytest.raises(ValueError, match="given to after it was taken from"):
        await ledger.post_all(deal.work, [two, one])
    with pytest.raises(ValueError, match="several currencies"):
        await ledger.post_all(deal.work, [one, Posting(entry=dollars, key="b", effective_at=utc_now())])
    loss = templates.correction(
        debit=Account(AccountKind.LOSS), credit=Account(AccountKind.SUSPENSE, provider=BANK), amount=rub(1)
    )
    with pytest.raises(ValueError, match="its operator and a reason"):
        await deal.post(loss, actor_id=deal.customer)
    assert (await deal.post(loss, actor_id=deal.customer, reason="rounding")).is_new


async def test_a_transaction_is_reversed_once(deal: Deal) -> None:
    made = await deal.post(deal.deposit(100), contract_id=deal.contract)

    async def reverse(txn_id: UUID, key: str) -> Posted:
        return await ledger.reverse(
            deal.work, txn_id, key=key, actor_id=deal.customer, reason="twice", effective_at=utc_now()
        )

    mirrored = await reverse(made.txn_id, "reversal:1")
    assert await deal.holds(AccountKind.WALLET, deal.customer) == 0
    assert await reverse(made.txn_id, "reversal:1") == Posted(mirrored.txn_id, is_new=False)
    for missing in (mirrored.txn_id, new_id()):
        with pytest.raises(TransactionNotFoundError):
            await reverse(missing, "reversal:2")
    with pytest.raises(ValueError, match="not reversed"):
        templates.reversal(templates.reversal(deal.deposit(1)))
    header = await ledger.find(deal.work.session, "reversal:1")
    assert header is not None
    assert (header.template, header.reverses, header.contract_id) == (
        TxnTemplate.REVERSAL,
        made.txn_id,
        deal.contract,
    )


async def test_a_transaction_is_not_reversed_under_two_keys(deal: Deal) -> None:
    made = await deal.post(deal.deposit(100))
    given = {"actor_id": deal.customer, "reason": "twice", "effective_at": utc_now()}
    await ledger.reverse(deal.work, made.txn_id, key="reversal:1", **given)  # type: ignore[arg-type]
    async with deal.work.session.begin_nested() as inner:
        with pytest.raises(LedgerEntryDiffersError):
            await ledger.reverse(deal.work, made.txn_id, key="reversal:2", **given)  # type: ignore[arg-type]
        await inner.rollback()


async def test_transfers_are_listed_newest_first(deal: Deal) -> None:
    posted = [await deal.post(deal.deposit(100 + n), f"deposit:{n}") for n in range(3)]
    funded = await deal.post(deal.fund(50, 2), actor_id=deal.customer, reason="hired")
    own = [wallet(deal.customer), Account(AccountKind.ESCROW, deal.milestone)]
    seen: list[tuple[UUID, int, int]] = []
    cursor = None
    while True:
        page = await ledger.list_transfers(deal.work.session, own, Currency.RUB, cursor=cursor, limit=2)
        seen += [(it.txn_id, it.number, it.amount) for it in page.items]
        if (cursor := page.next_cursor) is None:
            break
    assert seen == [
        (funded.txn_id, 2, 2),
        (funded.txn_id, 1, 50),
        *((it.txn_id, 1, 100 + n) for n, it in reversed(list(enumerate(posted)))),
    ]
    last = (await ledger.list_transfers(deal.work.session, own, Currency.RUB)).items[0]
    assert (last.debit, last.credit) == (own[0], Account(AccountKind.FEE_HOLD, deal.milestone))
    assert (last.template, last.milestone_id, last.actor_id, last.reason) == (
        TxnTemplate.FUND,
        deal.milestone,
        deal.customer,
        "hired",
    )
    assert (await ledger.list_transfers(deal.work.session, [wallet(new_id())], Currency.RUB)).items == []
    with pytest.raises(BadCursorError):
        await ledger.list_transfers(deal.work.session, own, Currency.RUB, cursor="x")
