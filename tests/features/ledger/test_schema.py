"""What the columns of the ledger hold, and currencies with other digits than two."""

import asyncpg
import pytest

from tests.features.ledger.books import Books
from tests.features.ledger.conftest import connect, superusers


async def test_amounts_are_whole_numbers_in_the_database(books: Books) -> None:
    rows = await books.sql.fetch(
        "SELECT table_schema || '.' || table_name || '.' || column_name AS place, data_type "
        "FROM information_schema.columns "
        "WHERE table_schema IN ('ledger', 'public') "
        "AND (data_type IN ('money') OR table_schema = 'ledger' AND data_type IN ('real', 'double precision') "
        "OR column_name ~ '(^|_)(amount|debits|credits|minimum|cap|fee|tax|price|refunded)$' "
        "AND data_type NOT IN ('bigint', 'integer', 'numeric'))"
    )
    rules_of_fees = {("public.deals.customer_fee", "jsonb"), ("public.deals.freelancer_fee", "jsonb")}
    assert {tuple(row) for row in rows} == rules_of_fees


@pytest.mark.parametrize(("code", "digits"), [("JPY", 0), ("KWD", 3), ("CLF", 4)])
async def test_a_currency_has_up_to_four_digits(ledger_url: str, code: str, digits: int) -> None:
    connection = await connect(superusers(ledger_url))
    outer = connection.transaction()
    await outer.start()
    try:
        await connection.execute("INSERT INTO ledger.currency VALUES ($1, $2)", code, digits)
        books = Books(connection)
        clearing, wallet = await books.open("provider_clearing", code), await books.open("wallet", code)
        await books.transfers(await books.header(), (clearing, wallet, 5), currency=code)
        await books.at_commit()
        assert await books.sums(wallet) == (0, 5)
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await books.transfers(await books.header(), (clearing, await books.open("wallet"), 5), currency=code)
    finally:
        await outer.rollback()
        await connection.close()


@pytest.mark.parametrize("digits", [-1, 5])
async def test_a_currency_has_no_other_digits(ledger_url: str, digits: int) -> None:
    connection = await connect(superusers(ledger_url))
    try:
        with pytest.raises(asyncpg.CheckViolationError, match="ck_currency_exponent"):
            await connection.execute("INSERT INTO ledger.currency VALUES ('XXX', $1)", digits)
    finally:
        await connection.close()
