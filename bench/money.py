"""Data of the money sections: a world of its own, whose databases hold accounts, transfers and deals.

Everything is written with the guards of the ledger switched on. `release` is the bare SQL call that others are compared
with: one function that claims a request key, posts a release of two transfers and adds an event to the outbox.
"""

import hashlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
from pydantic import SecretStr
from sqlalchemy import URL, make_url

from app.core.ids import new_id
from app.core.resources import Resources, open_resources
from app.features.transparency import workflows
from bench.environment import World

ACCOUNTS = 10_000
"""Escrow accounts, and as many freelancers."""
CUSTOMERS = 100
NET, FEE = 930, 70
HELD = 10**10
SPARE = 10**12
"""What is left in the wallet of a customer for deals."""
IN_A_STATEMENT = 2_500
PER_RELEASE = 2
FUNCTIONS = """
    CREATE OR REPLACE FUNCTION bench_id(kind text, n bigint) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT md5(kind || n)::uuid $$;
    CREATE TABLE IF NOT EXISTS bench_fee (id bigint PRIMARY KEY, held bigint NOT NULL);
    INSERT INTO bench_fee VALUES (1, 0) ON CONFLICT DO NOTHING;
    CREATE OR REPLACE FUNCTION bench_release(txn uuid, n bigint, locked boolean) RETURNS uuid LANGUAGE plpgsql AS $$
    DECLARE
        escrow uuid := bench_id('escrow', n);
        milestone uuid := bench_id('milestone', n);
    BEGIN
        INSERT INTO request_keys (user_id, key, route, digest, status, body)
        VALUES (bench_id('customer', n), txn::text, 'POST /bench', '', 200, '{}');
        INSERT INTO ledger.txn (id, template, template_version, transfers, business_key, milestone_id, effective_at)
        VALUES (txn, 'release', 1, 2, 'bench-release:' || txn, milestone, now());
        INSERT INTO ledger.transfer (txn_id, n, debit_id, credit_id, currency, amount) VALUES
            (txn, 1, escrow, bench_id('maturing', n), 'RUB', 930),
            (txn, 2, escrow, bench_id('fee_income', 0), 'RUB', 70);
        IF locked THEN
            UPDATE bench_fee SET held = held + 70 WHERE id = 1;
        END IF;
        INSERT INTO outbox_messages (topic, payload)
        VALUES ('bench.released', jsonb_build_object('milestone', milestone));
        RETURN txn;
    END $$;
"""
RELEASE = "SELECT bench_release($1, $2, $3)"
OPEN_ACCOUNTS = """
    INSERT INTO ledger.account (id, kind, currency, owner_kind, owner_id, provider)
    SELECT bench_id('escrow', n), 'escrow', 'RUB', 'milestone', bench_id('milestone', n), NULL::text
    FROM generate_series(0, $1::bigint - 1) AS n
    UNION ALL
    SELECT bench_id('maturing', n), 'maturing', 'RUB', 'user', bench_id('freelancer', n), NULL
    FROM generate_series(0, $1::bigint - 1) AS n
    UNION ALL
    SELECT bench_id('wallet', n), 'wallet', 'RUB', 'user', bench_id('customer', n), NULL
    FROM generate_series(0, $2::bigint - 1) AS n
    UNION ALL SELECT bench_id('fee_income', 0), 'fee_income', 'RUB', 'platform', NULL, NULL
    UNION ALL SELECT bench_id('clearing', 0), 'provider_clearing', 'RUB', 'provider', NULL, 'sandbox'
"""
DEPOSIT = """
    WITH made AS (
        INSERT INTO ledger.txn (id, template, template_version, transfers, business_key, effective_at)
        SELECT bench_id('deposit', n), 'deposit', 1, 1, 'bench-deposit:' || n, now()
        FROM generate_series(0, $1::bigint - 1) AS n
    )
    INSERT INTO ledger.transfer (txn_id, n, debit_id, credit_id, currency, amount)
    SELECT bench_id('deposit', n), 1, bench_id('clearing', 0), bench_id('wallet', n), 'RUB', $2::bigint
    FROM generate_series(0, $1::bigint - 1) AS n
"""
FUND = """
    WITH made AS (
        INSERT INTO ledger.txn (id, template, template_version, transfers, business_key, milestone_id, effective_at)
        SELECT bench_id('fund', n), 'fund', 1, 1, 'bench-fund:' || n, bench_id('milestone', n), now()
        FROM generate_series(0, $1::bigint - 1) AS n
    )
    INSERT INTO ledger.transfer (txn_id, n, debit_id, credit_id, currency, amount)
    SELECT bench_id('fund', n), 1, bench_id('wallet', n % $2::bigint), bench_id('escrow', n), 'RUB', $3::bigint
    FROM generate_series(0, $1::bigint - 1) AS n
"""
RELEASES = """
    WITH wanted AS MATERIALIZED (
        SELECT id, (place - 1 + $2::bigint) % $3::bigint AS n
        FROM unnest($1::uuid[]) WITH ORDINALITY AS given (id, place)
    ),
    made AS (
        INSERT INTO ledger.txn (id, template, template_version, transfers, business_key, milestone_id, effective_at)
        SELECT id, 'release', 1, 2, 'bench-release:' || id, bench_id('milestone', n), now() FROM wanted
    )
    INSERT INTO ledger.transfer (txn_id, n, debit_id, credit_id, currency, amount)
    SELECT id, 1, bench_id('escrow', wanted.n), bench_id('maturing', wanted.n), 'RUB', 930 FROM wanted
    UNION ALL
    SELECT id, 2, bench_id('escrow', wanted.n), bench_id('fee_income', 0), 'RUB', 70 FROM wanted
"""
ANALYSED = "ledger.txn ledger.transfer ledger.account ledger.balance ledger.unsealed ledger.leaf".split()


