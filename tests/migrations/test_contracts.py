"""Contracts are created for earlier agreements, and for those that the previous release makes without contracts."""

import asyncio

import asyncpg
import pytest
from alembic import command
from alembic.config import Config

from tests.migrations.conftest import execute, fetch, plain

BEFORE, CREATED = "a6d20f3b91c7", "b7d20f6e41ac"
PEOPLE = """
    INSERT INTO users (id, username, username_key, email, email_key, password_hash)
    SELECT md5(name)::uuid, name, name, name || '@example.org', name || '@example.org', '-'
    FROM unnest(ARRAY['anna', 'boris']) AS name
"""
AGREED = """
    WITH made AS (
        INSERT INTO orders (id, customer_id, status, title, budget_kind, budget_amount, published_at, version)
        VALUES (md5('order {name}')::uuid, md5('anna')::uuid, 'awarded', 'A shop', 'hourly', 5000, now(), 3)
        RETURNING id
    ), sent AS (
        INSERT INTO proposals (id, order_id, order_version, freelancer_id, status, price_amount, currency, term_days,
                               letter, decided_at)
        SELECT md5('proposal {name}')::uuid, id, 2, md5('boris')::uuid, 'accepted', 4000, 'RUB', 9, 'I can.', now()
        FROM made RETURNING id, order_id
    )
    INSERT INTO offers (id, order_id, order_version, proposal_id, number, made_by, status, price_amount, currency,
                        term_days, milestones, decided_at)
    SELECT md5('offer {name}')::uuid, order_id, 3, id, 1, 'customer', 'accepted', 4500, 'RUB', 8,
           '[{{"title": "All", "amount": 4500, "days": 8}}]', '2026-11-20 10:00+00'
    FROM sent
"""
ROWS = """
    SELECT contracts.*, offers.status, contracts.order_id = md5('order ' || $1)::uuid AS its_order
    FROM contracts JOIN offers ON offers.id = offer_id WHERE offer_id = md5('offer ' || $1)::uuid
"""


async def contract_of(address: str, name: str) -> asyncpg.Record:
    (row,) = await fetch(address, ROWS.replace("$1", f"'{name}'"))
    return row


def test_a_contract_is_made_for_what_was_agreed_before_and_by_the_release_before(
    alembic_config: Config, empty_database: str
) -> None:
    command.upgrade(alembic_config, BEFORE)
    asyncio.run(execute(empty_database, PEOPLE, AGREED.format(name="before")))
    for _time in range(2):
        command.upgrade(alembic_config, CREATED)
        row = asyncio.run(contract_of(empty_database, "before"))
        assert (row["its_order"], row["order_version"], row["budget_kind"]) == (True, 3, "hourly")
        assert (row["price_amount"], row["currency"], row["term_days"], row["id"].version) == (4500, "RUB", 8, 7)
        assert row["milestones"] == '[{"days": 8, "title": "All", "amount": 4500}]'
        assert row["agreed_at"].isoformat() == "2026-11-20T10:00:00+00:00"
        assert row["id"].int >> 80 == int(row["agreed_at"].timestamp() * 1000)
        asyncio.run(execute(empty_database, AGREED.format(name=f"beside {_time}")))
        assert asyncio.run(contract_of(empty_database, f"beside {_time}"))["price_amount"] == 4500
        command.downgrade(alembic_config, BEFORE)
    command.upgrade(alembic_config, CREATED)
    assert len(asyncio.run(fetch(empty_database, "SELECT id FROM contracts"))) == 3


async def test_a_contract_that_was_written_is_not_written_twice(alembic_config: Config, empty_database: str) -> None:
    await asyncio.to_thread(command.upgrade, alembic_config, CREATED)
    await execute(empty_database, PEOPLE)
    connection = await asyncpg.connect(plain(empty_database))
    try:
        async with connection.transaction():
            await connection.execute(AGREED.format(name="now"))
            await connection.execute(
                """
                INSERT INTO contracts (id, order_id, order_version, proposal_id, offer_id, customer_id, freelancer_id,
                                       budget_kind, price_amount, currency, term_days, agreed_at)
                SELECT md5('ours')::uuid, order_id, order_version, proposal_id, id, md5('anna')::uuid,
                       md5('boris')::uuid, 'fixed', price_amount, currency, term_days, decided_at FROM offers
                """
            )
        assert await connection.fetchval("SELECT id = md5('ours')::uuid FROM contracts")
        with pytest.raises(asyncpg.RestrictViolationError, match="stay as they were agreed"):
            await connection.execute("UPDATE contracts SET price_amount = 1")
    finally:
        await connection.close()
