"""The check of the whole ledger: silent where all is well, and it names the row that a superuser has changed."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utc_now
from app.core.database import create_engine
from app.core.ids import new_id
from app.core.money import Currency, Money
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork, unit_of_work
from app.features.ledger import service as ledger
from app.features.ledger import workflows
from app.features.ledger.repository import checks
from app.features.ledger.rules.checks import CheckResult
from app.features.ledger.schemas import Account, Entry, Leg
from app.features.ledger.service import templates
from app.models import AccountKind, LedgerTxn, TxnTemplate
from app.site.gauges import ledger_gauges
from tests.factories.commands import Command
from tests.features.ledger.conftest import superusers


def rub(amount: int) -> Money:
    return Money(amount, Currency.RUB)


async def record(work: UnitOfWork) -> LedgerTxn:
    """Record a deal with a reversal; return the transaction that paid its milestone."""
    customer, freelancer, milestone = [new_id() for _ in range(3)]

    async def post(entry: Entry, key: str) -> None:
        await ledger.post(work, entry, key=key, effective_at=utc_now())

    await post(templates.deposit(provider="bank", customer_id=customer, amount=rub(1_000)), "check:deposit")
    await post(templates.deposit(provider="bank", customer_id=customer, amount=rub(7)), "check:twice")
    twice = await ledger.find(work.session, "check:twice")
    assert twice is not None
    await ledger.reverse(work, twice.id, key="check:back", actor_id=new_id(), reason="twice", effective_at=utc_now())
    funding = templates.fund(customer_id=customer, milestone_id=milestone, amount=rub(900), fee=90)
    await post(funding, "check:fund")
    released = templates.release(
        milestone_id=milestone,
        freelancer_id=freelancer,
        amount=rub(400),
        fee=20,
        tax=3,
        customer_fee=40,
        customer_tax=0,
    )
    await post(released, "check:release")
    await post(templates.mature(freelancer_id=freelancer, amount=rub(380)), "check:mature")
    found = await ledger.find(work.session, "check:fund")
    assert found is not None
    return found


@pytest_asyncio.fixture(loop_scope="session")
async def tampered(guarded_url: str, resources: Resources) -> AsyncGenerator[AsyncSession]:
    """A transaction of a superuser in which the guards of the ledger are off; it is rolled back."""
    engine = create_engine(superusers(guarded_url))
    async with AsyncSession(engine) as session:
        await record(UnitOfWork(session, resources))
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        yield session
        await session.rollback()
    await engine.dispose()


async def test_an_untouched_ledger_holds(tampered: AsyncSession, monkeypatch: pytest.MonkeyPatch) -> None:
    for at_once in (1000, 2):
        monkeypatch.setattr(checks, "TRANSACTIONS_AT_ONCE", at_once)
        monkeypatch.setattr(checks, "ACCOUNTS_AT_ONCE", at_once)
        report = await ledger.check(tampered)
        assert (report.findings, report.result, report.transactions, report.transfers) == (
            [],
            CheckResult.HOLDS,
            6,
            10,
        )


NAMES = {
    "@escrow": "(SELECT credit_id FROM ledger.transfer WHERE txn_id = @fund AND n = 1)",
    "@income": "(SELECT id FROM ledger.account WHERE kind = 'fee_income')",
    "@fund": "(SELECT id FROM ledger.txn WHERE business_key = 'check:fund')",
    "@back": "(SELECT id FROM ledger.txn WHERE business_key = 'check:back')",
}
# What is changed, the invariant that it breaks, and the row that is named.
TAMPERING = {
    "amount": ("UPDATE ledger.transfer SET amount = 901 WHERE txn_id = @fund AND n = 1", "I2", "@escrow"),
    "account": ("UPDATE ledger.transfer SET credit_id = @income WHERE txn_id = @fund AND n = 1", "I8", "@fund"),
    "negative": ("UPDATE ledger.transfer SET amount = 2000 WHERE txn_id = @fund AND n = 1", "I3", "@fund"),
    "deleted transfer": ("DELETE FROM ledger.transfer WHERE txn_id = @fund AND n = 2", "I1", "@fund"),
    "balance": ("UPDATE ledger.balance SET credits = credits + 1 WHERE account_id = @escrow", "I2", "@escrow"),
    "balance row": ("DELETE FROM ledger.balance WHERE account_id = @escrow", "I2", "@escrow"),
    "floor": ("UPDATE ledger.balance SET has_floor = false WHERE account_id = @escrow", "I2", "@escrow"),
    "side": (
        "UPDATE ledger.balance SET normal_side = 'debit', has_floor = false WHERE account_id = @escrow",
        "I2",
        "@escrow",
    ),
    "currency": ("UPDATE ledger.account SET currency = 'USD' WHERE id = @escrow", "I4", "@fund"),
    "kind": ("UPDATE ledger.account SET kind = 'dispute_hold' WHERE id = @escrow", "I8", "@fund"),
    "owner": ("UPDATE ledger.account SET owner_id = gen_random_uuid() WHERE id = @escrow", "I8", "@fund"),
    "milestone": ("UPDATE ledger.txn SET milestone_id = gen_random_uuid() WHERE id = @fund", "I8", "@fund"),
    "template": ("UPDATE ledger.txn SET template = 'bonus' WHERE id = @fund", "I8", "@fund"),
    "operator": ("UPDATE ledger.txn SET actor_id = NULL WHERE id = @back", "I8", "@back"),
    "mirror": ("UPDATE ledger.transfer SET amount = 8 WHERE txn_id = @back", "I7", "@back"),
    "reversal of a reversal": (
        "UPDATE ledger.txn SET template = 'reversal', reverses = @back WHERE id = @fund",
        "I7",
        "@fund",
    ),
    "order": ("UPDATE ledger.unsealed SET position = 10000 - position", "I3", ""),
    "account without a balance": (
        (
            "INSERT INTO ledger.account (id, kind, currency, owner_kind, owner_id) "
            "VALUES (gen_random_uuid(), 'wallet', 'RUB', 'user', gen_random_uuid())"
        ),
        "I2",
        "",
    ),
}


def sql(statement: str) -> str:
    for name, query in NAMES.items():
        statement = statement.replace(name, query)
    return statement


@pytest.mark.parametrize("name", TAMPERING)
async def test_what_a_superuser_changed_is_found(tampered: AsyncSession, name: str) -> None:
    statement, invariant, where = TAMPERING[name]
    row = str((await tampered.execute(text(sql(f"SELECT {where}")))).scalar_one()) if where else ""
    await tampered.execute(text("ALTER TABLE ledger.unsealed ALTER position SET GENERATED BY DEFAULT"))
    await tampered.execute(text(sql(statement)))
    report = await ledger.check(tampered)
    rows = [it.row for it in report.findings if it.invariant.startswith(invariant)]
    assert report.result is CheckResult.BROKEN
    assert rows, report.findings
    assert any(row in it for it in rows), (row, report.findings)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE ledger.txn SET template_version = 9 WHERE id = @fund", "version 9 of fund is not known"),
        ("DELETE FROM ledger.unsealed WHERE txn_id = @back", "the log has 5 transactions of 6"),
    ],
)
async def test_what_nobody_can_tell_is_not_called_right(tampered: AsyncSession, statement: str, said: str) -> None:
    await tampered.execute(text(sql(statement)))
    report = await ledger.check(tampered)
    assert any(said in finding.said and not finding.is_broken for finding in report.findings)
    assert report.result in {CheckResult.CANNOT_SAY, CheckResult.BROKEN}
    assert (report.result is CheckResult.CANNOT_SAY) is ("version" in said)


async def test_a_broken_ledger_does_not_fill_the_memory(tampered: AsyncSession) -> None:
    await tampered.execute(
        text(
            "INSERT INTO ledger.account (id, kind, currency, owner_kind, owner_id) "
            "SELECT gen_random_uuid(), 'wallet', 'RUB', 'user', gen_random_uuid() FROM generate_series(1, 300)"
        )
    )
    assert len((await ledger.check(tampered)).findings) == 100


async def test_the_result_is_kept_and_measured(live_resources: Resources) -> None:
    async with live_resources.read_sessions() as session:
        assert [gauge.value for gauge in (await ledger_gauges(session))[:2]] == [2, 0]
    async with unit_of_work(live_resources) as uow:
        await record(uow)
    report = await workflows.check(live_resources)
    assert report.result is CheckResult.HOLDS
    async with live_resources.read_sessions() as session:
        first, age = (await ledger_gauges(session))[:2]
        assert (first.value, age.value < 60) == (0, True)
        kept = await ledger.latest_check(session)
    assert kept is not None
    assert (kept.transactions, kept.transfers, kept.findings) == (6, 10, [])
    in_time = await workflows.check(live_resources, seconds=0)
    assert in_time.result is CheckResult.CANNOT_SAY
    async with live_resources.read_sessions() as session:
        assert (await ledger_gauges(session))[0].value == 2
    said = await Command(live_resources)("ledger", "check")
    assert said == "The ledger holds: 6 transactions, 10 transfers."


async def test_the_command_tells_what_is_broken(live_resources: Resources) -> None:
    async with unit_of_work(live_resources) as uow:
        await record(uow)
        entry = Entry(
            TxnTemplate.BONUS,
            1,
            Currency.RUB,
            (Leg(Account(AccountKind.LOSS), Account(AccountKind.WALLET, new_id()), 5),),
        )
        await ledger.post(uow, entry, key="check:gift", effective_at=utc_now())
    answer = await Command(live_resources).result("ledger", "check")
    assert answer.exit_code == 1
    assert "I8: a transaction is what its template allows" in answer.stdout
    assert "bonus moves nothing from loss to wallet (transfer 1)" in answer.stdout


async def test_the_check_reads_one_moment(live_resources: Resources) -> None:
    """Transactions that are recorded during the check are not seen in one part of it and missed in another."""

    async def write() -> None:
        for _ in range(30):
            async with unit_of_work(live_resources) as uow:
                entry = Entry(
                    TxnTemplate.DEPOSIT,
                    1,
                    Currency.RUB,
                    (
                        Leg(
                            Account(AccountKind.PROVIDER_CLEARING, provider="bank"),
                            Account(AccountKind.WALLET, new_id()),
                            5,
                        ),
                    ),
                )
                await ledger.post(uow, entry, key=f"test:{new_id()}", effective_at=utc_now())

    async def look() -> list[CheckResult]:
        return [(await workflows.check(live_resources)).result for _ in range(6)]

    _, results = await asyncio.gather(write(), look())
    assert set(results) == {CheckResult.HOLDS}
