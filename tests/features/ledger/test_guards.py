"""Every bad state of the ledger is refused by PostgreSQL itself, under the role of the application."""

import re

import asyncpg
import pytest

from app.core.ids import new_id
from app.core.money import MINOR_DIGITS
from app.features.ledger.schemas import CHART
from app.models import AccountKind, TxnTemplate
from app.models.ledger import MAX_TRANSFER
from tests.features.ledger.books import Books
from tests.features.ledger.conftest import OWNER, connect, superusers

GUARDED = ("currency", "account_kind", "account", "txn", "transfer", "balance", "unsealed")
CHANGES = {
    "currency": "exponent = exponent",
    "account_kind": "has_floor = has_floor",
    "account": "currency = currency",
    "txn": "reason = reason",
    "transfer": "amount = amount + 1",
    "balance": "credits = credits + 1",
    "unsealed": "txn_id = txn_id",
}
refused = pytest.mark.parametrize("way", ["UPDATE", "DELETE", "TRUNCATE"])


def statement(way: str, table: str) -> str:
    """Return a statement that changes what is there."""
    return {
        "UPDATE": f"UPDATE ledger.{table} SET {CHANGES[table]}",  # noqa: S608 - names of this module
        "DELETE": f"DELETE FROM ledger.{table}",  # noqa: S608 - names of this module
        "TRUNCATE": f"TRUNCATE ledger.{table} CASCADE",
    }[way]


async def test_the_chart_and_the_templates_are_those_of_the_code(books: Books) -> None:
    kinds = await books.sql.fetch("SELECT * FROM ledger.account_kind")
    rules = {row["code"]: (row["number"], row["normal_side"], row["owner_kind"], row["has_balance"]) for row in kinds}
    assert rules == {kind.value: (it.number, it.side, it.owner, it.has_balance) for kind, it in CHART.items()}
    assert {row["code"]: row["zero_when_finished"] for row in kinds} == {
        kind.value: it.zero_when_finished for kind, it in CHART.items()
    }
    assert all(row["has_floor"] == row["has_balance"] for row in kinds)
    assert CHART.keys() == set(AccountKind)
    digits = await books.sql.fetch("SELECT code, exponent FROM ledger.currency")
    assert {row["code"]: row["exponent"] for row in digits} == {it.value: n for it, n in MINOR_DIGITS.items()}
    rule = await books.sql.fetchval(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ck_txn_txntemplate'"
    )
    assert set(re.findall(r"'([a-z_]+)'", str(rule))) == {template.value for template in TxnTemplate}


async def test_a_transfer_moves_money_and_takes_its_place_in_the_log(books: Books) -> None:
    clearing, wallet = await books.open("provider_clearing"), await books.open("wallet")
    first = await books.post((clearing, wallet, 700), (clearing, wallet, 300))
    second = await books.post((wallet, await books.open("escrow"), 250))
    assert await books.sums(wallet) == (250, 1000)
    places = await books.sql.fetch("SELECT txn_id FROM ledger.unsealed ORDER BY position DESC LIMIT 2")
    assert [row["txn_id"] for row in places] == [second, first]
    assert await books.sql.fetchval("SELECT 1 FROM ledger.balance WHERE account_id = $1", clearing) is None


async def test_a_transfer_without_both_sides_is_refused(books: Books) -> None:
    wallet, txn = await books.open("wallet"), await books.header()
    with pytest.raises(asyncpg.NotNullViolationError):
        await books.sql.execute(
            "INSERT INTO ledger.transfer (txn_id, n, credit_id, currency, amount) VALUES ($1, 1, $2, 'RUB', 5)",
            txn,
            wallet,
        )


async def test_a_header_without_transfers_is_refused_at_the_commit(books: Books) -> None:
    await books.header()
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="does not have its 1 transfers"):
        await books.at_commit()


@pytest.mark.parametrize("given", [1, 3])
async def test_a_header_and_its_transfers_agree_in_number(books: Books, given: int) -> None:
    clearing, wallet, txn = await books.open("provider_clearing"), await books.open("wallet"), await books.header(2)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="in one statement"):
        await books.transfers(txn, *[(clearing, wallet, 5)] * given)


async def test_transfers_are_numbered_from_one(books: Books) -> None:
    clearing, wallet, txn = await books.open("provider_clearing"), await books.open("wallet"), await books.header()
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="numbered from 1"):
        await books.transfers(txn, (clearing, wallet, 5), first=2)