def money_world() -> World:
    """Return the world of these sections; its main database stays without transfers, as a template."""
    return World(0, "bench-money")


@asynccontextmanager
async def fresh_database(world: World, name: str) -> AsyncIterator[str]:
    """Yield the address of a new copy of the prepared database, which is dropped at the end."""
    url = make_url(world.dsn)
    admin = await asyncpg.connect(_address(url.set(database="postgres")))
    try:
        await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await admin.execute(f"CREATE DATABASE {name} TEMPLATE {url.database}")
        try:
            yield _address(url.set(database=name))
        finally:
            await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    finally:
        await admin.close()


def _address(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def opened(world: World, dsn: str) -> AbstractAsyncContextManager[Resources]:
    """Open the resources of the application on a database; the log is signed with a key of its own."""
    key = SecretStr(hashlib.sha256(world.secret.encode()).hexdigest())
    changed = world.settings.model_copy(update={"ledger_signing_key": key})
    return open_resources(changed, database_url=dsn, redis_url=world.servers.redis_url)


async def open_accounts(connection: Any) -> None:
    """Open the accounts, and fill the escrows."""
    await connection.execute(FUNCTIONS)
    await connection.execute(OPEN_ACCOUNTS, ACCOUNTS, CUSTOMERS)
    await connection.execute(DEPOSIT, CUSTOMERS, HELD * ACCOUNTS // CUSTOMERS + SPARE)
    await connection.execute(FUND, ACCOUNTS, CUSTOMERS, HELD)
    await analyse(connection)


async def add_releases(connection: Any, transfers: int) -> None:
    """Add releases until there are so many transfers."""
    there = await connection.fetchval("SELECT count(*) FROM ledger.transfer")
    missing = max(0, transfers - there) // PER_RELEASE
    for start in range(0, missing, IN_A_STATEMENT):
        ids = sorted(new_id() for _release in range(min(IN_A_STATEMENT, missing - start)))
        await connection.execute(RELEASES, ids, start, ACCOUNTS)
    await analyse(connection)


async def analyse(connection: Any) -> None:
    """Let the planner know the tables, and remove dead rows."""
    for table in ANALYSED:
        await connection.execute(f"VACUUM (ANALYZE) {table}")


async def seal_all(resources: Resources) -> int:
    """Seal all that waits; return how many transactions."""
    sealed = 0
    while done := await workflows.seal(resources):
        sealed += done
    return sealed


def bench_id(kind: str, number: int) -> UUID:
    """Return the id that the function of the same name gives in the database."""
    return UUID(hashlib.md5(f"{kind}{number}".encode()).hexdigest())
