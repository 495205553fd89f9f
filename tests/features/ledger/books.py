"""Plain SQL on the ledger, as tests of its guards send it."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from app.core.ids import new_id

OWNERS = {
    "wallet": "user",
    "claim": "user",
    "maturing": "user",
    "escrow": "milestone",
    "fee_hold": "milestone",
    "dispute_hold": "dispute",
    "provider_clearing": "provider",
    "suspense": "provider",
    "fee_income": "platform",
}
type Leg = tuple[UUID, UUID, int]


@dataclass(frozen=True, slots=True)
class Books:
    """One connection to the ledger."""

    sql: asyncpg.Connection

    async def open(self, kind: str, currency: str = "RUB") -> UUID:
        """Open an account with an owner of its own."""
        made, owner = new_id(), OWNERS[kind]
        if owner == "platform":
            found = await self.sql.fetchval(
                "SELECT id FROM ledger.account WHERE kind = $1 AND currency = $2", kind, currency
            )
            if found:
                return UUID(str(found))
        await self.sql.execute(
            "INSERT INTO ledger.account (id, kind, currency, owner_kind, owner_id, provider) "
            "VALUES ($1, $2, $3, $4, $5, $6)",
            made,
            kind,
            currency,
            owner,
            None if owner in {"platform", "provider"} else new_id(),
            f"p{made.hex}" if owner == "provider" else None,
        )
        return made

    async def header(self, transfers: int = 1, *, key: str = "", reverses: UUID | None = None) -> UUID:
        """Insert a header without its transfers."""
        made = new_id()
        await self.sql.execute(
            "INSERT INTO ledger.txn "
            "(id, template, template_version, transfers, business_key, reverses, effective_at) "
            "VALUES ($1, $2, 1, $3, $4, $5, now())",
            made,
            "reversal" if reverses else "deposit",
            transfers,
            key or f"test:{made}",
            reverses,
        )
        return made

    async def transfers(self, txn: UUID, *legs: Leg, first: int = 1, currency: str = "RUB") -> None:
        """Insert transfers in one statement: debit account, credit account, amount."""
        await self.sql.execute(
            "INSERT INTO ledger.transfer (txn_id, n, debit_id, credit_id, currency, amount) "
            "SELECT $1, n, debit, credit, $6, amount "
            "FROM unnest($2::bigint[], $3::uuid[], $4::uuid[], $5::bigint[]) AS leg (n, debit, credit, amount)",
            txn,
            list(range(first, first + len(legs))),
            [leg[0] for leg in legs],
            [leg[1] for leg in legs],
            [leg[2] for leg in legs],
            currency,
        )

    async def post(self, *legs: Leg, key: str = "", reverses: UUID | None = None) -> UUID:
        """Insert a transaction and check what is deferred to the commit."""
        made = await self.header(len(legs), key=key, reverses=reverses)
        await self.transfers(made, *legs)
        await self.at_commit()
        return made

    async def at_commit(self) -> None:
        """Check now what PostgreSQL would check at the commit."""
        await self.sql.execute("SET CONSTRAINTS ALL IMMEDIATE")
        await self.sql.execute("SET CONSTRAINTS ALL DEFERRED")

    async def paid_wallet(self, amount: int) -> UUID:
        """Open a wallet that holds an amount."""
        wallet = await self.open("wallet")
        await self.post((await self.open("provider_clearing"), wallet, amount))
        return wallet

    async def sums(self, account: UUID) -> tuple[int, int]:
        """Return the debits and credits of a balance row."""
        row = await self.sql.fetchrow("SELECT debits, credits FROM ledger.balance WHERE account_id = $1", account)
        assert row is not None
        return row["debits"], row["credits"]