async def test_nothing_is_added_to_a_transaction_later(books: Books) -> None:
    clearing, wallet = await books.open("provider_clearing"), await books.open("wallet")
    txn = await books.post((clearing, wallet, 5))
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await books.transfers(txn, (clearing, wallet, 5), first=2)


async def test_currencies_do_not_mix(books: Books) -> None:
    clearing, txn = await books.open("provider_clearing"), await books.header()
    dollars = await books.open("wallet", "USD")
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="fk_transfer_credit_id_account"):
        await books.transfers(txn, (clearing, dollars, 5))


@pytest.mark.parametrize("amount", [0, -1, MAX_TRANSFER + 1])
async def test_an_amount_is_positive_and_has_a_limit(books: Books, amount: int) -> None:
    clearing, wallet = await books.open("provider_clearing"), await books.open("wallet")
    with pytest.raises(asyncpg.CheckViolationError, match="ck_transfer_amount"):
        await books.post((clearing, wallet, amount))


async def test_an_account_pays_nothing_to_itself(books: Books) -> None:
    wallet = await books.paid_wallet(10)
    with pytest.raises(asyncpg.CheckViolationError, match="ck_transfer_accounts"):
        await books.post((wallet, wallet, 5))


@pytest.mark.parametrize("kind", ["wallet", "escrow", "fee_hold", "dispute_hold", "maturing", "suspense"])
async def test_no_wallet_escrow_or_hold_is_negative(books: Books, kind: str) -> None:
    clearing, account = await books.open("provider_clearing"), await books.open(kind)
    await books.post((clearing, account, 100))
    with pytest.raises(asyncpg.CheckViolationError, match="ck_balance_floor"):
        await books.post((account, clearing, 101))


async def test_a_claim_is_not_paid_twice(books: Books) -> None:
    clearing, claim = await books.open("provider_clearing"), await books.open("claim")
    await books.post((claim, clearing, 100))
    with pytest.raises(asyncpg.CheckViolationError, match="ck_balance_floor"):
        await books.post((clearing, claim, 101))


async def test_only_the_end_of_a_statement_counts(books: Books) -> None:
    clearing, wallet, escrow = [await books.open(kind) for kind in ("provider_clearing", "wallet", "escrow")]
    await books.post((wallet, escrow, 100), (clearing, wallet, 100))
    assert await books.sums(wallet) == (100, 100)


async def test_a_disputed_milestone_has_nothing_to_release(books: Books) -> None:
    clearing, escrow, hold, maturing = [
        await books.open(kind) for kind in ("provider_clearing", "escrow", "dispute_hold", "maturing")
    ]
    await books.post((clearing, escrow, 100))
    await books.post((escrow, hold, 100))
    with pytest.raises(asyncpg.CheckViolationError, match="ck_balance_floor"):
        await books.post((escrow, maturing, 1))


async def test_a_business_key_is_used_once(books: Books) -> None:
    clearing, wallet, key = await books.open("provider_clearing"), await books.open("wallet"), f"release:{new_id()}:1"
    await books.post((clearing, wallet, 5), key=key)
    with pytest.raises(asyncpg.UniqueViolationError, match="uq_txn_business_key"):
        await books.post((clearing, wallet, 5), key=key)


async def test_an_unknown_template_is_refused(books: Books) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="ck_txn_txntemplate"):
        await books.sql.execute(
            "INSERT INTO ledger.txn (id, template, template_version, transfers, business_key, effective_at) "
            "VALUES ($1, 'gift', 1, 1, 'gift:1', now())",
            new_id(),
        )


async def test_a_reversal_mirrors_its_original_once_and_is_not_reversed(books: Books) -> None:
    clearing, wallet = await books.open("provider_clearing"), await books.open("wallet")
    original = await books.post((clearing, wallet, 5))
    for legs in ([(clearing, wallet, 5)], [(wallet, clearing, 4)], [(wallet, clearing, 4), (wallet, clearing, 1)]):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="mirrors"):
            async with books.sql.transaction():
                await books.post(*legs, reverses=original)
    reversal = await books.post((wallet, clearing, 5), reverses=original)
    assert await books.sums(wallet) == (5, 5)
    with pytest.raises(asyncpg.UniqueViolationError, match="uq_txn_reverses"):
        async with books.sql.transaction():
            await books.post((wallet, clearing, 5), reverses=original)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="not reversed"):
        await books.post((clearing, wallet, 5), reverses=reversal)


