"""Money moved at once, with real commits: nothing is lost, nothing is negative, and nobody waits for ever."""

import asyncio
from collections import Counter
from uuid import UUID

from sqlalchemy import text

from app.core.clock import utc_now
from app.core.errors import DomainError
from app.core.ids import new_id
from app.core.money import Currency
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.ledger import service as ledger
from app.features.ledger.schemas import Account, Entry, Leg
from app.models import AccountKind, TxnTemplate

CLEARING = Account(AccountKind.PROVIDER_CLEARING, provider="bank")
AT_ONCE = 16


def wallet() -> Account:
    return Account(AccountKind.WALLET, new_id())


def moved(debit: Account, credit: Account, amount: int) -> Entry:
    """Return a transfer between any two accounts."""
    return Entry(TxnTemplate.DEPOSIT, 1, Currency.RUB, (Leg(debit, credit, amount),))


class Books:
    """The ledger of a database with real commits."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self.room = asyncio.Semaphore(AT_ONCE)

    async def post(self, entry: Entry, key: str = "") -> str:
        """Record an entry; return what became of them."""
        try:
            async with self.room, unit_of_work(self.resources) as uow:
                posted = await ledger.post(uow, entry, key=key or f"test:{new_id()}", effective_at=utc_now())
        except DomainError as refusal:
            return refusal.code
        return "new" if posted.is_new else "known"

    async def holds(self, account: Account) -> int:
        async with self.resources.sessions() as session:
            return await ledger.balance(session, account, Currency.RUB)

    async def replayed(self) -> dict[UUID, int]:
        """Add all transfers in the order of the log; no balance may be negative at any moment."""
        async with self.resources.sessions() as session:
            rows = await session.execute(
                text("""
                    SELECT debit_id, credit_id, amount, log.position
                    FROM ledger.unsealed AS log JOIN ledger.transfer AS transfer USING (txn_id)
                    ORDER BY log.position, transfer.n
                """)
            )
            floors = {row[0] for row in await session.execute(text("SELECT account_id FROM ledger.balance"))}
        held: Counter[UUID] = Counter()
        for debit, credit, amount, _position in rows:
            held[debit] -= amount
            held[credit] += amount
            assert min((held[it] for it in (debit, credit) if it in floors), default=0) >= 0
        return held


async def test_withdrawals_stop_where_the_money_ends(live_resources: Resources) -> None:
    books, person = Books(live_resources), wallet()
    assert await books.post(moved(CLEARING, person, 1_000)) == "new"
    found = await asyncio.gather(*(books.post(moved(person, CLEARING, 30)) for _ in range(93)))
    assert Counter(found) == {"new": 33, "insufficient-funds": 60}
    assert await books.holds(person) == 10
    assert await books.holds(CLEARING) == 10


async def test_transfers_in_opposite_directions_do_not_block_each_other(live_resources: Resources) -> None:
    books, people = Books(live_resources), [wallet() for _ in range(4)]
    for person in people:
        await books.post(moved(CLEARING, person, 100_000))
    pairs = [(people[n % 4], people[(n + 1 + n // 4 % 3) % 4]) for n in range(1_000)]
    both = [moved(one, other, 7) for one, other in pairs] + [moved(other, one, 7) for one, other in pairs]
    found = await asyncio.gather(*(books.post(entry) for entry in both))
    assert Counter(found) == {"new": 2_000}
    assert [await books.holds(person) for person in people] == [100_000] * 4
    assert sum((await books.replayed()).values()) == 0


async def test_the_same_key_at_once_records_one_entry(live_resources: Resources) -> None:
    books, person = Books(live_resources), wallet()
    same = await asyncio.gather(*(books.post(moved(CLEARING, person, 5), key="deposit:1") for _ in range(12)))
    assert Counter(same) == {"new": 1, "known": 11}
    other = await asyncio.gather(*(books.post(moved(CLEARING, person, 6), key="deposit:1") for _ in range(3)))
    assert Counter(other) == {"ledger-entry-differs": 3}
    assert await books.holds(person) == 5


async def test_the_log_is_an_order_in_which_nothing_was_negative(live_resources: Resources) -> None:
    books, people = Books(live_resources), [wallet() for _ in range(3)]

    async def chain(number: int) -> Counter[str]:
        """Move money on as soon as it is there."""
        first, second = people[number % 3], people[(number + 1) % 3]
        steps = [moved(CLEARING, first, 10), moved(first, second, 10), moved(second, CLEARING, 10)]
        return Counter([await books.post(step) for step in steps])

    found: Counter[str] = sum(await asyncio.gather(*(chain(n) for n in range(120))), Counter())
    assert found["new"] >= 240
    held = await books.replayed()
    assert sorted(held.values()) == sorted([await books.holds(it) for it in people] + [-await books.holds(CLEARING)])


async def test_accounts_that_two_open_at_once_are_opened_once(live_resources: Resources) -> None:
    books, people = Books(live_resources), [wallet() for _ in range(6)]
    entry = Entry(TxnTemplate.DEPOSIT, 1, Currency.RUB, tuple(Leg(CLEARING, it, 1) for it in people))
    other = Entry(TxnTemplate.DEPOSIT, 1, Currency.RUB, tuple(Leg(CLEARING, it, 1) for it in reversed(people)))
    found = await asyncio.gather(*(books.post(it) for it in [entry, other] * 8))
    assert Counter(found) == {"new": 16}
    assert [await books.holds(it) for it in people] == [16] * 6