async def test_an_account_has_the_owner_that_its_kind_asks_for(books: Books) -> None:
    for owner_kind, owner, provider in (
        ("platform", None, None),
        ("user", None, None),
        ("user", new_id(), "bank"),
        ("provider", None, "bank"),
    ):
        with pytest.raises((asyncpg.ForeignKeyViolationError, asyncpg.CheckViolationError)):
            async with books.sql.transaction():
                await books.sql.execute(
                    "INSERT INTO ledger.account (id, kind, currency, owner_kind, owner_id, provider) "
                    "VALUES ($1, 'wallet', 'RUB', $2, $3, $4)",
                    new_id(),
                    owner_kind,
                    owner,
                    provider,
                )


async def test_there_is_one_account_of_a_kind_currency_and_owner(books: Books) -> None:
    await books.open("fee_income")
    with pytest.raises(asyncpg.UniqueViolationError, match="uq_account_kind"):
        await books.sql.execute(
            "INSERT INTO ledger.account (id, kind, currency, owner_kind) VALUES ($1, 'fee_income', 'RUB', 'platform')",
            new_id(),
        )


@pytest.mark.parametrize("table", GUARDED)
@refused
async def test_what_is_written_stays(books: Books, way: str, table: str) -> None:
    await books.paid_wallet(10)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await books.sql.execute(statement(way, table))


@pytest.mark.parametrize(
    "added",
    [
        "INSERT INTO ledger.balance (account_id, normal_side, has_floor) SELECT id, 'debit', false FROM ledger.account",
        "INSERT INTO ledger.unsealed (txn_id) SELECT id FROM ledger.txn",
    ],
)
async def test_balances_and_log_numbers_are_not_inserted_from_outside(books: Books, added: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await books.sql.execute(added)


class TestOwner:
    """What the owner cannot do either, and what the application cannot do because it is not the owner."""

    @pytest.fixture
    def ledger_url(self, guarded_url: str) -> str:
        """Only the database in which the schema has an owner that cannot log in."""
        return guarded_url

    async def test_the_owner_cannot_log_in(self, books: Books) -> None:
        owners = await books.sql.fetch(
            "SELECT relowner::regrole::text AS role FROM pg_class WHERE relnamespace = 'ledger'::regnamespace "
            "UNION SELECT proowner::regrole::text FROM pg_proc WHERE pronamespace = 'ledger'::regnamespace "
            "UNION SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'ledger'"
        )
        assert [row["role"] for row in owners] == [OWNER]
        assert not await books.sql.fetchval("SELECT rolcanlogin FROM pg_roles WHERE rolname = $1", OWNER)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await books.sql.execute(f"SET ROLE {OWNER}")

    @pytest.mark.parametrize(
        "attack",
        [
            "SET session_replication_role = replica",
            "ALTER TABLE ledger.transfer DISABLE TRIGGER ALL",
            "DROP TRIGGER apply_transfers ON ledger.transfer",
            "ALTER TABLE ledger.balance DROP CONSTRAINT ck_balance_floor",
            "CREATE OR REPLACE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
            "CREATE TABLE ledger.own (id bigint)",
            "CREATE TEMP TABLE t (n bigint); CREATE TRIGGER t AFTER INSERT ON t EXECUTE FUNCTION ledger.check_header()",
            "GRANT UPDATE ON ledger.balance TO CURRENT_USER; UPDATE ledger.balance SET credits = 5",
        ],
    )
    async def test_the_guards_cannot_be_switched_off(self, books: Books, attack: str) -> None:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await books.sql.execute(attack)

    @pytest.mark.parametrize("table", GUARDED)
    @refused
    async def test_the_owner_does_not_change_history_either(self, guarded_url: str, way: str, table: str) -> None:
        connection = await connect(superusers(guarded_url))
        try:
            await connection.execute(f"SET ROLE {OWNER}")
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match=r"only grows|ledger alone"):
                await connection.execute(statement(way, table))
        finally:
            await connection.close()

    async def test_a_missing_balance_row_is_noticed(self, guarded_url: str) -> None:
        connection = await connect(superusers(guarded_url))
        try:
            outer = connection.transaction()
            await outer.start()
            books = Books(connection)
            clearing, wallet = await books.open("provider_clearing"), await books.open("wallet")
            await connection.execute("ALTER TABLE ledger.balance DISABLE TRIGGER USER")
            await connection.execute("DELETE FROM ledger.balance WHERE account_id = $1", wallet)
            with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="no balance row"):
                await books.post((clearing, wallet, 5))
            await outer.rollback()
        finally:
            await connection.close()
